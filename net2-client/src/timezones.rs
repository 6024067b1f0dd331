//! Timezones: weekly patterns of hours, which controllers keep even when the server is down.

use chrono::{NaiveDateTime, NaiveTime};
use connector_http::{Error, ErrorKind, get, json_request};
use http::Method;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use crate::answer;
use crate::client::Net2Client;
use crate::id::{DayId, TimeslotId, TimezoneId};
use crate::json::{FromJson, Object, Shape, readable};
use crate::operation::operation;
use crate::route::{api, delete};

/// A timezone. Names of the built-in ones are in the server's language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Timezone {
    /// Its number.
    pub id: TimezoneId,
    /// Its name.
    pub name: String,
}

/// A timezone with its hours.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TimezoneDetail {
    /// Its number.
    pub id: TimezoneId,
    /// Its name.
    pub name: String,
    /// The hours.
    pub timeslots: Vec<Timeslot>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

/// Hours on one kind of day.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Timeslot {
    /// Its number; `None` before it is stored.
    #[serde(rename = "slotID", skip_serializing_if = "Option::is_none")]
    pub id: Option<TimeslotId>,
    /// Beginning.
    #[serde(rename = "startTime")]
    pub start: SlotTime,
    /// End.
    #[serde(rename = "endTime")]
    pub end: SlotTime,
    /// Which day.
    #[serde(rename = "dayID")]
    pub day: DayId,
    #[serde(flatten)]
    other: Map<String, Value>,
}

/// A time of day, remembering the form in which the server writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotTime {
    time: NaiveTime,
    dated: Option<NaiveDateTime>,
}

impl SlotTime {
    /// A time of day, written as `HH:mm`.
    pub const fn new(time: NaiveTime) -> Self {
        Self { time, dated: None }
    }

    /// The time of day.
    pub const fn get(self) -> NaiveTime {
        self.time
    }

    /// Another time of day in the form of this one.
    pub fn at(self, time: NaiveTime) -> Self {
        Self { time, dated: self.dated.map(|dated| dated.date().and_time(time)) }
    }
}

impl Timeslot {
    /// Hours on a day.
    pub fn new(day: DayId, start: SlotTime, end: SlotTime) -> Self {
        Self { id: None, start, end, day, other: Map::new() }
    }
}

/// A kind of day: a weekday or one of the site's special days.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DayKind {
    /// Its number.
    pub id: DayId,
    /// Its name, in the server's language.
    pub name: String,
    /// What else the server says.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl DayId {
    /// Monday.
    pub const MONDAY: Self = Self::new(2);
    /// Friday.
    pub const FRIDAY: Self = Self::new(6);
}

/// All timezones.
#[derive(Clone, Debug)]
pub struct Timezones(pub(crate) Net2Client);

impl Timezones {
    /// Lists all timezones.
    ///
    /// # Errors
    /// As any read: see [`ErrorKind`].
    pub async fn list(&self) -> Result<Vec<Timezone>, Error> {
        self.0.send(&ListTimezones::new()).await
    }

    /// Reads one timezone.
    ///
    /// # Errors
    /// `NotFound` if there is no such timezone; else as any read.
    pub async fn get(&self, id: TimezoneId) -> Result<Timezone, Error> {
        self.0.send(&GetTimezone::new(id)).await
    }

    /// Reads one timezone with its hours.
    ///
    /// # Errors
    /// `NotFound` if there is no such timezone; else as any read.
    pub async fn detail(&self, id: TimezoneId) -> Result<TimezoneDetail, Error> {
        self.0.send(&GetTimezoneDetail::new(id)).await
    }

    /// Creates a timezone.
    ///
    /// # Errors
    /// `OutcomeUnknown` if the answer was lost: look for the name before trying again; else as any write.
    pub async fn create(&self, name: &str, slots: &[Timeslot]) -> Result<Timezone, Error> {
        match self.0.send(&CreateTimezone::new(name.to_owned(), slots.to_vec())).await? {
            Some(timezone) => Ok(timezone),
            None => self.list().await?.into_iter().find(|timezone| timezone.name == name).ok_or_else(|| {
                Error::new(ErrorKind::OutcomeUnknown, "the server accepted the timezone and does not list it")
            }),
        }
    }

    /// Writes a timezone as a whole.
    ///
    /// # Errors
    /// As any write: see [`ErrorKind`].
    pub async fn update(&self, timezone: &TimezoneDetail) -> Result<(), Error> {
        self.0.send(&UpdateTimezone::new(timezone.clone())).await
    }

    /// Deletes a timezone; one that is gone already counts as deleted.
    ///
    /// # Errors
    /// As any write: see [`ErrorKind`].
    pub async fn delete(&self, id: TimezoneId) -> Result<(), Error> {
        match self.0.send(&DeleteTimezone::new(id)).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    /// Lists the kinds of days.
    ///
    /// # Errors
    /// `NotFound` where the server has no such list; else as any read.
    pub async fn days(&self) -> Result<Vec<DayKind>, Error> {
        self.0.send(&ListDays::new()).await
    }

    /// Reads one kind of day.
    ///
    /// # Errors
    /// `NotFound` if there is no such day; else as any read.
    pub async fn day(&self, id: DayId) -> Result<DayKind, Error> {
        self.0.send(&GetDay::new(id)).await
    }
}

operation! {
    /// `GET /timezones`.
    ListTimezones {} = "net2.list_timezones", Safe -> Vec<Timezone>;
    request(op, base) => get(api(base, &["timezones"])?);
    response(parts, body) => answer::list(parts, body);
}

operation! {
    /// `GET /timezones/{id}`.
    GetTimezone { id: TimezoneId } = "net2.get_timezone", Safe -> Timezone;
    request(op, base) => get(api(base, &["timezones", &op.id.to_string()])?);
    response(parts, body) => answer::record(parts, body);
}

operation! {
    /// `GET /timezones/{id}/detail`.
    GetTimezoneDetail { id: TimezoneId } = "net2.get_timezone_detail", Safe -> TimezoneDetail;
    request(op, base) => get(api(base, &["timezones", &op.id.to_string(), "detail"])?);
    response(parts, body) => answer::record(parts, body);
}

operation! {
    /// `POST /timezones`; the answer is the timezone where the server gives one.
    CreateTimezone { name: String, slots: Vec<Timeslot> } = "net2.create_timezone", Never -> Option<Timezone>;
    request(op, base) => json_request(
        Method::POST, api(base, &["timezones"])?, &json!({ "name": op.name, "timeslots": op.slots }));
    response(parts, body) => answer::maybe(parts, body);
}

operation! {
    /// `PUT /timezones/{id}`.
    UpdateTimezone { timezone: TimezoneDetail } = "net2.update_timezone", Idempotent -> ();
    request(op, base) => json_request(
        Method::PUT, api(base, &["timezones", &op.timezone.id.to_string()])?, &op.timezone);
    response(parts, body) => answer::nothing(parts, body);
}

operation! {
    /// `DELETE /timezones/{id}`.
    DeleteTimezone { id: TimezoneId } = "net2.delete_timezone", Idempotent -> ();
    request(op, base) => delete(api(base, &["timezones", &op.id.to_string()])?);
    response(parts, body) => answer::nothing(parts, body);
}

operation! {
    /// `GET /timezones/days`.
    ListDays {} = "net2.list_days", Safe -> Vec<DayKind>;
    request(op, base) => get(api(base, &["timezones", "days"])?);
    response(parts, body) => answer::list(parts, body);
}

operation! {
    /// `GET /timezones/days/{id}`.
    GetDay { id: DayId } = "net2.get_day", Safe -> DayKind;
    request(op, base) => get(api(base, &["timezones", "days", &op.id.to_string()])?);
    response(parts, body) => answer::record(parts, body);
}

impl FromJson for Timezone {
    fn from_json(value: Value) -> Result<Self, Shape> {
        let mut object = Object::from_json(value)?;
        let id = object.first_of(&["id", "timezoneID"])?;
        Ok(Self { id: id.map_or_else(|| object.required("id"), Ok)?, name: object.or_default("name")? })
    }
}

impl FromJson for TimezoneDetail {
    fn from_json(value: Value) -> Result<Self, Shape> {
        let mut object = Object::from_json(value)?;
        Ok(Self {
            id: object.required("id")?,
            name: object.or_default("name")?,
            timeslots: object.or_default("timeslots")?,
            other: object.rest(),
        })
    }
}

impl FromJson for Timeslot {
    fn from_json(value: Value) -> Result<Self, Shape> {
        let mut object = Object::from_json(value)?;
        Ok(Self {
            id: object.optional("slotID")?,
            start: object.required("startTime")?,
            end: object.required("endTime")?,
            day: object.required("dayID")?,
            other: object.rest(),
        })
    }
}

impl FromJson for DayKind {
    fn from_json(value: Value) -> Result<Self, Shape> {
        let mut object = Object::from_json(value)?;
        let id = object.first_of(&["id", "dayID"])?;
        Ok(Self {
            id: id.map_or_else(|| object.required("id"), Ok)?,
            name: object.or_default("name")?,
            other: object.rest(),
        })
    }
}

impl FromJson for SlotTime {
    fn from_json(value: Value) -> Result<Self, Shape> {
        let text = String::from_json(value)?;
        let dated = NaiveDateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%.f")
            .ok()
            .or_else(|| chrono::DateTime::parse_from_rfc3339(&text).ok().map(|time| time.naive_local()));
        if let Some(dated) = dated {
            return Ok(Self { time: dated.time(), dated: Some(dated) });
        }
        let time = ["%H:%M", "%H:%M:%S"].iter().find_map(|form| NaiveTime::parse_from_str(&text, form).ok());
        time.map(Self::new).ok_or_else(|| Shape::malformed("a time of day"))
    }
}

impl Serialize for SlotTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.dated {
            Some(dated) => serializer.collect_str(&dated.format("%Y-%m-%dT%H:%M:%S")),
            None => serializer.collect_str(&self.time.format("%H:%M")),
        }
    }
}

readable!(Timezone, TimezoneDetail, Timeslot, DayKind, SlotTime);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_goes_back_in_the_form_it_came() {
        for text in [r#""08:30""#, r#""1899-12-30T08:30:00""#] {
            let time: SlotTime = serde_json::from_str(text).unwrap();
            assert_eq!(time.get(), NaiveTime::from_hms_opt(8, 30, 0).unwrap());
            assert_eq!(serde_json::to_string(&time).unwrap(), text);
        }
    }
}
