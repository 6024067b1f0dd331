//! Whole lists, with what could not be read of them.

use chrono::{DateTime, FixedOffset};

/// A whole list. What could not be read as an item stands beside the others.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listing<T> {
    /// The items.
    pub items: Vec<T>,
    /// What could not be read: it is there, and no reason to take it for gone.
    pub invalid: Vec<InvalidItem>,
    /// When the list was made, where the server says so.
    pub as_of: Option<DateTime<FixedOffset>>,
}

/// An item that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidItem {
    /// Its id, where that can be read.
    pub id: Option<String>,
    /// Its place in its page.
    pub position: usize,
    /// The field at fault, by its logical name.
    pub field: String,
    /// What is wrong, without the value.
    pub reason: String,
}

impl<T> Default for Listing<T> {
    fn default() -> Self {
        Self { items: Vec::new(), invalid: Vec::new(), as_of: None }
    }
}

impl<T> Listing<T> {
    pub(crate) fn extend(&mut self, other: Self) {
        self.items.extend(other.items);
        self.invalid.extend(other.invalid);
        self.as_of = self.as_of.or(other.as_of);
    }
}
