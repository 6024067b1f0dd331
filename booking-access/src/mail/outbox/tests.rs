use std::sync::Mutex;

use async_trait::async_trait;
use chrono::{DateTime, Duration, TimeZone as _, Utc};
use chrono_tz::Tz;
use mail_parser::MessageParser;
use sync_core::model::SecretText;

use super::*;
use crate::Store;
use crate::codes::CodesConfig;
use crate::mail::letter::{Letter, LetterCode, LetterKind, Stay};
use crate::mail::stationery::Site;
use crate::mail::transport::{Envelope, Outcome, Transport};
use crate::mail::{MailConfig, MailError};

/// Keeps what it was given, and answers as it was told, `Sent` by default.
#[derive(Default)]
struct Letterbox {
    answers: Mutex<Vec<Outcome>>,
    letters: Mutex<Vec<(Vec<String>, Vec<u8>)>>,
}

impl Letterbox {
    fn answering(answers: impl IntoIterator<Item = Outcome>) -> Self {
        let mut answers: Vec<_> = answers.into_iter().collect();
        answers.reverse();
        Self { answers: Mutex::new(answers), ..Self::default() }
    }

    fn recipients(&self) -> Vec<String> {
        self.letters.lock().unwrap().iter().flat_map(|(to, _)| to.clone()).collect()
    }

    fn header(&self, name: &str) -> Vec<String> {
        let letters = self.letters.lock().unwrap();
        let header = |(_, message): &(Vec<String>, Vec<u8>)| {
            MessageParser::new().parse(message).unwrap().header_raw(name).unwrap().trim().to_owned()
        };
        letters.iter().map(header).collect()
    }

    fn texts(&self) -> Vec<String> {
        let letters = self.letters.lock().unwrap();
        let text = |(_, message): &(Vec<String>, Vec<u8>)| {
            MessageParser::new().parse(message).unwrap().body_text(0).unwrap().into_owned()
        };
        letters.iter().map(text).collect()
    }
}

#[async_trait]
impl Transport for Letterbox {
    async fn send(&self, envelope: &Envelope, message: &[u8]) -> Outcome {
        self.letters.lock().unwrap().push((envelope.to().to_vec(), message.to_vec()));
        self.answers.lock().unwrap().pop().unwrap_or(Outcome::Sent)
    }
}

struct Office {
    store: Store,
    outbox: Outbox,
    now: DateTime<Utc>,
}

impl Office {
    fn new(change: impl FnOnce(&mut MailConfig)) -> Self {
        let mut config = MailConfig {
            enabled: true,
            server: "mail.example".to_owned(),
            sender: "Desk <desk@site.example>".to_owned(),
            fault_recipients: "it@site.example; boss@site.example".to_owned(),
            cancellations: true,
            reminder_hours: 2,
            ..MailConfig::default()
        };
        change(&mut config);
        let site = Site::new(Tz::Europe__Amsterdam, 5, 10);
        let stationery = Stationery::load(&config, &CodesConfig::default(), site).unwrap();
        let sealer = Arc::new(Sealer::for_this_process().unwrap());
        let store = Store::in_memory().unwrap();
        let has_table = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'mail')";
        store
            .with(|connection| {
                let there: bool = connection.query_row(has_table, [], |row| row.get(0))?;
                if there { Ok(()) } else { connection.execute_batch(SCHEMA) }
            })
            .unwrap();
        Self { store, outbox: Outbox::new(stationery, sealer), now: at(8, 0) }
    }

    fn plain() -> Self {
        Self::new(|_| {})
    }

    fn queue(&self, letter: &Letter) -> Queued {
        self.store.transaction(|tx| self.outbox.queue(tx, letter, self.now)).unwrap()
    }

    async fn send(&self, letterbox: &Letterbox) -> Round {
        self.outbox.send_due(&self.store, letterbox, self.now).await.unwrap()
    }

    async fn send_after(&mut self, minutes: i64, letterbox: &Letterbox) -> Round {
        self.now += Duration::minutes(minutes);
        self.send(letterbox).await
    }

    fn states(&self) -> Vec<(String, MailState)> {
        let rows = self.store.with(|connection| mails(connection, None)).unwrap();
        rows.into_iter().map(|row| (row.kind, row.state)).collect()
    }

    fn late(&self) -> Vec<Attention> {
        self.store.transaction(|tx| self.outbox.late(tx, self.now)).unwrap()
    }

    fn raise(&self, words: &str) -> bool {
        self.store.transaction(|tx| self.outbox.raise(tx, "feed rooms", words, self.now)).unwrap()
    }

    fn heal(&self) -> bool {
        self.store.transaction(|tx| self.outbox.heal(tx, "feed rooms", self.now)).unwrap()
    }
}

fn at(hour: u32, minute: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 24, hour, minute, 0).unwrap()
}

fn stay(resource: &str, hour: u32) -> Stay {
    Stay::new(resource, at(hour, 0), at(hour + 1, 0))
}

fn letter(kind: LetterKind, person: &str, version: u32, stays: Vec<Stay>) -> Letter {
    let code = LetterCode::Pin(SecretText::new("4821"));
    Letter::new(kind, person, code, version, stays, (at(8, 0), at(20, 0))).named("Maya", "Okafor")
}

fn maya(kind: LetterKind, stays: Vec<Stay>) -> Letter {
    letter(kind, "maya@club.example", 1, stays)
}

#[tokio::test]
async fn a_letter_waits_two_minutes_and_is_sent_once() {
    let mut office = Office::plain();
    let letterbox = Letterbox::default();
    let new = maya(LetterKind::Code, vec![stay("Room 1", 12)]);
    assert!(matches!(office.queue(&new), Queued::Now(_)));
    assert_eq!(office.queue(&new), Queued::AlreadyTold);
    assert_eq!(office.send(&letterbox).await, Round::default());
    assert_eq!(office.send_after(2, &letterbox).await, Round { sent: 1, ..Round::default() });
    assert_eq!(office.send_after(60, &letterbox).await, Round::default());
    let other_words = maya(LetterKind::Booked, vec![stay("Room 1", 12)]).named("M.", "Okafor");
    assert_eq!(office.queue(&other_words), Queued::AlreadyTold, "the same content under another name or reason");
    assert_eq!(letterbox.recipients(), ["maya@club.example"]);
}

#[tokio::test]
async fn several_changes_within_two_minutes_give_one_letter_with_the_last_of_them() {
    let mut office = Office::plain();
    let letterbox = Letterbox::default();
    office.queue(&maya(LetterKind::Code, vec![stay("Room 1", 12)]));
    office.now += Duration::seconds(90);
    office.queue(&maya(LetterKind::Booked, vec![stay("Room 1", 12), stay("Room 2", 14)]));
    office.queue(&maya(LetterKind::Changed, vec![stay("Room 1", 12), stay("Room 3", 14)]));
    office.now += Duration::seconds(30);
    assert_eq!(office.send(&letterbox).await.sent, 1, "the first change counts for the two minutes");
    let text = letterbox.texts().remove(0);
    assert!(text.contains("Room 3") && !text.contains("Room 2"), "{text}");
    let expected = [("code", MailState::GivenUp), ("code", MailState::GivenUp), ("code", MailState::Sent)];
    assert_eq!(office.states(), expected.map(|(kind, state)| (kind.to_owned(), state)));
}

#[tokio::test]
async fn a_booking_that_is_moved_back_is_told_again() {
    let mut office = Office::plain();
    let letterbox = Letterbox::default();
    for hour in [12, 13, 12, 13] {
        assert!(matches!(office.queue(&maya(LetterKind::Changed, vec![stay("Room 1", hour)])), Queued::Now(_)));
        office.send_after(2, &letterbox).await;
    }
    let mut ids = letterbox.header("Message-ID");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4);
}

#[tokio::test]
async fn a_change_that_is_taken_back_within_two_minutes_leaves_the_last_word_right() {
    let mut office = Office::plain();
    let letterbox = Letterbox::default();
    for hour in [12, 13, 12] {
        office.queue(&maya(LetterKind::Changed, vec![stay("Room 1", hour)]));
    }
    assert_eq!(office.send_after(2, &letterbox).await.sent, 1);
    assert!(letterbox.texts()[0].contains("13:00"), "12:00 UTC in Amsterdam");
}

#[tokio::test]
async fn a_waiting_letter_can_be_brought_up_to_date_without_being_written_anew() {
    let mut office = Office::plain();
    let letterbox = Letterbox::default();
    let refresh = |office: &Office, stays| {
        let now = maya(LetterKind::Changed, stays);
        office.store.transaction(|tx| office.outbox.refresh(tx, &now, office.now)).unwrap()
    };
    let (one, two) = (vec![stay("Room 1", 12)], vec![stay("Room 1", 12), stay("Room 2", 14)]);
    assert!(!refresh(&office, one.clone()), "nothing waits");
    office.queue(&maya(LetterKind::Code, two.clone()));
    assert!(!refresh(&office, two));
    assert!(refresh(&office, one.clone()) && !refresh(&office, one.clone()));
    assert_eq!(office.send_after(2, &letterbox).await.sent, 1);
    assert!(!letterbox.texts()[0].contains("Room 2"));
    assert!(!refresh(&office, Vec::new()), "what was sent was sent");
    office.queue(&maya(LetterKind::Booked, vec![stay("Room 3", 16)]));
    assert!(refresh(&office, Vec::new()));
    assert_eq!(office.send_after(2, &letterbox).await.sent, 0);
}

#[tokio::test]
async fn another_code_is_another_letter_and_so_is_one_that_was_withheld() {
    let mut office = Office::plain();
    let letterbox = Letterbox::default();
    let mut withheld = maya(LetterKind::Booked, vec![stay("Room 1", 12)]);
    withheld.code = LetterCode::Withheld(2);
    for letter in [
        &withheld,
        &maya(LetterKind::Code, vec![stay("Room 1", 12)]),
        &letter(LetterKind::Code, "maya@club.example", 2, vec![stay("Room 1", 12)]),
    ] {
        assert!(matches!(office.queue(letter), Queued::Now(_)));
        office.send_after(2, &letterbox).await;
    }
    assert_eq!(letterbox.recipients().len(), 3);
    assert!(!letterbox.texts()[0].contains("4821"));
}

#[tokio::test]
async fn a_letter_that_is_ordered_again_goes_at_once_under_another_id() {
    let mut office = Office::plain();
    let letterbox = Letterbox::default();
    let told = maya(LetterKind::Code, vec![stay("Room 1", 12)]);
    office.queue(&told);
    office.send_after(2, &letterbox).await;
    office.store.transaction(|tx| office.outbox.order_again(tx, &told, office.now)).unwrap();
    assert_eq!(office.send(&letterbox).await.sent, 1);
    let ids = letterbox.header("Message-ID");
    assert_ne!(ids[0], ids[1]);
    assert_eq!(office.queue(&told), Queued::AlreadyTold);
}

#[tokio::test]
async fn reminders_and_cancellations_are_told_once_and_only_where_wanted() {
    let mut office = Office::plain();
    let letterbox = Letterbox::default();
    office.queue(&maya(LetterKind::Code, vec![stay("Room 1", 12)]));
    office.send_after(2, &letterbox).await;
    for kind in [LetterKind::Reminder, LetterKind::Cancelled] {
        assert!(matches!(office.queue(&maya(kind, vec![stay("Room 1", 12)])), Queued::Now(_)));
        assert_eq!(office.queue(&maya(kind, vec![stay("Room 1", 12)])), Queued::AlreadyTold);
    }
    office.send_after(2, &letterbox).await;
    let texts = letterbox.texts();
    assert!(texts[1].contains("4821") && texts[2].contains("cancelled") && !texts[2].contains("4821"));
    let unwanted = Office::new(|config| (config.cancellations, config.reminder_hours) = (false, 0));
    for kind in [LetterKind::Reminder, LetterKind::Cancelled] {
        assert_eq!(unwanted.queue(&maya(kind, vec![stay("Room 1", 12)])), Queued::NotWanted);
    }
    let silent = Office::new(|config| config.notifications = false);
    assert_eq!(silent.queue(&maya(LetterKind::Code, vec![stay("Room 1", 12)])), Queued::NotWanted);
}

#[tokio::test]
async fn a_booking_that_was_made_again_can_be_called_off_again() {
    let mut office = Office::plain();
    let letterbox = Letterbox::default();
    for kind in [LetterKind::Code, LetterKind::Cancelled] {
        office.queue(&maya(kind, vec![stay("Room 1", 12)]));
        office.send_after(2, &letterbox).await;
    }
    office.queue(&maya(LetterKind::Changed, vec![stay("Room 2", 12)]));
    office.send_after(2, &letterbox).await;
    assert!(matches!(office.queue(&maya(LetterKind::Cancelled, vec![stay("Room 1", 12)])), Queued::Now(_)));
}

#[tokio::test]
async fn the_nearest_booking_comes_first_and_the_pace_is_kept() {
    let mut office = Office::new(|config| config.rate_per_minute = 2);
    let letterbox = Letterbox::default();
    for (person, hour) in [("c@x.example", 15), ("a@x.example", 13), ("d@x.example", 16), ("b@x.example", 14)] {
        office.queue(&letter(LetterKind::Code, person, 1, vec![stay("Room 1", hour)]));
    }
    assert_eq!(office.send_after(2, &letterbox).await.sent, 2);
    assert_eq!(office.send(&letterbox).await.sent, 0);
    assert_eq!(office.send_after(1, &letterbox).await.sent, 2);
    assert_eq!(letterbox.recipients(), ["a@x.example", "b@x.example", "c@x.example", "d@x.example"]);
}

#[tokio::test]
async fn a_letter_that_is_not_wanted_now_is_tried_with_growing_gaps_until_the_booking_is_over() {
    let mut office = Office::plain();
    let later = Letterbox::answering(vec![Outcome::Deferred("451 later".to_owned()); 100]);
    office.queue(&maya(LetterKind::Code, vec![stay("Room 1", 10)]));
    office.now += Duration::minutes(2);
    let mut tries = Vec::new();
    while office.now < at(11, 0) {
        if office.send(&later).await.deferred == 1 {
            tries.push((office.now - at(8, 2)).num_minutes());
        }
        office.now += Duration::minutes(1);
    }
    assert_eq!(tries, [0, 1, 3, 8, 18, 38, 68, 128]);
    assert_eq!(office.send(&later).await, Round { given_up: 1, ..Round::default() });
    assert_eq!(office.states(), [("code".to_owned(), MailState::GivenUp)]);
    let mut ids = later.header("Message-ID");
    ids.dedup();
    assert_eq!(ids.len(), 1, "the same letter each time");
}

#[tokio::test]
async fn a_refusal_is_final_and_staff_are_told() {
    let mut office = Office::plain();
    let no = Letterbox::answering([Outcome::Refused("550 no such user".to_owned())]);
    let to_maya = maya(LetterKind::Code, vec![stay("Room 1", 18)]);
    office.queue(&to_maya);
    assert_eq!(office.send_after(2, &no).await, Round { refused: 1, ..Round::default() });
    assert_eq!(office.send_after(120, &no).await, Round::default());
    assert_eq!(office.queue(&to_maya), Queued::AlreadyTold);
    let late = office.late();
    assert_eq!(
        (late.len(), late[0].person.as_str(), late[0].why.as_str()),
        (1, "maya@club.example", "550 no such user")
    );
    assert_eq!(office.late(), [], "each is told once");
    assert_eq!(
        office.store.with(|c| office.outbox.attention(c, office.now)).unwrap().len(),
        1,
        "but stays on the list"
    );
    assert_eq!(office.store.with(|c| office.outbox.attention(c, at(19, 0))).unwrap(), []);
}

#[tokio::test]
async fn a_server_that_cannot_be_used_is_left_alone_for_the_round() {
    let mut office = Office::plain();
    let down = Letterbox::answering([Outcome::Unreachable("nothing listens".to_owned())]);
    for person in ["a@x.example", "b@x.example"] {
        office.queue(&letter(LetterKind::Code, person, 1, vec![stay("Room 1", 12)]));
    }
    let round = office.send_after(2, &down).await;
    assert_eq!((round.deferred, round.unreachable.as_deref()), (1, Some("nothing listens")));
    assert_eq!(down.recipients(), ["a@x.example"]);
    assert_eq!(office.send_after(1, &down).await.sent, 2);
}

#[tokio::test]
async fn an_unanswered_letter_is_repeated_under_the_same_id_with_the_same_content() {
    let mut office = Office::plain();
    let doubt = Letterbox::answering([Outcome::InDoubt("cut".to_owned())]);
    office.queue(&maya(LetterKind::Code, vec![stay("Room 1", 12)]));
    office.send_after(2, &doubt).await;
    assert_eq!(office.send_after(1, &doubt).await.sent, 1);
    let (ids, texts) = (doubt.header("Message-ID"), doubt.texts());
    assert!(ids[0] == ids[1] && texts[0] == texts[1]);
}

#[tokio::test]
async fn a_crash_between_sending_and_noting_repeats_the_same_letter() {
    /// The program dies while the server has the letter.
    struct Dies<'a>(&'a Letterbox);
    #[async_trait]
    impl Transport for Dies<'_> {
        async fn send(&self, envelope: &Envelope, message: &[u8]) -> Outcome {
            self.0.send(envelope, message).await;
            std::future::pending().await
        }
    }
    let mut office = Office::plain();
    let letterbox = Letterbox::default();
    office.queue(&maya(LetterKind::Code, vec![stay("Room 1", 12)]));
    office.now += Duration::minutes(2);
    {
        let dies = Dies(&letterbox);
        let mut dying = Box::pin(office.outbox.send_due(&office.store, &dies, office.now));
        assert!(futures::poll!(&mut dying).is_pending());
    }
    assert_eq!(office.states(), [("code".to_owned(), MailState::Sending)]);
    assert_eq!(office.send(&letterbox).await.sent, 1);
    let ids = letterbox.header("Message-ID");
    assert_eq!((ids.len(), &ids[0]), (2, &ids[1]));
}

#[tokio::test]
async fn letters_are_sealed_while_they_wait_and_gone_afterwards() {
    let mut office = Office::plain();
    office.queue(&maya(LetterKind::Code, vec![stay("Room 1", 12)]));
    let body = |office: &Office| -> Option<Vec<u8>> {
        office.store.with(|connection| connection.query_row("SELECT body FROM mail", [], |row| row.get(0))).unwrap()
    };
    let sealed = body(&office).unwrap();
    assert!(!sealed.windows(4).any(|bytes| bytes == b"4821") && !sealed.windows(6).any(|bytes| bytes == b"Room 1"));
    office.send_after(2, &Letterbox::default()).await;
    assert_eq!(body(&office), None);
}

#[tokio::test]
async fn somebody_without_a_letter_an_hour_before_is_told_to_staff_once() {
    let mut office = Office::plain();
    let later = Letterbox::answering(vec![Outcome::Deferred("451 later".to_owned()); 100]);
    office.queue(&maya(LetterKind::Code, vec![stay("Room 1", 10)]));
    office.send_after(2, &later).await;
    office.now = at(8, 59);
    assert_eq!(office.late(), []);
    office.now = at(9, 0);
    assert_eq!(office.late().len(), 1);
    assert_eq!(office.late(), []);
    let letterbox = Letterbox::default();
    assert_eq!(office.send(&letterbox).await.sent, 2, "the letter, and one to staff");
    assert!(letterbox.texts().iter().any(|text| text.contains("maya@club.example (451 later)")));
    assert_eq!(office.store.with(|c| office.outbox.attention(c, office.now)).unwrap(), []);
}

#[tokio::test]
async fn a_letter_that_was_just_written_worries_nobody() {
    let mut office = Office::plain();
    office.queue(&maya(LetterKind::Code, vec![stay("Room 1", 8)]));
    office.now += Duration::minutes(4);
    assert_eq!(office.late(), []);
    office.now += Duration::minutes(1);
    assert_eq!(office.late().len(), 1);
}

#[tokio::test]
async fn malfunctions_are_told_at_once_then_once_an_hour_and_when_over() {
    let mut office = Office::new(|config| config.fault_prefix = "[Doors]".to_owned());
    let letterbox = Letterbox::default();
    assert!(office.raise("https://feed.example/SECRET?key=SECRET gives 500"));
    for _ in 0..59 {
        office.now += Duration::minutes(1);
        assert!(!office.raise("again"));
    }
    office.now += Duration::minutes(1);
    assert!(office.raise("again"));
    office.now += Duration::minutes(1);
    assert!(office.heal() && !office.heal());
    assert!(!office.raise("flaps"), "within the hour of the last letter");
    assert!(!office.heal(), "whose failing was not told");
    office.send(&letterbox).await;
    let texts = letterbox.texts();
    assert_eq!(texts.len(), 3);
    assert!(texts[0].contains("https://feed.example/… gives 500") && !texts[0].contains("SECRET"));
    assert!(texts[1].contains("60 times") && texts[2].contains("works again"));
    assert_eq!(letterbox.header("Subject")[0], "[Doors] feed rooms");
    assert_eq!(letterbox.recipients()[..2], ["it@site.example", "boss@site.example"]);
}

#[tokio::test]
async fn nobody_hears_of_malfunctions_where_nobody_is_named() {
    let office = Office::new(|config| config.fault_recipients = String::new());
    assert!(!office.raise("down") && !office.heal());
    assert_eq!(office.states(), []);
}

#[tokio::test]
async fn an_address_that_is_none_is_told_to_staff() {
    let office = Office::plain();
    let letter = maya(LetterKind::Code, vec![stay("Room 1", 12)]).to("maya@club.example\r\nRCPT TO:<x@x.example>");
    assert_eq!(office.queue(&letter), Queued::NoAddress);
    assert_eq!(office.late().len(), 1);
}

#[tokio::test]
async fn letters_of_a_person_can_be_forgotten_and_old_ones_go() {
    let mut office = Office::plain();
    office.queue(&maya(LetterKind::Code, vec![stay("Room 1", 12)]));
    office.queue(&letter(LetterKind::Code, "noor@club.example", 2, vec![stay("Room 2", 12)]));
    office.send_after(2, &Letterbox::default()).await;
    let tx = |work: &dyn Fn(&rusqlite::Transaction<'_>) -> Result<usize, MailError>| {
        office.store.transaction(|tx| work(tx)).unwrap()
    };
    tx(&|tx| mark_undeliverable(tx, "maya@club.example", "bounced", office.now).map(|()| 0));
    assert_eq!(office.store.with(|c| office.outbox.attention(c, office.now)).unwrap()[0].kind, "bounce");
    assert_eq!(tx(&|tx| erase(tx, "maya@club.example")), 1);
    assert_eq!(office.store.with(|c| office.outbox.attention(c, office.now)).unwrap(), []);
    assert_eq!(tx(&|tx| purge(tx, at(12, 59))), 0, "its booking is not over yet");
    assert_eq!(tx(&|tx| purge(tx, at(13, 1))), 1);
}

#[tokio::test]
async fn a_letter_that_is_taken_takes_its_person_off_the_list() {
    let mut office = Office::plain();
    let letterbox = Letterbox::answering([Outcome::Refused("550 5.1.1 nobody".to_owned())]);
    office.queue(&maya(LetterKind::Code, vec![stay("Room 1", 12)]));
    office.send_after(2, &letterbox).await;
    let mark =
        |tx: &rusqlite::Transaction<'_>| mark_undeliverable(tx, "maya@club.example", "550 5.1.1 nobody", at(8, 0));
    office.store.transaction(mark).unwrap();
    let list = |office: &Office| office.store.with(|c| office.outbox.attention(c, office.now)).unwrap().len();
    assert_eq!(list(&office), 1, "the letter and the mark say the same");
    office.queue(&maya(LetterKind::Changed, vec![stay("Room 2", 12)]));
    office.send_after(2, &letterbox).await;
    assert_eq!((letterbox.recipients().len(), list(&office)), (2, 0));
}
