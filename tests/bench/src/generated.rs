//! People and events made as they are asked for; none is kept.

use async_trait::async_trait;
use chrono::{DateTime, Days, NaiveDate, TimeDelta};
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use sync_core::connector::{
    AttemptKey, Changes, CheckReport, CompleteSignal, Cursor, Delivered, DeliveryCaps, DeliveryClass, Draft, End,
    Endpoint, EndpointIdentity, ErrorClass, EventCaps, EventPage, EventSink, EventSource, FieldCaps, Key, Page,
    Precondition, ReadCaps, Record, Removal, Sink, SnapshotCaps, Source, SyncError, Window, WriteCaps,
};
use sync_core::model::{
    AccessEvent, Canonical, Clocking, Direction, EndpointName, EventClass, EventKey, ExternalId, Known, Person,
};

/// The fields that every person has.
pub(crate) const FIELDS: [&str; 12] = [
    "first_name",
    "last_name",
    "title",
    "personnel_number",
    "email",
    "telephone",
    "mobile",
    "post_code",
    "date_of_birth",
    "valid_from",
    "valid_until",
    "active",
];
const PAGE: u64 = 1_000;

/// A side with `people` people, of whom some have a new telephone number.
#[derive(Debug)]
pub(crate) struct GeneratedPeople {
    pub(crate) name: EndpointName,
    pub(crate) people: u64,
    pub(crate) changed_percent: u64,
    pub(crate) seed: u64,
    /// Lists them in an order of its own, under ids of its own.
    pub(crate) shuffled: bool,
}

impl GeneratedPeople {
    /// The side that is listed in the order of its numbers.
    pub(crate) fn primary(people: u64, changed_percent: u64) -> Self {
        Self { name: "access".into(), people, changed_percent, seed: 1, shuffled: false }
    }

    /// The side that knows the same people under other numbers.
    pub(crate) fn secondary(people: u64) -> Self {
        Self { name: "attendance".into(), people, changed_percent: 0, seed: 1, shuffled: true }
    }

    /// The person behind the `position`-th record.
    pub(crate) fn person_at(&self, position: u64) -> u64 {
        // A prime that shares no factor with a round number of people visits everyone once.
        if self.shuffled { (position * 611_953 + 17) % self.people } else { position }
    }

    pub(crate) fn record(&self, position: u64) -> Record<Person> {
        Record::new(ExternalId::from(id_at(position)), self.person(self.person_at(position)))
    }

    /// Whether the person differs from what the other side knows.
    pub(crate) fn is_changed(&self, person: u64) -> bool {
        person % 100 < self.changed_percent
    }

    fn person(&self, n: u64) -> Person {
        let dice = mix(self.seed ^ n);
        let telephone = if self.is_changed(n) { dice ^ 0xffff } else { dice };
        let day = |from: i32, spread: u64, dice: u64| {
            NaiveDate::from_ymd_opt(from, 1, 1).unwrap_or_default() + Days::new(dice % spread)
        };
        Person {
            first_name: Known::Value(name(&FIRST, dice)),
            last_name: Known::Value(format!("{}{}", name(&LAST, dice >> 8), n % 1_000)),
            title: Known::Value((if dice & 1 == 0 { "Ms" } else { "Mr" }).to_owned()),
            personnel_number: Known::Value(n.to_string()),
            email: Known::Value(format!("person{n}@example.org")),
            telephone: Known::Value(format!("+44 20 {}", telephone % 10_000_000)),
            mobile: Known::Value(format!("+44 7{}", (dice >> 16) % 1_000_000_000)),
            post_code: Known::Value(format!("AB{} {}CD", dice % 90, dice % 9)),
            date_of_birth: Known::Value(day(1960, 15_000, dice)),
            valid_from: Known::Value(day(2015, 3_000, dice >> 3)),
            valid_until: Known::Value(day(2090, 300, dice >> 5)),
            active: Known::Value(true),
            ..Person::default()
        }
    }

    fn page(&self, page: u64) -> Page<Person> {
        let (from, to) = (page * PAGE, ((page + 1) * PAGE).min(self.people));
        let end = (to == self.people).then_some(End { count: Some(self.people), complete: true });
        Page { records: (from..to).map(|position| self.record(position)).collect(), invalid: Vec::new(), end }
    }
}

/// The id of the `position`-th record: a plain number, as vendors count.
pub(crate) fn id_at(position: u64) -> i64 {
    position.cast_signed() + 1
}

#[async_trait]
impl Endpoint for GeneratedPeople {
    fn name(&self) -> &EndpointName {
        &self.name
    }

    async fn identify(&self) -> Result<EndpointIdentity, SyncError> {
        Ok(EndpointIdentity::of("name", self.name.as_str()))
    }

    async fn check(&self) -> CheckReport {
        CheckReport::default()
    }
}

#[async_trait]
impl Source<Person> for GeneratedPeople {
    fn reads(&self) -> ReadCaps {
        ReadCaps {
            snapshot: SnapshotCaps::Full,
            complete_signal: CompleteSignal::Count,
            fields: FIELDS.iter().map(|name| FieldCaps::full(name, Canonical::exact())).collect(),
            ..ReadCaps::default()
        }
    }

    fn snapshot(&self, _window: Option<Window>) -> BoxStream<'_, Result<Page<Person>, SyncError>> {
        stream::iter(0..self.people.div_ceil(PAGE)).map(|page| Ok(self.page(page))).boxed()
    }

    async fn get(&self, _id: &ExternalId) -> Result<Option<Record<Person>>, SyncError> {
        Err(only_lists())
    }

    async fn find(&self, _by: &Key) -> Result<Vec<Record<Person>>, SyncError> {
        Err(only_lists())
    }
}

#[async_trait]
impl Sink<Person> for GeneratedPeople {
    fn writes(&self) -> WriteCaps {
        WriteCaps::default()
    }

    async fn create(&self, _draft: &Draft<Person>, _attempt: &AttemptKey) -> Result<Record<Person>, SyncError> {
        Err(only_lists())
    }

    async fn update(
        &self,
        _id: &ExternalId,
        _changes: &Changes<Person>,
        _precondition: &Precondition,
        _attempt: &AttemptKey,
    ) -> Result<Record<Person>, SyncError> {
        Err(only_lists())
    }

    async fn remove(
        &self,
        _id: &ExternalId,
        _how: &Removal,
        _precondition: &Precondition,
        _attempt: &AttemptKey,
    ) -> Result<(), SyncError> {
        Err(only_lists())
    }
}

/// A log of `events` events.
#[derive(Debug)]
pub(crate) struct GeneratedEvents {
    pub(crate) name: EndpointName,
    pub(crate) events: u64,
}

impl GeneratedEvents {
    pub(crate) fn new(events: u64) -> Self {
        Self { name: "access".into(), events }
    }

    /// The event with this number, counting from 1.
    pub(crate) fn event(number: u64) -> AccessEvent {
        let dice = mix(number);
        let occurred = DateTime::UNIX_EPOCH + TimeDelta::seconds(1_700_000_000 + number.cast_signed() * 3);
        AccessEvent {
            number: number.cast_signed(),
            occurred: occurred.fixed_offset(),
            class: if dice.is_multiple_of(10) { EventClass::Denied } else { EventClass::Granted },
            code: 20,
            person: Some(ExternalId::from((dice % 20_000).cast_signed())),
            device: Some(ExternalId::from(((dice >> 20) % 50).cast_signed())),
            credential: Some((10_000_000 + dice % 20_000).to_string()),
            direction: if dice & 1 == 0 { Direction::In } else { Direction::Out },
            identity: None,
            remark: None,
        }
    }
}

#[async_trait]
impl Endpoint for GeneratedEvents {
    fn name(&self) -> &EndpointName {
        &self.name
    }

    async fn identify(&self) -> Result<EndpointIdentity, SyncError> {
        Ok(EndpointIdentity::of("name", self.name.as_str()))
    }

    async fn check(&self) -> CheckReport {
        CheckReport::default()
    }
}

#[async_trait]
impl EventSource for GeneratedEvents {
    fn events(&self) -> EventCaps {
        EventCaps::default()
    }

    fn read(&self, from: Option<Cursor>) -> BoxStream<'_, Result<EventPage, SyncError>> {
        let first = from.map_or(0, |cursor| cursor.position.max(0)).cast_unsigned() + 1;
        let starts = (first..=self.events).step_by(usize::try_from(PAGE).unwrap_or(usize::MAX));
        let page = |from: u64| {
            let to = (from + PAGE - 1).min(self.events);
            let events = (from..=to).map(Self::event).collect();
            Ok(EventPage { events, invalid: Vec::new(), cursor: Cursor { position: to.cast_signed() }, life: None })
        };
        stream::iter(starts).map(page).boxed()
    }
}

/// Takes events, but is never given one.
#[async_trait]
impl EventSink for GeneratedPeople {
    fn accepts(&self) -> DeliveryCaps {
        DeliveryCaps { class: DeliveryClass::Keyed, batch: 1, anonymous_access: true }
    }

    async fn deliver(&self, batch: &[Clocking]) -> Vec<Result<Delivered, SyncError>> {
        batch.iter().map(|_| Err(only_lists())).collect()
    }

    async fn find(&self, _key: &EventKey) -> Result<Option<Delivered>, SyncError> {
        Err(only_lists())
    }
}

fn only_lists() -> SyncError {
    SyncError::new(ErrorClass::Config, "a generated side can only be listed")
}

const FIRST: [&str; 8] = ["Anna", "Bela", "Cem", "Dana", "Emil", "Fatma", "Goran", "Hilde"];
const LAST: [&str; 8] = ["Adler", "Brandt", "Çelik", "Dubois", "Evans", "Fischer", "Grøn", "Horvat"];

fn name(names: &[&str; 8], dice: u64) -> String {
    names.get((dice % 8) as usize).copied().unwrap_or_default().to_owned()
}

/// Splitmix: the same numbers in every run.
fn mix(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
