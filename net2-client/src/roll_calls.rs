//! Roll calls: who is in the building, and who is safe.
//!
//! The bodies are not documented, so what a server says about an item stays raw.

use connector_http::{Error, get, json_request};
use http::Method;
use serde_json::{Map, Value};

use crate::answer;
use crate::client::Net2Client;
use crate::id::{RollCallId, SafeRecordId, UserId};
use crate::json::{FromJson, Object, Shape, readable};
use crate::operation::operation;
use crate::route::{api, delete};

/// A roll call report.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RollCall {
    /// Its number.
    pub id: RollCallId,
    /// Its name, if the server says one.
    pub name: Option<String>,
    /// What else the server says.
    pub other: Map<String, Value>,
}

/// A person in a roll call.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct RollCallItem {
    /// The person.
    pub user: Option<UserId>,
    /// What else the server says.
    pub other: Map<String, Value>,
}

impl std::fmt::Debug for RollCallItem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RollCallItem").field("user", &self.user).finish_non_exhaustive()
    }
}

/// All roll calls.
#[derive(Clone, Debug)]
pub struct RollCalls(pub(crate) Net2Client);

impl RollCalls {
    /// Lists the roll calls.
    ///
    /// # Errors
    /// As any read: see [`crate::ErrorKind`].
    pub async fn list(&self) -> Result<Vec<RollCall>, Error> {
        self.0.send(&ListRollCalls::new()).await
    }

    /// Starts a roll call with a body in the server's own form; returns it where the server says it.
    ///
    /// # Errors
    /// `OutcomeUnknown` if the answer was lost; else as any write.
    pub async fn start(&self, body: &Value) -> Result<Option<RollCall>, Error> {
        self.0.send(&StartRollCall::new(body.clone())).await
    }

    /// Reads one roll call.
    ///
    /// # Errors
    /// `NotFound` if there is no such roll call; else as any read.
    pub async fn get(&self, id: RollCallId) -> Result<RollCall, Error> {
        self.0.send(&GetRollCall::new(id)).await
    }

    /// Lists the people in a roll call.
    ///
    /// # Errors
    /// `NotFound` if there is no such roll call; else as any read.
    pub async fn items(&self, id: RollCallId) -> Result<Vec<RollCallItem>, Error> {
        self.0.send(&ListRollCallItems::new(id)).await
    }

    /// Reads one person in a roll call.
    ///
    /// # Errors
    /// `NotFound` if the person is not in it; else as any read.
    pub async fn item(&self, id: RollCallId, user: UserId) -> Result<RollCallItem, Error> {
        self.0.send(&GetRollCallItem::new(id, user)).await
    }

    /// Marks a person safe, with a body in the server's own form.
    ///
    /// # Errors
    /// `OutcomeUnknown` if the answer was lost; else as any write.
    pub async fn mark_safe(&self, id: RollCallId, user: UserId, body: &Value) -> Result<(), Error> {
        self.0.send(&MarkSafe::new(id, user, body.clone())).await
    }

    /// Takes back that a person was marked safe.
    ///
    /// # Errors
    /// As any write: see [`crate::ErrorKind`].
    pub async fn unmark_safe(&self, id: RollCallId, user: UserId, record: SafeRecordId) -> Result<(), Error> {
        self.0.send(&UnmarkSafe::new(id, user, record)).await
    }
}

operation! {
    /// `GET /rollcallreports`.
    ListRollCalls {} = "net2.list_roll_calls", Safe -> Vec<RollCall>;
    request(op, base) => get(api(base, &["rollcallreports"])?);
    response(parts, body) => answer::list(parts, body);
}

operation! {
    /// `POST /rollcallreports`.
    StartRollCall { content: Value } = "net2.start_roll_call", Never -> Option<RollCall>;
    request(op, base) => json_request(Method::POST, api(base, &["rollcallreports"])?, &op.content);
    response(parts, body) => answer::maybe(parts, body);
}

operation! {
    /// `GET /rollcallreports/{id}`.
    GetRollCall { id: RollCallId } = "net2.get_roll_call", Safe -> RollCall;
    request(op, base) => get(api(base, &["rollcallreports", &op.id.to_string()])?);
    response(parts, body) => answer::record(parts, body);
}

operation! {
    /// `GET /rollcallreports/{id}/reportitems`.
    ListRollCallItems { id: RollCallId } = "net2.list_roll_call_items", Safe -> Vec<RollCallItem>;
    request(op, base) => get(api(base, &["rollcallreports", &op.id.to_string(), "reportitems"])?);
    response(parts, body) => answer::list(parts, body);
}

operation! {
    /// `GET /rollcallreports/{id}/reportitems/{userId}`.
    GetRollCallItem { id: RollCallId, user: UserId } = "net2.get_roll_call_item", Safe -> RollCallItem;
    request(op, base) => {
        get(api(base, &["rollcallreports", &op.id.to_string(), "reportitems", &op.user.to_string()])?)
    };
    response(parts, body) => answer::record(parts, body);
}

operation! {
    /// `POST /rollcallreports/{id}/reportitems/{userId}/safeupdates`.
    MarkSafe { id: RollCallId, user: UserId, content: Value } = "net2.mark_safe", Never -> ();
    request(op, base) => {
        let (id, user) = (op.id.to_string(), op.user.to_string());
        let url = api(base, &["rollcallreports", &id, "reportitems", &user, "safeupdates"])?;
        json_request(Method::POST, url, &op.content)
    };
    response(parts, body) => answer::nothing(parts, body);
}

operation! {
    /// `DELETE /rollcallreports/{id}/reportitems/{userId}/safeupdates/{safeById}`.
    UnmarkSafe { id: RollCallId, user: UserId, record: SafeRecordId } = "net2.unmark_safe", Idempotent -> ();
    request(op, base) => {
        let (id, user, record) = (op.id.to_string(), op.user.to_string(), op.record.to_string());
        delete(api(base, &["rollcallreports", &id, "reportitems", &user, "safeupdates", &record])?)
    };
    response(parts, body) => answer::nothing(parts, body);
}

impl FromJson for RollCall {
    fn from_json(value: Value) -> Result<Self, Shape> {
        let mut object = Object::from_json(value)?;
        Ok(Self { id: object.required("id")?, name: object.optional("name")?, other: object.rest() })
    }
}

impl FromJson for RollCallItem {
    fn from_json(value: Value) -> Result<Self, Shape> {
        let mut object = Object::from_json(value)?;
        Ok(Self { user: object.optional("userID")?, other: object.rest() })
    }
}

readable!(RollCall, RollCallItem);
