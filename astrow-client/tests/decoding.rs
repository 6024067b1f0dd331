//! Answers of any kind are read without a panic.

#![allow(clippy::unwrap_used, reason = "a test may stop")]

use std::time::Duration;

use astrow_client::model::{
    ActiveFilter, CommandState, CommandWord, Definitions, EmployeePatch, Heartbeat, Master, Name, NewEmployee, PacTab,
};
use astrow_client::rest::{
    BeginSession, ConfirmSafe, CreateEmployee, DeleteEmployee, EndSession, GetChanges, GetCommands, GetEmployee,
    GetInfo, GetLookups, GetReaderSettings, GetRollCall, ListBookings, ListEmployees, PatchEmployee, PutDefinitions,
    PutHeartbeat, PutPac, ReportCommand, WriteBookings, WriteEvents,
};
use astrow_client::{AstrowError, Operation, PersNo};
use chrono::DateTime;
use http::response::Parts;
use proptest::prelude::*;
use serde_json::{Map, Value};
use uuid::Uuid;

/// Reads an answer as every call would.
fn read_as_everything(status: u16, body: &[u8]) {
    let (mut parts, ()) = http::Response::builder().status(status).body(()).unwrap().into_parts();
    parts.headers.insert("etag", "\"1\"".parse().unwrap());
    let (id, key, etag) = (PersNo::new(1), Uuid::nil(), "\"1\"".into());
    let day = "2026-03-02".parse().unwrap();
    let employee = Box::new(NewEmployee::new(Name::single("Cher"), "1", day, "C", "P"));
    let wait = Duration::ZERO;
    let session = BeginSession { user: "u".to_owned(), password: "p".into(), client: "c".to_owned(), key };
    read(&session, &parts, body);
    read(&EndSession {}, &parts, body);
    read(&GetInfo {}, &parts, body);
    read(&GetLookups {}, &parts, body);
    read(&ListEmployees { cursor: None, filter: ActiveFilter::All }, &parts, body);
    read(&GetEmployee { id }, &parts, body);
    read(&CreateEmployee { employee, key }, &parts, body);
    read(&PatchEmployee { id, patch: EmployeePatch::new(), etag }, &parts, body);
    read(&PutPac { id, pac: PacTab::new(None, Master::Pac), etag: "1".into() }, &parts, body);
    read(&DeleteEmployee { id, etag: "1".into() }, &parts, body);
    read(&GetChanges { cursor: "c".into(), wait }, &parts, body);
    read(&PutDefinitions { definitions: Definitions::default() }, &parts, body);
    read(&GetReaderSettings {}, &parts, body);
    read(&WriteBookings { bookings: Vec::new(), key }, &parts, body);
    read(&ListBookings { cursor: None }, &parts, body);
    read(&WriteEvents { events: Vec::new(), key }, &parts, body);
    read(&GetCommands { wait }, &parts, body);
    read(&ReportCommand { id: key, state: CommandState::new(CommandWord::Done), key }, &parts, body);
    read(&GetRollCall {}, &parts, body);
    read(&ConfirmSafe { confirmations: Vec::new(), key }, &parts, body);
    let heartbeat = Heartbeat::new("i", "v", DateTime::UNIX_EPOCH.fixed_offset());
    read(&PutHeartbeat { heartbeat }, &parts, body);
}

fn read<O: Operation>(operation: &O, parts: &Parts, body: &[u8]) {
    if let Err(error) = operation.response(parts, body) {
        let error = AstrowError::from(error.with_operation(O::NAME));
        assert!(!error.to_string().contains("SECRET"), "{error}");
        let refused = !parts.status.is_success();
        assert!(!refused || !format!("{error:?}").contains("SECRET"), "{error:?}");
    }
}

/// JSON that often has the right names.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(Value::from("SECRET of Mira")),
        Just(Value::from("2026-03-02")),
        Just(Value::from("2026-03-02T08:00:00+01:00")),
        Just(Value::from("urn:pac-bridge:licence-missing")),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((name(), inner), 0..8)
                .prop_map(|all| Value::from(all.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn name() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "items",
        "next",
        "asOf",
        "reset",
        "persNo",
        "name",
        "first",
        "active",
        "pac",
        "etag",
        "badges",
        "accessGroups",
        "freeFields",
        "1",
        "300",
        "type",
        "field",
        "current",
        "retryAfterMs",
        "key",
        "status",
        "at",
        "cursor",
        "entity",
        "op",
        "id",
        "kind",
        "expiresAt",
        "token",
        "timeZone",
        "terminals",
        "serial",
        "readerId",
        "sites",
        "number",
    ]);
    prop_oneof![9 => known.prop_map(str::to_owned), 1 => ".{0,6}"]
}

proptest! {
    #[test]
    fn any_json_is_read_without_panic(value in json(), status in prop::sample::select(vec![200_u16, 201, 400, 401, 403, 409, 410, 412, 422, 429, 500])) {
        read_as_everything(status, &serde_json::to_vec(&value).unwrap());
    }

    #[test]
    fn any_bytes_are_read_without_panic(body in prop::collection::vec(any::<u8>(), 0..200), status in 200_u16..600) {
        read_as_everything(status, &body);
    }

    #[test]
    fn a_fixture_cut_anywhere_is_read_without_panic(at in 0_usize..4000) {
        let text = include_bytes!("../../tests/fixtures/astrow/employees/01.json");
        read_as_everything(200, text.get(..at.min(text.len())).unwrap());
    }
}
