//! A fresh code for each stay, by the real program between a booking system, doors and a mail server.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tests::{BookingSite, Kept, SmtpServer, clock, until_within};

const ANN: (&str, &str) = ("Ann Lee", "ann@x.example");

/// Codes of Ann at the doors: those of all times, and those that open something now.
fn codes(site: &BookingSite) -> (Vec<String>, Vec<String>) {
    let all = site.net2.control("GET", "codes", &Value::Null);
    let own: Vec<&Value> = all.as_array().unwrap().iter().filter(|code| code["email"] == ANN.1).collect();
    let values = |codes: Vec<&Value>| codes.iter().map(|code| code["value"].as_str().unwrap().to_owned()).collect();
    let open = own.iter().copied().filter(|code| code["to"].is_null()).collect();
    (values(own), values(open))
}

/// The code in a letter, whatever it is told by.
fn told(letter: &Kept, identification: &str) -> String {
    if identification == "qr" {
        return letter.decoded()[0].clone();
    }
    letter.between("This is what opens the door: ", "\n").split_whitespace().next().unwrap().to_owned()
}

/// A venue where Ann has a booking that ends soon and one tomorrow, and the letter that she got.
fn two_days(smtp: &SmtpServer, identification: &str) -> (BookingSite, Kept, String) {
    for lead in [15, 60] {
        let codes_section = format!("[codes]\nper = \"booking\"\nidentification = \"{identification}\"\n");
        let site = BookingSite::with_mail(smtp, &codes_section);
        // No reading comes in between: the end of the stay has to be met by itself.
        site.reconfigure(|text| text.replace("interval_minutes = 1\n", "interval_minutes = 60\n"));
        let before = smtp.kept_for(ANN.1).len();
        // With ten minutes of grace the doors close then.
        let closes: DateTime<Utc> = Utc::now() + chrono::Duration::seconds(lead);
        let end = closes - chrono::Duration::minutes(10);
        site.book_at(ANN, "Room #1", &clock(end - chrono::Duration::hours(1)), &clock(end));
        site.book(ANN, "Room #4", 23 * 60, 24 * 60);
        site.poll_well();
        // On a slow machine the first stay was over before the doors had its code.
        if Utc::now() + chrono::Duration::seconds(2) < closes {
            let letters = smtp.kept_for(ANN.1).split_off(before);
            assert_eq!(letters.len(), 1);
            let first = site.code(ANN.1);
            return (site, letters.into_iter().next().unwrap(), first);
        }
    }
    panic!("the program takes a minute for one reading");
}

fn the_next_stay_gets_another_code(identification: &str) {
    let smtp = SmtpServer::start(&[]);
    let (site, letter, first) = two_days(&smtp, identification);
    let letters = smtp.kept_for(ANN.1).len();
    assert_eq!(told(&letter, identification), first);
    assert!(letter.text().contains("a later booking has a code of its own"), "{}", letter.text());
    assert!(letter.text().contains("Room #4"), "{}", letter.text());

    // Killed as soon as the doors let the first code go.
    let mut service = site.server.start(&["run"]);
    until_within(Duration::from_mins(3), "the end of the first code", || !codes(&site).1.contains(&first));
    service.kill().unwrap();
    service.wait().unwrap();

    let service = site.server.serve();
    until_within(Duration::from_mins(3), "the second letter", || smtp.kept_for(ANN.1).len() > letters);
    drop(service);
    let second = site.code(ANN.1);
    assert_ne!(second, first);
    assert_eq!(codes(&site).0, [first, second.clone()], "no third code was ever there");
    let letters = smtp.kept_for(ANN.1).split_off(letters);
    let texts: Vec<String> = letters.iter().map(|letter| told(letter, identification)).collect();
    assert!(texts.iter().all(|code| *code == second), "{texts:?} and {second}");
    assert!(!letters[0].text().contains("later booking"), "{}", letters[0].text());

    site.poll_well();
    assert_eq!(codes(&site).0.len(), 2, "another reading changes nothing");
    assert_eq!(site.run(&["code-space", "--json"]).json()["space"]["resting"], json!(1));
}

#[test]
fn tomorrows_pin_is_another_than_todays_though_the_service_is_killed_in_between() {
    the_next_stay_gets_another_code("pin");
}

#[test]
fn tomorrows_qr_code_is_another_than_todays_though_the_service_is_killed_in_between() {
    the_next_stay_gets_another_code("qr");
}

#[test]
fn fresh_codes_where_staff_hand_out_cards_are_refused_by_name() {
    let site =
        BookingSite::start(&["--bookings", "0"], &[], "[codes]\nidentification = \"manual\"\nper = \"booking\"\n");
    let said = site.run(&["check"]);
    assert_eq!(said.code, 1, "{}", said.all());
    assert!(said.all().contains("codes.per"), "{}", said.all());
}
