//! What a run did, in numbers that add up.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::connector::SyncError;
use crate::journal::EventState;
use crate::model::{ClockingKind, EndpointName, EventKey, ExternalId};

/// How many single events a report names; the counts are of all.
pub(super) const NAMED: usize = 100;

/// One run of an event link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventReport {
    /// Name of the link.
    pub link: String,
    /// Where events come from.
    pub source: EndpointName,
    /// Where clockings go to.
    pub sink: EndpointName,
    /// What was read.
    pub intake: IntakeReport,
    /// What was delivered.
    pub delivery: DeliveryReport,
    /// All events of the source by state, after the run.
    pub ledger: BTreeMap<EventState, u64>,
}

/// All events of a source by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct EventTotals {
    /// Every event that was ever read.
    pub read: u64,
    /// Not yet delivered, nothing against it.
    pub ready: u64,
    /// Sent, without a recorded answer yet.
    pub sending: u64,
    /// Booked.
    pub delivered: u64,
    /// Not a booking.
    pub ignored: u64,
    /// Waits for its person or device.
    pub waiting: u64,
    /// For a person to decide.
    pub held: u64,
    /// Refused.
    pub rejected: u64,
    /// Sent without an answer to a system that cannot be asked.
    pub doubtful: u64,
}

/// What one intake read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct IntakeReport {
    /// Rows that the source showed and that were dealt with.
    pub read: u64,
    /// Of these, new in the ledger.
    pub new: u64,
    /// Of these, known already.
    pub duplicates: u64,
    /// New rows that are events of an earlier numbering.
    pub joined: u64,
    /// New rows that could not be read as events, and are rejected.
    pub invalid: u64,
    /// Known rows that were edited at the source; the ledger keeps what was read first.
    pub edited: u64,
    /// New rows below numbers that had been read before.
    pub out_of_order: u64,
    /// How far behind the newest number such a row was, at most.
    pub lateness: i64,
    /// Whether this intake was a sweep.
    pub swept: bool,
    /// Ranges that were gone before they could be read.
    pub lost: Vec<LostRange>,
    /// Holes in the numbering that are watched.
    pub gaps_open: u64,
    /// Holes that were given up in this run.
    pub gaps_closed: u64,
    /// Holes that nobody watches, since there are too many.
    pub gaps_unwatched: u64,
    /// Changes of numbering seen in this run.
    pub epoch_changes: Vec<EpochChange>,
    /// What a person should look at.
    pub alarms: Vec<String>,
    /// What ended the intake early. Everything read until then is in the ledger.
    pub failure: Option<Failure>,
}

/// What one delivery did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DeliveryReport {
    /// Nothing was sent and nothing stored.
    pub dry: bool,
    /// Events that were looked at.
    pub examined: u64,
    /// What became of them, by state and reason.
    pub outcomes: BTreeMap<EventState, BTreeMap<String, u64>>,
    /// Events that became ready again, since their device was released.
    pub released: u64,
    /// Delivered events that had entered the ledger late.
    pub late: u64,
    /// Some of them.
    pub late_events: Vec<LateEvent>,
    /// Some of the events that were rejected, held or doubted in this run, with words.
    pub troubled: Vec<NamedEvent>,
    /// In a dry run: some of the clockings that would be delivered.
    pub planned: Vec<PlannedClocking>,
    /// What a person should look at.
    pub alarms: Vec<String>,
    /// What ended the delivery early. What was not reached stays ready.
    pub failure: Option<Failure>,
}

/// A failure of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// Class of the failure.
    pub class: &'static str,
    /// What happened, with its causes.
    pub message: String,
    /// What a person can do.
    pub remedy: Option<String>,
}

/// The log started its numbering again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochChange {
    /// Number of the new life.
    pub epoch: u32,
    /// When it was noticed.
    pub at: DateTime<Utc>,
    /// By what.
    pub why: String,
}

/// Numbers that were gone before they could be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostRange {
    /// Life of the numbering.
    pub epoch: u32,
    /// First number.
    pub from: i64,
    /// Last number.
    pub to: i64,
    /// When it was noticed.
    pub at: DateTime<Utc>,
}

/// An event that entered the ledger late.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LateEvent {
    /// Which one.
    pub event: String,
    /// How late, in seconds.
    pub by_seconds: u64,
}

/// One event and why it is where it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NamedEvent {
    /// Which one.
    pub event: String,
    /// Its state.
    pub state: EventState,
    /// Why.
    pub reason: String,
}

/// A clocking that would be delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedClocking {
    /// The event it comes from.
    pub event: String,
    /// What it would become.
    pub kind: ClockingKind,
    /// Who, by the attendance side's id.
    pub person: Option<ExternalId>,
    /// Where, by the attendance side's id.
    pub device: ExternalId,
    /// When it happened.
    pub occurred: DateTime<chrono::FixedOffset>,
}

impl EventReport {
    /// All events of the source by what became of them.
    pub fn totals(&self) -> EventTotals {
        EventTotals::of(&self.ledger)
    }

    /// Everything a person should look at, failures included.
    pub fn alarms(&self) -> impl Iterator<Item = String> + '_ {
        let failures = [("intake", &self.intake.failure), ("delivery", &self.delivery.failure)];
        let failures = failures.into_iter().filter_map(|(stage, failure)| {
            failure.as_ref().map(|failure| format!("{stage} ended early: {}", failure.message))
        });
        self.intake.alarms.iter().chain(&self.delivery.alarms).cloned().chain(failures)
    }

    /// Whether both stages came to their end.
    pub fn is_complete(&self) -> bool {
        self.intake.failure.is_none() && self.delivery.failure.is_none()
    }
}

impl EventTotals {
    /// From the numbers of the ledger.
    pub fn of(ledger: &BTreeMap<EventState, u64>) -> Self {
        let count = |state| ledger.get(&state).copied().unwrap_or_default();
        Self {
            read: ledger.values().sum(),
            ready: count(EventState::Ready),
            sending: count(EventState::Sending),
            delivered: count(EventState::Delivered),
            ignored: count(EventState::Ignored),
            waiting: count(EventState::Waiting),
            held: count(EventState::Held),
            rejected: count(EventState::Rejected),
            doubtful: count(EventState::Doubtful),
        }
    }

    /// Whether every event that was read is in exactly one of the states.
    pub fn adds_up(&self) -> bool {
        let parts = [self.ready, self.sending, self.delivered, self.ignored, self.waiting, self.held, self.rejected];
        parts.iter().sum::<u64>() + self.doubtful == self.read
    }
}

impl IntakeReport {
    /// Whether every row that was read is either new or known.
    pub fn adds_up(&self) -> bool {
        self.new + self.duplicates == self.read
    }
}

impl DeliveryReport {
    /// How many events went to a state in this run.
    pub fn count(&self, state: EventState) -> u64 {
        self.outcomes.get(&state).map_or(0, |reasons| reasons.values().sum())
    }

    /// How many events went to a state for a reason in this run.
    pub fn count_of(&self, state: EventState, reason: &str) -> u64 {
        self.outcomes.get(&state).and_then(|reasons| reasons.get(reason)).copied().unwrap_or_default()
    }

    /// Whether every event that was looked at has an outcome.
    pub fn adds_up(&self) -> bool {
        self.outcomes.values().flat_map(BTreeMap::values).sum::<u64>() == self.examined
    }

    pub(super) fn tally(&mut self, state: EventState, reason: &str) {
        self.examined += 1;
        *self.outcomes.entry(state).or_default().entry(reason.to_owned()).or_default() += 1;
    }

    pub(super) fn name(&mut self, key: &EventKey, state: EventState, reason: &str) {
        if self.troubled.len() < NAMED {
            self.troubled.push(NamedEvent { event: key.to_string(), state, reason: reason.to_owned() });
        }
    }
}

impl From<&SyncError> for Failure {
    fn from(error: &SyncError) -> Self {
        Self { class: error.class().as_str(), message: error.chain(), remedy: error.remedy().map(str::to_owned) }
    }
}
