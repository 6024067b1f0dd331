//! G-01 to G-07: lists and installations that prove nothing.

use crate::support::{World, person};
use crate::{active, remove, rename, side, tripped, world_with};
use sync_core::clock::Clock as _;
use sync_core::connector::End;
use sync_core::model::{ExternalId, Known};
use sync_core::reconcile::Limit;

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
