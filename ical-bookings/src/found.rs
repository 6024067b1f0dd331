//! What the calendars of a body hold together, within bounds.

use chrono::{DateTime, Utc};

use crate::booking::Maker;
use crate::series::Instance;
use crate::{Booking, Limits, Rejected, RejectedKind, Status};

/// The bookings found so far.
///
/// Those of a series are kept as little more than their times until they are in order: there may be many.
#[derive(Debug)]
pub(crate) struct Found {
    /// An event each.
    pub(crate) models: Vec<Booking>,
    pub(crate) stays: Vec<Stay>,
    /// How each compares with another of the same key, where several calendars may hold it.
    pub(crate) ranks: Option<Vec<Rank>>,
    bytes: usize,
    /// Steps that the series of the body may still take together.
    steps: usize,
}

/// One booking: its times, and what else it has by the number of its model.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stay {
    pub(crate) model: usize,
    pub(crate) instance: Option<DateTime<Utc>>,
    pub(crate) start: DateTime<Utc>,
    pub(crate) end: DateTime<Utc>,
    pub(crate) status: Status,
}

/// Which of two versions of an event is the later: by `SEQUENCE`, `LAST-MODIFIED`, `DTSTAMP`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    pub(crate) sequence: u64,
    pub(crate) modified: String,
    pub(crate) stamp: String,
}

impl Found {
    /// For a body of one calendar or of several.
    pub(crate) fn new(several: bool) -> Self {
        Self { models: Vec::new(), stays: Vec::new(), ranks: several.then(Vec::new), bytes: 0, steps: STEPS }
    }

    /// Keeps what many bookings may have in common; its number.
    pub(crate) fn add_model(&mut self, model: Booking) -> usize {
        self.models.push(model);
        self.models.len() - 1
    }

    /// Keeps a booking of the window, which weighs so much.
    pub(crate) fn add(
        &mut self,
        stay: Stay,
        weight: usize,
        rank: Option<Rank>,
        maker: &Maker<'_>,
    ) -> Result<(), Rejected> {
        if !maker.options.window.overlaps(stay.start, stay.end) {
            return Ok(());
        }
        self.bytes = self.bytes.saturating_add(weight);
        if self.stays.len() >= maker.options.limits.instances || self.bytes > BYTES {
            return Err(Rejected::new(RejectedKind::TooLarge, "the feed holds more instances than allowed"));
        }
        self.stays.push(stay);
        if let (Some(ranks), Some(rank)) = (&mut self.ranks, rank) {
            ranks.push(rank);
        }
        Ok(())
    }

    /// Many hostile series get less each, so that they cannot add up.
    pub(crate) fn steps_for_a_series(&self, limits: &Limits) -> usize {
        limits.steps_per_series.min(self.steps.max(FEWEST_STEPS))
    }

    /// Takes the steps that a series took.
    pub(crate) fn spend(&mut self, steps: usize) {
        self.steps = self.steps.saturating_sub(steps);
    }
}

impl Stay {
    /// A booking as it is.
    pub(crate) fn of(model: usize, booking: &Booking) -> Self {
        let Booking { instance, start, end, status, .. } = *booking;
        Self { model, instance, start, end, status }
    }

    /// One of a series.
    pub(crate) fn of_series(model: usize, status: Status, instance: &Instance) -> Self {
        let Instance { original, start, end, cancelled, .. } = *instance;
        let status = if cancelled { Status::Cancelled } else { status };
        Self { model, instance: original, start, end, status }
    }

    /// Gives its times to what it has in common with others.
    pub(crate) fn put_into(&self, booking: &mut Booking) {
        let Self { instance, start, end, status, .. } = *self;
        (booking.instance, booking.start, booking.end, booking.status) = (instance, start, end, status);
    }
}

/// About the memory that a booking would take by itself.
pub(crate) fn weight(booking: &Booking) -> usize {
    let people = booking.people.iter().map(|person| {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        size_of_val(person) + text(&person.email) + text(&person.name)
    });
    let resources = booking.resources.iter().map(|name| size_of_val(name) + name.len());
    let text = booking.uid.len() + booking.summary.as_ref().map_or(0, |summary| summary.len());
    size_of_val(booking) + text + people.sum::<usize>() + resources.sum::<usize>()
}

/// Bytes that the bookings of a snapshot may take.
const BYTES: usize = 512 * 1024 * 1024;

/// Steps that all series of a body may take together, and those that each has in any case.
const STEPS: usize = 20_000_000;
const FEWEST_STEPS: usize = 200;
