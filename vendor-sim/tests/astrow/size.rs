use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vendor_sim::astrow::BookingState;

use crate::client::{quiet, signed_in};

#[tokio::test]
async fn five_thousand_employees_are_made_and_listed_quickly() {
    let start = Instant::now();
    let sim = quiet().people(5000).pac_badges(true).start_blocking().unwrap();
    let caller = signed_in(&sim).await;
    let (mut seen, mut path) = (0, "employees?limit=500".to_owned());
    loop {
        let page = caller.get(&path).await;
        seen += page.items().len();
        let Some(next) = page.body["next"].as_str() else { break };
        path = format!("employees?limit=500&cursor={next}");
    }
    assert_eq!(seen, 5000);
    // Without optimisation and beside other tests; a second is usual.
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[tokio::test]
async fn large_batches_are_taken() {
    let sim = quiet().people(500).start_blocking().unwrap();
    let caller = signed_in(&sim).await;
    for batch in 0..20_u64 {
        let items: Vec<Value> = (0..500_u64)
            .map(|number| {
                let seq = batch * 500 + number;
                json!({ "key": format!("pac:E:{seq}"), "badgeNo": (101 + number).to_string(), "terminalSerial": "9001011",
                        "at": format!("2026-03-01T{:02}:00:00+01:00", batch), "direction": "auto",
                        "pacEvent": { "epoch": "E", "seq": seq } })
            })
            .collect();
        let answer = caller.post("bookings", &json!({ "items": items })).await;
        assert!(answer.items().iter().all(|item| item["status"] == "processed"));
    }
    assert_eq!(sim.world(|w| w.count_bookings(BookingState::Processed)), 10_000);
}
