//! Which kind of program wrote a feed.

use std::fmt;
use std::str::FromStr;

/// The kind of writer, which decides what is believed in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "http", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "http", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Dialect {
    /// Skedda and alike: one `RESOURCES` line per space, zones of fixed offset that only the feed defines.
    Type1,
    /// Booked and LibreBooking up to 2024: text is written as it was typed, nothing is escaped.
    Type2Template,
    /// Newer LibreBooking: escaped and folded.
    Type2Escaped,
    /// Anything else that keeps to the standard.
    Generic,
}

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Type1, Self::Type2Template, Self::Type2Escaped, Self::Generic];

    /// Its name in settings and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Type1 => "type1",
            Self::Type2Template => "type2-template",
            Self::Type2Escaped => "type2-escaped",
            Self::Generic => "generic",
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(text: &str) -> Result<Self, UnknownDialect> {
        Self::ALL.into_iter().find(|dialect| dialect.as_str() == text).ok_or(UnknownDialect)
    }
}

/// The name of a dialect that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a dialect is type1, type2-template, type2-escaped or generic")]
#[non_exhaustive]
pub struct UnknownDialect;
