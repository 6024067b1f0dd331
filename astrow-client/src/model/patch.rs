//! The three things that a change can do to a member.

use serde::{Serialize, Serializer};

/// What a change does to a member: leaves it alone, sets it, or clears it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Patch<T> {
    /// Nothing: the member is not sent.
    #[default]
    Keep,
    /// Sets it.
    Set(T),
    /// Clears it: `null` is sent.
    Clear,
}

impl<T> Patch<T> {
    /// Whether the member stays as it is.
    pub const fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// The new value, if there is one.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Clear => None,
        }
    }

    /// Sets where there is a value, clears where there is none.
    pub fn from_option(value: Option<T>) -> Self {
        value.map_or(Self::Clear, Self::Set)
    }
}

impl<T> From<T> for Patch<T> {
    fn from(value: T) -> Self {
        Self::Set(value)
    }
}

/// What is kept must be left out by the caller; it is written as `null` otherwise.
impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}
