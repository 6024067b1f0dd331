//! The service is killed at random moments while bookings come, move and go, and ends as if it had been left in peace.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tests::{BookingSite, SmtpServer};

const KILLS: u32 = 60;
/// Bookings that stand all the time, so that one that goes is never most of them.
const STEADY: i64 = 8;

/// What happens at the venue, by chance: somebody books, a booking moves, a booking goes.
fn life(site: &BookingSite, random: u32, step: u32, changing: &mut Vec<i64>) {
    let room = if random.is_multiple_of(2) { "Room #1" } else { "Room #4" };
    let chosen = usize::try_from(random).unwrap() % changing.len().max(1);
    match random % 5 {
        0 | 1 => {
            let (name, address) = (format!("Newcomer No{step}"), format!("new{step}@x.example"));
            changing.push(site.book((&name, &address), room, -15, 90));
        }
        // From now to later and back: an hour before the end of what is booked, doors close; then they open again.
        2 | 3 if !changing.is_empty() => {
            let by = if random % 5 == 2 { 170 } else { -170 };
            let path = format!("bookings/{}", changing[chosen]);
            let start: DateTime<Utc> =
                site.venue.control("GET", &path, &Value::Null)["start"].as_str().unwrap().parse().unwrap();
            let is_ahead = start > Utc::now();
            if is_ahead == (by < 0) {
                site.venue.control("PUT", &path, &json!({"shift_minutes": by}));
            }
        }
        _ if changing.len() > 2 => {
            let id = changing.swap_remove(chosen);
            site.venue.control("DELETE", &format!("bookings/{id}"), &Value::Null);
        }
        _ => {}
    }
}

/// Runs in peace until nothing is left to do, and often enough for what is gone to be believed.
fn settle(site: &BookingSite) {
    let mut calm = 0;
    for _ in 0..30 {
        site.feed_is_due();
        let said = site.run(&["run", "--once", "--json"]);
        calm = if said.code == 0 { calm + 1 } else { 0 };
        if calm == 4 {
            return;
        }
        assert_ne!(said.code, 1, "{}", said.all());
    }
    panic!("never came to rest: {}", site.run(&["run", "--once", "--json"]).out);
}

/// Who may open which doors now, by the bookings that stand.
fn expected(site: &BookingSite) -> BTreeMap<String, Vec<i64>> {
    let mut doors: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    for booking in site.venue.control("GET", "bookings", &Value::Null).as_array().unwrap() {
        let at = |name: &str| booking[name].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
        let (opens, closes) = (at("start") - chrono::Duration::minutes(5), at("end") + chrono::Duration::minutes(10));
        let open = doors.entry(booking["person"]["email"].as_str().unwrap().to_owned()).or_default();
        if opens <= Utc::now() && Utc::now() < closes {
            let own = if booking["rooms"][0] == "Room #1" { 1 } else { 2 };
            open.extend([site.doors[0], site.doors[own]]);
        }
    }
    doors.into_iter().map(|(email, doors)| (email, doors.into_iter().collect())).collect()
}

/// Users by their marker: those of ours, and everybody else as they are.
fn users(site: &BookingSite) -> (Vec<Value>, Vec<Value>) {
    let users = site.net2.control("GET", "users", &Value::Null);
    users.as_array().unwrap().iter().cloned().partition(|user| user["fields"]["10"] == "BOOKINGSYNC")
}

#[test]
fn sixty_kills_leave_the_same_people_doors_and_codes_as_none() {
    let smtp = SmtpServer::start(&[]);
    let site = BookingSite::with_mail(&smtp, "[codes]\nidentification = \"pin\"\n");
    let (_, strangers) = users(&site);
    assert_eq!(strangers.len(), 3);
    for n in 0..STEADY {
        site.book((&format!("Steady No{n}"), &format!("steady{n}@x.example")), "Room #1", -15, 120);
    }
    let (mut changing, mut random) = (Vec::new(), 0x9e37_79b9_u32);
    for kill in 0..KILLS {
        let mut next = || {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            random >> 16
        };
        life(&site, next(), kill, &mut changing);
        site.feed_is_due();
        let mut service = site.server.start(&["run"]);
        // Not a wait for something to happen: the moment of the kill is the point.
        std::thread::sleep(Duration::from_millis(u64::from(next()) % 350));
        if kill % 3 == 0 {
            life(&site, next(), 1000 + kill, &mut changing);
        }
        service.kill().unwrap();
        service.wait().unwrap();
    }
    site.letters_are_due();
    settle(&site);

    let expected = expected(&site);
    let found: BTreeMap<String, Vec<i64>> = expected.keys().map(|email| (email.clone(), site.opens(email))).collect();
    assert_eq!(found, expected);
    assert!(
        expected.values().filter(|doors| !doors.is_empty()).count() > 10,
        "the test proves too little: {expected:?}"
    );
    let (ours, others) = users(&site);
    assert_eq!(others, strangers, "whoever has no marker is as before");
    let emails: Vec<&str> = ours.iter().map(|user| user["fields"]["9"].as_str().unwrap()).collect();
    assert_eq!(emails.len(), emails.iter().collect::<BTreeSet<_>>().len(), "somebody is there twice: {emails:?}");
    for user in &ours {
        let email = user["fields"]["9"].as_str().unwrap();
        let may = expected.get(email).is_some_and(|doors| !doors.is_empty());
        let has = user["individual"].as_array().is_some_and(|doors| !doors.is_empty());
        assert_eq!(may, has, "{user}");
    }

    let codes = site.net2.control("GET", "codes", &Value::Null);
    let held: Vec<_> = codes.as_array().unwrap().iter().filter(|code| code["to"].is_null()).collect();
    let values: Vec<&str> = held.iter().map(|code| code["value"].as_str().unwrap()).collect();
    assert_eq!(values.len(), values.iter().collect::<BTreeSet<_>>().len(), "a code is held twice: {values:?}");
    for email in emails {
        let own = codes.as_array().unwrap().iter().filter(|code| code["email"] == email);
        let own: BTreeSet<_> = own.map(|code| code["value"].as_str().unwrap()).collect();
        assert!(own.len() <= 1, "{email} got a second code: {own:?}");
    }

    let mut letters: BTreeMap<String, String> = BTreeMap::new();
    let mut told: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    // Staff may hear of a letter that a kill held up.
    for letter in smtp.kept().into_iter().filter(|letter| !letter.is_to("desk@site.example")) {
        let same = letters.entry(letter.header("message-id").to_owned()).or_insert_with(|| letter.text().to_owned());
        assert_eq!(same, letter.text(), "one key stands for two letters");
        let pin = letter.between("This is what opens the door: ", "\n").trim().to_owned();
        told.entry(letter.envelope["to"][0].as_str().unwrap().to_owned()).or_default().insert(pin);
    }
    let texts: BTreeSet<(&String, &String)> = letters.iter().map(|(key, text)| (text, key)).collect();
    assert_eq!(texts.len(), letters.len());
    for email in expected.keys() {
        assert_eq!(
            told.get(email),
            Some(&BTreeSet::from([site.code(email)])),
            "{email} was told another code, or none"
        );
    }
}
