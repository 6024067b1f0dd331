//! The example payloads, there and back again.

use crate::{
    model::{CredentialState, GroupId, PacErrorKind, RetryClass, Rev},
    oem1::wire::{Incoming, NoticeBody, RequestBody, ResponseBody, decode, decode_request},
};
use std::{collections::BTreeSet, fs, path::Path};

/// Names and contents, in their order.
pub(super) fn all() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/pac/examples");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "xml"))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

fn example(number: &str) -> Incoming {
    let (_, payload) = all().into_iter().find(|(name, _)| name.starts_with(number)).unwrap();
    decode(&payload).unwrap()
}

fn response(number: &str) -> ResponseBody {
    let Incoming::Response(response) = example(number) else { panic!("{number} is no response") };
    response.body
}

/// Reads an example and writes it again.
pub(super) fn rewritten(payload: &[u8]) -> String {
    if payload.starts_with(b"<Request") {
        return decode_request(payload).unwrap().encode();
    }
    match decode(payload).unwrap() {
        Incoming::Response(response) => response.encode(),
        Incoming::Notice(notice) => notice.encode(),
    }
}

#[test]
fn every_example_survives_reading_and_writing() {
    let examples = all();
    assert!(examples.len() >= 39, "{}", examples.len());
    for (name, payload) in examples {
        let again = rewritten(&payload);
        if payload.starts_with(b"<Request") {
            assert_eq!(decode_request(again.as_bytes()).unwrap(), decode_request(&payload).unwrap(), "{name}");
        } else {
            assert_eq!(decode(again.as_bytes()).unwrap(), decode(&payload).unwrap(), "{name}");
        }
        assert_eq!(rewritten(again.as_bytes()), again, "{name}");
    }
}

#[test]
fn nothing_of_an_example_is_lost() {
    let values = |text: &str| {
        let pieces = text.split(['"', '<', '>']).map(str::trim).filter(|piece| !piece.is_empty());
        // Milliseconds that are all zero may be left out.
        pieces.map(|piece| piece.replace(".000+", "+").replace('/', "")).collect::<BTreeSet<_>>()
    };
    let tidy = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").replace("/>", " />");
    for (name, payload) in all() {
        let before = values(&tidy(&String::from_utf8(payload.clone()).unwrap()));
        let after = values(&tidy(&rewritten(&payload)));
        let lost: Vec<_> = before.difference(&after).collect();
        assert!(lost.is_empty(), "{name}: {lost:?}");
    }
}

#[test]
fn every_request_has_an_example() {
    let mut names: BTreeSet<_> = all()
        .iter()
        .filter(|(_, payload)| payload.starts_with(b"<Request"))
        .map(|(_, payload)| decode_request(payload).unwrap().body.name())
        .collect();
    // Ping stands among the frames of the contract, not among its examples.
    names.insert("Ping");
    assert_eq!(names.len(), 19, "{names:?}");
}

#[test]
fn values_of_a_page_arrive() {
    let ResponseBody::PersonPage(page) = response("09") else { panic!("no page") };
    assert_eq!((page.total, page.as_of, page.next.unwrap().as_str()), (212, 870, "p:2:8d21"));
    let [mira, spare] = page.people.as_slice() else { panic!("not two people") };
    assert_eq!((mira.id.get(), mira.rev, mira.ext.as_deref()), (101, Rev::new(7), Some("astrow:1042")));
    assert_eq!(mira.groups[1].id, GroupId::new(4));
    assert_eq!(mira.groups[1].until.unwrap().to_rfc3339(), "2026-06-01T00:00:00+02:00");
    assert_eq!((mira.credentials[1].state, mira.credentials[1].facility), (CredentialState::Lost, Some(77)));
    assert_eq!((mira.fields[0].n, mira.fields[0].value.as_str()), (1, "Dock 3"));
    assert_eq!((spare.last.as_deref(), spare.first.as_str()), (None, "Reception spare card"));
}

#[test]
fn errors_carry_what_there_is_to_know() {
    let error = |number| match response(number) {
        ResponseBody::Error(body) => body.into_error(),
        other => panic!("{other:?}"),
    };
    let conflict = error("34");
    assert_eq!((conflict.kind(), conflict.retry()), (PacErrorKind::RevisionConflict, RetryClass::ReRead));
    assert_eq!((conflict.rev(), conflict.path()), (Some(Rev::new(9)), Some("PersonState/@ifRev")));
    let locked = error("35");
    assert_eq!((locked.kind(), locked.retry_after().unwrap().as_secs()), (PacErrorKind::RecordLocked, 30));
    assert_eq!(locked.holder(), Some("Security desk on PC-04"));
    assert!(!locked.to_string().contains("PC-04") && !format!("{locked:?}").contains("PC-04"));
    assert_eq!(error("36").holder(), Some("person:102"));
    let expired = error("37");
    assert_eq!((expired.first(), expired.epoch().unwrap().to_string().as_str()), (Some(40001), "5D1E00C7A2B49F03"));
    assert_eq!(error("38").kind(), PacErrorKind::XmlForbidden);
}

#[test]
fn texts_of_a_server_are_one_line() {
    let text = "<Response re=\"1\" status=\"error\"><Error code=\"900\" name=\"x\" retry=\"backoff\" holder=\"a&#10;b\">\
                <Message>first&#10;2026-01-01 second\u{85}third</Message></Error></Response>";
    let Incoming::Response(response) = decode(text.as_bytes()).unwrap() else { panic!("no response") };
    let ResponseBody::Error(body) = response.body else { panic!("no error") };
    let error = body.into_error();
    assert_eq!((error.message(), error.holder()), ("first 2026-01-01 second third", Some("a b")));
}

#[test]
fn events_and_their_notice_arrive() {
    let Incoming::Notice(notice) = example("23") else { panic!("no notice") };
    let NoticeBody::EventBatch(batch) = notice.body else { panic!("no batch") };
    assert_eq!((notice.n, batch.records.len()), (1, 2));
    assert_eq!(batch.records[1].reason.as_deref(), Some("unknown-credential"));
    assert_eq!(batch.records[1].credential().unwrap().facility, Some(12));
}

#[test]
fn what_is_not_known_is_passed_over() {
    let payload = br#"<Response xmlns="urn:pac-oem:bridge:1" re="7" status="ok" later="1"><Saved id="1" rev="2"
        created="true" changed="true" colour="red"><New deep="1"><Deeper/>text</New></Saved></Response>"#;
    let Incoming::Response(response) = decode(payload).unwrap() else { panic!("no response") };
    assert!(matches!(response.body, ResponseBody::Saved(saved) if saved.rev == Rev::new(2)));
}

#[test]
fn absence_of_the_namespace_is_ignored_and_another_is_not() {
    assert!(decode(br#"<Response re="7" status="ok"><Done/></Response>"#).is_ok());
    let other = decode(br#"<Response xmlns="urn:else" re="7" status="ok"><Done/></Response>"#).unwrap_err();
    assert_eq!(other.error.kind(), PacErrorKind::XmlMalformed);
}

#[test]
fn debug_of_a_request_shows_its_name_alone() {
    let (_, payload) = all().into_iter().find(|(name, _)| name.starts_with("12")).unwrap();
    let request = decode_request(&payload).unwrap();
    assert!(matches!(request.body, RequestBody::PersonPut(_)));
    let shown = format!("{request:?}");
    assert!(!shown.contains("Teo") && !shown.contains("8E4C") && shown.contains("PersonPut"), "{shown}");
}
