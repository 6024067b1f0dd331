//! PAC as an endpoint of `sync-core`: people, access groups, readers, events, doors.
//!
//! * Whoever implements [`PacDriver`](crate::model::PacDriver) is used as it is: nothing here knows a wire.
//! * What a person may pass travels as text, so that another system can hold the very same: an access group is
//!   `4 from=20260301T000000Z until=20260601T000000Z`, a lost card `pac-prox state=lost`. See
//!   [`Conditions`](sync_core::model::Conditions).
//! * Departments are texts at PAC: a person's department is known by its name.
//! * `access_id` is PAC's own number of a person, `attendance_id` the number that the attendance system gave. That one
//!   stands in the person's external key, `astrow:1042`, and is written by the request that makes the person. A person
//!   whose external key is somebody else's shows none, and keeps it.
//! * Validity is whole days in the server's zone; an instant within a day stays as it is until the day changes.
//! * An update reads the person, merges and writes it whole, so that free fields and whatever else is not known here stay
//!   bit for bit; where only activity, groups or one credential changes, only that is sent. Each write says which revision
//!   it was made from.
//! * Nobody is deleted whom this client did not make.

mod booking;
mod changes;
mod check;
mod config;
mod definitions;
mod door;
mod endpoint;
mod events;
mod fault;
mod hints;
mod pace;
mod people;
mod person;
mod rights;
mod write;

pub use changes::PacChanges;
pub use config::PacConfig;
pub use connector_http::ConfigFault;
pub use endpoint::PacEndpoint;

/// What reports call the system.
const PAC: &str = "PAC";
