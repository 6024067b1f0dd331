//! Bookings: clockings of the engine, each booked once by its key.

use std::sync::Arc;

use async_trait::async_trait;
use sync_core::connector::{Delivered, DeliveryCaps, DeliveryClass, ErrorClass, EventSink, SyncError};
use sync_core::events::reason;
use sync_core::model::{Clocking, EventKey};

use super::book::Desk;
use super::endpoint::AstrowEndpoint;
use crate::files::UNKNOWN;
use crate::model::{AstrowError, AstrowSession, Booking, BookingOutcome, BookingStatus, PersNo, RejectionCode};

/// Clockings in one request, or rows in one file.
const BATCH: usize = 500;

#[async_trait]
impl EventSink for AstrowEndpoint {
    /// Both drivers know the key of a booking: the interface for good, the files as long as their notes reach back.
    fn accepts(&self) -> DeliveryCaps {
        DeliveryCaps { class: DeliveryClass::Keyed, batch: BATCH, anonymous_access: false }
    }

    async fn deliver(&self, batch: &[Clocking]) -> Vec<Result<Delivered, SyncError>> {
        if batch.is_empty() {
            return Vec::new();
        }
        let session = match self.ready_to_book(batch).await {
            Ok(session) => session,
            Err(error) => return batch.iter().map(|_| Err(error.clone().into())).collect(),
        };
        let desk = Desk::open(self, session.as_ref(), batch).await;
        let drafts = desk.confirm(batch, batch.iter().map(|clocking| desk.draft(clocking)).collect()).await;
        let bookings: Vec<_> = drafts.iter().filter_map(|draft| draft.as_ref().ok().cloned()).collect();
        let outcomes = if bookings.is_empty() { Ok(Vec::new()) } else { session.write_bookings(&bookings).await };
        let mut outcomes = outcomes.map(Vec::into_iter);
        let mut answers = Vec::with_capacity(batch.len());
        for (clocking, draft) in batch.iter().zip(drafts) {
            answers.push(match (draft, &mut outcomes) {
                (Err(error), _) => Err(error),
                (Ok(_), Err(error)) => Err(error.clone().into()),
                (Ok(booking), Ok(outcomes)) => self.answer(&clocking.key, &booking, outcomes.next()),
            });
        }
        answers
    }

    /// Bookings that this endpoint made itself since it was started: the key of an event does not tell the life of the log by
    /// which Astrow knows it. An engine that delivers by keys does not need to ask.
    async fn find(&self, key: &EventKey) -> Result<Option<Delivered>, SyncError> {
        Ok(self.memory.delivered(key))
    }
}

impl AstrowEndpoint {
    /// The session, and whether a roll call runs.
    async fn ready_to_book(&self, batch: &[Clocking]) -> Result<Arc<dyn AstrowSession>, AstrowError> {
        let session = self.session().await?;
        let newest = batch.iter().map(|clocking| clocking.occurred.to_utc()).max();
        self.roll_calls.look_for(session.as_ref(), newest, self.now(), self.clock.now()).await?;
        Ok(session)
    }

    /// Forgets the badge number of an employee who was changed in Astrow, so that the next booking asks for it.
    pub fn employee_changed(&self, id: PersNo) {
        self.memory.forget_badge(id);
    }

    fn answer(
        &self,
        key: &EventKey,
        booking: &Booking,
        outcome: Option<BookingOutcome>,
    ) -> Result<Delivered, SyncError> {
        let missing = || SyncError::new(ErrorClass::InDoubt, "Astrow gave fewer outcomes than bookings");
        let outcome = outcome.ok_or_else(missing)?;
        // The number may be another one by now.
        let unexpected = [BookingStatus::Queued, BookingStatus::Rejected].contains(&outcome.status);
        if let Some(id) = booking.pers_no.filter(|_| unexpected) {
            self.memory.forget_badge(id);
        }
        let mut delivered = delivered(outcome)?;
        if delivered.duplicate
            && let Some(first) = self.memory.delivered(key)
        {
            delivered.reference = first.reference;
        }
        self.memory.keep_delivered(key, &delivered);
        Ok(delivered)
    }
}

/// What an outcome means: queued is delivered too, and a clerk of Astrow's takes it up.
fn delivered(outcome: BookingOutcome) -> Result<Delivered, SyncError> {
    let reference = outcome.booking_id.clone();
    let taken = |duplicate, word: &str| {
        Ok(Delivered { reference: reference.clone().unwrap_or_else(|| word.to_owned()), duplicate })
    };
    match &outcome.status {
        BookingStatus::Processed => taken(false, "booked"),
        BookingStatus::Duplicate => taken(true, "booked"),
        BookingStatus::Queued => Ok(Delivered { reference: QUEUE.to_owned(), duplicate: false }),
        BookingStatus::Rejected if outcome.code == Some(RejectionCode::Duplicate) => taken(true, "booked"),
        BookingStatus::Rejected => Err(rejected(&outcome)),
        BookingStatus::Unknown(word) if word == UNKNOWN => {
            let text = outcome.details.unwrap_or_else(|| "its file was taken in part".to_owned());
            Err(SyncError::new(ErrorClass::Conflict, text))
        }
        BookingStatus::Unknown(_) => {
            Err(SyncError::new(ErrorClass::Protocol, "Astrow gave an outcome that nobody knows"))
        }
    }
}

/// The code and Astrow's own words.
fn rejected(outcome: &BookingOutcome) -> SyncError {
    let code = outcome.code.as_ref().map_or("rejected", RejectionCode::as_str);
    let text = match outcome.details.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        Some(details) => format!("{code}: {details}"),
        None => code.to_owned(),
    };
    match &outcome.code {
        Some(RejectionCode::LicenceMissing) => SyncError::new(ErrorClass::Config, text).with_remedy(
            "have the licence for file terminals added to Astrow; what is rejected until then can be sent again",
        ),
        Some(RejectionCode::FrozenPeriod) => {
            SyncError::new(ErrorClass::Invalid, text).with_field(reason::PERIOD_CLOSED)
        }
        _ => SyncError::new(ErrorClass::Invalid, text),
    }
}

/// What waits in Astrow's booking queue.
const QUEUE: &str = "queue";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_has_its_meaning() {
        let of = |status| {
            delivered(BookingOutcome { booking_id: Some("b-1".to_owned()), ..BookingOutcome::new("k", status) })
        };
        let ok = |reference: &str, duplicate| Delivered { reference: reference.to_owned(), duplicate };
        assert_eq!(of(BookingStatus::Processed).unwrap(), ok("b-1", false));
        assert_eq!(of(BookingStatus::Duplicate).unwrap(), ok("b-1", true));
        assert_eq!(of(BookingStatus::Queued).unwrap(), ok("queue", false));
        assert_eq!(of(BookingStatus::from("unknown")).unwrap_err().class(), ErrorClass::Conflict);
        assert_eq!(of(BookingStatus::from("lost")).unwrap_err().class(), ErrorClass::Protocol);
    }

    #[test]
    fn a_rejection_carries_code_and_details() {
        for code in RejectionCode::KNOWN {
            let mut outcome = BookingOutcome::rejected("k", code.clone());
            outcome.details = Some("in words".to_owned());
            let answer = delivered(outcome);
            match code {
                RejectionCode::Duplicate => assert!(answer.unwrap().duplicate),
                RejectionCode::LicenceMissing => assert!(answer.unwrap_err().stops_endpoint()),
                _ => {
                    let error = answer.unwrap_err();
                    assert_eq!(error.class(), ErrorClass::Invalid);
                    assert_eq!(error.message(), format!("{code}: in words"));
                    let closed = *code == RejectionCode::FrozenPeriod;
                    assert_eq!(error.field() == Some(reason::PERIOD_CLOSED), closed);
                }
            }
        }
    }
}
