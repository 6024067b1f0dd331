//! Doors are released once.

use pac_oem::model::DoorReason;
use sync_core::connector::ErrorClass;

use crate::site::site;

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
