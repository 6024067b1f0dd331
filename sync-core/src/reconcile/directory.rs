//! References to records that no link of ours ties together.

use std::fmt;

use async_trait::async_trait;

use crate::connector::SyncError;
use crate::model::ExternalId;

/// Finds the other side's id of a referenced record by a rule of its own, such as a list of names that the other side has
/// and nobody synchronises.
///
/// Asked for every reference of every plan: an answer should come from memory most of the time.
#[async_trait]
pub trait Directory: Send + Sync + fmt::Debug {
    /// The other side's id; `None` while there is no such record: the field is left alone then, and the plan says so.
    ///
    /// # Errors
    /// Whatever keeps the other side from answering; it ends the run.
    async fn partner(&self, id: &ExternalId) -> Result<Option<ExternalId>, SyncError>;
}
