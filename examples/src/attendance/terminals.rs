//! The verb `terminals`: doors that arrived, and what the administrator makes of them.

use std::str::FromStr as _;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone as _, Utc};
use chrono_tz::Tz;
use clap::{Arg, ArgAction, ArgMatches, Command};
use comfy_table::{Table, presets};
use serde_json::{Value, json};
use sync_service::{Answer, Failure};
use timeware_model::{Store, Terminal, TerminalChange, TerminalDirection, TerminalKind, TerminalRole};

/// The verb's place on the command line.
pub(super) fn command(devices: &str) -> Command {
    let set = Command::new("set")
        .about("Sets kind, direction, suspension, and from what time on events count")
        .arg(Arg::new("terminal").required(true).help("Number or name of the terminal, or `all`"))
        .arg(Arg::new("kind").long("kind").value_name("KIND").help("attendance, access, fire_alarm or muster"))
        .arg(Arg::new("direction").long("direction").value_name("WAY").help("in, out, both or unknown"))
        .arg(
            Arg::new("release")
                .long("release")
                .action(ArgAction::SetTrue)
                .conflicts_with("suspend")
                .help("Takes it into service; say from when with --from"),
        )
        .arg(Arg::new("suspend").long("suspend").action(ArgAction::SetTrue).help("Takes it out of service"))
        .arg(
            Arg::new("from")
                .long("from")
                .value_name("WHEN")
                .help("From when on its events count: `now`, a day (2026-03-02) or a local time (2026-03-02T08:00)"),
        )
        .arg(
            Arg::new("roll-call")
                .long("roll-call")
                .value_name("on|off")
                .help("Whether it keeps the last place of people"),
        );
    Command::new("terminals")
        .about(format!("Lists the {devices} that arrived; `terminals set` releases those that count"))
        .long_about(format!(
            "All {devices} arrive as suspended terminals and give nothing. Release those at which people clock in as \
             `attendance`; release others as `access` if their passages should be recorded. What was set at a screen of \
             timeware itself is read and respected."
        ))
        .subcommand(set)
}

/// Does the verb. Local times are of timeware's zone.
///
/// # Errors
/// No such terminal; a kind, direction or time that is none; the store.
pub(super) async fn run(arguments: &ArgMatches, store: &dyn Store, now: DateTime<Utc>) -> Result<Answer, Failure> {
    let zone = store.settings().time_zone();
    if let Some(("set", set)) = arguments.subcommand() {
        let change = Change::from_arguments(set, zone, now)?;
        let wanted = set.get_one::<String>("terminal").map_or("", String::as_str);
        for terminal in choose(store, wanted).await? {
            store.set_terminal(terminal.id, &change.for_terminal(&terminal, now)).await?;
        }
    }
    list(store).await
}

async fn list(store: &dyn Store) -> Result<Answer, Failure> {
    let terminals = store.terminals(None).await?;
    let suspended = terminals.iter().filter(|terminal| terminal.suspended).count();
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header(["number", "terminal", "kind", "direction", "state", "events count from"]);
    for terminal in &terminals {
        table.add_row(cells(terminal));
    }
    let text = format!("{table}\n{} terminals, {suspended} of them suspended", terminals.len());
    let json = json!({
        "terminals": terminals.iter().map(as_json).collect::<Vec<_>>(),
        "suspended": suspended,
    });
    Ok(Answer::new(text, json))
}

fn cells(terminal: &Terminal) -> [String; 6] {
    let from = terminal.take_from.map(|at| at.with_timezone(&terminal.time_zone).format("%Y-%m-%d %H:%M").to_string());
    [
        terminal.number.to_string(),
        terminal.description.clone(),
        kind(terminal),
        direction(terminal.direction).to_owned(),
        if terminal.suspended { "suspended".to_owned() } else { "in service".to_owned() },
        from.unwrap_or_default(),
    ]
}

fn as_json(terminal: &Terminal) -> Value {
    json!({
        "id": terminal.id.get(),
        "number": terminal.number,
        "name": terminal.description,
        "kind": kind(terminal),
        "direction": direction(terminal.direction),
        "suspended": terminal.suspended,
        "take_from": terminal.take_from,
        "roll_call": terminal.roll_call,
    })
}

fn kind(terminal: &Terminal) -> String {
    match (terminal.kind, terminal.role) {
        (TerminalKind::Unknown(code), _) => format!("unknown ({code})"),
        (_, role) => role.to_string(),
    }
}

fn direction(direction: TerminalDirection) -> &'static str {
    match direction {
        TerminalDirection::In => "in",
        TerminalDirection::Out => "out",
        TerminalDirection::Both => "both",
        _ => "unknown",
    }
}

async fn choose(store: &dyn Store, wanted: &str) -> Result<Vec<Terminal>, Failure> {
    let terminals = store.terminals(None).await?;
    if wanted == "all" {
        return Ok(terminals);
    }
    let number = i64::from_str(wanted).ok();
    let named = |terminal: &Terminal| {
        number == Some(terminal.number) || terminal.description.to_lowercase() == wanted.to_lowercase()
    };
    let chosen: Vec<Terminal> = terminals.into_iter().filter(named).collect();
    match chosen.len() {
        1 => Ok(chosen),
        0 => Err(Failure::new(format!("there is no terminal {wanted:?}")).with_remedy("`terminals` lists them all")),
        _ => Err(Failure::new(format!("several terminals are called {wanted:?}")).with_remedy("Use its number")),
    }
}

/// What is asked for on the command line.
struct Change {
    role: Option<TerminalRole>,
    direction: Option<TerminalDirection>,
    suspended: Option<bool>,
    from: Option<DateTime<Utc>>,
    roll_call: Option<bool>,
}

impl Change {
    fn from_arguments(arguments: &ArgMatches, zone: Tz, now: DateTime<Utc>) -> Result<Self, Failure> {
        let text = |name: &str| arguments.get_one::<String>(name).map(String::as_str);
        let flag = |name: &str| arguments.get_flag(name);
        let suspended = match (flag("release"), flag("suspend")) {
            (true, _) => Some(false),
            (_, true) => Some(true),
            _ => None,
        };
        Ok(Self {
            role: text("kind").map(TerminalRole::from_str).transpose()?,
            direction: text("direction").map(way).transpose()?,
            suspended,
            from: text("from").map(|text| instant(text, zone, now)).transpose()?,
            roll_call: text("roll-call").map(on_or_off).transpose()?,
        })
    }

    /// Releasing without a time means from now on.
    fn for_terminal(&self, terminal: &Terminal, now: DateTime<Utc>) -> TerminalChange {
        let mut change = TerminalChange::default();
        change.suspended = self.suspended;
        change.role = self.role;
        change.kind = self.role.map(|role| match role {
            TerminalRole::Attendance => TerminalKind::Attendance,
            TerminalRole::FireAlarm => TerminalKind::FireAlarm,
            _ => TerminalKind::Access,
        });
        change.direction = self.direction;
        change.roll_call = self.roll_call;
        let released = self.suspended == Some(false) && terminal.suspended;
        if let Some(from) = self.from.or(released.then_some(now)) {
            change.take_from = Some(from).into();
        }
        change
    }
}

fn way(text: &str) -> Result<TerminalDirection, Failure> {
    match text {
        "in" => Ok(TerminalDirection::In),
        "out" => Ok(TerminalDirection::Out),
        "both" => Ok(TerminalDirection::Both),
        "unknown" => Ok(TerminalDirection::Unknown),
        other => Err(Failure::new(format!("{other:?} is no direction")).with_remedy("Use in, out, both or unknown")),
    }
}

fn on_or_off(text: &str) -> Result<bool, Failure> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        other => Err(Failure::new(format!("{other:?} is neither on nor off"))),
    }
}

fn instant(text: &str, zone: Tz, now: DateTime<Utc>) -> Result<DateTime<Utc>, Failure> {
    if text == "now" {
        return Ok(now);
    }
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Ok(instant.to_utc());
    }
    let midnight = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0);
    let local = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .or_else(midnight);
    local.and_then(|local| zone.from_local_datetime(&local).earliest()).map(|at| at.to_utc()).ok_or_else(|| {
        Failure::new(format!("{text:?} is no time of {zone}")).with_remedy("Write it like 2026-03-02T08:00, or `now`")
    })
}
