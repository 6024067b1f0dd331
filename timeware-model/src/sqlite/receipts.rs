//! Receipts in `bridge_link`.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::SqliteStore;
use super::fault::Step;
use super::statement::{read_utc, utc_text};
use crate::error::{Error, ErrorKind};
use crate::receipts::{LinkEntity, LinkReceipt, LinkState, ReceiptKey};

impl SqliteStore {
    pub(super) fn link_receipt(
        &self,
        db: &Connection,
        entity: LinkEntity,
        key: &ReceiptKey,
    ) -> Step<Option<LinkReceipt>> {
        let mut statement = self.sql.prepare(
            db,
            "SELECT internal_id, state, first_seen, last_seen FROM {own.link} \
             WHERE source = ? AND entity = ? AND external_id = ?",
        )?;
        let mut rows = statement.query(params![key.source, entity.as_str(), key.external_id])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        Ok(Some(LinkReceipt {
            key: key.clone(),
            entity,
            internal_id: row.get(0)?,
            state: row.get::<_, String>(1)?.parse().map_err(|cause: Error| {
                Error::new(ErrorKind::Protocol, "a receipt has an unknown state").with_source(cause)
            })?,
            first_seen: read_utc(&row.get::<_, String>(2)?)?,
            last_seen: read_utc(&row.get::<_, String>(3)?)?,
        }))
    }

    /// The record that a receipt names.
    pub(super) fn linked(&self, db: &Connection, entity: LinkEntity, key: Option<&ReceiptKey>) -> Step<Option<i64>> {
        let Some(key) = key else { return Ok(None) };
        let mut statement = self
            .sql
            .prepare(db, "SELECT internal_id FROM {own.link} WHERE source = ? AND entity = ? AND external_id = ?")?;
        Ok(statement.query_row(params![key.source, entity.as_str(), key.external_id], |row| row.get(0)).optional()?)
    }

    /// Writes a receipt in the transaction of the record that it proves.
    pub(super) fn write_link(
        &self,
        tx: &Transaction<'_>,
        entity: LinkEntity,
        key: Option<&ReceiptKey>,
        internal_id: i64,
    ) -> Step<()> {
        let Some(key) = key else { return Ok(()) };
        let now = utc_text(self.now());
        self.sql
            .prepare(
                tx,
                "INSERT INTO {own.link} (source, entity, external_id, internal_id, first_seen, last_seen) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
            )?
            .execute(params![key.source, entity.as_str(), key.external_id, internal_id, now])?;
        Ok(())
    }

    pub(super) fn change_link_state(
        &self,
        tx: &Transaction<'_>,
        entity: LinkEntity,
        key: &ReceiptKey,
        state: LinkState,
    ) -> Step<()> {
        let text = "UPDATE {own.link} SET state = ?, last_seen = ? WHERE source = ? AND entity = ? AND external_id = ?";
        let now = utc_text(self.now());
        let count = self.sql.prepare(tx, text)?.execute(params![
            state.as_str(),
            now,
            key.source,
            entity.as_str(),
            key.external_id
        ])?;
        if count == 0 {
            return Err(Error::new(ErrorKind::NotFound, format!("there is no receipt {key}")).into());
        }
        Ok(())
    }

    /// All receipts of a record follow it, such as into `leaver`.
    pub(super) fn set_states_of(
        &self,
        tx: &Transaction<'_>,
        entity: LinkEntity,
        internal_id: i64,
        state: LinkState,
    ) -> Step<()> {
        self.sql
            .prepare(tx, "UPDATE {own.link} SET state = ?, last_seen = ? WHERE entity = ? AND internal_id = ?")?
            .execute(params![state.as_str(), utc_text(self.now()), entity.as_str(), internal_id])?;
        Ok(())
    }
}
