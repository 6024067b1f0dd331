//! What an event is made of, as far as access needs it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::time::GraphTime;
use crate::address::Address;
use crate::lenient;
use crate::open::open_enum;

/// An event in a room's calendar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Event {
    /// Names it within this calendar. Case matters.
    #[serde(deserialize_with = "lenient::needed")]
    pub id: String,
    /// The same in all calendars that hold the meeting; occurrences of a series may share it.
    #[serde(rename = "iCalUId", default, deserialize_with = "lenient::text")]
    pub i_cal_uid: Option<String>,
    /// What kind of event.
    #[serde(rename = "type", default)]
    pub kind: Option<EventKind>,
    /// The series that it belongs to.
    #[serde(default, deserialize_with = "lenient::text")]
    pub series_master_id: Option<String>,
    /// Begin.
    pub start: GraphTime,
    /// End.
    pub end: GraphTime,
    /// Zone in which it was made. For information only.
    #[serde(default, deserialize_with = "lenient::text")]
    pub original_start_time_zone: Option<String>,
    /// Given in whole days, of whatever zone the reader is in.
    #[serde(default, deserialize_with = "lenient::sure_flag")]
    pub is_all_day: bool,
    /// Called off. Room calendars usually keep such meetings.
    #[serde(default, deserialize_with = "lenient::sure_flag")]
    pub is_cancelled: bool,
    /// What it does to the room's time.
    #[serde(default)]
    pub show_as: Option<ShowAs>,
    /// How private it is. It says nothing about access.
    #[serde(default)]
    pub sensitivity: Option<Sensitivity>,
    /// The room's own answer.
    #[serde(default)]
    pub response_status: Option<Answered>,
    /// Who made it.
    #[serde(default)]
    pub organizer: Option<Organizer>,
    /// Who was invited.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub attendees: Vec<Attendee>,
    /// Attendees are not shown to each other; the room's copy may lack them.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub hide_attendees: Option<bool>,
    /// Changes with each change.
    #[serde(default, deserialize_with = "lenient::text")]
    pub change_key: Option<String>,
}

/// Who made an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Organizer {
    /// The mailbox.
    #[serde(deserialize_with = "lenient::or_default")]
    pub email_address: Mailbox,
}

/// Somebody, or something, that was invited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Attendee {
    /// In which way.
    #[serde(rename = "type")]
    pub kind: Option<AttendeeKind>,
    /// The answer. The room's copy mostly has none.
    pub status: Option<Answered>,
    /// The mailbox.
    #[serde(deserialize_with = "lenient::or_default")]
    pub email_address: Mailbox,
}

/// An answer to an invitation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Answered {
    /// What was answered.
    pub response: Option<Response>,
}

/// A name and an address. Hidden in `Debug`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Mailbox {
    /// Name for people. It identifies nobody.
    #[serde(deserialize_with = "lenient::text")]
    pub name: Option<String>,
    /// Address as it came; it may be an X.500 name of Exchange instead.
    #[serde(deserialize_with = "lenient::text")]
    pub address: Option<String>,
}

open_enum! {
    /// Kinds of events.
    EventKind {
        /// A meeting by itself.
        Single = "singleInstance",
        /// One of a series.
        Occurrence = "occurrence",
        /// One of a series that differs from it.
        Exception = "exception",
        /// The series itself. It is no booking.
        SeriesMaster = "seriesMaster",
    }
}

open_enum! {
    /// What an event does to the time of its owner.
    ShowAs {
        /// Nothing.
        Free = "free",
        /// Takes it, perhaps.
        Tentative = "tentative",
        /// Takes it.
        Busy = "busy",
        /// Out of office.
        Away = "oof",
        /// Somewhere else.
        Elsewhere = "workingElsewhere",
        /// Not said.
        Undefined = "unknown",
    }
}

open_enum! {
    /// How private an event is.
    Sensitivity {
        /// Not.
        Normal = "normal",
        /// Personal.
        Personal = "personal",
        /// Private.
        Private = "private",
        /// Confidential.
        Confidential = "confidential",
    }
}

open_enum! {
    /// Answers to an invitation.
    Response {
        /// Yes.
        Accepted = "accepted",
        /// It is the organizer.
        Organizer = "organizer",
        /// Perhaps.
        Tentative = "tentativelyAccepted",
        /// No.
        Declined = "declined",
        /// Not yet.
        NotResponded = "notResponded",
        /// None was asked for.
        None = "none",
    }
}

open_enum! {
    /// In which way somebody was invited.
    AttendeeKind {
        /// Should come.
        Required = "required",
        /// May come.
        Optional = "optional",
        /// A room or a thing.
        Resource = "resource",
    }
}

impl Event {
    /// The room's own answer.
    pub fn response(&self) -> Option<&Response> {
        self.response_status.as_ref()?.response.as_ref()
    }
}

impl Mailbox {
    /// The address, if it is one of mail.
    pub fn key(&self) -> Option<Address> {
        self.address.as_deref().and_then(Address::new)
    }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mailbox")
    }
}
