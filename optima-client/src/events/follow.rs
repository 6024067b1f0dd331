//! Following the log, page by page.

use std::time::Duration;

use connector_http::profile::Pager;
use connector_http::{Error, ErrorKind, Phase};
use futures::future;
use futures::stream::{self, BoxStream, StreamExt as _};
use url::Url;

use super::{Event, EventCursor, EventQuery, GetEvents, address};
use crate::changes::{LONGEST_WAIT, MARGIN};
use crate::client::OptimaClient;
use crate::dialect::Dialect;
use crate::listing::InvalidItem;
use crate::words::Capability;

/// Some events in the order of their numbers.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EventPage {
    /// The events.
    pub events: Vec<Event>,
    /// What could not be read as an event; its number stands in the place of the id, where it can be read.
    pub invalid: Vec<InvalidItem>,
    /// Where to go on after this page; nothing where no event was ever seen.
    pub cursor: Option<EventCursor>,
    /// The highest number of the log, where the server says so.
    pub last: Option<i64>,
}

/// A reading of the event log that is about to begin.
#[derive(Clone, Debug)]
#[must_use = "nothing is asked before `pages` is polled"]
pub struct FollowEvents {
    client: OptimaClient,
    cursor: Option<EventCursor>,
    overlap: i64,
    rows: i64,
    query: EventQuery,
}

impl FollowEvents {
    pub(super) fn new(client: OptimaClient, cursor: Option<EventCursor>, query: EventQuery) -> Self {
        Self { client, cursor, overlap: 0, rows: ROWS, query }
    }

    /// How many numbers before the position to begin, for events that became visible late. Known ones come again: tell them
    /// by their id.
    pub fn overlap(mut self, numbers: u32) -> Self {
        self.overlap = numbers.into();
        self
    }

    /// How many events to ask for at a time, up to 500.
    pub fn rows(mut self, rows: u32) -> Self {
        self.rows = i64::from(rows).clamp(1, ROWS);
        self
    }

    /// The pages until the log has nothing more. After an error the stream is over; go on from the cursor of the last page.
    ///
    /// # Errors
    /// Items fail with `Config` where the server does not offer events, with `NotFound` and the problem `cursor-expired` where
    /// it no longer keeps what follows the position, with `Protocol` if it does not move on; else as any read.
    pub fn pages(self) -> BoxStream<'static, Result<EventPage, Error>> {
        stream::unfold(Some(State::Before(Box::new(self))), |state| async {
            let mut walk = match state? {
                State::Before(follow) => match Walk::begin(*follow).await {
                    Ok(walk) => walk,
                    Err(error) => return Some((Err(error), None)),
                },
                State::Under(walk) => *walk,
            };
            match walk.next().await {
                Ok(Some(page)) => Some((Ok(page), Some(State::Under(Box::new(walk))))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        })
        .boxed()
    }
}

enum State {
    Before(Box<FollowEvents>),
    Under(Box<Walk>),
}

/// A reading under way.
struct Walk {
    client: OptimaClient,
    dialect: Dialect,
    parameters: Vec<(&'static str, String)>,
    cursor: Option<EventCursor>,
    rows: i64,
    next: Next,
}

enum Next {
    /// The server gives a link to each next page.
    Links(Box<Pager>),
    /// The next page begins behind the last number.
    After(Option<i64>),
    End,
}

impl Walk {
    async fn begin(follow: FollowEvents) -> Result<Self, Error> {
        let FollowEvents { client, cursor, overlap, rows, query } = follow;
        let dialect = client.dialect_for(&Capability::Events).await?;
        if dialect.profile().parameter("after").is_none() {
            let text = "the profile has no parameter for the position of events: [query] after is empty";
            return Err(Error::new(ErrorKind::Config, text));
        }
        // Nothing before the first number: a log that was cut has no place there.
        let after = cursor.as_ref().map(|cursor| cursor.seq().saturating_sub(overlap)).filter(|after| *after > 0);
        let parameters = query.parameters(&client);
        let next = if client.follows_links() {
            let first = address(&client, &dialect, after, None, &parameters)?;
            Next::Links(Box::new(dialect.profile().pager("event", first).with_page_size(rows)))
        } else {
            Next::After(after)
        };
        Ok(Self { client, dialect, parameters, cursor, rows, next })
    }

    async fn next(&mut self) -> Result<Option<EventPage>, Error> {
        match &self.next {
            Next::Links(pager) => match pager.next_url().cloned() {
                Some(url) => self.linked(url).await,
                None => Ok(None),
            },
            Next::After(after) => self.behind(*after).await,
            Next::End => Ok(None),
        }
    }

    async fn linked(&mut self, url: Url) -> Result<Option<EventPage>, Error> {
        let shown = url.path().to_owned();
        let body = self.client.send(&GetEvents::new(self.dialect.clone(), url)).await?;
        let Next::Links(pager) = &mut self.next else { return Ok(None) };
        let items = pager.items_of(&body, &shown)?;
        if items.is_empty() {
            // An empty page is the head of the log, whatever link it has: often the one to itself, to ask again later.
            self.next = Next::End;
        } else {
            pager.take(&body)?;
        }
        page(&self.dialect, &body, &items, &shown, &mut self.cursor).map(Some)
    }

    async fn behind(&mut self, after: Option<i64>) -> Result<Option<EventPage>, Error> {
        let first = address(&self.client, &self.dialect, after, None, &self.parameters)?;
        // Only the first page of a pager: its place is the parameter `after`.
        let pager = self.dialect.profile().pager("event", first).with_page_size(self.rows);
        let Some(url) = pager.next_url().cloned() else { return Ok(None) };
        let shown = url.path().to_owned();
        let body = self.client.send(&GetEvents::new(self.dialect.clone(), url)).await?;
        let items = pager.items_of(&body, &shown)?;
        let page = page(&self.dialect, &body, &items, &shown, &mut self.cursor)?;
        let last = page.events.last().map(|event| event.seq);
        self.next = match last {
            None => Next::End,
            Some(last) if after.is_some_and(|after| last <= after) => {
                let text = "the server does not read events from a position on; see [query] after of the profile";
                return Err(Error::new(ErrorKind::Protocol, text).with_phase(Phase::Answered));
            }
            last => Next::After(last),
        };
        Ok(Some(page))
    }
}

fn page(
    dialect: &Dialect,
    body: &serde_json::Value,
    items: &[serde_json::Value],
    path: &str,
    cursor: &mut Option<EventCursor>,
) -> Result<EventPage, Error> {
    let mut listing = dialect.listing::<Event>(items, path)?;
    listing.items.sort_by_key(|event| event.seq);
    for misfit in &mut listing.invalid {
        misfit.id = items.get(misfit.position).and_then(|raw| number(dialect, raw, path)).map(|seq| seq.to_string());
    }
    if let Some(last) = listing.items.last() {
        *cursor = Some(EventCursor::behind(last));
    }
    let last = dialect.beside(body, "last").and_then(serde_json::Value::as_i64);
    Ok(EventPage { events: listing.items, invalid: listing.invalid, cursor: cursor.clone(), last })
}

/// The number of an event, whatever else is wrong with it.
fn number(dialect: &Dialect, raw: &serde_json::Value, path: &str) -> Option<i64> {
    let item = dialect.profile().item("event", raw, path);
    item.int_opt(if item.has("seq") { "seq" } else { "id" }).ok().flatten()
}

pub(super) async fn wait(client: &OptimaClient, cursor: &EventCursor, wait: Duration) -> Result<EventPage, Error> {
    let dialect = client.dialect_for(&Capability::FollowEvents).await?;
    let wait = wait.min(LONGEST_WAIT);
    let url = address(client, &dialect, Some(cursor.seq()), Some(wait), &[])?;
    let shown = url.path().to_owned();
    let patient = client.with_deadline(wait + MARGIN);
    let body = patient.send(&GetEvents::new(dialect.clone(), url.clone())).await?;
    let items = dialect.profile().pager("event", url).items_of(&body, &shown)?;
    page(&dialect, &body, &items, &shown, &mut Some(cursor.clone()))
}

pub(super) fn follow(client: OptimaClient, cursor: EventCursor) -> BoxStream<'static, Result<EventPage, Error>> {
    let pages = stream::unfold(Some((client, cursor)), |state| async {
        let (client, cursor) = state?;
        match wait(&client, &cursor, LONGEST_WAIT).await {
            Ok(page) => {
                let next = page.cursor.clone().unwrap_or(cursor);
                Some((Ok(page), Some((client, next))))
            }
            Err(error) => Some((Err(error), None)),
        }
    });
    pages
        .filter(|page| future::ready(!matches!(page, Ok(page) if page.events.is_empty() && page.invalid.is_empty())))
        .boxed()
}

const ROWS: i64 = 500;
