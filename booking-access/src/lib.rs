#![doc = include_str!("../README.md")]

mod access;
mod bookers;
pub mod codes;
mod config;
mod counts;
mod desk;
mod door_events;
mod error;
mod grants;
mod intake;
mod letters;
mod link;
pub mod mail;
mod name;
mod preflight;
mod prepare;
mod questions;
mod retention;
mod seal;
mod sources;
mod store;
#[cfg(test)]
mod testing;
mod timeline;
mod turns;
mod watched;

pub use access::{Access, Settings};
pub use bookers::{BOOKINGS, Bookers};
pub use config::{AccessConfig, Conflict, DoorId, Fault, Privacy};
pub use counts::Counts;
pub use desk::{Erasure, Order};
pub use door_events::{DoorEvent, DoorEventKind, DoorNews, DoorReading, Place, WatchConfig};
pub use error::AccessError;
pub use grants::{Grant, Grants, Holder, Rules};
pub use intake::{IntakeReport, Reading, SourceState};
pub use letters::Posted;
pub use link::link;
pub use name::{address_key, resource_name, split_name};
pub use preflight::{DoorsSeen, Preflight, PreflightRound};
pub use prepare::Prepared;
pub use questions::{BookingLine, Chain, ChainLink, LineState, LinkState, Opener, Table};
pub use retention::Retained;
pub use seal::{SealError, Sealer};
pub use store::{
    AuditRow, BookingRow, BookingState, HistoryRow, PersonRow, Problem, Store, TimelineRow, Told, append_audit,
    document, problems, put_document, verify_audit,
};
pub use timeline::{Bar, Timeline};
pub use watched::Watched;
