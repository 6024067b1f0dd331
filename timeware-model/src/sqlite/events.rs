//! Receipts of events, the repeat of a direction, last places (rules W8, W9).

use chrono::Duration;
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params, params_from_iter};

use super::SqliteStore;
use super::book::Placed;
use super::fault::Step;
use super::statement::{local_text, read_local, read_utc, utc_text};
use crate::booking::{Booked, EventDirection, Outcome, Reason, RollCall, Target};
use crate::contract::{Table, cut};
use crate::error::{Error, ErrorKind};
use crate::ids::{EmployeeId, TerminalId};
use crate::receipts::{EventReceipt, ReceiptKey};
use crate::rules::Value;
use crate::terminal::TerminalDirection;

pub(super) const RECEIPT_COLUMNS: &str = "source, external_event_id, occurred_utc, occurred_local, utc_offset_min, \
     direction, event_class, outcome, employee_id, terminal_id, target_table, target_id";

impl SqliteStore {
    /// The answer for an event that was booked before.
    pub(super) fn booked_before(&self, db: &Connection, key: &ReceiptKey) -> Step<Option<Booked>> {
        let mut statement = self.sql.prepare(
            db,
            "SELECT target_table, target_id FROM {own.event} WHERE source = ? AND external_event_id = ?",
        )?;
        let found = statement.query_row(params![key.source, key.external_id], |row| {
            let (table, id): (Option<String>, Option<i64>) = (row.get(0)?, row.get(1)?);
            let target = table.zip(id).map(|(table, id)| Target { table, id });
            Ok(Booked { outcome: Outcome::Duplicate, reason: Some(Reason::SameEvent), target, local: None })
        });
        Ok(found.optional()?)
    }

    pub(super) fn write_event(
        &self,
        tx: &Transaction<'_>,
        placed: &Placed<'_>,
        outcome: Outcome,
        target: &Target,
    ) -> Step<()> {
        let event = placed.event;
        let text = |text: &str| Some(Sql::Text(text.to_owned()));
        let optional = |value: &Option<String>| value.clone().map(Sql::Text);
        let number = |number: i64| Some(Sql::Integer(number));
        let values = [
            ("source", text(&event.key.source)),
            ("external_event_id", text(&event.key.external_id)),
            ("occurred_utc", text(&utc_text(event.occurred))),
            ("occurred_local", text(&placed.time.local.format("%Y-%m-%dT%H:%M:%S").to_string())),
            ("utc_offset_min", number(placed.time.offset_minutes.into())),
            ("received_utc", text(&utc_text(event.received))),
            ("external_person", optional(&event.external_person)),
            ("external_device", optional(&event.external_device)),
            ("badge_number", optional(&event.badge_number)),
            ("direction", text(placed.direction.as_str())),
            ("event_class", text(event.class.as_str())),
            ("outcome", text(outcome.as_str())),
            ("employee_id", placed.employee.map(|id| Sql::Integer(id.get()))),
            ("terminal_id", number(placed.terminal.id.get())),
            ("target_table", text(&target.table)),
            ("target_id", number(target.id)),
        ];
        let (names, bound): (Vec<&str>, Vec<Sql>) =
            values.into_iter().filter_map(|(name, value)| Some((name, value?))).unzip();
        let marks = vec!["?"; names.len()].join(", ");
        let table = self.sql.text("{own.event}");
        let insert = format!("INSERT INTO {table} ({}) VALUES ({marks})", names.join(", "));
        tx.prepare_cached(&insert)?.execute(params_from_iter(bound))?;
        Ok(())
    }

    pub(super) fn event_receipt(&self, db: &Connection, key: &ReceiptKey) -> Step<Option<EventReceipt>> {
        let text = format!(
            "SELECT {RECEIPT_COLUMNS} FROM {} WHERE source = ? AND external_event_id = ?",
            self.sql.text("{own.event}")
        );
        let mut statement = db.prepare_cached(&text)?;
        let mut rows = statement.query(params![key.source, key.external_id])?;
        rows.next()?.map(read_receipt).transpose()
    }

    pub(super) fn newest_event(&self, db: &Connection, id: EmployeeId) -> Step<Option<EventReceipt>> {
        let text = format!(
            "SELECT {RECEIPT_COLUMNS} FROM {} WHERE employee_id = ? ORDER BY occurred_utc DESC LIMIT 1",
            self.sql.text("{own.event}")
        );
        let mut statement = db.prepare_cached(&text)?;
        let mut rows = statement.query([id.get()])?;
        rows.next()?.map(read_receipt).transpose()
    }

    /// Whether the person went the same way on the same day within the gap of the settings.
    pub(super) fn repeats_direction(&self, tx: &Transaction<'_>, placed: &Placed<'_>) -> Step<bool> {
        let gap = Duration::minutes(self.settings.config().direction_gap_minutes.into());
        let (Some(id), false) = (placed.employee, gap.is_zero() || placed.direction == EventDirection::Unknown) else {
            return Ok(false);
        };
        let mut statement = self.sql.prepare(
            tx,
            "SELECT direction, occurred_utc, occurred_local FROM {own.event} WHERE employee_id = ?1 \
             AND occurred_utc <= ?2 AND direction <> 'U' AND outcome = 'booked' ORDER BY occurred_utc DESC LIMIT 1",
        )?;
        let mut rows = statement.query(params![id.get(), utc_text(placed.event.occurred)])?;
        let Some(row) = rows.next()? else { return Ok(false) };
        let way_again = row.get::<_, String>(0)? == placed.direction.as_str();
        let near = placed.event.occurred - read_utc(&row.get::<_, String>(1)?)? <= gap;
        let same_date = read_local(&row.get::<_, String>(2)?)?.date() == placed.time.local.date();
        Ok(way_again && near && same_date)
    }

    /// Moves the last place of a person; an older event changes nothing.
    pub(super) fn note_place(&self, tx: &Transaction<'_>, placed: &Placed<'_>) -> Step<()> {
        let Some(id) = placed.employee else { return Ok(()) };
        let local = local_text(placed.time.local);
        let newest: Option<String> = self
            .sql
            .prepare(tx, "SELECT {roll_call.date_and_time} FROM {roll_call} WHERE {roll_call.employee} = ?")?
            .query_row([id.get()], |row| row.get(0))
            .optional()?;
        if newest.as_ref().is_some_and(|newest| *newest > local) && !placed.time.ambiguous {
            return Ok(());
        }
        let direction = match placed.direction {
            EventDirection::In => TerminalDirection::In,
            EventDirection::Out => TerminalDirection::Out,
            EventDirection::Unknown => TerminalDirection::Unknown,
        };
        let mut values = vec![
            ("reader", Value::Integer(1)),
            ("reader_direction", Value::Integer(self.direction_code(direction))),
            ("reader_description", reader_name(placed)),
            ("terminal", Value::Integer(placed.terminal.id.get())),
            ("zone", placed.terminal.zone.map_or(Value::Null, Value::Integer)),
            ("date_and_time", Value::Time(placed.time.local)),
        ];
        if newest.is_none() {
            values.push(("employee", Value::Integer(id.get())));
            self.sql.insert(tx, Table::RollCall, values)?;
            return Ok(());
        }
        self.sql.update_by(tx, Table::RollCall, "employee", id.get(), values)?;
        Ok(())
    }

    pub(super) fn last_places(&self, db: &Connection) -> Step<Vec<RollCall>> {
        let codes = &self.settings.config().enums.direction;
        let mut statement = self.sql.prepare(
            db,
            "SELECT {roll_call.employee}, {roll_call.terminal}, {roll_call.reader_direction}, \
             {roll_call.reader_description}, {roll_call.zone}, {roll_call.date_and_time} FROM {roll_call} ORDER BY 1",
        )?;
        let mut rows = statement.query([])?;
        let mut places = Vec::new();
        while let Some(row) = rows.next()? {
            let code: Option<i64> = row.get(2)?;
            places.push(RollCall {
                employee_id: EmployeeId::new(row.get(0)?),
                terminal_id: TerminalId::new(row.get(1)?),
                direction: match code {
                    Some(code) if code == codes.inward => EventDirection::In,
                    Some(code) if code == codes.outward => EventDirection::Out,
                    _ => EventDirection::Unknown,
                },
                reader: row.get(3)?,
                zone: row.get(4)?,
                date_and_time: read_local(&row.get::<_, String>(5)?)?,
            });
        }
        Ok(places)
    }
}

fn reader_name(placed: &Placed<'_>) -> Value {
    let length = Table::RollCall.column("reader_description").and_then(|column| column.length).unwrap_or(50);
    let name = &placed.terminal.description;
    Value::Text(cut(name, length).unwrap_or_else(|| name.clone()))
}

pub(super) fn read_receipt(row: &Row<'_>) -> Step<EventReceipt> {
    let word = |at: usize| -> Step<String> { Ok(row.get(at)?) };
    let unknown = |cause: Error| Error::new(ErrorKind::Protocol, "a receipt holds an unknown word").with_source(cause);
    Ok(EventReceipt {
        key: ReceiptKey { source: row.get(0)?, external_id: row.get(1)? },
        occurred_utc: read_utc(&word(2)?)?,
        occurred_local: read_local(&word(3)?)?,
        utc_offset_minutes: row.get(4)?,
        direction: word(5)?.parse().map_err(unknown)?,
        class: word(6)?.parse().map_err(unknown)?,
        outcome: word(7)?.parse().map_err(unknown)?,
        employee_id: row.get::<_, Option<i64>>(8)?.map(EmployeeId::new),
        terminal_id: row.get::<_, Option<i64>>(9)?.map(TerminalId::new),
        target_table: row.get(10)?,
        target_id: row.get(11)?,
    })
}
