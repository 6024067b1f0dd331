//! Who works here, and who has left: ids, departments and states, without a name.
//!
//! `INVENTRY_URL=… INVENTRY_KEY=… cargo run --example personnel [PROFILE]`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::path::Path;
use std::{env, error::Error};

use inventry_client::{InventryClient, profile};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let profile = match env::args().nth(1) {
        Some(file) => profile::load(Path::new(&file))?,
        None => profile::built_in()?,
    };
    let inventry =
        InventryClient::builder(env::var("INVENTRY_URL")?).key(env::var("INVENTRY_KEY")?).profile(profile).build()?;
    let info = inventry.check().await?;
    println!("{} {}", info.organisation.unwrap_or_default(), info.version);

    let people = inventry.personnel().list().await?;
    for person in &people.items {
        let department = person.department().map_or("no department", |id| id.as_str());
        println!("{} {department} {}", person.id, if person.enabled { "works here" } else { "has left" });
    }
    for item in &people.invalid {
        println!("item {}: {} is {}", item.position + 1, item.field, item.reason);
    }
    Ok(())
}
