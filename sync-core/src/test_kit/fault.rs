//! Which step goes wrong, and how.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::connector::{ErrorClass, SyncError};

/// What happens at the chosen step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The call fails and was never made.
    FailBefore,
    /// The call is made, its reply is lost.
    LoseReply,
    /// The call seems lost and is applied later, but within the endpoint's request lifetime.
    DeliverLate,
    /// The process dies before the call.
    CrashBefore,
    /// The process dies after the call, before its reply is seen.
    CrashAfter,
    /// The process dies before the call, and what was not D1 is lost.
    PowerLoss,
}

/// Counts steps across all shims of a scenario and fires once at the chosen one. Clones share the count.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    steps: u64,
    armed: Option<(u64, Fault)>,
    fired: bool,
    dead: bool,
}

impl Fault {
    /// All faults.
    pub const ALL: [Self; 6] =
        [Self::FailBefore, Self::LoseReply, Self::DeliverLate, Self::CrashBefore, Self::CrashAfter, Self::PowerLoss];
}

impl Faults {
    /// No fault at all; steps are still counted.
    pub fn none() -> Self {
        Self::default()
    }

    /// One fault at the N-th step, counting from 1.
    pub fn at(step: u64, fault: Fault) -> Self {
        let faults = Self::default();
        faults.lock().armed = Some((step, fault));
        faults
    }

    /// Steps so far.
    pub fn steps(&self) -> u64 {
        self.lock().steps
    }

    /// Whether the fault has fired.
    pub fn fired(&self) -> bool {
        self.lock().fired
    }

    /// Whether the process has died.
    pub fn is_dead(&self) -> bool {
        self.lock().dead
    }

    /// A new process: it lives again, and the same fault does not fire twice.
    pub fn restart(&self) {
        let mut state = self.lock();
        state.dead = false;
        state.armed = None;
    }

    /// Arms another fault, counted from the next step on.
    pub fn arm(&self, step: u64, fault: Fault) {
        let mut state = self.lock();
        state.armed = Some((state.steps + step, fault));
        state.fired = false;
    }

    /// Counts one step and tells what goes wrong at it.
    ///
    /// # Errors
    /// The process is dead: nothing happens any more.
    pub fn step(&self) -> Result<Option<Fault>, Dead> {
        let mut state = self.lock();
        if state.dead {
            return Err(Dead);
        }
        state.steps += 1;
        let fault = match state.armed {
            Some((step, fault)) if step == state.steps => fault,
            _ => return Ok(None),
        };
        state.fired = true;
        if matches!(fault, Fault::CrashBefore | Fault::PowerLoss) {
            state.dead = true;
        }
        Ok(Some(fault))
    }

    /// The process dies now.
    pub fn die(&self) {
        self.lock().dead = true;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The process is dead; nothing happens any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the process is dead")]
pub struct Dead;

impl From<Dead> for SyncError {
    fn from(dead: Dead) -> Self {
        SyncError::new(ErrorClass::Bug, "the process is dead").with_source(dead)
    }
}
