//! Lists that are followed by position: events by number, changes and deletions by cursor.

use serde_json::{Map, Value};

use super::front::Poll;
use super::paging::{Envelope, envelope, limit, linked, skipped};
use super::problem::Problem;
use super::profile::{Profile, Style, put};
use super::site::Site;
use crate::host::{Call, Reply};

/// What `?after` says; nothing is the beginning.
pub(crate) fn position(profile: &Profile, call: &Call) -> Result<Option<u64>, Problem> {
    let text = profile.asked(call, "after").filter(|text| !text.is_empty());
    text.map(|text| text.parse().map_err(|_| Problem::validation("after", "This is no number"))).transpose()
}

/// The page of a list that is followed by a rising number; an empty one may wait.
///
/// `newest` is the highest number given so far.
pub(crate) fn followed<'a, S: Site, T: 'a>(
    site: &S,
    call: &Call,
    poll: Poll,
    newest: u64,
    wanted: impl Iterator<Item = &'a T> + Clone,
    number: impl Fn(&T) -> u64,
    show: impl Fn(&T) -> Value,
) -> Result<Reply, Problem> {
    let (paging, common) = (&site.front().profile.paging, site.common());
    let most = limit(paging, &common, call)?;
    let total = (!paging.total.is_empty()).then(|| wanted.clone().count());
    let mut rest = wanted.skip(skipped(paging, call, most)?);
    let found: Vec<&T> = rest.by_ref().take(most).collect();
    let more = rest.next().is_some();
    if found.is_empty()
        && let Some(later) = poll.later(site.clock_now())
    {
        return Ok(later);
    }
    // What was looked through: up to the last item, or everything.
    let last = found.last().filter(|_| more).map_or(newest, |one| number(one));
    let next = (more && paging.style == Style::Link).then(|| followed_by(site, call, last));
    let items = found.into_iter().map(show).collect();
    Ok(Reply::json(200, &envelope(paging, Envelope { items, next, total, as_of: None, last: Some(last.into()) })))
}

fn followed_by<S: Site>(site: &S, call: &Call, last: u64) -> String {
    linked(&site.common(), call, site.front().profile.parameter("after"), &last.to_string(), true)
}

/// A list whose `next` is a cursor and no link.
pub(crate) fn by_cursor<S: Site>(site: &S, kind: &str, items: Vec<Value>, next: String, reset: bool) -> Reply {
    let (profile, time) = (&site.front().profile, site.time_form());
    let items: Vec<Value> = items.into_iter().map(|item| profile.show(kind, item, &time)).collect();
    let mut body = Value::Object(Map::new());
    let place = |wanted: &'static str, own: &str| if own.is_empty() { wanted.to_owned() } else { own.to_owned() };
    put(&mut body, &place("/items", &profile.paging.items), items.into());
    put(&mut body, &place("/next", &profile.paging.next_cursor), next.into());
    if !profile.paging.reset.is_empty() {
        put(&mut body, &profile.paging.reset, reset.into());
    }
    Reply::json(200, &body)
}
