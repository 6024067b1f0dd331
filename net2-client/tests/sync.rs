//! Net2 as an endpoint of the engine, against the simulated server.

#![cfg(feature = "sync")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use std::collections::BTreeSet;

use chrono::{TimeDelta, Utc};
use futures::TryStreamExt as _;
use net2_client::sync::{Net2Config, Net2Endpoint, TrustConfig};
use serde_json::json;
use sync_core::connector::{
    AttemptKey, Changes, Cursor, Draft, Endpoint as _, ErrorClass, EventSource as _, Key, Page, Precondition, Record,
    Removal, Sink, Source, StepOutcome,
};
use sync_core::model::{
    AccessPolicy, Credential, Department, Device, DeviceGroup, EndpointName, Entity, EntityKind, ExternalId, Known,
    Pair, Person, RefKey, SyncKey,
};
use vendor_sim::net2::{Fault, FaultKind, Net2Options, Net2Sim, Querydb, Switches};

const ATTEMPT: u128 = 1;

async fn start(people: usize, change: impl FnOnce(&mut Switches)) -> Net2Sim {
    Net2Options::default().people(people).with_switches(change).start().await.unwrap()
}

fn config(sim: &Net2Sim) -> Net2Config {
    let mut config = Net2Config::new(sim.url(), sim.operator(), "env:PASSWORD", sim.client_id(), "Europe/London");
    config.requests_per_second = 10_000.0;
    config.fields.personnel_number = 0;
    config.marker_field = Some(14);
    config
}

fn by_sql(sim: &Net2Sim) -> Net2Config {
    let mut config = config(sim);
    config.querydb = true;
    config
}

fn endpoint(sim: &Net2Sim, config: Net2Config) -> Net2Endpoint {
    Net2Endpoint::new("net2", config, sim.password().into(), None).unwrap()
}

async fn all<T: Entity>(endpoint: &Net2Endpoint) -> Vec<Record<T>>
where
    Net2Endpoint: Source<T>,
{
    let pages: Vec<Page<T>> = Source::<T>::snapshot(endpoint, None).try_collect().await.unwrap();
    assert!(pages.last().unwrap().end.unwrap().complete);
    let mut records: Vec<_> = pages.into_iter().flat_map(|page| page.records).collect();
    records.sort_by_key(|record| record.id.as_str().parse::<i64>().unwrap());
    records
}

fn key(number: i64) -> SyncKey {
    let pair = Pair::new(EntityKind::Person, "timeware", "net2");
    SyncKey::new(&pair, &EndpointName::new("timeware"), &number.into(), 0)
}

fn attempt() -> AttemptKey {
    AttemptKey::from_u128(ATTEMPT)
}

fn refs(entity: EntityKind, ids: &[i64]) -> Known<BTreeSet<RefKey>> {
    Known::Value(ids.iter().map(|id| RefKey { entity, id: (*id).into() }).collect())
}

fn vera() -> Person {
    Person {
        first_name: Known::from_text("Vera"),
        last_name: Known::from_text("Visitor"),
        email: Known::from_text("vera@example.org"),
        valid_from: Known::Value("2026-01-01".parse().unwrap()),
        valid_until: Known::Value("2031-12-31".parse().unwrap()),
        department: Known::Value(RefKey { entity: EntityKind::Department, id: 1.into() }),
        policies: refs(EntityKind::AccessPolicy, &[1]),
        credentials: Known::Value(BTreeSet::from([Credential::new("", "55443322")])),
        ..Person::default()
    }
}

async fn create(endpoint: &Net2Endpoint, person: Person, number: i64) -> Record<Person> {
    endpoint.create(&Draft { value: person, key: key(number) }, &attempt()).await.unwrap()
}

#[tokio::test]
async fn everybody_reads_the_same_with_and_without_sql() {
    for pascal in [false, true] {
        let sim = start(30, |switches| switches.pascal_case = pascal).await;
        let singly = all::<Person>(&endpoint(&sim, config(&sim))).await;
        let by_sql = all::<Person>(&endpoint(&sim, by_sql(&sim))).await;
        assert_eq!(singly.len(), 30);
        for (left, right) in singly.iter().zip(&by_sql) {
            assert_eq!(left.id, right.id);
            assert!(left.value == right.value, "user {}", left.id);
        }
    }
}

#[tokio::test]
async fn with_sql_the_number_of_calls_does_not_grow_with_people() {
    let mut calls = BTreeSet::new();
    for people in [10, 200] {
        let sim = start(people, |_| {}).await;
        sim.world(|world| world.users.values_mut().for_each(|user| user.individual.clear()));
        let endpoint = endpoint(&sim, by_sql(&sim));
        all::<Person>(&endpoint).await;
        let before = endpoint.client().request_count();
        assert_eq!(all::<Person>(&endpoint).await.len(), people);
        calls.insert(endpoint.client().request_count() - before);
    }
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert!(calls.iter().all(|calls| *calls <= 5), "{calls:?}");
}

#[tokio::test]
async fn without_sql_only_who_changed_is_read_again() {
    let sim = start(30, |switches| switches.querydb = Querydb::Missing).await;
    let endpoint = endpoint(&sim, config(&sim));
    let first = all::<Person>(&endpoint).await;
    let id: i64 = first[3].id.as_str().parse().unwrap();
    sim.world(|world| world.change_user(id, |user| user.telephone = Some("0999".to_owned())));
    let before = endpoint.client().request_count();
    let second = all::<Person>(&endpoint).await;
    assert_eq!(second[3].value.telephone, Known::from_text("0999"));
    assert!(endpoint.client().request_count() - before <= 8, "list, two questions about events, one person");
}

#[tokio::test]
async fn a_created_person_has_everything_and_is_found_by_its_mark() {
    let sim = start(5, |_| {}).await;
    let endpoint = endpoint(&sim, config(&sim));
    let created = create(&endpoint, vera(), 7).await;
    let wanted = Person { active: Known::Value(true), ..vera() };
    let read = |name| (Person::field(name).unwrap().get)(&created.value);
    for field in Person::fields().iter().filter(|field| (field.get)(&wanted).is_known()) {
        assert!(read(field.name) == (field.get)(&wanted), "{}", field.name);
    }
    assert_eq!(created.sync_key(), Some(key(7)));
    let found = Source::<Person>::find(&endpoint, &Key::Marker(key(7))).await.unwrap();
    assert_eq!(found, [created]);
    assert!(Source::<Person>::find(&endpoint, &Key::Marker(key(8))).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_lost_creation_is_in_doubt_and_found_by_its_mark() {
    let sim = start(5, |_| {}).await;
    let endpoint = endpoint(&sim, config(&sim));
    endpoint.identify().await.unwrap();
    sim.add_fault(Fault::on("POST", "/api/v1/users", FaultKind::DropReply));
    let error = endpoint.create(&Draft { value: vera(), key: key(7) }, &attempt()).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::InDoubt);
    let found = Source::<Person>::find(&endpoint, &Key::Marker(key(7))).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].value.policies, Known::Empty);
}

#[tokio::test]
async fn an_update_writes_what_is_known_and_leaves_the_rest() {
    let sim = start(5, |_| {}).await;
    let endpoint = endpoint(&sim, config(&sim));
    let created = create(&endpoint, vera(), 7).await;
    let number: i64 = created.id.as_str().parse().unwrap();
    let area = sim.world(|world| *world.areas.keys().next().unwrap());
    sim.world(|world| {
        world.change_user(number, |user| {
            user.fax = Some("1".to_owned());
            user.individual.push(vendor_sim::net2::IndividualPermission { area, timezone: 1 });
        })
    });
    let changes = Person {
        last_name: Known::from_text("Visser"),
        email: Known::Empty,
        policies: Known::Empty,
        credentials: Known::Value(BTreeSet::from([Credential::new("", "99887766")])),
        department: Known::Empty,
        ..Person::default()
    };
    let updated = endpoint.update(&created.id, &Changes(changes), &Precondition::default(), &attempt()).await.unwrap();
    assert_eq!(updated.value.last_name, Known::from_text("Visser"));
    assert_eq!(updated.value.valid_until, vera().valid_until);
    assert_eq!((updated.value.email.clone(), updated.value.department.clone()), (Known::Empty, Known::Empty));
    assert_eq!(updated.sync_key(), Some(key(7)));
    sim.world(|world| {
        let user = &world.users[&number];
        assert_eq!((user.individual.len(), user.fax.as_deref()), (1, Some("1")));
        assert_eq!(user.tokens.iter().map(|token| token.token_value.as_str()).collect::<Vec<_>>(), ["99887766"]);
    });
}

#[tokio::test]
async fn a_disabled_person_opens_nothing_and_comes_back() {
    let sim = start(5, |_| {}).await;
    let endpoint = endpoint(&sim, config(&sim));
    let created = create(&endpoint, vera(), 7).await;
    let none = Precondition::default();
    Sink::<Person>::remove(&endpoint, &created.id, &Removal::Disable, &none, &attempt()).await.unwrap();
    let disabled = Source::<Person>::get(&endpoint, &created.id).await.unwrap().unwrap().value;
    assert_eq!((disabled.policies, disabled.credentials), (Known::Empty, Known::Empty));
    assert_eq!((disabled.active, disabled.pin), (Known::Value(false), Known::Empty));

    let back = Person { active: Known::Value(true), policies: vera().policies, ..Person::default() };
    let back = endpoint.update(&created.id, &Changes(back), &none, &attempt()).await.unwrap();
    assert_eq!((back.value.active, back.value.policies), (Known::Value(true), vera().policies));

    Sink::<Person>::remove(&endpoint, &created.id, &Removal::Delete, &none, &attempt()).await.unwrap();
    assert_eq!(Source::<Person>::get(&endpoint, &created.id).await.unwrap(), None);
    let again = Sink::<Person>::remove(&endpoint, &created.id, &Removal::Delete, &none, &attempt()).await;
    assert_eq!(again.unwrap_err().class(), ErrorClass::NotFound);
}

#[tokio::test]
async fn what_the_server_does_not_keep_is_refused_with_the_field() {
    let sim = start(5, |switches| switches.lite = true).await;
    let endpoint = endpoint(&sim, config(&sim));
    let created = create(&endpoint, vera(), 7).await;
    let second = sim.world(|world| *world.access_levels.keys().rfind(|id| **id > 1 && **id < 10_000_000).unwrap());
    let changes = Person { policies: refs(EntityKind::AccessPolicy, &[1, second]), ..Person::default() };
    let error =
        endpoint.update(&created.id, &Changes(changes), &Precondition::default(), &attempt()).await.unwrap_err();
    assert_eq!((error.class(), error.field()), (ErrorClass::Invalid, Some("policies")));
}

#[tokio::test]
async fn a_card_of_somebody_else_is_a_duplicate() {
    let sim = start(5, |_| {}).await;
    let endpoint = endpoint(&sim, config(&sim));
    create(&endpoint, vera(), 7).await;
    let other = create(&endpoint, Person { credentials: Known::Unknown, ..vera() }, 8).await;
    let changes = Person { credentials: vera().credentials, ..Person::default() };
    let error = endpoint.update(&other.id, &Changes(changes), &Precondition::default(), &attempt()).await.unwrap_err();
    assert_eq!((error.class(), error.clashing_key()), (ErrorClass::Duplicate, Some("credentials")));
    assert!(!format!("{error} {error:?}").contains("55443322"));
}

#[tokio::test]
async fn one_malformed_user_is_named_and_the_others_are_read() {
    let sim = start(20, |_| {}).await;
    sim.world(|world| {
        let user = world.users.values_mut().nth(3).unwrap();
        user.overlay.insert("firstName".to_owned(), json!({ "odd": true }));
    });
    let endpoint = endpoint(&sim, config(&sim));
    let pages: Vec<Page<Person>> = Source::<Person>::snapshot(&endpoint, None).try_collect().await.unwrap();
    let invalid: Vec<_> = pages.iter().flat_map(|page| &page.invalid).collect();
    assert_eq!(invalid.len(), 1);
    assert_eq!(invalid[0].field, "firstName");
    assert_eq!(pages.iter().map(|page| page.records.len()).sum::<usize>(), 19);
}

#[tokio::test]
async fn reference_data_leaves_out_what_means_none() {
    let sim = start(20, |_| {}).await;
    let endpoint = endpoint(&sim, config(&sim));
    let ids = |ids: Vec<&ExternalId>| ids.iter().map(|id| id.as_str().parse::<i64>().unwrap()).collect::<Vec<_>>();
    let departments = all::<Department>(&endpoint).await;
    assert!(ids(departments.iter().map(|record| &record.id).collect()).iter().all(|id| *id > 0));
    let policies = all::<AccessPolicy>(&endpoint).await;
    assert!(ids(policies.iter().map(|record| &record.id).collect()).iter().all(|id| (1..10_000_000).contains(id)));
    assert_eq!(all::<Device>(&endpoint).await.len(), sim.world(|world| world.doors.len()));
    let groups = all::<DeviceGroup>(&endpoint).await;
    assert_eq!(groups.len(), sim.world(|world| world.door_groups.len()));
    assert!(groups.iter().any(|group| group.value.devices.value().is_some()));
}

#[tokio::test]
async fn departments_and_policies_are_made_renamed_and_deleted() {
    let sim = start(2, |_| {}).await;
    let endpoint = endpoint(&sim, config(&sim));
    let none = Precondition::default();
    let name = |text: &str| Department { name: Known::from_text(text) };
    let made = endpoint.create(&Draft { value: name("Night shift"), key: key(1) }, &attempt()).await.unwrap();
    let renamed = endpoint.update(&made.id, &Changes(name("Nights")), &none, &attempt()).await.unwrap();
    assert_eq!(renamed.value, name("Nights"));
    Sink::<Department>::remove(&endpoint, &made.id, &Removal::Delete, &none, &attempt()).await.unwrap();
    assert_eq!(Source::<Department>::get(&endpoint, &made.id).await.unwrap(), None);

    let policy = |text: &str| AccessPolicy { name: Known::from_text(text), devices: Known::Unknown };
    let made = endpoint.create(&Draft { value: policy("Cleaners"), key: key(2) }, &attempt()).await.unwrap();
    let renamed = endpoint.update(&made.id, &Changes(policy("Cleaning")), &none, &attempt()).await.unwrap();
    assert_eq!(renamed.value, policy("Cleaning"));
    Sink::<AccessPolicy>::remove(&endpoint, &made.id, &Removal::Delete, &none, &attempt()).await.unwrap();
}

#[tokio::test]
async fn the_log_is_a_source_of_events_by_the_rules_of_the_kit() {
    use sync_core::test_kit as kit;
    let sim = start(10, |switches| switches.max_row_count = 50).await;
    let endpoint = endpoint(&sim, config(&sim));
    let expected = sim.world(|world| world.events.len());
    kit::source_in_order(&endpoint, expected).await.unwrap();
    kit::source_resumes(&endpoint).await.unwrap();
    kit::source_pages_agree(&endpoint).await.unwrap();
}

#[tokio::test]
async fn a_log_that_began_anew_is_lost() {
    let sim = start(5, |_| {}).await;
    let endpoint = endpoint(&sim, config(&sim));
    let mut pages = endpoint.read(Some(Cursor { position: i64::MAX / 2 }));
    let error = pages.try_next().await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Lost);
    assert!(pages.try_next().await.unwrap().is_none());
}

async fn failed_step(sim: &Net2Sim, change: impl FnOnce(&mut Net2Config)) -> (String, String, String) {
    let mut config = config(sim);
    change(&mut config);
    let report = endpoint(sim, config).check().await;
    let failed: Vec<_> = report.steps.iter().filter(|step| step.outcome == StepOutcome::Failed).collect();
    assert_eq!(failed.len(), 1, "{report:?}");
    assert_eq!(report.steps.len(), 8, "every step is named: {report:?}");
    (failed[0].name.clone(), failed[0].detail.clone(), failed[0].remedy.clone().unwrap())
}

#[tokio::test]
async fn a_good_connection_passes_every_step() {
    let sim = Net2Options::default().people(5).tls(true).start().await.unwrap();
    let trust = TrustConfig::PinnedSha256(vec![sim.fingerprint().unwrap()]);
    let mut config = by_sql(&sim);
    config.trust = trust;
    let report = endpoint(&sim, config).check().await;
    assert!(report.steps.iter().all(|step| step.outcome == StepOutcome::Passed), "{report:?}");
    assert_eq!(report.steps.len(), 8);
    assert!(report.steps.iter().any(|step| step.detail.to_lowercase().contains("sha-256")));
}

#[tokio::test]
async fn each_fault_of_a_connection_names_its_step_and_what_to_do() {
    let sim = start(3, |_| {}).await;
    let (step, _, _) = failed_step(&sim, |config| config.url = "http://no-such-host.invalid:8080".to_owned()).await;
    assert_eq!(step, "name");

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let (step, cause, remedy) = failed_step(&sim, |config| config.url = closed).await;
    assert_eq!(step, "port");
    assert!(cause.contains("wrong port") && cause.contains("Local API"), "{cause}");
    assert!(remedy.contains("Configuration Utility"), "{remedy}");

    let tls = Net2Options::default().people(3).tls(true).start().await.unwrap();
    let (step, cause, remedy) = failed_step(&tls, |_| {}).await;
    assert_eq!(step, "TLS");
    assert!(cause.contains("SHA-256") && remedy.contains("pinned_sha256"), "{cause} {remedy}");
    let (step, _, _) = failed_step(&sim, |config| config.url = config.url.replace("http://", "https://")).await;
    assert_eq!(step, "TLS");

    let (step, _, remedy) = failed_step(&sim, |config| config.client_id = "unknown".to_owned()).await;
    assert_eq!(step, "licence");
    assert!(remedy.contains("restart"), "{remedy}");

    let (step, _, _) = failed_step(&sim, |config| config.operator = "Nobody".to_owned()).await;
    assert_eq!(step, "sign-in");

    let mfa = start(3, |switches| switches.mfa = true).await;
    let (step, _, remedy) = failed_step(&mfa, |_| {}).await;
    assert_eq!(step, "sign-in");
    assert!(remedy.contains("second factor"), "{remedy}");

    let old = start(3, |switches| switches.version = "6.01.1000".to_owned()).await;
    let refused = endpoint(&old, config(&old)).identify().await.unwrap_err();
    assert_eq!(refused.class(), ErrorClass::Config);
    let (step, cause, _) = failed_step(&old, |_| {}).await;
    assert_eq!(step, "version");
    assert!(cause.contains("6.02"), "{cause}");

    let weak = start(3, |switches| switches.forbid_operator = vec!["GET /users".to_owned()]).await;
    let (step, _, remedy) = failed_step(&weak, |_| {}).await;
    assert_eq!(step, "right");
    assert!(remedy.contains("users"), "{remedy}");
}

#[tokio::test]
async fn a_server_that_limits_sign_ins_is_told_from_a_wrong_password() {
    let sim = start(3, |_| {}).await;
    let limited = Fault::on("POST", "*/authorization/tokens", FaultKind::Reply).status(429).times(0);
    sim.add_fault(limited);
    let (step, cause, remedy) = failed_step(&sim, |_| {}).await;
    assert_eq!(step, "sign-in");
    assert!(cause.contains("429") && remedy.contains("wait"), "{cause} {remedy}");
}

#[tokio::test]
async fn the_clock_of_the_server_is_known_from_its_answers() {
    let sim = start(2, |_| ()).await;
    let net2 = endpoint(&sim, config(&sim));
    assert_eq!(net2.server_time(), None, "nobody has asked it anything");
    for (step, behind) in [(0, 0), (-120, 120), (90, 30)] {
        sim.world(|world| world.clock.advance(TimeDelta::seconds(step)));
        assert!(net2.check().await.is_ok());
        let difference = net2.client().clock_difference().unwrap();
        assert!((difference + TimeDelta::seconds(behind)).abs() < TimeDelta::seconds(5), "{difference}");
        assert!((net2.server_time().unwrap() - Utc::now() - difference).abs() < TimeDelta::seconds(1));
    }
}
