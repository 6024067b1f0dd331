//! `vendor-sim pac`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use vendor_sim::pac::{PacFolder, PacOptions, PacSim, Zone, write_key_file};

use super::Common;

/// A PAC Access Central server with the interface `oem1` of this project.
///
/// To play the site while it runs, use the control url that it prints; a GET of it lists the calls.
#[derive(Debug, Args)]
pub(crate) struct Pac {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a site in a folder: an authority, a server certificate, a small database.
    Init {
        /// The folder.
        folder: PathBuf,
    },
    /// Register or revoke a client of a site in a folder.
    #[command(subcommand)]
    Client(Client),
    /// Serve the site of a folder.
    Run(Box<Run>),
    /// Serve a fresh site with one client, for tests.
    ///
    /// Prints one line of JSON with host, port, ca, fingerprint, key (the key file of the client) and control url.
    Serve(Box<Serve>),
}

#[derive(Debug, Subcommand)]
enum Client {
    /// Register a client and write its key file.
    Add {
        /// Its name.
        name: String,
        /// The key file.
        #[arg(short, long, value_name = "FILE")]
        out: PathBuf,
        /// The folder of the site.
        #[arg(long, default_value = ".")]
        dir: PathBuf,
    },
    /// Disable a client.
    Revoke {
        /// Its name.
        name: String,
        /// The folder of the site.
        #[arg(long, default_value = ".")]
        dir: PathBuf,
    },
}

/// Options of `vendor-sim pac run`.
#[derive(Debug, Args)]
struct Run {
    /// The folder of the site.
    folder: PathBuf,
    /// Address to listen on; loopback only.
    #[arg(long, default_value = "127.0.0.1:18443", value_name = "ADDRESS")]
    listen: String,
    /// As many requests and writes a second as come; otherwise 50 and 10 in a session.
    #[arg(long)]
    no_rate_limit: bool,
    /// Also stop when standard input ends.
    #[arg(long)]
    stop_with_stdin: bool,
    #[command(flatten)]
    play: Play,
}

/// Options of `vendor-sim pac serve`.
#[derive(Debug, Args)]
struct Serve {
    #[command(flatten)]
    common: Common,
    /// How many persons there are.
    #[arg(long, default_value_t = 20, value_name = "N")]
    people: u32,
    /// How many events there are.
    #[arg(long, default_value_t = 0, value_name = "N")]
    events: u64,
    /// Name of the client.
    #[arg(long, default_value = "Head office bridge", value_name = "NAME")]
    client: String,
    #[command(flatten)]
    play: Play,
}

/// How the server is to behave.
#[derive(Debug, Args)]
struct Play {
    /// Hold every payload against the schema; needs xmllint.
    #[arg(long)]
    strict: bool,
    /// Speak TLS 1.2 and nothing newer.
    #[arg(long)]
    tls12: bool,
    /// A fault from the start on, as `drop-response=1` or `busy=2@PersonPut`; may be repeated.
    #[arg(long = "fault", value_name = "NAME=ARG")]
    faults: Vec<String>,
    /// A file with one fault a line; what follows # is a remark.
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
}

impl Pac {
    pub(crate) fn serve(self) -> anyhow::Result<()> {
        match self.what {
            What::Init { folder } => PacFolder::init(&folder).map(|_| ()),
            What::Client(Client::Add { name, out, dir }) => {
                write_key_file(&out, &PacFolder::open(&dir)?.add_client(&name)?)
            }
            What::Client(Client::Revoke { name, dir }) => PacFolder::open(&dir)?.revoke_client(&name),
            What::Run(run) => run.serve(),
            What::Serve(serve) => serve.serve(),
        }
    }
}

impl Run {
    fn serve(&self) -> anyhow::Result<()> {
        let mut options = PacSim::builder().listen(&self.listen).folder(&self.folder);
        if !self.no_rate_limit {
            options = options.rate(50, 10);
        }
        let sim = self.play.on(options)?.start_blocking()?;
        super::say(&line(&sim))?;
        super::wait(self.stop_with_stdin)?;
        sim.stop();
        Ok(())
    }
}

impl Serve {
    fn serve(&self) -> anyhow::Result<()> {
        let common = &self.common;
        let zone = Zone::named(&common.zone).with_context(|| format!("'{}' is not a time zone", common.zone))?;
        let mut options = PacSim::builder()
            .listen(&common.listen)
            .seed(common.seed)
            .frozen(common.frozen)
            .zone(zone)
            .people(self.people)
            .events(self.events);
        if let Some(now) = common.now {
            options = options.start_at(now);
        }
        if let Some((name, _)) = common.switches()?.first() {
            anyhow::bail!("'{name}' is not a switch; there is none");
        }
        let sim = self.play.on(options)?.start_blocking()?;
        let mut line = line(&sim);
        if let Some(line) = line.as_object_mut() {
            line.insert("key".to_owned(), sim.add_client(&self.client)?.into());
        }
        common.until_stopped(&line)?;
        sim.stop();
        Ok(())
    }
}

impl Play {
    fn on(&self, options: PacOptions) -> anyhow::Result<PacOptions> {
        let options = options.strict(self.strict).tls12(self.tls12);
        let scripted = self.script.as_deref().map(lines).transpose()?.unwrap_or_default();
        Ok(scripted.iter().chain(&self.faults).fold(options, |options, fault| options.fault(fault)))
    }
}

/// The faults in a file.
fn lines(path: &Path) -> anyhow::Result<Vec<String>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let plain = |line: &str| line.split('#').next().unwrap_or_default().trim().to_owned();
    Ok(text.lines().map(plain).filter(|line| !line.is_empty()).collect())
}

fn line(sim: &PacSim) -> serde_json::Value {
    serde_json::json!({
        "vendor": "pac",
        "interface": "oem1, a design of this project",
        "host": sim.host(),
        "port": sim.port(),
        "ca": sim.ca_pem(),
        "fingerprint": sim.server_fingerprint(),
        "control": sim.control_url(),
    })
}
