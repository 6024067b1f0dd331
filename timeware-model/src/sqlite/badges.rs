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
        let same = |a: &Credential, b: &Credential| a.kind == b.kind && a.number == b.number;
        let active: Vec<&Credential> = list.iter().filter(|credential| credential.active).collect();
        for (span, old) in &open {
            if !active.iter().any(|credential| same(credential, old)) {
                self.end_span(tx, *span, now)?;
            }
        }
        for credential in active {
            if !open.iter().any(|(_, old)| same(credential, old)) {
                self.end_span_of_others(tx, source, &plain(&credential.number), id, now)?;
                self.open_span(tx, source, id, credential, now)?;
            }
        }
        Ok(())
    }

    /// The same credentials, each with the instant from which the register has it.
    pub(super) fn dated(
        &self,
        db: &Connection,
        id: Option<EmployeeId>,
        credentials: &Credentials,
    ) -> Step<Credentials> {
        let open = match id {
            Some(id) => self.open_spans(db, id, &credentials.source)?,
            None => Vec::new(),
        };
        let mut dated = credentials.clone();
        for credential in dated.list.iter_mut().filter(|credential| credential.since.is_none()) {
            let known = open.iter().find(|(_, old)| old.kind == credential.kind && old.number == credential.number);
            credential.since = known.map_or(Some(self.now()), |(_, old)| old.since);
        }
        Ok(dated)
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

    /// Open spans of a person, oldest first, each with its row id.
    pub(super) fn open_spans(&self, db: &Connection, id: EmployeeId, source: &str) -> Step<Vec<(i64, Credential)>> {
        let mut statement = self.sql.prepare(
            db,
            "SELECT badge_id, kind, shown, valid_from FROM {own.badge} WHERE employee_id = ? AND source = ? \
             AND valid_to IS NULL ORDER BY badge_id",
        )?;
        let mut rows = statement.query(params![id.get(), source])?;
        let mut open = Vec::new();
        while let Some(row) = rows.next()? {
            let since = read_utc(&row.get::<_, String>(3)?)?;
            let credential = Credential::new(row.get::<_, String>(2)?).kind(row.get::<_, String>(1)?).since(since);
            open.push((row.get(0)?, credential));
        }
        Ok(open)
    }

    fn open_span(
        &self,
        tx: &Transaction<'_>,
        source: &str,
        id: EmployeeId,
        credential: &Credential,
        now: DateTime<Utc>,
    ) -> Step<()> {
        let from = utc_text(credential.since.unwrap_or(now));
        let number = plain(&credential.number);
        self.sql
            .prepare(
                tx,
                "INSERT INTO {own.badge} (source, kind, number, shown, employee_id, valid_from) \
                 VALUES (?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![source, credential.kind, number, credential.number, id.get(), from])?;
        Ok(())
    }

    fn end_span(&self, tx: &Transaction<'_>, span: i64, at: DateTime<Utc>) -> Step<()> {
        self.sql
            .prepare(tx, "UPDATE {own.badge} SET valid_to = ? WHERE badge_id = ?")?
            .execute(params![utc_text(at), span])?;
        Ok(())
    }

    /// A number has one holder per source at a time.
    fn end_span_of_others(
        &self,
        tx: &Transaction<'_>,
        source: &str,
        number: &str,
        own: EmployeeId,
        at: DateTime<Utc>,
    ) -> Step<()> {
        self.sql
            .prepare(
                tx,
                "UPDATE {own.badge} SET valid_to = ? WHERE source = ? AND number = ? AND employee_id <> ? \
                 AND valid_to IS NULL",
            )?
            .execute(params![utc_text(at), source, number, own.get()])?;
        Ok(())
    }
}

/// Numbers without leading zeros, everything else as it is: the form in the register.
pub(super) fn plain(number: &str) -> String {
    badge_number(number).map_or_else(|| number.trim().to_owned(), |number| number.to_string())
}
