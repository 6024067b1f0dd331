//! The vocabulary: records, their fields, references, events.

mod booking;
mod conditions;
mod device;
mod entity;
mod event;
mod field;
mod id;
mod known;
mod person;
mod policy;
mod value;

pub use booking::{Booking, BookingStatus, Participant, ParticipantRole};
pub use conditions::Conditions;
pub use device::{Device, DeviceGroup, DeviceKind};
pub use entity::{Entity, EntityKind};
pub use event::{AccessEvent, Clocking, ClockingKind, Direction, EventClass, EventKey, Remark};
pub use field::{Canonical, Field, FieldMismatch, FieldSelection, Fields};
pub use id::{EndpointName, ExternalId, Fingerprint, HashKey, Hasher128, Pair, SyncKey};
pub use known::Known;
pub use person::{Credential, Person};
pub use policy::{AccessPolicy, Department};
pub use value::{FieldValue, RefKey, Scalar, SecretText};
