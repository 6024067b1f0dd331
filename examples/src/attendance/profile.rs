//! The verb `profile`: is a profile file sound, and what does it make of answers that somebody saved?

use std::fmt::Write as _;
use std::path::Path;

use clap::{Arg, ArgAction, ArgMatches, Command};
use comfy_table::{Table, presets};
use connector_http::profile::{InvalidProfile, Profile, Sample};
use serde_json::{Value, json};
use sync_service::{Answer, Exit, Failure, FileFault, Setup};

/// How a client reads a profile file: its text and its name.
pub(crate) type Parse = fn(&str, &str) -> Result<Profile, InvalidProfile>;

/// A profile file is named relative to the configuration, as every file is.
pub(crate) fn resolve(profile: &mut String, setup: &Setup) {
    if profile != "builtin" {
        *profile = setup.path(Path::new(profile.as_str())).display().to_string();
    }
}

/// The verb's place on the command line.
pub(crate) fn command() -> Command {
    let check = Command::new("check")
        .about("Reads a profile file and names every fault with its line; with samples, shows what it makes of them")
        .arg(Arg::new("file").required(true).value_name("FILE").help("The profile file"))
        .arg(Arg::new("sample").long("sample").value_name("[OBJECT=]FILE").action(ArgAction::Append).help(
            "An answer of the server, saved as JSON; the object is taken from the file's name, such as badges.json",
        ));
    Command::new("profile")
        .about("Looks at a profile file: the paths, names and values of a server that are not the built-in ones")
        .long_about(
            "The interface is the vendor's, and its description is for licensees. A profile file says where its paths, \
             names and values differ from the built-in ones, without a new program. `profile builtin` prints all that can be \
             said; `profile check` reads a file without any server.",
        )
        .subcommand_required(true)
        .subcommand(check)
        .subcommand(Command::new("builtin").about("Prints the built-in profile, to start a file from"))
}

/// Does the verb. Nothing but the named files is looked at.
///
/// # Errors
/// A file cannot be read; the profile has faults; a sample is of no known object.
pub(crate) fn run(arguments: &ArgMatches, built_in: &str, parse: Parse) -> Result<Answer, Failure> {
    match arguments.subcommand() {
        Some(("check", check)) => {
            let file = check.get_one::<String>("file").map_or("", String::as_str);
            let samples: Vec<&str> =
                check.get_many::<String>("sample").into_iter().flatten().map(String::as_str).collect();
            look(file, &samples, parse)
        }
        _ => Ok(Answer::new(built_in, json!({"command": "profile", "builtin": built_in}))),
    }
}

fn look(file: &str, samples: &[&str], parse: Parse) -> Result<Answer, Failure> {
    let profile = parse(&text_of(file)?, file).map_err(|invalid| faulty(file, &invalid))?;
    let mut text = format!("{file} is in order.\n");
    let mut all = Vec::new();
    let mut sound = true;
    for sample in samples {
        let (object, path) = named(&profile, sample)?;
        let answer: Value = serde_json::from_str(&text_of(path)?).map_err(|error| {
            Failure::new(format!("{path} is no JSON: {error}")).with_remedy("Save the answer's body as it came")
        })?;
        let found = profile.sample(object, &answer);
        sound &= found.faults.is_empty() && found.items > 0;
        text.push_str(&shown(object, path, &found));
        all.push(as_json(object, path, &found));
    }
    let json = json!({"command": "profile", "file": file, "sound": sound, "samples": all});
    Ok(Answer::new(text, json).ending(if sound { Exit::Done } else { Exit::Failed }))
}

fn text_of(path: &str) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| Failure::new(format!("{path} cannot be read: {error}")))
}

fn faulty(file: &str, invalid: &InvalidProfile) -> Failure {
    let faults = invalid.faults().iter().map(|fault| FileFault {
        file: file.into(),
        line: fault.line.unwrap_or(1),
        what: format!("{}: {}", fault.place, fault.reason),
        remedy: fault.remedy.clone(),
    });
    Failure::of_files(format!("{file} has faults"), faults.collect())
}

/// `OBJECT=FILE`, or a file whose name says the object.
fn named<'a>(profile: &'a Profile, sample: &'a str) -> Result<(&'a str, &'a str), Failure> {
    let (name, path) = match sample.split_once('=') {
        Some((object, path)) => (object, path),
        None => (Path::new(sample).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default(), sample),
    };
    profile.object_of(name).map(|object| (object, path)).ok_or_else(|| {
        let known: Vec<&str> = profile.objects().collect();
        Failure::new(format!("{name:?} is no object of the profile"))
            .with_remedy(format!("Write --sample OBJECT=FILE with one of: {}", known.join(", ")))
    })
}

fn shown(object: &str, path: &str, found: &Sample) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header(["#", "name", "where", "read as"]);
    for row in &found.rows {
        table.add_row([row.item.to_string(), row.name.clone(), row.pointer.clone(), row.text.clone()]);
    }
    let mut text = format!("\n{path}: {} of {object}\n{table}\n", found.items);
    for fault in &found.faults {
        let _ = writeln!(text, "Fault: {fault}");
    }
    text
}

fn as_json(object: &str, path: &str, found: &Sample) -> Value {
    let rows = found.rows.iter();
    let rows = rows.map(|row| json!({"item": row.item, "name": row.name, "pointer": row.pointer, "text": row.text}));
    let faults: Vec<String> = found.faults.iter().map(ToString::to_string).collect();
    json!({"object": object, "file": path, "items": found.items, "rows": rows.collect::<Vec<_>>(), "faults": faults})
}
