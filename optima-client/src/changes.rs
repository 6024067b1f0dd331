//! What changed at the server, in order.

use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use chrono_tz::Tz;
use connector_http::Error;
use connector_http::profile::{Item, Misfit};
use serde_json::Value;

use crate::client::OptimaClient;
use crate::dialect::Read;
use crate::listing::InvalidItem;
use crate::operation::operation;
use crate::words::{Capability, ChangeKind, ChangedEntity};

/// A change of a record. A validity that passes is none.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The position behind it.
    pub cursor: Option<String>,
    /// When it was made.
    pub at: Option<DateTime<FixedOffset>>,
    /// What changed.
    pub entity: ChangedEntity,
    /// How.
    pub kind: ChangeKind,
    /// Which one.
    pub id: String,
    /// The members that changed, as the server calls them.
    pub fields: Vec<String>,
    /// Who made it: `user:<name>` or `api:<name of the key>`.
    pub origin: Option<String>,
}

/// Some changes, and where to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChangePage {
    /// The changes.
    pub items: Vec<Change>,
    /// What could not be read as one: something changed that has to be read.
    pub invalid: Vec<InvalidItem>,
    /// The position behind them.
    pub next: String,
    /// The server cannot tell all that changed: everything has to be read again.
    pub reset: bool,
}

impl Change {
    /// Whether the key of this name made it.
    pub fn is_by_key(&self, name: &str) -> bool {
        self.origin.as_deref().and_then(|origin| origin.strip_prefix("api:")) == Some(name)
    }
}

impl Read for Change {
    const OBJECT: &'static str = "change";

    fn read(item: Item<'_>, zone: Option<Tz>) -> Result<Self, Misfit> {
        Ok(Self {
            cursor: item.text_opt("cursor")?,
            at: item.instant_opt("at", zone)?,
            entity: item.word("entity", "entity")?.into(),
            kind: item.word("op", "op")?.into(),
            id: item.id("id")?,
            fields: item.texts("fields")?,
            origin: item.text_opt("origin")?,
        })
    }
}

/// What changed at the server.
#[derive(Clone, Debug)]
pub struct Changes(pub(crate) OptimaClient);

impl Changes {
    /// The position behind everything so far: take it before reading all records, then follow from it.
    ///
    /// # Errors
    /// `Config` where the server does not tell changes; else as any read.
    pub async fn now(&self) -> Result<String, Error> {
        Ok(self.since(NOW, Duration::ZERO).await?.next)
    }

    /// What changed behind a position. With `wait` (up to 25 seconds) the server answers as soon as there is something.
    ///
    /// # Errors
    /// `NotFound` with the problem `cursor-expired` where the server no longer knows the position: read everything, then
    /// begin [`now`](Self::now). Else as [`now`](Self::now).
    pub async fn since(&self, cursor: &str, wait: Duration) -> Result<ChangePage, Error> {
        let dialect = self.0.dialect_for(&Capability::Changes).await?;
        let operation = GetChanges::new(dialect, cursor.to_owned(), wait.min(LONGEST_WAIT));
        let patient =
            if wait.is_zero() { self.0.clone() } else { self.0.with_deadline(wait.min(LONGEST_WAIT) + MARGIN) };
        patient.send(&operation).await
    }
}

operation! {
    /// Reads what changed behind a position.
    GetChanges { cursor: String, wait: Duration } = "optima.changes", Safe -> ChangePage;
    request(op, base) => {
        let wait = op.wait.as_secs().to_string();
        let query = [("cursor", Some(op.cursor.as_str())), ("wait", (!op.wait.is_zero()).then_some(wait.as_str()))];
        connector_http::get(op.dialect.url(base, "changes", None, &query)?)
    };
    response(op, parts, body) => {
        let answer = op.dialect.json(parts, body)?;
        let path = op.dialect.profile().path_text("changes");
        let page = op.dialect.profile().item("changes", &answer, &path);
        let items: Vec<Value> =
            page.list("items")?.unwrap_or_default().into_iter().map(|item| item.value().clone()).collect();
        let listing = op.dialect.listing(&items, &path)?;
        Ok(ChangePage {
            items: listing.items,
            invalid: listing.invalid,
            next: page.id("next")?,
            reset: page.bool_opt("reset")?.unwrap_or_default(),
        })
    };
}

const NOW: &str = "now";
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(25);
/// Beyond the wait that the server was asked for.
pub(crate) const MARGIN: Duration = Duration::from_secs(15);
