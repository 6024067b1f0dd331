//! The engine on the embedded store: all records, all faults, and the conformance kit.
#![cfg(feature = "sync")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod common;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use common::*;
use futures::StreamExt as _;
use sync_core::clock::ManualClock;
use sync_core::connector::{
    AttemptKey, Changes, Draft, Endpoint as _, ErrorClass, Key, Precondition, Record, Removal, Sink, Source,
};
use sync_core::journal::MemoryJournal;
use sync_core::model::{
    AccessPolicy, Clocking, ClockingKind, Credential, Department, Device, DeviceGroup, DeviceKind, Direction, Entity,
    EntityKind, EventClass, EventKey, ExternalId, FieldValue, Known, Pair, Person, RefKey, SyncKey,
};
use sync_core::reconcile::{
    Approval, Context, CorrelationRule, LinkReport, Reconciler, Removals, Silent, SyncLink as _,
};
use sync_core::test_kit::{FakeSide, Fault, Faults, FaultyJournal, FaultySink};
use sync_core::test_kit::{sink_answers_again, sink_keeps_good_from_bad, sink_takes_an_empty_batch};
use timeware_model::sync::TimewareEndpoint;
use timeware_model::{SqliteStore, Store, TerminalChange, TerminalKind};

fn endpoint(text: &str) -> TimewareEndpoint {
    TimewareEndpoint::new("timeware", Arc::new(memory_store(text)))
}

fn human(first: &str, last: &str, number: &str) -> Person {
    Person {
        first_name: Known::from_text(first),
        last_name: Known::from_text(last),
        personnel_number: Known::from_text(number),
        credentials: Known::Value([Credential::new("Keyfob", format!("1000{number}"))].into()),
        active: Known::Value(true),
        ..Person::default()
    }
}

fn draft<T>(value: T, id: &str) -> Draft<T>
where
    T: Entity,
{
    let pair = Pair::new(T::KIND, "net2", "timeware");
    Draft { value, key: SyncKey::new(&pair, &"net2".into(), &ExternalId::new(id), 1) }
}

async fn create<T: Entity>(sink: &Arc<dyn Sink<T>>, value: T, id: &str) -> Record<T> {
    sink.create(&draft(value, id), &AttemptKey::from_u128(1)).await.unwrap()
}

async fn update<T: Entity>(sink: &Arc<dyn Sink<T>>, id: &ExternalId, value: T) -> Record<T> {
    let none = Precondition::default();
    sink.update(id, &Changes(value), &none, &AttemptKey::from_u128(2)).await.unwrap()
}

async fn all<T: Entity>(source: &Arc<dyn Sink<T>>) -> Vec<Record<T>> {
    let pages: Vec<_> = source.snapshot(None).collect().await;
    let pages: Vec<_> = pages.into_iter().map(Result::unwrap).collect();
    assert!(pages.last().and_then(|page| page.end).is_some_and(|end| end.complete));
    pages.into_iter().flat_map(|page| page.records).collect()
}

/// What every sink of records must do: keep the key, refuse a second create with it, find it, read back what it wrote.
async fn keeps_its_word<T: Entity + PartialEq>(sink: &Arc<dyn Sink<T>>, value: T, name: &'static str) {
    let made = create(sink, value.clone(), "1").await;
    assert_eq!(made.sync_key(), Some(draft(value.clone(), "1").key));
    let again = sink.create(&draft(value.clone(), "1"), &AttemptKey::from_u128(9)).await.unwrap_err();
    assert_eq!((again.class(), again.clashing_key()), (ErrorClass::Duplicate, Some("sync_key")));
    let by_key = sink.find(&Key::Marker(made.sync_key().unwrap())).await.unwrap();
    assert_eq!(by_key, std::slice::from_ref(&made));
    let field = T::field(name).unwrap();
    let by_name = sink.find(&Key::Field { name, value: (field.get)(&value) }).await.unwrap();
    assert_eq!(by_name, std::slice::from_ref(&made));
    assert_eq!(sink.get(&made.id).await.unwrap(), Some(made.clone()));
    assert_eq!(sink.get(&ExternalId::new("987654")).await.unwrap(), None);
    assert_eq!(sink.get(&ExternalId::new("no id of ours")).await.unwrap(), None);
    for caps in sink.reads().fields.iter().filter(|caps| caps.writable) {
        let field = T::field(caps.name).unwrap();
        let (wanted, stored) = ((field.get)(&value), (field.get)(&made.value));
        if wanted.is_known() {
            assert_eq!(caps.canonical.compare_form(&stored), caps.canonical.compare_form(&wanted), "{}", caps.name);
        }
        assert!(stored.is_known(), "{} is declared and never delivered", caps.name);
    }
    assert_eq!(all(sink).await, [made]);
}

#[tokio::test]
async fn people_keep_the_engines_word_in_every_field() {
    let personal = "personal_fields = [\"date_of_birth\", \"gender\", \"address\", \"post_code\", \"mobile_number\", \
                    \"vehicle_registration\"]";
    let timeware = endpoint(personal);
    let department = create(&timeware.departments(), Department { name: Known::from_text("Sales") }, "d").await;
    let policy = AccessPolicy { name: Known::from_text("Staff"), ..AccessPolicy::default() };
    let policy = create(&timeware.policies(), policy, "l").await;
    let day = |text: &str| Known::Value(text.parse().unwrap());
    let value = Person {
        title: Known::from_text("Mrs"),
        email: Known::from_text("a.demello@example.org"),
        mobile: Known::from_text("07700 900123"),
        address: Known::from_text("14 Example Row\r\nUnited Kingdom"),
        post_code: Known::from_text("ZZ1 4QX"),
        vehicle_registration: Known::from_text("ZZ19 XYZ"),
        gender: Known::from_text("Female"),
        date_of_birth: day("1987-04-19"),
        department: Known::Value(RefKey { entity: EntityKind::Department, id: department.id }),
        policies: Known::Value([RefKey { entity: EntityKind::AccessPolicy, id: policy.id }].into()),
        credentials: Known::Value([Credential::new("Keyfob", "0042"), Credential::new("", "AB:1")].into()),
        pin: Known::Value(sync_core::model::SecretText::new("0427")),
        valid_from: day("2026-01-01"),
        valid_until: day("2026-12-31"),
        start_date: day("2026-03-02"),
        ..human("Asha", "de Mello", "7")
    };
    keeps_its_word(&timeware.people(), value, "personnel_number").await;
}

#[tokio::test]
async fn other_records_keep_the_engines_word() {
    let timeware = endpoint("write_policy_data = true");
    let name = |text: &str| Known::from_text(text);
    keeps_its_word(&timeware.departments(), Department { name: name("Sales") }, "name").await;
    let door = Device { name: name("Main entrance"), ..Device::default() };
    keeps_its_word(&timeware.devices(), door, "name").await;
    let door = all(&timeware.devices()).await.remove(0);
    let doors = Known::Value(BTreeSet::from([RefKey { entity: EntityKind::Device, id: door.id }]));
    let policy = AccessPolicy { name: name("Staff"), devices: doors.clone() };
    keeps_its_word(&timeware.policies(), policy, "name").await;
    keeps_its_word(&timeware.device_groups(), DeviceGroup { name: name("Doors"), devices: doors }, "name").await;
}

#[tokio::test]
async fn updates_touch_what_they_name_and_clear_what_is_empty() {
    let people = endpoint("").people();
    let made = create(&people, human("Asha", "Mello", "7"), "1").await;
    let renamed = Person { last_name: Known::from_text("Berg"), ..Person::default() };
    let changed = update(&people, &made.id, renamed).await;
    assert_eq!(changed.value.first_name, made.value.first_name);
    assert_eq!(changed.value.credentials, made.value.credentials);
    let empty = Person { first_name: Known::Empty, personnel_number: Known::Empty, ..Person::default() };
    let cleared = update(&people, &made.id, empty).await.value;
    assert_eq!((cleared.first_name, cleared.personnel_number), (Known::Empty, Known::Empty));
    assert_eq!(cleared.last_name, Known::from_text("Berg"));
}

#[tokio::test]
async fn a_leaver_leaves_and_comes_back() {
    let people = endpoint("").people();
    let made = create(&people, human("Asha", "Mello", "7"), "1").await;
    let (none, attempt) = (Precondition::default(), AttemptKey::from_u128(3));
    let day = "2026-05-31".parse().unwrap();
    people.remove(&made.id, &Removal::MarkLeaver(day), &none, &attempt).await.unwrap();
    let left = people.get(&made.id).await.unwrap().unwrap();
    assert_eq!((left.value.active, left.value.leave_date), (Known::Value(false), Known::Value(day)));
    assert_eq!(left.value.credentials, Known::Empty);
    let back = Person { active: Known::Value(true), credentials: made.value.credentials.clone(), ..Person::default() };
    let back = update(&people, &made.id, back).await;
    assert_eq!((back.value.active, back.value.leave_date), (Known::Value(true), Known::Empty));
    assert_eq!(back.value.credentials, made.value.credentials);
    people.remove(&made.id, &Removal::UnlinkCredentials, &none, &attempt).await.unwrap();
    let bare = people.get(&made.id).await.unwrap().unwrap().value;
    assert_eq!((bare.active, bare.credentials), (Known::Value(true), Known::Empty));
    let error = people.remove(&made.id, &Removal::Delete, &none, &attempt).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Invalid);
    let missing = people.remove(&ExternalId::new("99"), &Removal::Disable, &none, &attempt).await.unwrap_err();
    assert_eq!(missing.class(), ErrorClass::NotFound);
}

#[tokio::test]
async fn somebody_who_has_left_before_is_made_without_a_badge() {
    let people = endpoint("").people();
    let gone = Person { active: Known::Value(false), ..human("Asha", "Mello", "7") };
    let made = create(&people, gone, "1").await.value;
    assert_eq!((made.active, made.credentials), (Known::Value(false), Known::Empty));
}

#[tokio::test]
async fn a_badge_of_somebody_else_is_a_clash_that_names_no_number() {
    let people = endpoint("").people();
    create(&people, human("Asha", "Mello", "7"), "1").await;
    let other = Person { credentials: Known::Value([Credential::new("", "10007")].into()), ..human("Bo", "Berg", "8") };
    let error = people.create(&draft(other, "2"), &AttemptKey::from_u128(2)).await.unwrap_err();
    assert_eq!((error.class(), error.clashing_key()), (ErrorClass::Duplicate, Some("credentials")));
    assert!(error.message().contains("record 1") && !error.chain().contains("10007"), "{}", error.chain());
}

#[tokio::test]
async fn what_the_site_does_not_have_is_not_declared() {
    let declared = |text: &str| -> Vec<&str> {
        let fields = endpoint(text).people().reads().fields;
        fields.into_iter().map(|field| field.name).collect()
    };
    let plain = declared("");
    for name in ["first_name", "credentials", "department", "active", "policies"] {
        assert!(plain.contains(&name), "{name}");
    }
    for name in ["date_of_birth", "gender", "address", "post_code", "mobile", "vehicle_registration"] {
        assert!(!plain.contains(&name), "{name} is personal");
    }
    assert!(declared("personal_fields = [\"gender\"]").contains(&"gender"));
    assert!(!declared("department_grouping = 0").contains(&"department"));
    assert!(!declared("[columns.employee]\npaylink = \"\"").contains(&"personnel_number"));
}

#[tokio::test]
async fn a_department_of_the_same_name_is_left_to_the_engines_rules() {
    let departments = endpoint("").departments();
    let sales = Department { name: Known::from_text("Sales") };
    create(&departments, sales, "1").await;
    let shouted = Department { name: Known::from_text("SALES") };
    let error = departments.create(&draft(shouted, "2"), &AttemptKey::from_u128(2)).await.unwrap_err();
    assert_eq!((error.class(), error.clashing_key()), (ErrorClass::Duplicate, Some("name")));
}

#[tokio::test]
async fn members_that_are_gone_hold_the_group() {
    let timeware = endpoint("");
    let mut doors = BTreeSet::new();
    for id in ["1", "2"] {
        let door = Device { name: Known::from_text(id), ..Device::default() };
        doors.insert(RefKey { entity: EntityKind::Device, id: create(&timeware.devices(), door, id).await.id });
    }
    let groups = timeware.device_groups();
    let both = DeviceGroup { name: Known::from_text("Doors"), devices: Known::Value(doors.clone()) };
    let made = create(&groups, both, "g").await;
    doors.pop_first();
    let fewer = Changes(DeviceGroup { devices: Known::Value(doors), ..DeviceGroup::default() });
    let none = Precondition::default();
    let error = groups.update(&made.id, &fewer, &none, &AttemptKey::from_u128(2)).await.unwrap_err();
    assert_eq!((error.class(), error.field()), (ErrorClass::Invalid, Some("devices")));
    assert!(error.remedy().is_some());
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_invalid_and_the_others_come() {
    let folder = tempfile::tempdir().unwrap();
    let timeware = TimewareEndpoint::new("timeware", Arc::new(file_store(&folder, "")));
    create(&timeware.people(), human("Asha", "Mello", "7"), "1").await;
    create(&timeware.people(), human("Bo", "Berg", "8"), "2").await;
    let db = rusqlite::Connection::open(folder.path().join("timeware.db")).unwrap();
    db.execute("UPDATE temployee SET date_started_with_company = 'soon' WHERE employee_id = 1", []).unwrap();
    let pages: Vec<_> = timeware.people().snapshot(None).collect().await;
    let page = pages[0].as_ref().unwrap();
    assert_eq!((page.records.len(), page.invalid.len()), (1, 1));
    assert_eq!((page.invalid[0].id.as_str(), page.invalid[0].field.as_str()), ("1", "start_date"));
}

#[tokio::test]
async fn the_connection_test_names_its_steps() {
    let report = endpoint("").check().await;
    assert!(report.is_ok());
    let steps: Vec<_> = report.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(steps, ["open", "schema", "version", "reads"]);
}

// Events

fn clocking(number: i64, person: Option<&str>, device: &ExternalId, kind: ClockingKind) -> Clocking {
    Clocking {
        key: EventKey { endpoint: "net2".into(), epoch: 0, number },
        kind,
        person: person.map(ExternalId::new),
        stranger: None,
        device: device.clone(),
        occurred: (at("2026-06-01T07:00:00Z") + chrono::Duration::seconds(number)).fixed_offset(),
        class: EventClass::Granted,
        credential: None,
        direction: Direction::In,
        identity: None,
    }
}

async fn event_world(text: &str) -> (TimewareEndpoint, ExternalId, ExternalId) {
    let timeware = endpoint(text);
    let person = create(&timeware.people(), human("Asha", "Mello", "7"), "1").await.id;
    let door = Device { name: Known::from_text("Door"), ..Device::default() };
    let door = create(&timeware.devices(), door, "2").await.id;
    let release = TerminalChange::release(TerminalKind::Attendance, at("2026-01-01T00:00:00Z"));
    timeware.store().set_terminal(door.as_str().parse().unwrap(), &release).await.unwrap();
    (timeware, person, door)
}

#[tokio::test]
async fn the_event_sink_passes_the_conformance_kit() {
    for profile in ["", "profile = \"staged\""] {
        let (timeware, person, door) = event_world(profile).await;
        let sink = timeware.events();
        let kind = ClockingKind::Attendance;
        let at_minute = |minute: i64| clocking(minute * 60, Some(person.as_str()), &door, kind);
        sink_takes_an_empty_batch(&*sink).await.unwrap();
        sink_answers_again(&*sink, &at_minute(1), &at_minute(2)).await.unwrap();
        let good: Vec<_> = (10..20).map(at_minute).collect();
        for bad in [
            clocking(6_000, Some("999"), &door, kind),
            clocking(6_000, Some("nobody's id"), &door, kind),
            clocking(6_000, Some(person.as_str()), &ExternalId::new("999"), kind),
        ] {
            sink_keeps_good_from_bad(&*sink, &good, &bad).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_device_shows_the_administrators_settings() {
    let (timeware, _, door) = event_world("").await;
    let device = timeware.devices().get(&door).await.unwrap().unwrap().value;
    assert_eq!((device.kind, device.suspended), (Known::Value(DeviceKind::Attendance), Known::Value(false)));
    assert_eq!(device.take_from, Known::Value(at("2026-01-01T00:00:00Z")));
}

// The engine

struct World {
    primary: Arc<FakeSide<Person>>,
    timeware: TimewareEndpoint,
    journal: Arc<MemoryJournal>,
    clock: Arc<ManualClock>,
    faults: Faults,
    network: Arc<FaultySink<Person>>,
}

impl World {
    fn new(faults: Faults) -> Self {
        let clock = Arc::new(ManualClock::new(at("2026-03-02T08:00:00Z")));
        let timeware = endpoint("");
        let network = Arc::new(FaultySink::new(timeware.people(), faults.clone(), clock.clone()));
        let primary = Arc::new(FakeSide::new("net2"));
        Self { primary, timeware, journal: Arc::new(MemoryJournal::new()), clock, faults, network }
    }

    async fn run(&self) -> Option<LinkReport> {
        let source: Arc<dyn Source<Person>> = self.primary.clone();
        let link = Reconciler::new(source, self.network.clone()).with(|settings| {
            settings.removals = Removals::attendance();
            let fields = vec!["personnel_number".to_owned()];
            settings.correlation = vec![CorrelationRule { name: "number".to_owned(), fields, auto: true }];
        });
        let journal = FaultyJournal::new(self.journal.clone(), self.faults.clone());
        let context = Context { journal: &journal, clock: &*self.clock, progress: &Silent, actor: "test", today: None };
        link.run(&Approval::everything(), &context).await.ok()
    }

    fn restart(&self) {
        self.faults.restart();
        self.clock.restart();
    }

    async fn quiesce(&self) -> LinkReport {
        let mut last = None;
        for _ in 0..8 {
            last = self.run().await;
            self.clock.advance(Duration::from_hours(1));
        }
        last.unwrap()
    }

    async fn state(&self) -> BTreeSet<String> {
        let text = |value: &FieldValue| value.to_string();
        let describe = |record: &Record<Person>| {
            let shown = ["first_name", "last_name", "personnel_number", "credentials", "active"];
            let fields = shown.map(|name| text(&(Person::field(name).unwrap().get)(&record.value)));
            format!("{}{}", fields.join(" "), if record.sync_key().is_some() { " ours" } else { "" })
        };
        all(&self.timeware.people()).await.iter().map(describe).collect()
    }
}

async fn play(world: &World) {
    let mut by_hand = named("Cleo Old-Name");
    by_hand.paylink = timeware_model::Field::Set("3".to_owned());
    world.timeware.store().create_person(&by_hand, None).await.unwrap();
    for (first, last, number) in [("Anna", "Baker", "1"), ("Bert", "Cole", "2"), ("Cleo", "Adams", "3")] {
        world.primary.put(human(first, last, number));
    }
    let _ = world.run().await;
    if world.faults.is_dead() {
        world.restart();
    }
    let all = world.primary.all();
    world.primary.edit(&all[0].id, |anna| anna.last_name = Known::from_text("Baker-Smith"));
    world.primary.edit(&all[1].id, |bert| bert.active = Known::Value(false));
    world.primary.put(human("Dora", "Evans", "4"));
    world.clock.advance(Duration::from_secs(10));
    let _ = world.run().await;
    world.restart();
}

#[tokio::test]
async fn people_end_in_the_same_state_whatever_fails() {
    let expected = {
        let world = World::new(Faults::none());
        play(&world).await;
        world.quiesce().await;
        world.state().await
    };
    assert_eq!(expected.len(), 4, "{expected:?}");
    for fault in Fault::ALL {
        for step in 1.. {
            let world = World::new(Faults::at(step, fault));
            play(&world).await;
            let fired = world.faults.fired();
            let report = world.quiesce().await;
            let mut state = world.state().await;
            // Whoever left before the first run came through was rightly never created.
            let bert = |text: &String| text.contains("Bert");
            if !state.iter().any(bert) {
                state.extend(expected.iter().find(|text| bert(text)).cloned());
            }
            assert_eq!(state, expected, "{fault:?} at step {step}, {report:?}");
            assert_eq!(report.outcomes.in_doubt, 0, "open after {fault:?} at step {step}");
            assert_eq!(report.second_plan_actions, 0, "left over after {fault:?} at step {step}");
            assert!(report.held.is_empty(), "held after {fault:?} at step {step}: {:?}", report.held);
            if !fired {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_second_plan_is_empty_for_every_field_that_both_sides_have() {
    let world = World::new(Faults::none());
    let mut full = human("  Asha ", "de  Mello", "7");
    full.email = Known::from_text("a.demello@example.org");
    full.credentials = Known::Value([Credential::new("Keyfob", "0042"), Credential::new("Card", "77")].into());
    full.valid_until = Known::Value("2027-01-31".parse().unwrap());
    full.pin = Known::Value(sync_core::model::SecretText::new("0427"));
    world.primary.put(full);
    let mut nameless = human("", "Cher", "8");
    nameless.credentials = Known::Empty;
    world.primary.put(nameless);
    let report = world.run().await.unwrap();
    assert_eq!((report.actions.create, report.second_plan_actions), (2, 0), "{report:?}");
    let again = world.run().await.unwrap();
    assert_eq!((again.actions.create, again.actions.update, again.second_plan_actions), (0, 0, 0), "{again:?}");
}

#[test]
fn the_store_is_shared_by_its_clones() {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open_in_memory().unwrap());
    let timeware = TimewareEndpoint::new("timeware", store.clone());
    assert!(Arc::ptr_eq(timeware.clone().store(), &store));
    assert_eq!(timeware.name().as_str(), "timeware");
}
