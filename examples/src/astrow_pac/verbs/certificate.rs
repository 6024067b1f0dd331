//! The verb `certificate`: fetches the certificate of PAC, shows it, and stores it as the one to trust.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::{Arg, ArgAction, ArgMatches, Command};
use pac_oem::sync::PacConfig;
use serde_json::json;
use sync_service::{Answer, ConfigFault, Exit, Failure, Setup};

/// The name of the verb.
pub(crate) const NAME: &str = "certificate";

/// The verb's place on the command line.
pub(crate) fn command() -> Command {
    Command::new(NAME)
        .about("Fetches the certificate of the PAC server and shows it; with --trust, stores it as trusted")
        .long_about(
            "Connects to [pac] server_address and server_port, takes the certificate that the server shows, and believes \
             nothing of it. Compare the fingerprint with the one at the PAC server itself. With --trust it is stored in the \
             data folder, and exactly this certificate is believed from then on, unless [pac] names server_ca or \
             server_cert_sha256.",
        )
        .arg(Arg::new("trust").long("trust").action(ArgAction::SetTrue).help("Stores it as the one to trust"))
}

/// Puts the stored certificate into a section that names none. For this verb alone a section without any will do.
pub(crate) fn put_stored(config: &mut PacConfig, setup: &Setup) {
    if config.server_ca.is_some() || config.server_cert_sha256.is_some() {
        return;
    }
    let stored = std::fs::read_to_string(place(setup.data())).ok();
    let stored = stored.as_deref().map(str::trim).filter(|pin| !pin.is_empty()).map(str::to_owned);
    config.server_cert_sha256 = stored.or_else(|| setup.is_for(NAME).then(|| "00".repeat(32)));
}

/// What is told where no certificate is believed yet.
pub(crate) fn missing(trusts: bool) -> Option<ConfigFault> {
    (!trusts).then(|| {
        let what = "no certificate of the PAC server is believed yet";
        ConfigFault::new("pac.server_ca", what, "Run `astrow-pac certificate --trust`, or name one here")
    })
}

/// Does the verb.
///
/// # Errors
/// The server cannot be reached; the file cannot be written.
pub(crate) async fn run(arguments: &ArgMatches, config: &PacConfig, data: &Path) -> Result<Answer, Failure> {
    let (host, port) = (&config.server_address, config.server_port);
    let found = pac_oem::server_certificate(host, port, Duration::from_secs(config.connect_timeout_s.into())).await?;
    let names = if found.names.is_empty() { "none".to_owned() } else { found.names.join(", ") };
    let mut text = format!("{host}:{port} shows this certificate:\n");
    for (what, value) in [
        ("subject", &found.subject),
        ("issuer", &found.issuer),
        ("names", &names),
        ("valid from", &day(found.not_before)),
        ("valid until", &day(found.not_after)),
        ("SHA-256", &found.sha256.to_string()),
    ] {
        let _ = writeln!(text, "  {what:<12} {value}");
    }
    let trusted = arguments.get_flag("trust");
    let before = std::fs::read_to_string(place(data)).ok().map(|pin| pin.trim().to_owned());
    if let Some(before) = before.filter(|before| *before != found.sha256.to_string()) {
        let _ = writeln!(text, "  {:<12} {before}, which was stored before", "instead of");
    }
    let stored = if trusted { Some(store(data, &found.sha256.to_string(), &found.pem)?) } else { None };
    let _ = match &stored {
        Some(path) => {
            write!(text, "\nStored in {}; exactly this certificate is believed from the next start on.", path.display())
        }
        None => {
            write!(text, "\nNothing was stored. Compare the fingerprint at the PAC server, then run it with --trust.")
        }
    };
    let json = json!({
        "command": NAME,
        "subject": found.subject,
        "issuer": found.issuer,
        "names": found.names,
        "valid_from": found.not_before,
        "valid_until": found.not_after,
        "sha256": found.sha256.to_string(),
        "stored": stored,
    });
    Ok(Answer::new(text, json).ending(if trusted { Exit::Done } else { Exit::Open }))
}

fn day(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(|| "not said".to_owned(), |at| at.format("%Y-%m-%d").to_string())
}

/// The fingerprint alone is believed; the certificate lies beside it for people.
fn store(data: &Path, pin: &str, pem: &str) -> Result<PathBuf, Failure> {
    let path = place(data);
    let unwritable = |error: std::io::Error| Failure::new(format!("{} cannot be written: {error}", path.display()));
    std::fs::create_dir_all(data).map_err(unwritable)?;
    std::fs::write(path.with_extension("pem"), pem).map_err(unwritable)?;
    std::fs::write(&path, format!("{pin}\n")).map_err(unwritable)?;
    Ok(path.clone())
}

fn place(data: &Path) -> PathBuf {
    data.join("pac-certificate.sha256")
}
