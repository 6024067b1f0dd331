//! Optima passes the engine's conformance kit on its simulator, with the abilities that it declares.
#![cfg(feature = "sync")]
#![allow(clippy::unwrap_used, reason = "a test may stop")]

use std::collections::BTreeSet;

use optima_client::sync::{OptimaConfig, OptimaEndpoint};
use secrecy::SecretString;
use sync_core::connector::{Endpoint as _, Source};
use sync_core::model::{AccessPolicy, Credential, Device, Known, Person};
use sync_core::test_kit::conformance::{self, Samples};
use sync_core::test_kit::{source_in_order, source_pages_agree, source_resumes};
use vendor_sim::optima::{OptimaSim, Switches};

async fn optima(change: impl FnOnce(&mut Switches)) -> (OptimaSim, OptimaEndpoint) {
    let sim = OptimaSim::builder().seed(5).people(12).event_days(3).with_switches(change).start().await.unwrap();
    let mut config = OptimaConfig::new(sim.url(), "env:UNUSED");
    config.requests_per_second = 10_000.0;
    let endpoint = OptimaEndpoint::new("optima", config, SecretString::from(sim.key())).unwrap();
    endpoint.identify().await.unwrap();
    (sim, endpoint)
}

fn plain(_: &mut Switches) {}

fn small_pages(switches: &mut Switches) {
    switches.page_size = 3;
    switches.numeric_ids = true;
}

fn people() -> Samples<Person> {
    Samples::new(|n| Person {
        first_name: Known::from_text("Sample"),
        last_name: Known::from_text(format!("Person{n}")),
        valid_from: Known::Value("2026-01-05".parse().unwrap()),
        valid_until: Known::Value("2031-03-28".parse().unwrap()),
        credentials: Known::Value(BTreeSet::from([Credential::new("", format!("70{n:06}"))])),
        active: Known::Value(true),
        ..Person::default()
    })
    .changing(|n| Person { last_name: Known::from_text(format!("Changed{n}")), ..Person::default() })
    .texts(&["first_name", "last_name"])
    .missing("b-987654321")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_pass_in_large_and_small_pages() {
    for change in [plain, small_pages] {
        let (_sim, optima) = optima(change).await;
        conformance::sink(&optima, &people()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn access_groups_pass() {
    let (_sim, optima) = optima(plain).await;
    let name = |n: usize| Known::from_text(format!("Sample {n}"));
    let samples = Samples::new(move |n| AccessPolicy { name: name(n), ..AccessPolicy::default() })
        .changing(|n| AccessPolicy { name: Known::from_text(format!("Changed {n}")), ..AccessPolicy::default() })
        .texts(&["name"])
        .missing("ag-987654321");
    conformance::sink(&optima, &samples).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_pass_as_a_source() {
    let (_sim, optima) = optima(plain).await;
    conformance::source(&optima as &dyn Source<Device>, &"r-987654321".into()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_pass_in_large_and_small_pages() {
    for change in [plain, small_pages] {
        let (_sim, optima) = optima(change).await;
        source_in_order(&optima, 20).await.unwrap();
        source_resumes(&optima).await.unwrap();
        source_pages_agree(&optima).await.unwrap();
    }
}
