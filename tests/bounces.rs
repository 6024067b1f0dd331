//! Letters that come back, as a real IMAP server hands over what others say of them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use serde_json::{Value, json};
use tests::{BookingSite, Certificate, ImapServer, SmtpServer, clear_mail};

const ANN: (&str, &str) = ("Ann Lee", "ann@x.example");
const BOB: (&str, &str) = ("Bob Ray", "bob@x.example");
const PASSWORD: &str = "sesame 43";

/// A mailbox on a server of its own, and a venue whose letters go to a server of theirs.
struct Desk {
    smtp: SmtpServer,
    imap: ImapServer,
    site: BookingSite,
    /// The names that the server gets from the certificate have to live as long as the site.
    _certificate: Certificate,
}

impl Desk {
    fn start(tls: &str, more: &str) -> Self {
        Self::with_password(tls, more, PASSWORD)
    }

    fn with_password(tls: &str, more: &str, password: &str) -> Self {
        let certificate = Certificate::make();
        let (smtp, imap) = (SmtpServer::start(&[]), ImapServer::start(&certificate, PASSWORD));
        let port = if tls == "starttls" { imap.starttls() } else { imap.implicit() };
        let root = certificate.file("root.pem");
        let mail = format!(
            "{}envelope_sender = \"bounces@site.example\"\n[mail.bounces]\nserver = \"127.0.0.1\"\nport = {port}\n\
             tls = \"{tls}\"\ntrust = {{ extra_root = {root:?} }}\nuser = \"bounces\"\npassword = \"env:IMAP_PASSWORD\"\n{more}",
            clear_mail(&smtp)
        );
        let secrets = vec![("IMAP_PASSWORD", password.to_owned())];
        let site = BookingSite::with_secrets(&["--bookings", "0"], &[], &mail, secrets);
        Self { smtp, imap, site, _certificate: certificate }
    }

    /// The Message-ID of the one letter to somebody.
    fn message_id(&self, address: &str) -> String {
        let letters = self.smtp.kept_for(address);
        assert_eq!(letters.len(), 1, "letters to {address}");
        letters[0].header("message-id").to_owned()
    }

    /// Who is on the list of people that no letter reaches, by `status`.
    fn unreached(&self) -> Vec<Value> {
        self.site.status()["unreached"].as_array().unwrap().iter().map(|one| one["person"].clone()).collect()
    }

    /// One cycle; answers its report.
    fn cycle(&self) -> Value {
        self.site.poll().json()
    }
}

/// What a mail server writes about a letter.
fn report(address: &str, action: &str, status: &str, message_id: &str) -> String {
    format!(
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example\r\nTo: bounces@site.example\r\nSubject: Returned\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"=b\"\r\n\r\n\
         --=b\r\nContent-Type: text/plain\r\n\r\nYour letter.\r\n\r\n--=b\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; {address}\r\nAction: {action}\r\nStatus: {status}\r\n\
         Diagnostic-Code: smtp; 550 {status} mailbox not found\r\n\r\n--=b\r\nContent-Type: text/rfc822-headers\r\n\r\n\
         Message-ID: {message_id}\r\nSubject: Access\r\n\r\n--=b--\r\n"
    )
}

const OUT_OF_OFFICE: &str = "From: Bob Ray <bob@x.example>\r\nTo: bounces@site.example\r\nSubject: Out of office\r\n\
                             Auto-Submitted: auto-replied\r\nContent-Type: text/plain\r\n\r\nBack on Monday. The vault is 4711.\r\n";

#[test]
fn a_letter_that_comes_back_puts_its_person_on_the_list_and_a_later_one_takes_them_off() {
    let desk = Desk::start("implicit", "");
    desk.site.book(ANN, "Room #1", -10, 60);
    desk.site.book(BOB, "Room #4", -10, 60);
    let first = desk.site.poll_well();
    assert_eq!((&first["mails"], &first["returned"]), (&json!(2), &json!(0)), "{first}");

    desk.imap.deliver("1.failed", &report(ANN.1, "failed", "5.1.1", &desk.message_id(ANN.1)));
    desk.imap.deliver("2.delayed", &report(BOB.1, "delayed", "4.4.1", &desk.message_id(BOB.1)));
    desk.imap.deliver("3.answer", OUT_OF_OFFICE);
    desk.imap.deliver("4.forged", &report(BOB.1, "failed", "5.1.1", "<somebody-elses@x.example>"));
    desk.imap.deliver("5.stranger", &report("eve@x.example", "failed", "5.1.1", "<more@x.example>"));
    let said = desk.site.poll();
    let told = said.json();
    assert_eq!(told["returned"], 1, "{told}");
    assert!(
        said.all().contains("the letter to ann@x.example came back: 550 5.1.1 mailbox not found"),
        "{}",
        said.all()
    );
    assert!(said.all().contains("the letter to bob@x.example is delayed"), "{}", said.all());
    assert_eq!(desk.unreached(), [ANN.1]);
    let status = desk.site.run(&["status"]);
    assert!(status.out.contains("No letter reaches ann@x.example: came back"), "{}", status.all());
    let why = desk.site.run(&["why", ANN.1]);
    assert!(why.out.contains("BROKEN") && why.out.contains("came back"), "{}", why.all());
    assert_eq!(desk.site.opens(ANN.1).len(), 2, "doors do not depend on letters");

    // Ours are read, all others are as they came, and of nobody else's mail anything stands in the log.
    let read = |name: &str| desk.imap.mails(false).iter().find(|mail| mail.0 == name).map(|mail| mail.1);
    assert_eq!(["1.failed", "2.delayed"].map(read), [Some(true); 2], "{:?}", desk.imap.mails(false));
    assert_eq!(["3.answer", "4.forged", "5.stranger"].map(read), [Some(false); 3], "{:?}", desk.imap.mails(false));
    let log = desk.site.server.logged().join("\n");
    for word in ["eve@", "4711", "Out of office", PASSWORD, "more@"] {
        assert!(!log.contains(word) && !said.all().contains(word), "{word}:\n{log}");
    }

    // The same again says nothing new.
    desk.imap.deliver("6.again", &report(ANN.1, "failed", "5.1.1", &desk.message_id(ANN.1)));
    let again = desk.cycle();
    assert_eq!((&again["returned"], desk.unreached().len()), (&json!(0), 1), "{again}");
    assert_eq!(desk.cycle()["returned"], 0);
    let about = desk.smtp.kept_for("desk@site.example").into_iter().filter(|mail| mail.text().contains(ANN.1)).count();
    assert_eq!(about, 1, "staff are told once");

    assert_eq!(desk.site.run(&["resend", ANN.1, "--reason", "the mailbox was full"]).code, 0);
    desk.site.poll_well();
    assert_eq!((desk.smtp.kept_for(ANN.1).len(), desk.unreached()), (2, vec![]));
}

#[test]
fn a_read_report_is_moved_where_that_is_wanted_and_starttls_protects_the_way() {
    let desk = Desk::start("starttls", "move_to = \"Done\"\n");
    let test = desk.site.run(&["test"]);
    assert_eq!(test.code, 0, "{}", test.all());
    assert!(test.all().contains("✓ folder"), "{}", test.all());
    desk.site.book(ANN, "Room #1", -10, 60);
    desk.site.poll_well();
    desk.imap.deliver("1.failed", &report(ANN.1, "failed", "5.1.1", &desk.message_id(ANN.1)));
    desk.imap.deliver("2.answer", OUT_OF_OFFICE);
    assert_eq!(desk.cycle()["returned"], 1);
    assert_eq!(desk.imap.mails(false), [("2.answer".to_owned(), false)]);
    assert_eq!(desk.imap.mails(true).iter().filter(|mail| mail.1).count(), 1, "{:?}", desk.imap.mails(true));
}

#[test]
fn a_report_is_counted_once_however_often_the_service_is_killed() {
    let desk = Desk::start("implicit", "");
    desk.site.book(ANN, "Room #1", -10, 60);
    desk.site.poll_well();
    desk.imap.deliver("1.failed", &report(ANN.1, "failed", "5.1.1", &desk.message_id(ANN.1)));
    for delay in [50, 150, 300, 450, 600, 900] {
        let mut cycle = desk.site.server.start(&["run", "--once"]);
        // Not a wait for something to happen: the moment of the kill is the point.
        std::thread::sleep(std::time::Duration::from_millis(delay));
        let _ = cycle.kill();
        let _ = cycle.wait();
    }
    desk.site.poll();
    assert_eq!(desk.unreached(), [ANN.1]);
    let letters = desk.site.run(&["status", "--json"]).json();
    assert_eq!(letters["unreached"][0]["why"], "came back: 550 5.1.1 mailbox not found", "{letters}");
    assert_eq!(desk.imap.mails(false), [("1.failed".to_owned(), true)]);
    desk.site.letters_are_due();
    desk.site.poll();
    let about = desk.smtp.kept_for("desk@site.example").into_iter().filter(|mail| mail.text().contains(ANN.1)).count();
    assert_eq!(about, 1, "staff are told once");
}

#[test]
fn a_mailbox_that_cannot_be_read_is_named_and_stops_nothing() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (edit, password, step) in [
        (None, "not-sesame", "✗ sign-on"),
        (Some(("tls = \"implicit\"\ntrust", "tls = \"implicit\"\n# trust".to_owned())), PASSWORD, "✗ TLS"),
        (Some(("user = \"bounces\"", "user = \"bounces\"\nmove_to = \"Nowhere\"".to_owned())), PASSWORD, "✗ folder"),
        (
            Some((
                "[mail.bounces]\nserver = \"127.0.0.1\"\nport = ",
                format!("[mail.bounces]\nserver = \"127.0.0.1\"\nport = {closed} # "),
            )),
            PASSWORD,
            "✗ connect",
        ),
    ] {
        let desk = Desk::with_password("implicit", "", password);
        if let Some((before, after)) = edit {
            desk.site.reconfigure(|text| text.replacen(before, &after, 1));
        }
        let test = desk.site.run(&["test"]);
        assert_eq!(test.code, 1, "{}", test.all());
        let told = test.all();
        let (_, after) = told.split_once(step).unwrap_or_else(|| panic!("no {step:?} in:\n{told}"));
        let remedy = after.lines().nth(1).unwrap();
        assert!(remedy.starts_with("      ") && remedy.len() > 15, "no remedy after {step}:\n{told}");
        desk.site.book(ANN, "Room #1", -10, 60);
        let said = desk.site.poll();
        if step != "✗ folder" {
            assert_eq!(said.code, 1, "{}", said.all());
            assert!(said.all().contains("the mailbox for letters that come back"), "{}", said.all());
        }
        assert!(!said.all().contains(password) && !told.contains(password), "the password is shown");
        assert_eq!((desk.site.opens(ANN.1).len(), desk.smtp.kept_for(ANN.1).len()), (2, 1), "doors and letters go on");
    }
}
