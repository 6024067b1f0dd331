//! Each stay has a code of its own.

use booking_access::codes::{CodesPer, Identification};
use booking_access::mail::MailConfig;
use booking_access::{AccessError, LinkState, Order, Settings};
use chrono::{DateTime, Duration, Utc};
use sync_core::model::{Booking, BookingStatus};

use crate::letters::{Letterbox, config, post};
use crate::site::{Site, at, booking, days};

const ANN: &str = "ann@x.example";

fn per(per: CodesPer) -> impl FnOnce(&mut Settings) {
    move |settings| settings.codes.per = per
}

fn site() -> (Site, Letterbox) {
    site_with(|_| ())
}

fn site_with(change: impl FnOnce(&mut MailConfig)) -> (Site, Letterbox) {
    let mut mail = config();
    change(&mut mail);
    (Site::with_mail(at(8, 0), per(CodesPer::Booking), Some(mail)), Letterbox::default())
}

fn ann(hour: u32, minutes: i64) -> Booking {
    from(at(hour, 0), minutes)
}

fn from(start: DateTime<Utc>, minutes: i64) -> Booking {
    booking(ANN, "Room 1", start, start + Duration::minutes(minutes))
}

fn order(site: &Site) -> Order<'static> {
    Order::new("front desk", "test", site.now())
}

/// Codes of all times, oldest first: their states.
fn states(site: &Site) -> Vec<String> {
    let read = |connection: &rusqlite::Connection| {
        let mut statement = connection.prepare("SELECT state FROM code ORDER BY version")?;
        statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()
    };
    site.access.store().with(read).unwrap()
}

fn kinds(site: &Site) -> Vec<String> {
    site.access.letters(Some(ANN)).unwrap().into_iter().map(|row| row.kind).collect()
}

#[tokio::test]
async fn the_second_of_two_stays_gets_its_own_code_when_the_first_is_over() {
    let (site, letterbox) = site();
    site.feed.put("today", ann(10, 60));
    site.feed.put("tomorrow", from(at(10, 0) + days(1), 60));
    site.round(at(8, 0)).await;
    assert_eq!(post(&site, &letterbox).await, 1);
    let first = site.pin(ANN).unwrap();
    let words = letterbox.last();
    let until = "until Monday 1 March 2027, 11:10; a later booking has a code of its own";
    assert!(words.contains(&format!("{first} ({until}")) && words.contains("Tuesday 2 March"), "{words}");
    assert!(words.contains("from Monday 1 March 2027, 09:55 to Monday 1 March 2027, 11:10"), "{words}");
    assert!(words.contains("you get another one") && !words.contains(['{', '#']), "{words}");

    site.until(at(11, 9)).await;
    assert_eq!(site.pin(ANN).unwrap(), first);
    assert_eq!(post(&site, &letterbox).await, 0);
    site.until(at(11, 10)).await;
    let second = site.pin(ANN).unwrap();
    assert_ne!(second, first);
    assert_eq!(states(&site), ["cooling", "active"]);
    assert_eq!(post(&site, &letterbox).await, 1);
    let words = letterbox.last();
    assert!(words.contains(&second) && !words.contains(&first) && !words.contains("later booking"), "{words}");

    site.until(at(11, 10) + days(1)).await;
    assert_eq!((site.pin(ANN), states(&site)), (None, vec!["cooling".to_owned(), "cooling".to_owned()]));
    assert_eq!(post(&site, &letterbox).await, 0);
    assert_eq!(kinds(&site), ["code", "code"]);
}

#[tokio::test]
async fn a_later_booking_is_told_at_once_and_its_code_in_words() {
    for (language, words) in [
        (booking_access::mail::Language::En, "a later booking has a code of its own, which we send you"),
        (booking_access::mail::Language::Nl, "een latere boeking heeft een eigen code, die u ontvangt"),
    ] {
        let (site, letterbox) = site_with(|mail| mail.language = language);
        site.feed.put("today", ann(10, 60));
        site.round(at(8, 0)).await;
        assert_eq!(post(&site, &letterbox).await, 1);
        assert!(!letterbox.last().contains(words), "{}", letterbox.last());
        site.feed.put("tomorrow", from(at(10, 0) + days(1), 60));
        site.round(at(8, 10)).await;
        assert_eq!(post(&site, &letterbox).await, 1);
        assert!(letterbox.last().contains(words) && !letterbox.last().contains(['{', '#']), "{}", letterbox.last());
        assert_eq!(kinds(&site), ["code", "booked"]);
        assert_eq!(states(&site), ["active"]);
    }
}

#[tokio::test]
async fn a_stay_keeps_its_code_however_its_bookings_are_moved_renamed_joined_and_left() {
    let (mut site, letterbox) = site();
    site.feed.put("7_1", ann(10, 60));
    site.round(at(8, 0)).await;
    let code = site.pin(ANN).unwrap();
    let mut minute = 0;
    let steps: [(&str, Option<Booking>); 7] = [
        ("7_1", Some(ann(14, 60))),
        ("7_1", Some(ann(14, 90))),
        ("7_1", None),
        ("7_2", Some(ann(14, 120))),
        // Half an hour after the end: it joins.
        ("8", Some(from(at(16, 30), 30))),
        ("7_2", Some(Booking { status: BookingStatus::Cancelled, ..ann(14, 120) })),
        ("8", Some(from(at(16, 30) + days(3), 30))),
    ];
    for (key, step) in steps {
        match step {
            Some(booking) => site.feed.put(key, booking),
            None => drop(site.feed.take(key)),
        }
        // A booking that gets another key in one reading is the same booking.
        if key == "7_1" && site.feed.get(key).is_none() {
            continue;
        }
        minute += 5;
        site.round(at(8, minute)).await;
        post(&site, &letterbox).await;
        site.restart();
        assert_eq!(site.pin(ANN).unwrap(), code, "after {key}");
        assert_eq!(states(&site), ["active"], "after {key}");
    }
    // The feed does not answer, and another two readings lack the booking without being whole.
    site.feed.away(true);
    site.round(at(9, 0)).await;
    site.restart();
    site.round(at(9, 5)).await;
    assert_eq!((site.pin(ANN), states(&site)), (Some(code), vec!["active".to_owned()]));
}

#[tokio::test]
async fn what_comes_instead_of_all_of_a_stay_gets_a_fresh_code() {
    let (site, letterbox) = site();
    site.feed.put("a", ann(10, 60));
    site.round(at(8, 0)).await;
    post(&site, &letterbox).await;
    let first = site.pin(ANN).unwrap();
    site.feed.put("a", Booking { status: BookingStatus::Cancelled, ..ann(10, 60) });
    site.feed.put("b", ann(15, 60));
    site.round(at(8, 10)).await;
    assert_ne!(site.pin(ANN).unwrap(), first);
    assert_eq!(states(&site), ["cooling", "active"]);
    assert_eq!(post(&site, &letterbox).await, 1);
    assert!(letterbox.last().contains(&site.pin(ANN).unwrap()));
}

#[tokio::test]
async fn a_stay_that_was_called_off_leaves_no_code_and_no_letter_with_it() {
    let (site, letterbox) = site_with(|mail| mail.cancellations = true);
    site.feed.put("a", ann(10, 60));
    site.round(at(8, 0)).await;
    post(&site, &letterbox).await;
    // A second booking's letter waits for the mail server.
    *letterbox.closed.lock().unwrap() = true;
    site.feed.put("b", from(at(11, 30), 30));
    site.round(at(8, 5)).await;
    assert_eq!(post(&site, &letterbox).await, 1);
    for key in ["a", "b"] {
        let booking = site.feed.get(key).unwrap();
        site.feed.put(key, Booking { status: BookingStatus::Cancelled, ..booking });
    }
    site.round(at(8, 10)).await;
    assert_eq!((site.pin(ANN), states(&site)), (None, vec!["cooling".to_owned()]));
    *letterbox.closed.lock().unwrap() = false;
    for minute in [10, 20, 30] {
        site.round(at(8, minute)).await;
        post(&site, &letterbox).await;
    }
    let letters = site.access.letters(Some(ANN)).unwrap();
    let told: Vec<_> = letters.iter().map(|row| (row.kind.as_str(), format!("{:?}", row.state))).collect();
    let (sent, given_up) = ("Sent".to_owned(), "GivenUp".to_owned());
    assert_eq!(told, [("code", sent.clone()), ("booked", given_up), ("cancelled", sent)]);
    let chain = site.access.why(ANN, site.now()).unwrap();
    let code = chain.links.iter().find(|link| link.what == "code").unwrap();
    assert_eq!((code.state, code.words.as_str()), (LinkState::NotYet, "the next booking gets a fresh one"));
}

#[tokio::test]
async fn doors_that_are_away_at_the_end_of_a_stay_get_one_fresh_code_afterwards() {
    let (mut site, letterbox) = site();
    site.feed.put("a", ann(10, 60));
    site.feed.put("b", ann(15, 60));
    site.round(at(8, 0)).await;
    post(&site, &letterbox).await;
    let first = site.pin(ANN).unwrap();
    site.doors.away(true);
    site.until(at(11, 30)).await;
    assert_eq!(states(&site), ["retiring"]);
    assert_eq!(post(&site, &letterbox).await, 0);
    site.restart();
    site.doors.away(false);
    site.round(at(11, 40)).await;
    assert_ne!(site.pin(ANN).unwrap(), first);
    assert_eq!(states(&site), ["cooling", "active"]);
    assert_eq!(post(&site, &letterbox).await, 1);
    assert!(site.access.table(site.now()).unwrap().unreadable.is_empty());
    let problems = site.access.store().with(booking_access::problems).unwrap();
    assert!(problems.iter().all(|problem| problem.area != "codes"), "{problems:?}");
}

#[tokio::test]
async fn an_order_of_staff_replaces_the_code_of_the_present_stay() {
    let (site, letterbox) = site();
    let doors = &*site.doors;
    site.feed.put("a", ann(10, 60));
    site.feed.put("b", ann(15, 60));
    site.round(at(8, 0)).await;
    post(&site, &letterbox).await;
    let first = site.pin(ANN).unwrap();
    site.access.reissue(ANN, doors, order(&site)).await.unwrap();
    site.round(at(8, 10)).await;
    let second = site.pin(ANN).unwrap();
    assert_ne!(second, first);
    assert_eq!(post(&site, &letterbox).await, 1);
    site.until(at(11, 10)).await;
    let third = site.pin(ANN).unwrap();
    assert!(third != first && third != second);
    site.until(at(16, 10)).await;
    let refused = site.access.reissue(ANN, doors, order(&site)).await.unwrap_err();
    assert!(matches!(refused, AccessError::Refused(why) if why.contains("no booking")), "{refused}");
}

#[tokio::test]
async fn questions_tell_until_when_a_code_is_and_what_follows() {
    let (site, _) = site();
    site.feed.put("a", ann(10, 60));
    site.feed.put("b", ann(15, 60));
    site.round(at(8, 0)).await;
    let chain = site.access.why(ANN, site.now()).unwrap();
    let code = chain.links.iter().find(|link| link.what == "code").unwrap();
    assert!(code.words.contains("confirmed") && code.words.contains("11:10"), "{}", code.words);
    let lines = site.access.table(site.now()).unwrap().lines;
    let follows: Vec<bool> = lines.iter().map(|line| line.why.contains("its code follows")).collect();
    assert_eq!(follows, [false, true]);
    let export = site.access.export(ANN, order(&site)).unwrap();
    assert_eq!(export["code"]["until"], serde_json::json!(at(11, 10)));
    let space = site.access.code_space(&[]).unwrap().unwrap();
    assert_eq!((space.live, space.expected_resting), (1, 50 * 30));
}

#[tokio::test]
async fn from_lasting_codes_to_fresh_ones_the_present_code_stays_until_its_stay_is_over() {
    let mut site = Site::with(|_| ());
    site.feed.put("a", ann(10, 60));
    site.feed.put("b", ann(15, 60));
    site.round(at(8, 0)).await;
    let first = site.pin(ANN).unwrap();
    site.restart_with(per(CodesPer::Booking));
    site.round(at(8, 10)).await;
    site.until(at(11, 9)).await;
    assert_eq!(site.pin(ANN).unwrap(), first);
    site.until(at(11, 10)).await;
    assert_ne!(site.pin(ANN).unwrap(), first);
    assert_eq!(states(&site), ["cooling", "active"]);
}

#[tokio::test]
async fn from_fresh_codes_to_lasting_ones_and_back_the_present_code_stays() {
    let (mut site, _) = site();
    site.feed.put("a", ann(10, 60));
    site.feed.put("b", ann(15, 60));
    site.feed.put("c", ann(20, 60));
    site.round(at(8, 0)).await;
    let first = site.pin(ANN).unwrap();
    site.restart_with(per(CodesPer::Person));
    site.until(at(15, 30)).await;
    assert_eq!((site.pin(ANN).unwrap(), states(&site)), (first.clone(), vec!["active".to_owned()]));
    // It was for a stay that is long over; what lasted in between is for the present one.
    site.restart_with(per(CodesPer::Booking));
    site.until(at(16, 9)).await;
    assert_eq!(site.pin(ANN).unwrap(), first);
    site.until(at(16, 10)).await;
    assert_ne!(site.pin(ANN).unwrap(), first);
}

#[tokio::test]
async fn a_number_is_replaced_like_a_pin() {
    let mut site = Site::with(|settings| {
        settings.codes.per = CodesPer::Booking;
        settings.codes.identification = Identification::Qr;
    });
    site.feed.put("a", ann(10, 60));
    site.feed.put("b", ann(15, 60));
    site.round(at(8, 0)).await;
    let number = |site: &Site| site.doors.ours(ANN).unwrap().value.code.value().map(|code| code.expose().to_owned());
    let first = number(&site);
    site.restart();
    site.until(at(11, 10)).await;
    assert!(first.is_some() && number(&site).is_some() && number(&site) != first);
    assert_eq!(states(&site), ["cooling", "active"]);
}

#[tokio::test]
async fn a_wrong_room_in_the_settings_shuts_doors_and_costs_nobody_their_code() {
    let (mut site, letterbox) = site();
    site.feed.put("today", ann(10, 60));
    site.feed.put("tomorrow", from(at(10, 0) + days(1), 60));
    site.round(at(9, 58)).await;
    post(&site, &letterbox).await;
    let code = site.pin(ANN).unwrap();
    let rooms = site.access.config().resources.clone();
    site.restart_with(|settings| settings.access.resources.clear());
    site.round(at(10, 5)).await;
    assert_eq!((site.doors_of(ANN), site.pin(ANN)), (Vec::new(), Some(code.clone())));
    site.restart_with(|settings| settings.access.resources = rooms);
    site.round(at(10, 10)).await;
    assert_eq!(site.pin(ANN), Some(code));
    assert!(!site.doors_of(ANN).is_empty());
    assert_eq!(states(&site), ["active"]);
}
