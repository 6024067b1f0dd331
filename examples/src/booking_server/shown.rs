//! What `status` tells: each feed, each problem, who has doors open.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use ical_bookings::http::FeedStatus;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use sync_service::{Failure, Standing};

use super::Parts;

/// Problems that people are shown; the JSON has them all.
const NAMED: usize = 20;

pub(super) async fn standing(parts: &Parts, zone: Tz) -> Result<Standing, Failure> {
    let now = parts.clock.now();
    let mut statuses = Vec::new();
    for feed in &parts.feeds {
        statuses.extend(feed.statuses(now).await?);
    }
    let problems = parts.access.problems(now)?;
    let grants = parts.access.grants();
    let inside = grants.listed(now).filter(|holder| !grants.doors(holder, now).is_empty()).count();
    let soon = grants.next_boundary(now);
    let mut lines: Vec<String> = statuses.iter().map(|status| feed_line(status, zone)).collect();
    let next = soon.map_or("none".to_owned(), |at| local(at, zone));
    lines.push(format!("{inside} bookers have doors open now; the next begin or end: {next}"));
    for problem in problems.iter().take(NAMED) {
        let since = local(problem.since, zone);
        lines.push(format!(
            "Look at {} {}: {} (since {since}). {}",
            problem.area, problem.subject, problem.words, problem.remedy
        ));
    }
    if problems.len() > NAMED {
        lines.push(format!("and {} more; `status --json` names them all", problems.len() - NAMED));
    }
    let unreached = parts.access.unreached(now)?;
    for person in unreached.iter().take(NAMED) {
        lines.push(format!("No letter reaches {}: {}. Tell them by other means", person.person, person.why));
    }
    let mut json = Map::new();
    json.insert("unreached".to_owned(), serde_json::to_value(&unreached)?);
    json.insert("feeds".to_owned(), serde_json::to_value(&statuses)?);
    json.insert("problems".to_owned(), serde_json::to_value(&problems)?);
    json.insert("open_now".to_owned(), json!(inside));
    json.insert("next_boundary".to_owned(), soon.map_or(Value::Null, |at| json!(at)));
    Ok(Standing { lines, json })
}

fn feed_line(status: &FeedStatus, zone: Tz) -> String {
    let time = |at: Option<DateTime<Utc>>| at.map_or("never".to_owned(), |at| local(at, zone));
    let mut line = format!(
        "feed {} ({}): {}; last try {}, last good {}, next try {}; {} bookings, {} problems",
        status.name,
        status.link,
        status.detail,
        time(status.last_try),
        time(status.last_good),
        time(status.next_try),
        status.bookings,
        status.problems
    );
    if let Some(hold) = &status.hold {
        let missing = format!("; {} of {} bookings are missing at once and are kept", hold.missing, hold.of);
        line.push_str(&missing);
        if hold.needs_confirmation {
            let _ = write!(line, ": `confirm {}` if that is right", status.name);
        }
    }
    line
}

fn local(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S").to_string()
}
