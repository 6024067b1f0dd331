//! What Astrow keeps of PAC beside an employee.

use std::fmt;

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};

use super::words::{BadgeKind, BadgeState, Master};

/// What an employee's *PAC Access* tab holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct PacTab {
    /// The person's number in PAC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person_id: Option<u32>,
    /// The system that leads; it decides about the message on the tab.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub master: Option<Master>,
    /// The person's access groups.
    pub access_groups: Vec<PacGroup>,
    /// The person's badges.
    pub badges: Vec<PacBadge>,
}

/// An access group of a person, by PAC's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PacGroup {
    /// PAC's number of the group.
    pub id: u32,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<DateTime<FixedOffset>>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<FixedOffset>>,
}

/// A badge of a person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PacBadge {
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: BadgeKind,
    /// Its number, as its kind writes it.
    pub number: String,
    /// Its facility code, where the kind has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facility: Option<u32>,
    /// Whether it opens anything.
    #[serde(default = "active")]
    pub state: BadgeState,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<DateTime<FixedOffset>>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<FixedOffset>>,
}

impl PacTab {
    /// An empty tab of a person of PAC.
    pub fn new(person_id: Option<u32>, master: Master) -> Self {
        Self { person_id, master: Some(master), ..Self::default() }
    }
}

impl PacGroup {
    /// A group without an end.
    pub const fn new(id: u32) -> Self {
        Self { id, from: None, until: None }
    }
}

impl PacBadge {
    /// A badge that is active, without an end.
    pub fn new(kind: BadgeKind, number: impl Into<String>) -> Self {
        let (facility, from, until) = (None, None, None);
        Self { kind, number: number.into(), facility, state: BadgeState::Active, from, until }
    }

    /// A Wiegand badge that is active, without an end.
    pub fn wiegand(facility: u32, number: impl Into<String>) -> Self {
        Self { facility: Some(facility), ..Self::new(BadgeKind::Wiegand26, number) }
    }
}

/// The number stays out.
impl fmt::Debug for PacBadge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PacBadge")
            .field("kind", &self.kind)
            .field("state", &self.state)
            .field("from", &self.from)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

fn active() -> BadgeState {
    BadgeState::Active
}
