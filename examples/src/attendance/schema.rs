//! The verb `check-schema`: is the database what the settings say, and may the login do what it must?

use std::fmt::Write as _;

use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::json;
use sync_service::{Answer, Exit, Failure};
use timeware_model::StoreKind;

use super::store::Timeware;

/// The verb's place on the command line.
pub(super) fn command() -> Command {
    Command::new("check-schema")
        .about("Compares timeware's database on SQL Server with what the settings need; names missing columns and rights")
        .long_about(
            "Connects with the login of the settings, looks at every table and column that is read or written, and at the \
             login's rights. Nothing is written. Ends with the statements that give the login what it lacks, for the \
             administrator of the database. --make-own-tables then makes the few tables that are ours, once.",
        )
        .arg(
            Arg::new("make-own-tables")
                .long("make-own-tables")
                .action(ArgAction::SetTrue)
                .help("Makes the tables of ours that are missing; needs the right to create tables this once"),
        )
}

/// Does the verb.
///
/// # Errors
/// The database is embedded, or cannot be asked; something is missing.
pub(super) async fn run(arguments: &ArgMatches, timeware: &Timeware) -> Result<Answer, Failure> {
    if timeware.config.store != StoreKind::SqlServer {
        let text = "The embedded store makes its tables by itself; there is nothing to compare.\n";
        return Ok(Answer::new(text, json!({"command": "check-schema", "sound": true, "store": "embedded"})));
    }
    let mut made = Vec::new();
    if arguments.get_flag("make-own-tables") {
        made = timeware_model::create_own_tables(timeware.config.clone(), timeware.password.clone()).await?;
    }
    let report = timeware_model::check_schema(timeware.config.clone(), timeware.password.clone()).await?;
    let mut text = String::new();
    for table in &made {
        let _ = writeln!(text, "made {table}");
    }
    text.push_str(&report.to_string());
    let json = json!({"command": "check-schema", "sound": report.is_sound(), "made": made, "report": report});
    let answer = Answer::new(text, json);
    Ok(if report.is_sound() { answer } else { answer.ending(Exit::Failed) })
}
