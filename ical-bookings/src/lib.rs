#![doc = include_str!("../README.md")]

mod booking;
mod calendar;
mod definition;
mod dialect;
mod event;
mod found;
mod hash;
mod injection;
mod layout;
mod lines;
mod name;
mod options;
mod order;
mod people;
mod problem;
mod property;
mod read;
mod rejected;
mod resources;
mod series;
mod snapshot;
mod text;
mod time;
mod uids;

#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "sync")]
pub mod sync;

pub use dialect::{Dialect, UnknownDialect};
pub use hash::body_hash;
pub use options::{Limits, Options, PeopleFrom, Window};
pub use problem::{Problem, ProblemKind};
pub use read::read;
pub use rejected::{Rejected, RejectedKind};
pub use snapshot::{Booking, Digest, Person, Role, Snapshot, Status};
