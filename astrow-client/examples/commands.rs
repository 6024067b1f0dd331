//! Waits for commands of Astrow's users and refuses them all.
//!
//! `ASTROW_URL=… ASTROW_USER=… ASTROW_PASSWORD=… cargo run --example commands`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::{env, error::Error, time::Duration};

use astrow_client::AstrowClient;
use astrow_client::model::{CommandState, CommandWord, Heartbeat};
use chrono::Local;
use uuid::Uuid;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = AstrowClient::builder(env::var("ASTROW_URL")?)
        .login(env::var("ASTROW_USER")?, env::var("ASTROW_PASSWORD")?)
        .build()?;
    let sign = Heartbeat::new("example", env!("CARGO_PKG_VERSION"), Local::now().fixed_offset());

    let terminals = client.terminals();
    loop {
        terminals.heartbeat(&sign).await?;
        for command in terminals.commands(Duration::from_secs(25)).await? {
            println!("{} at reader {}", command.kind, command.reader_id.unwrap_or_default());
            let refused = CommandState::new(CommandWord::Failed).with_message("an example opens no doors");
            terminals.report(command.id, &refused, Uuid::new_v4()).await?;
        }
    }
}
