//! A zone as a small value.

use chrono_tz::Tz;

/// A zone; cheap to copy, resolved by the [`Zones`](super::Zones) that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Zone {
    /// Seconds east of UTC, for ever.
    Fixed(i32),
    /// A zone of the IANA database.
    Iana(Tz),
    /// The definition with this number in the calendar.
    Block(u16),
}

impl Zone {
    /// UTC.
    pub(crate) const UTC: Self = Self::Fixed(0);
}
