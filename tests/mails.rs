//! Letters as a real mail server receives them and others read them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::json;
use tests::{BookingSite, Certificate, Kept, MAIL, SmtpServer, read_code};

const ANN: (&str, &str) = ("Ann Lee", "ann@x.example");
const BOB: (&str, &str) = ("Bob Ray", "bob@x.example");
const PASSWORD: &str = "sesame 42";

/// A venue without bookings, and mail over TLS with a password, which stands in the environment.
fn site_with_password(connection: &str, password: &str) -> BookingSite {
    let more = format!("{MAIL}user = \"bookings\"\npassword = \"env:SMTP_PASSWORD\"\n{connection}");
    BookingSite::with_secrets(&["--bookings", "0"], &[], &more, vec![("SMTP_PASSWORD", password.to_owned())])
}

fn tls_server(tls: &str, certificate: &Certificate) -> SmtpServer {
    let (cert, key) = (certificate.file("cert.pem"), certificate.file("key.pem"));
    SmtpServer::start(&["--tls", tls, "--cert", &cert, "--key", &key, "--user", "bookings", "--password", PASSWORD])
}

/// The one letter to an address.
fn only_letter(smtp: &SmtpServer, address: &str) -> Kept {
    let mut letters = smtp.kept_for(address);
    assert_eq!(letters.len(), 1);
    letters.remove(0)
}

fn pin(letter: &Kept) -> String {
    letter.between("This is what opens the door: ", "\n").trim().to_owned()
}

#[test]
fn a_qr_letter_shows_the_number_that_net2_has_to_whoever_reads_it() {
    let smtp = SmtpServer::start(&[]);
    let site = BookingSite::with_mail(&smtp, "");
    site.book(ANN, "Room #1", -10, 60);
    site.poll_well();
    let letter = only_letter(&smtp, ANN.1);
    let inner = json!({"multipart/alternative": ["text/plain", {"multipart/related": ["text/html", "image/png"]}]});
    assert_eq!(letter.mail["structure"], json!({"multipart/mixed": [inner, "image/png"]}));
    assert_eq!(letter.mail["defects"], json!([]));
    let number = site.code(ANN.1);
    assert_eq!(letter.decoded(), [number.as_str(), number.as_str()], "the picture in the letter and the attached one");
    let pictures = letter.mail["pictures"].as_array().unwrap();
    let places: Vec<_> = pictures.iter().map(|picture| picture["disposition"].clone()).collect();
    assert_eq!(places, ["inline", "attachment"]);
    let id = pictures[0]["id"].as_str().unwrap().trim_matches(['<', '>']);
    assert!(letter.html().contains(&format!("src=\"cid:{id}\"")), "{}", letter.html());
    assert!(!letter.html().contains("data:") && !letter.html().contains("http"), "{}", letter.html());
    assert!(letter.text().contains("QR code in the attached picture"));
    assert!(letter.text().contains("Room #1") && letter.html().contains("Room #1"));

    for (header, value) in [
        ("from", "Front desk <no-reply@site.example>"),
        ("to", "Ann Lee <ann@x.example>"),
        ("subject", "Access to the resource you booked"),
        ("auto-submitted", "auto-generated"),
        ("x-auto-response-suppress", "All"),
    ] {
        assert_eq!(letter.header(header), value);
    }
    let (id, date) = (letter.header("message-id"), letter.header("date"));
    assert!(id.starts_with('<') && id.ends_with("@site.example>") && !id.contains(&number), "{id}");
    assert!(chrono::DateTime::parse_from_rfc2822(date).is_ok(), "{date}");
    assert_eq!((&letter.envelope["from"], &letter.envelope["to"]), (&json!("no-reply@site.example"), &json!([ANN.1])));
}

#[test]
fn a_pin_letter_tells_the_pin_that_net2_has_in_two_forms_and_a_calendar_goes_around_them() {
    let smtp = SmtpServer::start(&[]);
    for (calendar, expected) in [
        ("", json!({"multipart/alternative": ["text/plain", "text/html"]})),
        (
            "calendar = true\n",
            json!({"multipart/mixed": [{"multipart/alternative": ["text/plain", "text/html"]}, "text/calendar"]}),
        ),
    ] {
        let more = format!(
            "{calendar}reply_to = \"help@site.example\"\nenvelope_sender = \"bounces@site.example\"\n[codes]\nidentification = \"pin\"\n"
        );
        let site = BookingSite::with_mail(&smtp, &more);
        let who = (ANN.0, if calendar.is_empty() { "plain@x.example" } else { "calendar@x.example" });
        site.book(who, "Room #1", -10, 60);
        site.poll_well();
        let letter = only_letter(&smtp, who.1);
        assert_eq!(letter.mail["structure"], expected);
        assert_eq!(pin(&letter), site.code(who.1));
        assert!(letter.html().contains(&site.code(who.1)), "{}", letter.html());
        assert_eq!(letter.header("reply-to"), "help@site.example");
        assert_eq!(letter.envelope["from"], "bounces@site.example");
    }
}

#[test]
fn a_letter_comes_over_starttls_and_over_tls_to_whoever_signs_on() {
    let certificate = Certificate::make();
    let root = format!("trust = {{ extra_root = {:?} }}\n", certificate.file("root.pem"));
    let pinned = format!("trust = {{ pinned_sha256 = [{:?}] }}\n", certificate.fingerprint());
    for (tls, trust) in [("starttls", &root), ("implicit", &root), ("implicit", &pinned)] {
        let smtp = tls_server(tls, &certificate);
        let site = site_with_password(&format!("port = {}\ntls = \"{tls}\"\n{trust}", smtp.port()), PASSWORD);
        let said = site.run(&["test"]);
        assert_eq!(said.code, 0, "{}", said.all());
        assert!(said.all().contains("✓ sign-on"), "{}", said.all());
        site.book(ANN, "Room #1", -10, 60);
        site.poll_well();
        assert_eq!(only_letter(&smtp, ANN.1).envelope["tls"], true);
    }
}

#[test]
fn test_names_the_step_at_which_mail_fails_and_nothing_is_sent_in_the_clear() {
    let certificate = Certificate::make();
    let (starttls, clear) = (tls_server("starttls", &certificate), SmtpServer::start(&[]));
    let root = format!("trust = {{ extra_root = {:?} }}\n", certificate.file("root.pem"));
    let connection = |smtp: &SmtpServer, more: &str| format!("port = {}\ntls = \"starttls\"\n{more}", smtp.port());
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (connection, password, step) in [
        (connection(&starttls, &root), "not-sesame", "✗ sign-on"),
        (connection(&starttls, ""), PASSWORD, "✗ TLS"),
        (connection(&clear, &root), PASSWORD, "✗ TLS"),
        (format!("port = {closed}\ntls = \"starttls\"\n"), PASSWORD, "✗ connect"),
    ] {
        let site = site_with_password(&connection, password);
        let said = site.run(&["test"]);
        assert_eq!(said.code, 1, "{}", said.all());
        let told = said.all();
        let (_, after) = told.split_once(step).unwrap_or_else(|| panic!("no {step:?} in:\n{told}"));
        let remedy = after.lines().nth(1).unwrap();
        assert!(remedy.starts_with("      ") && remedy.len() > 15, "no remedy after {step}:\n{told}");
        assert!(!told.contains(password), "the password is shown:\n{told}");
        site.book(ANN, "Room #1", -10, 60);
        let said = site.poll();
        assert_eq!(said.code, 1, "{}", said.all());
        assert!(said.all().contains("the mail server"), "{}", said.all());
        assert_eq!(site.opens(ANN.1).len(), 2, "doors do not wait for mail");
    }
    assert_eq!((starttls.kept().len(), clear.kept().len()), (0, 0));
}

#[test]
fn a_name_made_to_harm_is_only_a_name() {
    let smtp = SmtpServer::start(&[]);
    let site = BookingSite::with_mail(&smtp, "");
    let evil = [
        ("Bob\r\nBcc: thief@x.example", "bob@x.example"),
        ("<script>alert(1)</script>", "script@x.example"),
        ("\"Eve\" <thief@x.example>, Mallory", "eve@x.example"),
        ("#ACCESS_CODE# =?utf-8?q?=0D=0ABcc:_thief@x.example?=", "code@x.example"),
    ];
    for who in evil {
        site.book(who, "Room #1", -10, 60);
    }
    site.poll();
    let usual: BTreeSet<&str> = [
        "auto-submitted",
        "content-type",
        "date",
        "from",
        "message-id",
        "mime-version",
        "subject",
        "to",
        "x-auto-response-suppress",
    ]
    .into();
    let mut harmless = 0;
    for (name, address) in evil {
        let letters = smtp.kept_for(address);
        assert!(letters.len() <= 1);
        let Some(letter) = letters.first() else { continue };
        harmless += 1;
        assert_eq!(letter.header_names().into_iter().collect::<BTreeSet<_>>(), usual, "{name:?}");
        assert_eq!(letter.envelope["to"], json!([address]), "{name:?}");
        assert!(letter.header("to").ends_with(&format!("<{address}>")), "{}", letter.header("to"));
        assert_eq!(letter.mail["recipients"], json!([address]), "{name:?}");
        assert!(!letter.html().to_lowercase().contains("<script"), "{}", letter.html());
        assert_eq!(letter.mail["defects"], json!([]));
        assert_eq!(letter.decoded()[0], site.code(address), "{name:?}");
    }
    assert!(smtp.kept_for("thief@x.example").is_empty());
    assert!(harmless >= 3, "only {harmless} of the letters were written");
}

#[test]
fn a_refused_address_is_told_to_staff_and_costs_nobody_else_a_letter() {
    let smtp = SmtpServer::start(&["--refuse", ANN.1]);
    let site = BookingSite::with_mail(&smtp, "");
    site.book(ANN, "Room #1", -10, 60);
    site.book(BOB, "Room #4", -10, 60);
    let report = site.poll_well();
    assert_eq!((&report["granted"], site.opens(ANN.1).len()), (&json!(4), 2), "{report}");
    assert_eq!(smtp.kept_for(BOB.1).len(), 1);
    site.poll();
    let status = site.status();
    let about = &status["unreached"];
    assert_eq!((about.as_array().unwrap().len(), &about[0]["person"]), (1, &json!(ANN.1)), "{status}");
    assert!(about[0]["why"].as_str().unwrap().contains("550"), "{about}");
    assert!(site.run(&["status"]).out.contains("No letter reaches ann@x.example"));
    let why = site.run(&["why", ANN.1]);
    assert!(why.out.contains("BROKEN") && why.out.contains("550"), "{}", why.all());
    site.letters_are_due();
    (0..3).for_each(|_| drop(site.poll()));
    assert_eq!(smtp.kept_for(ANN.1).len(), 0);
    let about_it = smtp.kept_for("desk@site.example").into_iter().filter(|mail| mail.text().contains(ANN.1)).count();
    assert_eq!(about_it, 1, "staff are told once");
}

#[test]
fn a_server_that_is_away_for_a_while_costs_no_letter_and_makes_none_twice() {
    let smtp = SmtpServer::start(&[]);
    let site = BookingSite::with_mail(&smtp, "");
    smtp.be_down(true);
    site.book(ANN, "Room #1", -10, 60);
    let report = site.poll().json();
    assert_eq!((&report["granted"], &report["mails"]), (&json!(2), &json!(0)), "{report}");
    site.letters_are_due();
    site.poll();
    assert!(smtp.kept_for(ANN.1).is_empty());
    smtp.be_down(false);
    site.letters_are_due();
    site.poll_well();
    site.poll_well();
    assert_eq!(only_letter(&smtp, ANN.1).decoded()[0], site.code(ANN.1));
}

/// The server keeps a letter, and then says that it did not: only the Message-ID can tell that both are one.
#[test]
fn a_letter_that_was_not_answered_comes_again_as_the_same_letter() {
    let smtp = SmtpServer::start(&[]);
    let site = BookingSite::with_mail(&smtp, "");
    smtp.be_forgetful(true);
    site.book(ANN, "Room #1", -10, 60);
    site.poll();
    smtp.be_forgetful(false);
    site.letters_are_due();
    site.poll_well();
    site.poll_well();
    let letters = smtp.kept_for(ANN.1);
    assert_eq!(letters.len(), 2);
    assert_eq!(letters[0].header("message-id"), letters[1].header("message-id"));
    assert_eq!((letters[0].text(), letters[0].decoded()), (letters[1].text(), letters[1].decoded()));
}

#[test]
fn a_denied_feed_is_one_fault_mail_without_secrets() {
    let smtp = SmtpServer::start(&[]);
    let site = BookingSite::with_mail(&smtp, "fault_prefix = \"[doors]\"\n");
    site.book(ANN, "Room #1", -10, 60);
    site.poll_well();
    site.misbehave(&json!({"action": "error", "status": 403}));
    (0..3).for_each(|_| assert_eq!(site.poll().code, 1));
    let mail = only_letter(&smtp, "desk@site.example");
    assert!(mail.is_to("it@site.example"), "{}", mail.envelope);
    assert!(mail.header("subject").starts_with("[doors]") && mail.header("subject").contains("denied"));
    assert!(mail.text().contains("status 403") && mail.text().contains("get a new link"), "{}", mail.text());
    let link = site.venue.info("feed");
    let secret = link.split_once("k=").unwrap().1.split('&').next().unwrap();
    let all = format!("{}{}", mail.mail, site.run(&["status", "--json"]).all());
    assert!(!all.contains(secret) && !all.contains(&site.code(ANN.1)), "{all}");
}

/// Chromium draws the letter with its picture, and another program reads the code from the drawing.
#[test]
fn a_browser_shows_the_code_in_the_letter() {
    let smtp = SmtpServer::start(&[]);
    let site = BookingSite::with_mail(&smtp, "site_name = \"Common Hall\"\ncontact = \"the front desk\"\n");
    site.book(ANN, "Room #1", -10, 60);
    site.poll_well();
    let letter = only_letter(&smtp, ANN.1);
    let folder = tempfile::tempdir().unwrap();
    let (page, drawing) = (folder.path().join("letter.html"), folder.path().join("letter.png"));
    let id = letter.mail["pictures"][0]["id"].as_str().unwrap().trim_matches(['<', '>']).to_owned();
    let picture = format!("file://{}", letter.picture());
    std::fs::write(&page, letter.html().replace(&format!("cid:{id}"), &picture)).unwrap();
    let draw = |page: &std::path::Path| {
        let output = Command::new("chromium")
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=900,1100"])
            .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
            .arg(format!("--screenshot={}", drawing.display()))
            .arg(format!("file://{}", page.display()))
            .output()
            .expect("chromium runs");
        assert!(drawing.exists(), "{}", String::from_utf8_lossy(&output.stderr));
        read_code(&drawing)
    };
    assert_eq!(draw(&page), site.code(ANN.1));
    // Without the picture there is nothing to read: it was the letter that showed it.
    std::fs::write(&page, letter.html()).unwrap();
    assert_eq!(draw(&page), "");
}
