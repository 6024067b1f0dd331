//! Real names of tables and columns: the reference names with what the settings of a site say otherwise.

use std::collections::{BTreeMap, HashMap};

use crate::config::{Constant, GroupingsKind, TimewareConfig};
use crate::contract::{Column, Table};
use crate::error::{Error, Result};
use crate::grouping::GroupingNumber;

/// The names of one site, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    tables: HashMap<Table, String>,
    columns: HashMap<(Table, &'static str), Option<String>>,
    constants: HashMap<Table, Vec<(String, Constant)>>,
    groupings: GroupingsKind,
    grouping_pattern: String,
    own_prefix: String,
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
            Table::GroupingRef => &self.grouping_pattern,
            table => self.tables.get(&table).map_or(table.real(), String::as_str),
        }
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
        match self.groupings {
            GroupingsKind::TextColumn => self.own_table("grouping"),
            _ => self.grouping_pattern.replace("{n}", &number.to_string()),
        }
    }

    /// The real name of a table of ours.
    pub fn own_table(&self, name: &str) -> String {
        format!("{}{name}", self.own_prefix)
    }

    /// Fills names into a statement: `{employee}` a table, `{employee.id}` a column, `{employee.id@e}` one with an
    /// alias, `{own.link}` a table of ours. A column that the site does not have becomes `NULL`.
    pub(crate) fn expand(&self, template: &str) -> String {
        let mut out = String::with_capacity(template.len() + 64);
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, behind) = after.split_once('}').unwrap_or((after, ""));
            out.push_str(before);
            out.push_str(&self.expand_name(name));
            rest = behind;
        }
        out.push_str(rest);
        out
    }

    fn expand_name(&self, name: &str) -> String {
        let (name, alias) = name.split_once('@').map_or((name, ""), |(name, alias)| (name, alias));
        let Some((table, column)) = name.split_once('.') else {
            return table_by_name(name).map_or_else(|| "NULL".to_owned(), |table| quote(self.real_table(table)));
        };
        if table == "own" {
            return quote(&self.own_table(column));
        }
        let real = table_by_name(table).and_then(|table| self.real_column(table, column));
        match (real, alias) {
            (Some(real), "") => quote(real),
            (Some(real), alias) => format!("{alias}.{}", quote(real)),
            (None, _) => "NULL".to_owned(),
        }
    }
}

/// Quotes a checked name; the form is understood by SQL Server and SQLite alike.
pub(crate) fn quote(name: &str) -> String {
    format!("[{name}]")
}

fn table_by_name(logical: &str) -> Option<Table> {
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

fn grouping_pattern(config: &TimewareConfig) -> Result<String> {
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
    let checked = table_name(at, &pattern.replace("{n}", "0"))?;
    Ok(if numbered { unschema(pattern).to_owned() } else { checked })
}

/// Checks each part of a table name and keeps the last one: the embedded store has no schemas.
fn table_name(at: &str, name: &str) -> Result<String> {
    let parts: Vec<&str> = name.split('.').collect();
    if parts.len() > 2 {
        return Err(Error::config(at, format!("`{name}` has more than a schema and a name"), "write schema.name"));
    }
    for part in &parts {
        check_part(at, part)?;
    }
    Ok(unschema(name).to_owned())
}

fn unschema(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
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
    fn names_are_filled_in_and_quoted() {
        let site = config("[tables]\nemployee = \"dbo.t people\"\n[columns.employee]\ngender = \"\"\nbadge = \"card\"");
        let mapping = Mapping::new(&site).unwrap();
        let text =
            mapping.expand("SELECT {employee.badge@e}, {employee.gender@e}, {twork.key} FROM {employee} e, {own.link}");
        assert_eq!(text, "SELECT e.[card], NULL, [key] FROM [t people] e, [bridge_link]");
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
