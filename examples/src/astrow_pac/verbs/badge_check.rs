//! The verb `badge-check`: what a badge of PAC is called in Astrow, read forward and backward.

use astrow_client::number::{Badge, BadgeForms};
use clap::{Arg, ArgMatches, Command};
use serde_json::{Value, json};
use sync_service::{Answer, Failure};

/// The name of the verb.
pub(crate) const NAME: &str = "badge-check";

/// The verb's place on the command line.
pub(crate) fn command() -> Command {
    Command::new(NAME)
        .about("Shows what a badge of PAC is called in Astrow; try it with one real badge before you begin")
        .long_about(
            "In which order Astrow's badge mode \"Pac\" reads the bytes of a number is not public. Take one real badge, give \
             its number as PAC shows it, and compare what Astrow shows when it is held before a reader with the two lines. \
             This program writes the first; if Astrow shows the second, do not go live.",
        )
        .arg(Arg::new("kind").required(true).help("pac-prox, wiegand26 or oneprox"))
        .arg(Arg::new("number").required(true).help("As PAC shows it; FACILITY-NUMBER for wiegand26"))
}

/// Does the verb.
///
/// # Errors
/// A kind or number that is none.
pub(crate) fn run(arguments: &ArgMatches) -> Result<Answer, Failure> {
    let text = |name: &str| arguments.get_one::<String>(name).map_or("", String::as_str);
    let (kind, shown) = (text("kind"), text("number"));
    let (facility, number) = match shown.split_once('-') {
        Some((facility, number)) if kind == "wiegand26" => (facility.parse().ok(), number),
        _ => (None, shown),
    };
    let remedy = "There are pac-prox (8 characters), wiegand26 (FACILITY-NUMBER) and oneprox (hexadecimal digits)";
    let refused = |error| Failure::from(error).with_remedy(remedy);
    let badge = Badge::new(kind, number, facility).map_err(refused)?;
    let (forward, backward) = badge.both_orders().map_err(refused)?;
    let line = |forms: &BadgeForms| format!("decimal {}, hexadecimal {}", forms.decimal, forms.hexadecimal);
    let json = json!({
        "command": NAME,
        "kind": kind,
        "forward": as_json(&forward),
        "backward": as_json(&backward),
    });
    Ok(Answer::new(format!("forward:  {}\nbackward: {}", line(&forward), line(&backward)), json))
}

fn as_json(forms: &BadgeForms) -> Value {
    json!({"decimal": forms.decimal, "hexadecimal": forms.hexadecimal})
}
