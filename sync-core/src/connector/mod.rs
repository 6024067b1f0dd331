//! What a connector offers the engine: traits, capability descriptors, errors.
//!
//! A connector does not retry writes by itself, ends every call within its own timeout, and classifies every failure.
//! The engine chooses its protocols from the descriptors alone, never from a vendor's name.

mod capability;
mod check;
mod doors;
mod endpoint;
mod error;
mod events;
mod list;
mod marker;
mod records;
mod refusals;
mod site_day;

pub use capability::{
    CompleteSignal, CreateClass, EventCaps, FieldCaps, LateApply, ReadCaps, RemovalCaps, SnapshotCaps, Update,
    WriteCaps,
};
pub use check::{CheckReport, CheckStep, StepOutcome};
pub use doors::{CodeInUse, CodeKind, DoorCommand, DoorSystem};
pub use endpoint::{Endpoint, EndpointIdentity};
pub use error::{ErrorClass, SyncError};
pub use events::{Cursor, Delivered, DeliveryCaps, DeliveryClass, EventPage, EventSink, EventSource};
pub use list::Listed;
pub use records::{
    AttemptKey, Changes, Draft, End, InvalidRecord, Key, Marker, Page, Precondition, Record, Removal, Sink, Source,
    Window,
};
pub use site_day::SiteDay;
