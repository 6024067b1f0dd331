//! Events into bookings, each with its receipt (rules W8 to W12, S5).

use std::collections::HashMap;

use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use rusqlite::Transaction;

use super::SqliteStore;
use super::fault::Step;
use crate::badge::badge_number;
use crate::booking::{Booked, Event, EventClass, EventDirection, Outcome, Reason, Target};
use crate::config::Profile;
use crate::contract::Table;
use crate::ids::{EmployeeId, TerminalId};
use crate::local_time::{LocalTime, cut_to_minutes, to_local};
use crate::rules::Value;
use crate::terminal::{Terminal, TerminalDirection, TerminalKind, TerminalRole};

/// What is to be written for an event.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Attendance,
    Access {
        flag: i64,
    },
    /// The roll call alone.
    Presence,
}

/// An event with everything that was found out about it.
pub(super) struct Placed<'a> {
    pub(super) event: &'a Event,
    pub(super) terminal: &'a Terminal,
    pub(super) employee: Option<EmployeeId>,
    pub(super) direction: EventDirection,
    pub(super) time: LocalTime,
}

type Terminals = HashMap<TerminalId, Option<Terminal>>;

impl SqliteStore {
    pub(super) fn book_all(&self, tx: &Transaction<'_>, events: &[Event]) -> Step<Vec<Booked>> {
        let now = self.now();
        let mut terminals = Terminals::new();
        let mut answers = Vec::with_capacity(events.len());
        for event in events {
            answers.push(self.book_one(tx, &mut terminals, event, now)?);
        }
        for terminal in terminals.values().flatten() {
            self.note_read(tx, terminal.id, to_local(terminal.time_zone, now).local)?;
        }
        Ok(answers)
    }

    fn book_one(
        &self,
        tx: &Transaction<'_>,
        terminals: &mut Terminals,
        event: &Event,
        now: DateTime<Utc>,
    ) -> Step<Booked> {
        if let Some(answer) = self.booked_before(tx, &event.key)? {
            return Ok(answer);
        }
        let terminal = match terminals.entry(event.terminal_id) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(self.one_terminal(tx, event.terminal_id, None)?)
            }
        };
        let Some(terminal) = terminal.as_ref() else { return Ok(ended(Outcome::Held, Reason::UnknownTerminal)) };
        let purpose = match self.purpose(terminal, event, now) {
            Ok(purpose) => purpose,
            Err(answer) => return Ok(answer),
        };
        let employee = match self.who(tx, event, purpose)? {
            Ok(employee) => employee,
            Err(answer) => return Ok(answer),
        };
        let placed = Placed {
            event,
            terminal,
            employee,
            direction: direction(terminal, event),
            time: to_local(terminal.time_zone, event.occurred),
        };
        if purpose == Purpose::Attendance && self.repeats_direction(tx, &placed)? {
            return Ok(ended(Outcome::Suppressed, Reason::SameDirection));
        }
        self.write_in_savepoint(tx, &placed, purpose)
    }

    /// What an event at this terminal is taken as, or why it is not taken.
    fn purpose(&self, terminal: &Terminal, event: &Event, now: DateTime<Utc>) -> Result<Purpose, Booked> {
        if matches!(terminal.kind, TerminalKind::Unknown(_)) {
            return Err(ended(Outcome::Ignored, Reason::Role));
        }
        if terminal.suspended {
            return Err(ended(Outcome::Ignored, Reason::Suspended));
        }
        if terminal.take_from.is_some_and(|from| event.occurred < from) {
            return Err(ended(Outcome::Ignored, Reason::BeforeTakeFrom));
        }
        let oldest = now - Duration::days(i64::from(self.settings.config().max_age_days));
        if event.occurred < oldest && !event.age_accepted {
            return Err(ended(Outcome::Held, Reason::TooOld));
        }
        let entered = is_entry(event.class);
        match terminal.role {
            TerminalRole::Attendance if entered => Ok(Purpose::Attendance),
            TerminalRole::Attendance => Err(ended(Outcome::Ignored, Reason::Class)),
            TerminalRole::Access => match self.access_flag(event.class) {
                Some(flag) => Ok(Purpose::Access { flag }),
                None => Err(ended(Outcome::Ignored, Reason::Class)),
            },
            TerminalRole::FireAlarm | TerminalRole::Muster if entered && terminal.roll_call => Ok(Purpose::Presence),
            TerminalRole::FireAlarm | TerminalRole::Muster => Err(ended(Outcome::Ignored, Reason::Role)),
        }
    }

    fn access_flag(&self, class: EventClass) -> Option<i64> {
        let flags = &self.settings.config().enums.flag;
        match class {
            EventClass::Granted | EventClass::SignIn | EventClass::SignOut => Some(flags.granted),
            EventClass::Denied => Some(flags.denied),
            EventClass::AntiPassback => Some(flags.antipassback),
            EventClass::ExitButton => Some(flags.exit_button),
            EventClass::DoorState | EventClass::Other => None,
        }
    }

    /// The person: the one named, else the holder of the badge at that instant.
    ///
    /// An access event that let nobody in may have no person, where its table has a place for that.
    fn who(&self, tx: &Transaction<'_>, event: &Event, purpose: Purpose) -> Step<Result<Option<EmployeeId>, Booked>> {
        if let Some(id) = event.employee_id {
            let exists = self.person_exists(tx, id)?;
            return Ok(if exists { Ok(Some(id)) } else { Err(ended(Outcome::Rejected, Reason::NoSuchPerson)) });
        }
        let holder = match &event.badge_number {
            Some(number) => self.holder(tx, &event.key.source, number, event.occurred)?,
            None => None,
        };
        if holder.is_some() {
            return Ok(Ok(holder));
        }
        let access = matches!(purpose, Purpose::Access { .. });
        if is_entry(event.class) || !access {
            return Ok(Err(ended(Outcome::Held, Reason::UnknownPerson)));
        }
        Ok(match self.settings.profile() {
            Profile::Staged => Ok(None),
            Profile::Twork => Err(ended(Outcome::Ignored, Reason::UnknownPerson)),
        })
    }

    /// All rows of an event or none; a refused row ends this event and not the batch.
    fn write_in_savepoint(&self, tx: &Transaction<'_>, placed: &Placed<'_>, purpose: Purpose) -> Step<Booked> {
        tx.prepare_cached("SAVEPOINT booking")?.execute([])?;
        let written = self.write_rows(tx, placed, purpose);
        match written {
            Ok(booked) => {
                tx.prepare_cached("RELEASE booking")?.execute([])?;
                Ok(booked)
            }
            Err(fault) => {
                tx.prepare_cached("ROLLBACK TO booking")?.execute([])?;
                tx.prepare_cached("RELEASE booking")?.execute([])?;
                if fault.is_refused_row() { Ok(ended(Outcome::Rejected, Reason::Refused)) } else { Err(fault) }
            }
        }
    }

    fn write_rows(&self, tx: &Transaction<'_>, placed: &Placed<'_>, purpose: Purpose) -> Step<Booked> {
        if placed.terminal.roll_call && is_entry(placed.event.class) {
            self.note_place(tx, placed)?;
        }
        let (table, values, same): (_, _, &[&str]) = match purpose {
            Purpose::Presence => return Ok(ended(Outcome::Ignored, Reason::Role)),
            Purpose::Access { flag } if self.settings.profile() == Profile::Staged => {
                (Table::AccessArchive, access_values(placed, flag), &["employee", "terminal", "date_and_time", "flag"])
            }
            Purpose::Access { flag } => {
                let code = self.settings.config().enums.booking_type.access;
                (Table::Twork, self.work_values(placed, placed.time.local, code, flag), SAME_BOOKING)
            }
            Purpose::Attendance => {
                let code = self.settings.config().enums.booking_type.attendance;
                match self.settings.profile() {
                    Profile::Twork => {
                        (Table::Twork, self.work_values(placed, placed.time.local, code, 0), SAME_BOOKING)
                    }
                    Profile::Staged => {
                        let minute = cut_to_minutes(placed.time.local);
                        (Table::TworkUnprocessed, self.work_values(placed, minute, code, 0), SAME_BOOKING)
                    }
                }
            }
        };
        let keys = values.clone();
        // A local time that autumn repeats may stand there rightly twice; the receipts have decided already (W10).
        let id = if placed.time.ambiguous {
            Some(self.sql.insert(tx, table, values)?)
        } else {
            self.sql.insert_guarded(tx, table, values, same)?
        };
        let new = id.is_some();
        let id = match id {
            Some(id) => id,
            None => self.sql.find_same(tx, table, &keys, same)?.unwrap_or_default(),
        };
        if new && table == Table::TworkUnprocessed && self.settings.config().archive {
            let code = self.settings.config().enums.booking_type.attendance;
            let original = self.work_values(placed, placed.time.local, code, 0);
            self.sql.insert(tx, Table::TworkUnprocessedArchive, original)?;
        }
        let outcome = if new { Outcome::Booked } else { Outcome::Duplicate };
        let target = Target { table: self.sql.mapping().real_table(table).to_owned(), id };
        self.write_event(tx, placed, outcome, &target)?;
        Ok(Booked {
            outcome,
            reason: (!new).then_some(Reason::SameRow),
            target: Some(target),
            local: Some(placed.time.local),
        })
    }

    fn work_values(
        &self,
        placed: &Placed<'_>,
        time: NaiveDateTime,
        code: i64,
        flag: i64,
    ) -> Vec<(&'static str, Value)> {
        vec![
            ("employee", Value::Integer(placed.employee.map_or(0, EmployeeId::get))),
            ("terminal", Value::Integer(placed.terminal.id.get())),
            ("date_and_time", Value::Time(time)),
            ("type", Value::Integer(code)),
            ("flag", Value::Integer(flag)),
            ("key", Value::Integer(0)),
            ("memo", Value::Text(String::new())),
            ("authorisation", Value::Integer(3)),
            ("authorisation_finalised", Value::Integer(1)),
            ("source", Value::Integer(self.settings.config().booking_source)),
        ]
    }
}

const SAME_BOOKING: &[&str] = &["employee", "terminal", "date_and_time", "type"];

fn access_values(placed: &Placed<'_>, flag: i64) -> Vec<(&'static str, Value)> {
    let badge = placed.event.badge_number.as_deref().and_then(badge_number).unwrap_or(0);
    vec![
        ("user", Value::Integer(0)),
        ("employee", Value::Integer(placed.employee.map_or(0, EmployeeId::get))),
        ("terminal", Value::Integer(placed.terminal.id.get())),
        ("date_and_time", Value::Time(placed.time.local)),
        ("flag", Value::Integer(flag)),
        ("badge", Value::Integer(badge)),
    ]
}

/// The terminal's own direction counts; one with both sides, or none set, takes the event's.
fn direction(terminal: &Terminal, event: &Event) -> EventDirection {
    match (terminal.direction, event.class) {
        (TerminalDirection::In, _) => EventDirection::In,
        (TerminalDirection::Out, _) => EventDirection::Out,
        (_, class) => match class {
            EventClass::SignIn => EventDirection::In,
            EventClass::SignOut => EventDirection::Out,
            _ => event.direction,
        },
    }
}

fn is_entry(class: EventClass) -> bool {
    matches!(class, EventClass::Granted | EventClass::SignIn | EventClass::SignOut)
}

fn ended(outcome: Outcome, reason: Reason) -> Booked {
    Booked { outcome, reason: Some(reason), target: None, local: None }
}
