//! Bookings of several rooms as one list: a meeting in two rooms is one booking of two rooms.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sync_core::connector::{InvalidRecord, Record};
use sync_core::model::Booking;

use super::judge::rank;
use super::states::{Known, RoomState};

/// What the rooms know together.
pub(super) struct Merged {
    pub(super) records: Vec<Record<Booking>>,
    pub(super) invalid: Vec<InvalidRecord>,
}

struct Sighting<'a> {
    known: &'a Known,
    read_at: Option<DateTime<Utc>>,
}

/// Rooms of one booking are those of all calendars that hold it and where it stands.
pub(super) fn merge(rooms: &[RoomState]) -> Merged {
    let mut sightings: BTreeMap<&str, Vec<Sighting<'_>>> = BTreeMap::new();
    for state in rooms {
        for known in &state.bookings {
            let sighting = Sighting { known, read_at: state.last_good };
            sightings.entry(&known.key).or_default().push(sighting);
        }
    }
    let records =
        sightings.into_iter().filter_map(|(key, sightings)| Some(Record::new(key.to_owned(), one(sightings)?)));
    let mut records: Vec<_> = records.collect();
    records.sort_by(|a, b| (a.value.start, a.id.as_str()).cmp(&(b.value.start, b.id.as_str())));
    let mut seen = BTreeSet::new();
    let problems = rooms.iter().flat_map(|state| &state.problems);
    let invalid = problems
        .filter(|problem| seen.insert((problem.id.as_str(), problem.kind.as_str())))
        .map(|problem| InvalidRecord::new(problem.id.clone(), problem.kind.clone(), problem.text.clone()))
        .collect();
    Merged { records, invalid }
}

/// One that stands goes before one that does not, for a room may refuse what another one keeps; then the one read last.
fn one(mut sightings: Vec<Sighting<'_>>) -> Option<Booking> {
    sightings.sort_by_key(|seen| (rank(seen.known.booking.status), Reverse(seen.read_at)));
    let first = &sightings.first()?.known.booking;
    let same = || sightings.iter().map(|seen| &seen.known.booking).filter(|booking| booking.status == first.status);
    Some(Booking {
        start: first.start,
        end: first.end,
        resources: same().flat_map(|booking| booking.resources.iter().cloned()).collect(),
        people: same().map(|booking| booking.people.clone()).find(|people| !people.is_empty()).unwrap_or_default(),
        status: first.status,
        all_day: first.all_day,
        doubtful: same().any(|booking| booking.doubtful),
        series: first.series.clone(),
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;
    use sync_core::model::BookingStatus;

    use super::*;

    fn at(hour: u32) -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 3, 3, hour, 0, 0).unwrap()
    }

    fn state(read_at: u32, bookings: &[(&str, &str, BookingStatus)]) -> RoomState {
        let known = |(key, room, status): &(&str, &str, BookingStatus)| Known {
            key: (*key).to_owned(),
            event: format!("{room} {key}"),
            booking: Booking {
                start: at(10),
                end: at(11),
                resources: BTreeSet::from([(*room).to_owned()]),
                status: *status,
                ..Booking::default()
            },
        };
        RoomState {
            bookings: bookings.iter().map(known).collect(),
            last_good: Some(at(read_at)),
            ..RoomState::default()
        }
    }

    fn rooms_of(merged: &Merged) -> Vec<(BookingStatus, Vec<&str>)> {
        let mut all = Vec::new();
        for record in &merged.records {
            all.push((record.value.status, record.value.resources.iter().map(String::as_str).collect()));
        }
        all
    }

    #[test]
    fn a_meeting_in_two_rooms_is_one_booking() {
        use BookingStatus::{Cancelled, Confirmed};
        let merged = merge(&[state(8, &[("u", "Quay 1", Confirmed)]), state(9, &[("u", "Quay 2", Confirmed)])]);
        assert_eq!(rooms_of(&merged), [(Confirmed, vec!["Quay 1", "Quay 2"])]);
        let merged = merge(&[state(8, &[("u", "Quay 1", Confirmed)]), state(9, &[("u", "Quay 2", Cancelled)])]);
        assert_eq!(rooms_of(&merged), [(Confirmed, vec!["Quay 1"])], "one room's refusal is not the other's");
        let merged = merge(&[state(8, &[("u", "Quay 1", Cancelled)]), state(9, &[("u", "Quay 2", Cancelled)])]);
        assert_eq!(rooms_of(&merged), [(Cancelled, vec!["Quay 1", "Quay 2"])]);
    }
}
