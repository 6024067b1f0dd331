use serde_json::{Value, json};
use vendor_sim::host::Options;
use vendor_sim::optima::{Optima, OptimaSim};

use crate::client::{call, http, problem, quiet, send};

/// Everything has another name and another place.
const OTHER: &str = r#"
[optima]
url = "https://optima.example.org"

[auth]
kind = "header"
header = "X-Site-Token"
prefix = "Key "

[paths]
base = "/rest"
info = "/about"
badges = "/people"
access_groups = "/profiles"
readers = "/terminals"
events = "/log"
changes = ""

[paging]
style = "page"
items = "/data/rows"
total = "/data/count"
page_param = "p"
size_param = "n"
first_page = 0

[fields.badge]
id = "/key"
first_name = "/person/given"
last_name = "/person/family"
name = "/person/shown"
reference = "/extra/ref"
state = "/status"
valid_from = "/life/begin"
valid_until = "/life/end"
access_groups = "/profiles"
access_group_id = ""
credentials = "/media"
card_number = "/code"
credential_type = "/kind"
created_at = "/meta/made"
updated_at = "/meta/changed"
etag = "/meta/version"

[values.state]
enabled = ["A"]
disabled = ["Z"]

[values.credential_type]
card = [1]
biometric = [2]

[fields.event]
id = "/no"
seq = "/no"
at = "/when"
class = "/what"
badge_id = "/who"
reader_id = "/where/terminal"

[values.event_class]
"101" = "access.granted"
"201" = "access.denied"

[time]
format = "%d.%m.%Y %H:%M:%S"
zone_if_missing = "Europe/Berlin"
"#;

fn other() -> Options<Optima> {
    quiet().people(5).event_days(4).profile(OTHER)
}

async fn read(sim: &OptimaSim, path: &str) -> Value {
    let answer =
        send(http().get(format!("{}{path}", sim.url())).header("x-site-token", format!("Key {}", sim.key()))).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.body
}

#[tokio::test]
async fn a_profile_renames_everything() {
    let sim = other().start_blocking().unwrap();
    assert_eq!(call(&sim, "GET", "/rest/people", Value::Null).await.status, 401);
    let people = read(&sim, "/rest/people?p=0&n=2").await;
    assert_eq!((&people["data"]["count"], people["data"]["rows"].as_array().unwrap().len()), (&json!(5), 2));
    let (badge, own) = (&people["data"]["rows"][0], sim.world(|w| w.badges.values().next().cloned().unwrap()));
    assert_eq!(badge["key"], format!("b-{}", own.id));
    assert_eq!((&badge["person"]["given"], &badge["status"]), (&json!(own.first_name), &json!("A")));
    assert_eq!(badge["profiles"], json!([format!("ag-{}", own.groups[0].group)]));
    let card = &own.credentials[0];
    assert_eq!((&badge["media"][0]["code"], &badge["media"][0]["kind"]), (&json!(card.number.as_deref()), &json!(1)));
    assert!(badge.get("firstName").is_none() && badge.get("updatedAt").is_none());
    assert_eq!(read(&sim, "/rest/people?p=2&n=2").await["data"]["rows"].as_array().unwrap().len(), 1);
    assert_eq!(read(&sim, &format!("/rest/people/b-{}", own.id)).await, *badge);

    let log = read(&sim, "/rest/log?after=0&n=1").await;
    let event = sim.world(|w| w.events[0].clone());
    let berlin = (event.at + chrono::TimeDelta::hours(1)).format("%d.%m.%Y %H:%M:%S").to_string();
    let shown = &log["data"]["rows"][0];
    assert_eq!((&shown["what"], &shown["when"], &shown["no"]), (&json!("101"), &json!(berlin), &json!(event.seq)));
    assert_eq!(shown["who"], format!("b-{}", event.badge.unwrap()));
    // What the profile does not serve is no capability.
    let about = read(&sim, "/rest/about").await;
    assert!(!about["capabilities"].as_array().unwrap().contains(&json!("changes")));
}

#[tokio::test]
async fn a_profile_is_also_how_writes_are_read() {
    let sim = other().start_blocking().unwrap();
    let body = json!({ "person": { "family": "Vandenholt", "shown": "Mira Vandenholt" }, "status": "Z", "profiles": ["ag-2"],
        "life": { "end": "31.12.2026 18:00:00" }, "media": [{ "code": "4711", "kind": 1 }] });
    let url = format!("{}/rest/people", sim.url());
    let made = send(http().post(&url).header("X-Site-Token", format!("Key {}", sim.key())).json(&body)).await;
    assert_eq!((made.status, &made.body["person"]["shown"]), (201, &json!("Mira Vandenholt")));
    let (enabled, group, until) = sim.world(|w| {
        let badge = w.holder("4711").unwrap();
        (badge.enabled, badge.groups[0].group, badge.valid_until.unwrap().to_rfc3339())
    });
    assert_eq!((enabled, group, until.as_str()), (false, 2, "2026-12-31T17:00:00+00:00"));
}

#[tokio::test]
async fn every_sign_in_and_every_page_style_is_served() {
    let sim = quiet()
        .people(5)
        .profile("[auth]\nkind = \"basic\"\n[paging]\nstyle = \"offset\"\nitems = \"\"")
        .start_blocking()
        .unwrap();
    let basic =
        |path: &str| send(http().get(format!("{}{path}", sim.url())).basic_auth(sim.user(), Some(sim.password())));
    assert_eq!(basic("/api/v1/badges?offset=3&limit=10").await.body.as_array().unwrap().len(), 2);

    let sim = quiet()
        .people(5)
        .profile("[auth]\nkind = \"session\"\n[paging]\nstyle = \"after-id\"")
        .start_blocking()
        .unwrap();
    let session = format!("{}/api/v1/session", sim.url());
    let wrong = send(http().post(&session).json(&json!({ "user": sim.user(), "password": "no" }))).await;
    assert_eq!(problem(&wrong), (401, "unauthorised"));
    let made = send(http().post(&session).json(&json!({ "user": sim.user(), "password": sim.password() }))).await;
    let token = made.body["token"].as_str().unwrap().to_owned();
    assert_eq!((made.status, &made.body["expiresAt"]), (201, &json!("2026-03-02T08:30:00Z")));
    let ids: Vec<u32> = sim.world(|w| w.badges.keys().copied().collect());
    let list = |after: u32| {
        send(http().get(format!("{}/api/v1/badges?after=b-{after}&limit=2", sim.url())).bearer_auth(&token))
    };
    let page = list(ids[1]).await;
    assert_eq!((&page.body["items"][0]["id"], page.body.get("next")), (&json!(format!("b-{}", ids[2])), None));
    assert_eq!(list(ids[4]).await.body["items"], json!([]));
    sim.world(|w| w.clock.advance(chrono::TimeDelta::minutes(31)));
    assert_eq!(list(ids[1]).await.status, 401);

    let sim = quiet().people(150).profile("[paging]\nstyle = \"none\"").start_blocking().unwrap();
    let all = call(&sim, "GET", "/api/v1/badges", Value::Null).await;
    assert_eq!(all.body["items"].as_array().unwrap().len(), 150);
}

#[test]
fn a_profile_with_a_fault_does_not_start() {
    let error = quiet().profile("[fields.badge]\ncolour = \"/colour\"").start_blocking().unwrap_err();
    assert!(format!("{error:#}").contains("fields.badge.colour: this is not known"), "{error:#}");
}
