//! A person to be written, and what the server can take of one.

use super::{Credential, FreeField, GroupGrant, PacError, PacErrorKind, Person, PersonId, Rev};
use chrono::{DateTime, FixedOffset};
use std::fmt;

/// A person to be written; replaces everything that can be written.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PersonDraft {
    /// Whom; not for a new person.
    pub id: Option<PersonId>,
    /// The client's own key.
    pub ext: Option<String>,
    /// First name, or the whole name where there is only one.
    pub first: String,
    /// Middle name.
    pub middle: Option<String>,
    /// Last name.
    pub last: Option<String>,
    /// Number of the employee.
    pub employee_no: Option<String>,
    /// Name of the department.
    pub department: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Whether there is access at all.
    pub active: bool,
    /// Access since.
    pub from: Option<DateTime<FixedOffset>>,
    /// Access until.
    pub until: Option<DateTime<FixedOffset>>,
    /// Access groups; a new person without any is given the default group by the server.
    pub groups: Vec<GroupGrant>,
    /// Cards and tags.
    pub credentials: Vec<Credential>,
    /// Free fields.
    pub fields: Vec<FreeField>,
}

impl PersonDraft {
    /// An active person of that name, with nothing else.
    pub fn new(first: impl Into<String>) -> Self {
        Self { id: None, ..Person::new(PersonId::new(0), Rev::new(0), first).draft() }
    }

    /// Whether the server can take it: lengths, counts, numbers, times.
    ///
    /// # Errors
    /// `Validation`, `CredentialFormat` or `LimitExceeded`, with the path of the value.
    pub fn check(&self) -> Result<(), PacError> {
        self.check_texts()?;
        count("Group", self.groups.len(), 32)?;
        count("Credential", self.credentials.len(), 16)?;
        count("Field", self.fields.len(), 20)?;
        order(self.from, self.until, "Person/@until")?;
        for group in &self.groups {
            order(group.from, group.until, "Person/Group/@until")?;
        }
        for credential in &self.credentials {
            credential.key().check().map_err(|e| e.with_path("Person/Credential"))?;
            order(credential.from, credential.until, "Person/Credential/@until")?;
        }
        for field in &self.fields {
            if !(1..=20).contains(&field.n) {
                return Err(invalid("free fields are numbered 1 to 20", "Person/Field/@n"));
            }
            length(&field.value, 256, "Person/Field/@value")?;
        }
        Ok(())
    }

    fn check_texts(&self) -> Result<(), PacError> {
        if self.first.trim().is_empty() {
            return Err(invalid("a person needs a first name, or the whole name there", "Person/@first"));
        }
        length(&self.first, 64, "Person/@first")?;
        for (value, path) in [
            (&self.ext, "Person/@ext"),
            (&self.middle, "Person/@middle"),
            (&self.last, "Person/@last"),
            (&self.employee_no, "Person/@employeeNo"),
            (&self.department, "Person/@department"),
        ] {
            length(value.as_deref().unwrap_or(""), 64, path)?;
        }
        length(self.email.as_deref().unwrap_or(""), 256, "Person/@email")
    }
}

fn invalid(message: impl Into<String>, path: &str) -> PacError {
    PacError::new(PacErrorKind::Validation, message).with_path(path)
}

fn length(value: &str, most: usize, path: &str) -> Result<(), PacError> {
    match value.chars().count() {
        n if n > most => Err(invalid(format!("{n} characters, {most} are allowed"), path)),
        _ => Ok(()),
    }
}

fn count(what: &str, n: usize, most: usize) -> Result<(), PacError> {
    if n <= most {
        return Ok(());
    }
    let text = format!("{n} are too many, {most} are allowed");
    Err(PacError::new(PacErrorKind::LimitExceeded, text).with_path(format!("Person/{what}")))
}

fn order(
    from: Option<DateTime<FixedOffset>>,
    until: Option<DateTime<FixedOffset>>,
    path: &str,
) -> Result<(), PacError> {
    match (from, until) {
        (Some(from), Some(until)) if until < from => Err(invalid("the end lies before the beginning", path)),
        _ => Ok(()),
    }
}

impl fmt::Debug for PersonDraft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersonDraft")
            .field("id", &self.id)
            .field("active", &self.active)
            .field("groups", &self.groups)
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}

/// What a write of a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PutMode {
    /// Make a new one.
    Create,
    /// Change one that is named by id or external key.
    Update,
    /// Change one that is found by id, else by external key, or make one.
    Upsert,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CredentialKey, GroupId, PersonKey};

    #[test]
    fn drafts_that_no_server_takes_are_told_with_their_path() {
        let at = |change: fn(&mut PersonDraft)| {
            let mut draft = PersonDraft::new("Mira");
            change(&mut draft);
            draft.check().unwrap_err().path().unwrap_or_default().to_owned()
        };
        assert_eq!(at(|p| p.first = " ".into()), "Person/@first");
        assert_eq!(at(|p| p.last = Some("é".repeat(65))), "Person/@last");
        assert_eq!(at(|p| p.email = Some("e".repeat(257))), "Person/@email");
        assert_eq!(at(|p| p.groups = vec![GroupGrant::new(GroupId::new(1)); 33]), "Person/Group");
        assert_eq!(at(|p| p.fields = vec![FreeField::new(21, "x")]), "Person/Field/@n");
        assert_eq!(at(|p| p.credentials = vec![Credential::new(CredentialKey::pac_prox("1"))]), "Person/Credential");
        let mut good = PersonDraft::new("M");
        good.last = Some("ß".repeat(64));
        assert!(good.check().is_ok());
    }

    #[test]
    fn names_stay_out_of_debug() {
        let mut draft = PersonDraft::new("Mira");
        draft.ext = Some("astrow:77".into());
        let shown = format!("{draft:?} {:?}", PersonKey::Ext("astrow:77".into()));
        assert!(!shown.contains("Mira") && !shown.contains("77"), "{shown}");
    }
}
