//! Prints the employees of Astrow, with what it keeps of PAC.
//!
//! `ASTROW_URL=… ASTROW_USER=… ASTROW_PASSWORD=… cargo run --example employees`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::{env, error::Error};

use astrow_client::AstrowClient;
use astrow_client::model::ActiveFilter;
use futures::TryStreamExt as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = AstrowClient::builder(env::var("ASTROW_URL")?)
        .login(env::var("ASTROW_USER")?, env::var("ASTROW_PASSWORD")?)
        .build()?;

    let mut pages = client.employees().pages(ActiveFilter::Active);
    while let Some(page) = pages.try_next().await? {
        for employee in page.items {
            let name = employee.name;
            let badges: Vec<_> = employee.pac.badges.iter().map(|badge| badge.kind.as_str()).collect();
            println!("{} {} {}: {}", employee.pers_no, name.first, name.last.unwrap_or_default(), badges.join(", "));
        }
        for odd in page.invalid {
            println!("{} cannot be read: {} ({})", odd.id.unwrap_or_default(), odd.reason, odd.field);
        }
    }
    client.close().await?;
    Ok(())
}
