use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt;

use crate::client::{Client, attribute, code, numbers, site};

const PING: &str = r#"<Ping t="2026-03-02T07:58:31.300+01:00"/>"#;
const STATE: &str = r#"<PersonState id="101" active="false"/>"#;
const KEY: &str = "3c5d1d5e-8a3d-4a57-9a3d-8f9e6f0a1c07";

fn read(epoch: impl std::fmt::Display) -> String {
    format!(r#"<LogRead stream="events" epoch="{epoch}" after="0" max="100"/>"#)
}

#[tokio::test]
async fn a_lost_answer_is_there_when_it_is_asked_for_again() {
    let (sim, mut client) = site(1).await;
    sim.fault("drop-response=1").unwrap();
    assert_eq!(code(&client.ask(PING).await), 0, "only the answers of writes get lost");
    assert_eq!(client.write_with(KEY, STATE).await, None);
    assert_eq!(sim.world(|w| w.people[&101].rev), 2);
    let key = sim.add_client("Head office bridge").unwrap();
    let again = Client::greeted(&sim, &key).await.write_with(KEY, STATE).await.unwrap();
    assert!(again.contains(r#"<Saved id="101" rev="2" created="false" changed="true"/>"#), "{again}");
}

#[tokio::test]
async fn a_connection_can_be_cut_after_or_within_a_frame() {
    let (sim, mut client) = site(1).await;
    sim.fault("close-after=2 frames").unwrap();
    client.ask(PING).await;
    client.ask(PING).await;
    assert_eq!(client.receive().await, None);
    let mut client = Client::new(&sim).await;
    sim.fault("close-mid-frame").unwrap();
    client.start("", PING).await;
    let mut got = Vec::new();
    let _ = client.stream.read_to_end(&mut got).await;
    assert!(got.starts_with(b"OEM/01/") && got.len() < 120, "{}", got.len());
}

#[tokio::test]
async fn frames_can_be_spoiled() {
    for (fault, wanted) in [
        ("bad-header", "HTTP/1.1 "),
        ("bad-length", "OEM/01/"),
        ("doctype", "OEM/01/"),
        ("oversize", "OEM/01/08388609/"),
    ] {
        let (sim, mut client) = site(0).await;
        sim.fault(fault).unwrap();
        client.start("", PING).await;
        let mut header = [0; 16];
        client.stream.read_exact(&mut header).await.unwrap();
        let header = String::from_utf8(header.to_vec()).unwrap();
        assert!(header.starts_with(wanted), "{fault}: {header}");
        let mut rest = vec![0; 60];
        client.stream.read_exact(&mut rest).await.unwrap();
        assert_eq!(rest.starts_with(b"<!DOCTYPE"), fault == "doctype");
    }
}

#[tokio::test]
async fn a_shorter_length_than_the_payload_leaves_bytes_over() {
    let (sim, mut client) = site(0).await;
    sim.fault("bad-length").unwrap();
    let id = client.start("", PING).await;
    let cut = client.receive().await.unwrap();
    assert!(cut.contains(&format!("re=\"{id}\"")) && !cut.ends_with("</Response>"), "{cut}");
}

#[tokio::test]
async fn answers_can_be_slow_or_in_pieces() {
    let (sim, mut client) = site(0).await;
    sim.faults(["split-every=3", "delay-ms=60", "slow-frame=40"]).unwrap();
    let started = Instant::now();
    assert_eq!(code(&client.ask(PING).await), 0);
    assert!(started.elapsed() >= Duration::from_millis(100));
    sim.clear_faults();
    assert_eq!(code(&client.ask(PING).await), 0);
}

#[tokio::test]
async fn a_frame_can_stop_for_good() {
    let (sim, mut client) = site(0).await;
    sim.fault("slow-frame").unwrap();
    client.start("", PING).await;
    let mut some = [0; 16];
    client.stream.read_exact(&mut some).await.unwrap();
    let mut rest = Vec::new();
    let waiting = tokio::time::timeout(Duration::from_millis(100), client.stream.read_to_end(&mut rest)).await;
    assert!(waiting.is_err(), "the rest does not come");
}

#[tokio::test]
async fn a_request_can_stay_without_answer() {
    let (sim, mut client) = site(0).await;
    sim.fault("mute-response=1@StatusGet").unwrap();
    let first = client.start("", "<StatusGet/>").await;
    let second = client.ask(PING).await;
    assert_eq!(attribute(&second, "re"), (first + 1).to_string());
}

#[tokio::test]
async fn busy_is_for_so_many_requests_of_a_kind() {
    let (sim, mut client) = site(1).await;
    sim.fault("busy=1@PersonState").unwrap();
    assert_eq!(code(&client.ask("<StatusGet/>").await), 0);
    let busy = client.write_with(KEY, STATE).await.unwrap();
    assert_eq!((code(&busy), attribute(&busy, "retryAfterMs").as_str()), (901, "1000"));
    assert_eq!(code(&client.write_with(KEY, STATE).await.unwrap()), 0);
}

#[tokio::test]
async fn a_record_can_change_just_before_a_write() {
    let (sim, mut client) = site(1).await;
    sim.fault("stale-rev").unwrap();
    let write = |rev: u32| format!(r#"<PersonState id="101" active="false" ifRev="{rev}"/>"#);
    let refused = client.write(&write(1)).await;
    assert_eq!((code(&refused), attribute(&refused, "rev").as_str()), (303, "2"));
    assert_eq!(code(&client.write(&write(2)).await), 0);
    let origins: Vec<String> = sim.world(|w| w.changes.stored().map(|(_, c)| c.origin.clone()).collect());
    assert_eq!(origins, ["operator:sim", "oem:head-office-bridge"]);
}

#[tokio::test]
async fn batches_can_be_doubled_turned_round_or_have_gaps() {
    let (sim, mut client) = site(1).await;
    let epoch = sim.world(|w| w.epoch);
    for _ in 0..3 {
        sim.swipe(11, 101, None);
    }
    sim.fault("duplicate-events=1").unwrap();
    assert_eq!(numbers(&client.ask(&read(epoch)).await), [1, 1, 2, 2, 3, 3]);
    sim.fault("reorder-within-batch=1").unwrap();
    assert_eq!(numbers(&client.ask(&read(epoch)).await), [3, 2, 1]);
    sim.fault("gap-events").unwrap();
    assert_eq!(numbers(&client.ask(&read(epoch)).await), [1, 2, 3], "the log itself has no gap");
    client.ask(&format!(r#"<Subscribe stream="events" epoch="{epoch}" after="0" window="100"/>"#)).await;
    assert_eq!(numbers(&client.notice().await.unwrap()), [2, 3]);
    sim.world(|w| w.holes.insert(2));
    assert_eq!(numbers(&client.ask(&read(epoch)).await), [1, 3], "a hole is a hole everywhere");
}

#[tokio::test]
async fn the_clock_can_be_wrong() {
    let (sim, mut client) = site(0).await;
    sim.fault("clock-skew-s=-7200").unwrap();
    let now = chrono::DateTime::parse_from_rfc3339(&attribute(&client.ask(PING).await, "now")).unwrap();
    let skew = (chrono::Utc::now() - now.to_utc()).num_minutes();
    assert!((119..=121).contains(&skew), "{skew}");
}

#[tokio::test]
async fn the_log_can_be_made_anew_or_cut() {
    let (sim, _client) = site(1).await;
    let before = sim.world(|w| w.epoch);
    for _ in 0..5 {
        sim.swipe(11, 101, None);
    }
    sim.faults(["trim-log=2", "epoch-change"]).unwrap();
    assert_eq!(sim.world(|w| (w.events.len(), w.epoch == before)), (2, false));
    assert!(sim.fault("busy=2@Some thing").is_err() && sim.fault("no-such").is_err());
}
