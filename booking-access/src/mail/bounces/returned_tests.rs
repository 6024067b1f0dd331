use chrono_tz::Tz;

use super::*;
use crate::codes::CodesConfig;
use crate::mail::{Attention, MailConfig, MailState};
use crate::testing::at;
use crate::{AccessConfig, Sealer, Settings, Store};

const ANN: &str = "ann@x.example";
const LETTER: &str = "00112233445566778899aabbccddeeff";

fn access() -> Access {
    let settings = Settings { access: AccessConfig::default(), codes: CodesConfig::default(), zone: Tz::UTC };
    let config = MailConfig {
        enabled: true,
        server: "mail.example".to_owned(),
        sender: "desk@site.example".to_owned(),
        fault_recipients: "IT@site.example".to_owned(),
        ..MailConfig::default()
    };
    let sealer = Sealer::for_this_process().unwrap();
    Access::open(Store::in_memory().unwrap(), sealer, settings).unwrap().with_mail(&config).unwrap()
}

/// A letter that the mail server took at eight, about a booking that ends at twenty.
fn sent(access: &Access, key: &str, person: &str) {
    let kind = if person.is_empty() { "fault" } else { "code" };
    let insert =
        "INSERT INTO mail (key, base, person, kind, state, queued, not_before, starts, useless_from, finished, result)
                  VALUES (?1, ?1, ?2, ?3, 'sent', ?4, ?4, ?5, ?5, ?4, 'accepted by the mail server')";
    let (then, end) = (at(8, 0).timestamp_millis(), at(20, 0).timestamp_millis());
    access.store().with(|connection| connection.execute(insert, (key, person, kind, then, end))).unwrap();
}

fn report(message_id: Option<&str>, address: &str, fate: Fate) -> DeliveryReport {
    let recipient =
        ReportedRecipient { addresses: vec![address.to_owned()], fate, words: "550 5.1.1 no such user".to_owned() };
    let message_id = message_id.map(|name| format!("{name}@site.example"));
    DeliveryReport { message_id, envelope_id: None, recipients: vec![recipient] }
}

fn take(access: &Access, report: &DeliveryReport) -> (bool, Bounced) {
    let mut bounced = Bounced::default();
    let ours = access.take_report(report, at(9, 0), &mut bounced).unwrap();
    (ours, bounced)
}

fn unreached(access: &Access) -> Vec<Attention> {
    access.unreached(at(9, 0)).unwrap()
}

fn marked(access: &Access) -> bool {
    let query = "SELECT count(*) FROM mail_undeliverable";
    access.store().with(|connection| connection.query_row(query, [], |row| row.get::<_, i64>(0))).unwrap() > 0
}

#[test]
fn a_letter_that_came_back_counts_once_and_its_person_is_on_the_list_once() {
    let access = access();
    sent(&access, LETTER, ANN);
    let refused = report(Some(LETTER), ANN, Fate::Refused);
    let why = "came back: 550 5.1.1 no such user";
    assert_eq!(take(&access, &refused).1.returned, [(ANN.to_owned(), why.to_owned())]);
    assert_eq!(take(&access, &refused), (true, Bounced::default()), "the second time it says nothing new");
    let list = unreached(&access);
    assert_eq!((list.len(), list[0].person.as_str(), list[0].why.as_str()), (1, ANN, why));
    assert_eq!(access.letters(Some(ANN)).unwrap()[0].state, MailState::Failed);
    assert!(marked(&access));
    assert_eq!(access.late_letters(at(9, 0)).unwrap().len(), 1, "staff are told");
}

#[test]
fn only_what_is_refused_for_good_marks_the_person() {
    for (fate, returned, delayed, mark) in [
        (Fate::Refused, 1, 0, true),
        (Fate::GivenUp, 1, 0, false),
        (Fate::Delayed, 0, 1, false),
        (Fate::Other, 0, 0, false),
    ] {
        let access = access();
        sent(&access, LETTER, ANN);
        let (ours, bounced) = take(&access, &report(Some(LETTER), ANN, fate));
        assert_eq!((ours, bounced.returned.len(), bounced.delayed.len()), (true, returned, delayed), "{fate:?}");
        assert_eq!((marked(&access), unreached(&access).len()), (mark, returned), "{fate:?}");
    }
}

#[test]
fn a_forged_report_switches_off_nobody() {
    let access = access();
    sent(&access, LETTER, ANN);
    let other = "ffeeddccbbaa99887766554433221100";
    for (what, forged) in [
        ("a name that is none of ours", report(Some(other), ANN, Fate::Refused)),
        ("somebody else's letter to the same person", report(Some("abc.def"), ANN, Fate::Refused)),
        ("somebody whom nobody wrote to", report(None, "stranger@x.example", Fate::Refused)),
        ("no address", report(None, "' OR 1=1 --@", Fate::Refused)),
    ] {
        assert_eq!(take(&access, &forged), (false, Bounced::default()), "{what}");
    }
    assert!(!marked(&access) && unreached(&access).is_empty());
}

#[test]
fn without_the_name_of_a_letter_only_those_count_whom_we_wrote_to_in_the_last_days() {
    let access = access();
    sent(&access, LETTER, ANN);
    let unnamed = report(None, "Ann@X.example", Fate::Refused);
    let late = at(9, 0) + Duration::days(DAYS);
    assert!(!access.take_report(&unnamed, late, &mut Bounced::default()).unwrap(), "that was long ago");
    assert_eq!(take(&access, &unnamed).1.returned.len(), 1);
}

#[test]
fn the_envelope_may_name_the_letter_too() {
    let access = access();
    sent(&access, LETTER, ANN);
    let named = DeliveryReport {
        envelope_id: Some(LETTER.to_uppercase()),
        ..report(None, "forwarded@elsewhere.example", Fate::Refused)
    };
    assert_eq!(take(&access, &named).1.returned[0].0, ANN, "whoever the letter was written to");
}

#[test]
fn a_fault_mail_that_came_back_is_told_and_marks_nobody() {
    let access = access();
    sent(&access, LETTER, "");
    let (ours, bounced) = take(&access, &report(Some(LETTER), "it@site.example", Fate::Refused));
    assert_eq!((ours, bounced.staff.len()), (true, 1));
    let (_, bounced) = take(&access, &report(Some(LETTER), "stranger@x.example", Fate::Refused));
    assert_eq!((bounced.staff.len(), marked(&access)), (0, false));
}
