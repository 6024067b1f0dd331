//! Roll calls: who is safe.

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};

use super::id::PersNo;

/// Whether a roll call runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RollCall {
    /// Whether it runs.
    pub active: bool,
    /// Its number.
    pub id: Option<String>,
    /// Since when it runs.
    pub started_at: Option<DateTime<FixedOffset>>,
    /// Codes of the company sites that it is about; all of them where none is named.
    #[serde(default)]
    pub sites: Vec<String>,
}

/// Somebody is safe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SafeConfirmation {
    /// The number of the roll call.
    pub roll_call_id: String,
    /// The employee.
    pub pers_no: PersNo,
    /// The reader.
    pub reader_id: u32,
    /// When.
    pub at: DateTime<FixedOffset>,
}

impl RollCall {
    /// A roll call that runs at these sites.
    pub fn running(id: impl Into<String>, started_at: DateTime<FixedOffset>, sites: Vec<String>) -> Self {
        Self { active: true, id: Some(id.into()), started_at: Some(started_at), sites }
    }

    /// Whether it runs at a company site.
    pub fn runs_at(&self, site: &str) -> bool {
        self.active && (self.sites.is_empty() || self.sites.iter().any(|each| each == site))
    }
}

impl SafeConfirmation {
    /// Somebody was seen at a reader.
    pub fn new(roll_call_id: impl Into<String>, pers_no: PersNo, reader_id: u32, at: DateTime<FixedOffset>) -> Self {
        Self { roll_call_id: roll_call_id.into(), pers_no, reader_id, at }
    }
}
