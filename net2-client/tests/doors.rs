//! Net2 as a door system for people with bookings, against the simulated server.

#![cfg(feature = "sync")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt as _;
use net2_client::sync::{BookersConfig, Net2Config, Net2Doors};
use sync_core::connector::{
    AttemptKey, Changes, CodeKind, DoorCommand, DoorSystem, Draft, ErrorClass, Key, Marker, Page, Precondition, Record,
    Removal, Sink, Source, SyncError,
};
use sync_core::model::{
    EndpointName, EntityKind, ExternalId, FieldValue, Known, Pair, Person, Scalar, SecretText, SyncKey,
};
use vendor_sim::net2::{Fault, FaultKind, IndividualForm, Net2Options, Net2Sim, Querydb, Switches, Token, User};

const BOOKING: &str = "Booking";
const MARKER: i64 = 10;
const MEMO: i64 = 13;
const EMAIL: i64 = 9;

async fn start(people: usize, change: impl FnOnce(&mut Switches)) -> Net2Sim {
    let sim = Net2Options::default().people(people).with_switches(change).start().await.unwrap();
    sim.world(|world| {
        let id = world.departments.keys().max().unwrap() + 1;
        let mut department = world.departments.values().next().unwrap().clone();
        (department.id, department.name) = (id, BOOKING.to_owned());
        world.departments.insert(id, department);
    });
    sim
}

fn net2(sim: &Net2Sim) -> Net2Config {
    let mut config = Net2Config::new(sim.url(), sim.operator(), "env:PASSWORD", sim.client_id(), "Europe/London");
    config.requests_per_second = 10_000.0;
    config.querydb = true;
    config
}

fn with(sim: &Net2Sim, net2: Net2Config, bookers: BookersConfig) -> Net2Doors {
    Net2Doors::new("net2", net2, bookers, sim.password().into(), None).unwrap()
}

fn doors_of(sim: &Net2Sim) -> Net2Doors {
    with(sim, net2(sim), BookersConfig::default())
}

/// Serial numbers of some doors.
fn serials(sim: &Net2Sim) -> Vec<String> {
    sim.world(|world| world.doors.keys().map(ToString::to_string).collect())
}

fn set(doors: &[&String]) -> Known<BTreeSet<String>> {
    Known::Value(doors.iter().map(|door| (*door).clone()).collect())
}

fn key(number: i64) -> SyncKey {
    let pair = Pair::new(EntityKind::Person, "bookings", "net2");
    SyncKey::new(&pair, &EndpointName::new("bookings"), &number.into(), 0)
}

fn secret(text: &str) -> Known<SecretText> {
    Known::Value(SecretText::new(text))
}

fn maya() -> Person {
    Person {
        first_name: Known::from_text("Maya"),
        last_name: Known::from_text("Okonkwo"),
        email: Known::from_text("maya@example.org"),
        pin: secret("4821"),
        notes: Known::from_text("Court 1|2027-03-01T10:00|2027-03-01T11:00|b1"),
        valid_from: Known::Value("2026-01-01".parse().unwrap()),
        valid_until: Known::Value("2031-03-01".parse().unwrap()),
        doors: Known::Empty,
        ..Person::default()
    }
}

async fn create(net2: &Net2Doors, person: Person, number: i64) -> Record<Person> {
    net2.create(&Draft { value: person, key: key(number) }, &AttemptKey::from_u128(1)).await.unwrap()
}

async fn update(net2: &Net2Doors, id: &ExternalId, changes: Person) -> Result<Record<Person>, SyncError> {
    net2.update(id, &Changes(changes), &Precondition::default(), &AttemptKey::from_u128(2)).await
}

async fn open(net2: &Net2Doors, id: &ExternalId, doors: Known<BTreeSet<String>>) -> Result<Record<Person>, SyncError> {
    update(net2, id, Person { doors, ..Person::default() }).await
}

async fn delete(net2: &Net2Doors, id: &ExternalId) -> Result<(), SyncError> {
    net2.remove(id, &Removal::Delete, &Precondition::default(), &AttemptKey::from_u128(3)).await
}

async fn all(net2: &Net2Doors) -> Vec<Record<Person>> {
    let pages: Vec<Page<Person>> = net2.snapshot(None).try_collect().await.unwrap();
    assert!(pages.last().unwrap().end.unwrap().complete);
    pages.into_iter().flat_map(|page| page.records).collect()
}

fn number(id: &ExternalId) -> i64 {
    id.as_str().parse().unwrap()
}

fn stored(sim: &Net2Sim, id: &ExternalId) -> User {
    sim.world(|world| world.users[&number(id)].clone())
}

/// The areas of a user's individual rights are exactly both sides of these doors.
fn opens(sim: &Net2Sim, id: &ExternalId, doors: &[&String]) -> bool {
    let user = stored(sim, id);
    let areas: BTreeSet<i64> = user.individual.iter().map(|right| right.area).collect();
    let wanted = sim.world(|world| {
        let of_door = |door: &&String| {
            let door = &world.doors[&door.parse::<i64>().unwrap()];
            [door.area_in, door.area_out]
        };
        doors.iter().flat_map(of_door).collect::<BTreeSet<i64>>()
    });
    areas == wanted && user.individual.iter().all(|right| right.timezone == 1)
}

/// Everybody without the marker, as the server has them.
fn strangers(sim: &Net2Sim) -> BTreeMap<i64, User> {
    let is_marked = |user: &User| user.fields.get(&MARKER).is_some_and(|field| field.contains("BOOKINGSYNC"));
    sim.world(|world| {
        world.users.iter().filter(|(_, user)| !is_marked(user)).map(|(id, user)| (*id, user.clone())).collect()
    })
}

fn written(sim: &Net2Sim) -> Vec<String> {
    let writes = |method: &str| method != "GET";
    sim.requests()
        .iter()
        .filter(|request| writes(&request.method) && !request.path.contains("/authorization/"))
        .map(|request| format!("{} {}", request.method, request.path.trim_start_matches("/api/v1")))
        .collect()
}

#[tokio::test]
async fn a_new_booker_has_everything_in_one_request_and_is_found_by_its_key() {
    let sim = start(5, |_| {}).await;
    let net2 = doors_of(&sim);
    let created = create(&net2, maya(), 1).await;
    assert_eq!(created.marker, Some(Marker::Ours(key(1))));
    assert!(created.value == Person { code: Known::Empty, ..maya() });
    let user = stored(&sim, &created.id);
    assert_eq!(user.fields[&MARKER], "BOOKINGSYNC");
    assert_eq!(user.fields[&MEMO], format!("#{}\nCourt 1|2027-03-01T10:00|2027-03-01T11:00|b1", key(1)));
    assert_eq!(user.expiry.unwrap().date(), "2031-03-02".parse().unwrap());
    assert_eq!(sim.world(|world| world.departments[&user.department].name.clone()), BOOKING);
    assert_eq!(written(&sim), ["POST /users".to_owned(), format!("PUT /users/{}/departments", created.id)]);
    assert_eq!(net2.find(&Key::Marker(key(1))).await.unwrap(), [created.clone()]);
    assert!(net2.find(&Key::Marker(key(2))).await.unwrap().is_empty());
    let mail = FieldValue::Value(Scalar::Text("MAYA@example.org".to_owned()));
    assert_eq!(net2.find(&Key::Field { name: "email", value: mail }).await.unwrap(), [created.clone()]);
    assert_eq!(all(&net2).await, [created]);
}

#[tokio::test]
async fn doors_open_and_shut_in_every_form_that_servers_are_known_for() {
    for (form, querydb) in [
        (IndividualForm::Timezone, true),
        (IndividualForm::Name, true),
        (IndividualForm::Area, true),
        (IndividualForm::Name, false),
    ] {
        let sim = start(5, |switches| {
            switches.individual_form = form;
            switches.querydb = if querydb { Querydb::On } else { Querydb::Off };
        })
        .await;
        let mut bookers = BookersConfig::default();
        if !querydb {
            bookers.areas = sim.world(|world| {
                let areas = |door: &vendor_sim::net2::Door| vec![door.area_in, door.area_out];
                world.doors.values().map(|door| (door.id.to_string(), areas(door))).collect()
            });
        }
        let mut config = net2(&sim);
        config.querydb = querydb;
        let net2 = with(&sim, config, bookers);
        let serials = serials(&sim);
        let maya = create(&net2, maya(), 1).await;
        for doors in [vec![&serials[0]], vec![&serials[1]], vec![&serials[1], &serials[2]], vec![&serials[2]]] {
            let updated = open(&net2, &maya.id, set(&doors)).await.unwrap();
            assert_eq!(updated.value.doors, set(&doors), "{form:?}");
            assert!(opens(&sim, &maya.id, &doors), "{form:?}");
            assert_eq!(all(&net2).await, [net2.get(&maya.id).await.unwrap().unwrap()]);
        }
        open(&net2, &maya.id, Known::Empty).await.unwrap();
        assert!(opens(&sim, &maya.id, &[]));
        let before = written(&sim).len();
        open(&net2, &maya.id, Known::Empty).await.unwrap();
        assert_eq!(written(&sim).len(), before, "nothing differs, nothing is written");
    }
}
