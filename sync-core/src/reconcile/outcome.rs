//! What became of an action.

use serde::{Deserialize, Serialize};

/// What became of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// The endpoint confirmed it.
    Done,
    /// A note of our own was made.
    Recorded,
    /// A guard or a missing approval kept it from being done.
    Skipped,
    /// The record changed after the plan was made; it is planned again.
    Superseded,
    /// The endpoint refused it for good; the record is held.
    Rejected,
    /// No clear answer; it is looked for once nothing can arrive any more.
    InDoubt,
    /// For a person to decide.
    Held,
    /// It could not be sent; it is tried again.
    Failed,
}

impl Outcome {
    /// Its name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Recorded => "recorded",
            Self::Skipped => "skipped",
            Self::Superseded => "superseded",
            Self::Rejected => "rejected",
            Self::InDoubt => "in_doubt",
            Self::Held => "held",
            Self::Failed => "failed",
        }
    }
}
