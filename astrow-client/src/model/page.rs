//! One page of a list.

use chrono::{DateTime, FixedOffset};

use super::id::PageCursor;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page<T> {
    /// The items that could be read.
    pub items: Vec<T>,
    /// The items that could not: they are there, and no reason to take anything for gone.
    pub invalid: Vec<InvalidItem>,
    /// Where the next page begins; nothing at the end of the list.
    pub next: Option<PageCursor>,
    /// When the list was made, where the server says so.
    pub as_of: Option<DateTime<FixedOffset>>,
}

/// An item that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidItem {
    /// Its number or key, where that can be read.
    pub id: Option<String>,
    /// Its place in its page.
    pub position: usize,
    /// The member at fault.
    pub field: String,
    /// What is wrong, without the value.
    pub reason: String,
}

impl<T> Page<T> {
    /// A page that is a whole list.
    pub fn whole(items: Vec<T>) -> Self {
        Self { items, ..Self::default() }
    }
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { items: Vec::new(), invalid: Vec::new(), next: None, as_of: None }
    }
}

impl InvalidItem {
    /// What is wrong with an item, without its value.
    pub fn new(id: Option<String>, position: usize, field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { id, position, field: field.into(), reason: reason.into() }
    }
}
