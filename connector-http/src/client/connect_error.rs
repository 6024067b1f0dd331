//! Finds out of a chain of causes why no answer came.

use super::transport::NoAddress;
use crate::{ConnectFailure, Error, ErrorKind, Phase, TlsFailure};
use std::{error::Error as StdError, io};

/// What reqwest's failure means, without its address.
pub(crate) fn from_reqwest(error: reqwest::Error) -> Error {
    let phase = if error.is_connect() || error.is_builder() { Phase::NotSent } else { Phase::Sent };
    let timeout = error.is_timeout();
    let error = error.without_url();
    let failure = match find(&error) {
        ConnectFailure::Other if timeout => ConnectFailure::Timeout,
        found => found,
    };
    describe(failure, phase).with_source(error)
}

/// The error for a failure; causes that only a person can mend are no passing ones.
pub(crate) fn describe(failure: ConnectFailure, phase: Phase) -> Error {
    let message = match (&failure, phase) {
        (_, Phase::NotSent) => format!("no connection: {failure}"),
        (ConnectFailure::Timeout, _) => "no answer in time".to_owned(),
        (ConnectFailure::Closed | ConnectFailure::Other, _) => "the connection was cut before the answer".to_owned(),
        _ => format!("no answer: {failure}"),
    };
    let kind = match &failure {
        ConnectFailure::Tls(TlsFailure::NotTls | TlsFailure::Incompatible) => ErrorKind::Config,
        ConnectFailure::Tls(TlsFailure::Other(_)) => ErrorKind::Unavailable,
        ConnectFailure::Tls(_) => ErrorKind::Auth,
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, message).with_phase(phase).with_failure(failure)
}

/// Walks the chain; an `io::Error` hides its inner error from `source()`, so that is looked into as well.
fn find(error: &(dyn StdError + 'static)) -> ConnectFailure {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(failure) = one(cause) {
            return failure;
        }
        let inner = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = inner.map(|inner| inner as &(dyn StdError + 'static)).or_else(|| cause.source());
    }
    ConnectFailure::Other
}

fn one(cause: &(dyn StdError + 'static)) -> Option<ConnectFailure> {
    if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
        return Some(TlsFailure::from(tls).into());
    }
    if cause.is::<NoAddress>() {
        return Some(ConnectFailure::Dns);
    }
    cause.downcast_ref::<io::Error>().and_then(from_io)
}

pub(crate) fn of_io(error: &io::Error) -> ConnectFailure {
    find(error)
}

fn from_io(error: &io::Error) -> Option<ConnectFailure> {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Some(ConnectFailure::Refused),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => {
            Some(ConnectFailure::Unreachable)
        }
        io::ErrorKind::TimedOut => Some(ConnectFailure::Timeout),
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => Some(ConnectFailure::Closed),
        _ => None,
    }
}
