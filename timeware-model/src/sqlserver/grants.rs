//! The rights that a login needs and has.

use std::fmt::Write as _;

use super::session::Session;
use crate::contract::Table;
use crate::mapping::{Name, quote};
use crate::schema_report::MissingGrant;
use crate::settings::Settings;
use crate::sql::value::values;
use crate::sql::{Database as _, Dialect, Step, needed_tables, own_tables};

const RIGHTS: &str = "SELECT HAS_PERMS_BY_NAME(@P1, N'OBJECT', N'SELECT'), \
     HAS_PERMS_BY_NAME(@P1, N'OBJECT', N'INSERT'), HAS_PERMS_BY_NAME(@P1, N'OBJECT', N'UPDATE')";
const READ: &[&str] = &["SELECT"];
const APPEND: &[&str] = &["SELECT", "INSERT"];
const WRITE: &[&str] = &["SELECT", "INSERT", "UPDATE"];

/// The rights on each table that these settings need; none deletes (rule W13).
fn needed(settings: &Settings) -> Vec<(Name, &'static [&'static str])> {
    let vendors = needed_tables(settings).into_iter().map(|(table, name)| {
        let moves = table == Table::TworkUnprocessed && settings.config().moves_bookings;
        (name, if moves { WRITE } else { rights_on(table) })
    });
    let ours = own_tables(settings).into_iter().map(|(own, _)| (settings.mapping().own_name(own), WRITE));
    vendors.chain(ours).collect()
}

fn rights_on(table: Table) -> &'static [&'static str] {
    match table {
        Table::Version | Table::EmployeeStatus | Table::TworkSwipe => READ,
        Table::TerminalGroup
        | Table::Twork
        | Table::TworkUnprocessed
        | Table::TworkUnprocessedArchive
        | Table::AccessArchive
        | Table::EventUpdate => APPEND,
        Table::Employee
        | Table::TerminalPolicy
        | Table::Terminal
        | Table::TerminalGroupRef
        | Table::GroupingRef
        | Table::RollCall => WRITE,
    }
}

/// The rights that the login of this session lacks. Of a table that it may not see at all, all of them.
pub(super) async fn missing(session: &mut Session, settings: &Settings) -> Step<Vec<(Name, MissingGrant)>> {
    let mut missing = Vec::new();
    for (name, rights) in needed(settings) {
        let rows = session.rows(RIGHTS, &values![&Dialect::SqlServer.table(&name)]).await?;
        for (at, right) in WRITE.iter().enumerate() {
            let has = rows.first().map(|row| row.maybe_integer(at)).transpose()?.flatten() == Some(1);
            if rights.contains(right) && !has {
                let grant = MissingGrant { table: name.table.clone(), right: (*right).to_owned() };
                missing.push((name.clone(), grant));
            }
        }
    }
    Ok(missing)
}

/// The statements that give the missing rights.
pub(super) fn script(missing: &[(Name, MissingGrant)], user: &str) -> String {
    let mut script = String::new();
    let user = quote(&user.replace(']', "]]"));
    for group in missing.chunk_by(|(a, _), (b, _)| a == b) {
        let rights: Vec<&str> = group.iter().map(|(_, grant)| grant.right.as_str()).collect();
        let Some((name, _)) = group.first() else { continue };
        let table = Dialect::SqlServer.table(name);
        let _ = writeln!(script, "GRANT {} ON {table} TO {user};", rights.join(", "));
    }
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_gives_the_rights_of_a_table_at_once() {
        let name = Name { schema: None, table: "temployee".to_owned() };
        let lack = |right: &str| (name.clone(), MissingGrant { table: name.table.clone(), right: right.to_owned() });
        let text = script(&[lack("SELECT"), lack("UPDATE")], "odd]name");
        assert_eq!(text, "GRANT SELECT, UPDATE ON [dbo].[temployee] TO [odd]]name];\n");
    }

    #[test]
    fn no_right_to_delete_is_ever_asked_for() {
        assert!(Table::ALL.into_iter().all(|table| !rights_on(table).contains(&"DELETE")));
    }
}
