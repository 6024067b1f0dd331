//! The embedded store: one SQLite file with the reference schema.

mod connection;
mod fault;
mod open;
mod schema;

use std::fmt;
use std::fs::File;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use self::connection::SqliteDatabase;
#[cfg(feature = "sqlserver")]
pub(crate) use self::open::check_schema;
use crate::config::TimewareConfig;
use crate::error::{Error, Result};
use crate::settings::Settings;
use crate::sql::{Access, Nature, Operation, Rulebook, Runs, Step};
use crate::store::{Clock, StartReport};

/// A timeware database in a SQLite file, for tests, demonstrations and sites without one.
///
/// One writer at a time: a second one is refused (rule S4); any number may read. Calls do short work on the calling
/// thread. It has no calculation engine: rows of the inlets stay where they are.
pub struct SqliteStore {
    rules: Rulebook,
    db: Mutex<SqliteDatabase>,
    /// Held as long as the store lives; the operating system frees it with the process.
    _lock: Option<File>,
}

impl SqliteStore {
    /// Opens a file for reading and writing with default settings; makes it if it is not there.
    ///
    /// # Errors
    /// `Locked` when another program writes it; `Config` when it does not fit; `Unavailable`.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(TimewareConfig { path: path.as_ref().to_owned(), ..TimewareConfig::default() })
    }

    /// Opens the file that the settings name for reading and writing; makes it if it is not there.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn open_with(config: TimewareConfig) -> Result<Self> {
        open::writer(Settings::new(config)?)
    }

    /// Opens the file that the settings name for reading only, beside a writer.
    ///
    /// # Errors
    /// `Unavailable` when the file is not there; `Config` when it does not fit.
    pub fn open_read_only(config: TimewareConfig) -> Result<Self> {
        open::reader(Settings::new(config)?)
    }

    /// Opens the file that the settings name beside a writer, for an administrator: reading, and
    /// [`Store::set_terminal`](crate::Store::set_terminal). One transaction on one row does not disturb the writer.
    ///
    /// # Errors
    /// `Unavailable` when the file is not there; `Config` when it does not fit.
    pub fn open_beside_writer(config: TimewareConfig) -> Result<Self> {
        open::administrator(Settings::new(config)?)
    }

    /// Opens an empty store in memory with default settings.
    ///
    /// # Errors
    /// Practically none.
    pub fn open_in_memory() -> Result<Self> {
        Self::in_memory_with(TimewareConfig::default())
    }

    /// Opens an empty store in memory.
    ///
    /// # Errors
    /// `Config` when the settings are wrong.
    pub fn in_memory_with(config: TimewareConfig) -> Result<Self> {
        open::in_memory(Settings::new(config)?)
    }

    /// Takes the time from elsewhere.
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.rules.clock = clock;
        self
    }

    /// What the check at opening found.
    pub fn start_report(&self) -> &StartReport {
        &self.rules.report
    }

    fn run_at_once<O: Operation>(&self, operation: &O) -> Result<O::Output> {
        self.rules.may(O::ACCESS)?;
        // A panic while the lock was held rolled its transaction back; the connection is sound.
        let mut db = self.db.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match attempt(&mut db, operation, &self.rules) {
                Err(fault) if fault.nature() == Nature::SetAside => {}
                answer => return answer.map_err(Error::from),
            }
        }
    }
}

fn attempt<O: Operation>(db: &mut SqliteDatabase, operation: &O, rules: &Rulebook) -> Step<O::Output> {
    if O::ACCESS == Access::Read {
        return connection::at_once(operation.run(rules, db));
    }
    db.begin()?;
    match connection::at_once(operation.run(rules, db)) {
        Ok(answer) => {
            db.commit()?;
            Ok(answer)
        }
        Err(fault) => {
            db.roll_back();
            Err(fault)
        }
    }
}

impl Runs for SqliteStore {
    fn given(&self) -> &Settings {
        &self.rules.settings
    }

    /// None: a call runs to its end on the caller's thread, and a process that ended takes its transaction with it.
    fn lifetime(&self) -> Duration {
        Duration::ZERO
    }

    async fn run<O: Operation>(&self, operation: &O) -> Result<O::Output> {
        self.run_at_once(operation)
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore")
            .field("path", &self.rules.settings.config().path)
            .field("role", &self.rules.role)
            .field("version", &self.rules.report.version)
            .finish_non_exhaustive()
    }
}
