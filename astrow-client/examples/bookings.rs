//! Books somebody in, now, and says what became of it.
//!
//! `ASTROW_URL=… ASTROW_USER=… ASTROW_PASSWORD=… cargo run --example bookings -- BADGE TERMINAL-SERIAL`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::{env, error::Error};

use astrow_client::AstrowClient;
use astrow_client::model::{Booking, BookingDirection};
use chrono::Local;
use uuid::Uuid;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let badge = arguments.next().ok_or("which badge?")?;
    let terminal = arguments.next().ok_or("which terminal?")?;
    let client = AstrowClient::builder(env::var("ASTROW_URL")?)
        .login(env::var("ASTROW_USER")?, env::var("ASTROW_PASSWORD")?)
        .build()?;

    // Astrow takes a key once, however often the booking is sent.
    let key = format!("example:{}", Uuid::new_v4());
    let booking = Booking::new(key, badge, Local::now().fixed_offset(), terminal, BookingDirection::In);
    for outcome in client.bookings().write(&[booking], Uuid::new_v4()).await? {
        let why = outcome.code.map(|code| format!(": {code}")).unwrap_or_default();
        println!("{}{why}", outcome.status);
    }
    client.close().await?;
    Ok(())
}
