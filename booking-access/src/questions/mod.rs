//! What people ask: who may be where when, who can open this door, why can this person not get in.

mod openers;
mod space;
mod table;
mod why;

pub use openers::Opener;
pub use table::{BookingLine, LineState, Table};
pub use why::{Chain, ChainLink, LinkState};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

/// A time as people at the site say it.
fn local(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string()
}

fn listed<'a>(texts: impl IntoIterator<Item = &'a String>) -> String {
    texts.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}
