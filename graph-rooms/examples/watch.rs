//! Follows a room's calendar by its changes, once a minute.
//!
//! `GRAPH_TENANT=… GRAPH_CLIENT_ID=… GRAPH_SECRET=… cargo run -p graph-rooms --example watch quay1@example.org`

#![allow(clippy::print_stdout, unreachable_pub, reason = "an example shows what it does")]

mod common;

use std::{error::Error, time::Duration};

use chrono::{TimeDelta, Utc};
use clap::Parser;
use graph_rooms::{Fault, calendar::Window, delta::Tracked};

#[derive(Parser)]
struct Args {
    room: String,
    #[arg(long, default_value_t = u32::MAX)]
    looks: u32,
    #[command(flatten)]
    tenant: common::Account,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let Args { room, looks, tenant } = Args::parse();
    let room = tenant.client()?.room(room);
    let mut tracked = Tracked::new(Window::new(Utc::now(), Utc::now() + TimeDelta::days(7)));
    for look in 1..=looks {
        match room.follow(&mut tracked).await {
            Ok(followed) => println!("{followed:?}: {} events", tracked.calendar().events.len()),
            Err(error) => println!("{error}; {}", Fault::of(&error).remedy()),
        }
        if look < looks {
            tokio::time::sleep(Duration::from_mins(1)).await;
        }
    }
    Ok(())
}
