//! The demo's world: a simulated school, and a timeware store that knows some of its staff already.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use inventry_client::sync::{InventryConfig, PersonalField};
use timeware_model::{SqliteStore, Store, TimewareConfig};
use vendor_sim::inventry::InventrySim;

use super::{Config, People};
use crate::attendance::config::{Events, Switch};
use crate::attendance::demo::named;

/// Staff of the simulated school.
const PEOPLE: usize = 60;
/// How many of them timeware knows already.
const KNOWN: usize = 20;

/// A simulated school with staff, departments, devices and the events of the past days.
///
/// # Errors
/// No free port on loopback.
pub(super) async fn school() -> anyhow::Result<InventrySim> {
    InventrySim::builder().people(PEOPLE).event_days(2).seed(7).start().await
}

/// An embedded timeware store in which somebody entered part of the staff by hand, with their staff codes.
///
/// # Errors
/// The file cannot be written.
pub(super) async fn timeware_store(
    path: &Path,
    config: &Config,
    school: &InventrySim,
) -> anyhow::Result<Arc<dyn Store>> {
    let mut timeware = config.timeware();
    timeware.path = path.to_owned();
    let store = SqliteStore::open_with(timeware).context("the demo's timeware store")?;
    let people = school.world(|world| {
        let known = world.personnel().filter(|person| person.staff_code.is_some()).take(KNOWN);
        known
            .map(|person| (person.forename.clone(), person.surname.clone(), person.staff_code.clone()))
            .collect::<Vec<_>>()
    });
    for (forename, surname, code) in people {
        let mut fields = named(&forename, &surname)?;
        fields.paylink = code.into();
        store.create_person(&fields, None).await?;
    }
    // Somebody whom InVentry has never heard of: nobody touches her.
    store.create_person(&named("Petra", "Volunteer")?, None).await?;
    Ok(Arc::new(store))
}

/// The demo's configuration: everything on, personal fields included; nothing is followed live, since a demo ends before
/// anything could happen.
pub(super) fn config(school: &InventrySim) -> Config {
    let mut inventry = InventryConfig::new(school.url(), "env:DEMO");
    inventry.fields_on = PersonalField::ALL.into();
    inventry.requests_per_second = 1_000.0;
    Config {
        inventry,
        timeware: TimewareConfig::default(),
        people: People::default(),
        departments: Switch::default(),
        devices: Switch::default(),
        events: Events { live: false, ..Events::default() },
    }
}

/// The devices that the demo's people use.
pub(super) fn devices(school: &InventrySim) -> Vec<String> {
    school.world(|world| world.devices.values().take(3).map(|device| device.name.clone()).collect())
}

/// Everybody who is enabled signs in, and half of them out again; returns how many came.
pub(super) fn a_school_day(school: &InventrySim) -> usize {
    school.world(|world| {
        let people: Vec<u32> = world.personnel().filter(|person| person.enabled).map(|person| person.id).collect();
        let devices: Vec<u32> = world.devices.keys().copied().take(3).collect();
        for (place, (person, device)) in people.iter().zip(devices.iter().cycle()).enumerate() {
            world.sign_in(*person, Some(*device));
            if place % 2 == 0 {
                world.sign_out(*person, Some(*device));
            }
        }
        people.len()
    })
}
