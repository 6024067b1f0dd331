//! Optima as an endpoint of the engine, against the simulated server.

#![cfg(feature = "sync")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use futures::TryStreamExt as _;
use optima_client::sync::{OptimaConfig, OptimaEndpoint};
use sync_core::clock::ManualClock;
use sync_core::connector::{
    AttemptKey, Changes, CheckStep, CreateClass, Cursor, DeliveryClass, Draft, Endpoint as _, ErrorClass, EventPage,
    EventSource as _, Key, Marker, Page, Precondition, Record, Removal, Sink, Source, StepOutcome,
};
use sync_core::events::{EventLink, IntakeReport};
use sync_core::journal::MemoryJournal;
use sync_core::model::{
    AccessPolicy, Credential, Device, Direction, EndpointName, Entity, EntityKind, EventClass, ExternalId, FieldValue,
    Known, Pair, Person, RefKey, Scalar, SyncKey,
};
use sync_core::test_kit::FakeBookings;
use vendor_sim::host::Options;
use vendor_sim::optima::{CredentialKind, CredentialState, Fault, FaultKind, GroupKind, Optima, OptimaSim, Switches};

fn monday() -> chrono::DateTime<chrono::Utc> {
    "2026-03-02T08:00:00Z".parse().unwrap()
}

/// The usual site without people; its clock stands still.
fn site() -> Options<Optima> {
    OptimaSim::builder().people(0).event_days(0).start_at(monday()).frozen(true)
}

async fn start(change: impl FnOnce(&mut Switches)) -> OptimaSim {
    site().with_switches(change).start().await.unwrap()
}

fn config(sim: &OptimaSim) -> OptimaConfig {
    let mut config = OptimaConfig::new(sim.url(), "env:KEY");
    config.requests_per_second = 10_000.0;
    config
}

async fn endpoint(sim: &OptimaSim, config: OptimaConfig) -> OptimaEndpoint {
    let endpoint = OptimaEndpoint::new("optima", config, sim.key().into()).unwrap();
    endpoint.identify().await.unwrap();
    endpoint
}

async fn all<T: Entity>(endpoint: &OptimaEndpoint) -> Vec<Record<T>>
where
    OptimaEndpoint: Source<T>,
{
    let pages: Vec<Page<T>> = Source::<T>::snapshot(endpoint, None).try_collect().await.unwrap();
    assert!(pages.last().unwrap().end.unwrap().complete);
    pages.into_iter().flat_map(|page| page.records).collect()
}

fn key(number: i64) -> SyncKey {
    let pair = Pair::new(EntityKind::Person, "timeware", "optima");
    SyncKey::new(&pair, &EndpointName::new("timeware"), &number.into(), 0)
}

fn attempt(number: u128) -> AttemptKey {
    AttemptKey::from_u128(number)
}

fn cards(numbers: &[&str]) -> Known<BTreeSet<Credential>> {
    Known::Value(numbers.iter().map(|number| Credential::new("", *number)).collect())
}

fn policy(id: &str) -> Known<BTreeSet<RefKey>> {
    Known::Value(BTreeSet::from([RefKey { entity: EntityKind::AccessPolicy, id: id.into() }]))
}

fn mira(sim: &OptimaSim) -> Person {
    let group = sim.world(|world| world.group_id(*world.groups.keys().next().unwrap()));
    Person {
        first_name: Known::from_text("Mira"),
        last_name: Known::from_text("Vandenholt"),
        policies: policy(&group),
        credentials: cards(&["12345678"]),
        active: Known::Value(true),
        ..Person::default()
    }
}

async fn create(endpoint: &OptimaEndpoint, person: Person, number: i64) -> Record<Person> {
    let number_of_attempt = u128::try_from(number).unwrap();
    endpoint.create(&Draft { value: person, key: key(number) }, &attempt(number_of_attempt)).await.unwrap()
}

async fn update(endpoint: &OptimaEndpoint, id: &ExternalId, changes: Person) -> Record<Person> {
    endpoint.update(id, &Changes(changes), &Precondition::default(), &attempt(99)).await.unwrap()
}

async fn person(endpoint: &OptimaEndpoint, id: &ExternalId) -> Person {
    Source::<Person>::get(endpoint, id).await.unwrap().unwrap().value
}

fn step<'a>(steps: &'a [CheckStep], name: &str) -> &'a CheckStep {
    steps.iter().find(|step| step.name == name).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_made_with_name_policy_card_and_our_mark() {
    let sim = start(|_| {}).await;
    let optima = endpoint(&sim, config(&sim)).await;
    let record = create(&optima, mira(&sim), 1042).await;
    assert_eq!(record.marker, Some(Marker::Ours(key(1042))));
    assert!(
        record.value == Person { valid_from: Known::Empty, valid_until: Known::Empty, ..mira(&sim) },
        "{:?}",
        record.value
    );
    let (name, reference, primary) = sim.world(|world| {
        let badge = world.holder("12345678").unwrap();
        (badge.name.clone(), badge.reference.clone(), badge.credentials[0].primary)
    });
    assert_eq!((name.as_str(), primary), ("Mira Vandenholt", true));
    assert_eq!(reference, Some(format!("timeware:{}", key(1042))));
    let found = Source::<Person>::find(&optima, &Key::Marker(key(1042))).await.unwrap();
    assert_eq!(found.len(), 1);
    let number = FieldValue::Set(BTreeSet::from([Scalar::Text("12345678".to_owned())]));
    let by_card = Source::<Person>::find(&optima, &Key::Field { name: "credentials", value: number }).await.unwrap();
    assert_eq!(by_card.iter().map(|record| &record.id).collect::<Vec<_>>(), [&record.id]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_creation_whose_answer_was_lost_is_the_same_when_sent_again() {
    let sim = start(|_| {}).await;
    let optima = endpoint(&sim, config(&sim)).await;
    assert!(matches!(Sink::<Person>::writes(&optima).create, CreateClass::Keyed(_)));
    sim.add_fault(Fault::on("POST", "/api/v1/badges", FaultKind::DropReply).times(1));
    let draft = Draft { value: mira(&sim), key: key(1) };
    let lost = optima.create(&draft, &attempt(7)).await.unwrap_err();
    assert_eq!(lost.class(), ErrorClass::InDoubt);
    let made = optima.create(&draft, &attempt(7)).await.unwrap();
    assert_eq!(all::<Person>(&optima).await.iter().map(|record| &record.id).collect::<Vec<_>>(), [&made.id]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_with_a_finger_alone_has_no_number_and_keeps_the_finger() {
    let sim = start(|_| {}).await;
    let id = sim.world(|world| {
        let id = world.add_biometric_person("Asha", "de Mello");
        world.badge_id(id)
    });
    let optima = endpoint(&sim, config(&sim)).await;
    assert_eq!(person(&optima, &id.as_str().into()).await.credentials, Known::Empty);
    update(&optima, &id.as_str().into(), Person { credentials: cards(&["77"]), ..Person::default() }).await;
    let kinds: BTreeSet<_> = sim.world(|world| {
        let badge = world.badge_named("Asha de Mello").unwrap();
        badge.credentials.iter().map(|credential| format!("{:?}", credential.kind)).collect()
    });
    assert_eq!(kinds, BTreeSet::from(["Biometric".to_owned(), "Card".to_owned()]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_stands_in_one_piece_is_two_parts_and_stays_one_name() {
    let sim = start(|_| {}).await;
    let id = sim.world(|world| {
        let id = world.add_person("x", "y");
        world.change_badge(id, |badge| {
            (badge.first_name, badge.last_name, badge.name) = (None, None, "Jan van der Berg".to_owned());
        });
        world.badge_id(id)
    });
    let optima = endpoint(&sim, config(&sim)).await;
    let jan = person(&optima, &id.as_str().into()).await;
    assert_eq!((jan.first_name, jan.last_name), (Known::from_text("Jan"), Known::from_text("van der Berg")));
    update(&optima, &id.as_str().into(), Person { first_name: Known::from_text("Johan"), ..Person::default() }).await;
    assert!(sim.world(|world| world.badge_named("Johan van der Berg").is_some()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_groups_the_first_by_order_takes_part_and_the_others_stay() {
    let sim = start(|_| {}).await;
    let (id, groups, ids) = sim.world(|world| {
        let groups: Vec<u32> = ["North", "South", "East", "West"]
            .iter()
            .map(|name| world.add_group(name, GroupKind::CardholderPolicy))
            .collect();
        let id = world.add_person("Teo", "Marchetti");
        world.set_groups(id, &groups[..3]);
        let ids: Vec<String> = groups.iter().map(|group| world.group_id(*group)).collect();
        (world.badge_id(id), groups, ids)
    });
    let mut config = config(&sim);
    config.policy_order = vec![ids[1].clone()];
    let optima = endpoint(&sim, config).await;
    let id: ExternalId = id.as_str().into();
    assert_eq!(person(&optima, &id).await.policies, policy(&ids[1]), "the configured one");
    let after = update(&optima, &id, Person { policies: policy(&ids[3]), ..Person::default() }).await;
    assert_eq!(after.value.policies, policy(&ids[3]));
    let held = |sim: &OptimaSim| -> Vec<u32> {
        sim.world(|world| {
            world.badge_named("Teo Marchetti").unwrap().groups.iter().map(|member| member.group).collect()
        })
    };
    assert_eq!(held(&sim), [groups[3], groups[0], groups[2]]);
    let none = update(&optima, &id, Person { policies: Known::Empty, ..Person::default() }).await;
    assert_eq!((none.value.policies, held(&sim).len()), (Known::Empty, 0), "no policy is no access");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leaver_is_disabled_with_suspended_cards_and_can_come_back() {
    let sim = start(|_| {}).await;
    let optima = endpoint(&sim, config(&sim)).await;
    let made = create(&optima, mira(&sim), 1).await;
    let any = Precondition::default();
    Sink::<Person>::remove(&optima, &made.id, &Removal::Disable, &any, &attempt(2)).await.unwrap();
    let gone = person(&optima, &made.id).await;
    assert_eq!((gone.active, gone.credentials), (Known::Value(false), Known::Empty));
    let state = sim.world(|world| world.holder("12345678").unwrap().credentials[0].state);
    assert_eq!(state, CredentialState::Suspended);
    let writes = optima.client().request_count();
    Sink::<Person>::remove(&optima, &made.id, &Removal::Disable, &any, &attempt(3)).await.unwrap();
    assert_eq!(optima.client().request_count(), writes + 1, "there is nothing left to write");
    let back = Person { active: Known::Value(true), credentials: cards(&["12345678"]), ..Person::default() };
    let back = update(&optima, &made.id, back).await;
    assert!(back.value == made.value, "{:?}", back.value);
    assert_eq!(sim.world(|world| world.holder("12345678").unwrap().credentials.len()), 1, "the same card");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_card_takes_the_place_of_the_one_before() {
    let sim = start(|_| {}).await;
    let optima = endpoint(&sim, config(&sim)).await;
    let made = create(&optima, mira(&sim), 1).await;
    let after = update(&optima, &made.id, Person { credentials: cards(&["555"]), ..Person::default() }).await;
    assert_eq!(after.value.credentials, cards(&["555"]));
    let (old, new) = sim.world(|world| {
        (
            world.holder("12345678").is_some(),
            world.holder("555").unwrap().credentials.iter().map(|card| card.primary).collect::<Vec<_>>(),
        )
    });
    assert_eq!((old, new), (false, vec![true]), "the old number is free");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_card_is_never_taken_into_use_again_from_here() {
    let sim = start(|_| {}).await;
    let id = sim.world(|world| {
        let id = world.add_person("Teo", "Marchetti");
        world.recard(id, "213");
        world.change_badge(id, |badge| badge.credentials[0].state = CredentialState::Lost);
        world.badge_id(id)
    });
    let optima = endpoint(&sim, config(&sim)).await;
    let id: ExternalId = id.as_str().into();
    assert_eq!(person(&optima, &id).await.credentials, Known::Empty);
    let changes = Changes(Person { credentials: cards(&["213"]), ..Person::default() });
    let refused = optima.update(&id, &changes, &Precondition::default(), &attempt(1)).await.unwrap_err();
    assert_eq!((refused.class(), refused.field()), (ErrorClass::Invalid, Some("credentials")));
    let with_new = update(&optima, &id, Person { credentials: cards(&["214"]), ..Person::default() }).await;
    assert_eq!(with_new.value.credentials, cards(&["214"]));
    let states = sim.world(|world| {
        let badge = world.badge_named("Teo Marchetti").unwrap();
        badge.credentials.iter().map(|card| (card.kind == CredentialKind::Card, card.state)).collect::<Vec<_>>()
    });
    assert!(states.contains(&(true, CredentialState::Lost)), "{states:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn validity_is_days_of_the_site_and_what_is_over_is_inactive() {
    let sim = start(|_| {}).await;
    let optima = endpoint(&sim, config(&sim)).await;
    let days = |from: &str, until: &str| Person {
        valid_from: Known::Value(from.parse().unwrap()),
        valid_until: Known::Value(until.parse().unwrap()),
        ..Person::default()
    };
    let made = create(&optima, Person { ..mira(&sim) }, 1).await;
    let after = update(&optima, &made.id, days("2026-03-01", "2026-06-30")).await.value;
    assert!(after.valid_from == days("2026-03-01", "2026-06-30").valid_from && after.active == Known::Value(true));
    assert_eq!(after.valid_until, days("2026-03-01", "2026-06-30").valid_until);
    let until = sim.world(|world| world.holder("12345678").unwrap().valid_until.unwrap().to_rfc3339());
    assert_eq!(until, "2026-06-30T23:00:00+00:00", "midnight in London, in summer");
    let over = update(&optima, &made.id, days("2026-02-01", "2026-03-01")).await.value;
    assert_eq!(over.active, Known::Value(false));
    let again = update(&optima, &made.id, Person { active: Known::Value(true), ..Person::default() }).await.value;
    assert_eq!((again.active, again.valid_until), (Known::Value(true), Known::Empty));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_of_another_badge_is_a_duplicate_that_names_its_holder_and_no_number() {
    let sim = start(|_| {}).await;
    let optima = endpoint(&sim, config(&sim)).await;
    let first = create(&optima, mira(&sim), 1).await;
    let draft = Draft { value: Person { first_name: Known::from_text("Ada"), ..mira(&sim) }, key: key(2) };
    let refused = optima.create(&draft, &attempt(2)).await.unwrap_err();
    assert_eq!((refused.class(), refused.clashing_key()), (ErrorClass::Duplicate, Some("credentials")));
    assert!(refused.remedy().unwrap().contains(first.id.as_str()), "{:?}", refused.remedy());
    assert!(!refused.chain().contains("12345678"), "{}", refused.chain());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_somebody_edits_or_has_changed_is_a_conflict_for_the_next_run() {
    let sim = start(|_| {}).await;
    let optima = endpoint(&sim, config(&sim)).await;
    let made = create(&optima, mira(&sim), 1).await;
    let number = sim.world(|world| world.holder("12345678").unwrap().id);
    sim.world(|world| world.lock(number, "reception.desk"));
    let rename = || Changes(Person { last_name: Known::from_text("Other"), ..Person::default() });
    let locked = optima.update(&made.id, &rename(), &Precondition::default(), &attempt(2)).await.unwrap_err();
    assert_eq!(locked.class(), ErrorClass::Conflict);
    assert!(locked.remedy().unwrap().contains("reception.desk"), "{:?}", locked.remedy());
    sim.world(|world| {
        world.unlock(number);
        world.rename(number, "Mira", "Lindgren");
    });
    let seen = Precondition { revision: made.revision.clone() };
    let stale = optima.update(&made.id, &rename(), &seen, &attempt(3)).await.unwrap_err();
    assert_eq!(stale.class(), ErrorClass::Conflict);
    assert_eq!(person(&optima, &made.id).await.last_name, Known::from_text("Lindgren"));
    update(&optima, &made.id, rename().0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleting_is_declared_where_the_server_can() {
    for (without, declared) in [(vec![], true), (vec!["badges.delete".to_owned()], false)] {
        let sim = start(|switches| switches.without = without).await;
        let optima = endpoint(&sim, config(&sim)).await;
        assert_eq!(Sink::<Person>::writes(&optima).removal.delete, declared);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_that_the_server_lacks_says_so_and_the_others_work() {
    let sim = start(|switches| switches.without = vec!["events".to_owned(), "access-groups".to_owned()]).await;
    let optima = endpoint(&sim, config(&sim)).await;
    assert!(all::<Person>(&optima).await.is_empty());
    let error = optima.read(None).try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Config);
    assert!(error.message().contains("`events`"), "{error}");
    let report = optima.check().await;
    let capabilities = step(&report.steps, "capabilities");
    assert_eq!(capabilities.outcome, StepOutcome::Warning);
    assert!(capabilities.detail.contains("access-groups") && report.is_ok(), "{report:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn policies_come_under_all_their_names_and_new_ones_carry_our_mark() {
    let sim = start(|_| {}).await;
    sim.world(|world| world.add_group("Server room", GroupKind::CardholderGroup));
    let optima = endpoint(&sim, config(&sim)).await;
    let names: Vec<_> =
        all::<AccessPolicy>(&optima).await.into_iter().filter_map(|record| record.value.name.into_value()).collect();
    assert!(names.contains(&"Server room".to_owned()), "{names:?}");
    let night = AccessPolicy { name: Known::from_text("Night shift"), ..AccessPolicy::default() };
    let made = Sink::<AccessPolicy>::create(&optima, &Draft { value: night, key: key(4) }, &attempt(4)).await.unwrap();
    assert_eq!(made.marker, Some(Marker::Ours(key(4))));
    let kept = sim.world(|world| world.group_named("Night shift").unwrap().readers.len());
    assert_eq!(kept, 0, "it opens nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_are_devices_by_name() {
    let sim = start(|_| {}).await;
    let expected: BTreeSet<_> = sim.world(|world| world.readers.values().map(|reader| reader.name.clone()).collect());
    let optima = endpoint(&sim, config(&sim)).await;
    let names: BTreeSet<_> =
        all::<Device>(&optima).await.into_iter().filter_map(|record| record.value.name.into_value()).collect();
    assert_eq!(names, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_have_class_direction_card_and_their_own_time() {
    let sim = start(|_| {}).await;
    let (badge, reader) = sim.world(|world| {
        let person = world.add_person("Mira", "Vandenholt");
        let reader = world.add_reader("Back door", vendor_sim::optima::Direction::Out);
        world.late_pass(person, reader, true, "2026-03-01T22:14:09Z".parse().unwrap());
        world.pass(person, reader, true);
        world.unknown_card("999", reader);
        (world.badge_id(person), world.reader_id(reader))
    });
    let optima = endpoint(&sim, config(&sim)).await;
    let pages: Vec<EventPage> = optima.read(None).try_collect().await.unwrap();
    let events: Vec<_> = pages.iter().flat_map(|page| &page.events).collect();
    let [late, now, unknown] = events.as_slice() else { panic!("three events: {events:?}") };
    assert_eq!(late.occurred.to_rfc3339(), "2026-03-01T22:14:09+00:00");
    assert_eq!((late.class, late.direction), (EventClass::Granted, Direction::Out));
    assert_eq!(
        (late.person.as_ref(), late.device.as_ref()),
        (Some(&badge.as_str().into()), Some(&reader.as_str().into()))
    );
    assert!(late.number < now.number && late.occurred < now.occurred);
    assert_eq!(
        (unknown.class, unknown.person.as_ref(), unknown.credential.as_deref()),
        (EventClass::Denied, None, Some("999"))
    );
    assert_eq!(pages.last().unwrap().cursor.position, unknown.number);
}

/// The engine reads the log; the ledger tells what is new.
async fn intake(optima: &Arc<OptimaEndpoint>, journal: &MemoryJournal) -> IntakeReport {
    let bookings = Arc::new(FakeBookings::new("timeware", DeliveryClass::Keyed));
    let link = EventLink::new("optima events", Arc::clone(optima) as _, bookings);
    link.intake(journal, &ManualClock::new(monday())).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_was_cut_raises_an_alarm_and_is_read_from_its_oldest_event() {
    let sim = start(|_| {}).await;
    let pass = |sim: &OptimaSim, times: usize| {
        sim.world(|world| {
            let person = world.badges.keys().next().copied();
            let person = person.unwrap_or_else(|| world.add_person("Mira", "Vandenholt"));
            let reader = *world.readers.keys().next().unwrap();
            for _ in 0..times {
                world.clock.advance(chrono::TimeDelta::seconds(1));
                world.pass(person, reader, true);
            }
        });
    };
    pass(&sim, 300);
    let optima = Arc::new(endpoint(&sim, config(&sim)).await);
    let journal = MemoryJournal::new();
    let first = intake(&optima, &journal).await;
    assert_eq!((first.new, first.alarms.len()), (300, 0), "{first:#?}");
    pass(&sim, 2_000);
    sim.world(|world| {
        let oldest = world.last_seq() - 50;
        world.trim_events(oldest);
    });
    let after = optima.read(Some(Cursor { position: 10 })).try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(after.class(), ErrorClass::Lost);
    let cut = intake(&optima, &journal).await;
    assert!(cut.failure.is_none() && cut.new == 51 && !cut.lost.is_empty() && !cut.alarms.is_empty(), "{cut:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_was_rebuilt_books_nothing_twice() {
    let sim = site().people(8).event_days(5).start().await.unwrap();
    let optima = Arc::new(endpoint(&sim, config(&sim)).await);
    let journal = MemoryJournal::new();
    let first = intake(&optima, &journal).await;
    let again = intake(&optima, &journal).await;
    assert!(first.new > 40 && again.new == 0, "{first:#?} {again:#?}");
    let left = sim.world(|world| {
        let middle = world.last_seq() / 2;
        world.trim_events(middle);
        world.rebuild_events();
        world.events.len() as u64
    });
    let rebuilt = intake(&optima, &journal).await;
    assert_eq!((rebuilt.failure.is_none(), rebuilt.epoch_changes.len()), (true, 1), "{rebuilt:#?}");
    assert_eq!(rebuilt.joined, left, "every event of the new numbering is known: {rebuilt:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_connection_test_passes_and_names_what_is_wrong() {
    let sim = site().people(5).event_days(2).start().await.unwrap();
    let optima = endpoint(&sim, config(&sim)).await;
    let report = optima.check().await;
    assert!(report.is_ok(), "{report:#?}");
    let names: Vec<_> = report.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["name", "port", "TLS", "sign-in", "licence", "version", "capabilities", "reads"]);
    assert!(step(&report.steps, "reads").detail.contains("5 badges"), "{report:#?}");

    let wrong_key = OptimaEndpoint::new("optima", config(&sim), "wrong".to_owned().into()).unwrap();
    let report = wrong_key.check().await;
    let failed = step(&report.steps, "sign-in");
    assert_eq!((failed.outcome, step(&report.steps, "reads").outcome), (StepOutcome::Failed, StepOutcome::Skipped));
    assert!(!failed.detail.contains("licence"), "{failed:?}");

    let port = sim.address().port();
    sim.stop();
    let nobody = OptimaEndpoint::new(
        "optima",
        OptimaConfig::new(format!("http://127.0.0.1:{port}"), "env:K"),
        "k".to_owned().into(),
    );
    let report = nobody.unwrap().check().await;
    assert_eq!(step(&report.steps, "port").outcome, StepOutcome::Failed, "{report:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_licence_that_ends_a_right_that_is_missing_and_a_wrong_clock_are_told_apart() {
    let sim = start(|_| {}).await;
    let optima = endpoint(&sim, config(&sim)).await;
    sim.world(|world| world.licence.until = Some("2026-03-20".parse().unwrap()));
    let report = optima.check().await;
    let licence = step(&report.steps, "licence");
    assert_eq!(licence.outcome, StepOutcome::Warning, "{report:#?}");
    assert!(licence.detail.contains("2026-03-20"), "{licence:?}");
    assert!(optima.server_time().is_some_and(|time| time < chrono::Utc::now()), "the site stands still in March");

    sim.world(|world| world.licence.active = false);
    let report = optima.check().await;
    assert_eq!(step(&report.steps, "licence").outcome, StepOutcome::Failed, "{report:#?}");
    let error = optima.identify().await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Config, "{error}");

    let sim = start(|switches| switches.forbidden = vec!["badges".to_owned()]).await;
    let report = endpoint(&sim, config(&sim)).await.check().await;
    let failed = report.steps.iter().find(|step| step.outcome == StepOutcome::Failed).unwrap();
    assert!(failed.remedy.as_ref().unwrap().contains("right"), "{failed:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_renames_everything_is_an_endpoint_with_its_profile() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("profiles/renamed.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let sim = site().people(5).event_days(5).profile(&text).start().await.unwrap();
    let mut config = config(&sim);
    config.profile = path.display().to_string();
    let optima = endpoint(&sim, config).await;
    assert!(optima.check().await.is_ok());
    let made = create(&optima, mira(&sim), 1).await;
    assert_eq!(made.marker, Some(Marker::Ours(key(1))));
    assert_eq!((all::<Person>(&optima).await.len(), all::<Device>(&optima).await.is_empty()), (6, false));
    let events: Vec<EventPage> = optima.read(None).try_collect().await.unwrap();
    assert!(events.iter().flat_map(|page| &page.events).any(|event| event.class == EventClass::Granted));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_without_key_and_mark_declares_less() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.toml");
    let class = async |text: &str| {
        std::fs::write(&file, text).unwrap();
        let mut config = OptimaConfig::new("http://127.0.0.1:9", "env:K");
        config.profile = file.display().to_string();
        let endpoint = OptimaEndpoint::new("optima", config, "k".to_owned().into()).unwrap();
        let writes = Sink::<Person>::writes(&endpoint);
        (writes.create, writes.marker_in_create, writes.precondition)
    };
    assert_eq!(class("[headers]\nidempotency = \"\"\n").await, (CreateClass::Searchable, true, true));
    let bare = "[headers]\nidempotency = \"\"\nif_match = \"\"\n[fields.badge]\nreference = \"\"\n";
    assert_eq!(class(bare).await, (CreateClass::Unsafe, false, false));
}
