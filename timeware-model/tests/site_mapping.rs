//! A site whose tables and columns are called otherwise, and the start-up check.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod common;

use common::*;
use timeware_model::{
    ErrorKind, Field, GroupingNumber, Outcome, PeoplePage, PersonFields, PersonKey, SqliteStore, Store, TerminalKind,
    TimewareConfig,
};

const RENAMED: &str = r#"
profile = "staged"
department_grouping = 2
personal_fields = ["gender", "vehicle_registration"]
own_prefix = "x_"
[tables]
employee = "dbo.people of ours"
terminal = "clocks"
twork_unprocessed = "inlet"
[columns.employee]
id = "pid"
date_left = "gone"
gender = ""
vehicle_registration = "car_reg"
badge = "card no"
[columns.terminal]
number = "nr"
[columns.twork_unprocessed]
memo = ""
type = "kind"
[constants.twork_unprocessed]
authorisation = 7
[enums.configuration]
attendance = 77
"#;

#[tokio::test]
async fn a_renamed_site_works_like_the_reference() {
    let folder = tempfile::tempdir().unwrap();
    let store = file_store(&folder, RENAMED);
    let mut fields = with_cards(named("Asha Mello"), &["42"]);
    fields.gender = Field::Set("Female".to_owned());
    fields.vehicle_registration = Field::Set("ZZ19 XYZ".to_owned());
    let id = store.create_person(&fields, Some(&key("p1"))).await.unwrap().id;
    let door = terminal(&store, "Door", TerminalKind::Attendance).await;
    assert_eq!(book(&store, event("e1", door, id, "2026-06-01T07:00:00Z")).await.outcome, Outcome::Booked);
    store.mark_leaver(id, None).await.unwrap();

    let person = store.find_people(&PersonKey::Receipt(key("p1")), None).await.unwrap().remove(0);
    assert_eq!((person.gender, person.vehicle_registration.as_deref()), (None, Some("ZZ19 XYZ")));
    assert_eq!(raw(&folder, "SELECT gone FROM [people of ours]"), ["2026-06-01 00:00:00"]);
    assert_eq!(raw(&folder, "SELECT kind || ' ' || authorisation FROM inlet"), ["1000 7"]);
    assert_eq!(raw(&folder, "SELECT configuration || ' ' || nr FROM clocks"), ["77 20000"]);
    assert_eq!(raw(&folder, "SELECT external_id FROM x_link"), ["p1"]);
}

#[tokio::test]
async fn groupings_may_be_tables_of_their_own_or_text() {
    let number = GroupingNumber::new(1).unwrap();
    for (text, peek) in [
        ("[groupings]\nkind = \"table-per-grouping\"", "SELECT description FROM tgrouping_1_ref"),
        ("[groupings]\nkind = \"text-column\"", "SELECT grouping_1_ref_id FROM temployee"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let store = file_store(&folder, text);
        let value = store.create_grouping(number, "Sales", Some(&key("d1"))).await.unwrap().id;
        let mut fields = named("Asha Mello");
        fields.groupings.insert(number, Field::Set(value));
        let id = store.create_person(&fields, None).await.unwrap().id;
        store.rename_grouping(number, value, "Sales EMEA").await.unwrap();
        assert_eq!(raw(&folder, peek), ["Sales EMEA"], "{text}");
        assert_eq!(store.person(id, None).await.unwrap().unwrap().groupings.get(&number), Some(&value), "{text}");
        assert_eq!(store.groupings(number, Some("net2-hq")).await.unwrap()[0].receipt.as_deref(), Some("d1"));
        assert_eq!(store.groupings(GroupingNumber::new(2).unwrap(), None).await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_department_typed_in_by_hand_is_seen_where_groupings_are_text() {
    let folder = tempfile::tempdir().unwrap();
    let store = file_store(&folder, "[groupings]\nkind = \"text-column\"");
    let id = person(&store, "Asha Mello").await;
    let db = rusqlite::Connection::open(folder.path().join("timeware.db")).unwrap();
    db.execute("UPDATE temployee SET grouping_1_ref_id = 'Night shift'", []).unwrap();
    let number = GroupingNumber::new(1).unwrap();
    let people = store.people(&PeoplePage::default()).await.unwrap().people;
    let values = store.groupings(number, None).await.unwrap();
    assert_eq!((people[0].id, people[0].groupings.get(&number)), (id, Some(&values[0].id)));
    assert_eq!(values[0].description, "Night shift");
}

fn broken(statement: &str, text: &str) -> timeware_model::Error {
    let folder = tempfile::tempdir().unwrap();
    drop(file_store(&folder, ""));
    let path = folder.path().join("timeware.db");
    rusqlite::Connection::open(&path).unwrap().execute_batch(statement).unwrap();
    let mut config = config(text);
    config.path = path;
    SqliteStore::open_with(config).unwrap_err()
}

#[test]
fn the_start_check_names_what_is_missing() {
    for (statement, text, field) in [
        ("DROP TABLE temployee_roll_call", "", "timeware.tables.roll_call"),
        ("ALTER TABLE temployee RENAME COLUMN paylink TO payref", "", "timeware.columns.employee.paylink"),
        (
            "ALTER TABLE temployee DROP COLUMN title; ALTER TABLE temployee ADD COLUMN title INTEGER",
            "",
            "timeware.columns.employee.title",
        ),
        ("UPDATE temployee_status SET exclude_from_calculation = 0", "", "timeware.status_leaver"),
        ("", "status_current = \"Working\"", "timeware.status_current"),
        ("PRAGMA user_version = 99", "", "timeware.path"),
    ] {
        let error = broken(statement, text);
        assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some(field)), "{statement}");
        assert!(error.remedy().is_some(), "{statement}");
    }
}

#[test]
fn columns_that_must_be_filled_and_are_not_stop_the_start_by_name() {
    let statement = "DROP TABLE tterminal_group; DROP TABLE tterminal_group_ref; CREATE TABLE tterminal_group_ref \
        (terminal_group_ref_id INTEGER PRIMARY KEY, description TEXT NOT NULL, site TEXT NOT NULL, area INTEGER NOT NULL);\
        CREATE TABLE tterminal_group (terminal_group_ref_id INTEGER NOT NULL, terminal_id INTEGER NOT NULL)";
    let error = broken(statement, "");
    assert_eq!(error.field(), Some("timeware.constants.terminal_group_ref"));
    assert!(error.to_string().contains("area, site"), "{error}");

    let folder = tempfile::tempdir().unwrap();
    drop(file_store(&folder, ""));
    rusqlite::Connection::open(folder.path().join("timeware.db")).unwrap().execute_batch(statement).unwrap();
    file_store(&folder, "[constants.terminal_group_ref]\nsite = \"HQ\"\narea = 1");
}

#[tokio::test]
async fn a_release_outside_the_span_may_be_read_only_until_confirmed() {
    let folder = tempfile::tempdir().unwrap();
    drop(file_store(&folder, ""));
    let path = folder.path().join("timeware.db");
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute("UPDATE tversion SET data = '28.1.3'", []).unwrap();
    let store = file_store(&folder, "");
    assert!(store.start_report().read_only.as_deref().is_some_and(|reason| reason.contains("28")));
    let error = store.create_person(&named("Asha Mello"), None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReadOnly);
    drop(store);
    let store = file_store(&folder, "confirmed_version = 28");
    person(&store, "Asha Mello").await;
}

#[tokio::test]
async fn one_writer_and_any_number_of_readers() {
    let folder = tempfile::tempdir().unwrap();
    let writer = file_store(&folder, "");
    let mut config = TimewareConfig::default();
    config.path = folder.path().join("timeware.db");
    let error = SqliteStore::open_with(config.clone()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
    assert!(error.to_string().contains("another program writes"), "{error}");

    person(&writer, "Asha Mello").await;
    let reader = SqliteStore::open_read_only(config.clone()).unwrap();
    assert_eq!(reader.people(&PeoplePage::default()).await.unwrap().people.len(), 1);
    let error = reader.update_person(timeware_model::EmployeeId::new(1), &PersonFields::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReadOnly);
    drop((writer, reader));
    let alone = SqliteStore::open_read_only(config.clone()).unwrap();
    assert_eq!(alone.people(&PeoplePage::default()).await.unwrap().people.len(), 1);
    SqliteStore::open_with(config).unwrap();
}

#[test]
fn a_folder_that_is_not_there_is_told_with_a_remedy() {
    let error = SqliteStore::open("/does/not/exist/timeware.db").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.remedy().is_some());
}
