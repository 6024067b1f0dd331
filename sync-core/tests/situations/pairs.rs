//! S3 to S5, S10, S11, S14, S16, S17: which records belong together.

use std::sync::Arc;

use crate::support::{World, notes, person, rule, sends, situation};
use crate::text;
use sync_core::journal::{LinkState, MemoryJournal, Ownership};
use sync_core::model::Person;
use sync_core::reconcile::{ActionKind, CorrelationRule, Decision, Reason};

fn renamed(person: Person, last: &str) -> Person {
    Person { last_name: text(last), ..person }
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
        settings.correlation = vec![CorrelationRule { auto: false, ..names }];
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
async fn s16_a_held_link_waits_for_a_decision_which_may_match_its_own_record() {
    let world = World::new().with_people(2).await;
    let follower = world.follower("1").unwrap().id;
    world.secondary.edit(&follower, |reused| {
        *reused = person("Quite", "Different", "900");
    });
    world.secondary.restore(&follower, person("Quite", "Different", "900"), None);
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
