//! Shows what is booked in a room this week, and why the other events give no access.
//!
//! `GRAPH_TENANT=… GRAPH_CLIENT_ID=… GRAPH_SECRET=… cargo run -p graph-rooms --example bookings quay1@example.org`

#![allow(clippy::print_stdout, unreachable_pub, reason = "an example shows what it does")]

mod common;

use std::error::Error;

use chrono::{TimeDelta, Utc};
use clap::Parser;
use graph_rooms::calendar::{Rules, Window};

#[derive(Parser)]
struct Args {
    room: String,
    #[arg(long, default_value = "Europe/London")]
    zone: chrono_tz::Tz,
    #[command(flatten)]
    tenant: common::Account,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let Args { room, zone, tenant } = Args::parse();
    let mut rules = Rules::default();
    (rules.zone, rules.attendees) = (zone, true);
    let window = Window::new(Utc::now(), Utc::now() + TimeDelta::days(7));
    let found = tenant.client()?.room(room).bookings(window, &rules).await?;
    for booking in found.granted {
        let people = booking.booker.iter().count() + booking.attendees.len();
        println!("{} to {}: {people} people", booking.start.with_timezone(&zone), booking.end.with_timezone(&zone));
    }
    for refusal in found.refused {
        println!("{}: no access, {}", refusal.start.with_timezone(&zone), refusal.reason.words());
    }
    Ok(())
}
