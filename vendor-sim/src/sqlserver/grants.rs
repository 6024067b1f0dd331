//! What the login may do.

use std::collections::BTreeSet;

/// Rights that a table can be given.
const ON_TABLES: [&str; 6] = ["SELECT", "INSERT", "UPDATE", "DELETE", "REFERENCES", "ALTER"];

/// Rights of the login; without any grant it may do all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Grants {
    given: Option<BTreeSet<(String, String)>>,
    withheld: BTreeSet<(String, String)>,
}

impl Grants {
    /// The login has this right on a table, and from now on only rights that were given.
    pub(crate) fn give(&mut self, permission: &str, table: &str) {
        self.given.get_or_insert_default().insert(right(permission, table));
    }

    /// The login has not this right, whatever else it has.
    pub(crate) fn withhold(&mut self, permission: &str, table: &str) {
        self.withheld.insert(right(permission, table));
    }

    /// The login loses all rights.
    pub(crate) fn none(&mut self) {
        self.given = Some(BTreeSet::new());
    }

    pub(crate) fn all(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn allows(&self, permission: &str, table: &str) -> bool {
        let right = right(permission, table);
        !self.withheld.contains(&right) && self.given.as_ref().is_none_or(|given| given.contains(&right))
    }

    /// Whether the login has a right on the database as a whole, as `CREATE TABLE`.
    pub(crate) fn allows_database(&self, permission: &str) -> bool {
        self.allows(permission, "")
    }

    pub(crate) fn sees(&self, table: &str) -> bool {
        self.given.as_ref().is_none_or(|given| given.iter().any(|(_, on)| *on == table.to_lowercase()))
    }

    pub(crate) fn on(&self, table: &str) -> Vec<String> {
        let all = match &self.given {
            None => ON_TABLES.iter().map(|right| (*right).to_owned()).collect::<Vec<_>>(),
            Some(given) => {
                given.iter().filter(|(_, on)| *on == table.to_lowercase()).map(|(right, _)| right.clone()).collect()
            }
        };
        all.into_iter().filter(|right| self.allows(right, table)).collect()
    }

    pub(crate) fn of_database(&self) -> Vec<String> {
        match &self.given {
            None => vec!["CONNECT".to_owned(), "CREATE TABLE".to_owned(), "CONTROL".to_owned()],
            Some(_) => std::iter::once("CONNECT".to_owned()).chain(self.on("")).collect(),
        }
    }
}

/// A right as it is kept: the permission in capitals, the table's own name in small letters.
fn right(permission: &str, table: &str) -> (String, String) {
    let table = table.rsplit('.').next().unwrap_or(table).trim_matches(['[', ']']);
    (permission.to_uppercase(), table.to_lowercase())
}
