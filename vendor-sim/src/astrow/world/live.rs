//! What happens at a site: roll calls, door commands, signs of life.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::World;
use super::changes::{Change, Entity, Op};
use super::record::Employee;
use super::site::{Command, CommandState, Definitions, ReaderSettings, RollCall};

/// How long a command is good for.
const COMMAND: TimeDelta = TimeDelta::seconds(15);

/// After so long without a sign of life the red label appears.
const SILENCE: TimeDelta = TimeDelta::minutes(2);

impl World {
    /// A user starts a roll call at these company sites, all if none is named; gives its id.
    pub fn start_roll_call(&mut self, sites: &[&str]) -> String {
        self.roll_calls += 1;
        let id = format!("rc-{}", self.roll_calls);
        let sites = sites.iter().map(|site| (*site).to_owned()).collect();
        self.roll_call = Some(RollCall { id: id.clone(), started_at: self.clock.now(), sites });
        self.note(Entity::Rollcall, Op::Add);
        id
    }

    /// A user stops the roll call; tells whether one was running.
    pub fn stop_roll_call(&mut self) -> bool {
        let stopped = self.roll_call.take().is_some();
        if stopped {
            self.note(Entity::Rollcall, Op::Delete);
        }
        stopped
    }

    /// A user wants a door released; gives the id of the command.
    pub fn request_door(&mut self, requested_by: &str, reader_id: u32) -> Uuid {
        let now = self.clock.now();
        let id = Uuid::new_v4();
        self.commands.push(Command {
            id,
            kind: "door-open".to_owned(),
            reader_id,
            requested_by: requested_by.to_owned(),
            requested_at: now,
            expires_at: now + COMMAND,
            state: CommandState::Waiting,
            reports: Vec::new(),
        });
        id
    }

    /// The command with this id.
    pub fn command(&self, id: Uuid) -> Option<&Command> {
        self.commands.iter().find(|command| command.id == id)
    }

    /// Takes over what PAC told of itself; readers that are new get settings.
    pub fn take_definitions(&mut self, definitions: Definitions) {
        let site = self.lookups.company_sites.first().map(|site| site.code.clone());
        for reader in &definitions.readers {
            self.readers.entry(reader.id).or_insert_with(|| ReaderSettings {
                reader_id: reader.id,
                company_site: site.clone(),
                confirm_roll_call: false,
                terminal_serials: Vec::new(),
            });
        }
        self.definitions = Some(definitions);
        self.definitions_put += 1;
    }

    /// A user edits what Astrow knows of a reader; tells whether the reader is known.
    pub fn change_reader(&mut self, reader_id: u32, change: impl FnOnce(&mut ReaderSettings)) -> bool {
        let Some(settings) = self.readers.get_mut(&reader_id) else { return false };
        change(settings);
        settings.reader_id = reader_id;
        self.note(Entity::Reader, Op::Edit);
        true
    }

    /// The settings of the readers that PAC has.
    pub(crate) fn current_readers(&self) -> Vec<&ReaderSettings> {
        let there = self.definitions.iter().flat_map(|definitions| &definitions.readers);
        there.filter_map(|reader| self.readers.get(&reader.id)).collect()
    }

    /// Whether the red label shows: no sign of life within two minutes.
    pub fn red_label(&self) -> bool {
        let now = self.clock.now();
        self.heartbeats.last().is_none_or(|heartbeat| now - heartbeat.received > SILENCE)
    }

    /// Whether this licence is there.
    pub fn licensed(&self, name: &str) -> bool {
        self.licences.contains(name) && !self.switches.licence_off.iter().any(|off| off == name)
    }

    /// All changes that are kept.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.changes.all()
    }

    /// The cursor of the next change.
    pub fn next_change(&self) -> u64 {
        self.changes.next()
    }

    /// Forgets the changes before a cursor.
    pub fn trim_changes(&mut self, oldest: u64) {
        self.changes.trim(oldest);
    }

    /// Whether a running roll call keeps this swipe from being a booking.
    pub(crate) fn roll_call_holds(&self, serial: &str, employee: Option<&Employee>, at: DateTime<Utc>) -> bool {
        let Some(call) = self.roll_call.as_ref().filter(|call| at >= call.started_at) else { return false };
        if call.sites.is_empty() {
            return true;
        }
        let reader = self.readers.values().find(|r| r.terminal_serials.iter().any(|known| known == serial));
        let site = reader.and_then(|reader| reader.company_site.as_ref());
        let site = site.or_else(|| employee.and_then(|employee| employee.company_site.as_ref()));
        site.is_none_or(|site| call.sites.contains(site))
    }

    fn note(&mut self, entity: Entity, op: Op) {
        let (now, origin) = (self.clock.now(), self.operator_origin());
        self.changes.push(now, entity, op, &origin);
    }
}
