//! Asking for people, and reading what comes.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use connector_http::profile::{Item, Misfit};
use connector_http::{Error, ErrorKind};

use super::address::Address;
use super::model::{Credential, Person};
use crate::call::Named;
use crate::client::InventryClient;
use crate::id::{DepartmentId, PersonId, SiteId};
use crate::reading::{Context, Listing, Readable, Wanted, enabled, person_type, text, utc};
use crate::words::{CredentialType, PersonType};

/// All people, or some of them: staff, enabled or not, unless something else is asked for.
#[derive(Clone, Debug)]
#[must_use = "`list` asks the server"]
pub struct PersonnelQuery {
    client: InventryClient,
    updated_after: Option<DateTime<Utc>>,
    enabled: Option<bool>,
    site: Option<SiteId>,
    wanted: Wanted,
    limit: Option<u32>,
}

/// One person.
#[derive(Clone, Debug)]
pub struct PersonHandle {
    client: InventryClient,
    id: PersonId,
}

impl PersonnelQuery {
    pub(crate) fn new(client: InventryClient) -> Self {
        Self { client, updated_after: None, enabled: None, site: None, wanted: Wanted::default(), limit: None }
    }

    /// Only those that changed at this instant or later.
    pub fn updated_after(mut self, instant: DateTime<Utc>) -> Self {
        self.updated_after = Some(instant);
        self
    }

    /// Only those that are enabled, or only those that are not.
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = Some(enabled);
        self
    }

    /// Only those of a site.
    pub fn site(mut self, site: impl Into<SiteId>) -> Self {
        self.site = Some(site.into());
        self
    }

    /// People of another kind than staff. Attendance has no use for them.
    pub fn of_type(mut self, kind: PersonType) -> Self {
        self.wanted = Wanted::One(kind);
        self
    }

    /// How many at a time.
    pub fn page_size(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Lists them, to the end of the last page.
    ///
    /// People of another kind are dropped without being read, also where the server sends them all the same.
    ///
    /// # Errors
    /// As any read: see [`ErrorKind`]. A chain of pages that breaks off is an error and no shorter list.
    pub async fn list(&self) -> Result<Listing<Person>, Error> {
        let mut url = self.client.url("personnel", &[])?;
        let which = self.enabled.map_or("all", |enabled| if enabled { "yes" } else { "no" });
        self.client.query_word(&mut url, "enabled", "enabled_query", which);
        if let Some(site) = &self.site {
            self.client.query(&mut url, "site", site.as_str());
        }
        if let Some(instant) = self.updated_after {
            self.client.query_instant(&mut url, "updated_after", instant);
        }
        self.client.query_wanted(&mut url, &self.wanted);
        self.client.list::<Person, PersonnelCall>(url, self.limit, self.wanted.clone()).await
    }

    /// Whether the server can be asked for changes alone.
    pub fn knows_changes(&self) -> bool {
        self.client.profile().parameter("updated_after").is_some()
    }
}

impl PersonHandle {
    pub(crate) fn new(client: InventryClient, id: PersonId) -> Self {
        Self { client, id }
    }

    /// Reads the person. Somebody who is not staff is as good as not there.
    ///
    /// # Errors
    /// `NotFound` if there is no such person; else as any read.
    pub async fn get(&self) -> Result<Person, Error> {
        let url = self.client.url("person", &[("id", self.id.as_str())])?;
        let person = self.client.one::<Person, PersonCall>(url, Wanted::default()).await?;
        person.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "nobody of the staff has this id").with_operation(PersonCall::NAME)
        })
    }
}

impl Readable for Person {
    const OBJECT: &'static str = "person";

    /// The kind first: of people who are not wanted nothing else is looked at.
    fn read(item: &Item<'_>, context: &Context) -> Result<Option<Self>, Misfit> {
        let person_type = person_type(item)?;
        if !context.wanted.includes(&person_type) {
            return Ok(None);
        }
        Ok(Some(Self {
            id: item.id("id")?.into(),
            person_type,
            title: text(item, "title")?,
            forename: text(item, "forename")?,
            surname: text(item, "surname")?,
            display_name: text(item, "display_name")?,
            departments: elements(item, "departments", "department_id")?.into_iter().map(DepartmentId::from).collect(),
            date_of_birth: item.date_opt("date_of_birth")?,
            gender: text(item, "gender")?,
            car_registrations: elements(item, "car_registrations", "car_registration")?,
            address: address(item)?,
            email: text(item, "email")?,
            mobile: text(item, "mobile")?,
            staff_code: text(item, "staff_code")?,
            credentials: credentials(item)?,
            enabled: enabled(item, "enabled")?.unwrap_or(true),
            sites: elements(item, "sites", "site_id")?.into_iter().map(SiteId::from).collect(),
            source: item.word_opt("source", "person_source")?.map(|word| word.as_str().into()),
            created_at: utc(item, "created_at", context.zone)?,
            updated_at: utc(item, "updated_at", context.zone)?,
            told: told(item),
        }))
    }
}

/// The members of a list that say something; a server that has one only may send it without a list.
fn elements(item: &Item<'_>, list: &str, element: &str) -> Result<Vec<String>, Misfit> {
    match item.raw(list) {
        None => Ok(Vec::new()),
        Some(value) if value.is_array() => {
            let elements = item.list(list)?.unwrap_or_default();
            let ids: Result<Vec<_>, _> = elements.iter().map(|element_of| element_of.id_opt(element)).collect();
            Ok(ids?.into_iter().flatten().collect())
        }
        Some(_) => Ok(item.id_opt(list)?.into_iter().collect()),
    }
}

fn address(item: &Item<'_>) -> Result<Option<Address>, Misfit> {
    let address = Address {
        house: text(item, "house")?,
        line1: text(item, "line1")?,
        line2: text(item, "line2")?,
        town: text(item, "town")?,
        county: text(item, "county")?,
        post_code: text(item, "post_code")?,
        country: text(item, "country")?,
    };
    Ok((address != Address::default()).then_some(address))
}

fn credentials(item: &Item<'_>) -> Result<Vec<Credential>, Misfit> {
    let elements = item.list("credentials")?.unwrap_or_default();
    elements.iter().map(credential).collect()
}

/// A credential without a kind is a card. The number of a PIN is not looked at.
fn credential(element: &Item<'_>) -> Result<Credential, Misfit> {
    let kind = element.word_opt("credential_type", "credential_type")?;
    let kind = kind.map_or(CredentialType::Card, |word| word.as_str().into());
    let number = if kind == CredentialType::Pin { None } else { element.id_opt("credential_number")? };
    // A server that does not tell which one counts has one that counts.
    let primary = element.bool_opt("credential_primary")?.unwrap_or(!element.has("credential_primary"));
    Ok(Credential { kind, number, primary })
}

/// The members that the answer has, be they null.
fn told(item: &Item<'_>) -> BTreeSet<&'static str> {
    let mut told: BTreeSet<_> = MEMBERS.into_iter().filter(|name| item.is_present(name)).collect();
    // Where the address is null as a whole, so are its parts.
    let whole = item.is_present("address");
    if whole || ADDRESS.iter().any(|part| item.is_present(part)) {
        told.insert("address");
    }
    if whole || item.is_present("post_code") {
        told.insert("post_code");
    }
    told
}

const MEMBERS: [&str; 14] = [
    "title",
    "forename",
    "surname",
    "display_name",
    "departments",
    "date_of_birth",
    "gender",
    "car_registrations",
    "email",
    "mobile",
    "staff_code",
    "credentials",
    "enabled",
    "sites",
];
const ADDRESS: [&str; 6] = ["house", "line1", "line2", "town", "county", "country"];

struct PersonnelCall;

impl Named for PersonnelCall {
    const NAME: &'static str = "inventry.personnel";
}

struct PersonCall;

impl Named for PersonCall {
    const NAME: &'static str = "inventry.person";
}
