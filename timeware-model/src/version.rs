//! The version of the database, and which ones may be written (rule R1).

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// The version that `tversion` names, such as `20.0.7000`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DatabaseVersion {
    /// The text as stored.
    pub text: String,
    /// The first number: the two-digit year of the release.
    pub release: u32,
}

impl FromStr for DatabaseVersion {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let first = text.trim().split('.').next().unwrap_or_default();
        let release = first.parse().map_err(|_| {
            Error::new(
                crate::ErrorKind::Protocol,
                format!("the database version `{text}` does not begin with a number"),
            )
        })?;
        Ok(Self { text: text.trim().to_owned(), release })
    }
}

impl fmt::Display for DatabaseVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A span of releases: comparisons joined by commas, all of which must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionSpan(Vec<(Comparison, u32)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    AtLeast,
    AtMost,
    Above,
    Below,
    Equal,
}

impl VersionSpan {
    /// Whether a release is inside.
    pub fn contains(&self, release: u32) -> bool {
        self.0.iter().all(|(comparison, bound)| match comparison {
            Comparison::AtLeast => release >= *bound,
            Comparison::AtMost => release <= *bound,
            Comparison::Above => release > *bound,
            Comparison::Below => release < *bound,
            Comparison::Equal => release == *bound,
        })
    }
}

impl FromStr for VersionSpan {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let part = |part: &str| {
            let part = part.trim();
            let signs = [
                (">=", Comparison::AtLeast),
                ("<=", Comparison::AtMost),
                (">", Comparison::Above),
                ("<", Comparison::Below),
                ("=", Comparison::Equal),
            ];
            let (rest, comparison) = signs.into_iter().find_map(|(sign, c)| Some((part.strip_prefix(sign)?, c)))?;
            Some((comparison, rest.trim().parse().ok()?))
        };
        let parts: Option<Vec<_>> = text.split(',').map(part).collect();
        parts.map(Self).ok_or_else(|| {
            Error::config(
                "timeware.supported_versions",
                format!("`{text}` is not a span of versions"),
                "write comparisons with whole numbers, such as \">=18, <=27\"",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_versions() {
        let span: VersionSpan = ">=18, <=27".parse().unwrap();
        assert!(span.contains(18) && span.contains(27) && !span.contains(17) && !span.contains(28));
        assert!("<20,>18".parse::<VersionSpan>().unwrap().contains(19));
        for text in ["", "18", ">=x", ">=18,"] {
            assert!(text.parse::<VersionSpan>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_release_is_the_first_number() {
        assert_eq!("20.0.7000".parse::<DatabaseVersion>().unwrap().release, 20);
        assert!("x.1".parse::<DatabaseVersion>().is_err());
    }
}
