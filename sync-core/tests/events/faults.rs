use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sync_core::connector::{DeliveryClass, ErrorClass};
use sync_core::journal::{Durability, EventState, Journal as _};
use sync_core::model::{AccessEvent, DeviceKind, EventClass, Known};
use sync_core::test_kit::{Fault, Faults};

use crate::world::{World, key, swipe};

/// Two bursts with everything in them: repeats, access records, unknown people, poison, an unreadable row, a hole.
async fn first_burst(world: &World) {
    world.add_door(3, DeviceKind::Attendance, true).await;
    world.bookings.poison(&key(4), Some(ErrorClass::Invalid));
    for event in [swipe(1, 1, 0), swipe(2, 1, 20), swipe(1, 1, 40), swipe(3, 1, 60), swipe(3, 1, 90), swipe(9, 1, 100)]
    {
        world.log.append(event);
    }
    world.log.append_invalid("broken");
    world.log.skip(1);
    world.log.append(AccessEvent { class: EventClass::Denied, person: None, ..swipe(1, 2, 120) });
    world.log.append(swipe(4, 3, 130));
    world.log.append(swipe(1, 1, 140));
}

async fn second_burst(world: &World) {
    world.log.insert(AccessEvent { number: 8, ..swipe(5, 1, 110) });
    world.link_person(9).await;
    let doors = world.terminals.all();
    let third = doors.iter().find(|door| door.value.name == Known::Value("door 3".to_owned())).unwrap();
    world.terminals.edit(&third.id, |door| {
        door.suspended = Known::Value(false);
        door.take_from = Known::Value(crate::world::instant("2026-11-02T06:00:00Z"));
    });
    for n in 0..4 {
        world.log.append(swipe(1 + n, 1, 600 + n * 100));
    }
}

/// A process runs twice, with a fault somewhere; another one takes over until nothing changes any more.
async fn scenario(class: DeliveryClass, faults: Faults, fault: Fault) -> World {
    let world = World::new(class, faults.clone()).await;
    first_burst(&world).await;
    let mut link = world.process();
    for burst in 0..2 {
        if burst == 1 {
            second_burst(&world).await;
        }
        drop(world.run(&link).await);
        if world.faults.is_dead() {
            if fault == Fault::PowerLoss {
                world.store.power_loss();
            }
            world.faults.restart();
            world.clock.restart();
            link = world.process();
        }
        world.clock.advance(Duration::from_secs(5));
    }
    // A fault that has not fired by now is none.
    world.faults.restart();
    world.quiesce().await;
    world.sink.arrive().await;
    world
}

type Outcome = (BTreeMap<i64, String>, BTreeSet<i64>);

async fn outcome(world: &World) -> Outcome {
    (world.states().await, world.booked().into_iter().collect())
}

async fn every_fault(class: DeliveryClass) {
    let calm = scenario(class, Faults::none(), Fault::FailBefore).await;
    let expected = outcome(&calm).await;
    assert_eq!(expected.1.len(), 12, "{expected:#?}");
    for fault in Fault::ALL {
        for step in 1.. {
            let world = scenario(class, Faults::at(step, fault), fault).await;
            let fired = world.faults.fired();
            let numbers = world.booked();
            let set = outcome(&world).await;
            assert_eq!(set, expected, "{class:?} {fault:?} at step {step}");
            assert_eq!(numbers.len(), set.1.len(), "booked twice: {class:?} {fault:?} at step {step}");
            if !fired {
                assert!(step > 10, "the scenario has steps");
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_keyed_system_ends_with_the_same_bookings_whatever_goes_wrong() {
    every_fault(DeliveryClass::Keyed).await;
}

#[tokio::test]
async fn a_searchable_system_ends_with_the_same_bookings_whatever_goes_wrong() {
    every_fault(DeliveryClass::Searchable).await;
}

/// Without keys and without questions, the best that can be promised: never sent twice, and never silent about it.
#[tokio::test]
async fn an_unsafe_system_is_never_sent_anything_twice() {
    let calm = scenario(DeliveryClass::Unsafe, Faults::none(), Fault::FailBefore).await;
    let expected = outcome(&calm).await.0;
    for fault in Fault::ALL {
        for step in 1.. {
            let world = scenario(DeliveryClass::Unsafe, Faults::at(step, fault), fault).await;
            let numbers = world.booked();
            let set: BTreeSet<_> = numbers.iter().copied().collect();
            assert_eq!(numbers.len(), set.len(), "{fault:?} at step {step} booked twice");
            for event in world.ledger().await {
                let number = event.key.number;
                match event.state {
                    EventState::Delivered => assert!(set.contains(&number), "{fault:?} at {step}: {number} is lost"),
                    EventState::Doubtful => {}
                    state => assert!(!set.contains(&number), "{fault:?} at {step}: {number} is booked and {state:?}"),
                }
                assert!(event.state.as_str() != "ready" && event.state.as_str() != "sending");
            }
            assert_eq!(world.states().await.len(), expected.len());
            if !world.faults.fired() {
                break;
            }
        }
    }
}

/// The numbering starts again while things go wrong: still nothing twice and nothing lost, not even an event that
/// looks exactly like an earlier one.
#[tokio::test]
async fn a_new_numbering_survives_every_fault() {
    for fault in Fault::ALL {
        for step in 1.. {
            let mut world = World::new(DeliveryClass::Keyed, Faults::none()).await;
            world.settings.repeat_window = Duration::ZERO;
            world.settings.rows_per_commit = 3;
            for n in 0..12 {
                world.log.append(swipe(1 + n % 5, 1, n * 100));
            }
            world.once().await;
            // Long ago: a number that was given to two events cannot be told apart if all memory of the first is lost.
            world.store.commit(Durability::D1, Vec::new()).await.unwrap();
            world.log.restore(7);
            for n in 0..6 {
                world.log.append(swipe(1 + n % 5, 1, 2_000 + n * 100));
            }
            world.log.append(swipe(1, 1, 0));
            world.faults.arm(step, fault);
            drop(world.run(&world.process()).await);
            if world.faults.is_dead() && fault == Fault::PowerLoss {
                world.store.power_loss();
            }
            let fired = world.faults.fired();
            world.faults.restart();
            let report = world.quiesce().await;
            assert_eq!(world.booked().len(), 19, "{fault:?} at step {step}");
            assert_eq!(report.totals().delivered, 19, "{fault:?} at step {step}");
            let ledger = world.ledger().await;
            let joined =
                ledger.iter().filter(|event| event.reason.as_ref().is_some_and(|why| why.starts_with("joined")));
            assert_eq!((joined.count(), report.totals().read), (7, 12 + 14));
            if !fired {
                assert!(step > 10, "the scenario has steps");
                break;
            }
        }
    }
}
