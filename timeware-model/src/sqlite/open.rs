//! Opening a file: the writer's place, the pragmas, the schema, the check.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::connection::{SqliteDatabase, at_once};
use super::fault::fault;
use super::{SqliteStore, schema};
use crate::config::StoreKind;
use crate::error::{Error, ErrorKind, Result};
use crate::settings::Settings;
#[cfg(feature = "sqlserver")]
use crate::sql::inspect;
use crate::sql::{Dialect, Role, Rulebook};
#[cfg(feature = "sqlserver")]
use crate::{config::TimewareConfig, schema_report::SchemaReport};

const LOCK_TIMEOUT: Duration = Duration::from_secs(10);
const CACHED_STATEMENTS: usize = 128;

pub(super) fn writer(settings: Settings) -> Result<SqliteStore> {
    embedded_only(&settings)?;
    let path = settings.config().path.clone();
    let lock = lock(&path)?;
    let mut db = connect(&path, OpenFlags::default())?;
    schema::prepare(&mut db, &settings)?;
    finish(db, settings, Role::Writer, Some(lock))
}

pub(super) fn administrator(settings: Settings) -> Result<SqliteStore> {
    embedded_only(&settings)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = connect(&settings.config().path, flags)?;
    finish(db, settings, Role::Administrator, None)
}

pub(super) fn reader(settings: Settings) -> Result<SqliteStore> {
    embedded_only(&settings)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = connect(&settings.config().path, flags)?;
    finish(db, settings, Role::Reader, None)
}

pub(super) fn in_memory(settings: Settings) -> Result<SqliteStore> {
    let mut db = Connection::open_in_memory().map_err(fault)?;
    tune(&db).map_err(fault)?;
    schema::prepare(&mut db, &settings)?;
    finish(db, settings, Role::Writer, None)
}

fn finish(db: Connection, settings: Settings, role: Role, lock: Option<File>) -> Result<SqliteStore> {
    let mut db = SqliteDatabase(db);
    let rules = at_once(Rulebook::open(&mut db, settings, Dialect::Sqlite, role))?;
    Ok(SqliteStore { rules, db: Mutex::new(db), _lock: lock })
}

/// Compares the file with what the settings need; one that is not there is not made.
#[cfg(feature = "sqlserver")]
pub(crate) fn check_schema(config: TimewareConfig) -> Result<SchemaReport> {
    let settings = Settings::new(config)?;
    embedded_only(&settings)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut db = SqliteDatabase(connect(&settings.config().path, flags)?);
    let inspected = at_once(inspect(&mut db, &settings, Dialect::Sqlite))?;
    let name = settings.config().path.display().to_string();
    Ok(inspected.report(&settings, name))
}

fn embedded_only(settings: &Settings) -> Result<()> {
    if settings.config().store == StoreKind::Embedded {
        return Ok(());
    }
    let remedy = "use store = \"embedded\"";
    Err(Error::config("timeware.store", "this store holds a SQLite file and cannot reach SQL Server", remedy))
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection> {
    let open = || -> rusqlite::Result<Connection> {
        let db = Connection::open_with_flags(path, flags)?;
        tune(&db)?;
        if !flags.contains(OpenFlags::SQLITE_OPEN_READ_ONLY) {
            db.pragma_update(None, "journal_mode", "WAL")?;
        }
        Ok(db)
    };
    Ok(open().map_err(fault)?)
}

fn tune(db: &Connection) -> rusqlite::Result<()> {
    db.busy_timeout(LOCK_TIMEOUT)?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    Ok(())
}

/// Takes the writer's place beside the file (rule S4).
fn lock(path: &Path) -> Result<File> {
    let name = lock_path(path);
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&name).map_err(|cause| {
        Error::new(ErrorKind::Unavailable, format!("the lock file `{}` cannot be made", name.display()))
            .with_remedy("check that the folder exists and may be written")
            .with_source(cause)
    })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let message = format!("another program writes the database `{}`", path.display());
            Err(Error::new(ErrorKind::Locked, message)
                .with_remedy("stop it first, or open the database for reading only"))
        }
        Err(TryLockError::Error(cause)) => {
            Err(Error::new(ErrorKind::Unavailable, "the lock file cannot be locked").with_source(cause))
        }
    }
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}
