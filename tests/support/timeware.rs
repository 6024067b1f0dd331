//! The content of a timeware store, ids and times of writing aside.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::Installation;

const PEOPLE: &str =
    "SELECT e.first_name, e.last_name, s.description, coalesce(e.paylink, '-'), coalesce(e.badge, '-'),
        coalesce(p.description, '-'), coalesce(g.description, '-')
    FROM temployee e JOIN temployee_status s USING (employee_status_id)
    LEFT JOIN tterminal_policy p USING (terminal_policy_id)
    LEFT JOIN tgrouping_ref g ON g.grouping_ref_id = e.grouping_1_ref_id";
const POLICIES: &str = "SELECT description FROM tterminal_policy";
const DEPARTMENTS: &str = "SELECT grouping_number, description FROM tgrouping_ref";
const TERMINALS: &str = "SELECT description, configuration, suspended FROM tterminal";
const GROUPS: &str = "SELECT r.description, t.description FROM tterminal_group g
    JOIN tterminal_group_ref r USING (terminal_group_ref_id) JOIN tterminal t USING (terminal_id)";
const WORK: &str = "SELECT e.first_name, e.last_name, t.description, w.date_and_time, w.type FROM twork w
    LEFT JOIN temployee e USING (employee_id) JOIN tterminal t USING (terminal_id)";

impl Installation {
    /// How many people its store has.
    pub fn people(&self) -> usize {
        self.rows("person").len()
    }

    /// The rows of the people with this last name.
    pub fn person(&self, last: &str) -> Vec<String> {
        let name = format!("| {last} |");
        self.rows("person").into_iter().filter(|row| row.contains(&name)).collect()
    }

    /// The bookings of its store.
    pub fn works(&self) -> Vec<String> {
        self.rows("work")
    }

    fn rows(&self, of: &str) -> Vec<String> {
        dump(&self.store()).into_iter().filter(|row| row.starts_with(of)).collect()
    }
}

/// Every row that matters, each once with how often it is there, so that a duplicate is a difference.
pub fn dump(store: &Path) -> BTreeSet<String> {
    let connection = Connection::open_with_flags(store, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut rows = BTreeSet::new();
    for (what, query) in [
        ("person", PEOPLE),
        ("policy", POLICIES),
        ("department", DEPARTMENTS),
        ("terminal", TERMINALS),
        ("group", GROUPS),
        ("work", WORK),
    ] {
        let mut statement = connection.prepare(query).unwrap();
        let columns = statement.column_count();
        let mut found = statement.query([]).unwrap();
        while let Some(row) = found.next().unwrap() {
            let cells: Vec<String> = (0..columns).map(|column| text(row.get_ref_unwrap(column))).collect();
            let mut count = 1;
            while !rows.insert(format!("{what}: {} ×{count}", cells.join(" | "))) {
                count += 1;
            }
        }
    }
    rows
}

fn text(value: rusqlite::types::ValueRef<'_>) -> String {
    use rusqlite::types::ValueRef;
    match value {
        ValueRef::Null => "-".to_owned(),
        ValueRef::Integer(n) => n.to_string(),
        ValueRef::Real(n) => n.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Blob(_) => "blob".to_owned(),
    }
}
