//! Shows the certificate of a server: `cargo run -p connector-http --example fingerprint -- https://host:8443`
#![allow(clippy::print_stdout, reason = "an example speaks to its user")]

use connector_http::{Trust, probe};
use std::{error::Error, time::Duration};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("which server? give its https:// address")?.parse()?;
    let found = probe(&url, &Trust::System, Duration::from_secs(10)).await?;
    if let Some(certificate) = found.certificate {
        println!("certificate of {} for {}", certificate.subject, certificate.names.join(", "));
        println!("SHA-256 {}", certificate.fingerprint);
    }
    match found.failure {
        Some(failure) => println!("not trusted: {failure}; {}", failure.remedy()),
        None => println!("trusted"),
    }
    Ok(())
}
