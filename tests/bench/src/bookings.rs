//! Who may open what when: everybody's rights at once, and one boundary.

use std::collections::BTreeSet;
use std::time::Instant;

use booking_access::{AccessConfig, BookingRow, BookingState, Grants, PersonRow, Rules, Told};
use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};
use serde_json::{Value, json};
use sync_core::model::{Booking, Participant, ParticipantRole};

use crate::measure::once;
use crate::report::{Row, percentile};
use crate::spawn_often;

const BOOKINGS: i64 = 100_000;
const PEOPLE: i64 = 20_000;
const ROOMS: i64 = 40;
/// Boundaries that are met one after the other.
const BOUNDARIES: usize = 2_000;

pub(crate) fn measure() -> anyhow::Result<Vec<Row>> {
    let folder = tempfile::tempdir()?;
    let row = |title: &str, step: &str| {
        let run = spawn_often(step, folder.path())?;
        Ok::<_, anyhow::Error>(Row::new(title, &run).at_most("wall_s", 1.0).at_most("boundary_p99_ms", 1.0))
    };
    Ok(vec![
        row("rights, 100,000 bookings of 20,000 people", "evaluate")?,
        row("  the same, grace cut by neighbours", "evaluate-neighbours")?,
    ])
}

/// Everybody's doors in the middle of the bookings, then boundary after boundary.
pub(crate) fn evaluate(neighbours: bool) -> anyhow::Result<Value> {
    let (bookings, people) = (bookings(), people());
    let rules = rules(neighbours);
    let now = first() + TimeDelta::days(45) + TimeDelta::hours(12);
    let all = || {
        let grants = Grants::new(&bookings, &people, &rules);
        let open = grants.people().iter().filter(|holder| !grants.doors(holder, now).is_empty()).count();
        (grants, open)
    };
    let count = |(grants, open): &(Grants, usize)| {
        let times = boundaries(grants, now);
        Ok(json!({
            "people": grants.people().len(),
            "open_now": open,
            "boundary_p99_ms": percentile(&times, 99),
            "boundary_worst_ms": percentile(&times, 100),
        }))
    };
    once(all, count)
}

/// Milliseconds that each of the next boundaries takes: when it is, who is due, and their doors.
fn boundaries(grants: &Grants, now: DateTime<Utc>) -> Vec<f64> {
    let mut times = Vec::with_capacity(BOUNDARIES);
    let mut at = now;
    for _ in 0..BOUNDARIES {
        let started = Instant::now();
        let Some(next) = grants.next_boundary(at) else { break };
        let due = grants.due(at, next);
        std::hint::black_box(due.iter().map(|holder| grants.doors(holder, next)).collect::<Vec<_>>());
        times.push(started.elapsed().as_secs_f64() * 1_000.0);
        at = next;
    }
    times
}

fn rules(neighbours: bool) -> Rules {
    let rooms = (0..ROOMS).map(|n| (format!("Room {n}"), vec![format!("door {n}"), "gate".to_owned()]));
    Rules::new(&AccessConfig { neighbour_rule: neighbours, ..AccessConfig::with_resources(rooms) })
}

fn first() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2027, 3, 1, 0, 0, 0).earliest().unwrap_or_default()
}

/// Five for each person within ninety days, at quarters of hours.
fn bookings() -> Vec<BookingRow> {
    let row = |n: i64| {
        let start = first() + TimeDelta::days(n * 7 % 90) + TimeDelta::minutes(15 * (28 + n * 11 % 52));
        let person = n % PEOPLE;
        BookingRow {
            id: n + 1,
            source: "rooms".to_owned(),
            key: format!("booking-{n}"),
            booking: Booking {
                start,
                end: start + TimeDelta::minutes(30 * (1 + n % 4)),
                resources: BTreeSet::from([format!("Room {}", n * 13 % ROOMS)]),
                people: vec![Participant {
                    email: address(person),
                    name: Some(format!("Person {person}")),
                    role: ParticipantRole::Booker,
                }],
                ..Booking::default()
            },
            state: BookingState::Live,
            exact: false,
            doubtful: false,
            missing: 0,
            first_seen: first(),
            changed: first(),
        }
    };
    (0..BOOKINGS).map(row).collect()
}

fn people() -> Vec<PersonRow> {
    let row = |n: i64| PersonRow {
        id: n + 1,
        key: address(n),
        address: address(n),
        name: None,
        first_name: "Person".to_owned(),
        last_name: n.to_string(),
        first_seen: first(),
        valid_from: None,
        end_of_validity: None,
        adopted: false,
        blocked: None,
        refused: None,
        erasing: false,
        examined: true,
        door_user: Some(n.to_string()),
        removed: None,
        told: Told::default(),
    };
    (0..PEOPLE).map(row).collect()
}

fn address(person: i64) -> String {
    format!("person{person}@example.org")
}
