//! What happens at the doors.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Class, CredentialKind, Direction, Event, Shown, World};

impl World {
    /// Somebody shows their badge at a reader now; gives the number of the event.
    pub fn pass(&mut self, badge: u32, reader: u32, granted: bool) -> u64 {
        let now = self.now();
        let event = self.passed(badge, reader, granted, now);
        self.put_event(event)
    }

    /// The same at an earlier time, delivered only now by a controller that was offline.
    pub fn late_pass(&mut self, badge: u32, reader: u32, granted: bool, at: DateTime<Utc>) -> u64 {
        let mut event = self.passed(badge, reader, granted, at);
        event.received_at = self.now();
        self.put_event(event)
    }

    /// Somebody is refused for this reason.
    pub fn deny(&mut self, badge: u32, reader: u32, reason: &str) -> u64 {
        let mut event = self.passed(badge, reader, false, self.now());
        event.reason = Some(reason.into());
        self.put_event(event)
    }

    /// A card that nobody holds is shown.
    pub fn unknown_card(&mut self, number: &str, reader: u32) -> u64 {
        let shown = Shown { kind: CredentialKind::Card, number: Some(number.into()) };
        let event = Event {
            class: Class::Denied,
            code: Some(203),
            credential: Some(shown),
            reason: Some("unknown-credential".into()),
            ..self.at_reader(Some(reader), self.now())
        };
        self.put_event(event)
    }

    /// Something of this class at a reader, or at none, without a person.
    pub fn door_event(&mut self, class: Class, reader: Option<u32>) -> u64 {
        let event = Event { code: class.code(), class, ..self.at_reader(reader, self.now()) };
        self.put_event(event)
    }

    /// Puts any event at the end; id and `seq` are given here.
    pub fn put_event(&mut self, mut event: Event) -> u64 {
        self.counters.event += 1;
        self.counters.seq += 1;
        (event.id, event.seq) = (self.counters.event, self.counters.seq);
        let id = event.id;
        self.events.push(event);
        id
    }

    /// So many granted events, one a second up to now, of the badges and readers in turn.
    pub fn bulk_events(&mut self, count: usize) {
        let badges: Vec<u32> = self.badges.keys().copied().collect();
        let readers: Vec<u32> = self.readers.keys().copied().collect();
        let start = self.now() - TimeDelta::seconds(i64::try_from(count).unwrap_or(0));
        self.events.reserve(count);
        for (number, second) in (0..count).zip(1..) {
            let of = |all: &[u32]| number.checked_rem(all.len()).and_then(|at| all.get(at)).copied();
            let (Some(badge), Some(reader)) = (of(&badges), of(&readers)) else { return };
            let event = self.passed(badge, reader, true, start + TimeDelta::seconds(second));
            self.put_event(event);
        }
    }

    /// The store of events is made anew: another epoch, events counted from 1; ids stay.
    pub fn rebuild_events(&mut self) {
        self.events.sort_by_key(|event| (event.at, event.id));
        for (event, seq) in self.events.iter_mut().zip(1..) {
            event.seq = seq;
        }
        self.counters.seq = self.events.last().map_or(0, |event| event.seq);
        self.events_from = 0;
        self.epoch = following(&self.epoch);
    }

    /// Events before this `seq` are gone.
    pub fn trim_events(&mut self, oldest: u64) {
        self.events.retain(|event| event.seq >= oldest);
        self.events_from = oldest;
    }

    /// Somebody shows what they usually show.
    pub(crate) fn passed(&self, badge: u32, reader: u32, granted: bool, at: DateTime<Utc>) -> Event {
        let known = self.badges.get(&badge);
        let credential = known.and_then(|badge| badge.main_card().or_else(|| badge.credentials.first()));
        let class = if granted { Class::Granted } else { Class::Denied };
        Event {
            code: class.code(),
            class,
            badge: Some(badge),
            credential: credential.map(|one| Shown { kind: one.kind, number: one.number.clone() }),
            reason: (!granted)
                .then(|| if known.is_some_and(|badge| badge.enabled) { "no-rights" } else { "disabled" }.into()),
            ..self.at_reader(Some(reader), at)
        }
    }

    fn at_reader(&self, reader: Option<u32>, at: DateTime<Utc>) -> Event {
        let direction =
            reader.and_then(|reader| self.readers.get(&reader)).map_or(Direction::None, |reader| reader.direction);
        Event {
            id: 0,
            seq: 0,
            at,
            received_at: at,
            class: Class::Granted,
            code: None,
            badge: None,
            credential: None,
            reader,
            direction,
            reason: None,
        }
    }
}

/// `2025A`, `2025B`, … `2025Z`, `2025ZA`.
fn following(epoch: &str) -> String {
    let mut text = epoch.to_owned();
    match text.pop() {
        Some(last @ 'A'..='Y') => text.push(char::from_u32(u32::from(last) + 1).unwrap_or('A')),
        Some(last) => text.extend([last, 'A']),
        None => text.push('A'),
    }
    text
}
