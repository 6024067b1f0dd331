//! Lists the terminals of a database and, given a number, puts one into service as an attendance terminal.
//!
//! `cargo run --example terminals -- timeware.db [NUMBER]`
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

use std::error::Error;

use chrono::Utc;
use timeware_model::{SqliteStore, Store, TerminalChange, TerminalKind};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("give the path of a database")?;
    let store = SqliteStore::open(path)?;
    if let Some(number) = arguments.next() {
        let number: i64 = number.parse()?;
        let terminals = store.terminals(None).await?;
        let terminal = terminals.iter().find(|terminal| terminal.number == number).ok_or("no such number")?;
        store.set_terminal(terminal.id, &TerminalChange::release(TerminalKind::Attendance, Utc::now())).await?;
    }
    for terminal in store.terminals(None).await? {
        let state = if terminal.suspended { "suspended" } else { "in service" };
        println!("{} {} {} {}", terminal.number, terminal.description, terminal.role, state);
    }
    Ok(())
}
