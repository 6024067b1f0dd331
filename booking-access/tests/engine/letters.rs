//! Letters follow what is confirmed, once.

use std::sync::Mutex;

use async_trait::async_trait;
use booking_access::Order;
use booking_access::mail::{Envelope, MailConfig, MailState, Outcome, Transport};
use sync_core::model::{Booking, BookingStatus};

use crate::site::{Site, at, booking};

const ANN: &str = "ann@x.example";

/// A mail server that keeps what it gets, or takes nothing.
#[derive(Default)]
pub struct Letterbox {
    got: Mutex<Vec<(String, String)>>,
    pub closed: Mutex<bool>,
}

impl Letterbox {
    /// Takes nothing from now on, or again.
    pub fn close(&self, closed: bool) {
        *self.closed.lock().unwrap() = closed;
    }

    pub fn subjects_to(&self, address: &str) -> usize {
        self.got.lock().unwrap().iter().filter(|(to, _)| to == address).count()
    }

    pub fn last(&self) -> String {
        let raw = self.got.lock().unwrap().last().unwrap().1.clone();
        let message = mail_parser::MessageParser::default().parse(raw.as_bytes()).unwrap();
        message.body_text(0).unwrap().into_owned()
    }
}

#[async_trait]
impl Transport for Letterbox {
    async fn send(&self, envelope: &Envelope, message: &[u8]) -> Outcome {
        if *self.closed.lock().unwrap() {
            return Outcome::Unreachable("connection refused".into());
        }
        let text = String::from_utf8(message.to_vec()).unwrap();
        self.got.lock().unwrap().push((envelope.to()[0].clone(), text));
        Outcome::Sent
    }
}

pub fn config() -> MailConfig {
    MailConfig {
        enabled: true,
        server: "smtp.example".into(),
        sender: "Bookings <no-reply@x.example>".into(),
        gather_seconds: 0,
        ..MailConfig::default()
    }
}

fn site(change: impl FnOnce(&mut MailConfig)) -> Site {
    let mut config = config();
    change(&mut config);
    Site::with_mail(at(8, 0), |_| (), Some(config))
}

pub async fn post(site: &Site, letterbox: &Letterbox) -> u64 {
    let written = site.access.write_letters(site.now()).unwrap();
    site.access.send_letters(letterbox, site.now()).await.unwrap();
    written
}

#[tokio::test]
async fn nobody_is_written_to_before_the_code_is_confirmed() {
    let (site, letterbox) = (site(|_| ()), Letterbox::default());
    site.feed.put("a", booking(ANN, "Room 1", at(10, 0), at(11, 0)));
    site.take().await;
    site.access.prepare(&*site.watched, site.now()).await.unwrap();
    assert_eq!(post(&site, &letterbox).await, 0);
    site.doors.away(true);
    let _ = site.run().await;
    assert_eq!(post(&site, &letterbox).await, 0);
    site.doors.away(false);
    site.run().await.unwrap();
    assert_eq!(post(&site, &letterbox).await, 1);
    assert!(letterbox.last().contains(&site.pin(ANN).unwrap()));
    assert_eq!(post(&site, &letterbox).await, 0);
    assert_eq!(letterbox.subjects_to(ANN), 1);
    assert_eq!(site.access.counts(at(8, 0), site.now()).unwrap().mails, 1);
    let chain = site.access.why(ANN, site.now()).unwrap();
    assert_eq!(chain.first_broken, None);
    assert_eq!(chain.links.last().unwrap().what, "mail");
}

#[tokio::test]
async fn a_moved_booking_is_told_once_and_keeps_its_code() {
    let (site, letterbox) = (site(|_| ()), Letterbox::default());
    site.feed.put("7_1", booking(ANN, "Room 1", at(10, 0), at(11, 0)));
    site.round(at(8, 0)).await;
    post(&site, &letterbox).await;
    let code = site.access.code(ANN).unwrap();
    site.feed.take("7_1");
    site.feed.put("7_2", booking(ANN, "Room 1", at(10, 30), at(11, 30)));
    site.round(at(8, 10)).await;
    assert_eq!(post(&site, &letterbox).await, 1);
    assert_eq!(post(&site, &letterbox).await, 0);
    let kinds: Vec<_> = site.access.letters(Some(ANN)).unwrap().into_iter().map(|row| row.kind).collect();
    assert_eq!(kinds, ["code", "changed"]);
    assert_eq!(site.access.code(ANN).unwrap(), code);
    for minute in 20..30 {
        site.round(at(8, minute)).await;
        assert_eq!(post(&site, &letterbox).await, 0);
    }
}

#[tokio::test]
async fn a_restart_between_any_two_steps_tells_nobody_twice() {
    let (mut site, letterbox) = (site(|_| ()), Letterbox::default());
    site.feed.put("a", booking(ANN, "Room 1", at(10, 0), at(11, 0)));
    site.take().await;
    site.restart();
    site.access.prepare(&*site.watched, site.now()).await.unwrap();
    let reserved = site.access.code(ANN).unwrap();
    site.restart();
    site.run().await.unwrap();
    assert_eq!(site.access.code(ANN).unwrap(), reserved, "the reserved code was sent, no other");
    site.restart();
    assert_eq!(site.access.write_letters(site.now()).unwrap(), 1);
    site.restart();
    assert_eq!(post(&site, &letterbox).await, 0);
    site.restart();
    assert_eq!(post(&site, &letterbox).await, 0);
    assert_eq!(letterbox.subjects_to(ANN), 1);
}

#[tokio::test]
async fn a_mail_server_that_is_away_changes_no_access() {
    let (site, letterbox) = (site(|_| ()), Letterbox::default());
    *letterbox.closed.lock().unwrap() = true;
    site.feed.put("a", booking(ANN, "Room 1", at(10, 0), at(11, 0)));
    site.round(at(8, 0)).await;
    post(&site, &letterbox).await;
    site.until(at(10, 0)).await;
    assert_eq!(site.doors_of(ANN), ["d1", "gate"]);
    assert_eq!(site.access.late_letters(site.now()).unwrap().len(), 1);
    *letterbox.closed.lock().unwrap() = false;
    post(&site, &letterbox).await;
    assert_eq!(letterbox.subjects_to(ANN), 1);
}

#[tokio::test]
async fn called_off_bookings_are_told_only_where_that_is_wanted() {
    for (wanted, letters) in [(false, vec!["code"]), (true, vec!["code", "cancelled"])] {
        let (site, letterbox) = (site(|config| config.cancellations = wanted), Letterbox::default());
        site.feed.put("a", booking(ANN, "Room 1", at(10, 0), at(11, 0)));
        site.round(at(8, 0)).await;
        post(&site, &letterbox).await;
        site.feed.put("a", Booking { status: BookingStatus::Cancelled, ..site.feed.get("a").unwrap() });
        site.round(at(8, 10)).await;
        post(&site, &letterbox).await;
        post(&site, &letterbox).await;
        let kinds: Vec<_> = site.access.letters(Some(ANN)).unwrap().into_iter().map(|row| row.kind).collect();
        assert_eq!(kinds, letters);
    }
}

#[tokio::test]
async fn a_letter_that_waits_does_not_tell_what_was_called_off_meanwhile() {
    let (site, letterbox) = (site(|_| ()), Letterbox::default());
    *letterbox.closed.lock().unwrap() = true;
    site.feed.put("a", booking(ANN, "Room 1", at(10, 0), at(11, 0)));
    site.feed.put("b", booking(ANN, "Room 2", at(14, 0), at(15, 0)));
    site.round(at(8, 0)).await;
    post(&site, &letterbox).await;
    site.feed.put("b", Booking { status: BookingStatus::Cancelled, ..site.feed.get("b").unwrap() });
    site.round(at(8, 10)).await;
    *letterbox.closed.lock().unwrap() = false;
    post(&site, &letterbox).await;
    site.round(at(8, 20)).await;
    post(&site, &letterbox).await;
    assert_eq!(letterbox.subjects_to(ANN), 1);
    assert!(letterbox.last().contains("Room 1") && !letterbox.last().contains("Room 2"));
    assert!(letterbox.last().contains(&site.pin(ANN).unwrap()));
}

#[tokio::test]
async fn a_letter_that_waits_for_somebody_who_is_blocked_is_taken_back_and_told_when_they_are_not() {
    let (site, letterbox) = (site(|_| ()), Letterbox::default());
    *letterbox.closed.lock().unwrap() = true;
    site.feed.put("a", booking(ANN, "Room 1", at(10, 0), at(11, 0)));
    site.round(at(8, 0)).await;
    post(&site, &letterbox).await;
    // In another process, whose service has not noticed it when it sends.
    let order = Order::new("desk", "lost phone", at(8, 5));
    site.beside().block(ANN, order).unwrap();
    *letterbox.closed.lock().unwrap() = false;
    site.set(at(8, 10));
    site.access.send_letters(&letterbox, site.now()).await.unwrap();
    assert!(site.access.look_again(site.now()).unwrap());
    assert_eq!(post(&site, &letterbox).await, 0);
    assert_eq!(letterbox.subjects_to(ANN), 0);
    site.access.unblock(ANN, order).unwrap();
    site.round(at(8, 20)).await;
    assert_eq!(post(&site, &letterbox).await, 1);
    assert!(letterbox.last().contains(&site.pin(ANN).unwrap()));
    let kinds: Vec<_> = site.access.letters(Some(ANN)).unwrap().into_iter().map(|row| (row.kind, row.state)).collect();
    assert_eq!(kinds, [("code".to_owned(), MailState::GivenUp), ("code".to_owned(), MailState::Sent)]);
}

#[tokio::test]
async fn no_letter_of_somebody_who_is_forgotten_is_sent() {
    let (site, letterbox) = (site(|_| ()), Letterbox::default());
    *letterbox.closed.lock().unwrap() = true;
    site.feed.put("a", booking(ANN, "Room 1", at(10, 0), at(11, 0)));
    site.round(at(8, 0)).await;
    post(&site, &letterbox).await;
    site.beside().erase(ANN, Order::new("desk", "asked for it", at(8, 5))).unwrap();
    *letterbox.closed.lock().unwrap() = false;
    site.set(at(8, 10));
    post(&site, &letterbox).await;
    assert_eq!(letterbox.subjects_to(ANN), 0);
}

#[tokio::test]
async fn a_withheld_code_is_told_at_its_time() {
    let (site, letterbox) = (site(|config| config.withhold_code_hours = 1), Letterbox::default());
    site.feed.put("a", booking(ANN, "Room 1", at(10, 0), at(11, 0)));
    site.round(at(8, 0)).await;
    let pin = site.pin(ANN).unwrap();
    assert_eq!(post(&site, &letterbox).await, 1);
    assert!(!letterbox.last().contains(&pin));
    site.round(at(9, 0)).await;
    assert_eq!(post(&site, &letterbox).await, 1);
    assert!(letterbox.last().contains(&pin));
    site.round(at(9, 30)).await;
    assert_eq!(post(&site, &letterbox).await, 0);
}

#[tokio::test]
async fn staff_may_order_a_letter_again_and_it_is_audited() {
    let (site, letterbox) = (site(|_| ()), Letterbox::default());
    site.feed.put("a", booking(ANN, "Room 1", at(10, 0), at(11, 0)));
    site.round(at(8, 0)).await;
    post(&site, &letterbox).await;
    site.access.resend(ANN, Order::new("desk", "lost it", site.now())).unwrap();
    site.access.send_letters(&letterbox, site.now()).await.unwrap();
    assert_eq!(letterbox.subjects_to(ANN), 2);
    assert!(site.access.letters(None).unwrap().iter().all(|row| row.state == MailState::Sent));
    let erasure = site.access.erase(ANN, Order::new("desk", "asked for it", site.now())).unwrap();
    assert_eq!(erasure.letters, 2);
}

#[tokio::test]
async fn a_letter_that_waits_with_a_code_that_is_replaced_is_never_sent() {
    let (site, letterbox) = (site(|_| ()), Letterbox::default());
    site.feed.put("a", booking(ANN, "Room 1", at(10, 0), at(11, 0)));
    site.round(at(8, 0)).await;
    letterbox.close(true);
    assert_eq!(post(&site, &letterbox).await, 1);
    let old = site.pin(ANN).unwrap();
    let order = Order::new("front desk", "test", site.now());
    site.access.reissue(ANN, &*site.watched, order).await.unwrap();
    letterbox.close(false);
    site.set(at(8, 30));
    post(&site, &letterbox).await;
    assert_eq!(letterbox.subjects_to(ANN), 0, "the doors have not confirmed the new code");
    site.run().await.unwrap();
    post(&site, &letterbox).await;
    assert_eq!(letterbox.subjects_to(ANN), 1);
    assert!(letterbox.last().contains(&site.pin(ANN).unwrap()) && !letterbox.last().contains(&old));
}
