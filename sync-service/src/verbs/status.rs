//! `status`: how things stand.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sync_core::journal::LinkState;
use sync_core::reconcile::SyncLink;

use crate::desk::Part;
use crate::report::plain_table;
use crate::{Answer, Desk, Exit, Failure, Interval, approvals, cycle, service};

pub(crate) async fn status(desk: &Desk) -> Result<Answer, Failure> {
    let (mut links, mut events) = (Vec::new(), Vec::new());
    for link in &desk.installation().links {
        links.push(of_link(desk, &**link).await?);
    }
    for link in &desk.installation().events {
        events.push(of_events(desk, link).await?);
    }
    let approved = approvals::stored(desk).await?;
    let json = json!({
        "command": "status",
        "service": service::beat(desk).await?,
        "data": desk.setup().data(),
        "logs": desk.setup().logs,
        "decisions": desk.setup().decisions(),
        "links": links,
        "events": events,
        "approvals_waiting": approved,
    });
    Ok(Answer::new(text(&json), json).ending(Exit::Done))
}

async fn of_link(desk: &Desk, link: &dyn SyncLink) -> Result<Value, Failure> {
    let pair = link.pair();
    let counts: BTreeMap<LinkState, u64> = desk.journal().link_counts(pair).await?;
    let count = |state| counts.get(&state).copied().unwrap_or_default();
    let run = desk.journal().document(cycle::RUN, &pair.to_string()).await?.unwrap_or_default();
    let report = run.get("report").cloned().unwrap_or_default();
    let interval = Part::of(link).interval(desk.setup().schedule);
    Ok(json!({
        "link": pair.to_string(),
        "entity": pair.entity.as_str(),
        "direction": format!("{} → {}", pair.primary, pair.secondary),
        "linked": count(LinkState::Live),
        "held_links": count(LinkState::Held),
        "open_writes": desk.journal().open_intents(pair).await?.len(),
        "last_run": run["at"],
        "last_good": run["last_good"],
        "late": is_late(desk, &run, interval),
        "interval": interval.to_string(),
        "next_run": service::next_of(desk, &service::part_name(Part::of(link))).await?,
        "held": report["held"],
        "left": report["second_plan_actions"],
        "needs_approval": report["needs_approval"],
        "guards": report["guards"],
        "error": report["error"],
        "remedy": report["remedy"],
    }))
}

async fn of_events(desk: &Desk, link: &sync_core::events::EventLink) -> Result<Value, Failure> {
    let key = cycle::events_key(link);
    let run = desk.journal().document(cycle::RUN, &key).await?.unwrap_or_default();
    let report = run.get("report").cloned().unwrap_or_default();
    let ledger = match report["source"].as_str() {
        Some(source) => {
            let counts = desk.journal().event_counts(&source.into()).await?;
            counts.into_iter().map(|(state, count)| (state.as_str().to_owned(), json!(count))).collect()
        }
        None => serde_json::Map::new(),
    };
    let failure = |stage: &str| report.get(stage).and_then(|stage| stage.get("failure")).cloned().unwrap_or_default();
    let failures: Vec<Value> = ["intake", "delivery"].map(failure).into_iter().filter(|found| !found.is_null()).collect();
    let interval = desk.setup().schedule.events;
    Ok(json!({
        "link": link.name(),
        "ledger": ledger,
        "last_run": run["at"],
        "last_good": run["last_good"],
        "late": is_late(desk, &run, interval),
        "interval": interval.to_string(),
        "next_run": service::next_of(desk, &key).await?,
        "failures": failures,
    }))
}

/// No good run for three intervals.
fn is_late(desk: &Desk, run: &Value, interval: Interval) -> bool {
    let Some(distance) = interval.get().and_then(|distance| chrono::Duration::from_std(distance * 3).ok()) else {
        return false;
    };
    let last: Option<DateTime<Utc>> = run["last_good"].as_str().and_then(|text| text.parse().ok());
    last.is_some_and(|last| desk.clock().now() - last > distance)
}

fn text(json: &Value) -> String {
    let mut text = String::new();
    let beat = &json["service"];
    let _ = match beat["since"].as_str() {
        Some(since) if beat["running"] == true => writeln!(text, "The service runs since {}.", short(since)),
        _ => writeln!(text, "The service does not run."),
    };
    let mut table = plain_table(&["link", "linked", "held", "open", "left", "last run", "last good", "next run"]);
    for link in rows(&json["links"]) {
        let held = link["held"].as_array().map_or(0, Vec::len);
        table.add_row([
            format!("{} {}", plain(&link["entity"]), plain(&link["direction"])),
            plain(&link["linked"]),
            held.to_string(),
            plain(&link["open_writes"]),
            plain(&link["left"]),
            short(&plain(&link["last_run"])),
            short(&plain(&link["last_good"])),
            next(link),
        ]);
    }
    for link in rows(&json["events"]) {
        let waiting = link["ledger"].get("waiting").map_or_else(String::new, |n| format!("{} waiting", plain(n)));
        table.add_row([
            format!("events {}", plain(&link["link"])),
            String::new(),
            waiting,
            String::new(),
            String::new(),
            short(&plain(&link["last_run"])),
            short(&plain(&link["last_good"])),
            next(link),
        ]);
    }
    let _ = writeln!(text, "{table}");
    for link in rows(&json["links"]) {
        tell_link(&mut text, link);
    }
    for link in rows(&json["events"]) {
        tell_events(&mut text, link);
    }
    for hash in rows(&json["approvals_waiting"]) {
        let _ = writeln!(text, "Approved, not yet carried out: plan {}", plain(hash).get(..12).unwrap_or_default());
    }
    let _ = writeln!(text, "State: {}", plain(&json["data"]));
    let _ = writeln!(text, "Log:   {}", plain(&json["logs"]));
    text
}

fn tell_link(text: &mut String, link: &Value) {
    let name = format!("{} {}", plain(&link["entity"]), plain(&link["direction"]));
    if link["late"] == true {
        let _ = writeln!(text, "{name}: no good run for three intervals");
    }
    if let Some(error) = link["error"].as_str() {
        let _ = writeln!(text, "{name}: {error}. {}", link["remedy"].as_str().unwrap_or_default());
    }
    if link["needs_approval"] == true {
        let _ = writeln!(text, "{name}: something waits for approval; `plan` shows it");
    }
    for guard in rows(&link["guards"]) {
        let _ = writeln!(text, "{name}: guard {}: {}; {}", plain(&guard["guard"]), plain(&guard["saw"]), plain(&guard["stopped"]));
    }
    for note in rows(&link["held"]).iter().take(20) {
        let _ = writeln!(text, "{name}: held {} ({}): {}", note["title"], plain(&note["record"]), plain(&note["why"]));
    }
}

fn tell_events(text: &mut String, link: &Value) {
    let name = plain(&link["link"]);
    if let Some(ledger) = link["ledger"].as_object().filter(|ledger| !ledger.is_empty()) {
        let counts: Vec<String> = ledger.iter().map(|(state, count)| format!("{count} {state}")).collect();
        let _ = writeln!(text, "{name}: {}", counts.join(", "));
    }
    if link["late"] == true {
        let _ = writeln!(text, "{name}: no good run for three intervals");
    }
    for failure in rows(&link["failures"]) {
        let remedy = failure["remedy"].as_str().unwrap_or_default();
        let _ = writeln!(text, "{name}: {}. {remedy}", plain(&failure["message"]));
    }
}

fn next(link: &Value) -> String {
    if link["interval"] == "off" { "off".to_owned() } else { short(&plain(&link["next_run"])) }
}

fn rows(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// An instant without fractions and letters.
fn short(instant: &str) -> String {
    instant.get(..19).map_or_else(|| instant.to_owned(), |text| text.replace('T', " "))
}
