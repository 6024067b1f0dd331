//! Prints what happens at the doors from now on, asking the event log every ten seconds.
//!
//! `NET2_URL=… NET2_OPERATOR=… NET2_PASSWORD=… NET2_CLIENT_ID=… cargo run --example follow_events`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::{env, error::Error, time::Duration};

use futures::TryStreamExt as _;
use net2_client::Net2Client;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let net2 = Net2Client::builder(env::var("NET2_URL")?)
        .operator(env::var("NET2_OPERATOR")?, env::var("NET2_PASSWORD")?)
        .client_id(env::var("NET2_CLIENT_ID")?)
        .build()?;

    let mut cursor = net2.events().newest_cursor().await?;
    loop {
        let mut pages = net2.events().since(cursor).pages();
        while let Some(page) = pages.try_next().await? {
            for event in &page.events {
                let place = event.device_name.as_deref().unwrap_or("-");
                println!("{} {} {:?} {place}", event.id, event.time, event.event_type.group());
            }
            // Keep this where it survives a restart.
            cursor = page.cursor;
        }
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
}
