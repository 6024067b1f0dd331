//! The tenant: rooms, people, meetings, the registered application.

mod access;
mod calendar;
mod change;
mod notify;
mod record;
mod seed;
mod series;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::switches::Switches;
use crate::clock::{Clock, Zone};

pub(super) use access::Token;
pub use access::{Application, Load, Permission, Secret};
pub(super) use calendar::Change;
pub(super) use notify::Handshake;
pub use notify::{Lifecycle, Subscription};
pub use record::{
    Attendee, AttendeeKind, Exception, ItemFault, Mailbox, Meeting, Processing, Response, Room, RoomList, SentMail,
    User, Who,
};
pub(super) use seed::seed;
pub use series::{Ending, Recurrence, Rhythm};
pub(super) use series::{Instance, Key, instances, occurrence};

/// Everything behind the API.
///
/// Records may be looked at freely; meetings are changed through the methods, so that calendars, delta and
/// notifications hear of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct World {
    /// The clock.
    pub clock: Clock,
    /// The switches.
    pub switches: Switches,
    /// Zone of the rooms' mailboxes and of meetings that name none.
    pub zone: Zone,
    /// The tenant's id.
    pub tenant: String,
    /// The tenant's verified domain; addresses outside it are external.
    pub domain: String,
    /// The registered application.
    pub app: Application,
    /// Rooms by address in small letters.
    pub rooms: BTreeMap<String, Room>,
    /// Room lists.
    pub lists: Vec<RoomList>,
    /// People with a mailbox, by address in small letters.
    pub users: BTreeMap<String, User>,
    /// Mailboxes, by address in small letters, that a policy shuts.
    pub denied: BTreeSet<String>,
    /// What the next batches do to single items.
    pub item_faults: Vec<ItemFault>,
    /// What was sent through `sendMail`.
    pub sent: Vec<SentMail>,
    /// How busy it was.
    pub load: Load,
    pub(super) meetings: BTreeMap<u64, Meeting>,
    pub(super) calendars: BTreeMap<String, calendar::Calendar>,
    pub(super) url: String,
    pub(super) tokens: BTreeMap<String, Token>,
    pub(super) subscriptions: BTreeMap<String, Subscription>,
    pub(super) handshakes: BTreeMap<u64, Handshake>,
    pub(super) post: notify::Outbox,
    /// Delta tokens of another generation no longer count.
    pub(super) generation: u64,
    pub(super) counter: u64,
}

impl World {
    /// What the clock shows.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// A number never given before.
    pub(super) fn next(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// The room with this address, or else this name.
    pub fn room(&self, address_or_name: &str) -> Option<&Room> {
        let by_address = self.rooms.get(&address_or_name.to_lowercase());
        by_address.or_else(|| self.rooms.values().find(|room| room.name == address_or_name))
    }

    /// A meeting.
    pub fn meeting(&self, id: u64) -> Option<&Meeting> {
        self.meetings.get(&id)
    }

    /// All meetings.
    pub fn meetings(&self) -> impl Iterator<Item = &Meeting> {
        self.meetings.values()
    }

    /// Rooms, lists, people, meetings, subscriptions and the application without its secrets, as JSON.
    pub fn dump(&self) -> Value {
        json!({
            "tenant": self.tenant,
            "domain": self.domain,
            "zone": self.zone,
            "rooms": self.rooms.values().collect::<Vec<_>>(),
            "lists": self.lists,
            "users": self.users.values().collect::<Vec<_>>(),
            "meetings": self.meetings.values().collect::<Vec<_>>(),
            "denied": self.denied,
            "consents": self.app.consents,
            "subscriptions": self.subscriptions.values().collect::<Vec<_>>(),
        })
    }

    /// Puts an older copy in place; clock, switches and load stay, delta tokens no longer count.
    pub fn restore(&mut self, older: Self) {
        let (clock, switches, load) = (self.clock.clone(), self.switches.clone(), self.load.clone());
        let generation = self.generation.max(older.generation) + 1;
        let counter = self.counter.max(older.counter);
        *self = Self { clock, switches, load, generation, counter, ..older };
    }
}
