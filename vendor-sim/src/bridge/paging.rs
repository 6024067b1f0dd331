//! Pages.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::problem::Problem;
use super::profile::{Paging, Style, put};
use super::switches::Common;
use crate::host::Call;

/// Items on a page when the caller does not say.
const USUAL: usize = 100;
/// Most items on a page.
const MOST: usize = 500;

/// The place of an item in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    /// What the list is ordered by before the id; 0 if nothing.
    pub(crate) at: i64,
    pub(crate) id: u64,
}

impl Mark {
    pub(crate) fn id(id: impl Into<u64>) -> Self {
        Self { at: 0, id: id.into() }
    }
}

/// One page of a list.
#[derive(Debug)]
pub(crate) struct Cut<T> {
    pub(crate) items: Vec<T>,
    /// Link to the page after it.
    pub(crate) next: Option<String>,
    pub(crate) total: usize,
}

/// How many items the caller gets at most.
pub(crate) fn limit(paging: &Paging, common: &Common, call: &Call) -> Result<usize, Problem> {
    if paging.style == Style::None {
        return Ok(usize::MAX);
    }
    let asked = match call.param(&paging.limit_param) {
        None => USUAL,
        Some(text) => text
            .parse()
            .ok()
            .filter(|number| (1..=MOST).contains(number))
            .ok_or_else(|| Problem::validation(&paging.limit_param, format!("A page has 1 to {MOST} items")))?,
    };
    let capped = usize::try_from(common.page_size).ok().filter(|cap| *cap > 0);
    Ok(capped.map_or(asked, |cap| asked.min(cap)))
}

/// Cuts the page that a call asks for out of a list in order.
pub(crate) fn cut<T>(
    paging: &Paging,
    common: &Common,
    call: &Call,
    prefix: &str,
    found: Vec<(Mark, T)>,
) -> Result<Cut<T>, Problem> {
    let limit = limit(paging, common, call)?;
    let total = found.len();
    let start = start(paging, call, prefix, limit, &found)?;
    let end = start.saturating_add(limit).min(total);
    let last = end.checked_sub(1).and_then(|at| found.get(at)).map(|(mark, _)| *mark);
    let link = last.filter(|_| paging.style == Style::Link && end < total);
    let next = link.map(|last| {
        let token = token(prefix, last);
        linked(common, call, &paging.page_param, &token, false)
    });
    let items = found.into_iter().skip(start).take(end.saturating_sub(start)).map(|(_, item)| item).collect();
    Ok(Cut { items, next, total })
}

/// How many items of a list that is followed by position stand before the page.
pub(crate) fn skipped(paging: &Paging, call: &Call, limit: usize) -> Result<usize, Problem> {
    match paging.style {
        Style::Page | Style::Offset => start::<()>(paging, call, "", limit, &[]),
        _ => Ok(0),
    }
}

/// Where the page begins.
fn start<T>(paging: &Paging, call: &Call, prefix: &str, limit: usize, found: &[(Mark, T)]) -> Result<usize, Problem> {
    let number = |name: &str| match call.param(name) {
        None => Ok(None),
        Some(text) => text.parse::<usize>().map(Some).map_err(|_| Problem::validation(name, "This is no number")),
    };
    Ok(match paging.style {
        Style::None => 0,
        Style::Offset => number(&paging.offset_param)?.unwrap_or(0),
        Style::Page => {
            let page = number(&paging.page_param)?.unwrap_or(paging.first_page);
            let wrong = || Problem::validation(&paging.page_param, format!("Pages begin with {}", paging.first_page));
            page.checked_sub(paging.first_page).ok_or_else(wrong)?.saturating_mul(limit)
        }
        Style::Link => match call.param(&paging.page_param) {
            None => 0,
            Some(text) => {
                let mark =
                    mark(prefix, text).ok_or_else(|| Problem::validation(&paging.page_param, "This is no page"))?;
                found.partition_point(|(known, _)| *known <= mark)
            }
        },
        Style::AfterId => match call.param(&paging.after_param).filter(|text| !text.is_empty()) {
            None => 0,
            Some(text) => {
                let id = super::id_of(prefix, text).map(u64::from);
                let id = id.ok_or_else(|| Problem::validation(&paging.after_param, "This is no id"))?;
                let here = found.iter().position(|(mark, _)| mark.id == id);
                here.map_or_else(|| found.partition_point(|(mark, _)| mark.id <= id), |at| at + 1)
            }
        },
    })
}

fn token(prefix: &str, mark: Mark) -> String {
    let id = format!("{prefix}{}", mark.id);
    let value = if mark.at == 0 { json!({ "id": id }) } else { json!({ "id": id, "at": mark.at }) };
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn mark(prefix: &str, token: &str) -> Option<Mark> {
    let value: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    let id = super::id_of(prefix, value.get("id")?.as_str()?)?;
    Some(Mark { at: value.get("at").and_then(Value::as_i64).unwrap_or(0), id: id.into() })
}

/// The call's own link with another value of one parameter.
pub(crate) fn linked(common: &Common, call: &Call, name: &str, value: &str, position: bool) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let waits = |key: &str| key.eq_ignore_ascii_case("wait");
    let kept =
        call.query.iter().filter(|(key, _)| !waits(key) && (common.stuck_links || !key.eq_ignore_ascii_case(name)));
    let known: Vec<&(String, String)> = kept.collect();
    // A position stands where it stood; a page comes last.
    let in_place = !common.stuck_links && position;
    if in_place {
        query.append_pair(name, value);
    }
    query.extend_pairs(known);
    if !in_place && !common.stuck_links {
        query.append_pair(name, value);
    }
    format!("{}{}?{}", common.link_prefix, call.path, query.finish())
}

/// What stands around the items.
#[derive(Debug, Default)]
pub(crate) struct Envelope {
    pub(crate) items: Vec<Value>,
    pub(crate) next: Option<String>,
    pub(crate) total: Option<usize>,
    pub(crate) as_of: Option<Value>,
    pub(crate) last: Option<Value>,
}

/// The answer to a list.
pub(crate) fn envelope(paging: &Paging, parts: Envelope) -> Value {
    if paging.items.is_empty() {
        return Value::Array(parts.items);
    }
    let mut answer = Value::Object(Map::new());
    put(&mut answer, &paging.items, Value::Array(parts.items));
    let rest = [
        (&paging.next, parts.next.map(Value::from)),
        (&paging.total, parts.total.map(Value::from)),
        (&paging.as_of, parts.as_of),
        (&paging.last, parts.last),
    ];
    for (place, value) in rest {
        if let Some(value) = value.filter(|_| !place.is_empty()) {
            put(&mut answer, place, value);
        }
    }
    answer
}
