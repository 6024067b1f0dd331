use std::time::Duration;

use tokio::io::AsyncWriteExt;
use vendor_sim::pac::PacSim;

use crate::client::{Client, attribute, code, site};

const PING: &str = r#"<Ping t="2026-03-02T07:58:31.300+01:00"/>"#;

#[tokio::test]
async fn a_frame_may_come_in_any_pieces() {
    let (_sim, mut client) = site(0).await;
    let ping = |id: u32| {
        let payload = format!(r#"<Request xmlns="urn:pac-oem:bridge:1" id="{id}" org="1">{PING}</Request>"#);
        format!("OEM/01/{:08}/{payload}", payload.len())
    };
    for byte in ping(2).as_bytes() {
        client.stream.write_all(&[*byte]).await.unwrap();
        client.stream.flush().await.unwrap();
    }
    assert_eq!(attribute(&client.receive().await.unwrap(), "t"), "2026-03-02T07:58:31.300+01:00");
    // Two in one piece, answered in their order.
    client.stream.write_all(format!("{}{}", ping(3), ping(4)).as_bytes()).await.unwrap();
    for id in ["3", "4"] {
        assert_eq!(attribute(&client.receive().await.unwrap(), "re"), id);
    }
}

#[tokio::test]
async fn what_is_no_frame_is_refused_and_the_connection_ends() {
    for (header, wanted) in
        [("GET / HTTP/1.1\r\n", 100), ("OEM/01/00000000/", 100), ("OEM/02/00000001/", 101), ("OEM/01/08388609/", 102)]
    {
        let (_sim, mut client) = site(0).await;
        client.stream.write_all(header.as_bytes()).await.unwrap();
        let answer = client.receive().await.unwrap();
        assert_eq!((code(&answer), attribute(&answer, "re").as_str()), (wanted, "0"), "{header:?}");
        assert_eq!(client.receive().await, None);
    }
}

#[tokio::test]
async fn a_slow_frame_is_given_up() {
    let limit = Duration::from_millis(50);
    for part in ["OEM/01", "OEM/01/00000100/<Request"] {
        let sim = PacSim::builder().frame_within(limit, limit).start().await.unwrap();
        let mut client = Client::new(&sim).await;
        client.stream.write_all(part.as_bytes()).await.unwrap();
        client.stream.flush().await.unwrap();
        assert_eq!(code(&client.receive().await.unwrap()), 103, "{part}");
        assert_eq!(client.receive().await, None);
    }
}

#[tokio::test]
async fn xml_that_is_not_allowed_is_refused() {
    for (payload, wanted) in [
        ("<Request", 110),
        (r#"<Request xmlns="urn:other" id="2" org="1"><StatusGet/></Request>"#, 110),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><Request/>", 111),
        (r#"<Request id="2" org="1"><p:StatusGet/></Request>"#, 111),
    ] {
        let (_sim, mut client) = site(0).await;
        client.send(payload).await;
        let answer = client.receive().await.unwrap();
        assert_eq!((code(&answer), attribute(&answer, "re").as_str()), (wanted, "0"), "{payload}");
        assert_eq!(client.receive().await, None);
    }
}

#[tokio::test]
async fn requests_that_are_wrong_leave_the_connection_open() {
    let (_sim, mut client) = site(0).await;
    assert_eq!(code(&client.ask("<Dance/>").await), 114);
    assert_eq!(code(&client.ask(&format!("<Ping t='{}'/>", "x".repeat(1025))).await), 113);
    assert_eq!(code(&client.ask("<StatusGet/><StatusGet/>").await), 112);
    assert_eq!(code(&client.ask("<StatusGet>text</StatusGet>").await), 112);
    let answer = client.ask(r#"<Ping t="yesterday"/>"#).await;
    assert_eq!((code(&answer), attribute(&answer, "path").as_str()), (112, "Ping/@t"));
    // What is unknown is ignored.
    assert_eq!(code(&client.ask(r#"<StatusGet colour="red"><More/></StatusGet>"#).await), 0);
    client.set_id(50);
    assert_eq!(code(&client.ask(PING).await), 0);
    client.send(r#"<Request id="51" org="2"><StatusGet/></Request>"#).await;
    assert_eq!(code(&client.receive().await.unwrap()), 204);
    client.set_id(51);
    let answer = client.ask(PING).await;
    assert_eq!((code(&answer), attribute(&answer, "re").as_str()), (115, "0"), "a number comes once");
    assert_eq!(client.receive().await, None);
}
