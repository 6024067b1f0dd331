//! Names of objects.

use sqlparser::ast::{Ident, ObjectName, ObjectNamePart};

/// Views of the server about its own database, and what they are called in SQLite.
const VIEWS: [(&str, &str, &str); 13] = [
    ("information_schema", "tables", "tsql_is_tables"),
    ("information_schema", "columns", "tsql_is_columns"),
    ("information_schema", "table_constraints", "tsql_is_table_constraints"),
    ("information_schema", "key_column_usage", "tsql_is_key_column_usage"),
    ("sys", "tables", "tsql_sys_tables"),
    ("sys", "objects", "tsql_sys_tables"),
    ("sys", "columns", "tsql_sys_columns"),
    ("sys", "triggers", "tsql_sys_triggers"),
    ("sys", "types", "tsql_sys_types"),
    ("sys", "schemas", "tsql_sys_schemas"),
    ("sys", "indexes", "tsql_sys_indexes"),
    ("sys", "databases", "tsql_sys_databases"),
    ("sys", "fn_my_permissions", "tsql_sys_permissions"),
];

/// The last part of a name.
pub(crate) fn last(name: &ObjectName) -> &str {
    match name.0.last() {
        Some(ObjectNamePart::Identifier(ident)) => &ident.value,
        _ => "",
    }
}

/// The part before the last.
pub(crate) fn schema(name: &ObjectName) -> Option<&str> {
    match name.0.iter().rev().nth(1) {
        Some(ObjectNamePart::Identifier(ident)) if !ident.value.is_empty() => Some(&ident.value),
        _ => None,
    }
}

/// The SQLite name of one of the server's own views.
pub(crate) fn view(name: &ObjectName) -> Option<&'static str> {
    let schema = schema(name)?.to_lowercase();
    let last = last(name).to_lowercase();
    VIEWS.iter().find(|(of, view, _)| *of == schema && *view == last).map(|(_, _, table)| *table)
}

/// A name in brackets.
pub(crate) fn quoted(name: &str) -> Ident {
    Ident::with_quote('[', name)
}

/// A name as text in brackets.
pub(crate) fn bracketed(name: &str) -> String {
    format!("[{}]", name.replace(']', ""))
}

/// Whether a collation of this name tells large letters from small ones.
pub(crate) fn exact_collation(name: &str) -> bool {
    let name = name.to_lowercase();
    name.contains("_bin") || name.contains("_cs_") || name.ends_with("_cs")
}
