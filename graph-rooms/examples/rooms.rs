//! Lists the rooms of a tenant, and what is odd about the list.
//!
//! `GRAPH_TENANT=example.org GRAPH_CLIENT_ID=… GRAPH_SECRET=… cargo run -p graph-rooms --example rooms`

#![allow(clippy::print_stdout, unreachable_pub, reason = "an example shows what it does")]

mod common;

use std::error::Error;

use clap::Parser as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let graph = common::Account::parse().client()?;
    let found = graph.rooms().list().await?;
    for room in &found.items {
        let seats = room.capacity.map_or(String::new(), |seats| format!(", {seats} seats"));
        println!("{}\t{}{seats}", room.email_address.as_deref().unwrap_or_default(), room.name());
    }
    for warning in found.warnings {
        println!("note: {warning}");
    }
    Ok(())
}
