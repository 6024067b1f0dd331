#![doc = include_str!("../README.md")]

mod access;
mod config;
mod error;
mod grants;
mod intake;
mod name;
mod store;
#[cfg(test)]
mod testing;

pub use access::Access;
pub use config::{AccessConfig, Conflict, DoorId, Fault, Privacy};
pub use error::AccessError;
pub use grants::{Grant, Grants, Holder, Rules};
pub use intake::{IntakeReport, Reading, SourceState};
pub use name::{address_key, resource_name, split_name};
pub use store::{
    AuditRow, BookingRow, BookingState, HistoryRow, PersonRow, Problem, Store, TimelineRow, Told, append_audit,
    document, problems, put_document, verify_audit,
};
