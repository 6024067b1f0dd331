//! Tries a profile file on saved answers, without a server.
//!
//! `cargo run --example check_profile -- own.toml badges=badges.json events=events.json`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::{env, error::Error, fs};

use optima_client::profile;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let file = arguments.next().ok_or("which profile file?")?;
    let profile = profile::parse(&fs::read_to_string(&file)?, &file)?;
    println!("{file} can be used");

    for argument in arguments {
        let (name, answer) = argument.split_once('=').ok_or("write samples as KIND=FILE")?;
        let object = profile.object_of(name).ok_or_else(|| format!("a profile knows no {name}"))?;
        let sample = profile.sample(object, &serde_json::from_str(&fs::read_to_string(answer)?)?);
        for row in &sample.rows {
            println!("{} {:<32} {:<24} {}", row.item, row.name, row.pointer, row.text);
        }
        for fault in &sample.faults {
            println!("fault: {fault}");
        }
    }
    Ok(())
}
