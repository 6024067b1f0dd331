//! timeware on SQL Server: a program from the first look at the database to its bookings, over the server's own wire.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use serde_json::Value;
use tests::{Installation, SimProcess, net2_section};
use vendor_sim::sqlserver::SqlServerSim;

const PASSWORD: &str = "Str0ng and long";

/// A database, a Net2 server, and a `net2-timeware` between them. The tables of ours are not made yet.
struct Site {
    database: SqlServerSim,
    net2: SimProcess,
    program: Installation,
}

impl Site {
    fn start(password: &str) -> Self {
        let database = SqlServerSim::builder()
            .tls(true)
            .tls_names(["localhost", "127.0.0.1"])
            .user("bridge")
            .password(PASSWORD)
            .own_tables(false)
            .start_blocking()
            .unwrap();
        let net2 = SimProcess::net2(&["--people", "12", "--event-days", "0"]);
        let text = format!(
            "{}[timeware]\nstore = \"sqlserver\"\n[timeware.sqlserver]\nhost = \"127.0.0.1\"\nport = {}\ndatabase = {:?}\n\
             user = \"bridge\"\npassword = \"env:TIMEWARE_PASSWORD\"\nca_file = \"server.pem\"\n",
            net2_section(&net2),
            database.port(),
            database.database(),
        );
        let secrets =
            vec![("NET2_PASSWORD", net2.info("password").to_owned()), ("TIMEWARE_PASSWORD", password.to_owned())];
        let program = Installation::of("net2-timeware", &text, secrets);
        std::fs::write(program.folder().join("server.pem"), database.certificate_pem().unwrap()).unwrap();
        Self { database, net2, program }
    }

    /// With the tables of ours.
    fn set_up() -> Self {
        let site = Self::start(PASSWORD);
        let made = site.program.run(&["check-schema", "--make-own-tables"]);
        assert_eq!(made.code, 0, "{}", made.all());
        site
    }

    fn count(&self, table: &str) -> i64 {
        self.database.number(&format!("SELECT COUNT(*) FROM dbo.{table}")).unwrap()
    }
}

#[track_caller]
fn assert_words(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word:?} is not in:\n{text}");
    }
}

#[test]
fn the_database_is_compared_first_and_what_the_login_lacks_is_told_as_statements() {
    let site = Site::start(PASSWORD);
    let before = site.program.run(&["check-schema"]);
    assert_eq!(before.code, 1);
    assert_words(&before.all(), &["bridge_link", "the set-up step makes it"]);
    let made = site.program.run(&["check-schema", "--make-own-tables"]);
    assert_eq!(made.code, 0, "{}", made.all());
    assert_words(&made.out, &["made ", "bridge_link", "Nothing is missing"]);
    site.database.withhold("UPDATE", "temployee");
    let lacking = site.program.run(&["check-schema"]);
    assert_eq!(lacking.code, 1);
    assert_words(&lacking.all(), &["temployee", "lacks UPDATE", "GRANT UPDATE"]);
    let json = site.program.run(&["check-schema", "--json"]).json();
    assert_eq!(json["sound"], false, "{json}");
    assert_eq!(json["report"]["missing_grants"][0]["right"], "UPDATE", "{json}");
}

#[test]
fn people_doors_and_events_of_net2_arrive_in_the_inlets_that_the_product_reads() {
    let site = Site::set_up();
    site.program.settle();
    let again = site.program.run(&["plan"]);
    assert_eq!(again.code, 0, "{}", again.all());
    let users = site.net2.control("GET", "users", &Value::Null);
    let now = chrono::Utc::now().format("%Y-%m-%dT%H:%M:%S").to_string();
    let current = |user: &&Value| {
        let over = user["expiry"].as_str().is_some_and(|expiry| expiry < now.as_str());
        user["active"] == true && user["id"] != 0 && !over
    };
    let active = users.as_array().unwrap().iter().filter(current).count();
    let names = site.database.rows("SELECT first_name, last_name FROM dbo.temployee").unwrap();
    assert_eq!(names.len(), active, "{names:?}\n{users}");

    let terminals = site.program.run(&["terminals", "--json"]).json();
    assert_eq!(terminals["suspended"], terminals["terminals"].as_array().unwrap().len());
    let doors = site.net2.control("GET", "doors", &Value::Null);
    let door = &doors.as_array().unwrap()[0];
    let name = door["name"].as_str().unwrap();
    let set =
        ["terminals", "set", name, "--kind", "attendance", "--direction", "in", "--release", "--from", "2026-01-01"];
    let released = site.program.run(&set);
    assert_eq!(released.code, 0, "{}", released.all());
    let may = |user: &&Value| {
        let permitted = format!("permitted?user={}&door={}", user["id"], door["id"]);
        site.net2.control("GET", &permitted, &Value::Null)["permitted"] == true
    };
    let user = users.as_array().unwrap().iter().find(may).unwrap();
    let passage = serde_json::json!({"user": user["id"], "door": door["id"], "entering": true});
    site.net2.control("POST", "pass", &passage);
    for _ in 0..2 {
        let said = site.program.run(&["apply"]);
        assert_ne!(said.code, 1, "{}", said.all());
    }
    assert_eq!((site.count("twork_unprocessed"), site.count("twork_unprocessed_archive")), (1, 1));
    assert_eq!(site.count("twork"), 0, "the product's own rows are never written");
}

#[test]
fn what_keeps_the_program_out_is_told_apart() {
    let wrong = Site::start("not the password");
    let said = wrong.program.run(&["test"]);
    assert_eq!(said.code, 1);
    assert_words(&said.all(), &["sign-in"]);
    assert!(!said.all().contains("not the password"), "{}", said.all());

    let stranger = Site::set_up();
    std::fs::remove_file(stranger.program.folder().join("server.pem")).unwrap();
    let said = stranger.program.run(&["test"]);
    assert_eq!(said.code, 1);
    assert_words(&said.all(), &["server.pem"]);

    let gone = Site::set_up();
    gone.database.pause();
    assert_eq!(
        gone.program.run(&["check"]).code,
        0,
        "the configuration is in order, whether or not the server is there"
    );
    let said = gone.program.run(&["plan"]);
    assert_eq!(said.code, 1);
    assert_words(&said.all(), &["timeware"]);
    gone.database.resume();
    gone.program.settle();
}
