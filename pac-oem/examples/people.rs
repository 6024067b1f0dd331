//! Prints the people of a server with their groups; names stay on the screen.
//!
//! `PAC_ADDRESS=… PAC_PORT=… PAC_KEY=bridge.oemkey PAC_CA=ca.pem cargo run --example people`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use pac_oem::{
    PacClient, Trust, driver,
    model::{ActiveFilter, CloseReason, PacEndpoint},
    unknown_driver,
};
use std::{env, error::Error, fs};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let trust = Trust::OnlyRoots(fs::read(env::var("PAC_CA")?)?);
    let port = env::var("PAC_PORT")?.parse()?;
    let endpoint = PacEndpoint::new(env::var("PAC_ADDRESS")?, port, env::var("PAC_KEY")?, trust);
    // `oem1` is this project's own profile; a licensee hands over a driver of its own here.
    let client = PacClient::new(driver("oem1").ok_or_else(unknown_driver)?, endpoint);
    let session = client.session().await?;

    let mut page = session.people(None, ActiveFilter::All).await?;
    loop {
        for person in &page.people {
            let groups: Vec<_> = person.groups.iter().map(|group| group.id.to_string()).collect();
            let last = person.last.as_deref().unwrap_or_default();
            println!("{} {} {last} [{}]", person.id, person.first, groups.join(", "));
        }
        let Some(next) = page.next else { break };
        page = session.people(Some(next), ActiveFilter::All).await?;
    }
    client.close(CloseReason::Stop).await;
    Ok(())
}
