//! From what a source of bookings says to what is known.

mod apply;
mod decide;
mod people;
mod rematch;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use serde::{Deserialize, Serialize};
use sync_core::connector::{InvalidRecord, SnapshotCaps, Source, SyncError};
use sync_core::model::Booking;

pub(crate) use apply::{apply, refresh};

/// What one reading of a source said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Name of the source.
    pub source: String,
    /// Bookings by the source's own keys.
    pub bookings: BTreeMap<String, Booking>,
    /// What is there but cannot be used.
    pub invalid: Vec<InvalidRecord>,
    /// The source reached its regular end.
    pub complete: bool,
    /// It lists only a span of time, the end of which it does not say.
    pub windowed: bool,
    /// When the source last looked, where it says so; the same look proves an absence only once.
    pub as_of: Option<DateTime<Utc>>,
}

/// What an intake did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct IntakeReport {
    /// Name of the source.
    pub source: String,
    /// Bookings read.
    pub read: u64,
    /// Bookings that are new.
    pub added: u64,
    /// Bookings of which something changed, renamed ones included.
    pub changed: u64,
    /// Bookings that were called off in so many words.
    pub cancelled: u64,
    /// Bookings that are no longer listed, confirmed.
    pub gone: u64,
    /// Bookings that are no longer listed and wait for confirmation.
    pub missing: u64,
    /// Problems that the source has now.
    pub problems: u64,
    /// The reading was not whole, so that nothing was concluded from what it lacks.
    pub incomplete: bool,
}

/// How a source of bookings is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceState {
    /// When it was last asked.
    pub last_try: Option<DateTime<Utc>>,
    /// When it last gave a whole answer.
    pub last_good: Option<DateTime<Utc>>,
    /// How many bookings that had.
    pub bookings: u64,
    /// When the source had last looked, as far as what it lacks counts.
    pub as_of: Option<DateTime<Utc>>,
    /// Why the last try failed.
    pub failure: Option<String>,
}

/// Reads all that a source lists.
pub(crate) async fn read(source: &dyn Source<Booking>) -> Result<Reading, SyncError> {
    let windowed = source.reads().snapshot != SnapshotCaps::Full;
    let mut reading = Reading { windowed, ..Reading::new(source.name().to_string()) };
    let (mut pages, mut count, mut end) = (source.snapshot(None), 0, None);
    while let Some(page) = pages.next().await {
        let page = page?;
        count += (page.records.len() + page.invalid.len()) as u64;
        for record in page.records {
            reading.add(record.id.as_str(), record.value);
        }
        reading.invalid.extend(page.invalid);
        end = page.end;
    }
    reading.as_of = source.as_of();
    reading.complete = end.is_some_and(|end| end.complete && end.count.is_none_or(|told| told == count));
    Ok(reading)
}

impl Reading {
    /// A complete reading of everything that a source has: nothing, until bookings are added.
    pub fn new(source: impl Into<String>) -> Self {
        Self {
            source: source.into(),
            bookings: BTreeMap::new(),
            invalid: Vec::new(),
            complete: true,
            windowed: false,
            as_of: None,
        }
    }

    /// Adds a booking; one that is there already under the key is united with it, if it is at the same time.
    pub fn add(&mut self, key: &str, booking: Booking) {
        let Some(known) = self.bookings.get_mut(key) else {
            self.bookings.insert(key.to_owned(), booking);
            return;
        };
        if (known.start, known.end) == (booking.start, booking.end) {
            known.resources.extend(booking.resources);
            let new = booking.people.into_iter().filter(|person| !known.people.contains(person)).collect::<Vec<_>>();
            known.people.extend(new);
        } else {
            self.invalid.push(InvalidRecord::new(key, "start", "the same key stands for two times"));
        }
    }
}
