//! Live events: a connection on which Net2 says what happens, over classic SignalR.
//!
//! Delivery is best effort and events have no number here. Take them as a wake-up and the event log as the truth: poll slowly
//! while connected, and at once on [`LiveSignal::Connected`] and [`LiveSignal::Disconnected`].
//!
//! Nothing runs in the background: the connection lives in the stream and moves while it is polled.
//!
//! ```no_run
//! # async fn run(net2: net2_client::Net2Client) {
//! use futures::StreamExt as _;
//! use net2_client::live::LiveSignal;
//!
//! let mut live = net2.live().events().stream();
//! while let Some(signal) = live.next().await {
//!     match signal {
//!         LiveSignal::Event(event) => println!("{:?} at {:?}", event.event_type, event.door),
//!         LiveSignal::Connected | LiveSignal::Disconnected(_) => println!("read the event log now"),
//!         _ => {}
//!     }
//! }
//! # }
//! ```

mod connect;
mod frames;
mod health;
mod messages;
mod stream;

use std::time::Duration;

use connector_http::Error;

pub use health::{LiveHealth, LiveState};
pub use messages::{DoorEvent, DoorStatusEvent, LiveEvent, LiveTokenType, RollCallEvent};
pub use stream::LiveStream;

use crate::client::Net2Client;
use crate::id::{DoorId, RollCallId};

/// What to hear about. Nothing is sent before the stream is polled.
#[derive(Clone, Debug)]
#[must_use = "the connection is made by polling `stream`"]
pub struct Live {
    client: Net2Client,
    subscriptions: Vec<Subscription>,
    reconnect_after: Duration,
}

/// One thing to hear about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Subscription {
    /// All events.
    Events,
    /// Locking and unlocking of a door.
    Door(DoorId),
    /// Contacts and alarms of a door.
    DoorStatus(DoorId),
    /// A roll call.
    RollCall(RollCallId),
}

/// What came, or what became of the connection.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LiveSignal {
    /// The connection stands and all subscriptions are on their way. What happened before is in the event log.
    Connected,
    /// Something happened.
    Event(LiveEvent),
    /// A door was locked or unlocked.
    Door(DoorEvent),
    /// A door reports its contacts and alarms.
    DoorStatus(DoorStatusEvent),
    /// Something about a roll call.
    RollCall(RollCallEvent),
    /// The server refuses a subscription; the others go on.
    Refused(Subscription),
    /// The connection is gone. It is made again after a pause, unless the error needs a person or the server has no live
    /// connections at all: then the stream ends. Poll the event log meanwhile.
    Disconnected(Error),
}

impl Live {
    pub(crate) const fn new(client: Net2Client) -> Self {
        Self { client, subscriptions: Vec::new(), reconnect_after: Duration::from_secs(5) }
    }

    /// Hears about all events.
    pub fn events(self) -> Self {
        self.and(Subscription::Events)
    }

    /// Hears about the locking of doors.
    pub fn doors(self, doors: impl IntoIterator<Item = DoorId>) -> Self {
        doors.into_iter().fold(self, |live, door| live.and(Subscription::Door(door)))
    }

    /// Hears about the contacts and alarms of doors.
    pub fn door_status(self, doors: impl IntoIterator<Item = DoorId>) -> Self {
        doors.into_iter().fold(self, |live, door| live.and(Subscription::DoorStatus(door)))
    }

    /// Hears about roll calls.
    pub fn roll_calls(self, roll_calls: impl IntoIterator<Item = RollCallId>) -> Self {
        roll_calls.into_iter().fold(self, |live, id| live.and(Subscription::RollCall(id)))
    }

    /// How long to wait before connecting again; 5 seconds unless set.
    pub const fn reconnect_after(mut self, pause: Duration) -> Self {
        self.reconnect_after = pause;
        self
    }

    /// The stream of what happens. Dropping it ends the connection.
    pub fn stream(self) -> LiveStream {
        LiveStream::new(self.client, self.subscriptions, self.reconnect_after)
    }

    fn and(mut self, subscription: Subscription) -> Self {
        if !self.subscriptions.contains(&subscription) {
            self.subscriptions.push(subscription);
        }
        self
    }
}

impl Subscription {
    const fn method(self) -> &'static str {
        match self {
            Self::Events => "subscribeToLiveEvents",
            Self::Door(_) => "subscribeToDoorEvents",
            Self::DoorStatus(_) => "subscribeToDoorStatusEvents",
            Self::RollCall(_) => "subscribeToRollCallEvents",
        }
    }

    const fn id(self) -> Option<i64> {
        match self {
            Self::Events => None,
            Self::Door(door) | Self::DoorStatus(door) => Some(door.get()),
            Self::RollCall(roll_call) => Some(roll_call.get()),
        }
    }
}
