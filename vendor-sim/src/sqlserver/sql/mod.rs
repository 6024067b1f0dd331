//! T-SQL on SQLite: splitting, rewriting, types, functions, catalogue.

pub(super) mod catalogue;
pub(super) mod convert;
pub(super) mod ddl;
pub(super) mod functions;
pub(super) mod infer;
pub(super) mod names;
pub(super) mod plan;
pub(super) mod rewrite;
pub(super) mod script;
pub(super) mod split;
pub(super) mod types;
pub(super) mod views;
