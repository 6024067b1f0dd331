//! Access levels: which areas open at which hours.

use connector_http::{Error, ErrorKind, Phase, get, json_request};
use http::Method;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::answer;
use crate::client::Net2Client;
use crate::id::{AccessLevelId, AreaId, TimezoneId};
use crate::json::{FromJson, Object, Shape, readable};
use crate::operation::operation;
use crate::route::{api, delete};

/// An access level. Number 0 is no access, 1 is all doors always.
///
/// Names are in the server's language; choose by number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AccessLevel {
    /// Its number; private ones ([`AccessLevelId::is_private`]) belong to a single user.
    pub id: AccessLevelId,
    /// Its name.
    pub name: String,
}

/// An access level with its rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AccessLevelDetail {
    /// Its number.
    pub id: AccessLevelId,
    /// Its name.
    pub name: String,
    /// Which area opens at which hours.
    pub detail_rows: Vec<AccessLevelRow>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

/// One area of an access level with its hours.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AccessLevelRow {
    /// The area.
    #[serde(rename = "areaID")]
    pub area: AreaId,
    /// The hours; 0 is never.
    #[serde(rename = "timezoneID")]
    pub timezone: TimezoneId,
    #[serde(flatten)]
    other: Map<String, Value>,
}

impl AccessLevelRow {
    /// An area with its hours.
    pub fn new(area: AreaId, timezone: TimezoneId) -> Self {
        Self { area, timezone, other: Map::new() }
    }
}

/// All access levels.
#[derive(Clone, Debug)]
pub struct AccessLevels(pub(crate) Net2Client);

impl AccessLevels {
    /// Lists all levels, private ones of single users included.
    ///
    /// # Errors
    /// As any read: see [`ErrorKind`].
    pub async fn list(&self) -> Result<Vec<AccessLevel>, Error> {
        self.0.send(&ListAccessLevels::new()).await
    }

    /// Lists the levels that can be given to users: no private ones.
    ///
    /// # Errors
    /// As [`AccessLevels::list`].
    pub async fn shared(&self) -> Result<Vec<AccessLevel>, Error> {
        let mut levels = self.list().await?;
        levels.retain(|level| !level.id.is_private());
        Ok(levels)
    }

    /// Reads one level.
    ///
    /// # Errors
    /// `NotFound` if there is no such level; else as any read.
    pub async fn get(&self, id: AccessLevelId) -> Result<AccessLevel, Error> {
        self.0.send(&GetAccessLevel::new(id)).await
    }

    /// Reads one level with its rows.
    ///
    /// # Errors
    /// `NotFound` if there is no such level; else as any read.
    pub async fn detail(&self, id: AccessLevelId) -> Result<AccessLevelDetail, Error> {
        self.0.send(&GetAccessLevelDetail::new(id)).await
    }

    /// Creates a level.
    ///
    /// # Errors
    /// `OutcomeUnknown` if the answer was lost: look for the name before trying again; else as any write.
    pub async fn create(&self, name: &str, rows: &[AccessLevelRow]) -> Result<AccessLevel, Error> {
        match self.0.send(&CreateAccessLevel::new(name.to_owned(), rows.to_vec())).await? {
            Some(level) => Ok(level),
            None => self.list().await?.into_iter().find(|level| level.name == name).ok_or_else(|| {
                Error::new(ErrorKind::OutcomeUnknown, "the server accepted the access level and does not list it")
            }),
        }
    }

    /// Writes a level as a whole. Rows that are gone from it are written with timezone 0 too, since a server may keep
    /// rows that are merely missing.
    ///
    /// # Errors
    /// `Rejected`, without sending, for level 0 and private levels; else as any read and write.
    pub async fn update(&self, level: &AccessLevelDetail) -> Result<(), Error> {
        refuse_special(level.id)?;
        let stored = self.detail(level.id).await?;
        let mut level = level.clone();
        for row in stored.detail_rows {
            if !level.detail_rows.iter().any(|kept| kept.area == row.area) {
                level.detail_rows.push(AccessLevelRow::new(row.area, TimezoneId::NONE));
            }
        }
        self.0.send(&UpdateAccessLevel::new(level)).await
    }

    /// Changes the name only; the rows go back as they came.
    ///
    /// # Errors
    /// As [`AccessLevels::update`].
    pub async fn rename(&self, id: AccessLevelId, name: &str) -> Result<(), Error> {
        refuse_special(id)?;
        let mut level = self.detail(id).await?;
        name.clone_into(&mut level.name);
        self.0.send(&UpdateAccessLevel::new(level)).await
    }

    /// Deletes a level; one that is gone already counts as deleted.
    ///
    /// # Errors
    /// `Rejected`, without sending, for level 0 and private levels; else as any write.
    pub async fn delete(&self, id: AccessLevelId) -> Result<(), Error> {
        refuse_special(id)?;
        match self.0.send(&DeleteAccessLevel::new(id)).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }
}

operation! {
    /// `GET /accesslevels`.
    ListAccessLevels {} = "net2.list_access_levels", Safe -> Vec<AccessLevel>;
    request(op, base) => get(api(base, &["accesslevels"])?);
    response(parts, body) => answer::list(parts, body);
}

operation! {
    /// `GET /accesslevels/{id}`.
    GetAccessLevel { id: AccessLevelId } = "net2.get_access_level", Safe -> AccessLevel;
    request(op, base) => get(api(base, &["accesslevels", &op.id.to_string()])?);
    response(parts, body) => answer::record(parts, body);
}

operation! {
    /// `GET /accesslevels/{id}/detail`.
    GetAccessLevelDetail { id: AccessLevelId } = "net2.get_access_level_detail", Safe -> AccessLevelDetail;
    request(op, base) => get(api(base, &["accesslevels", &op.id.to_string(), "detail"])?);
    response(op, parts, body) => {
        let level: AccessLevelDetail = answer::record(parts, body)?;
        if level.id == op.id {
            return Ok(level);
        }
        Err(Error::new(ErrorKind::Protocol, "the answer is about another access level").with_phase(Phase::Answered))
    };
}

operation! {
    /// `POST /accesslevels`; the answer is the level where the server gives one.
    CreateAccessLevel { name: String, rows: Vec<AccessLevelRow> } = "net2.create_access_level",
        Never -> Option<AccessLevel>;
    request(op, base) => json_request(
        Method::POST, api(base, &["accesslevels"])?, &json!({ "name": op.name, "detailRows": op.rows }));
    response(parts, body) => answer::maybe(parts, body);
}

operation! {
    /// `PUT /accesslevels/{id}`.
    UpdateAccessLevel { level: AccessLevelDetail } = "net2.update_access_level", Idempotent -> ();
    request(op, base) => json_request(
        Method::PUT, api(base, &["accesslevels", &op.level.id.to_string()])?, &op.level);
    response(parts, body) => answer::nothing(parts, body);
}

operation! {
    /// `DELETE /accesslevels/{id}`.
    DeleteAccessLevel { id: AccessLevelId } = "net2.delete_access_level", Idempotent -> ();
    request(op, base) => delete(api(base, &["accesslevels", &op.id.to_string()])?);
    response(parts, body) => answer::nothing(parts, body);
}

impl FromJson for AccessLevel {
    fn from_json(value: Value) -> Result<Self, Shape> {
        let mut object = Object::from_json(value)?;
        Ok(Self { id: object.required("id")?, name: object.or_default("name")? })
    }
}

impl FromJson for AccessLevelDetail {
    fn from_json(value: Value) -> Result<Self, Shape> {
        let mut object = Object::from_json(value)?;
        Ok(Self {
            id: object.required("id")?,
            name: object.or_default("name")?,
            detail_rows: object.or_default("detailRows")?,
            other: object.rest(),
        })
    }
}

impl FromJson for AccessLevelRow {
    fn from_json(value: Value) -> Result<Self, Shape> {
        let mut object = Object::from_json(value)?;
        Ok(Self {
            area: object.required("areaID")?,
            timezone: object.optional("timezoneID")?.unwrap_or(TimezoneId::NONE),
            other: object.rest(),
        })
    }
}

readable!(AccessLevel, AccessLevelDetail, AccessLevelRow);

fn refuse_special(id: AccessLevelId) -> Result<(), Error> {
    if id == AccessLevelId::NONE || id.is_private() {
        return Err(Error::new(ErrorKind::Rejected, "access level 0 and private access levels are never changed"));
    }
    Ok(())
}
