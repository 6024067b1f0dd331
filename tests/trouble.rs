//! What goes wrong at a site, and what the program says about it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use serde_json::json;
use tests::{Installation, Said, SimProcess, dump};

fn test_fails(installation: &Installation, words: &[&str]) {
    let said = installation.run(&["test"]);
    assert_eq!(said.code, 1, "{}", said.all());
    for word in words {
        assert!(said.all().to_lowercase().contains(&word.to_lowercase()), "{word:?} is not in:\n{}", said.all());
    }
}

#[test]
fn a_site_in_order_passes_every_step() {
    let sim = SimProcess::net2(&["--people", "5"]);
    let said = Installation::against(&sim, "").run(&["test"]);
    assert_eq!(said.code, 0, "{}", said.all());
}

#[test]
fn a_wrong_host_is_told_from_a_refused_port() {
    let by = |url: &str| Installation::with_net2(url, "System engineer", "x", "secret", "");
    test_fails(&by("https://no-such-host.invalid:8443"), &["name", "no-such-host.invalid"]);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    test_fails(&by(&format!("http://{free}")), &["port", "Local API"]);
}

#[test]
fn an_untrusted_certificate_is_shown_with_its_fingerprint() {
    let sim = SimProcess::net2(&["--people", "5", "--tls"]);
    let fingerprint = sim.info("fingerprint").to_lowercase().replace(':', "");
    let said = Installation::against(&sim, "").run(&["test"]);
    assert_eq!(said.code, 1, "{}", said.all());
    assert!(said.all().to_lowercase().replace(':', "").contains(&fingerprint), "{}", said.all());
    let pinned = format!("url = {:?}\ntrust = {{ pinned_sha256 = [{fingerprint:?}] }}", sim.info("url"));
    let text = std::fs::read_to_string(Installation::against(&sim, "").folder().join("net2-timeware.toml")).unwrap();
    let text = text.replacen(&format!("url = {:?}", sim.info("url")), &pinned, 1);
    let said = Installation::with_config(&text, sim.info("password")).run(&["test"]);
    assert_eq!(said.code, 0, "{}", said.all());
}

#[test]
fn a_wrong_password_is_told_from_a_missing_licence() {
    let sim = SimProcess::net2(&["--people", "5"]);
    let (url, operator, client) = (sim.info("url"), sim.info("operator"), sim.info("client_id"));
    test_fails(&Installation::with_net2(url, operator, client, "wrong", ""), &["sign-in", "password"]);
    let unlicensed = Installation::with_net2(url, operator, "0000-none", sim.info("password"), "");
    test_fails(&unlicensed, &["licence"]);
}

#[test]
fn multi_factor_an_old_server_and_a_busy_sign_in_each_have_their_own_words() {
    for (switch, words) in [("mfa=on", ["second factor", "operator without"]), ("version=6.01", ["6.01", "6.02"])] {
        let sim = SimProcess::net2(&["--people", "5", "--set", switch]);
        test_fails(&Installation::against(&sim, ""), &words);
    }
    let sim = SimProcess::net2(&["--people", "5"]);
    let busy = json!({"method": "POST", "path": "/api/v1/authorization/tokens", "times": 0, "action": "reply", "status": 429, "body": ""});
    sim.control("POST", "faults", &busy);
    test_fails(&Installation::against(&sim, ""), &["429"]);
}

#[test]
fn a_bad_configuration_names_file_line_reason_and_remedy() {
    let good = "[net2]\nurl = \"https://net2.example:8443\"\noperator = \"Op\"\npassword = \"env:NET2_PASSWORD\"\n\
                client_id = \"x\"\ntime_zone = \"Europe/London\"\n";
    for (wrong, line, word) in [
        (format!("{good}querdb = true\n"), ":7:", "querydb"),
        (format!("{good}querydb = \"yes\"\n"), ":7:", "querydb"),
        (format!("{good}[timeware]\ndepartment_grouping = 11\n"), ":8:", "department_grouping"),
        (good.replace("env:NET2_PASSWORD", "env:NO_SUCH_VARIABLE"), ":4:", "NO_SUCH_VARIABLE"),
        (good.replace("env:NET2_PASSWORD", "hunter2"), ":4:", "env:"),
    ] {
        let installation = Installation::with_config(&wrong, "p");
        for verb in ["check", "plan", "run"] {
            let said = installation.run(&[verb]);
            assert_eq!(said.code, 1, "{verb}: {}", said.all());
            let place = format!("net2-timeware.toml{line}");
            assert!(said.all().contains(&place) && said.all().contains(word), "{place} {word}:\n{}", said.all());
            assert!(!said.all().contains("hunter2"), "a secret is told: {}", said.all());
        }
        assert!(!installation.folder().join("data").join("journal.db").exists(), "something was started");
    }
}

#[test]
fn a_malformed_user_among_a_thousand_is_held_and_the_others_are_handled() {
    let sim = SimProcess::net2(&["--people", "1000"]);
    let users = sim.control("GET", "users", &serde_json::Value::Null);
    let id = users.as_array().unwrap()[500]["id"].as_i64().unwrap();
    sim.control("PUT", &format!("users/{id}"), &json!({"overlay": {"firstName": 7, "lastName": {"a": 1}}}));
    let installation = Installation::against(&sim, "");
    assert_eq!(installation.run(&["plan"]).code, 2);
    let report = installation.run(&["apply", "--json"]).json();
    let people = link(&report, "person");
    assert_eq!(people["read"]["primary"], 1000, "{people}");
    // Whoever's validity has ended is not created, and the report says so.
    assert_eq!(people["situations"]["S2"], 999, "{people}");
    assert!(people["outcomes"]["done"].as_u64().unwrap() > 900, "{people}");
    assert_eq!(people["second_plan_actions"], 0, "{people}");
    assert_eq!(people["actions"]["hold"], 1, "{people}");
    assert_eq!(people["held"][0]["record"], id.to_string(), "{people}");
}

#[test]
fn an_empty_list_where_there_were_a_thousand_removes_nobody() {
    let sim = SimProcess::net2(&["--people", "1000"]);
    let installation = Installation::against(&sim, "[guards]\nremoval_confirmations = 1\nmin_absence = \"1s\"\n");
    assert_eq!(installation.run(&["plan"]).code, 2);
    assert_eq!(installation.run(&["apply"]).code, 0);
    let before = dump(&installation.store());
    sim.control("POST", "empty", &json!({"what": "users"}));
    let said = installation.run(&["apply", "--json"]);
    assert_eq!(said.code, 1, "{}", said.all());
    assert!(link(&said.json(), "person")["guards"][0]["guard"].as_str().unwrap().contains("G-01"), "{}", said.out);
    assert_eq!(dump(&installation.store()), before);
}

#[test]
fn the_demo_plan_says_who_which_field_and_why() {
    let said = Said::by("net2-timeware", &["--demo", "plan"]);
    assert_eq!(said.code, 2, "{}", said.all());
    assert!(said.out.contains('→') && said.out.contains("last_name"), "{}", said.out);
}

fn link<'a>(report: &'a serde_json::Value, entity: &str) -> &'a serde_json::Value {
    report["links"].as_array().unwrap().iter().find(|link| link["entity"] == entity).unwrap()
}
