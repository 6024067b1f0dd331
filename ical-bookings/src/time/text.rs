//! The text of dates and times.

/// How a time says its zone in its own text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Suffix {
    /// Not at all.
    None,
    /// `Z`.
    Utc,
    /// Seconds east of UTC.
    Offset(i32),
}

/// A date or time as written, not yet in a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written;
