//! Rooms as a source of bookings for the `sync-core` engine.
//!
//! A [`GraphRooms`] reads the calendars of the rooms in an [`OutlookConfig`] and gives their bookings as one list. A meeting
//! that several rooms hold is one booking of several rooms.
//!
//! Asking and telling are apart: [`GraphRooms::poll`] reads the rooms whose time has come and keeps what they say;
//! [`Source::snapshot`](sync_core::connector::Source::snapshot) tells what is known and asks nobody. The state of each room is
//! kept where the owner wants it ([`RoomStates`]), before anybody acts on it.
//!
//! Only a calendar that was read to its end replaces what is known of its room: a failed or partial reading neither grants nor
//! takes away. What Graph says in so many words (called off, declined, shown as free) is listed as called off; what it lacks
//! is missing from the next list on, and whoever opens doors decides how often it must be missing.
//!
//! ```no_run
//! use std::sync::Arc;
//! use graph_rooms::sync::{GraphRooms, MemoryStates, OutlookConfig, RoomConfig};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let rooms = vec![RoomConfig::new("quay1@rooms.example.org", "Quay 1")];
//! let mut config = OutlookConfig::new("hq", "example.org", "7b1f…", "Europe/London", rooms);
//! config.secret = Some("env:GRAPH_SECRET".into());
//! let secret = std::env::var("GRAPH_SECRET")?.into();
//! let rooms = GraphRooms::new("bookings", config, Some(secret), Arc::new(MemoryStates::default()))?;
//! for report in rooms.poll(chrono::Utc::now()).await {
//!     println!("{}: {}", report.room, report.detail);
//! }
//! # Ok(())
//! # }
//! ```

mod check;
mod config;
mod judge;
mod merge;
mod push;
mod report;
mod rooms;
mod states;

pub use config::{External, OutlookConfig, RoomConfig};
pub use connector_http::{ConfigFault, TrustConfig};
pub use push::{Notified, Watching};
pub use report::{Alarm, AlarmKind, Outcome, PollReport, RoomStatus};
pub use rooms::GraphRooms;
pub use states::{MemoryStates, RoomProblem, RoomState, RoomStates};

use connector_http::Error;
use sync_core::connector::SyncError;

use crate::fault::Fault;

/// An error in the engine's classes, with what somebody does about it.
pub fn sync_error(error: Error) -> SyncError {
    let remedy = Fault::of(&error).remedy();
    let own = error.failure().is_some();
    let error = SyncError::from(error);
    if own { error } else { error.with_remedy(remedy) }
}
