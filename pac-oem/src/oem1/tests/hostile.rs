//! What no server should send.

use crate::{
    model::{PacError, PacErrorKind},
    oem1::wire::{Incoming, ResponseBody, decode},
};

fn refused(payload: impl AsRef<[u8]>) -> PacError {
    decode(payload.as_ref()).unwrap_err().error
}

fn kind(payload: impl AsRef<[u8]>) -> PacErrorKind {
    refused(payload).kind()
}

fn attributes(count: u32, value: &str) -> String {
    let mut text = String::new();
    for n in 0..count {
        text.extend([" a", &n.to_string(), "=\"", value, "\""]);
    }
    text
}

fn response(inside: &str) -> String {
    format!(r#"<Response xmlns="urn:pac-oem:bridge:1" re="7" status="ok">{inside}</Response>"#)
}

#[test]
fn forbidden_things_are_named() {
    for text in [
        format!("<!DOCTYPE Response>{}", response("<Done/>")),
        format!(
            r#"<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;">]>{}"#,
            response(r#"<Error code="900" name="x" retry="never"><Message>&lol2;</Message></Error>"#)
        ),
        format!(r#"<!DOCTYPE r SYSTEM "file:///etc/passwd">{}"#, response("<Done/>")),
        format!("<?php x?>{}", response("<Done/>")),
        response("<?pi x?><Done/>"),
        r#"<p:Response xmlns:p="urn:pac-oem:bridge:1" re="7" status="ok"/>"#.to_owned(),
        response(r#"<Done xmlns:x="urn:x"/>"#),
        response(r#"<Done xsi:type="y"/>"#),
        response("<x:Done/>"),
        response("<Done/><?xml version=\"1.0\"?>"),
    ] {
        assert_eq!(kind(&text), PacErrorKind::XmlForbidden, "{text}");
    }
}

#[test]
fn broken_text_is_named() {
    let message = |text: &str| response(&format!(r#"<Error code="900" name="x" retry="never">{text}</Error>"#));
    for text in [
        String::new(),
        " ".to_owned(),
        "no xml".to_owned(),
        "<Response".to_owned(),
        r#"<Response re="1" status="ok">"#.to_owned(),
        "</Response>".to_owned(),
        response("<Done>"),
        response("<Done></Gone>"),
        response("<Done/>") + "<Done/>",
        response("<Done/>") + "tail",
        response("<Done a=1/>"),
        response("<Done a/>"),
        response(r#"<Done a="1" a="2"/>"#),
        response(r#"<Done a="<"/>"#),
        response(r#"<Done a="&unknown;"/>"#),
        response(r#"<Done a="&#0;"/>"#),
        response(r#"<Done a="&#7;"/>"#),
        response("<Done a=\"\u{1}\"/>"),
        response(r#"<Done a="&#xD800;"/>"#),
        message("<Message>&bomb;</Message>"),
        message("<Message>&#8;</Message>"),
        response("<1Done/>"),
        response("<!-- a -- b --><Done/>"),
        format!("\u{feff}{}", response("<Done/>")),
        format!(r#"<?xml version="1.0" encoding="ISO-8859-1"?>{}"#, response("<Done/>")),
        response(r#"<Done xmlns="urn:other"/>"#),
    ] {
        assert_eq!(kind(&text), PacErrorKind::XmlMalformed, "{text}");
    }
    assert_eq!(kind(b"<Response re=\"7\" status=\"\xff\"/>"), PacErrorKind::XmlMalformed);
    assert_eq!(kind([0xff, 0xfe, b'<', 0]), PacErrorKind::XmlMalformed);
}

#[test]
fn declaration_comment_and_character_data_are_fine() {
    let text = format!(r#"<?xml version="1.0" encoding="utf-8"?><!-- so -->{}"#, response("<Done/>"));
    assert!(decode(text.as_bytes()).is_ok());
    let text = r#"<Response re="8" status="error"><Error code="303" name="x" retry="re-read"><Message>a &amp; <![CDATA[<b>]]> &#233;&#x1F600;</Message></Error></Response>"#;
    let Incoming::Response(response) = decode(text.as_bytes()).unwrap() else { panic!("no response") };
    let ResponseBody::Error(error) = response.body else { panic!("no error") };
    assert_eq!(error.into_error().message(), "a & <b> é😀");
}

#[test]
fn limits_are_named() {
    let deep = "<a>".repeat(10_000) + &"</a>".repeat(10_000);
    let wide = "<Group id=\"1\"/>".repeat(20_001);
    let many = attributes(41, "");
    for text in [
        response(&format!("<Done>{deep}</Done>")),
        response(&format!("<Saved id=\"1\" rev=\"1\" created=\"true\" changed=\"true\">{deep}")),
        response(&format!("<Status now=\"2026-03-02T07:58:40Z\">{wide}</Status>")),
        response(&format!("<Done{many}/>")),
        response(&format!("<Done a=\"{}\"/>", "x".repeat(1_000_000))),
        response(&format!("<Done a=\"{}\"/>", "&amp;".repeat(1_025))),
        response(&format!("<Done a=\"{}\"/>", "é".repeat(513))),
        response(&format!("<{}/>", "n".repeat(1_000_000))),
        response(&format!(
            r#"<Error code="900" name="x" retry="never"><Message>{}</Message></Error>"#,
            "m".repeat(1_000_000)
        )),
    ] {
        assert_eq!(kind(&text), PacErrorKind::XmlLimit, "{}", &text[..120]);
    }
    let widest = attributes(40, &"x".repeat(1024));
    assert!(decode(response(&format!("<Done{widest}/>")).as_bytes()).is_ok());
}

#[test]
fn eight_mebibytes_of_attributes_are_refused_at_once() {
    let many = attributes(600_000, "");
    let begin = std::time::Instant::now();
    assert_eq!(kind(response(&format!("<Done{many}/>"))), PacErrorKind::XmlLimit);
    assert!(begin.elapsed().as_secs() < 5, "{:?}", begin.elapsed());
}

#[test]
fn wrong_values_are_named_with_their_place() {
    for (inside, path) in [
        (r#"<Saved id="x" rev="1" created="true" changed="true"/>"#, "Saved/@id"),
        (r#"<Saved id="0" rev="1" created="true" changed="true"/>"#, "Saved/@id"),
        (r#"<Saved rev="1" created="true" changed="true"/>"#, "Saved/@id"),
        (r#"<Saved id="1" rev="01" created="true" changed="true"/>"#, "Saved/@rev"),
        (r#"<Saved id="1" rev="1" created="1" changed="true"/>"#, "Saved/@created"),
        (r#"<Status now="2026-03-02T07:58:40"/>"#, "Status/@now"),
        (r#"<Person id="1" rev="1" first="x" active="true"><Group id="-1"/></Person>"#, "Person/Group/@id"),
        (r#"<EventBatch epoch="5d1e00c7a2b49f03" more="false"/>"#, "EventBatch/@epoch"),
    ] {
        let undecoded = decode(response(inside).as_bytes()).unwrap_err();
        assert_eq!(undecoded.error.kind(), PacErrorKind::SchemaViolation, "{inside}");
        assert_eq!((undecoded.error.path(), undecoded.re), (Some(path), Some(7)), "{inside}");
    }
    assert_eq!(kind(response("")), PacErrorKind::SchemaViolation);
    let mixed = r#"<Response re="7" status="error"><Done/></Response>"#;
    assert_eq!(refused(mixed).path(), Some("@status"));
}

#[test]
fn unknown_messages_are_named() {
    assert_eq!(kind(response("<Surprise/>")), PacErrorKind::UnknownMessage);
    assert_eq!(kind(r#"<Notice n="1"><Done/></Notice>"#), PacErrorKind::UnknownMessage);
    assert_eq!(kind(r#"<Request id="1" org="1"/>"#), PacErrorKind::UnknownMessage);
}

#[test]
fn examples_cut_anywhere_do_no_harm() {
    for (name, payload) in super::examples::all() {
        for at in 0..payload.trim_ascii_end().len() {
            assert!(decode(&payload[..at]).is_err(), "{name} at {at}");
        }
    }
}
