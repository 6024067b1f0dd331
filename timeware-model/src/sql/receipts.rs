//! Receipts in `bridge_link`.

use super::database::Database;
use super::fault::Step;
use super::statements::Template;
use super::value::values;
use super::{Rulebook, Statements};
use crate::error::{Error, ErrorKind};
use crate::receipts::{LinkEntity, LinkReceipt, LinkState, ReceiptKey};

const RECEIPT: Template = Template::Read(
    "SELECT internal_id, state, first_seen, last_seen FROM {own.link} \
     WHERE source = ?1 AND entity = ?2 AND external_id = ?3",
);
const LINKED: Template =
    Template::Read("SELECT internal_id FROM {own.link} WHERE source = ?1 AND entity = ?2 AND external_id = ?3");
const WRITE: Template = Template::Change(
    "INSERT INTO {own.link} (source, entity, external_id, internal_id, first_seen, last_seen) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
);
const SET_STATE: Template = Template::Change(
    "UPDATE {own.link} SET state = ?1, last_seen = ?2 WHERE source = ?3 AND entity = ?4 AND external_id = ?5",
);
const SET_STATES: Template =
    Template::Change("UPDATE {own.link} SET state = ?1, last_seen = ?2 WHERE entity = ?3 AND internal_id = ?4");
#[cfg(test)]
pub(super) const ALL: &[(&str, Template)] = &[
    ("receipt of a record", RECEIPT),
    ("record of a receipt", LINKED),
    ("write a receipt", WRITE),
    ("state of a receipt", SET_STATE),
    ("states of a record's receipts", SET_STATES),
];

impl Rulebook {
    pub(super) async fn link_receipt(
        &self,
        db: &mut impl Database,
        entity: LinkEntity,
        key: &ReceiptKey,
    ) -> Step<Option<LinkReceipt>> {
        let by = values![&key.source, entity.as_str(), &key.external_id];
        let Some(row) = self.sql.first(db, RECEIPT, &by).await? else { return Ok(None) };
        Ok(Some(LinkReceipt {
            key: key.clone(),
            entity,
            internal_id: row.integer(0)?,
            state: row.text(1)?.parse().map_err(|cause: Error| {
                Error::new(ErrorKind::Protocol, "a receipt has an unknown state").with_source(cause)
            })?,
            first_seen: row.instant(2)?,
            last_seen: row.instant(3)?,
        }))
    }

    /// The record that a receipt names.
    pub(super) async fn linked(
        &self,
        db: &mut impl Database,
        entity: LinkEntity,
        key: Option<&ReceiptKey>,
    ) -> Step<Option<i64>> {
        let Some(key) = key else { return Ok(None) };
        let by = values![&key.source, entity.as_str(), &key.external_id];
        self.sql.first(db, LINKED, &by).await?.map(|row| row.integer(0)).transpose()
    }

    /// Writes a receipt in the transaction of the record that it proves.
    pub(super) async fn write_link(
        &self,
        db: &mut impl Database,
        entity: LinkEntity,
        key: Option<&ReceiptKey>,
        internal_id: i64,
    ) -> Step<()> {
        let Some(key) = key else { return Ok(()) };
        let row = values![&key.source, entity.as_str(), &key.external_id, internal_id, self.now()];
        self.sql.change(db, WRITE, &row).await?;
        Ok(())
    }

    pub(super) async fn change_link_state(
        &self,
        db: &mut impl Database,
        entity: LinkEntity,
        key: &ReceiptKey,
        state: LinkState,
    ) -> Step<()> {
        let row = values![state.as_str(), self.now(), &key.source, entity.as_str(), &key.external_id];
        if self.sql.change(db, SET_STATE, &row).await? == 0 {
            return Err(Error::new(ErrorKind::NotFound, format!("there is no receipt {key}")).into());
        }
        Ok(())
    }

    /// All receipts of a record follow it, such as into `leaver`.
    pub(super) async fn set_states_of(
        &self,
        db: &mut impl Database,
        entity: LinkEntity,
        internal_id: i64,
        state: LinkState,
    ) -> Step<()> {
        let row = values![state.as_str(), self.now(), entity.as_str(), internal_id];
        self.sql.change(db, SET_STATES, &row).await?;
        Ok(())
    }
}

impl Statements {
    /// The expression that gives the receipt of a record; the source is the parameter `?1`.
    pub(super) fn receipt_of(&self, entity: LinkEntity, id: &str) -> String {
        let dialect = self.dialect();
        format!(
            "(SELECT {}external_id FROM {} WHERE source = {} AND entity = '{}' AND internal_id = {id} \
             ORDER BY link_id{})",
            dialect.top("1"),
            self.own("link"),
            dialect.mark(1),
            entity.as_str(),
            dialect.limit("1")
        )
    }
}

/// The source to compare with where the reader asks about none: no receipt has it.
pub(super) fn asked(source: Option<&str>) -> &str {
    source.unwrap_or_default()
}
