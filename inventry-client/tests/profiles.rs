//! Every example profile is read and does what it says.

#![allow(clippy::unwrap_used, reason = "a test may stop")]

mod support;

use std::path::PathBuf;

use inventry_client::events::EventStyle;
use inventry_client::profile::{self, AuthKind, PagingStyle, Profile};
use inventry_client::{ErrorKind, EventType, InventryClient, PersonType};
use mockito::Matcher;
use serde_json::{Value, json};
use support::Site;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("profiles")
}

fn example(name: &str) -> Profile {
    profile::load(&folder().join(format!("{name}.toml"))).unwrap()
}

/// Answers one call with exactly this query, under exactly this header.
async fn answer(site: &mut Site, path: &str, query: &str, (header, value): (&str, &str), body: Value) {
    let query = if query.is_empty() { Matcher::Missing } else { Matcher::Exact(query.to_owned()) };
    let mock = site.server.mock("GET", path).match_query(query).match_header(header, value);
    mock.with_body(body.to_string()).expect(1).create_async().await;
}

fn person(id: &str) -> Value {
    json!({ "id": id, "personType": "personnel", "forename": "Asha", "surname": "Example", "enabled": true })
}

#[test]
fn every_example_is_a_profile() {
    let mut read = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        profile::load(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        read += 1;
    }
    assert!(read >= 8, "{read} examples");
}

#[test]
fn each_variant_has_an_example() {
    let auth = |name| example(name).auth().kind();
    assert_eq!(
        [auth("bearer"), auth("basic-and-pages"), auth("session-and-offset"), auth("after-id")],
        [AuthKind::Bearer, AuthKind::Basic, AuthKind::Session, AuthKind::Header]
    );
    let style = |name| example(name).paging().style();
    assert_eq!(
        ["bearer", "basic-and-pages", "session-and-offset", "after-id", "one-list"].map(style),
        [PagingStyle::Link, PagingStyle::Page, PagingStyle::Offset, PagingStyle::AfterId, PagingStyle::None]
    );
    let events = |name| {
        let builder = InventryClient::builder("https://h").key("user:secret").profile(example(name));
        builder.build().unwrap().events().style()
    };
    assert_eq!(
        ["bearer", "unnumbered", "visits"].map(events),
        [EventStyle::Numbered, EventStyle::ByInstant, EventStyle::Visits]
    );
}

#[tokio::test]
async fn a_bearer_key_and_links_below_meta() {
    let mut site = Site::bare().await;
    let signed = ("authorization", "Bearer key-0");
    let first = json!({ "data": [person("1")], "meta": { "pagination": { "next": "/v1.0/personnel?page=2" } } });
    let second = json!({ "data": [person("2")], "meta": { "pagination": { "next": null } } });
    answer(&mut site, "/v1.0/personnel", "enabled=all&per_page=200", signed, first).await;
    answer(&mut site, "/v1.0/personnel", "page=2", signed, second).await;
    let people = site.client_with(example("bearer")).personnel().list().await.unwrap();
    assert_eq!(people.items.len(), 2);
}

#[tokio::test]
async fn key_and_secret_with_numbered_pages_and_a_total() {
    let mut site = Site::bare().await;
    // "key:secret"
    let signed = ("authorization", "Basic a2V5OnNlY3JldA==");
    let page = |id: &str| json!({ "data": [{ "id": id, "name": "D" }], "meta": { "total": 2 } });
    answer(&mut site, "/api/v1/departments", "perPage=100&page=1", signed, page("1")).await;
    answer(&mut site, "/api/v1/departments", "perPage=100&page=2", signed, page("2")).await;
    for user in [None, Some("key")] {
        let key = if user.is_some() { "secret" } else { "key:secret" };
        let mut builder = site.builder().key(key).profile(example("basic-and-pages"));
        if let Some(user) = user {
            builder = builder.user(user);
        }
        let departments = builder.build().unwrap().departments().list().await.unwrap();
        assert_eq!(departments.items.len(), 2);
        answer(&mut site, "/api/v1/departments", "perPage=100&page=1", signed, page("1")).await;
        answer(&mut site, "/api/v1/departments", "perPage=100&page=2", signed, page("2")).await;
    }
}

#[tokio::test]
async fn a_session_and_offsets() {
    let mut site = Site::bare().await;
    let login = site.server.mock("POST", "/rest/login");
    let login = login.match_body(Matcher::Json(json!({ "username": "link", "secret": "pw" })));
    let login = login.with_body(r#"{"access":"t-1"}"#).expect(1).create_async().await;
    let signed = ("authorization", "Bearer t-1");
    let rows = |rows: Value| json!({ "rows": rows });
    answer(&mut site, "/rest/devices", "take=500&skip=0", signed, rows(json!([{ "id": 1, "name": "A" }]))).await;
    answer(&mut site, "/rest/devices", "take=500&skip=1", signed, rows(json!([]))).await;
    let client = site.builder().user("link").key("pw").profile(example("session-and-offset")).build().unwrap();
    assert_eq!(client.devices().list().await.unwrap().items.len(), 1);
    login.assert_async().await;
    let error = client.deletions().all().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.message().contains("[paths] deletions"), "{error}");
}

#[tokio::test]
async fn pages_by_the_last_id_and_times_in_seconds() {
    let mut site = Site::bare().await;
    let signed = ("x-visitor-token", "Token key-0");
    let device = json!({ "id": "d-9", "name": "A", "updatedAt": 1_772_438_460 });
    answer(&mut site, "/api/v1/devices", "limit=500", signed, json!({ "results": [device] })).await;
    answer(&mut site, "/api/v1/devices", "limit=500&starting_after=d-9", signed, json!({ "results": [] })).await;
    let devices = site.client_with(example("after-id")).devices().list().await.unwrap();
    assert_eq!(devices.items[0].updated_at, "2026-03-02T08:01:00Z".parse().ok());
}

#[tokio::test]
async fn a_bare_list_with_times_of_the_sites_clock() {
    let mut site = Site::bare().await;
    let signed = ("x-api-key", "key-0");
    let person = json!({
        "id": 1, "personType": "personnel", "surname": "Example", "enabled": "N", "dateOfBirth": "19/04/1987",
        "updatedAt": "01/07/2026 09:00:00"
    });
    answer(&mut site, "/api/v1/personnel", "enabled=all&personType=personnel", signed, json!([person])).await;
    let people = site.client_with(example("one-list")).personnel().list().await.unwrap().items;
    assert!(!people[0].enabled);
    assert_eq!(people[0].date_of_birth, "1987-04-19".parse().ok());
    assert_eq!(people[0].updated_at, "2026-07-01T08:00:00Z".parse().ok());
}

#[tokio::test]
async fn events_without_numbers_are_asked_for_by_time() {
    let mut site = Site::bare().await;
    let query = "since=2026-03-02T00%3A00%3A00Z&until=2026-03-03T00%3A00%3A00Z&personType=personnel&limit=500";
    let event =
        |id: &str, at: &str| json!({ "id": id, "type": "sign_in", "personType": "personnel", "personId": 1, "at": at });
    let items = json!([event("a", "2026-03-02T08:00:00Z"), event("b", "2026-03-01T08:00:00Z")]);
    answer(&mut site, "/api/v1/events", query, ("x-api-key", "key-0"), json!({ "items": items })).await;
    let client = site.client_with(example("unnumbered"));
    let (from, to) = ("2026-03-02T00:00:00Z".parse().unwrap(), "2026-03-03T00:00:00Z".parse().unwrap());
    let events = client.events().between(from, to).await.unwrap().items;
    assert_eq!(events.iter().map(|event| event.id.as_str()).collect::<Vec<_>>(), ["a"]);
    let error = client.events().after(7).page().await.unwrap_err();
    assert!(error.message().contains("does not count"), "{error}");
}

#[tokio::test]
async fn visits_are_read_day_by_day_and_site_by_site() {
    let mut site = Site::bare().await;
    let signed = ("authorization", "Basic a2V5OnNlY3JldA==");
    answer(&mut site, "/client-api/v1/info", "", signed, json!({ "version": "4.12", "timeZone": "Europe/London" }))
        .await;
    let visit = |id: i64, kind: &str, came: &str, went: Value| json!({ "id": id, "visitor_type": kind, "visitor_id": 318, "in_datetime": came, "out_datetime": went, "in_device": 5 });
    let day = |visits: Value| json!({ "visits": visits });
    let path = "/client-api/v1/sites/s%2F1/history";
    for (date, visits) in [
        ("2026-02-27", json!([])),
        ("2026-02-28", json!([visit(1, "staff", "2026-02-28T22:00:00Z", json!("2026-03-02T06:00:00Z"))])),
        ("2026-03-01", json!([visit(2, "guest", "2026-03-01T09:00:00Z", json!(null))])),
        ("2026-03-02", json!([visit(3, "staff", "2026-03-02T07:41:09Z", json!(null))])),
        ("2026-03-03", json!([])),
    ] {
        let query = format!("date={date}&personType=staff");
        answer(&mut site, path, &query, signed, day(visits)).await;
    }
    let client = site.builder().key("key:secret").profile(example("visits")).build().unwrap();
    let (from, to) = ("2026-03-02T00:00:00Z".parse().unwrap(), "2026-03-03T00:00:00Z".parse().unwrap());
    let listing = client.events().between_at(&["s/1".into()], from, to).await.unwrap();
    let events: Vec<_> = listing.items.iter().map(|event| (event.id.as_str(), event.event_type.clone())).collect();
    assert_eq!(events, [("1#out", EventType::SignOut), ("3#in", EventType::SignIn)]);
    assert_eq!(listing.dropped, 1);
    assert_eq!(listing.items[0].person_type, PersonType::Personnel);
}

/// What a server of other names shows.
fn renamed_person() -> Value {
    json!({ "x_id": 318, "x_person_type": "X-PERSONNEL", "x_forename": "Asha", "x_surname": "Example", "x_enabled": "off",
        "x_department_ids": ["12"], "x_address": { "x_line1": "14 Example Row" } })
}

#[tokio::test]
async fn a_server_that_renames_everything_is_read_by_its_profile() {
    let mut site = Site::bare().await;
    let signed = ("x-renamed-key", "Key key-0");
    let query = "x_enabled=X-ALL&x_person_type=X-PERSONNEL&x_limit=500";
    answer(&mut site, "/renamed/api/x-personnel", query, signed, json!({ "x_items": [renamed_person()] })).await;
    let event = json!({ "x_id": "e", "x_seq": 8, "x_type": "X-SIGN-IN", "x_person_id": 318, "x_person_type": "X-PERSONNEL",
        "x_at": "2026-03-02T07:41:09Z" });
    let query = "x_after=7&x_person_type=X-PERSONNEL&x_limit=500";
    answer(&mut site, "/renamed/api/x-events", query, signed, json!({ "x_items": [event] })).await;
    let client = site.client_with(example("renamed"));
    let people = client.personnel().list().await.unwrap().items;
    assert_eq!((people[0].full_name().as_str(), people[0].enabled), ("Asha Example", false));
    assert_eq!(people[0].department().unwrap().as_str(), "12");
    assert_eq!(people[0].address.as_ref().unwrap().text(), "14 Example Row");
    let page = client.events().after(7).page().await.unwrap();
    assert_eq!((page.events[0].event_type.clone(), page.position), (EventType::SignIn, Some(8)));
}

#[tokio::test]
async fn without_its_profile_the_first_wrong_field_is_named() {
    let mut site = Site::bare().await;
    site.answer("/api/v1/info", 200, json!({ "x_version": "4.12" })).await;
    site.answer("/api/v1/personnel", 200, json!({ "items": [renamed_person(), renamed_person()] })).await;
    site.answer("/api/v1/devices", 200, json!({ "x_items": [] })).await;
    let client = site.client();
    let text = client.info().await.unwrap_err().to_string();
    assert!(text.contains("[fields.info] version of profile builtin") && text.contains("/version"), "{text}");
    let text = client.personnel().list().await.unwrap_err().to_string();
    assert!(text.contains("[fields.person] person_type") && text.contains("/personType"), "{text}");
    assert!(!text.contains("Asha"), "{text}");
    let text = client.devices().list().await.unwrap_err().to_string();
    assert!(text.contains("[paging] items"), "{text}");
}

#[test]
fn a_profile_is_tried_on_a_saved_answer_without_a_server() {
    let profile = example("renamed");
    let answer = json!({ "x_items": [renamed_person(), { "x_id": 2 }] });
    assert_eq!(profile.object_of("person"), Some("person"));
    let sample = profile.sample("person", &answer);
    assert_eq!(sample.items, 2);
    let row = |name: &str| sample.rows.iter().find(|row| row.item == 1 && row.name == name).map(|row| row.text.clone());
    assert_eq!(row("enabled").as_deref(), Some("no"));
    assert_eq!(row("departments[0].department_id").as_deref(), Some("12"));
    let builtin = profile::built_in().unwrap().sample("person", &json!({ "items": [renamed_person()] }));
    assert_eq!(builtin.faults[0].name(), "id");
}
