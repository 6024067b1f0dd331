//! Guards: each trips right above its limit and not at it, and stops only what it is about.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use support::{World, context, person, rule, situation};
use sync_core::clock::Clock as _;
use sync_core::connector::{End, FieldCaps};
use sync_core::journal::Journal as _;
use sync_core::model::{Canonical, EntityKind, ExternalId, Known, Person, RefKey};
use sync_core::reconcile::{
    ActionKind, ActionState, Approval, Context, Limit, LinkReport, Plan, Progress, RemovalPolicy, Removals, Scope,
    Settings, SyncLink as _,
};
use sync_core::test_kit::{FakeSide, FaultyJournal};

fn tripped(report: &LinkReport, guard: &str) -> bool {
    report.guards.iter().any(|trip| trip.guard.starts_with(guard))
}

fn plan_trips(plan: &Plan, guard: &str) -> bool {
    plan.trips.iter().any(|trip| trip.guard.starts_with(guard))
}

/// As many followers as are there and active.
fn active(world: &World) -> usize {
    world.secondary.all().iter().filter(|record| record.value.active == Known::Value(true)).count()
}

fn remove(world: &World, numbers: impl Iterator<Item = usize>) {
    for n in numbers {
        world.primary.delete(&world.leader(&n.to_string()).id);
    }
}

fn rename(world: &World, numbers: impl Iterator<Item = usize>, name: &str) {
    for n in numbers {
        world.primary.edit(&world.leader(&n.to_string()).id, |person| person.last_name = Known::from_text(name));
    }
}

/// A side with few fields, since there are many people.
fn side() -> FakeSide<Person> {
    support::slim().writing(|caps| caps.parallel = 64)
}

/// Limits out of the way but for one.
async fn world_with(people: usize, change: impl Fn(&mut Settings) + Send + Sync + 'static) -> World {
    let mut world = World::with_secondary(side());
    world.set(move |settings| {
        settings.guard.breadth = Limit::none();
        change(settings);
    });
    world.with_people(people).await
}

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
async fn g01_an_empty_list_where_there_were_a_thousand_removes_nothing_and_is_named() {
    let world = World::with_secondary(side().writing(|caps| caps.parallel = 500)).with_people(1_000).await;
    let ids: Vec<ExternalId> = world.primary.all().into_iter().map(|record| record.id).collect();
    for id in &ids {
        world.primary.delete(id);
    }
    let writes = world.secondary.writes_seen();
    for _ in 0..4 {
        let report = world.go().await;
        assert!(tripped(&report, "G-01") && report.is_failure(), "{report:?}");
    }
    assert_eq!((world.secondary.writes_seen(), active(&world)), (writes, 1_000));
}

#[tokio::test]
async fn g01_an_empty_follower_stops_too_and_two_empty_sides_do_not() {
    let world = World::new().with_people(3).await;
    let all = world.secondary.all();
    for record in &all {
        world.secondary.delete(&record.id);
    }
    for _ in 0..3 {
        let report = world.go().await;
        assert!(tripped(&report, "G-01"));
        assert!(report.held.is_empty(), "nothing is concluded");
    }
    remove(&world, 1..=3);
    assert!(!tripped(&world.go().await, "G-01"));
}

#[tokio::test]
async fn g02_a_shrunken_list_proves_no_absence_while_the_rest_goes_on() {
    // Half of the usual is still believed, less is not.
    for (gone, expected) in [(10, false), (11, true)] {
        let world = world_with(20, |settings| settings.guard.removals = Limit::none()).await;
        remove(&world, 1..=gone);
        rename(&world, 20..=20, "Changed");
        let first = world.unattended().await;
        assert_eq!(tripped(&first, "G-02"), expected, "{gone} gone");
        assert_eq!(world.follower("20").unwrap().value.last_name, Known::from_text("Changed"));
        world.unattended().await;
        assert_eq!(active(&world) == 20, expected, "{gone} gone");
    }
}

#[tokio::test]
async fn g05_a_list_that_its_source_calls_old_proves_no_absence() {
    for (hours, expected) in [(23, false), (30, true)] {
        let world = World::new().with_people(4).await;
        remove(&world, 1..=1);
        rename(&world, 4..=4, "Changed");
        world.primary.copy_of(world.clock.now() - chrono::Duration::hours(hours));
        let first = world.go().await;
        assert_eq!(tripped(&first, "G-05"), expected, "{hours} hours old");
        assert_eq!(world.follower("4").unwrap().value.last_name, Known::from_text("Changed"));
        world.primary.copy_of(world.clock.now() - chrono::Duration::hours(hours));
        world.go().await;
        assert_eq!(active(&world) == 4, expected, "{hours} hours old");
    }
}

#[tokio::test]
async fn g03_a_list_without_its_end_or_with_another_count_proves_no_absence() {
    for end in [End { count: Some(3), complete: false }, End { count: Some(4), complete: true }] {
        let world = World::new().with_people(4).await;
        remove(&world, 1..=1);
        world.primary.break_snapshots(Some(end));
        for _ in 0..4 {
            assert!(tripped(&world.go().await, "G-03"));
        }
        assert_eq!(active(&world), 4);
        world.primary.break_snapshots(None);
        world.go().await;
        world.go().await;
        assert_eq!(active(&world), 3);
    }
}

#[tokio::test]
async fn g04_a_missing_canary_stops_everything() {
    let mut world = World::new().with_people(4).await;
    world.set(|settings| settings.guard.canaries = vec!["2".into()]);
    rename(&world, 1..=1, "Changed");
    assert_eq!(world.go().await.outcomes.done, 1);
    world.primary.delete(&"2".into());
    rename(&world, 1..=1, "Again");
    let report = world.go().await;
    assert!(tripped(&report, "G-04"));
    assert_eq!(world.follower("1").unwrap().value.last_name, Known::from_text("Changed"));
}

#[tokio::test]
async fn g06_one_id_for_two_records_proves_no_absence() {
    let world = World::new().with_people(4).await;
    world.primary.repeat(&"3".into());
    remove(&world, 1..=1);
    for _ in 0..3 {
        assert!(tripped(&world.go().await, "G-06"));
    }
    assert_eq!(active(&world), 4);
}

#[tokio::test]
async fn g07_another_installation_is_not_even_read() {
    let world = World::new().with_people(2).await;
    world.secondary.replace_installation("somebody-elses");
    let error = world.run(&world.link()).await.unwrap_err();
    assert!(error.chain().contains("G-07"), "{}", error.chain());
    assert!(error.remedy().is_some());
    world.secondary.replace_installation("timeware-1");
    world.go().await;
}

#[tokio::test]
async fn g07_most_ids_gone_and_others_in_their_place_stops_everything() {
    let world = World::new().with_people(12).await;
    remove(&world, 1..=9);
    for n in 0..9 {
        world.primary.put(person("Stranger", &n.to_string(), &format!("8{n}")));
    }
    let report = world.go().await;
    assert!(tripped(&report, "G-07"), "{:?}", report.guards);
    assert_eq!((world.secondary.len(), active(&world)), (12, 12));
}

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

fn doors(ids: &[&str]) -> Known<BTreeSet<RefKey>> {
    Known::Value(ids.iter().map(|id| RefKey { entity: EntityKind::AccessPolicy, id: (*id).into() }).collect())
}

/// People at the primary with a door whose partner is linked, and followers that have it.
async fn people_with_doors(people: usize) -> World {
    use sync_core::model::AccessPolicy;
    use sync_core::reconcile::Reconciler;
    let mut world = World::with_secondary(side());
    world.set(|settings| settings.guard.breadth = Limit::none());
    let policies = |name: &str| {
        let side = FakeSide::<AccessPolicy>::new(name);
        side.put(AccessPolicy { name: Known::from_text("Main"), devices: Known::Empty });
        Arc::new(side)
    };
    let journal = FaultyJournal::new(world.journal.clone(), world.faults.clone());
    let link = Reconciler::new(policies("net2"), policies("timeware"))
        .with(|settings| settings.correlation = vec![rule("name", &["name"])]);
    link.run(&Approval::everything(), &context(&journal, &world.clock)).await.unwrap();
    for n in 1..=people {
        world.primary.put(Person { policies: doors(&["1"]), ..person("First", &n.to_string(), &n.to_string()) });
    }
    world.go().await;
    assert!(world.secondary.all().iter().all(|record| record.value.policies == doors(&["1"])));
    world
}

#[tokio::test]
async fn g14_doors_that_were_taken_at_the_other_side_are_not_given_back_in_numbers() {
    for (taken, trips) in [(20, false), (21, true)] {
        let world = people_with_doors(40).await;
        for n in 1..=taken {
            let id = world.follower(&n.to_string()).unwrap().id;
            world.secondary.edit(&id, |person| person.policies = Known::Empty);
        }
        let report = world.unattended().await;
        assert_eq!(tripped(&report, "G-14"), trips, "{taken} of 40");
        assert_eq!(world.follower("1").unwrap().value.policies == doors(&["1"]), !trips);
    }
}

#[tokio::test]
async fn g14_doors_that_somebody_added_at_the_other_side_are_taken_away_whatever_their_number() {
    let world = people_with_doors(40).await;
    for n in 1..=30 {
        let id = world.follower(&n.to_string()).unwrap().id;
        world.secondary.edit(&id, |person| person.policies = doors(&["1", "2"]));
    }
    let report = world.unattended().await;
    assert!(!tripped(&report, "G-14"), "{:?}", report.guards);
    assert!(world.secondary.all().iter().all(|record| record.value.policies == doors(&["1"])));
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
    use sync_core::test_kit::Fault;
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
async fn i31_no_absence_follows_from_a_doubtful_list_however_often_it_comes() {
    let world = World::new().with_people(30).await;
    let ends = [Some(End { count: None, complete: false }), Some(End { count: Some(1), complete: true })];
    remove(&world, 1..=2);
    for end in ends.into_iter().cycle().take(8) {
        world.primary.break_snapshots(end);
        world.go().await;
    }
    assert_eq!(active(&world), 30);
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

// Approvals

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
    use sync_core::test_kit::Fault;
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
