//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::Program;

/// Keeps two systems in agreement.
#[derive(Debug, Parser)]
#[command(subcommand_required = true, arg_required_else_help = true)]
struct Arguments {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    verb: Verb,
}

/// Options that go with every verb.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Options {
    /// The configuration file [default: named like this program, in the current folder]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where state is kept, instead of the folder that the configuration names
    #[arg(long, global = true, value_name = "DIR", conflicts_with = "demo")]
    pub(crate) data: Option<PathBuf>,
    /// Print one line of JSON for programs instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Try it without any set-up: a made-up world in this program, fresh each time
    #[arg(long, global = true, conflicts_with = "config")]
    pub(crate) demo: bool,
    /// Who gives this order, for the audit trail [default: your user name]
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) by: Option<String>,
}

/// The shared verbs.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Verb {
    /// Write a commented configuration file to start from
    Init,
    /// Read the configuration and name every fault; connects to nothing
    Check,
    /// Test the connection to each system step by step; says what is wrong and what to do
    Test,
    /// Show what would be done, for whom, and why; changes nothing anywhere
    Plan,
    /// Do it: plan afresh, carry out what is allowed or approved, then check the result
    Apply(Apply),
    /// Keep everything in agreement until told to stop
    Run(Run),
    /// Show how things stand: last runs, what waits, what is held; works while the service runs
    Status,
    /// Tell all that is known about one record
    Explain(Explain),
    /// Approve a plan that asks for it, by the hash that `plan` shows
    Approve(Approve),
    /// Let go of a record that is held, or confirm that a system was replaced
    Release(Release),
    /// Process events again that were rejected, held or left in doubt
    Resend(Resend),
    /// Show what was changed, by whom and why, newest first
    Log(Log),
    /// Print the JSON Schema of the configuration
    #[command(hide = true)]
    Schema,
}

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Apply {
    /// Approve the plan with this hash (its first 12 or more characters); may be given more than once
    #[arg(long, value_name = "HASH")]
    pub(crate) approve: Vec<String>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Run {
    /// One cycle of everything, then a report and the end
    #[arg(long)]
    pub(crate) once: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Explain {
    /// Id of the record at either side, such as 42, or with its kind, such as person/42
    pub(crate) key: String,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Approve {
    /// The hash that `plan` shows; its first 12 or more characters will do
    pub(crate) hash: String,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Release {
    /// Id of the held record at either side, such as 42 or person/42; or the word `identity`
    pub(crate) key: String,
    /// After `identity`: name of the system that was replaced on purpose
    pub(crate) endpoint: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Resend {
    /// Numbers of the events, as reports show them: 52318, or with the system that they come from
    pub(crate) events: Vec<String>,
    /// All events in this state
    #[arg(long, value_name = "STATE", value_parser = ["rejected", "held", "doubtful"], conflicts_with = "events")]
    pub(crate) all: Option<String>,
    /// Why, for the audit trail
    #[arg(long, value_name = "REASON")]
    pub(crate) because: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Log {
    /// Only what was done to the record with this id
    #[arg(long, value_name = "ID")]
    pub(crate) record: Option<String>,
    /// How many entries
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub(crate) limit: usize,
}

/// What was asked for.
#[derive(Debug)]
pub(crate) enum Asked {
    Shared(Options, Verb),
    Own(Options, String, clap::ArgMatches),
}

/// Reads the command line.
pub(crate) fn read<P: Program>(arguments: impl IntoIterator<Item = OsString>) -> Result<Asked, clap::Error> {
    let matches = command::<P>().try_get_matches_from(arguments)?;
    let options = Options::from_arg_matches(&matches)?;
    match matches.subcommand() {
        Some((name, own)) if P::verbs().iter().any(|verb| verb.get_name() == name) => {
            Ok(Asked::Own(options, name.to_owned(), own.clone()))
        }
        _ => Ok(Asked::Shared(options, Verb::from_arg_matches(&matches)?)),
    }
}

/// A verb of the program takes the place of a shared one of the same name.
fn command<P: Program>() -> clap::Command {
    let mut command = Arguments::command();
    for own in P::verbs() {
        let name = own.get_name().to_owned();
        let shared = command.find_subcommand(&name).is_some();
        command = if shared { command.mut_subcommand(name, |_| own) } else { command.subcommand(own) };
    }
    command.name(P::NAME).about(P::ABOUT).version(P::VERSION).max_term_width(100).after_help(
        "Exit codes: 0 nothing left to do, 2 something to do or to approve, 1 failure or stopped by a guard.",
    )
}
