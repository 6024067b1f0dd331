//! One reader, one body: time, memory, and what was found.

use std::path::Path;

use anyhow::{Context as _, bail};
use calcard::icalendar::ICalendarProperty;
use calcard::{Entry, Parser};
use icalendar::{CalendarComponent, Component as _, EventLike as _};
use serde_json::{Value, json};

use super::bodies::{options, window};
use crate::measure::once;

/// Reads the body in `file` by the reader called `reader`.
pub(super) fn measure(reader: &str, file: &Path) -> anyhow::Result<Value> {
    let body = std::fs::read_to_string(file)?;
    let megabytes = size_megabytes(body.len());
    let mut measured = match reader {
        "ours" => ours(&body),
        "calcard" => calcard(&body, true),
        "calcard-parse" => calcard(&body, false),
        "icalendar" => icalendar(&body),
        other => bail!("no reader is called {other}"),
    }
    .with_context(|| format!("{reader} read {}", file.display()))?;
    if let Value::Object(fields) = &mut measured {
        fields.insert("body_mb".to_owned(), json!(megabytes));
        if let Some(above) = fields.get("above_mb").and_then(Value::as_f64) {
            fields.insert("bodies".to_owned(), json!(above / megabytes));
        }
    }
    Ok(measured)
}

#[expect(clippy::cast_precision_loss, reason = "a size to be shown")]
fn size_megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1024.0 / 1024.0
}

fn ours(body: &str) -> anyhow::Result<Value> {
    let options = options();
    once(
        || ical_bookings::read(body.as_bytes(), &options),
        |snapshot| {
            let Ok(snapshot) = snapshot else { bail!("refused") };
            if !snapshot.complete {
                bail!("not complete");
            }
            let moved =
                snapshot.bookings.iter().filter(|one| one.instance.is_some_and(|instance| instance != one.start));
            Ok(json!({
                "instances": snapshot.bookings.len(),
                "moved": moved.count(),
                "problems": snapshot.problems_total,
            }))
        },
    )
}

/// With or without the times; only the expansion resolves them.
fn calcard(body: &str, times: bool) -> anyhow::Result<Value> {
    let read = || {
        let Entry::ICalendar(calendar) = Parser::new(body).entry() else { return None };
        let zone = calcard::common::timezone::Tz::Tz(chrono_tz::Europe::Amsterdam);
        let expanded = times.then(|| calendar.expand_dates(zone, usize::MAX));
        Some((calendar, expanded))
    };
    once(read, |read| {
        let Some((calendar, expanded)) = read else { bail!("no calendar") };
        let Some(expanded) = expanded else { return Ok(json!({ "components": calendar.components.len() })) };
        let window = window();
        let inside = |at: i64| (window.from.timestamp()..window.to.timestamp()).contains(&at);
        let moved = expanded.events.iter().filter(|event| {
            let component = calendar.components.get(event.comp_id as usize);
            component.is_some_and(|component| component.has_property(&ICalendarProperty::RecurrenceId))
        });
        Ok(json!({
            "instances": expanded.events.iter().filter(|event| inside(event.start.timestamp())).count(),
            "moved": moved.count(),
            "problems": expanded.errors.len(),
        }))
    })
}

/// It leaves zones that are defined in the feed, and the places of moved instances, to its caller.
fn icalendar(body: &str) -> anyhow::Result<Value> {
    let read = || -> Result<_, String> {
        let calendar: icalendar::Calendar = body.parse()?;
        let mut starts = Vec::new();
        let mut moved = 0;
        for component in &calendar.components {
            let CalendarComponent::Event(event) = component else { continue };
            if event.property_value("RRULE").is_some() {
                let rule = event.get_recurrence().map_err(|error| error.to_string())?;
                starts.extend(rule.all(u16::MAX).dates.into_iter().map(|at| at.timestamp()));
            } else if event.property_value("RECURRENCE-ID").is_some() {
                moved += 1;
            } else {
                starts.extend(event.get_start().map(|_| 0));
            }
        }
        Ok((calendar, starts, moved))
    };
    once(read, |read| {
        let (_, starts, moved) = read.as_ref().map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(json!({ "instances": starts.len(), "moved": moved }))
    })
}
