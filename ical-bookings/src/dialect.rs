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
    /// Booked and `LibreBooking` up to 2024: text is written as it was typed, nothing is escaped.
    Type2Template,
    /// Newer `LibreBooking`: escaped and folded.
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

/// The lines of a calendar that say what it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Header {
    /// `PRODID`.
    pub(crate) product: Option<String>,
    /// `METHOD`.
    pub(crate) method: Option<String>,
    /// `X-WR-TIMEZONE`.
    pub(crate) zone: Option<String>,
}

impl Header {
    /// The dialect, if the header tells it. Of the type-2 programs only one that publishes escapes its text.
    pub(crate) fn dialect(&self) -> Option<Dialect> {
        let product = self.product.as_deref()?.to_ascii_lowercase();
        if product.contains("//skedda") {
            return Some(Dialect::Type1);
        }
        if !TYPE2.iter().any(|name| product.contains(name)) {
            return None;
        }
        Some(if self.is_method("PUBLISH") { Dialect::Type2Escaped } else { Dialect::Type2Template })
    }

    /// Whether the calendar answers an invitation.
    pub(crate) fn is_answer(&self) -> bool {
        ["REPLY", "COUNTER", "REFRESH", "DECLINECOUNTER"].iter().any(|method| self.is_method(method))
    }

    /// Whether the calendar calls off all it holds.
    pub(crate) fn cancels(&self) -> bool {
        self.is_method("CANCEL")
    }

    fn is_method(&self, method: &str) -> bool {
        self.method.as_deref().is_some_and(|found| found.eq_ignore_ascii_case(method))
    }
}

const TYPE2: [&str; 3] = ["//librebooking//", "//bookedscheduler//", "//phpscheduleit//"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_tells_the_writer() {
        let table = [
            ("-//Skedda//Calendar//EN", None, Some(Dialect::Type1)),
            ("-//LibreBooking//NONSGML 1.0//EN", Some("REQUEST"), Some(Dialect::Type2Template)),
            ("-//BookedScheduler//NONSGML 2.8//EN", Some("request"), Some(Dialect::Type2Template)),
            ("-//phpScheduleIt//NONSGML 2//EN", None, Some(Dialect::Type2Template)),
            ("-//LibreBooking//NONSGML 4//EN", Some("PUBLISH"), Some(Dialect::Type2Escaped)),
            ("-//Google Inc//Google Calendar 70.9054//EN", Some("PUBLISH"), None),
        ];
        for (product, method, dialect) in table {
            let method = method.map(str::to_owned);
            let header = Header { product: Some(product.to_owned()), method, zone: None };
            assert_eq!(header.dialect(), dialect, "{product}");
        }
        assert_eq!(Header::default().dialect(), None);
    }

    #[test]
    fn names_of_dialects_are_read_back() {
        for dialect in Dialect::ALL {
            assert_eq!(dialect.as_str().parse(), Ok(dialect));
        }
        assert!("type3".parse::<Dialect>().is_err());
    }
}
