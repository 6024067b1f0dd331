//! Events into bookings, each with its receipt (rules W8 to W12, S5).

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Duration, NaiveDateTime, Utc};

use super::Rulebook;
use super::database::Database;
use super::fault::Step;
use super::statements::Values;
use super::value::Value;
use crate::badge::badge_number;
use crate::booking::{Booked, Event, EventClass, EventDirection, Outcome, Reason, Target};
use crate::config::Profile;
use crate::contract::Table;
use crate::ids::{EmployeeId, TerminalId};
use crate::local_time::{LocalTime, cut_to_minutes, to_local};
use crate::terminal::{Terminal, TerminalDirection, TerminalKind, TerminalRole};

/// What is to be written for an event.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
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

impl Rulebook {
    /// Books all events but those set aside; one that the database refuses is set aside, and the batch fails once so
    /// that it is done again without it: after a refusal a transaction of SQL Server is gone.
    pub(super) async fn book_all(
        &self,
        db: &mut impl Database,
        events: &[Event],
        refused: &Mutex<BTreeSet<usize>>,
    ) -> Step<Vec<Booked>> {
        let now = self.now();
        let aside = refused.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut terminals = Terminals::new();
        let mut answers = Vec::with_capacity(events.len());
        for (at, event) in events.iter().enumerate() {
            if aside.contains(&at) {
                answers.push(ended(Outcome::Rejected, Reason::Refused));
                continue;
            }
            answers.push(self.book_one(db, &mut terminals, event, now).await.map_err(|fault| {
                if !fault.is_refused_row() {
                    return fault;
                }
                refused.lock().unwrap_or_else(PoisonError::into_inner).insert(at);
                fault.set_aside()
            })?);
        }
        for terminal in terminals.values().flatten() {
            self.note_read(db, terminal.id, to_local(terminal.time_zone, now).local).await?;
        }
        Ok(answers)
    }

    async fn book_one(
        &self,
        db: &mut impl Database,
        terminals: &mut Terminals,
        event: &Event,
        now: DateTime<Utc>,
    ) -> Step<Booked> {
        if let Some(answer) = self.booked_before(db, &event.key).await? {
            return Ok(answer);
        }
        let terminal = match terminals.entry(event.terminal_id) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(self.one_terminal(db, event.terminal_id, None).await?),
        };
        let Some(terminal) = terminal.as_ref() else {
            return Ok(ended(Outcome::Held, Reason::UnknownTerminal));
        };
        let purpose = match self.purpose(terminal, event, now) {
            Ok(purpose) => purpose,
            Err(answer) => return Ok(answer),
        };
        let employee = match self.who(db, event, purpose).await? {
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
        if purpose == Purpose::Attendance && self.repeats_direction(db, &placed).await? {
            return Ok(ended(Outcome::Suppressed, Reason::SameDirection));
        }
        self.write_rows(db, &placed, purpose).await
    }

    /// What an event at this terminal is taken as, or why it is not taken.
    pub(super) fn purpose(&self, terminal: &Terminal, event: &Event, now: DateTime<Utc>) -> Result<Purpose, Booked> {
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
    pub(super) async fn who(
        &self,
        db: &mut impl Database,
        event: &Event,
        purpose: Purpose,
    ) -> Step<Result<Option<EmployeeId>, Booked>> {
        if let Some(id) = event.employee_id {
            let exists = self.person_exists(db, id).await?;
            return Ok(if exists { Ok(Some(id)) } else { Err(ended(Outcome::Rejected, Reason::NoSuchPerson)) });
        }
        let holder = match &event.badge_number {
            Some(number) => self.holder(db, &event.key.source, number, event.occurred).await?,
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

    async fn write_rows(&self, db: &mut impl Database, placed: &Placed<'_>, purpose: Purpose) -> Step<Booked> {
        if placed.terminal.roll_call && is_entry(placed.event.class) {
            self.note_place(db, placed).await?;
        }
        let (table, values, same): (_, _, &'static [&'static str]) = match purpose {
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
            Some(self.sql.insert(db, table, values).await?.unwrap_or_default())
        } else {
            self.sql.insert_guarded(db, table, values, same).await?
        };
        let new = id.is_some();
        let id = match id {
            Some(id) => id,
            None => self.sql.find_same(db, table, &keys, same).await?.unwrap_or_default(),
        };
        if new && table == Table::TworkUnprocessed && self.settings.config().archive {
            let code = self.settings.config().enums.booking_type.attendance;
            let original = self.work_values(placed, placed.time.local, code, 0);
            self.sql.insert(db, Table::TworkUnprocessedArchive, original).await?;
        }
        let outcome = if new { Outcome::Booked } else { Outcome::Duplicate };
        let target = Target { table: self.sql.mapping().real_table(table).to_owned(), id };
        self.write_event(db, placed, outcome, &target).await?;
        Ok(Booked {
            outcome,
            reason: (!new).then_some(Reason::SameRow),
            target: Some(target),
            local: Some(placed.time.local),
        })
    }

    pub(super) fn work_values(&self, placed: &Placed<'_>, time: NaiveDateTime, code: i64, flag: i64) -> Values {
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

pub(super) const SAME_BOOKING: &[&str] = &["employee", "terminal", "date_and_time", "type"];

fn access_values(placed: &Placed<'_>, flag: i64) -> Values {
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
pub(super) fn direction(terminal: &Terminal, event: &Event) -> EventDirection {
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
