//! What goes over the wire, against the fixtures.

use net2_client::sync::{BookersConfig, Net2Config, Net2Doors};
use sync_core::connector::{AttemptKey, Draft, ErrorClass, Marker, Sink as _};
use sync_core::model::{Known, Person};

use crate::site::{maya, open, secret, set, update};
use crate::support::Site;

const COURT_1: &str = "7000123";
const COURT_2: &str = "7000124";

/// A site with two courts, of which SQL tells nothing.
async fn net2(scenario: &str) -> (Site, Net2Doors) {
    let mut site = Site::of("booker_site").await;
    site.play(scenario).await;
    let mut bookers = BookersConfig::default();
    if scenario != "booker_create" {
        "Udgang".clone_into(&mut bookers.fallback_level);
    }
    bookers.areas.insert(COURT_1.to_owned(), vec![12, 13]);
    bookers.areas.insert(COURT_2.to_owned(), vec![14, 15]);
    let config = Net2Config::new(site.server.url(), "System engineer", "env:UNUSED", "licence", "UTC");
    let doors = Net2Doors::with_client("net2", config, bookers, site.client());
    (site, doors)
}

#[tokio::test]
async fn a_booker_is_created_with_all_that_proves_it_ours_in_one_request() {
    let (site, net2) = net2("booker_create").await;
    let key = "00000000000000000000000000000007".parse().unwrap();
    let value = Person {
        valid_from: Known::Value("2027-03-01".parse().unwrap()),
        valid_until: Known::Value("2027-03-02".parse().unwrap()),
        doors: set(&[&COURT_1.to_owned()]),
        ..maya()
    };
    let created = net2.create(&Draft { value: value.clone(), key }, &AttemptKey::from_u128(1)).await.unwrap();
    assert_eq!(created.marker, Some(Marker::Ours(key)));
    assert!(created.value == Person { code: Known::Empty, ..value });
    site.done().await;
}

#[tokio::test]
async fn doors_are_written_in_the_form_that_the_server_shows() {
    let (site, net2) = net2("booker_doors").await;
    let moved = open(&net2, &"42".into(), set(&[&COURT_2.to_owned()])).await.unwrap();
    assert_eq!(moved.value.doors, set(&[&COURT_2.to_owned()]));
    assert_eq!(moved.value.code, Known::Empty, "the fob is not ours");
    site.done().await;
}

#[tokio::test]
async fn the_last_door_leaves_the_fallback_level() {
    let (site, net2) = net2("booker_shut").await;
    assert_eq!(open(&net2, &"42".into(), Known::Empty).await.unwrap().value.doors, Known::Empty);
    site.done().await;
}

#[tokio::test]
async fn a_refused_code_gives_the_one_before_back() {
    let (site, net2) = net2("booker_code_clash").await;
    let error = update(&net2, &"42".into(), Person { code: secret("880002"), ..Person::default() }).await.unwrap_err();
    assert_eq!((error.class(), error.clashing_key()), (ErrorClass::Duplicate, Some("code")));
    assert!(!error.chain().contains("880002"));
    site.done().await;
}
