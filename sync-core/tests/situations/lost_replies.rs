//! Writes of which nobody knows whether they arrived.

use std::time::Duration;

use crate::support::{World, person, situation};
use crate::text;
use sync_core::connector::{CreateClass, LateApply};
use sync_core::journal::LinkState;
use sync_core::reconcile::Decision;
use sync_core::test_kit::{FakeSide, Fault, Faults};

/// One new person at a side of class N, at the moment after a fault hit the creation itself.
async fn creation_in_doubt(fault: Fault, arrived: bool) -> World {
    for step in 1..40 {
        let side = FakeSide::new("file").creating(CreateClass::Unsafe);
        let mut world = World::with_secondary(side.writing(|caps| caps.late_apply = LateApply::Unbounded));
        let ours = world.primary.put(person("Anna", "Baker", "1"));
        world.set(|settings| settings.correlation.clear());
        world.faults = Faults::at(step, fault);
        let _ = world.run(&world.link()).await;
        world.restart();
        world.go().await;
        let held = world.link_row(&ours).await.is_some_and(|link| link.state == LinkState::Held);
        if held && world.secondary.is_empty() != arrived {
            return world;
        }
    }
    panic!("no step left a creation in doubt");
}

#[tokio::test]
async fn class_n_a_lost_reply_is_proposed_to_a_person_and_matched_by_decision() {
    let world = creation_in_doubt(Fault::LoseReply, true).await;
    let report = world.go().await;
    assert_eq!(world.secondary.creates_seen().values().sum::<u32>(), 1);
    let note = report.held.iter().find(|note| note.situation == "S16").unwrap();
    let theirs = world.secondary.all()[0].id.clone();
    assert_eq!(note.candidates.first().map(|(id, _)| id), Some(&theirs), "{note:?}");

    let ours = world.leader("1").id;
    world.decide(&ours, Decision::Match(theirs.clone())).await;
    world.go().await;
    let link = world.link_row(&ours).await.unwrap();
    assert_eq!((link.state, link.secondary), (LinkState::Live, Some(theirs)));
    let last = world.go().await;
    assert_eq!((last.held.len(), world.secondary.len()), (0, 1));
}

#[tokio::test]
async fn class_n_by_decision_it_is_sent_a_second_time() {
    let world = creation_in_doubt(Fault::CrashBefore, false).await;
    world.go().await;
    assert!(world.secondary.is_empty(), "never by itself");
    world.decide(&world.leader("1").id, Decision::Create).await;
    world.go().await;
    assert_eq!((world.secondary.len(), world.go().await.held.len()), (1, 0));
}

#[tokio::test]
async fn class_k_a_repeat_that_was_never_sent_does_not_close_the_first_attempt() {
    let class = CreateClass::Keyed(Duration::from_hours(24));
    for first in 1..20 {
        for second in 1..8 {
            let side = FakeSide::new("pac").creating(class).writing(|caps| caps.marker_in_create = false);
            let mut world = World::with_secondary(side);
            world.set(|settings| settings.correlation.clear());
            world.primary.put(person("Anna", "Baker", "1"));
            world.faults = Faults::at(first, Fault::LoseReply);
            let _ = world.run(&world.link()).await;
            world.restart();
            world.faults.arm(second, Fault::FailBefore);
            let _ = world.run(&world.link()).await;
            world.restart();
            let report = world.quiesce().await;
            assert_eq!(world.secondary.len(), 1, "reply lost at {first}, repeat failed {second} steps later");
            assert_eq!((report.outcomes.in_doubt, report.held.len()), (0, 0));
        }
    }
}

#[tokio::test]
async fn a_record_with_an_open_write_is_left_alone_until_nothing_can_arrive_any_more() {
    let mut seen = 0;
    for step in 1..20 {
        let world = World::new().with_people(2).await;
        world.primary.edit(&world.leader("1").id, |person| person.last_name = text("First"));
        world.faults.arm(step, Fault::DeliverLate);
        let open = world.run(&world.link()).await.is_ok_and(|report| report.outcomes.in_doubt == 1);
        world.primary.edit(&world.leader("1").id, |person| person.last_name = text("Second"));
        world.clock.advance(Duration::from_secs(10));
        let writes = world.secondary.writes_seen();
        let report = world.run(&world.link()).await;
        if open {
            seen += 1;
            assert_eq!((situation(&report.unwrap(), "S15"), world.secondary.writes_seen()), (1, writes));
        }
        world.restart();
        world.quiesce().await;
        assert_eq!(world.follower("1").unwrap().value.last_name, text("Second"), "step {step}");
    }
    assert_eq!(seen, 1, "one of the steps is the update");
}
