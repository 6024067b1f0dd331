//! Prints what happens at the doors from now on, by waiting at the server.
//!
//! `OPTIMA_URL=… OPTIMA_KEY=… cargo run --example follow_events`; `OPTIMA_POSITION` is where an earlier run ended.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::{env, error::Error};

use futures::TryStreamExt as _;
use optima_client::OptimaClient;
use optima_client::events::EventCursor;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let optima = OptimaClient::builder(env::var("OPTIMA_URL")?).key(env::var("OPTIMA_KEY")?).build()?;

    let from = if let Ok(position) = env::var("OPTIMA_POSITION") {
        position.parse()?
    } else {
        let all: Vec<_> = optima.events().from_oldest().pages().try_collect().await?;
        all.into_iter().rev().find_map(|page| page.cursor).unwrap_or(EventCursor::after(0))
    };
    let mut pages = optima.events().follow(from);
    while let Some(page) = pages.try_next().await? {
        for event in &page.events {
            let place = event.reader.as_ref().and_then(|reader| reader.name.as_deref()).unwrap_or("-");
            println!("{} {} {} {} {place}", event.seq, event.at, event.class, event.direction);
        }
        // Keep this where it survives a restart.
        if let Some(cursor) = &page.cursor {
            println!("position {cursor}");
        }
    }
    Ok(())
}
