use chrono::TimeDelta;
use serde_json::{Value, json};
use vendor_sim::net2::Event;

use crate::client::{Api, monday, options};

fn ids(events: &Value) -> Vec<i64> {
    events
        .as_array()
        .map(|events| events.iter().map(|event| event["id"].as_i64().unwrap()).collect())
        .unwrap_or_default()
}

#[tokio::test]
async fn the_log_is_followed_by_id() {
    let api = Api::new().await;
    let all: Vec<i64> = api.sim.world(|w| w.events.iter().map(|event| event.id).collect());
    let mut found = Vec::new();
    let mut last = 0;
    loop {
        let condition = format!("eventid>{last}");
        let (_, page) = api.events(&[("where", &condition), ("orderBy", "eventid asc"), ("rowCount", "50")]).await;
        let page = ids(&page);
        let Some(end) = page.last() else { break };
        last = *end;
        found.extend(page);
    }
    assert_eq!(found, all);
}

#[tokio::test]
async fn an_event_reads_as_documented() {
    let api = Api::new().await;
    let (user, door) = (api.any_user(), api.door_named("Workshop"));
    let id = api.sim.world(|w| {
        w.put_event(Event {
            time: monday() + TimeDelta::milliseconds(250),
            event_type: 26,
            address: Some(door),
            user_id: Some(user),
            ..Event::default()
        })
    });
    let (_, events) = api.events(&[("where", &format!("EventID = {id}"))]).await;
    let event = &events[0];
    assert_eq!(event["eventTime"], "2027-03-01T09:00:00.250+00:00");
    assert_eq!((&event["eventType"], &event["eventSubType"]), (&json!(26), &json!(0)));
    assert_eq!(event["deviceName"], format!("Workshop - ACU:{door}"));
    assert_eq!((&event["address"], &event["userID"]), (&json!(door), &json!(user)));
    assert!(event["surname"].is_string() && event["eventDetails"].is_null());
}

#[tokio::test]
async fn conditions_and_orders_choose_events() {
    let api = Api::new().await;
    let count = |events: &Value| events.as_array().map_or(0, Vec::len);
    let expected = api.sim.world(|w| {
        w.events.iter().filter(|e| [20, 26].contains(&e.event_type) && e.surname.as_deref() != Some("O'Brien")).count()
    });
    let (_, granted) =
        api.events(&[("where", "EventType IN (20, 26) AND NOT (Surname = 'O''Brien')"), ("rowCount", "5000")]).await;
    assert_eq!(count(&granted), expected);
    let (_, day) = api
        .events(&[
            ("where", "eventTime >= '2027-02-26T00:00:00' and eventTime < '2027-02-27T00:00:00'"),
            ("orderBy", "eventTime DESC, eventid"),
            ("rowCount", "5000"),
        ])
        .await;
    let times: Vec<&str> = day.as_array().unwrap().iter().map(|e| e["eventTime"].as_str().unwrap()).collect();
    assert!(!times.is_empty() && times.iter().all(|time| time.starts_with("2027-02-26")));
    assert!(times.windows(2).all(|pair| pair[0] >= pair[1]));
    let (_, like) = api.events(&[("where", "EventDescription LIKE 'access denied%' AND CardNo IS NOT NULL")]).await;
    assert!(like.as_array().is_none_or(|all| all.iter().all(|e| e["eventType"] == 23 || e["eventType"] == 24)));
}

#[tokio::test]
async fn refused_conditions_are_answered_with_400() {
    let api = Api::new().await;
    for wrong in [
        "eventid > ",
        "colour = 1",
        "eventid = 1; DROP TABLE x",
        "eventid = 1 -- x",
        "1=1 union select 1",
        "EventDescription = open",
        "eventTime > '2027-03-01T00:00:00Z'",
        "eventTime > '2027-03-01T00:00:00.1234'",
        "Surname = 'O'Brien'",
        "id > 5",
    ] {
        assert_eq!(api.events(&[("where", wrong)]).await.0, 400, "{wrong}");
    }
    assert_eq!(api.events(&[("where", "EventDetails = 'x'")]).await.0, 400);
    assert_eq!(api.events(&[("where", "Details = 'drop; select -- open'")]).await.0, 200);
    assert_eq!(api.events(&[("orderBy", "colour")]).await.0, 400);
    api.sim.world(|w| {
        w.switches.where_error_status = 500;
        w.switches.eventid_in_where = false;
    });
    assert_eq!(api.events(&[("where", "eventid > 5")]).await.0, 500);
    assert_eq!(api.events(&[("orderBy", "eventid")]).await.0, 200);
}

#[tokio::test]
async fn no_event_is_an_empty_body_or_an_empty_list() {
    let api = Api::new().await;
    assert_eq!(api.events(&[("where", "EventType = 999")]).await, (200, Value::Null));
    api.sim.world(|w| w.switches.empty_body_for_no_events = false);
    assert_eq!(api.events(&[("where", "EventType = 999")]).await, (200, json!([])));
}

#[tokio::test]
async fn rows_are_cut() {
    let api = Api::with(options().people(0)).await;
    let body = json!({ "count": 1500, "users": [1] });
    assert_eq!(api.control(reqwest::Method::POST, "events/bulk", Some(body)).await.0, 200);
    assert_eq!(ids(&api.events(&[]).await.1).len(), 1000);
    assert_eq!(ids(&api.events(&[("pageSize", "3"), ("startDate", "x")]).await.1).len(), 1000);
    assert_eq!(ids(&api.events(&[("rowCount", "1200")]).await.1).len(), 1200);
    api.sim.world(|w| w.switches.max_row_count = 100);
    assert_eq!(ids(&api.events(&[("rowCount", "1200")]).await.1).len(), 100);
    assert_eq!(api.events(&[("rowCount", "many")]).await.0, 400);
}

#[tokio::test]
async fn a_late_event_gets_a_new_id_and_keeps_its_time() {
    let mut api = Api::with(options().with_switches(|s| s.late_events = true)).await;
    let door = api.door_named("Workshop");
    let user = api.sim.world(|w| {
        let id = w.add_user("Late", "Comer");
        w.users.get_mut(&id).unwrap().levels = vec![1];
        id
    });
    let condition = format!("UserID = {user} AND EventType = 20");
    assert!(api.sim.world(|w| w.pass(user, door, true)));
    assert_eq!(api.events(&[("where", &condition)]).await.1, Value::Null);
    api.sim.world(|w| w.clock.advance(TimeDelta::days(1)));
    api.sign_in().await;
    let newest = api.sim.world(|w| w.put_event(Event { event_type: 90, ..Event::default() }));
    let (_, uploaded) = api.control(reqwest::Method::POST, "events/upload", None).await;
    assert_eq!(uploaded["uploaded"], 2);
    let (_, events) = api.events(&[("where", &condition)]).await;
    assert!(events[0]["id"].as_i64().unwrap() > newest);
    assert_eq!(events[0]["eventTime"], "2027-03-01T09:00:00.000+00:00");
}

#[tokio::test]
async fn local_times_in_conditions_follow_the_clock_change() {
    let api = Api::with(options().people(0)).await;
    // The same wall clock time twice, in October.
    let at = |text: &str| text.parse().unwrap();
    api.sim.world(|w| {
        for time in ["2027-10-31T00:30:00Z", "2027-10-31T01:30:00Z"] {
            w.put_event(Event { time: at(time), event_type: 90, ..Event::default() });
        }
    });
    let (_, both) = api.events(&[("where", "eventTime = '2027-10-31T01:30:00'"), ("orderBy", "eventid")]).await;
    let times: Vec<_> = both.as_array().unwrap().iter().map(|event| event["eventTime"].clone()).collect();
    assert_eq!(times, ["2027-10-31T01:30:00.000+01:00", "2027-10-31T01:30:00.000+00:00"]);
}

#[tokio::test]
async fn unknown_cards_have_both_sets_of_names() {
    let api = Api::new().await;
    let door = api.door_named("Workshop");
    api.sim.world(|w| w.show_unknown_card(87_654_321, door));
    let found = api.read("events/latestunknowntokens?max=1").await;
    let event = &found[0];
    assert_eq!((&event["tokenNumber"], &event["cardNo"]), (&json!(87_654_321), &json!(87_654_321)));
    assert_eq!(event["EventDate"], event["eventTime"]);
    assert_eq!((&event["eventSubType"], &event["where"]), (&json!(22), &event["deviceName"]));
}

#[tokio::test]
async fn a_wrong_pin_is_refused_and_names_nobody_and_no_number() {
    let api = Api::new().await;
    let door = api.door_named("Workshop");
    api.sim.world(|w| w.type_wrong_pin(door));
    let (_, found) = api.events(&[("where", "EventType = 24"), ("orderBy", "eventid DESC"), ("rowCount", "1")]).await;
    assert_eq!(found[0]["address"], json!(door));
    assert!(found[0]["userID"].is_null() && found[0]["cardNo"].is_null(), "{found}");
}

#[tokio::test]
async fn alarms_are_acknowledged_under_one_of_two_paths() {
    let api = Api::new().await;
    let id = api.sim.world(|w| w.put_event(Event { event_type: 92, ..Event::default() }));
    let body = json!({ "eventId": id });
    assert_eq!(api.post("events/acknowledge", body.clone()).await.0, 404);
    assert_eq!(api.post("events/alarms/acknowledge", body.clone()).await.0, 200);
    let (_, events) = api.events(&[("where", "EventType = 551"), ("rowCount", "1")]).await;
    assert_eq!(events[0]["linkedEvent"], id);
    api.sim.world(|w| w.switches.short_acknowledge_path = true);
    assert_eq!(api.post("events/alarms/acknowledge", body.clone()).await.0, 404);
    assert_eq!(api.post("events/acknowledge", body).await.0, 200);
}
