//! Exhaustive faults: at every step, of every kind, for every creation class.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use support::{World, person};
use sync_core::connector::{CreateClass, LateApply};
use sync_core::model::{Known, Person};
use sync_core::test_kit::{FakeSide, Fault, Faults};

/// New people, changed people, a leaver, a match: everything that a run does.
fn scenario(secondary: FakeSide<Person>) -> World {
    let world = World::with_secondary(secondary);
    world.secondary.put(Person { last_name: Known::from_text("Old-Name"), ..person("Cleo", "Adams", "3") });
    for (first, last, number) in [("Anna", "Baker", "1"), ("Bert", "Cole", "2"), ("Cleo", "Adams", "3")] {
        world.primary.put(person(first, last, number));
    }
    world
}

/// What happens between two runs, so that updates and removals are under way as well.
fn life_goes_on(world: &World) {
    let all = world.primary.all();
    world.primary.edit(&all[0].id, |anna| anna.last_name = Known::from_text("Baker-Smith"));
    world.primary.edit(&all[1].id, |bert| bert.active = Known::Value(false));
    world.primary.put(person("Dora", "Evans", "4"));
}

/// Everybody who takes part. Whoever left before the first run came through was rightly never created.
fn present(world: &World) -> BTreeSet<String> {
    world.state().into_iter().filter(|person| person.contains("active Some(true)")).collect()
}

/// Two runs with life between them; a run that dies is followed by a new process, later.
async fn play(world: &World) {
    let _ = world.run(&world.link()).await;
    if world.faults.is_dead() {
        world.restart();
    }
    life_goes_on(world);
    // Before a late request arrives.
    world.clock.advance(Duration::from_secs(10));
    let _ = world.run(&world.link()).await;
    world.restart();
}

async fn every_step(make: impl Fn() -> FakeSide<Person>, fault: Fault) {
    let expected = {
        let world = scenario(make());
        play(&world).await;
        world.quiesce().await;
        present(&world)
    };
    assert_eq!(expected.len(), 3, "{expected:?}");
    for step in 1.. {
        let mut world = scenario(make());
        world.faults = Faults::at(step, fault);
        play(&world).await;
        let fired = world.faults.fired();
        let report = world.quiesce().await;
        assert_eq!(present(&world), expected, "{fault:?} at step {step}");
        assert!(world.secondary.len() <= 4, "a duplicate after {fault:?} at step {step}");
        assert!(world.secondary.creates_seen().len() <= 3, "two keys for one after {fault:?} at step {step}");
        assert_eq!(report.outcomes.in_doubt, 0, "open after {fault:?} at step {step}");
        assert_eq!(report.second_plan_actions, 0, "left over after {fault:?} at step {step}");
        assert!(report.held.is_empty(), "held after {fault:?} at step {step}: {:?}", report.held);
        if !fired {
            assert!(step > 20, "the scenario has {step} steps only");
            return;
        }
    }
}

#[tokio::test]
async fn class_u_ends_in_the_same_state_whatever_fails() {
    for fault in Fault::ALL {
        every_step(|| FakeSide::new("timeware"), fault).await;
    }
}

#[tokio::test]
async fn class_k_ends_in_the_same_state_whatever_fails() {
    for fault in Fault::ALL {
        every_step(|| FakeSide::new("pac").creating(CreateClass::Keyed(Duration::from_hours(24))), fault).await;
    }
}

#[tokio::test]
async fn class_s_ends_in_the_same_state_whatever_fails() {
    for fault in Fault::ALL {
        every_step(|| FakeSide::new("doors").creating(CreateClass::Searchable), fault).await;
    }
}

#[tokio::test]
async fn class_n_never_sends_a_create_twice_without_a_decision() {
    for fault in [Fault::LoseReply, Fault::DeliverLate, Fault::CrashAfter, Fault::CrashBefore, Fault::PowerLoss] {
        for step in 1.. {
            let side = FakeSide::new("file").creating(CreateClass::Unsafe);
            let mut world = scenario(side.writing(|caps| caps.late_apply = LateApply::Unbounded));
            world.faults = Faults::at(step, fault);
            play(&world).await;
            let fired = world.faults.fired();
            world.quiesce().await;
            let sends = world.secondary.creates_seen();
            assert!(sends.values().all(|sends| *sends <= 1), "sent twice after {fault:?} at step {step}");
            if !fired {
                break;
            }
        }
    }
}

#[tokio::test]
async fn faults_in_pairs_end_in_the_same_state_too() {
    let expected = {
        let world = scenario(FakeSide::new("timeware"));
        play(&world).await;
        world.quiesce().await;
        present(&world)
    };
    for first in (1..40).step_by(3) {
        for second in (1..20).step_by(2) {
            let mut world = scenario(FakeSide::new("timeware"));
            world.faults = Faults::at(first, Fault::CrashAfter);
            let _ = world.run(&world.link()).await;
            world.restart();
            life_goes_on(&world);
            world.faults.arm(second, Fault::PowerLoss);
            let _ = world.run(&world.link()).await;
            world.restart();
            world.quiesce().await;
            assert_eq!(present(&world), expected, "crash at {first}, power loss {second} steps later");
        }
    }
}
