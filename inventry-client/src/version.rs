//! Versions of the product.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// A version as numbers, such as 4.11.2; missing numbers count as 0.
#[derive(Clone, Debug)]
pub struct Version {
    text: String,
    parts: Vec<u64>,
}

/// The text is no version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the version cannot be read as numbers with dots between")]
pub struct UnreadableVersion;

impl Version {
    /// The oldest version with the interface.
    pub fn oldest_supported() -> Self {
        Self { text: "4.11.0".to_owned(), parts: vec![4, 11, 0] }
    }

    /// Its numbers, without zeros at the end.
    fn significant(&self) -> &[u64] {
        let length = self.parts.iter().rposition(|part| *part != 0).map_or(0, |last| last + 1);
        self.parts.get(..length).unwrap_or_default()
    }
}

/// Numbers with dots between; each number may be followed by letters, and the whole led by a `v`.
impl FromStr for Version {
    type Err = UnreadableVersion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let numbers = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let core = numbers.split(['-', '+', ' ']).next().unwrap_or_default();
        let part = |part: &str| {
            let digits = part.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            digits.parse::<u64>().map_err(|_| UnreadableVersion)
        };
        let parts: Vec<u64> = core.split('.').map(part).collect::<Result<_, _>>()?;
        if text.len() > 40 {
            return Err(UnreadableVersion);
        }
        Ok(Self { text: text.to_owned(), parts })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.significant().cmp(other.significant())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn supported(text: &str) -> Option<bool> {
        Some(text.parse::<Version>().ok()? >= Version::oldest_supported())
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        for text in ["4.11.0", "4.11", "4.11.2", "4.12", "5", "10.0", "v4.11.0", "4.11.0-beta", "4.11.1b", "4.100.0"] {
            assert_eq!(supported(text), Some(true), "{text}");
        }
        for text in ["4.10.3", "4.9.99", "4", "3.99", "0"] {
            assert_eq!(supported(text), Some(false), "{text}");
        }
    }

    #[test]
    fn what_is_no_version_is_told() {
        for text in ["", "latest", "4..11", "4.x", "four", "-4.11", "4.11.99999999999999999999"] {
            assert_eq!(supported(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".{0,60}") {
            let _ = supported(&text);
        }
    }
}
