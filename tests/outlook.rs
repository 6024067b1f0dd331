//! Rooms of a tenant open doors: the program as an operator meets it, and whatever a tenant's administrator does.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use std::fmt::Write as _;

use chrono::{Duration, Utc};
use serde_json::{Value, json};
use tests::{
    Installation, Said, SimProcess, asked_of_net2_by_a_reading, change_kept, doors_of, net2_section, opens, until,
};
use vendor_sim::graph::{Fault, FaultKind, GraphSim, Permission};

const ANN: (&str, &str) = ("Ann Lee", "ann.lee@example.org");
const BOB: (&str, &str) = ("Bob Ray", "bob.ray@example.org");
const ROOMS: [&str; 2] = ["quay1@example.org", "quay2@example.org"];

/// A tenant with two rooms, doors, and a `booking-server` between them.
struct Tenant {
    graph: GraphSim,
    net2: SimProcess,
    server: Installation,
    doors: Vec<i64>,
}

impl Tenant {
    fn start() -> Self {
        Self::with(&ROOMS, "")
    }

    /// With only these rooms named; `more` stands at the end of the configuration.
    fn with(named: &[&str], more: &str) -> Self {
        let graph = GraphSim::builder().rooms(0).meetings(0).domain("example.org").start_blocking().unwrap();
        graph.world(|world| {
            world.add_room("Quay 1", ROOMS[0]);
            world.add_room("Quay 2", ROOMS[1]);
            for (name, address) in [ANN, BOB] {
                world.add_user(name, address);
            }
        });
        let net2 = SimProcess::net2(&["--people", "3", "--department", "Booking"]);
        let doors = doors_of(&net2);
        let mut rooms = String::new();
        for address in named {
            let place = if *address == ROOMS[0] { 1 } else { 2 };
            writeln!(rooms, "[[outlook.rooms]]\naddress = {address:?}\nresource = \"Quay {place}\"").unwrap();
        }
        let text = format!(
            "source = \"outlook\"\n\n{}[outlook]\nname = \"hq\"\ntenant = {:?}\nclient_id = {:?}\nsecret = \"env:GRAPH_SECRET\"\n\
             base_url = {:?}\ntoken_url = {:?}\nzone = \"Europe/London\"\ninterval_minutes = {}\n{rooms}\n\
             [access.resources]\n\"Quay 1\" = [{}, {}]\n\"Quay 2\" = [{}, {}]\n\n{more}",
            net2_section(&net2),
            graph.tenant(),
            graph.client_id(),
            graph.base_url(),
            graph.token_url(),
            // Whoever is told of changes need not ask.
            if more.contains("[push]") { 600 } else { 1 },
            doors[0],
            doors[1],
            doors[0],
            doors[2],
        );
        let secrets = vec![("NET2_PASSWORD", net2.info("password").to_owned()), ("GRAPH_SECRET", graph.secret())];
        let server = Installation::of("booking-server", &text, secrets);
        Self { graph, net2, server, doors }
    }

    fn book(&self, (name, address): (&str, &str), room: &str, from: i64, to: i64) -> u64 {
        let at = |minutes| Utc::now() + Duration::minutes(minutes);
        self.graph.world(|world| world.book(room, (name, address), &[], at(from), at(to)))
    }

    /// One cycle in which every room is asked, as if its interval were over.
    fn poll(&self) -> Said {
        let due = |state: &mut Value| state["next_try"] = Value::Null;
        for room in ROOMS {
            change_kept(&self.server, "room", room, due);
        }
        change_kept(&self.server, "room", "tenant hq", due);
        self.server.run(&["run", "--once", "--json"])
    }

    fn poll_well(&self) -> Value {
        let said = self.poll();
        assert_eq!(said.code, 0, "{}", said.all());
        said.json()
    }

    /// What `test` and `status` say together, for people.
    fn said_of(&self) -> String {
        self.poll();
        self.server.run(&["test"]).all() + &self.server.run(&["status"]).all()
    }
}

#[track_caller]
fn assert_words(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word:?} is not in:\n{text}");
    }
}

#[test]
fn a_meeting_opens_its_rooms_doors_and_a_second_reading_asks_net2_for_nothing_new() {
    let tenant = Tenant::start();
    let meeting = tenant.book(ANN, ROOMS[0], -10, 60);
    assert_eq!(tenant.server.run(&["check"]).code, 0);
    let said = tenant.server.run(&["test"]);
    assert_eq!(said.code, 0, "{}", said.all());
    let report = tenant.poll_well();
    assert_eq!((&report["bookings"], &report["granted"]), (&json!(1), &json!(2)), "{report}");
    assert_eq!(opens(&tenant.net2, ANN.1), vec![tenant.doors[0], tenant.doors[1]]);

    let writes = |net2: &SimProcess| {
        let log = net2.control("GET", "requests", &Value::Null);
        let calls = log.as_array().unwrap().iter();
        calls
            .filter(|call| call["method"] != "GET" && call["path"].as_str().is_some_and(|path| !path.contains("token")))
            .count()
    };
    let before = writes(&tenant.net2);
    let again = tenant.poll_well();
    assert_eq!((&again["granted"], &again["withdrawn"]), (&json!(0), &json!(0)), "{again}");
    // Reading by SQL is a POST of its own; nothing is written.
    let after = writes(&tenant.net2);
    assert!(after - before <= 2, "{before} calls before, {after} after");

    tenant.graph.world(|world| world.cancel(meeting));
    tenant.poll_well();
    assert_eq!(opens(&tenant.net2, ANN.1), Vec::<i64>::new(), "called off in so many words");
}

#[test]
fn a_reading_in_which_nothing_changed_does_not_touch_the_doors_system_at_all() {
    let tenant = Tenant::with(&ROOMS, "[people]\ninterval = \"6h\"\n[watch]\nrefused = 0\n");
    tenant.book(ANN, ROOMS[0], -10, 600);
    tenant.poll_well();
    assert_eq!(opens(&tenant.net2, ANN.1).len(), 2);
    let read = || tenant.graph.requests().iter().filter(|call| call.path.contains("calendarView")).count();
    let before = read();
    let asked = asked_of_net2_by_a_reading(&tenant.server, &tenant.net2, &|next_try| {
        for part in [ROOMS[0], ROOMS[1], "tenant hq"] {
            change_kept(&tenant.server, "room", part, |state| state["next_try"] = next_try.clone());
        }
    });
    assert!(read() > before, "no calendar was read");
    assert_eq!(asked, Vec::<String>::new());
    assert_eq!(opens(&tenant.net2, ANN.1).len(), 2);
}

#[test]
fn a_booking_that_moves_to_another_room_loses_one_door_and_gains_the_other_in_one_cycle() {
    let tenant = Tenant::start();
    let meeting = tenant.book(ANN, ROOMS[0], -10, 60);
    tenant.poll_well();
    tenant.graph.world(|world| world.move_to_room(meeting, ROOMS[1]));
    for _ in 0..3 {
        tenant.poll_well();
    }
    assert_eq!(opens(&tenant.net2, ANN.1), vec![tenant.doors[0], tenant.doors[2]]);
}

#[test]
fn a_calendar_that_cannot_be_read_takes_nothing_away_and_the_other_room_goes_on() {
    let tenant = Tenant::start();
    tenant.book(ANN, ROOMS[0], -10, 60);
    tenant.poll_well();
    tenant.graph.world(|world| world.deny_mailbox(ROOMS[0]));
    tenant.book(BOB, ROOMS[1], -10, 60);
    for _ in 0..3 {
        tenant.poll();
    }
    assert_eq!(opens(&tenant.net2, ANN.1), vec![tenant.doors[0], tenant.doors[1]]);
    assert_eq!(opens(&tenant.net2, BOB.1), vec![tenant.doors[0], tenant.doors[2]]);
    let said = tenant.said_of();
    assert_words(&said, &["Quay 1", "Calendars.ReadBasic.All", "policy"]);
    tenant.graph.world(|world| world.allow_mailbox(ROOMS[0]));
    assert_eq!(tenant.poll_well()["withdrawn"], 0);
}

#[test]
fn an_outage_of_graph_changes_nothing() {
    let tenant = Tenant::start();
    tenant.book(ANN, ROOMS[0], -10, 60);
    tenant.poll_well();
    tenant.graph.add_fault(Fault::new(FaultKind::Error).status(503).times(0));
    for _ in 0..3 {
        tenant.poll();
    }
    assert_eq!(opens(&tenant.net2, ANN.1).len(), 2);
    tenant.graph.clear_faults();
    assert_eq!(tenant.poll_well()["withdrawn"], 0);
}

#[test]
fn what_is_wrong_in_the_tenant_is_told_with_what_its_administrator_does() {
    let tenant = Tenant::start();
    tenant.poll_well();
    tenant.graph.world(|world| world.withdraw_consent(Permission::PlaceReadAll));
    assert_words(&tenant.said_of(), &["Place.Read.All", "consent"]);
    tenant.graph.world(|world| world.grant(Permission::PlaceReadAll));
    tenant.graph.world(|world| world.withdraw_consent(Permission::CalendarsReadBasicAll));
    assert_words(&tenant.said_of(), &["Calendars.ReadBasic.All", "consent"]);
    tenant.graph.world(|world| world.grant(Permission::CalendarsReadBasicAll));
    tenant.graph.world(|world| world.switches.places_empty = true);
    assert_words(&tenant.said_of(), &["Set-PlacesSettings"]);
    tenant.graph.world(|world| world.switches.places_empty = false);
    tenant.graph.world(|world| {
        world.expire_secrets();
        world.revoke_tokens();
    });
    let said = tenant.said_of();
    assert_words(&said, &["expired", "secret"]);
    assert!(!said.contains(&tenant.graph.secret()), "the secret itself stands nowhere");
}

#[test]
fn rooms_can_be_found_before_any_is_named_and_only_those_of_the_tenant_selected() {
    let tenant = Tenant::with(&[], "");
    let check = tenant.server.run(&["check"]);
    assert_eq!(check.code, 1, "no room is selected");
    assert_words(&check.all(), &["outlook.rooms", "names no room"]);
    let said = tenant.server.run(&["rooms", "--json"]);
    assert_eq!(said.code, 0, "{}", said.all());
    let rooms = said.json();
    assert_eq!(rooms["rooms"].as_array().unwrap().len(), 2, "{rooms}");
    let said = tenant.server.run(&["rooms", "--select", ROOMS[1]]);
    assert_eq!(said.code, 0, "{}", said.all());
    assert_words(&said.out, &["[[outlook.rooms]]", "address = \"quay2@example.org\"", "resource = \"Quay 2\""]);
    let made_up = tenant.server.run(&["rooms", "--select", "cellar@example.org"]);
    assert_eq!(made_up.code, 1);
    assert_words(&made_up.all(), &["cellar@example.org is no room of the tenant"]);
}

#[test]
fn letters_leave_from_a_mailbox_of_the_tenant() {
    let mail =
        "[mail]\nenabled = true\ncarrier = \"graph\"\nsender = \"Front desk <desk@example.org>\"\ngather_seconds = 0\n";
    let tenant = Tenant::with(&ROOMS, mail);
    tenant.graph.world(|world| {
        world.add_user("Front desk", "desk@example.org");
        world.grant(Permission::MailSend);
    });
    tenant.book(ANN, ROOMS[0], -10, 60);
    assert_eq!(tenant.poll_well()["mails"], 1);
    let sent = tenant.graph.sent_mail();
    assert_eq!(sent.len(), 1);
    assert_words(&sent[0].text(), &["To: ", ANN.1, "desk@example.org"]);
    tenant.poll_well();
    assert_eq!(tenant.graph.sent_mail().len(), 1, "once");
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn what_graph_tells_by_itself_opens_the_door_long_before_the_next_reading() {
    let port = free_port();
    let push = format!(
        "[push]\nurl = \"http://127.0.0.1:{port}\"\nlisten = \"127.0.0.1:{port}\"\n[people]\ninterval = \"1s\"\n"
    );
    let tenant = Tenant::with(&ROOMS, &push);
    tenant.graph.world(|world| world.grant(Permission::CalendarsRead));
    tenant.poll_well();
    let _service = tenant.server.serve();
    // Once the service knows of its subscriptions, too: the tenant has them a moment earlier.
    until("a subscription of each room", || {
        let status = tenant.server.run(&["status", "--json"]).json();
        let told = status["feeds"].as_array().unwrap().iter().filter(|room| room["told_until"].is_string());
        told.count() == ROOMS.len()
    });
    tenant.book(ANN, ROOMS[0], -10, 60);
    until("an open door", || opens(&tenant.net2, ANN.1).len() == 2);
}
