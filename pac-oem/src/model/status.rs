//! What the site looks like at this moment.

use super::{ControllerId, DoorId, words};
use chrono::{DateTime, FixedOffset};

/// Controllers and doors at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SiteStatus {
    /// The server's clock.
    pub now: DateTime<FixedOffset>,
    /// Controllers.
    pub controllers: Vec<ControllerStatus>,
    /// Doors.
    pub doors: Vec<DoorStatus>,
}

impl SiteStatus {
    /// A site without anything.
    pub const fn new(now: DateTime<FixedOffset>) -> Self {
        Self { now, controllers: Vec::new(), doors: Vec::new() }
    }
}

/// Whether a controller can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ControllerStatus {
    /// Which one.
    pub id: ControllerId,
    /// Whether it can.
    pub online: bool,
    /// Since when.
    pub since: DateTime<FixedOffset>,
}

impl ControllerStatus {
    /// A controller that is there or away since then.
    pub const fn new(id: ControllerId, online: bool, since: DateTime<FixedOffset>) -> Self {
        Self { id, online, since }
    }
}

words! {
    /// Where a door stands.
    DoorPosition {
        /// Open.
        Open = "open",
        /// Closed.
        Closed = "closed",
    }
}

words! {
    /// What its lock does.
    DoorLock {
        /// Locked.
        Locked = "locked",
        /// Released.
        Released = "released",
    }
}

words! {
    /// What is wrong with a door.
    DoorAlarm {
        /// Nothing.
        None = "none",
        /// Opened without leave.
        Forced = "forced",
        /// Open for too long.
        Held = "held",
        /// Somebody meddles with the reader.
        Tamper = "tamper",
    }
}

/// One door at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct DoorStatus {
    /// Which one.
    pub door: DoorId,
    /// Where it stands.
    pub position: DoorPosition,
    /// What its lock does.
    pub lock: DoorLock,
    /// What is wrong with it.
    pub alarm: DoorAlarm,
}

impl DoorStatus {
    /// A door in that state, without alarm.
    pub const fn new(door: DoorId, position: DoorPosition, lock: DoorLock) -> Self {
        Self { door, position, lock, alarm: DoorAlarm::None }
    }
}
