//! Following the log, page by page, until there is nothing more.

use std::collections::HashSet;

use chrono::{NaiveDateTime, TimeDelta};
use connector_http::{Error, ErrorKind, Phase};
use futures::stream::{self, BoxStream, StreamExt as _};
use serde::{Deserialize, Serialize};

use super::{Event, EventQuery, Order};
use crate::answer::InvalidItem;
use crate::client::Net2Client;
use crate::id::EventId;
use crate::query::{Condition, EventColumn};

/// A place in the event log: the last number seen, and its time for servers that cannot filter by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventCursor {
    last_id: EventId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_time: Option<NaiveDateTime>,
}

impl EventCursor {
    /// Before the first event.
    pub const fn start() -> Self {
        Self { last_id: EventId::new(0), last_time: None }
    }

    /// Behind an event.
    pub const fn after(last: EventId) -> Self {
        Self { last_id: last, last_time: None }
    }

    /// Behind an event and its server-local time.
    pub const fn after_time(last: EventId, time: NaiveDateTime) -> Self {
        Self { last_id: last, last_time: Some(time) }
    }

    /// The last number seen.
    pub const fn last_id(self) -> EventId {
        self.last_id
    }
}

/// Some events in the order of their numbers.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EventPage {
    /// The events. With an overlap the first pages repeat some that were seen before: know them by their number.
    pub events: Vec<Event>,
    /// Events whose shape could not be read; the cursor stands behind them.
    pub invalid: Vec<InvalidItem>,
    /// Where to go on after this page.
    pub cursor: EventCursor,
    /// The log had nothing more at that time: the regular end, after which the stream is over.
    pub is_end: bool,
    /// The server was asked by time, since it refused the number: the last event seen need not be among these, even with an
    /// overlap.
    pub by_time: bool,
}

/// A follow-up of the event log that is about to begin.
#[derive(Clone, Debug)]
#[must_use = "nothing is asked before `pages` is polled"]
pub struct FollowEvents {
    client: Net2Client,
    cursor: EventCursor,
    overlap: i64,
    rows: u32,
}

impl FollowEvents {
    pub(super) fn new(client: Net2Client, cursor: EventCursor) -> Self {
        Self { client, cursor, overlap: 0, rows: 1000 }
    }

    /// How many numbers before the cursor to begin, for events that became visible late.
    pub fn overlap(mut self, numbers: u32) -> Self {
        self.overlap = numbers.into();
        self
    }

    /// How many events to ask for at a time.
    pub fn rows(mut self, rows: u32) -> Self {
        self.rows = rows.max(1);
        self
    }

    /// The pages until the log is exhausted: an answer with fewer events than asked for is not its end, an empty one is.
    ///
    /// The last page has no events and [`EventPage::is_end`]. After an error the stream is over; go on from the cursor
    /// of the last page.
    ///
    /// # Errors
    /// Items fail as [`super::Events::query`] does, and with `Protocol` if the server does not move on.
    pub fn pages(self) -> BoxStream<'static, Result<EventPage, Error>> {
        let from = EventId::new(self.cursor.last_id.get().saturating_sub(self.overlap).max(0));
        let state = Follow { from, by_time: None, cursor: self.cursor, client: self.client, rows: self.rows };
        stream::unfold(Some(state), |state| async {
            let mut state = state?;
            match state.next().await {
                Ok(page) if page.is_end => Some((Ok(page), None)),
                Ok(page) => Some((Ok(page), Some(state))),
                Err(error) => Some((Err(error), None)),
            }
        })
        .boxed()
    }
}

struct Follow {
    client: Net2Client,
    cursor: EventCursor,
    from: EventId,
    by_time: Option<ByTime>,
    rows: u32,
}

/// The way for servers that refuse conditions on the number: by time, with an overlap, knowing what was seen.
struct ByTime {
    from: NaiveDateTime,
    seen: HashSet<EventId>,
}

impl Follow {
    async fn next(&mut self) -> Result<EventPage, Error> {
        if self.by_time.is_none() {
            match (self.page_by_number().await, self.cursor.last_time) {
                (Err(error), Some(time)) if error.kind() == ErrorKind::Rejected => {
                    let from = time - TimeDelta::minutes(OVERLAP_MINUTES);
                    self.by_time = Some(ByTime { from, seen: HashSet::new() });
                }
                (result, _) => return result,
            }
        }
        self.page_by_time().await
    }

    async fn page_by_number(&mut self) -> Result<EventPage, Error> {
        let from = self.from;
        let query = EventQuery::oldest(self.rows).matching(Condition::greater(EventColumn::EventId, from.get()));
        let mut listing = self.client.events().query(&query).await?;
        listing.items.sort_by_key(|event| event.id);
        let first = listing.items.first().map(|event| event.id);
        if first.is_some_and(|first| first <= from) {
            return Err(standstill("the server does not filter events by their number"));
        }
        let readable = listing.items.last().map(|event| event.id);
        let unreadable = listing.invalid.iter().filter_map(|item| item.id).max().map(EventId::new);
        match readable.max(unreadable) {
            Some(last) => self.from = last,
            None if listing.invalid.is_empty() => {}
            None => return Err(standstill("the server answers with nothing but events without a number")),
        }
        Ok(self.page(listing.items, listing.invalid))
    }

    async fn page_by_time(&mut self) -> Result<EventPage, Error> {
        let Some(by_time) = &mut self.by_time else { return Err(standstill("no time to go by")) };
        let query = EventQuery::oldest(self.rows)
            .matching(Condition::at_least(EventColumn::EventTime, by_time.from))
            .ordered_by(EventColumn::EventTime, Order::Ascending);
        let listing = self.client.events().query(&query).await?;
        let full = listing.items.len() + listing.invalid.len() >= self.rows as usize;
        let latest = listing.items.iter().map(|event| event.time.naive()).max();
        let mut fresh: Vec<_> = listing.items.into_iter().filter(|event| by_time.seen.insert(event.id)).collect();
        match latest {
            Some(latest) if latest > by_time.from => by_time.from = latest,
            _ if full && fresh.is_empty() => {
                return Err(standstill("more events of one moment than one answer holds: ask for more rows"));
            }
            _ => {}
        }
        fresh.sort_by_key(|event| event.id);
        let invalid = if fresh.is_empty() { Vec::new() } else { listing.invalid };
        Ok(self.page(fresh, invalid))
    }

    fn page(&mut self, events: Vec<Event>, invalid: Vec<InvalidItem>) -> EventPage {
        let is_end = events.is_empty() && invalid.is_empty();
        let last_event = events.last().map(|event| event.id);
        let last = last_event.max(invalid.iter().filter_map(|item| item.id).max().map(EventId::new));
        self.cursor = EventCursor {
            last_id: last.unwrap_or(self.cursor.last_id).max(self.cursor.last_id),
            last_time: events.iter().map(|event| event.time.naive()).max().max(self.cursor.last_time),
        };
        EventPage { events, invalid, cursor: self.cursor, is_end, by_time: self.by_time.is_some() }
    }
}

fn standstill(message: &'static str) -> Error {
    Error::new(ErrorKind::Protocol, message).with_phase(Phase::Answered)
}

/// How far the way by time looks back: controllers deliver late.
const OVERLAP_MINUTES: i64 = 15;
