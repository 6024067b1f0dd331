//! A venue that publishes iCal feeds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Duration, Utc};
use ical_bookings::http::Outcome;
use ical_bookings::sync::{FeedConfig, IcalSite};
use secrecy::SecretString;
use sync_core::clock::ManualClock;
use sync_core::connector::Source;
use sync_core::model::Booking as Told;
use vendor_sim::feed::{Booking, Fault, FaultKind, FeedSim, Status, Style};

use super::{Alarms, Heard, Key, Mischief, ROOMS, Reader, Reading, Seen, Standing, Venue, Wish, far_hours, name_of};
use crate::states::StoredStates;

/// A feed of all rooms, or one for each, by style.
pub(super) struct Feed {
    sim: FeedSim,
    style: Style,
    rooms: [&'static str; 2],
}

impl Feed {
    pub(super) fn new(style: Style, rooms: [&'static str; 2], start: DateTime<Utc>) -> Self {
        let sim = FeedSim::builder().style(style).bookings(0).start_at(start).frozen(true);
        let sim = sim.with_switches(|switches| switches.etag = style == Style::Skedda).start_blocking().unwrap();
        sim.world(|world| {
            let busy: &[&str] = if style == Style::Skedda { &["Garden"] } else { &rooms };
            for (from, to) in far_hours(start) {
                for room in busy {
                    world.book(room, ("Later Else", "later@x.example"), from, to);
                }
            }
            for room in rooms {
                if world.room_named(room).is_none() {
                    world.add_room(room);
                }
            }
        });
        Self { sim, style, rooms }
    }
}

impl Venue for Feed {
    fn links(&self) -> Vec<(String, Option<String>)> {
        match self.style {
            Style::Booked => self.rooms.iter().map(|room| ((*room).to_owned(), Some((*room).to_owned()))).collect(),
            _ => vec![("venue".to_owned(), None)],
        }
    }

    fn waits_for_all(&self) -> bool {
        true
    }

    fn add(&self, wish: Wish<'_>) -> i64 {
        self.sim.world(|world| {
            let holder = wish.email.map(|email| world.person(&name_of(email), email));
            let rooms = wish.rooms.iter().map(|room| world.room_named(room).unwrap().id).collect();
            let status = if wish.pending { Status::Pending } else { Status::Confirmed };
            let (title, start, end) = ("x".to_owned(), wish.from, wish.to);
            world.add_booking(Booking { title, rooms, holder, status, start, end, ..Booking::default() })
        })
    }

    fn move_to(&self, id: i64, from: DateTime<Utc>, to: DateTime<Utc>) {
        self.sim.world(|world| world.move_booking(id, from, to));
    }

    fn extend(&self, id: i64, by: Duration) {
        self.sim.world(|world| {
            let old = world.bookings[&id].clone();
            let (start, end) = (old.end, old.end + by);
            world.add_booking(Booking { series: 0, reference: String::new(), start, end, ..old });
        });
    }

    /// Feeds have no words for it.
    fn call_off(&self, id: i64) {
        self.delete(id);
    }

    fn delete(&self, id: i64) {
        self.sim.world(|world| world.cancel(id));
    }

    fn leave_out(&mut self, id: Option<i64>) {
        self.sim.world(|world| world.switches.left_out = id.into_iter().collect());
    }

    fn open(&self, soon: DateTime<Utc>) -> Vec<(i64, DateTime<Utc>, DateTime<Utc>)> {
        self.sim.world(|world| {
            let now = world.now();
            let open = world.bookings.values().filter(|booking| booking.end > now && booking.start < soon);
            open.map(|booking| (booking.id, booking.start, booking.end)).collect()
        })
    }

    fn misbehave(&mut self, what: Mischief, until: DateTime<Utc>) {
        self.sim.clear_faults();
        let fault = match what {
            Mischief::Down => Fault::new(FaultKind::Error).status(503),
            Mischief::HalfAnswer => Fault::new(FaultKind::Truncate),
            Mischief::HalfRead => Fault::new(FaultKind::WithoutEnd),
            Mischief::LoginPage => Fault::new(FaultKind::LoginPage),
            Mischief::Empty => Fault::new(FaultKind::Empty),
            Mischief::Cut => Fault::new(FaultKind::Drop),
            Mischief::Busy => Fault::new(FaultKind::Error).status(429).retry_after("1200"),
            Mischief::Forbidden(room) => {
                let fault = Fault::new(FaultKind::Error).status(403);
                match self.sim.room_url(self.rooms[room]) {
                    Some(url) => fault.path(url.trim_start_matches(&self.sim.url())),
                    None => fault,
                }
            }
        };
        self.sim.add_fault(fault.until(until));
    }

    fn heal(&mut self) {
        self.sim.clear_faults();
    }

    fn set_clock(&mut self, time: DateTime<Utc>) {
        self.sim.world(|world| world.clock.set(time));
    }

    fn listed(&self, room: Option<&str>, now: DateTime<Utc>) -> BTreeMap<Key, Seen> {
        let renames = self.style == Style::Skedda;
        let (past, future) = if renames { (30, 90) } else { (0, 30) };
        self.sim.world(|world| {
            let mut found = BTreeMap::new();
            for booking in world.bookings.values() {
                let rooms: BTreeSet<String> = booking.rooms.iter().map(|room| world.rooms[room].name.clone()).collect();
                let shown = room.is_none_or(|room| rooms.contains(room))
                    && booking.end > now - Duration::days(past)
                    && booking.start < now + Duration::days(future)
                    && !world.switches.left_out.contains(&booking.id)
                    && !(renames && booking.status == Status::Pending);
                if !shown {
                    continue;
                }
                let holder = match booking.holder {
                    Some(holder) => Some(world.people[&holder].email.clone()),
                    None => (!renames).then(|| world.desk.email.clone()),
                };
                let confirmed = booking.status == Status::Confirmed;
                let seen = Seen {
                    start: booking.start,
                    end: booking.end,
                    rooms: room.map_or(rooms, |room| BTreeSet::from([room.to_owned()])),
                    holder,
                    standing: if confirmed { Standing::Confirmed } else { Standing::Pending },
                };
                found.insert((booking.id, if renames { booking.start.timestamp() } else { 0 }), seen);
            }
            found
        })
    }

    fn reader(&self, states: StoredStates, interval: u32, _clock: &Arc<ManualClock>) -> Box<dyn Reader> {
        let section = |name: String, room: Option<String>| {
            let mut feed = FeedConfig::new(name, "env:LINK");
            (feed.allow_http, feed.allow_private, feed.interval_minutes) = (true, true, interval);
            let url = room.as_deref().map_or_else(|| self.sim.feed_url(), |room| self.sim.room_url(room).unwrap());
            feed.resource = room;
            (feed, SecretString::from(url))
        };
        let feeds = self.links().into_iter().map(|(name, room)| section(name, room)).collect();
        let names: Vec<String> = ROOMS.iter().flatten().map(|(room, _)| (*room).to_owned()).collect();
        let source = if self.style == Style::Skedda { "skedda" } else { "booked" };
        Box::new(IcalSite::new(source, feeds, &names, Arc::new(states)).unwrap())
    }

    fn feed(&self) -> &FeedSim {
        &self.sim
    }
}

#[async_trait]
impl Reader for IcalSite {
    async fn poll(&self, now: DateTime<Utc>) -> Alarms {
        let mut alarms = Alarms::default();
        for report in Self::poll(self, now).await {
            alarms.begun.extend(report.alarms.into_iter().map(|alarm| (alarm.kind.as_str(), alarm.text)));
            alarms.ended.extend(report.ended.into_iter().map(|kind| kind.as_str()));
        }
        alarms
    }

    async fn next_try(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        Self::next_try(self, now).await.unwrap().unwrap()
    }

    async fn heard(&self, now: DateTime<Utc>) -> Vec<Heard> {
        let statuses = self.statuses(now).await.unwrap().into_iter();
        let heard = statuses.map(|status| Heard {
            link: status.name,
            last_try: status.last_try,
            reading: match status.outcome {
                Some(Outcome::New | Outcome::Unchanged) => Reading::Taken,
                Some(Outcome::NotModified) => Reading::Same,
                Some(Outcome::Held) => Reading::Held,
                _ => Reading::Nothing,
            },
        });
        heard.collect()
    }

    async fn confirm(&self, link: &str) -> bool {
        Self::confirm(self, link).await.unwrap()
    }

    fn source(&self) -> &dyn Source<Told> {
        self
    }
}
