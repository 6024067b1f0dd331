//! The simulated school.

mod change;
mod happen;
mod json;
mod record;
mod seed;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
pub use record::{
    Address, Credential, Deleted, Deletion, Department, Device, DeviceKind, Direction, Event, EventType, Method,
    Person, PersonType, Place, Visit,
};
pub(crate) use seed::seed;

use super::contract::CONTRACT;
use super::switches::Switches;
use crate::bridge::profile::Profile;
use crate::bridge::{Access, Common, Front, Licence, Site};
use crate::clock::{Clock, Zone};

pub(crate) const EVENT: &str = "ev-";
pub(crate) const VISIT: &str = "v-";
pub(crate) const CURSOR: &str = "d-";

/// The whole school.
///
/// Fields may be read and changed freely; the methods keep times, visits and the list of deletions in step.
#[derive(Debug, Clone)]
pub struct World {
    /// The clock.
    pub clock: Clock,
    /// The switches.
    pub switches: Switches,
    /// Time zone of the installation.
    pub zone: Zone,
    /// Name of the school.
    pub organisation: String,
    /// Who may call.
    pub access: Access,
    /// The licence of the interface.
    pub licence: Licence,
    /// Sites by id.
    pub sites: BTreeMap<u32, Place>,
    /// Departments by id.
    pub departments: BTreeMap<u32, Department>,
    /// Staff, students, visitors by id.
    pub people: BTreeMap<u32, Person>,
    /// Devices by id.
    pub devices: BTreeMap<u32, Device>,
    /// The events, by rising `seq`; a later version of an event stands behind the earlier one.
    pub events: Vec<Event>,
    /// Visits by number, made from the events.
    pub visits: BTreeMap<u64, Visit>,
    /// The list of deletions, by rising cursor.
    pub deletions: Vec<Deletion>,
    /// Highest numbers given so far.
    pub counters: Counters,
    /// Visits by the `seq` of their last change.
    pub(crate) visit_order: BTreeMap<u64, u64>,
    /// Open visits by person.
    pub(crate) on_site: BTreeMap<u32, u64>,
    /// The last day whose 23:59 has been.
    pub(crate) night: Option<NaiveDate>,
    /// Events below this are gone.
    pub(crate) events_from: u64,
    /// Deletions below this are gone.
    pub(crate) deletions_from: u64,
    pub(crate) front: Front,
}

/// Highest numbers given so far; set them to choose the next ids.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// People.
    pub person: u32,
    /// Departments.
    pub department: u32,
    /// Devices.
    pub device: u32,
    /// Ids of events.
    pub event: u64,
    /// Arrival order of events.
    pub seq: u64,
    /// Visits.
    pub visit: u64,
    /// Deletions.
    pub cursor: u64,
}

impl Default for Counters {
    fn default() -> Self {
        Self { person: 300, department: 10, device: 4, event: 50_000, seq: 1000, visit: 8000, cursor: 40 }
    }
}

impl World {
    /// A school without anybody.
    pub fn empty(clock: Clock, zone: Zone) -> Self {
        let main = Place { id: 1, name: "Main site".to_owned(), zone: None };
        let night = zone.local(clock.now()).date().pred_opt();
        Self {
            clock,
            switches: Switches::default(),
            zone,
            organisation: "Example Academy".to_owned(),
            access: Access::default(),
            licence: Licence::default(),
            sites: BTreeMap::from([(1, main)]),
            departments: BTreeMap::new(),
            people: BTreeMap::new(),
            devices: BTreeMap::new(),
            events: Vec::new(),
            visits: BTreeMap::new(),
            deletions: Vec::new(),
            counters: Counters::default(),
            visit_order: BTreeMap::new(),
            on_site: BTreeMap::new(),
            night,
            events_from: 0,
            deletions_from: 0,
            front: Front::new(Profile::built_in(&CONTRACT)),
        }
    }

    /// What the server takes for the time: the clock and the switch for its offset.
    pub fn now(&self) -> DateTime<Utc> {
        let offset = TimeDelta::try_seconds(self.switches.clock_offset_seconds).unwrap_or_default();
        self.clock.now().checked_add_signed(offset).unwrap_or_else(|| self.clock.now())
    }

    /// The first person with this shown name.
    pub fn person_named(&self, display_name: &str) -> Option<&Person> {
        self.people.values().find(|person| person.display_name == display_name)
    }

    /// The first device with this name.
    pub fn device_named(&self, name: &str) -> Option<&Device> {
        self.devices.values().find(|device| device.name == name)
    }

    /// The first department with this name.
    pub fn department_named(&self, name: &str) -> Option<&Department> {
        self.departments.values().find(|department| department.name == name)
    }

    /// All staff, enabled or not.
    pub fn personnel(&self) -> impl Iterator<Item = &Person> {
        self.people.values().filter(|person| person.person_type == PersonType::Personnel)
    }

    /// Visits of those who are on site.
    pub fn present(&self) -> impl Iterator<Item = &Visit> {
        self.on_site.values().filter_map(|visit| self.visits.get(visit))
    }

    /// Highest `seq` given so far.
    pub fn last_seq(&self) -> u64 {
        self.counters.seq
    }

    /// The id of an event as the wire shows it.
    pub fn event_id(&self, event: u64) -> String {
        if self.switches.numeric_ids { event.to_string() } else { format!("{EVENT}{event}") }
    }

    /// Whether visits are served instead of events.
    pub(crate) fn serves_visits(&self) -> bool {
        self.switches.visits || self.front.profile.visits
    }

    /// What the server can do, removed parts left out.
    pub(crate) fn capabilities(&self) -> Vec<&'static str> {
        let profile = &self.front.profile;
        let by_day = self.serves_visits() && !profile.by_day_path.is_empty();
        let served = |capability: &str| match capability {
            "on-site" => profile.serves("on_site"),
            "events" => profile.serves("events") || by_day,
            "events.follow" => profile.serves("events"),
            part => profile.serves(part),
        };
        let there = |name: &&&str| !self.switches.without.iter().any(|gone| gone == **name) && served(name);
        CAPABILITIES.iter().filter(there).copied().collect()
    }
}

impl Site for World {
    fn front(&self) -> &Front {
        &self.front
    }

    fn common(&self) -> Common {
        self.switches.common()
    }

    fn zone(&self) -> Zone {
        self.zone
    }

    fn clock_now(&self) -> DateTime<Utc> {
        self.clock.now()
    }
}

/// What the contract lets a server do.
const CAPABILITIES: [&str; 9] =
    ["sites", "personnel", "departments", "devices", "events", "events.follow", "on-site", "deletions", "session"];
