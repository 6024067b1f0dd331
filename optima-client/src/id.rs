//! Identifiers: text, one type per kind, so that a reader never stands where a badge is wanted.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        ///
        /// Opaque text. A server that writes numbers is read as text as well.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id)
            }
        }

        impl FromStr for $name {
            type Err = Infallible;

            fn from_str(id: &str) -> Result<Self, Infallible> {
                Ok(Self(id.to_owned()))
            }
        }
    )+};
}

ids! {
    /// A badge: the person at Optima.
    BadgeId
    /// A credential of a badge.
    CredentialId
    /// An access group, cardholder policy or cardholder group.
    AccessGroupId
    /// A reader.
    ReaderId
    /// A door.
    DoorId
    /// A controller.
    ControllerId
    /// An event, unique for ever.
    EventId
}

/// The key of one attempt at a creation: the server answers the same attempt with the same record for a day.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(u128);

impl IdempotencyKey {
    /// A key from a number that the caller keeps, so that it can repeat the attempt after a restart.
    pub const fn from_u128(number: u128) -> Self {
        Self(number)
    }

    /// A key for an attempt that is never repeated after this process.
    pub fn fresh() -> Self {
        use std::hash::{BuildHasher as _, RandomState};
        let half = || u128::from(RandomState::new().hash_one(std::time::Instant::now()));
        Self(half() << 64 | half())
    }
}

/// As a UUID.
impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = format!("{:032x}", self.0);
        for (place, digit) in hex.chars().enumerate() {
            if [8, 12, 16, 20].contains(&place) {
                f.write_str("-")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdempotencyKey({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_written_as_a_uuid() {
        let key = IdempotencyKey::from_u128(0x7f2b_8b0e_58a1_4c0b_9f2f_0b8a_51c4_f0aa);
        assert_eq!(key.to_string(), "7f2b8b0e-58a1-4c0b-9f2f-0b8a51c4f0aa");
        assert_ne!(IdempotencyKey::fresh(), IdempotencyKey::fresh());
    }
}
