//! What every integration with timeware has in common: its sections of the configuration, its links, its verbs.

pub mod config;
pub(crate) mod demo;
pub(crate) mod links;
pub(crate) mod live;
pub(crate) mod profile;
mod schema;
pub(crate) mod store;
mod terminals;

use chrono::Utc;
use clap::{ArgMatches, Command};
use sync_service::{Answer, Failure};

use store::Timeware;

/// The verbs about timeware that every integration has. `devices` are what the terminals come from, such as doors.
pub(crate) fn verbs(devices: &str) -> Vec<Command> {
    vec![terminals::command(devices), schema::command()]
}

/// Does one of [`verbs`].
///
/// # Errors
/// Whatever fails; there is no such verb.
pub(crate) async fn verb(name: &str, arguments: &ArgMatches, timeware: &Timeware) -> Result<Answer, Failure> {
    match name {
        "terminals" => terminals::run(arguments, &*timeware.store, Utc::now()).await,
        "check-schema" => schema::run(arguments, timeware).await,
        other => Err(Failure::new(format!("there is no verb {other}"))),
    }
}
