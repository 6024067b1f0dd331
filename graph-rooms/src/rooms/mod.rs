//! Rooms and the lists in which they are gathered. Reading them needs `Place.Read.All`.

mod list;
mod model;
mod operations;

use connector_http::Error;

pub use list::{Found, Warning};
pub use model::{BookingType, FeatureState, Geo, Place, PostalAddress, Room, RoomList};
pub use operations::{GetPlace, ListRoomLists, ListRooms, ListRoomsOf};

use crate::client::GraphClient;

/// The rooms of the tenant.
#[derive(Clone, Debug)]
pub struct Rooms(pub(crate) GraphClient);

/// The lists in which rooms are gathered.
#[derive(Clone, Debug)]
pub struct RoomLists(pub(crate) GraphClient);

impl Rooms {
    /// All rooms, with what is odd about the list. An empty list is no error; see [`Warning::Empty`].
    ///
    /// Pages are asked for by number where the server leaves out the link to the next one, which it is known for.
    ///
    /// # Errors
    /// Whatever keeps a page from being read; `Permission` where `Place.Read.All` is missing.
    pub async fn list(&self) -> Result<Found<Room>, Error> {
        list::all(&self.0, ListRooms::new, ListRooms::at).await
    }

    /// The rooms of a list, by the list's address.
    ///
    /// # Errors
    /// As [`Rooms::list`]; `NotFound` where there is no such list.
    pub async fn of_list(&self, address: &str) -> Result<Found<Room>, Error> {
        let first = |top, skip| ListRoomsOf::new(address, top, skip);
        list::all(&self.0, first, |link| ListRoomsOf::at(address, link)).await
    }

    /// One place by its id or address.
    ///
    /// # Errors
    /// `NotFound` where there is none; `Permission` where `Place.Read.All` is missing.
    pub async fn get(&self, id: &str) -> Result<Place, Error> {
        self.0.send(&GetPlace::new(id)).await
    }
}

impl RoomLists {
    /// All lists, with what is odd about the answer.
    ///
    /// # Errors
    /// As [`Rooms::list`].
    pub async fn list(&self) -> Result<Found<RoomList>, Error> {
        list::all(&self.0, ListRoomLists::new, ListRoomLists::at).await
    }
}
