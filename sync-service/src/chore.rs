//! Work of a program besides its links: reading what they are made from, telling people afterwards.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;

use crate::cycle::{chore_key, store_run};
use crate::report::{Report, Trouble};
use crate::{Desk, Failure};

/// Work of a program besides its links.
///
/// `apply` and `run --once` do it once, before or after the links. The service does it once at its start, and then
/// whenever [`Chore::next`] says so, beside the schedule of the links.
#[async_trait]
pub trait Chore: Send + Sync + fmt::Debug {
    /// What it is called in reports, status and log, such as `feed main-hall`.
    fn name(&self) -> &str;

    /// Its place around the links.
    fn stage(&self) -> Stage;

    /// Whether it changes nothing outside, so that `plan` does it too.
    fn reads_only(&self) -> bool {
        false
    }

    /// Ends when the service should do it again: an interval is over, a boundary has come, something was noticed. It is
    /// dropped when the service stops, and asked afresh after each run.
    async fn next(&self, desk: &Desk);

    /// The longest time until it is tried again where it fails.
    fn longest_pause(&self) -> Duration {
        Duration::from_mins(15)
    }

    /// Does it once.
    ///
    /// # Errors
    /// Whatever keeps all of it from being done; the service tries again with growing distance. What went wrong with a
    /// part of it belongs into [`ChoreReport::troubles`].
    async fn run(&self, desk: &Desk) -> Result<ChoreReport, Failure>;
}

/// The place of a chore around the links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a thing is before, after or beside another")]
pub enum Stage {
    /// Reads what links are made from.
    BeforeLinks,
    /// Tells people afterwards.
    AfterLinks,
    /// Has nothing to do with links: the service does it at once, however long their first run takes.
    Beside,
}

/// What a chore did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "programs write it as a literal")]
pub struct ChoreReport {
    /// Numbers by name. Numbers of the same name are added up over all chores, and stand at the top of the JSON object.
    pub counts: BTreeMap<String, u64>,
    /// What people are told, a sentence each.
    pub said: Vec<String>,
    /// What failed.
    pub troubles: Vec<Trouble>,
    /// What somebody should know.
    pub warnings: Vec<String>,
}

impl ChoreReport {
    /// Adds to a number.
    pub fn count(&mut self, name: &str, more: u64) {
        *self.counts.entry(name.to_owned()).or_default() += more;
    }
}

/// Does the chores of a stage one after the other, into the report of a command.
pub(crate) async fn do_all(
    chores: &[Arc<dyn Chore>],
    stage: Stage,
    reads_only: bool,
    desk: &Desk,
    report: &mut Report,
) -> Result<(), Failure> {
    for chore in chores.iter().filter(|chore| chore.stage() == stage && (!reads_only || chore.reads_only())) {
        match do_one(&**chore, desk).await? {
            Ok(done) => report.add_chore(done),
            Err(failure) => report.fail(chore.name(), failure.message(), failure.remedy().map(str::to_owned)),
        }
    }
    Ok(())
}

/// Does a chore once, logs it and stores how it went.
///
/// # Errors
/// The outer one is the journal's; the inner one is the chore's own.
pub(crate) async fn do_one(chore: &dyn Chore, desk: &Desk) -> Result<Result<ChoreReport, Failure>, Failure> {
    let begun = desk.clock().uptime();
    let done = chore.run(desk).await;
    let seconds = desk.clock().uptime().saturating_sub(begun).as_secs_f64();
    log(chore, &done, seconds);
    let (good, kept) = match &done {
        Ok(report) => (report.troubles.is_empty(), json!({"counts": report.counts, "troubles": report.troubles})),
        Err(failure) => (false, json!({"error": failure.message(), "remedy": failure.remedy()})),
    };
    store_run(desk, chore_key(chore), good, seconds, kept).await?;
    Ok(done)
}

/// No sentence of a report: it may name people.
fn log(chore: &dyn Chore, done: &Result<ChoreReport, Failure>, seconds: f64) {
    let name = chore.name();
    match done {
        Err(failure) => tracing::error!(chore = name, seconds, "failed: {}", failure.message()),
        Ok(report) => {
            for trouble in &report.troubles {
                tracing::error!(chore = name, what = trouble.what, "{}", trouble.error);
            }
            let counts: Vec<String> =
                report.counts.iter().filter(|(_, n)| **n > 0).map(|(name, n)| format!("{name}={n}")).collect();
            if counts.is_empty() {
                tracing::debug!(chore = name, seconds, "done");
            } else {
                tracing::info!(chore = name, seconds, "{}", counts.join(" "));
            }
        }
    }
}
