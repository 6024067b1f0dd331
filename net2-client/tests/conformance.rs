//! Net2 passes the engine's conformance kit on its simulator, with the abilities that it declares.
#![cfg(feature = "sync")]
#![allow(clippy::unwrap_used, reason = "a test may stop")]

use net2_client::sync::{Net2Config, Net2Endpoint};
use secrecy::SecretString;
use sync_core::connector::Source;
use sync_core::model::{AccessPolicy, Department, Device, DeviceGroup, Known, Person};
use sync_core::test_kit::conformance::{self, Samples};
use vendor_sim::net2::Net2Sim;

async fn net2(marker: Option<u8>) -> (Net2Sim, Net2Endpoint) {
    let sim = Net2Sim::builder().people(6).seed(5).start().await.unwrap();
    let mut config = Net2Config::new(sim.url(), sim.operator(), "env:UNUSED", sim.client_id(), "Europe/London");
    config.requests_per_second = 10_000.0;
    config.marker_field = marker;
    let password = SecretString::from(sim.password().to_owned());
    let endpoint = Net2Endpoint::new("net2", config, password, None).unwrap();
    (sim, endpoint)
}

fn people() -> Samples<Person> {
    Samples::new(|n| Person {
        first_name: Known::from_text("Sample"),
        last_name: Known::from_text(format!("Person{n}")),
        personnel_number: Known::from_text(format!("P{n}")),
        ..Person::default()
    })
    .changing(|n| Person { last_name: Known::from_text(format!("Changed{n}")), ..Person::default() })
    .texts(&["first_name", "last_name", "personnel_number"])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_pass_with_a_marker_and_without() {
    for marker in [Some(13), None] {
        let (_sim, net2) = net2(marker).await;
        conformance::sink(&net2, &people()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn departments_and_access_levels_pass() {
    let (_sim, net2) = net2(None).await;
    let name = |n: usize| Known::from_text(format!("Sample {n}"));
    let changed = |n: usize| Known::from_text(format!("Changed {n}"));
    let samples = Samples::new(move |n| Department { name: name(n) })
        .changing(move |n| Department { name: changed(n) })
        .texts(&["name"]);
    conformance::sink(&net2, &samples).await.unwrap();
    let samples = Samples::new(move |n| AccessPolicy { name: name(n), ..AccessPolicy::default() })
        .changing(move |n| AccessPolicy { name: changed(n), ..AccessPolicy::default() })
        .texts(&["name"]);
    conformance::sink(&net2, &samples).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doors_and_door_groups_pass_as_sources() {
    let (_sim, net2) = net2(None).await;
    conformance::source(&net2 as &dyn Source<Device>, &"987654321".into()).await.unwrap();
    conformance::source(&net2 as &dyn Source<DeviceGroup>, &"987654321".into()).await.unwrap();
}
