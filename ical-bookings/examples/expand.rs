//! Prints the bookings of an iCalendar file: one JSON object a line, then the problems, then a summary.
//!
//! `cargo run -p ical-bookings --example expand -- feed.ics --from 2026-06-01 --to 2026-07-01 --zone Europe/Amsterdam`

use std::error::Error;
use std::io::{BufWriter, Write, stdout};
use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use clap::Parser;
use ical_bookings::{Booking, Dialect, Options, Problem, Snapshot, Window, read};
use serde_json::{Value, json};

/// Shows what a feed says.
#[derive(Parser)]
struct Arguments {
    /// The file; `-` reads standard input.
    file: PathBuf,
    /// Begin of the window: a date or an RFC 3339 time.
    #[arg(long, value_parser = instant)]
    from: DateTime<Utc>,
    /// End of the window, not part of it.
    #[arg(long, value_parser = instant)]
    to: DateTime<Utc>,
    /// Zone of days and of times that have none.
    #[arg(long)]
    zone: Option<Tz>,
    /// type1, type2-template, type2-escaped or generic; found out if not given.
    #[arg(long)]
    dialect: Option<Dialect>,
    /// A resource by its name; may be repeated.
    #[arg(long)]
    resource: Vec<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let body = if arguments.file.as_os_str() == "-" {
        let mut body = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut body)?;
        body
    } else {
        std::fs::read(&arguments.file)?
    };
    let mut options = Options::new(Window::new(arguments.from, arguments.to));
    options.zone = arguments.zone;
    options.dialect = arguments.dialect;
    options.resources = arguments.resource;
    let snapshot = read(&body, &options)?;
    let mut out = BufWriter::new(stdout().lock());
    print(&snapshot, &mut out)?;
    out.flush()?;
    Ok(())
}

fn print(snapshot: &Snapshot, out: &mut impl Write) -> std::io::Result<()> {
    for booking in &snapshot.bookings {
        writeln!(out, "{}", booking_line(booking))?;
    }
    for problem in &snapshot.problems {
        writeln!(out, "{}", problem_line(problem))?;
    }
    let summary = json!({
        "bookings": snapshot.bookings.len(),
        "problems": snapshot.problems_total,
        "complete": snapshot.complete,
        "dialect": snapshot.dialect.as_str(),
    });
    writeln!(out, "{summary}")
}

fn booking_line(booking: &Booking) -> Value {
    let people = booking
        .people
        .iter()
        .map(|person| json!({ "email": person.email, "name": person.name, "role": person.role.as_str() }));
    json!({
        "uid": *booking.uid,
        "instance": booking.instance.map(text),
        "start": text(booking.start),
        "end": text(booking.end),
        "people": people.collect::<Vec<_>>(),
        "resources": *booking.resources,
        "status": booking.status.as_str(),
        "all_day": booking.all_day,
        "summary": booking.summary.as_deref(),
        "held": booking.held,
    })
}

fn problem_line(problem: &Problem) -> Value {
    json!({ "kind": problem.kind.as_str(), "uid": problem.uid, "line": problem.line, "text": problem.text })
}

fn text(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok(day.and_time(NaiveTime::MIN).and_utc());
    }
    DateTime::parse_from_rfc3339(text)
        .map(|instant| instant.to_utc())
        .map_err(|_| "a date or an RFC 3339 time".to_owned())
}
