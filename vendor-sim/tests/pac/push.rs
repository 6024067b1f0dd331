use crate::client::{Client, attribute, code, numbers, site};

fn subscribe(stream: &str, epoch: impl std::fmt::Display, after: u64, window: u32) -> String {
    format!(r#"<Subscribe stream="{stream}" epoch="{epoch}" after="{after}" window="{window}"/>"#)
}

async fn notice(client: &mut Client) -> String {
    client.notice().await.unwrap()
}

#[tokio::test]
async fn records_are_pushed_as_they_come() {
    let (sim, mut client) = site(1).await;
    let epoch = sim.world(|w| w.epoch);
    sim.swipe(11, 101, None);
    let answer = client.ask(&subscribe("events", epoch, 0, 200)).await;
    assert_eq!((attribute(&answer, "next").as_str(), attribute(&answer, "epoch")), ("1", epoch.to_string()));
    let first = notice(&mut client).await;
    assert_eq!((numbers(&first), attribute(&first, "n").as_str()), (vec![1], "1"));
    sim.swipe(12, 101, None);
    let second = notice(&mut client).await;
    assert_eq!((numbers(&second), attribute(&second, "n").as_str()), (vec![2], "2"));
    client.ask(&subscribe("changes", epoch, 0, 200)).await;
    let mut other = Client::greeted(&sim, &sim.add_client("Other").unwrap()).await;
    other.write(r#"<PersonState id="101" active="false"/>"#).await;
    assert!(notice(&mut client).await.contains("<ChangeBatch epoch="), "what another client does is pushed too");
}

#[tokio::test]
async fn pushing_stops_at_the_window_until_it_is_acknowledged() {
    let (sim, mut client) = site(1).await;
    let epoch = sim.world(|w| w.epoch);
    for _ in 0..12 {
        sim.swipe(11, 101, None);
    }
    client.ask(&subscribe("events", epoch, 0, 5)).await;
    let batch = notice(&mut client).await;
    assert_eq!((numbers(&batch), attribute(&batch, "more").as_str()), (vec![1, 2, 3, 4, 5], "true"));
    client.ask("<StatusGet/>").await;
    assert!(client.notices.is_empty(), "nothing more comes before it is acknowledged");
    assert!(client.ask(r#"<Ack stream="events" seq="2"/>"#).await.contains("<Done/>"));
    assert_eq!(numbers(&notice(&mut client).await), [6, 7]);
    client.ask(r#"<Ack stream="events" seq="7"/>"#).await;
    assert_eq!(numbers(&notice(&mut client).await), [8, 9, 10, 11, 12]);
    assert_eq!(code(&client.ask(r#"<Ack stream="events" seq="13"/>"#).await), 306);
}

#[tokio::test]
async fn a_push_has_two_hundred_records_at_most() {
    let (sim, mut client) = site(1).await;
    let epoch = sim.world(|w| w.epoch);
    for _ in 0..250 {
        sim.swipe(11, 101, None);
    }
    client.ask(&subscribe("events", epoch, 0, 500)).await;
    assert_eq!(numbers(&notice(&mut client).await), (1..=200).collect::<Vec<u64>>());
    assert_eq!(numbers(&notice(&mut client).await), (201..=250).collect::<Vec<u64>>());
}

#[tokio::test]
async fn a_log_is_pushed_once_and_only_when_wanted() {
    let (sim, mut client) = site(1).await;
    let epoch = sim.world(|w| w.epoch);
    let ack = r#"<Ack stream="events" seq="0"/>"#;
    let unsubscribe = r#"<Unsubscribe stream="events"/>"#;
    assert_eq!(code(&client.ask(ack).await), 404);
    assert_eq!(code(&client.ask(unsubscribe).await), 404);
    for (request, wanted) in [
        (subscribe("events", epoch, 0, 0), 306),
        (subscribe("events", epoch, 0, 501), 306),
        (subscribe("events", epoch, 7, 5), 402),
        (subscribe("events", "0123456789ABCDEF", 0, 5), 401),
        (subscribe("events", epoch, 0, 5), 0),
        (subscribe("events", epoch, 0, 5), 403),
        (subscribe("changes", epoch, 0, 5), 0),
    ] {
        assert_eq!(code(&client.ask(&request).await), wanted, "{request}");
    }
    assert!(client.ask(unsubscribe).await.contains("<Done/>"));
    sim.swipe(11, 101, None);
    client.ask("<StatusGet/>").await;
    assert!(client.notices.is_empty());
    assert_eq!(code(&client.ask(&subscribe("events", epoch, 0, 5)).await), 0);
    assert_eq!(numbers(&notice(&mut client).await), [1]);
}

#[tokio::test]
async fn who_falls_behind_what_is_kept_is_closed() {
    let (sim, mut client) = site(1).await;
    let epoch = sim.world(|w| w.epoch);
    for _ in 0..20 {
        sim.swipe(11, 101, None);
    }
    client.ask(&subscribe("events", epoch, 0, 2)).await;
    assert_eq!(numbers(&notice(&mut client).await), [1, 2]);
    sim.trim_log(3);
    assert!(notice(&mut client).await.contains(r#"<Closing reason="overflow"/>"#));
    assert_eq!(client.receive().await, None);
}
