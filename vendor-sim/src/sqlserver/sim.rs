//! The running server.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, anyhow};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tracing::{debug, warn};

use super::browser::Browser;
use super::connection;
use super::errors::SqlError;
use super::faults::{Fault, LoginFault};
use super::log::{LoggedStatement, text_of};
use super::options::SqlServerOptions;
use super::session::Session;
use super::sql::split;
use super::state::Shared;
use super::tls::Tls;
use super::wire::prelogin::Encryption;
use super::wire::tokens::Part;
use crate::listen::loopback;

/// A running server on a thread of its own; dropping it stops it.
#[derive(Debug)]
pub struct SqlServerSim {
    shared: Arc<Shared>,
    address: SocketAddr,
    browser_port: Option<u16>,
    orders: UnboundedSender<Order>,
    thread: Option<JoinHandle<()>>,
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

/// An order to the listener, and who waits for it to be done.
#[derive(Debug)]
enum Order {
    /// Close all connections.
    Cut(mpsc::Sender<()>),
    /// Close all connections and the port.
    Pause(mpsc::Sender<()>),
    /// Open the port again.
    Resume(mpsc::Sender<()>),
    Stop,
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
        self.order(Order::Cut);
    }

    /// Cuts all connections and closes the port, until [`resume`](Self::resume).
    pub fn pause(&self) {
        self.order(Order::Pause);
    }

    /// Opens the port again.
    pub fn resume(&self) {
        self.order(Order::Resume);
    }

    /// Stops and waits until the port is free again.
    pub fn stop(mut self) {
        self.end();
    }

    /// Gives an order and waits until it is done.
    fn order(&self, order: impl FnOnce(mpsc::Sender<()>) -> Order) {
        let (done, wait) = mpsc::channel();
        if self.orders.send(order(done)).is_ok() {
            // A server that has ended does nothing more.
            let _ = wait.recv();
        }
    }

    pub(super) fn launch(options: &SqlServerOptions) -> anyhow::Result<Self> {
        let address = loopback(&options.listen)?;
        let listener = TcpListener::bind(address).with_context(|| format!("{address} cannot be used"))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let tls = match options.encryption {
            Encryption::NotSupported => None,
            _ => Some(Tls::generate(options.tls_names.clone())?),
        };
        let shared = Shared::new(options.settings.clone(), tls, options.encryption)?;
        shared.refuse_bare_nulls(options.bare_nulls_refused);
        let name = &options.settings.server_name;
        let browser =
            options.instance.as_ref().map(|instance| Browser::open(name, instance, address.port())).transpose()?;
        let browser_port = browser.as_ref().map(|browser| browser.port);
        let (orders, queue) = unbounded_channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let serving = serve(listener, address, Arc::clone(&shared), queue);
        let browsing = async {
            match browser {
                Some(browser) => browser.serve().await,
                None => std::future::pending().await,
            }
        };
        let thread = std::thread::Builder::new()
            .name("sqlserver-sim".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::pin!(serving, browsing);
                    tokio::select! {
                        () = &mut serving => {}
                        () = browsing => serving.await,
                    }
                });
            })
            .context("the simulator gets no thread")?;
        let sim = Self { shared, address, browser_port, orders, thread: Some(thread) };
        sim.execute(&options.tables()).context("the tables cannot be made")?;
        options.triggers.iter().for_each(|table| sim.mark_trigger(table));
        Ok(sim)
    }

    fn end(&mut self) {
        // The thread may have ended already.
        let _ = self.orders.send(Order::Stop);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            warn!("the simulator's thread ended badly");
        }
    }
}

impl Drop for SqlServerSim {
    fn drop(&mut self) {
        self.end();
    }
}

/// The session number of another program.
const STRANGER: i32 = -1;

fn told(error: &SqlError) -> anyhow::Error {
    anyhow!("error {}: {}", error.number, error.message)
}

/// Accepts connections and follows orders until the end.
async fn serve(listener: TcpListener, address: SocketAddr, shared: Arc<Shared>, mut orders: UnboundedReceiver<Order>) {
    let mut listener = tokio::net::TcpListener::from_std(listener).ok();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            order = orders.recv() => match order {
                None | Some(Order::Stop) => break,
                Some(Order::Cut(done)) => {
                    connections.shutdown().await;
                    let _ = done.send(());
                }
                Some(Order::Pause(done)) => {
                    listener = None;
                    connections.shutdown().await;
                    let _ = done.send(());
                }
                Some(Order::Resume(done)) => {
                    listener = tokio::net::TcpListener::bind(address).await.ok();
                    let _ = done.send(());
                }
            },
            Some(ended) = connections.join_next() => debug!(?ended, "a connection ended"),
            Some(Ok((stream, _))) = accept(listener.as_ref()) => {
                let shared = Arc::clone(&shared);
                connections.spawn(async move {
                    if let Err(error) = connection::serve(stream, shared).await {
                        debug!(%error, "a connection ended badly");
                    }
                });
            }
        }
    }
    connections.shutdown().await;
}

async fn accept(
    listener: Option<&tokio::net::TcpListener>,
) -> Option<std::io::Result<(tokio::net::TcpStream, SocketAddr)>> {
    match listener {
        Some(listener) => Some(listener.accept().await),
        None => std::future::pending().await,
    }
}
