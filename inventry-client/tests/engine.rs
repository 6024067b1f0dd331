//! What the engine makes of InVentry's events: booked, ignored, held.
#![cfg(feature = "sync")]
#![allow(clippy::unwrap_used, reason = "a test may stop")]
#![allow(clippy::needless_pass_by_value, reason = "JSON is written where it is used")]

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use inventry_client::profile::{self, Profile};
use inventry_client::sync::{InventryConfig, InventryEndpoint};
use serde_json::{Value, json};
use sync_core::clock::ManualClock;
use sync_core::connector::DeliveryClass;
use sync_core::events::EventLink;
use sync_core::journal::{
    Baseline, Durability, EventFilter, EventState, Journal as _, Link, LinkState, MemoryJournal, Ownership, Write,
};
use sync_core::model::{Device, DeviceKind, Direction, EntityKind, ExternalId, Fingerprint, Known, Pair, SyncKey};
use sync_core::test_kit::{FakeBookings, FakeSide};

use support::Site;

/// InVentry with the given events, and an attendance system with a released reception and a suspended app.
struct World {
    site: Site,
    bookings: Arc<FakeBookings>,
    terminals: Arc<FakeSide<Device>>,
    journal: MemoryJournal,
    clock: ManualClock,
}

impl World {
    async fn new() -> Self {
        let mut site = Site::bare().await;
        let info = json!({ "version": "4.11.2", "organisation": "Example Academy", "timeZone": "Europe/London",
            "capabilities": ["events"] });
        site.answer("/api/v1/info", 200, info).await;
        let world = Self {
            site,
            bookings: Arc::new(FakeBookings::new("timeware", DeliveryClass::Keyed)),
            terminals: Arc::new(FakeSide::new("timeware")),
            journal: MemoryJournal::new(),
            clock: ManualClock::new("2026-03-03T10:00:00Z".parse().unwrap()),
        };
        for (device, suspended) in [("5", false), ("90", true), ("none", false)] {
            let terminal = world.terminals.put(Device {
                name: Known::from_text(device),
                kind: Known::Value(DeviceKind::Attendance),
                suspended: Known::Value(suspended),
                direction: Known::Value(Direction::Both),
                take_from: Known::Empty,
            });
            world.tie(EntityKind::Device, device, &terminal).await;
        }
        for (person, employee) in [("318", "1"), ("322", "2")] {
            world.tie(EntityKind::Person, person, &employee.into()).await;
        }
        world
    }

    async fn tie(&self, kind: EntityKind, ours: &str, theirs: &ExternalId) {
        let pair = Pair::new(kind, "inventry", "timeware");
        let link = Link {
            key: SyncKey::new(&pair, &"inventry".into(), &ours.into(), 0),
            pair,
            primary: Some(ours.into()),
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
        self.journal.commit(Durability::D1, vec![Write::Link(Box::new(link))]).await.unwrap();
    }

    /// One run of a new process over these events; state and reason by number.
    async fn run(&mut self, events: &[Value], change: impl FnOnce(&mut InventryConfig)) -> BTreeMap<i64, String> {
        self.run_by(profile::built_in().unwrap(), events, change).await
    }

    /// The same, of a server that speaks otherwise.
    async fn run_by(
        &mut self,
        profile: Profile,
        events: &[Value],
        change: impl FnOnce(&mut InventryConfig),
    ) -> BTreeMap<i64, String> {
        self.site.server.reset();
        let info = json!({ "version": "4.11.2", "organisation": "Example Academy", "timeZone": "Europe/London",
            "now": "2026-03-03T10:00:00Z", "capabilities": ["events"] });
        self.site.answer("/api/v1/info", 200, info).await;
        self.site.answer("/api/v1/events", 200, json!({ "items": events })).await;
        let mut config = InventryConfig::new(self.site.server.url(), "env:UNUSED");
        change(&mut config);
        let settings = config.event_settings();
        let source = InventryEndpoint::with_client("inventry", config, self.site.client_with(profile));
        let link = EventLink::new("sign-ins", Arc::new(source), self.bookings.clone())
            .people(Pair::new(EntityKind::Person, "inventry", "timeware"))
            .devices(Pair::new(EntityKind::Device, "inventry", "timeware"), self.terminals.clone())
            .settings(settings);
        let report = link.run(&self.journal, &self.clock).await.unwrap();
        assert!(report.intake.failure.is_none() && report.totals().adds_up(), "{report:#?}");
        self.states().await
    }

    async fn states(&self) -> BTreeMap<i64, String> {
        let filter = EventFilter::states(&"inventry".into(), &EventState::ALL, usize::MAX);
        let shown = |state: EventState, reason: Option<String>| match reason {
            Some(reason) => format!("{}({reason})", state.as_str()),
            None => state.as_str().to_owned(),
        };
        let events = self.journal.events(&filter).await.unwrap();
        events.into_iter().map(|event| (event.key.number, shown(event.state, event.reason))).collect()
    }

    fn booked(&self) -> Vec<(i64, Direction)> {
        self.bookings.booked().iter().map(|clocking| (clocking.key.number, clocking.direction)).collect()
    }
}

fn event(seq: i64, kind: &str, person: &str, device: Value, at: &str) -> Value {
    json!({ "id": format!("ev-{seq}"), "seq": seq, "rev": 1, "type": kind, "personId": person, "personType": "personnel",
        "deviceId": device, "siteId": "1", "at": at, "recordedAt": at, "method": "card" })
}

fn with(mut event: Value, members: Value) -> Value {
    let more = members.as_object().unwrap().clone();
    event.as_object_mut().unwrap().extend(more);
    event
}

/// In, out by the app, and a way out that the system made up.
fn day() -> Vec<Value> {
    let night = event(70113, "sign_out", "322", Value::Null, "2026-03-02T23:59:00Z");
    vec![
        event(70111, "sign_in", "318", json!("5"), "2026-03-02T07:41:09Z"),
        event(70112, "sign_out", "318", json!("90"), "2026-03-02T15:32:40Z"),
        with(night, json!({ "method": "automatic", "automatic": true })),
    ]
}

#[tokio::test]
async fn a_correction_of_what_was_booked_is_held_and_books_nothing() {
    let mut world = World::new().await;
    let states = world.run(&day(), |_| ()).await;
    assert_eq!(states[&70111], "delivered");
    assert_eq!(states[&70112], "ignored(device_suspended)");
    assert_eq!(states[&70113], "ignored(automatic)");
    let revised = event(70114, "sign_in", "318", json!("5"), "2026-03-02T07:36:00Z");
    let mut events = day();
    events.push(with(revised, json!({ "id": "ev-70111", "rev": 2, "method": "operator" })));
    let states = world.run(&events, |_| ()).await;
    assert_eq!(states[&70114], "held(changed_after_booking)");
    assert_eq!(states[&70111], "delivered");
    assert_eq!(world.booked(), [(70111, Direction::In)]);
}

#[tokio::test]
async fn what_was_changed_before_it_was_read_is_booked_as_it_is_now() {
    let mut world = World::new().await;
    let revised = event(70114, "sign_in", "318", json!("5"), "2026-03-02T07:36:00Z");
    let gone = event(70115, "sign_in", "322", json!("5"), "2026-03-02T07:50:00Z");
    let mut events = day();
    events.push(with(revised, json!({ "id": "ev-70111", "rev": 2, "method": "operator" })));
    events.push(with(gone, json!({ "voided": true })));
    let states = world.run(&events, |_| ()).await;
    assert_eq!((states[&70111].as_str(), states[&70115].as_str()), ("ignored(superseded)", "ignored(voided)"));
    assert_eq!(world.booked(), [(70114, Direction::In)]);
}

#[tokio::test]
async fn the_settings_decide_what_counts() {
    let operator =
        with(event(70120, "break_in", "322", json!("5"), "2026-03-03T08:00:00Z"), json!({ "method": "import" }));
    let safe = event(70121, "safe", "322", json!("5"), "2026-03-03T09:00:00Z");
    let away = event(70122, "break_out", "322", json!("5"), "2026-03-03T09:30:00Z");
    let events = [day(), vec![operator, safe, away]].concat();
    let mut world = World::new().await;
    let states = world.run(&events, |config| config.book_automatic = true).await;
    assert_eq!(states[&70121], "ignored(kind)");
    assert_eq!(
        world.booked(),
        [(70111, Direction::In), (70113, Direction::Out), (70120, Direction::In), (70122, Direction::Out)]
    );
    let mut world = World::new().await;
    let strict = |config: &mut InventryConfig| (config.book_operator, config.book_sign_out) = (false, false);
    let states = world.run(&events, strict).await;
    assert_eq!((states[&70120].as_str(), states[&70122].as_str()), ("ignored(by_hand)", "ignored(kind)"));
    assert_eq!(world.booked(), [(70111, Direction::In)]);
}

#[tokio::test]
async fn the_same_way_within_a_minute_counts_once_at_whichever_device() {
    let mut world = World::new().await;
    let events = [
        event(1, "sign_in", "318", json!("5"), "2026-03-02T08:00:00Z"),
        event(2, "sign_in", "318", Value::Null, "2026-03-02T08:00:40Z"),
        event(3, "sign_out", "318", json!("5"), "2026-03-02T08:00:50Z"),
    ];
    let states = world.run(&events, |_| ()).await;
    assert!(states[&2].starts_with("ignored(repeat"), "{states:?}");
    assert_eq!(world.booked(), [(1, Direction::In), (3, Direction::Out)]);
}

/// Every state of the ledger, the first version first.
fn in_order(states: &BTreeMap<i64, String>) -> Vec<&str> {
    states.values().map(String::as_str).collect()
}

#[tokio::test]
async fn a_later_version_of_an_uncounted_event_counts_however_early_its_time() {
    let text = "[query]\nafter = \"\"\n[fields.event]\nseq = \"\"\nrecorded_at = \"\"\nupdated_at = \"/changed\"\n";
    let profile = || profile::parse(text, "unnumbered.toml").unwrap();
    let first = |number| {
        let event = event(number, "sign_in", "318", json!("5"), "2026-03-02T07:41:09Z");
        with(event, json!({ "changed": "2026-03-02T07:41:10Z" }))
    };
    let earlier = json!({ "at": "2026-03-02T07:36:00Z", "changed": "2026-03-02T09:00:00Z" });
    let mut world = World::new().await;
    world.run_by(profile(), &[first(1)], |_| ()).await;
    let states = world.run_by(profile(), &[with(first(1), earlier)], |_| ()).await;
    assert_eq!(in_order(&states), ["delivered", "held(changed_after_booking)"]);
    assert_eq!(world.booked().len(), 1);
}

#[tokio::test]
async fn a_visit_that_is_moved_to_an_earlier_time_is_shown_and_one_that_is_completed_is_not() {
    let text = "[events]\nstyle = \"visit\"\n[fields.event]\nseq = \"\"\nin_at = \"/in\"\nout_at = \"/out\"\nupdated_at = \"/changed\"\n";
    let visit = |came: &str, went: Value, changed: &str| {
        json!({ "id": "v1", "personType": "personnel", "personId": "318", "deviceId": "5", "in": came, "out": went,
            "changed": changed })
    };
    let mut world = World::new().await;
    let open = visit("2026-03-02T08:00:00Z", Value::Null, "2026-03-02T08:00:01Z");
    let done = visit("2026-03-02T08:00:00Z", json!("2026-03-02T16:00:00Z"), "2026-03-02T16:00:01Z");
    let moved = visit("2026-03-02T07:30:00Z", json!("2026-03-02T16:00:00Z"), "2026-03-03T09:00:00Z");
    let mut states = BTreeMap::new();
    for version in [open, done, moved] {
        states = world.run_by(profile::parse(text, "visits.toml").unwrap(), &[version], |_| ()).await;
    }
    let booked: Vec<_> = world.booked().into_iter().map(|(_, direction)| direction).collect();
    assert_eq!(booked, [Direction::In, Direction::Out]);
    assert_eq!(
        in_order(&states),
        ["delivered", "ignored(unchanged)", "delivered", "held(changed_after_booking)", "ignored(unchanged)"]
    );
}
