//! Feeds as a source of bookings for the `sync-core` engine.
//!
//! An [`IcalSite`] reads one or several links, each by a [`FeedConfig`], and gives their bookings as one list. A booking that
//! several links show is one booking of several rooms.
//!
//! Asking and telling are apart: [`IcalSite::poll`] asks the links whose time has come and keeps what they say;
//! [`Source::snapshot`](sync_core::connector::Source::snapshot) tells what is known and asks nobody. So a service polls when
//! [`IcalSite::next_try`] says so, reads whenever it likes, and has the bookings at hand right after a start without a
//! network. The state of each link is kept where the owner wants it ([`FeedStates`]), before anybody acts on it.
//!
//! A booking that a feed lacks is missing from the next list on. [`Source::as_of`](sync_core::connector::Source::as_of) says
//! when the feeds behind a list were last looked at, so that a caller who wants an absence confirmed by further looks can
//! tell a further look from the same one read again. It is that of the feed that was not heard of for longest: one dead link
//! keeps all absences of its site waiting. A caller with several feeds who wants the absences of each confirmed by its own
//! looks makes one `IcalSite` per feed; a booking that two of these show is then two bookings.
//!
//! ```no_run
//! use std::sync::Arc;
//! use ical_bookings::sync::{FeedConfig, IcalSite, MemoryStates};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let feed = FeedConfig::new("rooms", "env:ROOMS_FEED");
//! let link = std::env::var("ROOMS_FEED")?.into();
//! let site = IcalSite::new("bookings", vec![(feed, link)], &["Hall".into()], Arc::new(MemoryStates::default()))?;
//! for report in site.poll(chrono::Utc::now()).await {
//!     println!("{}: {}", report.feed, report.detail);
//! }
//! # Ok(())
//! # }
//! ```

mod check;
mod config;
mod merge;
mod site;
mod states;

pub use config::FeedConfig;
pub use connector_http::{ConfigFault, TrustConfig};
pub use site::IcalSite;
pub use states::{FeedStates, MemoryStates};
