//! The demo's world: a simulated Net2 site, and a timeware store that knows some of its people already.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use timeware_model::{PersonFields, SqliteStore, Store, TimewareConfig};
use vendor_sim::net2::{Net2Sim, User};

use super::{Config, Departments, People, PersonalField, Policies};
use crate::attendance::config::{Events, Switch};
use crate::attendance::demo::named;

/// Custom fields of Net2 that hold the personnel number and the mail address.
const PERSONNEL_NUMBER: i64 = 14;
const EMAIL: i64 = 9;
/// People of the simulated site.
const PEOPLE: usize = 120;
/// How many of them timeware knows already.
const KNOWN: usize = 40;

/// A simulated Net2 server with people, doors and the events of the past days.
///
/// # Errors
/// No free port on loopback.
pub(super) async fn net2_site() -> anyhow::Result<Net2Sim> {
    Net2Sim::builder().people(PEOPLE).seed(7).start().await
}

/// An embedded timeware store in which somebody entered part of the staff by hand, years ago.
///
/// # Errors
/// The file cannot be written.
pub(super) async fn timeware_store(path: &Path, site: &Net2Sim) -> anyhow::Result<Arc<dyn Store>> {
    let mut config = config(site).timeware();
    config.path = path.to_owned();
    let store = SqliteStore::open_with(config).context("the demo's timeware store")?;
    let users: Vec<User> = site.world(|world| world.active_users().cloned().collect());
    for (position, user) in users.iter().filter(|user| user.id != 0).take(KNOWN).enumerate() {
        store.create_person(&entered_by_hand(position, user)?, None).await?;
    }
    // Two people whom Net2 has never heard of: nobody touches them.
    for (first, last) in [("Petra", "Volunteer"), ("Quentin", "Contractor")] {
        store.create_person(&named(first, last)?, None).await?;
    }
    Ok(Arc::new(store))
}

/// Most have their personnel number, some their mail address only; a few have an outdated name.
fn entered_by_hand(position: usize, user: &User) -> anyhow::Result<PersonFields> {
    let first = user.first_name.as_deref().unwrap_or("-");
    let last = user.last_name.as_deref().unwrap_or("-");
    let mut fields = match position % 10 {
        3 => named(first, &format!("{last}-Formerly"))?,
        _ => named(first, last)?,
    };
    if position % 10 == 7 {
        fields.email_address = user.fields.get(&EMAIL).cloned().into();
    } else {
        fields.paylink = user.fields.get(&PERSONNEL_NUMBER).cloned().into();
    }
    Ok(fields)
}

/// The demo's configuration: everything on, live hub off, since a demo ends before anything could happen.
pub(super) fn config(site: &Net2Sim) -> Config {
    Config {
        net2: super::net2_section(site),
        timeware: TimewareConfig::default(),
        people: People { fields: vec![PersonalField::Email], ..People::default() },
        departments: Departments::default(),
        policies: Policies::default(),
        doors: Switch::default(),
        door_groups: Switch::default(),
        events: Events { live: false, ..Events::default() },
    }
}

/// The doors that the demo's people use.
pub(super) fn doors(site: &Net2Sim) -> Vec<String> {
    site.world(|world| world.doors.values().take(3).map(|door| door.name.clone()).collect())
}

/// Everybody comes in by the first door and leaves by the second, some by the third; returns how many passed.
pub(super) fn a_working_day(site: &Net2Sim) -> usize {
    site.world(|world| {
        let users: Vec<i64> = world.active_users().map(|user| user.id).filter(|id| *id != 0).collect();
        let doors: Vec<i64> = world.doors.keys().copied().take(3).collect();
        let mut passed = 0;
        for (position, user) in users.iter().enumerate() {
            let Some(door) = doors.get(position % doors.len().max(1)) else { continue };
            passed += usize::from(world.pass(*user, *door, true));
        }
        passed
    })
}
