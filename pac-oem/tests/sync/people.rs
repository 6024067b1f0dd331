//! What becomes of people when they are written.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sync_core::connector::{AttemptKey, Changes, ErrorClass, Precondition, Record, Removal, Sink as _, SyncError};
use sync_core::model::{Credential, FieldValue, Known, Person, Scalar};
use vendor_sim::pac;

use crate::site::{Site, card, human, policy, site};

async fn update(site: &Site, record: &Record<Person>, changes: Person) -> Result<Record<Person>, SyncError> {
    static ATTEMPTS: AtomicU64 = AtomicU64::new(1_000);
    let attempt = AttemptKey::from_u128(ATTEMPTS.fetch_add(1, Ordering::Relaxed).into());
    let seen = Precondition { revision: record.revision.clone() };
    site.pac.update(&record.id, &Changes(changes), &seen, &attempt).await
}

async fn remove(site: &Site, record: &Record<Person>, how: Removal) -> Result<(), SyncError> {
    site.pac.remove(&record.id, &how, &Precondition::default(), &AttemptKey::from_u128(78)).await
}

fn spare() -> pac::Person {
    pac::Person {
        ext: Some("payroll:7".to_owned()),
        first: "Reception spare card".to_owned(),
        active: true,
        until: Some("2036-05-31T13:30:00.250Z".parse().unwrap()),
        fields: [(1, "Dock 3".to_owned()), (20, "é".to_owned())].into(),
        credentials: vec![pac::Credential::of(pac::CredentialKey::OneProx("04A1B2C3D4E580".to_owned()))],
        ..pac::Person::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_keeps_what_it_does_not_name_bit_for_bit() {
    let site = site().await;
    let id = site.sim.world(|world| world.add_person(spare()));
    let record = site.get(i64::from(id)).await;
    assert_eq!(record.value.attendance_id, Known::Unknown, "the key of another program");
    let before = site.person(&record.id);
    let changes = Person { last_name: Known::from_text("Kärtchen & Co"), ..Person::default() };
    let after = update(&site, &record, changes).await.unwrap();
    let stored = site.person(&record.id);
    assert_eq!(stored, pac::Person { last: Some("Kärtchen & Co".to_owned()), rev: before.rev + 1, ..before });
    assert_eq!(after.revision.as_deref(), Some(stored.rev.to_string().as_str()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_change_is_one_request_and_the_narrowest() {
    let site = site().await;
    let mut record = site.create(human(1), 1).await.unwrap();
    let mut cards = record.value.credentials.value().unwrap().clone();
    cards.insert(Credential::new("oneprox", "04A1B2C3"));
    for (changes, expected) in [
        (Person { active: Known::Value(false), ..Person::default() }, "PersonState"),
        (Person { policies: Known::Value([policy("4")].into()), ..Person::default() }, "GroupsSet"),
        (Person { credentials: Known::Value(cards), ..Person::default() }, "CredentialSet"),
        (Person { email: Known::Empty, active: Known::Value(true), ..Person::default() }, "PersonPut"),
    ] {
        site.sim.clear_requests();
        record = update(&site, &record, changes.clone()).await.unwrap();
        assert_eq!(site.writes(), [expected]);
        site.sim.clear_requests();
        record = update(&site, &record, changes).await.unwrap();
        assert_eq!(site.writes(), [""; 0], "there is nothing left to write");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_somebody_else_changed_or_has_open_is_left_alone() {
    let site = site().await;
    let record = site.create(human(1), 1).await.unwrap();
    let id: u32 = record.id.as_str().parse().unwrap();
    let changes = || Person { last_name: Known::from_text("Other"), ..Person::default() };
    site.sim.fault("stale-rev=1").unwrap();
    assert_eq!(
        update(&site, &record, changes()).await.unwrap_err().class(),
        ErrorClass::Conflict,
        "between read and write"
    );
    assert_eq!(update(&site, &record, changes()).await.unwrap_err().class(), ErrorClass::Conflict, "since the plan");
    let record = site.get(record.id).await;
    site.sim.world(|world| world.lock_person(id, Some("Security desk on PC-04")));
    let locked = update(&site, &record, changes()).await.unwrap_err();
    assert_eq!(locked.class(), ErrorClass::Conflict);
    assert!(locked.remedy().unwrap().contains("PC-04") && locked.retry_after() > Some(Duration::ZERO), "{locked:?}");
    site.sim.world(|world| world.lock_person(id, None));
    update(&site, &record, changes()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_of_somebody_else_stays_there() {
    let site = site().await;
    let holder = site.create(human(1), 1).await.unwrap();
    let other = site.create(human(2), 2).await.unwrap();
    let mut cards = other.value.credentials.value().unwrap().clone();
    cards.insert(card(1));
    for changes in [
        Person { credentials: Known::Value(cards.clone()), ..Person::default() },
        Person { credentials: Known::Value(cards), email: Known::Empty, ..Person::default() },
    ] {
        let error = update(&site, &other, changes).await.unwrap_err();
        assert_eq!((error.class(), error.clashing_key()), (ErrorClass::Duplicate, Some("credentials")));
        assert!(error.remedy().unwrap().contains(holder.id.as_str()), "{error:?}");
    }
    assert_eq!(site.person(&holder.id).credentials.len(), 2);
    assert_eq!(site.person(&other.id).rev, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_whom_we_made_is_deleted() {
    let site = site().await;
    let ours = site.create(human(1), 1).await.unwrap();
    remove(&site, &ours, Removal::Delete).await.unwrap();
    assert_eq!(remove(&site, &ours, Removal::Delete).await.unwrap_err().class(), ErrorClass::NotFound);
    let id = site.sim.world(|world| world.add_person(spare()));
    let theirs = site.get(i64::from(id)).await;
    let refused = remove(&site, &theirs, Removal::Delete).await.unwrap_err();
    assert_eq!((refused.class(), refused.field()), (ErrorClass::Invalid, Some("createdBy")));
    assert!(refused.message().contains("operator:sim") && refused.remedy().is_some(), "{refused}");
    remove(&site, &theirs, Removal::UnlinkCredentials).await.unwrap();
    let left = site.person(&theirs.id);
    assert!(left.credentials.is_empty() && left.active && left.fields.len() == 2);
    remove(&site, &theirs, Removal::Disable).await.unwrap();
    assert!(!site.person(&theirs.id).active);
    let day = Removal::MarkLeaver("2026-01-31".parse().unwrap());
    assert_eq!(remove(&site, &theirs, day).await.unwrap_err().class(), ErrorClass::Config);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_found_by_each_key_that_ties_them_to_others() {
    let site = site().await;
    let one = site.create(human(1), 1).await.unwrap();
    site.create(human(2), 2).await.unwrap();
    let text = |text: &str| FieldValue::Value(Scalar::Text(text.to_owned()));
    let cards = FieldValue::Set([Scalar::Text("pac-prox:8e4c0001".to_owned())].into());
    for (name, value) in [
        ("access_id", text(one.id.as_str())),
        ("attendance_id", text("1001")),
        ("personnel_number", text("E-1")),
        ("credentials", cards),
    ] {
        assert_eq!(site.find(name, value).await, [one.id.as_str()], "{name}");
    }
    assert!(site.find("attendance_id", text("9")).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_person_without_groups_is_given_the_default_one_and_is_ours() {
    let site = site().await;
    let made = site.create(Person { policies: Known::Unknown, ..human(3) }, 3).await.unwrap();
    assert_eq!(made.value.policies, Known::Value([policy("1")].into()));
    let stored = site.person(&made.id);
    assert_eq!(stored.ext.as_deref(), Some("astrow:1003"));
    assert_eq!(stored.created_by, "oem:head-office-bridge");
    assert_eq!(site.writes(), ["PersonPut"], "the key is written by the request that makes the person");
    let unknown = Person { policies: Known::Value([policy("99")].into()), ..human(4) };
    let error = site.create(unknown, 4).await.unwrap_err();
    assert_eq!((error.class(), error.field()), (ErrorClass::Invalid, Some("policies")));
}
