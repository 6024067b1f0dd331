//! What is set up on the server: access groups, controllers, readers with their doors.

use super::{ControllerId, DoorId, Etag, GroupId, ReaderId, words};

/// Everything that is set up on the server.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Definitions {
    /// State of this set, to ask whether it changed.
    pub etag: Etag,
    /// Access groups.
    pub access_groups: Vec<AccessGroup>,
    /// Controllers.
    pub controllers: Vec<Controller>,
    /// Readers with their doors.
    pub readers: Vec<Reader>,
}

impl Definitions {
    /// A set of nothing.
    pub const fn new(etag: Etag) -> Self {
        Self { etag, access_groups: Vec::new(), controllers: Vec::new(), readers: Vec::new() }
    }

    /// The group that a new person is given.
    pub fn default_group(&self) -> Option<&AccessGroup> {
        self.access_groups.iter().find(|group| group.default)
    }

    /// The reader with that id.
    pub fn reader(&self, id: ReaderId) -> Option<&Reader> {
        self.readers.iter().find(|reader| reader.id == id)
    }
}

/// Where and when people may pass.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessGroup {
    /// Its number.
    pub id: GroupId,
    /// Its name.
    pub name: String,
    /// New people are given this one.
    pub default: bool,
    /// Whether it is in use.
    pub enabled: bool,
}

impl AccessGroup {
    /// A group in use that is not the default one.
    pub fn new(id: GroupId, name: impl Into<String>) -> Self {
        Self { id, name: name.into(), default: false, enabled: true }
    }
}

/// A controller of doors.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Controller {
    /// Its number.
    pub id: ControllerId,
    /// Its name.
    pub name: String,
    /// What it is.
    pub model: Option<String>,
    /// Its serial number.
    pub serial: Option<String>,
}

impl Controller {
    /// A controller of that name.
    pub fn new(id: ControllerId, name: impl Into<String>) -> Self {
        Self { id, name: name.into(), model: None, serial: None }
    }
}

words! {
    /// Which way a reader leads.
    Direction {
        /// Into the building.
        In = "in",
        /// Out of it.
        Out = "out",
        /// Neither.
        None = "none",
    }
}

/// A reader at a door.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reader {
    /// Its number.
    pub id: ReaderId,
    /// Its name.
    pub name: String,
    /// Which controller it hangs on.
    pub controller: ControllerId,
    /// Which door it opens.
    pub door: DoorId,
    /// Name of that door.
    pub door_name: String,
    /// Which way it leads.
    pub direction: Direction,
}

impl Reader {
    /// A reader without direction.
    pub fn new(id: ReaderId, name: impl Into<String>, controller: ControllerId, door: DoorId) -> Self {
        let name = name.into();
        Self { id, door_name: name.clone(), name, controller, door, direction: Direction::None }
    }
}
