//! What every simulator of an HTTP API shares, generic over a vendor.
//!
//! The host listens on loopback (with TLS if wanted), runs on a thread of its own, keeps a log of the calls, lets planned
//! [`Fault`]s happen, answers the common control calls below `/__control`, and stops when dropped. A vendor brings a
//! world, switches and one function from call to [`Reply`]:
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use serde_json::json;
//! use vendor_sim::host::{Call, Clock, Options, Reply, Sim, Start, Vendor};
//!
//! #[derive(Debug, Clone, Copy)]
//! pub struct Lamps;
//!
//! #[derive(Debug, Clone, Default, Serialize, Deserialize)]
//! #[serde(default, deny_unknown_fields)]
//! pub struct Switches { pub broken: bool }
//!
//! #[derive(Debug, Clone)]
//! pub struct World { pub clock: Clock, pub switches: Switches, pub lamps: Vec<String> }
//!
//! impl Vendor for Lamps {
//!     const NAME: &'static str = "lamps";
//!     const CONTROL: &'static [&'static str] = &["POST /__control/lamps {\"name\"}"];
//!     type World = World;
//!     type Switches = Switches;
//!     type Plan = usize; // what the vendor's own builder methods set
//!
//!     fn world(start: Start<Self>) -> anyhow::Result<World> {
//!         let lamps = (0..start.plan).map(|number| format!("lamp {number}")).collect();
//!         Ok(World { clock: start.clock, switches: start.switches, lamps })
//!     }
//!     fn clock(world: &mut World) -> &mut Clock { &mut world.clock }
//!     fn switches(world: &mut World) -> &mut Switches { &mut world.switches }
//!
//!     fn answer(world: &mut World, call: &Call) -> Reply {
//!         match (call.method.as_str(), call.pieces().as_slice()) {
//!             ("GET", ["lamps"]) => Reply::json(200, &json!(world.lamps)),
//!             // A long poll: asked again after every change, at the latest when the clock shows that time.
//!             ("GET", ["burned-out"]) if !world.switches.broken && world.clock.now() < call.arrived + chrono::TimeDelta::seconds(30) => {
//!                 Reply::later(call.arrived + chrono::TimeDelta::seconds(30))
//!             }
//!             ("GET", ["burned-out"]) => Reply::json(200, &json!(world.switches.broken)),
//!             _ => Reply::json(404, &json!({ "message": "no such lamp" })),
//!         }
//!     }
//!     fn control(world: &mut World, call: &Call, rest: &[&str]) -> Option<Reply> {
//!         let ["lamps"] = rest else { return None };
//!         world.lamps.push(call.json().ok()?["name"].as_str()?.to_owned());
//!         Some(Reply::json(200, &json!({ "ok": true })))
//!     }
//! }
//!
//! // In the vendor's module: `pub type LampSim = Sim<Lamps>`, and its own methods in plain `impl`s of the two.
//! # fn main() -> anyhow::Result<()> {
//! let mut options: Options<Lamps> = Sim::builder();
//! options.plan = 3;
//! let sim = options.frozen(true).start_blocking()?;
//! assert_eq!(sim.world(|world| world.lamps.len()), 3);
//! # Ok(()) }
//! ```
//!
//! A program's subcommand hands its common options over with `Common::on` (see `program/mod.rs`).
//!
//! # Control calls that every vendor has
//!
//! `GET` of the control url lists all. `switches`, `clock`, `faults`, `requests`, `counts`, `snapshots/NAME`,
//! `snapshots/NAME/restore`, `restart`, `certificate`: as described in the README.

mod call;
mod control;
mod faults;
mod log;
mod options;
mod post;
mod reply;
mod server;
mod sim;
mod vendor;

pub use crate::clock::{Clock, Zone};
pub use call::Call;
pub use faults::{Fault, FaultKind};
pub use log::LoggedRequest;
pub use options::Options;
pub use post::{Delivery, Errand};
pub use reply::Reply;
pub use sim::Sim;
pub use vendor::{Start, Vendor};
