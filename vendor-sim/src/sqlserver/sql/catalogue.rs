//! What tables there are, with the types that T-SQL gave them.

use std::collections::BTreeMap;

use super::types::SqlType;

/// All tables of the database.
#[derive(Debug, Clone, Default)]
pub(crate) struct Catalogue {
    /// Grows with each change.
    pub(crate) version: u64,
    tables: BTreeMap<String, Table>,
    next_id: i64,
}

/// A table.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) keys: Vec<Key>,
    pub(crate) foreign: Vec<Foreign>,
    pub(crate) triggers: Vec<String>,
}

/// A column.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: SqlType,
    pub(crate) nullable: bool,
    pub(crate) identity: bool,
    /// The default as T-SQL wrote it.
    pub(crate) default: Option<String>,
}

/// A set of columns whose values are unique.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) name: String,
    /// In small letters.
    pub(crate) columns: Vec<String>,
    pub(crate) primary: bool,
    /// An index, not a constraint.
    pub(crate) index: bool,
}

/// A reference to another table.
#[derive(Debug, Clone)]
pub(crate) struct Foreign {
    pub(crate) name: String,
    pub(crate) to: String,
}

impl Catalogue {
    pub(crate) fn table(&self, name: &str) -> Option<&Table> {
        self.tables.get(&name.to_lowercase())
    }

    pub(crate) fn table_mut(&mut self, name: &str) -> Option<&mut Table> {
        self.version += 1;
        self.tables.get_mut(&name.to_lowercase())
    }

    pub(crate) fn tables(&self) -> impl Iterator<Item = &Table> {
        self.tables.values()
    }

    /// Adds a table and gives it its number.
    pub(crate) fn add(&mut self, mut table: Table) {
        self.version += 1;
        self.next_id += 1;
        table.id = 245_575_913 + self.next_id * 16;
        self.tables.insert(table.name.to_lowercase(), table);
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.version += 1;
        self.tables.remove(&name.to_lowercase());
    }

    pub(crate) fn remove_index(&mut self, name: &str) {
        self.version += 1;
        for table in self.tables.values_mut() {
            table.keys.retain(|key| !(key.index && key.name.eq_ignore_ascii_case(name)));
        }
    }

    /// Takes the tables of an earlier time; the version grows all the same.
    pub(crate) fn restore(&mut self, earlier: &Self) {
        self.version += 1;
        self.tables.clone_from(&earlier.tables);
    }
}

impl Table {
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| same(&column.name, name))
    }

    pub(crate) fn identity(&self) -> Option<&Column> {
        self.columns.iter().find(|column| column.identity)
    }

    /// The key with just these columns, which are in small letters.
    pub(crate) fn key_of(&self, columns: &[String]) -> Option<&Key> {
        self.keys.iter().find(|key| key.columns == columns)
    }

    pub(crate) fn foreign_names(&self) -> String {
        self.foreign.iter().map(|foreign| format!("{} to {}", foreign.name, foreign.to)).collect::<Vec<_>>().join(", ")
    }
}

/// Whether two names are the same name.
pub(crate) fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
