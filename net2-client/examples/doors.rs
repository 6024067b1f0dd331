//! Lists the doors with their state, and opens one if its number is given.
//!
//! `NET2_URL=… NET2_OPERATOR=… NET2_PASSWORD=… NET2_CLIENT_ID=… cargo run --example doors [NUMBER]`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::{env, error::Error};

use net2_client::{DoorId, Net2Client};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let net2 = Net2Client::builder(env::var("NET2_URL")?)
        .operator(env::var("NET2_OPERATOR")?, env::var("NET2_PASSWORD")?)
        .client_id(env::var("NET2_CLIENT_ID")?)
        .build()?;

    let status = net2.doors().status().await?;
    for door in net2.doors().list().await? {
        let state = status.iter().find(|state| state.id == door.id).and_then(|state| state.status);
        let open = state.and_then(|state| state.door_relay_open);
        println!("{:>9}  {:<40} {}", door.id, door.name, open.map_or("?", |open| if open { "open" } else { "shut" }));
    }

    if let Some(number) = env::args().nth(1) {
        let id: DoorId = number.parse()?;
        net2.door(id).open_momentarily().send().await?;
        println!("Net2 took the order for door {id}; follow the events to see whether it moved.");
    }
    Ok(())
}
