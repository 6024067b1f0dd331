//! The simulated site.

mod change;
mod happen;
mod json;
mod record;
mod seed;

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
pub use record::{
    Badge, Change, Class, Controller, Credential, CredentialKind, CredentialState, Direction, Door, Entity, Event,
    Group, GroupKind, Membership, Op, Reader, Shown,
};
pub(crate) use seed::seed;

use super::contract::CONTRACT;
use super::switches::Switches;
use crate::bridge::profile::Profile;
use crate::bridge::{Access, Common, Front, Licence, Remembered, Site};
use crate::clock::{Clock, Zone};

pub(crate) const BADGE: &str = "b-";
pub(crate) const GROUP: &str = "ag-";
pub(crate) const READER: &str = "r-";
pub(crate) const DOOR: &str = "d-";
pub(crate) const CONTROLLER: &str = "c-";
pub(crate) const CREDENTIAL: &str = "cr-";
pub(crate) const CURSOR: &str = "c-";

/// The whole site.
///
/// Fields may be read and changed freely; the methods keep versions and the record of changes in step.
#[derive(Debug, Clone)]
pub struct World {
    /// The clock.
    pub clock: Clock,
    /// The switches.
    pub switches: Switches,
    /// Time zone of the site.
    pub zone: Zone,
    /// Name of the site.
    pub site: String,
    /// Version in `info`.
    pub version: String,
    /// Who may call.
    pub access: Access,
    /// The licence of the interface.
    pub licence: Licence,
    /// Most credentials of a badge.
    pub credentials_per_badge: usize,
    /// Longest name.
    pub name_length: usize,
    /// Badges by number.
    pub badges: BTreeMap<u32, Badge>,
    /// Access groups by number.
    pub groups: BTreeMap<u32, Group>,
    /// Readers by number.
    pub readers: BTreeMap<u32, Reader>,
    /// The record of changes, by rising cursor.
    pub changes: Vec<Change>,
    /// The events, by rising `seq`.
    pub events: Vec<Event>,
    /// Changes with the store of events.
    pub epoch: String,
    /// Highest numbers given so far.
    pub counters: Counters,
    /// Names of badges that are gone, for their events.
    pub(crate) former: HashMap<u32, String>,
    /// Events below this are gone.
    pub(crate) events_from: u64,
    /// Changes below this are gone.
    pub(crate) changes_from: u64,
    pub(crate) remembered: Remembered,
    pub(crate) front: Front,
}

/// Highest numbers given so far; set them to choose the next ids.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Badges.
    pub badge: u32,
    /// Credentials.
    pub credential: u32,
    /// Access groups.
    pub group: u32,
    /// Readers.
    pub reader: u32,
    /// Ids of events.
    pub event: u64,
    /// Arrival order of events.
    pub seq: u64,
    /// Changes.
    pub cursor: u64,
}

impl Default for Counters {
    fn default() -> Self {
        Self { badge: 100, credential: 1000, group: 0, reader: 10, event: 30_000, seq: 1000, cursor: 100 }
    }
}

impl World {
    /// An empty site.
    pub fn empty(clock: Clock, zone: Zone) -> Self {
        Self {
            clock,
            switches: Switches::default(),
            zone,
            site: "Harbour House".to_owned(),
            version: "sim-1.0".to_owned(),
            access: Access::default(),
            licence: Licence::default(),
            credentials_per_badge: 5,
            name_length: 64,
            badges: BTreeMap::new(),
            groups: BTreeMap::new(),
            readers: BTreeMap::new(),
            changes: Vec::new(),
            events: Vec::new(),
            epoch: "2025A".to_owned(),
            counters: Counters::default(),
            former: HashMap::new(),
            events_from: 0,
            changes_from: 0,
            remembered: Remembered::default(),
            front: Front::new(Profile::built_in(&CONTRACT)),
        }
    }

    /// What the server takes for the time: the clock and the switch for its offset.
    pub fn now(&self) -> DateTime<Utc> {
        let offset = TimeDelta::try_seconds(self.switches.clock_offset_seconds).unwrap_or_default();
        self.clock.now().checked_add_signed(offset).unwrap_or_else(|| self.clock.now())
    }

    /// The first badge with this shown name.
    pub fn badge_named(&self, name: &str) -> Option<&Badge> {
        self.badges.values().find(|badge| badge.name == name)
    }

    /// Who holds a card with this number.
    pub fn holder(&self, number: &str) -> Option<&Badge> {
        self.badges.values().find(|badge| badge.cards().any(|card| card.number.as_deref() == Some(number)))
    }

    /// The first reader with this name.
    pub fn reader_named(&self, name: &str) -> Option<&Reader> {
        self.readers.values().find(|reader| reader.name == name)
    }

    /// The first group with this name.
    pub fn group_named(&self, name: &str) -> Option<&Group> {
        self.groups.values().find(|group| group.name == name)
    }

    /// The id of a badge as the wire shows it.
    pub fn badge_id(&self, badge: u32) -> String {
        self.shown(BADGE, badge)
    }

    /// The id of an access group as the wire shows it.
    pub fn group_id(&self, group: u32) -> String {
        self.shown(GROUP, group)
    }

    /// The id of a reader as the wire shows it.
    pub fn reader_id(&self, reader: u32) -> String {
        self.shown(READER, reader)
    }

    fn shown(&self, prefix: &str, id: u32) -> String {
        super::vendor::shown_id(&crate::bridge::id_json(prefix, id, self.switches.numeric_ids))
    }

    /// Highest `seq` given so far.
    pub fn last_seq(&self) -> u64 {
        self.counters.seq
    }

    /// What the server can do, removed parts left out.
    pub(crate) fn capabilities(&self) -> Vec<&'static str> {
        let profile = &self.front.profile;
        let served = |capability: &str| {
            let path = match capability.split_once('.').map_or(capability, |(part, _)| part) {
                "access-groups" => "access_groups",
                other => other,
            };
            profile.serves(path)
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
const CAPABILITIES: [&str; 10] = [
    "badges",
    "badges.write",
    "badges.delete",
    "access-groups",
    "access-groups.write",
    "readers",
    "events",
    "events.follow",
    "changes",
    "session",
];

impl Badge {
    /// Its cards.
    pub fn cards(&self) -> impl Iterator<Item = &Credential> {
        self.credentials.iter().filter(|credential| credential.kind == CredentialKind::Card)
    }

    /// Its first choice among the cards, or else its first card.
    pub fn main_card(&self) -> Option<&Credential> {
        self.cards().find(|card| card.primary).or_else(|| self.cards().next())
    }
}
