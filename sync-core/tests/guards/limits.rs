//! G-08 to G-11: how many records and fields may change, and for how long that is remembered.

use std::time::Duration;

use crate::support::{World, context, person, situation};
use crate::{active, remove, rename, side, tripped, world_with};
use sync_core::connector::FieldCaps;
use sync_core::model::{Canonical, Known};
use sync_core::reconcile::{ActionKind, Approval, Limit, Settings};
use sync_core::test_kit::{Fault, FaultyJournal};

#[tokio::test]
async fn g08_five_removals_go_and_six_do_not() {
    for (gone, expected) in [(5, 15), (6, 20)] {
        let world = world_with(20, |_| {}).await;
        remove(&world, 1..=gone);
        world.unattended().await;
        let report = world.unattended().await;
        assert_eq!((active(&world), tripped(&report, "G-08")), (expected, gone == 6), "{gone} gone");
        assert_eq!(report.outcomes.skipped, if gone == 6 { 6 } else { 0 });
    }
}

#[tokio::test]
async fn g08_a_percentage_counts_where_it_is_more() {
    for (gone, trips) in [(10, false), (11, true)] {
        let world = world_with(200, |_| {}).await;
        remove(&world, 1..=gone);
        world.unattended().await;
        let report = world.unattended().await;
        assert_eq!(tripped(&report, "G-08"), trips, "{gone} of 200");
    }
}

#[tokio::test]
async fn g08_a_quarantined_removal_disappears_when_the_record_is_back() {
    let world = world_with(20, |_| {}).await;
    let kept: Vec<_> = (1..=6).map(|n| world.leader(&n.to_string())).collect();
    remove(&world, 1..=6);
    world.unattended().await;
    assert!(tripped(&world.unattended().await, "G-08"));
    for record in kept {
        world.primary.restore(&record.id, record.value, None);
    }
    let report = world.unattended().await;
    assert_eq!((report.guards.len(), report.second_plan_actions, active(&world)), (0, 0, 20));
}

#[tokio::test]
async fn g08_leavers_whose_day_has_passed_have_a_limit_of_their_own() {
    for (leavers, trips) in [(25, false), (26, true)] {
        let world = world_with(60, |_| {}).await;
        let day = chrono::NaiveDate::from_ymd_opt(2026, 2, 1).unwrap();
        for n in 1..=leavers {
            let id = world.leader(&n.to_string()).id;
            world.primary.edit(&id, |person| person.leave_date = Known::Value(day));
        }
        let report = world.unattended().await;
        assert_eq!((tripped(&report, "G-08"), active(&world)), (trips, if trips { 60 } else { 60 - leavers }));
    }
}

#[tokio::test]
async fn g09_creations_are_limited_once_the_first_run_is_over() {
    for (new, trips) in [(50, false), (51, true)] {
        let world = world_with(5, |_| {}).await;
        world.clock.advance(Duration::from_hours(25));
        for n in 0..new {
            world.primary.put(person("New", &n.to_string(), &format!("77{n}")));
        }
        rename(&world, 1..=1, "Changed");
        let report = world.unattended().await;
        assert_eq!((tripped(&report, "G-09"), world.secondary.len()), (trips, if trips { 5 } else { 5 + new }));
        assert_eq!(world.follower("1").unwrap().value.last_name, Known::from_text("Changed"), "I-30");
    }
}

#[tokio::test]
async fn g10_updates_are_limited_by_records() {
    let limit = |settings: &mut Settings| settings.guard.updates = Limit::new(6, 10);
    for (changed, trips) in [(6, false), (7, true)] {
        let world = world_with(20, limit).await;
        rename(&world, 1..=changed, "Changed");
        world.primary.put(person("New", "Person", "999"));
        let report = world.unattended().await;
        assert_eq!(tripped(&report, "G-10"), trips);
        let expected = if trips { "Last1" } else { "Changed" };
        assert_eq!(world.follower("1").unwrap().value.last_name, Known::from_text(expected));
        assert!(world.follower("999").is_some(), "I-30");
    }
}

#[tokio::test]
async fn g11_a_field_that_changes_nearly_everywhere_is_left_out_and_comes_back_later() {
    for (changed, trips) in [(20, false), (21, true)] {
        let mut world = World::with_secondary(side()).with_people(40).await;
        rename(&world, 1..=changed, "Changed");
        world.primary.edit(&world.leader("1").id, |person| person.first_name = Known::from_text("Other"));
        let report = world.go().await;
        assert_eq!(tripped(&report, "G-11"), trips, "{changed} of 40");
        let follower = world.follower("1").unwrap().value;
        assert_eq!(follower.first_name, Known::from_text("Other"), "other fields go on");
        let expected = if trips { "Last1" } else { "Changed" };
        assert_eq!(follower.last_name, Known::from_text(expected));
        assert_eq!(tripped(&world.go().await, "G-11"), trips, "it is not forgotten");
        world.set(|settings| settings.guard.breadth = Limit::none());
        world.go().await;
        let changed_all = (1..=changed)
            .all(|n| world.follower(&n.to_string()).unwrap().value.last_name == Known::from_text("Changed"));
        assert!(changed_all, "{changed} of 40");
    }
}

#[tokio::test]
async fn i29_the_bound_holds_over_runs_and_new_processes_and_ends_with_the_window() {
    let world = world_with(40, |_| {}).await;
    let mut gone = 0;
    // One more goes every half hour; five of them within a day.
    for n in 1..=12 {
        remove(&world, n..=n);
        gone += 1;
        world.unattended().await;
        world.unattended().await;
        world.restart();
        assert!(40 - active(&world) <= 5, "{gone} gone, {} withdrawn", 40 - active(&world));
    }
    assert_eq!(40 - active(&world), 5);
    world.clock.advance(Duration::from_hours(25));
    // Seven wait now, more than a day allows.
    assert!(tripped(&world.unattended().await, "G-08"));
    assert_eq!(40 - active(&world), 5);
}

#[tokio::test]
async fn i29_removals_whose_reply_was_lost_count() {
    let leave = |world: &World, numbers: std::ops::RangeInclusive<usize>| {
        for n in numbers {
            let id = world.leader(&n.to_string()).id;
            world.primary.edit(&id, |person| person.active = Known::Value(false));
        }
    };
    let mut lost = 0;
    for step in 1..40 {
        let world = World::with_secondary(side()).with_people(12).await;
        leave(&world, 1..=4);
        world.faults.arm(step, Fault::LoseReply);
        let _ = world.run_approved(&world.link(), &Approval::default()).await;
        if world.faults.is_dead() {
            continue;
        }
        lost += usize::from(active(&world) < 12);
        // At once, while it is not clear yet what became of the lost one.
        leave(&world, 5..=6);
        world.clock.advance(Duration::from_secs(10));
        let _ = world.run_approved(&world.link(), &Approval::default()).await;
        assert!(12 - active(&world) <= 5, "{} withdrawn after a lost reply at {step}", 12 - active(&world));
    }
    assert!(lost > 3, "hardly a removal lost its reply");
}

#[tokio::test]
async fn i30_other_classes_do_what_they_would_have_done_alone() {
    let play = async |removals: usize| {
        let world = world_with(30, |_| {}).await;
        remove(&world, 1..=removals);
        world.unattended().await;
        rename(&world, 20..=22, "Changed");
        world.primary.put(person("New", "Person", "999"));
        world.unattended().await;
        world.state()
    };
    assert_eq!(play(8).await, play(0).await);
}

#[tokio::test]
async fn i32_the_drill_holds_with_the_usual_limits_and_fails_without_them() {
    let mut world = World::with_secondary(side()).with_people(60).await;
    let before = (world.secondary.all(), world.plan().await.hash);
    let journal = FaultyJournal::new(world.journal.clone(), world.faults.clone());
    let drill = world.link().drill(&context(&journal, &world.clock)).await.unwrap();
    assert!(drill.holds() && drill.links == 60, "{drill:?}");
    world.set(|settings| {
        settings.guard.removals = Limit::none();
    });
    let drill = world.link().drill(&context(&journal, &world.clock)).await.unwrap();
    assert_eq!((drill.holds(), drill.removed_when_believed), (false, 30), "{drill:?}");
    assert_eq!(drill.removed_when_empty, 0, "G-01 stands before the limits");
    world.set(|_| {});
    assert_eq!((world.secondary.all(), world.plan().await.hash), before, "nothing was touched");
}

#[tokio::test]
async fn a_removal_whose_side_shows_no_difference_is_made_once_and_counted_once() {
    // A follower that shows neither state nor credentials.
    let blind = side().reading(|caps| {
        caps.fields.retain(|field| ["first_name", "last_name", "personnel_number"].contains(&field.name));
        caps.fields.push(FieldCaps::full("active", Canonical::exact()));
    });
    let world = World::with_secondary(blind).with_people(3).await;
    world.secondary.hide("active");
    world.go().await;
    remove(&world, 1..=1);
    for _ in 0..5 {
        world.go().await;
    }
    let writes = world.secondary.writes_seen();
    let report = world.go().await;
    assert_eq!((world.secondary.writes_seen(), report.second_plan_actions), (writes, 0));
    assert_eq!(situation(&report, "S6"), 1);
    assert!(world.plan().await.actions.iter().all(|action| action.kind != ActionKind::Remove));
}
