//! Groups of doors.

use connector_http::{Error, get};
use serde::Serialize;
use serde_json::Value;

use crate::answer;
use crate::client::Net2Client;
use crate::doors::Door;
use crate::id::DoorGroupId;
use crate::json::{FromJson, Object, Shape, readable};
use crate::operation::operation;
use crate::route::api;

/// A group of doors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DoorGroup {
    /// Its number.
    pub id: DoorGroupId,
    /// Its name.
    pub name: String,
}

/// All door groups.
#[derive(Clone, Debug)]
pub struct DoorGroups(pub(crate) Net2Client);

impl DoorGroups {
    /// Lists all groups.
    ///
    /// # Errors
    /// `NotFound` where the server has no door groups; else as any read.
    pub async fn list(&self) -> Result<Vec<DoorGroup>, Error> {
        self.0.send(&ListDoorGroups::new()).await
    }

    /// Reads one group.
    ///
    /// # Errors
    /// `NotFound` if there is no such group; else as any read.
    pub async fn get(&self, id: DoorGroupId) -> Result<DoorGroup, Error> {
        self.0.send(&GetDoorGroup::new(id)).await
    }

    /// Lists the doors of a group.
    ///
    /// # Errors
    /// `NotFound` if there is no such group; else as any read.
    pub async fn doors(&self, id: DoorGroupId) -> Result<Vec<Door>, Error> {
        self.0.send(&ListDoorsOfGroup::new(id)).await
    }

    /// Lists the doors that are in no group.
    ///
    /// # Errors
    /// As any read: see [`crate::ErrorKind`].
    pub async fn ungrouped_doors(&self) -> Result<Vec<Door>, Error> {
        self.0.send(&ListUngroupedDoors::new()).await
    }
}

operation! {
    /// `GET /doorgroups`.
    ListDoorGroups {} = "net2.list_door_groups", Safe -> Vec<DoorGroup>;
    request(op, base) => get(api(base, &["doorgroups"])?);
    response(parts, body) => answer::list(parts, body);
}

operation! {
    /// `GET /doorgroups/{id}`.
    GetDoorGroup { id: DoorGroupId } = "net2.get_door_group", Safe -> DoorGroup;
    request(op, base) => get(api(base, &["doorgroups", &op.id.to_string()])?);
    response(parts, body) => answer::record(parts, body);
}

operation! {
    /// `GET /doorgroups/{id}/doors`.
    ListDoorsOfGroup { id: DoorGroupId } = "net2.list_doors_of_group", Safe -> Vec<Door>;
    request(op, base) => get(api(base, &["doorgroups", &op.id.to_string(), "doors"])?);
    response(parts, body) => answer::list(parts, body);
}

operation! {
    /// `GET /doorgroups/root/doors`.
    ListUngroupedDoors {} = "net2.list_ungrouped_doors", Safe -> Vec<Door>;
    request(op, base) => get(api(base, &["doorgroups", "root", "doors"])?);
    response(parts, body) => answer::list(parts, body);
}

impl FromJson for DoorGroup {
    fn from_json(value: Value) -> Result<Self, Shape> {
        let mut object = Object::from_json(value)?;
        let id = object.first_of(&["id", "doorGroupId"])?;
        Ok(Self { id: id.map_or_else(|| object.required("id"), Ok)?, name: object.or_default("name")? })
    }
}

readable!(DoorGroup);
