//! Removal policies: what becomes of a follower, and when it is deleted for good.

use std::time::Duration;

use crate::support::{World, person};
use sync_core::clock::Clock as _;
use sync_core::connector::RemovalCaps;
use sync_core::model::{Known, Person};
use sync_core::reconcile::{Plan, RemovalPolicy, Removals};
use sync_core::test_kit::FakeSide;

fn removing(policy: RemovalPolicy) -> World {
    let mut world = World::new();
    world.set(move |settings| {
        settings.removals = Removals { absence: policy, inactive: policy, leaver_date: policy, scope_exit: policy };
    });
    world
}

async fn gone(policy: RemovalPolicy) -> (World, Person) {
    let world = removing(policy).with_people(2).await;
    world.primary.delete(&world.leader("1").id);
    world.go().await;
    world.go().await;
    let follower = world.follower("1").unwrap().value;
    (world, follower)
}

#[tokio::test]
async fn every_removal_policy_does_what_it_says() {
    let (_, kept) = gone(RemovalPolicy::Report).await;
    assert_eq!((kept.active, kept.credentials.is_empty()), (Known::Value(true), false));
    let (_, unlinked) = gone(RemovalPolicy::UnlinkCredentials).await;
    assert_eq!((unlinked.active, unlinked.credentials.is_empty()), (Known::Value(true), true));
    let (_, disabled) = gone(RemovalPolicy::Disable).await;
    assert_eq!((disabled.active, disabled.credentials.is_empty()), (Known::Value(false), true));
    let (world, left) = gone(RemovalPolicy::MarkLeaver).await;
    assert_eq!((left.active, left.leave_date), (Known::Value(false), Known::Value(world.clock.now().date_naive())));
}

#[tokio::test]
async fn a_leaver_gets_the_date_of_the_primary() {
    let world = removing(RemovalPolicy::MarkLeaver).with_people(2).await;
    let day = chrono::NaiveDate::from_ymd_opt(2026, 2, 27).unwrap();
    world.primary.edit(&world.leader("1").id, |person| person.leave_date = Known::Value(day));
    world.go().await;
    assert_eq!(world.follower("1").unwrap().value.leave_date, Known::Value(day));
}

#[tokio::test]
async fn i33_a_deletion_for_good_takes_two_steps_and_the_grace_between_them() {
    let (world, disabled) = gone(RemovalPolicy::Delete { after_days: 30 }).await;
    assert_eq!(disabled.active, Known::Value(false));
    for _ in 0..3 {
        world.clock.advance(Duration::from_hours(216));
        world.go().await;
        assert!(world.follower("1").is_some());
    }
    world.clock.advance(Duration::from_hours(96));
    let report = world.go().await;
    assert_eq!((report.actions.remove, world.follower("1").is_none()), (1, true));
    assert!(world.plan().await.is_empty());
}

#[tokio::test]
async fn a_deletion_that_begins_with_the_cards_leaves_the_record_active_until_then_and_says_what_it_waits_for() {
    let (world, unlinked) = gone(RemovalPolicy::UnlinkThenDelete { after_days: 30 }).await;
    assert_eq!((unlinked.active, unlinked.credentials.is_empty()), (Known::Value(true), true));
    let why = |plan: &Plan| plan.notes.iter().map(|note| note.why.clone()).collect::<Vec<_>>();
    let notes = why(&world.plan().await);
    assert!(notes.iter().any(|why| why.contains("the grace is over (after_days)")), "{notes:?}");
    world.clock.advance(Duration::from_hours(31 * 24));
    world.go().await;
    assert!(world.follower("1").is_none());
}

#[tokio::test]
async fn the_days_until_a_deletion_count_from_the_day_on_which_it_was_wanted() {
    let (mut world, _) = gone(RemovalPolicy::UnlinkCredentials).await;
    world.clock.advance(Duration::from_hours(365 * 24));
    world.go().await;
    let policy = RemovalPolicy::UnlinkThenDelete { after_days: 30 };
    world.set(move |settings| {
        settings.removals = Removals { absence: policy, inactive: policy, leaver_date: policy, scope_exit: policy };
    });
    for _ in 0..3 {
        world.go().await;
    }
    assert!(world.follower("1").is_some(), "not in the first run");
    world.clock.advance(Duration::from_hours(31 * 24));
    world.go().await;
    assert!(world.follower("1").is_none());
}

#[tokio::test]
async fn what_nobody_made_here_keeps_its_record_and_the_plan_names_the_setting() {
    let mut world = removing(RemovalPolicy::UnlinkThenDelete { after_days: 0 });
    world.secondary.put(person("First1", "Last1", "1"));
    world = world.with_people(2).await;
    world.primary.delete(&world.leader("1").id);
    for _ in 0..3 {
        world.go().await;
    }
    let kept = world.follower("1").unwrap().value;
    assert_eq!((kept.active, kept.credentials.is_empty()), (Known::Value(true), true));
    let plan = world.plan().await;
    assert!(plan.notes.iter().any(|note| note.why.contains("delete_adopted would release it")), "{:?}", plan.notes);
    assert!(plan.is_empty());
}

#[tokio::test]
async fn a_side_that_deletes_only_its_own_is_never_asked_for_others_whatever_the_settings_say() {
    for only_own in [false, true] {
        let mut world = World::with_secondary(FakeSide::new("pac").writing(|caps| caps.removal.only_own = only_own));
        let policy = RemovalPolicy::UnlinkThenDelete { after_days: 0 };
        world.set(move |settings| {
            settings.removals = Removals { absence: policy, inactive: policy, leaver_date: policy, scope_exit: policy };
            settings.delete_adopted = true;
        });
        world.secondary.put(person("First1", "Last1", "1"));
        world = world.with_people(2).await;
        world.primary.delete(&world.leader("1").id);
        for _ in 0..4 {
            world.go().await;
        }
        assert_eq!(world.follower("1").is_some(), only_own);
        let plan = world.plan().await;
        let said = plan.notes.iter().any(|note| note.why.contains("deletes only whom this program made"));
        assert_eq!((said, plan.is_empty()), (only_own, true), "{:?}", plan.notes);
    }
}

#[tokio::test]
async fn who_is_inactive_is_made_as_such_where_that_is_wanted_and_then_left_alone() {
    for wanted in [false, true] {
        let mut world = removing(RemovalPolicy::Disable);
        world.set(move |settings| settings.create_inactive = wanted);
        world = world.with_people(1).await;
        world.primary.put(Person { active: Known::Value(false), ..person("Late", "Comer", "9") });
        world.go().await;
        let made = world.follower("9").map(|record| record.value.active);
        assert_eq!(made, wanted.then_some(Known::Value(false)));
        assert!(world.plan().await.is_empty());
        if wanted {
            world.primary.edit(&world.leader("9").id, |person| person.active = Known::Value(true));
            world.go().await;
            assert_eq!(world.follower("9").unwrap().value.active, Known::Value(true));
        }
    }
}

#[tokio::test]
async fn an_adopted_record_is_never_deleted_for_good() {
    let mut world = removing(RemovalPolicy::Delete { after_days: 1 });
    world.secondary.put(person("First1", "Last1", "1"));
    world = world.with_people(2).await;
    world.primary.delete(&world.leader("1").id);
    world.go().await;
    world.go().await;
    world.clock.advance(Duration::from_hours(2160));
    world.go().await;
    assert_eq!(world.follower("1").unwrap().value.active, Known::Value(false));
}

#[tokio::test]
async fn i34_whoever_returns_at_any_moment_has_everything_again() {
    for policy in [RemovalPolicy::Disable, RemovalPolicy::UnlinkCredentials, RemovalPolicy::MarkLeaver] {
        for runs_away in 1..5 {
            let world = removing(policy).with_people(2).await;
            let anna = world.leader("1");
            let before = world.follower("1").unwrap().value;
            world.primary.delete(&anna.id);
            for _ in 0..runs_away {
                world.go().await;
            }
            world.primary.restore(&anna.id, anna.value.clone(), None);
            let report = world.go().await;
            let after = world.follower("1").unwrap().value;
            let leaver = |person: &Person| person.leave_date.value().copied();
            assert_eq!(after.active, before.active, "{policy:?} after {runs_away} runs");
            assert_eq!(after.credentials, before.credentials, "{policy:?} after {runs_away} runs");
            assert_eq!(leaver(&after), leaver(&before), "{policy:?} after {runs_away} runs");
            assert_eq!(report.second_plan_actions, 0);
        }
    }
}

#[tokio::test]
async fn who_is_opened_again_at_the_other_side_is_withdrawn_again() {
    let (world, _) = gone(RemovalPolicy::Disable).await;
    world.secondary.edit(&world.follower("1").unwrap().id, |person| person.active = Known::Value(true));
    world.go().await;
    assert_eq!(world.follower("1").unwrap().value.active, Known::Value(false));
    assert_eq!(world.go().await.outcomes.done, 0);
}

#[tokio::test]
async fn a_side_that_cannot_remove_at_all_is_reported() {
    let side = FakeSide::new("timeware").writing(|caps| caps.removal = RemovalCaps::default());
    let world = World::with_secondary(side).with_people(2).await;
    world.primary.edit(&world.leader("1").id, |person| person.active = Known::Value(false));
    let report = world.go().await;
    assert_eq!((report.actions.remove, report.held.len()), (0, 1));
}
