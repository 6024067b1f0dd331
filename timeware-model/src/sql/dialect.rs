//! Where the two engines write the same thing differently (rules S2, S5, S6, S13).

use crate::mapping::{Name, quote};

/// The engine that a statement is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// SQLite.
    Sqlite,
    /// Microsoft SQL Server.
    #[cfg_attr(not(any(feature = "sqlserver", test)), expect(dead_code, reason = "the store of this dialect is off"))]
    SqlServer,
}

impl Dialect {
    /// A table, quoted; SQLite has no schemas.
    pub(crate) fn table(self, name: &Name) -> String {
        match self {
            Self::Sqlite => quote(&name.table),
            Self::SqlServer => format!("{}.{}", quote(name.schema()), quote(&name.table)),
        }
    }

    /// The mark of the n-th parameter, from 1.
    pub(crate) fn mark(self, number: usize) -> String {
        match self {
            Self::Sqlite => format!("?{number}"),
            Self::SqlServer => format!("@P{number}"),
        }
    }

    /// The limit of rows where it stands behind `SELECT`.
    pub(crate) fn top(self, limit: &str) -> String {
        match self {
            Self::Sqlite => String::new(),
            Self::SqlServer => format!("TOP ({limit}) "),
        }
    }

    /// The limit of rows where it stands at the end.
    pub(crate) fn limit(self, limit: &str) -> String {
        match self {
            Self::Sqlite => format!(" LIMIT {limit}"),
            Self::SqlServer => String::new(),
        }
    }

    /// Keeps the rows read, and the gaps between them, until the transaction ends; SQLite has one writer anyway.
    pub(crate) fn lock(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::SqlServer => " WITH (UPDLOCK, HOLDLOCK)",
        }
    }

    /// Behind a change: how many rows it met. SQLite's interface tells.
    pub(crate) fn count(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::SqlServer => "; SELECT @@ROWCOUNT",
        }
    }

    /// Behind an insert: the id of the row, without `OUTPUT`, which tables with triggers refuse.
    pub(crate) fn new_id(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::SqlServer => "; SELECT CAST(SCOPE_IDENTITY() AS int)",
        }
    }

    /// Behind an insert that may insert nothing: the id of the row, or null.
    pub(crate) fn maybe_new_id(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::SqlServer => "; SELECT CASE WHEN @@ROWCOUNT = 0 THEN NULL ELSE CAST(SCOPE_IDENTITY() AS int) END",
        }
    }

    /// Stands for the id of a row where the site has no such column.
    pub(crate) fn no_id(self) -> &'static str {
        match self {
            Self::Sqlite => "rowid",
            Self::SqlServer => "0",
        }
    }
}
