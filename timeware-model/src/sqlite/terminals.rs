//! Terminals and their settings (rules W7, W11).

use chrono::{DateTime, NaiveDateTime, Utc};
use chrono_tz::Tz;
use rusqlite::{Connection, Row, Transaction, params};

use super::SqliteStore;
use super::fault::Step;
use super::statement::{read_local, read_utc, utc_text};
use crate::contract::Table;
use crate::employee::Field;
use crate::error::{Error, ErrorKind};
use crate::ids::TerminalId;
use crate::receipts::{LinkEntity, ReceiptKey};
use crate::rules::{Value, description};
use crate::store::{Created, CreatedHow, Written};
use crate::terminal::{NewTerminal, Terminal, TerminalChange, TerminalDirection, TerminalKind, TerminalRole};

impl SqliteStore {
    pub(super) fn read_terminals(
        &self,
        db: &Connection,
        only: Option<TerminalId>,
        source: Option<&str>,
    ) -> Step<Vec<Terminal>> {
        let mut statement = self.sql.prepare(
            db,
            "SELECT {terminal.id@t}, {terminal.number@t}, {terminal.description@t}, {terminal.configuration@t}, \
             {terminal.suspended@t}, {terminal.ip_address@t}, {terminal.notepad@t}, {terminal.roll_call_enabled@t}, \
             {terminal.r1_direction@t}, {terminal.r1_zone@t}, {terminal.poll_success@t}, \
             b.role, b.direction, b.time_zone, b.take_from, \
             (SELECT external_id FROM {own.link} WHERE source = ?1 AND entity = 'terminal' \
              AND internal_id = {terminal.id@t} ORDER BY link_id LIMIT 1) \
             FROM {terminal} t LEFT JOIN {own.terminal} b ON b.terminal_id = {terminal.id@t} \
             WHERE ?2 IS NULL OR {terminal.id@t} = ?2 ORDER BY 2",
        )?;
        let mut rows = statement.query(params![source, only.map(TerminalId::get)])?;
        let mut terminals = Vec::new();
        while let Some(row) = rows.next()? {
            terminals.push(self.read_terminal(row)?);
        }
        Ok(terminals)
    }

    pub(super) fn one_terminal(&self, db: &Connection, id: TerminalId, source: Option<&str>) -> Step<Option<Terminal>> {
        Ok(self.read_terminals(db, Some(id), source)?.pop())
    }

    pub(super) fn insert_terminal(
        &self,
        tx: &Transaction<'_>,
        terminal: &NewTerminal,
        receipt: Option<&ReceiptKey>,
    ) -> Step<Created<TerminalId>> {
        if let Some(id) = self.linked(tx, LinkEntity::Terminal, receipt)? {
            return Ok(Created::new(TerminalId::new(id), CreatedHow::Duplicate));
        }
        let mut warnings = Vec::new();
        let kind = self.settings.default_kind();
        let mut values = vec![
            ("number", Value::Integer(self.free_number(tx)?)),
            ("description", Value::Text(description(Table::Terminal, &terminal.description, &mut warnings)?)),
            ("configuration", Value::Integer(kind.code(&self.settings.config().enums.configuration))),
            ("suspended", Value::Integer(1)),
            ("roll_call_enabled", Value::Integer(0)),
            ("r1_direction", Value::Integer(self.direction_code(terminal.direction))),
        ];
        if let Some(origin) = &terminal.origin {
            values.push(("notepad", Value::Text(origin.into_notepad(""))));
        }
        let id = TerminalId::new(self.sql.insert(tx, Table::Terminal, values)?);
        let zone = terminal.time_zone.unwrap_or(self.settings.time_zone());
        self.write_settings(tx, id, kind.role(), terminal.direction, zone, None)?;
        self.write_link(tx, LinkEntity::Terminal, receipt, id.get())?;
        Ok(Created { id, how: CreatedHow::New, warnings })
    }

    pub(super) fn describe_terminal(&self, tx: &Transaction<'_>, id: TerminalId, text: &str) -> Step<Written> {
        let mut warnings = Vec::new();
        let text = description(Table::Terminal, text, &mut warnings)?;
        if !self.sql.update(tx, Table::Terminal, id.get(), vec![("description", Value::Text(text))])? {
            return Err(Error::not_found("terminal", id.get()).into());
        }
        Ok(Written { changed: true, warnings })
    }

    pub(super) fn change_terminal(
        &self,
        tx: &Transaction<'_>,
        id: TerminalId,
        change: &TerminalChange,
    ) -> Step<Terminal> {
        let terminal = self.one_terminal(tx, id, None)?.ok_or_else(|| Error::not_found("terminal", id.get()))?;
        check_change(&terminal, change)?;
        let kind = change.kind.unwrap_or(terminal.kind);
        let role = change.role.unwrap_or(if change.kind.is_some() { kind.role() } else { terminal.role });
        let direction = change.direction.unwrap_or(terminal.direction);
        let take_from = match change.take_from {
            Field::Keep => terminal.take_from,
            Field::Clear => None,
            Field::Set(at) => Some(at),
        };
        self.sql.update(tx, Table::Terminal, id.get(), self.columns_of(change))?;
        self.write_settings(tx, id, role, direction, change.time_zone.unwrap_or(terminal.time_zone), take_from)?;
        Ok(self.one_terminal(tx, id, None)?.ok_or_else(|| Error::not_found("terminal", id.get()))?)
    }

    pub(super) fn terminal_exists(&self, db: &Connection, id: TerminalId) -> Step<bool> {
        let text = "SELECT 1 FROM {terminal} WHERE {terminal.id} = ?";
        Ok(self.sql.prepare(db, text)?.exists([id.get()])?)
    }

    /// Notes the local time of a good read at a terminal.
    pub(super) fn note_read(&self, tx: &Transaction<'_>, id: TerminalId, local: NaiveDateTime) -> Step<()> {
        self.sql.update(tx, Table::Terminal, id.get(), vec![("poll_success", Value::Time(local))])?;
        Ok(())
    }

    pub(super) fn direction_code(&self, direction: TerminalDirection) -> i64 {
        let codes = &self.settings.config().enums.direction;
        match direction {
            TerminalDirection::In => codes.inward,
            TerminalDirection::Out => codes.outward,
            TerminalDirection::Both | TerminalDirection::Unknown => codes.none,
        }
    }

    fn read_terminal(&self, row: &Row<'_>) -> Step<Terminal> {
        let r1_direction: Option<i64> = row.get(8)?;
        let kind = TerminalKind::from_code(row.get(3)?, &self.settings.config().enums.configuration);
        let role: Option<String> = row.get(11)?;
        let direction: Option<String> = row.get(12)?;
        Ok(Terminal {
            id: TerminalId::new(row.get(0)?),
            number: row.get(1)?,
            description: row.get(2)?,
            kind,
            suspended: row.get::<_, i64>(4)? != 0,
            ip_address: row.get(5)?,
            notepad: row.get(6)?,
            roll_call: row.get::<_, Option<i64>>(7)?.is_some_and(|on| on != 0),
            r1_direction,
            zone: row.get(9)?,
            poll_success: row.get::<_, Option<String>>(10)?.map(|text| read_local(&text)).transpose()?,
            role: role_of(kind, role.as_deref()),
            direction: self.direction_of(r1_direction, direction.as_deref()),
            time_zone: self.zone_of(row.get::<_, Option<String>>(13)?.as_deref())?,
            take_from: row.get::<_, Option<String>>(14)?.map(|text| read_utc(&text)).transpose()?,
            receipt: row.get(15)?,
        })
    }

    /// What the site's own screen says about the direction counts before what we wrote.
    fn direction_of(&self, r1: Option<i64>, own: Option<&str>) -> TerminalDirection {
        let codes = &self.settings.config().enums.direction;
        match r1 {
            Some(code) if code == codes.inward => TerminalDirection::In,
            Some(code) if code == codes.outward => TerminalDirection::Out,
            _ => own.and_then(|text| text.parse().ok()).unwrap_or(TerminalDirection::Unknown),
        }
    }

    fn zone_of(&self, name: Option<&str>) -> Step<Tz> {
        let Some(name) = name else { return Ok(self.settings.time_zone()) };
        let zone = name.parse();
        Ok(zone
            .map_err(|_| Error::new(ErrorKind::Protocol, format!("a terminal has the unknown time zone `{name}`")))?)
    }

    /// The smallest free number of the range.
    fn free_number(&self, tx: &Connection) -> Step<i64> {
        let (from, to) = (self.settings.config().terminal_number_from, self.settings.config().terminal_number_to);
        let mut statement = self.sql.prepare(
            tx,
            "SELECT {terminal.number} FROM {terminal} WHERE {terminal.number} BETWEEN ?1 AND ?2 ORDER BY 1",
        )?;
        let mut free = from;
        let mut rows = statement.query([from, to])?;
        while let Some(row) = rows.next()? {
            if row.get::<_, i64>(0)? != free {
                break;
            }
            free += 1;
        }
        if free > to {
            let reason = format!("the numbers {from} to {to} are used up");
            return Err(Error::conflict("terminal.number", reason, None)
                .with_remedy("raise timeware.terminal_number_to")
                .into());
        }
        Ok(free)
    }

    fn columns_of(&self, change: &TerminalChange) -> Vec<(&'static str, Value)> {
        let mut values = Vec::new();
        if let Some(kind) = change.kind {
            values.push(("configuration", Value::Integer(kind.code(&self.settings.config().enums.configuration))));
        }
        if let Some(suspended) = change.suspended {
            values.push(("suspended", Value::Integer(suspended.into())));
        }
        if let Some(on) = change.roll_call {
            values.push(("roll_call_enabled", Value::Integer(on.into())));
        }
        if let Some(direction) = change.direction {
            values.push(("r1_direction", Value::Integer(self.direction_code(direction))));
        }
        match change.zone {
            Field::Keep => {}
            Field::Clear => values.push(("r1_zone", Value::Null)),
            Field::Set(zone) => values.push(("r1_zone", Value::Integer(zone))),
        }
        values
    }

    /// Update first, insert when nothing was there (rule S2).
    fn write_settings(
        &self,
        tx: &Transaction<'_>,
        id: TerminalId,
        role: TerminalRole,
        direction: TerminalDirection,
        zone: Tz,
        take_from: Option<DateTime<Utc>>,
    ) -> Step<()> {
        let take_from = take_from.map(utc_text);
        let values = params![role.as_str(), direction.as_str(), zone.name(), take_from, id.get()];
        let update = "UPDATE {own.terminal} SET role = ?1, direction = ?2, time_zone = ?3, take_from = ?4 WHERE terminal_id = ?5";
        if self.sql.prepare(tx, update)?.execute(values)? == 0 {
            let insert = "INSERT INTO {own.terminal} (role, direction, time_zone, take_from, terminal_id) VALUES (?1, ?2, ?3, ?4, ?5)";
            self.sql.prepare(tx, insert)?.execute(values)?;
        }
        Ok(())
    }
}

/// A muster reader stays one; otherwise the kind says it, which the site's own screen may have changed.
fn role_of(kind: TerminalKind, own: Option<&str>) -> TerminalRole {
    match own.and_then(|text| text.parse().ok()) {
        Some(TerminalRole::Muster) => TerminalRole::Muster,
        _ => kind.role(),
    }
}

fn check_change(terminal: &Terminal, change: &TerminalChange) -> Step<()> {
    if let TerminalKind::Unknown(code) = change.kind.unwrap_or(terminal.kind) {
        let reason = format!("kind {code} is not named in the settings, so the terminal is left alone");
        return Err(Error::conflict("terminal.configuration", reason, Some(terminal.id.get()))
            .with_remedy("name the code under timeware.enums.configuration")
            .into());
    }
    let role = change.role.unwrap_or(change.kind.unwrap_or(terminal.kind).role());
    let kind = change.kind.unwrap_or(terminal.kind);
    if role != TerminalRole::Muster && role != kind.role() {
        let reason = format!("a terminal of this kind has the role {}", kind.role());
        return Err(Error::rejected("role", reason).with_remedy("change the kind instead").into());
    }
    let released = terminal.suspended && change.suspended == Some(false);
    let has_start = match change.take_from {
        Field::Keep => terminal.take_from.is_some(),
        Field::Clear => false,
        Field::Set(_) => true,
    };
    if released && !has_start {
        let error = Error::rejected("take_from", "a release must say from when on events count");
        return Err(error.with_remedy("give a time, such as now").into());
    }
    Ok(())
}
