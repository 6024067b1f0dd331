//! All bookings, kept small: a million of them are an ordinary site's year.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::{DateTime, NaiveDate};

use super::booking::{Booking, BookingSource, BookingState, Direction, Incoming, Kind, PacEvent};
use super::words::{Word, Words};

/// The key of a booking; those of PAC's events take little room.
#[derive(Debug, Clone)]
enum Key {
    Event { epoch: Word, seq: u64 },
    Other(Box<str>),
}

#[derive(Debug, Clone)]
pub(crate) struct Row {
    key: Key,
    /// Unix milliseconds.
    at: i64,
    pub(crate) pers_no: Option<u32>,
    badge: Word,
    pub(crate) terminal: Word,
    mc: Word,
    cc: Word,
    pub(crate) direction: Direction,
    pub(crate) state: BookingState,
    pub(crate) source: BookingSource,
    pub(crate) kind: Kind,
}

/// All bookings.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger {
    pub(crate) rows: Vec<Row>,
    pub(crate) words: Words,
    /// Hash of a key to its row.
    keys: HashMap<u64, u32>,
    /// Hashes of person, moment, terminal and direction of what was processed.
    seen: HashSet<u64>,
    /// Events whose numbers do not stand in the key.
    events: BTreeMap<u32, PacEvent>,
    /// How many bookings an employee has on a day.
    days: HashMap<(u32, NaiveDate), u16>,
    /// Rows before this one were exported, those apart that were processed later.
    exported: u32,
    late: Vec<u32>,
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

impl Ledger {
    pub(crate) fn len(&self) -> u32 {
        u32::try_from(self.rows.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn row(&self, number: u32) -> Option<&Row> {
        self.rows.get(usize::try_from(number).ok()?)
    }

    pub(crate) fn row_mut(&mut self, number: u32) -> Option<&mut Row> {
        self.rows.get_mut(usize::try_from(number).ok()?)
    }

    pub(crate) fn find(&self, key: &str) -> Option<u32> {
        self.keys.get(&hash(key)).copied()
    }

    pub(crate) fn twin(&self, pers_no: u32, booking: &Incoming) -> bool {
        let Some(terminal) = self.words.known(&booking.terminal_serial) else { return false };
        self.seen.contains(&hash((pers_no, booking.at.timestamp_millis(), terminal, booking.direction)))
    }

    /// Keeps a booking, in place of an older one with its key; gives its row.
    pub(crate) fn keep(
        &mut self,
        booking: &Incoming,
        pers_no: Option<u32>,
        state: BookingState,
        source: BookingSource,
    ) -> u32 {
        let number = self.find(&booking.key).unwrap_or_else(|| self.len());
        let key = self.key(&booking.key);
        if let Some(event) = booking.pac_event.as_ref().filter(|event| !self.told(&key, event)) {
            self.events.insert(number, event.clone());
        }
        let row = Row {
            key,
            at: booking.at.timestamp_millis(),
            pers_no,
            badge: self.words.word(&booking.badge_no),
            terminal: self.words.word(&booking.terminal_serial),
            mc: self.words.maybe(booking.mc.as_deref()),
            cc: self.words.maybe(booking.cc.as_deref()),
            direction: booking.direction,
            state,
            source,
            kind: Kind::Go,
        };
        match self.row_mut(number) {
            Some(old) => *old = row,
            None => self.rows.push(row),
        }
        self.keys.insert(hash(booking.key.as_str()), number);
        number
    }

    /// A row counts from now on as a booking of this employee.
    pub(crate) fn process(&mut self, number: u32, pers_no: u32, day: NaiveDate) {
        let count = self.days.entry((pers_no, day)).or_default();
        let before = *count;
        *count = count.saturating_add(1);
        if number < self.exported {
            self.late.push(number);
        }
        let Some(row) = self.row_mut(number) else { return };
        row.state = BookingState::Processed;
        row.pers_no = Some(pers_no);
        row.kind = match row.direction {
            _ if before == 0 => Kind::Go,
            Direction::Out => Kind::Out,
            Direction::Auto if before % 2 == 1 => Kind::Out,
            Direction::In | Direction::Auto => Kind::In,
        };
        let twin = hash((pers_no, row.at, row.terminal, row.direction));
        self.seen.insert(twin);
    }

    /// Rows that were not exported so far; they are from now on.
    pub(crate) fn unexported(&mut self) -> Vec<u32> {
        let mut rows = std::mem::take(&mut self.late);
        rows.extend(self.exported..self.len());
        self.exported = self.len();
        rows
    }

    /// Everything of an employee goes.
    pub(crate) fn delete(&mut self, pers_no: u32) {
        for row in self.rows.iter_mut().filter(|row| row.pers_no == Some(pers_no)) {
            self.seen.remove(&hash((pers_no, row.at, row.terminal, row.direction)));
            row.state = BookingState::Deleted;
            row.pers_no = None;
        }
        self.days.retain(|(owner, _), _| *owner != pers_no);
        let rows = &self.rows;
        let gone = |number: &u32| {
            usize::try_from(*number).is_ok_and(|at| rows.get(at).is_some_and(|row| row.state == BookingState::Deleted))
        };
        self.keys.retain(|_, number| !gone(number));
    }

    /// The sender's key of a row.
    pub(crate) fn key_of(&self, number: u32) -> String {
        match self.row(number).map(|row| &row.key) {
            Some(Key::Event { epoch, seq }) => format!("pac:{}:{seq}", self.words.or_empty(*epoch)),
            Some(Key::Other(text)) => text.to_string(),
            None => String::new(),
        }
    }

    /// A row as tests look at it.
    pub(crate) fn shown(&self, number: u32) -> Option<Booking> {
        let row = self.row(number)?;
        let pac_event = match &row.key {
            Key::Event { epoch, seq } => Some(PacEvent { epoch: self.words.or_empty(*epoch), seq: *seq }),
            Key::Other(_) => None,
        };
        Some(Booking {
            id: booking_id(number),
            key: self.key_of(number),
            badge_no: self.words.or_empty(row.badge),
            pers_no: row.pers_no,
            at: DateTime::from_timestamp_millis(row.at).unwrap_or_default(),
            terminal_serial: self.words.or_empty(row.terminal),
            direction: row.direction,
            mc: self.words.owned(row.mc),
            cc: self.words.owned(row.cc),
            pac_event: self.events.get(&number).cloned().or(pac_event),
            state: row.state,
            source: row.source,
            kind: row.kind,
        })
    }

    fn key(&mut self, text: &str) -> Key {
        let event = text.strip_prefix("pac:").and_then(|rest| rest.rsplit_once(':'));
        let event = event.and_then(|(epoch, seq)| Some((epoch, seq, seq.parse::<u64>().ok()?)));
        match event.filter(|(_, seq, number)| number.to_string() == *seq) {
            Some((epoch, _, seq)) => Key::Event { epoch: self.words.word(epoch), seq },
            None => Key::Other(text.into()),
        }
    }

    /// Whether the key says as much as the event.
    fn told(&self, key: &Key, event: &PacEvent) -> bool {
        matches!(key, Key::Event { epoch, seq } if *seq == event.seq && self.words.text(*epoch) == Some(&event.epoch))
    }
}

/// The id of a row.
pub(crate) fn booking_id(number: u32) -> String {
    format!("b-{}", u64::from(number) + 80_001)
}

/// The row of an id.
pub(crate) fn row_of(id: &str) -> Option<u32> {
    u32::try_from(id.strip_prefix("b-")?.parse::<u64>().ok()?.checked_sub(80_001)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_small() {
        assert!(size_of::<Row>() <= 80, "{}", size_of::<Row>());
    }

    #[test]
    fn keys_come_back_as_they_were() {
        let mut ledger = Ledger::default();
        for text in ["pac:5D1E00C7A2B49F03:52318", "pac:A:007", "pac::1", "other", "pac:A:1:2", "pac:A:+1"] {
            let at = "2026-03-02T08:01:14+01:00".parse().unwrap();
            let booking = Incoming {
                key: text.into(),
                badge_no: "1".into(),
                pers_no: None,
                at,
                terminal_serial: "9".into(),
                direction: Direction::In,
                mc: None,
                cc: None,
                pac_event: Some(PacEvent { epoch: "E".into(), seq: 5 }),
            };
            let row = ledger.keep(&booking, None, BookingState::Queued, BookingSource::Api);
            assert_eq!(ledger.key_of(row), text);
            assert_eq!(ledger.shown(row).unwrap().pac_event, booking.pac_event);
        }
    }
}
