//! The verbs against a separately started server, and the service with Net2's live hub.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::{Installation, SimProcess, dump, until_within};

#[test]
fn a_plan_that_was_applied_leaves_an_empty_plan() {
    let sim = SimProcess::net2(&["--people", "25"]);
    let installation = Installation::against(&sim, "");
    let plan = installation.run(&["plan"]);
    assert_eq!(plan.code, 2, "{}", plan.all());
    assert!(plan.out.contains("first_name: ? →"), "{}", plan.out);
    assert_eq!(installation.run(&["apply"]).code, 0);
    let again = installation.run(&["plan", "--json"]);
    assert_eq!(again.code, 0, "{}", again.all());
    let report = again.json();
    for link in report["links"].as_array().unwrap() {
        assert_eq!(link["second_plan_actions"], 0, "{link}");
        assert!(link["read"]["primary"].as_u64().unwrap() > 0, "{link}");
    }
    for count in ["read", "delivered", "ignored", "waiting", "held", "rejected", "doubtful"] {
        assert!(report["events"][count].is_u64(), "{count} is missing: {}", report["events"]);
    }
}

#[test]
fn a_first_link_waits_for_approval_and_a_bare_name_for_a_decision() {
    let sim = SimProcess::net2(&["--people", "8"]);
    let users = sim.control("GET", "users", &Value::Null);
    let active: Vec<&Value> = users.as_array().unwrap().iter().filter(|user| user["expiry"].is_null()).collect();
    let (numbered, named) = (active[0], active[1]);
    let installation = Installation::against(&sim, "");
    assert_eq!(installation.run(&["plan"]).code, 2);
    let store = rusqlite::Connection::open(installation.store()).unwrap();
    let insert = "INSERT INTO temployee (employee_status_id, first_name, last_name, paylink) VALUES (1, ?1, ?2, ?3)";
    let text = |user: &Value, key: &str| user[key].as_str().unwrap_or("-").to_owned();
    let number = numbered["fields"]["14"].as_str().unwrap();
    store.execute(insert, (text(numbered, "first_name"), "Formerly", number)).unwrap();
    store.execute(insert, (text(named, "first_name"), text(named, "last_name"), None::<String>)).unwrap();
    drop(store);

    let plan = installation.run(&["plan", "--json"]).json();
    let people = plan["links"].as_array().unwrap().iter().find(|link| link["entity"] == "person").unwrap().clone();
    assert_eq!((&people["actions"]["link"], &people["actions"]["hold"]), (&json!(1), &json!(1)), "{people}");
    let file = installation.folder().join("data").join("decisions.toml");
    let decisions = std::fs::read_to_string(&file).unwrap();
    assert!(decisions.contains("name alone"), "the rule is not named:\n{decisions}");
    let candidate = people["held"][0]["candidates"][0][0].as_str().unwrap();
    let (before, of_named) = decisions.split_at(decisions.find("name alone").unwrap());
    let decided = of_named.replacen("decision = \"\"", &format!("decision = \"match {candidate}\""), 1);
    std::fs::write(&file, format!("{before}{decided}")).unwrap();

    assert_eq!(installation.run(&["apply"]).code, 2, "a first link was made without approval");
    assert!(dump(&installation.store()).iter().any(|row| row.contains("Formerly")));
    let plan = installation.run(&["plan", "--json"]).json();
    let people = plan["links"].as_array().unwrap().iter().find(|link| link["entity"] == "person").unwrap().clone();
    assert_eq!((&people["actions"]["link"], &people["needs_approval"]), (&json!(2), &json!(true)), "{people}");
    let said = installation.run(&["apply", "--approve", people["plan"].as_str().unwrap()]);
    assert_eq!(said.code, 0, "{}", said.all());
    assert!(!dump(&installation.store()).iter().any(|row| row.contains("Formerly")));
    assert_eq!(installation.people(), active.len());
}

#[test]
fn the_live_hub_brings_a_booking_long_before_the_next_poll() {
    let sim = SimProcess::net2(&["--people", "10", "--event-days", "0"]);
    let installation = Installation::against(&sim, "[events]\ninterval = \"6h\"\n");
    assert_ne!(installation.run(&["plan"]).code, 1);
    assert_eq!(installation.run(&["apply"]).code, 0);
    let service = installation.serve();
    let began = Instant::now();
    let wait_for = |what: &str, holds: &dyn Fn() -> bool| {
        until_within(Duration::from_mins(1).saturating_sub(began.elapsed()), what, holds);
    };
    wait_for("a live connection", &|| live_connections(&sim) > 0);
    // An administrator releases doors beside the running service; anything that would write more is refused.
    let said = installation.run(&["terminals", "set", "all", "--kind", "attendance", "--release"]);
    assert_eq!(said.code, 0, "{}", said.all());
    assert_eq!(installation.run(&["apply"]).code, 1);
    let (user, door) = someone_who_may_pass(&sim);
    sim.control("POST", "pass", &json!({"user": user, "door": door, "entering": true}));
    wait_for("a booking", &|| !installation.works().is_empty());
    drop(service);
    let status = installation.run(&["status"]);
    assert_eq!(status.code, 0, "{}", status.all());
    assert!(status.out.contains("logs"), "the log folder is not named: {}", status.out);
}

fn live_connections(sim: &SimProcess) -> u64 {
    let live = sim.control("GET", "live", &Value::Null);
    live.as_u64().or_else(|| live.as_object()?.values().find_map(Value::as_u64)).unwrap_or_default()
}

fn someone_who_may_pass(sim: &SimProcess) -> (Value, Value) {
    let (users, doors) = (sim.control("GET", "users", &Value::Null), sim.control("GET", "doors", &Value::Null));
    for user in users.as_array().unwrap() {
        for door in doors.as_array().unwrap() {
            let asked = format!("permitted?user={}&door={}", user["id"], door["id"]);
            if sim.control("GET", &asked, &Value::Null)["permitted"] == true {
                return (user["id"].clone(), door["id"].clone());
            }
        }
    }
    panic!("nobody may pass any door");
}

/// What an administrator fetches: the key file made at PAC, and the certificate that `certificate --trust` stores.
fn pac_keys(installation: &Installation) {
    let pac = vendor_sim::pac::PacSim::builder().start_blocking().unwrap();
    pac.write_key("bridge", &installation.folder().join("head-office-bridge.oemkey")).unwrap();
    std::fs::create_dir_all(installation.folder().join("data")).unwrap();
    std::fs::write(installation.folder().join("data/pac-certificate.sha256"), pac.server_fingerprint()).unwrap();
}

#[test]
fn what_init_writes_passes_check_as_soon_as_its_secrets_are_there() {
    for name in ["net2-timeware", "optima-timeware", "inventry-timeware", "booking-server", "astrow-pac"] {
        let secrets = ["NET2_PASSWORD", "OPTIMA_KEY", "INVENTRY_KEY", "SMTP_PASSWORD", "ASTROW_PASSWORD"]
            .map(|key| (key, "x".to_owned()));
        let link = [("FEED_LINK", "https://feeds.example/ical?key=x".to_owned())];
        let installation = Installation::of(name, "", secrets.into_iter().chain(link).collect());
        std::fs::remove_file(installation.folder().join(format!("{name}.toml"))).unwrap();
        assert_eq!(installation.run(&["init"]).code, 0);
        if name == "astrow-pac" {
            pac_keys(&installation);
        }
        let check = installation.run(&["check"]);
        assert_eq!(check.code, 0, "{name}: {}", check.all());
    }
}
