//! What several links say together.

use chrono::{Duration, TimeZone as _};
use sync_core::model::ParticipantRole::{Attendee, Booker};

use super::*;

fn at(hour: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 6, 1, hour, 0, 0).unwrap()
}

fn seen(uid: &str, room: &str) -> Read {
    let mut booking = Read::new(uid, at(10), at(11));
    booking.resources = [room.to_owned()].into();
    booking.people = [Person::new(Role::Organizer, Some("ada@example.org".to_owned()), None)].into();
    booking
}

fn state(read_at: u32, bookings: impl IntoIterator<Item = Read>) -> FeedState {
    FeedState {
        bookings: bookings.into_iter().collect(),
        last_good: Some(at(read_at)),
        dialect: Some(Dialect::Type2Template),
        ..FeedState::default()
    }
}

fn merged(states: impl IntoIterator<Item = FeedState>) -> Merged {
    let feeds: Vec<_> = ["a", "b", "c"].into_iter().zip(states).collect();
    merge(&feeds)
}

fn only(merged: &Merged) -> &Booking {
    assert_eq!(merged.records.len(), 1);
    &merged.records[0].value
}

#[test]
fn rooms_of_all_links_are_united() {
    let merged = merged([state(8, [seen("u", "Attic")]), state(9, [seen("u", "Hall")]), state(7, [seen("v", "Hall")])]);
    let ids: Vec<_> = merged.records.iter().map(|record| record.id.as_str()).collect();
    assert_eq!(ids, ["u", "v"]);
    let rooms: Vec<_> = merged.records[0].value.resources.iter().map(String::as_str).collect();
    assert_eq!(rooms, ["Attic", "Hall"]);
}

#[test]
fn occurrences_of_a_series_are_bookings_of_their_own() {
    let instance = |hour| Read { instance: Some(at(hour)), ..seen("u", "Hall") };
    let merged = merged([state(8, [instance(10), instance(12), seen("u", "Hall")])]);
    let ids: Vec<_> = merged.records.iter().map(|record| record.id.as_str()).collect();
    assert_eq!(ids, ["u", "u#20260601T100000Z", "u#20260601T120000Z"]);
}

#[test]
fn the_link_that_was_read_last_knows_the_time() {
    let moved = Read { start: at(14), end: at(15), ..seen("u", "Hall") };
    for states in [
        [state(9, [moved.clone()]), state(8, [seen("u", "Attic")])],
        [state(8, [seen("u", "Attic")]), state(9, [moved])],
    ] {
        let merged = merged(states);
        assert_eq!((only(&merged).start, only(&merged).resources.len()), (at(14), 2));
    }
}

#[test]
fn a_room_that_is_called_off_does_not_call_off_the_others() {
    let off = Read { status: Status::Cancelled, ..seen("u", "Attic") };
    let one = merged([state(9, [off.clone()]), state(8, [seen("u", "Hall")])]);
    assert_eq!(only(&one).status, BookingStatus::Confirmed);
    assert_eq!(only(&one).resources, BTreeSet::from(["Hall".to_owned()]));
    let all = merged([state(9, [off.clone()]), state(8, [off])]);
    assert_eq!(only(&all).status, BookingStatus::Cancelled);
}

#[test]
fn doubt_of_one_link_is_doubt() {
    let held = Read { held: true, ..seen("u", "Attic") };
    assert!(only(&merged([state(9, [held]), state(8, [seen("u", "Hall")])])).doubtful);
    assert!(!only(&merged([state(8, [seen("u", "Hall")])])).doubtful);
}

#[test]
fn the_booker_comes_first_and_nobody_without_an_address() {
    let person = |role, email: &str| Person::new(role, Some(email.to_owned()), None);
    let mut booking = seen("u", "Hall");
    booking.people = [
        Person::new(Role::Attendee, None, Some("Nobody".to_owned())),
        person(Role::Attendee, " "),
        person(Role::Attendee, "b@example.org"),
        person(Role::Organizer, "o@example.org"),
    ]
    .into();
    let people = |dialect, booking: &Read| {
        let state = FeedState { dialect: Some(dialect), ..state(8, [booking.clone()]) };
        let merged = merged([state]);
        only(&merged).people.iter().map(|p| (p.email.clone(), p.role)).collect::<Vec<_>>()
    };
    let expected = [("o@example.org".to_owned(), Booker), ("b@example.org".to_owned(), Attendee)];
    assert_eq!(people(Dialect::Generic, &booking), expected);
    booking.people = [person(Role::Attendee, "a@example.org"), person(Role::Attendee, "b@example.org")].into();
    let roles = |dialect| people(dialect, &booking).into_iter().map(|(_, role)| role).collect::<Vec<_>>();
    assert_eq!(roles(Dialect::Type1), [Booker, Attendee]);
    assert_eq!(roles(Dialect::Generic), [Attendee, Attendee]);
}

#[test]
fn people_come_from_a_link_that_names_them() {
    let hidden = Read { people: [Person::new(Role::Organizer, None, None)].into(), ..seen("u", "Attic") };
    let merged = merged([state(9, [hidden]), state(8, [seen("u", "Hall")])]);
    assert_eq!(only(&merged).people[0].email, "ada@example.org");
}

#[test]
fn a_moved_booking_of_type_1_is_known_by_its_number() {
    let series = |uid: &str, dialect| {
        let state = FeedState { dialect: Some(dialect), ..state(8, [seen(uid, "Hall")]) };
        only(&merged([state])).series.clone()
    };
    assert_eq!(series("24600000_637539930000000000", Dialect::Type1).as_deref(), Some("24600000"));
    assert_eq!(series("24600000_637539930000000000", Dialect::Generic), None);
    assert_eq!(series("24600000_63753993", Dialect::Type1), None);
    assert_eq!(series("_637539930000000000", Dialect::Type1), None);
}

#[test]
fn problems_are_told_once_for_each_event_and_repairs_are_not() {
    let problem =
        |kind, uid: Option<&str>, line| Problem { kind, uid: uid.map(str::to_owned), line, text: "words".to_owned() };
    let mut a = state(8, []);
    a.problems = vec![
        problem(ProblemKind::NoAddress, Some("u"), 3),
        problem(ProblemKind::NoAddress, Some("u"), 4),
        problem(ProblemKind::RepairedTime, Some("u"), 5),
        problem(ProblemKind::NoUid, None, 9),
    ];
    let mut b = state(8, []);
    b.problems = vec![problem(ProblemKind::NoAddress, Some("u"), 3), problem(ProblemKind::NoUid, None, 9)];
    let told: Vec<_> = merged([a, b]).invalid.into_iter().map(|i| (i.id.to_string(), i.field, i.why)).collect();
    let expected = [
        ("u", "no_address", "feed a, line 3: words"),
        ("line 9", "no_uid", "feed a, line 9: words"),
        ("line 9", "no_uid", "feed b, line 9: words"),
    ];
    assert_eq!(told, expected.map(|(id, field, why)| (id.to_owned(), field.to_owned(), why.to_owned())));
}

#[test]
fn a_room_nobody_configured_is_a_booking_like_any_other() {
    let merged = merged([state(8, [seen("u", "Cellar"), seen("w", "Hall")])]);
    assert_eq!((merged.records.len(), merged.invalid), (2, Vec::new()));
}

#[test]
fn the_order_is_by_start_and_the_same_every_time() {
    let later = Read { start: at(12), end: at(12) + Duration::hours(1), ..seen("a", "Hall") };
    let merged = merged([state(8, [later, seen("z", "Hall"), seen("m", "Hall")])]);
    let ids: Vec<_> = merged.records.iter().map(|record| record.id.as_str()).collect();
    assert_eq!(ids, ["m", "z", "a"]);
}
