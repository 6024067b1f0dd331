//! The log: one file a day in one folder.

use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::LogLevel;
use crate::desk::make_private_folder;
use crate::{Failure, Setup};

/// Days that are kept.
const KEPT: usize = 30;
/// Libraries whose finer levels show what was sent.
const TALKATIVE: [&str; 7] = ["async_imap", "hyper", "hyper_util", "reqwest", "rustls", "h2", "tungstenite"];

/// Starts the log of this process; it is written out when the guard is dropped.
pub(crate) fn start(setup: &Setup) -> Result<WorkerGuard, Failure> {
    make_private_folder(&setup.logs)?;
    let file = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix(setup.name)
        .filename_suffix("log")
        .max_log_files(KEPT)
        .build(&setup.logs)?;
    let (writer, guard) = tracing_appender::non_blocking(file);
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(false).with_target(false);
    let started = tracing_subscriber::registry().with(targets(setup.log_level)).with(lines).try_init();
    if started.is_ok() {
        tracing::info!(version = env!("CARGO_PKG_VERSION"), "started");
    }
    Ok(guard)
}

fn targets(level: LogLevel) -> Targets {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let quiet = level.min(LevelFilter::WARN);
    TALKATIVE.iter().fold(Targets::new().with_default(level), |targets, name| targets.with_target(*name, quiet))
}
