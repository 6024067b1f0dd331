//! Transactions: counted as T-SQL counts them, begun in SQLite when the first statement needs it.

use super::{Run, Session};
use crate::sqlserver::errors::SqlError;
use crate::sqlserver::sql::catalogue::Catalogue;
use crate::sqlserver::sql::names::bracketed;
use crate::sqlserver::wire::tokens::{Change, Part};

/// An open transaction.
#[derive(Debug)]
pub(crate) struct Transaction {
    number: u64,
    count: i64,
    /// The tables as they were, once SQLite knows of the transaction.
    before: Option<Catalogue>,
    savepoints: Vec<String>,
    /// An error has made it impossible to commit.
    pub(super) spoiled: bool,
}

impl Session {
    pub(super) fn begin(&mut self, run: &mut Run) {
        if let Some(transaction) = &mut self.transaction {
            transaction.count += 1;
        } else {
            let number = self.shared.next_transaction();
            self.transaction =
                Some(Transaction { number, count: 1, before: None, savepoints: Vec::new(), spoiled: false });
            run.parts.push(Part::Change(Change::Begun(number)));
        }
        self.tell_transaction();
        run.parts.push(Part::Done(None));
    }

    /// SQLite takes part from here on; other writers wait.
    pub(super) fn enter(&mut self, writes: bool) -> Result<(), SqlError> {
        let Some(transaction) = &self.transaction else { return Ok(()) };
        if transaction.spoiled && writes {
            return Err(SqlError::new(3930, "The current transaction cannot be committed and cannot write."));
        }
        if transaction.before.is_none() {
            self.connection.execute_batch("BEGIN IMMEDIATE").map_err(|error| self.sqlite(&error, None))?;
            let before = self.shared.catalogue().clone();
            if let Some(transaction) = &mut self.transaction {
                transaction.before = Some(before);
            }
        }
        Ok(())
    }

    pub(super) fn commit(&mut self, run: &mut Run) -> Result<(), SqlError> {
        let Some(transaction) = &mut self.transaction else {
            return Err(SqlError::new(3902, "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION."));
        };
        if transaction.spoiled {
            return Err(SqlError::new(3930, "The current transaction cannot be committed."));
        }
        if transaction.count > 1 {
            transaction.count -= 1;
        } else {
            let number = transaction.number;
            if transaction.before.is_some() && !self.connection.is_autocommit() {
                self.connection.execute_batch("COMMIT").map_err(|error| self.sqlite(&error, None))?;
            }
            self.transaction = None;
            self.shared.locks.release_transaction(self.id);
            run.parts.push(Part::Change(Change::Committed(number)));
        }
        self.tell_transaction();
        run.parts.push(Part::Done(None));
        Ok(())
    }

    pub(super) fn roll_back(&mut self, name: Option<&str>, run: &mut Run) -> Result<(), SqlError> {
        let Some(transaction) = &self.transaction else {
            return Err(SqlError::new(
                3903,
                "The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION.",
            ));
        };
        let savepoint = name.filter(|name| transaction.savepoints.iter().any(|known| known.eq_ignore_ascii_case(name)));
        match savepoint {
            Some(name) => {
                let sql = format!("ROLLBACK TO {}", bracketed(name));
                self.connection.execute_batch(&sql).map_err(|error| self.sqlite(&error, None))?;
            }
            None => self.roll_back_all(run),
        }
        run.parts.push(Part::Done(None));
        Ok(())
    }

    /// Undoes an open transaction as a whole.
    pub(super) fn roll_back_all(&mut self, run: &mut Run) {
        let Some(transaction) = self.transaction.take() else { return };
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::warn!(%error, "a transaction cannot be rolled back");
        }
        if let Some(before) = transaction.before {
            let mut catalogue = self.shared.catalogue();
            if catalogue.version != before.version {
                catalogue.restore(&before);
            }
        }
        self.views = None;
        self.shared.locks.release_transaction(self.id);
        self.tell_transaction();
        run.parts.push(Part::Change(Change::RolledBack(transaction.number)));
    }

    pub(super) fn save(&mut self, name: &str, run: &mut Run) -> Result<(), SqlError> {
        self.enter(true)?;
        let Some(transaction) = &mut self.transaction else {
            return Err(SqlError::new(628, "Cannot issue SAVE TRANSACTION when there is no active transaction."));
        };
        transaction.savepoints.push(name.to_owned());
        let sql = format!("SAVEPOINT {}", bracketed(name));
        self.connection.execute_batch(&sql).map_err(|error| self.sqlite(&error, None))?;
        run.parts.push(Part::Done(None));
        Ok(())
    }

    /// How many transactions are open, as T-SQL counts.
    pub(super) fn transaction_count(&self) -> i64 {
        self.transaction.as_ref().map_or(0, |transaction| transaction.count)
    }

    /// The facts learn how the transaction stands.
    pub(super) fn tell_transaction(&self) {
        let count = self.transaction_count();
        let state = match &self.transaction {
            None => 0,
            Some(transaction) if transaction.spoiled => -1,
            Some(_) => 1,
        };
        let mut facts = self.facts();
        facts.transactions = count;
        facts.transaction_state = state;
        facts.row_count = 0;
    }
}
