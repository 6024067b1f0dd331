//! What can go wrong with letters.

use super::transport::Outcome;
use crate::AccessError;
use crate::codes::PictureError;
use crate::seal::SealError;

/// A letter cannot be written, queued or sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MailError {
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] rusqlite::Error),
    /// A letter on disk cannot be sealed or opened.
    #[error("{0}")]
    Seal(#[from] SealError),
    /// A letter on disk is not what was written there.
    #[error("a letter in the store is damaged")]
    Damaged,
    /// No letter can be sent to this address.
    #[error("no letter can be sent to this address")]
    Address,
    /// The picture of the code cannot be drawn.
    #[error("{0}")]
    Picture(#[from] PictureError),
    /// The letter cannot be put together.
    #[error("the letter cannot be put together")]
    Message(#[source] lettre::error::Error),
    /// The settings do not allow it.
    #[error("{0}")]
    Settings(String),
}

impl MailError {
    /// The same as the answer of a transport that sent nothing.
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Settings(why) => Outcome::Unreachable(why.clone()),
            other => Outcome::Refused(other.to_string()),
        }
    }
}

impl From<MailError> for AccessError {
    fn from(error: MailError) -> Self {
        match error {
            MailError::Store(error) => error.into(),
            other => Self::Mail(other.to_string()),
        }
    }
}
