//! timeware passes the engine's conformance kit with the abilities that it declares, on every store.
#![cfg(feature = "sync")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod common;

use std::collections::BTreeSet;

use common::*;
use sync_core::model::{AccessPolicy, Credential, Department, Device, DeviceGroup, Known, Person};
use sync_core::test_kit::conformance::{self, Samples};
use timeware_model::sync::TimewareEndpoint;

on_every_store!(people_pass, departments_policies_terminals_and_groups_pass);

fn name(n: usize) -> Known<String> {
    Known::from_text(format!("Sample {n}"))
}

async fn people_pass(engine: Engine) {
    let world = store(engine, "").await;
    let timeware = TimewareEndpoint::new("timeware", world.shared());
    let samples = Samples::new(|n| Person {
        first_name: Known::from_text("Sample"),
        last_name: Known::from_text(format!("Person{n}")),
        personnel_number: Known::from_text(format!("P{n}")),
        credentials: Known::Value(BTreeSet::from([Credential::new("", format!("{}", 7_000_000 + n))])),
        active: Known::Value(true),
        ..Person::default()
    })
    .changing(|n| Person { last_name: Known::from_text(format!("Changed{n}")), ..Person::default() })
    .texts(&["first_name", "last_name", "personnel_number"]);
    conformance::sink(&*timeware.people(), &samples).await.unwrap();
}

async fn departments_policies_terminals_and_groups_pass(engine: Engine) {
    let world = store(engine, "").await;
    let timeware = TimewareEndpoint::new("timeware", world.shared());
    let samples = Samples::new(|n| Department { name: name(n) })
        .changing(|n| Department { name: Known::from_text(format!("Changed {n}")) })
        .texts(&["name"]);
    conformance::sink(&*timeware.departments(), &samples).await.unwrap();
    let samples = Samples::new(|n| AccessPolicy { name: name(n), ..AccessPolicy::default() })
        .changing(|n| AccessPolicy { name: Known::from_text(format!("Changed {n}")), ..AccessPolicy::default() })
        .texts(&["name"]);
    conformance::sink(&*timeware.policies(), &samples).await.unwrap();
    let samples = Samples::new(|n| Device { name: name(n), ..Device::default() })
        .changing(|n| Device { name: Known::from_text(format!("Changed {n}")), ..Device::default() })
        .texts(&["name"]);
    conformance::sink(&*timeware.devices(), &samples).await.unwrap();
    let samples = Samples::new(|n| DeviceGroup { name: name(n), ..DeviceGroup::default() })
        .changing(|n| DeviceGroup { name: Known::from_text(format!("Changed {n}")), ..DeviceGroup::default() })
        .texts(&["name"]);
    conformance::sink(&*timeware.device_groups(), &samples).await.unwrap();
}
