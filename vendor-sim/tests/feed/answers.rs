use std::time::Duration;

use vendor_sim::feed::{Fault, FaultKind, FeedSim, LineEnds, Style};

use crate::client::{count, get, http, monday, quiet, text};

async fn busy(style: Style) -> FeedSim {
    quiet(style).bookings(30).start().await.unwrap()
}

#[tokio::test]
async fn bodies_are_cut_in_three_ways() {
    let sim = busy(Style::Skedda).await;
    let whole = text(&sim.feed_url()).await;
    sim.add_fault(Fault::new(FaultKind::Truncate).at(700));
    assert_eq!(text(&sim.feed_url()).await.len(), 700);
    sim.add_fault(Fault::new(FaultKind::WithoutEnd));
    assert_eq!(text(&sim.feed_url()).await.len(), whole.len() - "END:VCALENDAR\r\n".len());
    sim.add_fault(Fault::new(FaultKind::Short));
    let answer = get(&sim.feed_url()).await;
    assert_eq!(answer.content_length(), Some(whole.len() as u64));
    assert!(answer.bytes().await.is_err());
    sim.world(|world| world.switches.chunked = true);
    sim.add_fault(Fault::new(FaultKind::Short).at(100));
    let answer = get(&sim.feed_url()).await;
    assert_eq!((answer.status().as_u16(), answer.content_length()), (200, None));
    assert!(answer.bytes().await.is_err());
    assert_eq!(text(&sim.feed_url()).await, whole);
}

#[tokio::test]
async fn errors_carry_retry_after_and_last_until_the_clock_says() {
    let sim = busy(Style::Skedda).await;
    sim.add_fault(Fault::new(FaultKind::Error).status(429).retry_after("120").nth(2));
    assert_eq!(get(&sim.feed_url()).await.status(), 200);
    let answer = get(&sim.feed_url()).await;
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap()), (429, "120"));
    sim.add_fault(Fault::new(FaultKind::Error).status(500).until(monday() + chrono::TimeDelta::hours(24)));
    for _ in 0..3 {
        assert_eq!(get(&sim.feed_url()).await.status(), 500);
    }
    sim.world(|world| world.clock.advance(chrono::TimeDelta::hours(24)));
    assert_eq!(get(&sim.feed_url()).await.status(), 200);
    let met: Vec<u64> = sim.faults().iter().map(|fault| fault.fired).collect();
    assert_eq!(met, [1, 3]);
}

#[tokio::test]
async fn a_fault_can_meet_one_link_alone() {
    let sim = busy(Style::Booked).await;
    let (hall, room) = (sim.room_url("Hall").unwrap(), sim.room_url("Room #1").unwrap());
    let id = hall.split("rid=").nth(1).unwrap().split('&').next().unwrap();
    sim.add_fault(Fault::new(FaultKind::Drop).path(&format!("*?*rid={id}*")).times(0));
    assert!(http().get(&hall).send().await.is_err());
    assert_eq!(get(&room).await.status(), 200);
}

#[tokio::test]
async fn pages_instead_of_calendars() {
    let sim = busy(Style::Skedda).await;
    sim.add_fault(Fault::new(FaultKind::LoginPage));
    assert!(text(&sim.feed_url()).await.starts_with("<!DOCTYPE html>"));
    sim.add_fault(Fault::new(FaultKind::LoginRedirect));
    assert_eq!(get(&sim.feed_url()).await.status(), 302);
    sim.add_fault(Fault::new(FaultKind::Empty));
    assert_eq!(count(&text(&sim.feed_url()).await, "BEGIN:"), 1);
    sim.add_fault(Fault::new(FaultKind::WrongKey));
    assert_eq!(get(&sim.feed_url()).await.status(), 404);
    sim.add_fault(Fault::new(FaultKind::NotModified));
    assert_eq!(get(&sim.feed_url()).await.status(), 304);
    sim.world(|world| world.switches.empty = true);
    assert_eq!(count(&text(&sim.feed_url()).await, "BEGIN:"), 1);
}

#[tokio::test]
async fn redirects_lead_to_the_same_feed_or_elsewhere() {
    let sim = busy(Style::Booked).await;
    for status in [301, 302, 308] {
        sim.add_fault(Fault::new(FaultKind::Redirect).status(status));
        let answer = get(&sim.feed_url()).await;
        assert_eq!(answer.status(), status);
        let place = answer.headers()["location"].to_str().unwrap().to_owned();
        assert_eq!(text(&format!("{}{place}", sim.url())).await, text(&sim.feed_url()).await);
    }
    sim.add_fault(Fault::new(FaultKind::Redirect).location("http://other.example/"));
    assert_eq!(get(&sim.feed_url()).await.headers()["location"], "http://other.example/");
}

#[tokio::test]
async fn versions_are_told_only_when_switched_on() {
    let sim = busy(Style::Skedda).await;
    let ask = async |name: &str, value: &str| {
        http().get(sim.feed_url()).header(name, value).send().await.unwrap().status().as_u16()
    };
    let plain = get(&sim.feed_url()).await;
    assert!(plain.headers().get("etag").is_none() && plain.headers().get("last-modified").is_none());
    assert_eq!(ask("if-none-match", "*").await, 200);
    sim.world(|world| (world.switches.etag, world.switches.last_modified) = (true, true));
    let answer = get(&sim.feed_url()).await;
    let (tag, date) = (answer.headers()["etag"].to_str().unwrap(), answer.headers()["last-modified"].to_str().unwrap());
    assert_eq!(date, "Mon, 01 Mar 2027 09:00:00 GMT");
    // The stamps in the body differ by now; the version does not.
    sim.world(|world| world.clock.advance(chrono::TimeDelta::minutes(10)));
    assert_eq!((ask("if-none-match", tag).await, ask("if-modified-since", date).await), (304, 304));
    sim.world(|world| {
        let start = world.now() + chrono::TimeDelta::hours(1);
        world.book("Hall", ("A", "a@example.org"), start, start + chrono::TimeDelta::hours(1))
    });
    assert_eq!((ask("if-none-match", tag).await, ask("if-modified-since", date).await), (200, 200));
}

#[tokio::test]
async fn gzip_is_for_who_takes_it_and_can_be_a_bomb() {
    let sim = busy(Style::Skedda).await;
    let plain = text(&sim.feed_url()).await;
    sim.world(|world| world.switches.gzip = true);
    let raw = reqwest::Client::builder().no_gzip().build().unwrap();
    let answer = raw.get(sim.feed_url()).header("accept-encoding", "gzip").send().await.unwrap();
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    assert!(answer.bytes().await.unwrap().len() < plain.len() / 2);
    assert_eq!(text(&sim.feed_url()).await, plain);
    sim.add_fault(Fault::new(FaultKind::Bomb).at(5_000_000));
    let packed = raw.get(sim.feed_url()).send().await.unwrap().bytes().await.unwrap();
    assert!(packed.len() < 50_000);
    sim.add_fault(Fault::new(FaultKind::Bomb).at(5_000_000));
    assert_eq!(text(&sim.feed_url()).await.len(), 5_000_000);
}

#[tokio::test]
async fn line_ends_and_a_byte_order_mark_can_be_odd() {
    let sim = busy(Style::Booked).await;
    let plain = text(&sim.feed_url()).await;
    sim.world(|world| (world.switches.bom, world.switches.line_ends) = (true, LineEnds::Lf));
    let body = text(&sim.feed_url()).await;
    assert_eq!(body, format!("\u{feff}{}", plain.replace("\r\n", "\n")));
    sim.world(|world| world.switches.line_ends = LineEnds::Cr);
    assert!(!text(&sim.feed_url()).await.contains('\n'));
}

#[tokio::test]
async fn bookings_and_rooms_can_go_missing() {
    let sim = busy(Style::Skedda).await;
    let whole = text(&sim.feed_url()).await;
    let one = sim.world(|world| {
        let uids: Vec<(i64, String)> = world
            .bookings
            .keys()
            .filter_map(|id| Some((*id, world.uid(*id)?)))
            .filter(|(_, uid)| whole.contains(uid))
            .collect();
        uids[0].clone()
    });
    sim.world(|world| world.switches.left_out = vec![one.0]);
    let less = text(&sim.feed_url()).await;
    assert!(!less.contains(&one.1) && count(&less, "BEGIN:VEVENT") + 1 == count(&whole, "BEGIN:VEVENT"));
    sim.world(|world| world.switches.rooms_gone = true);
    assert_eq!(count(&text(&sim.feed_url()).await, "RESOURCES"), 0);
}

#[tokio::test]
async fn a_slow_answer_comes_and_a_closed_port_opens_again() {
    let sim = busy(Style::Skedda).await;
    sim.add_fault(Fault::new(FaultKind::Delay).delay_ms(30));
    let begin = std::time::Instant::now();
    text(&sim.feed_url()).await;
    assert!(begin.elapsed() >= Duration::from_millis(30));
    sim.restart(Duration::ZERO);
    while http().get(sim.feed_url()).send().await.is_err() {}
}

#[tokio::test]
async fn calls_are_counted_without_their_secret() {
    let sim = busy(Style::Skedda).await;
    http().get(sim.feed_url()).header("cookie", "a=b").header("user-agent", "tester/1").send().await.unwrap();
    assert_eq!(http().post(sim.feed_url()).send().await.unwrap().status(), 405);
    let counts = sim.request_counts();
    assert_eq!(counts.get("GET /ical?i=180000"), Some(&1));
    let first = &sim.requests()[0];
    assert_eq!(
        (first.status, first.headers["user-agent"].as_str(), first.headers["cookie"].as_str()),
        (200, "tester/1", "(sent)")
    );
    assert!(!format!("{:?}", sim.requests()).contains(&sim.world(|world| world.key.clone())));
}

#[tokio::test]
async fn certificates_can_be_trusted_and_exchanged() {
    let sim = quiet(Style::Booked).tls(true).start().await.unwrap();
    let trusting = |pem: String| {
        let root = reqwest::Certificate::from_pem(pem.as_bytes()).unwrap();
        reqwest::Client::builder().tls_certs_only([root]).build().unwrap()
    };
    let client = trusting(sim.certificate_pem().unwrap());
    assert_eq!(client.get(sim.feed_url()).send().await.unwrap().status(), 200);
    assert!(http().get(sim.feed_url()).send().await.is_err());
    let first = sim.fingerprint();
    sim.regenerate_certificate().unwrap();
    assert_ne!(sim.fingerprint(), first);
    let client = trusting(sim.certificate_pem().unwrap());
    assert_eq!(client.get(sim.feed_url()).send().await.unwrap().status(), 200);
}
