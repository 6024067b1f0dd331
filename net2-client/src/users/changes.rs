use std::collections::BTreeMap;
use std::fmt;

use connector_http::{Error, ErrorKind};
use serde_json::{Map, Value, json};

use super::model::User;
use crate::id::CustomFieldId;
use crate::text::Pin;
use crate::time::ServerTime;

/// What becomes of one field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is no fourth thing to do with a field")]
pub enum Change<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is emptied.
    Clear,
    /// It takes a value.
    Set(T),
}

impl<T: Clone> Change<T> {
    fn on(&self, field: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *field = None,
            Self::Set(value) => *field = Some(value.clone()),
        }
    }
}

impl<T> From<Option<T>> for Change<T> {
    /// `None` clears.
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Clear, Self::Set)
    }
}

/// Changes to a user; everything not named stays.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct UserChanges {
    pub(super) first_name: Change<String>,
    pub(super) middle_name: Change<String>,
    pub(super) last_name: Change<String>,
    pub(super) activate_date: Change<ServerTime>,
    pub(super) expiry_date: Change<ServerTime>,
    pub(super) pin: Change<Pin>,
    pub(super) telephone: Change<String>,
    pub(super) extension: Change<String>,
    pub(super) fax: Change<String>,
    pub(super) is_anti_passback_user: Option<bool>,
    pub(super) is_alarm_user: Option<bool>,
    pub(super) is_lockdown_exempt: Option<bool>,
    pub(super) custom_fields: BTreeMap<CustomFieldId, String>,
}

macro_rules! setters {
    ($($(#[$doc:meta])* $field:ident: $type:ty),+ $(,)?) => {$(
        $(#[$doc])*
        pub fn $field(mut self, change: impl Into<Change<$type>>) -> Self {
            self.$field = change.into();
            self
        }
    )+};
}

impl UserChanges {
    /// No change yet.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Changes the first name.
        first_name: String,
        /// Changes the middle name.
        middle_name: String,
        /// Changes the last name.
        last_name: String,
        /// Changes the start of validity.
        activate_date: ServerTime,
        /// Changes the end of validity; clearing it makes the user permanent.
        expiry_date: ServerTime,
        /// Changes the PIN.
        pin: Pin,
        /// Changes the telephone.
        telephone: String,
        /// Changes the extension.
        extension: String,
        /// Changes the fax.
        fax: String,
    }

    /// Sets whether the user obeys anti-passback.
    pub fn anti_passback_user(mut self, value: bool) -> Self {
        self.is_anti_passback_user = Some(value);
        self
    }

    /// Sets whether the user may arm and disarm the intruder alarm.
    pub fn alarm_user(mut self, value: bool) -> Self {
        self.is_alarm_user = Some(value);
        self
    }

    /// Sets whether the user passes doors during a lockdown.
    pub fn lockdown_exempt(mut self, value: bool) -> Self {
        self.is_lockdown_exempt = Some(value);
        self
    }

    /// Sets a custom field; an empty text empties it.
    pub fn custom_field(mut self, id: CustomFieldId, text: impl Into<String>) -> Self {
        self.custom_fields.insert(id, text.into());
        self
    }

    /// The user with these changes.
    pub(crate) fn applied_to(&self, current: &User) -> Result<User, Error> {
        let mut user = current.clone();
        self.first_name.on(&mut user.first_name);
        self.middle_name.on(&mut user.middle_name);
        self.last_name.on(&mut user.last_name);
        self.activate_date.on(&mut user.activate_date);
        self.expiry_date.on(&mut user.expiry_date);
        self.pin.on(&mut user.pin);
        self.telephone.on(&mut user.telephone);
        self.extension.on(&mut user.extension);
        self.fax.on(&mut user.fax);
        user.is_anti_passback_user = self.is_anti_passback_user.or(user.is_anti_passback_user);
        user.is_alarm_user = self.is_alarm_user.or(user.is_alarm_user);
        user.is_lockdown_exempt = self.is_lockdown_exempt.or(user.is_lockdown_exempt);
        for (&id, text) in &self.custom_fields {
            if text.is_empty() {
                user.custom_fields.remove(&id);
            } else {
                user.custom_fields.insert(id, text.clone());
            }
        }
        check(&user)?;
        Ok(user)
    }
}

impl<T> From<T> for Change<T> {
    fn from(value: T) -> Self {
        Self::Set(value)
    }
}

impl From<&str> for Change<String> {
    fn from(value: &str) -> Self {
        Self::Set(value.to_owned())
    }
}

impl From<&str> for Change<Pin> {
    fn from(value: &str) -> Self {
        Self::Set(value.into())
    }
}

impl fmt::Debug for UserChanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserChanges")
            .field("activate_date", &self.activate_date)
            .field("expiry_date", &self.expiry_date)
            .field("custom_fields", &self.custom_fields.keys())
            .finish_non_exhaustive()
    }
}

/// A user to be created. Access and department are given afterwards, each by its own call.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct NewUser(UserChanges);

impl NewUser {
    /// A user with these names; one of the two may be empty.
    pub fn new(first_name: impl Into<String>, last_name: impl Into<String>) -> Self {
        let name = |text: String| if text.is_empty() { Change::Keep } else { Change::Set(text) };
        Self(UserChanges {
            first_name: name(first_name.into()),
            last_name: name(last_name.into()),
            ..UserChanges::default()
        })
    }

    /// Fills further fields, in the words of [`UserChanges`].
    pub fn with(mut self, fill: impl FnOnce(UserChanges) -> UserChanges) -> Self {
        self.0 = fill(self.0);
        self
    }

    /// Sets the first and the last moment of validity. Net2 keeps days only; a last day that must count for sure is
    /// written as the day after.
    pub fn valid(self, from: ServerTime, until: Option<ServerTime>) -> Self {
        self.with(|user| user.activate_date(from).expiry_date(Change::from(until)))
    }

    /// The user as it is expected back, with an id that stands for none.
    pub(super) fn expected(&self) -> Result<User, Error> {
        let user = self.0.applied_to(&User::nobody())?;
        if user.full_name().is_empty() {
            return Err(Error::new(ErrorKind::Rejected, "a user needs a first or a last name"));
        }
        Ok(user)
    }
}

impl fmt::Debug for NewUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NewUser").field(&self.0).finish()
    }
}

/// Net2 refuses an expiry before the activation, and it compares after cutting off the time of day.
fn check(user: &User) -> Result<(), Error> {
    match (user.activate_date, user.expiry_date) {
        (Some(from), Some(until)) if ServerTime::day(until.date()).naive() < ServerTime::day(from.date()).naive() => {
            Err(Error::new(ErrorKind::Rejected, "the expiry date comes before the activation date"))
        }
        _ => Ok(()),
    }
}

/// The fields of a user as they are written. Validity dates are always there, `null` for none.
pub(super) fn body(user: &User, custom_fields: &BTreeMap<CustomFieldId, String>) -> Map<String, Value> {
    let mut body = user.other.clone();
    let mut put = |key: &str, value: Value| body.insert(key.to_owned(), value);
    put("firstName", json!(user.first_name));
    put("middleName", json!(user.middle_name));
    put("lastName", json!(user.last_name));
    put("activateDate", json!(user.activate_date));
    put("expiryDate", json!(user.expiry_date));
    if let Some(pin) = &user.pin {
        put("pin", json!(pin));
    }
    put("telephone", json!(user.telephone));
    put("extension", json!(user.extension));
    put("fax", json!(user.fax));
    for (key, value) in [
        ("isAntiPassbackUser", user.is_anti_passback_user),
        ("isAlarmUser", user.is_alarm_user),
        ("isLockdownExempt", user.is_lockdown_exempt),
    ] {
        if let Some(value) = value {
            put(key, json!(value));
        }
    }
    let fields: Vec<_> = custom_fields.iter().map(|(id, text)| json!({ "id": id, "value": text })).collect();
    put("customFields", Value::Array(fields));
    body
}

impl UserChanges {
    /// Texts to be emptied: `null` might be taken for "not sent", an empty text is not.
    pub(super) fn emptied(&self) -> impl Iterator<Item = &'static str> {
        let texts = [
            ("firstName", self.first_name == Change::Clear),
            ("middleName", self.middle_name == Change::Clear),
            ("lastName", self.last_name == Change::Clear),
            ("pin", self.pin == Change::Clear),
            ("telephone", self.telephone == Change::Clear),
            ("extension", self.extension == Change::Clear),
            ("fax", self.fax == Change::Clear),
        ];
        texts.into_iter().filter_map(|(key, cleared)| cleared.then_some(key))
    }

    pub(super) fn custom_field_changes(&self) -> &BTreeMap<CustomFieldId, String> {
        &self.custom_fields
    }
}

impl NewUser {
    pub(super) fn changes(&self) -> &UserChanges {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;
    use proptest::prelude::*;

    fn day(day: u32) -> ServerTime {
        ServerTime::day(NaiveDate::from_ymd_opt(2027, 3, day).unwrap())
    }

    fn stored() -> User {
        let json = r#"{"id":42,"firstName":"Maya","pin":"4821","expiryDate":"2027-03-31T00:00:00+01:00",
            "activateDate":"2027-03-01T00:00:00","futureField":{"a":[1]},"customFields":[{"id":1,"value":"x"}]}"#;
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn an_expiry_before_the_activation_is_refused_without_sending() {
        let error = UserChanges::new().activate_date(day(10)).expiry_date(day(9)).applied_to(&stored()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Rejected);
        assert!(!error.may_have_been_applied());
    }

    #[test]
    fn clearing_and_keeping_are_two_things() {
        let changed = UserChanges::new().first_name(Change::Clear).last_name("Okonkwo").applied_to(&stored()).unwrap();
        assert_eq!((changed.first_name.as_deref(), changed.last_name.as_deref()), (None, Some("Okonkwo")));
        assert_eq!(changed.pin.unwrap().as_str(), "4821");
    }

    proptest! {
        #[test]
        fn applying_twice_is_applying_once(first in ".{0,20}", field in 1_i64..15, text in ".{0,10}") {
            let changes = UserChanges::new().first_name(first.as_str()).custom_field(CustomFieldId::new(field), text);
            let once = changes.applied_to(&stored()).unwrap();
            prop_assert_eq!(changes.applied_to(&once).unwrap(), once);
        }

        #[test]
        fn keys_nobody_knows_survive_a_merge(first in ".{0,20}") {
            let merged = UserChanges::new().first_name(first.as_str()).applied_to(&stored()).unwrap();
            let body = body(&merged, &BTreeMap::new());
            prop_assert_eq!(&body["futureField"], &serde_json::json!({ "a": [1] }));
        }
    }
}
