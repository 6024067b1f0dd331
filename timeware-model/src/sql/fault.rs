//! What a step inside a transaction fails with, whichever engine runs it.

use crate::error::Error;

/// The failure of a step; becomes an [`Error`] at the edge of the store.
#[derive(Debug)]
pub(crate) struct Fault {
    nature: Nature,
    error: Error,
}

/// What a failure means for the transaction that it happened in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nature {
    /// A rule of ours, or an answer that cannot be read: the same again would fail the same way.
    Final,
    /// The row itself was refused: another one would go through.
    Refused,
    /// A record with the same key exists.
    Duplicate,
    /// An event of a batch was refused and has been set aside: the batch goes through without it.
    SetAside,
    /// Others were in the way; nothing was written, the whole transaction may be tried again.
    #[cfg_attr(not(feature = "sqlserver"), expect(dead_code, reason = "only a server has others in the way"))]
    Busy,
    /// The connection is gone, and with it the transaction, unless its commit was under way.
    #[cfg_attr(not(feature = "sqlserver"), expect(dead_code, reason = "only a server has a connection"))]
    Lost,
}

pub(crate) type Step<T> = Result<T, Fault>;

impl Fault {
    pub(crate) fn new(nature: Nature, error: Error) -> Self {
        Self { nature, error }
    }

    pub(crate) fn nature(&self) -> Nature {
        self.nature
    }

    #[cfg(feature = "sqlserver")]
    pub(crate) fn with_cause(mut self, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.error = self.error.with_source(cause);
        self
    }

    pub(crate) fn is_refused_row(&self) -> bool {
        matches!(self.nature, Nature::Refused | Nature::Duplicate)
    }

    pub(crate) fn set_aside(mut self) -> Self {
        self.nature = Nature::SetAside;
        self
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::new(Nature::Final, error)
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        fault.error
    }
}
