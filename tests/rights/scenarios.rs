//! Days that are known to be hard.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, TimeZone as _, Utc};
use vendor_sim::feed::{Fault, FaultKind, ForgedEvent};
use vendor_sim::graph::Response;
use vendor_sim::net2;

use crate::site::{Plan, STAFF, Site};
use crate::venue::{Kind, Mischief, Wish};

const ANN: &str = "ann@x.example";
const BOB: &str = "bob@x.example";
const CID: &str = "cid@x.example";
const FEEDS: [Kind; 2] = [Kind::Skedda, Kind::Booked];

fn at(hour: u32, minute: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2027, 7, 1, hour, minute, 0).unwrap()
}

fn morning() -> Site {
    morning_with(FEEDS)
}

fn morning_with(venues: [Kind; 2]) -> Site {
    let mut site = Site::new(Plan { start: at(8, 0), venues, numbers: false, interval: 10 });
    site.cycle();
    site
}

fn until(site: &mut Site, time: DateTime<Utc>) {
    let left = time - site.now();
    site.pass(left, Duration::minutes(15));
}

fn check(site: &Site) {
    let faults = site.faults();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Every call fails, until the faults are cleared.
fn net2_away(site: &Site) {
    let mut fault = net2::Fault { kind: net2::FaultKind::Html502, ..net2::Fault::default() };
    fault.times = 0;
    site.net2.add_fault(fault);
}

#[test]
fn after_an_hour_without_net2_withdrawals_go_first_then_grants_then_mails() {
    let mut site = morning();
    site.book(0, "Hall", ANN, at(10, 0), at(11, 0));
    site.book(1, "Lab", STAFF, at(10, 0), at(11, 20));
    site.book(0, "Hall", BOB, at(11, 30), at(12, 30));
    until(&mut site, at(11, 0));
    assert_eq!((site.open_to(ANN), site.open_to(BOB)), (vec![0, 1], vec![]));
    net2_away(&site);
    site.book(1, "Cellar", CID, at(11, 50), at(13, 0));
    until(&mut site, at(12, 0));
    assert_eq!((site.open_to(ANN), site.open_to(BOB)), (vec![0, 1], vec![]));
    assert_eq!(site.post.to(CID).len(), 0);
    site.net2.clear_faults();
    let calls = site.net2.requests().len();
    until(&mut site, at(12, 1));
    assert!(site.clean, "{:?}", site.last);
    assert_eq!((site.open_to(ANN), site.open_to(STAFF)), (vec![], vec![]));
    assert_eq!((site.open_to(BOB), site.open_to(CID)), (vec![0, 1], vec![4]));
    let user = |email: &str| {
        let all = site.net2.world(|world| world.all_rights());
        let own = all.into_iter().filter(crate::recorder::managed);
        own.filter(|one| one.email.as_deref().unwrap().eq_ignore_ascii_case(email)).map(|one| one.user).next().unwrap()
    };
    let requests = site.net2.requests();
    let written = |email: &str| {
        let path = format!("/users/{}/doorpermissionset", user(email));
        let own = |call: &&(usize, &net2::LoggedRequest)| call.1.method == "PUT" && call.1.path.ends_with(&path);
        requests
            .iter()
            .enumerate()
            .skip(calls)
            .find(|call| own(&call))
            .unwrap_or_else(|| panic!("{email} not written"))
            .0
    };
    let (lost, got) = (written(ANN).max(written(STAFF)), written(BOB).min(written(CID)));
    assert!(lost < got, "somebody got doors (call {got}) before everybody had lost theirs (call {lost})");
    let letter = &site.post.to(CID)[0];
    assert!(letter.calls > written(CID).max(written(BOB)), "a mail went before the doors were done");
    until(&mut site, at(14, 0));
    check(&site);
}

#[test]
fn an_outage_of_the_doors_changes_nothing_that_lasts() {
    let mut ends = Vec::new();
    for outage in [false, true] {
        let mut site = morning();
        site.book(0, "Hall", ANN, at(9, 0), at(10, 0));
        site.book(0, "Studio", ANN, at(9, 30), at(11, 30));
        site.book(1, "Lab", BOB, at(9, 30), at(10, 30));
        site.book(1, "Cellar", CID, at(10, 30), at(12, 0));
        until(&mut site, at(9, 15));
        if outage {
            net2_away(&site);
        }
        until(&mut site, at(10, 50));
        site.net2.clear_faults();
        until(&mut site, at(11, 0));
        ends.push([ANN, BOB, CID].map(|email| site.open_to(email)));
        check(&site);
    }
    assert_eq!(ends[0], ends[1]);
    assert_eq!(ends[0], [vec![0, 2], vec![], vec![4]]);
}

#[test]
fn two_feeds_with_the_same_person_are_one_user_with_the_doors_of_both() {
    let mut site = morning();
    site.book(0, "Hall", ANN, at(10, 0), at(11, 0));
    site.book(1, "Lab", "Ann@X.example", at(10, 30), at(11, 30));
    let mut seen = Vec::new();
    for (hour, minute) in [(9, 54), (9, 55), (10, 25), (11, 9), (11, 10), (11, 40)] {
        until(&mut site, at(hour, minute));
        seen.push(site.open_to(ANN));
    }
    assert_eq!(seen, [vec![], vec![0, 1], vec![0, 1, 3], vec![0, 1, 3], vec![0, 3], vec![]]);
    check(&site);
}

/// A feed fails in some way for three readings, within which a booking begins.
fn three_bad_readings(venues: [Kind; 2], empty: bool, bad: impl Fn(&mut Site, usize), good: impl Fn(&Site)) {
    let mut site = morning_with(venues);
    site.book(0, "Hall", ANN, at(9, 0), at(10, 0));
    site.book(1, "Lab", BOB, at(9, 0), at(10, 0));
    until(&mut site, at(8, 45));
    let codes = codes(&site);
    let letters = site.post.arrived().len();
    for venue in 0..2 {
        site.blank[venue] = empty.then(|| at(9, 20));
        bad(&mut site, venue);
    }
    until(&mut site, at(9, 20));
    assert_eq!((site.open_to(ANN), site.open_to(BOB)), (vec![0, 1], vec![0, 3]));
    good(&site);
    until(&mut site, at(9, 50));
    assert_eq!((site.open_to(ANN), site.open_to(BOB)), (vec![0, 1], vec![0, 3]));
    assert_eq!((codes, letters), (self::codes(&site), site.post.arrived().len()));
    until(&mut site, at(10, 30));
    assert_eq!((site.open_to(ANN), site.open_to(BOB)), (vec![], vec![]));
    check(&site);
}

fn codes(site: &Site) -> BTreeSet<(i64, String)> {
    let all = site.net2.world(|world| world.all_rights());
    all.into_iter().flat_map(|one| one.codes.into_iter().map(move |code| (one.user, code.value))).collect()
}

#[test]
fn bad_answers_take_nothing_away_change_no_code_and_send_no_mail() {
    for kind in [
        FaultKind::Error,
        FaultKind::Truncate,
        FaultKind::WithoutEnd,
        FaultKind::Short,
        FaultKind::LoginPage,
        FaultKind::Empty,
        FaultKind::Drop,
    ] {
        let empty = kind == FaultKind::Empty;
        let fault = || Fault::new(kind).until(at(9, 20));
        three_bad_readings(FEEDS, empty, |site, venue| site.venues[venue].feed().add_fault(fault()), |_| ());
    }
    let busy = || Fault::new(FaultKind::Error).status(429).retry_after("600").until(at(9, 20));
    three_bad_readings(FEEDS, false, |site, venue| site.venues[venue].feed().add_fault(busy()), |_| ());
}

#[test]
fn bad_answers_of_graph_take_nothing_away_either() {
    for what in [
        Mischief::Down,
        Mischief::HalfAnswer,
        Mischief::HalfRead,
        Mischief::LoginPage,
        Mischief::Cut,
        Mischief::Busy,
        Mischief::Forbidden(0),
    ] {
        let bad = |site: &mut Site, venue| site.misbehave(venue, what, at(9, 20));
        three_bad_readings([Kind::Outlook, Kind::Booked], false, bad, |_| ());
    }
}

#[test]
fn only_what_a_room_accepted_from_a_person_of_the_house_opens_it() {
    const MAL: &str = "mal@elsewhere.example";
    let mut site = morning_with([Kind::Skedda, Kind::Outlook]);
    let wish = |email, pending| Wish { rooms: &["Lab"], email, pending, all_day: false, from: at(9, 0), to: at(12, 0) };
    site.venues[1].add(wish(Some(MAL), false));
    site.venues[1].add(wish(None, false));
    let waits = site.venues[1].add(wish(Some(BOB), true));
    until(&mut site, at(9, 30));
    assert!(site.held().is_empty(), "{:?}", site.held());
    let respond = |site: &Site, response| {
        let id = u64::try_from(waits).unwrap();
        assert!(site.venues[1].graph().world(|world| world.respond(id, response)));
    };
    respond(&site, Response::Accepted);
    until(&mut site, at(10, 0));
    assert_eq!((site.open_to(MAL), site.open_to(BOB)), (vec![], vec![0, 3]));
    respond(&site, Response::Declined);
    until(&mut site, at(10, 12));
    assert!(site.open_to(BOB).is_empty(), "declined in so many words");
    check(&site);
}

#[test]
fn rooms_that_vanish_from_a_feed_for_three_readings_take_no_door_away() {
    three_bad_readings(
        FEEDS,
        false,
        |site, venue| site.venues[venue].feed().world(|world| world.switches.rooms_gone = true),
        |site| {
            for venue in &site.venues {
                venue.feed().world(|world| world.switches.rooms_gone = false);
            }
        },
    );
}

#[test]
fn a_revoked_key_keeps_everything_until_a_person_confirms() {
    let mut site = morning();
    site.book(1, "Lab", BOB, at(12, 0), at(20, 0));
    until(&mut site, at(9, 0));
    site.venues[1].feed().world(|world| world.change_key());
    site.blank[1] = Some(at(23, 0));
    until(&mut site, at(15, 0));
    assert_eq!(site.open_to(BOB), [0, 3]);
    for link in ["Lab", "Cellar"] {
        assert!(site.confirm(1, link), "nothing is held in {link}");
    }
    until(&mut site, at(17, 0));
    assert!(site.open_to(BOB).is_empty(), "{:?}", site.open_to(BOB));
}

#[test]
fn a_title_that_forges_a_booking_opens_nothing() {
    let forged = ForgedEvent {
        visible: "meeting".into(),
        room: "Lab".into(),
        start: at(10, 0),
        end: at(20, 0),
        name: "Mal".into(),
        email: "mal@x.example".into(),
    };
    // The last one is longer than the column for titles; even that stays in the room that the link is of.
    let faithful = forged.faithful_title("bookings.commonhall.example");
    for (title, fits) in [(forged.short_title(), true), (forged.whole_title(), true), (faithful, false)] {
        let mut site = morning();
        site.book(1, "Lab", BOB, at(12, 0), at(13, 0));
        let own = site.book(1, "Cellar", "mal@x.example", at(15, 0), at(15, 30));
        until(&mut site, at(9, 0));
        site.venues[1].feed().world(|world| world.change_booking(own, |booking| booking.title.clone_from(&title)));
        until(&mut site, at(21, 0));
        let held = site.held();
        let doors = |email: &str| held.keys().filter(|(whose, _)| whose == email).map(|(_, door)| *door).collect();
        let mal: BTreeSet<i64> = doors("mal@x.example");
        assert!(mal.is_subset(&BTreeSet::from([site.door(4)])), "{mal:?}");
        for span in held.iter().filter(|(key, _)| key.0 == "mal@x.example").flat_map(|(_, spans)| spans) {
            assert!(!fits || span.0 >= at(14, 55) && span.1 <= at(15, 40), "{span:?}");
        }
        assert_eq!(doors(BOB), BTreeSet::from([site.door(0), site.door(3)]));
    }
}
