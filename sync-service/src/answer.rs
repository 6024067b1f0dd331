//! What a verb says: text for people, one JSON object for programs, an exit code.

use std::any::Any;
use std::fmt;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::{Value, json};
use sync_core::connector::SyncError;
use sync_core::reconcile::RunError;

/// What a verb says.
#[derive(Clone, Debug)]
pub struct Answer {
    /// For people; may have many lines.
    pub text: String,
    /// For programs; printed on one line.
    pub json: Value,
    /// How the program ends.
    pub exit: Exit,
}

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Exit {
    /// Nothing is left to do.
    Done,
    /// Something is left to do or to approve.
    Open,
    /// It failed, was called wrongly, or a guard stopped something.
    Failed,
}

/// Why a verb could not be done.
///
/// Any error becomes one with `?`; its causes are told in one line.
pub struct Failure {
    message: String,
    remedy: Option<String>,
    faults: Vec<FileFault>,
    /// Something broke, rather than was refused.
    broken: bool,
}

/// A fault in a file that a person wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileFault {
    /// The file.
    pub file: PathBuf,
    /// The line, counting from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

impl Answer {
    /// An answer with exit code 0.
    pub fn new(text: impl Into<String>, json: Value) -> Self {
        Self { text: text.into(), json, exit: Exit::Done }
    }

    /// With another end.
    pub fn ending(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }
}

impl Exit {
    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Open => 2,
        }
    }
}

impl Failure {
    /// A failure in words.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), remedy: None, faults: Vec::new(), broken: false }
    }

    /// What a person can do about it.
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// Faults in files.
    pub fn of_files(message: impl Into<String>, faults: Vec<FileFault>) -> Self {
        Self { faults, ..Self::new(message) }
    }

    /// What happened.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What a person can do about it.
    pub fn remedy(&self) -> Option<&str> {
        self.remedy.as_deref()
    }

    /// Faults in files, in the order of their lines.
    pub fn faults(&self) -> &[FileFault] {
        &self.faults
    }

    /// Into the log: a slip of the person who asked is no error of the program.
    pub(crate) fn log(&self) {
        if self.broken {
            tracing::error!("{}", self.message);
        } else {
            tracing::info!("refused: {}", self.message);
        }
    }

    /// For programs.
    pub fn to_json(&self) -> Value {
        json!({"error": self.message, "remedy": self.remedy, "faults": self.faults})
    }
}

/// Any error, with its causes in one line and the remedy of errors that have one.
impl<E: std::error::Error + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        let any: &dyn Any = &error;
        let sync = any.downcast_ref::<SyncError>().and_then(SyncError::remedy);
        let run = any.downcast_ref::<RunError>().and_then(RunError::remedy);
        Self { message: chain(&error), remedy: sync.or(run).map(str::to_owned), faults: Vec::new(), broken: true }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.faults {
            writeln!(f, "{fault}")?;
        }
        f.write_str(&self.message)?;
        match &self.remedy {
            Some(remedy) => write!(f, ". {remedy}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}. {}", self.file.display(), self.line, self.what, self.remedy)
    }
}

/// An error with all its causes; a cause that the message already ends with is not told twice.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
