//! The rules of this crate as statements that any engine runs.
//!
//! [`Rulebook`] holds the rules, [`Dialect`] what the engines write differently, [`Database`] what a connection must do,
//! and [`Operation`] each call of [`Store`](crate::Store) as a value. A store is whatever [`Runs`] operations.

mod badges;
mod book;
mod check;
mod database;
mod dialect;
mod events;
mod fault;
#[cfg(test)]
mod golden;
mod groupings;
mod groups;
mod operation;
mod people;
mod people_read;
mod policies;
mod rebook;
mod receipts;
mod reconcile;
mod statements;
mod store;
mod terminals;
pub(crate) mod value;

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

pub(crate) use self::check::inspect;
#[cfg(feature = "sqlserver")]
pub(crate) use self::check::{needed_tables, own_tables, real_columns};
pub(crate) use self::database::Database;
pub(crate) use self::dialect::Dialect;
pub(crate) use self::fault::{Fault, Nature, Step};
#[cfg(feature = "sqlserver")]
pub(crate) use self::operation::Settle;
pub(crate) use self::operation::{Access, Operation};
pub(crate) use self::statements::Statements;
pub(crate) use self::store::Runs;
use crate::error::{Error, ErrorKind, Result};
use crate::local_time::to_local;
use crate::settings::Settings;
use crate::store::{Clock, StartReport};

/// The rules on one database: settings, statement texts, and what the check at opening found.
pub(crate) struct Rulebook {
    pub(crate) settings: Settings,
    pub(crate) sql: Statements,
    pub(crate) clock: Clock,
    pub(crate) report: StartReport,
    pub(crate) role: Role,
}

/// What whoever opened the store may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Everything; the one writer.
    Writer,
    /// Settings of terminals, beside a writer.
    Administrator,
    /// Nothing but reading.
    Reader,
}

impl Rulebook {
    /// Checks the database and makes the rules for it.
    pub(crate) async fn open(db: &mut impl Database, settings: Settings, dialect: Dialect, role: Role) -> Step<Self> {
        let mut inspected = inspect(db, &settings, dialect).await?;
        let report = inspected.start_report(&settings)?;
        if let Some(reason) = &report.read_only {
            tracing::warn!(version = %report.version, reason, "timeware may only be read");
        }
        let sql = Statements::new(settings.mapping(), dialect).with_narrow(inspected.narrow);
        Ok(Self { settings, sql, clock: Arc::new(Utc::now), report, role })
    }

    /// Whether this store may do that.
    pub(crate) fn may(&self, access: Access) -> Result<()> {
        let allowed = match access {
            Access::Read => return Ok(()),
            Access::Write => self.role == Role::Writer,
            Access::Administer => self.role != Role::Reader,
        };
        if !allowed {
            let why = match self.role {
                Role::Administrator => "another program writes this database; only terminals can be set beside it",
                Role::Reader | Role::Writer => "this store was opened for reading only",
            };
            return Err(Error::new(ErrorKind::ReadOnly, why));
        }
        match &self.report.read_only {
            Some(reason) => Err(Error::new(ErrorKind::ReadOnly, reason.clone())
                .with_remedy("confirm the version with timeware.confirmed_version")),
            None => Ok(()),
        }
    }

    fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    fn local_now(&self) -> NaiveDateTime {
        to_local(self.settings.time_zone(), self.now()).local
    }

    fn today(&self) -> NaiveDate {
        self.local_now().date()
    }
}
