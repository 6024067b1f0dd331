//! What PAC defines and Astrow shows: access groups, controllers, readers.

use serde::{Deserialize, Serialize};

use super::words::ReaderDirection;

/// Everything that PAC defines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Definitions {
    /// PAC's mark of this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Access groups.
    pub access_groups: Vec<AccessGroup>,
    /// Controllers.
    pub controllers: Vec<Controller>,
    /// Readers.
    pub readers: Vec<Reader>,
}

/// An access group of PAC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AccessGroup {
    /// PAC's number.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Whether new people get it.
    pub default: bool,
    /// Whether it is in use.
    pub enabled: bool,
}

/// A controller of PAC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Controller {
    /// PAC's number.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Its model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Its serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
}

/// A reader of PAC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Reader {
    /// PAC's number.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// The number of its controller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controller: Option<u32>,
    /// The number of its door.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub door: Option<u32>,
    /// The name of its door.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub door_name: Option<String>,
    /// Which way it leads.
    pub direction: ReaderDirection,
}

/// What Astrow adds to a reader of PAC.
///
/// The contract names the list and what is in it, not the members; these names are ours.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ReaderSettings {
    /// PAC's number of the reader.
    #[serde(alias = "id")]
    pub reader_id: u32,
    /// Code of the company site.
    pub company_site: Option<String>,
    /// Whether a swipe confirms that somebody is safe while a roll call runs.
    #[serde(default)]
    pub confirm_roll_call: bool,
    /// Serial numbers of the terminals that stand for the reader.
    #[serde(default)]
    pub terminal_serials: Vec<String>,
}

impl Definitions {
    /// Everything that PAC defines.
    pub fn new(access_groups: Vec<AccessGroup>, controllers: Vec<Controller>, readers: Vec<Reader>) -> Self {
        Self { etag: None, access_groups, controllers, readers }
    }
}

impl AccessGroup {
    /// A group that is in use.
    pub fn new(id: u32, name: impl Into<String>, default: bool) -> Self {
        Self { id, name: name.into(), default, enabled: true }
    }
}

impl Controller {
    /// A controller.
    pub fn new(id: u32, name: impl Into<String>) -> Self {
        Self { id, name: name.into(), model: None, serial: None }
    }
}

impl Reader {
    /// A reader without controller and door.
    pub fn new(id: u32, name: impl Into<String>, direction: ReaderDirection) -> Self {
        Self { id, name: name.into(), controller: None, door: None, door_name: None, direction }
    }
}

impl ReaderSettings {
    /// A reader to which nothing was added.
    pub const fn new(reader_id: u32) -> Self {
        Self { reader_id, company_site: None, confirm_roll_call: false, terminal_serials: Vec::new() }
    }
}
