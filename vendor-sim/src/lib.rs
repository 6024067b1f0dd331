#![doc = include_str!("../README.md")]

#[macro_use]
mod basics;
#[cfg(any(feature = "optima", feature = "inventry"))]
#[cfg_attr(
    not(all(feature = "optima", feature = "inventry")),
    allow(dead_code, unused_imports, reason = "the part that only one bridge needs")
)]
#[macro_use]
mod bridge;
#[cfg_attr(
    not(all(feature = "net2", feature = "feed")),
    allow(dead_code, reason = "the part that only one vendor's wire needs")
)]
mod call;
mod clock;
#[cfg_attr(
    not(any(feature = "net2", feature = "feed")),
    allow(dead_code, reason = "dice are thrown where a site is made up")
)]
mod dice;
mod listen;
mod pattern;
mod running;
mod switching;
#[cfg(any(feature = "pac", feature = "sqlserver"))]
mod tcp;
mod tls;

#[cfg(feature = "astrow")]
pub mod astrow;
#[cfg(feature = "feed")]
pub mod feed;
#[cfg(feature = "graph")]
pub mod graph;
pub mod host;
#[cfg(feature = "inventry")]
pub mod inventry;
#[cfg(feature = "net2")]
pub mod net2;
#[cfg(feature = "optima")]
pub mod optima;
#[cfg(feature = "pac")]
pub mod pac;
#[cfg(feature = "sqlserver")]
pub mod sqlserver;
