//! Whether the clocks of the other systems go with ours: rights begin and end, and events are dated, by theirs.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sync_core::clock::Clock;
use sync_core::connector::{CheckReport, Endpoint};
use sync_core::journal::{Durability, Write};

use crate::{Desk, Failure};

/// Kind of the documents that name a clock that goes wrong, by endpoint.
const APART: &str = "clock";
/// Clocks may differ by so much.
const TOLERATED: TimeDelta = TimeDelta::seconds(60);
const REMEDY: &str = "Let both set their clocks by the same time server";

/// A clock that differs by too much, as it was last told of.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
struct Apart {
    /// Ahead of ours; less than 0 where it is behind.
    seconds: i64,
    since: DateTime<Utc>,
}

/// Looks at the clocks after a run. Tells the log when one begins to differ, differs otherwise, or is right again.
pub(crate) async fn look(desk: &Desk) -> Result<(), Failure> {
    for endpoint in &desk.installation().endpoints {
        let Some(ahead) = ahead(&**endpoint, desk.clock()) else { continue };
        let name = endpoint.name().as_str();
        let told = told(desk, name).await?;
        let write = match told {
            Some(told) if is_apart(ahead) && !is_apart(ahead - TimeDelta::seconds(told.seconds)) => continue,
            None if !is_apart(ahead) => continue,
            Some(_) if !is_apart(ahead) => {
                tracing::info!(endpoint = name, "its clock is right again");
                Write::Delete { kind: APART, key: name.to_owned() }
            }
            _ => {
                tracing::warn!(endpoint = name, seconds = ahead.num_seconds(), "{}", sentence(name, ahead));
                let since = told.map_or_else(|| desk.clock().now(), |told| told.since);
                let apart = Apart { seconds: ahead.num_seconds(), since };
                Write::Put { kind: APART, key: name.to_owned(), value: serde_json::to_value(apart)? }
            }
        };
        desk.journal().commit(Durability::D2, vec![write]).await?;
    }
    Ok(())
}

/// What somebody should know about the clocks, as the last runs found them.
pub(crate) async fn warnings(desk: &Desk) -> Result<Vec<String>, Failure> {
    let mut warnings = Vec::new();
    for endpoint in &desk.installation().endpoints {
        let name = endpoint.name().as_str();
        if let Some(Apart { seconds, since }) = told(desk, name).await? {
            let since = desk.setup().local(since);
            let ahead = TimeDelta::try_seconds(seconds).unwrap_or_default();
            warnings.push(format!("{} (since {since}). {REMEDY}", sentence(name, ahead)));
        }
    }
    Ok(warnings)
}

/// A step of the connection test, for a system that has just shown its time.
pub(crate) fn check(endpoint: &dyn Endpoint, clock: &dyn Clock, report: &mut CheckReport) {
    match ahead(endpoint, clock) {
        None => {}
        Some(ahead) if is_apart(ahead) => report.warning("clock", sentence(endpoint.name().as_str(), ahead), REMEDY),
        Some(ahead) if ahead.num_seconds() == 0 => report.passed("clock", "as ours"),
        Some(ahead) => report.passed("clock", compared(ahead)),
    }
}

fn ahead(endpoint: &dyn Endpoint, clock: &dyn Clock) -> Option<TimeDelta> {
    Some(endpoint.server_time()? - clock.now())
}

fn is_apart(ahead: TimeDelta) -> bool {
    ahead.abs() > TOLERATED
}

async fn told(desk: &Desk, name: &str) -> Result<Option<Apart>, Failure> {
    Ok(desk.journal().stored(APART, name).await?)
}

fn sentence(name: &str, ahead: TimeDelta) -> String {
    format!("the clock of {name} is {}: doors open and close at wrong times, events get wrong times", compared(ahead))
}

fn compared(ahead: TimeDelta) -> String {
    let side = if ahead < TimeDelta::zero() { "behind" } else { "ahead of" };
    let seconds = ahead.abs().num_seconds();
    let span = match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3_600),
    };
    format!("{span} {side} ours")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_tolerated_in_both_directions() {
        for (seconds, apart) in [(60, false), (-60, false), (61, true), (-61, true)] {
            assert_eq!(is_apart(TimeDelta::seconds(seconds)), apart, "{seconds}");
        }
    }

    #[test]
    fn a_difference_is_told_with_its_side() {
        for (seconds, told) in [
            (3, "3 s ahead of ours"),
            (-120, "2 min 0 s behind ours"),
            (7_260, "2 h 1 min ahead of ours"),
            (-90_000, "1 d 1 h behind ours"),
        ] {
            assert_eq!(compared(TimeDelta::seconds(seconds)), told);
        }
    }
}
