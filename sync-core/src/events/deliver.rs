//! Ledger → attendance side: no event leads to two bookings.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::classify::{effective_direction, is_approved, reason};
use super::instant::between;
use super::lookup::Lookup;
use super::outcome::{Outcome, ready, sending};
use super::repeat::{RepeatOf, Repeats};
use super::report::NAMED;
use super::revise::Revisions;
use super::{DeliveryReport, EventLink, Failure, LateEvent, PersonLink, Place, PlannedClocking, Verdict, classify};
use crate::clock::Clock;
use crate::connector::{DeliveryCaps, DeliveryClass, ErrorClass, SyncError};
use crate::journal::{Durability, EventFilter, EventState, EventUpdate, Journal, JournalError, LedgerEvent, Write};
use crate::model::{Clocking, ClockingKind, Direction, EndpointName, EventKey, ExternalId};

/// One delivery under way.
pub(super) struct Delivery<'a> {
    pub(super) link: &'a EventLink,
    pub(super) journal: &'a dyn Journal,
    pub(super) clock: &'a dyn Clock,
    pub(super) now: DateTime<Utc>,
    pub(super) endpoint: EndpointName,
    pub(super) caps: DeliveryCaps,
    pub(super) dry: bool,
    pub(super) report: DeliveryReport,
    /// People whose earlier event is not through: their later ones keep their order.
    blocked: HashSet<ExternalId>,
    /// Why nothing more is sent in this run.
    stopped: Option<Failure>,
}

/// What ends a delivery early.
pub(super) enum Stop {
    Journal(JournalError),
    Endpoint(SyncError),
}

/// How an event that others repeat has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Booked,
    NotBooked,
    Open,
}

/// One page of events on its way.
#[derive(Debug, Default)]
struct Round {
    repeats: Repeats,
    revisions: Revisions,
    updates: Vec<EventUpdate>,
    events: Vec<LedgerEvent>,
    clockings: Vec<Clocking>,
    ends: HashMap<EventKey, End>,
    /// Repeats of events whose answer is not there yet.
    pending: Vec<(LedgerEvent, EventKey)>,
}

impl<'a> Delivery<'a> {
    pub(super) async fn run(
        link: &'a EventLink,
        journal: &'a dyn Journal,
        clock: &'a dyn Clock,
        dry: bool,
    ) -> Result<DeliveryReport, JournalError> {
        let mut delivery = Self {
            link,
            journal,
            clock,
            now: clock.now(),
            endpoint: link.source.name().clone(),
            caps: link.sink.accepts(),
            dry,
            report: DeliveryReport { dry, ..DeliveryReport::default() },
            blocked: HashSet::new(),
            stopped: None,
        };
        match delivery.deliver_all().await {
            Ok(()) => {}
            Err(Stop::Journal(error)) => return Err(error),
            Err(Stop::Endpoint(error)) => delivery.stopped = Some(Failure::from(&error)),
        }
        delivery.report.failure = delivery.stopped;
        Ok(delivery.report)
    }

    async fn deliver_all(&mut self) -> Result<(), Stop> {
        self.resolve().await?;
        // Settling may have taken a while.
        self.now = self.clock.now();
        let mut lookup = Lookup::open(self.link, self.journal).await?;
        self.notice_released(&lookup).await?;
        self.recheck_waiting(&mut lookup).await?;
        self.deliver_ready(&mut lookup).await?;
        Ok(())
    }

    /// Looks at a part of the waiting events, so that a great many of them cost no more than that part.
    async fn recheck_waiting(&mut self, lookup: &mut Lookup<'_>) -> Result<(), JournalError> {
        let limit = self.link.settings.recheck.max(1);
        let mut filter = EventFilter::states(&self.endpoint, &[EventState::Waiting], limit);
        filter.after = self.link.memory().rechecked.clone();
        let page = self.journal.events(&filter).await?;
        let last = page.last().map(|event| event.key.clone()).filter(|_| page.len() >= limit);
        self.page(page, lookup).await?;
        if !self.dry {
            self.link.memory().rechecked = last;
        }
        Ok(())
    }

    async fn deliver_ready(&mut self, lookup: &mut Lookup<'_>) -> Result<(), JournalError> {
        let limit = self.link.settings.rows_per_commit.max(1);
        let mut filter = EventFilter::states(&self.endpoint, &[EventState::Ready], limit);
        while self.stopped.is_none() {
            let page = self.journal.events(&filter).await?;
            let whole = page.len() >= limit;
            filter.after = page.last().map(|event| event.key.clone());
            self.page(page, lookup).await?;
            if !whole {
                break;
            }
        }
        Ok(())
    }

    /// Handles a page; repeats of an event that was not booked after all get a round of their own.
    async fn page(&mut self, mut events: Vec<LedgerEvent>, lookup: &mut Lookup<'_>) -> Result<(), JournalError> {
        while !events.is_empty() {
            events.sort_by(|a, b| (a.occurred, &a.key).cmp(&(b.occurred, &b.key)));
            events = self.round(events, lookup).await?;
        }
        Ok(())
    }

    async fn round(
        &mut self,
        events: Vec<LedgerEvent>,
        lookup: &mut Lookup<'_>,
    ) -> Result<Vec<LedgerEvent>, JournalError> {
        let revisions = Revisions::of(self.journal, &self.endpoint, &events).await?;
        let mut round = Round { repeats: Repeats::of(&events), revisions, ..Round::default() };
        for event in events {
            self.decide(event, lookup, &mut round).await?;
            if round.clockings.len() >= self.caps.batch.max(1) {
                self.send(&mut round).await?;
            }
        }
        self.send(&mut round).await?;
        let deferred = self.close_repeats(&mut round);
        self.store(std::mem::take(&mut round.updates), Durability::D2).await?;
        Ok(deferred)
    }

    async fn decide(
        &mut self,
        event: LedgerEvent,
        lookup: &mut Lookup<'_>,
        round: &mut Round,
    ) -> Result<(), JournalError> {
        if let Some(postponed) = self.postponed(&event) {
            self.postpone(&event, postponed);
            return Ok(());
        }
        if let Some((state, why)) = round.revisions.speaks_against(&event) {
            let follow = self.link.settings.follow_corrections && self.caps.class == DeliveryClass::Keyed;
            match round.revisions.replaceable(&event).filter(|_| follow && why == reason::CHANGED) {
                Some(earlier) => self.correct(&event, earlier, lookup, round).await?,
                None => self.stay(&event, state, why, round),
            }
            return Ok(());
        }
        let (place, person) = if self.link.settings.counts_anywhere(event.class) {
            (lookup.place(&event).await?, lookup.person(&event).await?)
        } else {
            (Place::Unlinked, PersonLink::Nobody)
        };
        let settings = &self.link.settings;
        match classify(&event, &place, &person, settings, self.caps.anonymous_access, self.now) {
            Verdict::Stay(state, why) => self.stay(&event, state, why, round),
            Verdict::Book(clocking) if self.stopped.is_some() => {
                drop(clocking);
                self.postpone(&event, "stopped");
            }
            Verdict::Book(clocking) => {
                let direction = match &place {
                    Place::Linked { settings, .. } => effective_direction(&event, settings),
                    Place::Unlinked => event.direction,
                };
                self.book(event, *clocking, direction, lookup, round).await?;
            }
        }
        Ok(())
    }

    /// Puts what an event says now in the place of what was booked for it. Where that cannot be, a person decides.
    async fn correct(
        &mut self,
        event: &LedgerEvent,
        earlier: EventKey,
        lookup: &mut Lookup<'_>,
        round: &mut Round,
    ) -> Result<(), JournalError> {
        if self.stopped.is_some() {
            self.postpone(event, "stopped");
            return Ok(());
        }
        let (place, person) = (lookup.place(event).await?, lookup.person(event).await?);
        let settings = &self.link.settings;
        let Verdict::Book(now) = classify(event, &place, &person, settings, self.caps.anonymous_access, self.now)
        else {
            self.stay(event, EventState::Held, reason::CHANGED, round);
            return Ok(());
        };
        if self.dry {
            self.report.tally(EventState::Delivered, "would be replaced");
            return Ok(());
        }
        let answer = self.link.sink.replace(&earlier, &now).await.transpose();
        let Some(answer) = answer else {
            self.stay(event, EventState::Held, reason::CHANGED, round);
            return Ok(());
        };
        let mut outcome = Outcome::of(event, &answer, self.caps.class, settings, self.now);
        match &answer {
            Ok(_) => {
                outcome.counted_as = "replaced";
                let update = EventUpdate::new(earlier, EventState::Ignored).because(reason::SUPERSEDED);
                round.updates.push(update);
            }
            Err(error) if outcome.stop => drop(self.stopped.get_or_insert_with(|| Failure::from(error))),
            Err(_) => {}
        }
        self.take_outcome(event, outcome, round);
        Ok(())
    }

    /// Why an event is not looked at in this run.
    fn postponed(&self, event: &LedgerEvent) -> Option<&'static str> {
        if event.retry_at.is_some_and(|at| at > self.now) {
            return Some("retry");
        }
        event.person.as_ref().filter(|person| self.blocked.contains(*person)).map(|_| "order")
    }

    fn postpone(&mut self, event: &LedgerEvent, why: &'static str) {
        self.report.tally(event.state, why);
        self.blocked.extend(event.person.clone());
    }

    fn stay(&mut self, event: &LedgerEvent, state: EventState, why: &'static str, round: &mut Round) {
        self.report.tally(state, why);
        if (event.state, event.reason.as_deref()) == (state, Some(why)) {
            return;
        }
        if matches!(state, EventState::Held | EventState::Rejected) {
            self.report.name(&event.key, state, why);
        }
        if state == EventState::Rejected && self.report.alarms.len() < NAMED {
            self.report.alarms.push(format!("{} has waited too long: {why}", event.key));
        }
        round.updates.push(EventUpdate::new(event.key.clone(), state).because(why));
    }

    async fn book(
        &mut self,
        event: LedgerEvent,
        clocking: Clocking,
        direction: Direction,
        lookup: &mut Lookup<'_>,
        round: &mut Round,
    ) -> Result<(), JournalError> {
        if clocking.kind == ClockingKind::Attendance {
            let repeat = round.repeats.find(self.journal, &self.link.settings, lookup, &event, direction).await?;
            match repeat.filter(|_| !is_approved(&event)) {
                Some(RepeatOf::Stored(key)) => {
                    self.ignore_repeat(&event, &key, round);
                    return Ok(());
                }
                Some(RepeatOf::UnderWay(key)) => {
                    round.pending.push((event, key));
                    return Ok(());
                }
                None => round.repeats.under_way(&event, direction),
            }
        }
        round.events.push(event);
        round.clockings.push(clocking);
        Ok(())
    }

    fn ignore_repeat(&mut self, event: &LedgerEvent, of: &EventKey, round: &mut Round) {
        self.report.tally(EventState::Ignored, "repeat");
        let update = EventUpdate::new(event.key.clone(), EventState::Ignored);
        round.updates.push(update.because(format!("repeat of {of}")));
    }

    /// Repeats whose first swipe has an answer now; those whose first swipe was not booked are returned.
    fn close_repeats(&mut self, round: &mut Round) -> Vec<LedgerEvent> {
        let mut deferred = Vec::new();
        for (event, of) in std::mem::take(&mut round.pending) {
            match round.ends.get(&of) {
                Some(End::Booked) => self.ignore_repeat(&event, &of, round),
                Some(End::NotBooked) => deferred.push(event),
                Some(End::Open) | None => self.postpone(&event, "order"),
            }
        }
        deferred
    }

    async fn send(&mut self, round: &mut Round) -> Result<(), JournalError> {
        let events = std::mem::take(&mut round.events);
        let clockings = std::mem::take(&mut round.clockings);
        if events.is_empty() {
            return Ok(());
        }
        if self.dry {
            self.plan_batch(&events, &clockings, round);
            return Ok(());
        }
        if self.stopped.is_some() {
            for event in &events {
                self.postpone(event, "stopped");
            }
            return Ok(());
        }
        let keyed = self.caps.class == DeliveryClass::Keyed;
        if !keyed {
            self.announce(&events, round).await?;
        }
        let answers = self.link.sink.deliver(&clockings).await;
        self.take_answers(&events, answers, round);
        let updates = std::mem::take(&mut round.updates);
        self.store(updates, if keyed { Durability::D2 } else { Durability::D1 }).await
    }

    /// On disk before anything is sent: a sink without keys must never be sent the same twice by mistake.
    async fn announce(&mut self, events: &[LedgerEvent], round: &mut Round) -> Result<(), JournalError> {
        let mut updates = std::mem::take(&mut round.updates);
        updates.extend(events.iter().map(sending));
        self.store(updates, Durability::D1).await?;
        let sent = self.clock.uptime();
        self.link.memory().sent.extend(events.iter().map(|event| (event.key.clone(), sent)));
        Ok(())
    }

    fn take_answers(
        &mut self,
        events: &[LedgerEvent],
        answers: Vec<Result<crate::connector::Delivered, SyncError>>,
        round: &mut Round,
    ) {
        let mut answers = answers.into_iter();
        for event in events {
            let answer = answers.next().unwrap_or_else(|| {
                Err(SyncError::new(ErrorClass::InDoubt, "the attendance side gave fewer answers than it was asked"))
            });
            let outcome = Outcome::of(event, &answer, self.caps.class, &self.link.settings, self.now);
            if let (true, Err(error)) = (outcome.stop, &answer) {
                self.stopped.get_or_insert_with(|| Failure::from(error));
            }
            self.take_outcome(event, outcome, round);
        }
    }

    fn take_outcome(&mut self, event: &LedgerEvent, outcome: Outcome, round: &mut Round) {
        let state = outcome.update.state;
        self.report.tally(state, outcome.counted_as);
        let end = match state {
            EventState::Delivered => End::Booked,
            EventState::Ready | EventState::Sending => End::Open,
            _ => End::NotBooked,
        };
        match end {
            End::Booked => self.note_late(event),
            End::NotBooked => {
                self.report.name(&event.key, state, outcome.update.reason.as_deref().unwrap_or_default());
                round.repeats.forget(event);
            }
            End::Open => self.blocked.extend(event.person.clone()),
        }
        if state != EventState::Sending {
            self.link.memory().sent.remove(&event.key);
        }
        round.ends.insert(event.key.clone(), end);
        if outcome.update != ready(event) || event.state != EventState::Ready || self.caps.class != DeliveryClass::Keyed
        {
            round.updates.push(outcome.update);
        }
    }

    pub(super) fn note_late(&mut self, event: &LedgerEvent) {
        let by = between(event.occurred.to_utc(), event.received);
        if by > self.link.settings.late_after {
            self.report.late += 1;
            if self.report.late_events.len() < NAMED {
                self.report.late_events.push(LateEvent { event: event.key.to_string(), by_seconds: by.as_secs() });
            }
        }
    }

    fn plan_batch(&mut self, events: &[LedgerEvent], clockings: &[Clocking], round: &mut Round) {
        for (event, clocking) in events.iter().zip(clockings) {
            self.report.tally(EventState::Delivered, "would be sent");
            self.note_late(event);
            round.ends.insert(event.key.clone(), End::Booked);
            if self.report.planned.len() < NAMED {
                self.report.planned.push(PlannedClocking {
                    event: event.key.to_string(),
                    kind: clocking.kind,
                    person: clocking.person.clone(),
                    device: clocking.device.clone(),
                    occurred: clocking.occurred,
                });
            }
        }
    }

    pub(super) async fn store(&self, updates: Vec<EventUpdate>, durability: Durability) -> Result<(), JournalError> {
        if !self.dry && !updates.is_empty() {
            self.journal.commit(durability, vec![Write::EventStates(updates)]).await?;
        }
        Ok(())
    }
}

impl From<JournalError> for Stop {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

impl From<SyncError> for Stop {
    fn from(error: SyncError) -> Self {
        Self::Endpoint(error)
    }
}
