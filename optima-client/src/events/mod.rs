//! The event log: reading it from a position, by time, reader and class, and following it.

mod follow;
mod model;

use std::time::Duration;

use chrono::{DateTime, Utc};
use connector_http::Error;
use futures::stream::BoxStream;
use serde_json::Value;
use url::Url;

pub use follow::{EventPage, FollowEvents};
pub use model::{Event, EventCursor, ShownCredential};

use crate::access_groups::spelled;
use crate::client::OptimaClient;
use crate::dialect::Dialect;
use crate::id::ReaderId;
use crate::operation::operation;
use crate::words::EventClass;

/// Which events to read; all of them unless something is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventQuery {
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    reader: Option<ReaderId>,
    class: Option<EventClass>,
}

impl EventQuery {
    /// All events.
    pub fn all() -> Self {
        Self::default()
    }

    /// Only those at or after an instant.
    #[must_use]
    pub fn from(mut self, from: DateTime<Utc>) -> Self {
        self.from = Some(from);
        self
    }

    /// Only those before an instant.
    #[must_use]
    pub fn to(mut self, to: DateTime<Utc>) -> Self {
        self.to = Some(to);
        self
    }

    /// Only those of a reader.
    #[must_use]
    pub fn reader(mut self, reader: impl Into<ReaderId>) -> Self {
        self.reader = Some(reader.into());
        self
    }

    /// Only those of a class.
    #[must_use]
    pub fn class(mut self, class: EventClass) -> Self {
        self.class = Some(class);
        self
    }

    /// Its parameters in the vendor's words.
    fn parameters(&self, client: &OptimaClient) -> Vec<(&'static str, String)> {
        let instant = |at: DateTime<Utc>| match client.profile().time().write(at) {
            Value::String(text) => text,
            other => other.to_string(),
        };
        let mut parameters = Vec::new();
        parameters.extend(self.from.map(|at| ("from", instant(at))));
        parameters.extend(self.to.map(|at| ("to", instant(at))));
        parameters.extend(self.reader.as_ref().map(|reader| ("reader", reader.as_str().to_owned())));
        parameters.extend(self.class.as_ref().map(|class| ("class", spelled(client, "event_class", class.as_str()))));
        parameters
    }
}

/// The event log.
#[derive(Clone, Debug)]
pub struct Events(pub(crate) OptimaClient);

impl Events {
    /// Reads on from a position until there is nothing more.
    pub fn since(&self, cursor: &EventCursor) -> FollowEvents {
        FollowEvents::new(self.0.clone(), Some(cursor.clone()), EventQuery::all())
    }

    /// Reads from the oldest event until there is nothing more.
    pub fn from_oldest(&self) -> FollowEvents {
        FollowEvents::new(self.0.clone(), None, EventQuery::all())
    }

    /// Reads some of the events, from the oldest.
    pub fn query(&self, query: EventQuery) -> FollowEvents {
        FollowEvents::new(self.0.clone(), None, query)
    }

    #[cfg(feature = "sync")]
    pub(crate) async fn first_page(&self) -> Result<(usize, Vec<String>), Error> {
        self.0.first_page::<Event>(&crate::words::Capability::Events, "events").await
    }

    /// Waits for the first events behind a position, at most this long (25 seconds at most). An empty page is no failure.
    ///
    /// # Errors
    /// `Config` where the server does not offer waiting; `NotFound` with the problem `cursor-expired` where it no longer keeps
    /// what follows the position; else as any read.
    pub async fn wait(&self, cursor: &EventCursor, wait: Duration) -> Result<EventPage, Error> {
        follow::wait(&self.0, cursor, wait).await
    }

    /// Follows the log for ever by waiting at the server; the first error ends the stream, to be gone on from the cursor of
    /// the last page. Empty pages are left out.
    pub fn follow(&self, cursor: EventCursor) -> BoxStream<'static, Result<EventPage, Error>> {
        follow::follow(self.0.clone(), cursor)
    }
}

operation! {
    /// Reads one page of events, at an address that [`FollowEvents`] made.
    GetEvents { url: Url } = "optima.events", Safe -> Value;
    request(op, _base) => connector_http::get(op.url.clone());
    response(op, parts, body) => op.dialect.json(parts, body);
}

/// Address of events behind a position.
fn address(
    client: &OptimaClient,
    dialect: &Dialect,
    after: Option<i64>,
    wait: Option<Duration>,
    parameters: &[(&'static str, String)],
) -> Result<Url, Error> {
    let after = after.map(|seq| seq.to_string());
    let wait = wait.map(|wait| wait.as_secs().to_string());
    let mut query: Vec<(&str, Option<&str>)> = vec![("after", after.as_deref())];
    query.extend(parameters.iter().map(|(name, value)| (*name, Some(value.as_str()))));
    query.push(("wait", wait.as_deref()));
    dialect.url(client.http().base(), "events", None, &query)
}
