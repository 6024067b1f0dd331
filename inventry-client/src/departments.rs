//! Departments.

use chrono::{DateTime, Utc};
use connector_http::Error;
use connector_http::profile::{Item, Misfit};

use crate::call::Named;
use crate::client::InventryClient;
use crate::id::DepartmentId;
use crate::reading::{Context, Listing, Readable, Wanted, enabled, utc};

/// A department.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Department {
    /// Its id.
    pub id: DepartmentId,
    /// Its name.
    pub name: String,
    /// Whether it is in use, where the server says so.
    pub enabled: Option<bool>,
    /// When it was last changed.
    pub updated_at: Option<DateTime<Utc>>,
}

/// All departments, or those that changed.
#[derive(Clone, Debug)]
#[must_use = "`list` asks the server"]
pub struct Departments {
    client: InventryClient,
    updated_after: Option<DateTime<Utc>>,
}

impl Departments {
    pub(crate) fn new(client: InventryClient) -> Self {
        Self { client, updated_after: None }
    }

    /// Only those that changed at this instant or later.
    pub fn updated_after(mut self, instant: DateTime<Utc>) -> Self {
        self.updated_after = Some(instant);
        self
    }

    /// Lists the departments.
    ///
    /// # Errors
    /// As any read: see [`ErrorKind`](crate::ErrorKind).
    pub async fn list(&self) -> Result<Listing<Department>, Error> {
        let mut url = self.client.url("departments", &[])?;
        if let Some(instant) = self.updated_after {
            self.client.query_instant(&mut url, "updated_after", instant);
        }
        self.client.list::<Department, DepartmentsCall>(url, None, Wanted::default()).await
    }
}

impl Readable for Department {
    const OBJECT: &'static str = "department";

    fn read(item: &Item<'_>, context: &Context) -> Result<Option<Self>, Misfit> {
        Ok(Some(Self {
            id: item.id("id")?.into(),
            name: item.text("name")?,
            enabled: enabled(item, "enabled")?,
            updated_at: utc(item, "updated_at", context.zone)?,
        }))
    }
}

struct DepartmentsCall;

impl Named for DepartmentsCall {
    const NAME: &'static str = "inventry.departments";
}
