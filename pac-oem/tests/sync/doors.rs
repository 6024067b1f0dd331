//! Doors are released once, bookings are taken once.

use pac_oem::model::DoorReason;
use sync_core::connector::{ErrorClass, EventSink as _};
use sync_core::model::{Clocking, ClockingKind, Direction, EventClass, EventKey};

use crate::site::{human, site};

fn why() -> DoorReason {
    DoorReason::new("astrow:hr.admin").because("Visitor at the main entrance")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_door_opens_once_even_where_the_answer_is_lost() {
    let site = site().await;
    let command = site.pac.open_door(&"11".into(), 5, why()).await.unwrap();
    let done = site.sim.world(|world| world.commands.clone());
    assert_eq!((done.len(), done[0].id, done[0].seconds), (1, command.get(), 5));
    site.sim.fault("drop-response=1").unwrap();
    let lost = site.pac.open_door(&"11".into(), 5, why()).await.unwrap_err();
    assert_eq!(lost.class(), ErrorClass::InDoubt, "{lost}");
    assert_eq!(site.sim.world(|world| world.commands.len()), 2, "sent once, and not again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doors_that_cannot_be_opened_say_why() {
    let site = site().await;
    for (reader, seconds, class) in [
        ("no number", 5, ErrorClass::NotFound),
        ("999", 5, ErrorClass::NotFound),
        ("11", 0, ErrorClass::Invalid),
        ("11", 9_999, ErrorClass::Invalid),
    ] {
        let error = site.pac.open_door(&reader.into(), seconds, why()).await.unwrap_err();
        assert_eq!(error.class(), class, "{reader} {seconds}: {error}");
    }
    site.sim.fault("device-offline=2").unwrap();
    let offline = site.pac.open_door(&"11".into(), 5, why()).await.unwrap_err();
    assert_eq!(offline.class(), ErrorClass::Transient, "{offline}");
    assert!(site.sim.world(|world| world.commands.is_empty()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_booking_is_taken_once_by_its_key() {
    let site = site().await;
    let person = site.create(human(1), 1).await.unwrap().id;
    let clocking = |number: i64, person| Clocking {
        key: EventKey { endpoint: "astrow".into(), epoch: 0, number },
        kind: ClockingKind::Attendance,
        person,
        device: "Terminal 1".into(),
        occurred: "2026-03-02T08:01:14+01:00".parse().unwrap(),
        class: EventClass::Granted,
        credential: None,
        direction: Direction::In,
        identity: Some(format!("astrow:{number}")),
        stranger: None,
    };
    let batch = [clocking(1, Some(person.clone())), clocking(2, None), clocking(3, Some(person))];
    for _ in 0..2 {
        let answers = site.pac.deliver(&batch).await;
        assert!(answers[0].is_ok() && answers[2].is_ok(), "{answers:?}");
        assert_eq!(answers[1].as_ref().unwrap_err().class(), ErrorClass::Invalid);
    }
    let bookings = site.sim.world(|world| world.bookings.clone());
    let keys: Vec<_> = bookings.iter().map(|booking| booking.key.as_str()).collect();
    assert_eq!(keys, ["astrow:1", "astrow:3"]);
}
