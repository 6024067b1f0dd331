//! Who may open what when, worked out from what the booking systems hold and which of their answers were accepted.
//!
//! It shares no code with the product: bookings are looked up in the simulators' own records, not in feeds.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use ical_bookings::http::{FeedStatus, Outcome};
use vendor_sim::feed::{Status, Style, World};

/// From, and up to without.
pub(crate) type Span = (DateTime<Utc>, DateTime<Utc>);
/// Spans by mail address and door.
pub(crate) type Timeline = BTreeMap<(String, i64), Vec<Span>>;
/// A booking by its number; with a writer that renames what is moved, also by its start.
type Key = (i64, i64);

pub(crate) const BEFORE: Duration = Duration::minutes(5);
pub(crate) const AFTER: Duration = Duration::minutes(10);

/// What a feed says of a booking.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    rooms: BTreeSet<String>,
    holder: Option<String>,
    confirmed: bool,
}

/// What is known of a booking.
#[derive(Clone, Debug)]
struct Row {
    seen: Seen,
    gone: bool,
    missing: u32,
    /// It may be taken for another one of the same person that has come at the same time.
    unsure: bool,
}

/// One link of a booking system: of one room, or of all.
#[derive(Debug)]
struct Link {
    name: String,
    room: Option<String>,
    view: BTreeMap<Key, Seen>,
    last_try: Option<DateTime<Utc>>,
    last_good: Option<DateTime<Utc>>,
}

/// One booking system.
#[derive(Debug)]
struct Venue {
    links: Vec<Link>,
    rows: BTreeMap<Key, Row>,
    as_of: Option<DateTime<Utc>>,
}

/// All that may be held, and all that must be.
#[derive(Debug)]
pub(crate) struct Model {
    venues: Vec<Venue>,
    doors: BTreeMap<String, Vec<i64>>,
    may: Timeline,
    must: Timeline,
    /// When the doors were known not to follow, since a run could not be carried through.
    away: Vec<(DateTime<Utc>, Option<DateTime<Utc>>)>,
}

impl Model {
    /// `links` by venue: name, and room where it is of one.
    pub(crate) fn new(links: Vec<Vec<(String, Option<String>)>>, doors: BTreeMap<String, Vec<i64>>) -> Self {
        let link = |(name, room)| Link { name, room, view: BTreeMap::new(), last_try: None, last_good: None };
        let venue =
            |links: Vec<_>| Venue { links: links.into_iter().map(link).collect(), rows: BTreeMap::new(), as_of: None };
        let venues = links.into_iter().map(venue).collect();
        Self { venues, doors, may: Timeline::new(), must: Timeline::new(), away: Vec::new() }
    }

    /// A venue was asked, or not: what its feeds are said to have done shows which. `blank` if what it answers is no
    /// calendar of its own bookings.
    pub(crate) fn asked(
        &mut self,
        venue: usize,
        world: &World,
        blank: bool,
        statuses: &[FeedStatus],
        now: DateTime<Utc>,
    ) {
        let venue = &mut self.venues[venue];
        for link in &mut venue.links {
            let status = statuses.iter().find(|status| status.name == link.name).unwrap();
            if status.last_try == link.last_try {
                continue;
            }
            link.last_try = status.last_try;
            let listed = || if blank { BTreeMap::new() } else { listed(world, link.room.as_deref(), now) };
            match status.outcome {
                Some(Outcome::New | Outcome::Unchanged) => {
                    // What is over is not called off by not being listed any more.
                    link.view.retain(|_, seen| seen.end <= now);
                    link.view.extend(listed());
                    link.last_good = Some(now);
                }
                Some(Outcome::NotModified) => link.last_good = Some(now),
                Some(Outcome::Held) => link.view.extend(listed()),
                _ => {}
            }
        }
        venue.take(now);
    }

    /// What holds from now to then goes into the timelines.
    pub(crate) fn pass(&mut self, now: DateTime<Utc>, then: DateTime<Utc>) {
        for row in self.venues.iter().flat_map(|venue| venue.rows.values()) {
            let Some(holder) = row.seen.holder.as_ref().filter(|_| row.is_live()) else { continue };
            let span = ((row.seen.start - BEFORE).max(now), (row.seen.end + AFTER).min(then));
            if span.0 >= span.1 {
                continue;
            }
            for door in row.seen.rooms.iter().filter_map(|room| self.doors.get(room)).flatten() {
                let key = (holder.to_lowercase(), *door);
                self.may.entry(key.clone()).or_default().push(span);
                if !row.unsure {
                    self.must.entry(key).or_default().push(span);
                }
            }
        }
    }

    /// Whether the last run was carried through.
    pub(crate) fn ran(&mut self, clean: bool, now: DateTime<Utc>) {
        let open = self.away.last_mut().filter(|away| away.1.is_none());
        match (clean, open) {
            (true, Some(away)) => away.1 = Some(now),
            (false, None) => self.away.push((now, None)),
            _ => {}
        }
    }

    /// Who has a confirmed booking that is not over.
    pub(crate) fn awaited(&self, now: DateTime<Utc>) -> BTreeSet<String> {
        let rows = self.venues.iter().flat_map(|venue| venue.rows.values());
        let ahead = rows.filter(|row| row.is_live() && !row.unsure && row.missing == 0 && row.seen.end > now);
        let known = ahead.filter(|row| row.seen.rooms.iter().any(|room| self.doors.contains_key(room)));
        known.filter_map(|row| row.seen.holder.as_ref().map(|holder| holder.to_lowercase())).collect()
    }

    /// Where what was held is not what should have been (I-39, I-40).
    pub(crate) fn compare(&self, held: &Timeline) -> Vec<String> {
        let keys: BTreeSet<_> = held.keys().chain(self.may.keys()).collect();
        let mut wrong = Vec::new();
        for key in keys {
            let spans = |timeline: &Timeline| timeline.get(key).cloned().unwrap_or_default();
            let (held, may, must) = (spans(held), spans(&self.may), spans(&self.must));
            let mut points: BTreeSet<_> = [&held, &may, &must].into_iter().flatten().flat_map(|s| [s.0, s.1]).collect();
            points.extend(self.away.iter().flat_map(|(from, to)| [Some(*from), *to]).flatten());
            let points: Vec<_> = points.into_iter().collect();
            for pair in points.windows(2) {
                let (from, to) = (pair[0], pair[1]);
                if self.away.iter().any(|(away, back)| *away <= from && back.is_none_or(|back| from < back)) {
                    continue;
                }
                let holds = |spans: &[Span]| spans.iter().any(|span| span.0 <= from && from < span.1);
                if holds(&held) && !holds(&may) {
                    wrong.push(format!("I-39: {} holds door {} from {from} to {to} without a right", key.0, key.1));
                }
                if holds(&must) && !holds(&held) {
                    wrong.push(format!("I-40: {} lacks door {} from {from} to {to}", key.0, key.1));
                }
            }
        }
        wrong
    }
}

impl Row {
    fn is_live(&self) -> bool {
        !self.gone && self.seen.confirmed && self.seen.start < self.seen.end
    }
}

impl Venue {
    /// What is listed holds; what is lacking is believed the second time, or the third if it is going on or many lack.
    fn take(&mut self, now: DateTime<Utc>) {
        let as_of = self.links.iter().map(|link| link.last_good).min().flatten();
        let whole = self.links.iter().all(|link| link.last_good.is_some());
        let looked = as_of > self.as_of;
        let mut view = self.merged();
        let lacking: Vec<Key> = self
            .rows
            .iter()
            .filter(|(key, row)| !row.gone && row.seen.end > now && !view.contains_key(key))
            .map(|(key, _)| *key)
            .collect();
        let fresh: Vec<(Key, Seen)> = view
            .iter()
            .filter(|(key, seen)| !self.rows.contains_key(key) && seen.end + AFTER > now)
            .map(|(key, seen)| (*key, seen.clone()))
            .collect();
        let mut gone = Vec::new();
        for key in lacking {
            let row = self.rows.get_mut(&key).unwrap();
            // The same booking at another time.
            if let Some((new, _)) = fresh.iter().find(|(new, _)| whole && new.0 == key.0) {
                gone.push(key);
                let seen = view.remove(new).unwrap();
                self.rows.insert(*new, Row { seen, gone: false, missing: 0, unsure: false });
                continue;
            }
            row.unsure |= fresh.iter().any(|(_, seen)| alike(&row.seen, seen));
            if whole && looked {
                row.missing += 1;
                gone.push(key);
            }
        }
        let many = gone.iter().filter(|key| self.rows[key].missing > 0).count() > 5;
        for key in gone {
            let row = self.rows.get_mut(&key).unwrap();
            let on = row.seen.start - BEFORE <= now && now < row.seen.end + AFTER;
            row.gone |= row.missing == 0 || row.missing >= if on || many { 3 } else { 2 };
        }
        for (key, seen) in view {
            let known = self.rows.contains_key(&key);
            if known || seen.end + AFTER > now {
                self.rows.insert(key, Row { seen, gone: false, missing: 0, unsure: false });
            }
        }
        if looked {
            self.as_of = as_of;
        }
    }

    /// All links as one: the rooms of all, the rest as it was read last.
    fn merged(&self) -> BTreeMap<Key, Seen> {
        let mut merged: BTreeMap<Key, (Option<DateTime<Utc>>, Seen)> = BTreeMap::new();
        for link in &self.links {
            for (key, seen) in &link.view {
                let Some((read, known)) = merged.get_mut(key) else {
                    merged.insert(*key, (link.last_good, seen.clone()));
                    continue;
                };
                if seen.confirmed == known.confirmed {
                    let rooms = seen.rooms.union(&known.rooms).cloned().collect();
                    if link.last_good > *read {
                        (*read, *known) = (link.last_good, seen.clone());
                    }
                    known.rooms = rooms;
                } else if seen.confirmed {
                    (*read, *known) = (link.last_good, seen.clone());
                }
            }
        }
        merged.into_iter().map(|(key, (_, seen))| (key, seen)).collect()
    }
}

fn alike(old: &Seen, new: &Seen) -> bool {
    let overlap = old.start < new.end && new.start < old.end;
    old.holder == new.holder && !old.rooms.is_disjoint(&new.rooms) && (old.start == new.start || overlap)
}

/// What a link tells by its booking system's rules.
fn listed(world: &World, room: Option<&str>, now: DateTime<Utc>) -> BTreeMap<Key, Seen> {
    let renames = world.style == Style::Skedda;
    let (past, future) = if renames { (30, 90) } else { (0, 30) };
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
        let seen = Seen {
            start: booking.start,
            end: booking.end,
            rooms: room.map_or(rooms, |room| BTreeSet::from([room.to_owned()])),
            holder,
            confirmed: booking.status == Status::Confirmed,
        };
        found.insert((booking.id, if renames { booking.start.timestamp() } else { 0 }), seen);
    }
    found
}
