//! InVentry as an endpoint of the engine, on a scripted server.
#![cfg(feature = "sync")]
#![allow(clippy::unwrap_used, reason = "a test may stop")]

mod support;

use futures::StreamExt as _;
use inventry_client::profile;
use inventry_client::sync::{InventryConfig, InventryEndpoint, PersonalField};
use mockito::{Matcher, Mock};
use secrecy::SecretString;
use serde_json::{Value, json};
use sync_core::connector::{
    Cursor, Endpoint as _, ErrorClass, EventPage, EventSource, Record, Source, StepOutcome, SyncError,
};
use sync_core::model::{AccessEvent, Department, Device, EventClass, Known, Person, Remark};
use sync_core::test_kit::{conformance, source_in_order, source_pages_agree, source_resumes};

use support::{KEY, Site};

const MISSING: &str = "987654321";

fn info() -> Value {
    json!({ "product": "Script", "version": "4.11.2", "organisation": "Example Academy", "timeZone": "Europe/London",
        "now": "2026-03-03T12:00:00Z", "licence": { "active": true, "until": "2026-12-31" },
        "capabilities": ["sites", "personnel", "departments", "devices", "events", "deletions"] })
}

fn person(id: &str, enabled: bool, updated: &str) -> Value {
    json!({ "id": id, "personType": "personnel", "forename": "Person", "surname": format!("No{id}"), "departmentIds": ["12"],
        "email": format!("{id}@example.org"), "staffCode": format!("S{id}"), "enabled": enabled, "siteIds": [format!("s{id}")],
        "credentials": [{ "type": "card", "number": format!("100{id}"), "primary": true }], "updatedAt": updated })
}

fn event(seq: i64, person: &str, kind: &str, at: &str) -> Value {
    json!({ "id": format!("ev-{seq}"), "seq": seq, "rev": 1, "type": kind, "personId": person, "personType": "personnel",
        "deviceId": "5", "siteId": "s1", "at": at, "recordedAt": at, "method": "card", "automatic": false, "voided": false })
}

/// A server that answers everything.
async fn whole() -> Site {
    let mut site = Site::bare().await;
    site.answer("/api/v1/info", 200, info()).await;
    site.answer("/api/v1/departments", 200, json!({ "items": [{ "id": "12", "name": "Science" }] })).await;
    site.answer("/api/v1/devices", 200, json!({ "items": [{ "id": "5", "name": "Main reception" }] })).await;
    site.answer("/api/v1/deletions", 200, json!({ "items": [], "next": "d-1", "reset": false })).await;
    let people = [person("1", true, "2026-03-01T08:00:00Z"), person("2", false, "2026-03-02T08:00:00Z")];
    for one in &people {
        site.answer(&format!("/api/v1/personnel/{}", one["id"].as_str().unwrap()), 200, one.clone()).await;
    }
    site.answer(&format!("/api/v1/personnel/{MISSING}"), 404, json!({ "type": "urn:inventry-bridge:not-found" })).await;
    site.answer("/api/v1/personnel", 200, json!({ "items": people, "asOf": "2026-03-03T12:00:00Z" })).await;
    site
}

/// Events behind each place of a log, in pages of two.
async fn log(site: &mut Site, events: &[Value]) -> Vec<Mock> {
    let mut mocks = Vec::new();
    let last = i64::try_from(events.len()).unwrap();
    for after in 0..=last {
        let behind: Vec<_> = events.iter().filter(|event| event["seq"].as_i64().unwrap() > after).take(2).collect();
        let body =
            json!({ "items": behind, "next": format!("/api/v1/events?after={after}"), "last": last }).to_string();
        let mut places = vec![Matcher::UrlEncoded("after".to_owned(), after.to_string())];
        if after == 0 {
            places.push(Matcher::Exact("personType=personnel&limit=500".to_owned()));
            places.push(Matcher::Exact("personType=personnel&limit=1".to_owned()));
        }
        for place in places {
            let mock = site.server.mock("GET", "/api/v1/events").match_query(place).with_body(&body);
            mocks.push(mock.expect_at_least(0).create_async().await);
        }
    }
    mocks
}

fn config(site: &Site) -> InventryConfig {
    InventryConfig::new(site.server.url(), "env:UNUSED")
}

fn endpoint(site: &Site, change: impl FnOnce(&mut InventryConfig)) -> InventryEndpoint {
    let mut config = config(site);
    config.requests_per_second = 10_000.0;
    change(&mut config);
    InventryEndpoint::new("inventry", config, SecretString::from(KEY.to_owned())).unwrap()
}

async fn people(endpoint: &InventryEndpoint) -> Result<Vec<Record<Person>>, SyncError> {
    let pages: Vec<_> = Source::<Person>::snapshot(endpoint, None).collect().await;
    Ok(pages.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flat_map(|page| page.records).collect())
}

async fn read(endpoint: &InventryEndpoint, from: Option<i64>) -> Result<Vec<EventPage>, SyncError> {
    let pages: Vec<_> = endpoint.read(from.map(|position| Cursor { position })).collect().await;
    pages.into_iter().collect()
}

async fn events(endpoint: &InventryEndpoint, from: Option<i64>) -> Vec<AccessEvent> {
    read(endpoint, from).await.unwrap().into_iter().flat_map(|page| page.events).collect()
}

fn ids(records: &[Record<Person>]) -> Vec<&str> {
    records.iter().map(|record| record.id.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_source_of_records_passes_the_kit() {
    let mut site = whole().await;
    let _log = log(&mut site, &[]).await;
    for scan in [0, 1440] {
        let inventry = endpoint(&site, |config| {
            config.fields_on = PersonalField::ALL.into();
            config.take_credentials = true;
            config.full_scan_minutes = scan;
        });
        conformance::source(&inventry as &dyn Source<Person>, &MISSING.into()).await.unwrap();
        conformance::source(&inventry as &dyn Source<Department>, &MISSING.into()).await.unwrap();
        conformance::source(&inventry as &dyn Source<Device>, &MISSING.into()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_passes_the_kit() {
    let mut site = whole().await;
    let at = "2026-03-02T08:00:00Z";
    let all: Vec<_> = (1..=5).map(|seq| event(seq, "1", "sign_in", at)).collect();
    let _log = log(&mut site, &all).await;
    let inventry = endpoint(&site, |_| ());
    source_in_order(&inventry, 5).await.unwrap();
    source_resumes(&inventry).await.unwrap();
    source_pages_agree(&inventry).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_without_numbers_passes_the_kit() {
    let text = profile::load(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/profiles/unnumbered.toml")));
    let mut site = whole().await;
    let all = ["2026-03-01T08:00:00Z", "2026-03-02T08:00:00Z", "2026-03-02T08:00:00Z", "2026-03-03T09:00:00Z"];
    let items: Vec<_> = (1..).zip(all).map(|(seq, at)| event(seq, "1", "sign_in", at)).collect();
    // This server does not even heed the span that it is asked for.
    site.answer("/api/v1/events", 200, json!({ "items": items })).await;
    let config = config(&site);
    let client = site.client_with(text.unwrap());
    let inventry = InventryEndpoint::with_client("inventry", config, client);
    source_in_order(&inventry, 4).await.unwrap();
    source_resumes(&inventry).await.unwrap();
    source_pages_agree(&inventry).await.unwrap();
    let hours: Vec<_> = events(&inventry, None).await.iter().map(|event| event.occurred.to_rfc3339()).collect();
    assert!(hours.is_sorted() && hours.len() == 4, "{hours:?}");
    assert!(inventry.events().lateness_numbers >= 86_400 << 31, "a day is read again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn visits_that_are_completed_later_give_one_event_more() {
    let text = "[events]\nstyle = \"visit\"\n[fields.event]\nseq = \"\"\nin_at = \"/in\"\nout_at = \"/out\"\n";
    let visits = |out: Value| {
        json!({ "items": [
            { "id": "v1", "personType": "personnel", "personId": "1", "deviceId": "5", "in": "2026-03-02T08:00:00Z", "out": out },
            { "id": "v2", "personType": "personnel", "personId": "2", "deviceId": "5", "in": "2026-03-02T09:00:00Z" },
        ] })
    };
    let mut numbers = Vec::new();
    for out in [json!(null), json!("2026-03-03T06:00:00Z")] {
        let mut site = whole().await;
        site.answer("/api/v1/events", 200, visits(out)).await;
        let client = site.client_with(profile::parse(text, "visits.toml").unwrap());
        let inventry = InventryEndpoint::with_client("inventry", config(&site), client);
        source_in_order(&inventry, 2).await.unwrap();
        source_resumes(&inventry).await.unwrap();
        numbers.push(events(&inventry, None).await);
    }
    assert_eq!(numbers[0], numbers[1][..2]);
    let out = &numbers[1][2];
    assert_eq!((out.class, out.identity.as_deref()), (EventClass::SignOut, Some("v1#out")));
}

#[tokio::test]
async fn between_whole_lists_only_changes_and_deletions_are_read() {
    let mut site = Site::bare().await;
    site.answer("/api/v1/info", 200, info()).await;
    let page = |query: &str| Matcher::Exact(query.to_owned());
    let mut get = async |path: &str, query: &str, body: Value| {
        site.server
            .mock("GET", path)
            .match_query(page(query))
            .with_body(body.to_string())
            .expect(1)
            .create_async()
            .await
    };
    let deletion =
        json!({ "cursor": "d-2", "entity": "person", "id": "2", "at": "2026-03-03T10:00:00Z", "mergedInto": "1" });
    let (first, second) = (person("1", true, "2026-03-01T08:00:00Z"), person("2", true, "2026-03-02T08:00:00Z"));
    let third = person("3", true, "2026-03-03T09:00:00Z");
    let whole = json!({ "items": [first, second] });
    let changed = json!({ "items": [person("1", false, "2026-03-03T09:30:00Z"), third] });
    let mocks = [
        get("/api/v1/deletions", "limit=500", json!({ "items": [], "next": "d-1" })).await,
        get("/api/v1/personnel", "enabled=all&personType=personnel&limit=500", whole).await,
        get("/api/v1/deletions", "after=d-1&limit=500", json!({ "items": [deletion], "next": "d-2" })).await,
        get("/api/v1/deletions", "after=d-2&limit=500", json!({ "items": [], "next": "d-2" })).await,
        get(
            "/api/v1/personnel",
            "enabled=all&updatedAfter=2026-03-02T07%3A55%3A00Z&personType=personnel&limit=500",
            changed,
        )
        .await,
    ];
    let inventry = endpoint(&site, |_| ());
    assert_eq!(ids(&people(&inventry).await.unwrap()), ["1", "2"]);
    let later = people(&inventry).await.unwrap();
    assert_eq!(ids(&later), ["1", "3"]);
    assert_eq!(later[0].value.active, Known::Value(false));
    let merges = inventry.merges().await;
    assert_eq!((merges[0].from.as_str(), merges[0].into.as_str()), ("2", "1"));
    for mock in mocks {
        mock.assert_async().await;
    }
}

#[tokio::test]
async fn a_list_without_dates_is_read_whole_every_time() {
    let mut site = Site::bare().await;
    site.answer("/api/v1/info", 200, info()).await;
    site.answer("/api/v1/deletions", 200, json!({ "items": [], "next": "d-1" })).await;
    let mut undated = person("1", true, "");
    undated["updatedAt"] = Value::Null;
    let list = site.server.mock("GET", "/api/v1/personnel");
    let list = list.match_query(Matcher::Exact("enabled=all&personType=personnel&limit=500".to_owned()));
    let list = list.with_body(json!({ "items": [undated] }).to_string()).expect(2).create_async().await;
    let inventry = endpoint(&site, |_| ());
    for _ in 0..2 {
        assert_eq!(ids(&people(&inventry).await.unwrap()), ["1"]);
    }
    list.assert_async().await;
}

#[tokio::test]
async fn only_the_named_sites_take_part() {
    let mut site = whole().await;
    let mut there = event(2, "1", "sign_in", "2026-03-02T08:00:00Z");
    there["siteId"] = json!("s9");
    let _log = log(&mut site, &[event(1, "1", "sign_in", "2026-03-02T08:00:00Z"), there]).await;
    let inventry = endpoint(&site, |config| config.sites = vec!["s1".to_owned(), "s7".to_owned()]);
    assert_eq!(ids(&people(&inventry).await.unwrap()), ["1"]);
    assert_eq!(Source::<Person>::get(&inventry, &"2".into()).await.unwrap(), None);
    let pages = read(&inventry, None).await.unwrap();
    assert_eq!(pages[0].events.len(), 1);
    assert_eq!(pages[0].cursor.position, 2, "what is left out is not read again");
}

#[tokio::test]
async fn what_speaks_against_an_event_is_told_with_it() {
    let mut site = whole().await;
    let late = "2026-03-02T09:00:00Z";
    let mut night = event(1, "1", "sign_out", late);
    night["automatic"] = json!(true);
    let mut entered = event(2, "1", "sign_in", late);
    entered["method"] = json!("operator");
    let mut revised = event(3, "1", "sign_in", late);
    revised["id"] = json!("ev-2");
    revised["rev"] = json!(2);
    revised["voided"] = json!(true);
    // Number 2 was disabled an hour before.
    let after = event(4, "2", "sign_in", late);
    let mut no_device = event(5, "1", "safe", late);
    no_device["deviceId"] = Value::Null;
    let _log = log(&mut site, &[night, entered, revised, after, no_device]).await;
    let inventry = endpoint(&site, |_| ());
    let events = events(&inventry, None).await;
    let remarks: Vec<_> = events.iter().map(|event| event.remark).collect();
    let expected =
        [Some(Remark::Automatic), Some(Remark::ByHand), Some(Remark::Voided), Some(Remark::AfterLeaving), None];
    assert_eq!(remarks, expected);
    assert_eq!(events[1].identity, events[2].identity);
    assert_eq!((events[4].class, events[4].device.as_ref().unwrap().as_str()), (EventClass::Other, "none"));
}

#[tokio::test]
async fn the_device_for_none_is_always_listed() {
    let site = whole().await;
    let inventry = endpoint(&site, |_| ());
    let none = Source::<Device>::get(&inventry, &"none".into()).await.unwrap().unwrap();
    assert!(none.value.name.value().is_some());
}

#[tokio::test]
async fn a_log_that_was_cut_is_lost_and_a_missing_ability_is_no_empty_list() {
    let mut site = Site::bare().await;
    let mut poor = info();
    poor["capabilities"] = json!(["events"]);
    site.answer("/api/v1/info", 200, poor).await;
    let problem = json!({ "type": "urn:inventry-bridge:cursor-expired", "current": { "oldestSeq": 40001 } });
    site.answer("/api/v1/events", 410, problem).await;
    let inventry = endpoint(&site, |_| ());
    assert_eq!(read(&inventry, Some(5)).await.unwrap_err().class(), ErrorClass::Lost);
    let error = people(&inventry).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Config);
    assert!(error.message().contains("does not offer personnel"), "{error}");
}

#[tokio::test]
async fn an_old_server_is_refused_before_anything_is_read() {
    let mut site = Site::bare().await;
    let mut old = info();
    old["version"] = json!("4.10.3");
    site.answer("/api/v1/info", 200, old).await;
    let people_of =
        site.server.mock("GET", "/api/v1/personnel").match_query(Matcher::Any).expect(0).create_async().await;
    let inventry = endpoint(&site, |_| ());
    for error in [inventry.identify().await.unwrap_err(), people(&inventry).await.unwrap_err()] {
        assert_eq!(error.class(), ErrorClass::Config);
        assert!(error.message().contains("4.11.0") && error.message().contains("4.10.3"), "{error}");
        assert!(error.remedy().unwrap().contains("update"));
    }
    people_of.assert_async().await;
    let report = inventry.check().await;
    let failed = report.steps.iter().find(|step| step.outcome == StepOutcome::Failed).unwrap();
    assert_eq!(failed.name, "version");
    assert_eq!(report.steps.last().unwrap().outcome, StepOutcome::Skipped);
}

#[tokio::test]
async fn the_connection_test_tells_key_right_licence_and_profile_apart() {
    let cases = [
        (401, json!({ "type": "urn:inventry-bridge:unauthorised" }), "sign-in"),
        (403, json!({ "type": "urn:inventry-bridge:licence-missing" }), "licence"),
        (403, json!({ "type": "urn:inventry-bridge:version-unsupported" }), "version"),
        (403, json!({ "type": "urn:inventry-bridge:forbidden" }), "right"),
        (404, json!({}), "reads"),
        (200, json!({ "release": "4.12" }), "reads"),
    ];
    for (status, body, step) in cases {
        let mut site = Site::bare().await;
        site.answer("/api/v1/info", status, body).await;
        let report = endpoint(&site, |_| ()).check().await;
        let failed = report.steps.iter().find(|step| step.outcome == StepOutcome::Failed).unwrap();
        assert_eq!(failed.name, step, "{status}: {failed:?}");
        assert!(failed.remedy.is_some());
    }
    let mut site = whole().await;
    let _log = log(&mut site, &[]).await;
    let report = endpoint(&site, |_| ()).check().await;
    assert!(report.is_ok(), "{report:?}");
    let steps: Vec<_> = report.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(steps, ["name", "port", "TLS", "sign-in", "version", "licence", "right", "reads"]);
}
