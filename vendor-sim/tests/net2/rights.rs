use chrono::{DateTime, TimeDelta, Utc};
use http::Method;
use serde_json::{Value, json};
use vendor_sim::net2::{Net2Options, Rights, Via};

use crate::client::{Api, monday, options};

fn minute(minutes: i64) -> DateTime<Utc> {
    monday() + TimeDelta::minutes(minutes)
}

fn pass_minutes(api: &Api, minutes: i64) {
    api.sim.world(|w| w.clock.advance(TimeDelta::minutes(minutes)));
}

fn rights(api: &Api, user: i64) -> Rights {
    api.sim.world(|w| w.rights(user)).unwrap()
}

/// Spans as minutes after the start, with how many doors.
fn spans(rights: &Rights) -> Vec<(i64, Option<i64>, usize)> {
    let minutes = |time: DateTime<Utc>| (time - monday()).num_minutes();
    rights.spans.iter().map(|span| (minutes(span.from), span.to.map(minutes), span.doors.len())).collect()
}

/// Nobody yet; a sign-in lasts.
fn site() -> Net2Options {
    options().people(0).with_switches(|s| s.token_expires_in = 10_000_000)
}

async fn booker(api: &Api) -> i64 {
    let fields = json!([{ "id": 9, "value": "maya@example.org" }, { "id": 12, "value": "BOOKINGSYNC" }]);
    let (_, user) = api.post("users", json!({ "firstName": "Maya", "customFields": fields, "pin": "4821" })).await;
    user["id"].as_i64().unwrap()
}

#[tokio::test]
async fn every_change_of_a_permission_set_is_noted_with_its_moment() {
    let api = Api::with(site()).await;
    let user = booker(&api).await;
    let door = api.door_named("Squash court 1");
    let area = api.sim.world(|w| w.doors[&door].area_in);
    let set = format!("users/{user}/doorpermissionset");
    pass_minutes(&api, 10);
    let own = json!({ "accessLevels": [], "individualPermissions": [{ "id": area, "timezoneId": 1 }] });
    api.put(&set, own.clone()).await;
    pass_minutes(&api, 5);
    api.put(&set, own).await;
    pass_minutes(&api, 45);
    api.put(&set, json!({ "accessLevels": [], "individualPermissions": [] })).await;
    pass_minutes(&api, 10);

    let found = rights(&api, user);
    assert_eq!(spans(&found), [(0, Some(10), 0), (10, Some(60), 1), (60, None, 0)]);
    let right = found.spans[1].doors[0];
    assert_eq!((right.door, right.via, right.timezone), (door, Via::Individual, 1));
    assert!(right.entering && !right.leaving);
    assert_eq!((found.name.as_str(), found.email.as_deref()), ("Maya", Some("maya@example.org")));
    assert_eq!(found.fields[&12], "BOOKINGSYNC");
    let could = |at| api.sim.world(|w| w.could_open(user, door, at));
    assert_eq!([minute(9), minute(10), minute(59), minute(60)].map(could), [false, true, true, false]);
}

#[tokio::test]
async fn doors_are_found_through_levels_and_follow_their_rows() {
    let api = Api::with(site()).await;
    let user = booker(&api).await;
    let (door, level) = (api.door_named("Workshop"), api.sim.world(|w| w.add_access_level("Bookings")));
    let area = api.sim.world(|w| w.doors[&door].area_in);
    api.put(&format!("users/{user}/doorpermissionset"), json!({ "accessLevels": [level] })).await;
    pass_minutes(&api, 10);
    let rows = json!({ "name": "Bookings", "detailRows": [{ "areaID": area, "timezoneID": 1 }] });
    api.put(&format!("accesslevels/{level}"), rows).await;
    pass_minutes(&api, 10);
    api.delete(&format!("accesslevels/{level}")).await;
    let found = rights(&api, user);
    assert_eq!(spans(&found), [(0, Some(10), 0), (10, Some(20), 1), (20, None, 0)]);
    assert_eq!(found.spans[1].doors[0].via, Via::Level(level));
    api.sim.world(|w| w.change_user(user, |user| user.levels = vec![1]));
    assert_eq!(rights(&api, user).spans.last().unwrap().doors.len(), api.sim.world(|w| w.doors.len()));
}

#[tokio::test]
async fn an_operator_who_edits_records_is_noted_too() {
    let api = Api::with(site()).await;
    let user = booker(&api).await;
    pass_minutes(&api, 5);
    api.sim.world(|w| w.users.get_mut(&user).unwrap().levels = vec![1]);
    pass_minutes(&api, 5);
    api.control(Method::PUT, &format!("users/{user}"), Some(json!({ "levels": [] }))).await;
    pass_minutes(&api, 5);
    api.sim.world(|w| w.users.get_mut(&user).unwrap().levels = vec![1]);
    pass_minutes(&api, 5);
    api.delete(&format!("users/{user}")).await;
    let doors = api.sim.world(|w| w.doors.len());
    let wanted = [(0, Some(5), 0), (5, Some(10), doors), (10, Some(15), 0), (15, Some(20), doors), (20, None, 0)];
    assert_eq!(spans(&rights(&api, user)), wanted);
    api.sim.world(|w| w.purge_user(user));
    assert_eq!(rights(&api, user).name, "Maya");
}

#[tokio::test]
async fn validity_bounds_what_a_set_opens() {
    let api = Api::with(site()).await;
    let user = booker(&api).await;
    let day = 24 * 60;
    api.sim.world(|w| {
        w.change_user(user, |user| {
            user.levels = vec![1];
            user.activation = "2027-03-02T00:00:00".parse().ok();
            user.expiry = "2027-03-03T00:00:00".parse().ok();
        })
    });
    let doors = api.sim.world(|w| w.doors.len());
    let last = |api: &Api| spans(&rights(api, user)).pop().unwrap();
    assert_eq!(last(&api), (0, None, 0));
    pass_minutes(&api, day);
    assert_eq!(last(&api), (15 * 60, None, doors));
    pass_minutes(&api, day);
    let found = spans(&rights(&api, user));
    assert_eq!(found[found.len() - 3..], [(0, Some(900), 0), (900, Some(900 + day), doors), (900 + day, None, 0)]);
    api.sim.world(|w| w.switches.expiry_day_inclusive = true);
    assert_eq!(last(&api), (900, None, doors));
}

#[tokio::test]
async fn codes_have_a_timeline_of_their_own() {
    let api = Api::with(site()).await;
    let user = booker(&api).await;
    pass_minutes(&api, 10);
    api.put(&format!("users/{user}"), json!({ "id": user, "pin": "7777" })).await;
    let token = json!({ "tokenType": "Unspecified", "tokenValue": "12345678" });
    api.post(&format!("users/{user}/tokens"), token).await;
    pass_minutes(&api, 10);
    api.delete(&format!("users/{user}/tokens/0")).await;
    let codes = |api: &Api| {
        let all = rights(api, user).codes;
        let minutes = |time: DateTime<Utc>| (time - monday()).num_minutes();
        all.into_iter()
            .map(|code| (code.kind, code.value, minutes(code.from), code.to.map(minutes)))
            .collect::<Vec<_>>()
    };
    let entry = |kind: &str, value: &str, from, to| (kind.to_owned(), value.to_owned(), from, to);
    let wanted = [
        entry("PIN", "4821", 0, Some(10)),
        entry("PIN", "7777", 10, None),
        entry("Unspecified", "12345678", 10, Some(20)),
    ];
    assert_eq!(codes(&api), wanted);
    assert!(!format!("{:?}", rights(&api, user)).contains("7777"));
    let (_, found) = api.control(Method::GET, "codes?code=12345678", None).await;
    assert_eq!((found.as_array().unwrap().len(), &found[0]["email"]), (1, &json!("maya@example.org")));
    let (_, held) = api.control(Method::GET, "codes?at=2027-03-01T09:05:00Z", None).await;
    assert_eq!((held.as_array().unwrap().len(), &held[0]["value"]), (1, &json!("4821")));
}

#[tokio::test]
async fn the_record_is_read_by_user_door_address_and_moment_from_outside() {
    let api = Api::with(site()).await;
    let user = booker(&api).await;
    let door = api.door_named("Workshop");
    let area = api.sim.world(|w| w.doors[&door].area_out);
    pass_minutes(&api, 10);
    let set = json!({ "accessLevels": [], "individualPermissions": [{ "id": area, "timezoneId": 1 }] });
    api.put(&format!("users/{user}/doorpermissionset"), set).await;
    pass_minutes(&api, 10);
    api.put(&format!("users/{user}/doorpermissionset"), json!({})).await;

    let get = async |query: &str| api.control(Method::GET, &format!("rights?{query}"), None).await.1;
    let found = get(&format!("door={door}")).await;
    let span = json!({
        "from": "2027-03-01T09:10:00Z", "to": "2027-03-01T09:20:00Z",
        "doors": [{ "door": door, "via": "individual", "timezone": 1, "entering": false, "leaving": true }],
    });
    assert_eq!(found[0]["spans"], json!([span]));
    assert_eq!((&found[0]["user"], &found[0]["fields"]["12"]), (&json!(user), &json!("BOOKINGSYNC")));
    assert_eq!(get("user=999999").await, json!([]));
    assert_eq!(get("email=MAYA@example.org&at=2027-03-01T09:15:00Z").await[0]["spans"], json!([span]));
    let other = api.door_named("Server room");
    assert_eq!(get(&format!("door={other}")).await, json!([]));
    assert_eq!(api.control(Method::GET, "rights?at=noon", None).await.0, 400);
    assert_eq!(api.control(Method::DELETE, "rights", None).await.0, 200);
    assert_eq!(get("").await[0]["spans"].as_array().map(Vec::len), Some(1));
    assert_eq!(get("").await[0].get("codes"), None::<&Value>);
}

#[tokio::test]
async fn an_older_copy_of_the_site_does_not_rewrite_the_record() {
    let api = Api::with(site()).await;
    let user = booker(&api).await;
    let before = api.sim.world(|w| w.clone());
    api.sim.world(|w| w.change_user(user, |user| user.levels = vec![1]));
    pass_minutes(&api, 10);
    api.sim.world(|w| w.restore(before));
    let found = spans(&rights(&api, user));
    assert_eq!((found.len(), found[1].1, found[2]), (3, Some(10), (10, None, 0)));
}
