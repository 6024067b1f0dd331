//! The view of PAC's terminals: every event with the state of its booking.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset, TimeZone};
use serde::{Deserialize, Serialize};

use super::words::{Word, Words};

/// An event in the view of terminals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TerminalEvent {
    /// Numbering that `seq` belongs to.
    pub epoch: String,
    /// Number of the event.
    pub seq: u64,
    /// When it happened.
    pub at: DateTime<FixedOffset>,
    /// PAC's type, as `access.granted`.
    #[serde(rename = "type")]
    pub kind: String,
    /// State of the row.
    pub severity: String,
    /// Reader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reader_id: Option<u32>,
    /// Door.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub door_id: Option<u32>,
    /// Controller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controller_id: Option<u32>,
    /// Person of PAC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_id: Option<u32>,
    /// Employee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pers_no: Option<u32>,
    /// Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_name: Option<String>,
    /// More words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// `PROCESSED`, `REJECTED`, `QUEUED` or `NONE`.
    pub booking_status: String,
    /// More about that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booking_details: Option<String>,
}

impl TerminalEvent {
    /// The member whose value is none of the known ones.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let states = ["PROCESSED", "REJECTED", "QUEUED", "NONE"];
        (!states.contains(&self.booking_status.as_str())).then_some("bookingStatus")
    }
}

#[derive(Debug, Clone)]
struct Row {
    /// Unix milliseconds.
    at: i64,
    /// Seconds of the offset.
    offset: i32,
    /// Reader, door, controller, person, employee.
    numbers: [Option<u32>; 5],
    /// Type, severity, name, text, status, details.
    words: [Word; 6],
}

/// All rows of the view, by epoch and number.
#[derive(Debug, Clone, Default)]
pub(crate) struct View {
    rows: BTreeMap<(Word, u64), Row>,
    words: Words,
    /// How many events were put, repeats too.
    pub(crate) puts: u64,
}

impl View {
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Adds an event or puts it in the place of an older state.
    pub(crate) fn put(&mut self, event: &TerminalEvent) {
        let TerminalEvent { reader_id, door_id, controller_id, person_id, pers_no, .. } = *event;
        let words = &mut self.words;
        let row = Row {
            at: event.at.timestamp_millis(),
            offset: event.at.offset().local_minus_utc(),
            numbers: [reader_id, door_id, controller_id, person_id, pers_no],
            words: [
                words.word(&event.kind),
                words.word(&event.severity),
                words.maybe(event.person_name.as_deref()),
                words.maybe(event.text.as_deref()),
                words.word(&event.booking_status),
                words.maybe(event.booking_details.as_deref()),
            ],
        };
        let epoch = words.word(&event.epoch);
        self.rows.insert((epoch, event.seq), row);
        self.puts += 1;
    }

    pub(crate) fn get(&self, epoch: &str, seq: u64) -> Option<TerminalEvent> {
        let key = (self.words.known(epoch)?, seq);
        self.rows.get(&key).and_then(|row| self.shown(key, row))
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = TerminalEvent> {
        self.rows.iter().filter_map(|(key, row)| self.shown(*key, row))
    }

    fn shown(&self, (epoch, seq): (Word, u64), row: &Row) -> Option<TerminalEvent> {
        let [reader_id, door_id, controller_id, person_id, pers_no] = row.numbers;
        let [kind, severity, name, text, status, details] = row.words;
        Some(TerminalEvent {
            epoch: self.words.or_empty(epoch),
            seq,
            at: FixedOffset::east_opt(row.offset)?.timestamp_millis_opt(row.at).single()?,
            kind: self.words.or_empty(kind),
            severity: self.words.or_empty(severity),
            reader_id,
            door_id,
            controller_id,
            person_id,
            pers_no,
            person_name: self.words.owned(name),
            text: self.words.owned(text),
            booking_status: self.words.or_empty(status),
            booking_details: self.words.owned(details),
        })
    }
}
