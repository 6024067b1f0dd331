//! Sources that say when they looked, and sources that nobody names any more.

use booking_access::{AccessError, Order};

use crate::site::{Site, at, booking};

const ANN: &str = "ann@x.example";
const BOB: &str = "bob@x.example";

#[tokio::test]
async fn the_same_look_counts_once_however_often_it_is_read() {
    let site = Site::new();
    site.feed.put("a", booking(ANN, "Room 1", at(12, 0), at(13, 0)));
    site.feed.looked(at(8, 0));
    site.round(at(8, 0)).await;
    site.feed.take("a");
    site.feed.looked(at(8, 10));
    for minute in 10..30 {
        site.round(at(8, minute)).await;
    }
    assert!(site.access.grants().next_boundary(at(8, 30)).is_some_and(|at| at.date_naive() == site.now().date_naive()));
    // The server says that nothing changed: it was looked at all the same.
    site.feed.looked(at(8, 30));
    site.round(at(8, 30)).await;
    assert!(site.access.grants().person(ANN).unwrap().not_over(site.now()).next().is_none());
}

#[tokio::test]
async fn two_looks_within_a_minute_are_two_where_the_source_says_so() {
    let site = Site::new();
    site.feed.put("a", booking(ANN, "Room 1", at(12, 0), at(13, 0)));
    site.feed.looked(at(8, 0));
    site.round(at(8, 0)).await;
    site.feed.take("a");
    for second in [10, 20] {
        site.feed.looked(at(8, 0) + chrono::Duration::seconds(second));
        site.round(at(8, 0) + chrono::Duration::seconds(second)).await;
    }
    assert!(site.access.grants().person(ANN).unwrap().not_over(site.now()).next().is_none());
}

#[tokio::test]
async fn bookings_of_a_source_that_nobody_names_stay_until_staff_drop_it() {
    let site = Site::new();
    site.feed.put("a", booking(ANN, "Room 1", at(10, 0), at(11, 0)));
    site.second.put("b", booking(BOB, "Room 3", at(10, 0), at(11, 0)));
    site.round(at(8, 0)).await;
    site.until(at(10, 0)).await;
    let order = Order::new("desk", "moved to another system", site.now());
    let access = site.beside().with_sources(["rooms"]);
    let kinds = |access: &booking_access::Access| -> Vec<_> {
        access.problems(site.now()).unwrap().into_iter().map(|problem| (problem.kind, problem.subject)).collect()
    };
    assert_eq!(kinds(&access), [("unconfigured".to_owned(), "desks".to_owned())]);
    assert_eq!(site.doors_of(BOB), ["d3"], "nothing is taken on a doubt");
    assert!(matches!(access.drop_source("rooms", order), Err(AccessError::Refused(_))));
    assert!(matches!(access.drop_source("no such", order), Err(AccessError::Refused(_))));
    let without = Order::new("desk", "", site.now());
    assert!(matches!(access.drop_source("desks", without), Err(AccessError::Refused(_))));

    assert_eq!(access.drop_source("desks", order).unwrap(), 1);
    assert!(kinds(&access).is_empty() && access.source("desks").unwrap().is_none());
    assert!(site.access.look_again(site.now()).unwrap());
    site.run().await.unwrap();
    assert!(site.doors_of(BOB).is_empty());
    assert_eq!(site.doors_of(ANN), ["d1", "gate"]);
    let audit = access.store().with(booking_access::verify_audit).unwrap();
    assert_eq!((audit[0].action.as_str(), audit[0].subject.as_str()), ("drop-source", "source desks"));
}

#[tokio::test]
async fn bookings_of_a_source_that_nobody_names_trouble_nobody_once_they_are_over() {
    let site = Site::new();
    site.second.put("b", booking(BOB, "Room 3", at(10, 0), at(11, 0)));
    site.round(at(8, 0)).await;
    site.until(at(12, 0)).await;
    let problems = site.beside().with_sources(["rooms"]).problems(site.now() + chrono::Duration::days(3)).unwrap();
    assert_eq!(
        problems.iter().map(|problem| problem.area.as_str()).collect::<Vec<_>>(),
        ["rooms"],
        "that one is stale"
    );
}
