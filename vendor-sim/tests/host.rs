//! The host that simulators share, asked with a vendor as small as can be.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test may stop, and its names say what it shows"
)]

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::json;
use vendor_sim::host::{Call, Clock, Delivery, Errand, Fault, FaultKind, Reply, Sim, Start, Vendor};

/// A bell: `GET /bell` waits for a ring, `POST /ring` rings and tells an address of it.
#[derive(Debug, Clone, Copy)]
struct Bells;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Switches {
    patience_ms: i64,
}

#[derive(Debug, Clone)]
struct World {
    clock: Clock,
    switches: Switches,
    rung: u32,
    waiting: u32,
    restarts: u32,
    errands: Vec<Errand>,
    deliveries: Vec<(u64, Delivery)>,
}

impl Vendor for Bells {
    const NAME: &'static str = "bells";
    type World = World;
    type Switches = Switches;
    type Plan = ();

    fn world(start: Start<Self>) -> anyhow::Result<World> {
        let (clock, switches) = (start.clock, start.switches);
        Ok(World { clock, switches, rung: 0, waiting: 0, restarts: 0, errands: Vec::new(), deliveries: Vec::new() })
    }

    fn clock(world: &mut World) -> &mut Clock {
        &mut world.clock
    }

    fn switches(world: &mut World) -> &mut Switches {
        &mut world.switches
    }

    fn answer(world: &mut World, call: &Call) -> Reply {
        let until = call.arrived + TimeDelta::milliseconds(world.switches.patience_ms);
        match call.pieces().as_slice() {
            ["bell"] if world.rung == 0 && world.clock.now() < until => {
                world.waiting += 1;
                Reply::later(until)
            }
            ["bell"] => Reply::json(200, &json!({ "rung": world.rung })),
            ["ring"] => {
                world.rung += 1;
                let url = call.param("tell").unwrap_or_default().to_owned();
                let content_type = "text/plain".to_owned();
                world.errands.push(Errand { id: call.id, url, content_type, body: b"ding".to_vec() });
                Reply::empty(204)
            }
            _ => Reply::text(404, "no such bell"),
        }
    }

    fn restarted(world: &mut World) {
        world.restarts += 1;
    }

    fn settle(world: &mut World) -> Vec<Errand> {
        std::mem::take(&mut world.errands)
    }

    fn delivered(world: &mut World, errand: u64, delivery: Delivery) {
        world.deliveries.push((errand, delivery));
    }
}

async fn bell(sim: &Sim<Bells>) -> String {
    reqwest::get(format!("{}/bell", sim.url())).await.unwrap().text().await.unwrap()
}

/// Gives way until the world is so; fails if it never is.
async fn until(sim: &Sim<Bells>, so: impl Fn(&mut World) -> bool) {
    let seen = async {
        while !sim.world(|world| so(world)) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), seen).await.expect("never so");
}

#[tokio::test]
async fn a_long_poll_is_answered_by_a_change_or_by_time() {
    let patient =
        |patience_ms| Sim::<Bells>::builder().with_switches(move |switches| switches.patience_ms = patience_ms);
    let sim = patient(3_600_000).frozen(true).start().await.unwrap();
    let rung = async {
        until(&sim, |world| world.waiting > 0).await;
        sim.world(|world| world.rung = 3);
    };
    assert_eq!(tokio::join!(bell(&sim), rung).0, "{\"rung\":3}");
    sim.world(|world| (world.rung, world.waiting) = (0, 0));
    let passed = async {
        until(&sim, |world| world.waiting > 0).await;
        sim.world(|world| world.clock.advance(TimeDelta::hours(1)));
    };
    assert_eq!(tokio::join!(bell(&sim), passed).0, "{\"rung\":0}");
    let running = patient(30).start().await.unwrap();
    assert_eq!(bell(&running).await, "{\"rung\":0}");
    assert!(running.world(|world| world.waiting) > 0);
}

#[tokio::test]
async fn what_the_server_sends_itself_is_sent_and_its_end_told() {
    let sim = Sim::<Bells>::builder().start().await.unwrap();
    let other = Sim::<Bells>::builder().start().await.unwrap();
    let ring = async |tell: String| {
        let url = format!("{}/ring?tell={tell}", sim.url());
        assert_eq!(reqwest::Client::new().post(url).send().await.unwrap().status(), 204);
    };
    ring(format!("{}/bell", other.url())).await;
    until(&sim, |world| !world.deliveries.is_empty()).await;
    let (_, delivery) = sim.world(|world| world.deliveries.remove(0));
    assert_eq!((delivery.status, delivery.body.as_slice()), (200, b"{\"rung\":0}".as_slice()));
    assert_eq!(other.request_counts()["POST /bell"], 1);
    ring("https://example.org/".to_owned()).await;
    until(&sim, |world| !world.deliveries.is_empty()).await;
    assert!(sim.world(|world| world.deliveries[0].1.fault.is_some()));
}

#[tokio::test]
async fn a_restart_loses_the_call_and_what_a_vendor_says_it_loses() {
    let sim = Sim::<Bells>::builder().start().await.unwrap();
    sim.add_fault(Fault::on("GET", "/bell", FaultKind::Restart));
    assert!(reqwest::get(format!("{}/bell", sim.url())).await.is_err());
    assert_eq!(bell(&sim).await, "{\"rung\":0}");
    assert_eq!(sim.world(|world| world.restarts), 1);
    let planned = Fault::on("GET", "/bell", FaultKind::Error).status(409);
    sim.add_fault(planned);
    assert_eq!(bell(&sim).await, "{\"message\":\"Something went wrong.\"}");
    assert_eq!(sim.requests().iter().map(|entry| entry.status).collect::<Vec<_>>(), [0, 200, 409]);
}
