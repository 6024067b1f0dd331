//! What is not ready before a booking begins is told in time.

use booking_access::mail::{MailConfig, MailState};
use booking_access::{DoorsSeen, Order, Preflight};
use chrono::Duration;

use crate::letters::{Letterbox, config, post};
use crate::site::{Site, at, booking};

const ANN: &str = "ann@x.example";
const BOB: &str = "bob@x.example";

/// Ann has Room 1 at twelve, Bob Room 2 at one; both are known since eight, and their letters are sent.
async fn site() -> (Site, Letterbox) {
    let mail = MailConfig { fault_recipients: "it@x.example".to_owned(), ..config() };
    let (site, letterbox) = (Site::with_mail(at(8, 0), |_| (), Some(mail)), Letterbox::default());
    site.feed.put("a", booking(ANN, "Room 1", at(12, 0), at(13, 0)));
    site.feed.put("b", booking(BOB, "Room 2", at(13, 0), at(14, 0)));
    site.round(at(8, 0)).await;
    post(&site, &letterbox).await;
    assert!(look(&site, &well()).is_none(), "the first look only notes the time");
    (site, letterbox)
}

#[expect(clippy::unnecessary_wraps, reason = "what a door system answers")]
fn well() -> DoorsSeen {
    Ok(["d1", "d2", "d3", "gate"].into_iter().map(|door| (door.to_owned(), None)).collect())
}

#[expect(clippy::unnecessary_wraps, reason = "what a door system answers")]
fn without(door: &str) -> DoorsSeen {
    let mut doors = well().unwrap();
    doors.insert(door.to_owned(), Some("its controller has no power".to_owned()));
    Ok(doors)
}

/// One look; `None` if it was nobody's time.
fn look(site: &Site, doors: &DoorsSeen) -> Option<Preflight> {
    let round = site.access.preflight_round(site.now()).unwrap();
    (!round.is_empty()).then(|| site.access.preflight(&round, doors, site.now()).unwrap())
}

/// The words of what a person should look at about coming bookings.
fn problems(site: &Site) -> Vec<String> {
    let found = site.access.problems(site.now()).unwrap().into_iter();
    found.filter(|problem| problem.area == "preflight").map(|problem| problem.words).collect()
}

fn fault_mails(site: &Site) -> usize {
    site.access.letters(None).unwrap().iter().filter(|letter| letter.kind == "fault").count()
}

#[tokio::test]
async fn what_is_ready_is_looked_at_at_its_times_and_nothing_is_told() {
    let (site, _letterbox) = site().await;
    let mut looked = Vec::new();
    for minute in 0..330 {
        site.set(at(8, 0) + Duration::minutes(minute));
        if let Some(round) = look(&site, &well()) {
            assert_eq!((round.not_ready.len(), &round.unread), (0, &None), "{:?}", round.not_ready);
            looked.push((site.now().format("%H:%M").to_string(), round.checked));
        }
    }
    let expected = [("11:00", 1), ("11:45", 1), ("12:00", 1), ("12:45", 1)];
    assert_eq!(looked, expected.map(|(time, checked)| (time.to_owned(), checked)));
    assert_eq!((problems(&site).len(), fault_mails(&site)), (0, 0));
}

#[tokio::test]
async fn a_controller_is_told_again_at_the_next_time_and_healed_when_it_is_back() {
    let (site, _letterbox) = site().await;
    site.set(at(11, 0));
    let first = look(&site, &without("d1")).unwrap();
    assert_eq!(first.not_ready.len(), 1);
    let words = "ann@x.example: controller: door d1: its controller has no power";
    assert!(first.not_ready[0].contains(words) && first.not_ready[0].contains("Room 1"), "{:?}", first.not_ready);
    assert_eq!((problems(&site).len(), fault_mails(&site)), (1, 1));
    site.set(at(11, 20));
    assert!(look(&site, &without("d1")).is_none());
    assert_eq!(problems(&site).len(), 1, "nobody has looked at the controller since");
    site.set(at(11, 45));
    assert_eq!(look(&site, &without("d1")).unwrap().not_ready, first.not_ready);
    assert_eq!((problems(&site).len(), fault_mails(&site)), (1, 2), "told again");
    site.until(at(12, 0)).await;
    let bob = look(&site, &well()).unwrap();
    assert_eq!((bob.checked, bob.not_ready.len()), (1, 0));
    assert_eq!((problems(&site).len(), fault_mails(&site)), (0, 3), "and that it is mended");
}

#[tokio::test]
async fn one_letter_tells_all_of_a_time_and_shared_doors_are_named_for_each_booking() {
    let (site, _letterbox) = site().await;
    site.feed.put("c", booking("cy@x.example", "Room 2", at(12, 0), at(13, 0)));
    site.round(at(8, 30)).await;
    site.set(at(11, 0));
    let round = look(&site, &without("gate")).unwrap();
    assert_eq!((round.checked, round.not_ready.len(), fault_mails(&site)), (2, 2, 1), "{:?}", round.not_ready);
    let gone = Ok(std::collections::BTreeMap::new());
    site.set(at(12, 0));
    assert!(look(&site, &gone).unwrap().not_ready[0].contains("does not list it"));
}

#[tokio::test]
async fn a_letter_that_was_not_sent_is_the_broken_link_and_is_mended_without_asking_the_doors() {
    let mail = MailConfig { fault_recipients: "it@x.example".to_owned(), ..config() };
    let (site, letterbox) = (Site::with_mail(at(8, 0), |_| (), Some(mail)), Letterbox::default());
    letterbox.close(true);
    site.feed.put("a", booking(ANN, "Room 1", at(12, 0), at(13, 0)));
    site.round(at(8, 0)).await;
    post(&site, &letterbox).await;
    assert!(look(&site, &well()).is_none());
    site.set(at(11, 0));
    let round = look(&site, &well()).unwrap();
    assert!(round.not_ready[0].contains("ann@x.example: mail: connection refused"), "{:?}", round.not_ready);
    letterbox.close(false);
    site.set(at(11, 5));
    post(&site, &letterbox).await;
    assert_eq!(site.access.letters(Some(ANN)).unwrap()[0].state, MailState::Sent);
    assert!(look(&site, &well()).is_none());
    assert_eq!(problems(&site), Vec::<String>::new());
}

#[tokio::test]
async fn somebody_whom_staff_blocked_or_the_door_system_lost_is_named_with_the_first_broken_link() {
    let (site, _letterbox) = site().await;
    let order = Order { actor: "staff", reason: "lost keys", now: site.now() };
    site.access.block(ANN, order).unwrap();
    site.set(at(11, 0));
    let round = look(&site, &without("d1")).unwrap();
    assert!(round.not_ready[0].contains("ann@x.example: block: lost keys"), "{:?}", round.not_ready);
}

#[tokio::test]
async fn times_that_were_missed_are_made_up_for_once() {
    let (mut site, _letterbox) = site().await;
    site.set(at(11, 50));
    site.restart();
    assert_eq!(look(&site, &without("d1")).unwrap().not_ready.len(), 1, "an hour and a quarter before");
    assert!(look(&site, &without("d1")).is_none());
    site.set(at(11, 55));
    site.restart();
    assert!(look(&site, &without("d1")).is_none());
    assert_eq!(fault_mails(&site), 1);
}

#[tokio::test]
async fn a_door_system_that_does_not_answer_blames_nobody_and_the_look_is_made_up_for() {
    let (site, _letterbox) = site().await;
    site.set(at(11, 0));
    let away: DoorsSeen = Err("no answer in time".to_owned());
    let round = look(&site, &away).unwrap();
    let words = "1 bookings could not be looked at before they begin: no answer in time";
    assert_eq!((round.unread.as_deref(), round.not_ready.len()), (Some(words), 0));
    assert_eq!(problems(&site), [words]);
    site.set(at(11, 1));
    assert_eq!(look(&site, &well()).unwrap().checked, 1);
    assert_eq!(problems(&site), Vec::<String>::new());
    site.set(at(11, 2));
    assert!(look(&site, &well()).is_none());
}

#[tokio::test]
async fn what_is_over_or_called_off_is_forgotten_without_a_word() {
    let (site, _letterbox) = site().await;
    site.set(at(11, 45));
    assert_eq!(look(&site, &without("d1")).unwrap().not_ready.len(), 1);
    site.set(at(13, 0));
    look(&site, &without("d1"));
    assert_eq!(problems(&site), Vec::<String>::new());
    assert_eq!(fault_mails(&site), 1, "nothing was mended");
}

#[tokio::test]
async fn whoever_wants_no_look_gets_none() {
    let site = Site::with(|settings| settings.access.preflight_minutes.clear());
    site.feed.put("a", booking(ANN, "Room 1", at(12, 0), at(13, 0)));
    site.round(at(8, 0)).await;
    assert!(look(&site, &well()).is_none());
    site.set(at(11, 59));
    assert!(look(&site, &without("d1")).is_none());
}
