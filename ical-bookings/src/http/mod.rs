//! Fetching feeds: one [`Feed`] per link, with its own state, back-off and guard.
//!
//! A feed is a snapshot, and a booking that is missing in it was cancelled. So an answer is believed only when it is proven
//! to be a whole calendar, and a sudden loss of bookings only when it stays or a person confirms it. Whatever else comes
//! back, what was known goes on.
//!
//! [`Feed::poll`] makes one request and brings a [`FeedState`] up to date; whoever owns the state keeps it on disk and
//! polls again when [`Feed::is_due`]. [`Feed::judge`] is the same without the request, for tests and other roads.
//!
//! ```no_run
//! use chrono::{TimeDelta, Utc};
//! use ical_bookings::http::{Feed, FeedLink, FeedSettings, FeedState};
//! use ical_bookings::{Options, Window};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let link = FeedLink::new(&std::env::var("ROOMS_FEED")?.into())?;
//! let now = Utc::now();
//! let mut options = Options::new(Window::new(now, now + TimeDelta::days(90)));
//! options.resources = vec!["Hall".into()];
//! let feed = Feed::new("rooms", link, FeedSettings::default(), options);
//! let mut state = FeedState::default();
//! let report = feed.poll(&mut state, now).await;
//! println!("{}: {} bookings, again at {}", report.detail, state.bookings().len(), report.next_try);
//! # Ok(())
//! # }
//! ```
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
