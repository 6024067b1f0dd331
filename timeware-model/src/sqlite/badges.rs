//! Who held which credential when (rule W4).

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::SqliteStore;
use super::fault::Step;
use super::statement::{read_utc, utc_text};
use crate::badge::{BadgeSpan, Credential, Credentials, badge_number};
use crate::ids::EmployeeId;

impl SqliteStore {
    /// Opens a span for each new credential of the source and ends those that are gone.
    pub(super) fn register_credentials(
        &self,
        tx: &Transaction<'_>,
        id: EmployeeId,
        credentials: Option<&Credentials>,
    ) -> Step<()> {
        let Some(Credentials { source, list }) = credentials else { return Ok(()) };
        let now = self.now();
        let open = self.open_spans(tx, id, source)?;
        let active: Vec<&Credential> = list.iter().filter(|credential| credential.active).collect();
        for number in &open {
            if !active.iter().any(|credential| plain(&credential.number) == *number) {
                self.end_span(tx, source, number, id, now)?;
            }
        }
        for credential in active {
            let number = plain(&credential.number);
            if open.contains(&number) {
                self.name_kind(tx, source, &number, id, &credential.kind)?;
            } else {
                self.end_span_of_others(tx, source, &number, now)?;
                self.open_span(tx, source, &number, id, credential, now)?;
            }
        }
        Ok(())
    }

    /// Ends every span of a person.
    pub(super) fn end_spans(&self, tx: &Transaction<'_>, id: EmployeeId) -> Step<()> {
        self.sql
            .prepare(tx, "UPDATE {own.badge} SET valid_to = ?1 WHERE employee_id = ?2 AND valid_to IS NULL")?
            .execute(params![utc_text(self.now()), id.get()])?;
        Ok(())
    }

    /// The holder at an instant: by the register of this source, then of any, then by the badge as it is now.
    pub(super) fn holder(
        &self,
        db: &Connection,
        source: &str,
        number: &str,
        at: DateTime<Utc>,
    ) -> Step<Option<EmployeeId>> {
        let number = plain(number);
        for source in [Some(source), None] {
            let (known, holder) = self.holder_in_register(db, source, &number, at)?;
            if known {
                return Ok(holder);
            }
        }
        let Some(badge) = badge_number(&number) else { return Ok(None) };
        let mut statement = self.sql.prepare(db, "SELECT {employee.id} FROM {employee} WHERE {employee.badge} = ?")?;
        Ok(statement.query_row([badge], |row| Ok(EmployeeId::new(row.get(0)?))).optional()?)
    }

    pub(super) fn spans_of(&self, db: &Connection, id: EmployeeId) -> Step<Vec<BadgeSpan>> {
        let mut statement = self.sql.prepare(
            db,
            "SELECT source, number, valid_from, valid_to FROM {own.badge} WHERE employee_id = ? ORDER BY badge_id",
        )?;
        let mut rows = statement.query([id.get()])?;
        let mut spans = Vec::new();
        while let Some(row) = rows.next()? {
            spans.push(BadgeSpan {
                source: row.get(0)?,
                number: row.get(1)?,
                employee_id: id,
                valid_from: read_utc(&row.get::<_, String>(2)?)?,
                valid_to: row.get::<_, Option<String>>(3)?.map(|text| read_utc(&text)).transpose()?,
            });
        }
        Ok(spans)
    }

    /// Whether the register knows the number at all, and who held it at the instant.
    fn holder_in_register(
        &self,
        db: &Connection,
        source: Option<&str>,
        number: &str,
        at: DateTime<Utc>,
    ) -> Step<(bool, Option<EmployeeId>)> {
        let mut statement = match source {
            Some(_) => self.sql.prepare(
                db,
                "SELECT employee_id, valid_from, valid_to FROM {own.badge} WHERE source = ?1 AND number = ?2 \
                 ORDER BY valid_from DESC, badge_id DESC",
            )?,
            None => self.sql.prepare(
                db,
                "SELECT employee_id, valid_from, valid_to FROM {own.badge} WHERE ?1 IS NULL AND number = ?2 \
                 ORDER BY valid_from DESC, badge_id DESC",
            )?,
        };
        let mut rows = statement.query(params![source, number])?;
        let mut known = false;
        while let Some(row) = rows.next()? {
            known = true;
            let from = read_utc(&row.get::<_, String>(1)?)?;
            let to = row.get::<_, Option<String>>(2)?.map(|text| read_utc(&text)).transpose()?;
            if from <= at && to.is_none_or(|to| at < to) {
                return Ok((true, Some(EmployeeId::new(row.get(0)?))));
            }
        }
        Ok((known, None))
    }

    fn open_spans(&self, tx: &Connection, id: EmployeeId, source: &str) -> Step<Vec<String>> {
        let mut statement = self
            .sql
            .prepare(tx, "SELECT number FROM {own.badge} WHERE employee_id = ? AND source = ? AND valid_to IS NULL")?;
        let rows = statement.query_map(params![id.get(), source], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn open_span(
        &self,
        tx: &Transaction<'_>,
        source: &str,
        number: &str,
        id: EmployeeId,
        credential: &Credential,
        now: DateTime<Utc>,
    ) -> Step<()> {
        let from = utc_text(credential.since.unwrap_or(now));
        self.sql
            .prepare(
                tx,
                "INSERT INTO {own.badge} (source, kind, number, employee_id, valid_from) VALUES (?, ?, ?, ?, ?)",
            )?
            .execute(params![source, credential.kind, number, id.get(), from])?;
        Ok(())
    }

    fn name_kind(&self, tx: &Transaction<'_>, source: &str, number: &str, id: EmployeeId, kind: &str) -> Step<()> {
        self.sql
            .prepare(
                tx,
                "UPDATE {own.badge} SET kind = ?1 WHERE source = ?2 AND number = ?3 AND employee_id = ?4 \
                 AND valid_to IS NULL AND kind <> ?1",
            )?
            .execute(params![kind, source, number, id.get()])?;
        Ok(())
    }

    fn end_span(
        &self,
        tx: &Transaction<'_>,
        source: &str,
        number: &str,
        id: EmployeeId,
        at: DateTime<Utc>,
    ) -> Step<()> {
        self.sql
            .prepare(
                tx,
                "UPDATE {own.badge} SET valid_to = ? WHERE source = ? AND number = ? AND employee_id = ? \
                 AND valid_to IS NULL",
            )?
            .execute(params![utc_text(at), source, number, id.get()])?;
        Ok(())
    }

    /// A number has one holder per source at a time.
    fn end_span_of_others(&self, tx: &Transaction<'_>, source: &str, number: &str, at: DateTime<Utc>) -> Step<()> {
        self.sql
            .prepare(tx, "UPDATE {own.badge} SET valid_to = ? WHERE source = ? AND number = ? AND valid_to IS NULL")?
            .execute(params![utc_text(at), source, number])?;
        Ok(())
    }
}

/// Numbers without leading zeros, everything else as it is: the form in the register.
pub(super) fn plain(number: &str) -> String {
    badge_number(number).map_or_else(|| number.trim().to_owned(), |number| number.to_string())
}
