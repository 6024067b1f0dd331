use serde_json::{Value, json};
use vendor_sim::feed::{FeedSim, Style};

use crate::client::{Control, count, quiet, text, values};

async fn started(style: Style) -> (FeedSim, Control) {
    let sim = quiet(style).start().await.unwrap();
    let control = Control(sim.control_url());
    (sim, control)
}

#[tokio::test]
async fn bookings_are_made_moved_changed_and_deleted_from_outside() {
    let (sim, control) = started(Style::Skedda).await;
    let made = control
        .ok("POST", "bookings", json!({
            "title": "repair", "rooms": ["Room #4", "New room"], "start": "2027-03-01T10:00:00Z", "end": "2027-03-01T11:00:00Z",
            "person": { "name": "Some User", "email": "some.user@example.com" },
        }))
        .await;
    let path = format!("bookings/{}", made["id"]);
    let body = text(&sim.feed_url()).await;
    assert_eq!(values(&body, "UID"), [made["uid"].as_str().unwrap()]);
    assert_eq!(values(&body, "RESOURCES"), ["Room #4", "New room"]);

    let moved = control.ok("PUT", &path, json!({ "shift_minutes": 60 })).await;
    assert_eq!(moved["start"], "2027-03-01T11:00:00Z");
    assert_ne!(moved["uid"], made["uid"]);
    control.ok("PUT", &path, json!({ "rooms": ["Hall"], "person": { "name": "B", "email": "b@example.org" } })).await;
    let body = text(&sim.feed_url()).await;
    assert_eq!((values(&body, "RESOURCES"), count(&body, "mailto:b@example.org")), (vec!["Hall".into()], 1));
    let owned = control.ok("PUT", &path, json!({ "person": null })).await;
    assert_eq!(owned["person"], Value::Null);
    assert_eq!(count(&text(&sim.feed_url()).await, "ATTENDEE"), 0);
    control.ok("DELETE", &path, Value::Null).await;
    assert_eq!(count(&text(&sim.feed_url()).await, "BEGIN:VEVENT"), 0);
    assert_eq!(control.send("GET", &path, Value::Null).await.0, 404);
}

#[tokio::test]
async fn series_are_written_out_and_moved_from_one_instance_on() {
    let (sim, control) = started(Style::Booked).await;
    let made = control
        .ok(
            "POST",
            "bookings",
            json!({
                "rooms": ["Hall"], "start": "2027-03-01T10:00:00Z", "end": "2027-03-01T11:00:00Z",
                "person": { "email": "a@example.org" }, "repeat": { "count": 3, "every_days": 7 },
            }),
        )
        .await;
    assert_eq!(made.as_array().unwrap().len(), 3);
    let before = values(&text(&sim.feed_url()).await, "UID");
    let second = format!("bookings/{}/following", made[1]["id"]);
    assert_eq!(control.ok("POST", &second, json!({ "shift_minutes": 30 })).await["moved"], 2);
    let body = text(&sim.feed_url()).await;
    assert_eq!(values(&body, "UID"), before);
    assert_eq!(values(&body, "DTSTART"), ["20270301T100000Z", "20270308T103000Z", "20270315T103000Z"]);
}

#[tokio::test]
async fn wrong_bookings_are_refused() {
    let (_sim, control) = started(Style::Skedda).await;
    for wrong in [
        json!({}),
        json!([]),
        json!({ "rooms": ["Hall"], "start": "2027-03-01T11:00:00Z", "end": "2027-03-01T10:00:00Z" }),
        json!({ "colour": "red", "start": "2027-03-01T10:00:00Z", "end": "2027-03-01T11:00:00Z" }),
        json!({ "rooms": [99], "start": "2027-03-01T10:00:00Z", "end": "2027-03-01T11:00:00Z" }),
        json!({ "person": { "name": "x" }, "start": "2027-03-01T10:00:00Z", "end": "2027-03-01T11:00:00Z" }),
    ] {
        assert_eq!(control.send("POST", "bookings", wrong.clone()).await.0, 400, "{wrong}");
    }
}

#[tokio::test]
async fn the_rest_can_be_driven_from_outside() {
    let (sim, control) = started(Style::Booked).await;
    assert!(control.ok("GET", "", Value::Null).await["calls"].as_array().unwrap().len() > 15);
    let body = json!({ "rooms": ["Hall"], "start": "2027-03-01T10:00:00Z", "end": "2027-03-01T11:00:00Z" });
    let made = control.ok("POST", "bookings", body).await;
    control.ok("POST", "snapshots/full", Value::Null).await;
    let inject = format!("bookings/{}/inject", made["id"]);
    control.ok("POST", &inject, json!({ "kind": "short", "room": "Room #1", "email": "m@example.org" })).await;
    assert_eq!(values(&text(&sim.feed_url()).await, "LOCATION"), ["Hall", "Room #1"]);
    control.ok("POST", "empty", Value::Null).await;
    assert_eq!(count(&text(&sim.feed_url()).await, "BEGIN:VEVENT"), 0);
    control.ok("POST", "snapshots/full/restore", Value::Null).await;
    assert_eq!(count(&text(&sim.feed_url()).await, "BEGIN:VEVENT"), 1);

    let old = sim.feed_url();
    let links = control.ok("POST", "key", Value::Null).await;
    assert_eq!(count(&text(&old).await, "BEGIN:VEVENT"), 0);
    let hall = links["rooms"].as_array().unwrap().iter().find(|room| room["name"] == "Hall").unwrap();
    assert_eq!(count(&text(&format!("{}{}", sim.url(), hall["path"].as_str().unwrap())).await, "BEGIN:VEVENT"), 1);

    control.ok("POST", "clock", json!({ "now": "2027-03-01T11:00:00Z" })).await;
    assert_eq!(count(&text(&sim.feed_url()).await, "BEGIN:VEVENT"), 0);
    control.ok("POST", "switches", json!({ "past_days": 1, "line_ends": "lf" })).await;
    assert_eq!(count(&text(&sim.feed_url()).await, "BEGIN:VEVENT\n"), 1);
    control
        .ok("POST", "faults", json!([{ "action": "login_page" }, { "action": "error", "status": 503, "nth": 2 }]))
        .await;
    assert!(text(&sim.feed_url()).await.starts_with('<'));
    assert_eq!(crate::client::get(&sim.feed_url()).await.status(), 503);
    assert_eq!(control.send("POST", "faults", json!({ "action": "explode" })).await.0, 400);
    assert_eq!(control.send("POST", "switches", json!({ "colour": 1 })).await.0, 400);
    assert_eq!(control.ok("GET", "state", Value::Null).await["bookings"].as_object().unwrap().len(), 1);
}
