//! Creates a visitor for three days, gives access, shows what was stored, and takes the visitor away again.
//!
//! `NET2_URL=… NET2_OPERATOR=… NET2_PASSWORD=… NET2_CLIENT_ID=… cargo run --example users LEVEL`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::{env, error::Error};

use chrono::{Days, Local};
use net2_client::users::{NewUser, UserChanges};
use net2_client::{AccessLevelId, Net2Client, ServerTime};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let level: AccessLevelId = env::args().nth(1).ok_or("which access level?")?.parse()?;
    let net2 = Net2Client::builder(env::var("NET2_URL")?)
        .operator(env::var("NET2_OPERATOR")?, env::var("NET2_PASSWORD")?)
        .client_id(env::var("NET2_CLIENT_ID")?)
        .build()?;

    let today = Local::now().date_naive();
    let until = ServerTime::day(today + Days::new(3));
    let visitor = NewUser::new("Vera", "Visitor").valid(ServerTime::day(today), Some(until));
    let visitor = net2.user(net2.users().create(&visitor).await?.id);

    visitor.modify_access_levels(&[level], &[]).await?;
    visitor.update(&UserChanges::new().telephone("0131 496 0000")).await?;

    let stored = visitor.get().await?;
    let until = stored.expiry_date.map_or("ever".to_owned(), |date| date.date().to_string());
    println!("{} {} until {until}", stored.id, stored.full_name());

    visitor.delete().await?;
    Ok(())
}
