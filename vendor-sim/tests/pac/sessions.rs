use std::time::Duration;

use vendor_sim::pac::PacSim;

use crate::client::{Client, attribute, code, site};

const PING: &str = r#"<Ping t="2026-03-02T07:58:31.300+01:00"/>"#;

async fn closing(client: &mut Client) -> String {
    let reason = attribute(&client.receive().await.unwrap(), "reason");
    assert_eq!(client.receive().await, None);
    reason
}

#[tokio::test]
async fn a_third_session_replaces_the_oldest() {
    let sim = PacSim::start().await.unwrap();
    let key = sim.add_client("Head office bridge").unwrap();
    let mut first = Client::greeted(&sim, &key).await;
    let mut second = Client::greeted(&sim, &key).await;
    let mut third = Client::greeted(&sim, &key).await;
    assert_eq!(closing(&mut first).await, "session-replaced");
    for client in [&mut second, &mut third] {
        assert_eq!(code(&client.ask(PING).await), 0);
    }
    // Another client has sessions of its own.
    Client::greeted(&sim, &sim.add_client("Other").unwrap()).await;
    assert_eq!(code(&second.ask(PING).await), 0);
    assert_eq!(sim.logins(), 4);
}

#[tokio::test]
async fn bye_is_answered_and_ends_the_session() {
    let (sim, mut client) = site(0).await;
    assert!(client.ask(r#"<Bye reason="client-stop"/>"#).await.contains("<Done/>"));
    assert_eq!(client.receive().await, None);
    assert_eq!(sim.sessions(), 0);
}

#[tokio::test]
async fn a_client_that_says_nothing_is_closed() {
    let sim = PacSim::builder().idle(Duration::from_millis(100)).start().await.unwrap();
    let mut client = Client::new(&sim).await;
    assert_eq!(closing(&mut client).await, "idle");
}

#[tokio::test]
async fn a_revoked_client_is_closed_and_others_are_not() {
    let (sim, mut client) = site(0).await;
    let mut other = Client::greeted(&sim, &sim.add_client("Other").unwrap()).await;
    sim.fault("revoke-now=Head office bridge").unwrap();
    assert_eq!(closing(&mut client).await, "client-revoked");
    assert_eq!(code(&other.ask(PING).await), 0);
    sim.remove_client("Other").unwrap();
    assert_eq!(closing(&mut other).await, "client-revoked");
}

#[tokio::test]
async fn a_server_that_stops_says_so() {
    let (sim, mut client) = site(0).await;
    let stopping = tokio::task::spawn_blocking(move || sim.stop());
    let notice = client.receive().await.unwrap();
    assert!(notice.contains(r#"<Closing reason="shutdown" retryAfterMs="1000"/>"#), "{notice}");
    stopping.await.unwrap();
    assert_eq!(client.receive().await, None);
}

#[tokio::test]
async fn a_pause_closes_the_port_and_the_site_is_the_same_after_it() {
    let (sim, client) = site(2).await;
    let key = sim.add_client("Other").unwrap();
    sim.swipe(11, 101, None);
    drop(client);
    let sim = tokio::task::spawn_blocking(move || {
        sim.pause();
        sim
    })
    .await
    .unwrap();
    assert!(tokio::net::TcpStream::connect(sim.address()).await.is_err());
    sim.resume();
    Client::greeted(&sim, &key).await;
    assert_eq!(sim.world(|w| (w.people.len(), w.events.len())), (2, 1));
}

#[tokio::test]
async fn connections_can_be_cut_without_a_word() {
    let (sim, mut client) = site(0).await;
    sim.cut_connections();
    assert_eq!(client.receive().await, None);
    Client::new(&sim).await;
}

#[tokio::test]
async fn too_many_requests_at_once_end_the_session() {
    let (sim, mut client) = site(0).await;
    sim.fault("delay-ms=100").unwrap();
    for _ in 0..9 {
        client.start("", PING).await;
    }
    let mut last = String::new();
    while let Some(frame) = client.receive().await {
        last = frame;
    }
    assert_eq!(attribute(&last, "reason"), "overflow");
}

#[tokio::test]
async fn too_many_in_a_second_are_refused_for_a_moment() {
    let sim = PacSim::builder().people(1).rate(50, 2).start().await.unwrap();
    let mut client = Client::new(&sim).await;
    let mut codes = Vec::new();
    let mut wait = String::new();
    for n in 0..4 {
        let answer =
            client.write(&format!(r#"<GroupsSet person="101"><Group id="{}"/></GroupsSet>"#, 1 + n % 2 * 3)).await;
        if code(&answer) == 903 {
            wait = attribute(&answer, "retryAfterMs");
        }
        codes.push(code(&answer));
    }
    assert_eq!(codes[..2], [0, 0]);
    assert!(codes.contains(&903), "{codes:?}");
    assert!((1..=1000).contains(&wait.parse::<u32>().unwrap()), "{wait}");
}
