//! What all sessions of a server share.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use chrono::{DateTime, Utc};
use rusqlite::Connection;
use sha2::{Digest, Sha256};

use super::faults::{Action, Fault, LoginFault};
use super::grants::Grants;
use super::locks::AppLocks;
use super::log::Log;
use super::sql::catalogue::Catalogue;
use super::wire::prelogin::Encryption;
use crate::tls::Tls;

/// What was chosen before the start.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) server_name: String,
    pub(crate) version: String,
    pub(crate) database: String,
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) case_matters: bool,
    pub(crate) old_length_error: bool,
    pub(crate) now: Option<DateTime<Utc>>,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("database", &self.database).finish_non_exhaustive()
    }
}

/// The server.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) tls: Option<Tls>,
    pub(crate) locks: AppLocks,
    place: Place,
    catalogue: Mutex<Catalogue>,
    identities: Mutex<HashMap<String, i64>>,
    grants: Mutex<(u64, Grants)>,
    faults: Mutex<Vec<Fault>>,
    login_faults: Mutex<Vec<LoginFault>>,
    log: Mutex<Log>,
    encryption: Mutex<Encryption>,
    bare_nulls_refused: AtomicBool,
    sessions: AtomicUsize,
    logins: AtomicU64,
    next_session: AtomicI32,
    next_transaction: AtomicU64,
}

/// Databases of this process, so that each has its own folder.
static PLACES: AtomicU64 = AtomicU64::new(0);

impl Shared {
    pub(crate) fn new(settings: Settings, tls: Option<Tls>, encryption: Encryption) -> anyhow::Result<Arc<Self>> {
        let place = Place::new()?;
        // Readers see what is committed while another session writes.
        place.open()?.execute_batch("PRAGMA journal_mode = WAL")?;
        Ok(Arc::new(Self {
            settings,
            tls,
            locks: AppLocks::default(),
            place,
            catalogue: Mutex::default(),
            identities: Mutex::default(),
            grants: Mutex::default(),
            faults: Mutex::default(),
            login_faults: Mutex::default(),
            log: Mutex::default(),
            encryption: Mutex::new(encryption),
            bare_nulls_refused: AtomicBool::new(false),
            sessions: AtomicUsize::new(0),
            logins: AtomicU64::new(0),
            next_session: AtomicI32::new(51),
            next_transaction: AtomicU64::new(1),
        }))
    }

    /// Another connection to the database.
    pub(crate) fn connect(&self) -> anyhow::Result<Connection> {
        self.place.open()
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.settings.now.unwrap_or_else(Utc::now)
    }

    pub(crate) fn catalogue(&self) -> MutexGuard<'_, Catalogue> {
        lock(&self.catalogue)
    }

    pub(crate) fn log(&self) -> MutexGuard<'_, Log> {
        lock(&self.log)
    }

    pub(crate) fn grants(&self) -> Grants {
        lock(&self.grants).1.clone()
    }

    pub(crate) fn grants_version(&self) -> u64 {
        lock(&self.grants).0
    }

    pub(crate) fn change_grants(&self, change: impl FnOnce(&mut Grants)) {
        let mut grants = lock(&self.grants);
        grants.0 += 1;
        change(&mut grants.1);
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Vec<Fault>> {
        lock(&self.faults)
    }

    pub(crate) fn login_faults(&self) -> MutexGuard<'_, Vec<LoginFault>> {
        lock(&self.login_faults)
    }

    /// What is to go wrong with this statement; each plan that it matches counts it.
    pub(crate) fn fault(&self, statement: &str) -> Option<Action> {
        let mut met = None;
        for fault in self.faults().iter_mut() {
            met = met.or(fault.meet(statement));
        }
        met
    }

    /// The number of the error that is to meet this login.
    pub(crate) fn login_fault(&self) -> Option<i32> {
        let mut met = None;
        for fault in self.login_faults().iter_mut() {
            met = met.or(fault.meet());
        }
        met
    }

    pub(crate) fn encryption(&self) -> Encryption {
        *lock(&self.encryption)
    }

    pub(crate) fn set_encryption(&self, encryption: Encryption) {
        *lock(&self.encryption) = encryption;
    }

    pub(crate) fn refuses_bare_nulls(&self) -> bool {
        self.bare_nulls_refused.load(Ordering::SeqCst)
    }

    pub(crate) fn refuse_bare_nulls(&self, refused: bool) {
        self.bare_nulls_refused.store(refused, Ordering::SeqCst);
    }

    pub(crate) fn next_identity(&self, table: &str) -> i64 {
        let mut identities = lock(&self.identities);
        let last = identities.entry(table.to_lowercase()).or_default();
        *last += 1;
        *last
    }

    pub(crate) fn raise_identity(&self, table: &str, at_least: i64) {
        let mut identities = lock(&self.identities);
        let last = identities.entry(table.to_lowercase()).or_default();
        *last = (*last).max(at_least);
    }

    pub(crate) fn next_session(&self) -> i32 {
        self.next_session.fetch_add(1, Ordering::SeqCst)
    }

    pub(crate) fn next_transaction(&self) -> u64 {
        self.next_transaction.fetch_add(1, Ordering::SeqCst)
    }

    pub(crate) fn entered(&self) {
        self.sessions.fetch_add(1, Ordering::SeqCst);
        self.logins.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn left(&self) {
        self.sessions.fetch_sub(1, Ordering::SeqCst);
    }

    pub(crate) fn sessions(&self) -> usize {
        self.sessions.load(Ordering::SeqCst)
    }

    pub(crate) fn logins(&self) -> u64 {
        self.logins.load(Ordering::SeqCst)
    }

    /// A GUID that no other call gives.
    pub(crate) fn new_guid(&self) -> String {
        let seed = format!("{:?} {}", self.place, self.next_transaction());
        let digits: String = hex::encode_upper(Sha256::digest(seed)).chars().take(32).collect();
        let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
        format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
    }
}

/// A folder for the database, gone when the server is.
#[derive(Debug)]
struct Place(PathBuf);

impl Place {
    fn new() -> anyhow::Result<Self> {
        loop {
            let number = PLACES.fetch_add(1, Ordering::SeqCst);
            let path = std::env::temp_dir().join(format!("sqlserver-sim-{}-{number}", std::process::id()));
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(Self(path)),
                // Left over from another process of that number.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error).context("no folder for the database"),
            }
        }
    }

    fn open(&self) -> anyhow::Result<Connection> {
        let connection = Connection::open(self.0.join("database")).context("the database cannot be opened")?;
        connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;")?;
        Ok(connection)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::debug!(%error, "the database's folder stays behind");
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
