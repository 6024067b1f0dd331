//! How fast people are read and events are booked, beside raw SQLite in the same run. `--ignored` runs it.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement prints and may stop")]

mod common;

use std::time::Instant;

use chrono::Duration;
use common::*;
use timeware_model::{NewTerminal, PeoplePage, Store, TerminalChange, TerminalKind};

const PEOPLE: usize = 20_000;
const EVENTS: usize = 50_000;

#[tokio::test]
#[ignore = "a measurement"]
async fn people_and_bookings() {
    let folder = tempfile::tempdir().unwrap();
    let store = file_store(&folder, "");
    let start = Instant::now();
    for number in 0..PEOPLE {
        let fields = with_cards(named(&format!("Person Number{number}")), &[&format!("{}", 10_000 + number)]);
        store.create_person(&fields, Some(&key(&format!("p{number}")))).await.unwrap();
    }
    println!("{PEOPLE} people created one by one: {:?}", start.elapsed());

    let start = Instant::now();
    let mut page = PeoplePage::of("net2-hq").limit(1_000);
    let mut read = 0;
    let mut ids = Vec::new();
    loop {
        let people = store.people(&page).await.unwrap();
        read += people.people.len();
        ids.extend(people.people.iter().map(|person| person.id));
        match people.last {
            Some(last) => page = page.after(last),
            None => break,
        }
    }
    println!("{read} people read with receipts and credentials: {:?}", start.elapsed());

    let door = store.create_terminal(&NewTerminal::new("Main entrance"), None).await.unwrap().id;
    let release = TerminalChange::release(TerminalKind::Attendance, at("2020-01-01T00:00:00Z"));
    store.set_terminal(door, &release).await.unwrap();
    let events: Vec<_> = (0..EVENTS)
        .map(|number| {
            let who = ids.get(number % ids.len()).copied().unwrap();
            let mut swipe = event(&format!("e{number}"), door, who, "2026-05-20T00:00:00Z");
            swipe.occurred += Duration::seconds(i64::try_from(number).unwrap());
            swipe
        })
        .collect();
    let start = Instant::now();
    for batch in events.chunks(500) {
        store.book(batch).await.unwrap();
    }
    println!("{EVENTS} events booked in batches of 500: {:?}", start.elapsed());
    let start = Instant::now();
    for batch in events.chunks(500) {
        store.book(batch).await.unwrap();
    }
    println!("{EVENTS} events booked again: {:?}", start.elapsed());

    raw_inserts();
}

/// The same number of receipts and rows by bare statements, as the lower bound.
fn raw_inserts() {
    let folder = tempfile::tempdir().unwrap();
    let mut db = rusqlite::Connection::open(folder.path().join("raw.db")).unwrap();
    db.pragma_update(None, "journal_mode", "WAL").unwrap();
    let tables =
        "CREATE TABLE receipt (source TEXT, id TEXT, at TEXT, local TEXT, target INTEGER, PRIMARY KEY (source, id));
        CREATE TABLE work (id INTEGER PRIMARY KEY AUTOINCREMENT, who INTEGER, door INTEGER, at TEXT, type INTEGER);
        CREATE INDEX work_at ON work (who, at, type)";
    db.execute_batch(tables).unwrap();
    let start = Instant::now();
    for batch in (0..i64::try_from(EVENTS).unwrap()).collect::<Vec<_>>().chunks(500) {
        let tx = db.transaction().unwrap();
        for number in batch {
            let at = format!("2026-05-20 {number:08}");
            let work = "INSERT INTO work (who, door, at, type) VALUES (?, 1, ?, 1000)";
            tx.prepare_cached(work).unwrap().execute((number % 20_000, &at)).unwrap();
            let receipt = "INSERT INTO receipt VALUES ('net2', ?, ?, ?, ?)";
            tx.prepare_cached(receipt).unwrap().execute((number.to_string(), &at, &at, number)).unwrap();
        }
        tx.commit().unwrap();
    }
    println!("{EVENTS} receipts and rows by bare statements: {:?}", start.elapsed());
}
