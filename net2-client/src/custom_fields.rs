//! The custom fields of users: what they are called and how much they hold.

use connector_http::{Error, get};
use serde::Serialize;
use serde_json::Value;

use crate::answer;
use crate::client::Net2Client;
use crate::id::CustomFieldId;
use crate::json::{FromJson, Object, Shape, readable};
use crate::operation::operation;
use crate::route::api;

/// The definition of a custom field.
///
/// Names are the site's own: choose fields by id, show the name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CustomField {
    /// Its number, 1 to 14 at least.
    pub id: CustomFieldId,
    /// Its name at this site.
    pub name: String,
    /// Most characters it holds; `None` for no limit.
    pub max_length: Option<u32>,
}

impl CustomFieldId {
    /// E-mail address, unless the site uses the field for something else.
    pub const EMAIL: Self = Self::new(9);
    /// Position.
    pub const POSITION: Self = Self::new(10);
    /// Notes, without a limit.
    pub const NOTES: Self = Self::new(13);
    /// Personnel number.
    pub const PERSONNEL_NUMBER: Self = Self::new(14);

    /// Most characters the field holds where the server does not say: 100 for the first two, none for the notes, else 50.
    pub const fn usual_max_length(self) -> Option<u32> {
        match self.get() {
            1 | 2 => Some(100),
            13 => None,
            _ => Some(50),
        }
    }
}

/// All custom fields.
#[derive(Clone, Debug)]
pub struct CustomFields(pub(crate) Net2Client);

impl CustomFields {
    /// Lists the definitions.
    ///
    /// # Errors
    /// As any read: see [`crate::ErrorKind`].
    pub async fn list(&self) -> Result<Vec<CustomField>, Error> {
        self.0.send(&ListCustomFields::new()).await
    }

    /// Reads one definition.
    ///
    /// # Errors
    /// `NotFound` if there is no such field; else as any read.
    pub async fn get(&self, id: CustomFieldId) -> Result<CustomField, Error> {
        self.0.send(&GetCustomField::new(id)).await
    }
}

operation! {
    /// `GET /users/customfieldnames`.
    ListCustomFields {} = "net2.list_custom_fields", Safe -> Vec<CustomField>;
    request(op, base) => get(api(base, &["users", "customfieldnames"])?);
    response(parts, body) => answer::list(parts, body);
}

operation! {
    /// `GET /users/customfieldnames/{id}`.
    GetCustomField { id: CustomFieldId } = "net2.get_custom_field", Safe -> CustomField;
    request(op, base) => get(api(base, &["users", "customfieldnames", &op.id.to_string()])?);
    response(parts, body) => answer::record(parts, body);
}

impl FromJson for CustomField {
    fn from_json(value: Value) -> Result<Self, Shape> {
        let mut object = Object::from_json(value)?;
        let limit: i64 = object.or_default("maxLength")?;
        Ok(Self {
            id: object.required("id")?,
            name: object.or_default("name")?,
            max_length: u32::try_from(limit).ok().filter(|&limit| limit > 0),
        })
    }
}

readable!(CustomField);
