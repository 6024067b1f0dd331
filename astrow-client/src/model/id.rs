//! Numbers and marks that Astrow gives.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The number that Astrow gives to an employee: unique, and never changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersNo(u32);

impl PersNo {
    /// The employee with this number.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl From<u32> for PersNo {
    fn from(number: u32) -> Self {
        Self(number)
    }
}

impl fmt::Display for PersNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A text that is not the number of an employee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the number of an employee is a whole number below 4294967296")]
pub struct InvalidPersNo;

impl FromStr for PersNo {
    type Err = InvalidPersNo;

    fn from_str(text: &str) -> Result<Self, InvalidPersNo> {
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidPersNo);
        }
        text.parse().map(Self).map_err(|_| InvalidPersNo)
    }
}

macro_rules! marks {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text as it came.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    )+};
}

marks! {
    /// The revision of an employee's record, quotation marks included.
    Etag
    /// A place in the list of changes.
    ChangeCursor
    /// Where the next page of a list begins.
    PageCursor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_employees_number_is_digits_only() {
        assert_eq!("1077".parse(), Ok(PersNo::new(1077)));
        for text in ["", "+7", "-7", "7 ", "4294967296", "x"] {
            assert_eq!(text.parse::<PersNo>(), Err(InvalidPersNo), "{text:?}");
        }
    }
}
