//! Credentials: three kinds, each with its own form.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, bail, ensure};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::record::words;
use crate::pac::wire::view::plain_number;

words! {
    /// Whether a credential opens doors.
    CredentialState {
        /// It does.
        #[default]
        Active = "active",
        /// Barred for a time.
        Suspended = "suspended",
        /// Barred; the number stays taken.
        Lost = "lost",
    }
}

/// A credential of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// Kind and number.
    pub key: CredentialKey,
    /// Whether it opens doors.
    pub state: CredentialState,
    /// From when.
    pub from: Option<DateTime<Utc>>,
    /// Until when.
    pub until: Option<DateTime<Utc>>,
}

impl Credential {
    /// An active one for good.
    pub fn of(key: CredentialKey) -> Self {
        Self { key, state: CredentialState::Active, from: None, until: None }
    }
}

/// Kind and number of a credential, as `pac-prox:8E4C0A1F`, `wiegand26:77-40211`, `oneprox:04A1B2C3D4E580`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum CredentialKey {
    /// Eight characters.
    PacProx(String),
    /// Facility and number.
    Wiegand26(u8, u16),
    /// Hex digits.
    OneProx(String),
}

impl CredentialKey {
    /// Reads kind, number and facility as the wire has them.
    ///
    /// # Errors
    /// If they are not in the form of their kind.
    pub fn read(kind: &str, number: &str, facility: Option<u8>) -> anyhow::Result<Self> {
        let key = match (kind, facility) {
            ("pac-prox", None) => {
                let good = number.len() == 8 && number.bytes().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'Z'));
                ensure!(good, "such a number has eight characters 0-9 and A-Z");
                Self::PacProx(number.to_owned())
            }
            ("wiegand26", Some(facility)) => {
                let number = plain_number(number).and_then(|number| u16::try_from(number).ok());
                Self::Wiegand26(facility, number.context("such a number is from 0 to 65535")?)
            }
            ("wiegand26", None) => bail!("this kind needs a facility"),
            ("oneprox", None) => {
                let hex = number.bytes().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'));
                let good = (4..=32).contains(&number.len()) && number.len().is_multiple_of(2) && hex;
                ensure!(good, "such a number has 4 to 32 hex digits, an even count");
                Self::OneProx(number.to_owned())
            }
            ("pac-prox" | "oneprox", Some(_)) => bail!("this kind has no facility"),
            _ => bail!("there is no such kind of credential"),
        };
        Ok(key)
    }

    /// The kind, as the wire writes it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::PacProx(_) => "pac-prox",
            Self::Wiegand26(..) => "wiegand26",
            Self::OneProx(_) => "oneprox",
        }
    }

    /// The number, as the wire writes it.
    pub fn number(&self) -> String {
        match self {
            Self::PacProx(number) | Self::OneProx(number) => number.clone(),
            Self::Wiegand26(_, number) => number.to_string(),
        }
    }

    /// The facility, of the kind that has one.
    pub fn facility(&self) -> Option<u8> {
        match self {
            Self::Wiegand26(facility, _) => Some(*facility),
            _ => None,
        }
    }
}

impl fmt::Display for CredentialKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PacProx(number) | Self::OneProx(number) => write!(f, "{}:{number}", self.kind()),
            Self::Wiegand26(facility, number) => write!(f, "wiegand26:{facility}-{number}"),
        }
    }
}

impl FromStr for CredentialKey {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let (kind, number) = text.split_once(':').context("a credential is written KIND:NUMBER")?;
        match number.split_once('-') {
            Some((facility, number)) if kind == "wiegand26" => {
                let facility = facility.parse().context("a facility is from 0 to 255")?;
                Self::read(kind, number, Some(facility))
            }
            _ => Self::read(kind, number, None),
        }
    }
}

impl TryFrom<String> for CredentialKey {
    type Error = anyhow::Error;

    fn try_from(text: String) -> anyhow::Result<Self> {
        text.parse()
    }
}

impl From<CredentialKey> for String {
    fn from(key: CredentialKey) -> Self {
        key.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_are_written() {
        for text in ["pac-prox:8E4C0A1F", "wiegand26:77-40211", "oneprox:04A1B2C3D4E580"] {
            assert_eq!(text.parse::<CredentialKey>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn each_kind_has_its_form() {
        let wrong = [
            "pac-prox:8e4c0a1f",
            "pac-prox:8E4C0A1",
            "wiegand26:77-040",
            "wiegand26:256-1",
            "wiegand26:1-65536",
            "wiegand26:40",
            "oneprox:04A",
            "oneprox:04",
            "oneprox:04AG",
            "mifare:04",
        ];
        for text in wrong {
            assert!(text.parse::<CredentialKey>().is_err(), "{text}");
        }
    }
}
