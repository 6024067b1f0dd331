use proptest::prelude::*;

use super::*;

const NAME: &str = "00112233445566778899aabbccddeeff";

/// A report as Postfix builds it: blank line between the groups, diagnostic over several lines, headers alone come back.
fn postfix(action: &str, status: &str) -> String {
    format!(
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.site.example (Mail Delivery System)\r\n\
         Subject: Undelivered Mail Returned to Sender\r\nTo: bounces@site.example\r\nAuto-Submitted: auto-replied\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status;\r\n\
         \tboundary=\"4Zk/mx.site.example\"\r\n\r\nThis is a MIME-encapsulated message.\r\n\r\n\
         --4Zk/mx.site.example\r\nContent-Description: Notification\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n\
         This is the mail system at host mx.site.example.\r\n\r\n\
         --4Zk/mx.site.example\r\nContent-Description: Delivery report\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.site.example\r\nX-Postfix-Queue-ID: 4Zk\r\nArrival-Date: Sun, 22 Nov 2026 10:00:00 +0000\r\n\r\n\
         Final-Recipient: rfc822; ann.new@y.example\r\nOriginal-Recipient: rfc822;ann@x.example\r\nAction: {action}\r\n\
         Status: {status}\r\nRemote-MTA: dns; mx.y.example\r\nDiagnostic-Code: smtp; 550 {status} <ann.new@y.example>:\r\n\
         \x20   Recipient address rejected: no such user\r\n\r\n\
         --4Zk/mx.site.example\r\nContent-Description: Undelivered Message Headers\r\nContent-Type: text/rfc822-headers\r\n\r\n\
         Received: by mx.site.example\r\nMessage-ID: <{NAME}@site.example>\r\nTo: Ann Lee <ann@x.example>\r\n\r\n\
         --4Zk/mx.site.example--\r\n"
    )
}

/// As Exchange builds it: the whole letter comes back, an HTML part with pictures stands first, no space behind the types.
const EXCHANGE: &str = "From: postmaster@corp.example\r\nSubject: Undeliverable: Access\r\nMIME-Version: 1.0\r\n\
    Content-Type: multipart/report; report-type=delivery-status;\r\n boundary=\"b1_corp\"\r\nContent-Language: en-GB\r\n\r\n\
    --b1_corp\r\nContent-Type: multipart/related; boundary=\"b2\"\r\n\r\n\
    --b2\r\nContent-Type: text/html; charset=\"us-ascii\"\r\n\r\n<html><body>Final-Recipient: rfc822;other@x.example</body></html>\r\n--b2--\r\n\
    --b1_corp\r\nContent-Type: message/delivery-status\r\n\r\n\
    Reporting-MTA: dns;mail.corp.example\r\nReceived-From-MTA: dns;site.example\r\nArrival-Date: Sun, 22 Nov 2026 10:00:00 +0000\r\n\r\n\
    Final-Recipient: rfc822;Ann@X.example\r\nAction: failed\r\nStatus: 5.1.10\r\n\
    Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found\r\nX-Display-Name: Ann Lee\r\n\r\n\
    --b1_corp\r\nContent-Type: message/rfc822\r\n\r\n\
    Message-ID: <00112233445566778899aabbccddeeff@site.example>\r\nSubject: Access\r\nContent-Type: text/plain\r\n\r\n\
    Message-ID: <not-a-header@x.example>\r\n--b1_corp--\r\n";

/// As Gmail builds it: everything after an explanation in two forms, the reason over many lines that each repeat the code.
const GMAIL: &str = "From: Mail Delivery Subsystem <mailer-daemon@gmail.example>\r\nTo: bounces@site.example\r\nMIME-Version: 1.0\r\n\
    Content-Type: multipart/report; boundary=\"0000\"; report-type=delivery-status\r\nIn-Reply-To: <x@site.example>\r\n\r\n\
    --0000\r\nContent-Type: multipart/alternative; boundary=\"0001\"\r\n\r\n--0001\r\nContent-Type: text/plain\r\n\r\nAddress not found\r\n--0001--\r\n\
    --0000\r\nContent-Type: message/delivery-status\r\n\r\n\
    Reporting-MTA: dns; gmail.example\r\nOriginal-Envelope-Id: 00112233445566778899aabbccddeeff\r\n\
    X-Original-Message-ID: <x@site.example>\r\n\r\n\
    Final-Recipient: rfc822; ann@x.example\r\nAction: failed\r\nStatus: 5.1.1\r\nRemote-MTA: dns; mx.x.example. (192.0.2.1, the server\r\n for the domain.)\r\n\
    Diagnostic-Code: smtp; 550-5.1.1 The account does not exist. Please try\r\n 550 5.1.1 double-checking the address\r\n\r\n\
    --0000\r\nContent-Type: message/rfc822\r\n\r\nSubject: Access\r\n\r\ntext\r\n--0000--\r\n";

fn one(mail: &str) -> (DeliveryReport, ReportedRecipient) {
    let report = delivery_report(mail.as_bytes()).expect("is a report");
    assert_eq!(report.recipients.len(), 1);
    let recipient = report.recipients[0].clone();
    (report, recipient)
}

#[test]
fn reports_of_three_servers_are_read() {
    let (report, ann) = one(&postfix("failed", "5.1.1"));
    assert_eq!(report.message_id.as_deref(), Some("00112233445566778899aabbccddeeff@site.example"));
    assert_eq!(ann.addresses, ["ann@x.example", "ann.new@y.example"]);
    let words = "550 5.1.1 <ann.new@y.example>: Recipient address rejected: no such user";
    assert_eq!((ann.fate, ann.words.as_str()), (Fate::Refused, words));

    let (report, ann) = one(EXCHANGE);
    assert_eq!(report.message_id.as_deref(), Some("00112233445566778899aabbccddeeff@site.example"));
    assert_eq!((ann.addresses, ann.fate), (vec!["Ann@X.example".to_owned()], Fate::Refused));
    assert!(ann.words.starts_with("550 5.1.10 RESOLVER"), "{}", ann.words);

    let (report, ann) = one(GMAIL);
    assert_eq!((report.message_id.as_deref(), report.envelope_id.as_deref()), (None, Some(NAME)));
    assert_eq!(ann.fate, Fate::Refused);
    assert!(ann.words.ends_with("double-checking the address"), "{}", ann.words);
}

#[test]
fn only_what_failed_for_good_is_refused() {
    for (action, status, expected) in [
        ("failed", "5.1.1", Fate::Refused),
        ("Failed", "5.7.1 (policy)", Fate::Refused),
        ("failed", "4.4.7", Fate::GivenUp),
        ("failed", "none", Fate::Refused),
        ("failed", "2.0.0", Fate::Other),
        ("delayed", "4.4.1", Fate::Delayed),
        ("delayed", "5.1.1", Fate::Delayed),
        ("delivered", "2.0.0", Fate::Other),
        ("relayed", "2.0.0", Fate::Other),
        ("expanded", "5.0.0", Fate::Other),
    ] {
        assert_eq!(one(&postfix(action, status)).1.fate, expected, "{action} {status}");
    }
    // Without any code nobody knows whether the next letter would fare better.
    let none = postfix("failed", "").replace("smtp; 550  ", "x-unix; ");
    assert_eq!(one(&none).1.fate, Fate::GivenUp);
}

#[test]
fn what_is_no_report_is_none() {
    let report = postfix("failed", "5.1.1");
    assert!(delivery_report(report.as_bytes()).is_some());
    let reading = report.replace("report-type=delivery-status", "report-type=disposition-notification");
    let plain = report.replace("multipart/report", "multipart/mixed");
    let forwarded = format!(
        "Content-Type: multipart/mixed; boundary=f\r\n\r\n--f\r\nContent-Type: message/rfc822\r\n\r\n{report}\r\n--f--\r\n"
    );
    let answer = "Subject: Out of office\r\nAuto-Submitted: auto-replied\r\nContent-Type: text/plain\r\n\r\n\
                  Final-Recipient: rfc822; ann@x.example\r\nAction: failed\r\nStatus: 5.1.1\r\n";
    let without_status = report.replace("message/delivery-status", "text/plain");
    for (what, mail) in [
        ("a receipt", reading.as_str()),
        ("another kind", &plain),
        ("a report that somebody forwards", &forwarded),
        ("an answer", answer),
        ("no status", &without_status),
        ("nothing", ""),
    ] {
        assert!(delivery_report(mail.as_bytes()).is_none(), "{what}");
    }
}

#[test]
fn a_report_that_is_cut_anywhere_is_read_as_far_as_it_goes() {
    let whole = postfix("failed", "5.1.1");
    let after_status = whole.find("Content-Description: Undelivered").unwrap();
    for end in 0..whole.len() {
        if let Some(report) = delivery_report(&whole.as_bytes()[..end]) {
            assert!(report.recipients[0].addresses.contains(&"ann.new@y.example".to_owned()) || end < after_status);
        }
    }
    let cut = delivery_report(&whole.as_bytes()[..after_status]).expect("the status stands before");
    assert_eq!((cut.message_id, cut.recipients[0].fate), (None, Fate::Refused));
}

#[test]
fn a_report_without_end_is_bounded() {
    let group = "Final-Recipient: rfc822; a@x.example\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; "
        .to_owned()
        + &"x".repeat(5_000)
        + "\r\n\r\n";
    let head = "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\
                Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; a\r\n\r\n";
    let report = delivery_report((head.to_owned() + &group.repeat(500)).as_bytes()).unwrap();
    assert_eq!(report.recipients.len(), MOST_RECIPIENTS);
    assert!(report.recipients.iter().all(|one| one.words.chars().count() <= LONGEST_VALUE + 10));
}

#[test]
fn the_kind_of_a_mail_tells_whether_it_may_be_a_report() {
    assert!(may_be_report(b"Content-Type: multipart/report; report-type=\"delivery-status\";\r\n\tboundary=x\r\n\r\n"));
    assert!(may_be_report(b"CONTENT-TYPE: Multipart/Report; boundary=x; Report-Type=Delivery-Status\r\n\r\n"));
    for other in ["", "\r\n", "Content-Type: text/plain\r\n\r\n", "Content-Type: multipart/report; boundary=x\r\n\r\n"]
    {
        assert!(!may_be_report(other.as_bytes()), "{other:?}");
    }
}

#[test]
fn nobody_is_named_in_debug() {
    let (report, ann) = one(&postfix("failed", "5.1.1"));
    assert!(!format!("{report:?} {ann:?}").contains("example"));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = (delivery_report(&bytes), may_be_report(&bytes));
    }

    #[test]
    fn no_bytes_within_a_report_make_it_panic(place in 0..2_000_usize, bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut mail = postfix("failed", "5.1.1").into_bytes();
        let place = place.min(mail.len());
        mail.splice(place..(place + bytes.len()).min(mail.len()), bytes);
        if let Some(report) = delivery_report(&mail) {
            prop_assert!(report.recipients.len() <= MOST_RECIPIENTS);
        }
    }

    #[test]
    fn no_text_as_status_makes_it_panic(status in "[ -~\\r\\n\u{80}-\u{2fff}]{0,400}") {
        let mail = format!(
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\
             Content-Type: message/delivery-status\r\n\r\n{status}\r\n--b--\r\n"
        );
        let _ = delivery_report(mail.as_bytes());
    }
}
