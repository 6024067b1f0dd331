//! Events: who signed in or out, where, and how that came about.
//!
//! Servers differ in how they keep them ([`EventStyle`]): as a numbered log, as events without a number, or as visits that are
//! completed later. All of them give [`Event`]s.

mod follow;
mod model;
mod query;
mod read;
mod visit;

pub use model::{BookingRules, Event, Ignored, Outcome};
pub use query::{EventPage, EventQuery, EventStyle, Events};
pub use visit::Visit;

#[cfg(test)]
pub(crate) use model::tests;
