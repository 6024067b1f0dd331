use super::*;
use crate::door_events::DoorReading;
use crate::testing::{at, booking, person};
use crate::{AccessConfig, BookingRow};

const AFTER: Duration = Duration::minutes(15);

fn event(kind: DoorEventKind, user: &str, door: &str, at: DateTime<Utc>) -> DoorEvent {
    DoorEvent { number: 1, at, door: Some(door.to_owned()), user: Some(user.to_owned()), kind }
}

/// Everything up to a time is known, and the watch began at this one.
fn place(since: DateTime<Utc>, read_to: DateTime<Utc>) -> Place {
    let reading = |asked| DoorReading { asked, events: Vec::new(), newest: 0, cursor: String::new() };
    let mut place = Place::begin(&reading(since));
    place.advance(&reading(read_to));
    place
}

/// Two rooms behind one front door; Ann is user 7, Bob user 8, and both may open everything.
fn stays(rows: &[BookingRow]) -> Vec<Stay> {
    stays_of_rights(rows, at(7, 0))
}

/// The same, where the rights were confirmed at this time.
fn stays_of_rights(rows: &[BookingRow], opened: DateTime<Utc>) -> Vec<Stay> {
    let config = AccessConfig::with_resources([("Room 1", vec!["front", "one"]), ("Room 2", vec!["front", "two"])]);
    let rules = Rules::new(&config);
    let mut people = [person(1, "ann@x.example"), person(2, "bob@x.example")];
    (people[0].door_user, people[1].door_user) = (Some("7".to_owned()), Some("8".to_owned()));
    let by_key = people.iter().map(|person| (person.key.as_str(), person)).collect();
    let doors = BTreeMap::from(["front", "one", "two"].map(|door| (door.to_owned(), opened)));
    let rights = Rights::from([(1, doors.clone()), (2, doors)]);
    rows.iter().filter_map(|row| Stay::of(row, &rules, &by_key, &rights, AFTER)).collect()
}

fn ann(id: i64, from: (u32, u32), to: (u32, u32)) -> BookingRow {
    booking(id, "ann@x.example", "Room 1", at(from.0, from.1), at(to.0, to.1))
}

fn presence(events: &[DoorEvent]) -> Presence {
    let mut presence = Presence::default();
    presence.note(&[], &BTreeSet::new(), at(7, 0));
    presence.note(&events.iter().collect::<Vec<_>>(), &BTreeSet::from(["7", "8"]), at(10, 0));
    presence
}

#[test]
fn nobody_counts_as_absent_before_all_events_up_to_the_deadline_were_read() {
    let (stays, nobody) = (stays(&[ann(1, (10, 0), (11, 0))]), presence(&[]));
    for (read_to, absent) in [((10, 14), false), ((10, 16), false), ((10, 17), true)] {
        let found = nobody.absent(&stays, &place(at(8, 0), at(read_to.0, read_to.1)), at(10, 40));
        assert_eq!(found == [1], absent, "{read_to:?}");
    }
    assert!(nobody.absent(&stays, &place(at(8, 0), at(12, 0)), at(11, 10)).is_empty(), "over, so that it helps nobody");
}

#[test]
fn whoever_came_in_by_any_of_the_doors_is_there() {
    let stays = stays(&[ann(1, (10, 0), (11, 0))]);
    let place = place(at(8, 0), at(10, 30));
    for (event, absent) in [
        (event(DoorEventKind::Admitted, "7", "front", at(9, 56)), false),
        (event(DoorEventKind::Admitted, "7", "one", at(10, 20)), false),
        (event(DoorEventKind::Admitted, "7", "front", at(9, 54)), true),
        (event(DoorEventKind::Admitted, "7", "two", at(10, 5)), true),
        (event(DoorEventKind::Admitted, "8", "front", at(10, 5)), true),
        (event(DoorEventKind::Guess, "7", "front", at(10, 5)), true),
    ] {
        assert_eq!(
            presence(std::slice::from_ref(&event)).absent(&stays, &place, at(10, 30)) == [1],
            absent,
            "{:?}",
            event.at
        );
    }
}

#[test]
fn bookings_that_touch_are_one_stay() {
    let rows = [ann(1, (9, 0), (10, 0)), ann(2, (10, 0), (11, 0))];
    let place = place(at(8, 0), at(10, 30));
    let came = presence(&[event(DoorEventKind::Admitted, "7", "front", at(9, 5))]);
    assert!(came.absent(&stays(&rows), &place, at(10, 30)).is_empty());
    assert_eq!(came.absent(&stays(&rows[1..]), &place, at(10, 30)), [2]);
    let with_gap = [ann(1, (8, 30), (9, 30)), ann(2, (10, 0), (11, 0))];
    assert_eq!(came.absent(&stays(&with_gap), &place, at(10, 30)), [2]);
}

#[test]
fn where_not_everything_is_known_nobody_is_absent() {
    let (stays, nobody) = (stays(&[ann(1, (10, 0), (11, 0))]), presence(&[]));
    assert!(nobody.absent(&stays, &place(at(9, 58), at(10, 30)), at(10, 30)).is_empty(), "the watch began too late");
    let known = place(at(8, 0), at(10, 30));
    let mut silent = presence(&[event(DoorEventKind::ControllerSilent, "0", "front", at(9, 0))]);
    assert!(silent.absent(&stays, &known, at(10, 30)).is_empty(), "a controller does not tell");
    silent.note(&[&event(DoorEventKind::ControllerBack, "0", "front", at(10, 20))], &BTreeSet::new(), at(10, 20));
    silent.note(&[], &BTreeSet::new(), at(10, 34));
    assert!(silent.absent(&stays, &known, at(10, 34)).is_empty(), "it may still deliver");
    silent.note(&[], &BTreeSet::new(), at(10, 35));
    assert_eq!(silent.absent(&stays, &known, at(10, 35)), [1]);
}

#[test]
fn who_cannot_come_in_or_booked_late_is_not_missed_too_early() {
    let known = place(at(8, 0), at(10, 30));
    let nobody = presence(&[]);
    let mut late = ann(1, (10, 0), (11, 0));
    late.changed = at(10, 20);
    assert!(nobody.absent(&stays(&[late]), &known, at(10, 30)).is_empty(), "booked at twenty past");
    let mut shut = stays(&[ann(1, (10, 0), (11, 0))]);
    shut[0].deadline = None;
    assert!(nobody.absent(&shut, &known, at(10, 30)).is_empty(), "the door system never confirmed the right");
    let mut by_hand = ann(1, (10, 0), (11, 0));
    by_hand.exact = true;
    let mut doubtful = ann(2, (10, 0), (11, 0));
    doubtful.doubtful = true;
    let nowhere = booking(3, "ann@x.example", "Room 9", at(10, 0), at(11, 0));
    let stranger = booking(4, "cy@x.example", "Room 1", at(10, 0), at(11, 0));
    assert!(stays(&[by_hand, doubtful, nowhere, stranger]).is_empty());
}

#[test]
fn who_got_the_right_late_has_as_long_from_then_on() {
    let late = stays_of_rights(&[ann(1, (10, 0), (11, 0))], at(10, 31));
    let (known, nobody) = (|minute| place(at(8, 0), at(10, minute)), presence(&[]));
    assert!(nobody.absent(&late, &known(32), at(10, 32)).is_empty(), "Net2 was down until 10:31");
    assert!(nobody.absent(&late, &known(47), at(10, 47)).is_empty());
    assert_eq!(nobody.absent(&late, &known(48), at(10, 48)), [1]);
}

#[test]
fn who_came_in_by_a_clock_that_is_behind_is_there() {
    let stays = stays(&[ann(1, (10, 0), (11, 0))]);
    // Ann came in at 09:58, when it was 09:50 at Net2.
    let pass = event(DoorEventKind::Admitted, "7", "front", at(9, 50));
    let look = |asked, events| DoorReading { asked, events, newest: 1, cursor: String::new() };
    let mut known = Place::begin(&DoorReading { newest: 0, ..look(at(8, 0), Vec::new()) });
    known.advance(&look(at(9, 58), vec![pass.clone()]));
    known.advance(&look(at(10, 30), Vec::new()));
    assert!(presence(std::slice::from_ref(&pass)).absent(&stays, &known, at(10, 30)).is_empty());
    assert_eq!(presence(&[]).absent(&stays, &known, at(10, 30)), [1], "and who did not come is missed");
    let on_time = place(at(8, 0), at(10, 30));
    assert_eq!(presence(&[pass]).absent(&stays, &on_time, at(10, 30)), [1]);
}

#[test]
fn who_came_in_before_noting_began_is_not_missed() {
    let stays = stays(&[ann(1, (10, 0), (11, 0))]);
    let mut begun = Presence::default();
    let known = place(at(8, 0), at(10, 40));
    assert!(begun.absent(&stays, &known, at(10, 40)).is_empty(), "nothing was noted");
    begun.note(&[], &BTreeSet::from(["7"]), at(9, 56));
    begun.note(&[], &BTreeSet::from(["7"]), at(10, 40));
    assert!(begun.absent(&stays, &known, at(10, 40)).is_empty(), "the door was open to them since 09:55");
    let mut begun = Presence::default();
    begun.note(&[], &BTreeSet::from(["7"]), at(9, 55));
    assert_eq!(begun.absent(&stays, &known, at(10, 40)), [1]);
}

#[test]
fn who_came_to_a_booking_longer_than_passes_are_kept_is_not_missed() {
    let week = at(10, 0) + Duration::days(7);
    let of_days: Vec<BookingRow> = (0..7)
        .map(|day| {
            let from = at(10, 0) + Duration::days(day);
            booking(day + 2, "ann@x.example", "Room 1", from, from + Duration::days(1))
        })
        .collect();
    let long = booking(1, "ann@x.example", "Room 1", at(10, 0), week);
    for rows in [vec![long], of_days] {
        let stays = stays(&rows);
        let mut came = presence(&[event(DoorEventKind::Admitted, "7", "front", at(10, 5))]);
        for hours in 1..7 * 24 {
            let now = at(10, 30) + Duration::hours(hours);
            came.note(&[], &BTreeSet::from(["7"]), now);
            assert!(came.absent(&stays, &place(at(8, 0), now), now).is_empty(), "after {hours} hours");
        }
        assert!(came.passes.is_empty(), "and yet nobody's passes are kept longer");
        let (nobody, now) = (presence(&[]), at(10, 30));
        assert_eq!(
            nobody.absent(&stays, &place(at(8, 0), now), now).len(),
            1,
            "whoever did not come is missed in time"
        );
    }
}

#[test]
fn of_people_who_are_no_bookers_nothing_is_kept_and_of_bookers_not_for_long() {
    let passed = |user| event(DoorEventKind::Admitted, user, "front", at(9, 0));
    let mut presence = presence(&[passed("7"), passed("99")]);
    assert_eq!(presence.passes.keys().collect::<Vec<_>>(), ["7"]);
    presence.note(&[], &BTreeSet::from(["7"]), at(9, 0) + Duration::days(3));
    assert!(presence.passes.is_empty());
}
