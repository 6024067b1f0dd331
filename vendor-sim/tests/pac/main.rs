//! The simulator of PAC Access Central, asked by a client of a few lines with XML written by hand.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop")]

mod client;
mod control;
mod doors;
mod faults;
mod frames;
mod hello;
mod logs;
mod people;
mod program;
mod push;
mod sessions;
mod strict;
mod swipes;
mod tls;
mod writes;
