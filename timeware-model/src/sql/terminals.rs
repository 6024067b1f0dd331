//! Terminals and their settings (rules W7, W11).

use chrono::{DateTime, NaiveDateTime, Utc};
use chrono_tz::Tz;

use super::Rulebook;
use super::database::Database;
use super::fault::Step;
use super::policies::made;
use super::receipts::asked;
use super::statements::{Template, Values};
use super::value::{Row, Value, values};
use crate::contract::Table;
use crate::employee::Field;
use crate::error::{Error, ErrorKind};
use crate::ids::TerminalId;
use crate::receipts::{LinkEntity, ReceiptKey};
use crate::rules::description;
use crate::store::{Created, CreatedHow, Written};
use crate::terminal::{NewTerminal, Terminal, TerminalChange, TerminalDirection, TerminalKind, TerminalRole};

macro_rules! terminals {
    ($filter:literal) => {
        Template::Read(concat!(
            "SELECT {terminal.id@t}, {terminal.number@t}, {terminal.description@t}, {terminal.configuration@t}, \
             {terminal.suspended@t}, {terminal.ip_address@t}, {terminal.notepad@t}, {terminal.roll_call_enabled@t}, \
             {terminal.r1_direction@t}, {terminal.r1_zone@t}, {terminal.poll_success@t}, \
             b.role, b.direction, b.time_zone, b.take_from, \
             (SELECT {top 1}external_id FROM {own.link} WHERE source = ?1 AND entity = 'terminal' \
             AND internal_id = {terminal.id@t} ORDER BY link_id{limit 1}) \
             FROM {terminal} t LEFT JOIN {own.terminal} b ON b.terminal_id = {terminal.id@t} ",
            $filter
        ))
    };
}
const TERMINALS: Template = terminals!("ORDER BY 2");
const TERMINAL: Template = terminals!("WHERE {terminal.id@t} = ?2");
const EXISTS: Template = Template::Read("SELECT 1 FROM {terminal} WHERE {terminal.id} = ?1");
const NUMBERS: Template = Template::Read(
    "SELECT {terminal.number} FROM {terminal}{lock} WHERE {terminal.number} BETWEEN ?1 AND ?2 ORDER BY 1",
);
const UPDATE: Template = Template::Change(
    "UPDATE {own.terminal}{lock} SET role = ?1, direction = ?2, time_zone = ?3, take_from = ?4 WHERE terminal_id = ?5",
);
const UPDATE_OPEN: Template = Template::Change(
    "UPDATE {own.terminal}{lock} SET role = ?1, direction = ?2, time_zone = ?3, take_from = NULL \
     WHERE terminal_id = ?4",
);
const INSERT: Template = Template::Change(
    "INSERT INTO {own.terminal} (role, direction, time_zone, take_from, terminal_id) VALUES (?1, ?2, ?3, ?4, ?5)",
);
const INSERT_OPEN: Template =
    Template::Change("INSERT INTO {own.terminal} (role, direction, time_zone, terminal_id) VALUES (?1, ?2, ?3, ?4)");
#[cfg(test)]
pub(super) const ALL: &[(&str, Template)] = &[
    ("terminals", TERMINALS),
    ("one terminal", TERMINAL),
    ("a terminal is there", EXISTS),
    ("numbers in use", NUMBERS),
    ("settings of a terminal, again", UPDATE),
    ("settings of a terminal, again, without a start", UPDATE_OPEN),
    ("settings of a terminal", INSERT),
    ("settings of a terminal, without a start", INSERT_OPEN),
];

impl Rulebook {
    pub(super) async fn all_terminals(&self, db: &mut impl Database, source: Option<&str>) -> Step<Vec<Terminal>> {
        let rows = self.sql.rows(db, TERMINALS, &values![asked(source)]).await?;
        rows.iter().map(|row| self.read_terminal(row)).collect()
    }

    pub(super) async fn one_terminal(
        &self,
        db: &mut impl Database,
        id: TerminalId,
        source: Option<&str>,
    ) -> Step<Option<Terminal>> {
        let row = self.sql.first(db, TERMINAL, &values![asked(source), id.get()]).await?;
        row.map(|row| self.read_terminal(&row)).transpose()
    }

    pub(super) async fn insert_terminal(
        &self,
        db: &mut impl Database,
        terminal: &NewTerminal,
        receipt: Option<&ReceiptKey>,
    ) -> Step<Created<TerminalId>> {
        if let Some(id) = self.linked(db, LinkEntity::Terminal, receipt).await? {
            return Ok(Created::new(TerminalId::new(id), CreatedHow::Duplicate));
        }
        let mut warnings = Vec::new();
        let kind = self.settings.default_kind();
        let mut values = vec![
            ("number", Value::Integer(self.free_number(db).await?)),
            ("description", Value::Text(description(Table::Terminal, &terminal.description, &mut warnings)?)),
            ("configuration", Value::Integer(kind.code(&self.settings.config().enums.configuration))),
            ("suspended", Value::Integer(1)),
            ("roll_call_enabled", Value::Integer(0)),
            ("r1_direction", Value::Integer(self.direction_code(terminal.direction))),
        ];
        if let Some(origin) = &terminal.origin {
            values.push(("notepad", Value::Text(origin.into_notepad(""))));
        }
        let id = TerminalId::new(made(self.sql.insert(db, Table::Terminal, values).await?)?);
        let zone = terminal.time_zone.unwrap_or(self.settings.time_zone());
        self.write_settings(db, id, kind.role(), terminal.direction, zone, None).await?;
        self.write_link(db, LinkEntity::Terminal, receipt, id.get()).await?;
        Ok(Created { id, how: CreatedHow::New, warnings })
    }

    pub(super) async fn describe_terminal(&self, db: &mut impl Database, id: TerminalId, text: &str) -> Step<Written> {
        let mut warnings = Vec::new();
        let text = description(Table::Terminal, text, &mut warnings)?;
        if !self.sql.update(db, Table::Terminal, id.get(), vec![("description", Value::Text(text))]).await? {
            return Err(Error::not_found("terminal", id.get()).into());
        }
        Ok(Written { changed: true, warnings })
    }

    pub(super) async fn change_terminal(
        &self,
        db: &mut impl Database,
        id: TerminalId,
        change: &TerminalChange,
    ) -> Step<Terminal> {
        let missing = || Error::not_found("terminal", id.get());
        let terminal = self.one_terminal(db, id, None).await?.ok_or_else(missing)?;
        check_change(&terminal, change)?;
        let kind = change.kind.unwrap_or(terminal.kind);
        let role = change.role.unwrap_or(if change.kind.is_some() { kind.role() } else { terminal.role });
        let direction = change.direction.unwrap_or(terminal.direction);
        let take_from = match change.take_from {
            Field::Keep => terminal.take_from,
            Field::Clear => None,
            Field::Set(at) => Some(at),
        };
        self.sql.update(db, Table::Terminal, id.get(), self.columns_of(change)).await?;
        let zone = change.time_zone.unwrap_or(terminal.time_zone);
        self.write_settings(db, id, role, direction, zone, take_from).await?;
        Ok(self.one_terminal(db, id, None).await?.ok_or_else(missing)?)
    }

    pub(super) async fn terminal_exists(&self, db: &mut impl Database, id: TerminalId) -> Step<bool> {
        self.sql.exists(db, EXISTS, &values![id.get()]).await
    }

    /// Notes the local time of a good read at a terminal.
    pub(super) async fn note_read(&self, db: &mut impl Database, id: TerminalId, local: NaiveDateTime) -> Step<()> {
        self.sql.update(db, Table::Terminal, id.get(), vec![("poll_success", Value::Time(local))]).await?;
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

    fn read_terminal(&self, row: &Row) -> Step<Terminal> {
        let r1_direction = row.maybe_integer(8)?;
        let kind = TerminalKind::from_code(row.integer(3)?, &self.settings.config().enums.configuration);
        let role = row.maybe_text(11)?;
        let direction = row.maybe_text(12)?;
        Ok(Terminal {
            id: TerminalId::new(row.integer(0)?),
            number: row.integer(1)?,
            description: row.text(2)?,
            kind,
            suspended: row.integer(4)? != 0,
            ip_address: row.maybe_text(5)?,
            notepad: row.maybe_text(6)?,
            roll_call: row.maybe_integer(7)?.is_some_and(|on| on != 0),
            r1_direction,
            zone: row.maybe_integer(9)?,
            poll_success: row.maybe_time(10)?,
            role: role_of(kind, role.as_deref()),
            direction: self.direction_of(r1_direction, direction.as_deref()),
            time_zone: self.zone_of(row.maybe_text(13)?.as_deref())?,
            take_from: row.maybe_instant(14)?,
            receipt: row.maybe_text(15)?,
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
    async fn free_number(&self, db: &mut impl Database) -> Step<i64> {
        let (from, to) = (self.settings.config().terminal_number_from, self.settings.config().terminal_number_to);
        let mut free = from;
        for row in self.sql.rows(db, NUMBERS, &values![from, to]).await? {
            if row.integer(0)? != free {
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

    fn columns_of(&self, change: &TerminalChange) -> Values {
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
    async fn write_settings(
        &self,
        db: &mut impl Database,
        id: TerminalId,
        role: TerminalRole,
        direction: TerminalDirection,
        zone: Tz,
        take_from: Option<DateTime<Utc>>,
    ) -> Step<()> {
        let mut row = values![role.as_str(), direction.as_str(), zone.name()].to_vec();
        row.extend(take_from.map(Value::Instant));
        row.push(Value::Integer(id.get()));
        let (update, insert) = if take_from.is_some() { (UPDATE, INSERT) } else { (UPDATE_OPEN, INSERT_OPEN) };
        if self.sql.change(db, update, &row).await? == 0 {
            self.sql.change(db, insert, &row).await?;
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
