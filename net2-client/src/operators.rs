//! Operators: who may sign in.

use std::fmt;

use connector_http::{Error, get};
use serde_json::Value;

use crate::answer;
use crate::client::Net2Client;
use crate::id::UserId;
use crate::json::{FromJson, Object, Shape, readable};
use crate::operation::operation;
use crate::route::api;

/// Somebody who may sign in to Net2.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operator {
    /// The user it belongs to; 0 is the built-in System engineer.
    pub id: UserId,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub surname: Option<String>,
    /// The name to sign in with.
    pub display_name: Option<String>,
}

impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operator").field("id", &self.id).finish_non_exhaustive()
    }
}

/// All operators.
#[derive(Clone, Debug)]
pub struct Operators(pub(crate) Net2Client);

impl Operators {
    /// Lists the operators.
    ///
    /// # Errors
    /// As any read: see [`crate::ErrorKind`].
    pub async fn list(&self) -> Result<Vec<Operator>, Error> {
        self.0.send(&ListOperators::new()).await
    }
}

operation! {
    /// `GET /operators`; servers answer it without a sign-in too.
    ListOperators {} = "net2.list_operators", Safe -> Vec<Operator>;
    request(op, base) => get(api(base, &["operators"])?);
    response(parts, body) => answer::list(parts, body);
}

impl FromJson for Operator {
    fn from_json(value: Value) -> Result<Self, Shape> {
        let mut object = Object::from_json(value)?;
        let id = object.first_of(&["userID", "id"])?;
        Ok(Self {
            id: id.map_or_else(|| object.required("userID"), Ok)?,
            first_name: object.optional("firstName")?,
            surname: object.first_of(&["surname", "lastName"])?,
            display_name: object.optional("displayName")?,
        })
    }
}

readable!(Operator);
