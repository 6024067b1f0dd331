//! Fetching feeds: one [`Feed`] per link, with its own state, back-off and guard.
//!
//! A feed is a snapshot, and a booking that is missing in it was cancelled. So an answer is believed only when it is proven
//! to be a whole calendar, and a sudden loss of bookings only when it stays or a person confirms it. Whatever else comes
//! back, what was known goes on.
//!
//! [`Feed::poll`] makes one request and brings a [`FeedState`] up to date; whoever owns the state keeps it on disk and
//! polls again when [`FeedState::is_due`]. [`Feed::judge`] is the same without the request, for tests and other roads.
//!
//! The link of a feed is its password: it is shown nowhere, only scheme, host and a few digits of a hash are.
//!
//! Connections go straight to the address that was checked, never through a proxy.

mod address;
mod alarm;
mod answer;
mod feed;
mod fetch;
mod guard;
mod judge;
mod link;
mod packed;
mod redirect;
mod schedule;
mod state;
mod status;

pub use alarm::{Alarm, AlarmKind};
pub use answer::{Answer, Failure, FeedBody, Fetched, Validators};
pub use feed::{Feed, FeedSettings};
pub use judge::{Outcome, PollReport};
pub use link::FeedLink;
pub use state::{BookingKey, FeedState};
pub use status::{FeedStatus, HoldStatus};
