//! The running server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};

use super::browser::Browser;
use super::errors::SqlError;
use super::faults::{Fault, LoginFault};
use super::log::{LoggedStatement, text_of};
use super::options::SqlServerOptions;
use super::session::Session;
use super::sql::split;
use super::state::Shared;
use super::wire::prelogin::Encryption;
use super::wire::tokens::Part;
use crate::running::{Port, Running};
use crate::tcp::{self, Order, Orders};
use crate::tls::Tls;

/// A running server on a thread of its own; dropping it stops it.
#[derive(Debug)]
pub struct SqlServerSim {
    shared: Arc<Shared>,
    address: SocketAddr,
    browser_port: Option<u16>,
    orders: Orders,
    _running: Running,
}

/// An application lock.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeldLock {
    /// What is locked.
    pub resource: String,
    /// How, as `Exclusive`.
    pub mode: String,
    /// The session that holds it.
    pub session: i32,
}

impl SqlServerSim {
    /// Starts with the reference tables on a free loopback port, without TLS.
    ///
    /// # Errors
    /// As [`SqlServerOptions::start`].
    pub async fn start() -> anyhow::Result<Self> {
        Self::builder().start().await
    }

    /// The same from code that is not async.
    ///
    /// # Errors
    /// As [`SqlServerOptions::start`].
    pub fn start_blocking() -> anyhow::Result<Self> {
        Self::builder().start_blocking()
    }

    /// Settings first.
    pub fn builder() -> SqlServerOptions {
        SqlServerOptions::default()
    }

    /// Where it listens: `127.0.0.1`, as text.
    pub fn host(&self) -> String {
        self.address.ip().to_string()
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// UDP port of the browser; `None` if the server is no named instance.
    pub fn browser_port(&self) -> Option<u16> {
        self.browser_port
    }

    /// The login's name.
    pub fn user(&self) -> &str {
        &self.shared.settings.user
    }

    /// The login's password.
    pub fn password(&self) -> &str {
        &self.shared.settings.password
    }

    /// The database's name.
    pub fn database(&self) -> &str {
        &self.shared.settings.database
    }

    /// The certificate as PEM; `None` without TLS.
    pub fn certificate_pem(&self) -> Option<String> {
        self.shared.tls.as_ref().map(|tls| tls.pem.clone())
    }

    /// SHA-256 of the certificate in small hex letters; `None` without TLS.
    pub fn fingerprint(&self) -> Option<String> {
        self.shared.tls.as_ref().map(|tls| tls.fingerprint.clone())
    }

    /// Requests so far, in order.
    pub fn statements(&self) -> Vec<LoggedStatement> {
        self.shared.log().entries().to_vec()
    }

    /// Forgets the requests so far.
    pub fn clear_statements(&self) {
        self.shared.log().clear();
    }

    /// Whether requests are remembered; they are unless told otherwise.
    pub fn keep_statements(&self, keep: bool) {
        self.shared.log().off = !keep;
    }

    /// Plans a fault.
    pub fn add_fault(&self, fault: Fault) {
        self.shared.faults().push(fault);
    }

    /// The planned faults with how often each was met.
    pub fn faults(&self) -> Vec<Fault> {
        self.shared.faults().clone()
    }

    /// Refuses the next logins with this error, such as 18456, 4060, 40613.
    pub fn refuse_logins(&self, number: i32, times: u64) {
        self.shared.login_faults().push(LoginFault { number, left: times });
    }

    /// Forgets all planned faults, those of logins among them.
    pub fn clear_faults(&self) {
        self.shared.faults().clear();
        self.shared.login_faults().clear();
    }

    /// From the next connection on the server says this about encryption.
    pub fn set_encryption(&self, encryption: Encryption) {
        self.shared.set_encryption(encryption);
    }

    /// Whether a NULL without a type is refused as a parameter.
    pub fn refuse_bare_nulls(&self, refused: bool) {
        self.shared.refuse_bare_nulls(refused);
    }

    /// Marks a table as one with a trigger.
    pub fn mark_trigger(&self, table: &str) {
        if let Some(found) = self.shared.catalogue().table_mut(table) {
            found.triggers.push(format!("tr_{table}"));
        }
    }

    /// The login loses all rights but those granted afterwards.
    pub fn revoke_all(&self) {
        self.shared.change_grants(super::grants::Grants::none);
    }

    /// The login may do this with a table; without a table (`""`) it is a right on the database, as `CREATE TABLE`.
    ///
    /// From the first grant on the login has only what was granted.
    pub fn grant(&self, permission: &str, table: &str) {
        self.shared.change_grants(|grants| grants.give(permission, table));
    }

    /// The login may not do this with a table, whatever else it may.
    pub fn withhold(&self, permission: &str, table: &str) {
        self.shared.change_grants(|grants| grants.withhold(permission, table));
    }

    /// The login may do all again.
    pub fn grant_all(&self) {
        self.shared.change_grants(super::grants::Grants::all);
    }

    /// How many logins are connected now.
    pub fn sessions(&self) -> usize {
        self.shared.sessions()
    }

    /// How many logins have come in since the start.
    pub fn logins(&self) -> u64 {
        self.shared.logins()
    }

    /// Application locks that are held now.
    pub fn app_locks(&self) -> Vec<HeldLock> {
        let locks = self.shared.locks.list();
        let lock = |(resource, mode, session): (String, super::locks::Mode, i32)| HeldLock {
            resource,
            mode: mode.name().to_owned(),
            session,
        };
        locks.into_iter().map(lock).collect()
    }

    /// Another program's session holds an application lock until the next [`release_lock`](Self::release_lock).
    pub fn hold_lock(&self, resource: &str) {
        let cancel = super::session::cancel::Cancel::default();
        self.shared.locks.take(STRANGER, resource, super::locks::Mode::Exclusive, false, Duration::ZERO, &cancel);
    }

    /// Lets a lock of [`hold_lock`](Self::hold_lock) go.
    pub fn release_lock(&self, resource: &str) {
        self.shared.locks.release(STRANGER, resource, false);
    }

    /// Runs T-SQL as the server's owner, `GO` between batches: no rights are asked, no fault is met, nothing is logged.
    ///
    /// # Errors
    /// The first error, with its number.
    pub fn execute(&self, sql: &str) -> anyhow::Result<u64> {
        let mut session = Session::of_owner(&self.shared)?;
        let mut touched = 0;
        for batch in split::batches(sql) {
            for part in session.run(&batch).map_err(|error| told(&error))? {
                if let Part::Done(Some(count)) = part {
                    touched += count;
                }
            }
        }
        Ok(touched)
    }

    /// Rows of the last query in T-SQL text, as the server's owner: values as texts, `None` for NULL.
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub fn rows(&self, sql: &str) -> anyhow::Result<Vec<Vec<Option<String>>>> {
        let parts = Session::of_owner(&self.shared)?.run(sql).map_err(|error| told(&error))?;
        let last = parts.into_iter().rev().find_map(|part| match part {
            Part::Rows { rows, .. } => Some(rows),
            _ => None,
        });
        Ok(last.unwrap_or_default().iter().map(|row| row.iter().map(text_of).collect()).collect())
    }

    /// The one number that a query gives.
    ///
    /// # Errors
    /// As [`execute`](Self::execute), and if the first value is no number.
    pub fn number(&self, sql: &str) -> anyhow::Result<i64> {
        let rows = self.rows(sql)?;
        let first = rows.first().and_then(|row| row.first()).cloned().flatten();
        Ok(first.context("the query gives no value")?.parse()?)
    }

    /// Cuts all connections; open transactions are undone. The port stays open.
    pub fn cut_connections(&self) {
        self.orders.give(Order::Cut);
    }

    /// Cuts all connections and closes the port, until [`resume`](Self::resume).
    pub fn pause(&self) {
        self.orders.give(Order::Pause);
    }

    /// Opens the port again.
    pub fn resume(&self) {
        self.orders.give(Order::Resume);
    }

    /// Stops and waits until the port is free again.
    pub fn stop(self) {
        drop(self);
    }

    pub(super) fn launch(options: &SqlServerOptions) -> anyhow::Result<Self> {
        let port = Port::take(&options.listen)?;
        let address = port.address;
        let tls = match options.encryption {
            Encryption::NotSupported => None,
            _ => Some(Tls::generate_tls12(options.tls_names.clone())?),
        };
        let shared = Shared::new(options.settings.clone(), tls, options.encryption)?;
        shared.refuse_bare_nulls(options.bare_nulls_refused);
        let name = &options.settings.server_name;
        let browser =
            options.instance.as_ref().map(|instance| Browser::open(name, instance, address.port())).transpose()?;
        let browser_port = browser.as_ref().map(|browser| browser.port);
        let (orders, queue) = Orders::new();
        let served = Arc::clone(&shared);
        let running = Running::start("sqlserver", move |stopped| async move {
            let browsing = async {
                if let Some(browser) = browser {
                    browser.serve().await;
                }
                std::future::pending::<()>().await;
            };
            tokio::select! {
                () = tcp::serve(port, served, queue, stopped) => {}
                () = browsing => {}
            }
        })?;
        let sim = Self { shared, address, browser_port, orders, _running: running };
        sim.execute(&options.tables()).context("the tables cannot be made")?;
        options.triggers.iter().for_each(|table| sim.mark_trigger(table));
        Ok(sim)
    }
}

/// The session number of another program.
const STRANGER: i32 = -1;

fn told(error: &SqlError) -> anyhow::Error {
    anyhow!("error {}: {}", error.number, error.message)
}
