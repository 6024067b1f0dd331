//! What a caller asks for beside the path: preferences, query options, pages.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use serde_json::{Map, Value, json};

use super::error::{Fail, Outcome};
use crate::clock::Zone;
use crate::graph::render::Look;
use crate::graph::switches::Switches;
use crate::graph::world::World;
use crate::graph::zones::{windows_name, zone_of};
use crate::host::{Call, Reply};

/// Longest range of a calendar view, in days.
const LONGEST_RANGE: i64 = 1825 / 5 * 2;

/// The preferences of a call: `outlook.timezone="UTC"` and so on.
pub(super) fn preference(call: &Call, name: &str) -> Option<String> {
    let headers = call.headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    headers.flat_map(|header| header.split(',')).find_map(|one| {
        let (key, value) = one.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// How the caller wants events.
pub(super) fn look(world: &World, call: &Call) -> Outcome<Look> {
    let wanted = preference(call, "outlook.timezone").unwrap_or_else(|| "UTC".to_owned());
    let Some(zone) = zone_of(&wanted) else {
        let message = "A valid TimeZone value must be specified.";
        return Err(if world.switches.bad_zone_html {
            Fail::new(500, "html", message)
        } else {
            Fail::new(400, "TimeZoneNotSupportedException", message)
        });
    };
    let (zone, zone_name) =
        if world.switches.ignore_zone { (world.zone, windows_name(world.zone).to_owned()) } else { (zone, wanted) };
    let immutable = preference(call, "IdType").is_some_and(|kind| kind.eq_ignore_ascii_case("ImmutableId"));
    Ok(Look { zone, zone_name, immutable, select: select(call)? })
}

fn select(call: &Call) -> Outcome<Option<Vec<String>>> {
    let Some(text) = call.param("$select") else { return Ok(None) };
    let keys: Vec<String> = text.split(',').map(|key| key.trim().to_owned()).collect();
    let forbidden = keys.iter().find(|key| ["createdDateTime", "lastModifiedDateTime"].contains(&key.as_str()));
    match forbidden.filter(|_| call.path.to_lowercase().contains("calendarview")) {
        Some(key) => Err(Fail::new(400, "BadRequest", &format!("The property '{key}' can't be selected here."))),
        None => Ok(Some(keys)),
    }
}

/// A number among the query options.
pub(super) fn number(call: &Call, name: &str) -> Outcome<Option<usize>> {
    let text = call.param(name).map(str::trim);
    text.map(|text| text.parse().map_err(|_| Fail::new(400, "BadRequest", &format!("{name} is not a number."))))
        .transpose()
}

/// Begin and end of the range that a calendar view asks for.
pub(super) fn range(call: &Call) -> Outcome<(DateTime<Utc>, DateTime<Utc>)> {
    let moment = |name: &str| {
        let text = call.param(name).ok_or_else(|| Fail::bad(&format!("This request requires {name}.")))?;
        instant(text).ok_or_else(|| Fail::bad(&format!("The value '{text}' of {name} is not valid.")))
    };
    let (from, to) = (moment("startDateTime")?, moment("endDateTime")?);
    if to < from {
        return Err(Fail::bad("The end of the range is before its begin."));
    }
    if (to - from).num_days() > LONGEST_RANGE {
        return Err(Fail::new(400, "ErrorCalendarViewRangeTooBig", "The range of the view is too big."));
    }
    Ok((from, to))
}

/// An ISO 8601 time; without an offset it is UTC.
pub(super) fn instant(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    let local = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(|day| day.and_time(NaiveTime::MIN)))?;
    Some(Zone::named("Etc/UTC")?.instant(local))
}

/// One page out of a list.
#[derive(Debug)]
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    /// Where the next one begins, if there is one.
    pub(super) next: Option<usize>,
}

/// Cuts a page of events out of all that were found, with what the switches do to it.
pub(super) fn page<T: Clone>(all: &[T], call: &Call, switches: &Switches) -> Outcome<Page<T>> {
    let top = number(call, "$top")?.unwrap_or(switches.page).clamp(1, switches.largest_page.max(1));
    let skip = number(call, "$skip")?.unwrap_or(0);
    if switches.empty_page_first && call.param("$skip").is_none() && !all.is_empty() {
        return Ok(Page { items: Vec::new(), next: Some(0) });
    }
    let again = usize::from(switches.duplicates_at_border && skip > 0);
    let items: Vec<T> = all.iter().skip(skip - again).take(top + again).cloned().collect();
    let next = (skip + top < all.len()).then(|| if switches.next_link_loops { skip } else { skip + top });
    Ok(Page { items, next: next.filter(|_| !switches.events_without_next_link) })
}

/// The same call with some query options changed; values are encoded as Graph does.
pub(super) fn link(world: &World, call: &Call, changes: &[(&str, String)]) -> String {
    let kept =
        call.query.iter().filter(|(key, _)| !changes.iter().any(|(changed, _)| key.eq_ignore_ascii_case(changed)));
    let kept = kept.map(|(key, value)| (key.as_str(), value.as_str()));
    let all = kept.chain(changes.iter().map(|(key, value)| (*key, value.as_str())));
    let query: Vec<String> = all.map(|(key, value)| format!("{}={}", encoded(key), encoded(value))).collect();
    let host = &world.switches.next_link_host;
    let host = if host.is_empty() { &world.url } else { host };
    format!("{host}{}?{}", call.path, query.join("&"))
}

fn encoded(text: &str) -> String {
    // Small hex letters, as the service writes them.
    let text: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        out.push('%');
        let (escape, tail) = after.split_at_checked(2).unwrap_or((after, ""));
        out.push_str(&escape.to_lowercase());
        rest = tail;
    }
    out.push_str(rest);
    out
}

/// A list in the form of `OData`.
pub(super) fn list(world: &World, call: &Call, what: &str, items: Vec<Value>, next: Option<String>) -> Reply {
    let mut body = Map::new();
    body.insert("@odata.context".to_owned(), json!(format!("{}/v1.0/$metadata#{what}", world.url)));
    if let Some(next) = next {
        body.insert("@odata.nextLink".to_owned(), json!(next));
    }
    body.insert("value".to_owned(), Value::Array(items));
    applied(Reply::json(200, &Value::Object(body)), call)
}

/// Names the preferences that were honoured.
pub(super) fn applied(reply: Reply, call: &Call) -> Reply {
    let known = ["outlook.timezone", "IdType", "odata.maxpagesize"];
    let named: Vec<String> =
        known.iter().filter_map(|name| Some(format!("{name}=\"{}\"", preference(call, name)?))).collect();
    if named.is_empty() { reply } else { reply.header("Preference-Applied", &named.join(", ")) }
}
