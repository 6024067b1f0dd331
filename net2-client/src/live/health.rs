use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// How the live connection is doing; stays readable beside the stream.
#[derive(Clone, Debug, Default)]
pub struct LiveHealth(Arc<Mutex<LiveState>>);

/// One look at the live connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LiveState {
    /// The connection stands.
    pub connected: bool,
    /// How often it was made.
    pub connections: u64,
    /// When the server last said anything.
    pub last_heard: Option<Instant>,
    /// Messages that could not be read.
    pub unreadable: u64,
}

impl LiveHealth {
    /// How it is now.
    pub fn state(&self) -> LiveState {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut LiveState)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
