//! A database that is connected to when it is first needed.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::Mutex;

use super::{SqlServerStore, lifetime, server_settings};
use crate::config::TimewareConfig;
use crate::error::{ErrorKind, Result};
use crate::settings::Settings;
use crate::sql::{Operation, Runs};

/// A timeware database on Microsoft SQL Server that is opened by its first use, and tried again by the next one where that
/// failed: a program can start, and look at its configuration, while the server is away.
///
/// While another program writes the database, this one reads it and sets terminals. A write tries to become the writer first.
pub(crate) struct DeferredStore {
    settings: Settings,
    password: SecretString,
    opened: Mutex<Option<Arc<SqlServerStore>>>,
}

impl DeferredStore {
    /// Checks the settings; nothing is sent.
    pub(crate) fn new(config: TimewareConfig, password: SecretString) -> Result<Self> {
        Ok(Self { settings: server_settings(config)?, password, opened: Mutex::default() })
    }

    async fn opened(&self) -> Result<Arc<SqlServerStore>> {
        let mut opened = self.opened.lock().await;
        if let Some(store) = &*opened {
            return Ok(store.clone());
        }
        let config = || self.settings.config().clone();
        let store = match SqlServerStore::open(config(), self.password.clone()).await {
            Err(error) if error.kind() == ErrorKind::Locked => {
                SqlServerStore::open_beside_writer(config(), self.password.clone()).await
            }
            store => store,
        };
        Ok(opened.insert(Arc::new(store?)).clone())
    }

    /// A store that may do this, if the other writer has gone; the error of the one there is, if not.
    async fn opened_for<O: Operation>(&self) -> Result<Arc<SqlServerStore>> {
        let store = self.opened().await?;
        let Err(refused) = store.rules.may(O::ACCESS) else { return Ok(store) };
        if store.rules.report.read_only.is_some() {
            return Err(refused);
        }
        match SqlServerStore::open(self.settings.config().clone(), self.password.clone()).await {
            Ok(writer) => Ok(self.opened.lock().await.insert(Arc::new(writer)).clone()),
            Err(error) if error.kind() == ErrorKind::Locked => Err(refused),
            Err(error) => Err(error),
        }
    }
}

impl Runs for DeferredStore {
    fn given(&self) -> &Settings {
        &self.settings
    }

    fn lifetime(&self) -> Duration {
        lifetime(&self.settings)
    }

    async fn run<O: Operation>(&self, operation: &O) -> Result<O::Output> {
        self.opened_for::<O>().await?.run(operation).await
    }
}

impl fmt::Debug for DeferredStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = self.settings.config().sqlserver.target();
        f.debug_struct("DeferredStore").field("target", &target).finish_non_exhaustive()
    }
}
