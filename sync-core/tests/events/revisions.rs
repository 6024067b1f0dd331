use sync_core::connector::{DeliveryClass, EventSink as _};
use sync_core::journal::EventState;
use sync_core::model::{AccessEvent, EventClass, Remark};
use sync_core::test_kit::Faults;

use crate::world::{World, key, swipe};

async fn world() -> World {
    World::new(DeliveryClass::Keyed, Faults::none()).await
}

fn named(identity: &str, event: AccessEvent) -> AccessEvent {
    AccessEvent { identity: Some(identity.to_owned()), ..event }
}

#[tokio::test]
async fn a_change_of_what_was_booked_is_held_and_books_nothing() {
    let world = world().await;
    world.log.append(named("in", swipe(1, 1, 0)));
    world.once().await;
    world.log.append(named("in", swipe(1, 1, -300)));
    world.log.append(AccessEvent { remark: Some(Remark::Voided), ..named("in", swipe(1, 1, 0)) });
    world.once().await;
    assert_eq!(world.booked(), [1]);
    assert_eq!(world.state(2).await, "ignored(superseded)");
    assert_eq!(world.state(3).await, "held(changed_after_booking)");
}

#[tokio::test]
async fn a_new_number_for_the_same_facts_is_no_change() {
    let world = world().await;
    world.log.append(named("in", swipe(1, 1, 0)));
    world.once().await;
    world.log.append(named("in", swipe(1, 1, 0)));
    world.once().await;
    assert_eq!((world.booked(), world.state(2).await), (vec![1], "ignored(unchanged)".to_owned()));
}

#[tokio::test]
async fn before_it_is_booked_the_last_number_counts_and_what_was_taken_back_does_not() {
    let world = world().await;
    world.log.append(named("late", swipe(1, 1, 0)));
    world.log.append(named("gone", swipe(2, 1, 0)));
    world.log.append(named("late", swipe(1, 1, 600)));
    world.log.append(AccessEvent { remark: Some(Remark::Voided), ..named("gone", swipe(2, 1, 0)) });
    world.once().await;
    assert_eq!(world.booked(), [3]);
    assert_eq!(world.state(1).await, "ignored(superseded)");
    assert_eq!(world.state(2).await, "ignored(superseded)");
    assert_eq!(world.state(4).await, "ignored(voided)");
}

#[tokio::test]
async fn a_change_takes_the_place_of_what_was_booked_as_long_as_that_was_not_used() {
    let mut world = world().await;
    world.settings.follow_corrections = true;
    world.log.append(named("in", swipe(1, 1, 0)));
    world.once().await;
    world.log.append(named("in", swipe(1, 1, -300)));
    let report = world.once().await;
    assert_eq!(report.delivery.count_of(EventState::Delivered, "replaced"), 1, "{report:?}");
    assert_eq!((world.booked(), world.bookings.booked()[0].occurred), (vec![2], swipe(1, 1, -300).occurred));
    assert_eq!((world.state(1).await, world.state(2).await), ("ignored(superseded)".into(), "delivered".into()));

    world.log.append(named("in", swipe(1, 1, -600)));
    world.once().await;
    assert_eq!(world.booked(), [3], "and once more");
    world.bookings.use_up(&key(3));
    world.log.append(named("in", swipe(1, 1, -900)));
    world.once().await;
    assert_eq!((world.booked(), world.state(4).await), (vec![3], "held(changed_after_booking)".to_owned()));
}

#[tokio::test]
async fn what_was_taken_back_or_would_not_be_booked_now_replaces_nothing() {
    let mut world = world().await;
    world.settings.follow_corrections = true;
    for (identity, person) in [("gone", 1), ("elsewhere", 2)] {
        world.log.append(named(identity, swipe(person, 1, 0)));
    }
    world.once().await;
    world.log.append(AccessEvent { remark: Some(Remark::Voided), ..named("gone", swipe(1, 1, 0)) });
    world.log.append(AccessEvent { device: Some(404.into()), ..named("elsewhere", swipe(2, 1, 0)) });
    world.once().await;
    assert_eq!(world.booked(), [1, 2]);
    for number in [3, 4] {
        assert_eq!(world.state(number).await, "held(changed_after_booking)");
    }
}

#[tokio::test]
async fn a_replacement_whose_answer_is_lost_is_made_once() {
    for made in [false, true] {
        let mut world = world().await;
        world.settings.follow_corrections = true;
        world.log.append(named("in", swipe(1, 1, 0)));
        world.once().await;
        world.log.append(named("in", swipe(1, 1, -300)));
        world.bookings.away(!made);
        if made {
            // As if the answer had been lost after it was made.
            let mut now = world.bookings.booked()[0].clone();
            (now.key, now.occurred) = (key(2), swipe(1, 1, -300).occurred);
            world.bookings.replace(&key(1), &now).await.unwrap();
        }
        world.once().await;
        world.bookings.away(false);
        world.clock.advance(std::time::Duration::from_hours(1));
        world.once().await;
        assert_eq!((world.booked(), world.state(2).await), (vec![2], "delivered".to_owned()), "made: {made}");
    }
}

#[tokio::test]
async fn a_person_may_order_the_change_to_be_booked() {
    let world = world().await;
    world.log.append(named("in", swipe(1, 1, 0)));
    world.once().await;
    world.log.append(named("in", swipe(1, 1, 600)));
    world.once().await;
    let link = world.process();
    assert!(link.reprocess(&world.journal(), world.clock.as_ref(), &key(2), "desk", "it was later").await.unwrap());
    world.once().await;
    assert_eq!(world.booked(), [1, 2]);
}

#[tokio::test]
async fn what_the_system_made_up_counts_only_where_that_is_wanted() {
    let mut world = world().await;
    let closing = AccessEvent { class: EventClass::SignOut, remark: Some(Remark::Automatic), ..swipe(1, 1, 0) };
    world.log.append(closing.clone());
    world.once().await;
    assert_eq!(world.state(1).await, "ignored(automatic)");
    world.settings.automatic = true;
    world.log.append(AccessEvent { person: Some(2.into()), ..closing });
    world.once().await;
    assert_eq!(world.booked(), [2]);
}
