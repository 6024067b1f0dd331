#![doc = include_str!("../README.md")]

pub mod model;
#[cfg(feature = "sync")]
pub mod sync;

mod certificate;
mod client;
mod key_file;
mod oem1;

pub use certificate::{ServerCertificate, server_certificate};
pub use client::{Backoff, PacClient};
pub use connector_http::{Fingerprint, Trust};
pub use key_file::read_key_file;
pub use oem1::Oem1Driver;

/// The driver of that name: `oem1`, this project's own profile. A licensee's driver is handed to [`PacClient`] directly.
pub fn driver(name: &str) -> Option<std::sync::Arc<dyn model::PacDriver>> {
    (name == oem1::NAME).then(|| std::sync::Arc::new(Oem1Driver::new()) as _)
}

/// The error for a driver that is not there.
pub fn unknown_driver() -> model::PacError {
    model::PacError::new(model::PacErrorKind::Config, "no such driver; this crate has only its own profile")
}
