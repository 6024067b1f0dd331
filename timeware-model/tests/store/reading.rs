//! Reading people, what is found by key, reconciliation, and what never shows.

use crate::common::*;
use timeware_model::{Field, NameParts, PeoplePage, PersonKey, Pin, TerminalKind};

on_every_store!(
    pages_hold_everybody_once_in_order,
    people_are_found_by_each_key,
    reconciliation_finds_lost_rows_and_foreign_rows,
    nothing_personal_shows_in_debug_output,
    every_database_has_its_own_identity_and_keeps_it,
);

async fn pages_hold_everybody_once_in_order(engine: Engine) {
    let store = store(engine, "").await;
    for number in 0..7 {
        person(&store, &format!("Person {number}")).await;
    }
    let mut seen = Vec::new();
    let mut page = PeoplePage::default().limit(3);
    loop {
        let people = store.people(&page).await.unwrap().people;
        seen.extend(people.iter().map(|person| person.id.get()));
        match people.last() {
            Some(last) if people.len() == 3 => page = page.after(last.id),
            _ => break,
        }
    }
    assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7]);
}

async fn people_are_found_by_each_key(engine: Engine) {
    let store = store(engine, "").await;
    let mut fields = with_cards(named("Åsa STRASSE"), &["42"]);
    fields.paylink = Field::Set("P-7".to_owned());
    fields.email_address = Field::Set("Asa@Example.org".to_owned());
    let id = store.create_person(&fields, Some(&key("p1"))).await.unwrap().id;
    person(&store, "Bo Berg").await;
    for wanted in [
        PersonKey::Paylink("P-7".to_owned()),
        PersonKey::Badge(42),
        PersonKey::Email("asa@example.ORG".to_owned()),
        PersonKey::Name(NameParts::new("åsa", "Straße").unwrap()),
        PersonKey::Receipt(key("p1")),
    ] {
        let found = store.find_people(&wanted, None).await.unwrap();
        assert_eq!(found.iter().map(|person| person.id).collect::<Vec<_>>(), [id], "{wanted:?}");
    }
    assert!(store.find_people(&PersonKey::Paylink("p-7".to_owned()), None).await.unwrap().is_empty());
}

async fn reconciliation_finds_lost_rows_and_foreign_rows(engine: Engine) {
    for profile in ["", "profile = \"staged\""] {
        let store = store(engine, profile).await;
        let (door, who) = (attendance_in(&store).await, person(&store, "Asha Mello").await);
        let shop = terminal(&store, "Shop", TerminalKind::Access).await;
        book(&store, event("e1", door, who, "2026-06-01T07:00:10Z")).await;
        book(&store, event("e2", shop, who, "2026-06-01T08:00:10Z")).await;
        let span = (at("2026-06-01T00:00:00Z"), at("2026-06-02T00:00:00Z"));
        let clean = store.reconcile(span.0, span.1).await.unwrap();
        assert!(clean.missing_rows.is_empty() && clean.unknown_rows.is_empty(), "{profile}");

        let table = if profile.is_empty() { "twork" } else { "twork_unprocessed" };
        let shift = format!("UPDATE {table} SET date_and_time = '2026-06-01 09:30:00' WHERE [type] = 1000");
        store.execute(&shift);
        let found = store.reconcile(span.0, span.1).await.unwrap();
        assert_eq!(found.missing_rows.iter().map(|receipt| receipt.key.clone()).collect::<Vec<_>>(), [key("e1")]);
        let columns = "employee_id, terminal_id, date_and_time, [type], flag, [key], memo, authorisation, \
                       authorisation_finalised, source";
        let copy = format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM {table}");
        store.execute(&copy);
        assert!(!store.reconcile(span.0, span.1).await.unwrap().unknown_rows.is_empty(), "{profile}");
    }
}

async fn nothing_personal_shows_in_debug_output(engine: Engine) {
    let store = store(engine, "personal_fields = [\"gender\", \"address\"]").await;
    let mut fields = with_cards(named("Asha Mello"), &["48151623"]);
    fields.security_pin = Field::Set(Pin::new("0427"));
    fields.gender = Field::Set("Female".to_owned());
    fields.address = Field::Set("14 Example Row".to_owned());
    let id = store.create_person(&fields, None).await.unwrap().id;
    let read = store.person(id, Some("net2-hq")).await.unwrap().unwrap();
    assert_eq!(read.security_pin.as_ref().map(Pin::expose), Some("0427"));
    let shown = format!("{fields:?} {read:?} {:?} {:?}", fields.credentials, store.badge_spans(id).await.unwrap());
    for secret in ["Asha", "Mello", "48151623", "0427", "Female", "Example"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_named_and_does_not_stop_the_others() {
    let store = store(Engine::Embedded, "").await;
    let (first, second) = (person(&store, "Asha Mello").await, person(&store, "Bo Berg").await);
    store.execute("UPDATE temployee SET date_started_with_company = '01/02/26' WHERE employee_id = 2");
    let read = store.people(&PeoplePage::default()).await.unwrap();
    assert_eq!(read.people.iter().map(|person| person.id).collect::<Vec<_>>(), [first]);
    assert_eq!((read.unreadable[0].id, read.unreadable[0].field), (second, "date_started"));
    assert_eq!(read.last, Some(second));
}

async fn every_database_has_its_own_identity_and_keeps_it(engine: Engine) {
    let mut one = store(engine, "").await;
    let first = one.identity().await.unwrap();
    one.open("").await.unwrap();
    assert_eq!(one.identity().await.unwrap(), first);
    if engine == Engine::Embedded {
        assert_ne!(store(engine, "").await.identity().await.unwrap(), first);
    }
}
