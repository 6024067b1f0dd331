//! Repeated swipes: a rule of the business, unrelated to the same event seen twice.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::classify::effective_direction;
use super::instant::{after, before, between};
use super::lookup::Lookup;
use super::{EventSettings, Place, RepeatScope};
use crate::journal::{Journal, JournalError, LedgerEvent};
use crate::model::{DeviceKind, Direction, EventKey, ExternalId};

/// Counted swipes around the events of one page.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    spans: HashMap<ExternalId, (DateTime<Utc>, DateTime<Utc>)>,
    loaded: HashSet<ExternalId>,
    counted: HashMap<ExternalId, Vec<Swipe>>,
}

/// A swipe that counts.
#[derive(Debug)]
struct Swipe {
    key: EventKey,
    at: DateTime<Utc>,
    device: Option<ExternalId>,
    direction: Direction,
    /// Its booking is stored already.
    stored: bool,
}

/// What a repeat repeats.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RepeatOf {
    /// A swipe whose booking is stored.
    Stored(EventKey),
    /// A swipe that is on its way: whether it counts shows when its answer is there.
    UnderWay(EventKey),
}

impl Repeats {
    /// Notes over which time each person's events reach.
    pub(super) fn of(events: &[LedgerEvent]) -> Self {
        let mut repeats = Self::default();
        for event in events {
            if let Some(person) = &event.person {
                let at = event.occurred.to_utc();
                let span = repeats.spans.entry(person.clone()).or_insert((at, at));
                *span = (span.0.min(at), span.1.max(at));
            }
        }
        repeats
    }

    /// The swipe that this one repeats. One query per person and page.
    pub(super) async fn find(
        &mut self,
        journal: &dyn Journal,
        settings: &EventSettings,
        lookup: &mut Lookup<'_>,
        event: &LedgerEvent,
        direction: Direction,
    ) -> Result<Option<RepeatOf>, JournalError> {
        let Some(person) = event.person.clone().filter(|_| !settings.repeat_window.is_zero()) else { return Ok(None) };
        if self.loaded.insert(person.clone()) {
            self.load(journal, settings, lookup, event, &person).await?;
        }
        let at = event.occurred.to_utc();
        let near = |swipe: &&Swipe| {
            let distance = between(swipe.at.min(at), swipe.at.max(at));
            let same = match settings.repeat_scope {
                RepeatScope::Device => swipe.device == event.device,
                RepeatScope::Direction => swipe.direction == direction,
            };
            same && distance <= settings.repeat_window && swipe.key != event.key
        };
        let found = self.counted.get(&person).and_then(|swipes| swipes.iter().find(near));
        Ok(found.map(|swipe| {
            let key = swipe.key.clone();
            if swipe.stored { RepeatOf::Stored(key) } else { RepeatOf::UnderWay(key) }
        }))
    }

    /// Notes a swipe that is on its way.
    pub(super) fn under_way(&mut self, event: &LedgerEvent, direction: Direction) {
        if let Some(person) = &event.person {
            let swipe = Swipe::of(event, direction, false);
            self.counted.entry(person.clone()).or_default().push(swipe);
        }
    }

    /// Forgets a swipe that turned out not to count.
    pub(super) fn forget(&mut self, event: &LedgerEvent) {
        if let Some(swipes) = event.person.as_ref().and_then(|person| self.counted.get_mut(person)) {
            swipes.retain(|swipe| swipe.key != event.key);
        }
    }

    async fn load(
        &mut self,
        journal: &dyn Journal,
        settings: &EventSettings,
        lookup: &mut Lookup<'_>,
        event: &LedgerEvent,
        person: &ExternalId,
    ) -> Result<(), JournalError> {
        let at = event.occurred.to_utc();
        let (first, last) = self.spans.get(person).copied().unwrap_or((at, at));
        let (from, to) = (before(first, settings.repeat_window), after(last, settings.repeat_window));
        let delivered = journal.delivered_of(&event.key.endpoint, person, from, to).await?;
        let swipes = self.counted.entry(person.clone()).or_default();
        for event in delivered {
            if let Place::Linked { settings, .. } = lookup.place(&event).await?
                && settings.kind == Some(DeviceKind::Attendance)
            {
                swipes.push(Swipe::of(&event, effective_direction(&event, &settings), true));
            }
        }
        Ok(())
    }
}

impl Swipe {
    fn of(event: &LedgerEvent, direction: Direction, stored: bool) -> Self {
        Self { key: event.key.clone(), at: event.occurred.to_utc(), device: event.device.clone(), direction, stored }
    }
}
