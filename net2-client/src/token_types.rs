//! Kinds of tokens.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::json::{FromJson, Shape, readable};

macro_rules! token_types {
    ($($(#[$doc:meta])* $name:ident = $number:literal),+ $(,)?) => {
        /// What kind of token it is. Names this crate does not know survive reading and writing.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum TokenType {
            $($(#[$doc])* $name,)+
            /// A name this crate does not know.
            Unknown(String),
        }

        impl TokenType {
            /// The name as Net2 writes it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$name => stringify!($name),)+
                    Self::Unknown(name) => name,
                }
            }

            /// The kind that a `CardTypeID` of the database stands for.
            pub fn from_number(number: i64) -> Option<Self> {
                match number {
                    $($number => Some(Self::$name),)+
                    _ => None,
                }
            }
        }

        impl From<&str> for TokenType {
            fn from(name: &str) -> Self {
                $(if name.eq_ignore_ascii_case(stringify!($name)) {
                    return Self::$name;
                })+
                Self::Unknown(name.to_owned())
            }
        }
    };
}

token_types! {
    /// Nothing said.
    Unspecified = 0,
    /// Proximity card.
    ProxCard = 1,
    /// Proximity card in ISO size.
    ProxIsoCard = 2,
    /// Key fob.
    Keyfob = 3,
    /// Hands free token.
    HandsFreeToken = 4,
    /// Watchprox.
    Watchprox = 5,
    /// Proximity card in ISO size without magnetic stripe.
    ProxIsoCardWithoutMagstripe = 6,
    /// The plate of a vehicle.
    VehicleNumberPlate = 7,
    /// Hands free key card.
    HandsFreeKeyCard = 8,
    /// Fingerprint verification card.
    FingerprintVerificationCard = 9,
    /// Telephone number of a caller.
    TelephoneCallerId = 10,
}

impl FromStr for TokenType {
    type Err = Infallible;

    fn from_str(name: &str) -> Result<Self, Infallible> {
        Ok(name.into())
    }
}

impl fmt::Display for TokenType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for TokenType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl FromJson for TokenType {
    fn from_json(value: Value) -> Result<Self, Shape> {
        if let Some(known) = value.as_i64().and_then(Self::from_number) {
            return Ok(known);
        }
        String::from_json(value).map(|name| name.as_str().into())
    }
}

readable!(TokenType);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_name_survives(name in "[A-Za-z ]{1,20}") {
            let read: TokenType = name.parse().unwrap();
            prop_assert!(read.as_str().eq_ignore_ascii_case(&name));
        }
    }

    #[test]
    fn numbers_of_the_database_have_names() {
        assert_eq!(TokenType::from_number(3), Some(TokenType::Keyfob));
        assert_eq!(TokenType::from_number(99), None);
    }
}
