use std::time::Duration;

use vendor_sim::pac::{PacSim, Zone};

use crate::client::{Client, HELLO, attribute, code, site};

/// What a fresh client is answered to this first request; the connection ends after it.
async fn refused(sim: &PacSim, payload: &str) -> u16 {
    let mut client = Client::connect(sim, &sim.add_client("Other").unwrap()).await;
    client.send(payload).await;
    let answer = client.receive().await.unwrap();
    assert_eq!(client.receive().await, None, "the connection ends after {answer}");
    code(&answer)
}

fn request(org: u32, body: &str) -> String {
    format!(r#"<Request xmlns="urn:pac-oem:bridge:1" id="1" org="{org}">{body}</Request>"#)
}

#[tokio::test]
async fn a_hello_is_answered_with_limits_capabilities_and_logs() {
    let sim = PacSim::builder().events(40).zone(Zone::named("Europe/Brussels").unwrap()).start().await.unwrap();
    let key = sim.add_client("Head office bridge").unwrap();
    assert!(key.starts_with("Client: Head office bridge\nProfile: oem1\n-----BEGIN CERTIFICATE-----"));
    let mut client = Client::connect(&sim, &key).await;
    let welcome = client.ask(HELLO).await;
    for part in [
        r#"origin="oem:head-office-bridge""#,
        r#"tz="Europe/Brussels""#,
        r#"<Limits maxFrame="8388608" maxInFlight="8" maxPage="500" maxWindow="500" idleSeconds="90" maxDoorSeconds="60"/>"#,
        r#"<Capability name="idempotency"/>"#,
        r#"<Capability name="bookings.write"/>"#,
        r#"first="1" next="41"/>"#,
    ] {
        assert!(welcome.contains(part), "{part} in {welcome}");
    }
    assert_eq!(attribute(&welcome, "epoch"), sim.world(|w| w.epoch.to_string()));
    assert_eq!(sim.request_counts().get("Hello"), Some(&1));
}

#[tokio::test]
async fn anything_else_first_is_refused() {
    let (sim, _) = site(0).await;
    let hello = |from: u8, to: u8| {
        HELLO
            .replace("profileMin=\"1\"", &format!("profileMin=\"{from}\""))
            .replace("profileMax=\"1\"", &format!("profileMax=\"{to}\""))
    };
    assert_eq!(refused(&sim, &request(1, r#"<Ping t="2026-03-02T07:58:31Z"/>"#)).await, 200);
    assert_eq!(refused(&sim, &request(2, HELLO)).await, 204);
    assert_eq!(refused(&sim, &request(1, &hello(2, 3))).await, 205);
    assert_eq!(refused(&sim, &request(1, &HELLO.replace(" version=\"0.1.0\"", ""))).await, 112);
    assert_eq!(refused(&sim, &request(1, &HELLO.replace("+01:00", ""))).await, 112);
    assert_eq!(refused(&sim, "<Request").await, 110);
    // A range that holds the known profile will do.
    let mut client = Client::connect(&sim, &sim.add_client("Newer").unwrap()).await;
    assert_eq!(code(&client.ask(&hello(1, 4)).await), 0);
    assert_eq!(code(&client.ask(HELLO).await), 114, "one hello is enough");
}

#[tokio::test]
async fn clients_that_are_not_wanted_hear_why() {
    let (sim, _) = site(0).await;
    let mut stranger = Client::connect(&sim, &sim.unregistered_client("Stranger").unwrap()).await;
    assert_eq!(code(&stranger.ask(HELLO).await), 201);
    let key = sim.add_client("Former").unwrap();
    sim.revoke_client("Former").unwrap();
    assert_eq!(code(&Client::connect(&sim, &key).await.ask(HELLO).await), 202);
    let key = sim.add_client("Late").unwrap();
    sim.fault("expire-client=Late").unwrap();
    assert_eq!(code(&Client::connect(&sim, &key).await.ask(HELLO).await), 203);
    // A new key for the same name: the old one is no longer known.
    let old = sim.add_client("Twice").unwrap();
    let new = sim.add_client("Twice").unwrap();
    assert_eq!(code(&Client::connect(&sim, &old).await.ask(HELLO).await), 201);
    assert_eq!(code(&Client::connect(&sim, &new).await.ask(HELLO).await), 0);
    assert!(sim.revoke_client("Nobody").is_err() && sim.add_client("!").is_err());
}

#[tokio::test]
async fn without_licence_or_room_there_is_no_session() {
    let unlicensed = PacSim::builder().licensed(false).start().await.unwrap();
    assert_eq!(refused(&unlicensed, &request(1, HELLO)).await, 206);
    let small = PacSim::builder().sessions(1).start().await.unwrap();
    let _first = Client::new(&small).await;
    let mut second = Client::connect(&small, &small.add_client("Other").unwrap()).await;
    let answer = second.ask(HELLO).await;
    assert_eq!((code(&answer), attribute(&answer, "retryAfterMs").as_str()), (207, "1000"));
}

#[tokio::test]
async fn a_silent_connection_is_closed() {
    let sim = PacSim::builder().hello_within(Duration::from_millis(50)).start().await.unwrap();
    let mut client = Client::connect(&sim, &sim.add_client("Silent").unwrap()).await;
    assert_eq!(client.receive().await, None);
    assert_eq!(sim.logins(), 0);
}
