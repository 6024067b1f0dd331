//! Reads bodies and parameters.

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::problem::Problem;
use crate::host::Call;

/// Most items in one call.
const MOST_ITEMS: usize = 500;

/// Largest page.
const LARGEST_PAGE: usize = 500;

/// Items on a page if the caller asks for no number.
const PAGE: usize = 100;

/// Longest time a caller may wait for something new.
const LONGEST_POLL: i64 = 25;

/// The body as a JSON object.
pub(super) fn body(call: &Call) -> Result<Map<String, Value>, Problem> {
    match call.json() {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(Problem::malformed("The body is no JSON object")),
        Err(_) => Err(Problem::malformed("The body is no JSON")),
    }
}

/// The whole body as a record.
pub(super) fn record<T: DeserializeOwned>(call: &Call) -> Result<T, Problem> {
    let members = body(call)?;
    part(Value::Object(members), "")
}

/// A part of a body as a record.
pub(super) fn part<T: DeserializeOwned>(value: Value, path: &str) -> Result<T, Problem> {
    let field = |error: &serde_json::Error| {
        // Of what is missing, serde names the member between back quotes.
        let text = error.to_string();
        let member = text.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()).unwrap_or_default();
        match (path, member) {
            (path, "") => path.to_owned(),
            ("", member) => member.to_owned(),
            (path, member) => format!("{path}.{member}"),
        }
    };
    serde_json::from_value(value).map_err(|error| Problem::value(field(&error), error.to_string()))
}

/// The items of a batch.
pub(super) fn items<T: DeserializeOwned>(call: &Call) -> Result<Vec<T>, Problem> {
    let mut members = body(call)?;
    let Some(Value::Array(items)) = members.remove("items") else {
        return Err(Problem::value("items", "A list is needed"));
    };
    if items.len() > MOST_ITEMS {
        return Err(Problem::new(422, "too-many-items", "At most 500 items in one call").field("items"));
    }
    items.into_iter().enumerate().map(|(at, item)| part(item, &format!("items[{at}]"))).collect()
}

/// `limit`; `most` is what the switches allow, 0 for all that the contract allows.
pub(super) fn limit(call: &Call, most: u64) -> Result<usize, Problem> {
    let asked = match call.param("limit") {
        None => PAGE,
        Some(text) => {
            let number = text.parse().ok().filter(|number| (1..=LARGEST_PAGE).contains(number));
            number.ok_or_else(|| Problem::value("limit", "A page has 1 to 500 items"))?
        }
    };
    let most = usize::try_from(most).ok().filter(|most| *most > 0).unwrap_or(LARGEST_PAGE);
    Ok(asked.min(most))
}

/// `cursor` as the number behind its prefix.
pub(super) fn cursor(call: &Call, prefix: &str) -> Result<Option<u64>, Problem> {
    let Some(text) = call.param("cursor").filter(|text| !text.is_empty()) else { return Ok(None) };
    let number = text.strip_prefix(prefix).and_then(|number| number.parse().ok());
    number.map(Some).ok_or_else(|| Problem::value("cursor", "This is no cursor of ours"))
}

/// Until when the caller waits for something new.
pub(super) fn wait(call: &Call) -> Result<DateTime<Utc>, Problem> {
    let Some(text) = call.param("wait") else { return Ok(call.arrived) };
    let seconds = text.parse().ok().filter(|seconds| (0..=LONGEST_POLL).contains(seconds));
    let seconds = seconds.ok_or_else(|| Problem::value("wait", "One may wait for 0 to 25 seconds"))?;
    Ok(call.arrived + TimeDelta::seconds(seconds))
}
