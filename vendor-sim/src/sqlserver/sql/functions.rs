//! Functions that T-SQL has and SQLite has not.

use std::cmp::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{Datelike, Duration, Months, NaiveDateTime, Timelike};
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Result};

use super::convert::{assign, cast};
use super::types::SqlType;
use crate::sqlserver::errors::SqlError;
use crate::sqlserver::session::facts::Facts;
use crate::sqlserver::wire::moment;
use crate::sqlserver::wire::values::unit_count;

/// The order of texts: case and trailing spaces do not matter.
pub(crate) const COLLATION: &str = "tsql";

type Shared = Arc<Mutex<Facts>>;
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Gives a connection the functions; they ask the session's facts.
pub(crate) fn register(connection: &Connection, facts: &Shared) -> Result<()> {
    connection.create_collation(COLLATION, compare)?;
    let pure = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    let asking = FunctionFlags::SQLITE_UTF8;
    connection.create_scalar_function("tsql_assign", 3, pure, |context| {
        let kind = kind_of(context)?;
        assign(value(context, 0)?, kind, &context.get::<String>(2)?).map_err(raise)
    })?;
    connection.create_scalar_function("tsql_cast", 3, pure, |context| {
        let kind = kind_of(context)?;
        let tolerant = context.get::<bool>(2)?;
        match cast(value(context, 0)?, kind) {
            Err(_) if tolerant => Ok(Value::Null),
            other => other.map_err(raise),
        }
    })?;
    connection.create_scalar_function("tsql_len", 1, pure, |context| {
        Ok(text(context, 0)?.map(|text| length(text.trim_end_matches(' '))))
    })?;
    connection.create_scalar_function("tsql_datalength", 1, pure, |context| {
        Ok(match context.get_raw(0) {
            ValueRef::Null => None,
            ValueRef::Blob(bytes) => i64::try_from(bytes.len()).ok(),
            ValueRef::Text(bytes) => Some(2 * length(&String::from_utf8_lossy(bytes))),
            _ => Some(4),
        })
    })?;
    connection
        .create_scalar_function("upper", 1, pure, |context| Ok(text(context, 0)?.map(|text| text.to_uppercase())))?;
    connection
        .create_scalar_function("lower", 1, pure, |context| Ok(text(context, 0)?.map(|text| text.to_lowercase())))?;
    connection.create_scalar_function("tsql_charindex", 2, pure, |context| {
        let (Some(part), Some(whole)) = (text(context, 0)?, text(context, 1)?) else { return Ok(None) };
        let found = whole.to_lowercase().find(&part.to_lowercase());
        Ok(Some(found.map_or(0, |at| length(whole.get(..at).unwrap_or_default()) + 1)))
    })?;
    connection.create_scalar_function("tsql_dateadd", 3, pure, |context| {
        let (Some(part), Some(moment)) = (text(context, 0)?, text(context, 2)?) else { return Ok(None) };
        let count: Option<i64> = context.get(1)?;
        Ok(count.and_then(|count| date_add(&part, count, moment::parse(&moment)?)))
    })?;
    connection.create_scalar_function("tsql_datediff", 3, pure, |context| {
        let (Some(part), Some(from), Some(to)) = (text(context, 0)?, text(context, 1)?, text(context, 2)?) else {
            return Ok(None);
        };
        Ok(moment::parse(&from).zip(moment::parse(&to)).and_then(|(from, to)| date_diff(&part, from, to)))
    })?;
    for (name, arguments) in [("tsql_now", 1), ("tsql_global", 1), ("tsql_identity", 1)] {
        let facts = Arc::clone(facts);
        connection.create_scalar_function(name, arguments, asking, move |context| {
            let asked: String = context.get(0)?;
            let mut facts = facts.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(match name {
                "tsql_now" => facts.now_text(&asked).map_or(Value::Null, Value::Text),
                "tsql_global" => facts.global(&asked),
                _ => Value::Integer(facts.next_identity(&asked)),
            })
        })?;
    }
    let facts = Arc::clone(facts);
    connection.create_scalar_function("tsql_fact", -1, asking, move |context| {
        let arguments = (0..context.len()).map(|index| text(context, index)).collect::<Result<Vec<_>>>()?;
        let (name, rest) = arguments.split_first().map(|(name, rest)| (name.clone(), rest)).unwrap_or_default();
        Ok(facts.lock().unwrap_or_else(PoisonError::into_inner).fact(&name.unwrap_or_default(), rest))
    })
}

/// The order of texts.
pub(crate) fn compare(one: &str, other: &str) -> Ordering {
    let folded = |text: &str| text.trim_end_matches(' ').chars().flat_map(char::to_lowercase).collect::<String>();
    if one == other { Ordering::Equal } else { folded(one).cmp(&folded(other)) }
}

/// The type in the second argument, read once for a statement.
fn kind_of(context: &Context<'_>) -> Result<SqlType> {
    let kind = context.get_or_create_aux(1, |argument: ValueRef<'_>| -> std::result::Result<SqlType, BoxError> {
        let text = argument.as_str()?;
        let unknown = || SqlError::new(243, format!("Type {text} is not a defined system type.")).raised().into();
        SqlType::parse(text).ok_or_else(unknown)
    })?;
    Ok(*kind)
}

fn value(context: &Context<'_>, index: usize) -> Result<Value> {
    context.get(index)
}

/// An argument as text, whatever it is.
fn text(context: &Context<'_>, index: usize) -> Result<Option<String>> {
    Ok(match context.get::<Value>(index)? {
        Value::Null | Value::Blob(_) => None,
        Value::Text(text) => Some(text),
        Value::Integer(number) => Some(number.to_string()),
        Value::Real(number) => Some(number.to_string()),
    })
}

#[expect(clippy::needless_pass_by_value, reason = "stands at the end of chains of results")]
fn raise(error: SqlError) -> rusqlite::Error {
    rusqlite::Error::UserFunctionError(error.raised().into())
}

fn length(text: &str) -> i64 {
    i64::try_from(unit_count(text)).unwrap_or(i64::MAX)
}

fn date_add(part: &str, count: i64, moment: NaiveDateTime) -> Option<String> {
    let months = |count: i64| {
        let by = Months::new(u32::try_from(count.unsigned_abs()).ok()?);
        if count < 0 { moment.checked_sub_months(by) } else { moment.checked_add_months(by) }
    };
    let added = match part.to_lowercase().as_str() {
        "year" | "yy" | "yyyy" => months(count.checked_mul(12)?),
        "month" | "mm" | "m" => months(count),
        "week" | "wk" | "ww" => moment.checked_add_signed(Duration::try_weeks(count)?),
        "day" | "dd" | "d" => moment.checked_add_signed(Duration::try_days(count)?),
        "hour" | "hh" => moment.checked_add_signed(Duration::try_hours(count)?),
        "minute" | "mi" | "n" => moment.checked_add_signed(Duration::try_minutes(count)?),
        "second" | "ss" | "s" => moment.checked_add_signed(Duration::try_seconds(count)?),
        "millisecond" | "ms" => moment.checked_add_signed(Duration::try_milliseconds(count)?),
        _ => None,
    }?;
    moment::stored(added, SqlType::DateTime2(7))
}

/// How many borders of the part lie between.
fn date_diff(part: &str, from: NaiveDateTime, to: NaiveDateTime) -> Option<i64> {
    let days = (to.date() - from.date()).num_days();
    let months = i64::from(to.year() - from.year()) * 12 + i64::from(to.month()) - i64::from(from.month());
    let seconds = |moment: NaiveDateTime| i64::from(moment.num_seconds_from_midnight());
    Some(match part.to_lowercase().as_str() {
        "year" | "yy" | "yyyy" => i64::from(to.year() - from.year()),
        "month" | "mm" | "m" => months,
        "day" | "dd" | "d" => days,
        "hour" | "hh" => days * 24 + seconds(to) / 3600 - seconds(from) / 3600,
        "minute" | "mi" | "n" => days * 1440 + seconds(to) / 60 - seconds(from) / 60,
        "second" | "ss" | "s" => days * 86_400 + seconds(to) - seconds(from),
        "millisecond" | "ms" => (to - from).num_milliseconds(),
        _ => return None,
    })
}
