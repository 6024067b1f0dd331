//! A door from its arrival to its first booking.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use chrono::Utc;
use serde_json::{Value, json};
use tests::{Installation, SimProcess};

fn apply(installation: &Installation) {
    let said = installation.run(&["apply"]);
    assert_eq!(said.code, 0, "{}", said.all());
}

#[test]
fn a_new_door_gives_nothing_until_it_is_released_and_then_what_its_kind_says() {
    let sim = SimProcess::net2(&["--people", "10", "--event-days", "0"]);
    let installation = Installation::against(&sim, "");
    apply(&installation);
    let doors = sim.control("GET", "doors", &Value::Null);
    let door = doors.as_array().unwrap()[0].clone();
    let users = sim.control("GET", "users", &Value::Null);
    let user = users.as_array().unwrap().iter().find(|user| {
        let permitted = format!("permitted?user={}&door={}", user["id"], door["id"]);
        sim.control("GET", &permitted, &Value::Null)["permitted"] == true
    });
    let user = user.expect("somebody may pass")["id"].clone();
    let pass = || sim.control("POST", "pass", &json!({"user": user, "door": door["id"], "entering": true}));

    pass();
    apply(&installation);
    assert!(installation.works().is_empty(), "a suspended door gave a booking");

    let name = door["name"].as_str().unwrap();
    let from = (Utc::now() - chrono::Duration::hours(1)).to_rfc3339();
    let set = |arguments: &[&str]| {
        let said = installation.run(&[&["terminals", "set", name], arguments].concat());
        assert_eq!(said.code, 0, "{}", said.all());
    };
    set(&["--kind", "attendance", "--direction", "in", "--release", "--from", &from]);
    apply(&installation);
    let attendance = installation.works();
    assert_eq!(attendance.len(), 1, "{attendance:?}");
    assert!(attendance[0].contains("| 1000 "), "{attendance:?}");

    set(&["--kind", "access"]);
    sim.control("POST", "clock", &json!({"advance_seconds": 120}));
    pass();
    apply(&installation);
    let all = installation.works();
    assert_eq!(all.len(), 2, "{all:?}");
    assert_eq!(all.iter().filter(|row| row.contains("| 2000 ")).count(), 1, "{all:?}");
}
