//! Mail addresses of rooms and people.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A mail address in the form in which two are the same: trimmed, in lower case.
///
/// Hidden in `Debug`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address(String);

/// Not a mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no mail address")]
pub struct NoAddress;

impl Address {
    /// The address of a text; none for anything else than a mail address, such as an X.500 name of Exchange.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@')?;
        let plain = |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, '<' | '>' | ',' | ';' | '"');
        let whole = !local.is_empty() && !domain.is_empty() && !local.contains('@') && text.len() <= LONGEST;
        (whole && !text.starts_with('/') && text.chars().all(plain)).then(|| Self(text.to_lowercase()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands behind the `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address")
    }
}

impl FromStr for Address {
    type Err = NoAddress;

    fn from_str(text: &str) -> Result<Self, NoAddress> {
        Self::new(text).ok_or(NoAddress)
    }
}

impl TryFrom<String> for Address {
    type Error = NoAddress;

    fn try_from(text: String) -> Result<Self, NoAddress> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.0
    }
}

/// As RFC 5321 allows at most.
const LONGEST: usize = 320;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_mail_addresses_are_addresses_and_case_does_not_matter() {
        assert_eq!(Address::new(" Ada.Quist@Example.ORG "), Address::new("ada.quist@example.org"));
        for none in ["", "ada", "@example.org", "ada@", "/o=ExchangeLabs/cn=ada@x", "a b@example.org", "a@b@c"] {
            assert_eq!(Address::new(none), None, "{none}");
        }
        assert!(!format!("{:?}", Address::new("ada@example.org")).contains("ada"));
    }
}
