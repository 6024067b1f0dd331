//! A small site: two policies, a grouping, an attendance and an access terminal, people on demand.
#![allow(dead_code, reason = "each test file uses a part")]

use std::sync::Arc;

use chrono::{DateTime, NaiveDateTime, Utc};
use timeware_model::{
    Created, Credential, Credentials, EmployeeId, Event, EventDirection, NameParts, NewTerminal, PersonFields,
    ReceiptKey, SqliteStore, Store, TerminalChange, TerminalDirection, TerminalId, TerminalKind, TimewareConfig,
};

pub(crate) const NOW: &str = "2026-06-01T12:00:00Z";

pub(crate) fn config(text: &str) -> TimewareConfig {
    toml::from_str(text).unwrap()
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn local(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap()
}

pub(crate) fn key(id: &str) -> ReceiptKey {
    ReceiptKey::new("net2-hq", id).unwrap()
}

pub(crate) fn store(text: &str) -> SqliteStore {
    store_at(text, NOW)
}

pub(crate) fn store_at(text: &str, now: &str) -> SqliteStore {
    let now = at(now);
    SqliteStore::in_memory_with(config(text)).unwrap().with_clock(Arc::new(move || now))
}

pub(crate) fn named(name: &str) -> PersonFields {
    let (first, last) = name.split_once(' ').unwrap();
    PersonFields::named(NameParts::new(first, last).unwrap())
}

pub(crate) fn with_cards(mut fields: PersonFields, cards: &[&str]) -> PersonFields {
    let list = cards.iter().map(|card| Credential::new(*card)).collect();
    fields.credentials = Some(Credentials::new("net2-hq", list));
    fields
}

pub(crate) async fn person(store: &impl Store, name: &str) -> EmployeeId {
    let Created { id, .. } = store.create_person(&named(name), None).await.unwrap();
    id
}

pub(crate) async fn terminal(store: &impl Store, name: &str, kind: TerminalKind) -> TerminalId {
    let id = store.create_terminal(&NewTerminal::new(name), None).await.unwrap().id;
    store.set_terminal(id, &TerminalChange::release(kind, at("2020-01-01T00:00:00Z"))).await.unwrap();
    id
}

pub(crate) async fn attendance_in(store: &impl Store) -> TerminalId {
    let id = terminal(store, "Main entrance (In)", TerminalKind::Attendance).await;
    let change = TerminalChange::default().direction(TerminalDirection::In).roll_call(true);
    store.set_terminal(id, &change).await.unwrap();
    id
}

pub(crate) fn event(id: &str, terminal: TerminalId, person: EmployeeId, when: &str) -> Event {
    Event::new(key(id), terminal, at(when)).person(person).direction(EventDirection::In)
}

pub(crate) async fn book(store: &impl Store, event: Event) -> timeware_model::Booked {
    store.book(&[event]).await.unwrap().remove(0)
}

/// A store in a file, so that a test may look at the rows behind its back.
pub(crate) fn file_store(folder: &tempfile::TempDir, text: &str) -> SqliteStore {
    let mut config = config(text);
    config.path = folder.path().join("timeware.db");
    let now = at(NOW);
    SqliteStore::open_with(config).unwrap().with_clock(Arc::new(move || now))
}

/// The first column of each row, as text.
pub(crate) fn raw(folder: &tempfile::TempDir, text: &str) -> Vec<String> {
    let db = rusqlite::Connection::open(folder.path().join("timeware.db")).unwrap();
    let mut statement = db.prepare(text).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}
