//! What happens at the doors is watched: guesses, bookings to which nobody comes, and a reader that is tried out.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use tests::{BookingSite, Said, SmtpServer, change_kept, read_code, until};

const ANN: (&str, &str) = ("Ann Lee", "ann@x.example");
const BOB: (&str, &str) = ("Bob Ray", "bob@x.example");
const CARD: i64 = 87_654_321;
const DESK: &str = "desk@site.example";

fn wrong_pins(site: &BookingSite, door: i64, times: u32) {
    site.net2.control("POST", "wrong-pin", &json!({"door": door, "times": times}));
}

fn unknown_card(site: &BookingSite, door: i64, card: i64) {
    site.net2.control("POST", "unknown-card", &json!({"door": door, "card": card}));
}

/// What a report warns of, but for what concerns mail in the clear.
fn warned(report: &Value) -> Vec<&str> {
    let all = report["warnings"].as_array().unwrap().iter().map(|warning| warning.as_str().unwrap());
    all.filter(|warning| !warning.starts_with("mail.")).collect()
}

fn subjects(smtp: &SmtpServer) -> Vec<String> {
    smtp.kept_for(DESK).iter().map(|mail| mail.header("subject").to_owned()).collect()
}

/// As if so many minutes had passed since everything that is kept of the doors.
fn later(site: &BookingSite, minutes: i64) {
    change_kept(&site.server, "door events", "watch", |kept| earlier(kept, Duration::minutes(minutes)));
}

fn earlier(value: &mut Value, by: Duration) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| earlier(value, by)),
        Value::Object(values) => values.values_mut().for_each(|value| earlier(value, by)),
        Value::String(text) => {
            if let Ok(time) = text.parse::<DateTime<Utc>>() {
                *value = json!(time - by);
            }
        }
        _ => {}
    }
}

/// What Net2 was asked about events since the last time.
fn asked_for_events(site: &BookingSite) -> usize {
    let calls = site.net2.control("GET", "requests", &Value::Null);
    site.net2.control("DELETE", "requests", &Value::Null);
    calls.as_array().unwrap().iter().filter(|call| call["path"].as_str().unwrap().ends_with("/events")).count()
}

#[test]
fn guesses_at_one_door_alarm_once_over_restarts_and_are_over_when_it_is_quiet() {
    let smtp = SmtpServer::start(&[]);
    let site = BookingSite::with_mail(&smtp, "[watch]\nrefused = 3\n");
    wrong_pins(&site, site.doors[0], 9);
    assert_eq!(site.poll_well()["problems"], 0, "what was before the watch does not count");
    asked_for_events(&site);

    wrong_pins(&site, site.doors[0], 2);
    unknown_card(&site, site.doors[0], CARD);
    wrong_pins(&site, site.doors[1], 3);
    // Each is a process of its own: the same events would be six at the second time.
    for _ in 0..2 {
        let report = site.poll_well();
        assert_eq!((&report["problems"], warned(&report)), (&json!(0), vec![]), "{report}");
        assert_eq!(asked_for_events(&site), 1);
    }
    unknown_card(&site, site.doors[0], CARD);
    let door = format!("door {}", site.doors[0]);
    let report = site.poll_well();
    assert_eq!(report["problems"], 1, "{report}");
    assert!(warned(&report).concat().contains(&door), "{report}");
    let status = site.status();
    assert_eq!((&status["problems"][0]["kind"], &status["problems"][0]["subject"]), (&json!("guesses"), &json!(door)));
    let alarm = format!("refused codes at {door}");
    assert_eq!(subjects(&smtp), [alarm.as_str()]);

    unknown_card(&site, site.doors[0], CARD);
    assert_eq!(site.poll_well()["problems"], 1);
    assert_eq!(subjects(&smtp).len(), 1, "at most one in an hour");
    later(&site, 6);
    assert_eq!(site.poll_well()["problems"], 0);
    assert_eq!(subjects(&smtp), [alarm.clone(), format!("{alarm}: over")]);
    let letters: String = smtp.kept_for(DESK).iter().map(tests::Kept::text).collect();
    let said = format!("{letters}{report}{status}{}", site.server.logged().concat());
    assert!(!said.contains(&CARD.to_string()), "the number of a token is told: {said}");
    assert!(letters.contains("5 so far") || letters.contains("4 so far"), "{letters}");
    let orders = site.net2.control("GET", "requests", &Value::Null).to_string();
    assert!(!orders.contains("commands/door"), "nothing is done to a door");
}

/// A site that misses people after 15 minutes. Ann and Bob booked an hour ago, for two hours, and the watch is older.
fn missing_site(smtp: &SmtpServer) -> BookingSite {
    let site = BookingSite::with_mail(smtp, "[watch]\nno_show_minutes = 15\n");
    site.book(ANN, "Room #1", -60, 60);
    site.book(BOB, "Room #4", -60, 60);
    let report = site.poll_well();
    assert_eq!((&report["granted"], &report["problems"]), (&json!(4), &json!(0)), "{report}");
    later(&site, 180);
    let store = rusqlite::Connection::open(site.server.folder().join("data/bookings.db")).unwrap();
    for older in
        ["bookings SET first_seen = first_seen - ?1, changed = changed - ?1", "timeline SET opened = opened - ?1"]
    {
        store.execute(&format!("UPDATE {older}"), [3 * 60 * 60 * 1000]).unwrap();
    }
    site
}

fn user(site: &BookingSite, email: &str) -> Value {
    let users = site.net2.control("GET", "users", &Value::Null);
    let found = users.as_array().unwrap().iter().find(|user| user["fields"]["9"] == email);
    found.unwrap_or_else(|| panic!("no {email} in {users}"))["id"].clone()
}

fn passes(site: &BookingSite, email: &str, door: i64) {
    let pass = json!({"user": user(site, email), "door": door, "entering": true});
    assert_eq!(site.net2.control("POST", "pass", &pass)["opened"], true);
}

#[test]
fn a_booking_to_which_nobody_came_is_told_once_and_no_other() {
    let smtp = SmtpServer::start(&[]);
    let site = missing_site(&smtp);
    passes(&site, BOB.1, site.doors[0]);
    let report = site.poll_well();
    assert_eq!(warned(&report).len(), 1, "{report}");
    assert!(warned(&report).concat().contains(ANN.1), "{report}");
    let status = site.status();
    assert_eq!((&status["problems"][0]["kind"], status["problems"].as_array().unwrap().len()), (&json!("no_show"), 1));
    let told = || smtp.kept_for(DESK).into_iter().filter(|mail| mail.header("subject") == "nobody came");
    assert_eq!(told().count(), 1);
    let letter = told().next().unwrap().text().to_owned();
    assert!(letter.contains("Room #1") && letter.contains(ANN.1) && !letter.contains(BOB.1), "{letter}");
    let report = site.poll_well();
    assert_eq!((warned(&report), &report["problems"]), (vec![], &json!(1)), "{report}");
    assert_eq!((told().count(), site.opens(ANN.1).len()), (1, 2), "once, and nothing is taken away");
}

#[test]
fn nobody_is_missed_while_events_cannot_be_read_or_a_controller_is_silent() {
    let smtp = SmtpServer::start(&[]);
    let site = missing_site(&smtp);
    site.net2.control("POST", "faults", &json!({"path": "*/events", "times": 0, "action": "error", "status": 503}));
    let said = site.poll();
    assert!(said.code == 1 && said.all().contains("door events"), "{}", said.all());
    assert_eq!(site.status()["problems"], json!([]));
    site.net2.control("DELETE", "faults", &Value::Null);

    // Ann's own door tells nothing, so that she may be there; about Bob everything is known.
    let silent = json!({"event_type": 500, "address": site.doors[1]});
    site.net2.control("POST", "events", &silent);
    passes(&site, BOB.1, site.doors[2]);
    site.poll_well();
    assert_eq!(site.status()["problems"], json!([]));
    site.net2.control("POST", "events", &json!({"event_type": 501, "address": site.doors[1]}));
    site.poll_well();
    assert_eq!(site.status()["problems"], json!([]), "it may still deliver");
    passes(&site, ANN.1, site.doors[1]);
    later(&site, 20);
    site.poll_well();
    site.poll_well();
    assert_eq!((site.status()["problems"].clone(), subjects(&smtp)), (json!([]), vec![]));
}

#[test]
fn an_operator_who_may_not_read_events_is_told_once_and_doors_open_all_the_same() {
    let smtp = SmtpServer::start(&[]);
    let site = BookingSite::with_mail(&smtp, "");
    site.net2.control("POST", "switches", &json!({"forbid_operator": ["GET /events"]}));
    site.book(ANN, "Room #1", -10, 60);
    let test = site.run(&["test"]);
    assert!(test.code == 0 && test.out.contains("! events"), "{}", test.all());
    let report = site.poll_well();
    assert_eq!((&report["granted"], &report["problems"]), (&json!(2), &json!(1)), "{report}");
    assert_eq!(warned(&report).len(), 1, "{report}");
    assert!(site.status()["problems"].to_string().contains("right to read events"), "{}", site.status());
    let again = site.poll_well();
    assert_eq!((warned(&again), &again["problems"]), (vec![], &json!(1)), "{again}");
    site.net2.control("POST", "switches", &json!({"forbid_operator": []}));
    assert_eq!(site.poll_well()["problems"], 0);
}

#[test]
fn a_watch_that_is_switched_off_asks_for_no_event() {
    let site = BookingSite::start(&["--bookings", "0"], &[], "[watch]\nrefused = 0\n");
    site.poll_well();
    site.poll_well();
    assert!(site.run(&["test"]).out.contains("may read users and doors"), "{}", site.run(&["test"]).all());
    assert_eq!(asked_for_events(&site), 0);
}

/// Whether guesses are noticed at a Net2 with this switch, and nothing is taken for a log that was numbered anew. The last event
/// of the log is one of two hours ago, as a controller delivers it late.
fn is_watched(switch: &Value) {
    let site = BookingSite::start(&["--bookings", "0"], &[], "[watch]\nrefused = 3\n");
    site.net2.control("POST", "events/bulk", &json!({"count": 300}));
    site.net2.control("POST", "switches", switch);
    let time = Utc::now() - Duration::hours(2);
    site.net2.control("POST", "events", &json!({"event_type": 20, "address": site.doors[0], "time": time}));
    site.poll_well();
    for _ in 0..3 {
        let report = site.poll_well();
        assert_eq!((warned(&report), &report["problems"]), (vec![], &json!(0)), "{switch}: {report}");
    }
    wrong_pins(&site, site.doors[0], 4);
    let report = site.poll_well();
    let told = warned(&report).concat();
    assert!(report["problems"] == 1 && told.contains("4 so far") && !told.contains("anew"), "{switch}: {report}");
}

#[test]
fn a_net2_that_filters_no_numbers_is_watched_by_time() {
    is_watched(&json!({"eventid_in_where": false}));
}

#[test]
fn a_net2_whose_answers_are_short_is_watched_all_the_same() {
    is_watched(&json!({"max_row_count": 50}));
    is_watched(&json!({"max_row_count": 200}));
}

/// Runs `check-reader`; as soon as the picture is there, this happens at the site.
fn check_reader(site: &BookingSite, more: &[&str], then: impl FnOnce(u32)) -> Said {
    let picture = site.server.folder().join("check-reader.png");
    let svg = picture.with_extension("svg");
    let _ = (std::fs::remove_file(&picture), std::fs::remove_file(&svg));
    let arguments = [&["check-reader", "--json", "--wait", "2"], more].concat();
    std::thread::scope(|scope| {
        let verb = scope.spawn(|| site.run(&arguments));
        // The SVG is written last.
        until("a picture", || {
            verb.is_finished() || std::fs::read_to_string(&svg).is_ok_and(|text| text.contains("</svg>"))
        });
        if picture.exists() {
            then(read_code(&picture).parse().unwrap());
        }
        verb.join().unwrap()
    })
}

#[test]
fn a_reader_that_was_shown_a_sample_names_its_mode() {
    let site = BookingSite::start(&["--bookings", "0"], &[], "[codes]\nwiegand26 = \"linear\"\n");
    let door = site.doors[1];
    for (sent, seen, explained, fits) in [
        (1_099_999, 1_099_999, json!(["off", "linear"]), true),
        (50_000_000, 50_000_000, json!(["off"]), false),
        (1_200_345, 1_820_697, json!(["site_card"]), false),
        (1_200_345, 20_697, json!(["fixed_site"]), false),
        (1_200_345, 4_711, json!([]), false),
    ] {
        let said = check_reader(&site, &["--number", &sent.to_string()], |drawn| {
            assert_eq!(drawn, sent);
            unknown_card(&site, door, seen);
        });
        let json = said.json();
        assert_eq!((&json["sent"], &json["seen"], &json["explained_by"]), (&json!(sent), &json!(seen), &explained));
        assert_eq!(
            (&json["fits"], said.code, &json["door"]),
            (&json!(fits), if fits { 0 } else { 2 }, &json!(door.to_string()))
        );
        let advice = json["advice"].as_str().unwrap();
        assert!(seen != 20_697 || advice.contains("fixed_site = { site = 18 }"), "{advice}");
        assert!(seen != 4_711 || (advice.contains("bit order") && advice.contains("cuts digits")), "{advice}");
    }
}

#[test]
fn a_sample_is_nobodys_number_and_only_the_door_in_question_counts() {
    let site = BookingSite::start(&["--bookings", "0"], &[], "[codes]\nqr_width = 10\n");
    site.book(ANN, "Room #1", -10, 60);
    site.poll_well();
    let taken = check_reader(&site, &["--number", &site.code(ANN.1)], |_| panic!("a picture of Ann's code"));
    assert!(taken.code == 1 && taken.all().contains("somebody's number"), "{}", taken.all());
    let nowhere = check_reader(&site, &["--door", "1"], |_| panic!("a picture for no door"));
    assert!(nowhere.code == 1 && nowhere.all().contains("no door 1"), "{}", nowhere.all());
    let (here, elsewhere) = (site.doors[1], site.doors[2]);
    let said = check_reader(&site, &["--door", &here.to_string()], |drawn| {
        unknown_card(&site, elsewhere, CARD);
        unknown_card(&site, here, drawn.into());
    });
    let json = said.json();
    assert_eq!((&json["seen"], &json["fits"], said.code), (&json["sent"], &json!(true), 0), "{json}");
    assert!(read_code(site.server.folder().join("check-reader.png")).starts_with("00"), "ten digits wide");
    assert!(site.status()["problems"].as_array().unwrap().is_empty(), "the watch itself is left alone");
}
