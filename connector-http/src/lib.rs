#![cfg_attr(feature = "client", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "client"),
    doc = "Trust, errors and the shape of calls to door, visitor and attendance systems; feature `client` sends them."
)]

mod answer;
#[cfg(feature = "config")]
mod config;
mod error;
mod failure;
mod fingerprint;
mod operation;
mod redact;
mod request;
mod retry_after;
mod trust;

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "profile")]
pub mod profile;
#[cfg(feature = "sync")]
pub mod sync;

pub use answer::{classify, decode, expect_success};
#[cfg(feature = "client")]
pub use client::{
    builder::{HttpClientBuilder, Timeouts},
    clock::{Clock, ManualClock, SystemClock},
    exchange::{Body, Exchange, RecordedRequest, RecordedResponse},
    http_client::{HttpClient, SendOptions},
    pace::Pace,
    probe::{Certificate, Probe, probe},
    record::Recorder,
    replay::Replayer,
    retry::RetryPolicy,
    sign_in::Unauthenticated,
    token::{Token, TokenSource},
    transport::{NetTransport, OperationName, Transport},
};
#[cfg(feature = "config")]
pub use config::{ConfigFault, TrustConfig};
pub use error::{Error, ErrorKind, Phase};
pub use failure::{ConnectFailure, TlsFailure};
pub use fingerprint::{Fingerprint, InvalidFingerprint};
pub use operation::{Operation, Replay};
pub use redact::{Secrets, excerpt, url_without_values};
pub use request::{form_request, get, join, json_request};
pub use retry_after::{parse_retry_after, retry_after};
pub use trust::Trust;
