//! Cards and tags.

use super::{PacError, PacErrorKind, words};
use chrono::{DateTime, FixedOffset};
use std::fmt;

words! {
    /// Kinds of cards and tags.
    CredentialType {
        /// PAC proximity tag: eight characters, treated as text.
        PacProx = "pac-prox",
        /// 26-bit Wiegand: a number under a facility.
        Wiegand26 = "wiegand26",
        /// `OneProx` smart card: the card's identifier in hexadecimal.
        OneProx = "oneprox",
    }
}

words! {
    /// Whether a credential opens doors.
    CredentialState {
        /// It does.
        Active = "active",
        /// Barred for a while.
        Suspended = "suspended",
        /// Barred; its number stays reserved.
        Lost = "lost",
    }
}

/// What tells one credential from all others.
#[derive(Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct CredentialKey {
    /// What it is.
    pub kind: CredentialType,
    /// Its number, in the canonical form of its type.
    pub number: String,
    /// Its facility; 26-bit Wiegand only.
    pub facility: Option<u8>,
}

impl CredentialKey {
    /// A key as it is; see [`check`](Self::check).
    pub fn new(kind: CredentialType, number: impl Into<String>, facility: Option<u8>) -> Self {
        Self { kind, number: number.into(), facility }
    }

    /// A PAC proximity tag; letters become capital letters.
    pub fn pac_prox(number: &str) -> Self {
        Self::new(CredentialType::PacProx, number.to_ascii_uppercase(), None)
    }

    /// A 26-bit Wiegand card.
    pub fn wiegand26(facility: u8, number: u16) -> Self {
        Self::new(CredentialType::Wiegand26, number.to_string(), Some(facility))
    }

    /// A `OneProx` card; letters become capital letters.
    pub fn oneprox(number: &str) -> Self {
        Self::new(CredentialType::OneProx, number.to_ascii_uppercase(), None)
    }

    /// Whether the number suits the type.
    ///
    /// # Errors
    /// `CredentialFormat`, with what is expected; the number itself is not repeated.
    pub fn check(&self) -> Result<(), PacError> {
        let number = self.number.as_bytes();
        let (good, expected) = match self.kind {
            CredentialType::PacProx => (
                number.len() == 8 && number.iter().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'Z')),
                "a PAC proximity tag has exactly 8 characters 0-9 and A-Z",
            ),
            CredentialType::Wiegand26 => (
                self.number.parse::<u16>().is_ok_and(|n| n.to_string() == self.number),
                "a 26-bit Wiegand number is 0 to 65535 without leading zeros",
            ),
            CredentialType::OneProx => (
                (4..=32).contains(&number.len())
                    && number.len().is_multiple_of(2)
                    && number.iter().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F')),
                "a OneProx identifier is an even count of 4 to 32 hexadecimal digits in capital letters",
            ),
            CredentialType::Unknown => (false, "the type of the credential is not known"),
        };
        if !good {
            return Err(PacError::new(PacErrorKind::CredentialFormat, expected));
        }
        if self.facility.is_some() != (self.kind == CredentialType::Wiegand26) {
            let text = "a facility belongs to 26-bit Wiegand, always and only there";
            return Err(PacError::new(PacErrorKind::CredentialFormat, text));
        }
        Ok(())
    }
}

impl fmt::Debug for CredentialKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialKey").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// A card or tag of a person.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credential {
    /// What it is.
    pub kind: CredentialType,
    /// Its number.
    pub number: String,
    /// Its facility; 26-bit Wiegand only.
    pub facility: Option<u8>,
    /// Whether it opens doors.
    pub state: CredentialState,
    /// Since when.
    pub from: Option<DateTime<FixedOffset>>,
    /// Until when.
    pub until: Option<DateTime<FixedOffset>>,
}

impl Credential {
    /// An active credential without limits of time.
    pub fn new(key: CredentialKey) -> Self {
        Self {
            kind: key.kind,
            number: key.number,
            facility: key.facility,
            state: CredentialState::Active,
            from: None,
            until: None,
        }
    }

    /// The same with another state.
    pub fn with_state(mut self, state: CredentialState) -> Self {
        self.state = state;
        self
    }

    /// The same with limits of time.
    pub fn with_validity(mut self, from: Option<DateTime<FixedOffset>>, until: Option<DateTime<FixedOffset>>) -> Self {
        self.from = from;
        self.until = until;
        self
    }

    /// What tells it from all others.
    pub fn key(&self) -> CredentialKey {
        CredentialKey::new(self.kind, self.number.clone(), self.facility)
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("kind", &self.kind)
            .field("state", &self.state)
            .field("from", &self.from)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_must_suit_their_type() {
        for good in [
            CredentialKey::pac_prox("8e4c0a1f"),
            CredentialKey::pac_prox("ZZ00ZZ00"),
            CredentialKey::wiegand26(77, 0),
            CredentialKey::wiegand26(0, 65535),
            CredentialKey::oneprox("04a1b2c3d4e580"),
        ] {
            assert!(good.check().is_ok(), "{}", good.number);
        }
        for bad in [
            CredentialKey::pac_prox("8E4C0A1"),
            CredentialKey::pac_prox("8E4C0Aé"),
            CredentialKey::new(CredentialType::PacProx, "8E4C0A1F", Some(1)),
            CredentialKey::new(CredentialType::Wiegand26, "007", Some(1)),
            CredentialKey::new(CredentialType::Wiegand26, "+7", Some(1)),
            CredentialKey::new(CredentialType::Wiegand26, "65536", Some(1)),
            CredentialKey::new(CredentialType::Wiegand26, "9", None),
            CredentialKey::oneprox("04A"),
            CredentialKey::oneprox(&"AB".repeat(17)),
            CredentialKey::new(CredentialType::Unknown, "1", None),
        ] {
            assert_eq!(bad.check().unwrap_err().kind(), PacErrorKind::CredentialFormat, "{}", bad.number);
        }
    }

    #[test]
    fn numbers_stay_out_of_debug() {
        let card = Credential::new(CredentialKey::pac_prox("8E4C0A1F"));
        assert!(!format!("{card:?} {:?}", card.key()).contains("8E4C"), "{card:?}");
    }
}
