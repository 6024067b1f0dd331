//! Who and where: links and device settings, looked up once per run.

use std::collections::HashMap;

use futures::StreamExt as _;

use super::EventLink;
use super::classify::{DeviceSettings, PersonLink, Place};
use super::deliver::Stop;
use crate::connector::{ErrorClass, Source, SyncError};
use crate::journal::{Journal, JournalError, LedgerEvent, Side};
use crate::model::{Device, ExternalId, Pair};

/// People and devices of one delivery run.
pub(super) struct Lookup<'a> {
    journal: &'a dyn Journal,
    people: (&'a Pair, Side),
    /// How devices are linked; without that they have the same ids at both sides.
    devices: Option<(&'a Pair, Side)>,
    settings: HashMap<ExternalId, DeviceSettings>,
    known_people: HashMap<ExternalId, PersonLink>,
    known_devices: HashMap<ExternalId, Place>,
}

impl<'a> Lookup<'a> {
    /// Reads the settings of all devices at the attendance side.
    pub(super) async fn open(link: &'a EventLink, journal: &'a dyn Journal) -> Result<Self, Stop> {
        let people = link.people.as_ref().ok_or_else(|| missing("people"))?;
        let devices = link.devices.as_ref().ok_or_else(|| missing("devices"))?;
        let pair = devices.pair.as_ref().map(|pair| Ok::<_, SyncError>((pair, link.side_of(pair)?))).transpose()?;
        Ok(Self {
            journal,
            people: (people, link.side_of(people)?),
            devices: pair,
            settings: read_settings(devices.settings.as_ref()).await?,
            known_people: HashMap::new(),
            known_devices: HashMap::new(),
        })
    }

    /// The device of an event.
    pub(super) async fn place(&mut self, event: &LedgerEvent) -> Result<Place, JournalError> {
        let Some(device) = &event.device else { return Ok(Place::Unlinked) };
        if let Some(place) = self.known_devices.get(device) {
            return Ok(place.clone());
        }
        let partner = if let Some(devices) = self.devices {
            linked(self.journal, devices, device).await?
        } else {
            self.settings.entry(device.clone()).or_insert_with(|| DeviceSettings::of(&Device::default()));
            Some(device.clone())
        };
        let place = match partner {
            Some(id) => match self.settings.get(&id) {
                Some(settings) => Place::Linked { id, settings: *settings },
                None => Place::Unlinked,
            },
            None => Place::Unlinked,
        };
        self.known_devices.insert(device.clone(), place.clone());
        Ok(place)
    }

    /// The person of an event.
    pub(super) async fn person(&mut self, event: &LedgerEvent) -> Result<PersonLink, JournalError> {
        let Some(person) = &event.person else { return Ok(PersonLink::Nobody) };
        if let Some(link) = self.known_people.get(person) {
            return Ok(link.clone());
        }
        let mut found = linked(self.journal, self.people, person).await?;
        if found.is_none() {
            // Who leads has changed, and the links of the new direction are not made yet: people are who they were.
            let (pair, side) = self.people;
            found = linked(self.journal, (&pair.turned(), side.other()), person).await?;
        }
        let link = found.map_or(PersonLink::Unlinked, PersonLink::Linked);
        self.known_people.insert(person.clone(), link.clone());
        Ok(link)
    }

    /// The settings of all devices, by the source's id; devices without a link are left out.
    pub(super) async fn linked_devices(&self) -> Result<Vec<(ExternalId, DeviceSettings)>, JournalError> {
        let Some((pair, side)) = self.devices else {
            return Ok(self.settings.iter().map(|(id, settings)| (id.clone(), *settings)).collect());
        };
        let mut devices = Vec::new();
        for link in self.journal.links(pair).await? {
            let settings = link.record(side.other()).and_then(|id| self.settings.get(id));
            if let (Some(id), Some(settings)) = (link.record(side), settings) {
                devices.push((id.clone(), *settings));
            }
        }
        Ok(devices)
    }
}

async fn linked(
    journal: &dyn Journal,
    (pair, side): (&Pair, Side),
    id: &ExternalId,
) -> Result<Option<ExternalId>, JournalError> {
    let link = journal.link_of(pair, side, id).await?;
    Ok(link.and_then(|link| link.record(side.other()).cloned()))
}

/// A record that cannot be read has no settings, and its events wait.
async fn read_settings(source: &dyn Source<Device>) -> Result<HashMap<ExternalId, DeviceSettings>, SyncError> {
    let mut settings = HashMap::new();
    let mut complete = false;
    let mut pages = source.snapshot(None);
    while let Some(page) = pages.next().await {
        let page = page?;
        complete |= page.end.is_some_and(|end| end.complete);
        settings.extend(page.records.into_iter().map(|record| (record.id, DeviceSettings::of(&record.value))));
    }
    if complete { Ok(settings) } else { Err(SyncError::new(ErrorClass::Transient, "the list of devices broke off")) }
}

fn missing(what: &str) -> SyncError {
    SyncError::new(ErrorClass::Config, format!("the event link has no {what}"))
        .with_remedy("synchronise people and devices of the same two systems, and name the pairs")
}
