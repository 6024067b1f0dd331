//! Individual rights: one per area, in the form that a server shows.
//!
//! Servers differ in that form, and may show another than they take. What is read is understood in all known ones; what is
//! written has the form that was stored before, else the one that this server shows, else the known ones in their order.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::id::{AreaId, TimezoneId};
use crate::permissions::IndividualPermission;

/// The areas of a site and their names.
pub(super) type AreaNames = BTreeMap<AreaId, String>;

/// What an individual right says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Right {
    pub(super) area: AreaId,
    /// Where it says so; else it holds always.
    pub(super) timezone: Option<TimezoneId>,
}

/// How a server writes an individual right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Form {
    id_key: String,
    id_as_text: bool,
    offset: i64,
    name_key: Option<String>,
    timezone_key: Option<String>,
}

impl Right {
    /// Reads a right in any known form.
    pub(super) fn of(element: &IndividualPermission, areas: &AreaNames) -> Option<Self> {
        let object = element.as_value().as_object()?;
        let (_, id) = id_of(object)?;
        let timezone = timezone_of(object).and_then(|(_, value)| number(value)).map(TimezoneId::new);
        Some(Self { area: area(id, areas), timezone })
    }

    pub(super) fn is_always(self) -> bool {
        self.timezone.is_none_or(|timezone| timezone == TimezoneId::ALWAYS)
    }
}

impl Form {
    /// The form of a right as a server shows it.
    pub(super) fn of(element: &IndividualPermission, areas: &AreaNames) -> Option<Self> {
        let object = element.as_value().as_object()?;
        let (id_key, id) = id_of(object)?;
        let named = |key: &&String| ["name", "areaname"].iter().any(|name| key.eq_ignore_ascii_case(name));
        Some(Self {
            id_key: id_key.clone(),
            id_as_text: object.get(id_key).is_some_and(Value::is_string),
            offset: id - area(id, areas).get(),
            name_key: object.keys().find(named).cloned(),
            timezone_key: timezone_of(object).map(|(key, _)| key.clone()),
        })
    }

    /// The forms that servers are known to take, most likely first.
    pub(super) fn known() -> [Self; 4] {
        let form = |id_key: &str, offset, name_key: Option<&str>, timezone_key: Option<&str>| Self {
            id_key: id_key.to_owned(),
            id_as_text: false,
            offset,
            name_key: name_key.map(str::to_owned),
            timezone_key: timezone_key.map(str::to_owned),
        };
        [
            form("id", 0, None, Some("timezoneId")),
            form("id", AREA_BASE, Some("name"), None),
            form("areaID", 0, Some("areaName"), Some("selectedTimezoneID")),
            form("areaID", 0, None, Some("timezoneID")),
        ]
    }

    /// A right to an area at all hours.
    pub(super) fn right(&self, area: AreaId, areas: &AreaNames) -> IndividualPermission {
        let id = area.get() + self.offset;
        let mut object = Map::new();
        object.insert(self.id_key.clone(), if self.id_as_text { json!(id.to_string()) } else { json!(id) });
        if let Some(key) = &self.name_key {
            object.insert(key.clone(), json!(areas.get(&area)));
        }
        if let Some(key) = &self.timezone_key {
            object.insert(key.clone(), json!(TimezoneId::ALWAYS));
        }
        IndividualPermission::raw(Value::Object(object))
    }
}

fn id_of(object: &Map<String, Value>) -> Option<(&String, i64)> {
    ["areaid", "id"].iter().find_map(|name| {
        let (key, value) = object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some((key, number(value)?))
    })
}

fn timezone_of(object: &Map<String, Value>) -> Option<(&String, &Value)> {
    object.iter().find(|(key, _)| {
        let key = key.to_ascii_lowercase();
        key.ends_with("timezoneid") || key == "timezone"
    })
}

fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// One of the forms adds 10 000 to the number of the area.
fn area(id: i64, areas: &AreaNames) -> AreaId {
    let plain = AreaId::new(id);
    if id > AREA_BASE && !areas.contains_key(&plain) { AreaId::new(id - AREA_BASE) } else { plain }
}

const AREA_BASE: i64 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn areas() -> AreaNames {
        [(12, "Court 1 (In)"), (13, "Court 1 (Out)")].map(|(id, name)| (AreaId::new(id), name.to_owned())).into()
    }

    #[test]
    fn every_form_that_a_server_shows_is_understood_and_written_again() {
        for (shown, wanted) in [
            (json!({ "id": 12, "timezoneId": 1 }), json!({ "id": 13, "timezoneId": 1 })),
            (json!({ "Id": "12", "TimezoneId": 1 }), json!({ "Id": "13", "TimezoneId": 1 })),
            (json!({ "id": 10012, "name": "Court 1 (In)" }), json!({ "id": 10013, "name": "Court 1 (Out)" })),
            (
                json!({ "areaID": 12, "areaName": "Court 1 (In)", "selectedTimezoneID": 1 }),
                json!({ "areaID": 13, "areaName": "Court 1 (Out)", "selectedTimezoneID": 1 }),
            ),
        ] {
            let element = IndividualPermission::raw(shown);
            let right = Right::of(&element, &areas()).unwrap();
            assert_eq!(right.area, AreaId::new(12));
            assert!(right.is_always());
            let form = Form::of(&element, &areas()).unwrap();
            assert_eq!(form.right(AreaId::new(13), &areas()).as_value(), &wanted);
        }
    }

    #[test]
    fn hours_other_than_all_are_seen_and_nonsense_is_no_right() {
        let at_times = IndividualPermission::raw(json!({ "id": 12, "timezoneId": 3 }));
        assert!(!Right::of(&at_times, &areas()).unwrap().is_always());
        for nonsense in [json!(null), json!({}), json!({ "id": {} }), json!([1])] {
            assert_eq!(Right::of(&IndividualPermission::raw(nonsense), &areas()), None);
        }
    }
}
