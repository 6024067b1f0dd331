//! The integrations as programs, and the worlds that their demos play in.

pub mod net2_timeware;
