//! What the bridges of this project share: the common REST style of their contracts.
//!
//! Sign-in by four ways, problem bodies, pages, `If-Match`, remembered `Idempotency-Key`s, licence, capabilities, too many
//! requests, and the [`profile`] that says where everything stands on the wire.

#[macro_use]
mod switches;
mod control;
mod follow;
mod front;
mod idempotency;
mod names;
mod paging;
mod plan;
mod precondition;
mod problem;
pub(crate) mod profile;
mod site;

pub(crate) use control::{Done, Sent, access, done, licence, sent_id};
pub(crate) use follow::{by_cursor, followed, position};
pub use front::{Access, Licence};
pub(crate) use front::{Admission, Front, Poll, SECRETS, counted_shape};
pub(crate) use idempotency::Remembered;
pub(crate) use names::{FIRST, LAST};
pub(crate) use paging::{Mark, limit};
pub use plan::Plan;
pub(crate) use precondition::{etag, fits};
pub(crate) use problem::Problem;
pub(crate) use site::Site;
pub(crate) use switches::Common;
pub use switches::TimeWriting;

/// An id in a query or a path: with or without its letters.
pub(crate) fn id_of(prefix: &str, text: &str) -> Option<u32> {
    text.strip_prefix(prefix).unwrap_or(text).parse().ok()
}

/// An id as JSON: text with its letters, or a number.
pub(crate) fn id_json(prefix: &str, id: u32, numeric: bool) -> serde_json::Value {
    if numeric { id.into() } else { format!("{prefix}{id}").into() }
}
