//! Devices: kiosks, tablets, readers, and what stands at no door.

use chrono::{DateTime, Utc};
use connector_http::Error;
use connector_http::profile::{Item, Misfit};

use crate::call::Named;
use crate::client::InventryClient;
use crate::id::{DeviceId, SiteId};
use crate::reading::{Context, Listing, Readable, Wanted, enabled, utc, word};
use crate::words::{DeviceDirection, DeviceKind};

/// A device.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub site: Option<SiteId>,
    /// What it is.
    pub kind: Option<DeviceKind>,
    /// Whether it stands at no door: the app, a page, the console.
    pub is_virtual: bool,
    /// Which way people pass it.
    pub direction: Option<DeviceDirection>,
    /// Whether it is in use, where the server says so.
    pub enabled: Option<bool>,
    /// When it was last changed.
    pub updated_at: Option<DateTime<Utc>>,
}

/// All devices, or some of them.
#[derive(Clone, Debug)]
#[must_use = "`list` asks the server"]
pub struct Devices {
    client: InventryClient,
    site: Option<SiteId>,
    updated_after: Option<DateTime<Utc>>,
}

impl Devices {
    pub(crate) fn new(client: InventryClient) -> Self {
        Self { client, site: None, updated_after: None }
    }

    /// Only those of a site.
    pub fn site(mut self, site: impl Into<SiteId>) -> Self {
        self.site = Some(site.into());
        self
    }

    /// Only those that changed at this instant or later.
    pub fn updated_after(mut self, instant: DateTime<Utc>) -> Self {
        self.updated_after = Some(instant);
        self
    }

    /// Lists the devices.
    ///
    /// # Errors
    /// As any read: see [`ErrorKind`](crate::ErrorKind).
    pub async fn list(&self) -> Result<Listing<Device>, Error> {
        let mut url = self.client.url("devices", &[])?;
        if let Some(site) = &self.site {
            self.client.query(&mut url, "site", site.as_str());
        }
        if let Some(instant) = self.updated_after {
            self.client.query_instant(&mut url, "updated_after", instant);
        }
        self.client.list::<Device, DevicesCall>(url, None, Wanted::default()).await
    }
}

impl Readable for Device {
    const OBJECT: &'static str = "device";

    fn read(item: &Item<'_>, context: &Context) -> Result<Option<Self>, Misfit> {
        let kind: Option<DeviceKind> = word(item, "kind", "device_kind")?;
        let by_kind = kind.as_ref().is_some_and(DeviceKind::is_virtual);
        Ok(Some(Self {
            id: item.id("id")?.into(),
            name: item.text("name")?,
            site: item.id_opt("site_id")?.map(SiteId::from),
            is_virtual: item.bool_opt("virtual")?.unwrap_or(by_kind),
            kind,
            direction: word(item, "direction", "direction")?,
            enabled: enabled(item, "enabled")?,
            updated_at: utc(item, "updated_at", context.zone)?,
        }))
    }
}

struct DevicesCall;

impl Named for DevicesCall {
    const NAME: &'static str = "inventry.devices";
}
