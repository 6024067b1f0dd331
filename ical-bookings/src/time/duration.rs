//! `DURATION`.

use chrono::Duration;

/// A duration as RFC 5545 has it: calendar days, then exact time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// Days and weeks.
    pub(crate) days: i64,
    /// Hours, minutes and seconds.
    pub(crate) exact: Duration,
}
