//! Who the people are: strangers, people left by a predecessor, restarts.

use booking_access::Conflict;
use sync_core::model::{Known, Person, SecretText};

use crate::site::{Site, at, booking, days};

const ANN: &str = "ann@x.example";

fn foreign(email: &str, pin: &str) -> Person {
    Person {
        first_name: Known::from_text("Ann"),
        last_name: Known::from_text("Staff"),
        email: Known::from_text(email),
        doors: Known::Value(["d3".to_owned()].into()),
        pin: Known::Value(SecretText::new(pin)),
        ..Person::default()
    }
}

#[tokio::test]
async fn staff_who_book_get_a_booker_of_their_own_and_stay_as_they_are() {
    let site = Site::new();
    let id = site.doors.put_foreign(foreign(ANN, "111222"));
    site.feed.put("a", booking(ANN, "Room 1", at(10, 0), at(11, 0)));
    site.round(at(8, 0)).await;
    site.until(at(12, 0)).await;
    let people = site.doors.people(ANN);
    assert_eq!(people.len(), 2);
    let staff = people.iter().find(|record| record.id == id).unwrap();
    assert_eq!(staff.value, foreign(ANN, "111222"));
    assert!(site.access.problems(site.now()).unwrap().iter().any(|problem| problem.kind == "namesake"));
}

#[tokio::test]
async fn staff_who_book_get_nothing_where_that_is_wanted() {
    let site = Site::with(|settings| settings.access.conflict = Conflict::Refuse);
    let id = site.doors.put_foreign(foreign(ANN, "111222"));
    site.feed.put("a", booking(ANN, "Room 1", at(10, 0), at(11, 0)));
    site.round(at(8, 0)).await;
    assert!(site.doors.ours(ANN).is_none());
    // The stranger goes, and is looked at again after a while.
    site.doors.delete(&id);
    site.round(at(8, 20)).await;
    assert!(site.doors.ours(ANN).is_some());
}

#[tokio::test]
async fn people_left_by_a_predecessor_are_taken_over_with_their_codes() {
    let site = Site::new();
    site.doors.put_marked(foreign("Bob@x.example", "246813"));
    site.doors.put_marked(foreign(ANN, "975312"));
    site.feed.put("a", booking(ANN, "Room 1", at(10, 0), at(11, 0)));
    site.round(at(8, 0)).await;
    site.until(at(10, 0)).await;
    assert_eq!(site.pin(ANN).unwrap(), "975312");
    assert_eq!(site.doors_of(ANN), ["d1", "gate"]);
    assert_eq!(site.pin("bob@x.example").unwrap(), "246813");
    assert!(site.doors_of("bob@x.example").is_empty(), "no booking, no doors");
    site.until(at(9, 0) + days(8)).await;
    site.until(at(9, 10) + days(8)).await;
    assert!(site.doors.ours("bob@x.example").is_none());
}

#[tokio::test]
async fn lost_books_are_found_again_at_the_doors() {
    let mut site = Site::new();
    site.feed.put("a", booking(ANN, "Room 1", at(10, 0), at(11, 0)));
    site.round(at(8, 0)).await;
    let pin = site.pin(ANN).unwrap();
    site.lose_books();
    site.round(at(9, 0)).await;
    site.until(at(10, 30)).await;
    assert_eq!(site.pin(ANN).unwrap(), pin);
    assert_eq!(site.doors.people(ANN).len(), 1);
    assert_eq!(site.doors_of(ANN), ["d1", "gate"]);
}

#[tokio::test]
async fn the_door_system_gets_no_names_where_pseudonyms_are_wanted() {
    let site = Site::with(|settings| settings.access.privacy.pseudonyms = true);
    site.feed.put("a", booking(ANN, "Room 1", at(10, 0), at(11, 0)));
    site.round(at(8, 0)).await;
    site.until(at(10, 0)).await;
    let all = site.doors.side().all();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].value.last_name.value().unwrap(), "Booker 1");
    assert!(!all[0].value.email.is_known() || all[0].value.email.is_empty());
    assert_eq!(all[0].value.doors.value().unwrap().len(), 2);
}

#[tokio::test]
async fn a_code_that_the_door_system_refuses_is_replaced() {
    let site = Site::new();
    site.feed.put("a", booking(ANN, "Room 1", at(10, 0), at(11, 0)));
    site.take().await;
    site.access.prepare(&*site.watched, site.now()).await.unwrap();
    // Between the look and the write somebody else got this very code.
    let code = site.access.code(ANN).unwrap().unwrap();
    site.doors.put_foreign(foreign("new@x.example", code.1.expose()));
    site.run().await.unwrap();
    site.round(at(8, 1)).await;
    let pin = site.pin(ANN).unwrap();
    assert_ne!(pin, code.1.expose());
    assert!(site.access.problems(site.now()).unwrap().iter().any(|problem| problem.kind == "refused"));
}

#[tokio::test]
async fn two_sources_with_the_same_person_make_one_booker() {
    let site = Site::new();
    site.feed.put("a", booking(ANN, "Room 1", at(10, 0), at(11, 0)));
    site.second.put("a", booking(" ANN@X.example ", "Room 3", at(10, 30), at(11, 30)));
    site.round(at(8, 0)).await;
    site.until(at(10, 40)).await;
    assert_eq!(site.doors.people(ANN).len(), 1);
    assert_eq!(site.doors_of(ANN), ["d1", "d3", "gate"]);
}

#[tokio::test]
async fn somebody_removed_by_hand_at_the_doors_is_made_again_before_their_booking() {
    let site = Site::new();
    for name in ["ann", "bob", "cid"] {
        site.feed.put(name, booking(&format!("{name}@x.example"), "Room 1", at(10, 0), at(12, 0)));
    }
    site.round(at(8, 0)).await;
    let ann = site.doors.ours("ann@x.example").unwrap();
    let code = site.pin("ann@x.example");
    site.doors.side().delete(&ann.id);
    for minute in 1..60 {
        site.round(at(8, minute)).await;
    }
    assert_eq!(site.pin("ann@x.example"), code);
    site.until(at(10, 0)).await;
    assert_eq!(site.doors_of("ann@x.example"), ["d1", "gate"]);
}
