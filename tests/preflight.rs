//! What is not ready before a booking begins is told: by the run, by `status`, and by one mail to staff.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use serde_json::{Value, json};
use tests::{BookingSite, SmtpServer};

const ANN: (&str, &str) = ("Ann Lee", "ann@x.example");
const BOB: (&str, &str) = ("Bob Ray", "bob@x.example");
const CY: (&str, &str) = ("Cy Low", "cy@x.example");

/// Everybody has a booking in fifty minutes, and everything but what a test breaks is done.
fn site(smtp: &SmtpServer, people: &[((&str, &str), &str)]) -> BookingSite {
    let site = BookingSite::with_mail(smtp, "");
    for (who, room) in people {
        site.book(*who, room, 50, 110);
    }
    site.poll();
    site
}

fn door_controls(site: &BookingSite, place: usize, with_power: bool) {
    site.net2.control("PUT", &format!("doors/{}", site.doors[place]), &json!({"psu_closed": with_power}));
}

/// How often the door system was asked for the state of its doors.
fn looks(site: &BookingSite) -> usize {
    let calls = site.net2.control("GET", "requests", &Value::Null);
    let path = |call: &&Value| call["path"].as_str().is_some_and(|path| path.ends_with("/doors/status"));
    calls.as_array().unwrap().iter().filter(path).count()
}

fn not_ready(site: &BookingSite) -> Vec<String> {
    let status = site.status();
    let problems = status["problems"].as_array().unwrap().iter().filter(|problem| problem["area"] == "preflight");
    problems.map(|problem| problem["words"].as_str().unwrap().to_owned()).collect()
}

fn mails_about(smtp: &SmtpServer, what: &str) -> usize {
    smtp.kept_for("desk@site.example").into_iter().filter(|mail| mail.text().contains(what)).count()
}

#[test]
fn a_dead_controller_and_a_refused_letter_are_one_look_and_one_mail_and_heal() {
    let smtp = SmtpServer::start(&["--refuse", BOB.1]);
    let site = site(&smtp, &[(ANN, "Room #1"), (BOB, "Room #4"), (CY, "Room #4")]);
    assert_eq!(looks(&site), 0, "it is nobody's time");
    door_controls(&site, 1, false);
    site.was_away(30);
    let said = site.poll();
    assert_eq!((&said.json()["not_ready"], looks(&site)), (&json!(2), 1), "{}", said.all());
    let lines = not_ready(&site);
    assert_eq!(lines.len(), 2, "{lines:?}");
    let line = |who: &str| lines.iter().find(|line| line.contains(who)).cloned().unwrap_or_default();
    assert!(line(ANN.1).contains("ann@x.example: controller: door ") && line(ANN.1).contains("Room #1"), "{lines:?}");
    assert!(line(BOB.1).contains("bob@x.example: mail: not sent: 550"), "{lines:?}");
    assert!(said.all().contains(&line(ANN.1)) && said.all().contains(&line(BOB.1)), "{}", said.all());
    let status = site.run(&["status"]);
    assert!(status.out.contains("Look at the controller"), "{}", status.all());

    // Once for all the times that were missed.
    let again = site.poll().json();
    assert_eq!((&again["not_ready"], looks(&site)), (&Value::Null, 1), "{again}");
    assert_eq!(mails_about(&smtp, "not ready"), 1, "one mail for both, and none for the second run");
    let mail = smtp.kept_for("desk@site.example").into_iter().find(|mail| mail.text().contains("not ready")).unwrap();
    assert!(mail.text().contains(ANN.1) && mail.text().contains(BOB.1), "{}", mail.text());

    door_controls(&site, 1, true);
    site.was_away(30);
    let next = site.poll().json();
    assert_eq!((&next["not_ready"], not_ready(&site).len()), (&json!(1), 1), "Bob's letter is still refused: {next}");
}

#[test]
fn somebody_removed_by_hand_is_named_and_nobody_else() {
    let smtp = SmtpServer::start(&[]);
    // Where she were the only one, the engine would take the server for broken.
    let site = site(&smtp, &[(ANN, "Room #1"), (BOB, "Room #4"), (CY, "Room #4")]);
    let users = site.net2.control("GET", "users", &Value::Null);
    let own = users.as_array().unwrap().iter().find(|user| user.to_string().contains(ANN.1)).unwrap();
    site.net2.control("DELETE", &format!("users/{}", own["id"]), &Value::Null);
    site.was_away(30);
    let said = site.poll();
    let lines = not_ready(&site);
    assert_eq!(lines.len(), 1, "{}", said.all());
    assert!(lines[0].contains("ann@x.example: user: the door system does not have them"), "{lines:?}");
    assert_eq!(mails_about(&smtp, "user: the door system"), 0, "the mail is only queued");
    site.poll();
    assert_eq!(mails_about(&smtp, "user: the door system"), 1);
}

#[test]
fn a_look_that_net2_does_not_answer_blames_nobody_and_is_made_up_for() {
    let smtp = SmtpServer::start(&[]);
    let site = site(&smtp, &[(ANN, "Room #1"), (BOB, "Room #4")]);
    let fault = json!({"method": "GET", "path": "/api/v1/doors/status", "action": "error", "status": 500, "times": 0});
    site.net2.control("POST", "faults", &fault);
    site.was_away(30);
    let said = site.poll();
    let lines = not_ready(&site);
    assert_eq!(lines.len(), 1, "{}", said.all());
    assert!(lines[0].starts_with("2 bookings could not be looked at before they begin"), "{lines:?}");
    assert!(!said.all().contains(ANN.1) && !said.all().contains(BOB.1), "{}", said.all());
    site.net2.control("DELETE", "faults", &Value::Null);
    let next = site.poll_well();
    assert_eq!((&next["not_ready"], not_ready(&site)), (&json!(0), vec![]), "{next}");
}
