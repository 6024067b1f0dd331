//! An event log and an attendance system in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;

use crate::connector::{
    CheckReport, Cursor, Delivered, DeliveryCaps, DeliveryClass, Endpoint, EndpointIdentity, ErrorClass, EventCaps,
    EventPage, EventSink, EventSource, InvalidRecord, SyncError,
};
use crate::model::{AccessEvent, Clocking, EndpointName, EventKey};

/// An event log that grows, is pruned, restored and started anew.
#[derive(Debug)]
pub struct FakeEventLog {
    name: EndpointName,
    caps: EventCaps,
    page: usize,
    state: Mutex<Log>,
}

#[derive(Debug)]
struct Log {
    identity: String,
    life: Option<String>,
    next: i64,
    events: BTreeMap<i64, AccessEvent>,
    invalid: BTreeMap<i64, String>,
    /// Numbers below this one are gone, and asking for them is told so.
    pruned_below: Option<i64>,
    reads: u64,
}

/// An attendance system that keeps every booking it is sent.
#[derive(Debug)]
pub struct FakeBookings {
    name: EndpointName,
    caps: DeliveryCaps,
    state: Mutex<Bookings>,
}

#[derive(Debug, Default)]
struct Bookings {
    booked: Vec<Clocking>,
    sent: BTreeMap<EventKey, u32>,
    poisoned: BTreeMap<EventKey, ErrorClass>,
    closed_periods: BTreeSet<EventKey>,
    used: BTreeSet<EventKey>,
    away: bool,
}

impl FakeEventLog {
    /// An empty log whose events may appear up to 10 numbers late, read in pages of 100.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            caps: EventCaps { lateness_numbers: 10, dense: true, stream: "events" },
            page: 100,
            state: Mutex::new(Log {
                identity: format!("{name}-1"),
                life: None,
                next: 1,
                events: BTreeMap::new(),
                invalid: BTreeMap::new(),
                pruned_below: None,
                reads: 0,
            }),
        }
    }

    /// With pages of this many events.
    pub fn paged(mut self, events: usize) -> Self {
        self.page = events.max(1);
        self
    }

    /// With this much lateness declared.
    pub fn lateness(mut self, numbers: i64) -> Self {
        self.caps.lateness_numbers = numbers;
        self
    }

    /// With numbers that no event has, for ever.
    pub fn sparse(mut self) -> Self {
        self.caps.dense = false;
        self
    }

    /// Something happens; the log gives it the next number and returns it.
    pub fn append(&self, event: AccessEvent) -> i64 {
        let mut log = self.lock();
        let number = log.next;
        log.next += 1;
        log.events.insert(number, AccessEvent { number, ..event });
        number
    }

    /// Something appears under its own number, late or not.
    pub fn insert(&self, event: AccessEvent) {
        let mut log = self.lock();
        log.next = log.next.max(event.number + 1);
        log.events.insert(event.number, event);
    }

    /// The log leaves out numbers.
    pub fn skip(&self, numbers: i64) {
        self.lock().next += numbers;
    }

    /// A row that cannot be read as an event, under the next number.
    pub fn append_invalid(&self, why: &str) -> i64 {
        let mut log = self.lock();
        let number = log.next;
        log.next += 1;
        log.invalid.insert(number, why.to_owned());
        number
    }

    /// Removes everything below a number; `told` says whether a reader from there is told so.
    pub fn prune(&self, below: i64, told: bool) {
        let mut log = self.lock();
        log.events = log.events.split_off(&below);
        log.invalid = log.invalid.split_off(&below);
        log.pruned_below = told.then_some(below);
    }

    /// The log starts again, empty, at number 1.
    pub fn reset(&self) {
        let mut log = self.lock();
        log.events.clear();
        log.invalid.clear();
        log.pruned_below = None;
        log.next = 1;
    }

    /// A backup is restored: everything above a number is gone and the numbers are given again.
    pub fn restore(&self, last: i64) {
        let mut log = self.lock();
        log.events.split_off(&(last + 1));
        log.invalid.split_off(&(last + 1));
        log.next = last + 1;
    }

    /// The log calls the life of its numbering this from now on.
    pub fn call_life(&self, life: &str) {
        self.lock().life = Some(life.to_owned());
    }

    /// Another installation answers under this name from now on.
    pub fn replace_installation(&self, identity: &str) {
        identity.clone_into(&mut self.lock().identity);
    }

    /// All events in order of their numbers.
    pub fn all(&self) -> Vec<AccessEvent> {
        self.lock().events.values().cloned().collect()
    }

    /// How often somebody began to read.
    pub fn reads(&self) -> u64 {
        self.lock().reads
    }

    fn lock(&self) -> MutexGuard<'_, Log> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log {
    fn page(&self, after: Option<i64>, size: usize) -> EventPage {
        let first = after.map_or(i64::MIN, |position| position.saturating_add(1));
        let events = self.events.range(first..).map(|(number, _)| *number).take(size);
        let invalid = self.invalid.range(first..).map(|(number, _)| *number).take(size);
        let mut numbers: Vec<i64> = events.chain(invalid).collect();
        numbers.sort_unstable();
        numbers.truncate(size);
        let invalid = numbers.iter().filter_map(|number| {
            self.invalid.get(number).map(|why| InvalidRecord::new(*number, "event_type", why.clone()))
        });
        EventPage {
            invalid: invalid.collect(),
            events: numbers.iter().filter_map(|number| self.events.get(number).cloned()).collect(),
            cursor: Cursor { position: numbers.last().copied().or(after).unwrap_or(0) },
            life: self.life.clone(),
        }
    }
}

#[async_trait]
impl Endpoint for FakeEventLog {
    fn name(&self) -> &EndpointName {
        &self.name
    }

    async fn identify(&self) -> Result<EndpointIdentity, SyncError> {
        Ok(EndpointIdentity::of("installation", self.lock().identity.clone()))
    }

    async fn check(&self) -> CheckReport {
        let mut report = CheckReport::default();
        report.passed("events", format!("{} events", self.lock().events.len()));
        report
    }
}

#[async_trait]
impl EventSource for FakeEventLog {
    fn events(&self) -> EventCaps {
        self.caps.clone()
    }

    /// Each page is read from the log as it is when the page is asked for.
    fn read(&self, from: Option<Cursor>) -> BoxStream<'_, Result<EventPage, SyncError>> {
        let mut log = self.lock();
        log.reads += 1;
        let position = from.map(|cursor| cursor.position);
        if let (Some(position), Some(below)) = (position, log.pruned_below)
            && position + 1 < below
        {
            let error = SyncError::new(ErrorClass::Lost, format!("the log begins at number {below}"));
            return futures::stream::iter([Err(error)]).boxed();
        }
        drop(log);
        let pages = futures::stream::unfold(Some(position), move |after| async move {
            let after = after?;
            let page = self.lock().page(after, self.page);
            let rows = page.events.len() + page.invalid.len();
            let next = (rows == self.page).then_some(Some(page.cursor.position));
            (rows > 0).then_some((Ok(page), next))
        });
        pages.boxed()
    }
}

impl FakeBookings {
    /// An empty attendance system that takes batches of 10 and access records of nobody.
    pub fn new(name: &str, class: DeliveryClass) -> Self {
        Self {
            name: name.into(),
            caps: DeliveryCaps { class, batch: 10, anonymous_access: true },
            state: Mutex::default(),
        }
    }

    /// With other abilities.
    pub fn accepting(mut self, change: impl FnOnce(&mut DeliveryCaps)) -> Self {
        change(&mut self.caps);
        self
    }

    /// Answers this event with a failure of a class, or with `None` no longer.
    pub fn poison(&self, key: &EventKey, class: Option<ErrorClass>) {
        let mut state = self.lock();
        match class {
            Some(class) => state.poisoned.insert(key.clone(), class),
            None => state.poisoned.remove(key),
        };
    }

    /// The period of this event is closed.
    pub fn close_period(&self, key: &EventKey) {
        self.lock().closed_periods.insert(key.clone());
    }

    /// The booking of this event was used: it cannot be replaced any more.
    pub fn use_up(&self, key: &EventKey) {
        self.lock().used.insert(key.clone());
    }

    /// The whole system is away, or back.
    pub fn away(&self, away: bool) {
        self.lock().away = away;
    }

    /// All bookings in the order in which they came.
    pub fn booked(&self) -> Vec<Clocking> {
        self.lock().booked.clone()
    }

    /// How often each event was sent.
    pub fn sent(&self) -> BTreeMap<EventKey, u32> {
        self.lock().sent.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Bookings> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bookings {
    fn position(&self, key: &EventKey) -> Option<usize> {
        self.booked.iter().position(|clocking| clocking.key == *key)
    }

    fn take(&mut self, clocking: &Clocking, class: DeliveryClass) -> Result<Delivered, SyncError> {
        if self.away {
            return Err(SyncError::new(ErrorClass::Transient, "the system is away"));
        }
        *self.sent.entry(clocking.key.clone()).or_default() += 1;
        if let Some(class) = self.poisoned.get(&clocking.key) {
            return Err(SyncError::new(*class, "refused").with_field("employee"));
        }
        if self.closed_periods.contains(&clocking.key) {
            return Err(SyncError::new(ErrorClass::Invalid, "the week is closed").with_field("period_closed"));
        }
        let known = self.position(&clocking.key).filter(|_| class == DeliveryClass::Keyed);
        let position = known.unwrap_or(self.booked.len());
        if known.is_none() {
            self.booked.push(clocking.clone());
        }
        Ok(Delivered { reference: format!("booking {position}"), duplicate: known.is_some() })
    }
}

#[async_trait]
impl Endpoint for FakeBookings {
    fn name(&self) -> &EndpointName {
        &self.name
    }

    async fn identify(&self) -> Result<EndpointIdentity, SyncError> {
        Ok(EndpointIdentity::of("installation", self.name.to_string()))
    }

    async fn check(&self) -> CheckReport {
        let mut report = CheckReport::default();
        report.passed("bookings", format!("{} bookings", self.lock().booked.len()));
        report
    }
}

#[async_trait]
impl EventSink for FakeBookings {
    fn accepts(&self) -> DeliveryCaps {
        self.caps
    }

    async fn deliver(&self, batch: &[Clocking]) -> Vec<Result<Delivered, SyncError>> {
        let mut state = self.lock();
        batch.iter().map(|clocking| state.take(clocking, self.caps.class)).collect()
    }

    /// A sink of the unsafe class cannot be asked and knows nothing.
    async fn find(&self, key: &EventKey) -> Result<Option<Delivered>, SyncError> {
        let state = self.lock();
        let position = state.position(key).filter(|_| self.caps.class != DeliveryClass::Unsafe);
        Ok(position.map(|position| Delivered { reference: format!("booking {position}"), duplicate: true }))
    }

    async fn replace(&self, earlier: &EventKey, by: &Clocking) -> Result<Option<Delivered>, SyncError> {
        let mut state = self.lock();
        if state.away {
            return Err(SyncError::new(ErrorClass::Transient, "the system is away"));
        }
        if let Some(position) = state.position(&by.key) {
            return Ok(Some(Delivered { reference: format!("booking {position}"), duplicate: true }));
        }
        let position = state.position(earlier).filter(|_| !state.used.contains(earlier));
        let booked = position.and_then(|position| state.booked.get_mut(position));
        Ok(booked.map(|booked| {
            *booked = by.clone();
            Delivered { reference: format!("booking {}", position.unwrap_or_default()), duplicate: false }
        }))
    }
}
