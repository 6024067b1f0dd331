//! The demo's world: a simulated Optima site, and a timeware store that knows some of its people already.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use optima_client::sync::OptimaConfig;
use timeware_model::{Credential, Credentials, SqliteStore, Store, TimewareConfig};
use vendor_sim::optima::OptimaSim;

use super::{Config, People, Policies};
use crate::attendance::config::{Events, Switch};
use crate::attendance::demo::named;

/// People of the simulated site.
const PEOPLE: usize = 80;
/// How many of them timeware knows already.
const KNOWN: usize = 20;

/// A simulated Optima server with people, readers and the events of the past days.
///
/// # Errors
/// No free port on loopback.
pub(super) async fn site() -> anyhow::Result<OptimaSim> {
    OptimaSim::builder().people(PEOPLE).event_days(2).seed(7).start().await
}

/// An embedded timeware store in which somebody entered part of the staff by hand, with their card numbers.
///
/// # Errors
/// The file cannot be written.
pub(super) async fn timeware_store(path: &Path, config: &Config, site: &OptimaSim) -> anyhow::Result<Arc<dyn Store>> {
    let mut timeware = config.timeware.clone();
    timeware.path = path.to_owned();
    let store = SqliteStore::open_with(timeware).context("the demo's timeware store")?;
    let people = site.world(|world| {
        let known = world.badges.values().filter(|badge| badge.main_card().is_some()).take(KNOWN);
        known
            .map(|badge| {
                let card = badge.main_card().and_then(|card| card.number.clone());
                (badge.first_name.clone(), badge.last_name.clone(), card)
            })
            .collect::<Vec<_>>()
    });
    for (first, last, card) in people {
        let (Some(first), Some(last)) = (first, last) else { continue };
        let mut fields = named(&first, &last)?;
        fields.credentials = card.map(|number| Credentials::new("by hand", vec![Credential::new(&*number).primary()]));
        store.create_person(&fields, None).await?;
    }
    // Somebody whom Optima has never heard of: nobody touches her.
    store.create_person(&named("Petra", "Volunteer")?, None).await?;
    Ok(Arc::new(store))
}

/// The demo's configuration: everything on; nothing is followed live, since a demo ends before anything could happen.
pub(super) fn config(site: &OptimaSim) -> Config {
    let mut optima = OptimaConfig::new(site.url(), "env:DEMO");
    optima.requests_per_second = 1_000.0;
    Config {
        optima,
        timeware: TimewareConfig::default(),
        people: People::default(),
        policies: Policies::default(),
        readers: Switch::default(),
        events: Events { live: false, ..Events::default() },
    }
}

/// The readers that the demo's people use.
pub(super) fn readers(site: &OptimaSim) -> Vec<String> {
    site.world(|world| world.readers.values().take(3).map(|reader| reader.name.clone()).collect())
}

/// Everybody who is enabled passes the first or second reader, some the third; returns how many passed.
pub(super) fn a_working_day(site: &OptimaSim) -> usize {
    site.world(|world| {
        let people: Vec<u32> = world.badges.iter().filter(|(_, badge)| badge.enabled).map(|(id, _)| *id).collect();
        let readers: Vec<u32> = world.readers.keys().copied().take(3).collect();
        for (person, reader) in people.iter().zip(readers.iter().cycle()) {
            world.pass(*person, *reader, true);
        }
        people.len()
    })
}
