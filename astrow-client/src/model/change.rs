//! What changed in Astrow.

use chrono::{DateTime, FixedOffset};
use serde::Deserialize;

use super::id::{ChangeCursor, PersNo};
use super::page::InvalidItem;
use super::words::{ChangeOp, ChangedEntity};

/// Something changed in Astrow.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Change {
    /// Its place in the list of changes.
    pub cursor: ChangeCursor,
    /// When.
    pub at: DateTime<FixedOffset>,
    /// What it is about.
    pub entity: ChangedEntity,
    /// What was done.
    pub op: ChangeOp,
    /// The employee.
    pub pers_no: Option<PersNo>,
    /// The members that changed, by their names on the wire.
    #[serde(default)]
    pub fields: Vec<String>,
    /// Who did it: `user:<name>` or `api:<client>`.
    pub origin: Option<String>,
}

/// Changes from a place on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChangePage {
    /// What changed.
    pub items: Vec<Change>,
    /// Entries that could not be read: something changed, nobody knows what.
    pub invalid: Vec<InvalidItem>,
    /// Where to go on.
    pub next: ChangeCursor,
    /// The list begins anew: everything has to be read once.
    pub reset: bool,
}

impl Change {
    /// Whether a client of the interface did it, by the name it signed in with.
    pub fn is_by_client(&self, client: &str) -> bool {
        self.origin.as_deref().and_then(|origin| origin.strip_prefix("api:")) == Some(client)
    }
}

impl ChangePage {
    /// Nothing changed.
    pub const fn quiet(next: ChangeCursor) -> Self {
        Self { items: Vec::new(), invalid: Vec::new(), next, reset: false }
    }
}
