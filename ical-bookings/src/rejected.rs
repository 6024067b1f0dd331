//! Bodies that are no snapshot at all.

use std::fmt;

/// Why a body was refused as a whole. What was known of the feed before stays true.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Rejected {
    kind: RejectedKind,
    text: String,
}

impl Rejected {
    pub(crate) fn new(kind: RejectedKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }

    /// What kind of reason.
    pub fn kind(&self) -> RejectedKind {
        self.kind
    }
}

/// Kinds of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RejectedKind {
    /// It does not begin as a calendar does: a login page, an error text, nothing.
    NotACalendar,
    /// In an encoding that cannot be read.
    Encoding,
    /// Components are nested too deep.
    TooDeep,
    /// More bytes, events or instances than allowed.
    TooLarge,
    /// A calendar by its `METHOD`, but an answer to an invitation and no feed.
    NoFeed,
}

impl RejectedKind {
    /// Its name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotACalendar => "not_a_calendar",
            Self::Encoding => "encoding",
            Self::TooDeep => "too_deep",
            Self::TooLarge => "too_large",
            Self::NoFeed => "no_feed",
        }
    }
}

impl fmt::Display for RejectedKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
