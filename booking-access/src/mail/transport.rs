//! Whatever takes a letter to its recipient.

use std::fmt;

use async_trait::async_trait;

/// Takes letters to their recipients.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Hands one letter over. Returns only when it is known what became of it, or that it cannot be known.
    async fn send(&self, envelope: &Envelope, message: &[u8]) -> Outcome;
}

/// From whom to whom a letter goes, whatever its headers say.
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope {
    from: String,
    to: Vec<String>,
}

/// What became of a letter. The texts are the server's, on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The server has it.
    Sent,
    /// The server does not want this one now.
    Deferred(String),
    /// The server will never want this one.
    Refused(String),
    /// The server cannot be used at all: not found, not trusted, no signing on, or it refuses the sender. Nothing was sent.
    Unreachable(String),
    /// It was sent and not answered.
    InDoubt(String),
}

impl Envelope {
    /// From one address to some.
    pub fn new(from: impl Into<String>, to: impl IntoIterator<Item = String>) -> Self {
        Self { from: from.into(), to: to.into_iter().collect() }
    }

    /// Where undeliverable letters go back to.
    pub fn from(&self) -> &str {
        &self.from
    }

    /// Where it goes.
    pub fn to(&self) -> &[String] {
        &self.to
    }
}

/// Hides who.
impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Envelope({} recipients)", self.to.len())
    }
}
