//! Values as columns.

use chrono::{DateTime, FixedOffset, Utc};
use rusqlite::Row;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::fault::{Fault, Found};
use crate::journal::{EventState, LinkState, Ownership, Side};
use crate::model::{Direction, EventClass, ExternalId, Fingerprint, Remark, SyncKey};

pub(super) fn instant(micros: i64) -> Found<DateTime<Utc>> {
    DateTime::from_timestamp_micros(micros).ok_or_else(|| Fault::corrupt("an instant"))
}

pub(super) fn instant_at(row: &Row<'_>, column: usize) -> Found<Option<DateTime<Utc>>> {
    row.get::<_, Option<i64>>(column)?.map(instant).transpose()
}

pub(super) fn micros(at: Option<DateTime<Utc>>) -> Option<i64> {
    at.map(|at| at.timestamp_micros())
}

pub(super) fn with_offset(micros: i64, seconds_east: i32) -> Found<DateTime<FixedOffset>> {
    let offset = FixedOffset::east_opt(seconds_east).ok_or_else(|| Fault::corrupt("an offset"))?;
    Ok(instant(micros)?.with_timezone(&offset))
}

pub(super) fn fingerprint_at(row: &Row<'_>, column: usize) -> Found<Fingerprint> {
    Ok(Fingerprint::from_bytes(row.get(column)?))
}

pub(super) fn external_id_at(row: &Row<'_>, column: usize) -> Found<Option<ExternalId>> {
    Ok(row.get::<_, Option<String>>(column)?.map(ExternalId::from))
}

pub(super) fn key_bytes(key: SyncKey) -> [u8; 16] {
    key.get().to_be_bytes()
}

pub(super) fn key_at(row: &Row<'_>, column: usize) -> Found<SyncKey> {
    let number = u128::from_be_bytes(row.get(column)?);
    format!("{number:032x}").parse().map_err(|_| Fault::corrupt("the key of a link"))
}

/// Text of a value. Only a clear secret has none, and that must never be stored.
pub(super) fn json<T: Serialize>(value: &T) -> Found<String> {
    serde_json::to_string(value).map_err(|_| Fault::invariant("the batch holds a value that must not be stored"))
}

pub(super) fn optional_json<T: Serialize>(value: Option<&T>) -> Found<Option<String>> {
    value.map(json).transpose()
}

/// A value from its text; the cause stays out, since it may quote the value.
pub(super) fn from_json<T: DeserializeOwned>(text: &str, what: &'static str) -> Found<T> {
    serde_json::from_str(text).map_err(|_| Fault::corrupt(what))
}

pub(super) fn json_at<T: DeserializeOwned>(row: &Row<'_>, column: usize, what: &'static str) -> Found<T> {
    let text = row.get_ref(column)?.as_str().map_err(|_| Fault::corrupt(what))?;
    from_json(text, what)
}

pub(super) fn optional_json_at<T: DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
    what: &'static str,
) -> Found<Option<T>> {
    let text = row.get_ref(column)?.as_str_or_null().map_err(|_| Fault::corrupt(what))?;
    text.map(|text| from_json(text, what)).transpose()
}

/// Gives a type its numbers in the store; they never change.
macro_rules! codes {
    ($type:ident, $code:ident, $from:ident, $what:literal, { $($variant:ident = $number:literal),* $(,)? }) => {
        pub(super) const fn $code(value: $type) -> i64 {
            match value { $($type::$variant => $number),* }
        }

        pub(super) fn $from(code: i64) -> Found<$type> {
            match code {
                $($number => Ok($type::$variant),)*
                _ => Err(Fault::corrupt($what)),
            }
        }
    };
}

codes!(LinkState, link_state_code, link_state, "the state of a link", { Pending = 0, Live = 1, Held = 2, Dead = 3 });
codes!(Ownership, ownership_code, ownership, "the ownership of a link", { Owned = 0, Adopted = 1 });
codes!(EventState, event_state_code, event_state, "the state of an event", {
    Ready = 0,
    Sending = 1,
    Delivered = 2,
    Ignored = 3,
    Waiting = 4,
    Held = 5,
    Rejected = 6,
    Doubtful = 7,
});
codes!(EventClass, event_class_code, event_class, "the class of an event", {
    Granted = 0,
    Denied = 1,
    AntiPassback = 2,
    ExitButton = 3,
    DoorState = 4,
    SignIn = 5,
    SignOut = 6,
    Other = 7,
});
codes!(Direction, direction_code, direction, "the direction of an event", { Unknown = 0, In = 1, Out = 2, Both = 3 });

/// No remark is zero.
pub(super) const fn remark_code(remark: Option<Remark>) -> i64 {
    match remark {
        None => 0,
        Some(Remark::Automatic) => 1,
        Some(Remark::Voided) => 2,
        Some(Remark::ByHand) => 3,
        Some(Remark::AfterLeaving) => 4,
    }
}

pub(super) fn remark(code: i64) -> Found<Option<Remark>> {
    match code {
        0 => Ok(None),
        1 => Ok(Some(Remark::Automatic)),
        2 => Ok(Some(Remark::Voided)),
        3 => Ok(Some(Remark::ByHand)),
        4 => Ok(Some(Remark::AfterLeaving)),
        _ => Err(Fault::corrupt("the remark of an event")),
    }
}

pub(super) const fn side_code(side: Side) -> i64 {
    match side {
        Side::Primary => 0,
        Side::Secondary => 1,
    }
}
