//! Who held which credential when (rule W4).

use chrono::{DateTime, Utc};

use super::Rulebook;
use super::database::Database;
use super::fault::Step;
use super::statements::Template;
use super::value::{Row, values};
use crate::badge::{BadgeSpan, Credential, Credentials, badge_number};
use crate::ids::EmployeeId;

const END_ALL: Template =
    Template::Change("UPDATE {own.badge} SET valid_to = ?1 WHERE employee_id = ?2 AND valid_to IS NULL");
const END_ONE: Template = Template::Change("UPDATE {own.badge} SET valid_to = ?1 WHERE badge_id = ?2");
const END_OTHERS: Template = Template::Change(
    "UPDATE {own.badge} SET valid_to = ?1 WHERE source = ?2 AND number = ?3 AND employee_id <> ?4 \
     AND valid_to IS NULL",
);
const OPEN_ONE: Template = Template::Change(
    "INSERT INTO {own.badge} (source, kind, number, shown, employee_id, valid_from) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
);
const HOLDER_NOW: Template =
    Template::Read("SELECT {employee.id} FROM {employee} WHERE {employee.badge} = {as employee.badge ?1}");
const SPANS: Template = Template::Read(
    "SELECT source, number, valid_from, valid_to FROM {own.badge} WHERE employee_id = ?1 ORDER BY badge_id",
);
const HELD_BY_SOURCE: Template = Template::Read(
    "SELECT employee_id, valid_from, valid_to FROM {own.badge} WHERE number = ?1 AND source = ?2 \
     ORDER BY valid_from DESC, badge_id DESC",
);
const HELD: Template = Template::Read(
    "SELECT employee_id, valid_from, valid_to FROM {own.badge} WHERE number = ?1 \
     ORDER BY valid_from DESC, badge_id DESC",
);
const OPEN_SPANS: Template = Template::Read(
    "SELECT badge_id, kind, shown, valid_from FROM {own.badge} WHERE employee_id = ?1 AND source = ?2 \
     AND valid_to IS NULL ORDER BY badge_id",
);
#[cfg(test)]
pub(super) const ALL: &[(&str, Template)] = &[
    ("end a person's credentials", END_ALL),
    ("end one credential", END_ONE),
    ("end a credential of others", END_OTHERS),
    ("register a credential", OPEN_ONE),
    ("holder of a badge", HOLDER_NOW),
    ("credentials over time", SPANS),
    ("holders by one source", HELD_BY_SOURCE),
    ("holders by any source", HELD),
    ("credentials held now", OPEN_SPANS),
];

impl Rulebook {
    /// Opens a span for each new credential of the source and ends those that are gone.
    pub(super) async fn register_credentials(
        &self,
        db: &mut impl Database,
        id: EmployeeId,
        credentials: Option<&Credentials>,
    ) -> Step<()> {
        let Some(Credentials { source, list }) = credentials else { return Ok(()) };
        let now = self.now();
        let open = self.open_spans(db, id, source).await?;
        let same = |a: &Credential, b: &Credential| a.kind == b.kind && a.number == b.number;
        let active: Vec<&Credential> = list.iter().filter(|credential| credential.active).collect();
        for (span, old) in &open {
            if !active.iter().any(|credential| same(credential, old)) {
                self.sql.change(db, END_ONE, &values![now, *span]).await?;
            }
        }
        for credential in active {
            if !open.iter().any(|(_, old)| same(credential, old)) {
                // A number has one holder per source at a time.
                let number = plain(&credential.number);
                self.sql.change(db, END_OTHERS, &values![now, source, &number, id.get()]).await?;
                let from = credential.since.unwrap_or(now);
                let span = values![source, &credential.kind, &number, &credential.number, id.get(), from];
                self.sql.change(db, OPEN_ONE, &span).await?;
            }
        }
        Ok(())
    }

    /// The same credentials, each with the instant from which the register has it.
    pub(super) async fn dated(
        &self,
        db: &mut impl Database,
        id: Option<EmployeeId>,
        credentials: &Credentials,
    ) -> Step<Credentials> {
        let open = match id {
            Some(id) => self.open_spans(db, id, &credentials.source).await?,
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
    pub(super) async fn end_spans(&self, db: &mut impl Database, id: EmployeeId) -> Step<()> {
        self.sql.change(db, END_ALL, &values![self.now(), id.get()]).await?;
        Ok(())
    }

    /// The holder at an instant: by the register of this source, then of any, then by the badge as it is now.
    pub(super) async fn holder(
        &self,
        db: &mut impl Database,
        source: &str,
        number: &str,
        at: DateTime<Utc>,
    ) -> Step<Option<EmployeeId>> {
        let number = plain(number);
        for source in [Some(source), None] {
            let rows = match source {
                Some(source) => self.sql.rows(db, HELD_BY_SOURCE, &values![&number, source]).await?,
                None => self.sql.rows(db, HELD, &values![&number]).await?,
            };
            if !rows.is_empty() {
                return holder_among(&rows, at);
            }
        }
        let Some(badge) = badge_number(&number) else { return Ok(None) };
        let row = self.sql.first(db, HOLDER_NOW, &values![badge]).await?;
        row.map(|row| Ok(EmployeeId::new(row.integer(0)?))).transpose()
    }

    pub(super) async fn spans_of(&self, db: &mut impl Database, id: EmployeeId) -> Step<Vec<BadgeSpan>> {
        let rows = self.sql.rows(db, SPANS, &values![id.get()]).await?;
        let span = |row: &Row| {
            Ok(BadgeSpan {
                source: row.text(0)?,
                number: row.text(1)?,
                employee_id: id,
                valid_from: row.instant(2)?,
                valid_to: row.maybe_instant(3)?,
            })
        };
        rows.iter().map(span).collect()
    }

    /// Open spans of a person, oldest first, each with its row id.
    async fn open_spans(&self, db: &mut impl Database, id: EmployeeId, source: &str) -> Step<Vec<(i64, Credential)>> {
        let rows = self.sql.rows(db, OPEN_SPANS, &values![id.get(), source]).await?;
        let span = |row: &Row| {
            let credential = Credential::new(row.text(2)?).kind(row.text(1)?).since(row.instant(3)?);
            Ok((row.integer(0)?, credential))
        };
        rows.iter().map(span).collect()
    }
}

/// Who held the number at the instant, newest span first; nobody, where all of them are over or not begun.
fn holder_among(rows: &[Row], at: DateTime<Utc>) -> Step<Option<EmployeeId>> {
    for row in rows {
        let (from, to) = (row.instant(1)?, row.maybe_instant(2)?);
        if from <= at && to.is_none_or(|to| at < to) {
            return Ok(Some(EmployeeId::new(row.integer(0)?)));
        }
    }
    Ok(None)
}

/// Numbers without leading zeros, everything else as it is: the form in the register.
pub(super) fn plain(number: &str) -> String {
    badge_number(number).map_or_else(|| number.trim().to_owned(), |number| number.to_string())
}
