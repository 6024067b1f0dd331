//! What a comparison of a database with the settings found, for people and for programs.

use std::fmt;

use serde::Serialize;

/// A database compared with what the settings need.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SchemaReport {
    /// Server and database, or the file.
    pub database: String,
    /// Version of the timeware database, where it says one.
    pub version: Option<String>,
    /// One row per column that is looked at; a table that is not there has one row without a column.
    pub rows: Vec<SchemaRow>,
    /// Faults that are no column's, such as a status that is not there.
    pub faults: Vec<String>,
    /// Rights that the login lacks.
    pub missing_grants: Vec<MissingGrant>,
    /// Tables of ours that the set-up step has not made yet, or that the login cannot see.
    pub missing_own_tables: Vec<String>,
    /// The statements that give the login the missing rights, for the administrator of the database.
    pub grant_script: String,
    /// The statements that make the missing tables of ours, for an administrator who rather runs them by hand.
    pub set_up_script: String,
}

/// One column of a table, as needed and as found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SchemaRow {
    /// Real name of the table.
    pub table: String,
    /// Real name of the column; `None` = the row is about the table.
    pub column: Option<String>,
    /// What the settings need.
    pub expected: String,
    /// What is there; `None` = nothing.
    pub found: Option<String>,
    /// What that means.
    pub verdict: Verdict,
    /// The setting that changes it, and how, where something is wrong.
    pub remedy: Option<String>,
}

/// What a difference means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Verdict {
    /// It fits.
    Ok,
    /// The site has none, as the settings say.
    Left,
    /// It is not there, or the login cannot see it.
    Missing,
    /// It has a type of another family.
    WrongType,
    /// It is shorter than what is written there; longer texts would be refused.
    TooShort,
    /// It must be filled and nothing fills it.
    Unfilled,
}

impl Verdict {
    /// The word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Left => "left out",
            Verdict::Missing => "missing",
            Verdict::WrongType => "wrong type",
            Verdict::TooShort => "too short",
            Verdict::Unfilled => "must be filled",
        }
    }

    /// Whether a store with this difference opens.
    pub fn is_sound(self) -> bool {
        matches!(self, Verdict::Ok | Verdict::Left | Verdict::TooShort)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A right that the login lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MissingGrant {
    /// Real name of the table.
    pub table: String,
    /// `SELECT`, `INSERT` or `UPDATE`.
    pub right: String,
}

impl SchemaReport {
    /// Whether a store with these settings opens and can do its work.
    pub fn is_sound(&self) -> bool {
        self.rows.iter().all(|row| row.verdict.is_sound())
            && self.faults.is_empty()
            && self.missing_grants.is_empty()
            && self.missing_own_tables.is_empty()
    }
}

impl fmt::Display for SchemaReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = self.version.as_deref().unwrap_or("unknown");
        writeln!(f, "{}, version {version}: {} columns looked at", self.database, self.rows.len())?;
        for row in self.rows.iter().filter(|row| row.verdict != Verdict::Ok) {
            let column = row.column.as_deref().map_or_else(String::new, |column| format!(".{column}"));
            let found = row.found.as_deref().unwrap_or("nothing");
            write!(f, "  {}{column}: {}, needs {}, found {found}", row.table, row.verdict, row.expected)?;
            if let Some(remedy) = &row.remedy {
                write!(f, "; {remedy}")?;
            }
            writeln!(f)?;
        }
        for fault in &self.faults {
            writeln!(f, "  {fault}")?;
        }
        for grant in &self.missing_grants {
            writeln!(f, "  {}: the login lacks {}", grant.table, grant.right)?;
        }
        for table in &self.missing_own_tables {
            writeln!(f, "  {table}: not there, or not to be seen by the login; the set-up step makes it")?;
        }
        if !self.grant_script.is_empty() {
            writeln!(f, "\nFor the administrator of the database:\n{}", self.grant_script)?;
        }
        if self.is_sound() { writeln!(f, "Nothing is missing.") } else { Ok(()) }
    }
}
