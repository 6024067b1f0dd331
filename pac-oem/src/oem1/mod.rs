//! The wire of the profile `oem1`: XML in frames over TLS.
//!
//! `oem1` was designed by this project. PAC's own interface is not public, and this is not it. Nothing outside this module
//! names it but the selection function of the crate.

mod driver;
mod follow;
mod frame;
mod gap;
mod hello;
mod key;
mod link;
mod session;
mod tls;
mod wire;
mod xml;

pub use driver::Oem1Driver;

/// The name in settings.
pub(crate) const NAME: &str = "oem1";

/// Longest message that anybody may send.
pub(crate) const LONGEST_FRAME: u32 = 8_388_608;

#[cfg(test)]
mod tests;
