//! An access system, an attendance system and what ties them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sync_core::clock::ManualClock;
use sync_core::connector::DeliveryClass;
use sync_core::events::{EventLink, EventReport, EventSettings};
use sync_core::journal::{
    Baseline, Durability, EventFilter, EventState, Journal, JournalError, LedgerEvent, Link, LinkState, MemoryJournal,
    Ownership, Write,
};
use sync_core::model::{
    AccessEvent, Device, DeviceKind, Direction, EntityKind, EventClass, EventKey, ExternalId, Fingerprint, Known, Pair,
    SyncKey,
};
use sync_core::test_kit::{
    FakeBookings, FakeEventLog, FakeSide, Faults, FaultyEventSink, FaultyEventSource, FaultyJournal,
};

pub struct World {
    pub log: Arc<FakeEventLog>,
    pub bookings: Arc<FakeBookings>,
    pub terminals: Arc<FakeSide<Device>>,
    pub store: Arc<MemoryJournal>,
    pub clock: Arc<ManualClock>,
    pub faults: Faults,
    pub settings: EventSettings,
    pub sink: Arc<FaultyEventSink>,
}

pub const START: &str = "2026-11-02T08:00:00Z";

impl World {
    /// Door 1 is an attendance terminal, door 2 an access terminal; people 1 to 5 are linked.
    pub async fn new(class: DeliveryClass, faults: Faults) -> Self {
        Self::with(FakeEventLog::new("net2").paged(4), class, faults).await
    }

    pub async fn with(log: FakeEventLog, class: DeliveryClass, faults: Faults) -> Self {
        let clock = Arc::new(ManualClock::new(instant(START)));
        let bookings = Arc::new(FakeBookings::new("timeware", class).accepting(|caps| caps.batch = 3));
        let settings = EventSettings::default();
        let sink = FaultyEventSink::new(bookings.clone(), faults.clone(), clock.clone(), settings.settle);
        let world = Self {
            log: Arc::new(log),
            bookings,
            terminals: Arc::new(FakeSide::new("timeware")),
            store: Arc::new(MemoryJournal::new()),
            clock,
            faults,
            settings,
            sink: Arc::new(sink),
        };
        for (door, kind) in [(1, DeviceKind::Attendance), (2, DeviceKind::Access)] {
            world.add_door(door, kind, false).await;
        }
        for person in 1..=5 {
            world.link_person(person).await;
        }
        world
    }

    pub async fn add_door(&self, door: i64, kind: DeviceKind, suspended: bool) -> ExternalId {
        let terminal = self.terminals.put(Device {
            name: Known::Value(format!("door {door}")),
            kind: Known::Value(kind),
            suspended: Known::Value(suspended),
            ..Device::default()
        });
        self.link(EntityKind::Device, &door.into(), &terminal).await;
        terminal
    }

    pub async fn link_person(&self, person: i64) {
        self.link(EntityKind::Person, &person.into(), &(person + 100).into()).await;
    }

    async fn link(&self, kind: EntityKind, ours: &ExternalId, theirs: &ExternalId) {
        let pair = Pair::new(kind, "net2", "timeware");
        let link = Link {
            key: SyncKey::new(&pair, &"net2".into(), ours, 0),
            pair,
            primary: Some(ours.clone()),
            secondary: Some(theirs.clone()),
            generation: 0,
            state: LinkState::Live,
            held_because: None,
            ownership: Ownership::Owned,
            primary_seen: Fingerprint::default(),
            secondary_seen: Fingerprint::default(),
            revision: 0,
            due: false,
            retry_at: None,
            attempts: 0,
            baseline: Baseline::default(),
            removed: None,
        };
        self.store.commit(Durability::D1, vec![Write::Link(Box::new(link))]).await.unwrap();
    }

    /// A link as a new process makes it.
    pub fn process(&self) -> EventLink {
        let source = FaultyEventSource::new(self.log.clone(), self.faults.clone());
        EventLink::new("net2 events → timeware", Arc::new(source), self.sink.clone())
            .people(Pair::new(EntityKind::Person, "net2", "timeware"))
            .devices(Pair::new(EntityKind::Device, "net2", "timeware"), self.terminals.clone())
            .settings(self.settings.clone())
    }

    pub fn journal(&self) -> FaultyJournal {
        FaultyJournal::new(self.store.clone(), self.faults.clone())
    }

    pub async fn run(&self, link: &EventLink) -> Result<EventReport, JournalError> {
        link.run(&self.journal(), self.clock.as_ref()).await
    }

    /// One run of a new process in which nothing goes wrong; the counts add up.
    pub async fn once(&self) -> EventReport {
        let report = self.run(&self.process()).await.unwrap();
        assert!(report.intake.adds_up() && report.delivery.adds_up() && report.totals().adds_up(), "{report:#?}");
        report
    }

    /// Runs until a run changes nothing any more, with time passing in between.
    pub async fn quiesce(&self) -> EventReport {
        let link = self.process();
        let mut last = self.run(&link).await.unwrap();
        for _ in 0..20 {
            self.clock.advance(Duration::from_mins(5));
            let report = self.run(&link).await.unwrap();
            let still = report.ledger == last.ledger && report.totals().ready == 0 && report.totals().sending == 0;
            assert!(report.totals().adds_up() && report.delivery.adds_up());
            last = report;
            if still {
                return last;
            }
        }
        panic!("no rest: {last:#?}");
    }

    pub async fn ledger(&self) -> Vec<LedgerEvent> {
        let filter = EventFilter::states(&"net2".into(), &EventState::ALL, usize::MAX);
        self.store.events(&filter).await.unwrap()
    }

    /// State and reason by number, of epoch 0.
    pub async fn states(&self) -> BTreeMap<i64, String> {
        let of = |event: LedgerEvent| match event.reason {
            Some(reason) => (event.key.number, format!("{}({reason})", event.state.as_str())),
            None => (event.key.number, event.state.as_str().to_owned()),
        };
        self.ledger().await.into_iter().filter(|event| event.key.epoch == 0).map(of).collect()
    }

    pub async fn state(&self, number: i64) -> String {
        self.states().await.remove(&number).unwrap_or_else(|| "not in the ledger".to_owned())
    }

    /// Numbers of the booked events, in the order in which they arrived.
    pub fn booked(&self) -> Vec<i64> {
        self.bookings.booked().iter().map(|clocking| clocking.key.number).collect()
    }
}

pub fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A granted swipe of a person at a door, so many seconds after an hour before the start.
pub fn swipe(person: i64, door: i64, seconds: i64) -> AccessEvent {
    AccessEvent {
        number: 0,
        occurred: (instant(START) - chrono::TimeDelta::hours(1) + chrono::TimeDelta::seconds(seconds)).fixed_offset(),
        class: EventClass::Granted,
        code: 20,
        person: Some(person.into()),
        device: Some(door.into()),
        credential: Some(format!("c{person}")),
        direction: Direction::Unknown,
        identity: None,
        remark: None,
    }
}

pub fn key(number: i64) -> EventKey {
    EventKey { endpoint: "net2".into(), epoch: 0, number }
}
