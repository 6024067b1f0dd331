//! The world outside a verb: where it prints, what time it is, when it is told to stop.

use std::fmt;
use std::io::{IsTerminal as _, Write};
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use sync_core::clock::{Clock, SystemClock};

/// The world outside a verb. [`Host::of_process`] in programs; anything else in tests.
pub struct Host {
    /// Where answers go.
    pub out: Box<dyn Write + Send>,
    /// Where failures and warnings go.
    pub err: Box<dyn Write + Send>,
    /// Whether a person watches `err`, so that progress is shown.
    pub terminal: bool,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ends when the service has to stop; asked only by `run`.
    pub stop: BoxFuture<'static, ()>,
    /// Whether a log is kept in the log folder.
    pub logs: bool,
}

impl Host {
    /// Standard output, standard error, the machine's clocks, and the signals of the operating system.
    pub fn of_process() -> Self {
        Self {
            out: Box::new(std::io::stdout()),
            err: Box::new(std::io::stderr()),
            terminal: std::io::stderr().is_terminal(),
            clock: Arc::new(system_clock()),
            stop: asked_to_stop().boxed(),
            logs: true,
        }
    }

    /// Prints an answer. Nobody is left to tell if this fails.
    pub(crate) fn say(&mut self, text: &str) {
        let _ = writeln!(self.out, "{}", text.trim_end());
        let _ = self.out.flush();
    }

    /// Prints a failure or a warning.
    pub(crate) fn warn(&mut self, text: &str) {
        let _ = writeln!(self.err, "{}", text.trim_end());
        let _ = self.err.flush();
    }
}

/// The machine's clocks.
pub(crate) fn system_clock() -> impl Clock {
    SystemClock::new(|duration: Duration| -> BoxFuture<'static, ()> { Box::pin(tokio::time::sleep(duration)) })
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("terminal", &self.terminal).field("clock", &self.clock).finish_non_exhaustive()
    }
}

#[cfg(unix)]
async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn asked_to_stop() {
    let _ = tokio::signal::ctrl_c().await;
}
