//! Verbs that only this program has.

mod arguments;
mod check_reader;
mod choices;
mod look;
mod orders;
mod rooms;

use chrono::{DateTime, Utc};
use clap::ArgMatches;
use sync_service::{Answer, Desk, Failure};

use super::Parts;

/// Their places on the command line.
pub(super) fn commands() -> Vec<clap::Command> {
    let mut commands = look::commands();
    commands.extend(orders::commands());
    commands.push(choices::command());
    commands.push(rooms::command());
    commands.push(check_reader::command());
    commands
}

/// Does one of them.
pub(super) async fn perform(parts: &Parts, name: &str, arguments: &ArgMatches, desk: &Desk) -> Result<Answer, Failure> {
    let asked = Asked { arguments, zone: desk.setup().time_zone, now: parts.clock.now(), actor: desk.actor() };
    match name {
        "choices" => choices::show(parts).await,
        "rooms" => rooms::show(parts, &asked).await,
        "check-reader" => check_reader::show(parts, &asked, desk).await,
        "bookings" | "who-can-open" | "why" | "timeline" | "code-space" => look::show(parts, name, &asked).await,
        _ => orders::carry_out(parts, name, &asked).await,
    }
}

/// What was asked, by whom, when.
struct Asked<'a> {
    arguments: &'a ArgMatches,
    zone: chrono_tz::Tz,
    now: DateTime<Utc>,
    actor: &'a str,
}

impl Asked<'_> {
    fn text(&self, name: &str) -> &str {
        self.arguments.get_one::<String>(name).map_or("", String::as_str)
    }

    /// An instant of the command line, in the site's zone; `None` if it was not given.
    fn time(&self, name: &str) -> Result<Option<DateTime<Utc>>, Failure> {
        let Some(text) = self.arguments.get_one::<String>(name) else { return Ok(None) };
        arguments::instant(text, self.zone, self.now).map(Some)
    }

    fn local(&self, at: DateTime<Utc>) -> String {
        at.with_timezone(&self.zone).format("%Y-%m-%d %H:%M").to_string()
    }
}
