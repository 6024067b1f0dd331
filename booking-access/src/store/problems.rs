//! What a person should look at, each with the time since when.

use chrono::{DateTime, Utc};
use rusqlite::Connection;
use serde::Serialize;

use super::{instant, millis};
use crate::AccessError;

/// Something that a person should look at.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Where it comes from: the name of a source, `doors`, `codes` or `mail`.
    pub area: String,
    /// What kind it is, in one word.
    pub kind: String,
    /// Whom or what it is about.
    pub subject: String,
    /// What is wrong.
    pub words: String,
    /// What a person can do.
    pub remedy: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

impl Problem {
    /// A problem that was just seen.
    pub fn new(
        area: &str,
        kind: &str,
        subject: impl Into<String>,
        words: impl Into<String>,
        remedy: impl Into<String>,
        since: DateTime<Utc>,
    ) -> Self {
        Self {
            area: area.to_owned(),
            kind: kind.to_owned(),
            subject: subject.into(),
            words: words.into(),
            remedy: remedy.into(),
            since,
        }
    }
}

/// Hides whom it is about.
impl std::fmt::Debug for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Problem({} {} since {})", self.area, self.kind, self.since)
    }
}

/// All problems, oldest first.
///
/// # Errors
/// The store.
pub fn problems(connection: &Connection) -> Result<Vec<Problem>, AccessError> {
    let mut statement = connection.prepare_cached(
        "SELECT area, kind, subject, words, remedy, since FROM problems ORDER BY since, area, subject",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(Problem {
            area: row.get(0)?,
            kind: row.get(1)?,
            subject: row.get(2)?,
            words: row.get(3)?,
            remedy: row.get(4)?,
            since: instant(row.get(5)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Sets one problem; one that was there keeps its time.
pub(crate) fn set_problem(connection: &Connection, problem: &Problem) -> Result<(), AccessError> {
    let Problem { area, kind, subject, words, remedy, since } = problem;
    connection
        .prepare_cached(
            "INSERT INTO problems (area, kind, subject, words, remedy, since) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO UPDATE SET words = ?4, remedy = ?5",
        )?
        .execute((area, kind, subject, words, remedy, millis(*since)))?;
    Ok(())
}

/// Takes one problem off.
pub(crate) fn drop_problem(connection: &Connection, area: &str, kind: &str, subject: &str) -> Result<(), AccessError> {
    connection
        .prepare_cached("DELETE FROM problems WHERE area = ?1 AND kind = ?2 AND subject = ?3")?
        .execute((area, kind, subject))?;
    Ok(())
}

/// The problems of an area are these from now on.
pub(crate) fn replace_problems(connection: &Connection, area: &str, found: &[Problem]) -> Result<(), AccessError> {
    let known: Vec<(String, String)> = {
        let mut statement = connection.prepare_cached("SELECT kind, subject FROM problems WHERE area = ?1")?;
        statement.query_map([area], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?
    };
    for (kind, subject) in known {
        if !found.iter().any(|problem| problem.kind == kind && problem.subject == subject) {
            drop_problem(connection, area, &kind, &subject)?;
        }
    }
    found.iter().try_for_each(|problem| set_problem(connection, problem))
}
