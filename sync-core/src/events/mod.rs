//! From the event log of one side to bookings at the other.
//!
//! Two stages that know nothing of each other's troubles:
//!
//! * **Intake** reads the log into the ledger: every event once, whatever the polls, pages, overlaps and crashes were.
//! * **Delivery** decides what each event becomes, from the settings of that moment, and hands it to the attendance
//!   side: no event ever leads to two bookings.
//!
//! No event ends silently: each one in the ledger has a state and a reason, and the counts add up. Whatever was
//! decided stays correctable: events of a suspended device can be released later, a person who appears takes up what
//! waited, and any single event can be processed again by a recorded order.
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use sync_core::{clock::Clock, connector::{EventSink, EventSource, Source}, journal::Journal, model::{Device, EntityKind, Pair}};
//! # use sync_core::events::{EventLink, EventSettings};
//! # async fn f(log: Arc<dyn EventSource>, bookings: Arc<dyn EventSink>, terminals: Arc<dyn Source<Device>>,
//! #            journal: &dyn Journal, clock: &dyn Clock) -> Result<(), Box<dyn std::error::Error>> {
//! let link = EventLink::new("net2 events → timeware", log, bookings)
//!     .people(Pair::new(EntityKind::Person, "net2", "timeware"))
//!     .devices(Pair::new(EntityKind::Device, "net2", "timeware"), terminals)
//!     .settings(EventSettings::default());
//! let report = link.run(journal, clock).await?;
//! assert!(report.totals().adds_up());
//! # Ok(()) }
//! ```

mod classify;
mod deliver;
mod epoch;
mod gaps;
mod instant;
mod intake;
mod link;
mod lookup;
mod outcome;
mod release;
mod repeat;
mod report;
mod resolve;
mod revise;
mod settings;
mod stream;
mod sweep;

pub use classify::{DeviceSettings, PersonLink, Place, Verdict, classify, reason};
pub use epoch::content_hash;
pub use link::EventLink;
pub use report::{
    DeliveryReport, EpochChange, EventReport, EventTotals, Failure, IntakeReport, LateEvent, LostRange, NamedEvent,
    PlannedClocking,
};
pub use settings::{EventSettings, RepeatScope};
