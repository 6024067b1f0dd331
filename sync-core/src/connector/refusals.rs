//! Refusals that a connector finds by itself, worded once.

use super::{CheckReport, ErrorClass, Precondition, SyncError};
use crate::model::Known;

impl SyncError {
    /// A record that a system does not have, or no longer.
    pub fn gone(system: &str) -> Self {
        Self::new(ErrorClass::NotFound, format!("{system} has no such record"))
    }

    /// A field that cannot be written as it is.
    pub fn wrong(field: &'static str, why: &str) -> Self {
        Self::new(ErrorClass::Invalid, format!("{field} {why}")).with_field(field)
    }

    /// A way of withdrawing a person that a system does not have.
    pub fn no_such_removal(system: &str) -> Self {
        Self::new(ErrorClass::Config, format!("{system} cannot withdraw a person in this way"))
    }
}

impl Precondition {
    /// Compares with the revision that was just read, which is the one to be sent.
    ///
    /// # Errors
    /// `Conflict` if it is another one than was seen.
    pub fn met(&self, system: &str, now: Option<&str>) -> Result<(), SyncError> {
        match (self.revision.as_deref(), now) {
            (Some(seen), Some(now)) if seen != now => {
                Err(SyncError::new(ErrorClass::Conflict, format!("the record changed at {system} meanwhile")))
            }
            _ => Ok(()),
        }
    }
}

impl Known<String> {
    /// The text of a field that cannot do without one.
    ///
    /// # Errors
    /// `Invalid` if there is none.
    pub fn required(&self, field: &'static str) -> Result<&str, SyncError> {
        self.value().map(String::as_str).ok_or_else(|| SyncError::wrong(field, "is missing"))
    }
}

impl CheckReport {
    /// Adds those of the steps that were not made as not tried.
    pub fn skip_rest(&mut self, steps: &[&'static str]) {
        let made = |step: &&&str| self.steps.iter().any(|made| made.name == **step);
        let left: Vec<_> = steps.iter().filter(|step| !made(step)).copied().collect();
        self.skipped(&left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::StepOutcome;

    #[test]
    fn a_revision_is_compared_where_both_know_one() {
        let seen = |revision: Option<&str>| Precondition { revision: revision.map(str::to_owned) };
        assert!(seen(Some("7")).met("X", Some("7")).is_ok());
        assert!(seen(None).met("X", Some("7")).is_ok());
        assert!(seen(Some("7")).met("X", None).is_ok());
        assert_eq!(seen(Some("7")).met("X", Some("8")).unwrap_err().class(), ErrorClass::Conflict);
    }

    #[test]
    fn steps_that_were_not_made_are_named_once() {
        let mut report = CheckReport::default();
        report.passed("name", "");
        report.failed("TLS", "refused", "look");
        report.skip_rest(&["name", "port", "TLS", "reads"]);
        let steps: Vec<_> = report.steps.iter().map(|step| (step.name.as_str(), step.outcome)).collect();
        let skipped = StepOutcome::Skipped;
        assert_eq!(steps[2..], [("port", skipped), ("reads", skipped)]);
        assert_eq!(steps.len(), 4);
    }

    #[test]
    fn a_missing_text_names_its_field() {
        assert_eq!(Known::from_text("x").required("name").unwrap(), "x");
        assert_eq!(Known::<String>::Empty.required("name").unwrap_err().field(), Some("name"));
    }
}
