//! The simulated Astrow: employees, bookings, and what PAC's side told.

mod booking;
mod bookings;
mod changes;
mod ledger;
mod live;
mod people;
mod record;
mod seed;
mod site;
mod view;
mod words;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use booking::Incoming;
pub use booking::{Booking, BookingSource, BookingState, Direction, Kind, PacEvent, Rejection};
pub(crate) use bookings::{Outcome, Verdict};
pub(crate) use changes::cursor_text;
pub use changes::{Change, Entity, Op};
use chrono::NaiveDate;
pub(crate) use ledger::booking_id;
pub use record::{Badge, BadgeBase, Employee, GroupRef, Master, Name, PacTab};
pub(crate) use seed::seed;
pub(crate) use site::has;
pub use site::{
    AccessGroup, Command, CommandState, Controller, Definitions, Heartbeat, Item, Lookups, Reader, ReaderSettings,
    RollCall, SafeConfirmation, Terminal, User,
};
pub use view::TerminalEvent;

use super::api::Front;
use super::files::{Files, Layout, Template};
use super::switches::Switches;
use crate::clock::{Clock, Zone};

/// The permission that lets a user connect by API.
pub(crate) const PERMISSION: &str = "api.connect";

/// Everything behind the interface.
///
/// Fields may be read and changed freely; methods that change employees, readers and roll calls keep the entity tags and the
/// record of changes in step, as a user of Astrow would.
#[derive(Debug, Clone)]
pub struct World {
    /// The clock.
    pub clock: Clock,
    /// The switches.
    pub switches: Switches,
    /// Time zone of the site.
    pub zone: Zone,
    /// Version in `info`.
    pub version: String,
    /// The option *Use hexadecimal badge numbers*.
    pub hex_badges: bool,
    /// Licences: `file-terminal`, `employees-import`, `roll-call`.
    pub licences: BTreeSet<String>,
    /// For how many employees there is a licence.
    pub employee_limit: Option<usize>,
    /// Users by name.
    pub users: BTreeMap<String, User>,
    /// Who does what the methods of this world do.
    pub operator: String,
    /// The lists that employees and bookings refer to.
    pub lookups: Lookups,
    /// What PAC told of itself last.
    pub definitions: Option<Definitions>,
    /// How often it did.
    pub definitions_put: u64,
    /// What Astrow knows of PAC's readers.
    pub readers: BTreeMap<u32, ReaderSettings>,
    /// The running roll call.
    pub roll_call: Option<RollCall>,
    /// Who was confirmed as safe.
    pub confirmations: Vec<SafeConfirmation>,
    /// Commands for PAC, the oldest first.
    pub commands: Vec<Command>,
    /// Signs of life of the bridge.
    pub heartbeats: Vec<Heartbeat>,
    /// Bookings of this day and before are not taken.
    pub frozen_until: Option<NaiveDate>,
    /// The next number that Astrow gives.
    pub next_pers_no: u32,
    /// The layout of files of bookings with fields of fixed width.
    pub layout: Layout,
    /// How files of employees are read.
    pub template: Template,
    pub(crate) people: people::People,
    pub(crate) ledger: ledger::Ledger,
    pub(crate) view: view::View,
    pub(crate) changes: changes::Changes,
    pub(crate) roll_calls: u32,
    pub(crate) front: Front,
    pub(crate) files: Files,
}

impl World {
    /// An Astrow without employees, with the usual lists and one user for the bridge.
    pub(crate) fn empty(clock: Clock, zone: Zone, files: Files) -> Self {
        Self {
            clock,
            switches: Switches::default(),
            zone,
            version: "sim-0.1.0".to_owned(),
            hex_badges: false,
            licences: ["file-terminal", "employees-import", "roll-call"].map(str::to_owned).into(),
            employee_limit: None,
            users: BTreeMap::new(),
            operator: "hr.admin".to_owned(),
            lookups: seed::lookups(),
            definitions: None,
            definitions_put: 0,
            readers: BTreeMap::new(),
            roll_call: None,
            confirmations: Vec::new(),
            commands: Vec::new(),
            heartbeats: Vec::new(),
            frozen_until: None,
            next_pers_no: 1001,
            layout: Layout::default(),
            template: Template::default(),
            people: people::People::default(),
            ledger: ledger::Ledger::default(),
            view: view::View::default(),
            changes: changes::Changes::default(),
            roll_calls: 30,
            front: Front::default(),
            files,
        }
    }

    /// The calendar day at the site.
    pub fn today(&self) -> NaiveDate {
        self.day(self.clock.now())
    }

    /// An event in the view of terminals.
    pub fn terminal_event(&self, epoch: &str, seq: u64) -> Option<TerminalEvent> {
        self.view.get(epoch, seq)
    }

    /// All events in the view of terminals.
    pub fn terminal_events(&self) -> impl Iterator<Item = TerminalEvent> {
        self.view.all()
    }

    /// How many events the view of terminals shows, and how often one was put.
    pub fn terminal_event_counts(&self) -> (usize, u64) {
        (self.view.len(), self.view.puts)
    }

    /// Ends all sessions of the interface.
    pub fn end_sessions(&mut self) {
        self.front.end_sessions();
    }

    /// Puts an older copy in place; clock, switches, sessions and folders stay.
    pub(crate) fn restore(&mut self, older: Self) {
        let Self { clock, switches, front, files, .. } = std::mem::replace(self, older);
        (self.clock, self.switches, self.front, self.files) = (clock, switches, front, files);
    }
}

/// A number in hexadecimal, as Astrow shows it.
pub(crate) fn hex_of(number: u128) -> String {
    format!("{number:X}")
}
