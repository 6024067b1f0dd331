//! Sign-ins of staff as they come, and which of them would be booked.
//!
//! `INVENTRY_URL=… INVENTRY_KEY=… cargo run --example sign_ins [NUMBER]`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::{env, error::Error};

use futures::StreamExt as _;
use inventry_client::events::{BookingRules, EventStyle, Outcome};
use inventry_client::{Capability, InventryClient};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let inventry = InventryClient::builder(env::var("INVENTRY_URL")?).key(env::var("INVENTRY_KEY")?).build()?;
    let info = inventry.check().await?;
    let events = inventry.events();
    if events.style() != EventStyle::Numbered {
        return Err("this server does not count its events".into());
    }
    let query = match env::args().nth(1) {
        Some(number) => events.after(number.parse()?),
        None => events.all(),
    };
    let mut pages = if info.offers(Capability::EventsFollow) { query.follow() } else { query.pages() };
    while let Some(page) = pages.next().await {
        for event in page?.events {
            let booked = match event.outcome(BookingRules::default()) {
                Outcome::In => "in".to_owned(),
                Outcome::Out => "out".to_owned(),
                Outcome::Ignored(why) => format!("not booked: {why}"),
                _ => "for a person to decide".to_owned(),
            };
            println!("{} {} {} {booked}", event.seq.unwrap_or_default(), event.at, event.device_or_none());
        }
    }
    Ok(())
}
