//! What a room and a list of rooms are made of.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::address::Address;
use crate::lenient;
use crate::open::open_enum;

/// A room. Of everything but the id, null, missing and empty are the same.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Room {
    /// Not for ever: it can change with the mailbox.
    #[serde(deserialize_with = "lenient::text")]
    pub id: Option<String>,
    /// Stays, where it is given.
    #[serde(deserialize_with = "lenient::text")]
    pub place_id: Option<String>,
    /// Address of its mailbox, as the vendor spells it: the key to its calendar.
    #[serde(deserialize_with = "lenient::text")]
    pub email_address: Option<String>,
    /// Its name. Two rooms may have the same.
    #[serde(deserialize_with = "lenient::text")]
    pub display_name: Option<String>,
    /// A shorter name.
    #[serde(deserialize_with = "lenient::text")]
    pub nickname: Option<String>,
    /// A description such as a number.
    #[serde(deserialize_with = "lenient::text")]
    pub label: Option<String>,
    /// Building.
    #[serde(deserialize_with = "lenient::text")]
    pub building: Option<String>,
    /// Floor as the signs call it.
    #[serde(deserialize_with = "lenient::text")]
    pub floor_label: Option<String>,
    /// Floor as a number.
    #[serde(deserialize_with = "lenient::number")]
    pub floor_number: Option<i32>,
    /// People that fit in.
    #[serde(deserialize_with = "lenient::number")]
    pub capacity: Option<i32>,
    /// Who may book it.
    pub booking_type: Option<BookingType>,
    /// Telephone.
    #[serde(deserialize_with = "lenient::text")]
    pub phone: Option<String>,
    /// Place that it is part of.
    #[serde(deserialize_with = "lenient::text")]
    pub parent_id: Option<String>,
    /// Microphone and loudspeaker.
    #[serde(deserialize_with = "lenient::text")]
    pub audio_device_name: Option<String>,
    /// Camera.
    #[serde(deserialize_with = "lenient::text")]
    pub video_device_name: Option<String>,
    /// Screen.
    #[serde(deserialize_with = "lenient::text")]
    pub display_device_name: Option<String>,
    /// Can be reached with a wheelchair.
    #[serde(alias = "isWheelchairAccessible", deserialize_with = "lenient::flag")]
    pub is_wheel_chair_accessible: Option<bool>,
    /// State of its meeting system.
    pub teams_enabled_state: Option<FeatureState>,
    /// Free words.
    #[serde(deserialize_with = "lenient::texts")]
    pub tags: Vec<String>,
    /// Postal address.
    #[serde(deserialize_with = "lenient::or_none")]
    pub address: Option<PostalAddress>,
    /// Where it is on earth.
    #[serde(alias = "geocoordinates", deserialize_with = "lenient::or_none")]
    pub geo_coordinates: Option<Geo>,
}

/// A list in which rooms are gathered. It can hold workspaces as well.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct RoomList {
    /// Not for ever.
    #[serde(deserialize_with = "lenient::text")]
    pub id: Option<String>,
    /// Its address, by which its rooms are asked for.
    #[serde(deserialize_with = "lenient::text")]
    pub email_address: Option<String>,
    /// Its name.
    #[serde(deserialize_with = "lenient::text")]
    pub display_name: Option<String>,
    /// Telephone.
    #[serde(deserialize_with = "lenient::text")]
    pub phone: Option<String>,
    /// Postal address.
    #[serde(deserialize_with = "lenient::or_none")]
    pub address: Option<PostalAddress>,
    /// Where it is on earth.
    #[serde(alias = "geocoordinates", deserialize_with = "lenient::or_none")]
    pub geo_coordinates: Option<Geo>,
}

/// One place.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Place {
    /// A room.
    Room(Box<Room>),
    /// A list of rooms.
    RoomList(Box<RoomList>),
    /// Some other kind of place, by its type on the wire.
    Other(String),
}

/// A postal address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct PostalAddress {
    /// Street and number.
    pub street: Option<String>,
    /// Town.
    pub city: Option<String>,
    /// State.
    pub state: Option<String>,
    /// Code.
    pub postal_code: Option<String>,
    /// Country.
    pub country_or_region: Option<String>,
}

/// A point on earth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Geo {
    /// Degrees to the north.
    pub latitude: Option<f64>,
    /// Degrees to the east.
    pub longitude: Option<f64>,
    /// Metres above the sea.
    pub altitude: Option<f64>,
}

open_enum! {
    /// Who may book a room.
    BookingType {
        /// Not set.
        Undefined = "unknown",
        /// Anybody, by a meeting.
        Standard = "standard",
        /// Nobody: first come, first served.
        Reserved = "reserved",
    }
}

open_enum! {
    /// Whether a feature is on.
    FeatureState {
        /// Not set.
        Undefined = "unknown",
        /// On.
        Enabled = "enabled",
        /// Off.
        Disabled = "disabled",
    }
}

impl Room {
    /// Its address in the form in which two are the same.
    pub fn key(&self) -> Option<Address> {
        self.email_address.as_deref().and_then(Address::new)
    }

    /// What to call it.
    pub fn name(&self) -> &str {
        let names = [&self.display_name, &self.nickname, &self.email_address, &self.id];
        names.into_iter().flatten().next().map_or("", String::as_str)
    }
}

impl Place {
    /// Reads whatever kind of place it is.
    pub(super) fn of(value: Value) -> Option<Self> {
        let kind = value.get("@odata.type").and_then(Value::as_str).unwrap_or_default().to_owned();
        let name = kind.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        match name.as_str() {
            // What says nothing is a room: that is what was asked for.
            "room" | "" => serde_json::from_value(value).ok().map(|room| Self::Room(Box::new(room))),
            "roomlist" => serde_json::from_value(value).ok().map(|list| Self::RoomList(Box::new(list))),
            _ => Some(Self::Other(kind)),
        }
    }
}

/// What a list is put together by.
pub(super) trait Listed {
    /// Address, in the form in which two are the same.
    fn address(&self) -> Option<Address>;
    fn id(&self) -> Option<&str>;
    fn name(&self) -> String;
}

impl Listed for Room {
    fn address(&self) -> Option<Address> {
        self.key()
    }

    fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    fn name(&self) -> String {
        Self::name(self).to_owned()
    }
}

impl Listed for RoomList {
    fn address(&self) -> Option<Address> {
        self.email_address.as_deref().and_then(Address::new)
    }

    fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    fn name(&self) -> String {
        self.display_name.clone().or_else(|| self.email_address.clone()).unwrap_or_default()
    }
}
