//! A timeware database on Microsoft SQL Server.

mod connect;
mod deferred;
mod fault;
mod grants;
mod report;
mod session;
mod set_up;
mod wire;

use std::fmt;
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::Mutex;

use self::connect::{Connector, Place};
use self::session::Session;
use crate::config::{StoreKind, TimewareConfig};
use crate::error::{Error, ErrorKind, Result};
use crate::settings::Settings;
use crate::sql::{Access, Dialect, Fault, Nature, Operation, Role, Rulebook, Runs, Settle};
use crate::store::{Clock, StartReport};

pub(crate) use self::deferred::DeferredStore;
pub(crate) use self::report::check_schema;
pub(crate) use self::set_up::create_own_tables;

/// Waits before the second, third … try of a transaction; then it is given up (rule S12).
const WAITS: [Duration; 4] =
    [Duration::from_millis(50), Duration::from_millis(150), Duration::from_millis(450), Duration::from_millis(1_350)];

/// A timeware database on Microsoft SQL Server, over one connection that is made again when it is lost.
///
/// One writer at a time: a second one is refused (rule S4); any number may read. A transaction that others were in the
/// way of, or whose connection was lost before its commit, is done again, at most five times in all. A commit whose
/// answer was lost is settled by running again, which its receipt makes safe; without one,
/// [`Error::may_have_been_applied`] says so.
///
/// # Cancel safety
/// A call that is dropped closes the connection, so that the server rolls its transaction back; the next call connects
/// anew. Only a commit that was under way may still take effect.
pub struct SqlServerStore {
    rules: Rulebook,
    connector: Connector,
    /// Empty while a call uses the connection, and after it was lost.
    session: Mutex<Option<Session>>,
}

impl SqlServerStore {
    /// Opens the database that the settings name, for reading and writing.
    ///
    /// # Errors
    /// `Config` when a setting is wrong, the sign-in is refused or the database does not fit; `Locked` when another
    /// program writes it; `Unavailable`.
    pub async fn open(config: TimewareConfig, password: SecretString) -> Result<Self> {
        Self::open_as(config, password, Role::Writer).await
    }

    /// Opens the database that the settings name for reading only, beside a writer.
    ///
    /// # Errors
    /// As [`SqlServerStore::open`], without `Locked`.
    pub async fn open_read_only(config: TimewareConfig, password: SecretString) -> Result<Self> {
        Self::open_as(config, password, Role::Reader).await
    }

    /// Opens the database that the settings name beside a writer, for an administrator: reading, and
    /// [`Store::set_terminal`](crate::Store::set_terminal).
    ///
    /// # Errors
    /// As [`SqlServerStore::open`], without `Locked`.
    pub async fn open_beside_writer(config: TimewareConfig, password: SecretString) -> Result<Self> {
        Self::open_as(config, password, Role::Administrator).await
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

    async fn open_as(config: TimewareConfig, password: SecretString, role: Role) -> Result<Self> {
        let settings = server_settings(config)?;
        let connector = Connector::new(&settings.config().sqlserver, password)?;
        let place = if role == Role::Writer { Place::Writer } else { Place::None };
        let mut session = connector.connect(place).await?;
        let rules = Rulebook::open(&mut session, settings, Dialect::SqlServer, role).await?;
        Ok(Self { rules, connector, session: Mutex::new(Some(session)) })
    }

    /// Runs an operation once; a session that is not sound any more is not put back.
    async fn attempt<O: Operation>(&self, slot: &mut Option<Session>, operation: &O) -> Result<O::Output, Failed<O>> {
        let mut session = match slot.take() {
            Some(session) => session,
            None => self.connect_again().await.map_err(Failed::of)?,
        };
        let answer = if O::ACCESS == Access::Read {
            operation.run(&self.rules, &mut session).await.map_err(Failed::of)
        } else {
            transact(&mut session, &self.rules, operation).await
        };
        *slot = Some(session).filter(Session::is_sound);
        answer
    }

    /// A server may hold the lock of a connection that died for a while, so that the writer waits for its place.
    async fn connect_again(&self) -> Result<Session, Fault> {
        let place = if self.rules.role == Role::Writer { Place::WriterAgain } else { Place::None };
        self.connector.connect(place).await.map_err(|error| {
            let nature = if error.kind() == ErrorKind::Unavailable { Nature::Lost } else { Nature::Final };
            Fault::new(nature, error)
        })
    }
}

/// A statement that was given up may run to its end, and the commit after it.
fn lifetime(settings: &Settings) -> Duration {
    let config = &settings.config().sqlserver;
    config.command_timeout() * 2 + config.connect_timeout()
}

/// Settings for this store, and no other.
fn server_settings(config: TimewareConfig) -> Result<Settings> {
    if config.store != StoreKind::SqlServer {
        let remedy = "set timeware.store = \"sqlserver\"";
        return Err(Error::config("timeware.store", "the settings name another store", remedy));
    }
    Settings::new(config)
}

/// A transaction that did not end well.
struct Failed<O: Operation> {
    fault: Fault,
    /// The answer, where the commit was under way when the connection was lost.
    in_doubt: Option<O::Output>,
}

impl<O: Operation> Failed<O> {
    fn of(fault: Fault) -> Self {
        Self { fault, in_doubt: None }
    }
}

async fn transact<O: Operation>(
    session: &mut Session,
    rules: &Rulebook,
    operation: &O,
) -> Result<O::Output, Failed<O>> {
    session.begin().await.map_err(Failed::of)?;
    match operation.run(rules, session).await {
        Ok(answer) => match session.commit().await {
            Ok(()) => Ok(answer),
            Err(fault) if fault.nature() == Nature::Lost => Err(Failed { fault, in_doubt: Some(answer) }),
            Err(fault) => {
                session.roll_back().await;
                Err(Failed::of(fault))
            }
        },
        Err(fault) => {
            session.roll_back().await;
            Err(Failed::of(fault))
        }
    }
}

impl Runs for SqlServerStore {
    fn given(&self) -> &Settings {
        &self.rules.settings
    }

    fn lifetime(&self) -> Duration {
        lifetime(&self.rules.settings)
    }

    async fn run<O: Operation>(&self, operation: &O) -> Result<O::Output> {
        self.rules.may(O::ACCESS)?;
        let mut slot = self.session.lock().await;
        let mut doubted: Option<O::Output> = None;
        let mut waits = WAITS.iter();
        let mut met_duplicate = false;
        loop {
            let failed = match self.attempt(&mut slot, operation).await {
                Ok(answer) => {
                    return Ok(match doubted {
                        Some(first) => O::Output::settle(first, answer),
                        None => answer,
                    });
                }
                Err(failed) => failed,
            };
            let nature = failed.fault.nature();
            let safe = operation.may_run_again() || failed.in_doubt.is_none();
            doubted = failed.in_doubt.or(doubted);
            let again = match nature {
                Nature::SetAside => continue,
                Nature::Busy | Nature::Lost => safe,
                // Somebody was quicker with the same key; a second look finds the record.
                Nature::Duplicate => O::ACCESS == Access::Write && !std::mem::replace(&mut met_duplicate, true),
                Nature::Final | Nature::Refused => false,
            };
            let wait = waits.next().filter(|_| again);
            let error = Error::from(failed.fault);
            let Some(wait) = wait else { return Err(if doubted.is_some() { error.in_doubt() } else { error }) };
            tracing::info!(%error, "a transaction is tried again");
            tokio::time::sleep(*wait).await;
        }
    }
}

impl fmt::Debug for SqlServerStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlServerStore")
            .field("target", &self.rules.settings.config().sqlserver.target())
            .field("role", &self.rules.role)
            .field("version", &self.rules.report.version)
            .finish_non_exhaustive()
    }
}
