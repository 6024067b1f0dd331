//! Each write rule by its number.

use std::collections::BTreeSet;

use crate::common::*;
use chrono::NaiveDate;
use timeware_model::{
    CreatedHow, Credential, Credentials, ErrorKind, Event, EventClass, EventDirection, Field, GroupingNumber,
    LinkEntity, LinkState, NameParts, NewTerminal, Origin, Outcome, PeoplePage, PersonFields, PolicyId, PolicyRights,
    Reason, TerminalChange, TerminalDirection, TerminalKind, TerminalRole, Warning,
};

on_every_store!(
    w01_a_person_and_the_receipt_are_one_transaction,
    w01_the_same_receipt_key_never_makes_a_second_person,
    w01_a_refused_person_leaves_no_receipt,
    w02_names_are_split_joined_and_cut_with_a_warning,
    w03_a_leaver_keeps_row_and_policy_and_loses_the_badge,
    w03_a_missing_person_cannot_leave,
    w04_other_credentials_stay_in_the_register,
    w04_a_badge_of_a_current_person_is_a_conflict_and_nothing_is_written,
    w04_a_badge_of_a_leaver_is_taken_over,
    w04_late_events_go_to_the_holder_at_event_time,
    w04_an_old_card_does_not_live_on_when_the_badge_was_changed_in_timeware,
    w05_a_policy_is_set_by_id_and_cleared_without_one,
    w05_a_policy_of_the_same_name_is_not_taken_for_ours,
    w06_a_department_is_found_by_receipt_then_by_text_then_made,
    w06_a_value_of_another_grouping_is_refused,
    w07_a_terminal_arrives_suspended_and_only_its_name_follows,
    w07_numbers_are_the_smallest_free_ones_until_the_range_is_used_up,
    w08_an_event_is_booked_once_with_its_receipt,
    w08_the_guard_finds_a_row_without_a_receipt,
    w08_one_bad_event_does_not_stop_its_batch,
    w08_a_row_that_the_database_refuses_ends_its_event_only,
    w08_a_staged_booking_is_cut_to_the_minute_and_archived_with_seconds,
    w08_access_rows_carry_flag_and_badge,
    w08_an_access_terminal_gives_access_records_only,
    w08_an_access_event_of_nobody_has_a_place_in_the_staged_profile_only,
    w08_a_denied_event_at_an_attendance_terminal_is_no_booking,
    w08_muster_readers_keep_the_roll_call_and_book_nothing,
    w09_a_repeated_direction_is_only_reported_within_the_gap,
    w09_the_direction_goes_to_the_roll_call_and_older_events_do_not_move_it,
    w10_both_passes_of_the_repeated_hour_are_booked,
    w10_the_time_is_that_of_the_terminals_zone,
    w10_a_booking_moves_while_it_lies_in_the_inlet_as_it_was_written,
    w10_a_booking_that_cannot_be_told_for_ours_stays,
    w11_a_suspended_terminal_gives_nothing_and_a_release_says_from_when,
    w12_an_old_event_waits_for_a_decision,
    w13_members_that_are_gone_stay_and_are_reported,
    w14_personal_fields_are_neither_written_nor_read_until_switched_on,
    w15_an_empty_value_clears_a_personal_field_only_where_it_is_authoritative,
    a_key_is_never_cut,
    people_writes_are_announced_to_terminals_in_the_staged_profile,
    w04_without_a_primary_one_the_newest_credential_is_the_badge,
);

const STAGED: &str = "profile = \"staged\"";

async fn w01_a_person_and_the_receipt_are_one_transaction(engine: Engine) {
    let store = store(engine, "").await;
    let policy = store.create_policy("Staff", None, None).await.unwrap().id;
    let grouping = GroupingNumber::new(1).unwrap();
    let department = store.create_grouping(grouping, "Sales", None).await.unwrap().id;
    let mut fields = named("Asha Mello");
    fields.policy = Field::Set(policy);
    fields.groupings.insert(grouping, Field::Set(department));
    let made = store.create_person(&fields, Some(&key("p1"))).await.unwrap();
    assert_eq!(made.how, CreatedHow::New);

    let person = store.person(made.id, Some("net2-hq")).await.unwrap().unwrap();
    assert_eq!(person.receipt, Some(key("p1")));
    assert_eq!(person.status_id, store.check().await.unwrap().current);
    assert_eq!(person.date_started, NaiveDate::from_ymd_opt(2026, 6, 1));
    assert_eq!((person.policy_id, person.groupings.get(&grouping)), (Some(policy), Some(&department)));
    assert!(store.person(made.id, Some("other")).await.unwrap().unwrap().receipt.is_none());
}

async fn w01_the_same_receipt_key_never_makes_a_second_person(engine: Engine) {
    let store = store(engine, "").await;
    let first = store.create_person(&named("Asha Mello"), Some(&key("p1"))).await.unwrap();
    let second = store.create_person(&named("Somebody Else"), Some(&key("p1"))).await.unwrap();
    assert_eq!((second.id, second.how), (first.id, CreatedHow::Duplicate));
    assert_eq!(store.people(&PeoplePage::default()).await.unwrap().people.len(), 1);
}

async fn w01_a_refused_person_leaves_no_receipt(engine: Engine) {
    let store = store(engine, "").await;
    let mut fields = named("Asha Mello");
    fields.policy = Field::Set(PolicyId::new(99));
    let error = store.create_person(&fields, Some(&key("p1"))).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Rejected, Some("policy")));
    assert!(store.link(LinkEntity::Employee, &key("p1")).await.unwrap().is_none());
    assert!(store.people(&PeoplePage::default()).await.unwrap().people.is_empty());
}

async fn w02_names_are_split_joined_and_cut_with_a_warning(engine: Engine) {
    let store = store(engine, "").await;
    let parts = store.settings().split_name("Asha  de Mello").unwrap();
    assert_eq!((parts.first.as_str(), parts.last.as_str()), ("Asha", "de Mello"));
    let long = PersonFields::named(NameParts::new("Asha", &"ö".repeat(60)).unwrap());
    let made = store.create_person(&long, None).await.unwrap();
    assert_eq!(made.warnings, [Warning::Cut { field: "last_name", length: 50 }]);
    let person = store.person(made.id, None).await.unwrap().unwrap();
    assert_eq!(person.last_name, "ö".repeat(50));
    assert_eq!(person.name(), format!("Asha {}", "ö".repeat(50)));
}

async fn w03_a_leaver_keeps_row_and_policy_and_loses_the_badge(engine: Engine) {
    let store = store(engine, "").await;
    let policy = store.create_policy("Staff", None, None).await.unwrap().id;
    let mut fields = with_cards(named("Asha Mello"), &["12345678"]);
    fields.policy = Field::Set(policy);
    let id = store.create_person(&fields, Some(&key("p1"))).await.unwrap().id;

    assert!(store.mark_leaver(id, None).await.unwrap().changed);
    let person = store.person(id, Some("net2-hq")).await.unwrap().unwrap();
    assert!(person.leaver && person.badge.is_none() && person.credentials.is_empty());
    assert_eq!(person.date_left, NaiveDate::from_ymd_opt(2026, 6, 1));
    assert_eq!(person.badge_expiry, Some(local("2026-06-01 13:00:00")));
    assert_eq!(person.policy_id, Some(policy));
    let link = store.link(LinkEntity::Employee, &key("p1")).await.unwrap().unwrap();
    assert_eq!(link.state, LinkState::Leaver);
    assert!(!store.mark_leaver(id, None).await.unwrap().changed, "a second time changes nothing");

    let back = with_cards(PersonFields::default(), &["12345678"]);
    store.mark_returned(id, &back).await.unwrap();
    let person = store.person(id, None).await.unwrap().unwrap();
    assert!(!person.leaver && person.date_left.is_none() && person.badge_expiry.is_none());
    assert_eq!(person.badge, Some(12_345_678));
}

async fn w03_a_missing_person_cannot_leave(engine: Engine) {
    let error = store(engine, "").await.mark_leaver(timeware_model::EmployeeId::new(7), None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

async fn w04_other_credentials_stay_in_the_register(engine: Engine) {
    let store = store(engine, "").await;
    let fields = with_cards(named("Asha Mello"), &["AB-77", "0042"]);
    let id = store.create_person(&fields, None).await.unwrap().id;
    let person = store.person(id, Some("net2-hq")).await.unwrap().unwrap();
    assert_eq!(person.badge, Some(42));
    let numbers: Vec<_> = person.credentials.iter().map(|credential| credential.number.as_str()).collect();
    assert_eq!(numbers, ["0042", "AB-77"]);
}

async fn w04_a_badge_of_a_current_person_is_a_conflict_and_nothing_is_written(engine: Engine) {
    let store = store(engine, "").await;
    let holder = store.create_person(&with_cards(named("Asha Mello"), &["42"]), None).await.unwrap().id;
    let error = store.create_person(&with_cards(named("Bo Berg"), &["42"]), Some(&key("p2"))).await.unwrap_err();
    assert_eq!((error.kind(), error.existing()), (ErrorKind::Conflict, Some(holder.get())));
    assert!(store.link(LinkEntity::Employee, &key("p2")).await.unwrap().is_none());
    assert_eq!(store.people(&PeoplePage::default()).await.unwrap().people.len(), 1);
}

async fn w04_a_badge_of_a_leaver_is_taken_over(engine: Engine) {
    let store = store(engine, "").await;
    let leaver = store.create_person(&with_cards(named("Asha Mello"), &["42"]), None).await.unwrap().id;
    store.mark_leaver(leaver, None).await.unwrap();
    let error = store.update_person(leaver, &with_cards(PersonFields::default(), &["42"])).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Rejected, Some("badge")));
    store.execute("UPDATE temployee SET badge = 42");
    let made = store.create_person(&with_cards(named("Bo Berg"), &["42"]), None).await.unwrap();
    assert_eq!(made.warnings, [Warning::BadgeTakenOver { from: leaver }]);
    assert_eq!(store.person(leaver, None).await.unwrap().unwrap().badge, None);
    assert_eq!(store.person(made.id, None).await.unwrap().unwrap().badge, Some(42));
}

async fn w04_late_events_go_to_the_holder_at_event_time(engine: Engine) {
    let store = store(engine, "").await;
    let since = |text: &str| Credentials::new("net2-hq", vec![Credential::new("42").since(at(text))]);
    let mut first = named("Asha Mello");
    first.credentials = Some(since("2026-05-01T00:00:00Z"));
    let first = store.create_person(&first, None).await.unwrap().id;
    store.mark_leaver(first, None).await.unwrap();
    let mut second = named("Bo Berg");
    second.credentials = Some(since("2026-06-01T13:00:00Z"));
    let second = store.create_person(&second, None).await.unwrap().id;
    for (when, holder) in [
        ("2026-04-30T23:59:59Z", None),
        ("2026-05-20T08:00:00Z", Some(first)),
        ("2026-06-01T12:30:00Z", None),
        ("2026-06-02T08:00:00Z", Some(second)),
    ] {
        assert_eq!(store.holder_at("net2-hq", "0042", at(when)).await.unwrap(), holder, "{when}");
    }
    let door = attendance_in(&store).await;
    let late = Event::new(key("e1"), door, at("2026-05-20T08:00:00Z")).badge("42");
    assert_eq!(book(&store, late).await.outcome, Outcome::Booked);
    assert_eq!(store.event(&key("e1")).await.unwrap().unwrap().employee_id, Some(first));
}

async fn w04_an_old_card_does_not_live_on_when_the_badge_was_changed_in_timeware(engine: Engine) {
    let store = store(engine, "").await;
    let id = store.create_person(&with_cards(named("Asha Mello"), &["41", "AB-7"]), None).await.unwrap().id;
    let mut own = PersonFields::default();
    own.credentials = Some(Credentials::new("by-hand", vec![Credential::new("43")]));
    store.update_person(id, &own).await.unwrap();
    let person = store.person(id, Some("net2-hq")).await.unwrap().unwrap();
    let numbers: Vec<_> = person.credentials.iter().map(|credential| credential.number.as_str()).collect();
    assert_eq!(numbers, ["43", "AB-7"]);
}

async fn w05_a_policy_is_set_by_id_and_cleared_without_one(engine: Engine) {
    let store = store(engine, "").await;
    let policy = store.create_policy("Staff", Some(&PolicyRights::All), Some(&key("l1"))).await.unwrap().id;
    assert_eq!(store.policies(Some("net2-hq")).await.unwrap()[0].data, None, "rights are left to timeware");
    let id = person(&store, "Asha Mello").await;
    let mut fields = PersonFields::default();
    fields.policy = Field::Set(policy);
    store.update_person(id, &fields).await.unwrap();
    assert_eq!(store.person(id, None).await.unwrap().unwrap().policy_id, Some(policy));
    fields.policy = Field::Clear;
    store.update_person(id, &fields).await.unwrap();
    assert_eq!(store.person(id, None).await.unwrap().unwrap().policy_id, None);
}

async fn w05_a_policy_of_the_same_name_is_not_taken_for_ours(engine: Engine) {
    let store = store(engine, "write_policy_data = true").await;
    let first = store.create_policy("Staff", Some(&PolicyRights::All), None).await.unwrap().id;
    assert!(store.policies(None).await.unwrap()[0].data.as_deref().is_some_and(|data| data.contains("optAllYes,True")));
    let error = store.create_policy("Staff", None, Some(&key("l1"))).await.unwrap_err();
    assert_eq!((error.kind(), error.existing()), (ErrorKind::Conflict, Some(first.get())));
    let other = store.create_policy("Visitors", None, Some(&key("l2"))).await.unwrap().id;
    assert_eq!(store.update_policy(other, Some("Staff"), None).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert!(store.update_policy(other, Some("Guests"), None).await.unwrap().changed);
}

async fn w06_a_department_is_found_by_receipt_then_by_text_then_made(engine: Engine) {
    let store = store(engine, "").await;
    let number = GroupingNumber::new(3).unwrap();
    let made = store.create_grouping(number, "Öl & Gas", Some(&key("d1"))).await.unwrap();
    assert_eq!(made.how, CreatedHow::New);
    let again = store.create_grouping(number, "Renamed since", Some(&key("d1"))).await.unwrap();
    assert_eq!((again.id, again.how), (made.id, CreatedHow::Duplicate));
    let adopted = store.create_grouping(number, "öl & GAS", Some(&key("d2"))).await.unwrap();
    assert_eq!((adopted.id, adopted.how), (made.id, CreatedHow::Adopted));
    let elsewhere = store.create_grouping(GroupingNumber::new(4).unwrap(), "Öl & Gas", None).await.unwrap();
    assert_ne!(elsewhere.id, made.id);
    assert!(store.rename_grouping(number, made.id, "Energy").await.unwrap().changed);
    let values = store.groupings(number, Some("net2-hq")).await.unwrap();
    assert_eq!((values.len(), values[0].description.as_str()), (1, "Energy"));
}

async fn w06_a_value_of_another_grouping_is_refused(engine: Engine) {
    let store = store(engine, "").await;
    let (one, two) = (GroupingNumber::new(1).unwrap(), GroupingNumber::new(2).unwrap());
    let value = store.create_grouping(two, "Nights", None).await.unwrap().id;
    let mut fields = named("Asha Mello");
    fields.groupings.insert(one, Field::Set(value));
    let error = store.create_person(&fields, None).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Rejected, Some("grouping_1")));
}

async fn w07_a_terminal_arrives_suspended_and_only_its_name_follows(engine: Engine) {
    let store = store(engine, "").await;
    let new = NewTerminal::new("Main entrance (In)").origin(Origin::new("net2-hq", "7000123/in").unwrap());
    let made = store.create_terminal(&new, Some(&key("7000123/in"))).await.unwrap();
    let terminal = store.terminal(made.id, Some("net2-hq")).await.unwrap().unwrap();
    assert!(terminal.suspended && terminal.ip_address.is_none());
    assert_eq!((terminal.number, terminal.kind, terminal.role), (20_000, TerminalKind::Access, TerminalRole::Access));
    assert_eq!(terminal.notepad.as_deref(), Some("bridge=net2-hq:7000123/in"));
    assert_eq!(terminal.receipt.as_deref(), Some("7000123/in"));

    let release = TerminalChange::release(TerminalKind::Attendance, at(NOW)).direction(TerminalDirection::In);
    store.set_terminal(made.id, &release).await.unwrap();
    store.rename_terminal(made.id, "Front door").await.unwrap();
    assert_eq!(store.create_terminal(&new, Some(&key("7000123/in"))).await.unwrap().how, CreatedHow::Duplicate);
    let terminal = store.terminal(made.id, None).await.unwrap().unwrap();
    assert_eq!(terminal.description, "Front door");
    assert_eq!((terminal.kind, terminal.role), (TerminalKind::Attendance, TerminalRole::Attendance));
    assert_eq!((terminal.suspended, terminal.direction), (false, TerminalDirection::In));

    store.set_link_state(LinkEntity::Terminal, &key("7000123/in"), LinkState::Missing).await.unwrap();
    assert_eq!(store.terminals(None).await.unwrap().len(), 1, "a vanished device keeps its terminal");
}

async fn w07_numbers_are_the_smallest_free_ones_until_the_range_is_used_up(engine: Engine) {
    let store = store(engine, "terminal_number_from = 10000\nterminal_number_to = 10001").await;
    for wanted in [10_000, 10_001] {
        let id = store.create_terminal(&NewTerminal::new("Door"), None).await.unwrap().id;
        assert_eq!(store.terminal(id, None).await.unwrap().unwrap().number, wanted);
    }
    let error = store.create_terminal(&NewTerminal::new("Door"), None).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Conflict, Some("terminal.number")));
    assert!(error.remedy().is_some());
}

async fn w08_an_event_is_booked_once_with_its_receipt(engine: Engine) {
    let store = store(engine, "").await;
    let (door, who) = (attendance_in(&store).await, person(&store, "Asha Mello").await);
    let swipe = event("e1", door, who, "2026-06-01T07:58:41Z");
    let booked = book(&store, swipe.clone()).await;
    assert_eq!((booked.outcome, booked.local), (Outcome::Booked, Some(local("2026-06-01 08:58:41"))));
    let again = book(&store, swipe).await;
    assert_eq!((again.outcome, again.reason), (Outcome::Duplicate, Some(Reason::SameEvent)));
    assert_eq!(again.target, booked.target);
    let receipt = store.event(&key("e1")).await.unwrap().unwrap();
    assert_eq!((receipt.utc_offset_minutes, receipt.outcome), (60, Outcome::Booked));
    assert_eq!(receipt.target_table.as_deref(), Some("twork"));
}

async fn w08_the_guard_finds_a_row_without_a_receipt(engine: Engine) {
    let store = store(engine, "").await;
    let (door, who) = (attendance_in(&store).await, person(&store, "Asha Mello").await);
    let first = book(&store, event("e1", door, who, "2026-06-01T07:58:41Z")).await;
    let second = book(&store, event("e2", door, who, "2026-06-01T07:58:41.900Z")).await;
    assert_eq!((second.outcome, second.reason), (Outcome::Duplicate, Some(Reason::SameRow)));
    assert_eq!(second.target, first.target);
    assert_eq!(store.event(&key("e2")).await.unwrap().unwrap().outcome, Outcome::Duplicate);
}

async fn w08_one_bad_event_does_not_stop_its_batch(engine: Engine) {
    let store = store(engine, "").await;
    let (door, who) = (attendance_in(&store).await, person(&store, "Asha Mello").await);
    let batch = [
        event("e1", door, timeware_model::EmployeeId::new(999), "2026-06-01T07:00:00Z"),
        event("e2", timeware_model::TerminalId::new(999), who, "2026-06-01T07:00:00Z"),
        event("e3", door, who, "2026-06-01T07:00:00Z"),
        Event::new(key("e4"), door, at("2026-06-01T07:00:00Z")).badge("77"),
    ];
    let answers = store.book(&batch).await.unwrap();
    let ended: Vec<_> = answers.iter().map(|answer| (answer.outcome, answer.reason)).collect();
    assert_eq!(
        ended,
        [
            (Outcome::Rejected, Some(Reason::NoSuchPerson)),
            (Outcome::Held, Some(Reason::UnknownTerminal)),
            (Outcome::Booked, None),
            (Outcome::Held, Some(Reason::UnknownPerson)),
        ]
    );
    assert!(store.event(&key("e1")).await.unwrap().is_none(), "only what was booked has a receipt");
}

async fn w08_a_row_that_the_database_refuses_ends_its_event_only(engine: Engine) {
    let store = store(engine, "").await;
    let (door, who) = (attendance_in(&store).await, person(&store, "Asha Mello").await);
    store.refuse_second_booking();
    let batch = [
        event("e1", door, who, "2026-06-01T07:00:00Z"),
        event("e2", door, who, "2026-06-01T06:59:59Z"),
        event("e3", door, who, "2026-06-01T07:00:01Z"),
    ];
    let answers = store.book(&batch).await.unwrap();
    let ended: Vec<_> = answers.iter().map(|answer| (answer.outcome, answer.reason)).collect();
    assert_eq!(ended, [(Outcome::Booked, None), (Outcome::Rejected, Some(Reason::Refused)), (Outcome::Booked, None)]);
    assert_eq!(store.raw("SELECT external_event_id FROM bridge_event ORDER BY 1"), ["e1", "e3"]);
    assert_eq!(store.roll_call().await.unwrap()[0].date_and_time, local("2026-06-01 08:00:01"));
}

async fn w08_a_staged_booking_is_cut_to_the_minute_and_archived_with_seconds(engine: Engine) {
    let store = store(engine, STAGED).await;
    let (door, who) = (attendance_in(&store).await, person(&store, "Asha Mello").await);
    let booked = book(&store, event("e1", door, who, "2026-06-01T07:58:41Z")).await;
    assert_eq!(booked.target.unwrap().table, "twork_unprocessed");
    let row = |table: &str| {
        let columns =
            "employee_id, date_and_time, [type], flag, [key], memo, authorisation, authorisation_finalised, source";
        store.raw(&format!("SELECT {columns} FROM {table}"))
    };
    assert_eq!(row("twork_unprocessed"), [format!("{who}|2026-06-01 08:58:00|1000|0|0||3|1|0")]);
    assert_eq!(row("twork_unprocessed_archive"), [format!("{who}|2026-06-01 08:58:41|1000|0|0||3|1|0")]);
    assert!(row("twork").is_empty());
}

async fn w10_a_booking_moves_while_it_lies_in_the_inlet_as_it_was_written(engine: Engine) {
    let store = store(engine, STAGED).await;
    let (door, who) = (attendance_in(&store).await, person(&store, "Asha Mello").await);
    let booked = book(&store, event("e1", door, who, "2026-06-01T07:58:41Z")).await;
    let inlet = || store.raw("SELECT employee_id, date_and_time FROM twork_unprocessed");

    let earlier = event("e2", door, who, "2026-06-01T07:36:09Z");
    let moved = store.rebook(&key("e1"), &earlier).await.unwrap().unwrap();
    assert_eq!((moved.outcome, &moved.target), (Outcome::Booked, &booked.target), "the same row");
    assert_eq!(inlet(), [format!("{who}|2026-06-01 08:36:00")]);
    let archived = store.raw("SELECT date_and_time FROM twork_unprocessed_archive ORDER BY 1");
    assert_eq!(archived, ["2026-06-01 08:36:09", "2026-06-01 08:58:41"], "both as they were read");

    let again = store.rebook(&key("e1"), &earlier).await.unwrap().unwrap();
    assert_eq!(
        (again.outcome, again.target),
        (Outcome::Duplicate, booked.target.clone()),
        "a lost answer is asked for"
    );
    assert_eq!(book(&store, event("e1", door, who, "2026-06-01T07:58:41Z")).await.outcome, Outcome::Duplicate);
    let (from, to) = (at("2026-06-01T00:00:00Z"), at("2026-06-02T00:00:00Z"));
    let report = store.reconcile(from, to).await.unwrap();
    assert!(report.missing_rows.is_empty() && report.unknown_rows.is_empty(), "{report:?}");

    // The calculation takes it out of the inlet.
    store.execute("DELETE FROM twork_unprocessed");
    let late = event("e3", door, who, "2026-06-01T07:30:00Z");
    assert_eq!(store.rebook(&key("e2"), &late).await.unwrap(), None);
    assert_eq!((inlet().len(), store.event(&key("e3")).await.unwrap()), (0, None));
}

async fn w10_a_booking_that_cannot_be_told_for_ours_stays(engine: Engine) {
    let store = store(engine, STAGED).await;
    let (door, who) = (attendance_in(&store).await, person(&store, "Asha Mello").await);
    let inlet = || store.raw("SELECT date_and_time FROM twork_unprocessed ORDER BY 1");
    for (id, when) in [("e1", "2026-06-01T07:58:00Z"), ("e2", "2026-06-01T09:00:00Z")] {
        book(&store, event(id, door, who, when)).await;
    }
    let rebook =
        async |earlier: &str, when: &str| store.rebook(&key(earlier), &event("new", door, who, when)).await.unwrap();
    assert_eq!(rebook("e0", "2026-06-01T07:00:00Z").await, None, "never booked");
    assert_eq!(rebook("e1", "2026-06-01T09:00:20Z").await, None, "the minute has a booking already");
    store.execute("UPDATE twork_unprocessed SET date_and_time = '2026-06-01 10:00:00' WHERE work_unprocessed_id = 1");
    assert_eq!(rebook("e1", "2026-06-01T07:00:00Z").await, None, "somebody else has changed it");
    assert_eq!(inlet(), ["2026-06-01 10:00:00", "2026-06-01 10:00:00"]);
    assert_eq!(store.event(&key("new")).await.unwrap(), None);
}

async fn w08_access_rows_carry_flag_and_badge(engine: Engine) {
    let store = store(engine, STAGED).await;
    let (door, who) = (terminal(&store, "Store", TerminalKind::Access).await, person(&store, "Asha Mello").await);
    let classes = [EventClass::Granted, EventClass::Denied, EventClass::AntiPassback, EventClass::ExitButton];
    for (second, class) in classes.into_iter().enumerate() {
        let swipe = event(&format!("e{second}"), door, who, &format!("2026-06-01T07:58:0{second}Z"));
        book(&store, swipe.class(class).badge("0042")).await;
    }
    let text = "SELECT user_id, date_and_time, flag, badge FROM taccess_archive ORDER BY access_archive_id";
    let flags = [1, 3, 5, 8];
    let wanted: Vec<_> =
        flags.iter().enumerate().map(|(s, flag)| format!("0|2026-06-01 08:58:0{s}|{flag}|42")).collect();
    assert_eq!(store.raw(text), wanted);
}

async fn w08_an_access_terminal_gives_access_records_only(engine: Engine) {
    for (profile, table) in [("", "twork"), (STAGED, "taccess_archive")] {
        let store = store(engine, profile).await;
        let (door, who) = (terminal(&store, "Store", TerminalKind::Access).await, person(&store, "Asha Mello").await);
        let booked = book(&store, event("e1", door, who, "2026-06-01T07:58:41Z").badge("42")).await;
        assert_eq!(booked.target.unwrap().table, table);
        let denied = event("e2", door, who, "2026-06-01T07:59:00Z").class(EventClass::Denied);
        assert_eq!(book(&store, denied).await.outcome, Outcome::Booked);
        let other = event("e3", door, who, "2026-06-01T07:59:30Z").class(EventClass::DoorState);
        assert_eq!(book(&store, other).await.reason, Some(Reason::Class));
    }
}

async fn w08_an_access_event_of_nobody_has_a_place_in_the_staged_profile_only(engine: Engine) {
    for (profile, outcome) in [("", Outcome::Ignored), (STAGED, Outcome::Booked)] {
        let store = store(engine, profile).await;
        let door = terminal(&store, "Store", TerminalKind::Access).await;
        let pushed = Event::new(key("e1"), door, at("2026-06-01T07:00:00Z")).class(EventClass::ExitButton);
        assert_eq!(book(&store, pushed).await.outcome, outcome, "{profile}");
    }
}

async fn w08_a_denied_event_at_an_attendance_terminal_is_no_booking(engine: Engine) {
    let store = store(engine, "").await;
    let (door, who) = (attendance_in(&store).await, person(&store, "Asha Mello").await);
    let denied = event("e1", door, who, "2026-06-01T07:00:00Z").class(EventClass::Denied);
    assert_eq!(book(&store, denied).await.reason, Some(Reason::Class));
    assert!(store.roll_call().await.unwrap().is_empty());
}

async fn w08_muster_readers_keep_the_roll_call_and_book_nothing(engine: Engine) {
    let store = store(engine, "").await;
    let (door, who) = (terminal(&store, "Car park", TerminalKind::FireAlarm).await, person(&store, "Asha Mello").await);
    let mut change = TerminalChange::default().roll_call(true);
    change.role = Some(TerminalRole::Muster);
    store.set_terminal(door, &change).await.unwrap();
    let booked = book(&store, event("e1", door, who, "2026-06-01T07:00:00Z")).await;
    assert_eq!((booked.outcome, booked.reason), (Outcome::Ignored, Some(Reason::Role)));
    assert_eq!(store.roll_call().await.unwrap()[0].terminal_id, door);
}

async fn w09_a_repeated_direction_is_only_reported_within_the_gap(engine: Engine) {
    let store = store(engine, "direction_gap_minutes = 30").await;
    let (door, who) = (attendance_in(&store).await, person(&store, "Asha Mello").await);
    for (id, when, outcome) in [
        ("e1", "2026-06-01T07:00:00Z", Outcome::Booked),
        ("e2", "2026-06-01T07:20:00Z", Outcome::Suppressed),
        ("e3", "2026-06-01T07:31:00Z", Outcome::Booked),
    ] {
        assert_eq!(book(&store, event(id, door, who, when)).await.outcome, outcome, "{id}");
    }
    let off = crate::common::store(engine, "").await;
    let (door, who) = (attendance_in(&off).await, person(&off, "Asha Mello").await);
    for (id, when) in [("e1", "2026-06-01T07:00:00Z"), ("e2", "2026-06-01T07:00:05Z")] {
        assert_eq!(book(&off, event(id, door, who, when)).await.outcome, Outcome::Booked, "off by default");
    }
}

async fn w09_the_direction_goes_to_the_roll_call_and_older_events_do_not_move_it(engine: Engine) {
    let store = store(engine, "").await;
    let who = person(&store, "Asha Mello").await;
    let (inside, outside) = (attendance_in(&store).await, terminal(&store, "Out", TerminalKind::Attendance).await);
    let change = TerminalChange::default().direction(TerminalDirection::Out).roll_call(true);
    store.set_terminal(outside, &change).await.unwrap();
    book(&store, event("e1", inside, who, "2026-06-01T07:00:00Z")).await;
    book(&store, event("e2", outside, who, "2026-06-01T11:00:00Z")).await;
    book(&store, event("e3", inside, who, "2026-06-01T09:00:00Z")).await;
    let places = store.roll_call().await.unwrap();
    assert_eq!(places.len(), 1);
    assert_eq!((places[0].terminal_id, places[0].direction), (outside, EventDirection::Out));
    assert_eq!(places[0].date_and_time, local("2026-06-01 12:00:00"));
    assert_eq!(store.last_event(who).await.unwrap().unwrap().key, key("e2"));
}

async fn w10_both_passes_of_the_repeated_hour_are_booked(engine: Engine) {
    for profile in ["", STAGED] {
        let store = store_at(engine, profile, "2026-10-25T12:00:00Z").await;
        let (door, who) = (attendance_in(&store).await, person(&store, "Asha Mello").await);
        let batch = [
            event("e1", door, who, "2026-10-25T00:30:00Z"),
            event("e2", door, who, "2026-10-25T01:30:00Z"),
            event("e2", door, who, "2026-10-25T01:30:00Z"),
        ];
        let answers = store.book(&batch).await.unwrap();
        let ended: Vec<_> = answers.iter().map(|answer| answer.outcome).collect();
        assert_eq!(ended, [Outcome::Booked, Outcome::Booked, Outcome::Duplicate]);
        for answer in &answers[..2] {
            assert_eq!(answer.local, Some(local("2026-10-25 01:30:00")));
        }
        assert_ne!(answers[0].target, answers[1].target);
        let offsets = [("e1", 60), ("e2", 0)];
        for (id, offset) in offsets {
            assert_eq!(store.event(&key(id)).await.unwrap().unwrap().utc_offset_minutes, offset);
        }
    }
}

async fn w10_the_time_is_that_of_the_terminals_zone(engine: Engine) {
    let store = store(engine, "").await;
    let who = person(&store, "Asha Mello").await;
    let new = NewTerminal::new("New York").time_zone("America/New_York".parse().unwrap());
    let door = store.create_terminal(&new, None).await.unwrap().id;
    let release = TerminalChange::release(TerminalKind::Attendance, at("2020-01-01T00:00:00Z"));
    store.set_terminal(door, &release).await.unwrap();
    let booked = book(&store, event("e1", door, who, "2026-06-01T02:00:00Z")).await;
    assert_eq!(booked.local, Some(local("2026-05-31 22:00:00")));
}

async fn w11_a_suspended_terminal_gives_nothing_and_a_release_says_from_when(engine: Engine) {
    let store = store(engine, "").await;
    let who = person(&store, "Asha Mello").await;
    let door = store.create_terminal(&NewTerminal::new("Door"), None).await.unwrap().id;
    let swipe = |id: &str, when: &str| event(id, door, who, when);
    assert_eq!(book(&store, swipe("e1", "2026-06-01T07:00:00Z")).await.reason, Some(Reason::Suspended));

    let mut silent = TerminalChange::default();
    silent.suspended = Some(false);
    let error = store.set_terminal(door, &silent).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Rejected, Some("take_from")));

    let release = TerminalChange::release(TerminalKind::Attendance, at("2026-06-01T08:00:00Z"));
    store.set_terminal(door, &release).await.unwrap();
    assert_eq!(book(&store, swipe("e1", "2026-06-01T07:59:59Z")).await.reason, Some(Reason::BeforeTakeFrom));
    assert_eq!(book(&store, swipe("e2", "2026-06-01T08:00:00Z")).await.outcome, Outcome::Booked);
}

async fn w12_an_old_event_waits_for_a_decision(engine: Engine) {
    let store = store(engine, "").await;
    let (door, who) = (attendance_in(&store).await, person(&store, "Asha Mello").await);
    let mut old = event("e1", door, who, "2026-04-30T11:59:59Z");
    let held = book(&store, old.clone()).await;
    assert_eq!((held.outcome, held.reason), (Outcome::Held, Some(Reason::TooOld)));
    old.age_accepted = true;
    assert_eq!(book(&store, old).await.outcome, Outcome::Booked);
}

async fn w13_members_that_are_gone_stay_and_are_reported(engine: Engine) {
    let store = store(engine, "").await;
    let one = terminal(&store, "One", TerminalKind::Access).await;
    let two = terminal(&store, "Two", TerminalKind::Access).await;
    let both: BTreeSet<_> = [one, two].into();
    let group = store.create_terminal_group("Doors", &both, Some(&key("g1"))).await.unwrap().id;
    let written = store.update_terminal_group(group, None, Some(&[one].into())).await.unwrap();
    assert_eq!((written.changed, written.warnings), (false, vec![Warning::MembersKept { count: 1 }]));
    let groups = store.terminal_groups(Some("net2-hq")).await.unwrap();
    assert_eq!((groups[0].terminals.clone(), groups[0].receipt.as_deref()), (both, Some("g1")));
}

#[test]
fn w13_no_statement_of_this_crate_deletes() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let folders = ["sql", "sqlite", "sqlserver"].map(|name| folder.join(name));
    for file in folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap()) {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap().to_uppercase();
        assert!(!text.contains("DELETE FROM") && !text.contains("TRUNCATE TABLE"), "{}", path.display());
    }
}

async fn w14_personal_fields_are_neither_written_nor_read_until_switched_on(engine: Engine) {
    let mut fields = named("Asha Mello");
    fields.date_of_birth = Field::Set(NaiveDate::from_ymd_opt(1987, 4, 19).unwrap());
    fields.post_code = Field::Set("zz14qx".to_owned());
    fields.mobile_number = Field::Set(" 07700 900123 ".to_owned());
    fields.email_address = Field::Set("a.demello@example.org".to_owned());

    let off = store(engine, "").await;
    let id = off.create_person(&fields, None).await.unwrap().id;
    let person = off.person(id, None).await.unwrap().unwrap();
    assert_eq!((person.date_of_birth, person.post_code, person.mobile_number), (None, None, None));
    assert_eq!(person.email_address.as_deref(), Some("a.demello@example.org"));

    let on = store(engine, "personal_fields = [\"date_of_birth\", \"post_code\", \"mobile_number\"]").await;
    let id = on.create_person(&fields, None).await.unwrap().id;
    let person = on.person(id, None).await.unwrap().unwrap();
    assert_eq!(person.date_of_birth, NaiveDate::from_ymd_opt(1987, 4, 19));
    assert_eq!(person.post_code.as_deref(), Some("ZZ1 4QX"));
    assert_eq!(person.mobile_number.as_deref(), Some("07700 900123"));
}

async fn w15_an_empty_value_clears_a_personal_field_only_where_it_is_authoritative(engine: Engine) {
    let mut full = named("Asha Mello");
    full.gender = Field::Set("Female".to_owned());
    full.vehicle_registration = Field::Set("ZZ19 XYZ".to_owned());
    full.title = Field::Set("Mrs".to_owned());
    let mut empty = PersonFields::default();
    empty.gender = Field::Clear;
    empty.vehicle_registration = Field::Set("  ".to_owned());
    empty.title = Field::Clear;

    let text = "personal_fields = [\"gender\", \"vehicle_registration\"]\nauthoritative = [\"gender\"]";
    let store = store(engine, text).await;
    let id = store.create_person(&full, None).await.unwrap().id;
    store.update_person(id, &empty).await.unwrap();
    let person = store.person(id, None).await.unwrap().unwrap();
    assert_eq!((person.gender, person.title), (None, None));
    assert_eq!(person.vehicle_registration.as_deref(), Some("ZZ19 XYZ"));
}

async fn a_key_is_never_cut(engine: Engine) {
    let store = store(engine, "").await;
    let mut fields = named("Asha Mello");
    fields.paylink = Field::Set("9".repeat(31));
    let error = store.create_person(&fields, None).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Rejected, Some("paylink")));
}

async fn people_writes_are_announced_to_terminals_in_the_staged_profile(engine: Engine) {
    let staged = store(engine, STAGED).await;
    let id = person(&staged, "Asha Mello").await;
    staged.mark_leaver(id, None).await.unwrap();
    let queue = staged.changed_people(0, 10).await.unwrap();
    assert_eq!(queue.iter().map(|(_, id)| *id).collect::<Vec<_>>(), [id, id]);
    assert_eq!(staged.changed_people(queue[0].0, 10).await.unwrap().len(), 1);
    let direct = store(engine, "").await;
    person(&direct, "Asha Mello").await;
    assert!(direct.changed_people(0, 10).await.unwrap().is_empty());
}

async fn w04_without_a_primary_one_the_newest_credential_is_the_badge(engine: Engine) {
    let clock = std::sync::Arc::new(std::sync::Mutex::new(at("2026-06-01T12:00:00Z")));
    let time = std::sync::Arc::clone(&clock);
    let store = store_by(engine, "", std::sync::Arc::new(move || *time.lock().unwrap())).await;
    let id = store.create_person(&with_cards(named("Asha Mello"), &["50"]), None).await.unwrap().id;
    for (cards, badge) in [(&["50", "40"][..], Some(40)), (&["50"], Some(50)), (&["30", "50"], Some(30)), (&[], None)] {
        *clock.lock().unwrap() += chrono::Duration::hours(1);
        store.update_person(id, &with_cards(PersonFields::default(), cards)).await.unwrap();
        assert_eq!(store.person(id, None).await.unwrap().unwrap().badge, badge, "{cards:?}");
    }
}
