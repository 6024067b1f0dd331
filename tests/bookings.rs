//! Bookings open doors: the program as an operator meets it, and whatever a feed answers.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tests::{BookingSite, Installation, SmtpServer, asked_of_net2_by_a_reading, clock, until_within};

const ANN: (&str, &str) = ("Ann Lee", "ann@x.example");
const BOB: (&str, &str) = ("Bob Ray", "bob@x.example");
const CY: (&str, &str) = ("Cy Low", "cy@x.example");
const REASON: [&str; 2] = ["--reason", "a test"];

fn empty_venue() -> BookingSite {
    BookingSite::start(&["--bookings", "0"], &[], "")
}

/// Runs a verb with `--json` that has to end with this code; answers its one line.
fn says(site: &BookingSite, arguments: &[&str], code: i32) -> Value {
    let said = site.run(&[arguments, &["--json"]].concat());
    assert_eq!(said.code, code, "{arguments:?}: {}", said.all());
    let json = said.json();
    assert_eq!(json["command"], arguments[0], "{json}");
    json
}

#[track_caller]
fn assert_words(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word:?} is not in:\n{text}");
    }
}

#[test]
fn a_booking_goes_from_the_feed_to_the_door_by_every_verb() {
    let site = empty_venue();
    site.book(ANN, "Room #1", -10, 60);
    site.book(BOB, "Room #4", 120, 180);
    assert_eq!(says(&site, &["check"], 0)["faults"], json!([]));
    assert_eq!(says(&site, &["test"], 0)["ok"], true);
    let choices = says(&site, &["choices"], 0);
    assert!(choices["departments"].as_array().unwrap().contains(&json!("Booking")), "{choices}");
    let serials: Vec<_> = choices["doors"].as_array().unwrap().iter().map(|door| door["serial"].as_i64()).collect();
    assert!(site.doors.iter().all(|door| serials.contains(&Some(*door))), "{choices}");

    let plan = says(&site, &["plan"], 2);
    assert_eq!(plan["links"][0]["actions"]["create"], 2, "{plan}");
    let nobody = site.rights();
    assert!(nobody.as_array().unwrap().iter().all(|one| one["email"] != ANN.1), "a plan changes nothing: {nobody}");

    let report = says(&site, &["apply"], 0);
    let numbers = ["bookings", "granted", "withdrawn", "mails", "problems"].map(|name| report[name].as_u64().unwrap());
    assert_eq!(numbers, [2, 2, 0, 0, 0], "{report}");
    assert_eq!(says(&site, &["plan"], 0)["links"][0]["actions"]["update"], 0);
    let again = says(&site, &["run", "--once"], 0);
    assert_eq!((&again["granted"], &again["withdrawn"]), (&json!(0), &json!(0)), "{again}");
    let (front, own) = (site.doors[0], site.doors[1]);
    assert_eq!((site.opens(ANN.1), site.opens(BOB.1)), (vec![front, own], vec![]));

    let status = says(&site, &["status"], 0);
    assert_eq!((&status["open_now"], &status["problems"]), (&json!(1), &json!([])), "{status}");
    assert_eq!((&status["feeds"][0]["outcome"], &status["feeds"][0]["bookings"]), (&json!("new"), &json!(2)));
    let bookings = says(&site, &["bookings"], 0);
    let standing: Vec<_> = bookings["bookings"].as_array().unwrap().iter().map(|one| one["state"].clone()).collect();
    assert_eq!(standing, ["granted", "planned"], "{bookings}");
    let door = own.to_string();
    let people = |at: &[&str]| {
        let asked = [&["who-can-open", door.as_str()], at].concat();
        says(&site, &asked, 0)["people"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["address"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(people(&[]), [ANN.1]);
    assert!(people(&["--at", &clock(Utc::now() + chrono::Duration::hours(3))]).is_empty());
    let why = says(&site, &["why", ANN.1], 0);
    assert_eq!(why["chain"]["first_broken"], Value::Null, "{why}");
    let stranger = says(&site, &["why", "nobody@x.example"], 2);
    assert_eq!(stranger["chain"]["first_broken"], 0, "{stranger}");
    assert_eq!(says(&site, &["code-space"], 0)["space"]["live"], 2);
    let picture = site.server.folder().join("day.svg");
    let timeline = says(&site, &["timeline", "--svg", picture.to_str().unwrap()], 0);
    assert_eq!(timeline["timeline"]["bookings"].as_array().unwrap().len(), 2, "{timeline}");
    assert_words(&std::fs::read_to_string(picture).unwrap(), &["<svg", "Ann Lee", "Room #4"]);
    assert_eq!(site.run(&["who-can-open"]).code, 1, "a verb without its door");
}

#[test]
fn orders_of_staff_reach_the_door_and_stand_in_the_audit_trail() {
    let smtp = SmtpServer::start(&[]);
    let site = BookingSite::with_mail(&smtp, "");
    site.book(ANN, "Room #1", -10, 60);
    says(&site, &["apply"], 0);
    let doors = vec![site.doors[0], site.doors[1]];
    let order = |verb: &str, more: &[&str]| says(&site, &[&[verb, ANN.1], &REASON[..], more].concat(), 0);

    order("block", &[]);
    assert_eq!(says(&site, &["apply"], 0)["withdrawn"], 2);
    assert_eq!(site.opens(ANN.1), Vec::<i64>::new());
    assert_eq!(says(&site, &["why", ANN.1], 2)["chain"]["links"][2]["state"], "broken");
    order("unblock", &[]);
    assert_eq!(says(&site, &["apply"], 0)["granted"], 2);
    assert_eq!(site.opens(ANN.1), doors);

    let until = Utc::now() + chrono::Duration::hours(5);
    order("extend", &["--until", &clock(until)]);
    says(&site, &["apply"], 0);
    let late = clock(until - chrono::Duration::minutes(2));
    let open = says(&site, &["who-can-open", &doors[1].to_string(), "--at", &late], 0);
    assert_eq!(open["people"][0]["address"], ANN.1, "{open}");

    let old = site.code(ANN.1);
    assert_eq!(order("reveal", &[])["more"]["code"], old.as_str());
    order("reissue", &[]);
    says(&site, &["apply"], 0);
    says(&site, &["apply"], 0);
    let new = site.code(ANN.1);
    assert_ne!(old, new);
    let mut codes: Vec<String> = smtp.kept_for(ANN.1).iter().map(|letter| letter.decoded()[0].clone()).collect();
    let letters = codes.len();
    codes.dedup();
    assert_eq!(codes, [old, new.clone()]);
    order("resend", &[]);
    says(&site, &["apply"], 0);
    let codes: Vec<_> = smtp.kept_for(ANN.1).iter().skip(letters).flat_map(tests::Kept::decoded).collect();
    assert_eq!(codes, [new.as_str(), new.as_str()], "one letter more");

    let export = order("export", &[]);
    assert_eq!(export["more"]["address"], ANN.1, "{export}");
    assert!(!export.to_string().contains(&new), "an export tells no code");
    let erased = order("erase", &[]);
    assert_eq!(erased["more"]["still_in"], json!(["venue"]), "{erased}");
    for (verb, more) in [("block", &[][..]), ("reissue", &REASON[..])] {
        let said = site.run(&[&[verb, "nobody@x.example"], more].concat());
        assert_eq!(said.code, 1, "{verb}: {}", said.all());
    }
    assert_eq!(site.run(&["confirm", "venue"]).code, 1, "nothing is held back");
}

#[test]
fn who_is_erased_and_called_off_is_gone_from_the_doors() {
    let site = empty_venue();
    let booking = site.book(ANN, "Room #1", -10, 60);
    site.book(BOB, "Room #4", -10, 60);
    says(&site, &["apply"], 0);
    site.venue.control("DELETE", &format!("bookings/{booking}"), &Value::Null);
    (0..3).for_each(|_| drop(site.poll_well()));
    let erased = says(&site, &["erase", ANN.1, "--reason", "asked for it"], 0);
    assert_eq!(erased["more"]["still_in"], json!([]), "{erased}");
    site.poll_well();
    let users = site.net2.control("GET", "users", &Value::Null);
    let active = |email: &str| {
        let mut users = users.as_array().unwrap().iter();
        users.any(|user| user["fields"]["9"] == email && user["active"] == true)
    };
    assert!(!active(ANN.1) && active(BOB.1), "Net2 keeps those who were deleted, without any right: {users}");
    assert!(!says(&site, &["bookings", "--all"], 0).to_string().contains(ANN.1));
}

#[test]
fn init_writes_a_file_that_check_reads() {
    let fresh = Installation::of("booking-server", "", Vec::new());
    std::fs::remove_file(fresh.folder().join("booking-server.toml")).unwrap();
    assert_eq!(fresh.run(&["check"]).code, 1, "there is no file yet");
    let said = fresh.run(&["init"]);
    assert_eq!(said.code, 0, "{}", said.all());
    let said = fresh.run(&["check"]);
    assert_eq!(said.code, 1, "the secrets are missing: {}", said.all());
    assert_words(&said.all(), &["NET2_PASSWORD", "FEED_LINK", "SMTP_PASSWORD"]);
    assert!(!said.all().contains("there is no setting"), "{}", said.all());
    assert_eq!(fresh.run(&["init"]).code, 1, "a file that is there is kept");
}

#[test]
fn a_bad_configuration_names_file_line_reason_and_remedy() {
    let site = empty_venue();
    let good = std::fs::read_to_string(site.server.folder().join("booking-server.toml")).unwrap();
    let end = good.lines().count();
    let mail = "[mail]\nenabled = true\nserver = \"mail.example\"\nport = 25\ntls = \"none\"\nuser = \"u\"\n\
                password = \"env:NET2_PASSWORD\"\nsender = \"a@b.example\"\n";
    let clear = "https://rooms.example/ical?k=hunter2";
    for (wrong, line, words) in [
        (format!("{good}[codes]\npin_digitz = 4\n"), end + 2, ["pin_digitz", "Did you mean \"pin_digits\"?"]),
        (good.replace("env:FEED_LINK", "env:NO_SUCH_LINK"), 16, ["NO_SUCH_LINK", "or write \"file:PATH\""]),
        (good.replace("env:FEED_LINK", clear), 16, ["no reference", "write \"env:NAME\""]),
        (format!("{good}{mail}"), end + 6, ["signs on inside TLS only", "`init` writes"]),
        (
            good.replace("env:FEED_LINK\"", "env:FEED_LINK\"\ndialect = \"type3\""),
            19,
            ["unknown variant `type3`", "type1"],
        ),
        (good.replace("\"Room #4\" =", "\"Room  #1\" ="), 23, ["named twice", "`init` writes"]),
    ] {
        site.reconfigure(|_| wrong);
        for verb in ["check", "plan", "run"] {
            let said = site.run(&[verb]);
            assert_eq!(said.code, 1, "{verb}: {}", said.all());
            assert_words(&said.all(), &[&format!("booking-server.toml:{line}:"), words[0], words[1]]);
            assert!(!said.all().contains("hunter2"), "the link is shown: {}", said.all());
        }
    }
    assert!(!site.server.folder().join("data/bookings.db").exists(), "nothing was started");
}

#[test]
fn what_net2_and_the_feed_do_not_know_is_named_with_the_step_and_a_remedy() {
    let site = empty_venue();
    site.book(ANN, "Rooom #1", -10, 60);
    let said = site.run(&["test"]);
    assert_eq!(said.code, 0, "{}", said.all());
    assert_words(&said.all(), &["! resources: 1 names are not configured: \"Rooom #1\"", "spelt like this"]);
    assert_eq!(site.poll_well()["problems"], 1);
    let problems = site.status()["problems"].to_string();
    assert_words(&problems, &["Rooom #1", "\\\"Room #1\\\" is close"]);
    for (more, words) in [
        ("[bookers]\ndepartment = \"Nope\"\n", ["✗ department: ", "\"Booking\""]),
        ("[bookers]\nmarker_field = \"Notes\"\n", ["✗ marker field: ", "Position"]),
        ("[bookers]\nfallback_level = \"Nope\"\n", ["✗ fallback level: ", "\"No access\""]),
    ] {
        let file = site.server.folder().join("booking-server.toml");
        let good = std::fs::read_to_string(&file).unwrap();
        site.reconfigure(|good| good + more);
        let said = site.run(&["test"]);
        assert_eq!(said.code, 1, "{}", said.all());
        assert_words(&said.all(), &words);
        site.book(BOB, "Room #1", -10, 60);
        let said = site.poll();
        assert_ne!(said.code, 0, "{more} is not refused: {}", said.all());
        assert_eq!(site.opens(BOB.1), Vec::<i64>::new());
        site.reconfigure(|_| good);
    }
    assert_eq!(site.poll().code, 0);
    assert_eq!(site.opens(BOB.1).len(), 2);
}

/// The venue with three bookings, two of them under way, and mail; everybody has a letter.
fn busy_site(smtp: &SmtpServer) -> (BookingSite, [i64; 3]) {
    let site = BookingSite::with_mail(smtp, "");
    let ids =
        [site.book(ANN, "Room #1", -10, 90), site.book(BOB, "Room #4", 120, 180), site.book(CY, "Room #4", -5, 240)];
    let report = site.poll_well();
    assert_eq!((&report["granted"], &report["mails"]), (&json!(4), &json!(3)), "{report}");
    (site, ids)
}

/// Everything that the door system recorded: who could open what when, who held which code when.
fn recorded(site: &BookingSite) -> (Value, Value) {
    (site.rights(), site.net2.control("GET", "codes", &Value::Null))
}

#[test]
fn whatever_a_feed_answers_nobody_loses_a_door_and_whoever_must_know_is_told_once() {
    let smtp = SmtpServer::start(&[]);
    let (site, _) = busy_site(&smtp);
    let before = recorded(&site);
    let letters = smtp.kept().len();
    let mut told: Vec<&str> = Vec::new();
    for (fault, outcome, alarm) in [
        (json!({"action": "empty"}), "held", Some("empty")),
        (json!({"action": "login_page"}), "not_a_calendar", Some("not_a_calendar")),
        (json!({"action": "truncate", "at": 300}), "truncated", None),
        (json!({"action": "short", "at": 300}), "truncated", None),
        (json!({"action": "wrong_key"}), "gone", Some("gone")),
        (json!({"action": "error", "status": 401}), "denied", Some("denied")),
        (json!({"action": "error", "status": 429, "retry_after": "120"}), "busy", None),
        (json!({"action": "error", "status": 500}), "failed", None),
        (json!({"action": "drop"}), "failed", None),
        (json!({"action": "bomb", "at": 100_000_000}), "rejected", None),
    ] {
        site.misbehave(&fault);
        for _ in 0..2 {
            let said = site.poll();
            assert_eq!(said.code, 1, "{fault}: {}", said.all());
            assert_eq!(said.json()["bookings"], 3, "{fault}: known bookings stay");
            let feed = site.status()["feeds"][0].clone();
            assert_eq!((&feed["outcome"], &feed["bookings"]), (&json!(outcome), &json!(3)), "{fault}: {feed}");
            assert_eq!(feed["alarms"], json!(alarm.into_iter().collect::<Vec<_>>()), "{fault}: {feed}");
        }
        site.misbehave(&Value::Null);
        assert_eq!(site.poll_well()["problems"], 0);
        assert_eq!(site.status()["feeds"][0]["alarms"], json!([]));
        told.extend(alarm);
    }
    assert_eq!(recorded(&site), before, "no door, no code was touched at any moment");
    let mails = smtp.kept();
    let subjects: Vec<&str> = mails[letters..].iter().map(|mail| mail.header("subject")).collect();
    let expected =
        told.iter().flat_map(|cause| [format!("feed venue {cause}"), format!("feed venue {cause} works again")]);
    assert_eq!(subjects, expected.collect::<Vec<_>>());
    assert!(mails[letters..].iter().all(|mail| mail.is_to("desk@site.example") && mail.is_to("it@site.example")));
}

#[test]
fn a_server_that_asks_for_fewer_requests_is_left_alone() {
    let site = empty_venue();
    site.book(ANN, "Room #1", -10, 90);
    site.poll_well();
    site.misbehave(&json!({"action": "error", "status": 429, "retry_after": "7200"}));
    assert_eq!(site.poll().code, 1);
    let asked = || site.venue.control("GET", "requests", &Value::Null).as_array().unwrap().len();
    let before = asked();
    for _ in 0..3 {
        site.run(&["run", "--once"]);
    }
    assert_eq!(asked(), before);
    let next: DateTime<Utc> = site.status()["feeds"][0]["next_try"].as_str().unwrap().parse().unwrap();
    let wait = next - Utc::now();
    assert!((110..=120).contains(&wait.num_minutes()), "{wait}");
    assert_eq!(site.opens(ANN.1).len(), 2);
}

#[test]
fn rooms_that_vanish_from_every_booking_at_once_close_no_door() {
    let smtp = SmtpServer::start(&[]);
    let (site, _) = busy_site(&smtp);
    let before = recorded(&site);
    site.venue.control("POST", "switches", &json!({"rooms_gone": true}));
    for _ in 0..4 {
        assert_eq!(site.poll().code, 1);
    }
    assert_eq!(site.status()["feeds"][0]["alarms"], json!(["sudden_loss"]));
    assert_eq!(recorded(&site), before);
    assert_eq!(smtp.kept_for("desk@site.example").len(), 1);
    site.venue.control("POST", "switches", &json!({"rooms_gone": false}));
    site.poll_well();
    assert_eq!(recorded(&site), before);
}

#[test]
fn an_empty_feed_is_believed_only_when_an_operator_says_so() {
    let smtp = SmtpServer::start(&[]);
    let (site, _) = busy_site(&smtp);
    site.venue.control("POST", "empty", &Value::Null);
    for _ in 0..4 {
        assert_eq!(site.poll().code, 1);
        // As if half an hour lay between two readings.
        site.change_feed_state(|state| {
            let half_an_hour_ago = json!(clock(Utc::now() - chrono::Duration::minutes(40)));
            (state["hold"]["since"], state["hold"]["began"]) = (half_an_hour_ago.clone(), half_an_hour_ago);
        });
    }
    assert_eq!((site.opens(ANN.1).len(), site.opens(CY.1).len()), (2, 2));
    says(&site, &["confirm", "venue"], 0);
    let withdrawn: u64 = (0..4).map(|_| site.poll_well()["withdrawn"].as_u64().unwrap()).sum();
    assert_eq!(withdrawn, 4);
    assert_eq!((site.opens(ANN.1).len(), site.opens(CY.1).len()), (0, 0));
    assert_eq!([ANN, BOB, CY].map(|who| smtp.kept_for(who.1).len()), [1, 1, 1], "nobody is written to twice");
}

#[test]
fn a_reading_of_the_feed_in_which_nothing_changed_does_not_touch_the_doors_system_at_all() {
    let site = BookingSite::start(&["--bookings", "0"], &[], "[people]\ninterval = \"6h\"\n[watch]\nrefused = 0\n");
    site.book(ANN, "Room #1", -10, 600);
    site.poll_well();
    let read = || site.venue.control("GET", "requests", &Value::Null).as_array().unwrap().len();
    let before = read();
    let asked = asked_of_net2_by_a_reading(&site.server, &site.net2, &|next_try| {
        site.change_feed_state(|state| state["next_try"] = next_try.clone());
    });
    assert!(read() > before, "the feed was not read");
    assert_eq!(asked, Vec::<String>::new());
    assert_eq!(site.opens(ANN.1).len(), 2);
}

#[test]
fn a_booking_that_is_gone_ends_after_two_readings_and_after_three_if_it_is_under_way() {
    let smtp = SmtpServer::start(&[]);
    let (site, [_, bob, cy]) = busy_site(&smtp);
    site.venue.control("DELETE", &format!("bookings/{cy}"), &Value::Null);
    for (withdrawn, open) in [(0, 2), (0, 2), (2, 0), (0, 0)] {
        assert_eq!(site.poll_well()["withdrawn"], withdrawn);
        assert_eq!(site.opens(CY.1).len(), open);
    }
    site.venue.control("DELETE", &format!("bookings/{bob}"), &Value::Null);
    for bookings in [2, 1, 1] {
        assert_eq!(site.poll_well()["bookings"], bookings);
    }
    assert_eq!(site.opens(ANN.1).len(), 2, "whose booking stands keeps the doors");
    assert_eq!([ANN, BOB, CY].map(|who| smtp.kept_for(who.1).len()), [1, 1, 1]);
    site.code(CY.1);
}

#[test]
fn a_moved_booking_is_one_letter_and_the_same_code() {
    let smtp = SmtpServer::start(&[]);
    let (site, [ann, ..]) = busy_site(&smtp);
    let code = site.code(ANN.1);
    let letter = || smtp.kept_for(ANN.1);
    site.venue.control("PUT", &format!("bookings/{ann}"), &json!({"shift_minutes": 2}));
    let report = site.poll_well();
    assert_eq!((&report["mails"], &report["bookings"]), (&json!(1), &json!(3)), "{report}");
    let spans =
        |site: &BookingSite| site.net2.control("GET", "rights?email=ann@x.example", &Value::Null)[0]["spans"].clone();
    assert_eq!(spans(&site).as_array().unwrap().len(), 2, "the door was never closed in between: {}", spans(&site));
    site.venue.control("PUT", &format!("bookings/{ann}"), &json!({"shift_minutes": 60}));
    let report = site.poll_well();
    assert_eq!((&report["mails"], &report["withdrawn"]), (&json!(1), &json!(2)), "{report}");
    assert_eq!((site.opens(ANN.1), site.poll_well()["mails"].clone()), (vec![], json!(0)));
    assert_eq!(letter().len(), 3);
    assert!(letter().iter().all(|letter| letter.decoded() == [code.as_str(), code.as_str()]));
    assert_eq!(site.code(ANN.1), code);
    assert_eq!((smtp.kept_for(BOB.1).len(), smtp.kept_for(CY.1).len()), (1, 1));
}

/// The writer of this feed writes titles as they are: whoever may book may write into the feed.
#[test]
fn a_title_that_writes_bookings_opens_nothing_and_is_told() {
    let smtp = SmtpServer::start(&[]);
    let arguments = ["--style", "booked", "--bookings", "0", "--set", "writer=template", "--set", "hide_details=false"];
    let site = BookingSite::start(&arguments, &[], &tests::clear_mail(&smtp));
    site.book(ANN, "Room #1", -10, 90);
    let eve = site.book(("Eve Il", "eve@x.example"), "Room #4", 200, 260);
    assert_eq!(site.poll_well()["mails"], 2);
    let before = recorded(&site);
    let forge = |kind: &str| {
        let (start, end) = (Utc::now() - chrono::Duration::minutes(9), Utc::now() + chrono::Duration::hours(9));
        let forged = json!({"kind": kind, "room": "Room #1", "start": clock(start), "end": clock(end), "name": "Eve Il", "email": "eve@x.example"});
        site.venue.control("POST", &format!("bookings/{eve}/inject"), &forged);
    };
    for kind in ["short", "whole"] {
        forge(kind);
        for _ in 0..2 {
            assert_eq!(site.poll().json()["granted"], 0, "{kind}");
        }
        let status = site.status();
        assert_eq!(status["feeds"][0]["alarms"], json!(["injection_suspect"]), "{kind}: {status}");
        assert_words(&status["problems"].to_string(), &["injection_suspect", "newer versions escape text"]);
    }
    let (rights, codes) = recorded(&site);
    let doors = |all: &Value, email: &str| {
        all.as_array().unwrap().iter().find(|one| one["email"] == email).unwrap()["spans"].clone()
    };
    assert_eq!(doors(&rights, "eve@x.example"), doors(&before.0, "eve@x.example"));
    assert_eq!(doors(&rights, ANN.1), doors(&before.0, ANN.1), "a neighbour keeps what was known");
    assert_eq!(codes, before.1);
    assert_eq!(smtp.kept_for("eve@x.example").len() + smtp.kept_for(ANN.1).len(), 2);
    assert!((1..=2).contains(&smtp.kept_for("desk@site.example").len()), "staff are told, once a change at most");

    // A title as long as no column holds passes for a booking; a link per room keeps it to that room.
    let links = site.venue.info["rooms"].clone();
    let text = std::fs::read_to_string(site.server.folder().join("booking-server.toml")).unwrap();
    let one_room = text.replace("link = \"env:FEED_LINK\"", "link = \"file:link\"\nresource = \"Room #4\"");
    std::fs::write(site.server.folder().join("link"), links["Room #4"].as_str().unwrap()).unwrap();
    forge("faithful");
    let fresh =
        Installation::of("booking-server", &one_room, vec![("NET2_PASSWORD", site.net2.info("password").to_owned())]);
    std::fs::copy(site.server.folder().join("link"), fresh.folder().join("link")).unwrap();
    let said = fresh.run(&["bookings", "--json"]);
    assert_eq!(said.code, 0, "{}", said.all());
    fresh.run(&["plan"]);
    let bookings = fresh.run(&["bookings", "--json"]).json();
    let doors = bookings["bookings"].as_array().unwrap().iter().map(|one| one["doors"].to_string());
    let own = site.doors[1].to_string();
    let doors: Vec<String> = doors.collect();
    assert!(!doors.is_empty() && doors.iter().all(|doors| !doors.contains(&own)), "{bookings}");
}

/// A booking whose last minute of grace ends in a moment: the service meets that to the second, without being asked.
#[test]
fn the_service_meets_begins_and_ends_by_itself() {
    let site = empty_venue();
    let now = Utc::now();
    let (closes, opens) = (now + chrono::Duration::seconds(4), now + chrono::Duration::seconds(6));
    let end = closes - chrono::Duration::minutes(10);
    site.book_at(ANN, "Room #1", &clock(end - chrono::Duration::hours(1)), &clock(end));
    let start = opens + chrono::Duration::minutes(5);
    site.book_at(BOB, "Room #4", &clock(start), &clock(start + chrono::Duration::hours(1)));
    let service = site.server.serve();
    let met = || !site.opens(BOB.1).is_empty() && site.opens(ANN.1).is_empty();
    until_within(Duration::from_secs(20), "the end of one and the begin of the other", met);
    drop(service);
    let spans =
        |email: &str| site.net2.control("GET", &format!("rights?email={email}"), &Value::Null)[0]["spans"].clone();
    let at = |value: &Value| value.as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    let last = |email: &str| at(&spans(email).as_array().unwrap().last().unwrap()["from"]);
    for (met, due) in [(last(ANN.1), closes), (last(BOB.1), opens)] {
        let late = (met - due).num_milliseconds();
        assert!((-1000..2000).contains(&late), "{late} ms: {}", site.rights());
    }
    assert!(spans(ANN.1).to_string().contains(&site.doors[1].to_string()), "the door was open before");
}
