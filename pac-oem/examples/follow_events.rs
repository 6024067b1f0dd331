//! Prints what happens at the doors from now on.
//!
//! `PAC_ADDRESS=… PAC_PORT=… PAC_KEY=bridge.oemkey PAC_CA=ca.pem cargo run --example follow_events`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use futures::StreamExt as _;
use pac_oem::{
    PacClient, Trust, driver,
    model::{LogStream, PacEndpoint},
    unknown_driver,
};
use std::{env, error::Error, fs};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let trust = Trust::OnlyRoots(fs::read(env::var("PAC_CA")?)?);
    let port = env::var("PAC_PORT")?.parse()?;
    let endpoint = PacEndpoint::new(env::var("PAC_ADDRESS")?, port, env::var("PAC_KEY")?, trust);
    let client = PacClient::new(driver("oem1").ok_or_else(unknown_driver)?, endpoint);
    let session = client.session().await?;

    // A program that must not miss anything stores the cursor with what it did, and begins there.
    let from = session.server().log(LogStream::Events).ok_or("the server keeps no events")?.head();
    let mut batches = session.subscribe(LogStream::Events, from).await?;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        for event in batch.events() {
            println!("{} {} {} reader {:?}", event.seq, event.time, event.kind, event.reader);
        }
        if let Some(cursor) = batch.cursor() {
            session.ack(LogStream::Events, cursor).await?;
        }
    }
    Ok(())
}
