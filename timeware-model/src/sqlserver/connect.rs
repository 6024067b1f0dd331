//! Connecting: the network, TLS, the sign-in, the settings of the session, the writer's place.

use std::fs;

use secrecy::{ExposeSecret as _, SecretString};
use tiberius::{AuthMethod, Client, Config, EncryptionLevel, SqlBrowser as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::compat::TokioAsyncWriteCompatExt as _;

use super::fault::{connecting, unreachable};
use super::session::Session;
use crate::error::{Error, ErrorKind, Result};
use crate::server::{Encrypt, SqlServerConfig};
use crate::sql::Database as _;
use crate::sql::value::values;

const DEFAULT_PORT: u16 = 1433;
/// What the writer of a database holds while its session lives (rule S4).
const WRITERS_PLACE: &str = "timeware-model writer";
const TAKE_PLACE: &str =
    "EXEC sp_getapplock @Resource = @P1, @LockMode = N'Exclusive', @LockOwner = N'Session', @LockTimeout = @P2";
const HAS_PLACE: &str = "SELECT APPLOCK_MODE(N'public', @P1, N'Session')";
/// What `SET` options a session needs so that writers with indexes of their own are not disturbed (rule S3).
const SESSION: &str = "SET ANSI_NULLS ON; SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; SET ARITHABORT ON; \
     SET CONCAT_NULL_YIELDS_NULL ON; SET QUOTED_IDENTIFIER ON; SET NUMERIC_ROUNDABORT OFF; SET XACT_ABORT ON; \
     SET NOCOUNT OFF";

/// Everything that it takes to connect, checked.
pub(super) struct Connector {
    config: SqlServerConfig,
    password: SecretString,
    authority: Option<Vec<u8>>,
}

/// Which place a session takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// None: it only reads, or sets terminals.
    None,
    /// The one writer's.
    Writer,
    /// The one writer's, which a connection of ours may still hold that has just died.
    WriterAgain,
}

impl Connector {
    pub(super) fn new(config: &SqlServerConfig, password: SecretString) -> Result<Self> {
        let authority = match config.ca_file.as_str() {
            "" => None,
            path => Some(fs::read(path).map_err(|cause| {
                let reason = format!("`{path}` cannot be read");
                Error::config("timeware.sqlserver.ca_file", reason, "name a readable certificate file")
                    .with_source(cause)
            })?),
        };
        if config.trust_server_certificate {
            let target = config.target();
            tracing::warn!(%target, "any certificate is taken; whoever sits between can read and change everything");
        }
        if config.encrypt == Encrypt::LoginOnly {
            tracing::warn!(target = %config.target(), "only the sign-in is encrypted; personal data can be read on the way");
        }
        Ok(Self { config: config.clone(), password, authority })
    }

    /// Opens a session.
    pub(super) async fn connect(&self, place: Place) -> Result<Session> {
        let late = |_| {
            let reason = format!("{} did not answer in time", self.config.target());
            unreachable(reason, std::io::Error::from(std::io::ErrorKind::TimedOut))
        };
        let client = timeout(self.config.connect_timeout(), self.sign_in()).await.map_err(late)??;
        let mut session = Session::new(client, self.config.command_timeout());
        let lock = self.config.lock_timeout().as_millis();
        session.batch(&format!("{SESSION}; SET LOCK_TIMEOUT {lock}")).await?;
        self.take(&mut session, place).await?;
        Ok(session)
    }

    async fn sign_in(&self) -> Result<Client<tokio_util::compat::Compat<TcpStream>>> {
        let target = self.config.target();
        let settings = self.driver_settings();
        let stream = match self.config.instance {
            Some(_) => TcpStream::connect_named(&settings).await.map_err(|error| self.no_instance(error))?,
            None => TcpStream::connect(settings.get_addr())
                .await
                .map_err(|cause| unreachable(format!("{target} cannot be reached"), cause))?,
        };
        // A delay of small packets only costs time; that it cannot be switched off stops nothing.
        let _ = stream.set_nodelay(true);
        // The driver's future is large; it is made once per connection.
        Box::pin(Client::connect(settings, stream.compat_write())).await.map_err(|error| connecting(error, &target))
    }

    fn driver_settings(&self) -> Config {
        let mut settings = Config::new();
        settings.host(&self.config.host);
        match &self.config.instance {
            Some(instance) => settings.instance_name(instance),
            None => settings.port(self.config.port.unwrap_or(DEFAULT_PORT)),
        }
        settings.database(&self.config.database);
        settings.application_name(&self.config.application_name);
        settings.authentication(AuthMethod::sql_server(&self.config.user, self.password.expose_secret()));
        settings.encryption(match self.config.encrypt {
            Encrypt::Required => EncryptionLevel::Required,
            Encrypt::LoginOnly => EncryptionLevel::Off,
            Encrypt::Off => EncryptionLevel::NotSupported,
        });
        if self.config.trust_server_certificate {
            settings.trust_cert();
        } else if let Some(authority) = &self.authority {
            settings.trust_cert_ca_bundle(authority.clone());
        }
        // Both are bounded here as a whole; a text that is no sound Unicode must not hide all rows after it.
        settings.handshake_timeout(None);
        settings.command_timeout(None);
        settings.lossy_utf16_decoding(true);
        settings
    }

    fn no_instance(&self, error: tiberius::error::Error) -> Error {
        if matches!(error, tiberius::error::Error::Io { .. }) {
            return connecting(error, &self.config.target());
        }
        let instance = self.config.instance.as_deref().unwrap_or_default();
        let reason = format!("the SQL Server Browser of {} does not know the instance {instance}", self.config.host);
        let remedy = "start the Browser service and open UDP 1434, or give the port instead of the instance";
        Error::new(ErrorKind::Unavailable, reason).with_remedy(remedy).with_source(error)
    }

    /// Takes the writer's place; the server gives it back when the session ends.
    async fn take(&self, session: &mut Session, place: Place) -> Result<()> {
        let wait = match place {
            Place::None => return Ok(()),
            Place::Writer => 0,
            Place::WriterAgain => i64::try_from(self.config.lock_timeout().as_millis()).unwrap_or_default(),
        };
        session.rows(TAKE_PLACE, &values![WRITERS_PLACE, wait]).await?;
        let rows = session.rows(HAS_PLACE, &values![WRITERS_PLACE]).await?;
        let mode = rows.first().map(|row| row.maybe_text(0)).transpose()?.flatten();
        if mode.as_deref() == Some("Exclusive") {
            return Ok(());
        }
        let message = format!("another program writes the database {}", self.config.target());
        Err(Error::new(ErrorKind::Locked, message).with_remedy("stop it first, or open the database for reading only"))
    }
}
