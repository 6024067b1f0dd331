//! Astrow passes the engine's conformance kit on its simulator, with the abilities that each driver declares.
#![cfg(feature = "sync")]
#![allow(clippy::unwrap_used, reason = "a test may stop")]

mod service;

use std::collections::BTreeSet;

use astrow_client::sync::{AstrowConfig, AstrowEndpoint, ReaderBooking, Readers};
use astrow_client::{AstrowClient, Pace};
use sync_core::connector::{Endpoint as _, Source};
use sync_core::model::{
    AccessPolicy, Clocking, ClockingKind, Credential, Department, Device, Direction, Entity as _, EventClass, EventKey,
    Known, Person, RefKey,
};
use sync_core::test_kit::conformance::{self, Samples};
use sync_core::test_kit::{sink_answers_again, sink_keeps_good_from_bad, sink_takes_an_empty_batch};
use vendor_sim::astrow::{AstrowSim, Switches};

use service::Service;

async fn astrow(change: impl FnOnce(&mut Switches), hex: bool) -> (AstrowSim, AstrowEndpoint) {
    let monday = "2026-03-02T08:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let options =
        AstrowSim::builder().seed(5).people(12).hex_badges(hex).pac_badges(true).start_at(monday).frozen(true);
    let sim = options.with_switches(change).start().await.unwrap();
    let config = AstrowConfig::rest(sim.url(), sim.user(), "env:UNUSED").with(|config| {
        config.default_cycle = Some("C-STD".to_owned());
        config.default_paygroup = Some("PG-1".to_owned());
        config.terminal_group = Some("TG-HQ".to_owned());
        config.company_site = Some("HQ".to_owned());
        config.free_fields.insert(2, "telephone".to_owned());
        config.delete_history_ok = true;
    });
    let pace = Pace { requests_per_second: 100_000.0, burst: 1_000, ..Pace::default() };
    let client = AstrowClient::builder(sim.url()).login(sim.user(), sim.password()).pace(pace).build().unwrap();
    let endpoint = AstrowEndpoint::with_client("astrow", config, client).readers(readers());
    endpoint.identify().await.unwrap();
    (sim, endpoint)
}

fn readers() -> Readers {
    Readers::from([("11".to_owned(), ReaderBooking::new("9001011"))])
}

fn people() -> Samples<Person> {
    let reference = |entity, id: &str| RefKey { entity, id: id.into() };
    Samples::new(move |n| Person {
        first_name: Known::from_text("Sample"),
        middle_name: Known::from_text("van"),
        last_name: Known::from_text(format!("Person{n}")),
        personnel_number: Known::from_text(format!("S-{n}")),
        email: Known::from_text(format!("s{n}@example.org")),
        telephone: Known::from_text("+32 2 555 01 00"),
        department: Known::Value(reference(Department::KIND, "Finance")),
        policies: Known::Value(BTreeSet::from([
            reference(AccessPolicy::KIND, "1"),
            reference(AccessPolicy::KIND, "4 from=20260301T000000Z until=20260601T000000Z"),
        ])),
        credentials: Known::Value(BTreeSet::from([
            Credential::new("pac-prox", format!("70{n:06}")),
            Credential::new("wiegand26 state=lost", format!("77-{n}")),
        ])),
        access_id: Known::from_text(format!("{}", 5_000 + n)),
        start_date: Known::Value("2020-01-06".parse().unwrap()),
        ..Person::default()
    })
    .changing(|n| Person { last_name: Known::from_text(format!("Changed{n}")), ..Person::default() })
    .texts(&["first_name", "middle_name", "last_name", "personnel_number"])
    .missing("987654321")
}

fn clocking(number: i64, person: &str) -> Clocking {
    let minute = number % 60;
    Clocking {
        key: EventKey { endpoint: "pac".into(), epoch: 0, number },
        kind: ClockingKind::Attendance,
        person: Some(person.into()),
        stranger: None,
        device: "11".into(),
        occurred: format!("2026-03-02T07:{minute:02}:14+00:00").parse().unwrap(),
        class: EventClass::Granted,
        credential: None,
        direction: Direction::In,
        identity: Some(format!("5D1E00C7A2B49F03:{number}")),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_pass_in_large_and_small_pages_and_with_either_form_of_numbers() {
    for (page, hex) in [(0, false), (5, true)] {
        let (_sim, astrow) = astrow(|switches| switches.page_size = page, hex).await;
        conformance::sink(&astrow, &people()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_pass_as_a_source() {
    let (sim, astrow) = astrow(|_| {}, false).await;
    sim.world(|world| world.take_definitions(serde_json::from_str(READER).unwrap()));
    conformance::source(&astrow as &dyn Source<Device>, &"987654321".into()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bookings_pass() {
    let (_sim, astrow) = astrow(|_| {}, false).await;
    sink_takes_an_empty_batch(&astrow).await.unwrap();
    sink_answers_again(&astrow, &clocking(1, "1001"), &clocking(99, "1001")).await.unwrap();
    let good: Vec<_> = (2..6).map(|number| clocking(number, "1002")).collect();
    sink_keeps_good_from_bad(&astrow, &good, &clocking(7, "987654")).await.unwrap();
}

#[tokio::test]
async fn bookings_by_files_pass() {
    let service = Service::new("completed");
    let config = AstrowConfig::files(service.config(|_| {}));
    let astrow = AstrowEndpoint::with_files("astrow", config, service.driver(|_| {})).readers(readers());
    sink_takes_an_empty_batch(&astrow).await.unwrap();
    sink_answers_again(&astrow, &clocking(1, "1042"), &clocking(99, "1042")).await.unwrap();
    let good: Vec<_> = (2..6).map(|number| clocking(number, "1042")).collect();
    sink_keeps_good_from_bad(&astrow, &good, &clocking(7, "987654")).await.unwrap();
}

#[tokio::test]
async fn people_by_files_pass_as_a_source() {
    let service = Service::new("completed");
    let config = AstrowConfig::files(service.config(|_| {}));
    let astrow = AstrowEndpoint::with_files("astrow", config, service.driver(|_| {}));
    conformance::source(&astrow as &dyn Source<Person>, &"987654321".into()).await.unwrap();
}

const READER: &str = r#"{"accessGroups":[],"controllers":[],"readers":[{"id":15,"name":"Dock"}]}"#;
