//! Events into bookings.

use async_trait::async_trait;
use chrono::Utc;
use sync_core::connector::{Delivered, DeliveryCaps, DeliveryClass, ErrorClass, EventSink, SyncError};
use sync_core::model::{Clocking, ClockingKind, Direction, EventClass as Class, EventKey};

use super::fault::sync_error;
use super::{TimewareEndpoint, known_row, told};
use crate::booking::{Booked, Event, EventClass, EventDirection, Outcome, Reason};
use crate::config::Profile;
use crate::error::{Error, ErrorKind};
use crate::ids::{EmployeeId, TerminalId};
use crate::receipts::ReceiptKey;

/// Clockings in one transaction.
const BATCH: usize = 500;

#[async_trait]
impl EventSink for TimewareEndpoint {
    fn accepts(&self) -> DeliveryCaps {
        DeliveryCaps {
            class: DeliveryClass::Keyed,
            batch: BATCH,
            anonymous_access: self.store.settings().profile() == Profile::Staged,
        }
    }

    async fn deliver(&self, batch: &[Clocking]) -> Vec<Result<Delivered, SyncError>> {
        let events: Vec<Result<Event, SyncError>> = batch.iter().map(event).collect();
        let sound: Vec<Event> = events.iter().filter_map(|event| event.as_ref().ok().cloned()).collect();
        let mut answers = match self.store.book(&sound).await {
            Ok(answers) => answers.into_iter(),
            Err(error) => return batch.iter().map(|_| Err(sync_error(same(&error)))).collect(),
        };
        let answer = |event: Result<Event, SyncError>| {
            event?;
            let missing = || SyncError::new(ErrorClass::Bug, "an event got no answer");
            delivered(&answers.next().ok_or_else(missing)?)
        };
        events.into_iter().map(answer).collect()
    }

    async fn replace(&self, earlier: &EventKey, by: &Clocking) -> Result<Option<Delivered>, SyncError> {
        if by.kind != ClockingKind::Attendance {
            return Ok(None);
        }
        let moved = told(self.store.rebook(&receipt_key(earlier)?, &event(by)?).await)?;
        moved.as_ref().map(delivered).transpose()
    }

    async fn find(&self, key: &EventKey) -> Result<Option<Delivered>, SyncError> {
        let found = told(self.store.event(&receipt_key(key)?).await)?;
        Ok(found.map(|receipt| Delivered {
            reference: reference(receipt.target_table.as_deref(), receipt.target_id),
            duplicate: true,
        }))
    }
}

fn receipt_key(key: &EventKey) -> Result<ReceiptKey, SyncError> {
    let number = if key.epoch == 0 { key.number.to_string() } else { format!("{}.{}", key.epoch, key.number) };
    told(ReceiptKey::new(key.endpoint.as_str(), number))
}

fn event(clocking: &Clocking) -> Result<Event, SyncError> {
    let terminal = TerminalId::new(known_row(&clocking.device)?);
    let mut event = Event::new(receipt_key(&clocking.key)?, terminal, clocking.occurred.to_utc());
    event.received = Utc::now();
    event.employee_id = clocking.person.as_ref().map(known_row).transpose()?.map(EmployeeId::new);
    event.badge_number.clone_from(&clocking.credential);
    event.class = class(clocking.class);
    event.direction = match clocking.direction {
        Direction::In => EventDirection::In,
        Direction::Out => EventDirection::Out,
        _ => EventDirection::Unknown,
    };
    // How old an event may be is decided before it gets here, by the engine's own setting.
    event.age_accepted = true;
    Ok(event)
}

fn class(class: Class) -> EventClass {
    match class {
        Class::Granted => EventClass::Granted,
        Class::Denied => EventClass::Denied,
        Class::AntiPassback => EventClass::AntiPassback,
        Class::ExitButton => EventClass::ExitButton,
        Class::DoorState => EventClass::DoorState,
        Class::SignIn => EventClass::SignIn,
        Class::SignOut => EventClass::SignOut,
        _ => EventClass::Other,
    }
}

fn delivered(booked: &Booked) -> Result<Delivered, SyncError> {
    let duplicate = match booked.outcome {
        Outcome::Booked => false,
        Outcome::Duplicate => true,
        _ => return Err(refusal(booked.reason)),
    };
    let target = booked.target.as_ref();
    Ok(Delivered { reference: reference(target.map(|row| row.table.as_str()), target.map(|row| row.id)), duplicate })
}

/// Settings that changed since the event was classified are read again; everything else is about this event alone.
fn refusal(reason: Option<Reason>) -> SyncError {
    let class = match reason {
        Some(Reason::Suspended | Reason::BeforeTakeFrom | Reason::Role | Reason::Class) => ErrorClass::Conflict,
        Some(Reason::UnknownTerminal | Reason::NoSuchPerson) => ErrorClass::NotFound,
        _ => ErrorClass::Invalid,
    };
    SyncError::new(class, reason.map_or("timeware did not take the event", Reason::as_str))
}

fn reference(table: Option<&str>, id: Option<i64>) -> String {
    match (table, id) {
        (Some(table), Some(id)) => format!("{table} {id}"),
        _ => "booked".to_owned(),
    }
}

/// The same error once more, for the next event of a batch that failed as a whole.
fn same(error: &Error) -> Error {
    match error.kind() {
        kind @ (ErrorKind::Unavailable | ErrorKind::ReadOnly) => Error::new(kind, error.reason().to_owned()),
        _ => Error::new(ErrorKind::Protocol, error.to_string()),
    }
}
