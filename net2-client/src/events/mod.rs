//! The event log: queries, following it by number, unknown tokens, alarms.

mod follow;
mod model;

use connector_http::{Error, ErrorKind, get, json_request};
use http::Method;
use serde_json::json;

pub use follow::{EventCursor, EventPage, FollowEvents};
pub use model::{Event, UnknownToken};

use crate::answer::{self, Listing};
use crate::client::Net2Client;
use crate::id::EventId;
use crate::operation::operation;
use crate::query::{Condition, EventColumn};
use crate::route::{api, api_with};

/// What to ask the event log for.
#[derive(Clone, Debug, PartialEq)]
pub struct EventQuery {
    condition: Option<Condition>,
    order: (EventColumn, Order),
    row_count: u32,
}

/// Which way to sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Order {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

impl EventQuery {
    /// The newest events, at most this many.
    pub const fn newest(row_count: u32) -> Self {
        Self { condition: None, order: (EventColumn::EventId, Order::Descending), row_count }
    }

    /// The oldest events, at most this many.
    pub const fn oldest(row_count: u32) -> Self {
        Self { condition: None, order: (EventColumn::EventId, Order::Ascending), row_count }
    }

    /// Only events that meet a condition.
    pub fn matching(mut self, condition: Condition) -> Self {
        self.condition = Some(condition);
        self
    }

    /// Sorted by another column.
    pub const fn ordered_by(mut self, column: EventColumn, order: Order) -> Self {
        self.order = (column, order);
        self
    }
}

/// The event log.
#[derive(Clone, Debug)]
pub struct Events(pub(crate) Net2Client);

impl Events {
    /// Asks for some events; those of a shape that cannot be read are set aside.
    ///
    /// # Errors
    /// `Rejected` if the server refuses the condition: the same query will never work. Else as any read.
    pub async fn query(&self, query: &EventQuery) -> Result<Listing<Event>, Error> {
        self.0.send_long(&QueryEvents::new(query.clone())).await
    }

    /// Follows the log from a cursor on.
    pub fn since(&self, cursor: EventCursor) -> FollowEvents {
        FollowEvents::new(self.0.clone(), cursor)
    }

    /// The cursor behind the newest event, to follow only what comes; with its time, for servers that cannot filter by number.
    ///
    /// # Errors
    /// As [`Events::query`].
    pub async fn newest_cursor(&self) -> Result<EventCursor, Error> {
        let newest = self.query(&EventQuery::newest(1)).await?;
        let behind = |event: &Event| EventCursor::after_time(event.id, event.time.naive());
        Ok(newest.items.first().map_or_else(EventCursor::start, behind))
    }

    /// The last tokens shown to readers that nobody owns.
    ///
    /// # Errors
    /// As any read: see [`ErrorKind`].
    pub async fn latest_unknown_tokens(&self, max: u32) -> Result<Vec<UnknownToken>, Error> {
        self.0.send(&LatestUnknownTokens::new(max)).await
    }

    /// Acknowledges an alarm.
    ///
    /// # Errors
    /// `NotFound` if the server knows neither of the two addresses of this call; else as any write.
    pub async fn acknowledge_alarm(&self, event: EventId) -> Result<(), Error> {
        match self.0.send(&AcknowledgeAlarm::new(event, false)).await {
            Err(error) if error.kind() == ErrorKind::NotFound => self.0.send(&AcknowledgeAlarm::new(event, true)).await,
            other => other,
        }
    }
}

operation! {
    /// `GET /events` with `where`, `orderBy` and `rowCount`.
    QueryEvents { query: EventQuery } = "net2.query_events", Safe -> Listing<Event>;
    request(op, base) => {
        let (column, order) = op.query.order;
        let direction = match order {
            Order::Ascending => "ASC",
            Order::Descending => "DESC",
        };
        let order = format!("{} {direction}", column.as_str());
        let rows = op.query.row_count.to_string();
        let condition = op.query.condition.as_ref().map(ToString::to_string);
        let mut query: Vec<(&str, &str)> = condition.iter().map(|text| ("where", text.as_str())).collect();
        query.extend([("orderBy", order.as_str()), ("rowCount", rows.as_str())]);
        get(api_with(base, &["events"], &query)?)
    };
    response(op, parts, body) => {
        answer::listing(parts, body).map_err(|error| {
            // A condition that the server cannot work with may come back as a fault of its own.
            let refused = op.query.condition.is_some() && parts.status.as_u16() == 500 && answer::message(body).is_some();
            if refused { error.with_kind(ErrorKind::Rejected) } else { error }
        })
    };
}

operation! {
    /// `GET /events/latestunknowntokens`.
    LatestUnknownTokens { max: u32 } = "net2.latest_unknown_tokens", Safe -> Vec<UnknownToken>;
    request(op, base) => get(api_with(base, &["events", "latestunknowntokens"], &[("max", &op.max.to_string())])?);
    response(parts, body) => answer::list(parts, body);
}

operation! {
    /// `POST /events/alarms/acknowledge`, or `/events/acknowledge` on servers that lack it.
    AcknowledgeAlarm { event: EventId, short: bool } = "net2.acknowledge_alarm", Idempotent -> ();
    request(op, base) => {
        let path: &[&str] = if op.short { &["events", "acknowledge"] } else { &["events", "alarms", "acknowledge"] };
        json_request(Method::POST, api(base, path)?, &json!({ "eventId": op.event }))
    };
    response(parts, body) => answer::nothing(parts, body);
}
