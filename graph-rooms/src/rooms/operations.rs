//! The calls about places, as values.

use connector_http::{Error, ErrorKind, Operation, Replay, get};
use http::Request;
use http::response::Parts;
use url::Url;

use super::model::{Place, Room, RoomList};
use crate::answer;
use crate::page::{NextLink, Page};
use crate::route::{api, api_with};

/// Where a page is.
#[derive(Clone, Debug)]
enum At {
    Number { top: usize, skip: usize },
    Link(NextLink),
}

impl At {
    fn request(&self, base: &Url, segments: &[&str]) -> Result<Request<Vec<u8>>, Error> {
        get(match self {
            Self::Number { top, skip } => {
                let (top, skip) = (top.to_string(), skip.to_string());
                api_with(base, segments, &[("$top", &top), ("$skip", &skip), ("$count", "true")])?
            }
            Self::Link(link) => link.on(base)?,
        })
    }
}

/// `GET /places/microsoft.graph.room`. Needs `Place.Read.All`.
#[derive(Clone, Debug)]
pub struct ListRooms(At);

/// `GET /places/microsoft.graph.roomlist`. Needs `Place.Read.All`.
#[derive(Clone, Debug)]
pub struct ListRoomLists(At);

/// `GET /places/{address}/microsoft.graph.roomlist/rooms`. Needs `Place.Read.All`.
#[derive(Clone, Debug)]
pub struct ListRoomsOf {
    list: String,
    at: At,
}

/// `GET /places/{id or address}`. Needs `Place.Read.All`.
#[derive(Clone, Debug)]
pub struct GetPlace(String);

impl ListRooms {
    /// A page by its place in the list.
    pub const fn new(top: usize, skip: usize) -> Self {
        Self(At::Number { top, skip })
    }

    /// A page by its link.
    pub const fn at(link: NextLink) -> Self {
        Self(At::Link(link))
    }
}

impl ListRoomLists {
    /// A page by its place in the list.
    pub const fn new(top: usize, skip: usize) -> Self {
        Self(At::Number { top, skip })
    }

    /// A page by its link.
    pub const fn at(link: NextLink) -> Self {
        Self(At::Link(link))
    }
}

impl ListRoomsOf {
    /// A page of a list, by the list's address.
    pub fn new(list: impl Into<String>, top: usize, skip: usize) -> Self {
        Self { list: list.into(), at: At::Number { top, skip } }
    }

    /// A page by its link.
    pub fn at(list: impl Into<String>, link: NextLink) -> Self {
        Self { list: list.into(), at: At::Link(link) }
    }
}

impl GetPlace {
    /// A place by its id or address.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }
}

impl Operation for ListRooms {
    const NAME: &'static str = "graph.list_rooms";
    const REPLAY: Replay = Replay::Safe;
    type Output = Page<Room>;

    fn request(&self, base: &Url) -> Result<Request<Vec<u8>>, Error> {
        self.0.request(base, &["places", "microsoft.graph.room"])
    }

    fn response(&self, parts: &Parts, body: &[u8]) -> Result<Page<Room>, Error> {
        Page::read(parts, body)
    }
}

impl Operation for ListRoomLists {
    const NAME: &'static str = "graph.list_room_lists";
    const REPLAY: Replay = Replay::Safe;
    type Output = Page<RoomList>;

    fn request(&self, base: &Url) -> Result<Request<Vec<u8>>, Error> {
        self.0.request(base, &["places", "microsoft.graph.roomlist"])
    }

    fn response(&self, parts: &Parts, body: &[u8]) -> Result<Page<RoomList>, Error> {
        Page::read(parts, body)
    }
}

impl Operation for ListRoomsOf {
    const NAME: &'static str = "graph.list_rooms_of";
    const REPLAY: Replay = Replay::Safe;
    type Output = Page<Room>;

    fn request(&self, base: &Url) -> Result<Request<Vec<u8>>, Error> {
        self.at.request(base, &["places", &self.list, "microsoft.graph.roomlist", "rooms"])
    }

    fn response(&self, parts: &Parts, body: &[u8]) -> Result<Page<Room>, Error> {
        Page::read(parts, body)
    }
}

impl Operation for GetPlace {
    const NAME: &'static str = "graph.get_place";
    const REPLAY: Replay = Replay::Safe;
    type Output = Place;

    fn request(&self, base: &Url) -> Result<Request<Vec<u8>>, Error> {
        get(api(base, &["places", &self.0])?)
    }

    fn response(&self, parts: &Parts, body: &[u8]) -> Result<Place, Error> {
        let no_place = || Error::new(ErrorKind::Protocol, "the answer is no place").with_status(parts.status);
        Place::of(answer::json(parts, body)?).ok_or_else(no_place)
    }
}
