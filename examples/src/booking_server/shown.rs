//! What `status` tells: each feed or room, each problem, who has doors open.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::{Map, Value, json};
use sync_service::{Failure, Standing};

use super::Parts;

/// Problems that people are shown; the JSON has them all.
const NAMED: usize = 20;

pub(super) async fn standing(parts: &Parts, zone: Tz) -> Result<Standing, Failure> {
    let now = parts.clock.now();
    let mut statuses = Vec::new();
    for source in &parts.sources {
        statuses.extend(source.standings(now, zone).await?);
    }
    let problems = parts.access.problems(now)?;
    let grants = parts.access.grants();
    let inside = grants.listed(now).filter(|holder| !grants.doors(holder, now).is_empty()).count();
    let soon = grants.next_boundary(now);
    let (mut lines, sources): (Vec<String>, Vec<Value>) =
        statuses.into_iter().map(|status| (status.line, status.json)).unzip();
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
    json.insert("feeds".to_owned(), Value::Array(sources));
    json.insert("problems".to_owned(), serde_json::to_value(&problems)?);
    json.insert("open_now".to_owned(), json!(inside));
    json.insert("next_boundary".to_owned(), soon.map_or(Value::Null, |at| json!(at)));
    Ok(Standing { lines, json })
}

pub(super) fn local(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S").to_string()
}
