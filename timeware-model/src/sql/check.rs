//! The comparison of a database with what the settings need: tables, columns, version, status rows (rules R1, E6).

use std::collections::{BTreeMap, HashMap};

use super::Rulebook;
use super::database::Database;
use super::dialect::Dialect;
use super::fault::Step;
use super::statements::{Statements, Template};
use super::value::{Row, values};
use crate::config::{ChangeFeed, GroupingsKind, Profile};
use crate::contract::{Column, Family, Table};
use crate::error::{Error, ErrorKind, Result};
use crate::grouping::GroupingNumber;
use crate::ids::StatusId;
use crate::mapping::Name;
use crate::rules::fold;
#[cfg(feature = "sqlserver")]
use crate::schema_report::SchemaReport;
use crate::schema_report::{SchemaRow, Verdict};
use crate::settings::Settings;
use crate::status::Status;
use crate::store::StartReport;
use crate::version::DatabaseVersion;

const STATUSES: Template = Template::Read(
    "SELECT {employee_status.id}, {employee_status.description}, {employee_status.exclude_from_calculation} \
     FROM {employee_status} ORDER BY 1",
);
const VERSION: Template = Template::Read("SELECT {version.property}, {version.data} FROM {version}");
#[cfg(test)]
pub(super) const ALL: &[(&str, Template)] = &[("employment status", STATUSES), ("version", VERSION)];

const SQLITE_COLUMNS: &str = "SELECT name, type, NULL, CASE WHEN \"notnull\" = 1 AND pk = 0 THEN 'NO' ELSE 'YES' END, \
     dflt_value, 0, 0 FROM pragma_table_info(?2) WHERE ?1 <> ?3";
const SERVER_COLUMNS: &str = "SELECT COLUMN_NAME, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, IS_NULLABLE, COLUMN_DEFAULT, \
     COLUMNPROPERTY(OBJECT_ID(@P3), COLUMN_NAME, N'IsIdentity'), \
     COLUMNPROPERTY(OBJECT_ID(@P3), COLUMN_NAME, N'IsComputed') \
     FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = @P1 AND TABLE_NAME = @P2 ORDER BY ORDINAL_POSITION";
pub(super) const SERVER_IDENTITY: &str = "SELECT CAST(SERVERPROPERTY(N'ServerName') AS nvarchar(128)), DB_NAME()";

/// Tables of ours with the columns that this crate uses.
const OWN: &[(&str, &[&str])] = &[
    ("link", &["link_id", "source", "entity", "external_id", "internal_id", "state", "first_seen", "last_seen"]),
    ("terminal", &["terminal_id", "role", "direction", "time_zone", "take_from"]),
    ("badge", &["badge_id", "source", "kind", "number", "shown", "employee_id", "valid_from", "valid_to"]),
    ("event", &["source", "external_event_id", "occurred_utc", "occurred_local", "outcome", "target_id"]),
];
const OWN_GROUPING: (&str, &[&str]) = ("grouping", &["grouping_ref_id", "grouping_number", "description"]);

/// What a database looks like to these settings.
pub(crate) struct Inspected {
    pub(crate) looked_at: Vec<LookedAt>,
    pub(crate) missing_own: Vec<String>,
    pub(crate) version: Option<DatabaseVersion>,
    pub(crate) statuses: Vec<Status>,
    pub(crate) narrow: HashMap<(Table, String), String>,
}

/// One line of the comparison, with the error that it stops the start with.
pub(crate) struct LookedAt {
    pub(crate) row: SchemaRow,
    error: Option<Error>,
}

pub(crate) struct RealColumn {
    name: String,
    declared: String,
    length: Option<i64>,
    must_be_filled: bool,
}

pub(crate) type RealColumns = BTreeMap<String, RealColumn>;

/// Looks at everything that these settings need; what does not fit is told and stops nothing.
pub(crate) async fn inspect(db: &mut impl Database, settings: &Settings, dialect: Dialect) -> Step<Inspected> {
    let mut inspected = Inspected {
        looked_at: Vec::new(),
        missing_own: Vec::new(),
        version: None,
        statuses: Vec::new(),
        narrow: HashMap::new(),
    };
    for (table, name) in needed_tables(settings) {
        let real = real_columns(db, dialect, &name).await?;
        inspected.compare(settings, table, &name, &real);
    }
    for (own, columns) in own_tables(settings) {
        let name = settings.mapping().own_name(own);
        let real = real_columns(db, dialect, &name).await?;
        if columns.iter().any(|column| !real.contains_key(*column)) {
            inspected.missing_own.push(name.table);
        }
    }
    let sql = Statements::new(settings.mapping(), dialect);
    if inspected.fits(settings, Table::Version) {
        inspected.version = version(db, &sql).await?;
    }
    if inspected.fits(settings, Table::EmployeeStatus) {
        inspected.statuses = statuses(db, &sql).await?;
    }
    Ok(inspected)
}

/// The tables that these settings touch, by their real names.
pub(crate) fn needed_tables(settings: &Settings) -> Vec<(Table, Name)> {
    let mut tables = vec![
        Table::Version,
        Table::EmployeeStatus,
        Table::Employee,
        Table::TerminalPolicy,
        Table::Terminal,
        Table::TerminalGroupRef,
        Table::TerminalGroup,
        Table::RollCall,
    ];
    match settings.profile() {
        Profile::Twork => tables.push(Table::Twork),
        Profile::Staged => {
            tables.extend([Table::TworkUnprocessed, Table::AccessArchive]);
            if settings.config().archive {
                tables.push(Table::TworkUnprocessedArchive);
            }
        }
    }
    if settings.notifies_hardware() || settings.config().change_feed == ChangeFeed::TeventUpdate {
        tables.push(Table::EventUpdate);
    }
    let mapping = settings.mapping();
    let mut named: Vec<_> = tables.into_iter().map(|table| (table, mapping.name(table))).collect();
    match mapping.groupings() {
        GroupingsKind::OneTable => named.push((Table::GroupingRef, mapping.name(Table::GroupingRef))),
        GroupingsKind::TablePerGrouping => {
            let number = GroupingNumber::all().find(|number| Some(*number) == settings.department_grouping());
            named.extend(number.map(|number| (Table::GroupingRef, mapping.grouping_name(number))));
        }
        GroupingsKind::TextColumn => {}
    }
    named
}

pub(crate) fn own_tables(settings: &Settings) -> Vec<(&'static str, &'static [&'static str])> {
    let mut tables = OWN.to_vec();
    if settings.mapping().groupings() == GroupingsKind::TextColumn {
        tables.push(OWN_GROUPING);
    }
    tables
}

impl Inspected {
    /// What a store needs to know at its start.
    pub(crate) fn start_report(&mut self, settings: &Settings) -> Result<StartReport> {
        if let Some(error) = self.looked_at.iter_mut().find_map(|looked| looked.error.take()) {
            return Err(error);
        }
        if !self.missing_own.is_empty() {
            let reason = format!("the database has no tables of ours yet: {}", self.missing_own.join(", "));
            let remedy = "make them once with the set-up step, with a login that may create tables";
            return Err(Error::config("timeware.own_prefix", reason, remedy));
        }
        let config = settings.config();
        let Some(version) = self.version.clone() else {
            return Err(Error::new(ErrorKind::Protocol, "the database does not say which version it has"));
        };
        let current = pick(&self.statuses, &config.status_current, "timeware.status_current", false)?;
        let leaver = pick(&self.statuses, &config.status_leaver, "timeware.status_leaver", true)?;
        Ok(StartReport { read_only: read_only(settings, &version), version, current, leaver })
    }

    /// Everything that was looked at, as a report.
    #[cfg(feature = "sqlserver")]
    pub(crate) fn report(self, settings: &Settings, database: String) -> SchemaReport {
        SchemaReport {
            database,
            version: self.version.as_ref().map(ToString::to_string),
            faults: self.other_faults(settings),
            rows: self.looked_at.into_iter().map(|looked| looked.row).collect(),
            missing_own_tables: self.missing_own,
            ..SchemaReport::default()
        }
    }

    /// Faults that are no column's.
    #[cfg(feature = "sqlserver")]
    fn other_faults(&self, settings: &Settings) -> Vec<String> {
        let config = settings.config();
        let mut faults = Vec::new();
        if self.fits(settings, Table::EmployeeStatus) {
            let current = pick(&self.statuses, &config.status_current, "timeware.status_current", false);
            let leaver = pick(&self.statuses, &config.status_leaver, "timeware.status_leaver", true);
            faults.extend([current, leaver].into_iter().filter_map(Result::err).map(|error| error.to_string()));
        }
        match &self.version {
            Some(version) => faults.extend(read_only(settings, version)),
            None if self.fits(settings, Table::Version) => {
                faults.push("the database does not say which version it has".to_owned());
            }
            None => {}
        }
        faults
    }

    fn fits(&self, settings: &Settings, table: Table) -> bool {
        let name = settings.mapping().real_table(table);
        self.looked_at.iter().all(|looked| looked.row.table != name || looked.row.verdict.is_sound())
    }

    fn compare(&mut self, settings: &Settings, table: Table, name: &Name, real: &RealColumns) {
        if real.is_empty() {
            let at = format!("timeware.tables.{}", table.logical());
            let reason = format!("the database has no table `{}`, or the login may not see it", name.table);
            let error = Error::config(at, reason, "name the table that this site has for it, or grant SELECT on it");
            self.tell(name, None, "a table".to_owned(), None, Verdict::Missing, Some(error));
            return;
        }
        if table == Table::GroupingRef
            && settings.mapping().groupings() == GroupingsKind::OneTable
            && !settings.mapping().has(table, "number")
        {
            let remedy = "name the column, or set timeware.groupings.kind to \"table-per-grouping\"";
            let at = "timeware.columns.grouping_ref.number";
            let error = Error::config(at, "one table for all groupings needs their number", remedy);
            self.tell(name, Some("number"), "integer".to_owned(), None, Verdict::Missing, Some(error));
        }
        let mut mapped = BTreeMap::new();
        for column in table.columns().iter().filter(|column| is_looked_at(settings, table, column)) {
            let Some(wanted) = settings.mapping().real_column(table, column.logical) else {
                self.tell(
                    name,
                    Some(column.logical),
                    family(settings, table, column).name().to_owned(),
                    None,
                    Verdict::Left,
                    None,
                );
                continue;
            };
            if self.column(settings, table, name, column, real.get(&wanted.to_lowercase())) {
                mapped.insert(wanted.to_lowercase(), column.required || always_filled(table, column.logical));
            }
        }
        self.unfilled(settings, table, name, real, &mapped);
    }

    /// Compares one column; whether it is there and of the right family.
    fn column(
        &mut self,
        settings: &Settings,
        table: Table,
        name: &Name,
        column: &'static Column,
        found: Option<&RealColumn>,
    ) -> bool {
        let wanted = settings.mapping().real_column(table, column.logical).unwrap_or(column.real);
        let family = family(settings, table, column);
        let length = column.length.and_then(|length| i64::try_from(length).ok());
        let expected =
            length.map_or_else(|| family.name().to_owned(), |length| format!("{} ({length})", family.name()));
        let at = || format!("timeware.columns.{}.{}", table.logical(), column.logical);
        let table_name = &name.table;
        let Some(found) = found else {
            let remedy = "name the column that this site has for it, or \"\" if it has none";
            let error = Error::config(at(), format!("table `{table_name}` has no column `{wanted}`"), remedy);
            self.tell(name, Some(wanted), expected, None, Verdict::Missing, Some(error));
            return false;
        };
        let declared = found.declared_text();
        if !fits(family, &found.declared) {
            let reason = format!("column `{wanted}` of `{table_name}` is `{declared}`, not {}", family.name());
            let error = Error::config(at(), reason, "map a column of the right type");
            self.tell(name, Some(wanted), expected, Some(declared), Verdict::WrongType, Some(error));
            return false;
        }
        if found.is_narrow() {
            self.narrow.insert((table, column.logical.to_owned()), declared.clone());
        }
        let short = found.length.zip(length).is_some_and(|(found, wanted)| (0..wanted).contains(&found));
        let verdict = if short { Verdict::TooShort } else { Verdict::Ok };
        self.tell(name, Some(wanted), expected, Some(declared), verdict, None);
        true
    }

    /// Columns that must hold a value and get none from us stop the start, all of them by name.
    fn unfilled(
        &mut self,
        settings: &Settings,
        table: Table,
        name: &Name,
        real: &RealColumns,
        mapped: &BTreeMap<String, bool>,
    ) {
        if matches!(table, Table::Version | Table::EmployeeStatus) {
            return;
        }
        let constants = settings.mapping().constants(table);
        let has_constant =
            |column: &RealColumn| constants.iter().any(|(real, _)| real.eq_ignore_ascii_case(&column.name));
        let unfilled: Vec<&RealColumn> = real
            .iter()
            .filter(|(key, column)| column.must_be_filled && mapped.get(*key) != Some(&true) && !has_constant(column))
            .map(|(_, column)| column)
            .collect();
        let names: Vec<&str> = unfilled.iter().map(|column| column.name.as_str()).collect();
        for column in &unfilled {
            let reason =
                format!("table `{}` has columns that must be filled and are not: {}", name.table, names.join(", "));
            let at = format!("timeware.constants.{}", table.logical());
            let error = Error::config(at, reason, "give each a constant value, or a default in the database");
            let found = Some(column.declared_text());
            self.tell(name, Some(&column.name), "no value of ours".to_owned(), found, Verdict::Unfilled, Some(error));
        }
    }

    fn tell(
        &mut self,
        name: &Name,
        column: Option<&str>,
        expected: String,
        found: Option<String>,
        verdict: Verdict,
        error: Option<Error>,
    ) {
        let remedy = |error: &Error| Some(format!("{}: {}", error.field()?, error.remedy()?));
        let row = SchemaRow {
            table: name.table.clone(),
            column: column.map(str::to_owned),
            expected,
            found,
            verdict,
            remedy: error.as_ref().and_then(remedy),
        };
        self.looked_at.push(LookedAt { row, error });
    }
}

impl RealColumn {
    /// The type with its length, as a statement would write it.
    fn declared_text(&self) -> String {
        match self.length {
            Some(-1) => format!("{}(max)", self.declared),
            Some(length) => format!("{}({length})", self.declared),
            None => self.declared.clone(),
        }
    }

    /// Whether a text of Unicode would have to be converted before it is compared with this column.
    fn is_narrow(&self) -> bool {
        matches!(self.declared.to_ascii_lowercase().as_str(), "varchar" | "char")
    }
}

impl Rulebook {
    pub(super) async fn check(&self, db: &mut impl Database) -> Step<StartReport> {
        let mut inspected = inspect(db, &self.settings, self.sql.dialect()).await?;
        Ok(inspected.start_report(&self.settings)?)
    }

    pub(super) async fn all_statuses(&self, db: &mut impl Database) -> Step<Vec<Status>> {
        statuses(db, &self.sql).await
    }

    /// What tells this database from every other one.
    pub(super) async fn identity(&self, db: &mut impl Database) -> Step<String> {
        let nothing = || Error::new(ErrorKind::Protocol, "the database does not say which one it is");
        match self.sql.dialect() {
            Dialect::Sqlite => {
                let rows = db.rows("PRAGMA application_id", &[]).await?;
                Ok(format!("{:08x}", rows.first().ok_or_else(nothing)?.integer(0)?))
            }
            Dialect::SqlServer => {
                let rows = db.rows(SERVER_IDENTITY, &[]).await?;
                let row = rows.first().ok_or_else(nothing)?;
                Ok(format!("{}/{}", row.text(0)?, row.text(1)?).to_lowercase())
            }
        }
    }
}

pub(crate) async fn real_columns(db: &mut impl Database, dialect: Dialect, name: &Name) -> Step<RealColumns> {
    let text = match dialect {
        Dialect::Sqlite => SQLITE_COLUMNS,
        Dialect::SqlServer => SERVER_COLUMNS,
    };
    let mut columns = RealColumns::new();
    for row in db.rows(text, &values![name.schema(), &name.table, &dialect.table(name)]).await? {
        let column = real_column(&row)?;
        columns.insert(column.name.to_lowercase(), column);
    }
    Ok(columns)
}

fn real_column(row: &Row) -> Step<RealColumn> {
    let declared = row.text(1)?;
    let made = row.maybe_integer(5)? == Some(1) || row.maybe_integer(6)? == Some(1) || declared == "timestamp";
    Ok(RealColumn {
        name: row.text(0)?,
        length: row.maybe_integer(2)?,
        must_be_filled: row.text(3)? == "NO" && row.maybe_text(4)?.is_none() && !made,
        declared,
    })
}

fn is_looked_at(settings: &Settings, table: Table, column: &Column) -> bool {
    let one_table = settings.mapping().groupings() == GroupingsKind::OneTable;
    table != Table::GroupingRef || column.logical != "number" || one_table
}

fn family(settings: &Settings, table: Table, column: &Column) -> Family {
    let text_grouping = column.logical.starts_with("grouping_")
        && table == Table::Employee
        && settings.mapping().groupings() == GroupingsKind::TextColumn;
    if text_grouping { Family::Text } else { column.family }
}

fn always_filled(table: Table, logical: &str) -> bool {
    match table {
        Table::Employee => logical == "date_started",
        Table::Terminal => logical == "roll_call_enabled",
        Table::GroupingRef => logical == "number",
        Table::RollCall => logical == "reader",
        Table::Twork | Table::TworkUnprocessed | Table::TworkUnprocessedArchive | Table::AccessArchive => true,
        _ => false,
    }
}

fn fits(family: Family, declared: &str) -> bool {
    let declared = declared.to_ascii_uppercase();
    let has = |words: &[&str]| words.iter().any(|word| declared.contains(word));
    match family {
        Family::Integer => has(&["INT", "BIT", "DECIMAL", "NUMERIC"]),
        Family::Text => has(&["TEXT", "CHAR"]),
        Family::DateTime => has(&["TEXT", "DATE"]),
    }
}

async fn statuses(db: &mut impl Database, sql: &Statements) -> Step<Vec<Status>> {
    let status = |row: &Row| {
        Ok(Status {
            id: StatusId::new(row.integer(0)?),
            description: row.text(1)?,
            excluded: row.maybe_integer(2)?.unwrap_or(0) == 1,
        })
    };
    sql.rows(db, STATUSES, &[]).await?.iter().map(status).collect()
}

async fn version(db: &mut impl Database, sql: &Statements) -> Step<Option<DatabaseVersion>> {
    for row in sql.rows(db, VERSION, &[]).await? {
        if let Some(data) = row.maybe_text(1)?
            && fold(&row.text(0)?) == "database version"
        {
            return Ok(Some(data.parse()?));
        }
    }
    Ok(None)
}

fn read_only(settings: &Settings, version: &DatabaseVersion) -> Option<String> {
    let known = settings.supported_versions().contains(version.release);
    let confirmed = settings.config().confirmed_version == Some(version.release);
    let span = &settings.config().supported_versions;
    (!known && !confirmed).then(|| format!("release {} of the database is outside {span}", version.release))
}

fn pick(statuses: &[Status], name: &str, at: &str, excluded: bool) -> Result<StatusId> {
    let wanted = fold(name);
    let Some(status) = statuses.iter().find(|status| fold(&status.description) == wanted) else {
        let known: Vec<&str> = statuses.iter().map(|status| status.description.as_str()).collect();
        return Err(Error::config(
            at,
            format!("there is no status `{name}`"),
            format!("use one of {}", known.join(", ")),
        ));
    };
    if status.excluded != excluded {
        let word = if excluded { "is not excluded from calculation" } else { "is excluded from calculation" };
        return Err(Error::config(at, format!("status `{name}` {word}"), "choose another status"));
    }
    Ok(status.id)
}
