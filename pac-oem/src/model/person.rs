//! People as PAC holds them.

use super::{Credential, CredentialKey, Epoch, GroupId, PacError, PacErrorKind, PageToken, PersonId, Rev};
use chrono::{DateTime, FixedOffset};
use std::fmt;

/// A person on the server.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Person {
    /// Given by the server, never used twice.
    pub id: PersonId,
    /// Grows with every change.
    pub rev: Rev,
    /// The client's own key, such as `astrow:1042`; unique.
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
    /// Whose the record is: origin label of whoever made it.
    pub created_by: Option<String>,
    /// Access groups.
    pub groups: Vec<GroupGrant>,
    /// Cards and tags.
    pub credentials: Vec<Credential>,
    /// Free fields.
    pub fields: Vec<FreeField>,
}

impl Person {
    /// A person with an id, a revision and a name; active, and nothing else.
    pub fn new(id: PersonId, rev: Rev, first: impl Into<String>) -> Self {
        Self {
            id,
            rev,
            ext: None,
            first: first.into(),
            middle: None,
            last: None,
            employee_no: None,
            department: None,
            email: None,
            active: true,
            from: None,
            until: None,
            created_by: None,
            groups: Vec::new(),
            credentials: Vec::new(),
            fields: Vec::new(),
        }
    }

    /// What to write in order to keep everything as it is.
    pub fn draft(&self) -> PersonDraft {
        PersonDraft {
            id: Some(self.id),
            ext: self.ext.clone(),
            first: self.first.clone(),
            middle: self.middle.clone(),
            last: self.last.clone(),
            employee_no: self.employee_no.clone(),
            department: self.department.clone(),
            email: self.email.clone(),
            active: self.active,
            from: self.from,
            until: self.until,
            groups: self.groups.clone(),
            credentials: self.credentials.clone(),
            fields: self.fields.clone(),
        }
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person")
            .field("id", &self.id)
            .field("rev", &self.rev)
            .field("active", &self.active)
            .field("groups", &self.groups)
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}

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

/// Membership of an access group.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupGrant {
    /// Which group.
    pub id: GroupId,
    /// Since when.
    pub from: Option<DateTime<FixedOffset>>,
    /// Until when.
    pub until: Option<DateTime<FixedOffset>>,
}

impl GroupGrant {
    /// Membership without limits of time.
    pub const fn new(id: GroupId) -> Self {
        Self { id, from: None, until: None }
    }

    /// The same with limits of time.
    pub fn with_validity(mut self, from: Option<DateTime<FixedOffset>>, until: Option<DateTime<FixedOffset>>) -> Self {
        self.from = from;
        self.until = until;
        self
    }
}

/// One of the twenty free fields.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FreeField {
    /// 1 to 20.
    pub n: u8,
    /// Its content.
    pub value: String,
}

impl FreeField {
    /// A field and its content.
    pub fn new(n: u8, value: impl Into<String>) -> Self {
        Self { n, value: value.into() }
    }
}

impl fmt::Debug for FreeField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FreeField").field("n", &self.n).finish_non_exhaustive()
    }
}

/// How to find one person.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PersonKey {
    /// By the server's id.
    Id(PersonId),
    /// By the client's own key.
    Ext(String),
    /// By a credential.
    Credential(CredentialKey),
}

impl fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Ext(_) => f.write_str("Ext(..)"),
            Self::Credential(key) => key.fmt(f),
        }
    }
}

/// A page of the list of people.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PersonPage {
    /// The people, by rising id.
    pub people: Vec<Person>,
    /// Where the next page begins; none after the last.
    pub next: Option<PageToken>,
    /// How many people there are.
    pub total: u32,
    /// Last record of the log of changes that the page contains; that of the **first** page is where to follow from.
    pub as_of: u64,
    /// Epoch of the log of changes.
    pub epoch: Epoch,
}

impl PersonPage {
    /// A page that is also the last one.
    pub fn new(people: Vec<Person>, total: u32, epoch: Epoch, as_of: u64) -> Self {
        Self { people, next: None, total, as_of, epoch }
    }

    /// The same with a page to come.
    pub fn with_next(mut self, next: Option<PageToken>) -> Self {
        self.next = next;
        self
    }
}

/// Which people to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ActiveFilter {
    /// Everybody.
    #[default]
    All,
    /// Active people.
    Active,
    /// People who are not active.
    Inactive,
}

/// Activity of a person, written without the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PersonState {
    /// Whether there is access at all.
    pub active: bool,
    /// Until when; none leaves the person without an end.
    pub until: Option<DateTime<FixedOffset>>,
}

impl PersonState {
    /// Active or not, without an end.
    pub const fn new(active: bool) -> Self {
        Self { active, until: None }
    }

    /// The same with an end.
    pub fn with_until(mut self, until: Option<DateTime<FixedOffset>>) -> Self {
        self.until = until;
        self
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
