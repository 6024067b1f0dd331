//! Everything that is written is valid to somebody else's eyes as well: `xmllint` and the schema.

use super::examples;
use crate::{
    model::{
        ActiveFilter, BookingDraft, Credential, CredentialKey, CredentialState, Direction, Epoch, Etag, FreeField,
        GroupGrant, GroupId, LogStream, PageToken, PersonDraft, PersonId, PutMode, ReaderId, Rev,
    },
    oem1::wire::{
        Ack, BookingPut, Bye, CredentialRemove, CredentialSet, DefinitionsGet, DoorOpen, Empty, GroupsSet, Hello,
        LogRead, PersonGet, PersonList, PersonPut, PersonRef, Ping, Request, RequestBody, StateSet, StreamRef,
        Subscribe, decode_request,
    },
};
use chrono::{DateTime, FixedOffset};
use std::{path::Path, process::Command};
use uuid::Uuid;

/// Names that give trouble elsewhere.
pub(super) const NAMES: [&str; 9] = [
    "Renée",
    "Weiß",
    "Łukasz",
    "O'Brien \"Bob\" & <Söhne>",
    "👩‍👧 emoji",
    "tab\tand\nline\r\nend",
    "]]>&amp;&#0;",
    "control \u{1} bell \u{7} \u{fffe}",
    "  spaces  ",
];

fn stamp(text: &str) -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339(text).unwrap()
}

fn person(name: &str) -> PersonDraft {
    let mut draft = PersonDraft::new(name);
    draft.ext = Some("astrow:1077".into());
    draft.middle = Some(name.into());
    draft.last = Some(name.into());
    draft.employee_no = Some(name.into());
    draft.department = Some(name.into());
    draft.email = Some(name.into());
    draft.active = false;
    draft.from = Some(stamp("2026-03-02T00:00:00.001+01:00"));
    draft.until = Some(stamp("2026-03-02T00:00:00.123456Z"));
    draft.groups = vec![GroupGrant::new(GroupId::new(1)).with_validity(draft.from, draft.until)];
    let lost = Credential::new(CredentialKey::wiegand26(255, 65535)).with_state(CredentialState::Lost);
    draft.credentials = vec![
        Credential::new(CredentialKey::pac_prox("8e4c0b77")).with_validity(draft.from, draft.until),
        lost,
        Credential::new(CredentialKey::oneprox("04a1")).with_state(CredentialState::Suspended),
    ];
    draft.fields = vec![FreeField::new(20, name)];
    draft
}

fn everything(name: &str) -> Vec<RequestBody> {
    let (id, now) = (PersonId::new(u32::MAX), stamp("2026-03-02T07:58:01.120-11:30"));
    let (epoch, stream, if_rev) = (Epoch::new([0xab; 8]), LogStream::Changes, Some(Rev::new(0)));
    let text = || name.to_owned();
    let get = PersonGet::default();
    vec![
        RequestBody::Hello(Hello {
            client: text(),
            product: text(),
            version: text(),
            profile_min: 1,
            profile_max: 255,
            now,
        }),
        RequestBody::Ping(Ping { t: now }),
        RequestBody::Bye(Bye { reason: "client-stop".into() }),
        RequestBody::DefinitionsGet(DefinitionsGet { if_not: None }),
        RequestBody::DefinitionsGet(DefinitionsGet { if_not: Some(Etag::new("d-118")) }),
        RequestBody::StatusGet(Empty {}),
        RequestBody::PersonList(PersonList {
            page: Some(PageToken::new(name)),
            size: 500,
            active: ActiveFilter::Inactive,
        }),
        RequestBody::PersonList(PersonList { page: None, size: 1, active: ActiveFilter::Active }),
        RequestBody::PersonGet(PersonGet { id: Some(id), ..get.clone() }),
        RequestBody::PersonGet(PersonGet { ext: Some(text()), ..get }),
        RequestBody::PersonPut(PersonPut { mode: PutMode::Create, if_rev: None, people: vec![person(name)] }),
        RequestBody::PersonPut(PersonPut { mode: PutMode::Update, if_rev, people: vec![PersonDraft::new(name)] }),
        RequestBody::PersonState(StateSet { id, active: true, until: Some(now), if_rev }),
        RequestBody::PersonDelete(PersonRef { id, if_rev }),
        RequestBody::GroupsSet(GroupsSet { person: id, if_rev, groups: person(name).groups }),
        RequestBody::GroupsSet(GroupsSet { person: id, if_rev: None, groups: Vec::new() }),
        RequestBody::CredentialSet(CredentialSet {
            person: id,
            take_over: true,
            if_rev,
            credentials: vec![Credential::new(CredentialKey::wiegand26(0, 0))],
        }),
        RequestBody::CredentialRemove(CredentialRemove {
            person: id,
            kind: crate::model::CredentialType::OneProx,
            number: "04A1".into(),
            facility: None,
            if_rev,
        }),
        RequestBody::LogRead(LogRead { stream, epoch, after: u64::MAX, max: 500 }),
        RequestBody::Subscribe(Subscribe { stream, epoch, after: 0, window: 200 }),
        RequestBody::Unsubscribe(StreamRef { stream: LogStream::Events }),
        RequestBody::Ack(Ack { stream, seq: 1 }),
        RequestBody::DoorOpen(DoorOpen {
            reader: ReaderId::new(11),
            seconds: 60,
            operator: text(),
            reason: Some(text()),
        }),
        RequestBody::BookingPut(BookingPut { bookings: vec![booking(name)] }),
    ]
}

fn booking(name: &str) -> BookingDraft {
    let mut booking = BookingDraft::new(name, PersonId::new(1), stamp("2026-03-02T08:01:14Z"), Direction::None);
    booking.terminal = Some(name.into());
    booking.mc = Some(name.into());
    booking.cc = Some(name.into());
    booking
}

#[test]
fn all_that_is_written_is_valid_against_the_schema() {
    let folder = tempfile::tempdir().unwrap();
    let mut texts: Vec<String> = examples::all().iter().map(|(_, payload)| examples::rewritten(payload)).collect();
    for name in NAMES {
        for body in everything(name) {
            let key = Uuid::from_u128(0x0d4f_9e52_7a1c_4c0e_8f0e_5b0a_6f6f_2b11);
            texts.push(Request { id: u32::MAX, org: 1, key: Some(key), body }.encode());
        }
    }
    let files: Vec<_> = texts
        .iter()
        .enumerate()
        .map(|(number, text)| {
            let file = folder.path().join(format!("{number:04}.xml"));
            std::fs::write(&file, text).unwrap();
            file
        })
        .collect();
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/pac/oem1.xsd");
    let output = Command::new("xmllint")
        .args(["--noout", "--schema"])
        .arg(schema)
        .args(&files)
        .output()
        .expect("xmllint (libxml2-utils) is needed for this test");
    let told = String::from_utf8_lossy(&output.stderr);
    let wrong: Vec<_> = told.lines().filter(|line| !line.ends_with(" validates")).collect();
    assert!(output.status.success(), "{}", wrong.join("\n"));
    assert_eq!(told.lines().count(), files.len());
}

#[test]
fn names_come_through_both_ways() {
    for name in NAMES {
        for body in everything(name) {
            let request = Request { id: 1, org: 1, key: None, body };
            let text = request.encode();
            let again = decode_request(text.as_bytes()).unwrap();
            assert!(!text.contains('\u{1}') && again.encode() == text, "{text}");
        }
        let put = PersonPut { mode: PutMode::Upsert, if_rev: None, people: vec![person(name)] };
        let request = Request { id: 1, org: 1, key: None, body: RequestBody::PersonPut(put) };
        let RequestBody::PersonPut(again) = decode_request(request.encode().as_bytes()).unwrap().body else {
            panic!("another request")
        };
        let expected = name.replace(['\u{1}', '\u{7}', '\u{fffe}'], "\u{fffd}");
        assert_eq!(again.people[0].last.as_deref(), Some(expected.as_str()));
        assert_eq!(again.people[0].fields[0].value, expected);
    }
}
