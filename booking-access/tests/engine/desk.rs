//! Orders of staff, questions, and what is kept.

use booking_access::{AccessError, LineState, LinkState, Order, verify_audit};
use sync_core::model::{Booking, BookingStatus};

use crate::site::{Site, at, booking, days};

const ANN: &str = "ann@x.example";
const BOB: &str = "bob@x.example";

fn order(site: &Site) -> Order<'static> {
    Order::new("desk", "lost phone", site.now())
}

async fn two_bookers() -> Site {
    let site = Site::new();
    site.feed.put("a", booking(ANN, "Room 1", at(10, 0), at(11, 0)));
    site.feed.put("b", booking(BOB, "Room 2", at(10, 0), at(11, 0)));
    site.round(at(8, 0)).await;
    site.until(at(10, 0)).await;
    site
}

#[tokio::test]
async fn the_blocked_lose_their_doors_and_get_them_back() {
    let site = two_bookers().await;
    site.access.block(ANN, order(&site)).unwrap();
    site.run().await.unwrap();
    assert!(site.doors_of(ANN).is_empty());
    assert_eq!(site.doors_of(BOB), ["d2", "gate"]);
    let chain = site.access.why(ANN, site.now()).unwrap();
    let broken = &chain.links[chain.first_broken.unwrap()];
    assert_eq!((broken.what.as_str(), broken.words.as_str()), ("block", "lost phone"));
    site.access.unblock(ANN, order(&site)).unwrap();
    site.run().await.unwrap();
    assert_eq!(site.doors_of(ANN), ["d1", "gate"]);
    let audit = site.access.store().with(verify_audit).unwrap();
    assert_eq!(audit.iter().map(|row| row.action.as_str()).collect::<Vec<_>>(), ["block", "unblock"]);
    assert!(audit.iter().all(|row| row.subject == "person 1" && row.reason == "lost phone"));
}

#[tokio::test]
async fn an_extension_ends_to_the_minute_and_needs_an_open_door_and_a_reason() {
    let site = two_bookers().await;
    site.access.extend(ANN, at(12, 30), order(&site)).unwrap();
    site.round(at(10, 5)).await;
    site.until(at(13, 0)).await;
    assert_eq!(site.doors.held(ANN, "d1")[0].to, Some(at(12, 30)));
    assert_eq!(site.doors.held(BOB, "d2")[0].to, Some(at(11, 10)));
    let refused = site.access.extend(ANN, at(14, 0), order(&site));
    assert!(matches!(refused, Err(AccessError::Refused(_))));
    let refused = site.access.block(ANN, Order::new("desk", " ", site.now()));
    assert!(matches!(refused, Err(AccessError::Refused(_))));
    assert!(matches!(site.access.block("nobody@x.example", order(&site)), Err(AccessError::Nobody)));
}

#[tokio::test]
async fn a_reissued_code_replaces_the_old_one_which_rests() {
    let site = two_bookers().await;
    let old = site.pin(ANN).unwrap();
    let version = site.access.code(ANN).unwrap().unwrap().0;
    site.access.reissue(ANN, &*site.watched, order(&site)).await.unwrap();
    site.run().await.unwrap();
    assert_ne!(site.pin(ANN).unwrap(), old);
    assert!(site.access.code(ANN).unwrap().unwrap().0 > version);
    let resting = "SELECT count(*) FROM code WHERE state = 'cooling'";
    let resting: i64 =
        site.access.store().with(|connection| connection.query_row(resting, [], |row| row.get(0))).unwrap();
    assert_eq!(resting, 1);
    assert_eq!(site.access.reveal(ANN, order(&site)).unwrap().expose(), site.pin(ANN).unwrap());
}

#[tokio::test]
async fn who_is_forgotten_leaves_nothing_and_what_brings_them_back_is_named() {
    let site = two_bookers().await;
    let erasure = site.access.erase(ANN, order(&site)).unwrap();
    assert_eq!((erasure.bookings, erasure.codes, erasure.at_door_system), (1, 1, true));
    assert_eq!(erasure.still_in, ["rooms"]);
    site.feed.take("a");
    site.run().await.unwrap();
    assert!(site.doors.people(ANN).is_empty());
    site.round(at(10, 20)).await;
    assert!(site.access.export(ANN, order(&site)).is_err());
    let dump = site.access.store().with(|connection| {
        let mut text = String::new();
        for table in ["people", "bookings", "problems", "audit", "timeline"] {
            let mut statement = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
            let columns = statement.column_count();
            let mut rows = statement.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                for column in 0..columns {
                    text.push_str(row.get_ref(column).unwrap().as_str().unwrap_or_default());
                    text.push(' ');
                }
            }
        }
        Ok::<_, AccessError>(text)
    });
    assert!(!dump.unwrap().contains("ann"));
    assert_eq!(site.doors_of(BOB), ["d2", "gate"]);
}

#[tokio::test]
async fn an_export_holds_bookings_and_rights_and_no_code() {
    let site = two_bookers().await;
    let pin = site.pin(ANN).unwrap();
    let export = site.access.export(ANN, order(&site)).unwrap();
    assert_eq!(export["bookings"][0]["resources"][0], "Room 1");
    assert_eq!(export["rights"].as_array().unwrap().len(), 2);
    assert!(!export.to_string().contains(&pin));
}

#[tokio::test]
async fn the_table_tells_how_each_booking_stands() {
    let site = two_bookers().await;
    site.feed.put("c", booking(BOB, "Room 9", at(12, 0), at(13, 0)));
    site.feed.put("d", booking(BOB, "Room 3", at(12, 0), at(13, 0)));
    let pending = booking(BOB, "Room 3", at(14, 0), at(15, 0));
    site.feed.put("e", Booking { status: BookingStatus::Tentative, ..pending });
    site.take().await;
    let state = |key: &str| {
        let table = site.access.table(site.now()).unwrap();
        table.lines.into_iter().find(|line| line.key == key).map(|line| (line.state, line.why)).unwrap()
    };
    assert_eq!(state("a").0, LineState::Granted);
    assert_eq!(state("c"), (LineState::Empty, "no resource is called Room 9".to_owned()));
    assert_eq!(state("d").0, LineState::Planned);
    assert_eq!(state("e").0, LineState::Tentative);
    site.feed.put("a", Booking { status: BookingStatus::Cancelled, ..site.feed.get("a").unwrap() });
    site.take().await;
    assert_eq!(state("a").0, LineState::Cancelled);
    site.until(at(12, 0)).await;
    assert_eq!(state("b").0, LineState::Ended);
    let problems = site.access.problems(site.now()).unwrap();
    let resource = problems.iter().find(|problem| problem.kind == "resource").unwrap();
    assert_eq!((resource.subject.as_str(), resource.words.contains("Room")), ("Room 9", true));
}

#[tokio::test]
async fn a_door_tells_who_can_open_it_now_before_and_later() {
    let site = two_bookers().await;
    let who = |door: &str, time| -> Vec<(String, bool)> {
        let openers = site.access.who_can_open(door, time, site.now()).unwrap();
        openers.into_iter().map(|opener| (opener.address, opener.confirmed)).collect()
    };
    assert_eq!(who("gate", at(10, 0)), [(ANN.to_owned(), true), (BOB.to_owned(), true)]);
    assert_eq!(who("d1", at(10, 30)), [(ANN.to_owned(), false)]);
    assert!(who("d1", at(9, 0)).is_empty());
    assert!(who("d1", at(12, 0)).is_empty());
}

#[tokio::test]
async fn the_chain_breaks_where_the_cause_is() {
    let site = two_bookers().await;
    let broken = |who: &str| {
        let chain = site.access.why(who, site.now()).unwrap();
        chain.first_broken.map(|at| chain.links[at].what.clone())
    };
    assert_eq!(broken(ANN), None);
    assert_eq!(broken("ann"), None, "a name will do");
    assert_eq!(broken("nobody@x.example").unwrap(), "person");
    site.doors.away(true);
    site.access.extend(ANN, at(12, 0), order(&site)).unwrap();
    site.feed.put("c", booking("cid@x.example", "Room 1", at(10, 0), at(11, 0)));
    site.take().await;
    let _ = site.run().await;
    assert_eq!(broken("cid@x.example").unwrap(), "code");
    site.doors.away(false);
    site.run().await.unwrap();
    assert_eq!(broken("cid@x.example"), None);
    site.until(at(13, 0)).await;
    assert_eq!(broken(BOB).unwrap(), "booking");
    let chain = site.access.why("b@", site.now()).unwrap();
    assert_eq!(chain.links[0].state, LinkState::Holds, "{chain:?}");
}

#[tokio::test]
async fn what_was_kept_long_enough_is_forgotten() {
    let site = two_bookers().await;
    site.feed.take("a");
    site.feed.take("b");
    site.until(at(12, 0)).await;
    site.until(at(12, 0) + days(8)).await;
    assert!(site.doors.ours(ANN).is_none());
    let kept = site.access.retain(site.now()).unwrap();
    assert_eq!((kept.bookings, kept.people), (0, 0));
    site.set(at(12, 0) + days(40));
    let forgotten = site.access.retain(site.now()).unwrap();
    assert_eq!((forgotten.bookings, forgotten.people, forgotten.rights), (2, 2, 0), "rights went with their people");
    assert!(site.access.table(site.now()).unwrap().lines.is_empty());
    let report = site.round(site.now()).await;
    assert!(!report.is_failure(), "{report:?}");
}

#[tokio::test]
async fn the_timeline_shows_bookings_and_confirmed_rights() {
    let site = two_bookers().await;
    site.until(at(12, 0)).await;
    let timeline = site.access.timeline(at(8, 0), at(14, 0)).unwrap();
    assert_eq!(timeline.bookings.len(), 2);
    let gate: Vec<_> = timeline.rights.iter().filter(|bar| bar.lane == "gate").collect();
    assert_eq!(gate.len(), 2);
    assert!(gate.iter().all(|bar| (bar.from, bar.to) == (at(9, 55), Some(at(11, 10)))));
    let counts = site.access.counts(at(8, 0), site.now()).unwrap();
    assert_eq!((counts.bookings, counts.granted, counts.withdrawn, counts.problems), (2, 4, 4, 0));
}
