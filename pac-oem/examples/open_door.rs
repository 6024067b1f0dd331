//! Releases the door of a reader for five seconds, once.
//!
//! `PAC_ADDRESS=… PAC_PORT=… PAC_KEY=bridge.oemkey PAC_CA=ca.pem cargo run --example open_door -- 11`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use pac_oem::model::{CloseReason, DoorReason, PacEndpoint, ReaderId, WriteOpts};
use pac_oem::{PacClient, Trust, driver, unknown_driver};
use std::{env, error::Error, fs};
use uuid::Uuid;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let reader: ReaderId = env::args().nth(1).ok_or("which reader?")?.parse()?;
    let trust = Trust::OnlyRoots(fs::read(env::var("PAC_CA")?)?);
    let port = env::var("PAC_PORT")?.parse()?;
    let endpoint = PacEndpoint::new(env::var("PAC_ADDRESS")?, port, env::var("PAC_KEY")?, trust);
    let client = PacClient::new(driver("oem1").ok_or_else(unknown_driver)?, endpoint);
    let session = client.session().await?;

    let why = DoorReason::new("example").because("somebody asked");
    match session.open_door(reader, 5, why, WriteOpts::new(Uuid::new_v4())).await {
        Ok(command) => println!("taken as {command}"),
        // Never again by itself: go and look.
        Err(error) if error.may_have_been_applied() => println!("the door may be open: {error}"),
        Err(error) => println!("not opened: {error}"),
    }
    client.close(CloseReason::Stop).await;
    Ok(())
}
