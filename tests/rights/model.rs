//! Who may open what when, worked out from what the booking systems hold and which of their answers were accepted.
//!
//! It shares no code with the product: bookings are looked up in the simulators' own records, not in what they answer.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};

use crate::venue::{Heard, Key, Reading, Seen, Standing, Venue};

/// From, and up to without.
pub(crate) type Span = (DateTime<Utc>, DateTime<Utc>);
/// Spans by mail address and door.
pub(crate) type Timeline = BTreeMap<(String, i64), Vec<Span>>;

pub(crate) const BEFORE: Duration = Duration::minutes(5);
pub(crate) const AFTER: Duration = Duration::minutes(10);
/// At least so far ahead each booking system lists what there is.
const REACH: Duration = Duration::hours(24);

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
    /// The last try was a good one.
    good: bool,
}

/// What is believed of one booking system.
#[derive(Debug)]
struct Known {
    links: Vec<Link>,
    waits_for_all: bool,
    rows: BTreeMap<Key, Row>,
    as_of: Option<DateTime<Utc>>,
}

/// All that may be held, and all that must be.
#[derive(Debug)]
pub(crate) struct Model {
    venues: Vec<Known>,
    doors: BTreeMap<String, Vec<i64>>,
    may: Timeline,
    must: Timeline,
    /// When the doors were known not to follow, since a run could not be carried through.
    away: Vec<(DateTime<Utc>, Option<DateTime<Utc>>)>,
}

impl Model {
    pub(crate) fn new(venues: &[Box<dyn Venue>], doors: BTreeMap<String, Vec<i64>>) -> Self {
        let link =
            |(name, room)| Link { name, room, view: BTreeMap::new(), last_try: None, last_good: None, good: false };
        let known = |venue: &dyn Venue| Known {
            links: venue.links().into_iter().map(link).collect(),
            waits_for_all: venue.waits_for_all(),
            rows: BTreeMap::new(),
            as_of: None,
        };
        let venues = venues.iter().map(|venue| known(&**venue)).collect();
        Self { venues, doors, may: Timeline::new(), must: Timeline::new(), away: Vec::new() }
    }

    /// A venue was asked, or not: what its links are said to have done shows which. `blank` if what it answers is no
    /// calendar of its own bookings.
    pub(crate) fn asked(&mut self, at: usize, venue: &dyn Venue, blank: bool, heard: &[Heard], now: DateTime<Utc>) {
        let known = &mut self.venues[at];
        for link in &mut known.links {
            let heard = heard.iter().find(|heard| heard.link == link.name).unwrap();
            if heard.last_try == link.last_try {
                continue;
            }
            link.last_try = heard.last_try;
            link.good = matches!(heard.reading, Reading::Taken | Reading::Same);
            let listed = || if blank { BTreeMap::new() } else { venue.listed(link.room.as_deref(), now) };
            match heard.reading {
                Reading::Taken => {
                    // What is over is not called off by not being listed any more.
                    link.view.retain(|_, seen| seen.end <= now);
                    link.view.extend(listed());
                    link.last_good = Some(now);
                }
                Reading::Same => link.last_good = Some(now),
                Reading::Held => link.view.extend(listed()),
                Reading::Nothing => {}
            }
        }
        known.take(now);
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

impl Seen {
    /// Worth to be noted where nothing is known of it.
    fn is_news(&self, now: DateTime<Utc>) -> bool {
        self.end + AFTER > now && self.standing != Standing::CalledOff
    }
}

impl Row {
    fn new(seen: Seen) -> Self {
        Self { seen, gone: false, missing: 0, unsure: false }
    }

    fn is_live(&self) -> bool {
        !self.gone && self.seen.standing == Standing::Confirmed && self.seen.start < self.seen.end
    }

    /// Not over, and nobody said that it is off.
    fn is_ahead(&self, now: DateTime<Utc>) -> bool {
        !self.gone && self.seen.standing != Standing::CalledOff && self.seen.end > now
    }

    fn is_on(&self, now: DateTime<Utc>) -> bool {
        self.seen.start - BEFORE <= now && now < self.seen.end + AFTER
    }
}

impl Known {
    /// What is listed holds; what is lacking is believed the second time, or the third if it is going on or many lack.
    fn take(&mut self, now: DateTime<Utc>) {
        let as_of = self.looked();
        let whole = self.links.iter().all(|link| link.last_good.is_some());
        let looked = whole && as_of > self.as_of;
        let ahead = self.rows.values().filter(|row| row.is_ahead(now)).count();
        let mut view = self.merged();
        let reach = view.values().map(|seen| seen.start).max().unwrap_or(now).max(now + REACH);
        let mut fresh = view.clone();
        fresh.retain(|key, seen| !self.rows.contains_key(key) && seen.is_news(now));
        if whole {
            self.follow_moved(&mut view, &fresh, now);
        }
        let mut lacking = Vec::new();
        for (key, row) in self.rows.iter_mut().filter(|(key, row)| row.is_ahead(now) && !view.contains_key(*key)) {
            row.unsure |= fresh.values().any(|seen| alike(&row.seen, seen));
            if looked && row.seen.start <= reach {
                row.missing += 1;
                lacking.push(*key);
            }
        }
        let many = lacking.len() > (ahead / 2).max(5) || lacking.len() == ahead && ahead >= 3;
        for key in lacking {
            let row = self.rows.get_mut(&key).unwrap();
            row.gone |= row.missing >= if row.is_on(now) || many { 3 } else { 2 };
        }
        for (key, seen) in view {
            if self.rows.contains_key(&key) || seen.is_news(now) {
                self.rows.insert(key, Row::new(seen));
            }
        }
        if looked {
            self.as_of = as_of;
        }
    }

    /// When everything that counts had been looked at.
    fn looked(&self) -> Option<DateTime<Utc>> {
        let counts = self.links.iter().filter(|link| self.waits_for_all || link.good);
        counts.map(|link| link.last_good).min().flatten()
    }

    /// The same bookings at other times, the nearest first.
    fn follow_moved(&mut self, view: &mut BTreeMap<Key, Seen>, fresh: &BTreeMap<Key, Seen>, now: DateTime<Utc>) {
        let mut pairs = Vec::new();
        for (old, row) in self.rows.iter().filter(|(key, row)| row.is_ahead(now) && !view.contains_key(*key)) {
            for (new, seen) in fresh.iter().filter(|(new, _)| new.0 == old.0) {
                let far = (seen.start - row.seen.start).abs();
                let same = seen.holder.is_some() && seen.holder == row.seen.holder;
                if same && (far < Duration::hours(24) || !row.is_on(now)) {
                    pairs.push((far, *old, *new));
                }
            }
        }
        pairs.sort_unstable();
        for (_, old, new) in pairs {
            if self.rows.contains_key(&old)
                && let Some(seen) = view.remove(&new)
            {
                self.rows.remove(&old);
                self.rows.insert(new, Row::new(seen));
            }
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
                if seen.standing == known.standing {
                    let rooms = seen.rooms.union(&known.rooms).cloned().collect();
                    if link.last_good > *read {
                        (*read, *known) = (link.last_good, seen.clone());
                    }
                    known.rooms = rooms;
                } else if seen.standing < known.standing {
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
