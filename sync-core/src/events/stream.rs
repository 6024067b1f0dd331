//! What is remembered of one event log.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{EpochChange, LostRange};
use crate::connector::EndpointIdentity;
use crate::journal::{Journal, JournalError, JournalErrorKind, Write};

const KIND: &str = "event_stream";

/// Position and history of one event log; committed together with the rows it stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct StreamState {
    /// Life of the numbering.
    pub epoch: u32,
    /// What the source calls it, if it has a word for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub life: Option<String>,
    /// The highest number that was read.
    pub position: Option<i64>,
    /// The new numbering has not been read to its head yet: events are compared with the old one.
    pub joining: bool,
    /// Who answered.
    pub identity: Option<EndpointIdentity>,
    /// When the last sweep ended.
    pub last_sweep: Option<DateTime<Utc>>,
    /// Every change of numbering.
    pub epochs: Vec<EpochChange>,
    /// Every range that was gone before it could be read.
    pub lost: Vec<LostRange>,
    /// The furthest behind the newest number that an event has appeared.
    pub lateness: i64,
}

impl StreamState {
    pub(super) async fn load(journal: &dyn Journal, key: &str) -> Result<Self, JournalError> {
        match journal.document(KIND, key).await? {
            None => Ok(Self::default()),
            Some(value) => serde_json::from_value(value).map_err(unreadable),
        }
    }

    pub(super) fn write(&self, key: &str) -> Result<Write, JournalError> {
        let value = serde_json::to_value(self).map_err(unreadable)?;
        Ok(Write::Put { kind: KIND, key: key.to_owned(), value })
    }
}

/// A document of ours that does not read back.
pub(super) fn unreadable(error: serde_json::Error) -> JournalError {
    JournalError::new(JournalErrorKind::Corrupt, "a document of the event stage cannot be read").with_source(error)
}
