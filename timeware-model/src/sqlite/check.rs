//! The start-up check: tables, columns, version, status rows (rules R1, E6).

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::fault::Step;
use crate::config::{ChangeFeed, GroupingsKind, Profile};
use crate::contract::{Family, Table};
use crate::error::{Error, ErrorKind, Result};
use crate::grouping::GroupingNumber;
use crate::ids::StatusId;
use crate::rules::fold;
use crate::settings::Settings;
use crate::status::Status;
use crate::store::StartReport;
use crate::version::DatabaseVersion;

struct RealColumn {
    name: String,
    declared: String,
    must_be_filled: bool,
}

pub(super) fn run(db: &Connection, settings: &Settings) -> Step<StartReport> {
    for table in needed(settings) {
        let name = settings.mapping().real_table(table).to_owned();
        check_table(db, settings, table, &name)?;
    }
    check_groupings(db, settings)?;
    let version = version(db, settings)?;
    let statuses = statuses(db, settings)?;
    let config = settings.config();
    let current = pick(&statuses, &config.status_current, "timeware.status_current", false)?;
    let leaver = pick(&statuses, &config.status_leaver, "timeware.status_leaver", true)?;
    Ok(StartReport { read_only: read_only(settings, &version), version, current, leaver })
}

pub(super) fn statuses(db: &Connection, settings: &Settings) -> Step<Vec<Status>> {
    let text = settings.mapping().expand(
        "SELECT {employee_status.id}, {employee_status.description}, {employee_status.exclude_from_calculation} \
         FROM {employee_status} ORDER BY 1",
    );
    let mut statement = db.prepare_cached(&text)?;
    let rows = statement.query_map([], |row| {
        Ok(Status {
            id: StatusId::new(row.get(0)?),
            description: row.get(1)?,
            excluded: row.get::<_, Option<i64>>(2)?.unwrap_or(0) == 1,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The tables that these settings touch.
fn needed(settings: &Settings) -> Vec<Table> {
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
    tables
}

fn check_groupings(db: &Connection, settings: &Settings) -> Step<()> {
    let mapping = settings.mapping();
    match mapping.groupings() {
        GroupingsKind::OneTable => {
            if !mapping.has(Table::GroupingRef, "number") {
                let at = "timeware.columns.grouping_ref.number";
                let remedy = "name the column, or set timeware.groupings.kind to \"table-per-grouping\"";
                return Err(Error::config(at, "one table for all groupings needs their number", remedy).into());
            }
            check_table(db, settings, Table::GroupingRef, mapping.real_table(Table::GroupingRef))
        }
        GroupingsKind::TextColumn => Ok(()),
        GroupingsKind::TablePerGrouping => {
            let numbers = GroupingNumber::all().filter(|number| Some(*number) == settings.department_grouping());
            for number in numbers {
                check_table(db, settings, Table::GroupingRef, &mapping.grouping_table(number))?;
            }
            Ok(())
        }
    }
}

fn check_table(db: &Connection, settings: &Settings, table: Table, name: &str) -> Step<()> {
    let real = real_columns(db, name)?;
    if real.is_empty() {
        let at = format!("timeware.tables.{}", table.logical());
        let remedy = "name the table that this site has for it";
        return Err(Error::config(at, format!("the database has no table `{name}`"), remedy).into());
    }
    let mut mapped = BTreeMap::new();
    for (column, wanted) in settings.mapping().columns(table) {
        if table == Table::GroupingRef && column.logical == "number" && name != Table::GroupingRef.real() {
            let one_table = settings.mapping().groupings() == GroupingsKind::OneTable;
            if !one_table {
                continue;
            }
        }
        let at = || format!("timeware.columns.{}.{}", table.logical(), column.logical);
        let Some(found) = real.get(&wanted.to_lowercase()) else {
            let remedy = "name the column that this site has for it, or \"\" if it has none";
            return Err(Error::config(at(), format!("table `{name}` has no column `{wanted}`"), remedy).into());
        };
        let text_grouping = column.logical.starts_with("grouping_")
            && table == Table::Employee
            && settings.mapping().groupings() == GroupingsKind::TextColumn;
        let family = if text_grouping { Family::Text } else { column.family };
        if !fits(family, &found.declared) {
            let reason = format!("column `{wanted}` of `{name}` is `{}`, not {}", found.declared, family.name());
            return Err(Error::config(at(), reason, "map a column of the right type").into());
        }
        mapped.insert(wanted.to_lowercase(), column.required || always_filled(table, column.logical));
    }
    check_filled(settings, table, name, &real, &mapped)
}

/// Columns that must hold a value and get none from us stop the start, all of them by name.
fn check_filled(
    settings: &Settings,
    table: Table,
    name: &str,
    real: &BTreeMap<String, RealColumn>,
    mapped: &BTreeMap<String, bool>,
) -> Step<()> {
    if matches!(table, Table::Version | Table::EmployeeStatus) {
        return Ok(());
    }
    let constants = settings.mapping().constants(table);
    let has_constant = |column: &RealColumn| constants.iter().any(|(real, _)| real.eq_ignore_ascii_case(&column.name));
    let unfilled: Vec<&str> = real
        .iter()
        .filter(|(key, column)| column.must_be_filled && mapped.get(*key) != Some(&true) && !has_constant(column))
        .map(|(_, column)| column.name.as_str())
        .collect();
    if unfilled.is_empty() {
        return Ok(());
    }
    let reason = format!("table `{name}` has columns that must be filled and are not: {}", unfilled.join(", "));
    let at = format!("timeware.constants.{}", table.logical());
    Err(Error::config(at, reason, "give each a constant value, or a default in the database").into())
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

fn real_columns(db: &Connection, table: &str) -> Step<BTreeMap<String, RealColumn>> {
    let text = "SELECT name, type, \"notnull\" = 1 AND dflt_value IS NULL AND pk = 0 FROM pragma_table_info(?)";
    let mut statement = db.prepare_cached(text)?;
    let rows = statement.query_map([table], |row| {
        Ok(RealColumn { name: row.get(0)?, declared: row.get(1)?, must_be_filled: row.get(2)? })
    })?;
    let mut columns = BTreeMap::new();
    for column in rows {
        let column = column?;
        columns.insert(column.name.to_lowercase(), column);
    }
    Ok(columns)
}

fn fits(family: Family, declared: &str) -> bool {
    let declared = declared.to_ascii_uppercase();
    match family {
        Family::Integer => declared.contains("INT") || declared.contains("BIT"),
        Family::Text => declared.contains("TEXT") || declared.contains("CHAR"),
        Family::DateTime => declared.contains("TEXT") || declared.contains("DATE"),
    }
}

fn version(db: &Connection, settings: &Settings) -> Step<DatabaseVersion> {
    let text = settings.mapping().expand("SELECT {version.property}, {version.data} FROM {version}");
    let mut statement = db.prepare_cached(&text)?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?)))?;
    for row in rows {
        if let (property, Some(data)) = row?
            && fold(&property) == "database version"
        {
            return Ok(data.parse()?);
        }
    }
    Err(Error::new(ErrorKind::Protocol, "the database does not say which version it has").into())
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
