//! Bookings in and out.

use serde_json::{Value, json};

use super::problem::Problem;
use super::read;
use crate::astrow::world::{Booking, BookingSource, BookingState, Incoming, Outcome, Verdict, World, booking_id};
use crate::host::{Call, Reply};

/// Takes a batch in.
pub(super) fn take(world: &mut World, call: &Call) -> Result<Box<[Outcome]>, Problem> {
    if !world.licensed("file-terminal") {
        return Err(Problem::licence("file-terminal"));
    }
    let items: Vec<Incoming> = read::items(call)?;
    if let Some(at) = items.iter().position(|booking| booking.key.is_empty() || booking.key.len() > 128) {
        return Err(Problem::value(format!("items[{at}].key"), "A key has 1 to 128 bytes"));
    }
    Ok(items.iter().map(|booking| world.book(booking, BookingSource::Api)).collect())
}

/// The answer to a batch.
pub(super) fn outcomes(world: &World, outcomes: &[Outcome]) -> Reply {
    let items: Vec<Value> = outcomes.iter().map(|outcome| outcome_json(world, *outcome)).collect();
    Reply::json(200, &json!({ "items": items }))
}

fn outcome_json(world: &World, outcome: Outcome) -> Value {
    let (key, id) = (world.ledger.key_of(outcome.row), booking_id(outcome.row));
    match outcome.verdict {
        Verdict::Processed => json!({ "key": key, "status": "processed", "bookingId": id }),
        Verdict::Duplicate => json!({ "key": key, "status": "duplicate", "bookingId": id }),
        Verdict::Queued => {
            json!({ "key": key, "status": "queued", "bookingId": id, "details": "The badge number is unknown" })
        }
        Verdict::Rejected(code) => {
            json!({ "key": key, "status": "rejected", "code": code.code(), "details": code.details() })
        }
    }
}

/// All bookings that count, from a cursor on.
pub(super) fn list(world: &World, call: &Call) -> Result<Reply, Problem> {
    let limit = read::limit(call, world.switches.page_size)?;
    let from = read::cursor(call, "k-")?.unwrap_or(0);
    let from = u32::try_from(from).unwrap_or(u32::MAX);
    let rows = (from..world.ledger.len()).filter(|row| processed(world, *row));
    let mut rows = rows.peekable();
    let items: Vec<Value> = rows
        .by_ref()
        .take(limit)
        .filter_map(|row| world.ledger.shown(row))
        .map(|booking| booking_json(world, &booking))
        .collect();
    let mut page = json!({ "items": items });
    if let (Some(next), Some(members)) = (rows.peek(), page.as_object_mut()) {
        members.insert("next".to_owned(), json!(format!("k-{next}")));
    }
    Ok(Reply::json(200, &page))
}

fn processed(world: &World, row: u32) -> bool {
    world.ledger.row(row).is_some_and(|row| row.state == BookingState::Processed)
}

fn booking_json(world: &World, booking: &Booking) -> Value {
    let mut shown = json!({
        "bookingId": booking.id,
        "key": booking.key,
        "badgeNo": booking.badge_no,
        "persNo": booking.pers_no,
        "at": world.stamp(booking.at),
        "terminalSerial": booking.terminal_serial,
        "direction": booking.direction,
    });
    if let Some(members) = shown.as_object_mut() {
        let more = [("mc", json!(booking.mc)), ("cc", json!(booking.cc)), ("pacEvent", json!(booking.pac_event))];
        let more = more.into_iter().filter(|(_, value)| !value.is_null());
        members.extend(more.map(|(name, value)| (name.to_owned(), value)));
    }
    shown
}
