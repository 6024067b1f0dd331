//! Rights over a day.

use sync_core::model::{Booking, BookingStatus};

use crate::site::{Site, at, booking, days};

const ANN: &str = "ann@x.example";

#[tokio::test]
async fn a_booking_opens_its_doors_for_its_time_and_no_longer() {
    let site = Site::new();
    site.feed.put("a", booking("Ann@x.example", "Room 1", at(10, 0), at(11, 0)));
    site.round(at(8, 0)).await;
    let ann = site.doors.ours(ANN).unwrap();
    assert_eq!(ann.value.first_name.value().unwrap(), "Ann");
    assert!(site.doors_of(ANN).is_empty());
    let pin = site.pin(ANN).unwrap();
    assert_eq!(pin.len(), 6);
    site.until(at(12, 0)).await;
    let held = site.doors.held(ANN, "d1");
    assert_eq!(held.len(), 1);
    assert_eq!((held[0].from, held[0].to), (at(9, 55), Some(at(11, 10))));
    assert_eq!(site.pin(ANN).unwrap(), pin);
}

#[tokio::test]
async fn back_to_back_bookings_cause_no_gap_and_doors_go_one_by_one() {
    let site = Site::new();
    site.feed.put("a", booking(ANN, "Room 1", at(10, 0), at(11, 0)));
    site.feed.put("b", booking(ANN, "Room 2", at(11, 0), at(12, 0)));
    site.round(at(8, 0)).await;
    site.until(at(14, 0)).await;
    let spans = |door: &str| site.doors.held(ANN, door).iter().map(|held| (held.from, held.to)).collect::<Vec<_>>();
    assert_eq!(spans("gate"), [(at(9, 55), Some(at(12, 10)))]);
    assert_eq!(spans("d1"), [(at(9, 55), Some(at(11, 10)))]);
    assert_eq!(spans("d2"), [(at(10, 55), Some(at(12, 10)))]);
}

#[tokio::test]
async fn nothing_is_written_when_nothing_changes() {
    let site = Site::new();
    site.feed.put("a", booking(ANN, "Room 1", at(10, 0), at(11, 0)));
    site.round(at(8, 0)).await;
    let written = site.doors.side().writes_seen();
    for minute in 1..10 {
        let report = site.round(at(8, minute)).await;
        assert_eq!(report.second_plan_actions, 0);
    }
    assert_eq!(site.doors.side().writes_seen(), written);
}

#[tokio::test]
async fn a_cancelled_booking_ends_at_once_and_an_absent_one_when_it_is_sure() {
    let site = Site::new();
    for key in ["a", "b", "c"] {
        site.feed.put(key, booking(&format!("{key}@x.example"), "Room 1", at(10, 0), at(11, 0)));
    }
    site.round(at(10, 0)).await;
    let cancelled = Booking { status: BookingStatus::Cancelled, ..site.feed.get("a").unwrap() };
    site.feed.put("a", cancelled);
    site.feed.take("b");
    site.round(at(10, 10)).await;
    assert!(site.doors_of("a@x.example").is_empty());
    assert_eq!(site.doors_of("b@x.example"), ["d1", "gate"]);
    site.round(at(10, 20)).await;
    assert_eq!(site.doors_of("b@x.example"), ["d1", "gate"]);
    site.round(at(10, 30)).await;
    assert!(site.doors_of("b@x.example").is_empty());
    assert_eq!(site.doors_of("c@x.example"), ["d1", "gate"]);
}

#[tokio::test]
async fn readings_in_quick_succession_are_one_look() {
    let site = Site::new();
    site.feed.put("a", booking(ANN, "Room 1", at(10, 0), at(11, 0)));
    site.feed.put("b", booking("bob@x.example", "Room 2", at(10, 0), at(11, 0)));
    site.round(at(8, 0)).await;
    site.feed.take("a");
    site.set(at(8, 10));
    for _ in 0..5 {
        site.take().await;
    }
    site.until(at(9, 58)).await;
    assert_eq!(site.doors_of(ANN), ["d1", "gate"]);
}

#[tokio::test]
async fn a_feed_that_is_away_takes_nothing_away_and_ends_come_by_the_clock() {
    let site = Site::new();
    site.feed.put("a", booking(ANN, "Room 1", at(10, 0), at(11, 0)));
    site.round(at(8, 0)).await;
    site.feed.away(true);
    for minute in (0..59).step_by(10) {
        site.round(at(10, minute)).await;
        assert_eq!(site.doors_of(ANN), ["d1", "gate"]);
    }
    site.until(at(12, 0)).await;
    assert_eq!(site.doors.held(ANN, "d1")[0].to, Some(at(11, 10)));
    assert!(site.access.source("rooms").unwrap().unwrap().failure.is_some());
}

#[tokio::test]
async fn a_moved_booking_keeps_the_code_and_takes_effect_at_once() {
    let site = Site::new();
    site.feed.put("7_1", booking(ANN, "Room 1", at(10, 0), at(11, 0)));
    site.round(at(8, 0)).await;
    let pin = site.pin(ANN);
    site.feed.take("7_1");
    site.feed.put("7_2", booking(ANN, "Room 1", at(10, 30), at(11, 30)));
    site.round(at(8, 10)).await;
    site.until(at(12, 0)).await;
    assert_eq!(site.pin(ANN), pin);
    let held = site.doors.held(ANN, "d1");
    assert_eq!((held.len(), held[0].from, held[0].to), (1, at(10, 25), Some(at(11, 40))));
}

#[tokio::test]
async fn after_an_outage_of_the_doors_withdrawals_go_first() {
    let site = Site::new();
    site.feed.put("a", booking("zoe@x.example", "Room 1", at(10, 0), at(11, 0)));
    site.feed.put("b", booking("abe@x.example", "Room 1", at(11, 30), at(12, 30)));
    site.round(at(10, 0)).await;
    site.doors.away(true);
    for minute in [20, 40] {
        site.set(at(11, minute));
        assert!(site.run().await.is_err());
    }
    site.doors.away(false);
    site.round(at(11, 45)).await;
    let since: Vec<_> = site.doors.changes().into_iter().filter(|change| change.at >= at(11, 0)).collect();
    assert_eq!(
        since.iter().map(|change| change.person.as_str()).collect::<Vec<_>>(),
        ["zoe@x.example", "abe@x.example"]
    );
    assert!(since[0].doors.is_empty() && !since[1].doors.is_empty());
}

#[tokio::test]
async fn bookers_are_removed_days_after_the_end_and_their_codes_rest() {
    let site = Site::new();
    site.feed.put("a", booking(ANN, "Room 1", at(10, 0), at(11, 0)));
    site.round(at(8, 0)).await;
    site.feed.take("a");
    site.round(at(12, 0)).await;
    site.round(at(11, 9) + days(7)).await;
    assert!(site.doors.ours(ANN).is_some());
    site.round(at(11, 10) + days(7)).await;
    assert!(site.doors.ours(ANN).is_none());
    let report = site.round(at(11, 30) + days(7)).await;
    assert!(!report.is_failure(), "{report:?}");
    // Back again with a new code.
    site.feed.put("b", booking(ANN, "Room 2", at(12, 0) + days(7), at(13, 0) + days(7)));
    site.round(at(11, 40) + days(7)).await;
    site.until(at(12, 0) + days(7)).await;
    assert_eq!(site.doors_of(ANN), ["d2", "gate"]);
}
