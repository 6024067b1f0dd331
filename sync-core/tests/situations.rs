//! The table of situations, row by row, for one-way entities.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use support::{World, notes, person, rule, sends, situation};
use sync_core::clock::Clock as _;
use sync_core::connector::{CreateClass, LateApply, RemovalCaps};
use sync_core::journal::{LinkState, MemoryJournal, Ownership};
use sync_core::model::{Known, Person, RefKey};
use sync_core::reconcile::{ActionKind, Approval, Decision, Reason, RemovalPolicy, Removals, Scope};
use sync_core::test_kit::{FakeSide, Fault, Faults};

fn text(text: &str) -> Known<String> {
    Known::from_text(text)
}

fn renamed(person: Person, last: &str) -> Person {
    Person { last_name: text(last), ..person }
}

#[tokio::test]
async fn s1_a_changed_field_is_sent_alone() {
    let world = World::new().with_people(3).await;
    world.primary.edit(&world.leader("2").id, |person| person.last_name = text("Baker"));
    let plan = world.plan().await;
    assert_eq!(sends(&plan), [(ActionKind::Update, "First2 Baker".into(), vec!["last_name".into()])]);
    assert_eq!(plan.actions[0].changes[0].reason, Reason::PrimaryChanged);
    assert_eq!(plan.unchanged, 2);
    let report = world.go().await;
    assert_eq!((report.outcomes.done, report.second_plan_actions, report.unchanged), (1, 0, 3));
    assert_eq!(world.follower("2").unwrap().value.last_name, text("Baker"));
}

#[tokio::test]
async fn s2_a_new_record_is_created_once_and_the_next_plan_is_empty() {
    let world = World::new().with_people(2).await;
    assert_eq!(world.secondary.len(), 2);
    let plan = world.plan().await;
    assert!(plan.is_empty() && plan.actions.is_empty(), "{plan}");
    assert!(world.secondary.creates_seen().values().all(|sends| *sends == 1));
}

#[tokio::test]
async fn s2_nobody_who_has_left_is_created() {
    let world = World::new();
    world.primary.put(Person { active: Known::Value(false), ..person("Anna", "Baker", "1") });
    let report = world.go().await;
    assert!(world.secondary.is_empty());
    assert_eq!(situation(&report, "S2"), 1);
}

#[tokio::test]
async fn s3_exactly_one_match_is_linked_and_brought_in_line() {
    let world = World::new();
    world.secondary.put(renamed(person("Anna", "Old", "1"), "Old"));
    world.primary.put(person("Anna", "Baker", "1"));
    let plan = world.plan().await;
    assert_eq!(sends(&plan), [(ActionKind::Link, "Anna Baker".into(), vec!["last_name".into()])]);
    assert_eq!(plan.actions[0].changes.iter().filter(|change| change.reason == Reason::FirstLink).count(), 1);
    world.go().await;
    let link = world.link_row(&world.leader("1").id).await.unwrap();
    assert_eq!((link.state, link.ownership), (LinkState::Live, Ownership::Adopted));
    assert_eq!(world.follower("1").unwrap().value.last_name, text("Baker"));
    assert_eq!(world.secondary.len(), 1);
}

#[tokio::test]
async fn s3_a_rule_that_asks_links_nothing_until_somebody_decides() {
    let mut world = World::new();
    world.set(|settings| {
        let names = rule("name", &["first_name", "last_name"]);
        settings.correlation = vec![sync_core::reconcile::CorrelationRule { auto: false, ..names }];
    });
    let theirs = world.secondary.put(person("Anna", "Baker", "77"));
    let ours = world.primary.put(person("Anna", "Baker", "1"));
    let plan = world.plan().await;
    assert!(plan.is_empty());
    let note = &plan.notes[0];
    assert_eq!((note.situation.as_str(), note.held), ("S3", true));
    assert_eq!((note.candidates[0].0.clone(), note.rule.as_deref()), (theirs.clone(), Some("name")));

    world.decide(&ours, Decision::Match(theirs.clone())).await;
    world.go().await;
    assert_eq!(world.link_row(&ours).await.unwrap().secondary, Some(theirs));
    assert_eq!(world.secondary.len(), 1);
}

#[tokio::test]
async fn a_decision_to_create_creates_and_one_to_ignore_leaves_alone() {
    let world = World::new();
    for _ in 0..2 {
        world.secondary.put(person("Anna", "Baker", "1"));
        world.secondary.put(person("Bert", "Cole", "2"));
    }
    let anna = world.primary.put(person("Anna", "Baker", "1"));
    let bert = world.primary.put(person("Bert", "Cole", "2"));
    world.decide(&anna, Decision::Create).await;
    world.decide(&bert, Decision::Ignore).await;
    world.go().await;
    assert_eq!(world.secondary.len(), 5);
    assert!(world.link_row(&anna).await.is_some());
    assert!(world.link_row(&bert).await.is_none());
    assert!(notes(&world.plan().await).contains(&("S2".into(), "ignored by decision".into())));
}

#[tokio::test]
async fn s4_several_partners_or_several_seekers_are_held() {
    let world = World::new();
    world.secondary.put(person("Anna", "One", "1"));
    world.secondary.put(person("Anna", "Two", "1"));
    world.secondary.put(person("Bert", "Cole", "2"));
    world.primary.put(person("Anna", "Baker", "1"));
    world.primary.put(person("Bert", "Cole", "2"));
    world.primary.put(person("Bertha", "Cole", "2"));
    let report = world.go().await;
    assert_eq!((situation(&report, "S4"), report.outcomes.done), (3, 0));
    assert_eq!(report.held.len(), 3);
    assert_eq!(world.secondary.len(), 3);
}

#[tokio::test]
async fn s5_a_partner_that_is_linked_to_another_is_not_doubled() {
    let world = World::new().with_people(2).await;
    let second = world.primary.put(person("Somebody", "Else", "1"));
    let report = world.go().await;
    assert_eq!((situation(&report, "S5"), world.secondary.len()), (1, 2));
    world.decide(&second, Decision::Match("1".into())).await;
    assert_eq!(situation(&world.go().await, "S5"), 1);
    world.decide(&second, Decision::Create).await;
    world.go().await;
    assert_eq!(world.secondary.len(), 3);
}

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
        caps.complete_signal = sync_core::connector::CompleteSignal::None;
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
        caps.snapshot = sync_core::connector::SnapshotCaps::Windowed;
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
async fn s10_after_a_loss_of_the_journal_own_records_are_linked_again_without_a_write() {
    let mut world = World::new().with_people(3).await;
    let before = world.secondary.writes_seen();
    world.journal = Arc::new(MemoryJournal::new());
    let report = world.go().await;
    assert_eq!((situation(&report, "S10"), world.secondary.writes_seen()), (3, before));
    assert_eq!(world.link_row(&world.leader("1").id).await.unwrap().ownership, Ownership::Owned);
    assert!(world.plan().await.is_empty());
}

#[tokio::test]
async fn s10_is_found_in_whatever_life_the_record_was() {
    let mut world = World::new().with_people(2).await;
    world.secondary.delete(&world.follower("1").unwrap().id);
    world.go().await;
    world.go().await;
    world.decide(&world.leader("1").id, Decision::Create).await;
    world.go().await;
    world.journal = Arc::new(MemoryJournal::new());
    let report = world.go().await;
    assert_eq!((situation(&report, "S10"), world.secondary.len()), (2, 2));
}

#[tokio::test]
async fn s11_foreign_records_are_counted_and_never_touched() {
    let world = World::new().with_people(2).await;
    let foreign = world.secondary.put(person("Zoe", "Foreign", "99"));
    let before = world.secondary.all();
    let report = world.go().await;
    assert_eq!(situation(&report, "S11"), 1);
    assert_eq!(world.secondary.all(), before);
    assert!(world.journal_of(&foreign).await.is_none());
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

#[tokio::test]
async fn s14_a_second_record_with_our_key_is_reported_whether_or_not_the_first_is_linked() {
    let mut world = World::new().with_people(2).await;
    let first = world.follower("1").unwrap();
    world.secondary.restore(&"50".into(), first.value.clone(), first.sync_key());
    let report = world.go().await;
    assert_eq!(situation(&report, "S14"), 1);
    assert!(report.held.iter().any(|note| note.record == "50".into()), "{:?}", report.held);
    assert_eq!(world.secondary.len(), 3, "nothing is removed by itself");

    world.journal = Arc::new(MemoryJournal::new());
    let report = world.go().await;
    assert_eq!((situation(&report, "S14"), situation(&report, "S10")), (1, 2));
    assert_eq!(world.link_row(&world.leader("1").id).await.unwrap().secondary, Some(first.id), "the oldest");
}

#[tokio::test]
async fn s15_an_unusable_record_is_held_and_counts_as_present() {
    let world = World::new().with_people(3).await;
    let anna = world.leader("1").id;
    world.primary.spoil(&anna, "last_name", "is not text");
    for _ in 0..4 {
        let report = world.go().await;
        assert_eq!((situation(&report, "S15"), report.actions.remove), (1, 0));
        assert!(report.held.iter().any(|note| note.why == "invalid last_name: is not text"));
    }
    world.primary.mend(&anna);
    assert!(world.go().await.held.is_empty());
}

#[tokio::test]
async fn one_malformed_record_among_a_thousand_is_held_and_named_and_the_others_go_on() {
    let world = World::with_secondary(support::slim().writing(|caps| caps.parallel = 200));
    for n in 1..=1_000 {
        let id = world.primary.put(person(&format!("First{n}"), "Last", &n.to_string()));
        if n == 500 {
            world.primary.spoil(&id, "expiry", "no date");
        }
    }
    let report = world.go().await;
    assert_eq!((report.outcomes.done, world.secondary.len()), (999, 999));
    assert_eq!(report.held.len(), 1);
    assert_eq!((report.held[0].record.as_str(), report.held[0].why.as_str()), ("500", "invalid expiry: no date"));
    assert!(report.guards.is_empty());
}

#[tokio::test]
async fn s16_a_held_link_waits_for_a_decision_which_may_match_its_own_record() {
    let world = World::new().with_people(2).await;
    let follower = world.follower("1").unwrap().id;
    world.secondary.edit(&follower, |person| {
        *person = support::person("Quite", "Different", "900");
    });
    world.secondary.restore(&follower, support::person("Quite", "Different", "900"), None);
    let report = world.go().await;
    assert_eq!((report.outcomes.held, report.outcomes.done), (1, 0));
    world.go().await;
    assert_eq!(world.secondary.all()[0].value.last_name, text("Different"), "not written to");
    world.decide(&world.leader("1").id, Decision::Match(follower.clone())).await;
    world.go().await;
    assert_eq!(world.follower("1").unwrap().id, follower);
    assert!(world.go().await.held.is_empty());
}

#[tokio::test]
async fn i50_an_id_that_stands_for_somebody_else_at_the_primary_is_held() {
    let world = World::new().with_people(2).await;
    let id = world.leader("1").id;
    world.primary.edit(&id, |reused| *reused = person("Quite", "Different", "900"));
    let report = world.go().await;
    assert_eq!((report.outcomes.held, report.outcomes.done), (1, 0));
    assert_eq!(world.follower("1").unwrap().value.first_name, text("First1"));
}

#[tokio::test]
async fn s17_a_predecessors_marker_is_matched_by_the_rules_alone() {
    let world = World::new();
    let theirs = world.secondary.put(person("Anna", "Baker", "1"));
    let stranger = world.secondary.put(person("Zoe", "Zimmer", "9"));
    world.secondary.mark_with_text(&theirs);
    world.secondary.mark_with_text(&stranger);
    let ours = world.primary.put(person("Anna", "Baker", "1"));
    let report = world.go().await;
    let link = world.link_row(&ours).await.unwrap();
    assert_eq!((link.secondary, link.ownership), (Some(theirs), Ownership::Adopted));
    assert_eq!((situation(&report, "S11"), world.secondary.len()), (1, 2));
}

#[tokio::test]
async fn a_change_of_the_leading_side_keeps_every_pair_together() {
    let world = World::new().with_people(3).await;
    world.secondary.put(person("Zoe", "Local", "9"));
    let turned = world.turned();
    let plan = turned.plan().await;
    assert_eq!(plan.actions.iter().filter(|action| action.kind == ActionKind::Link).count(), 3, "{plan}");
    assert!(plan.needs_approval(), "G-12: a person looks first");
    let waiting = turned.unattended().await;
    assert_eq!((waiting.outcomes.skipped, turned.secondary.len()), (3, 4), "the new one alone was made");
    turned.go().await;
    assert_eq!(turned.secondary.len(), 4);
    assert!(turned.plan().await.is_empty());
}

// Removal policies

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
    let why = |plan: &sync_core::reconcile::Plan| plan.notes.iter().map(|note| note.why.clone()).collect::<Vec<_>>();
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

// Lost replies of class N

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

// Refusals

#[tokio::test]
async fn i44_a_refused_record_waits_ever_longer_and_blocks_nobody() {
    let world = World::new().with_people(5).await;
    let follower = world.follower("1").unwrap().id;
    world.secondary.poison(&follower, true);
    for n in 1..=5 {
        world.primary.edit(&world.leader(&n.to_string()).id, |person| person.last_name = text("New"));
    }
    let report = world.go().await;
    assert_eq!((report.outcomes.done, report.outcomes.rejected, report.held.len()), (4, 1, 1));
    let before = world.secondary.writes_seen();
    for _ in 0..(5 * 24) {
        world.clock.advance(Duration::from_mins(45));
        world.go().await;
    }
    let tries = world.secondary.writes_seen() - before;
    assert!((5..=10).contains(&tries), "{tries} tries in five days");
    world.secondary.poison(&follower, false);
    world.clock.advance(Duration::from_hours(24));
    assert!(world.go().await.held.is_empty());
}

#[tokio::test]
async fn a_refused_record_is_tried_at_once_when_it_changes() {
    let world = World::new().with_people(2).await;
    let follower = world.follower("1").unwrap().id;
    world.secondary.poison(&follower, true);
    world.primary.edit(&world.leader("1").id, |person| person.last_name = text("New"));
    for _ in 0..10 {
        world.go().await;
    }
    world.secondary.poison(&follower, false);
    assert_eq!(world.go().await.outcomes.done, 0, "it waits");
    world.primary.edit(&world.leader("1").id, |person| person.last_name = text("Newer"));
    assert_eq!(world.go().await.outcomes.done, 1);
}

#[tokio::test]
async fn a_new_record_whose_number_is_taken_is_held_and_tried_again_when_it_changes() {
    let mut world = World::new();
    world.set(|settings| settings.correlation.clear());
    world.secondary.unique("personnel_number");
    world.secondary.put(person("Zoe", "Local", "1"));
    let anna = world.primary.put(person("Anna", "Baker", "1"));
    let report = world.go().await;
    assert_eq!((report.outcomes.rejected, world.secondary.len()), (1, 1));
    assert!(report.held[0].why.contains("personnel_number"));
    world.primary.edit(&anna, |person| person.personnel_number = text("2"));
    assert_eq!(world.go().await.outcomes.done, 1);
}

#[tokio::test]
async fn people_who_swap_cards_get_each_others() {
    let world = World::new().with_people(3).await;
    world.secondary.unique("credentials");
    let cards: Vec<_> = ["1", "2", "3"].iter().map(|n| world.leader(n).value.credentials).collect();
    for (n, card) in [("1", 1), ("2", 2), ("3", 0)] {
        world.primary.edit(&world.leader(n).id, |person| person.credentials = cards[card].clone());
    }
    let report = world.go().await;
    let outcomes = report.outcomes;
    assert_eq!((outcomes.rejected, outcomes.superseded, report.second_plan_actions), (0, 0, 0), "{report:?}");
    for (n, card) in [("1", 1), ("2", 2), ("3", 0)] {
        assert_eq!(world.follower(n).unwrap().value.credentials, cards[card]);
    }
    assert!(world.plan().await.is_empty());
}

// Explanation and audit

#[tokio::test]
async fn every_write_is_in_the_audit_with_its_plan_and_what_was_overwritten_is_reported() {
    use sync_core::journal::Journal as _;
    let world = World::new().with_people(2).await;
    let follower = world.follower("1").unwrap().id;
    world.secondary.edit(&follower, |person| person.last_name = text("Changed-There"));
    let report = world.go().await;
    let row = &report.overwritten[0];
    assert_eq!((row.record.clone(), row.field.as_str()), (follower.clone(), "last_name"));
    assert_eq!((row.old.as_str(), row.new.as_str()), ("\"Changed-There\"", "\"Last1\""));
    let audit = world.journal.audit(Some(&follower), 10).await.unwrap();
    let entry = &audit[0].entry;
    assert_eq!((entry.actor.as_str(), entry.plan.as_deref()), ("test", Some(report.plan.as_str())));
    assert_eq!((entry.old.as_deref(), entry.new.as_deref()), (Some("\"Changed-There\""), Some("\"Last1\"")));
    assert!(entry.reason.contains("set back"), "{}", entry.reason);
    assert!(audit.iter().any(|row| row.entry.action == "create"), "the creation is found under the new id");
}

#[tokio::test]
async fn an_explanation_shows_no_card_number_and_mixes_no_two_people() {
    use support::context;
    use sync_core::reconcile::SyncLink as _;
    use sync_core::test_kit::FaultyJournal;
    let world = World::new();
    // The same ids mean other people at the other side.
    world.secondary.put(person("Zoe", "Other", "71"));
    world.secondary.put(person("Yan", "Other", "72"));
    let world = world.with_people(2).await;
    world.primary.edit(&"1".into(), |person| person.last_name = text("Changed"));
    world.plan().await;
    let journal = FaultyJournal::new(world.journal.clone(), world.faults.clone());
    let link = world.link();
    let explained = link.explain(&"1".into(), &context(&journal, &world.clock)).await.unwrap().unwrap();
    let shown = serde_json::to_string(&explained).unwrap();
    assert!(!shown.contains("10001"), "{shown}");
    assert!(shown.contains("Changed") && !shown.contains("Zoe"), "{shown}");
    assert_eq!(explained.actions.len(), 1);
    let stranger = link.explain(&"404".into(), &context(&journal, &world.clock)).await.unwrap();
    assert!(stranger.is_none());
}

// References

#[tokio::test]
async fn a_reference_without_partner_waits_and_is_set_once_it_is_linked() {
    use support::context;
    use sync_core::model::{Department, EntityKind};
    use sync_core::reconcile::{Reconciler, SyncLink as _};
    use sync_core::test_kit::FaultyJournal;
    let world = World::new();
    let ours = Arc::new(FakeSide::<Department>::new("net2"));
    let theirs = Arc::new(FakeSide::<Department>::new("timeware"));
    theirs.put(Department { name: text("Elsewhere") });
    let sales = ours.put(Department { name: text("Sales") });
    let reference = |id| Known::Value(RefKey { entity: EntityKind::Department, id });
    world.primary.put(Person { department: reference(sales.clone()), ..person("Anna", "Baker", "1") });
    let report = world.go().await;
    assert_eq!(report.outcomes.done, 1);
    assert!(world.follower("1").unwrap().value.department.is_empty(), "nothing is written from a doubt");

    let departments = Reconciler::new(ours, theirs.clone());
    let journal = FaultyJournal::new(world.journal.clone(), world.faults.clone());
    departments.run(&Approval::everything(), &context(&journal, &world.clock)).await.unwrap();
    let partner = theirs.all().into_iter().find(|record| record.value.name == text("Sales")).unwrap().id;
    let report = world.go().await;
    assert_eq!((report.outcomes.done, report.second_plan_actions), (1, 0));
    assert_eq!(world.follower("1").unwrap().value.department, reference(partner));
}
