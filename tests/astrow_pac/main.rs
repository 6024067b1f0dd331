//! `astrow-pac` as its administrator runs it, between a simulated PAC site and a simulated Astrow.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod bookings;
mod files;
mod lost_connections;
mod master;
mod people;
mod refusals;
mod roll_call;
mod site;
mod towards_pac;
mod verbs;
mod view;
