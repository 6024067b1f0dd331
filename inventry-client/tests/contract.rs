//! The client against the exchanges of `tests/fixtures/inventry`.

#![allow(clippy::unwrap_used, reason = "a test may stop")]

mod support;

use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use inventry_client::error::{is_cursor_expired, is_licence_missing, is_version_unsupported};
use inventry_client::events::{BookingRules, EventPage, Ignored, Outcome};
use inventry_client::{
    Capability, DeviceDirection, DeviceKind, Error, ErrorKind, EventType, InventryClient, Method, PersonType,
};
use support::Site;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

async fn info_of(scenario: &str) -> Result<inventry_client::Info, Error> {
    let site = Site::of(scenario).await;
    let info = site.client().check().await;
    site.done().await;
    info
}

#[tokio::test]
async fn the_server_says_what_it_is() {
    let info = info_of("info").await.unwrap();
    assert_eq!(info.organisation.as_deref(), Some("Example Academy"));
    assert_eq!(info.time_zone, Some(chrono_tz::Tz::Europe__London));
    assert!(info.offers(Capability::EventsFollow) && !info.offers(Capability::OnSite));
    assert_eq!(info.licence.unwrap().until, "2026-12-31".parse().ok());
    let bare = info_of("info_bare").await.unwrap();
    assert_eq!((bare.organisation, bare.licence, bare.capabilities), (None, None, None));
}

#[tokio::test]
async fn a_server_that_is_too_old_or_does_not_tell_is_refused() {
    let old = info_of("version_old").await.unwrap_err();
    assert_eq!(old.message(), "InVentry 4.11.0 or later is needed, the server is 4.10.3");
    assert_eq!(old.kind(), ErrorKind::Config);
    assert!(info_of("version_unreadable").await.unwrap_err().message().contains("cannot be read"));
    let refused = info_of("version_refused").await.unwrap_err();
    assert!(is_version_unsupported(&refused));
    assert_eq!(refused.kind(), ErrorKind::Config);
}

#[tokio::test]
async fn a_missing_licence_is_told_from_a_wrong_key() {
    assert_eq!(info_of("licence_off").await.unwrap_err().kind(), ErrorKind::Permission);
    let site = Site::of("licence_missing").await;
    let error = site.client().departments().list().await.unwrap_err();
    assert!(is_licence_missing(&error));
    assert_eq!(error.kind(), ErrorKind::Permission);
}

#[tokio::test]
async fn sites_departments_and_devices_are_listed() {
    let site = Site::of("sites").await;
    let sites = site.client().sites().list().await.unwrap().items;
    assert_eq!((sites[1].id.as_str(), sites[1].time_zone), ("2", Some(chrono_tz::Tz::Europe__Dublin)));
    let site = Site::of("departments").await;
    let departments = site.client().departments().list().await.unwrap().items;
    assert_eq!((departments[0].id.as_str(), departments[0].name.as_str()), ("12", "Science"));
    assert_eq!(departments[0].enabled, Some(true));
    let site = Site::of("devices").await;
    let devices = site.client().devices().list().await.unwrap().items;
    assert_eq!(devices[0].kind, Some(DeviceKind::Kiosk));
    assert_eq!(devices[1].direction, Some(DeviceDirection::Both));
    assert!(!devices[0].is_virtual && devices[1].is_virtual);
}

#[tokio::test]
async fn people_come_page_by_page() {
    let site = Site::of("personnel").await;
    let listing = site.client().personnel().page_size(2).list().await.unwrap();
    site.done().await;
    assert_eq!(listing.as_of, Some(at("2026-03-02T08:00:01Z")));
    let [asha, tom, mia] = listing.items.as_slice() else { panic!("{listing:?}") };
    assert_eq!(asha.names(), ("Asha".to_owned(), "de Mello".to_owned()));
    assert_eq!(asha.address.as_ref().unwrap().text(), "Flat 2, 14 Example Row\r\nUnited Kingdom");
    assert_eq!(asha.car_registration().as_deref(), Some("ZZ19 XYZ"));
    assert_eq!(asha.primary_card(), Some("12345678"));
    assert!(asha.enabled && !tom.enabled);
    assert_eq!(mia.names(), ("Mia".to_owned(), "van der Berg".to_owned()));
    assert!(tom.told("email") && tom.told("post_code") && !mia.told("email") && !mia.told("address"));
    let shown = format!("{listing:?}");
    for personal in ["Asha", "Example Row", "12345678", "ZZ19", "a.demello", "07700", "1987"] {
        assert!(!shown.contains(personal), "{personal} in {shown}");
    }
}

#[tokio::test]
async fn changes_are_asked_for_by_instant_site_and_state() {
    let site = Site::of("personnel_changed").await;
    let query = site.client().personnel().updated_after(at("2026-02-27T15:07:44Z")).enabled(true).site("1");
    assert_eq!(query.list().await.unwrap().items.len(), 1);
    site.done().await;
}

#[tokio::test]
async fn people_who_were_not_asked_for_are_dropped_unread() {
    let site = Site::of("personnel_mixed").await;
    let listing = site.client().personnel().list().await.unwrap();
    assert_eq!(listing.dropped, 2);
    assert_eq!(listing.items.iter().map(|person| person.id.as_str()).collect::<Vec<_>>(), ["318", "319"]);
    assert!(listing.invalid.is_empty(), "a malformed visitor is none of our business");
    assert!(!format!("{listing:?}").contains("Secret"));
}

#[tokio::test]
async fn odd_people_do_not_stop_the_others() {
    let site = Site::of("personnel_odd").await;
    let listing = site.client().personnel().list().await.unwrap();
    let [prince] = listing.items.as_slice() else { panic!("{listing:?}") };
    assert_eq!((prince.id.as_str(), prince.enabled), ("7", true));
    assert_eq!(prince.names(), ("-".to_owned(), "Prince".to_owned()));
    let invalid: Vec<_> =
        listing.invalid.iter().map(|item| (item.id.as_deref(), item.position, item.field.as_str())).collect();
    assert_eq!(invalid, [(Some("8"), 1, "date_of_birth"), (None, 2, "id"), (None, 3, "person_type")]);
    assert!(!format!("{:?}", listing.invalid).contains("not a date"));
}

#[tokio::test]
async fn a_chain_of_pages_that_breaks_off_is_no_list() {
    for (scenario, kind, word) in [
        ("personnel_chain_broken", ErrorKind::Unavailable, "not available"),
        ("personnel_foreign_link", ErrorKind::Protocol, "another server"),
        ("personnel_circle", ErrorKind::Protocol, "read already"),
    ] {
        let site = Site::of(scenario).await;
        let error = site.client().personnel().list().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{scenario}: {error}");
        assert!(error.message().contains(word), "{scenario}: {error}");
        site.done().await;
    }
}

#[tokio::test]
async fn one_person_is_read_by_id() {
    let site = Site::of("person").await;
    assert_eq!(site.client().person(&"318".into()).get().await.unwrap().staff_code.as_deref(), Some("ADM"));
    let site = Site::of("person_missing").await;
    assert_eq!(site.client().person(&"301".into()).get().await.unwrap_err().kind(), ErrorKind::NotFound);
    let client = InventryClient::builder("https://inventry.example").key("k").build().unwrap();
    assert_eq!(client.person(&"..".into()).get().await.unwrap_err().kind(), ErrorKind::Rejected);
}

#[tokio::test]
async fn somebody_who_is_no_staff_is_as_good_as_not_there() {
    let mut site = Site::bare().await;
    let visitor = serde_json::json!({ "id": "902", "personType": "visitor", "forename": "Vera", "enabled": true });
    site.answer("/api/v1/personnel/902", 200, visitor).await;
    let error = site.client().person(&"902".into()).get().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(!format!("{error:?}").contains("Vera"));
}

async fn pages(client: &InventryClient, after: i64, limit: Option<u32>) -> Vec<Result<EventPage, Error>> {
    let query = client.events().after(after);
    let query = match limit {
        Some(limit) => query.page_size(limit),
        None => query,
    };
    query.pages().collect().await
}

#[tokio::test]
async fn the_log_is_read_to_its_end_by_number() {
    let site = Site::of("events").await;
    let pages: Vec<_> = pages(&site.client(), 70110, Some(4)).await.into_iter().map(Result::unwrap).collect();
    site.done().await;
    assert_eq!(pages.iter().map(|page| page.is_end).collect::<Vec<_>>(), [false, true]);
    assert_eq!((pages[0].position, pages[0].last), (Some(70114), Some(70114)));
    let events = &pages[0].events;
    let outcomes: Vec<_> = events.iter().map(|event| event.outcome(BookingRules::default())).collect();
    assert_eq!(
        outcomes,
        [Outcome::In, Outcome::Out, Outcome::Ignored(Ignored::Automatic), Outcome::ChangedAfterBooking]
    );
    assert_eq!(events[0].id, events[3].id);
    assert_eq!(events[2].device_or_none().as_str(), "none");
    assert_eq!(events[1].visit.as_ref().unwrap().as_str(), "v-9001");
    assert!(!format!("{events:?}").contains("318"));
}

#[tokio::test]
async fn events_of_other_people_only_move_the_place() {
    let site = Site::of("events_mixed").await;
    let page = site.client().events().after(70110).page().await.unwrap();
    assert_eq!((page.events.len(), page.dropped, page.position), (1, 1, Some(70115)));
    assert!(!format!("{page:?}").contains("902"));
}

#[tokio::test]
async fn odd_events_keep_their_numbers() {
    let site = Site::of("events_odd").await;
    let page = site.client().events().after(0).page().await.unwrap();
    site.done().await;
    assert_eq!(page.events.iter().map(|event| event.seq).collect::<Vec<_>>(), [Some(11), Some(12), Some(14)]);
    assert_eq!(page.events[0].at.to_rfc3339(), "2026-07-02T08:41:09+01:00", "the zone of the server");
    assert_eq!(page.events[1].event_type, EventType::Unknown("photo_taken".to_owned()));
    assert_eq!(page.events[1].method, Some(Method::Unknown("gesture".to_owned())));
    assert_eq!(page.events[2].outcome(BookingRules::default()), Outcome::Ignored(Ignored::Voided));
    let [(number, item)] = page.invalid.as_slice() else { panic!("{page:?}") };
    assert_eq!((*number, item.id.as_deref(), item.field.as_str()), (Some(13), Some("3"), "at"));
}

#[tokio::test]
async fn a_log_that_was_cut_is_told() {
    let site = Site::of("events_expired").await;
    let pages = pages(&site.client(), 5, None).await;
    let [Err(error)] = pages.as_slice() else { panic!("{pages:?}") };
    assert!(is_cursor_expired(error));
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_server_that_does_not_know_where_to_read_on_is_told() {
    let mut site = Site::bare().await;
    let event = serde_json::json!({
        "id": "e", "seq": 3, "type": "sign_in", "personType": "personnel", "at": "2026-03-02T08:00:00Z"
    });
    let page = serde_json::json!({ "items": [event], "next": "/api/v1/events?after=3" });
    site.answer("/api/v1/events", 200, page).await;
    let pages = pages(&site.client(), 2, None).await;
    assert_eq!(pages.len(), 2);
    assert!(pages[1].as_ref().unwrap_err().message().contains("same page again"));
}

#[tokio::test]
async fn waiting_gives_what_comes() {
    let site = Site::of("events_wait").await;
    let mut pages = site.client().events().after(70110).follow();
    let page = pages.next().await.unwrap().unwrap();
    assert_eq!(page.events[0].seq, Some(70111));
    drop(pages);
    site.done().await;
}

#[tokio::test]
async fn who_is_on_site_is_listed_for_roll_calls() {
    let site = Site::of("on_site").await;
    let present = site.client().on_site().site("1").list().await.unwrap().items;
    assert_eq!((present[0].person.as_str(), &present[0].person_type), ("318", &PersonType::Personnel));
    assert!(!format!("{present:?}").contains("Asha"));
    let mut site = Site::bare().await;
    let visitor = serde_json::json!({ "personId": "9", "personType": "visitor", "since": "2026-03-02T08:00:00Z" });
    site.answer("/api/v1/on-site", 200, serde_json::json!({ "items": [visitor] })).await;
    assert!(site.client().on_site().list().await.unwrap().items.is_empty());
    assert_eq!(site.client().on_site().everybody().list().await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn deletions_tell_what_stands_for_what_is_gone() {
    let site = Site::of("deletions").await;
    let list = site.client().deletions().since("d-40").await.unwrap();
    site.done().await;
    assert_eq!(list.items[0].merged_into.as_deref(), Some("318"));
    assert_eq!((list.next.as_deref(), list.reset), (Some("d-41"), false));
    let site = Site::of("deletions_reset").await;
    assert!(site.client().deletions().since("d-40").await.unwrap().reset);
}

#[tokio::test]
async fn each_problem_has_its_kind_and_no_words_of_the_server() {
    for (name, kind) in [
        ("unauthorised", ErrorKind::Auth),
        ("forbidden", ErrorKind::Permission),
        ("not_found", ErrorKind::NotFound),
        ("validation", ErrorKind::Rejected),
        ("too_many_requests", ErrorKind::RateLimited),
        ("unavailable", ErrorKind::Unavailable),
        ("html", ErrorKind::Unavailable),
        ("not_json", ErrorKind::Protocol),
    ] {
        let site = Site::of(&format!("error_{name}")).await;
        let error = site.client().devices().list().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{name}: {error}");
        assert!(!error.to_string().contains("Jane"), "{error}");
        assert!(!format!("{error:?}").contains(support::KEY), "{error:?}");
        if kind == ErrorKind::RateLimited {
            assert_eq!(error.retry_after(), Some(std::time::Duration::from_secs(2)));
        }
        site.done().await;
    }
}

#[test]
fn a_key_does_not_travel_in_clear() {
    let build = |url: &str| InventryClient::builder(url).key("k").build();
    assert!(build("http://inventry.example").unwrap_err().message().contains("https"));
    assert!(build("https://inventry.example").is_ok() && build("http://127.0.0.1:9").is_ok());
    assert_eq!(InventryClient::builder("https://h").build().unwrap_err().kind(), ErrorKind::Config);
}
