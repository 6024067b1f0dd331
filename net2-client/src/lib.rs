#![doc = include_str!("../README.md")]

pub mod access_levels;
pub mod areas;
pub mod commands;
pub mod custom_fields;
pub mod custom_query;
pub mod departments;
pub mod door_groups;
pub mod doors;
pub mod event_types;
pub mod events;
pub mod id;
pub mod image;
pub mod io_boards;
#[cfg(feature = "live")]
pub mod live;
pub mod operators;
pub mod permissions;
pub mod query;
pub mod roll_calls;
pub mod server;
#[cfg(feature = "sync")]
pub mod sync;
pub mod timezones;
pub mod tokens;
pub mod users;

mod answer;
mod auth;
mod client;
mod json;
mod operation;
mod route;
mod text;
mod time;
mod token_types;

pub use answer::{InvalidItem, Listing};
pub use auth::{MfaChannel, MfaCodes};
pub use client::{Net2Client, Net2ClientBuilder};
pub use connector_http::{
    Error, ErrorKind, Fingerprint, Operation, Pace, Replay, RetryPolicy, Timeouts, Transport, Trust,
};
pub use id::{AccessLevelId, AreaId, DepartmentId, DoorId, EventId, TimezoneId, TokenId, UserId};
pub use text::{Pin, TokenValue};
pub use time::ServerTime;
pub use token_types::TokenType;
