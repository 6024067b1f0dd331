//! The process is killed at random moments, two hundred times, and ends with the same store as one left in peace.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use std::time::Duration;

use chrono::Utc;
use serde_json::json;
use tests::{Installation, SimProcess, dump};

const KILLS: u32 = 200;
const PEOPLE: &str = "30";
const QUICK: &str = "[people]\ninterval = \"1s\"\n[definitions]\ninterval = \"1s\"\n[events]\ninterval = \"1s\"\nlive = false\n\
                     [guards]\nsettle_margin = \"1s\"\n";

/// Life at the site: the same at both, whatever the program does meanwhile.
fn life(sim: &SimProcess, step: u32) {
    let name = format!("Newcomer{step}");
    match step % 4 {
        0 => {
            let user =
                json!({"first_name": name, "last_name": "Jones", "active": true, "department": 1, "levels": [1]});
            sim.control("POST", "users", &user);
        }
        1 => drop(sim.control("PUT", "departments/1", &json!({"name": format!("Department {step}")}))),
        2 => drop(sim.control("POST", "doors", &json!({"name": format!("Door {step}")}))),
        _ => drop(sim.control("POST", "events/bulk", &json!({"count": 15}))),
    }
}

/// Runs until nothing is left to do.
fn settle(installation: &Installation) {
    for _ in 0..20 {
        let said = installation.run(&["run", "--once"]);
        if said.code == 0 {
            return;
        }
        assert_eq!(said.code, 2, "{}", said.all());
        std::thread::sleep(Duration::from_millis(300));
    }
    panic!("never came to rest: {}", installation.run(&["run", "--once", "--json"]).out);
}

fn release(installation: &Installation, since: &str) {
    let said = installation.run(&["terminals", "set", "all", "--kind", "attendance", "--release", "--from", since]);
    assert_eq!(said.code, 0, "{}", said.all());
}

#[test]
fn two_hundred_kills_leave_the_same_store_as_none() {
    // One start time for both sites, so that their seeded events are the same.
    let now = Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let arguments = ["--people", PEOPLE, "--seed", "11", "--event-days", "1", "--now", now.as_str(), "--frozen"];
    let (peaceful, hostile) = (SimProcess::net2(&arguments), SimProcess::net2(&arguments));
    let since = (Utc::now() - chrono::Duration::days(3)).to_rfc3339();
    let undisturbed = Installation::against(&peaceful, QUICK);
    let disturbed = Installation::against(&hostile, QUICK);
    let mut random = 0x9e37_79b9_u32;
    let mut released = false;
    for kill in 0..KILLS {
        if kill % 10 == 9 {
            life(&peaceful, kill / 10);
            life(&hostile, kill / 10);
        }
        if kill == 60 {
            // Doors that arrive later stay suspended at both.
            for installation in [&undisturbed, &disturbed] {
                settle(installation);
                release(installation, &since);
            }
            released = true;
        }
        let mut process = disturbed.start(&["run"]);
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // Not a wait for something to happen: the moment of the kill is the point.
        std::thread::sleep(Duration::from_millis(u64::from(random >> 16) % 400));
        process.kill().unwrap();
        process.wait().unwrap();
    }
    assert!(released);
    settle(&undisturbed);
    settle(&disturbed);
    let (expected, found) = (dump(&undisturbed.store()), dump(&disturbed.store()));
    let missing: Vec<_> = expected.difference(&found).take(10).collect();
    let extra: Vec<_> = found.difference(&expected).take(10).collect();
    assert!(missing.is_empty() && extra.is_empty(), "missing: {missing:#?}\nextra: {extra:#?}");
    let works = expected.iter().filter(|row| row.starts_with("work")).count();
    assert!(works > 10, "only {works} bookings: the test proves too little");
}
