//! What an answer of the attendance side means for an event.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::EventSettings;
use super::classify::{is_approved, reason};
use super::instant::after;
use crate::connector::{Delivered, DeliveryClass, ErrorClass, SyncError};
use crate::journal::{EventState, EventUpdate, LedgerEvent};

/// What an answer means.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The event's new state.
    pub update: EventUpdate,
    /// How a report counts it.
    pub counted_as: &'static str,
    /// The endpoint is left alone for the rest of this run.
    pub stop: bool,
}

impl Outcome {
    /// From the answer to one clocking.
    pub(super) fn of(
        event: &LedgerEvent,
        answer: &Result<Delivered, SyncError>,
        class: DeliveryClass,
        settings: &EventSettings,
        now: DateTime<Utc>,
    ) -> Self {
        match answer {
            Ok(delivered) => {
                let update = EventUpdate {
                    target: Some(delivered.reference.clone()),
                    ..EventUpdate::new(event.key.clone(), EventState::Delivered)
                };
                Self::goes_on(update, if delivered.duplicate { "duplicate" } else { "booked" })
            }
            Err(error) => Self::of_error(event, error, class, settings, now),
        }
    }

    fn of_error(
        event: &LedgerEvent,
        error: &SyncError,
        class: DeliveryClass,
        settings: &EventSettings,
        now: DateTime<Utc>,
    ) -> Self {
        let state = |state| EventUpdate::new(event.key.clone(), state);
        let pause = error.retry_after().unwrap_or_default().max(settings.backoff(event.attempts));
        match error.class() {
            ErrorClass::Duplicate => {
                let target = error.clashing_key().unwrap_or("known already").to_owned();
                let update = EventUpdate { target: Some(target), ..state(EventState::Delivered) };
                Self::goes_on(update, "duplicate")
            }
            ErrorClass::Invalid if error.field() == Some(reason::PERIOD_CLOSED) => {
                Self::goes_on(state(EventState::Held).because(reason::PERIOD_CLOSED), reason::PERIOD_CLOSED)
            }
            ErrorClass::Invalid => Self::goes_on(state(EventState::Rejected).because(words(error)), "refused"),
            ErrorClass::NotFound => {
                let why = format!("its person or device is gone there: {}", words(error));
                Self::goes_on(state(EventState::Held).because(why), "target_gone")
            }
            ErrorClass::Conflict => Self::goes_on(again(event, now, pause), "retry"),
            ErrorClass::Transient | ErrorClass::RateLimited => Self::stops(again(event, now, pause), "retry"),
            ErrorClass::Auth | ErrorClass::Config => Self::stops(ready(event), "stopped"),
            ErrorClass::InDoubt | ErrorClass::Protocol | ErrorClass::Lost | ErrorClass::Bug => match class {
                DeliveryClass::Keyed => Self::stops(again(event, now, pause), "retry"),
                DeliveryClass::Searchable => {
                    let update = EventUpdate { attempts: event.attempts, ..state(EventState::Sending) };
                    Self::stops(EventUpdate { reason: approved(event), ..update }, "no_answer")
                }
                DeliveryClass::Unsafe => {
                    let why = format!("sent without an answer: {}", words(error));
                    Self::stops(state(EventState::Doubtful).because(why), "no_answer")
                }
            },
        }
    }

    fn goes_on(update: EventUpdate, counted_as: &'static str) -> Self {
        Self { update, counted_as, stop: false }
    }

    fn stops(update: EventUpdate, counted_as: &'static str) -> Self {
        Self { update, counted_as, stop: true }
    }
}

/// Ready, as it was.
pub(super) fn ready(event: &LedgerEvent) -> EventUpdate {
    EventUpdate {
        attempts: event.attempts,
        reason: approved(event),
        ..EventUpdate::new(event.key.clone(), EventState::Ready)
    }
}

/// On its way.
pub(super) fn sending(event: &LedgerEvent) -> EventUpdate {
    EventUpdate { state: EventState::Sending, ..ready(event) }
}

/// Ready again after a pause.
fn again(event: &LedgerEvent, now: DateTime<Utc>, pause: Duration) -> EventUpdate {
    EventUpdate { retry_at: Some(after(now, pause)), attempts: event.attempts.saturating_add(1), ..ready(event) }
}

/// A person's order outlives failed attempts.
fn approved(event: &LedgerEvent) -> Option<String> {
    event.reason.clone().filter(|_| is_approved(event))
}

fn words(error: &SyncError) -> String {
    match error.field() {
        Some(field) => format!("{field}: {}", error.message()),
        None => error.message().to_owned(),
    }
}
