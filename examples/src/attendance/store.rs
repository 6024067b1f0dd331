//! Opening timeware's database.

use std::sync::Arc;

use secrecy::SecretString;
use sync_service::{ConfigFault, Setup};
use timeware_model::{Encrypt, Store, StoreKind, TimewareConfig};

/// timeware's database and what it takes to look at it again.
#[derive(Clone, Debug)]
pub(crate) struct Timeware {
    /// The database.
    pub(crate) store: Arc<dyn Store>,
    /// Its section of the configuration.
    pub(crate) config: TimewareConfig,
    /// Of the login, where there is one.
    pub(crate) password: Option<SecretString>,
}

/// What is known before anything is opened.
#[derive(Clone, Debug)]
pub(crate) struct Closed {
    config: TimewareConfig,
    password: Option<SecretString>,
}

impl Timeware {
    /// Checks the section and reads its secret, so that its faults are told together with others.
    pub(crate) fn check(mut config: TimewareConfig, setup: &Setup, faults: &mut Vec<ConfigFault>) -> Closed {
        config.path = setup.path(&config.path);
        let server = config.store == StoreKind::SqlServer;
        if server && !config.sqlserver.ca_file.is_empty() {
            let file = setup.path(std::path::Path::new(&config.sqlserver.ca_file));
            config.sqlserver.ca_file = file.display().to_string();
        }
        if server {
            warn_of_the_wire(&config, setup);
        }
        let mut password = None;
        match timeware_model::Settings::new(config.clone()) {
            Err(error) => faults.push(fault(&error)),
            Ok(_) if server => match setup.secret("timeware.sqlserver.password", &config.sqlserver.password) {
                Ok(secret) => password = Some(secret),
                Err(fault) => faults.push(fault),
            },
            Ok(_) => {}
        }
        Closed { config, password }
    }

    /// A store that is open already, for demonstrations.
    pub(crate) fn of(store: Arc<dyn Store>, config: TimewareConfig) -> Self {
        Self { store, config, password: None }
    }
}

impl Closed {
    /// Opens an embedded store; SQL Server is connected to when it is first used.
    ///
    /// While the service writes, an administrator may still look and set terminals; what else a verb wants to do is then
    /// refused by the journal's lock.
    pub(crate) fn open(self) -> Result<Timeware, ConfigFault> {
        let Self { config, password } = self;
        if let (StoreKind::Embedded, Some(folder)) = (config.store, config.path.parent()) {
            std::fs::create_dir_all(folder).map_err(|error| {
                let what = format!("the folder {} cannot be made: {error}", folder.display());
                ConfigFault::new("timeware.path", what, "Name another, or give this account the right to write there")
            })?;
        }
        let store =
            timeware_model::connect_when_used(config.clone(), password.clone()).map_err(|error| fault(&error))?;
        Ok(Timeware { store, config, password })
    }
}

/// What can be read or changed on the way to SQL Server, told at every start.
fn warn_of_the_wire(config: &TimewareConfig, setup: &Setup) {
    let section = &config.sqlserver;
    let between = "whoever sits between this machine and SQL Server";
    if section.trust_server_certificate {
        let what = format!("any certificate is taken, so that {between} can read and change everything");
        setup.warn(format!("timeware.sqlserver.trust_server_certificate: {what}"));
    }
    if section.encrypt == Encrypt::LoginOnly {
        let what = format!("only the sign-in is encrypted, so that {between} can read everything else");
        setup.warn(format!("timeware.sqlserver.encrypt: {what}"));
    }
}

fn fault(error: &timeware_model::Error) -> ConfigFault {
    let setting = error.field().unwrap_or("timeware").to_owned();
    ConfigFault::new(setting, error.reason().to_owned(), error.remedy().unwrap_or("Correct it").to_owned())
}
