//! A site with bookers, and what the tests do with it.

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt as _;
use net2_client::sync::{BookersConfig, Net2Config, Net2Doors};
use sync_core::connector::{AttemptKey, Changes, Draft, Page, Precondition, Record, Removal, Sink, Source, SyncError};
use sync_core::model::{EndpointName, EntityKind, ExternalId, Known, Pair, Person, SecretText, SyncKey};
use vendor_sim::net2::{Net2Options, Net2Sim, Switches, User};

pub(crate) const BOOKING: &str = "Booking";
pub(crate) const MARKER: i64 = 10;
pub(crate) const MEMO: i64 = 13;
pub(crate) const EMAIL: i64 = 9;

pub(crate) async fn start(people: usize, change: impl FnOnce(&mut Switches)) -> Net2Sim {
    let sim = Net2Options::default().people(people).with_switches(change).start().await.unwrap();
    sim.world(|world| {
        let id = world.departments.keys().max().unwrap() + 1;
        let mut department = world.departments.values().next().unwrap().clone();
        (department.id, department.name) = (id, BOOKING.to_owned());
        world.departments.insert(id, department);
    });
    sim
}

pub(crate) fn net2(sim: &Net2Sim) -> Net2Config {
    let mut config = Net2Config::new(sim.url(), sim.operator(), "env:PASSWORD", sim.client_id(), "Europe/London");
    config.requests_per_second = 10_000.0;
    config.querydb = true;
    config
}

pub(crate) fn with(sim: &Net2Sim, net2: Net2Config, bookers: BookersConfig) -> Net2Doors {
    Net2Doors::new("net2", net2, bookers, sim.password().into(), None).unwrap()
}

pub(crate) fn doors_of(sim: &Net2Sim) -> Net2Doors {
    with(sim, net2(sim), BookersConfig::default())
}

/// Serial numbers of some doors.
pub(crate) fn serials(sim: &Net2Sim) -> Vec<String> {
    sim.world(|world| world.doors.keys().map(ToString::to_string).collect())
}

pub(crate) fn set(doors: &[&String]) -> Known<BTreeSet<String>> {
    Known::Value(doors.iter().map(|door| (*door).clone()).collect())
}

pub(crate) fn key(number: i64) -> SyncKey {
    let pair = Pair::new(EntityKind::Person, "bookings", "net2");
    SyncKey::new(&pair, &EndpointName::new("bookings"), &number.into(), 0)
}

pub(crate) fn secret(text: &str) -> Known<SecretText> {
    Known::Value(SecretText::new(text))
}

pub(crate) fn maya() -> Person {
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

pub(crate) async fn create(net2: &Net2Doors, person: Person, number: i64) -> Record<Person> {
    try_create(net2, person, number).await.unwrap()
}

pub(crate) async fn try_create(net2: &Net2Doors, person: Person, number: i64) -> Result<Record<Person>, SyncError> {
    net2.create(&Draft { value: person, key: key(number) }, &AttemptKey::from_u128(1)).await
}

pub(crate) async fn update(net2: &Net2Doors, id: &ExternalId, changes: Person) -> Result<Record<Person>, SyncError> {
    net2.update(id, &Changes(changes), &Precondition::default(), &AttemptKey::from_u128(2)).await
}

pub(crate) async fn open(
    net2: &Net2Doors,
    id: &ExternalId,
    doors: Known<BTreeSet<String>>,
) -> Result<Record<Person>, SyncError> {
    update(net2, id, Person { doors, ..Person::default() }).await
}

pub(crate) async fn delete(net2: &Net2Doors, id: &ExternalId) -> Result<(), SyncError> {
    net2.remove(id, &Removal::Delete, &Precondition::default(), &AttemptKey::from_u128(3)).await
}

pub(crate) async fn all(net2: &Net2Doors) -> Vec<Record<Person>> {
    let pages: Vec<Page<Person>> = net2.snapshot(None).try_collect().await.unwrap();
    assert!(pages.last().unwrap().end.unwrap().complete);
    pages.into_iter().flat_map(|page| page.records).collect()
}

pub(crate) fn number(id: &ExternalId) -> i64 {
    id.as_str().parse().unwrap()
}

pub(crate) fn stored(sim: &Net2Sim, id: &ExternalId) -> User {
    sim.world(|world| world.users[&number(id)].clone())
}

/// The areas of a user's individual rights are exactly both sides of these doors.
pub(crate) fn opens(sim: &Net2Sim, id: &ExternalId, doors: &[&String]) -> bool {
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
pub(crate) fn strangers(sim: &Net2Sim) -> BTreeMap<i64, User> {
    let is_marked = |user: &User| user.fields.get(&MARKER).is_some_and(|field| field.contains("BOOKINGSYNC"));
    sim.world(|world| {
        world.users.iter().filter(|(_, user)| !is_marked(user)).map(|(id, user)| (*id, user.clone())).collect()
    })
}

pub(crate) fn written(sim: &Net2Sim) -> Vec<String> {
    let writes = |method: &str| method != "GET";
    sim.requests()
        .iter()
        .filter(|request| writes(&request.method) && !request.path.contains("/authorization/"))
        .map(|request| format!("{} {}", request.method, request.path.trim_start_matches("/api/v1")))
        .collect()
}

/// The areas of all doors, as a configuration names them.
pub(crate) fn areas(sim: &Net2Sim) -> BTreeMap<String, Vec<i64>> {
    sim.world(|world| {
        world.doors.values().map(|door| (door.id.to_string(), vec![door.area_in, door.area_out])).collect()
    })
}

/// Makes a user with the marker on the server, as if somebody had done so there.
pub(crate) fn plant(sim: &Net2Sim, number: i64, marker: &str) -> ExternalId {
    sim.world(|world| {
        let mut user = User { id: number, first_name: Some("Planted".into()), department: 1, ..User::default() };
        user.fields.insert(MARKER, marker.to_owned());
        user.fields.insert(EMAIL, format!("planted{number}@example.org"));
        world.users.insert(number, user);
    });
    number.into()
}

/// Calls since the last time this was asked.
pub(crate) fn calls(net2: &Net2Doors, last: &mut u64) -> u64 {
    let now = net2.client().request_count();
    now - std::mem::replace(last, now)
}
