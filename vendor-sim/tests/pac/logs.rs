use vendor_sim::pac::{PacSim, Stream};

use crate::client::{Client, attribute, code, numbers, site};

fn read(stream: &str, epoch: impl std::fmt::Display, after: u64, max: u32) -> String {
    format!(r#"<LogRead stream="{stream}" epoch="{epoch}" after="{after}" max="{max}"/>"#)
}

#[tokio::test]
async fn events_are_read_in_pieces_after_a_number() {
    let (sim, mut client) = site(3).await;
    let epoch = sim.world(|w| w.epoch);
    for _ in 0..5 {
        sim.swipe(11, 101, None);
    }
    let batch = client.ask(&read("events", epoch, 1, 3)).await;
    assert_eq!((numbers(&batch), attribute(&batch, "more").as_str()), (vec![2, 3, 4], "true"));
    let rest = client.ask(&read("events", epoch, 4, 3)).await;
    assert_eq!((numbers(&rest), attribute(&rest, "more").as_str()), (vec![5], "false"));
    assert!(rest.contains(
        r#"type="access.granted" severity="success" controller="2" reader="11" door="6" direction="in" person="101""#
    ));
    assert_eq!(numbers(&client.ask(&read("events", epoch, 5, 3)).await), Vec::<u64>::new());
}

#[tokio::test]
async fn changes_name_the_record_and_who_did_it() {
    let (sim, mut client) = site(2).await;
    let epoch = sim.world(|w| w.epoch);
    sim.world(|w| w.edit_person(101, |p| p.first = "New".to_owned()));
    client.write(r#"<PersonState id="102" active="false"/>"#).await;
    let batch = client.ask(&read("changes", epoch, 0, 100)).await;
    assert_eq!(numbers(&batch), [1, 2]);
    assert!(
        batch.contains(r#"entity="person" op="updated" id="101" rev="2" origin="operator:sim" operator="Simulator"/>"#)
    );
    assert!(batch.contains(r#"entity="person" op="updated" id="102" rev="2" origin="oem:head-office-bridge"/>"#));
}

#[tokio::test]
async fn a_place_that_is_gone_is_told_with_where_to_begin() {
    let sim = PacSim::builder().people(3).events(100).start().await.unwrap();
    let mut client = Client::new(&sim).await;
    let epoch = sim.world(|w| w.epoch);
    sim.trim_log(10);
    let expired = client.ask(&read("events", epoch, 89, 5)).await;
    assert_eq!((code(&expired), attribute(&expired, "first").as_str()), (400, "91"));
    assert_eq!(numbers(&client.ask(&read("events", epoch, 90, 5)).await), [91, 92, 93, 94, 95]);
    assert_eq!(code(&client.ask(&read("events", epoch, 100, 5)).await), 0);
    assert_eq!(code(&client.ask(&read("events", epoch, 101, 5)).await), 402);
    assert_eq!(code(&client.ask(&read("events", epoch, u64::MAX, 5)).await), 402);
    let changed = client.ask(&read("events", "0123456789ABCDEF", 90, 5)).await;
    assert_eq!((code(&changed), attribute(&changed, "epoch")), (401, epoch.to_string()));
    assert_eq!(code(&client.ask(&read("events", "0123456789abcdef", 90, 5)).await), 112);
    for max in [0, 501] {
        assert_eq!(code(&client.ask(&read("events", epoch, 90, max)).await), 306);
    }
    assert_eq!(code(&client.ask(&read("doors", epoch, 90, 5)).await), 112);
}

#[tokio::test]
async fn a_new_epoch_numbers_anew_and_closes_sessions() {
    let (sim, mut client) = site(2).await;
    let old = sim.world(|w| w.epoch);
    for _ in 0..4 {
        sim.swipe(11, 101, None);
    }
    sim.trim_log(2);
    sim.new_epoch();
    assert!(client.receive().await.unwrap().contains(r#"<Closing reason="maintenance" retryAfterMs="1000"/>"#));
    assert_eq!(client.receive().await, None);
    let mut client = Client::new(&sim).await;
    let new = sim.world(|w| w.epoch);
    assert_ne!(old, new);
    let refused = client.ask(&read("events", old, 4, 5)).await;
    assert_eq!((code(&refused), attribute(&refused, "first").as_str()), (401, "1"));
    assert_eq!(numbers(&client.ask(&read("events", new, 0, 5)).await), [1, 2]);
}

#[tokio::test]
async fn a_restored_copy_is_shorter_than_the_client_thinks() {
    let (sim, mut client) = site(1).await;
    let epoch = sim.world(|w| w.epoch);
    for _ in 0..4 {
        sim.swipe(11, 101, None);
    }
    sim.world(|w| w.lose_newest(Stream::Events, 3));
    assert_eq!(code(&client.ask(&read("events", epoch, 4, 5)).await), 402);
    assert_eq!(numbers(&client.ask(&read("events", epoch, 0, 5)).await), [1]);
}

#[tokio::test]
async fn what_a_server_does_not_offer_it_refuses() {
    let sim = PacSim::builder().without("changes.read").without("door.open").start().await.unwrap();
    let mut client = Client::new(&sim).await;
    let epoch = sim.world(|w| w.epoch);
    assert_eq!(code(&client.ask(&read("changes", epoch, 0, 5)).await), 503);
    assert_eq!(code(&client.ask(&read("events", epoch, 0, 5)).await), 0);
    assert_eq!(code(&client.write(r#"<DoorOpen reader="11" seconds="5" operator="x"/>"#).await), 503);
}
