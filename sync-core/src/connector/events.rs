//! Reading events and delivering clockings.

use async_trait::async_trait;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};

use super::{Endpoint, EventCaps, InvalidRecord, SyncError};
use crate::model::{AccessEvent, Clocking, EventKey};

/// Reads an event log in its insertion order.
#[async_trait]
pub trait EventSource: Endpoint {
    /// What the log can do.
    fn events(&self) -> EventCaps;

    /// Pages of events with numbers above the cursor's position, from the oldest if there is no cursor.
    ///
    /// Stops at the head of the log. A page that fails ends the stream. `Lost` says that the log was pruned beyond
    /// the cursor; the engine records the gap and reads from the oldest.
    fn read(&self, from: Option<Cursor>) -> BoxStream<'_, Result<EventPage, SyncError>>;
}

/// Takes clockings into an attendance system.
#[async_trait]
pub trait EventSink: Endpoint {
    /// What delivery can do.
    fn accepts(&self) -> DeliveryCaps;

    /// Delivers a batch; one result per clocking, in the same order. One bad clocking never stops the others.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the batch in doubt; a keyed sink may be sent it again.
    async fn deliver(&self, batch: &[Clocking]) -> Vec<Result<Delivered, SyncError>>;

    /// What became of an event, by its key.
    ///
    /// # Errors
    /// Whatever keeps the endpoint from answering; an unknown key is `Ok(None)`.
    async fn find(&self, key: &EventKey) -> Result<Option<Delivered>, SyncError>;

    /// Puts a clocking in the place of what was delivered for an earlier number of its event, in one step; `None` if that
    /// cannot be, such as after the attendance side has used it. Asked again with the same key, it answers as before.
    ///
    /// A sink that cannot tell says `None`, and a person decides.
    ///
    /// # Errors
    /// Whatever keeps the endpoint from doing it; nothing was changed then, or asking again is safe.
    async fn replace(&self, earlier: &EventKey, by: &Clocking) -> Result<Option<Delivered>, SyncError> {
        let _ = (earlier, by);
        Ok(None)
    }
}

/// Position in an event stream: everything up to and with it has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cursor {
    /// The source's number of the last event read.
    pub position: i64,
}

/// Part of an event log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPage {
    /// Events in the source's order.
    pub events: Vec<AccessEvent>,
    /// Rows that could not be read as events; each is recorded as rejected with its reason.
    pub invalid: Vec<InvalidRecord>,
    /// Where reading goes on after this page.
    pub cursor: Cursor,
    /// What the source calls the present life of its numbering, if it has a word for it: with another word all numbers
    /// stand for other events than before.
    pub life: Option<String>,
}

/// What delivery can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryCaps {
    /// How a lost reply is resolved.
    pub class: DeliveryClass,
    /// Most clockings in one batch.
    pub batch: usize,
    /// Whether clockings of nobody are taken as access records.
    pub anonymous_access: bool,
}

/// How a lost reply to a delivery is resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeliveryClass {
    /// The sink knows the event key: sending again is safe, `duplicate` is success.
    Keyed,
    /// The booking can be looked up afterwards.
    Searchable,
    /// Neither: a lost reply is for a person.
    Unsafe,
}

/// A clocking that has arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivered {
    /// Where it went, such as `twork 1042`.
    pub reference: String,
    /// It had been delivered before.
    pub duplicate: bool,
}
