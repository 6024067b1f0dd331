use std::time::Duration;

use proptest::prelude::*;
use sync_core::connector::DeliveryClass;
use sync_core::journal::EventState;
use sync_core::test_kit::{FakeEventLog, Faults};

use crate::world::{World, swipe};

async fn world() -> World {
    World::new(DeliveryClass::Keyed, Faults::none()).await
}

#[tokio::test]
async fn events_become_bookings_once_however_often_the_log_is_read() {
    let world = world().await;
    for n in 0..10 {
        world.log.append(swipe(1 + n % 5, 1, n * 300));
    }
    let first = world.once().await;
    assert_eq!((first.intake.read, first.intake.new), (10, 10));
    assert_eq!(first.totals().delivered, 10);
    let second = world.once().await;
    assert_eq!((second.intake.read, second.intake.new, second.intake.duplicates), (10, 0, 10));
    assert_eq!(second.delivery.examined, 0);
    assert_eq!(world.booked().len(), 10);
}

#[tokio::test]
async fn equal_looking_events_with_two_numbers_are_two_events() {
    let mut world = world().await;
    world.settings.repeat_window = Duration::ZERO;
    world.log.append(swipe(1, 1, 0));
    world.log.append(swipe(1, 1, 0));
    assert_eq!(world.once().await.totals().delivered, 2);
}

#[tokio::test]
async fn a_late_event_within_the_overlap_is_taken_and_its_lateness_measured() {
    let mut world = world().await;
    world.settings.overlap = 10;
    for n in 0..20 {
        world.log.append(swipe(1 + n % 5, 1, n * 300));
    }
    world.log.skip(1);
    for n in 0..9 {
        world.log.append(swipe(1 + n % 5, 1, 7000 + n * 300));
    }
    assert_eq!(world.once().await.intake.gaps_open, 1);
    let late = sync_core::model::AccessEvent { number: 21, ..swipe(5, 1, 3_000) };
    world.log.insert(late);
    let report = world.once().await;
    assert_eq!((report.intake.new, report.intake.out_of_order, report.intake.lateness), (1, 1, 9));
    assert_eq!(report.intake.gaps_open, 0);
    assert!(report.intake.alarms.iter().any(|alarm| alarm.contains("overlap")), "9 of 10 numbers is near");
    assert_eq!(world.state(21).await, "delivered");
}

#[tokio::test]
async fn numbers_that_no_event_has_are_not_watched_for_where_the_source_says_so() {
    let log = FakeEventLog::new("net2").sparse();
    let world = World::with(log, DeliveryClass::Keyed, Faults::none()).await;
    world.log.append(swipe(1, 1, 0));
    world.log.skip(50);
    world.log.append(swipe(2, 1, 300));
    let report = world.once().await;
    assert_eq!((report.intake.new, report.intake.gaps_open, report.intake.lost.len()), (2, 0, 0));
}

#[tokio::test]
async fn a_hole_below_the_overlap_is_read_again_until_it_is_too_old() {
    let mut world = world().await;
    world.settings.overlap = 10;
    for n in 0..3 {
        world.log.append(swipe(1 + n % 5, 1, n * 300));
    }
    world.log.skip(2);
    for n in 0..40 {
        world.log.append(swipe(1 + n % 5, 1, 900 + n * 60));
    }
    assert_eq!(world.once().await.intake.gaps_open, 1);
    world.log.insert(sync_core::model::AccessEvent { number: 4, ..swipe(4, 1, 800) });
    assert_eq!(world.once().await.intake.new, 0, "not due yet");
    world.clock.advance(Duration::from_mins(2));
    let report = world.once().await;
    assert_eq!((report.intake.new, report.intake.gaps_open), (1, 1));
    assert_eq!(world.state(4).await, "delivered");
    world.clock.advance(Duration::from_hours(24));
    let report = world.once().await;
    assert_eq!((report.intake.gaps_open, report.intake.gaps_closed), (0, 1));
}

#[tokio::test]
async fn a_sweep_finds_what_no_hole_and_no_overlap_showed() {
    let mut world = world().await;
    world.settings.overlap = 10;
    world.settings.gap_ttl = Duration::ZERO;
    world.log.append(swipe(1, 1, 0));
    world.log.skip(1);
    for n in 0..40 {
        world.log.append(swipe(1 + n % 5, 1, 300 + n * 60));
    }
    world.once().await;
    world.clock.advance(Duration::from_hours(2));
    assert_eq!(world.once().await.intake.gaps_open, 0);
    world.log.insert(sync_core::model::AccessEvent { number: 2, ..swipe(2, 1, 100) });
    assert_eq!(world.once().await.intake.new, 0);
    world.clock.advance(Duration::from_hours(23));
    let report = world.once().await;
    assert!(report.intake.swept);
    assert_eq!((report.intake.new, world.state(2).await.as_str()), (1, "delivered"));
    assert!(!world.once().await.intake.swept, "once a day");
}

#[tokio::test]
async fn a_log_that_starts_again_is_a_new_numbering() {
    let world = world().await;
    for n in 0..30 {
        world.log.append(swipe(1 + n % 5, 1, n * 60));
    }
    world.once().await;
    world.log.reset();
    for n in 0..5 {
        world.log.append(swipe(1 + n % 5, 1, 2400 + n * 60));
    }
    let report = world.once().await;
    assert_eq!(report.intake.epoch_changes.len(), 1);
    assert_eq!((report.intake.new, report.intake.joined), (5, 0));
    assert_eq!(report.totals().delivered, 35);
    assert_eq!(world.once().await.intake.new, 0);
}

#[tokio::test]
async fn a_log_that_starts_again_and_has_overtaken_our_position_is_noticed_by_its_content() {
    let world = world().await;
    for n in 0..8 {
        world.log.append(swipe(1 + n % 5, 1, n * 60));
    }
    world.once().await;
    world.log.reset();
    for n in 0..12 {
        world.log.append(swipe(1 + n % 5, 1, 1000 + n * 60));
    }
    let report = world.once().await;
    assert_eq!(report.intake.epoch_changes.len(), 1);
    assert_eq!(report.totals().delivered, 20);
}

#[tokio::test]
async fn a_restored_backup_books_nothing_twice_and_loses_nothing_new() {
    let world = world().await;
    for n in 0..30 {
        world.log.append(swipe(1 + n % 5, 1, n * 60));
    }
    world.once().await;
    world.log.restore(20);
    for n in 0..15 {
        world.log.append(swipe(1 + n % 5, 1, 2000 + n * 60));
    }
    let report = world.once().await;
    assert_eq!(report.intake.epoch_changes.len(), 1);
    assert_eq!(report.intake.joined, 20);
    assert_eq!(report.totals().delivered, 45);
    assert_eq!(report.totals().read, 30 + 35);
    assert_eq!(world.booked().len(), 45);
    assert_eq!(world.once().await.intake.new, 0);
}

#[tokio::test]
async fn another_installation_is_a_new_numbering() {
    let world = world().await;
    for n in 0..5 {
        world.log.append(swipe(1 + n, 1, n * 60));
    }
    world.once().await;
    world.log.replace_installation("net2-2");
    let report = world.once().await;
    assert_eq!(report.intake.epoch_changes.len(), 1);
    assert!(report.intake.epoch_changes[0].why.contains("net2-2"));
    assert_eq!((report.intake.joined, world.booked().len()), (5, 5));
}

#[tokio::test]
async fn a_numbering_that_the_source_gives_another_name_is_a_new_one_even_if_its_numbers_go_on() {
    let world = world().await;
    world.log.call_life("A");
    for n in 0..5 {
        world.log.append(swipe(1 + n, 1, n * 60));
    }
    assert!(world.once().await.intake.epoch_changes.is_empty());
    world.log.call_life("B");
    world.log.append(swipe(1, 1, 2000));
    let report = world.once().await;
    assert_eq!(report.intake.epoch_changes.len(), 1);
    assert!(report.intake.epoch_changes[0].why.contains("B, before it was A"), "{report:?}");
    assert_eq!((report.intake.joined, world.booked().len()), (5, 6));
    assert!(world.once().await.intake.epoch_changes.is_empty());
}

#[tokio::test]
async fn an_edited_event_is_reported_and_is_no_new_numbering() {
    let world = world().await;
    for n in 0..10 {
        world.log.append(swipe(1 + n % 5, 1, n * 60));
    }
    world.once().await;
    world.log.insert(sync_core::model::AccessEvent { number: 4, ..swipe(4, 1, 5) });
    let report = world.once().await;
    assert!(report.intake.epoch_changes.is_empty());
    assert_eq!((report.intake.edited, report.intake.new), (1, 0));
    assert_eq!(world.booked().len(), 10);
}

#[tokio::test]
async fn a_pruned_log_leaves_a_recorded_hole_and_an_alarm() {
    for told in [true, false] {
        let world = world().await;
        for n in 0..20 {
            world.log.append(swipe(1 + n % 5, 1, n * 60));
        }
        world.once().await;
        for n in 0..20 {
            world.log.append(swipe(1 + n % 5, 1, 1200 + n * 60));
        }
        world.log.prune(31, told);
        let report = world.once().await;
        assert_eq!(report.intake.lost.len(), 1, "told: {told}");
        assert_eq!((report.intake.lost[0].from, report.intake.lost[0].to), (21, 30));
        assert!(report.alarms().any(|alarm| alarm.contains("21 to 30")));
        assert_eq!(report.intake.new, 10);
        assert!(report.intake.epoch_changes.is_empty());
        assert!(world.once().await.intake.lost.is_empty(), "told once");
    }
}

#[tokio::test]
async fn a_log_pruned_within_the_overlap_loses_nothing() {
    let world = world().await;
    for n in 0..20 {
        world.log.append(swipe(1 + n % 5, 1, n * 60));
    }
    world.once().await;
    world.log.append(swipe(1, 1, 1300));
    world.log.prune(19, true);
    let report = world.once().await;
    assert!(report.intake.lost.is_empty());
    assert_eq!(report.intake.new, 1);
}

#[tokio::test]
async fn an_emptied_log_changes_nothing_and_is_reported() {
    let world = world().await;
    world.log.append(swipe(1, 1, 0));
    world.once().await;
    world.log.prune(100, false);
    let report = world.once().await;
    assert!(report.intake.epoch_changes.is_empty());
    assert!(report.alarms().any(|alarm| alarm.contains("empty")));
    world.log.append(swipe(2, 1, 300));
    assert_eq!(world.once().await.totals().delivered, 2);
}

#[tokio::test]
async fn rows_that_are_no_events_are_rejected_with_their_reason_and_stop_nothing() {
    let world = world().await;
    world.log.append(swipe(1, 1, 0));
    world.log.append_invalid("no such type");
    world.log.append(swipe(2, 1, 60));
    let report = world.once().await;
    assert_eq!((report.intake.invalid, report.totals().rejected, report.totals().delivered), (1, 1, 2));
    assert!(world.state(2).await.contains("no such type"));
    let again = world.once().await;
    assert_eq!((again.intake.new, again.intake.gaps_open), (0, 0));
}

#[tokio::test]
async fn a_long_log_is_stored_in_large_batches_without_questions_in_between() {
    let log = FakeEventLog::new("net2").paged(1_000);
    for n in 0..20_000 {
        log.append(swipe(1 + n % 5, 1, n % 3_000));
    }
    let world = World::with(log, DeliveryClass::Keyed, Faults::none()).await;
    let report = world.process().intake(&world.journal(), world.clock.as_ref()).await.unwrap();
    assert_eq!((report.read, report.new), (20_000, 20_000));
    assert!(world.faults.steps() <= 20 + 1 + 5, "pages, identity, commits: {}", world.faults.steps());
}

#[derive(Clone, Debug)]
enum Step {
    Happen { person: i64, seconds: i64 },
    Skip,
    FillOldest,
    Poll,
    Pass(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (1_i64..=5, 0_i64..3_000).prop_map(|(person, seconds)| Step::Happen { person, seconds }),
        1 => Just(Step::Skip),
        1 => Just(Step::FillOldest),
        2 => Just(Step::Poll),
        1 => (1_u64..120).prop_map(Step::Pass),
    ];
    proptest::collection::vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any split of a log into polls, pages and overlaps gives the same ledger as reading it once at its end.
    #[test]
    fn slicing_does_not_matter(steps in steps(), page in 1_usize..9, overlap in 1_i64..40) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut sliced = World::with(
                FakeEventLog::new("net2").paged(page).lateness(1), DeliveryClass::Keyed, Faults::none(),
            ).await;
            sliced.settings.overlap = overlap;
            sliced.settings.rows_per_commit = page * 2;
            let mut skipped = Vec::new();
            let mut number = 1;
            for step in &steps {
                match step {
                    Step::Happen { person, seconds } => {
                        let event = swipe(*person, 1, *seconds);
                        sliced.log.insert(sync_core::model::AccessEvent { number, ..event });
                        number += 1;
                    }
                    Step::Skip => {
                        skipped.push(number);
                        number += 1;
                    }
                    Step::FillOldest => {
                        // As late as the overlap allows, and no later.
                        if let Some(late) = skipped.iter().position(|late| number - late <= overlap) {
                            let late = skipped.remove(late);
                            sliced.log.insert(sync_core::model::AccessEvent { number: late, ..swipe(1, 1, late) });
                        }
                    }
                    Step::Poll => { sliced.once().await; }
                    Step::Pass(minutes) => sliced.clock.advance(Duration::from_mins(*minutes)),
                }
            }
            sliced.quiesce().await;
            let whole = World { log: sliced.log.clone(), ..World::new(DeliveryClass::Keyed, Faults::none()).await };
            whole.once().await;
            let set = |events: Vec<sync_core::journal::LedgerEvent>| {
                events.into_iter().map(|event| (event.key, event.content, event.occurred)).collect::<Vec<_>>()
            };
            assert_eq!(set(sliced.ledger().await), set(whole.ledger().await));
            let ends = |event: &sync_core::journal::LedgerEvent| {
                matches!(event.state, EventState::Delivered | EventState::Ignored)
            };
            assert!(sliced.ledger().await.iter().all(ends));
        });
    }
}

/// The same log through the journal on SQLite: same states; and its run can be spawned.
#[cfg(feature = "sqlite")]
#[tokio::test]
async fn the_journal_on_sqlite_ends_with_the_same_ledger() {
    fn spawnable<T: Send>(future: T) -> T {
        future
    }
    use sync_core::journal::{EventFilter, Journal as _, LinkState, SqliteJournal, Write};
    use sync_core::model::{EntityKind, Pair};
    let world = world().await;
    for n in 0..60 {
        world.log.append(swipe(1 + n % 7, 1 + n % 3, n * 40));
    }
    world.log.append_invalid("broken");
    let journal = SqliteJournal::open_in_memory().unwrap();
    for kind in [EntityKind::Person, EntityKind::Device] {
        let links = world.store.links(&Pair::new(kind, "net2", "timeware")).await.unwrap();
        let live = links.into_iter().filter(|link| link.state == LinkState::Live);
        let writes = live.map(|link| Write::Link(Box::new(link))).collect();
        journal.commit(sync_core::journal::Durability::D1, writes).await.unwrap();
    }
    world.once().await;
    let link = world.process();
    let report = spawnable(link.run(&journal, world.clock.as_ref())).await.unwrap();
    assert!(report.totals().adds_up());
    let filter = EventFilter::states(&"net2".into(), &EventState::ALL, 1_000);
    let of = |event: sync_core::journal::LedgerEvent| (event.key.number, event.state, event.reason, event.content);
    let stored: Vec<_> = journal.events(&filter).await.unwrap().into_iter().map(of).collect();
    let expected: Vec<_> = world.ledger().await.into_iter().map(of).collect();
    assert_eq!(stored, expected);
    let again = link.run(&journal, world.clock.as_ref()).await.unwrap();
    assert_eq!(again.intake.new, 0);
    assert_eq!(again.intake.duplicates, again.intake.read);
}
