//! A simulated PAC Access Central server with the interface `oem1`.
//!
//! `oem1` is an interface that this project designed, since PAC's own one is not public; this is its server side, written
//! from its description alone. One TCP connection with TLS and a certificate on both sides, frames with a header of sixteen
//! bytes, XML in them; persons, access groups, credentials, readers; two logs that can be read and pushed; door commands.
//!
//! ```
//! use vendor_sim::pac::{PacSim, Person};
//!
//! # fn main() -> anyhow::Result<()> {
//! let sim = PacSim::builder().people(5).start_blocking()?;
//! let key_file = sim.add_client("Head office bridge")?;
//! assert!(key_file.contains("PRIVATE KEY"));
//! let mira = sim.world(|w| w.add_person(Person { first: "Mira".into(), active: true, ..Person::default() }));
//! assert_eq!(sim.swipe(11, mira, None).denied, None);
//! # Ok(())
//! # }
//! ```
//!
//! What a swipe gives is computed from the records: person, credential and group with their validity, and the readers that
//! a group opens. Faults are planned by [`PacSim::fault`], as `drop-response=1`; [`Fault`] lists them.

mod answer;
mod clients;
mod connection;
mod control;
mod faults;
mod folder;
mod incoming;
mod keys;
mod options;
mod outgoing;
mod pki;
mod requests;
mod session;
mod sim;
mod state;
mod tls;
mod wire;
mod world;

pub use self::faults::Fault;
pub use self::folder::{PacFolder, write_key_file};
pub use self::options::PacOptions;
pub use self::pki::ServerCertificate;
pub use self::requests::LoggedRequest;
pub use self::sim::PacSim;
pub use self::world::{
    AccessGroup, Booking, Change, Controller, Credential, CredentialKey, CredentialState, Direction, Door, DoorCommand,
    Entity, Epoch, Event, Grant, Log, Op, Origin, People, Person, Reader, Stream, Swiped, Who, World,
};
pub use crate::clock::{Clock, Zone};
