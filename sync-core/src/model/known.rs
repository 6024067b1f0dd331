//! Missing, empty and present are three things.

use serde::{Deserialize, Serialize};

/// What a source told about one field.
///
/// `Unknown` means that the source did not deliver the field: nothing may be concluded and nothing is ever written
/// from it. `Empty` means that the source says there is nothing. The two are never confused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[expect(clippy::exhaustive_enums, reason = "three states are the whole point; a fourth would break every reader")]
pub enum Known<T> {
    /// The source did not deliver the field.
    #[default]
    Unknown,
    /// The source says that there is nothing.
    Empty,
    /// The source says this.
    Value(T),
}

impl<T> Known<T> {
    /// The value, if there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Unknown | Self::Empty => None,
        }
    }

    /// The value by move, if there is one.
    pub fn into_value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Unknown | Self::Empty => None,
        }
    }

    /// Whether the source delivered the field at all.
    pub fn is_known(&self) -> bool {
        !matches!(self, Self::Unknown)
    }

    /// Whether the source said that there is nothing.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// A delivered optional value: `None` is `Empty`.
    pub fn from_option(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Self::Value)
    }

    /// Maps the value, keeps the other two states.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Known<U> {
        match self {
            Self::Unknown => Known::Unknown,
            Self::Empty => Known::Empty,
            Self::Value(value) => Known::Value(f(value)),
        }
    }
}

impl Known<String> {
    /// Text that a source delivered: blank text is `Empty`.
    pub fn from_text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.trim().is_empty() { Self::Empty } else { Self::Value(text) }
    }
}

impl<T> From<T> for Known<T> {
    fn from(value: T) -> Self {
        Self::Value(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_text_is_empty_and_never_unknown() {
        assert_eq!(Known::from_text("  "), Known::Empty);
        assert_eq!(Known::from_text("x"), Known::Value("x".to_owned()));
        assert_eq!(Known::<String>::default(), Known::Unknown);
    }
}
