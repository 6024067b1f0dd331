//! The client no longer wants to wait.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// A bell that ends waits.
#[derive(Debug, Default)]
pub(crate) struct Cancel {
    rung: Mutex<bool>,
    bell: Condvar,
}

impl Cancel {
    pub(crate) fn ring(&self) {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.bell.notify_all();
    }

    pub(crate) fn reset(&self) {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) = false;
    }

    pub(crate) fn is_rung(&self) -> bool {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits; ends early when the bell is rung.
    pub(crate) fn wait(&self, time: Duration) {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        // Whether time or the bell ended it is asked separately.
        let _ = self.bell.wait_timeout_while(rung, time, |rung| !*rung);
    }
}
