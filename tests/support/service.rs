//! A program that runs until it is ended, and waiting for what it does.

use std::process::Child;
use std::time::{Duration, Instant};

use crate::Installation;

/// A service in a process of its own; it is killed with the value.
#[derive(Debug)]
pub struct Service(Child);

impl Installation {
    /// Starts the service.
    pub fn serve(&self) -> Service {
        Service(self.start(&["run"]))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Looks again and again, since a service in another process takes its time; gives up after a minute.
pub fn until(what: &str, holds: impl FnMut() -> bool) {
    until_within(Duration::from_mins(1), what, holds);
}

/// The same with more or less patience.
pub fn until_within(time: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < time, "{what} never came");
        std::thread::sleep(Duration::from_millis(50));
    }
}
