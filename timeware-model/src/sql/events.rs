//! Receipts of events, the repeat of a direction, last places (rules W8, W9).

use chrono::{DateTime, Duration, Utc};

use super::Rulebook;
use super::book::Placed;
use super::database::Database;
use super::fault::Step;
use super::statements::{Template, Values};
use super::value::{Row, Value, values};
use crate::booking::{Booked, EventDirection, Outcome, Reason, RollCall, Target};
use crate::contract::{Table, cut};
use crate::error::{Error, ErrorKind};
use crate::ids::{EmployeeId, TerminalId};
use crate::receipts::{EventReceipt, ReceiptKey};
use crate::terminal::TerminalDirection;

macro_rules! receipts {
    ($top:literal, $behind:literal) => {
        Template::Read(concat!(
            "SELECT ",
            $top,
            "source, external_event_id, occurred_utc, occurred_local, utc_offset_min, direction, event_class, \
             outcome, employee_id, terminal_id, target_table, target_id FROM {own.event} ",
            $behind
        ))
    };
}
const BOOKED: Template =
    Template::Read("SELECT target_table, target_id FROM {own.event} WHERE source = ?1 AND external_event_id = ?2");
const RECEIPT: Template = receipts!("", "WHERE source = ?1 AND external_event_id = ?2");
const NEWEST: Template = receipts!("{top 1}", "WHERE employee_id = ?1 ORDER BY occurred_utc DESC{limit 1}");
const BETWEEN: Template = receipts!("", "WHERE occurred_utc >= ?1 AND occurred_utc < ?2 ORDER BY occurred_utc");
const LAST_WAY: Template = Template::Read(
    "SELECT {top 1}direction, occurred_utc, occurred_local FROM {own.event} WHERE employee_id = ?1 \
     AND occurred_utc <= ?2 AND direction <> 'U' AND outcome = 'booked' ORDER BY occurred_utc DESC{limit 1}",
);
const PLACE: Template =
    Template::Read("SELECT {roll_call.date_and_time} FROM {roll_call}{lock} WHERE {roll_call.employee} = ?1");
const PLACES: Template = Template::Read(
    "SELECT {roll_call.employee}, {roll_call.terminal}, {roll_call.reader_direction}, \
     {roll_call.reader_description}, {roll_call.zone}, {roll_call.date_and_time} FROM {roll_call} ORDER BY 1",
);
#[cfg(test)]
pub(super) const ALL: &[(&str, Template)] = &[
    ("an event booked before", BOOKED),
    ("receipt of an event", RECEIPT),
    ("newest event of a person", NEWEST),
    ("receipts of a span", BETWEEN),
    ("last direction of a person", LAST_WAY),
    ("last place of a person", PLACE),
    ("last places", PLACES),
];

impl Rulebook {
    /// The answer for an event that was booked before.
    pub(super) async fn booked_before(&self, db: &mut impl Database, key: &ReceiptKey) -> Step<Option<Booked>> {
        let Some(row) = self.sql.first(db, BOOKED, &values![&key.source, &key.external_id]).await? else {
            return Ok(None);
        };
        let target = row.maybe_text(0)?.zip(row.maybe_integer(1)?).map(|(table, id)| Target { table, id });
        Ok(Some(Booked { outcome: Outcome::Duplicate, reason: Some(Reason::SameEvent), target, local: None }))
    }

    pub(super) async fn write_event(
        &self,
        db: &mut impl Database,
        placed: &Placed<'_>,
        outcome: Outcome,
        target: &Target,
    ) -> Step<()> {
        let (text, bound) = self.sql.event_text(event_values(placed, outcome, target));
        db.change(&text, &bound).await?;
        Ok(())
    }

    pub(super) async fn event_receipt(&self, db: &mut impl Database, key: &ReceiptKey) -> Step<Option<EventReceipt>> {
        let row = self.sql.first(db, RECEIPT, &values![&key.source, &key.external_id]).await?;
        row.map(|row| read_receipt(&row)).transpose()
    }

    pub(super) async fn newest_event(&self, db: &mut impl Database, id: EmployeeId) -> Step<Option<EventReceipt>> {
        self.sql.first(db, NEWEST, &values![id.get()]).await?.map(|row| read_receipt(&row)).transpose()
    }

    pub(super) async fn receipts_between(
        &self,
        db: &mut impl Database,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Step<Vec<EventReceipt>> {
        self.sql.rows(db, BETWEEN, &values![from, to]).await?.iter().map(read_receipt).collect()
    }

    /// Whether the person went the same way on the same day within the gap of the settings.
    pub(super) async fn repeats_direction(&self, db: &mut impl Database, placed: &Placed<'_>) -> Step<bool> {
        let gap = Duration::minutes(self.settings.config().direction_gap_minutes.into());
        let (Some(id), false) = (placed.employee, gap.is_zero() || placed.direction == EventDirection::Unknown) else {
            return Ok(false);
        };
        let before = values![id.get(), placed.event.occurred];
        let Some(row) = self.sql.first(db, LAST_WAY, &before).await? else { return Ok(false) };
        let way_again = row.text(0)? == placed.direction.as_str();
        let near = placed.event.occurred - row.instant(1)? <= gap;
        let same_date = row.time(2)?.date() == placed.time.local.date();
        Ok(way_again && near && same_date)
    }

    /// Moves the last place of a person; an older event changes nothing.
    pub(super) async fn note_place(&self, db: &mut impl Database, placed: &Placed<'_>) -> Step<()> {
        let Some(id) = placed.employee else { return Ok(()) };
        let newest = self.sql.first(db, PLACE, &values![id.get()]).await?;
        let newest = newest.map(|row| row.time(0)).transpose()?;
        if newest.is_some_and(|newest| newest > placed.time.local) && !placed.time.ambiguous {
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
            return self.sql.add(db, Table::RollCall, values).await;
        }
        self.sql.update_by(db, Table::RollCall, "employee", id.get(), values).await?;
        Ok(())
    }

    pub(super) async fn last_places(&self, db: &mut impl Database) -> Step<Vec<RollCall>> {
        let codes = &self.settings.config().enums.direction;
        let place = |row: &Row| {
            Ok(RollCall {
                employee_id: EmployeeId::new(row.integer(0)?),
                terminal_id: TerminalId::new(row.integer(1)?),
                direction: match row.maybe_integer(2)? {
                    Some(code) if code == codes.inward => EventDirection::In,
                    Some(code) if code == codes.outward => EventDirection::Out,
                    _ => EventDirection::Unknown,
                },
                reader: row.maybe_text(3)?,
                zone: row.maybe_integer(4)?,
                date_and_time: row.time(5)?,
            })
        };
        self.sql.rows(db, PLACES, &[]).await?.iter().map(place).collect()
    }
}

fn event_values(placed: &Placed<'_>, outcome: Outcome, target: &Target) -> Values {
    let event = placed.event;
    let optional = |text: &Option<String>, length| match text {
        Some(text) => Value::Text(cut(text, length).unwrap_or_else(|| text.clone())),
        None => Value::Null,
    };
    vec![
        ("source", (&event.key.source).into()),
        ("external_event_id", (&event.key.external_id).into()),
        ("occurred_utc", event.occurred.into()),
        ("occurred_local", Value::OwnTime(placed.time.local)),
        ("utc_offset_min", Value::Integer(placed.time.offset_minutes.into())),
        ("received_utc", event.received.into()),
        ("external_person", optional(&event.external_person, 100)),
        ("external_device", optional(&event.external_device, 100)),
        ("badge_number", optional(&event.badge_number, 64)),
        ("direction", placed.direction.as_str().into()),
        ("event_class", event.class.as_str().into()),
        ("outcome", outcome.as_str().into()),
        ("employee_id", placed.employee.map_or(Value::Null, |id| Value::Integer(id.get()))),
        ("terminal_id", Value::Integer(placed.terminal.id.get())),
        ("target_table", (&target.table).into()),
        ("target_id", Value::Integer(target.id)),
    ]
}

/// A receipt with every value, for the golden texts.
#[cfg(test)]
pub(super) fn every_value() -> Values {
    let (text, number) = (|| Value::from("x"), || Value::Integer(1));
    let columns = [
        ("source", text()),
        ("external_event_id", text()),
        ("occurred_utc", Value::Instant(DateTime::default())),
        ("occurred_local", Value::OwnTime(chrono::NaiveDateTime::default())),
        ("utc_offset_min", number()),
        ("received_utc", Value::Instant(DateTime::default())),
        ("external_person", Value::Null),
        ("direction", text()),
        ("event_class", text()),
        ("outcome", text()),
        ("employee_id", number()),
        ("terminal_id", number()),
        ("target_table", text()),
        ("target_id", number()),
    ];
    columns.to_vec()
}

fn reader_name(placed: &Placed<'_>) -> Value {
    let length = Table::RollCall.column("reader_description").and_then(|column| column.length).unwrap_or(50);
    let name = &placed.terminal.description;
    Value::Text(cut(name, length).unwrap_or_else(|| name.clone()))
}

fn read_receipt(row: &Row) -> Step<EventReceipt> {
    let unknown = |cause: Error| Error::new(ErrorKind::Protocol, "a receipt holds an unknown word").with_source(cause);
    Ok(EventReceipt {
        key: ReceiptKey { source: row.text(0)?, external_id: row.text(1)? },
        occurred_utc: row.instant(2)?,
        occurred_local: row.time(3)?,
        utc_offset_minutes: i16::try_from(row.integer(4)?).unwrap_or_default(),
        direction: row.text(5)?.parse().map_err(unknown)?,
        class: row.text(6)?.parse().map_err(unknown)?,
        outcome: row.text(7)?.parse().map_err(unknown)?,
        employee_id: row.maybe_integer(8)?.map(EmployeeId::new),
        terminal_id: row.maybe_integer(9)?.map(TerminalId::new),
        target_table: row.maybe_text(10)?,
        target_id: row.maybe_integer(11)?,
    })
}
