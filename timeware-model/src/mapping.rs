//! Real names of tables and columns: the reference names with what the settings of a site say otherwise.

use std::collections::{BTreeMap, HashMap};

use crate::config::{Constant, GroupingsKind, TimewareConfig};
use crate::contract::{Column, Table};
use crate::error::{Error, Result};
use crate::grouping::GroupingNumber;

/// The schema in which SQL Server looks where the settings name none.
pub(crate) const DEFAULT_SCHEMA: &str = "dbo";

/// The names of one site, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    tables: HashMap<Table, Name>,
    columns: HashMap<(Table, &'static str), Option<String>>,
    constants: HashMap<Table, Vec<(String, Constant)>>,
    groupings: GroupingsKind,
    grouping_pattern: Name,
    own_prefix: String,
}

/// A table's name, with the schema that stands before it on SQL Server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) schema: Option<String>,
    pub(crate) table: String,
}

impl Name {
    pub(crate) fn schema(&self) -> &str {
        self.schema.as_deref().unwrap_or(DEFAULT_SCHEMA)
    }
}

impl Mapping {
    /// Checks the names of a configuration.
    ///
    /// # Errors
    /// `Config`, with the setting at fault.
    pub fn new(config: &TimewareConfig) -> Result<Self> {
        let mut tables = HashMap::new();
        for table in Table::ALL {
            let at = format!("timeware.tables.{}", table.logical());
            tables.insert(table, table_name(&at, config.tables.get(&table).map_or(table.real(), String::as_str))?);
        }
        check_part("timeware.own_prefix", &config.own_prefix)?;
        let mapping = Self {
            tables,
            columns: columns(config)?,
            constants: constants(config)?,
            groupings: config.groupings.kind,
            grouping_pattern: grouping_pattern(config)?,
            own_prefix: config.own_prefix.clone(),
        };
        Ok(mapping)
    }

    /// The real name of a table, without schema and quotes.
    pub fn real_table(&self, table: Table) -> &str {
        match table {
            Table::GroupingRef => &self.grouping_pattern.table,
            table => self.tables.get(&table).map_or(table.real(), |name| name.table.as_str()),
        }
    }

    /// The real name of a table, with its schema.
    pub(crate) fn name(&self, table: Table) -> Name {
        match (table, self.tables.get(&table)) {
            (Table::GroupingRef, _) => self.grouping_pattern.clone(),
            (_, Some(name)) => name.clone(),
            (table, None) => Name { schema: None, table: table.real().to_owned() },
        }
    }

    /// The real name of the table that holds the values of a grouping, with its schema.
    pub(crate) fn grouping_name(&self, number: GroupingNumber) -> Name {
        match self.groupings {
            GroupingsKind::TextColumn => self.own_name("grouping"),
            _ => Name {
                schema: self.grouping_pattern.schema.clone(),
                table: self.grouping_pattern.table.replace("{n}", &number.to_string()),
            },
        }
    }

    /// The real name of a table of ours, with its schema.
    pub(crate) fn own_name(&self, name: &str) -> Name {
        Name { schema: None, table: self.own_table(name) }
    }

    /// The real name of a column; `None` where the site has none.
    pub fn real_column(&self, table: Table, logical: &str) -> Option<&str> {
        let column = table.column(logical)?;
        self.columns.get(&(table, column.logical))?.as_deref()
    }

    /// Whether the site has a column.
    pub fn has(&self, table: Table, logical: &str) -> bool {
        self.real_column(table, logical).is_some()
    }

    /// The columns that the site has, with their real names.
    pub fn columns(&self, table: Table) -> impl Iterator<Item = (&'static Column, &str)> {
        let named = move |column: &'static Column| Some((column, self.real_column(table, column.logical)?));
        table.columns().iter().filter_map(named)
    }

    /// Values written on every insert besides the mapped columns: real name, value.
    pub fn constants(&self, table: Table) -> &[(String, Constant)] {
        self.constants.get(&table).map_or(&[], Vec::as_slice)
    }

    /// The shape of the groupings.
    pub fn groupings(&self) -> GroupingsKind {
        self.groupings
    }

    /// The real name of the table that holds the values of a grouping.
    pub fn grouping_table(&self, number: GroupingNumber) -> String {
        self.grouping_name(number).table
    }

    /// The real name of a table of ours.
    pub fn own_table(&self, name: &str) -> String {
        format!("{}{name}", self.own_prefix)
    }
}

/// Quotes a checked name; the form is understood by SQL Server and SQLite alike.
pub(crate) fn quote(name: &str) -> String {
    format!("[{name}]")
}

pub(crate) fn table_by_name(logical: &str) -> Option<Table> {
    Table::ALL.into_iter().find(|table| table.logical() == logical)
}

fn columns(config: &TimewareConfig) -> Result<HashMap<(Table, &'static str), Option<String>>> {
    let mut resolved = HashMap::new();
    for table in Table::ALL {
        for column in table.columns() {
            resolved.insert((table, column.logical), Some(column.real.to_owned()));
        }
    }
    for (table, names) in &config.columns {
        for (logical, real) in names {
            let at = format!("timeware.columns.{}.{logical}", table.logical());
            let column = table.column(logical).ok_or_else(|| unknown_column(&at, *table, logical))?;
            resolved.insert((*table, column.logical), real_column(&at, column, real)?);
        }
    }
    Ok(resolved)
}

fn real_column(at: &str, column: &Column, real: &str) -> Result<Option<String>> {
    if !real.is_empty() {
        check_part(at, real)?;
        return Ok(Some(real.to_owned()));
    }
    if column.required {
        let reason = format!("a site without the column `{}` cannot be served", column.logical);
        return Err(Error::config(at, reason, "name the column that holds it"));
    }
    Ok(None)
}

fn unknown_column(at: &str, table: Table, logical: &str) -> Error {
    let known: Vec<_> = table.columns().iter().map(|column| column.logical).collect();
    Error::config(at, format!("`{logical}` is not a column of this table"), format!("use one of {}", known.join(", ")))
}

fn constants(config: &TimewareConfig) -> Result<HashMap<Table, Vec<(String, Constant)>>> {
    let mut resolved = HashMap::new();
    for (table, values) in &config.constants {
        let mut list = Vec::new();
        for (name, value) in values {
            let at = format!("timeware.constants.{}.{name}", table.logical());
            let mapped =
                config.columns.get(table).and_then(|columns| columns.get(name)).filter(|real| !real.is_empty());
            let real = mapped.map_or_else(|| table.column(name).map_or(name.as_str(), |c| c.real), String::as_str);
            check_part(&at, real)?;
            list.push((real.to_owned(), value.clone()));
        }
        resolved.insert(*table, list);
    }
    Ok(resolved)
}

fn grouping_pattern(config: &TimewareConfig) -> Result<Name> {
    let at = "timeware.groupings.table";
    let default = match config.groupings.kind {
        GroupingsKind::TablePerGrouping => "tgrouping_{n}_ref",
        _ => config.tables.get(&Table::GroupingRef).map_or(Table::GroupingRef.real(), String::as_str),
    };
    let pattern = config.groupings.table.as_deref().unwrap_or(default);
    let numbered = pattern.contains("{n}");
    match config.groupings.kind {
        GroupingsKind::TablePerGrouping if !numbered => {
            let remedy = "put {n} where the number of the grouping goes, such as \"dbo.tgrouping_{n}_ref\"";
            return Err(Error::config(at, "a table per grouping needs the number in its name", remedy));
        }
        GroupingsKind::OneTable | GroupingsKind::TextColumn if numbered => {
            let remedy = "set timeware.groupings.kind to \"table-per-grouping\"";
            return Err(Error::config(at, "{n} has no meaning with one table", remedy));
        }
        _ => {}
    }
    table_name(at, &pattern.replace("{n}", "0"))?;
    Ok(split(pattern))
}

/// Checks each part of a table name; the embedded store drops the schema.
fn table_name(at: &str, name: &str) -> Result<Name> {
    let parts: Vec<&str> = name.split('.').collect();
    if parts.len() > 2 {
        return Err(Error::config(at, format!("`{name}` has more than a schema and a name"), "write schema.name"));
    }
    for part in &parts {
        check_part(at, part)?;
    }
    Ok(split(name))
}

fn split(name: &str) -> Name {
    match name.split_once('.') {
        Some((schema, table)) => Name { schema: Some(schema.to_owned()), table: table.to_owned() },
        None => Name { schema: None, table: name.to_owned() },
    }
}

/// A name begins with a letter or `_` and goes on with letters, digits, `_` and blanks, all of them ASCII.
fn check_part(at: &str, name: &str) -> Result<()> {
    let mut characters = name.chars();
    let first = characters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if first && name.len() <= 128 && characters.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ' ') {
        return Ok(());
    }
    let remedy = "begin with a letter or _ and use letters, digits, _ and blanks only";
    Err(Error::config(at, format!("`{}` is not a name", name.escape_debug()), remedy))
}

impl Mapping {
    /// What differs from the reference schema, for building a store with the names of a site.
    pub(crate) fn renamed(&self) -> BTreeMap<Table, Vec<(&'static Column, Option<&str>)>> {
        let mut renamed = BTreeMap::new();
        for table in Table::ALL {
            let changed = table.columns().iter().filter_map(|column| {
                let real = self.real_column(table, column.logical);
                (real != Some(column.real)).then_some((column, real))
            });
            renamed.insert(table, changed.collect());
        }
        renamed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn config(text: &str) -> TimewareConfig {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn each_fault_names_its_setting() {
        for (text, field) in [
            ("[tables]\nemployee = \"x; DROP TABLE y\"", "timeware.tables.employee"),
            ("[tables]\nemployee = \"a.b.c\"", "timeware.tables.employee"),
            ("[columns.employee]\nnickname = \"x\"", "timeware.columns.employee.nickname"),
            ("[columns.employee]\nlast_name = \"\"", "timeware.columns.employee.last_name"),
            ("[columns.employee]\ngender = \"a]b\"", "timeware.columns.employee.gender"),
            ("[constants.twork]\n\"a'b\" = 1", "timeware.constants.twork.a'b"),
            ("own_prefix = \"b-\"", "timeware.own_prefix"),
            ("[groupings]\nkind = \"table-per-grouping\"\ntable = \"g\"", "timeware.groupings.table"),
            ("[groupings]\ntable = \"g{n}\"", "timeware.groupings.table"),
        ] {
            let error = Mapping::new(&config(text)).unwrap_err();
            assert_eq!(error.field(), Some(field), "{text}");
            assert!(error.remedy().is_some());
        }
    }

    proptest! {
        #[test]
        fn no_name_can_leave_its_quotes(name in ".{0,20}") {
            if check_part("x", &name).is_ok() {
                prop_assert!(!name.contains(['[', ']', '"', '\'', ';', '\0']));
            }
        }
    }
}
