//! People as PAC holds them.

use super::{Credential, CredentialKey, Epoch, GroupId, PageToken, PersonDraft, PersonId, Rev};
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
