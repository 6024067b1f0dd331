//! The connection test, step by step.

use serde::Serialize;

/// The steps of the verb `test` for one endpoint, in the order in which they were made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// The steps; after a failed one the rest is `Skipped`.
    pub steps: Vec<CheckStep>,
}

/// One step of a connection test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckStep {
    /// What was tried: `name`, `port`, `TLS`, `sign-in`, `licence`, `right`, `version`, `reads` …
    pub name: String,
    /// How it went.
    pub outcome: StepOutcome,
    /// What was seen: an address, a fingerprint, a version, a cause.
    pub detail: String,
    /// What a person can do, where it failed or warns.
    pub remedy: Option<String>,
}

/// How a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StepOutcome {
    /// As it should be.
    Passed,
    /// Works, but somebody should know.
    Warning,
    /// Does not work.
    Failed,
    /// Not tried, since an earlier step failed.
    Skipped,
}

impl CheckReport {
    /// Adds a step that passed.
    pub fn passed(&mut self, name: impl Into<String>, detail: impl Into<String>) {
        self.push(name, StepOutcome::Passed, detail, None);
    }

    /// Adds a step that works but needs attention.
    pub fn warning(&mut self, name: impl Into<String>, detail: impl Into<String>, remedy: impl Into<String>) {
        self.push(name, StepOutcome::Warning, detail, Some(remedy.into()));
    }

    /// Adds a step that failed.
    pub fn failed(&mut self, name: impl Into<String>, cause: impl Into<String>, remedy: impl Into<String>) {
        self.push(name, StepOutcome::Failed, cause, Some(remedy.into()));
    }

    /// Adds steps that were not tried.
    pub fn skipped(&mut self, names: &[&str]) {
        for name in names {
            self.push(*name, StepOutcome::Skipped, "", None);
        }
    }

    /// Whether no step failed.
    pub fn is_ok(&self) -> bool {
        self.steps.iter().all(|step| step.outcome != StepOutcome::Failed)
    }

    fn push(
        &mut self,
        name: impl Into<String>,
        outcome: StepOutcome,
        detail: impl Into<String>,
        remedy: Option<String>,
    ) {
        self.steps.push(CheckStep { name: name.into(), outcome, detail: detail.into(), remedy });
    }
}
