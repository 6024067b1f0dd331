//! S6 to S9, S12, S13: records that are missing at one side or both, leave the scope, or come back.

use std::sync::Arc;
use std::time::Duration;

use crate::support::{World, person, situation};
use crate::text;
use sync_core::connector::{CompleteSignal, SnapshotCaps};
use sync_core::model::{Known, Person};
use sync_core::reconcile::{Decision, Scope};
use sync_core::test_kit::FakeSide;

#[tokio::test]
async fn s6_and_s7_a_missing_record_is_withdrawn_only_when_two_whole_lists_lack_it() {
    let world = World::new().with_people(3).await;
    world.primary.delete(&world.leader("3").id);
    let first = world.go().await;
    assert_eq!((situation(&first, "S7"), first.actions.remove), (1, 0));
    assert_eq!(world.follower("3").unwrap().value.active, Known::Value(true));
    let second = world.go().await;
    assert_eq!((situation(&second, "S6"), second.outcomes.done), (1, 1));
    let follower = world.follower("3").unwrap();
    assert_eq!((follower.value.active, follower.value.credentials), (Known::Value(false), Known::Empty));
    let third = world.go().await;
    assert_eq!((third.outcomes.done, third.second_plan_actions), (0, 0), "withdrawn once");
}

#[tokio::test]
async fn s7_two_lists_right_after_each_other_are_one() {
    let world = World::new().with_people(3).await;
    world.primary.delete(&world.leader("3").id);
    for _ in 0..5 {
        world.clock.advance(Duration::from_mins(1));
        world.run(&world.link()).await.unwrap();
    }
    assert_eq!(world.follower("3").unwrap().value.active, Known::Value(true));
}

#[tokio::test]
async fn s7_without_a_sign_that_a_list_is_whole_a_third_is_needed() {
    let mut world = World::new();
    let primary = FakeSide::new("net2").reading(|caps| {
        caps.complete_signal = CompleteSignal::None;
    });
    world.primary = Arc::new(primary);
    let world = world.with_people(3).await;
    world.primary.delete(&world.leader("3").id);
    world.go().await;
    world.go().await;
    assert_eq!(world.follower("3").unwrap().value.active, Known::Value(true));
    world.go().await;
    assert_eq!(world.follower("3").unwrap().value.active, Known::Value(false));
}

#[tokio::test]
async fn s7_a_side_that_lists_windows_only_proves_no_absence() {
    let mut world = World::new();
    world.primary = Arc::new(FakeSide::new("net2").reading(|caps| {
        caps.snapshot = SnapshotCaps::Windowed;
    }));
    let world = world.with_people(3).await;
    world.primary.delete(&world.leader("3").id);
    for _ in 0..5 {
        assert!(world.go().await.guards.is_empty());
    }
    assert_eq!(world.follower("3").unwrap().value.active, Known::Value(true));
}

fn in_scope(world: &mut World, levels: &'static [&'static str]) {
    world.set(move |settings| {
        let any_of = levels.iter().map(|level| (*level).to_owned()).collect();
        settings.scope = Some(Scope { field: "title".into(), any_of });
    });
}

#[tokio::test]
async fn s8_out_of_scope_is_not_created_and_what_leaves_the_scope_is_withdrawn() {
    let mut world = World::new();
    in_scope(&mut world, &["staff"]);
    let anna = world.primary.put(Person { title: text("staff"), ..person("Anna", "Baker", "1") });
    world.primary.put(Person { title: text("guest"), ..person("Bert", "Cole", "2") });
    let report = world.go().await;
    assert_eq!((situation(&report, "S8"), world.secondary.len()), (1, 1));
    world.primary.edit(&anna, |person| person.title = text("guest"));
    let report = world.go().await;
    assert_eq!((report.actions.remove, report.outcomes.done), (1, 1));
    assert_eq!(world.follower("1").unwrap().value.active, Known::Value(false));
    world.primary.edit(&anna, |person| person.title = text("staff"));
    world.go().await;
    let back = world.follower("1").unwrap().value;
    assert_eq!((back.active, back.credentials.is_known()), (Known::Value(true), true));
}

#[tokio::test]
async fn s9_a_person_removed_by_hand_is_held_and_not_given_back() {
    let world = World::new().with_people(2).await;
    world.secondary.delete(&world.follower("1").unwrap().id);
    world.go().await;
    let report = world.go().await;
    assert_eq!((report.outcomes.held, world.secondary.len()), (1, 1));
    let again = world.go().await;
    assert_eq!((situation(&again, "S16"), again.held.len()), (1, 1), "it stays in the report");

    world.decide(&world.leader("1").id, Decision::Create).await;
    world.go().await;
    assert_eq!(world.secondary.len(), 2, "a person may give it back");
    assert_eq!(world.link_row(&world.leader("1").id).await.unwrap().generation, 1);
    world.secondary.delete(&world.follower("1").unwrap().id);
    for _ in 0..4 {
        world.go().await;
    }
    assert_eq!(world.secondary.len(), 1, "and is asked again the next time, though the decision is on file");
}

#[tokio::test]
async fn s9_what_carries_no_rights_is_made_again_three_times_a_day() {
    let mut world = World::new();
    world.set(|settings| settings.recreate = true);
    let world = world.with_people(2).await;
    for _ in 0..3 {
        world.secondary.delete(&world.follower("1").unwrap().id);
        world.go().await;
        world.go().await;
        assert!(world.follower("1").is_some());
    }
    world.secondary.delete(&world.follower("1").unwrap().id);
    world.go().await;
    let report = world.go().await;
    assert!(report.held.iter().any(|note| note.why.contains("G-15")), "{:?}", report.held);
    assert!(world.follower("1").is_none());
}

#[tokio::test]
async fn s12_gone_on_both_sides_is_over() {
    let world = World::new().with_people(2).await;
    world.secondary.delete(&world.follower("1").unwrap().id);
    world.primary.delete(&world.leader("1").id);
    world.go().await;
    let report = world.go().await;
    assert_eq!((situation(&report, "S12"), report.held.len()), (1, 0));
    assert!(world.plan().await.is_empty());
}

#[tokio::test]
async fn s13_what_returns_after_both_were_gone_begins_a_new_life() {
    let world = World::new().with_people(2).await;
    let anna = world.leader("1");
    world.secondary.delete(&world.follower("1").unwrap().id);
    world.primary.delete(&anna.id);
    world.go().await;
    world.go().await;
    world.primary.restore(&anna.id, anna.value.clone(), None);
    let report = world.go().await;
    assert_eq!((situation(&report, "S13"), world.secondary.len()), (1, 2));
    assert_eq!(world.link_row(&anna.id).await.unwrap().generation, 1);
}
