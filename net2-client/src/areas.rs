//! Areas and groups of areas.

use connector_http::{Error, get};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::answer;
use crate::client::Net2Client;
use crate::id::{AreaGroupId, AreaId};
use crate::json::{FromJson, Object, Shape, readable};
use crate::operation::operation;
use crate::route::api;

/// An area: the space that one reader of a door leads to.
///
/// Which door leads to which area is only in the database: [`crate::custom_query::CustomQuery::door_areas`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Area {
    /// Its number.
    #[serde(rename = "areaID")]
    pub id: AreaId,
    /// Its name.
    pub name: String,
}

/// A group of areas. Little is known about its shape, so what else the server says stays raw.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AreaGroup {
    /// Its number.
    pub id: AreaGroupId,
    /// Its name.
    pub name: String,
    /// What else the server says.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// All areas and area groups.
#[derive(Clone, Debug)]
pub struct Areas(pub(crate) Net2Client);

impl Areas {
    /// Lists all areas.
    ///
    /// # Errors
    /// As any read: see [`crate::ErrorKind`].
    pub async fn list(&self) -> Result<Vec<Area>, Error> {
        self.0.send(&ListAreas::new()).await
    }

    /// Lists the groups of areas.
    ///
    /// # Errors
    /// `NotFound` where the server has none of them; else as any read.
    pub async fn groups(&self) -> Result<Vec<AreaGroup>, Error> {
        self.0.send(&ListAreaGroups::new()).await
    }

    /// Reads one group of areas.
    ///
    /// # Errors
    /// `NotFound` if there is no such group; else as any read.
    pub async fn group(&self, id: AreaGroupId) -> Result<AreaGroup, Error> {
        self.0.send(&GetAreaGroup::new(id)).await
    }
}

operation! {
    /// `GET /accesslevels/areas`.
    ListAreas {} = "net2.list_areas", Safe -> Vec<Area>;
    request(op, base) => get(api(base, &["accesslevels", "areas"])?);
    response(parts, body) => answer::list(parts, body);
}

operation! {
    /// `GET /areagroups`.
    ListAreaGroups {} = "net2.list_area_groups", Safe -> Vec<AreaGroup>;
    request(op, base) => get(api(base, &["areagroups"])?);
    response(parts, body) => answer::list(parts, body);
}

operation! {
    /// `GET /areagroups/{id}`.
    GetAreaGroup { id: AreaGroupId } = "net2.get_area_group", Safe -> AreaGroup;
    request(op, base) => get(api(base, &["areagroups", &op.id.to_string()])?);
    response(parts, body) => answer::record(parts, body);
}

impl FromJson for Area {
    fn from_json(value: Value) -> Result<Self, Shape> {
        let mut object = Object::from_json(value)?;
        let id = object.first_of(&["areaID", "id"])?;
        Ok(Self { id: id.map_or_else(|| object.required("areaID"), Ok)?, name: object.or_default("name")? })
    }
}

impl FromJson for AreaGroup {
    fn from_json(value: Value) -> Result<Self, Shape> {
        let mut object = Object::from_json(value)?;
        let id = object.first_of(&["id", "areaGroupID"])?;
        Ok(Self {
            id: id.map_or_else(|| object.required("id"), Ok)?,
            name: object.or_default("name")?,
            other: object.rest(),
        })
    }
}

readable!(Area, AreaGroup);
