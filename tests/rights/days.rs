//! Days of a coworking house, the same whatever its booking systems are.

use chrono::{DateTime, Duration, TimeZone as _, Utc};
use vendor_sim::net2;

use crate::site::{Plan, STAFF, Site};
use crate::venue::{Kind, Mischief, Wish};

const ANN: &str = "ann@x.example";
const BOB: &str = "bob@x.example";
const CID: &str = "cid@x.example";
const EVE: &str = "eve@x.example";
const EVERYBODY: [(&str, &str); 5] = [("Ann", ANN), ("Bob", BOB), ("Cid", CID), ("Eve", EVE), ("Staff", STAFF)];

const FEEDS: [Kind; 2] = [Kind::Skedda, Kind::Booked];
const FIRST_IN_OUTLOOK: [Kind; 2] = [Kind::Outlook, Kind::Booked];
const SECOND_IN_OUTLOOK: [Kind; 2] = [Kind::Skedda, Kind::Outlook];

fn at(hour: u32, minute: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2027, 7, 1, hour, minute, 0).unwrap()
}

fn opened(start: DateTime<Utc>, venues: [Kind; 2], interval: u32) -> Site {
    let mut site = Site::new(Plan { start, venues, numbers: false, interval });
    site.cycle();
    site
}

fn until(site: &mut Site, time: DateTime<Utc>) {
    let left = time - site.now();
    site.pass(left, Duration::minutes(30));
}

/// Who can open which doors then, in words.
#[track_caller]
fn see(site: &mut Site, time: DateTime<Utc>, expected: &str) {
    until(site, time);
    let open = EVERYBODY.iter().map(|(name, email)| (name, site.open_to(email)));
    let words: Vec<String> =
        open.filter(|(_, doors)| !doors.is_empty()).map(|(name, doors)| format!("{name} {doors:?}")).collect();
    assert_eq!(words.join(", "), expected, "at {time}");
}

#[track_caller]
fn check(site: &Site) {
    let faults = site.faults();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    for (_, email) in EVERYBODY {
        assert!(!site.post.to(email).is_empty(), "{email} got no letter");
    }
}

/// A day with everything in it. Door 0 is the one of the house.
fn coworking_day(venues: [Kind; 2]) {
    let mut site = opened(at(8, 0), venues, 10);
    site.book(0, "Hall", ANN, at(10, 0), at(11, 0));
    site.book(1, "Cellar", ANN, at(10, 30), at(12, 30));
    site.book(1, "Lab", BOB, at(9, 0), at(12, 0));
    site.book(1, "Lab", EVE, at(12, 30), at(13, 30));
    site.book_all(1, &["Lab", "Cellar"], CID, at(14, 0), at(15, 0));
    let moved = site.book(0, "Studio", STAFF, at(13, 0), at(14, 0));
    let called_off = [(0, "Hall", CID), (1, "Cellar", BOB)]
        .map(|(venue, room, email)| (venue, site.book(venue, room, email, at(16, 0), at(18, 0))));
    let deleted = [(0, "Studio", ANN), (1, "Lab", EVE)]
        .map(|(venue, room, email)| (venue, site.book(venue, room, email, at(17, 30), at(18, 30))));
    see(&mut site, at(9, 30), "Bob [0, 3]");
    see(&mut site, at(10, 20), "Ann [0, 1], Bob [0, 3]");
    see(&mut site, at(10, 40), "Ann [0, 1, 4], Bob [0, 3]");
    site.venues[0].move_to(moved, at(15, 0), at(16, 0));
    see(&mut site, at(11, 20), "Ann [4], Bob [0, 3]");

    // Both booking systems are away for an hour in which bookings begin and end.
    until(&mut site, at(12, 0));
    for venue in 0..2 {
        site.misbehave(venue, Mischief::Down, at(13, 0));
    }
    site.book(0, "Hall", EVE, at(12, 45), at(14, 15));
    see(&mut site, at(12, 20), "Ann [4]");
    see(&mut site, at(12, 50), "Eve [0, 3]");
    // What was moved away opens nothing at its old time, what was booked meanwhile is seen once somebody answers.
    see(&mut site, at(13, 48), "Eve [0, 1]");

    // Then a room of each may not be read for a while.
    for venue in 0..2 {
        site.misbehave(venue, Mischief::Forbidden(0), at(14, 50));
    }
    see(&mut site, at(14, 10), "Cid [0, 3, 4], Eve [0, 1]");
    see(&mut site, at(15, 9), "Cid [0, 3, 4], Staff [0, 2]");
    for (venue, id) in deleted {
        site.venues[venue].delete(id);
    }
    until(&mut site, at(15, 50));

    // The doors are away while some of their people leave and others come.
    let mut away = net2::Fault { kind: net2::FaultKind::Html502, ..net2::Fault::default() };
    away.times = 0;
    site.net2.add_fault(away);
    see(&mut site, at(16, 20), "Staff [0, 2]");
    site.net2.clear_faults();
    see(&mut site, at(16, 30), "Bob [4], Cid [0, 1]");
    for (venue, id) in called_off {
        site.venues[venue].call_off(id);
    }
    if venues[0] == Kind::Outlook {
        see(&mut site, at(16, 42), "Bob [4]");
    }
    if venues[1] == Kind::Outlook {
        see(&mut site, at(16, 42), "Cid [0, 1]");
    }
    see(&mut site, at(17, 10), "");
    see(&mut site, at(17, 45), "");
    until(&mut site, at(20, 0));
    check(&site);
}

#[test]
fn a_coworking_day_from_feeds_opens_what_was_booked() {
    coworking_day(FEEDS);
}

#[test]
fn the_same_coworking_day_from_outlook_opens_what_was_booked() {
    coworking_day(SECOND_IN_OUTLOOK);
    coworking_day(FIRST_IN_OUTLOOK);
}

#[test]
fn whole_days_on_which_the_clocks_change_have_23_and_25_hours() {
    let utc = |month, day, hour| Utc.with_ymd_and_hms(2027, month, day, hour, 0, 0).unwrap();
    let spring = (SECOND_IN_OUTLOOK, utc(3, 28, 0), utc(3, 28, 23));
    let autumn = (FIRST_IN_OUTLOOK, utc(10, 30, 23), utc(11, 1, 0));
    for (venues, from, to) in [spring, autumn] {
        let mut site = opened(from - Duration::hours(2), venues, 30);
        let wish = |rooms, email| Wish { rooms, email: Some(email), pending: false, all_day: true, from, to };
        site.venues[0].add(wish(&["Studio"], ANN));
        site.venues[1].add(wish(&["Lab", "Cellar"], BOB));
        see(&mut site, from - Duration::minutes(6), "");
        see(&mut site, from - Duration::minutes(5), "Ann [0, 2], Bob [0, 3, 4]");
        see(&mut site, to + Duration::minutes(9), "Ann [0, 2], Bob [0, 3, 4]");
        see(&mut site, to + Duration::minutes(10), "");
        let faults = site.faults();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
