use sync_core::connector::DeliveryClass;
use sync_core::model::{DeviceKind, Known};
use sync_core::test_kit::Faults;

use crate::world::{World, instant, key, swipe};

#[tokio::test]
async fn a_new_door_gives_nothing_until_it_is_released_and_then_from_the_chosen_time_on() {
    let world = World::new(DeliveryClass::Keyed, Faults::none()).await;
    let terminal = world.add_door(3, DeviceKind::Attendance, true).await;
    for seconds in [0, 600, 1_200] {
        world.log.append(swipe(1, 3, seconds));
    }
    let report = world.once().await;
    assert_eq!((report.totals().ignored, report.totals().delivered), (3, 0));
    assert_eq!(world.state(1).await, "ignored(device_suspended)");

    world.terminals.edit(&terminal, |device| {
        device.suspended = Known::Value(false);
        device.take_from = Known::Value(instant("2026-11-02T07:10:00Z"));
    });
    let report = world.once().await;
    assert_eq!(report.delivery.released, 2);
    assert_eq!(world.booked(), [2, 3]);

    world.terminals.edit(&terminal, |device| device.take_from = Known::Value(instant("2026-11-02T07:00:00Z")));
    world.once().await;
    assert_eq!(world.booked(), [2, 3, 1], "the administrator chose an earlier time");
    assert_eq!(world.once().await.delivery.released, 0);
}

#[tokio::test]
async fn a_release_without_a_time_counts_from_then_on() {
    let world = World::new(DeliveryClass::Keyed, Faults::none()).await;
    let terminal = world.add_door(3, DeviceKind::Attendance, true).await;
    world.log.append(swipe(1, 3, 0));
    world.once().await;
    world.terminals.edit(&terminal, |device| device.suspended = Known::Value(false));
    world.log.append(swipe(1, 3, 600));
    world.once().await;
    assert_eq!(world.booked(), [2]);
    let reopened = world
        .process()
        .release_device(&world.journal(), world.clock.as_ref(), &3_i64.into(), instant("2026-11-02T06:00:00Z"), "anna")
        .await
        .unwrap();
    assert_eq!(reopened, 1);
    world.once().await;
    assert_eq!(world.booked(), [2, 1]);
}

#[tokio::test]
async fn a_device_suspended_again_gives_nothing_more() {
    let world = World::new(DeliveryClass::Keyed, Faults::none()).await;
    let terminal = world.add_door(3, DeviceKind::Access, false).await;
    world.log.append(swipe(1, 3, 0));
    world.once().await;
    world.terminals.edit(&terminal, |device| device.suspended = Known::Value(true));
    world.log.append(swipe(1, 3, 60));
    world.once().await;
    assert_eq!(world.booked(), [1]);
    assert_eq!(world.state(2).await, "ignored(device_suspended)");
}

#[tokio::test]
async fn a_doubtful_event_is_settled_by_a_persons_word() {
    let world = World::new(DeliveryClass::Unsafe, Faults::none()).await;
    world.bookings.poison(&key(1), Some(sync_core::connector::ErrorClass::InDoubt));
    world.bookings.poison(&key(2), Some(sync_core::connector::ErrorClass::InDoubt));
    world.log.append(swipe(1, 1, 0));
    world.log.append(swipe(2, 1, 0));
    assert_eq!(world.once().await.totals().doubtful, 2);
    world.bookings.poison(&key(2), None);
    let (link, journal, clock) = (world.process(), world.journal(), world.clock.as_ref());
    link.confirm_booked(&journal, clock, &key(1), "anna", "seen in the week view").await.unwrap();
    link.reprocess(&journal, clock, &key(2), "anna", "not there").await.unwrap();
    assert_eq!(world.once().await.totals().delivered, 2);
    assert_eq!(world.booked(), [2]);
}
