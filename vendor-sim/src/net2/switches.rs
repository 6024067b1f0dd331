//! Switches: which of the ways known from real servers this one follows.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::switching;

/// How an element of `individualPermissions` looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IndividualForm {
    /// `{ "id": AREA, "timezoneId": 1 }`.
    #[default]
    Timezone,
    /// `{ "id": 10000 + AREA, "name": "…" }`.
    Name,
    /// `{ "areaID": AREA, "areaName": "…", "selectedTimezoneID": 1 }`.
    Area,
    /// Written as `timezone`, read as `name`; what was read may be written back.
    TimezoneInNameOut,
    /// `{ "areaID": AREA, "timezoneID": 1 }`.
    AreaTimezone,
    /// A set with individual permissions is answered with 400.
    Refused,
    /// 200, and nothing is kept.
    Ignored,
}

/// What `GET /users/{id}/departments` shows for a user without department.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NoneDepartment {
    /// `[]`.
    #[default]
    Empty,
    /// `[{ "id": 0, … }]`.
    Zero,
    /// `null`.
    Null,
}

/// Whether SQL is served.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Querydb {
    /// Answered.
    #[default]
    On,
    /// 403.
    Off,
    /// 404.
    Missing,
}

/// All switches with their defaults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent oddity of a real server")]
pub struct Switches {
    /// Keys in answers begin with a capital.
    pub pascal_case: bool,
    /// No matching event: 200 with an empty body instead of `[]`.
    pub empty_body_for_no_events: bool,
    /// A refresh never gives a new refresh token; the old one keeps working.
    pub no_refresh_token_on_refresh: bool,
    /// One token request per 500 ms, else 429 with HTML.
    pub rate_limit_signin: bool,
    /// Form of individual permissions.
    pub individual_form: IndividualForm,
    /// `PUT /users/{id}` without `expiryDate` makes the user permanent.
    pub put_user_clears_expiry: bool,
    /// The same for `activateDate`.
    pub put_user_clears_activate: bool,
    /// The time of day of `expiryDate` is cut off.
    pub truncate_expiry: bool,
    /// The expiry day itself still opens doors.
    pub expiry_day_inclusive: bool,
    /// One access level per user, and no individual permission is kept.
    pub lite: bool,
    /// `GET /users` leaves the permission set out.
    pub list_users_without_permissions: bool,
    /// A permission set in `POST /users` is not kept.
    pub create_user_ignores_permission_set: bool,
    /// Arguments of live messages are an array in an array.
    pub nested_live_args: bool,
    /// Hub and method names of live messages begin with a capital.
    pub pascal_live_names: bool,
    /// `tokenType` of live events is a number.
    pub live_token_type_int: bool,
    /// Live calls for one door or roll call want their id as text.
    pub live_ids_as_text: bool,
    /// Door commands answer 200 and log movement, nothing moves.
    pub door_command_lies: bool,
    /// Each door command pulses the relay.
    pub momentary_relay: bool,
    /// Controllers keep their events until told to upload.
    pub late_events: bool,
    /// Texts of the server are not in English.
    pub localised_texts: bool,
    /// Every call is answered with 502 and HTML.
    pub nginx_502: bool,
    /// Every write is carried out, then the connection is closed without an answer.
    pub drop_connection_after_write: bool,
    /// Operators need a second factor.
    pub mfa: bool,
    /// Status of the answer that asks for the second factor.
    pub mfa_status: u16,
    /// Life of an access token in seconds.
    pub token_expires_in: i64,
    /// Calls answered with 403: `METHOD /path/below/api` or a path, text after it is free.
    pub forbid_operator: Vec<String>,
    /// No web sockets.
    pub websocket_off: bool,
    /// The server version.
    pub version: String,
    /// Product type: 1 Lite, 2 Pro.
    pub product_type: i64,
    /// Server settings are objects instead of bare values.
    pub settings_as_object: bool,
    /// Whether SQL is served.
    pub querydb: Querydb,
    /// `querydb` answers yes and no as `true` and `false` instead of 1 and 0.
    pub querydb_bools: bool,
    /// Status of a successful create.
    pub created_status: u16,
    /// Department 0 is in the list.
    pub list_department_zero: bool,
    /// User 0, the System engineer, is in the list.
    pub list_system_engineer: bool,
    /// Private access levels are in the list.
    pub list_private_levels: bool,
    /// What a user without department shows.
    pub none_department: NoneDepartment,
    /// An empty set of access levels shows as `[0]`.
    pub none_level_as_zero: bool,
    /// An empty set of access levels is answered with 400.
    pub refuse_empty_levels: bool,
    /// Unknown ids in `accessLevels` are dropped instead of refused.
    pub unknown_levels_ignored: bool,
    /// `PUT /accesslevels/{id}` without rows keeps the old rows.
    pub empty_rows_keep_rows: bool,
    /// `eventid` may be used in `where`, not only in `orderBy`.
    pub eventid_in_where: bool,
    /// Status of a refused condition.
    pub where_error_status: u16,
    /// Most events in one answer, whatever was asked; 0 for no limit.
    pub max_row_count: usize,
    /// Portraits come as JSON with base64.
    pub image_json: bool,
    /// Alarms are acknowledged under `/events/acknowledge`.
    pub short_acknowledge_path: bool,
    /// No lockdown rules are set up: 200 with a list of errors.
    pub lockdown_without_rules: bool,
    /// Allowed numbers of PIN digits.
    pub pin_lengths: Vec<usize>,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            pascal_case: false,
            empty_body_for_no_events: true,
            no_refresh_token_on_refresh: false,
            rate_limit_signin: false,
            individual_form: IndividualForm::default(),
            put_user_clears_expiry: true,
            put_user_clears_activate: false,
            truncate_expiry: true,
            expiry_day_inclusive: false,
            lite: false,
            list_users_without_permissions: true,
            create_user_ignores_permission_set: false,
            nested_live_args: true,
            pascal_live_names: true,
            live_token_type_int: false,
            live_ids_as_text: false,
            door_command_lies: false,
            momentary_relay: false,
            late_events: false,
            localised_texts: false,
            nginx_502: false,
            drop_connection_after_write: false,
            mfa: false,
            mfa_status: 401,
            token_expires_in: 1800,
            forbid_operator: Vec::new(),
            websocket_off: false,
            version: "6.09.2145.4120".to_owned(),
            product_type: 2,
            settings_as_object: false,
            querydb: Querydb::default(),
            querydb_bools: false,
            created_status: 200,
            list_department_zero: true,
            list_system_engineer: false,
            list_private_levels: true,
            none_department: NoneDepartment::default(),
            none_level_as_zero: false,
            refuse_empty_levels: false,
            unknown_levels_ignored: false,
            empty_rows_keep_rows: false,
            eventid_in_where: true,
            where_error_status: 400,
            max_row_count: 0,
            image_json: false,
            short_acknowledge_path: false,
            lockdown_without_rules: false,
            pin_lengths: vec![4],
        }
    }
}

impl Switches {
    /// Sets one switch by name from text: `on`, `off`, a number, a word, or a list with commas.
    ///
    /// # Errors
    /// Unknown name, or a value that does not fit.
    pub fn set(&mut self, name: &str, value: &str) -> anyhow::Result<()> {
        *self = switching::set(self, name, value)?;
        Ok(())
    }

    /// Sets several switches from a JSON object.
    ///
    /// # Errors
    /// Unknown name, or a value that does not fit; nothing is changed then.
    pub fn merge(&mut self, changes: &Value) -> anyhow::Result<()> {
        *self = switching::merge(self, changes)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_are_set_by_name() {
        let mut switches = Switches::default();
        switches.set("pascal_case", "on").unwrap();
        switches.set("token_expires_in", "5").unwrap();
        switches.set("individual_form", "area").unwrap();
        switches.set("version", "6.01").unwrap();
        switches.set("pin_lengths", "4,6").unwrap();
        switches.set("forbid_operator", "GET /users, /doors").unwrap();
        assert!(switches.pascal_case);
        assert_eq!(switches.token_expires_in, 5);
        assert_eq!(switches.individual_form, IndividualForm::Area);
        assert_eq!(switches.version, "6.01");
        assert_eq!(switches.pin_lengths, [4, 6]);
        assert_eq!(switches.forbid_operator, ["GET /users", "/doors"]);
    }

    #[test]
    fn wrong_names_and_values_change_nothing() {
        let mut switches = Switches::default();
        for (name, value) in [("colour", "on"), ("lite", "maybe"), ("individual_form", "x"), ("mfa_status", "-1")] {
            assert!(switches.set(name, value).is_err(), "{name}");
        }
        assert_eq!(switches, Switches::default());
    }
}
