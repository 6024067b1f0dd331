use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

use crate::id::{CustomFieldId, UserId};
use crate::json::{FromJson, Object, Shape, readable};
use crate::permissions::PermissionSet;
use crate::text::Pin;
use crate::time::{self, ServerTime};

/// A user as the server has it.
///
/// There is no department, position or memo here: the department is a resource of its own, the others are custom fields.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct User {
    /// Its number.
    pub id: UserId,
    /// First name.
    pub first_name: Option<String>,
    /// Middle name.
    pub middle_name: Option<String>,
    /// Last name, called surname in events and SQL.
    pub last_name: Option<String>,
    /// Start of validity.
    pub activate_date: Option<ServerTime>,
    /// End of validity; `None` is never. Net2 keeps the day and drops the time, and versions differ in whether that day
    /// still counts.
    pub expiry_date: Option<ServerTime>,
    /// The PIN.
    pub pin: Option<Pin>,
    /// Telephone.
    pub telephone: Option<String>,
    /// Extension.
    pub extension: Option<String>,
    /// Fax.
    pub fax: Option<String>,
    /// Obeys anti-passback.
    pub is_anti_passback_user: Option<bool>,
    /// May arm and disarm the intruder alarm.
    pub is_alarm_user: Option<bool>,
    /// Passes doors during a lockdown; older servers do not know it.
    pub is_lockdown_exempt: Option<bool>,
    /// A portrait is stored.
    pub has_image: Option<bool>,
    /// Custom fields by number; those without text are left out.
    pub custom_fields: BTreeMap<CustomFieldId, String>,
    /// Access, where the answer had it. `None` means that the answer did not say, as in lists.
    pub permissions: Option<PermissionSet>,
    /// Keys this crate does not know; they go back unchanged.
    pub(super) other: Map<String, Value>,
}

impl User {
    /// Nobody, to be filled.
    pub(super) fn nobody() -> Self {
        Self {
            id: UserId::new(-1),
            first_name: None,
            middle_name: None,
            last_name: None,
            activate_date: None,
            expiry_date: None,
            pin: None,
            telephone: None,
            extension: None,
            fax: None,
            is_anti_passback_user: None,
            is_alarm_user: None,
            is_lockdown_exempt: None,
            has_image: None,
            custom_fields: BTreeMap::new(),
            permissions: None,
            other: Map::new(),
        }
    }

    /// First, middle and last name with single spaces.
    pub fn full_name(&self) -> String {
        let names = [&self.first_name, &self.middle_name, &self.last_name];
        let names: Vec<_> =
            names.into_iter().flatten().map(|name| name.trim()).filter(|name| !name.is_empty()).collect();
        names.join(" ")
    }

    /// The text of a custom field, if there is any.
    pub fn custom_field(&self, id: CustomFieldId) -> Option<&str> {
        self.custom_fields.get(&id).map(String::as_str)
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("activate_date", &self.activate_date)
            .field("expiry_date", &self.expiry_date)
            .field("permissions", &self.permissions)
            .finish_non_exhaustive()
    }
}

impl FromJson for User {
    fn from_json(value: Value) -> Result<Self, Shape> {
        let mut object = Object::from_json(value)?;
        Ok(Self {
            id: object.required("id")?,
            first_name: object.optional("firstName")?,
            middle_name: object.optional("middleName")?,
            last_name: object.optional("lastName")?,
            activate_date: time::optional(&mut object, "activateDate")?,
            expiry_date: time::optional(&mut object, "expiryDate")?,
            pin: object.optional::<Pin>("pin")?.filter(|pin| !pin.as_str().is_empty()),
            telephone: object.optional("telephone")?,
            extension: object.optional("extension")?,
            fax: object.optional("fax")?,
            is_anti_passback_user: object.optional("isAntiPassbackUser")?,
            is_alarm_user: object.optional("isAlarmUser")?,
            is_lockdown_exempt: object.optional("isLockdownExempt")?,
            has_image: object.optional("hasImage")?,
            custom_fields: custom_fields(object.or_default("customFields")?),
            permissions: object.optional("doorAccessPermissionSet")?,
            other: object.rest(),
        })
    }
}

readable!(User);

struct FieldValue {
    id: CustomFieldId,
    value: Option<String>,
}

impl FromJson for FieldValue {
    fn from_json(value: Value) -> Result<Self, Shape> {
        let mut object = Object::from_json(value)?;
        Ok(Self { id: object.required("id")?, value: object.optional("value")? })
    }
}

fn custom_fields(list: Vec<FieldValue>) -> BTreeMap<CustomFieldId, String> {
    let filled = |field: FieldValue| field.value.filter(|text| !text.is_empty()).map(|text| (field.id, text));
    list.into_iter().filter_map(filled).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_personal_data() {
        let json =
            r#"{"id":42,"firstName":"Maya","lastName":"Okonkwo","pin":"4821","customFields":[{"id":9,"value":"m@x"}]}"#;
        let user: User = serde_json::from_str(json).unwrap();
        let shown = format!("{user:?}");
        assert!(shown.contains("42"));
        for hidden in ["Maya", "Okonkwo", "4821", "m@x"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
        assert_eq!(user.full_name(), "Maya Okonkwo");
    }
}
