use std::time::{Duration, Instant};

use chrono::TimeDelta;
use vendor_sim::graph::{Fault, FaultKind, GraphSim, RetryAfter};

use crate::client::{Got, get, http, quiet, send, week};

const ROOM: &str = "quay1@example.org";

async fn at_once(sim: &GraphSim, count: usize) -> Vec<Got> {
    let token = sim.token();
    let request = || http().get(format!("{}/v1.0{}", sim.base_url(), week(ROOM))).bearer_auth(&token);
    futures::future::join_all((0..count).map(|_| send(request()))).await
}

#[tokio::test]
async fn the_fifth_call_in_flight_is_refused_and_the_peak_is_known() {
    let sim = quiet().with_switches(|switches| switches.latency_ms = 300).start().await.unwrap();
    let answers = at_once(&sim, 4).await;
    assert!(answers.iter().all(|got| got.status == 200));
    assert_eq!(sim.in_flight_peak(), 4);
    let answers = at_once(&sim, 6).await;
    let refused: Vec<&Got> = answers.iter().filter(|got| got.status == 429).collect();
    assert!(!refused.is_empty());
    assert_eq!((refused[0].code(), refused[0].header("retry-after")), ("ApplicationThrottled", "2.128"));
    assert!(sim.in_flight_peak() > 4);
    sim.world(|world| {
        world.switches.concurrency = 0;
        assert_eq!((world.load.in_flight, world.load.refused > 0), (0, true));
    });
    assert!(at_once(&sim, 6).await.iter().all(|got| got.status == 200));
}

#[tokio::test]
async fn too_many_calls_for_one_mailbox_are_refused_for_ten_minutes() {
    let sim = quiet().with_switches(|switches| switches.mailbox_rate = 3).start().await.unwrap();
    for (form, shown) in
        [(RetryAfter::Seconds, "3"), (RetryAfter::Date, "Mon, 02 Mar 2026 09:00:03 GMT"), (RetryAfter::Missing, "")]
    {
        sim.world(|world| world.switches.retry_after = form);
        let answers = [get(&sim, &week(ROOM)).await, get(&sim, &week(ROOM)).await, get(&sim, &week(ROOM)).await];
        let last = if form == RetryAfter::Seconds {
            get(&sim, &week(ROOM)).await
        } else {
            answers.into_iter().next().unwrap()
        };
        assert_eq!((last.status, last.header("retry-after")), (429, shown));
    }
    assert_eq!(get(&sim, &week("harbour1@example.org")).await.status, 200);
    sim.world(|world| world.clock.advance(TimeDelta::minutes(10)));
    assert_eq!(get(&sim, &week(ROOM)).await.status, 200);
}

#[tokio::test]
async fn errors_come_in_every_form() {
    let sim = quiet().start().await.unwrap();
    for (status, code) in [
        (503, "serviceNotAvailable"),
        (504, "UnknownError"),
        (500, "InternalServerError"),
        (429, "ApplicationThrottled"),
    ] {
        sim.add_fault(Fault::on("GET", "/v1.0/users/quay1@example.org/*", FaultKind::Error).status(status));
        let got = get(&sim, &week("quay1%40example.org")).await;
        assert_eq!((got.status, got.code()), (status, code));
        assert!(got.json["error"]["innerError"]["request-id"].is_string());
    }
    sim.add_fault(Fault::on("GET", "*calendarView*", FaultKind::Html).status(502));
    let got = get(&sim, &week(ROOM)).await;
    assert_eq!((got.status, got.header("content-type")), (502, "text/html"));
    sim.world(|world| world.switches.lower_inner_error = true);
    assert!(get(&sim, &week("nobody")).await.json["error"]["innererror"]["requestId"].is_string());
    sim.world(|world| world.switches.empty_errors = true);
    assert_eq!(get(&sim, &week("nobody")).await.text, "");
    sim.world(|world| world.switches.html_errors = true);
    assert!(get(&sim, &week("nobody")).await.text.starts_with("<html>"));
    sim.world(|world| world.switches.truncated_json = true);
    let half = get(&sim, &week(ROOM)).await;
    assert!(half.status == 200 && half.json.is_null() && half.text.starts_with('{'));
}

#[tokio::test]
async fn answers_are_packed_for_who_takes_gzip() {
    let sim = quiet().with_switches(|switches| switches.gzip = true).start().await.unwrap();
    let raw = reqwest::Client::builder().no_gzip().build().unwrap();
    let url = format!("{}/v1.0/places/microsoft.graph.room", sim.base_url());
    let got = send(raw.get(&url).bearer_auth(sim.token()).header("Accept-Encoding", "gzip")).await;
    assert_eq!((got.header("content-encoding"), got.json.is_null()), ("gzip", true));
    assert_eq!(send(raw.get(&url).bearer_auth(sim.token())).await.header("content-encoding"), "");
    assert_eq!(get(&sim, "/places/microsoft.graph.room").await.values().len(), 3);
}

#[tokio::test]
async fn five_hundred_rooms_with_fifty_thousand_meetings_are_answered_fast() {
    let begun = Instant::now();
    let sim = quiet().rooms(500).meetings(50_000).start().await.unwrap();
    let made = begun.elapsed();
    let rooms: Vec<String> = sim.world(|world| world.rooms.keys().cloned().collect());
    assert_eq!(rooms.len(), 500);
    let token = sim.token();
    let client = http();
    let begun = Instant::now();
    let mut events = 0;
    for room in &rooms {
        let url = format!("{}/v1.0{}&$top=1000&$orderby=start/dateTime", sim.base_url(), week(room));
        events += send(client.get(url).bearer_auth(&token)).await.values().len();
    }
    assert!(events > 8_000, "{events}");
    // Generous, for a busy machine and a build without optimisation.
    assert!(made < Duration::from_secs(20) && begun.elapsed() < Duration::from_mins(1));
}
