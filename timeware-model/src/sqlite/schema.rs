//! Makes the tables of a new file, under the names of the site where the settings give any.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::fault::fault;
use crate::config::GroupingsKind;
use crate::contract::Table;
use crate::error::{Error, Result};
use crate::grouping::GroupingNumber;
use crate::mapping::quote;
use crate::settings::Settings;
use crate::sql::{Dialect, Statements};

const SCHEMA: &str = include_str!("schema.sql");
const OWN: &str = include_str!("own.sql");
const OWN_GROUPING: &str = include_str!("grouping.sql");
const SCHEMA_VERSION: i64 = 1;

/// Makes what is missing; a file that holds other tables keeps them and gets the tables of ours.
pub(super) fn prepare(db: &mut Connection, settings: &Settings) -> Result<()> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)?;
    refuse_newer(&tx)?;
    make(&tx, settings).map_err(fault)?;
    tx.commit().map_err(fault)?;
    Ok(())
}

fn make(tx: &Transaction<'_>, settings: &Settings) -> rusqlite::Result<()> {
    let sql = Statements::new(settings.mapping(), Dialect::Sqlite);
    if is_empty(tx)? {
        create(tx, settings)?;
        tx.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    }
    let mapping = settings.mapping();
    if has_table(tx, mapping.real_table(Table::Terminal))? {
        tx.execute_batch(&sql.expand(OWN))?;
    }
    if mapping.groupings() == GroupingsKind::TextColumn {
        tx.execute_batch(&sql.expand(OWN_GROUPING))?;
    }
    if application_id(tx)? == 0 {
        // What tells this file from every other one; a copy keeps it.
        tx.pragma_update(None, "application_id", any_number())?;
    }
    Ok(())
}

fn application_id(db: &Connection) -> rusqlite::Result<i64> {
    db.pragma_query_value(None, "application_id", |row| row.get(0))
}

/// A number that another file is unlikely to have; never 0.
fn any_number() -> i64 {
    let hash = RandomState::new().build_hasher().finish();
    i64::try_from(hash >> 33).unwrap_or(1).max(1)
}

fn refuse_newer(tx: &Transaction<'_>) -> Result<()> {
    let version: i64 = tx.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fault)?;
    if version > SCHEMA_VERSION {
        let reason = format!("the file has schema version {version}, this program knows up to {SCHEMA_VERSION}");
        return Err(Error::config("timeware.path", reason, "use the newer program, or another file"));
    }
    Ok(())
}

fn is_empty(tx: &Transaction<'_>) -> rusqlite::Result<bool> {
    let count: i64 = tx.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(count == 0)
}

fn has_table(tx: &Transaction<'_>, name: &str) -> rusqlite::Result<bool> {
    let text = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ? COLLATE NOCASE";
    tx.prepare(text)?.exists([name])
}

fn create(tx: &Transaction<'_>, settings: &Settings) -> rusqlite::Result<()> {
    tx.execute_batch(SCHEMA)?;
    seed(tx, settings)?;
    shape_groupings(tx, settings)?;
    rename(tx, settings)
}

fn seed(tx: &Transaction<'_>, settings: &Settings) -> rusqlite::Result<()> {
    tx.execute("INSERT INTO tversion (property, data) VALUES ('database version', '20.0.7000')", [])?;
    let text = "INSERT INTO temployee_status (description, exclude_from_calculation) VALUES (?, 0), (?, 1)";
    tx.execute(text, [&settings.config().status_current, &settings.config().status_leaver])?;
    Ok(())
}

fn shape_groupings(tx: &Transaction<'_>, settings: &Settings) -> rusqlite::Result<()> {
    let mapping = settings.mapping();
    match mapping.groupings() {
        GroupingsKind::OneTable => {}
        GroupingsKind::TablePerGrouping => {
            for number in GroupingNumber::all() {
                let name = quote(&mapping.grouping_table(number));
                let text = "(grouping_ref_id INTEGER PRIMARY KEY AUTOINCREMENT, description TEXT NOT NULL UNIQUE)";
                tx.execute_batch(&format!("CREATE TABLE {name} {text}"))?;
                for (column, real) in mapping.columns(Table::GroupingRef) {
                    if column.logical != "number" && real != column.real {
                        let (from, to) = (quote(column.real), quote(real));
                        tx.execute_batch(&format!("ALTER TABLE {name} RENAME COLUMN {from} TO {to}"))?;
                    }
                }
            }
            tx.execute_batch("DROP TABLE tgrouping_ref")?;
        }
        GroupingsKind::TextColumn => {
            for number in 1..=10 {
                let column = format!("grouping_{number}_ref_id");
                let text = format!(
                    "ALTER TABLE temployee DROP COLUMN {column}; ALTER TABLE temployee ADD COLUMN {column} TEXT"
                );
                tx.execute_batch(&text)?;
            }
            tx.execute_batch("DROP TABLE tgrouping_ref")?;
        }
    }
    Ok(())
}

fn rename(tx: &Transaction<'_>, settings: &Settings) -> rusqlite::Result<()> {
    let mapping = settings.mapping();
    for (table, columns) in mapping.renamed() {
        if table == Table::GroupingRef && mapping.groupings() != GroupingsKind::OneTable {
            continue;
        }
        let from = quote(table.real());
        for (column, real) in columns {
            let text = match real {
                Some(real) => format!("ALTER TABLE {from} RENAME COLUMN {} TO {}", quote(column.real), quote(real)),
                None => format!("{}ALTER TABLE {from} DROP COLUMN {}", drop_index(column.logical), quote(column.real)),
            };
            tx.execute_batch(&text)?;
        }
        if mapping.real_table(table) != table.real() {
            tx.execute_batch(&format!("ALTER TABLE {from} RENAME TO {}", quote(mapping.real_table(table))))?;
        }
    }
    Ok(())
}

/// A column under an index cannot be dropped before it.
fn drop_index(logical: &str) -> &'static str {
    match logical {
        "badge" => "DROP INDEX IF EXISTS UX_temployee_badge; ",
        "paylink" => "DROP INDEX IF EXISTS IX_temployee_paylink; ",
        _ => "",
    }
}
