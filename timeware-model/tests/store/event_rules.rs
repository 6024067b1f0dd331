//! Each rule for writing terminals, their groups and events, by its number.

use std::collections::BTreeSet;

use crate::common::*;
use timeware_model::{
    CreatedHow, ErrorKind, Event, EventClass, EventDirection, LinkEntity, LinkState, NewTerminal, Origin, Outcome,
    Reason, TerminalChange, TerminalDirection, TerminalKind, TerminalRole, Warning,
};

on_every_store!(
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
);

const STAGED: &str = "profile = \"staged\"";

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
