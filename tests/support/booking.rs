//! A venue, its doors, and a `booking-server` between them, each a process of its own.

use std::collections::BTreeSet;
use std::time::Instant;

use chrono::{DateTime, Duration, Utc};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::{Installation, Said, SimProcess, SmtpServer, until_within};

/// How often the service looks whether staff ordered something.
const LOOK: std::time::Duration = std::time::Duration::from_secs(5);

/// A venue, its doors, and a `booking-server` between them.
#[derive(Debug)]
pub struct BookingSite {
    /// The booking system.
    pub venue: SimProcess,
    /// The doors.
    pub net2: SimProcess,
    /// The program under test.
    pub server: Installation,
    /// Serial numbers of the first doors.
    pub doors: Vec<i64>,
}

impl BookingSite {
    /// Starts both simulators with these arguments, and sets the program up with two rooms, `Room #1` and `Room #4`, each behind
    /// the front door and one of its own. `more` is added to its configuration.
    pub fn start(venue: &[&str], net2: &[&str], more: &str) -> Self {
        Self::with_secrets(venue, net2, more, Vec::new())
    }

    /// The same with a venue that has no booking yet, and with mail, sent at once and in the clear to this server.
    pub fn with_mail(smtp: &SmtpServer, more: &str) -> Self {
        Self::start(&["--bookings", "0"], &[], &(clear_mail(smtp) + more))
    }

    /// The same with more environment for its commands.
    pub fn with_secrets(venue: &[&str], net2: &[&str], more: &str, secrets: Vec<(&'static str, String)>) -> Self {
        let venue = SimProcess::feed(venue);
        let net2_arguments: Vec<&str> =
            ["--people", "3", "--department", "Booking"].iter().chain(net2).copied().collect();
        let net2 = SimProcess::net2(&net2_arguments);
        let doors = doors_of(&net2);
        let mut environment =
            vec![("NET2_PASSWORD", net2.info("password").to_owned()), ("FEED_LINK", venue.info("feed").to_owned())];
        environment.extend(secrets);
        let server = Installation::of("booking-server", &config(&net2, &doors, more), environment);
        Self { venue, net2, server, doors }
    }

    /// Writes the configuration anew.
    pub fn reconfigure(&self, edit: impl FnOnce(String) -> String) {
        let file = self.server.folder().join("booking-server.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, edit(text)).unwrap();
    }

    /// Runs the program with these arguments to its end.
    pub fn run(&self, arguments: &[&str]) -> Said {
        self.server.run(arguments)
    }

    /// One cycle in which the feed is asked, as if its interval were over.
    pub fn poll(&self) -> Said {
        self.feed_is_due();
        self.run(&["run", "--once", "--json"])
    }

    /// The same where everything has to be well; answers the report.
    pub fn poll_well(&self) -> Value {
        let said = self.poll();
        assert_eq!(said.code, 0, "{}", said.all());
        said.json()
    }

    /// The feed may be asked at once: nobody waits here for the minute that lies between two readings at the least.
    pub fn feed_is_due(&self) {
        self.change_feed_state(|state| state["next_try"] = Value::Null);
    }

    /// Changes what is kept of the feed, if it was ever asked. Only times are changed this way.
    pub fn change_feed_state(&self, change: impl FnOnce(&mut Value)) {
        change_kept(&self.server, "feed", "venue", change);
    }

    /// Letters that wait for another try may be sent at once.
    pub fn letters_are_due(&self) {
        let store = store_of(&self.server).expect("nothing was stored yet");
        store.execute("UPDATE mail SET not_before = 0 WHERE body IS NOT NULL", []).unwrap();
    }

    /// As if all bookings had been known for so long, and the service had been down since. Only times are changed this way.
    pub fn was_away(&self, minutes: i64) {
        let store = store_of(&self.server).expect("nothing was stored yet");
        store.execute("UPDATE bookings SET first_seen = first_seen - ?1 * 60000", [minutes]).unwrap();
        change_kept(&self.server, "preflight rounds", "last", |last| {
            *last = json!(Utc::now() - Duration::minutes(minutes));
        });
    }

    /// Somebody (name, address) books a room, from so many minutes from now to so many. Answers the id of the booking.
    pub fn book(&self, who: (&str, &str), room: &str, from: i64, to: i64) -> i64 {
        let at = |minutes| clock(Utc::now() + Duration::minutes(minutes));
        self.book_at(who, room, &at(from), &at(to))
    }

    /// The same from one instant to another.
    pub fn book_at(&self, (name, email): (&str, &str), room: &str, start: &str, end: &str) -> i64 {
        let person = json!({"name": name, "email": email});
        let booking = json!({"title": "meeting", "rooms": [room], "start": start, "end": end, "person": person});
        self.venue.control("POST", "bookings", &booking)["id"].as_i64().unwrap()
    }

    /// The booking system misbehaves like this from now on; `null` ends it.
    pub fn misbehave(&self, fault: &Value) {
        self.venue.control("DELETE", "faults", &Value::Null);
        if let Some(fault) = fault.as_object() {
            let mut fault = fault.clone();
            fault.entry("times").or_insert(json!(0));
            self.venue.control("POST", "faults", &Value::Object(fault));
        }
    }

    /// The times at which everybody with our marker could open doors, as the door system recorded them.
    pub fn rights(&self) -> Value {
        self.net2.control("GET", "rights", &Value::Null)
    }

    /// The doors that somebody may open now, as the door system sees it.
    pub fn opens(&self, email: &str) -> Vec<i64> {
        opens(&self.net2, email)
    }

    /// The one code that somebody has now, as the door system sees it.
    pub fn code(&self, email: &str) -> String {
        let codes = self.net2.control("GET", "codes", &Value::Null);
        let own = codes.as_array().unwrap().iter().filter(|code| code["to"].is_null() && code["email"] == email);
        let own: Vec<&str> = own.map(|code| code["value"].as_str().unwrap()).collect();
        assert_eq!(own.len(), 1, "{email} has {own:?}");
        own.first().copied().unwrap_or_default().to_owned()
    }

    /// What `status` says, for programs.
    pub fn status(&self) -> Value {
        self.run(&["status", "--json"]).json()
    }
}

/// The doors that somebody may open now, as the door system sees it.
pub fn opens(net2: &SimProcess, email: &str) -> Vec<i64> {
    let rights = net2.control("GET", &format!("rights?email={email}"), &Value::Null);
    let people = rights.as_array().unwrap();
    assert!(people.len() <= 1, "{email} is there twice: {rights}");
    let last = people.iter().filter_map(|one| one["spans"].as_array()?.last());
    let open = last.filter(|span| span["to"].is_null()).flat_map(|span| span["doors"].as_array().unwrap());
    let doors: BTreeSet<i64> = open.map(|door| door["door"].as_i64().unwrap()).collect();
    doors.into_iter().collect()
}

/// Runs the service through one reading of its source at which nothing else is due, and answers what the door system was
/// asked from that reading on until changes would long have been noticed. `next_try` sets when the source is read.
///
/// The full check of rights has to be hours apart; the one at the start of the service is waited for, and counted first.
pub fn asked_of_net2_by_a_reading(server: &Installation, net2: &SimProcess, next_try: &dyn Fn(&Value)) -> Vec<String> {
    for lead in [5, 15, 60] {
        next_try(&serde_json::json!(Utc::now() + Duration::seconds(lead)));
        let (known, before) = (server.logged().len(), asked(net2).len());
        let service = server.serve();
        let log = || server.logged().split_off(known);
        let until = |what, holds: &dyn Fn() -> bool| until_within(std::time::Duration::from_mins(2), what, holds);
        let has = |line: &str| log().iter().any(|logged| logged.contains(line));
        until("the check of rights at the start", &|| has(" run link="));
        let count = asked(net2).len();
        let in_time = !has(" read source=");
        until("a reading", &|| has(" read source="));
        let began = Instant::now();
        until("the next look for changes", &|| began.elapsed() > LOOK + LOOK / 2);
        drop(service);
        // On a slow machine the source was due before the check was over.
        if in_time {
            assert!(count > before, "the check at the start of the service was not counted");
            return asked(net2).split_off(count);
        }
    }
    panic!("the service takes minutes to check the rights of a few people");
}

/// What the door system was asked so far, method and path each.
fn asked(net2: &SimProcess) -> Vec<String> {
    let calls = net2.control("GET", "requests", &Value::Null);
    let call = |call: &Value| format!("{} {}", call["method"], call["path"]);
    calls.as_array().unwrap().iter().map(call).collect()
}

/// Changes what a `booking-server` keeps of a feed or room between two readings, if it was ever asked.
pub fn change_kept(server: &Installation, kind: &str, key: &str, change: impl FnOnce(&mut Value)) {
    let Some(store) = store_of(server) else { return };
    let read = "SELECT value FROM documents WHERE kind = ?1 AND key = ?2";
    let Ok(text) = store.query_row(read, [kind, key], |row| row.get::<_, String>(0)) else { return };
    let mut state: Value = serde_json::from_str(&text).unwrap();
    change(&mut state);
    let write = "UPDATE documents SET value = ?1 WHERE kind = ?2 AND key = ?3";
    store.execute(write, [&state.to_string(), kind, key]).unwrap();
}

fn store_of(server: &Installation) -> Option<Connection> {
    let file = server.folder().join("data/bookings.db");
    let store = file.exists().then(|| Connection::open(file).unwrap())?;
    store.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
    Some(store)
}

/// An instant as the simulators take it, to the second.
pub fn clock(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The section that sends mail at once and in the clear to this server; lines may follow.
pub fn clear_mail(smtp: &SmtpServer) -> String {
    format!("{}port = {}\ntls = \"none\"\n", MAIL, smtp.port())
}

/// The section about mail without what concerns the connection; lines may follow.
pub const MAIL: &str = "[mail]\nenabled = true\nserver = \"127.0.0.1\"\nsender = \"Front desk <no-reply@site.example>\"\n\
                        fault_recipients = \"desk@site.example; it@site.example\"\ngather_seconds = 0\nrate_per_minute = 10000\n";

/// The sections about this program's folder and the door system; lines about the doors' areas may follow.
pub fn net2_section(net2: &SimProcess) -> String {
    let (url, operator, client_id) = (net2.info("url"), net2.info("operator"), net2.info("client_id"));
    format!(
        "[service]\ndata = \"data\"\n\n[net2]\nurl = {url:?}\noperator = {operator:?}\npassword = \"env:NET2_PASSWORD\"\n\
         client_id = {client_id:?}\ntime_zone = \"Europe/London\"\nquerydb = true\nconnect_seconds = 2\ncall_seconds = 5\n\
         request_lifetime_seconds = 0\nrequests_per_second = 1000\n\n"
    )
}

fn config(net2: &SimProcess, doors: &[i64], more: &str) -> String {
    let door = |place: usize| doors.get(place).copied().unwrap_or_default();
    format!(
        "{}[[feeds]]\nname = \"venue\"\nlink = \"env:FEED_LINK\"\n\
         allow_http = true\nallow_private = true\ninterval_minutes = 1\n\n[access.resources]\n\
         \"Room #1\" = [{}, {}]\n\"Room #4\" = [{}, {}]\n\n{more}",
        net2_section(net2),
        door(0),
        door(1),
        door(0),
        door(2)
    )
}

/// Serial numbers of all doors, in order.
pub fn doors_of(net2: &SimProcess) -> Vec<i64> {
    let doors = net2.control("GET", "doors", &Value::Null);
    let ids = doors.as_array().into_iter().flatten().filter_map(|door| door.get("id").and_then(Value::as_i64));
    let mut ids: Vec<i64> = ids.collect();
    ids.sort_unstable();
    ids
}
