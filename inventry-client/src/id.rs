//! Ids: text of the server's, whatever it is made of.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps the text.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl FromStr for $name {
            type Err = Infallible;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(Self(text.to_owned()))
            }
        }
    )*};
}

ids! {
    /// Id of a site.
    SiteId;
    /// Id of a department.
    DepartmentId;
    /// Id of a person.
    PersonId;
    /// Id of a device.
    DeviceId;
    /// Id of an event; stays the same when the event is changed.
    EventId;
    /// Id of a visit: what ties a way in to a way out.
    VisitId;
}

impl DeviceId {
    /// The device that stands for events without one.
    pub const NONE: &'static str = "none";

    /// The device that stands for events without one.
    pub fn none() -> Self {
        Self(Self::NONE.to_owned())
    }
}

impl EventId {
    /// The id of the way in of a visit that the server keeps as one record.
    pub fn way_in(visit: &str) -> Self {
        Self(format!("{visit}#in"))
    }

    /// The id of the way out of a visit that the server keeps as one record.
    pub fn way_out(visit: &str) -> Self {
        Self(format!("{visit}#out"))
    }
}
