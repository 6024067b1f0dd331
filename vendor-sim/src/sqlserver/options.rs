//! Settings before the start.

use chrono::{DateTime, Utc};

use super::sim::SqlServerSim;
use super::sql::split;
use super::state::Settings;
use super::wire::prelogin::Encryption;

/// The tables that a server starts with, unless it is told otherwise.
pub const REFERENCE_DDL: &str = include_str!("reference.sql");

/// How the server is to be.
#[derive(Clone)]
pub struct SqlServerOptions {
    pub(super) listen: String,
    pub(super) tls_names: Vec<String>,
    pub(super) encryption: Encryption,
    pub(super) settings: Settings,
    pub(super) instance: Option<String>,
    ddl: String,
    own_tables: bool,
    pub(super) bare_nulls_refused: bool,
    pub(super) triggers: Vec<String>,
}

impl std::fmt::Debug for SqlServerOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqlServerOptions")
            .field("listen", &self.listen)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Default for SqlServerOptions {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:0".to_owned(),
            tls_names: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
            encryption: Encryption::NotSupported,
            settings: Settings {
                server_name: "SQLSIM".to_owned(),
                version: "A simulator with the wire of Microsoft SQL Server 2019 - 15.0.4096.0".to_owned(),
                database: "timeware_main_6".to_owned(),
                user: "bridge".to_owned(),
                password: "a password for tests".to_owned(),
                case_matters: false,
                old_length_error: false,
                now: None,
            },
            instance: None,
            ddl: REFERENCE_DDL.to_owned(),
            own_tables: true,
            bare_nulls_refused: false,
            triggers: Vec::new(),
        }
    }
}

impl SqlServerOptions {
    /// Where to listen; loopback only, port 0 takes a free one.
    pub fn listen(mut self, address: &str) -> Self {
        address.clone_into(&mut self.listen);
        self
    }

    /// Whether the server can encrypt; the client then chooses.
    pub fn tls(mut self, tls: bool) -> Self {
        self.encryption = if tls { Encryption::Optional } else { Encryption::NotSupported };
        self
    }

    /// The server's word on encryption.
    pub fn encryption(mut self, encryption: Encryption) -> Self {
        self.encryption = encryption;
        self
    }

    /// Names in the certificate; `localhost` and `127.0.0.1` if not told otherwise.
    pub fn tls_names<I: IntoIterator<Item = S>, S: Into<String>>(mut self, names: I) -> Self {
        self.tls_names = names.into_iter().map(Into::into).collect();
        self
    }

    /// The one database there is; `timeware_main_6` if not told otherwise.
    pub fn database(mut self, name: &str) -> Self {
        name.clone_into(&mut self.settings.database);
        self
    }

    /// The one login there is.
    pub fn user(mut self, name: &str) -> Self {
        name.clone_into(&mut self.settings.user);
        self
    }

    /// The login's password.
    pub fn password(mut self, password: &str) -> Self {
        password.clone_into(&mut self.settings.password);
        self
    }

    /// Other tables and rows, as T-SQL with `GO` between batches.
    pub fn ddl(mut self, text: &str) -> Self {
        text.clone_into(&mut self.ddl);
        self
    }

    /// Whether the tables `bridge_…` are there from the start, as [`REFERENCE_DDL`] has them.
    pub fn own_tables(mut self, wanted: bool) -> Self {
        self.own_tables = wanted;
        self
    }

    /// The batches that make the tables.
    pub(super) fn tables(&self) -> String {
        if self.own_tables {
            return self.ddl.clone();
        }
        let batches = split::batches(&self.ddl);
        let vendors: Vec<String> = batches.into_iter().filter(|batch| !batch.contains("bridge_")).collect();
        vendors.join("GO\n")
    }

    /// The server's name, in `@@SERVERNAME` and in errors.
    pub fn server_name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.settings.server_name);
        self
    }

    /// The server is an instance of this name, and a browser at a UDP port of its own tells where it listens.
    pub fn instance(mut self, name: &str) -> Self {
        self.instance = Some(name.to_owned());
        self
    }

    /// What `@@VERSION` says.
    pub fn version(mut self, text: &str) -> Self {
        text.clone_into(&mut self.settings.version);
        self
    }

    /// Texts are compared letter by letter; otherwise large and small letters are the same.
    pub fn case_matters(mut self, matters: bool) -> Self {
        self.settings.case_matters = matters;
        self
    }

    /// A text that is too long gives error 8152, as before SQL Server 2019, not 2628.
    pub fn old_length_error(mut self, old: bool) -> Self {
        self.settings.old_length_error = old;
        self
    }

    /// A NULL text, date or binary without a type is refused as a parameter, as some servers do.
    pub fn refuse_bare_nulls(mut self, refused: bool) -> Self {
        self.bare_nulls_refused = refused;
        self
    }

    /// Tables that have a trigger, so that a bare OUTPUT clause on them is an error.
    pub fn triggers<I: IntoIterator<Item = S>, S: Into<String>>(mut self, tables: I) -> Self {
        self.triggers = tables.into_iter().map(Into::into).collect();
        self
    }

    /// The server's time stands still.
    pub fn frozen_at(mut self, now: DateTime<Utc>) -> Self {
        self.settings.now = Some(now);
        self
    }

    /// Starts the server on a thread of its own.
    ///
    /// # Errors
    /// If the address is not loopback or in use, the certificate cannot be made, or the tables cannot.
    pub async fn start(self) -> anyhow::Result<SqlServerSim> {
        tokio::task::spawn_blocking(move || self.start_blocking()).await?
    }

    /// The same from code that is not async.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_blocking(self) -> anyhow::Result<SqlServerSim> {
        SqlServerSim::launch(&self)
    }
}
