//! Opening the store that the settings name, also where that takes a network and a password.

use std::sync::Arc;

use secrecy::SecretString;

use crate::config::{StoreKind, TimewareConfig};
use crate::error::{Error, ErrorKind, Result};
use crate::schema_report::SchemaReport;
use crate::sqlserver::{DeferredStore, SqlServerStore};
use crate::store::Store;
use crate::{sqlite, sqlserver};

/// Opens the store that the settings name, for reading and writing; SQL Server takes the password that its setting
/// refers to.
///
/// # Errors
/// `Config` when a setting is wrong, the password is missing or the database does not fit; `Locked` when another program
/// writes it; `Unavailable`.
///
/// # Cancel safety
/// A dropped future has opened nothing.
pub async fn connect(config: TimewareConfig, password: Option<SecretString>) -> Result<Arc<dyn Store>> {
    match config.store {
        StoreKind::Embedded => crate::open(config),
        StoreKind::SqlServer => Ok(Arc::new(SqlServerStore::open(config, needed(password)?).await?)),
    }
}

/// Opens the store that the settings name beside whoever writes it, for an administrator: reading, and
/// [`Store::set_terminal`].
///
/// # Errors
/// As [`connect`], without `Locked`.
///
/// # Cancel safety
/// A dropped future has opened nothing.
pub async fn connect_beside_writer(config: TimewareConfig, password: Option<SecretString>) -> Result<Arc<dyn Store>> {
    match config.store {
        StoreKind::Embedded => crate::open_beside_writer(config),
        StoreKind::SqlServer => Ok(Arc::new(SqlServerStore::open_beside_writer(config, needed(password)?).await?)),
    }
}

/// The store that the settings name, for a program that has to start whether or not the database is there: SQL Server is
/// connected to by the first use, and a use that failed is tried anew by the next. While another program writes, this one
/// reads, and sets terminals.
///
/// # Errors
/// `Config` when a setting is wrong or the password is missing; of an embedded store all that keeps it from being opened.
pub fn connect_when_used(config: TimewareConfig, password: Option<SecretString>) -> Result<Arc<dyn Store>> {
    match config.store {
        StoreKind::Embedded => match crate::open(config.clone()) {
            Err(error) if error.kind() == ErrorKind::Locked => crate::open_beside_writer(config),
            store => store,
        },
        StoreKind::SqlServer => Ok(Arc::new(DeferredStore::new(config, needed(password)?)?)),
    }
}

/// Compares the database that the settings name with what they need, and finds the rights that the login lacks.
/// Nothing is written, and a database that would not open is compared too.
///
/// # Errors
/// `Config` when a setting is wrong or the sign-in is refused; `Unavailable`.
pub async fn check_schema(config: TimewareConfig, password: Option<SecretString>) -> Result<SchemaReport> {
    match config.store {
        StoreKind::Embedded => sqlite::check_schema(config),
        StoreKind::SqlServer => sqlserver::check_schema(config, needed(password)?).await,
    }
}

/// Makes the tables of ours that the database does not have yet, and answers with their names: the one step that needs
/// the right to create tables. What is there stays as it is; the embedded store needs no such step.
///
/// # Errors
/// `Config` when a setting is wrong, the sign-in is refused or the login may not create tables; `Unavailable`.
///
/// # Cancel safety
/// Each table is one transaction; asking again makes the rest.
pub async fn create_own_tables(config: TimewareConfig, password: Option<SecretString>) -> Result<Vec<String>> {
    match config.store {
        StoreKind::Embedded => Ok(Vec::new()),
        StoreKind::SqlServer => sqlserver::create_own_tables(config, needed(password)?).await,
    }
}

fn needed(password: Option<SecretString>) -> Result<SecretString> {
    password.ok_or_else(|| {
        let remedy = "set what timeware.sqlserver.password refers to";
        Error::config("timeware.sqlserver.password", "the password is not there", remedy)
    })
}
