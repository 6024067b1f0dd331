//! A site whose tables and columns are called otherwise, and the start-up check.

use crate::common::*;
use timeware_model::{
    ErrorKind, Field, GroupingNumber, NewTerminal, Outcome, PeoplePage, PersonFields, PersonKey, SqliteStore,
    TerminalChange, TerminalKind,
};

on_every_store!(
    a_renamed_site_works_like_the_reference,
    groupings_may_be_tables_of_their_own_or_text,
    a_department_typed_in_by_hand_is_seen_where_groupings_are_text,
    a_release_outside_the_span_may_be_read_only_until_confirmed,
    one_writer_and_any_number_of_readers,
    an_administrator_sets_terminals_beside_the_writer,
    the_start_check_names_what_is_missing,
    columns_that_must_be_filled_and_are_not_stop_the_start_by_name,
);

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

async fn a_renamed_site_works_like_the_reference(engine: Engine) {
    let store = store(engine, RENAMED).await;
    let mut fields = with_cards(named("Asha Mello"), &["42"]);
    fields.gender = Field::Set("Female".to_owned());
    fields.vehicle_registration = Field::Set("ZZ19 XYZ".to_owned());
    let id = store.create_person(&fields, Some(&key("p1"))).await.unwrap().id;
    let door = terminal(&store, "Door", TerminalKind::Attendance).await;
    assert_eq!(book(&store, event("e1", door, id, "2026-06-01T07:00:00Z")).await.outcome, Outcome::Booked);
    store.mark_leaver(id, None).await.unwrap();

    let person = store.find_people(&PersonKey::Receipt(key("p1")), None).await.unwrap().remove(0);
    assert_eq!((person.gender, person.vehicle_registration.as_deref()), (None, Some("ZZ19 XYZ")));
    assert_eq!(store.raw("SELECT gone FROM [people of ours]"), ["2026-06-01 00:00:00"]);
    assert_eq!(store.raw("SELECT kind, authorisation FROM inlet"), ["1000|7"]);
    assert_eq!(store.raw("SELECT configuration, nr FROM clocks"), ["77|20000"]);
    assert_eq!(store.raw("SELECT external_id FROM x_link"), ["p1"]);
}

async fn groupings_may_be_tables_of_their_own_or_text(engine: Engine) {
    let number = GroupingNumber::new(1).unwrap();
    for (text, peek) in [
        ("[groupings]\nkind = \"table-per-grouping\"", "SELECT description FROM tgrouping_1_ref"),
        ("[groupings]\nkind = \"text-column\"", "SELECT grouping_1_ref_id FROM temployee"),
    ] {
        let store = store(engine, text).await;
        let value = store.create_grouping(number, "Sales", Some(&key("d1"))).await.unwrap().id;
        let mut fields = named("Asha Mello");
        fields.groupings.insert(number, Field::Set(value));
        let id = store.create_person(&fields, None).await.unwrap().id;
        store.rename_grouping(number, value, "Sales EMEA").await.unwrap();
        assert_eq!(store.raw(peek), ["Sales EMEA"], "{text}");
        assert_eq!(store.person(id, None).await.unwrap().unwrap().groupings.get(&number), Some(&value), "{text}");
        assert_eq!(store.groupings(number, Some("net2-hq")).await.unwrap()[0].receipt.as_deref(), Some("d1"));
        assert_eq!(store.groupings(GroupingNumber::new(2).unwrap(), None).await.unwrap(), []);
    }
}

async fn a_department_typed_in_by_hand_is_seen_where_groupings_are_text(engine: Engine) {
    let store = store(engine, "[groupings]\nkind = \"text-column\"").await;
    let id = person(&store, "Asha Mello").await;
    store.execute("UPDATE temployee SET grouping_1_ref_id = 'Night shift'");
    let number = GroupingNumber::new(1).unwrap();
    let people = store.people(&PeoplePage::default()).await.unwrap().people;
    let values = store.groupings(number, None).await.unwrap();
    assert_eq!((people[0].id, people[0].groupings.get(&number)), (id, Some(&values[0].id)));
    assert_eq!(values[0].description, "Night shift");
}

async fn broken(engine: Engine, statement: &str, text: &str) -> timeware_model::Error {
    let mut world = store(engine, "").await;
    world.close();
    world.execute(statement);
    world.open(text).await.unwrap_err()
}

async fn the_start_check_names_what_is_missing(engine: Engine) {
    for (statement, text, field) in [
        ("DROP TABLE temployee_roll_call", "", "timeware.tables.roll_call"),
        ("", "[columns.employee]\npaylink = \"payref\"", "timeware.columns.employee.paylink"),
        ("", "[columns.employee]\ntitle = \"badge\"", "timeware.columns.employee.title"),
        ("UPDATE temployee_status SET exclude_from_calculation = 0", "", "timeware.status_leaver"),
        ("", "status_current = \"Working\"", "timeware.status_current"),
    ] {
        let error = broken(engine, statement, text).await;
        assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some(field)), "{statement}");
        assert!(error.remedy().is_some(), "{statement}");
    }
}

#[tokio::test]
async fn a_file_of_a_newer_program_is_left_alone() {
    let error = broken(Engine::Embedded, "PRAGMA user_version = 99", "").await;
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("timeware.path")));
}

async fn columns_that_must_be_filled_and_are_not_stop_the_start_by_name(engine: Engine) {
    let statement = "DROP TABLE tterminal_group; DROP TABLE tterminal_group_ref; CREATE TABLE tterminal_group_ref \
        (terminal_group_ref_id INT NOT NULL PRIMARY KEY, description NVARCHAR(50) NOT NULL, site NVARCHAR(9) NOT NULL, \
        area INT NOT NULL); CREATE TABLE tterminal_group (terminal_group_ref_id INT NOT NULL, terminal_id INT NOT NULL)";
    let mut world = store(engine, "").await;
    world.close();
    world.execute(statement);
    let error = world.open("").await.unwrap_err();
    assert_eq!(error.field(), Some("timeware.constants.terminal_group_ref"));
    assert!(error.to_string().contains("area, site"), "{error}");
    let constants = "[constants.terminal_group_ref]\nsite = \"HQ\"\narea = 1\nterminal_group_ref_id = 1";
    world.open(constants).await.unwrap();
}

async fn a_release_outside_the_span_may_be_read_only_until_confirmed(engine: Engine) {
    let mut world = store(engine, "").await;
    world.execute("UPDATE tversion SET data = '28.1.3'");
    world.open("").await.unwrap();
    assert!(world.check().await.unwrap().read_only.as_deref().is_some_and(|reason| reason.contains("28")));
    let error = world.create_person(&named("Asha Mello"), None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReadOnly);
    world.open("confirmed_version = 28").await.unwrap();
    person(&world, "Asha Mello").await;
}

async fn one_writer_and_any_number_of_readers(engine: Engine) {
    let mut writer = store(engine, "").await;
    let error = writer.second_writer("").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
    assert!(error.to_string().contains("another program writes"), "{error}");

    let id = person(&writer, "Asha Mello").await;
    let reader = writer.reader("").await.unwrap();
    assert_eq!(reader.people(&PeoplePage::default()).await.unwrap().people.len(), 1);
    let error = reader.update_person(id, &PersonFields::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReadOnly);
    writer.close();
    assert_eq!(reader.people(&PeoplePage::default()).await.unwrap().people.len(), 1);
    drop(reader);
    writer.open("").await.unwrap();
}

async fn an_administrator_sets_terminals_beside_the_writer(engine: Engine) {
    let writer = store(engine, "").await;
    let door = writer.create_terminal(&NewTerminal::new("Door"), None).await.unwrap().id;
    let administrator = writer.administrator("").await.unwrap();
    let release = TerminalChange::release(TerminalKind::Attendance, at(NOW));
    administrator.set_terminal(door, &release).await.unwrap();
    let error = administrator.rename_terminal(door, "Front door").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReadOnly);
    let listed = writer.terminals(None).await.unwrap();
    assert_eq!((listed[0].kind, listed[0].suspended), (TerminalKind::Attendance, false));
    writer.rename_terminal(door, "Front door").await.unwrap();
}

#[test]
fn a_folder_that_is_not_there_is_told_with_a_remedy() {
    let error = SqliteStore::open("/does/not/exist/timeware.db").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.remedy().is_some());
}
