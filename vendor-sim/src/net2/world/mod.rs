//! The simulated site: everything a Net2 server would keep in its database.

mod access;
mod change;
mod happen;
mod names;
mod record;
mod rights;
mod seed;
mod texts;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};

pub(crate) use happen::DoorOrder;
pub use record::{
    AccessLevel, Area, AreaGroup, CustomField, Department, Door, DoorGroup, Event, IndividualPermission, IoBoard,
    Licence, Operator, RollCall, Row, Slot, Timezone, Token, User,
};
use rights::RightsLog;
pub use rights::{CodeSpan, DoorRight, Rights, RightsSpan, Via};
pub(crate) use seed::{SeedPlan, seed};
pub(crate) use texts::{TOKEN_TYPES, day_name, event_text, sub_type_text, token_type_number};

use super::switches::Switches;
use crate::clock::{Clock, Zone};

/// Ids of private access levels are above this.
pub(crate) const PRIVATE_LEVEL: i64 = 10_000_000;

/// Something a live connection may want to hear of.
#[derive(Debug, Clone)]
pub(crate) enum Live {
    Event(Box<Event>),
    Door { door: i64, locked: bool },
    DoorStatus { door: i64 },
    RollCall { report: i64, user: i64, safe: bool },
}

/// The whole site.
///
/// Fields may be read and changed freely; the methods keep what hangs together in step.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct World {
    /// The clock.
    #[serde(skip)]
    pub clock: Clock,
    /// The switches.
    #[serde(skip)]
    pub switches: Switches,
    #[serde(skip)]
    pub(crate) rights: RightsLog,
    #[serde(skip)]
    pub(crate) outbox: Vec<Live>,
    #[serde(skip)]
    pub(crate) closings: Vec<(DateTime<Utc>, i64)>,
    /// The server's time zone.
    pub zone: Zone,
    /// Licences by client id.
    pub licences: BTreeMap<String, Licence>,
    /// Operators by user id.
    pub operators: BTreeMap<i64, Operator>,
    /// Users by id; deleted ones stay, inactive.
    pub users: BTreeMap<i64, User>,
    /// Departments by id, without 0.
    pub departments: BTreeMap<i64, Department>,
    /// Access levels by id, without private ones.
    pub access_levels: BTreeMap<i64, AccessLevel>,
    /// Areas by id.
    pub areas: BTreeMap<i64, Area>,
    /// Area groups by id.
    pub area_groups: BTreeMap<i64, AreaGroup>,
    /// Timezones by id.
    pub timezones: BTreeMap<i64, Timezone>,
    /// Custom days by id, from 8 on.
    pub custom_days: BTreeMap<i64, String>,
    /// Doors by serial number.
    pub doors: BTreeMap<i64, Door>,
    /// Door groups by id.
    pub door_groups: BTreeMap<i64, DoorGroup>,
    /// Custom fields by number.
    pub custom_fields: BTreeMap<i64, CustomField>,
    /// The event log, by rising id.
    pub events: Vec<Event>,
    /// Events that controllers have not uploaded yet.
    pub held_events: Vec<Event>,
    /// Roll calls by id.
    pub roll_calls: BTreeMap<i64, RollCall>,
    /// IO boards by id.
    pub io_boards: BTreeMap<i64, IoBoard>,
    /// Whether the building is locked down.
    pub lockdown: bool,
    /// Highest ids given so far, by what they name.
    pub counters: BTreeMap<String, i64>,
}

impl World {
    /// What the clock shows.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// What the clock shows, as wall clock time of the server.
    pub fn local_now(&self) -> NaiveDateTime {
        self.zone.local(self.now())
    }

    /// Users that the server lists.
    pub fn active_users(&self) -> impl Iterator<Item = &User> {
        self.users.values().filter(|user| user.active)
    }

    /// The first active user with these names.
    pub fn user_named(&self, first: &str, last: &str) -> Option<&User> {
        self.active_users()
            .find(|user| user.first_name.as_deref() == Some(first) && user.last_name.as_deref() == Some(last))
    }

    /// Who holds a token with this value.
    pub fn holder(&self, token_value: &str) -> Option<&User> {
        self.users.values().find(|user| user.tokens.iter().any(|token| token.token_value == token_value))
    }

    /// The whole site as JSON in a fixed order, without clock and switches.
    ///
    /// # Errors
    /// Only if the site cannot be written as JSON.
    pub fn dump(&self) -> anyhow::Result<serde_json::Value> {
        Ok(serde_json::to_value(self)?)
    }

    /// Takes over an older copy; clock, switches and the record of rights stay.
    pub fn restore(&mut self, older: World) {
        let (clock, switches, rights) = (self.clock.clone(), self.switches.clone(), std::mem::take(&mut self.rights));
        *self = older;
        self.clock = clock;
        self.switches = switches;
        self.rights = rights;
        self.record_rights();
    }

    /// The next free id; ids are never given twice.
    pub(crate) fn next_id(&mut self, what: &str) -> i64 {
        let counter = self.counters.entry(what.to_owned()).or_insert(0);
        *counter += 1;
        *counter
    }
}
