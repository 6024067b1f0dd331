//! Application locks.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::session::cancel::Cancel;

/// How a lock is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Shared,
    Update,
    Exclusive,
    IntentShared,
    IntentExclusive,
}

impl Mode {
    pub(crate) fn named(text: &str) -> Option<Self> {
        [Self::Shared, Self::Update, Self::Exclusive, Self::IntentShared, Self::IntentExclusive]
            .into_iter()
            .find(|mode| mode.name().eq_ignore_ascii_case(text))
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Shared => "Shared",
            Self::Update => "Update",
            Self::Exclusive => "Exclusive",
            Self::IntentShared => "IntentShared",
            Self::IntentExclusive => "IntentExclusive",
        }
    }

    /// Whether two sessions can hold a lock so.
    fn goes_with(self, other: Self) -> bool {
        match (self, other) {
            (Self::IntentShared, other) | (other, Self::IntentShared) => other != Self::Exclusive,
            (Self::IntentExclusive, Self::IntentExclusive)
            | (Self::Shared, Self::Shared | Self::Update)
            | (Self::Update, Self::Shared) => true,
            _ => false,
        }
    }
}

/// A lock that a session holds.
#[derive(Debug, Clone)]
struct Held {
    resource: String,
    session: i32,
    mode: Mode,
    by_transaction: bool,
}

/// All application locks.
#[derive(Debug, Default)]
pub(crate) struct AppLocks {
    held: Mutex<Vec<Held>>,
    changed: Condvar,
}

impl AppLocks {
    /// Takes a lock: 0 at once, 1 after a wait, -1 not in time, -2 cancelled.
    pub(crate) fn take(
        &self,
        session: i32,
        resource: &str,
        mode: Mode,
        by_transaction: bool,
        wait: Duration,
        cancel: &Cancel,
    ) -> i32 {
        let end = Instant::now() + wait;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let mut result = 0;
        while !free(&held, session, resource, mode) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return -1;
            }
            if cancel.is_rung() {
                return -2;
            }
            // A bell is heard within this time.
            let nap = left.min(Duration::from_millis(50));
            held = self.changed.wait_timeout(held, nap).unwrap_or_else(PoisonError::into_inner).0;
            result = 1;
        }
        held.push(Held { resource: resource.to_owned(), session, mode, by_transaction });
        result
    }

    /// Gives one back; false if it was not held.
    pub(crate) fn release(&self, session: i32, resource: &str, by_transaction: bool) -> bool {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let found = held.iter().position(|lock| {
            lock.session == session && lock.resource == resource && lock.by_transaction == by_transaction
        });
        if let Some(found) = found {
            held.remove(found);
        }
        drop(held);
        self.changed.notify_all();
        found.is_some()
    }

    pub(crate) fn release_transaction(&self, session: i32) {
        self.keep(|lock| lock.session != session || !lock.by_transaction);
    }

    pub(crate) fn release_session(&self, session: i32) {
        self.keep(|lock| lock.session != session);
    }

    fn keep(&self, keep: impl Fn(&Held) -> bool) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).retain(keep);
        self.changed.notify_all();
    }

    /// Resource, mode and session of all locks.
    pub(crate) fn list(&self) -> Vec<(String, Mode, i32)> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.iter().map(|lock| (lock.resource.clone(), lock.mode, lock.session)).collect()
    }

    /// How the session holds a resource.
    pub(crate) fn mode(&self, session: i32, resource: &str) -> &'static str {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let found = held.iter().rev().find(|lock| lock.session == session && lock.resource == resource);
        found.map_or("NoLock", |lock| lock.mode.name())
    }

    /// Whether the session could take it at once.
    pub(crate) fn free(&self, session: i32, resource: &str, mode: &str) -> bool {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        Mode::named(mode).is_some_and(|mode| free(&held, session, resource, mode))
    }
}

fn free(held: &[Held], session: i32, resource: &str, mode: Mode) -> bool {
    held.iter()
        .filter(|lock| lock.resource == resource && lock.session != session)
        .all(|lock| lock.mode.goes_with(mode))
}
