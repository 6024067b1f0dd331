//! Prints the badges of a server, with their state and groups.
//!
//! `OPTIMA_URL=… OPTIMA_KEY=… cargo run --example badges`; `OPTIMA_PROFILE=file.toml` for a server with other names.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::{env, error::Error, fs};

use optima_client::words::BadgeState;
use optima_client::{OptimaClient, profile};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut builder = OptimaClient::builder(env::var("OPTIMA_URL")?).key(env::var("OPTIMA_KEY")?);
    if let Ok(file) = env::var("OPTIMA_PROFILE") {
        builder = builder.profile(profile::parse(&fs::read_to_string(&file)?, &file)?);
    }
    let optima = builder.build()?;

    let listing = optima.badges().list().await?;
    for badge in &listing.items {
        let state = badge.state.as_ref().map_or("-", BadgeState::as_str);
        let groups: Vec<_> = badge.access_groups.iter().flatten().map(|group| group.id.as_str()).collect();
        println!("{} {} {state} {}", badge.id, badge.name.as_deref().unwrap_or("-"), groups.join(", "));
    }
    for unreadable in &listing.invalid {
        println!("cannot be read: {}", unreadable.reason);
    }
    Ok(())
}
