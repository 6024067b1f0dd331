//! The integrations as programs, and the worlds that their demos play in.

pub mod astrow_pac;
pub mod attendance;
pub mod booking_server;
pub mod inventry_timeware;
pub mod net2_timeware;
pub mod optima_timeware;
mod section;
