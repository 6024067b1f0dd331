//! Verbs that look: who is where when, who can open a door, why somebody cannot.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use booking_access::codes::CodeSpace;
use booking_access::{BookingLine, Chain, LineState, LinkState};
use chrono::Duration;
use clap::{Arg, Command};
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::json;
use sync_core::connector::DoorSystem as _;
use sync_service::{Answer, Exit, Failure};

use super::Asked;
use crate::booking_server::Parts;

pub(super) fn commands() -> Vec<Command> {
    let at = || Arg::new("at").long("at").value_name("TIME");
    vec![
        Command::new("bookings")
            .about("Lists bookings: who, where, when with graces, doors, how it stands, and why")
            .arg(Arg::new("all").long("all").num_args(0).help("With those that ended or were called off")),
        Command::new("who-can-open")
            .about("Lists everybody whom this service lets through a door")
            .arg(Arg::new("door").required(true).help("Serial number of the door"))
            .arg(at().help("When; now if left out. A time to come tells what is planned")),
        Command::new("why")
            .about("Tells why somebody can or cannot get in: the chain from booking to door")
            .arg(Arg::new("person").required(true).value_name("ADDRESS").help("Mail address, or part of a name")),
        Command::new("timeline")
            .about("Shows a day: what was booked, and who could open which door as Net2 confirmed it")
            .arg(Arg::new("day").long("day").value_name("DAY").help("Which day; today if left out"))
            .arg(Arg::new("svg").long("svg").value_name("FILE").help("Draws it into this file")),
        Command::new("code-space").about("Shows how full the range of codes is, and how hard one is to guess"),
    ]
}

pub(super) async fn show(parts: &Parts, name: &str, asked: &Asked<'_>) -> Result<Answer, Failure> {
    match name {
        "bookings" => bookings(parts, asked),
        "who-can-open" => who_can_open(parts, asked),
        "why" => why(parts, asked),
        "timeline" => timeline(parts, asked),
        _ => code_space(parts).await,
    }
}

fn bookings(parts: &Parts, asked: &Asked<'_>) -> Result<Answer, Failure> {
    let table = parts.access.table(asked.now)?;
    let all = asked.arguments.get_flag("all");
    let over = |line: &&BookingLine| matches!(line.state, LineState::Ended | LineState::Cancelled);
    let lines: Vec<_> = table.lines.iter().filter(|line| all || !over(line)).collect();
    let mut shown = plain(&["who", "where", "doors open", "doors close", "doors", "state", "why"]);
    for line in &lines {
        shown.add_row([
            line.people.join(", "),
            joined(&line.resources),
            asked.local(line.opens),
            asked.local(line.closes),
            joined(&line.doors),
            state(line.state).to_owned(),
            line.why.clone(),
        ]);
    }
    let mut text = format!("{shown}\n{} bookings\n", lines.len());
    for problem in &table.unreadable {
        let _ = writeln!(text, "Not readable: {} ({}). {}", problem.words, problem.subject, problem.remedy);
    }
    let json = json!({"command": "bookings", "bookings": lines, "unreadable": table.unreadable});
    Ok(Answer::new(text, json))
}

fn who_can_open(parts: &Parts, asked: &Asked<'_>) -> Result<Answer, Failure> {
    let door = asked.text("door").trim_start_matches("ACU:");
    let at = asked.time("at")?.unwrap_or(asked.now);
    let openers = parts.access.who_can_open(door, at, asked.now)?;
    let mut shown = plain(&["who", "address", "booked", "from", "until", "confirmed"]);
    for opener in &openers {
        let local = |at: Option<_>| at.map_or(String::new(), |at| asked.local(at));
        shown.add_row([
            opener.name.clone(),
            opener.address.clone(),
            opener.resources.join(", "),
            local(opener.from),
            local(opener.until),
            if opener.confirmed { "by Net2".to_owned() } else { "planned".to_owned() },
        ]);
    }
    let text = format!("Door {door} at {}:\n{shown}\n{} people\n", asked.local(at), openers.len());
    let note = "Staff and everybody else whom this service does not own are not in this list.";
    let json = json!({"command": "who-can-open", "door": door, "at": at, "people": openers});
    Ok(Answer::new(format!("{text}{note}"), json))
}

fn why(parts: &Parts, asked: &Asked<'_>) -> Result<Answer, Failure> {
    let chain = parts.access.why(asked.text("person"), asked.now)?;
    let json = json!({"command": "why", "chain": chain});
    Ok(Answer::new(told(&chain), json).ending(if chain.first_broken.is_some() { Exit::Open } else { Exit::Done }))
}

fn told(chain: &Chain) -> String {
    let mut text = format!("{}\n", chain.person);
    for (position, link) in chain.links.iter().enumerate() {
        let sign = match link.state {
            LinkState::Holds => "ok     ",
            LinkState::NotYet => "not yet",
            LinkState::Broken => "BROKEN ",
            _ => "?      ",
        };
        let here = if chain.first_broken == Some(position) { "  <- here" } else { "" };
        let _ = writeln!(text, "  {sign}  {:<8} {}{here}", link.what, link.words);
    }
    if !chain.meant.is_empty() {
        let _ = writeln!(text, "Did you mean: {}?", chain.meant.join(", "));
    }
    text
}

fn timeline(parts: &Parts, asked: &Asked<'_>) -> Result<Answer, Failure> {
    let day = asked.time("day")?.unwrap_or(asked.now).with_timezone(&asked.zone).date_naive();
    let from = super::arguments::instant(&day.to_string(), asked.zone, asked.now)?;
    let timeline = parts.access.timeline(from, from + Duration::days(1))?;
    let mut shown = plain(&["door or room", "who", "from", "to"]);
    for (kind, bars) in [("", &timeline.bookings), ("door ", &timeline.rights)] {
        for bar in bars {
            let to = bar.to.map_or("…".to_owned(), |to| asked.local(to));
            let note = if bar.cancelled { " (called off)" } else { "" };
            shown.add_row([format!("{kind}{}{note}", bar.lane), bar.name.clone(), asked.local(bar.from), to]);
        }
    }
    let mut text = format!("{shown}\n");
    if let Some(file) = asked.arguments.get_one::<String>("svg") {
        fs::write(file, timeline.svg(&BTreeMap::new()))
            .map_err(|error| Failure::new(format!("{file} cannot be written: {error}")))?;
        let _ = writeln!(text, "Drawn into {file}");
    }
    Ok(Answer::new(text, json!({"command": "timeline", "timeline": timeline})))
}

async fn code_space(parts: &Parts) -> Result<Answer, Failure> {
    let in_use = parts.net2.codes().await?;
    let Some(space) = parts.access.code_space(&in_use)? else {
        let text = "No codes are made here: bookers use a card that staff hand out.";
        return Ok(Answer::new(text, json!({"command": "code-space", "space": null})));
    };
    let warnings = space.warnings();
    let mut text = space_told(&space);
    for warning in &warnings {
        let _ = writeln!(text, "Note: {warning}");
    }
    Ok(Answer::new(text, json!({"command": "code-space", "space": space, "warnings": warnings})))
}

fn space_told(space: &CodeSpace) -> String {
    let even = space.guesses_for_even_chance.map_or("-".to_owned(), |guesses| guesses.to_string());
    format!(
        "{} codes may be chosen; {} are in use here, {} by others, {} rest; {} people are expected.\n\
         One guess opens a door with a chance of {:.5} %; an even chance takes {even} guesses.\n",
        space.size,
        space.live,
        space.foreign,
        space.resting,
        space.expected,
        space.one_guess * 100.0
    )
}

fn plain(head: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(head.to_vec());
    table
}

fn joined<'a>(texts: impl IntoIterator<Item = &'a String>) -> String {
    texts.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn state(state: LineState) -> &'static str {
    match state {
        LineState::Planned => "planned",
        LineState::Granted => "granted",
        LineState::Waiting => "waiting",
        LineState::Ended => "ended",
        LineState::Cancelled => "called off",
        LineState::Tentative => "tentative",
        LineState::Doubtful => "doubtful",
        _ => "empty",
    }
}
