//! Putting into the store what follows from a reading.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use rusqlite::Connection;
use sync_core::model::Booking;

use super::decide::{Decision, Step, decide};
use super::people::{keep_people, tidy};
use super::{IntakeReport, Reading, SourceState};
use crate::grants::{Grants, Rules};
use crate::store::{
    self, BookingRow, BookingState, Problem, all_people, bookings_of_source, insert_booking, live_bookings,
    note_history, put_document, replace_problems, update_booking, update_person,
};
use crate::{AccessConfig, AccessError, address_key};

/// How alike a name must be to be offered for one that is not known.
const ALIKE: f64 = 0.75;

/// Takes a reading over, all of it or nothing.
pub(crate) fn apply(
    connection: &Connection,
    mut reading: Reading,
    config: &AccessConfig,
    rules: &Rules,
    now: DateTime<Utc>,
) -> Result<IntakeReport, AccessError> {
    reading.bookings = reading.bookings.into_iter().map(|(key, booking)| (key, tidy(booking, config))).collect();
    let known = bookings_of_source(connection, &reading.source)?;
    let state: SourceState = store::document(connection, "source", &reading.source)?.unwrap_or_default();
    let looked_again = looked_again(reading.as_of, state.as_of, now);
    let decision = decide(&known, &reading, looked_again, rules, now);
    let problems = find_problems(&reading, &decision, rules, now);
    let mut report = IntakeReport {
        source: reading.source.clone(),
        read: reading.bookings.len() as u64,
        problems: problems.len() as u64,
        incomplete: !reading.complete,
        ..IntakeReport::default()
    };
    let mut rows: BTreeMap<i64, BookingRow> = known.into_iter().map(|row| (row.id, row)).collect();
    for step in decision.steps {
        take(connection, step, &mut rows, &reading.source, &mut report, now)?;
    }
    replace_problems(connection, &reading.source, &problems)?;
    let state = SourceState {
        last_try: Some(now),
        last_good: if reading.complete { Some(now) } else { state.last_good },
        // What nothing was concluded from is no look.
        as_of: if looked_again && reading.complete { Some(reading.as_of.unwrap_or(now)) } else { state.as_of },
        bookings: report.read,
        failure: None,
    };
    put_document(connection, "source", &reading.source, &state)?;
    Ok(report)
}

/// Whether the source looked again since the last time, so that what it lacks now is lacking once more. Only where it does
/// not say, readings within a minute are one look. A last look in the future is one from before the clock was set back.
fn looked_again(as_of: Option<DateTime<Utc>>, last: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    let Some(last) = last else { return true };
    let again = as_of.map_or(now - last >= Duration::minutes(1), |at| at > last);
    again || (now < last && as_of.is_none_or(|at| at != last))
}

/// Brings people in line with the bookings and works out everybody's rights.
pub(crate) fn refresh(connection: &Connection, rules: &Rules, now: DateTime<Utc>) -> Result<Grants, AccessError> {
    let bookings = live_bookings(connection)?;
    let mut people = all_people(connection)?;
    keep_people(connection, &bookings, &mut people, rules, now)?;
    let grants = Grants::new(&bookings, &people, rules);
    for (holder, person) in grants.people().iter().zip(&mut people) {
        if (holder.end_of_validity, holder.valid_from) != (person.end_of_validity, person.valid_from) {
            (person.end_of_validity, person.valid_from) = (holder.end_of_validity, holder.valid_from);
            update_person(connection, person)?;
        }
    }
    Ok(grants)
}

fn take(
    connection: &Connection,
    step: Step,
    rows: &mut BTreeMap<i64, BookingRow>,
    source: &str,
    report: &mut IntakeReport,
    now: DateTime<Utc>,
) -> Result<(), AccessError> {
    let id = match step {
        Step::Add { key, booking } => {
            let row = new_row(source, key, booking, now);
            let id = insert_booking(connection, &row)?;
            report.added += 1;
            return note_history(connection, id, now, "first seen");
        }
        Step::Change { id, .. } | Step::Doubt(id) | Step::Seen(id) | Step::Missing(id, _) | Step::End(id, _) => id,
    };
    let Some(row) = rows.get_mut(&id) else { return Ok(()) };
    let before = std::mem::take(&mut row.missing);
    let what = match step {
        Step::Change { key, booking, .. } => {
            report.changed += 1;
            let what = described(row, &key, &booking);
            (row.key, row.booking, row.state) = (key, booking, BookingState::Live);
            (row.doubtful, row.changed) = (false, now);
            Some(what)
        }
        Step::Doubt(_) => {
            let news = !std::mem::replace(&mut row.doubtful, true);
            news.then(|| "the source doubts it; what was known stays".to_owned())
        }
        Step::Missing(_, times) => {
            report.missing += 1;
            row.missing = times;
            (before == 0).then(|| "no longer listed, not confirmed yet".to_owned())
        }
        Step::End(_, state) => {
            (row.state, row.changed) = (state, now);
            let cancelled = state == BookingState::Cancelled;
            *(if cancelled { &mut report.cancelled } else { &mut report.gone }) += 1;
            Some(if cancelled { "called off by the source" } else { "no longer listed, confirmed" }.to_owned())
        }
        Step::Seen(_) => Some("listed again".to_owned()),
        Step::Add { .. } => None,
    };
    row.booking.doubtful = row.doubtful;
    update_booking(connection, row)?;
    what.map_or(Ok(()), |what| note_history(connection, id, now, &what))
}

fn new_row(source: &str, key: String, booking: Booking, now: DateTime<Utc>) -> BookingRow {
    BookingRow {
        id: 0,
        source: source.to_owned(),
        key,
        state: if booking.doubtful { BookingState::Doubted } else { BookingState::Live },
        doubtful: booking.doubtful,
        booking,
        exact: false,
        missing: 0,
        first_seen: now,
        changed: now,
    }
}

/// What changed, without names and addresses.
fn described(row: &BookingRow, key: &str, booking: &Booking) -> String {
    let mut parts = Vec::new();
    if row.state != BookingState::Live {
        parts.push("stands again".to_owned());
    }
    if (row.booking.start, row.booking.end) != (booking.start, booking.end) {
        let text = |at: DateTime<Utc>| at.format("%Y-%m-%d %H:%M").to_string();
        parts.push(format!(
            "moved from {} – {} to {} – {} (UTC)",
            text(row.booking.start),
            text(row.booking.end),
            text(booking.start),
            text(booking.end)
        ));
    }
    if row.booking.resources != booking.resources {
        let names = |booking: &Booking| booking.resources.iter().cloned().collect::<Vec<_>>().join(", ");
        parts.push(format!("{} instead of {}", names(booking), names(&row.booking)));
    }
    if row.booking.people != booking.people {
        parts.push("other people".to_owned());
    }
    if row.booking.status != booking.status {
        parts.push(format!("{} instead of {}", booking.status, row.booking.status));
    }
    if row.key != key {
        parts.push("renamed by the source".to_owned());
    }
    if parts.is_empty() { "no longer in doubt".to_owned() } else { parts.join(", ") }
}

fn find_problems(reading: &Reading, decision: &Decision, rules: &Rules, now: DateTime<Utc>) -> Vec<Problem> {
    let source = reading.source.as_str();
    let mut found = Vec::new();
    let mut add = |kind: &str, subject: &str, words: String, remedy: &str| {
        let same = |problem: &Problem| problem.kind == kind && problem.subject == subject;
        if !found.iter().any(same) {
            found.push(Problem::new(source, kind, subject, words, remedy, now));
        }
    };
    if !reading.complete {
        let remedy = "Nothing is concluded from what it lacks; look at the source if it stays so";
        add("incomplete", source, "the answer was not whole".into(), remedy);
    }
    if let Some((lost, ahead)) = decision.loss {
        let words =
            format!("{lost} of {ahead} bookings to come are suddenly lacking; they stand until it is confirmed");
        add("loss", source, words, "Look at the booking system: were they really called off?");
    }
    for record in &reading.invalid {
        let words = format!("cannot be used, {}: {}", record.field, record.why);
        add("unreadable", record.id.as_str(), words, "Correct the booking, or add what is missing by hand");
    }
    let ahead = |booking: &&Booking| rules.closes(booking) > now || booking.start >= booking.end;
    for (key, booking) in reading.bookings.iter().filter(|(_, booking)| ahead(booking)) {
        if booking.start >= booking.end {
            add("backwards", key, "ends before it begins".into(), "Correct the booking");
        }
        if booking.doubtful {
            let words = "looks as if somebody wrote it who should not; nothing new is given".to_owned();
            add("doubtful", key, words, "Look at it in the booking system");
        }
        if booking.resources.is_empty() {
            add("nowhere", key, "names no resource, so that it opens nothing".into(), "Name it in the booking system");
        }
        if booking.people.is_empty() {
            add("nobody", key, "names nobody with a mail address".into(), "Nobody gets a code for it");
        }
        for why in booking.people.iter().filter_map(|person| address_key(&person.email).err()) {
            let remedy = "Give the address in the booking system; nobody gets a code for it";
            add("address", key, format!("the address of somebody {why}"), remedy);
        }
        for name in booking.resources.iter().filter(|name| rules.doors(name).is_none()) {
            let words = match alike(name, rules) {
                Some(close) => format!("no resource has this name, but {close:?} is close"),
                None => "no resource has this name; its bookings open nothing".to_owned(),
            };
            add("resource", name, words, "Add it to the resources with its doors");
        }
    }
    found
}

fn alike<'a>(name: &str, rules: &'a Rules) -> Option<&'a str> {
    let folded = name.to_lowercase();
    let close = rules.resources().map(|known| (strsim::jaro_winkler(&folded, &known.to_lowercase()), known));
    let best = close.filter(|(score, _)| *score >= ALIKE).max_by(|(a, _), (b, _)| a.total_cmp(b));
    best.map(|(_, known)| known)
}
