//! What people ordered, chained by hash so that a line cannot be changed or taken out unseen.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{instant, millis};
use crate::AccessError;

/// One line of the audit log. It names people by number, never by name or address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditRow {
    /// Its number.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who ordered it.
    pub actor: String,
    /// What was ordered.
    pub action: String,
    /// About whom or what.
    pub subject: String,
    /// Why.
    pub reason: String,
    /// Hash of the line before.
    pub before: String,
    /// Hash of this line.
    pub hash: String,
}

/// Adds a line.
///
/// # Errors
/// The store.
pub fn append_audit(
    connection: &Connection,
    at: DateTime<Utc>,
    actor: &str,
    action: &str,
    subject: &str,
    reason: &str,
) -> Result<(), AccessError> {
    let last = connection
        .query_row("SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1", [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })
        .optional()?;
    let (id, before) = last.map_or((1, String::new()), |(id, hash)| (id + 1, hash));
    let mut row = AuditRow {
        id,
        at: instant(millis(at)),
        actor: actor.to_owned(),
        action: action.to_owned(),
        subject: subject.to_owned(),
        reason: reason.to_owned(),
        before,
        hash: String::new(),
    };
    row.hash = row.own_hash();
    connection.execute(
        "INSERT INTO audit (id, at, actor, action, subject, reason, before, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        (row.id, millis(row.at), &row.actor, &row.action, &row.subject, &row.reason, &row.before, &row.hash),
    )?;
    Ok(())
}

/// All lines, if none was changed and none is missing between the first and the last.
///
/// # Errors
/// `Damaged` if the chain is broken; the store.
pub fn verify_audit(connection: &Connection) -> Result<Vec<AuditRow>, AccessError> {
    let mut statement =
        connection.prepare("SELECT id, at, actor, action, subject, reason, before, hash FROM audit ORDER BY id")?;
    let rows: Vec<AuditRow> = statement.query_map([], AuditRow::read)?.collect::<Result<_, _>>()?;
    let chained = rows.windows(2).all(|pair| matches!(pair, [a, b] if b.before == a.hash && b.id == a.id + 1));
    if chained && rows.iter().all(|row| row.hash == row.own_hash()) {
        Ok(rows)
    } else {
        Err(AccessError::Damaged("a line of the audit log was changed or taken out"))
    }
}

impl AuditRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            at: instant(row.get(1)?),
            actor: row.get(2)?,
            action: row.get(3)?,
            subject: row.get(4)?,
            reason: row.get(5)?,
            before: row.get(6)?,
            hash: row.get(7)?,
        })
    }

    fn own_hash(&self) -> String {
        let mut hash = Sha256::new();
        let (id, at) = (self.id.to_string(), millis(self.at).to_string());
        for part in [&self.before, &id, &at, &self.actor, &self.action, &self.subject, &self.reason] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hex::encode(hash.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;

    #[test]
    fn a_changed_or_missing_line_is_noticed_and_old_ones_may_be_dropped() {
        let store = Store::in_memory().unwrap();
        store
            .with(|connection| {
                for n in 0..4 {
                    append_audit(connection, instant(n), "desk", "block", "person 1", "lost phone")?;
                }
                assert_eq!(verify_audit(connection)?.len(), 4);
                connection.execute("DELETE FROM audit WHERE id = 1", [])?;
                assert_eq!(verify_audit(connection)?.len(), 3);
                connection.execute("UPDATE audit SET reason = 'x' WHERE id = 3", [])?;
                assert!(verify_audit(connection).is_err());
                connection.execute("UPDATE audit SET reason = 'lost phone' WHERE id = 3", [])?;
                assert!(verify_audit(connection).is_ok());
                connection.execute("DELETE FROM audit WHERE id = 3", [])?;
                assert!(verify_audit(connection).is_err());
                Ok::<_, AccessError>(())
            })
            .unwrap();
    }
}
