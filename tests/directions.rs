//! The other directions: timeware leads for people and policies, departments go both ways, the leading side changes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use rusqlite::Connection;
use serde_json::{Value, json};
use tests::{Installation, SimProcess};

const TIMEWARE_LEADS: &str = "[people]\ndirection = \"timeware-to-net2\"\n[policies]\ndirection = \"timeware-to-net2\"\n\
                              [guards]\nremoval_confirmations = 1\nmin_absence = \"1s\"\nsettle_margin = \"1s\"\n";

/// A site at which timeware leads and Net2 has a field for our mark.
fn timeware_leads(sim: &SimProcess) -> Installation {
    let text = std::fs::read_to_string(Installation::against(sim, TIMEWARE_LEADS).folder().join("net2-timeware.toml"));
    let text = text.unwrap().replace("call_seconds = 5\n", "call_seconds = 5\nmarker_field = 13\n");
    Installation::with_config(&text, sim.info("password"))
}

fn sql(installation: &Installation, statements: &str) {
    Connection::open(installation.store()).unwrap().execute_batch(statements).unwrap();
}

fn user<'a>(users: &'a Value, last: &str) -> Option<&'a Value> {
    users.as_array().unwrap().iter().find(|user| user["last_name"] == last && user["active"] == true)
}

#[test]
fn people_and_policies_of_timeware_arrive_in_net2_and_leavers_lose_their_access() {
    let sim = SimProcess::net2(&["--people", "0"]);
    let installation = timeware_leads(&sim);
    assert_ne!(installation.run(&["plan"]).code, 1);
    sql(
        &installation,
        "INSERT INTO tterminal_policy (description) VALUES ('Night shift');
         INSERT INTO tgrouping_ref (grouping_number, description) VALUES (1, 'Bakery');
         INSERT INTO temployee (employee_status_id, first_name, last_name, badge, paylink, terminal_policy_id, grouping_1_ref_id)
         SELECT 1, 'Asha', 'de Mello', 7654321, '4711', p.terminal_policy_id, g.grouping_ref_id
         FROM tterminal_policy p, tgrouping_ref g WHERE g.description = 'Bakery' AND p.description = 'Night shift';",
    );
    installation.settle();
    let users = sim.control("GET", "users", &Value::Null);
    let asha = user(&users, "de Mello").unwrap_or_else(|| panic!("nobody arrived: {users}"));
    assert_eq!(asha["first_name"], "Asha");
    assert_eq!(asha["tokens"][0]["token_value"], "7654321", "{asha}");
    assert!(!asha["levels"].as_array().unwrap().is_empty(), "{asha}");
    assert_ne!(asha["department"], 0, "{asha}");
    assert_eq!(asha["fields"]["14"], "4711", "{asha}");

    sql(&installation, "UPDATE temployee SET employee_status_id = 2, date_left_company = '2020-01-01 00:00:00';");
    installation.settle();
    let users = sim.control("GET", "users", &Value::Null);
    let asha = users.as_array().unwrap().iter().find(|user| user["last_name"] == "de Mello").unwrap();
    assert_eq!(asha["levels"], json!([]), "{asha}");
    assert!(asha["tokens"].as_array().unwrap().iter().all(|token| token["lost"] == true), "{asha}");
}

#[test]
fn department_names_go_both_ways_and_are_never_deleted() {
    let sim = SimProcess::net2(&["--people", "3"]);
    let installation = Installation::against(&sim, "");
    installation.settle();
    sql(
        &installation,
        "UPDATE tgrouping_ref SET description = 'Front desk' WHERE description = 'Reception';
         INSERT INTO tgrouping_ref (grouping_number, description) VALUES (1, 'Bakery');",
    );
    let departments = sim.control("GET", "departments", &Value::Null);
    let engineering = departments.as_array().unwrap().iter().find(|d| d["name"] == "Engineering").unwrap();
    sim.control("PUT", &format!("departments/{}", engineering["id"]), &json!({"name": "Machine room"}));
    installation.settle();
    let names = |value: &Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|d| d["name"].as_str().unwrap().to_owned()).collect()
    };
    let net2 = names(&sim.control("GET", "departments", &Value::Null));
    for name in ["Front desk", "Bakery", "Machine room"] {
        assert!(net2.contains(&name.to_owned()), "{name} is not in {net2:?}");
    }
    let timeware: Vec<String> =
        tests::dump(&installation.store()).into_iter().filter(|r| r.starts_with("department")).collect();
    assert!(timeware.iter().any(|row| row.contains("Machine room")), "{timeware:?}");
    let count = net2.len();
    let bakery = sim.control("GET", "departments", &Value::Null);
    let bakery = bakery.as_array().unwrap().iter().find(|d| d["name"] == "Bakery").unwrap()["id"].clone();
    sim.control("DELETE", &format!("departments/{bakery}"), &Value::Null);
    for _ in 0..3 {
        assert_ne!(installation.run(&["apply"]).code, 1);
    }
    assert_eq!(names(&sim.control("GET", "departments", &Value::Null)).len(), count - 1);
    assert!(tests::dump(&installation.store()).iter().any(|row| row.contains("Bakery")));
}

#[test]
fn changing_the_leading_side_keeps_everybody() {
    let sim = SimProcess::net2(&["--people", "12"]);
    let installation = Installation::against(&sim, "");
    installation.settle();
    let before = installation.people();
    let users = sim.control("GET", "users", &Value::Null).as_array().unwrap().len();
    let file = installation.folder().join("net2-timeware.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{text}[people]\ndirection = \"timeware-to-net2\"\n")).unwrap();
    let said = installation.run(&["apply", "--json"]);
    assert_eq!(said.code, 2, "a change of the leading side needs a person's word: {}", said.all());
    installation.settle();
    assert_eq!(installation.people(), before);
    assert_eq!(sim.control("GET", "users", &Value::Null).as_array().unwrap().len(), users);
}
