//! G-12, G-13: what a person sees first, and what an approval covers and for how long a plan holds.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::support::{World, context, person, rule};
use crate::{active, plan_trips, remove, rename, side, world_with};
use sync_core::journal::Journal as _;
use sync_core::model::Known;
use sync_core::reconcile::{
    ActionState, Approval, Context, Limit, Progress, RemovalPolicy, Removals, Scope, Settings, SyncLink as _,
};
use sync_core::test_kit::{FakeSide, Fault, FaultyJournal};

/// Asks to stop after so many steps of applying.
#[derive(Debug)]
struct StopsAfter(AtomicI64);

impl Progress for StopsAfter {
    fn step(&self, stage: &str, _done: u64, _total: Option<u64>) {
        self.0.fetch_sub(i64::from(stage == "applying"), Ordering::SeqCst);
    }

    fn stopped(&self) -> bool {
        self.0.load(Ordering::SeqCst) <= 0
    }
}

#[tokio::test]
async fn who_is_asked_to_stop_begins_nothing_new_and_the_next_run_goes_on() {
    let mut world = World::new();
    world.set(|settings| settings.guard.creations = Limit::new(5, 0));
    for n in 1..=10 {
        world.primary.put(person(&format!("First{n}"), "Last", &n.to_string()));
    }
    let journal = FaultyJournal::new(world.journal.clone(), world.faults.clone());
    let progress = StopsAfter(1.into());
    let context = Context { progress: &progress, ..context(&journal, &world.clock) };
    let report = world.link().run(&Approval::everything(), &context).await.unwrap();
    assert_eq!((report.outcomes.done, report.outcomes.skipped, world.secondary.len()), (4, 6, 4), "{report:?}");
    assert!(world.journal.open_intents(&world.pair()).await.unwrap().is_empty());
    assert_eq!(world.unattended().await.outcomes.done, 6, "what was approved stays approved");
}

#[tokio::test]
async fn the_first_run_makes_a_few_and_asks_before_it_makes_many() {
    for (new, asks) in [(50, false), (51, true)] {
        let world = World::with_secondary(side());
        for n in 0..new {
            world.primary.put(person("New", &n.to_string(), &format!("77{n}")));
        }
        let report = world.unattended().await;
        assert_eq!((report.needs_approval, world.secondary.len()), (asks, if asks { 0 } else { new }));
        assert!(report.guards.is_empty(), "asking is no failure");
    }
}

#[tokio::test]
async fn g12_the_first_links_wait_for_a_person_however_many_runs_there_are() {
    let world = World::new();
    world.secondary.put(person("Anna", "Old-Name", "1"));
    world.primary.put(person("Anna", "Baker", "1"));
    world.primary.put(person("Bert", "Cole", "2"));
    for _ in 0..4 {
        let report = world.unattended().await;
        assert!(report.needs_approval);
        assert_eq!(world.secondary.all()[0].value.last_name, Known::from_text("Old-Name"));
    }
    assert_eq!(world.secondary.len(), 2, "the new one was made");
    world.go().await;
    assert_eq!(world.secondary.all()[0].value.last_name, Known::from_text("Baker"));
    // From now on a unique match by an automatic rule needs nobody.
    world.secondary.put(person("Cleo", "Old-Name", "3"));
    world.primary.put(person("Cleo", "Dean", "3"));
    let report = world.unattended().await;
    assert_eq!((report.needs_approval, report.actions.link, report.outcomes.done), (false, 1, 1));
}

#[tokio::test]
async fn g13_changed_scope_rules_or_policies_are_shown_before_they_act() {
    type Change = fn(&mut Settings);
    let changes: [Change; 3] = [
        |settings| settings.scope = Some(Scope { field: "last_name".into(), any_of: vec!["Last1".into()] }),
        |settings| settings.correlation = vec![rule("name", &["first_name", "last_name"])],
        |settings| settings.removals = Removals { inactive: RemovalPolicy::Disable, ..Removals::attendance() },
    ];
    for change in changes {
        let mut world = World::new().with_people(3).await;
        rename(&world, 2..=2, "Changed");
        world.set(change);
        let report = world.unattended().await;
        assert!(report.needs_approval);
        assert_eq!((report.outcomes.done, active(&world)), (0, 3));
        let plan = world.plan().await;
        assert!(
            plan.actions
                .iter()
                .any(|action| matches!(&action.state, ActionState::NeedsApproval(why) if why.contains("G-13")))
        );
        assert!(world.run_as(&Approval::of(plan.hash)).await.outcomes.done > 0);
        rename(&world, 1..=1, "Last1");
        assert!(!world.unattended().await.needs_approval, "seen once is enough");
    }
}

#[tokio::test]
async fn g13_a_change_that_does_nothing_asks_nobody() {
    let mut world = World::new().with_people(3).await;
    world.set(|settings| settings.removals.scope_exit = RemovalPolicy::Report);
    let report = world.unattended().await;
    assert_eq!((report.needs_approval, report.outcomes.done, report.outcomes.skipped), (false, 0, 0));
    rename(&world, 1..=1, "Changed");
    assert_eq!(world.unattended().await.outcomes.done, 1);
}

#[tokio::test]
async fn i19_an_approval_covers_the_plan_that_was_shown_and_no_other() {
    let world = world_with(20, |_| {}).await;
    remove(&world, 1..=6);
    world.unattended().await;
    world.clock.advance(Duration::from_mins(15));
    let shown = world.plan().await;
    assert!(plan_trips(&shown, "G-08"));
    let short = Approval::of(&shown.hash[..11]);
    assert!(!short.covers(&shown) && !Approval::of("").covers(&shown));
    assert!(Approval::of(&shown.hash[..12]).covers(&shown));

    // One more is gone by now: another plan, not approved.
    remove(&world, 7..=7);
    world.unattended().await;
    let report = world.run_as(&Approval::of(shown.hash)).await;
    assert_eq!((report.outcomes.skipped, active(&world)), (7, 20));

    let shown = world.plan().await;
    let report = world.run_as(&Approval::of(&shown.hash[..16])).await;
    assert_eq!((report.outcomes.done, active(&world), report.guards.len()), (7, 13, 0));
    // Approved removals do not count.
    remove(&world, 8..=12);
    world.unattended().await;
    world.unattended().await;
    assert_eq!(active(&world), 8);
}

#[tokio::test]
async fn i17_a_plan_is_carried_out_once() {
    let world = World::new().with_people(4).await;
    world.primary.put(person("New", "Person", "999"));
    rename(&world, 1..=1, "Changed");
    let plan = world.plan().await;
    let journal = FaultyJournal::new(world.journal.clone(), world.faults.clone());
    let mut done = Vec::new();
    for _ in 0..3 {
        let report = world.link().apply(plan.clone(), &Approval::everything(), &context(&journal, &world.clock)).await;
        done.push(report.unwrap().outcomes.done);
    }
    assert_eq!((done, world.secondary.len()), (vec![2, 0, 0], 5));
    assert!(world.secondary.creates_seen().values().all(|sends| *sends == 1));
}

#[tokio::test]
async fn i18_what_changed_since_the_plan_is_not_done() {
    let world = World::new().with_people(4).await;
    rename(&world, 1..=1, "Changed");
    let plan = world.plan().await;
    world.secondary.edit(&world.follower("1").unwrap().id, |person| person.last_name = Known::from_text("Theirs"));
    world.plan().await;
    let journal = FaultyJournal::new(world.journal.clone(), world.faults.clone());
    let report = world.link().apply(plan, &Approval::everything(), &context(&journal, &world.clock)).await.unwrap();
    assert_eq!((report.outcomes.superseded, report.outcomes.done), (1, 0));
    assert_eq!(world.follower("1").unwrap().value.last_name, Known::from_text("Theirs"));
}

#[tokio::test]
async fn an_approved_first_run_that_dies_goes_on_without_a_second_word() {
    for step in (10..120).step_by(17) {
        let world = World::with_secondary(FakeSide::new("timeware"));
        for n in 1..=70 {
            world.primary.put(person("First", &n.to_string(), &n.to_string()));
        }
        world.secondary.put(person("Anna", "Local", "1"));
        let hash = world.plan().await.hash;
        world.faults.arm(step, Fault::CrashAfter);
        let _ = world.run_approved(&world.link(), &Approval::of(hash)).await;
        assert!(world.faults.is_dead(), "step {step}");
        world.restart();
        for _ in 0..3 {
            world.clock.advance(Duration::from_hours(1));
            world.run_approved(&world.link(), &Approval::default()).await.unwrap();
        }
        assert_eq!(world.secondary.len(), 70, "died at step {step}");
        assert!(world.plan().await.is_empty());
    }
}
