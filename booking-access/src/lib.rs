#![doc = include_str!("../README.md")]

mod access;
mod bookers;
pub mod codes;
mod config;
mod error;
mod grants;
mod intake;
mod link;
pub mod mail;
mod name;
mod prepare;
mod seal;
mod store;
#[cfg(test)]
mod testing;
mod watched;

pub use access::{Access, Settings};
pub use bookers::{BOOKINGS, Bookers};
pub use config::{AccessConfig, Conflict, DoorId, Fault, Privacy};
pub use error::AccessError;
pub use grants::{Grant, Grants, Holder, Rules};
pub use intake::{IntakeReport, Reading, SourceState};
pub use link::link;
pub use name::{address_key, resource_name, split_name};
pub use prepare::Prepared;
pub use seal::{SealError, Sealer};
pub use store::{
    AuditRow, BookingRow, BookingState, HistoryRow, PersonRow, Problem, Store, TimelineRow, Told, append_audit,
    document, problems, put_document, verify_audit,
};
pub use watched::Watched;
