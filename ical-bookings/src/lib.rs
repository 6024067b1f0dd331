#![doc = include_str!("../README.md")]

mod dialect;
mod options;
mod problem;
mod rejected;
mod series;
mod snapshot;
mod time;

#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "sync")]
pub mod sync;

pub use dialect::{Dialect, UnknownDialect};
pub use options::{Limits, Options, PeopleFrom, Window};
pub use problem::{Problem, ProblemKind};
pub use rejected::{Rejected, RejectedKind};
pub use snapshot::{Booking, Digest, Person, Role, Snapshot, Status, read};
