//! The integrations as programs, and the worlds that their demos play in.

pub mod attendance;
pub mod booking_server;
pub mod net2_timeware;
