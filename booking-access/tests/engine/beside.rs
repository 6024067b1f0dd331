//! Orders that staff give in another process, beside a running service.

use booking_access::Order;

use crate::site::{Site, at, booking};

const ANN: &str = "ann@x.example";

async fn running() -> Site {
    let site = Site::new();
    site.feed.put("a", booking(ANN, "Room 1", at(10, 0), at(11, 0)));
    site.round(at(8, 0)).await;
    site.until(at(10, 0)).await;
    site
}

fn order(site: &Site) -> Order<'static> {
    Order::new("desk", "lost phone", site.now())
}

#[tokio::test]
async fn an_order_given_beside_is_noticed_once_and_takes_the_doors() {
    let site = running().await;
    assert!(!site.access.look_again(site.now()).unwrap(), "what the service itself writes is no news");
    site.beside().block(ANN, order(&site)).unwrap();
    assert!(site.access.look_again(site.now()).unwrap());
    site.run().await.unwrap();
    assert!(site.doors_of(ANN).is_empty());
    assert!(!site.access.look_again(site.now()).unwrap());
    site.beside().unblock(ANN, order(&site)).unwrap();
    assert!(site.access.look_again(site.now()).unwrap());
    site.run().await.unwrap();
    assert_eq!(site.doors_of(ANN), ["d1", "gate"]);
}

#[tokio::test]
async fn extensions_new_codes_and_erasures_given_beside_take_effect() {
    let site = running().await;
    let pin = site.pin(ANN).unwrap();
    let desk = site.beside();
    desk.extend(ANN, at(12, 0), order(&site)).unwrap();
    desk.reissue(ANN, &*site.doors, order(&site)).await.unwrap();
    assert!(site.access.look_again(site.now()).unwrap());
    assert_eq!(site.access.grants().next_boundary(at(11, 10)), Some(at(12, 0)));
    site.run().await.unwrap();
    assert_ne!(site.pin(ANN).unwrap(), pin);
    desk.erase(ANN, order(&site)).unwrap();
    assert!(site.access.look_again(site.now()).unwrap());
    site.run().await.unwrap();
    assert!(site.doors.people(ANN).is_empty());
}

#[tokio::test]
async fn whoever_only_looks_is_not_noticed() {
    let site = running().await;
    let desk = site.beside();
    assert!(desk.problems(site.now()).unwrap().is_empty() && desk.code(ANN).unwrap().is_some());
    assert!(!site.access.look_again(site.now()).unwrap());
}
