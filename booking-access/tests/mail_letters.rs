//! Letters as an independent reader of MIME sees them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use std::path::Path;

use booking_access::codes::CodesConfig;
use booking_access::mail::{Language, Letter, LetterCode, LetterKind, MailConfig, Site, Stationery, Stay};
use chrono::{DateTime, TimeZone as _, Utc};
use chrono_tz::Tz;
use mail_parser::{Message, MessageParser, MimeHeaders as _, PartType};
use sync_core::model::SecretText;

const KEY: &str = "0123456789abcdef0123456789abcdef";

fn at(hour: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 24, hour, 0, 0).unwrap()
}

fn config() -> MailConfig {
    MailConfig {
        enabled: true,
        server: "mail.example".to_owned(),
        sender: "Zoë's desk <no-reply@site.example>".to_owned(),
        site_name: "The Old Mill".to_owned(),
        contact: "desk@site.example".to_owned(),
        privacy: "https://site.example/privacy".to_owned(),
        ..MailConfig::default()
    }
}

fn stationery(config: &MailConfig) -> Stationery {
    with_codes(config, &CodesConfig::default())
}

fn with_codes(config: &MailConfig, codes: &CodesConfig) -> Stationery {
    Stationery::load(config, codes, Site::new(Tz::Europe__Amsterdam, 5, 10)).unwrap()
}

fn letter(code: LetterCode) -> Letter {
    let stays = vec![
        Stay::new("Room 1", at(9), at(10)),
        Stay::new("Desk 12", at(9), at(12)),
        Stay::new("Room 1", at(14), at(15)),
    ];
    Letter::new(LetterKind::Code, "maya@club.example", code, 3, stays, (at(8), at(16)))
        .named("Maya", "van den Berg")
        .to("Maya@Club.example")
}

fn pin() -> LetterCode {
    LetterCode::Pin(SecretText::new("0481"))
}

fn qr() -> LetterCode {
    LetterCode::Qr(SecretText::new("48213597"))
}

fn bytes(stationery: &Stationery, letter: &Letter) -> Vec<u8> {
    stationery.compose(letter, KEY, at(7)).unwrap().1
}

fn read(bytes: &[u8]) -> Message<'_> {
    MessageParser::new().parse(bytes).unwrap()
}

/// The tree of parts: `mixed[alternative[text/plain, text/html], image/png]`.
fn tree(message: &Message<'_>, part: u32) -> String {
    let part = &message.parts[part as usize];
    let kind = part.content_type().unwrap();
    if let PartType::Multipart(inner) = &part.body {
        let inner: Vec<_> = inner.iter().map(|part| tree(message, *part)).collect();
        return format!("{}[{}]", kind.subtype().unwrap(), inner.join(", "));
    }
    let place = part.content_disposition().map_or("", |place| if place.is_inline() { "inline " } else { "attached " });
    format!("{place}{}/{}", kind.ctype(), kind.subtype().unwrap())
}

fn tree_of(config: &MailConfig, code: LetterCode) -> String {
    let bytes = bytes(&stationery(config), &letter(code));
    tree(&read(&bytes), 0)
}

fn decode_qr(png: &[u8]) -> String {
    let picture = image::load_from_memory(png).unwrap().to_luma8();
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let pixels = picture.into_raw();
    let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[y * width + x]);
    prepared.detect_grids()[0].decode().unwrap().1
}

#[test]
fn the_parts_are_nested_as_mail_programs_want_them() {
    let plain = config();
    assert_eq!(tree_of(&plain, pin()), "alternative[text/plain, text/html]");
    assert_eq!(tree_of(&plain, LetterCode::OwnCard), "alternative[text/plain, text/html]");
    let with_qr = "mixed[alternative[text/plain, related[text/html, inline image/png]], attached image/png]";
    assert_eq!(tree_of(&plain, qr()), with_qr);
    let mut with_calendar = config();
    with_calendar.calendar = true;
    assert_eq!(tree_of(&with_calendar, pin()), "mixed[alternative[text/plain, text/html], attached text/calendar]");
    assert_eq!(tree_of(&with_calendar, qr()), format!("mixed[{with_qr}, attached text/calendar]"));
}

#[test]
fn a_pin_stands_in_both_versions_with_its_zeros() {
    let bytes = bytes(&stationery(&config()), &letter(pin()));
    let message = read(&bytes);
    let (text, html) = (message.body_text(0).unwrap(), message.body_html(0).unwrap());
    for body in [&text, &html] {
        assert!(body.contains("0481"), "{body}");
        for word in [
            "Maya van den Berg",
            "Room 1",
            "Desk 12",
            "The Old Mill",
            "desk@site.example",
            "https://site.example/privacy",
        ] {
            assert!(body.contains(word), "{word} in {body}");
        }
        assert!(body.contains("Tuesday 24 November 2026, 10:00 – 11:00"), "{body}");
        assert!(body.contains("from Tuesday 24 November 2026, 09:00 to Tuesday 24 November 2026, 17:00"), "{body}");
    }
    assert!(!text.contains('#'));
}

#[test]
fn the_picture_is_shown_inside_and_attached_and_says_the_number() {
    let bytes = bytes(&stationery(&config()), &letter(qr()));
    let message = read(&bytes);
    let html = message.body_html(0).unwrap().into_owned();
    let pictures: Vec<_> = message.parts.iter().filter(|part| part.is_content_type("image", "png")).collect();
    assert_eq!(pictures.len(), 2);
    for picture in &pictures {
        assert_eq!(decode_qr(picture.contents()), "48213597");
        assert_eq!(picture.attachment_name(), Some("door-code.png"));
    }
    let id = pictures[0].content_id().unwrap();
    assert!(html.contains(&format!("src=\"cid:{id}\"")), "{html}");
    assert!(!html.contains("data:") && !html.contains("src=\"http"));
    assert!(html.contains("alt=\"QR code that opens the door\"") && !html.contains("48213597"));
    let text = message.body_text(0).unwrap();
    assert!(
        text.contains("the QR code in the attached picture door-code.png")
            && !text.contains("48213597")
            && !text.contains('#')
    );
}

#[test]
fn the_number_is_told_beside_the_picture_where_that_is_wanted() {
    let codes = CodesConfig { show_number_in_alt: true, ..CodesConfig::default() };
    let bytes = bytes(&with_codes(&config(), &codes), &letter(qr()));
    assert!(read(&bytes).body_html(0).unwrap().contains("alt=\"QR code that opens the door: 48213597\""));
}

#[test]
fn headers_say_that_a_machine_wrote_it() {
    let mut config = config();
    config.reply_to = Some("Desk <desk@site.example>".to_owned());
    config.envelope_sender = Some("bounces@site.example".to_owned());
    let (envelope, bytes) = stationery(&config).compose(&letter(pin()), KEY, at(7)).unwrap();
    let message = read(&bytes);
    assert_eq!((envelope.from(), envelope.to()), ("bounces@site.example", ["Maya@Club.example".to_owned()].as_slice()));
    assert_eq!(message.message_id().unwrap(), format!("{KEY}@site.example"));
    assert_eq!(message.subject().unwrap(), "Access to the resource you booked");
    let from = message.from().unwrap().first().unwrap();
    assert_eq!((from.name().unwrap(), from.address().unwrap()), ("Zoë's desk", "no-reply@site.example"));
    assert_eq!(message.reply_to().unwrap().first().unwrap().address().unwrap(), "desk@site.example");
    assert_eq!(message.header_raw("Auto-Submitted").unwrap().trim(), "auto-generated");
    assert_eq!(message.header_raw("X-Auto-Response-Suppress").unwrap().trim(), "All");
    assert_eq!(message.date().unwrap().to_timestamp(), at(7).timestamp());
    let to = message.to().unwrap();
    assert_eq!((to.iter().count(), to.first().unwrap().name()), (1, Some("Maya van den Berg")));
    assert!(message.cc().is_none() && message.bcc().is_none());
}

#[test]
fn names_cannot_become_headers_or_html() {
    let nasty =
        |code| letter(code).named("Bob\r\nBcc: victim@x.example\r\n\r\nx", "<script>alert(1)</script> #ACCESS_CODE#");
    let mut config = config();
    config.subject = "Hello #FIRST_NAME# #SUR_NAME#".to_owned();
    for code in [pin(), qr()] {
        let bytes = bytes(&stationery(&config), &nasty(code));
        let message = read(&bytes);
        assert!(message.bcc().is_none() && message.header_raw("Bcc").is_none());
        assert_eq!(message.to().unwrap().iter().count(), 1);
        assert_eq!(message.to().unwrap().first().unwrap().address().unwrap(), "Maya@Club.example");
        let subject = message.subject().unwrap();
        assert!(
            subject.starts_with("Hello Bob Bcc: victim@x.example x <script>") && !subject.contains("0481"),
            "{subject}"
        );
        let html = message.body_html(0).unwrap();
        assert!(!html.contains("<script") && html.contains("&lt;script&gt;"), "{html}");
        let text = message.body_text(0).unwrap();
        assert!(text.contains("Hello Bob Bcc: victim@x.example x <script>alert(1)</script> #ACCESS_CODE#,"), "{text}");
    }
}

#[test]
fn a_resource_cannot_become_html_either() {
    let stays = vec![Stay::new("<img src=x onerror=alert(1)>\r\n.", at(9), at(10))];
    let letter = Letter::new(LetterKind::Booked, "maya@club.example", pin(), 1, stays, (at(8), at(16)));
    let bytes = bytes(&stationery(&config()), &letter);
    let message = read(&bytes);
    assert!(!message.body_html(0).unwrap().contains("<img"));
    assert!(message.body_text(0).unwrap().contains("- <img src=x onerror=alert(1)> .: Tuesday"));
}

#[test]
fn letters_are_in_the_language_of_the_person_else_of_the_site() {
    let mut config = config();
    config.language = Language::Nl;
    let of = |letter: &Letter| read(&bytes(&stationery(&config), letter)).body_text(0).unwrap().into_owned();
    assert!(of(&letter(pin())).contains("dinsdag 24 november 2026, 10:00 – 11:00"));
    assert!(of(&letter(pin()).in_language(Language::En)).contains("Tuesday 24 November 2026"));
    assert!(of(&letter(qr())).contains("de QR-code in de bijgevoegde afbeelding door-code.png"));
}

#[test]
fn a_cancellation_has_no_code_and_no_calendar() {
    let mut config = config();
    config.calendar = true;
    for language in [Language::En, Language::Nl] {
        let letter = Letter::new(
            LetterKind::Cancelled,
            "m@club.example",
            qr(),
            1,
            vec![Stay::new("Room 1", at(9), at(10))],
            (at(8), at(16)),
        )
        .in_language(language);
        let bytes = bytes(&stationery(&config), &letter);
        assert_eq!(tree(&read(&bytes), 0), "alternative[text/plain, text/html]");
        assert!(!String::from_utf8_lossy(&bytes).contains("48213597"));
    }
}

#[test]
fn the_calendar_file_publishes_the_bookings_without_the_code() {
    let mut config = config();
    config.calendar = true;
    let bytes = bytes(&stationery(&config), &letter(pin()));
    let message = read(&bytes);
    let part = message.parts.iter().find(|part| part.is_content_type("text", "calendar")).unwrap();
    assert_eq!(part.content_type().unwrap().attribute("method"), Some("PUBLISH"));
    let text = String::from_utf8(part.contents().to_vec()).unwrap();
    assert_eq!(text.matches("BEGIN:VEVENT").count(), 3);
    assert!(text.contains("METHOD:PUBLISH") && !text.contains("ATTENDEE") && !text.contains("0481"), "{text}");
}

#[test]
fn a_repeat_differs_in_date_and_boundaries_alone() {
    let stationery = stationery(&config());
    let one = stationery.compose(&letter(qr()), KEY, at(7)).unwrap().1;
    let two = stationery.compose(&letter(qr()), KEY, at(8)).unwrap().1;
    let (one, two) = (read(&one), read(&two));
    assert_eq!(one.message_id(), two.message_id());
    let bodies = |message: &Message<'_>| -> Vec<Vec<u8>> {
        let single = |part: &&mail_parser::MessagePart<'_>| !matches!(part.body, PartType::Multipart(_));
        message.parts.iter().filter(single).map(|part| part.contents().to_vec()).collect()
    };
    assert_eq!(bodies(&one), bodies(&two));
}

fn own_templates(folder: &Path, text: &str, html: &str) -> MailConfig {
    let (text_path, html_path) = (folder.join("letter.txt"), folder.join("letter.html"));
    std::fs::write(&text_path, text).unwrap();
    std::fs::write(&html_path, html).unwrap();
    MailConfig {
        text_template: Some(text_path),
        html_template: Some(html_path),
        fault_recipients: "it@site.example".to_owned(),
        ..config()
    }
}

#[test]
fn the_six_words_of_old_and_the_newer_ones_work_in_own_templates() {
    let folder = tempfile::tempdir().unwrap();
    let words = "#FIRST_NAME#|#SUR_NAME#|#START_PERIOD#|#END_PERIOD#|#ACCESS_CODE#|#RESOURCES#|#GRACE_BEFORE#|#GRACE_AFTER#|#SITE_NAME#|#CONTACT#|#PRIVACY#";
    let config = own_templates(folder.path(), words, &format!("<p>{words}</p>"));
    assert_eq!(config.faults(), []);
    let bytes = bytes(&stationery(&config), &letter(pin()));
    let message = read(&bytes);
    let expected = "Maya|van den Berg|Tuesday 24 November 2026, 09:00|Tuesday 24 November 2026, 17:00|0481|Desk 12, Room 1|5|10|The Old Mill|desk@site.example|https://site.example/privacy";
    let in_order = expected.replace("Desk 12, Room 1", "Room 1, Desk 12");
    assert_eq!(message.body_text(0).unwrap().trim(), in_order);
    assert_eq!(message.body_html(0).unwrap().trim(), format!("<p>{in_order}</p>"));
}

#[test]
fn own_templates_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let config = own_templates(folder.path(), "Hello #FIRSTNAME#", "<b>#ACCESS_CODE#</b>");
    let faults: Vec<_> = config.faults().into_iter().map(|fault| (fault.at, fault.warning, fault.why)).collect();
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(faults.iter().all(|(at, warning, _)| at == "text_template" && *warning));
    assert!(faults[0].2.contains("#ACCESS_CODE#") && faults[1].2.contains("#FIRSTNAME#"));
    let bytes = bytes(&stationery(&config), &letter(pin()));
    assert_eq!(read(&bytes).body_text(0).unwrap().trim(), "Hello #FIRSTNAME#", "stays as it is");

    let mut missing = config.clone();
    missing.html_template = Some(folder.path().join("none.html"));
    missing.subject = "Code #ACCESS_CODE#".to_owned();
    let wrong: Vec<_> = missing.faults().into_iter().filter(|fault| !fault.warning).map(|fault| fault.at).collect();
    assert_eq!(wrong, ["subject", "html_template"]);
    assert!(Stationery::load(&missing, &CodesConfig::default(), Site::new(Tz::UTC, 0, 0)).is_err());
    missing.subject = " ".to_owned();
    assert!(missing.faults().iter().any(|fault| fault.at == "subject" && !fault.warning));
}

#[test]
fn pictures_beside_an_own_template_come_along() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("logo.png"), b"\x89PNG logo").unwrap();
    let html = r#"<img src="logo.png"><img src="logo.png"><img src="../secret.png"><img src="https://x.example/a.png">#ACCESS_CODE#"#;
    let config = own_templates(folder.path(), "#ACCESS_CODE#", html);
    assert_eq!(config.faults().iter().filter(|fault| fault.warning && fault.at == "html_template").count(), 2);
    assert_eq!(tree_of(&config, pin()), "alternative[text/plain, related[text/html, inline image/png]]");
    let with_qr = tree_of(&config, qr());
    assert_eq!(
        with_qr,
        "mixed[alternative[text/plain, related[text/html, inline image/png, inline image/png]], attached image/png]"
    );
    let bytes = bytes(&stationery(&config), &letter(pin()));
    let message = read(&bytes);
    let logo = message.parts.iter().find(|part| part.is_content_type("image", "png")).unwrap();
    assert_eq!((logo.contents(), logo.attachment_name()), (b"\x89PNG logo".as_slice(), Some("logo.png")));
    let shown = format!("src=\"cid:{}\"", logo.content_id().unwrap());
    assert_eq!(message.body_html(0).unwrap().matches(&shown).count(), 2);
    std::fs::remove_file(folder.path().join("logo.png")).unwrap();
    assert!(config.faults().iter().any(|fault| !fault.warning && fault.why.contains("logo.png")));
}

#[test]
fn built_in_templates_are_accessible() {
    for language in [Language::En, Language::Nl] {
        for (kind, code) in [(LetterKind::Code, qr()), (LetterKind::Cancelled, LetterCode::None)] {
            let letter = stationery(&config()).sample(kind, code, "m@club.example", at(7)).in_language(language);
            let written = stationery(&config()).write(&letter, KEY, at(7));
            let html = written.html().unwrap();
            assert!(html.contains(&format!("<html lang=\"{}\">", language.as_str())) && html.contains("<title>"));
            assert!(!html.contains("<table") && !html.contains("<script"));
            assert_eq!(html.matches("<img").count(), html.matches("alt=\"").count());
            assert!(!written.text().contains('#'), "{}", written.text());
        }
    }
}

#[test]
fn debug_shows_neither_who_nor_what() {
    let letter = letter(pin());
    let written = stationery(&config()).write(&letter, KEY, at(7));
    let (envelope, _) = stationery(&config()).compose(&letter, KEY, at(7)).unwrap();
    let shown = format!("{letter:?}{written:?}{envelope:?}{:?}", pin());
    assert!(!shown.contains("Maya") && !shown.contains("0481") && !shown.to_lowercase().contains("club"), "{shown}");
}
