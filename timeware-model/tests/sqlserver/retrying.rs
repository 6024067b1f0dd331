//! Others in the way, and connections that end: nothing is written half, nothing twice (rule S12).

use timeware_model::{
    CreatedHow, ErrorKind, LinkEntity, NewTerminal, Outcome, PeoplePage, Reason, TerminalChange, TerminalKind,
};
use vendor_sim::sqlserver::{Action, Fault, SqlServerSim};

use crate::common::*;

async fn world() -> World {
    store(Engine::SqlServer, "profile = \"staged\"").await
}

fn sim(world: &World) -> &SqlServerSim {
    match &world.database {
        Database::SqlServer(sim) => sim,
        Database::Embedded(_) => unreachable!(),
    }
}

async fn count(world: &World) -> usize {
    world.people(&PeoplePage::default()).await.unwrap().people.len()
}

#[tokio::test]
async fn whoever_is_in_the_way_costs_a_try_and_no_more() {
    for number in [1205, 1222, 40_613, 49_918, 49_919, 49_920] {
        let world = world().await;
        sim(&world).add_fault(Fault::error("insert into [dbo].[temployee]", number).times(2));
        let made = world.create_person(&named("Asha Mello"), Some(&key("p1"))).await.unwrap();
        assert_eq!((made.how, count(&world).await), (CreatedHow::New, 1), "{number}");
        assert_eq!(sim(&world).faults()[0].met(), 2, "{number}");
    }
}

#[tokio::test]
async fn five_tries_are_the_end_and_leave_nothing() {
    let world = world().await;
    sim(&world).add_fault(Fault::error("insert into [dbo].[bridge_link]", 1205).always());
    let error = world.create_person(&named("Asha Mello"), Some(&key("p1"))).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_been_applied()), (ErrorKind::Unavailable, false));
    assert!(error.is_transient());
    assert_eq!(sim(&world).faults()[0].met(), 5);
    sim(&world).clear_faults();
    assert_eq!(count(&world).await, 0);
    assert!(world.link(LinkEntity::Employee, &key("p1")).await.unwrap().is_none());
}

#[tokio::test]
async fn an_error_of_our_own_is_not_tried_again() {
    let world = world().await;
    sim(&world).add_fault(Fault::error("insert into [dbo].[temployee]", 2628).always());
    let error = world.create_person(&named("Asha Mello"), None).await.unwrap_err();
    assert_eq!((error.kind(), sim(&world).faults()[0].met()), (ErrorKind::Rejected, 1));
    sim(&world).clear_faults();
    person(&world, "Asha Mello").await;
}

#[tokio::test]
async fn a_key_that_somebody_else_was_quicker_with_is_looked_up_once_more() {
    for number in [2627, 2601] {
        let world = world().await;
        let first = world.create_person(&named("Asha Mello"), Some(&key("p1"))).await.unwrap();
        // The look-up misses the record once, as it does when another program writes at the same moment.
        world.execute("UPDATE dbo.bridge_link SET external_id = N'elsewhere'");
        sim(&world).add_fault(Fault::error("insert into [dbo].[bridge_link]", number));
        let made = world.create_person(&named("Bo Berg"), Some(&key("p1"))).await.unwrap();
        assert_ne!(made.id, first.id);
        sim(&world).add_fault(Fault::error("insert into [dbo].[bridge_link]", number).always());
        let error = world.create_person(&named("Cleo Adams"), Some(&key("p3"))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Duplicate, "{number}");
    }
}

#[tokio::test]
async fn a_connection_cut_inside_a_transaction_leaves_nothing_half_and_makes_nothing_twice() {
    // Each statement of a create, one after the other.
    for step in 1.. {
        let world = world().await;
        let fields = with_cards(named("Asha Mello"), &["42"]);
        sim(&world).add_fault(Fault::new("", Action::CutBefore).nth(step));
        let made = world.create_person(&fields, Some(&key("p1"))).await.unwrap();
        assert_eq!((made.how, count(&world).await), (CreatedHow::New, 1), "cut before statement {step}");
        assert_eq!(world.badge_spans(made.id).await.unwrap().len(), 1, "cut before statement {step}");
        assert_eq!(world.raw("SELECT COUNT(*) FROM dbo.tevent_update"), ["1"], "cut before statement {step}");
        if sim(&world).faults()[0].met() == 0 {
            assert!(step > 8, "a create has more statements than {step}");
            break;
        }
    }
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_settled_by_the_receipt() {
    for action in [Action::CutBefore, Action::CutAfter] {
        let world = world().await;
        sim(&world).add_fault(Fault::new("commit", action));
        let made = world.create_person(&named("Asha Mello"), Some(&key("p1"))).await.unwrap();
        assert_eq!((made.how, count(&world).await), (CreatedHow::New, 1), "{action:?}");
        let again = world.create_person(&named("Asha Mello"), Some(&key("p1"))).await.unwrap();
        assert_eq!((again.how, again.id), (CreatedHow::Duplicate, made.id), "{action:?}");
    }
}

#[tokio::test]
async fn a_commit_in_doubt_without_a_receipt_is_told_and_not_done_again() {
    for (action, people) in [(Action::CutBefore, 0), (Action::CutAfter, 1)] {
        let world = world().await;
        sim(&world).add_fault(Fault::new("commit", action));
        let error = world.create_person(&named("Asha Mello"), None).await.unwrap_err();
        assert!(error.may_have_been_applied(), "{error}");
        assert_eq!(count(&world).await, people, "{action:?}");
    }
}

#[tokio::test]
async fn changes_and_bookings_whose_commit_was_in_doubt_answer_as_if_nothing_had_happened() {
    for action in [Action::CutBefore, Action::CutAfter] {
        let world = world().await;
        let (door, who) = (attendance_in(&world).await, person(&world, "Asha Mello").await);
        sim(&world).add_fault(Fault::new("commit", action));
        let batch = [event("e1", door, who, "2026-06-01T07:00:00Z"), event("e2", door, who, "2026-06-01T08:00:00Z")];
        let answers = world.book(&batch).await.unwrap();
        let ended: Vec<_> = answers.iter().map(|answer| (answer.outcome, answer.reason)).collect();
        assert_eq!(ended, [(Outcome::Booked, None), (Outcome::Booked, None)], "{action:?}");
        assert_eq!(world.raw("SELECT COUNT(*) FROM dbo.twork_unprocessed"), ["2"], "{action:?}");
        assert_eq!(world.book(&batch).await.unwrap()[0].reason, Some(Reason::SameEvent));

        sim(&world).clear_faults();
        sim(&world).add_fault(Fault::new("commit", action));
        assert!(world.mark_leaver(who, None).await.unwrap().changed, "{action:?}");
        assert!(world.person(who, None).await.unwrap().unwrap().leaver);
    }
}

#[tokio::test]
async fn a_read_whose_connection_was_cut_is_read_again() {
    let world = world().await;
    person(&world, "Asha Mello").await;
    let before = sim(&world).logins();
    sim(&world).cut_connections();
    assert_eq!(count(&world).await, 1);
    sim(&world).add_fault(Fault::new("from [dbo].[temployee] e", Action::CutAfter));
    assert_eq!(count(&world).await, 1);
    assert_eq!(sim(&world).logins(), before + 2);
    // The writer has its place again.
    assert_eq!(sim(&world).app_locks().len(), 1);
    person(&world, "Bo Berg").await;
}

#[tokio::test]
async fn a_server_that_stays_away_is_unavailable_and_may_come_back() {
    let world = world().await;
    sim(&world).pause();
    let error = world.people(&PeoplePage::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.is_transient() && !error.may_have_been_applied());
    sim(&world).resume();
    assert_eq!(count(&world).await, 0);
}

#[tokio::test]
async fn a_writer_that_lost_its_place_meanwhile_is_told() {
    let mut world = world().await;
    world.close();
    let mut config = world.config("profile = \"staged\"");
    config.sqlserver.lock_timeout_s = 1;
    let store = server::open(sim(&world), config, standing(NOW)).await.unwrap();
    sim(&world).cut_connections();
    sim(&world).hold_lock("timeware-model writer");
    let error = store.create_person(&named("Asha Mello"), Some(&key("p1"))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
    sim(&world).release_lock("timeware-model writer");
    store.create_person(&named("Asha Mello"), Some(&key("p1"))).await.unwrap();
}

#[tokio::test]
async fn a_call_that_is_dropped_has_written_nothing_and_the_next_one_works() {
    let world = world().await;
    let slow = Action::Delay(std::time::Duration::from_mins(1));
    sim(&world).add_fault(Fault::new("insert into [dbo].[bridge_link]", slow));
    let (fields, receipt) = (named("Asha Mello"), key("p1"));
    let call = world.create_person(&fields, Some(&receipt));
    let deadline = std::time::Duration::from_millis(300);
    assert!(tokio::time::timeout(deadline, call).await.is_err());
    sim(&world).clear_faults();
    let made = world.create_person(&fields, Some(&receipt)).await.unwrap();
    assert_eq!((made.how, count(&world).await), (CreatedHow::New, 1));
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_given_up() {
    let mut world = world().await;
    let text = "profile = \"staged\"\n";
    world.close();
    let mut config = world.config(text);
    (config.sqlserver.command_timeout_s, config.sqlserver.lock_timeout_s) = (2, 1);
    let store = server::open(sim(&world), config, standing(NOW)).await.unwrap();
    let slow = Action::Delay(std::time::Duration::from_mins(1));
    sim(&world).add_fault(Fault::new("from [dbo].[tterminal] t", slow).times(1));
    assert!(store.terminals(None).await.unwrap().is_empty(), "the second try is quick");
}

#[tokio::test]
async fn terminals_are_set_beside_a_writer_whose_connection_comes_and_goes() {
    let world = world().await;
    let door = world.create_terminal(&NewTerminal::new("Door"), None).await.unwrap().id;
    let administrator = world.administrator("profile = \"staged\"").await.unwrap();
    sim(&world).cut_connections();
    administrator.set_terminal(door, &TerminalChange::release(TerminalKind::Access, at(NOW))).await.unwrap();
    assert!(!world.terminal(door, None).await.unwrap().unwrap().suspended);
}
