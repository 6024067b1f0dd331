//! One batch, one transaction.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::audit::Chain;
use super::events::CountChanges;
use super::fault::Found;
use super::links::Moved;
use super::names::Names;
use super::{Store, documents, intents, links, seen};
use crate::journal::{Committed, Durability, Write};
use crate::model::ExternalId;

/// What the writes of a batch share.
pub(super) struct Batch<'a> {
    pub(super) connection: &'a Connection,
    pub(super) names: &'a mut Names,
    pub(super) moved: Moved,
    pub(super) chain: Chain,
    pub(super) counts: CountChanges,
    pub(super) committed: Committed,
    /// Rows seen, for the snapshots that are being read.
    pub(super) noted: Option<Vec<Noted>>,
}

/// A record that a batch saw.
pub(super) struct Noted {
    pub(super) stream: i64,
    pub(super) n: i64,
    pub(super) id: ExternalId,
}

impl Store {
    pub(super) fn commit(&mut self, durability: Durability, writes: &[Write]) -> Found<Committed> {
        self.set_durability(durability)?;
        let Self { connection, names, sessions, .. } = self;
        match run(connection, names, sessions.any().then(Vec::new), writes) {
            Ok((committed, noted)) => {
                sessions.note(noted);
                Ok(committed)
            }
            Err(fault) => {
                names.clear();
                Err(fault)
            }
        }
    }

    /// A batch of class D2 leaves the flush to the next D1 batch: one log file, in order.
    pub(super) fn set_durability(&mut self, durability: Durability) -> Found<()> {
        if self.durability != durability {
            let setting = match durability {
                Durability::D1 => "PRAGMA synchronous = FULL",
                Durability::D2 => "PRAGMA synchronous = NORMAL",
            };
            self.connection.execute_batch(setting)?;
            self.durability = durability;
        }
        Ok(())
    }
}

fn run(
    connection: &Connection,
    names: &mut Names,
    noted: Option<Vec<Noted>>,
    writes: &[Write],
) -> Found<(Committed, Vec<Noted>)> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let mut batch = Batch {
        connection: &transaction,
        names,
        moved: Moved::default(),
        chain: Chain::default(),
        counts: CountChanges::default(),
        committed: Committed::default(),
        noted,
    };
    for write in writes {
        batch.apply(write)?;
    }
    links::write_ends(batch.connection, &batch.moved)?;
    batch.counts.write(batch.connection)?;
    let Batch { committed, noted, .. } = batch;
    transaction.commit()?;
    Ok((committed, noted.unwrap_or_default()))
}

impl Batch<'_> {
    fn apply(&mut self, write: &Write) -> Found<()> {
        match write {
            Write::See(stream, rows) => seen::write(self, stream, rows),
            Write::Gone(stream, id, at) => seen::gone(self, stream, id, *at),
            Write::Link(link) => links::write(self, link),
            Write::Unlink(key) => links::forget(self, *key),
            Write::Due(key) => links::mark_due(self.connection, *key),
            Write::Intent(intent) => intents::write(self, intent),
            Write::Outcome(row) => intents::write_outcome(self, row),
            Write::Audit(entry) => self.chain.append(self.connection, entry),
            Write::Put { kind, key, value } => documents::put(self.connection, kind, key, value),
            Write::Delete { kind, key } => documents::delete(self.connection, kind, key),
            Write::Events(events) => self.insert_events(events),
            Write::EventStates(updates) => self.update_events(updates),
        }
    }
}
