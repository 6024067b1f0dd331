#![doc = include_str!("../README.md")]

pub mod files;
pub mod model;
pub mod number;
pub mod rest;
#[cfg(feature = "sync")]
pub mod sync;

pub use connector_http::{Clock, Fingerprint, Operation, Pace, Replay, RetryPolicy, Timeouts, Transport, Trust};
pub use model::{
    AstrowCapability, AstrowError, AstrowErrorKind, AstrowInfo, AstrowSession, ChangeCursor, Etag, PageCursor, Patch,
    PersNo,
};
pub use rest::{AstrowClient, AstrowClientBuilder};
