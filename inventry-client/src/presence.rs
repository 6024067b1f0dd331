//! Who is on site, for roll calls.

use std::fmt;

use chrono::{DateTime, Utc};
use connector_http::Error;
use connector_http::profile::{Item, Misfit};

use crate::call::Named;
use crate::client::InventryClient;
use crate::id::{DeviceId, PersonId, SiteId};
use crate::reading::{Context, Listing, Readable, Wanted, person_type, text, utc};
use crate::words::PersonType;

/// Somebody who is on site.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Presence {
    /// Who.
    pub person: PersonId,
    /// What kind of person.
    pub person_type: PersonType,
    /// The name as it is shown.
    pub display_name: Option<String>,
    /// At which site.
    pub site: Option<SiteId>,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Where they came in.
    pub device: Option<DeviceId>,
}

/// Who is on site: staff, unless others are asked for by name.
#[derive(Clone, Debug)]
#[must_use = "`list` asks the server"]
pub struct OnSite {
    client: InventryClient,
    site: Option<SiteId>,
    wanted: Wanted,
}

impl OnSite {
    pub(crate) fn new(client: InventryClient) -> Self {
        Self { client, site: None, wanted: Wanted::default() }
    }

    /// At one site.
    pub fn site(mut self, site: impl Into<SiteId>) -> Self {
        self.site = Some(site.into());
        self
    }

    /// Only people of this kind.
    pub fn of_type(mut self, kind: PersonType) -> Self {
        self.wanted = Wanted::One(kind);
        self
    }

    /// Visitors, students and everybody else too: for a roll call, where somebody has switched that on.
    pub fn everybody(mut self) -> Self {
        self.wanted = Wanted::Everybody;
        self
    }

    /// Lists them.
    ///
    /// # Errors
    /// As any read: see [`ErrorKind`](crate::ErrorKind).
    pub async fn list(&self) -> Result<Listing<Presence>, Error> {
        let mut url = self.client.url("on_site", &[])?;
        if let Some(site) = &self.site {
            self.client.query(&mut url, "site", site.as_str());
        }
        self.client.query_wanted(&mut url, &self.wanted);
        self.client.list::<Presence, OnSiteCall>(url, None, self.wanted.clone()).await
    }
}

impl Readable for Presence {
    const OBJECT: &'static str = "presence";

    fn read(item: &Item<'_>, context: &Context) -> Result<Option<Self>, Misfit> {
        let person_type = person_type(item)?;
        if !context.wanted.includes(&person_type) {
            return Ok(None);
        }
        Ok(Some(Self {
            person: item.id("person_id")?.into(),
            person_type,
            display_name: text(item, "display_name")?,
            site: item.id_opt("site_id")?.map(SiteId::from),
            since: match utc(item, "since", context.zone)? {
                Some(since) => since,
                None => return Err(item.misfit_of("since", "a time")),
            },
            device: item.id_opt("device_id")?.map(DeviceId::from),
        }))
    }
}

/// Hides who it is.
impl fmt::Debug for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presence")
            .field("person_type", &self.person_type)
            .field("site", &self.site)
            .field("since", &self.since)
            .finish_non_exhaustive()
    }
}

struct OnSiteCall;

impl Named for OnSiteCall {
    const NAME: &'static str = "inventry.on_site";
}
