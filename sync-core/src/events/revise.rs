//! Events that their source changed and numbered anew.

use std::collections::BTreeMap;

use super::classify::{is_approved, reason};
use crate::journal::{EventState, Journal, JournalError, LedgerEvent};
use crate::model::{EndpointName, EventKey, Remark};

/// What the ledger has of some events under any number, by identity.
#[derive(Debug, Default)]
pub(super) struct Revisions(BTreeMap<String, Vec<LedgerEvent>>);

impl Revisions {
    pub(super) async fn of(
        journal: &dyn Journal,
        endpoint: &EndpointName,
        events: &[LedgerEvent],
    ) -> Result<Self, JournalError> {
        let identities: Vec<String> = events.iter().filter_map(|event| event.identity.clone()).collect();
        let mut revisions = Self::default();
        if identities.is_empty() {
            return Ok(revisions);
        }
        for event in journal.revisions(endpoint, &identities).await? {
            let Some(identity) = event.identity.clone() else { continue };
            revisions.0.entry(identity).or_default().push(event);
        }
        Ok(revisions)
    }

    /// Why an event gives no booking of its own, if another number of it speaks against that.
    ///
    /// Only the last number counts, and what was booked is never booked twice: whether a booking follows a change of its
    /// event is for a person to decide, by an order to process it again.
    pub(super) fn speaks_against(&self, event: &LedgerEvent) -> Option<(EventState, &'static str)> {
        let numbers = self.0.get(event.identity.as_deref()?)?;
        if is_approved(event) {
            return None;
        }
        if numbers.iter().any(|other| other.key > event.key) {
            return Some((EventState::Ignored, reason::SUPERSEDED));
        }
        let booked = booked_before(event, numbers)?;
        Some(if says_the_same(booked, event) {
            (EventState::Ignored, reason::UNCHANGED)
        } else {
            (EventState::Held, reason::CHANGED)
        })
    }

    /// What was booked for an earlier number of an event, if it may be replaced by what the event says now. What was taken
    /// back has nothing to be replaced by.
    pub(super) fn replaceable(&self, event: &LedgerEvent) -> Option<EventKey> {
        let booked = booked_before(event, self.0.get(event.identity.as_deref()?)?)?;
        let sure = booked.state == EventState::Delivered && event.remark != Some(Remark::Voided);
        sure.then(|| booked.key.clone())
    }
}

fn booked_before<'a>(event: &LedgerEvent, numbers: &'a [LedgerEvent]) -> Option<&'a LedgerEvent> {
    numbers.iter().rev().filter(|other| other.key < event.key).find(|other| may_be_booked(other))
}

fn may_be_booked(event: &LedgerEvent) -> bool {
    matches!(event.state, EventState::Delivered | EventState::Sending | EventState::Doubtful)
}

fn says_the_same(booked: &LedgerEvent, now: &LedgerEvent) -> bool {
    let what = |event: &LedgerEvent| (event.occurred, event.class, event.person.clone(), event.device.clone());
    what(booked) == what(now) && now.remark != Some(Remark::Voided)
}
