//! What the database says about itself: the information schema and some of `sys`.

use rusqlite::{Connection, Result, params};

use super::catalogue::{Catalogue, Column, Table};
use super::types::SqlType;
use crate::sqlserver::grants::Grants;

const TABLES: &str = "
CREATE TEMP TABLE IF NOT EXISTS tsql_is_tables (TABLE_CATALOG nvarchar(128), TABLE_SCHEMA nvarchar(128),
  TABLE_NAME nvarchar(128) COLLATE tsql, TABLE_TYPE varchar(10));
CREATE TEMP TABLE IF NOT EXISTS tsql_is_columns (TABLE_CATALOG nvarchar(128), TABLE_SCHEMA nvarchar(128) COLLATE tsql,
  TABLE_NAME nvarchar(128) COLLATE tsql, COLUMN_NAME nvarchar(128) COLLATE tsql, ORDINAL_POSITION int,
  COLUMN_DEFAULT nvarchar(4000), IS_NULLABLE varchar(3), DATA_TYPE nvarchar(128) COLLATE tsql,
  CHARACTER_MAXIMUM_LENGTH int, CHARACTER_OCTET_LENGTH int, NUMERIC_PRECISION tinyint, NUMERIC_SCALE int,
  DATETIME_PRECISION smallint, COLLATION_NAME nvarchar(128));
CREATE TEMP TABLE IF NOT EXISTS tsql_is_table_constraints (CONSTRAINT_NAME nvarchar(128) COLLATE tsql,
  TABLE_SCHEMA nvarchar(128) COLLATE tsql, TABLE_NAME nvarchar(128) COLLATE tsql, CONSTRAINT_TYPE varchar(11));
CREATE TEMP TABLE IF NOT EXISTS tsql_is_key_column_usage (CONSTRAINT_NAME nvarchar(128) COLLATE tsql,
  TABLE_SCHEMA nvarchar(128) COLLATE tsql, TABLE_NAME nvarchar(128) COLLATE tsql,
  COLUMN_NAME nvarchar(128) COLLATE tsql, ORDINAL_POSITION int);
CREATE TEMP TABLE IF NOT EXISTS tsql_sys_tables (name nvarchar(128) COLLATE tsql, object_id int, schema_id int,
  type char(2), type_desc nvarchar(60));
CREATE TEMP TABLE IF NOT EXISTS tsql_sys_columns (object_id int, name nvarchar(128) COLLATE tsql, column_id int,
  system_type_id tinyint, user_type_id int, max_length smallint, is_nullable bit, is_identity bit, is_computed bit,
  default_object_id int);
CREATE TEMP TABLE IF NOT EXISTS tsql_sys_triggers (name nvarchar(128) COLLATE tsql, object_id int, parent_id int,
  is_disabled bit, is_instead_of_trigger bit);
CREATE TEMP TABLE IF NOT EXISTS tsql_sys_types (name nvarchar(128) COLLATE tsql, system_type_id tinyint,
  user_type_id int);
CREATE TEMP TABLE IF NOT EXISTS tsql_sys_schemas (name nvarchar(128) COLLATE tsql, schema_id int);
CREATE TEMP TABLE IF NOT EXISTS tsql_sys_indexes (object_id int, name nvarchar(128) COLLATE tsql, index_id int,
  is_unique bit, is_primary_key bit, is_unique_constraint bit);
CREATE TEMP TABLE IF NOT EXISTS tsql_sys_databases (name nvarchar(128) COLLATE tsql, database_id int);
CREATE TEMP TABLE IF NOT EXISTS tsql_sys_permissions (entity_name nvarchar(128) COLLATE tsql,
  subentity_name nvarchar(128), permission_name nvarchar(60) COLLATE tsql);
";

/// Fills the views anew.
pub(crate) fn fill(connection: &Connection, catalogue: &Catalogue, grants: &Grants, database: &str) -> Result<()> {
    connection.execute_batch(TABLES)?;
    for table in [
        "is_tables",
        "is_columns",
        "is_table_constraints",
        "is_key_column_usage",
        "sys_tables",
        "sys_columns",
        "sys_triggers",
        "sys_types",
        "sys_schemas",
        "sys_indexes",
        "sys_databases",
        "sys_permissions",
    ] {
        connection.execute(&format!("DELETE FROM temp.tsql_{table}"), [])?;
    }
    connection.execute("INSERT INTO tsql_sys_schemas VALUES ('dbo', 1), ('sys', 4)", [])?;
    connection.execute("INSERT INTO tsql_sys_databases VALUES ('master', 1), (?1, 5)", params![database])?;
    for (name, number) in TYPES {
        connection.execute("INSERT INTO tsql_sys_types VALUES (?1, ?2, ?2)", params![name, number])?;
    }
    for permission in grants.of_database() {
        connection.execute("INSERT INTO tsql_sys_permissions VALUES ('', '', ?1)", params![permission])?;
    }
    // A login sees what it may touch.
    for table in catalogue.tables().filter(|table| grants.sees(&table.name)) {
        fill_table(connection, table, grants, database)?;
    }
    Ok(())
}

fn fill_table(connection: &Connection, table: &Table, grants: &Grants, database: &str) -> Result<()> {
    connection
        .execute("INSERT INTO tsql_is_tables VALUES (?1, 'dbo', ?2, 'BASE TABLE')", params![database, table.name])?;
    connection
        .execute("INSERT INTO tsql_sys_tables VALUES (?1, ?2, 1, 'U ', 'USER_TABLE')", params![table.name, table.id])?;
    for (number, column) in (1..).zip(&table.columns) {
        fill_column(connection, table, column, number, database)?;
    }
    for (number, name) in (1..).zip(&table.triggers) {
        connection.execute(
            "INSERT INTO tsql_sys_triggers VALUES (?1, ?2, ?3, 0, 0)",
            params![name, table.id + number, table.id],
        )?;
    }
    for (number, key) in (1..).zip(&table.keys) {
        connection.execute(
            "INSERT INTO tsql_sys_indexes VALUES (?1, ?2, ?3, 1, ?4, ?5)",
            params![table.id, key.name, number, key.primary, !key.primary && !key.index],
        )?;
        if key.index {
            continue;
        }
        let kind = if key.primary { "PRIMARY KEY" } else { "UNIQUE" };
        connection.execute(
            "INSERT INTO tsql_is_table_constraints VALUES (?1, 'dbo', ?2, ?3)",
            params![key.name, table.name, kind],
        )?;
        for (place, column) in (1..).zip(&key.columns) {
            connection.execute(
                "INSERT INTO tsql_is_key_column_usage VALUES (?1, 'dbo', ?2, ?3, ?4)",
                params![key.name, table.name, column, place],
            )?;
        }
    }
    for foreign in &table.foreign {
        connection.execute(
            "INSERT INTO tsql_is_table_constraints VALUES (?1, 'dbo', ?2, 'FOREIGN KEY')",
            params![foreign.name, table.name],
        )?;
    }
    for permission in grants.on(&table.name) {
        connection.execute(
            "INSERT INTO tsql_sys_permissions VALUES (?1, '', ?2)",
            params![format!("dbo.{}", table.name), permission],
        )?;
    }
    Ok(())
}

fn fill_column(connection: &Connection, table: &Table, column: &Column, number: i32, database: &str) -> Result<()> {
    let wide = matches!(column.kind, SqlType::NChar(_) | SqlType::NVarChar(_));
    let characters = column.kind.length().map(|length| length.map_or(-1, i32::from));
    let octets = characters.map(|length| if wide && length > 0 { length * 2 } else { length });
    let (precision, scale, moment) = precision(column.kind);
    let text = matches!(column.kind, SqlType::Char(_) | SqlType::VarChar(_)) || wide;
    connection.execute(
        "INSERT INTO tsql_is_columns VALUES (?1, 'dbo', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        params![
            database,
            table.name,
            column.name,
            number,
            column.default,
            if column.nullable { "YES" } else { "NO" },
            column.kind.name(),
            characters,
            octets,
            precision,
            scale,
            moment,
            text.then_some("Latin1_General_CI_AS"),
        ],
    )?;
    let kind = TYPES.iter().find(|(name, _)| *name == column.kind.name()).map_or(0, |(_, number)| *number);
    connection.execute(
        "INSERT INTO tsql_sys_columns VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, 0, ?8)",
        params![
            table.id,
            column.name,
            number,
            kind,
            octets.unwrap_or(8),
            column.nullable,
            column.identity,
            column.default.is_some(),
        ],
    )?;
    Ok(())
}

/// Digits, digits after the point, digits of a second.
fn precision(kind: SqlType) -> (Option<i32>, Option<i32>, Option<i32>) {
    match kind {
        SqlType::TinyInt => (Some(3), Some(0), None),
        SqlType::SmallInt => (Some(5), Some(0), None),
        SqlType::Int => (Some(10), Some(0), None),
        SqlType::BigInt => (Some(19), Some(0), None),
        SqlType::Numeric(precision, scale) => (Some(i32::from(precision)), Some(i32::from(scale)), None),
        SqlType::Real => (Some(24), None, None),
        SqlType::Float => (Some(53), None, None),
        SqlType::Date | SqlType::SmallDateTime => (None, None, Some(0)),
        SqlType::DateTime => (None, None, Some(3)),
        SqlType::Time(scale) | SqlType::DateTime2(scale) => (None, None, Some(i32::from(scale))),
        _ => (None, None, None),
    }
}

/// Types and their numbers in `sys.types`.
const TYPES: [(&str, i32); 20] = [
    ("uniqueidentifier", 36),
    ("date", 40),
    ("time", 41),
    ("datetime2", 42),
    ("tinyint", 48),
    ("smallint", 52),
    ("int", 56),
    ("smalldatetime", 58),
    ("real", 59),
    ("datetime", 61),
    ("float", 62),
    ("bit", 104),
    ("numeric", 108),
    ("bigint", 127),
    ("varbinary", 165),
    ("varchar", 167),
    ("binary", 173),
    ("char", 175),
    ("nvarchar", 231),
    ("nchar", 239),
];
