//! What was deleted, and what went into something else.

use chrono::{DateTime, Utc};
use connector_http::profile::{Item, Misfit};
use connector_http::{Error, ErrorKind};

use crate::call::Named;
use crate::client::{InventryClient, RawPage};
use crate::reading::{Context, InvalidItem, Listing, Readable, Wanted, protocol, utc};
use crate::words::DeletedEntity;

/// Something that was deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deletion {
    /// Its place in the list.
    pub cursor: Option<String>,
    /// What it is about.
    pub entity: DeletedEntity,
    /// Id of what is gone.
    pub id: String,
    /// When.
    pub at: Option<DateTime<Utc>>,
    /// Id of what stands for it now.
    pub merged_into: Option<String>,
}

/// A part of the list of deletions, up to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeletionList {
    /// What was deleted.
    pub items: Vec<Deletion>,
    /// What is there but could not be read.
    pub invalid: Vec<InvalidItem>,
    /// Where to read on later.
    pub next: Option<String>,
    /// The list began anew: read everything again that is compared with it.
    pub reset: bool,
}

/// The list of deletions.
#[derive(Clone, Debug)]
pub struct Deletions(InventryClient);

/// More pages than any list of deletions can have.
const PAGES: usize = 10_000;

impl Deletions {
    pub(crate) fn new(client: InventryClient) -> Self {
        Self(client)
    }

    /// Everything that the server remembers.
    ///
    /// # Errors
    /// As any read: see [`ErrorKind`].
    pub async fn all(&self) -> Result<DeletionList, Error> {
        self.read(None).await
    }

    /// What was deleted after a place that an earlier list gave.
    ///
    /// # Errors
    /// `NotFound` if the server no longer reaches back to the place
    /// ([`is_cursor_expired`](crate::error::is_cursor_expired)); else as any read.
    pub async fn since(&self, cursor: &str) -> Result<DeletionList, Error> {
        self.read(Some(cursor.to_owned())).await
    }

    async fn read(&self, from: Option<String>) -> Result<DeletionList, Error> {
        let mut list = DeletionList { next: from, ..DeletionList::default() };
        for _ in 0..PAGES {
            if self.page(&mut list).await? {
                return Ok(list);
            }
        }
        Err(Error::new(ErrorKind::Protocol, "the list of deletions does not end").with_operation(DeletionsCall::NAME))
    }

    /// Adds a page; says whether it was the last.
    async fn page(&self, list: &mut DeletionList) -> Result<bool, Error> {
        let mut url = self.0.url("deletions", &[])?;
        if let Some(cursor) = &list.next {
            self.0.query(&mut url, "after", cursor);
        }
        let RawPage { values, body, path, .. } = self.0.page::<DeletionsCall>("deletion", url, None).await?;
        let mut listing = Listing::default();
        self.0.append::<Deletion, DeletionsCall>(&values, &path, &Wanted::default(), &mut listing).await?;
        let page = self.0.profile().item("page", &body, &path);
        list.reset |= page.bool_opt("reset").map_err(protocol)?.unwrap_or(false);
        let newest = listing.items.last().and_then(|deletion| deletion.cursor.clone());
        let next = page.id_opt("next_cursor").map_err(protocol)?.or(newest);
        let moved = next.is_some() && next != list.next;
        let is_end = values.is_empty() || next.is_none();
        if !moved && !is_end {
            let text = "the list of deletions shows the same page again";
            return Err(Error::new(ErrorKind::Protocol, text).with_operation(DeletionsCall::NAME));
        }
        list.items.append(&mut listing.items);
        list.invalid.append(&mut listing.invalid);
        list.next = next.or(list.next.take());
        Ok(is_end)
    }
}

impl Readable for Deletion {
    const OBJECT: &'static str = "deletion";

    fn read(item: &Item<'_>, context: &Context) -> Result<Option<Self>, Misfit> {
        Ok(Some(Self {
            cursor: item.id_opt("cursor")?,
            entity: item.word("entity", "entity")?.as_str().into(),
            id: item.id("id")?,
            at: utc(item, "at", context.zone)?,
            merged_into: item.id_opt("merged_into")?,
        }))
    }
}

struct DeletionsCall;

impl Named for DeletionsCall {
    const NAME: &'static str = "inventry.deletions";
}
