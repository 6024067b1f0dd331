use std::time::Duration;

use sync_core::connector::{DeliveryClass, ErrorClass};
use sync_core::events::RepeatScope;
use sync_core::journal::{EventState, Journal as _};
use sync_core::model::{AccessEvent, ClockingKind, Device, DeviceKind, Direction, EntityKind, EventClass, Known, Pair};
use sync_core::test_kit::Faults;

use crate::world::{World, instant, key, swipe};

async fn world() -> World {
    World::new(DeliveryClass::Keyed, Faults::none()).await
}

#[tokio::test]
async fn an_access_terminal_gives_access_records_only_denied_and_nobodys_included() {
    let world = world().await;
    world.log.append(swipe(1, 2, 0));
    world.log.append(AccessEvent { class: EventClass::Denied, person: None, ..swipe(1, 2, 60) });
    world.log.append(AccessEvent { class: EventClass::DoorState, ..swipe(1, 2, 90) });
    world.log.append(AccessEvent { class: EventClass::Denied, ..swipe(1, 1, 120) });
    let report = world.once().await;
    assert_eq!(report.totals().delivered, 2);
    assert!(world.bookings.booked().iter().all(|clocking| clocking.kind == ClockingKind::Access));
    assert_eq!(world.state(3).await, "ignored(kind)");
    assert_eq!(world.state(4).await, "ignored(kind)");
}

#[tokio::test]
async fn a_clocking_of_somebody_who_is_not_linked_goes_to_the_clerks_after_a_while_where_there_are_any() {
    let mut world = world().await;
    world.settings.strangers_after = Some(Duration::from_mins(10));
    world.log.append(swipe(77, 1, 0));
    world.once().await;
    assert_eq!(world.state(1).await, "waiting(person)");
    world.clock.advance(Duration::from_mins(11));
    world.once().await;
    let booked = world.bookings.booked();
    assert_eq!((booked.len(), &booked[0].person, &booked[0].stranger), (1, &None, &Some("77".into())));
}

#[tokio::test]
async fn people_are_who_they_were_while_the_links_of_another_leading_side_are_not_made_yet() {
    let world = world().await;
    let turned = Pair::new(EntityKind::Person, "timeware", "net2");
    let link = world.process().people(turned);
    world.log.append(swipe(1, 1, 0));
    world.run(&link).await.unwrap();
    assert_eq!(world.bookings.booked()[0].person, Some("101".into()));
}

#[tokio::test]
async fn devices_of_one_name_at_both_sides_need_no_link_and_count_as_suspended_until_somebody_says_otherwise() {
    let world = world().await;
    let terminal = world.terminals.put(Device {
        kind: Known::Value(DeviceKind::Attendance),
        suspended: Known::Value(false),
        ..Device::default()
    });
    let link = world.process().same_devices(world.terminals.clone());
    world.log.append(AccessEvent { device: Some(terminal.clone()), ..swipe(1, 1, 0) });
    world.log.append(AccessEvent { device: Some("elsewhere".into()), ..swipe(2, 1, 10) });
    world.run(&link).await.unwrap();
    assert_eq!(world.bookings.booked().iter().map(|booked| booked.device.clone()).collect::<Vec<_>>(), [terminal]);
    assert_eq!(world.state(2).await, "ignored(device_suspended)");
}

#[tokio::test]
async fn fire_and_muster_devices_give_no_bookings() {
    let world = world().await;
    world.add_door(3, DeviceKind::FireAlarm, false).await;
    world.add_door(4, DeviceKind::Muster, false).await;
    world.log.append(swipe(1, 3, 0));
    world.log.append(swipe(1, 4, 0));
    assert_eq!(world.once().await.delivery.count_of(EventState::Ignored, "kind"), 2);
    assert!(world.booked().is_empty());
}

#[tokio::test]
async fn a_repeat_within_the_window_counts_once_and_names_what_it_repeats() {
    let world = world().await;
    for seconds in [0, 40, 80, 300] {
        world.log.append(swipe(1, 1, seconds));
    }
    world.log.append(swipe(2, 1, 10));
    world.once().await;
    assert_eq!(world.state(2).await, "ignored(repeat of net2:1)");
    assert_eq!(world.state(3).await, "delivered", "80 s after the swipe that counts");
    assert_eq!(world.booked(), [1, 5, 3, 4], "oldest first");
}

#[tokio::test]
async fn a_repeat_is_noticed_across_runs_and_when_it_arrives_before_its_first_swipe() {
    let world = world().await;
    world.log.append(swipe(1, 1, 0));
    world.once().await;
    world.log.append(swipe(1, 1, 30));
    world.log.append(swipe(1, 1, -30));
    world.once().await;
    assert_eq!(world.booked(), [1]);
    assert_eq!(world.state(3).await, "ignored(repeat of net2:1)");
}

#[tokio::test]
async fn technical_duplicates_are_no_repeats_and_repeats_can_be_switched_off() {
    let mut world = world().await;
    world.settings.repeat_window = Duration::ZERO;
    world.log.append(swipe(1, 1, 0));
    world.log.append(swipe(1, 1, 30));
    world.once().await;
    let again = world.once().await;
    assert_eq!(again.intake.duplicates, 2);
    assert_eq!((again.totals().read, again.totals().ignored, world.booked().len()), (2, 0, 2));
}

#[tokio::test]
async fn by_direction_a_repeat_may_be_at_another_door() {
    let mut world = world().await;
    world.settings.repeat_scope = RepeatScope::Direction;
    world.add_door(3, DeviceKind::Attendance, false).await;
    let inward = |event| AccessEvent { direction: Direction::In, ..event };
    world.log.append(inward(swipe(1, 1, 0)));
    world.log.append(inward(swipe(1, 3, 20)));
    world.once().await;
    world.log.append(AccessEvent { direction: Direction::Out, ..swipe(1, 1, 40) });
    world.once().await;
    assert_eq!(world.state(2).await, "ignored(repeat of net2:1)");
    assert_eq!(world.state(3).await, "delivered");
}

#[tokio::test]
async fn a_repeat_of_a_refused_swipe_is_delivered_in_its_place() {
    let world = world().await;
    world.bookings.poison(&key(1), Some(ErrorClass::Invalid));
    world.log.append(swipe(1, 1, 0));
    world.log.append(swipe(1, 1, 30));
    let report = world.once().await;
    assert!(world.state(1).await.starts_with("rejected(employee: refused"));
    assert_eq!((world.state(2).await.as_str(), report.totals().ready), ("delivered", 0));
}

#[tokio::test]
async fn people_and_devices_that_are_unknown_are_waited_for() {
    let world = world().await;
    world.log.append(swipe(9, 1, 0));
    world.log.append(swipe(1, 9, 60));
    world.log.append(AccessEvent { person: None, ..swipe(1, 1, 90) });
    let report = world.once().await;
    assert_eq!(report.totals().waiting, 3);
    assert_eq!((world.state(1).await, world.state(2).await), ("waiting(person)".into(), "waiting(device)".into()));
    world.link_person(9).await;
    world.add_door(9, DeviceKind::Attendance, false).await;
    assert_eq!(world.once().await.totals().delivered, 2);
    assert_eq!(world.booked(), [1, 2]);
}

#[tokio::test]
async fn a_great_many_waiting_events_are_looked_at_in_parts_and_a_linked_person_at_once() {
    let mut world = world().await;
    world.settings.recheck = 2;
    for n in 0..6 {
        world.log.append(swipe(10 + n, 1, n * 60));
    }
    let link = world.process();
    world.run(&link).await.unwrap();
    world.link_person(15).await;
    assert_eq!(world.run(&link).await.unwrap().delivery.examined, 2);
    world.run(&link).await.unwrap();
    assert!(world.booked().is_empty());
    world.run(&link).await.unwrap();
    assert_eq!(world.booked(), [6], "the third part");
    world.link_person(12).await;
    assert_eq!(link.person_linked(&world.journal(), &12_i64.into()).await.unwrap(), 1);
    world.run(&link).await.unwrap();
    assert_eq!(world.booked(), [6, 3]);
}

#[tokio::test]
async fn nobody_is_waited_for_for_ever() {
    let world = world().await;
    world.log.append(swipe(9, 1, 0));
    world.once().await;
    world.clock.advance(Duration::from_hours(24 * 30));
    let report = world.once().await;
    assert_eq!(world.state(1).await, "rejected(no_person)");
    assert!(report.alarms().any(|alarm| alarm.contains("net2:1")));
}

#[tokio::test]
async fn times_that_cannot_be_are_held_until_a_person_decides() {
    let world = world().await;
    world.log.append(swipe(1, 1, 3_600 + 3_600));
    world.log.append(swipe(1, 1, -40 * 86_400));
    let report = world.once().await;
    assert_eq!((world.state(1).await, world.state(2).await), ("held(clock)".into(), "held(too_old)".into()));
    assert_eq!(report.delivery.troubled.len(), 2);
    let link = world.process();
    let journal = world.journal();
    assert!(link.reprocess(&journal, world.clock.as_ref(), &key(2), "anna", "agreed").await.unwrap());
    assert!(!link.reprocess(&journal, world.clock.as_ref(), &key(99), "anna", "agreed").await.unwrap());
    world.once().await;
    assert_eq!(world.state(2).await, "delivered");
    let audit = journal.audit(None, 10).await.unwrap();
    assert_eq!((audit[0].entry.actor.as_str(), audit[0].entry.old.as_deref()), ("anna", Some("held (too_old)")));
}

#[tokio::test]
async fn a_poison_event_is_rejected_by_name_and_the_rest_is_booked() {
    let world = world().await;
    for n in 0..10 {
        world.log.append(swipe(1 + n % 5, 1, n * 300));
    }
    world.bookings.poison(&key(4), Some(ErrorClass::Invalid));
    world.bookings.poison(&key(5), Some(ErrorClass::NotFound));
    world.bookings.close_period(&key(6));
    let report = world.once().await;
    assert_eq!((report.totals().delivered, report.totals().rejected, report.totals().held), (7, 1, 2));
    assert_eq!(world.state(6).await, "held(period_closed)");
    assert!(report.delivery.troubled.iter().any(|event| event.event == "net2:4" && event.reason.contains("refused")));
}

#[tokio::test]
async fn an_event_that_always_meets_a_busy_system_does_not_stop_the_others() {
    let world = world().await;
    world.bookings.poison(&key(1), Some(ErrorClass::Transient));
    for n in 0..12 {
        world.log.append(swipe(1 + n % 4, 1, n * 300));
    }
    world.log.append(swipe(1, 1, 3_550));
    let link = world.process();
    let first = world.run(&link).await.unwrap();
    assert_eq!(first.delivery.failure.as_ref().unwrap().class, "transient");
    assert_eq!(first.totals().delivered, 2, "the rest of its batch");
    world.run(&link).await.unwrap();
    let person_1 = [5, 9, 13];
    assert!(world.booked().iter().all(|number| !person_1.contains(number)), "one person's events keep their order");
    assert_eq!(world.booked().len(), 9);
    world.bookings.poison(&key(1), None);
    world.clock.advance(Duration::from_mins(1));
    world.run(&link).await.unwrap();
    assert_eq!(world.booked().len(), 13);
    assert_eq!(world.booked()[9..], [1, 5, 9, 13]);
}

#[tokio::test]
async fn a_persons_later_events_wait_for_one_that_has_to_be_tried_again() {
    let world = world().await;
    world.bookings.poison(&key(1), Some(ErrorClass::Conflict));
    for n in 0..8 {
        world.log.append(swipe(1 + n % 4, 1, n * 300));
    }
    let report = world.once().await;
    assert!(report.is_complete(), "a conflict is about one event");
    assert_eq!(world.booked(), [2, 3, 4, 6, 7, 8]);
    assert_eq!(report.delivery.count_of(EventState::Ready, "order"), 1);
    world.bookings.poison(&key(1), None);
    world.clock.advance(Duration::from_mins(1));
    world.once().await;
    assert_eq!(world.booked()[6..], [1, 5]);
}

#[tokio::test]
async fn a_system_that_is_away_is_left_alone_and_gets_everything_later() {
    let world = world().await;
    for n in 0..10 {
        world.log.append(swipe(1 + n % 5, 1, n * 300));
    }
    world.bookings.away(true);
    let report = world.once().await;
    assert_eq!((report.intake.new, report.totals().ready), (10, 10));
    assert!(!report.is_complete());
    world.bookings.away(false);
    assert_eq!(world.quiesce().await.totals().delivered, 10);
}

#[tokio::test]
async fn a_failing_log_does_not_stop_the_delivery_of_what_is_there() {
    let world = world().await;
    world.log.append(swipe(1, 1, 0));
    let link = world.process();
    link.intake(&world.journal(), world.clock.as_ref()).await.unwrap();
    world.faults.arm(1, sync_core::test_kit::Fault::FailBefore);
    let report = world.run(&link).await.unwrap();
    assert!(report.intake.failure.is_some() && report.delivery.failure.is_none());
    assert_eq!(report.totals().delivered, 1);
}

#[tokio::test]
async fn a_plan_tells_what_a_delivery_would_do_and_does_nothing() {
    let world = world().await;
    for event in [swipe(1, 1, 0), swipe(1, 1, 30), swipe(9, 1, 60), swipe(2, 2, 90)] {
        world.log.append(event);
    }
    let link = world.process();
    link.intake(&world.journal(), world.clock.as_ref()).await.unwrap();
    let plan = link.plan(&world.journal(), world.clock.as_ref()).await.unwrap();
    assert!(plan.dry && world.booked().is_empty());
    assert!(world.ledger().await.iter().all(|event| event.state == EventState::Ready));
    assert_eq!(
        plan.planned.iter().map(|c| c.kind).collect::<Vec<_>>(),
        [ClockingKind::Attendance, ClockingKind::Access]
    );
    let real = link.deliver(&world.journal(), world.clock.as_ref()).await.unwrap();
    for state in EventState::ALL {
        assert_eq!(plan.count(state), real.count(state), "{state:?}");
    }
}

#[tokio::test]
async fn late_events_are_delivered_and_listed() {
    let world = world().await;
    world.log.append(swipe(1, 1, 0));
    world.log.append(swipe(2, 1, 3_590));
    let report = world.once().await;
    assert_eq!((report.delivery.late, report.delivery.late_events[0].by_seconds), (1, 3_600));
    assert_eq!(report.totals().delivered, 2);
}

#[tokio::test]
async fn both_hours_of_the_autumn_night_are_booked_with_their_offsets() {
    let world = world().await;
    world.clock.set_wall(instant("2026-10-25T06:00:00Z"));
    for at in ["2026-10-25T01:30:00+01:00", "2026-10-25T01:30:00+00:00", "2026-03-29T02:30:00+01:00"] {
        world.log.append(AccessEvent { occurred: at.parse().unwrap(), ..swipe(1, 1, 0) });
    }
    world.once().await;
    let booked = world.bookings.booked();
    assert_eq!(booked.len(), 2, "the third one is too old");
    assert_eq!(booked[0].occurred.naive_local(), booked[1].occurred.naive_local());
    assert_eq!((booked[1].occurred - booked[0].occurred).num_seconds(), 3_600);
}

#[tokio::test]
async fn an_event_link_without_people_says_what_is_missing() {
    let world = world().await;
    world.log.append(swipe(1, 1, 0));
    let link = sync_core::events::EventLink::new("bare", world.log.clone(), world.bookings.clone());
    let report = world.run(&link).await.unwrap();
    assert_eq!(report.delivery.failure.as_ref().unwrap().class, "config");
    assert_eq!(report.totals().ready, 1);
}

#[tokio::test]
async fn the_administrators_direction_wins_over_the_sources() {
    let world = world().await;
    let terminal = world.add_door(3, DeviceKind::Attendance, false).await;
    world.terminals.edit(&terminal, |device| device.direction = Known::Value(Direction::Out));
    world.log.append(AccessEvent { direction: Direction::In, ..swipe(1, 3, 0) });
    world.log.append(AccessEvent { direction: Direction::In, ..swipe(2, 1, 0) });
    world.once().await;
    let directions: Vec<_> = world.bookings.booked().iter().map(|clocking| clocking.direction).collect();
    assert_eq!(directions, [Direction::Out, Direction::In]);
}
