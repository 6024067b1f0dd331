//! S15 and I-44: records that cannot be read or are refused, and what goes on meanwhile.

use std::time::Duration;

use crate::support::{World, person, situation, slim};
use crate::text;

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
    let world = World::with_secondary(slim().writing(|caps| caps.parallel = 200));
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
