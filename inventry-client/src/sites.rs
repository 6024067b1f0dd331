//! Sites of an installation.

use chrono_tz::Tz;
use connector_http::Error;
use connector_http::profile::{Item, Misfit};

use crate::call::Named;
use crate::client::InventryClient;
use crate::id::SiteId;
use crate::reading::{Context, Listing, Readable, Wanted, text};

/// A site.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Site {
    /// Its id.
    pub id: SiteId,
    /// Its name.
    pub name: String,
    /// Its zone, where it differs from the installation's.
    pub time_zone: Option<Tz>,
}

/// All sites.
#[derive(Clone, Debug)]
pub struct Sites(pub(crate) InventryClient);

impl Sites {
    /// Lists the sites.
    ///
    /// # Errors
    /// As any read: see [`ErrorKind`](crate::ErrorKind).
    pub async fn list(&self) -> Result<Listing<Site>, Error> {
        self.0.list::<Site, SitesCall>(self.0.url("sites", &[])?, None, Wanted::default()).await
    }
}

impl Readable for Site {
    const OBJECT: &'static str = "site";

    fn read(item: &Item<'_>, _context: &Context) -> Result<Option<Self>, Misfit> {
        let time_zone = text(item, "time_zone")?.and_then(|name| name.trim().parse().ok());
        Ok(Some(Self { id: item.id("id")?.into(), name: item.text("name")?, time_zone }))
    }
}

struct SitesCall;

impl Named for SitesCall {
    const NAME: &'static str = "inventry.sites";
}
