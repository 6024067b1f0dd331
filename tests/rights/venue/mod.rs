//! Booking systems, whatever they are: what people do there, how they misbehave, what they list, and who reads them.

mod feed;
mod outlook;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Duration, Utc};
use sync_core::clock::ManualClock;
use sync_core::connector::Source;
use sync_core::model::Booking;
use vendor_sim::feed::{FeedSim, Style};
use vendor_sim::graph::GraphSim;

use crate::states::StoredStates;
use feed::Feed;
use outlook::Outlook;

/// Rooms, by venue, and the places of their doors among those of the site.
pub(crate) const ROOMS: [[(&str, &[usize]); 2]; 2] =
    [[("Hall", &[0, 1]), ("Studio", &[0, 2])], [("Lab", &[0, 3]), ("Cellar", &[4])]];

/// What kind of booking system a venue has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One feed of all rooms.
    Skedda,
    /// A feed for each room.
    Booked,
    /// Mailboxes of rooms, read through Microsoft Graph.
    Outlook,
}

/// A booking to be made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish<'a> {
    pub(crate) rooms: &'a [&'a str],
    /// The venue's own without.
    pub(crate) email: Option<&'a str>,
    /// It waits for approval.
    pub(crate) pending: bool,
    /// It is of whole days, where the system knows such.
    pub(crate) all_day: bool,
    pub(crate) from: DateTime<Utc>,
    pub(crate) to: DateTime<Utc>,
}

/// How a booking system can fail who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mischief {
    /// An error instead of an answer.
    Down,
    /// The answer ends in the middle.
    HalfAnswer,
    /// The beginning is whole and the rest does not come.
    HalfRead,
    /// Success, and a page that asks for a sign-in.
    LoginPage,
    /// A well-formed answer without a booking.
    Empty,
    /// The connection is closed.
    Cut,
    /// It asks for twenty minutes of patience.
    Busy,
    /// One of the rooms may not be read.
    Forbidden(usize),
}

/// A booking by its number; with a system that names what is moved anew, also by its start.
pub(crate) type Key = (i64, i64);

/// Whether a booking stands; the first of several counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    Confirmed,
    Pending,
    /// In so many words.
    CalledOff,
}

/// What a venue says of a booking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) start: DateTime<Utc>,
    pub(crate) end: DateTime<Utc>,
    pub(crate) rooms: BTreeSet<String>,
    pub(crate) holder: Option<String>,
    pub(crate) standing: Standing,
}

/// How the last reading of a link went.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) link: String,
    pub(crate) last_try: Option<DateTime<Utc>>,
    pub(crate) reading: Reading,
}

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// It is believed.
    Taken,
    /// It said that nothing is new.
    Same,
    /// What it has is believed, and not what it lacks.
    Held,
    /// There was none, or none of any use.
    Nothing,
}

/// A booking system, simulated.
pub(crate) trait Venue {
    /// What is read of it: by name, and by room where it is of one.
    fn links(&self) -> Vec<(String, Option<String>)>;

    /// Whether nothing is missed while any link cannot be read.
    fn waits_for_all(&self) -> bool;

    /// Books; returns the booking's number.
    fn add(&self, wish: Wish<'_>) -> i64;

    fn move_to(&self, id: i64, from: DateTime<Utc>, to: DateTime<Utc>);

    /// The same person books the time right after it.
    fn extend(&self, id: i64, by: Duration);

    /// Calls off, in so many words where the system has them.
    fn call_off(&self, id: i64);

    /// Deletes as if it had never been.
    fn delete(&self, id: i64);

    /// From now on only this one is not listed.
    fn leave_out(&mut self, id: Option<i64>);

    /// Bookings that are not over, begin before then and were not called off: number, begin, end.
    fn open(&self, soon: DateTime<Utc>) -> Vec<(i64, DateTime<Utc>, DateTime<Utc>)>;

    /// Misbehaves so from now on, and in no other way.
    fn misbehave(&mut self, what: Mischief, until: DateTime<Utc>);

    fn heal(&mut self);

    fn set_clock(&mut self, time: DateTime<Utc>);

    /// What a link tells by its booking system's rules, from the system's own records.
    fn listed(&self, room: Option<&str>, now: DateTime<Utc>) -> BTreeMap<Key, Seen>;

    /// The product's side of it.
    fn reader(&self, states: StoredStates, interval: u32, clock: &Arc<ManualClock>) -> Box<dyn Reader>;

    /// The simulator of a feed.
    fn feed(&self) -> &FeedSim {
        panic!("not a feed")
    }

    /// The simulator of a tenant.
    fn graph(&self) -> &GraphSim {
        panic!("not a tenant")
    }
}

/// What the service has of a booking system.
#[async_trait]
pub(crate) trait Reader: Send + Sync {
    /// Reads what is due.
    async fn poll(&self, now: DateTime<Utc>) -> Alarms;

    async fn next_try(&self, now: DateTime<Utc>) -> DateTime<Utc>;

    async fn heard(&self, now: DateTime<Utc>) -> Vec<Heard>;

    /// A person says that what is lacking suddenly is really gone; whether anything waited for that.
    async fn confirm(&self, link: &str) -> bool;

    fn source(&self) -> &dyn Source<Booking>;
}

/// Alarms that a reading raised and ended.
#[derive(Debug, Default)]
pub(crate) struct Alarms {
    pub(crate) begun: Vec<(&'static str, String)>,
    pub(crate) ended: Vec<&'static str>,
}

/// A booking system of this kind for the rooms of a venue. Enough goes on in the far future for a cancellation not to be the
/// loss of everything.
pub(crate) fn venue(kind: Kind, at: usize, start: DateTime<Utc>) -> Box<dyn Venue> {
    let rooms = ROOMS[at].map(|(room, _)| room);
    match kind {
        Kind::Skedda => Box::new(Feed::new(Style::Skedda, rooms, start)),
        Kind::Booked => Box::new(Feed::new(Style::Booked, rooms, start)),
        Kind::Outlook => Box::new(Outlook::new(rooms, start)),
    }
}

/// Hours in the far future that are booked.
fn far_hours(start: DateTime<Utc>) -> impl Iterator<Item = (DateTime<Utc>, DateTime<Utc>)> {
    let begins = (0..14).map(move |day| start + Duration::days(8 + day));
    begins.map(|begin| (begin, begin + Duration::hours(1)))
}

fn name_of(email: &str) -> String {
    format!("{} Booker", email.split('@').next().unwrap())
}
