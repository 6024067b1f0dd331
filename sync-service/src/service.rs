//! `run`: every part on its own schedule, until told to stop.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::future::{BoxFuture, FutureExt as _, join_all};
use futures::stream::{BoxStream, StreamExt as _, select_all};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sync_core::events::EventLink;
use sync_core::journal::{Durability, Write};
use sync_core::reconcile::SyncLink;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, sleep_until};

use crate::cycle::{self, Health, Order};
use crate::desk::Part;
use crate::{Answer, Chore, Desk, Failure, Host, Program, Stage, chore, decisions};

const NEXT: &str = "next";
const SERVICE: &str = "service";
/// Least distance between two runs that hints ask for.
const HINT_MIN: Duration = Duration::from_secs(5);
/// Longest distance between two tries of what fails.
const LONGEST_BACKOFF: Duration = Duration::from_mins(15);
/// For how long the first run of links waits for chores that read what they are made from.
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// How often the service says that it is alive.
const BEAT: Duration = Duration::from_secs(30);

/// A part of the installation with a schedule of its own.
struct Job<'a> {
    name: String,
    interval: Duration,
    work: Work<'a>,
    hint: Option<&'a Notify>,
}

enum Work<'a> {
    /// Links that are run one after the other.
    Links(Vec<&'a dyn SyncLink>),
    Events(&'a EventLink),
}

/// Runs the service until it is told to stop.
pub(crate) async fn serve<P: Program>(
    program: &P,
    desk: &mut Desk,
    host: &mut Host,
    json: bool,
) -> Result<Answer, Failure> {
    desk.act_for_schedule();
    decisions::take_up(desk).await?;
    if desk.is_demo() {
        let first = cycle::everything(program, desk, &Order::default(), "run").await?;
        if !json {
            host.say(&first.text);
        }
    }
    if !json {
        let folder = desk.setup().logs.display();
        host.say(&format!("{} runs; its log is in {folder}. Ctrl-C stops it.", P::NAME));
    }
    tracing::info!("the service runs");
    let stop = std::mem::replace(&mut host.stop, futures::future::pending().boxed());
    let finished = work(desk, &program.chores(), program.hints(), stop).await;
    desk.journal().commit(Durability::D2, vec![Write::Delete { kind: SERVICE, key: "beat".to_owned() }]).await?;
    tracing::info!(finished, "the service stopped");
    let text = if finished { "Stopped." } else { "Stopped in the middle of a run; the next start goes on from there." };
    Ok(Answer::new(text, json!({"command": "run", "stopped": true, "finished": finished})))
}

/// Returns whether everything came to its end before the time for a stop was over.
async fn work(
    desk: &Desk,
    chores: &[Arc<dyn Chore>],
    hints: Vec<BoxStream<'static, ()>>,
    stop: BoxFuture<'static, ()>,
) -> bool {
    let hints_of_jobs: Vec<Notify> = desk.installation().events.iter().map(|_| Notify::new()).collect();
    let jobs = jobs(desk, &hints_of_jobs);
    let (stopping, stopped) = watch::channel(false);
    let count = |wanted: &dyn Fn(&Job<'_>) -> bool| jobs.iter().filter(|job| wanted(job)).count();
    let named = |part: Part| move |job: &Job<'_>| job.name == part_name(part);
    let read = Gate::of(chores.iter().filter(|chore| chore.stage() == Stage::BeforeLinks).count());
    let definitions = Gate::of(count(&named(Part::Definitions)));
    let links = Gate::of(count(&|job| matches!(job.work, Work::Links(_))));
    let loops = jobs.into_iter().map(|job| {
        let (stopped, people) = (stopped.clone(), job.name == part_name(Part::People));
        let mut opens = Vec::new();
        if matches!(job.work, Work::Links(_)) {
            opens.push(&links);
        }
        if job.name == part_name(Part::Definitions) {
            opens.push(&definitions);
        }
        let (read, definitions) = (&read, &definitions);
        let ready = async move {
            if let Work::Links(_) = job.work {
                // What is to be withdrawn by now must not wait for a source that hangs.
                let _ = tokio::time::timeout(LONGEST_WAIT, read.opened()).await;
            }
            if people {
                definitions.opened().await;
            }
            job
        };
        async move {
            let mut waits = stopped.clone();
            let job = tokio::select! {
                job = ready => Some(job),
                _ = waits.wait_for(|stopped| *stopped) => None,
            };
            if let Some(job) = job {
                job.keep_running(desk, stopped, &opens).await;
            }
        }
    });
    let chores = chores.iter().map(|chore| {
        let (opens, after) = match chore.stage() {
            Stage::BeforeLinks => (Some(&read), None),
            Stage::AfterLinks => (None, Some(&links)),
            Stage::Beside => (None, None),
        };
        keep_doing(&**chore, desk, stopped.clone(), after, opens)
    });
    let all = async { tokio::join!(join_all(loops), join_all(chores)) };
    tokio::pin!(all);
    let listen = listen(hints, &hints_of_jobs);
    let beat = keep_beating(desk);
    let helpers = async { tokio::join!(listen, beat) };
    tokio::pin!(helpers);
    tokio::select! {
        biased;
        () = stop => {}
        _ = &mut all => return true,
        _ = &mut helpers => {}
    }
    tracing::info!("asked to stop");
    let _ = stopping.send(true);
    desk.stop();
    tokio::select! {
        _ = &mut all => true,
        () = sleep(desk.setup().stop_within) => false,
    }
}

fn jobs<'a>(desk: &'a Desk, hints: &'a [Notify]) -> Vec<Job<'a>> {
    let schedule = desk.setup().schedule;
    let mut jobs = Vec::new();
    for part in [Part::Definitions, Part::People] {
        let links: Vec<&dyn SyncLink> = desk.links().into_iter().filter(|link| Part::of(*link) == part).collect();
        let distance = part.interval(schedule).get().filter(|_| !links.is_empty());
        if let Some(interval) = distance {
            jobs.push(Job { name: part_name(part), interval, work: Work::Links(links), hint: None });
        }
    }
    if let Some(interval) = schedule.events.get() {
        for (link, hint) in desk.installation().events.iter().zip(hints) {
            let name = cycle::events_key(link);
            jobs.push(Job { name, interval, work: Work::Events(link), hint: Some(hint) });
        }
    }
    jobs
}

impl Job<'_> {
    /// Runs at once and then by the schedule; a slow run delays the next, never overlaps it.
    async fn keep_running(self, desk: &Desk, mut stopped: watch::Receiver<bool>, opens: &[&Gate]) {
        let mut first = true;
        let mut failures = 0_u32;
        loop {
            let begun = Instant::now();
            // A store that fails is tried again like a system that fails; nothing happens that is not recorded.
            let health = self.run(desk, &stopped).await.unwrap_or_else(|failure| {
                tracing::error!(part = self.name, "{}", failure.message());
                Health::Failing
            });
            failures = if health == Health::Good { 0 } else { failures.saturating_add(1) };
            if std::mem::take(&mut first) {
                for gate in opens {
                    gate.one_less();
                }
            }
            let wait = self.distance(health, failures);
            self.note_next(desk, wait).await;
            tokio::select! {
                biased;
                _ = stopped.wait_for(|stopped| *stopped) => return,
                () = sleep(wait) => {}
                () = self.hinted(begun, health) => {}
            }
        }
    }

    async fn run(&self, desk: &Desk, stopped: &watch::Receiver<bool>) -> Result<Health, Failure> {
        let order = Order::default();
        match &self.work {
            Work::Events(link) => Ok(cycle::run_events(desk, link).await?.1),
            Work::Links(links) => {
                if let Err(failure) = decisions::take_up(desk).await {
                    // A slip in the file while the service runs must not stop what was decided before.
                    tracing::warn!("{failure}");
                }
                let mut worst = Health::Good;
                for link in links {
                    if *stopped.borrow() {
                        break;
                    }
                    let (_, health) = cycle::run_link(desk, *link, &order).await?;
                    worst = worst.max(health);
                }
                Ok(worst)
            }
        }
    }

    /// How long until the next run.
    fn distance(&self, health: Health, failures: u32) -> Duration {
        match health {
            Health::Good => jittered(self.interval),
            Health::Stuck => jittered(self.interval.max(LONGEST_BACKOFF)),
            Health::Failing => backoff(failures),
        }
    }

    /// Ends when a hint asks for a run before its time. What fails is not hurried.
    async fn hinted(&self, begun: Instant, health: Health) {
        let (Some(hint), Health::Good) = (self.hint, health) else { return std::future::pending().await };
        hint.notified().await;
        sleep_until(begun + HINT_MIN.min(self.interval)).await;
    }

    async fn note_next(&self, desk: &Desk, wait: Duration) {
        let at = chrono::Duration::from_std(wait).ok().map(|wait| desk.clock().now() + wait);
        let put = Write::Put { kind: NEXT, key: self.name.clone(), value: json!(at) };
        if let Err(error) = desk.journal().commit(Durability::D2, vec![put]).await {
            tracing::error!(part = self.name, "the time of the next run cannot be stored: {error}");
        }
    }
}

/// Does a chore at once and then whenever it asks for it; one that fails is tried again ever less often.
async fn keep_doing(
    chore: &dyn Chore,
    desk: &Desk,
    mut stopped: watch::Receiver<bool>,
    after: Option<&Gate>,
    mut opens: Option<&Gate>,
) {
    if let Some(after) = after {
        tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => return,
            () = after.opened() => {}
        }
    }
    let mut failures = 0_u32;
    loop {
        let done = chore::do_one(chore, desk).await.unwrap_or_else(|failure| {
            tracing::error!(chore = chore.name(), "how it went cannot be stored: {}", failure.message());
            Err(failure)
        });
        failures = if done.is_ok() { 0 } else { failures.saturating_add(1) };
        if let Some(gate) = opens.take() {
            gate.one_less();
        }
        let again = async {
            match failures {
                0 => chore.next(desk).await,
                failures => sleep(backoff(failures).min(chore.longest_pause())).await,
            }
        };
        tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => return,
            () = again => {}
        }
    }
}

/// Opens once so many have done what others wait for.
struct Gate(watch::Sender<usize>);

impl Gate {
    fn of(awaited: usize) -> Self {
        Self(watch::Sender::new(awaited))
    }

    fn one_less(&self) {
        self.0.send_modify(|awaited| *awaited = awaited.saturating_sub(1));
    }

    async fn opened(&self) {
        // It fails only when the sender is gone, and that is here.
        let _ = self.0.subscribe().wait_for(|awaited| *awaited == 0).await;
    }
}

/// A sign of life of the service.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Beat {
    pub(crate) running: bool,
    pub(crate) since: Option<DateTime<Utc>>,
    at: Option<DateTime<Utc>>,
    process: u32,
}

/// When a part runs next, as far as the service has said.
pub(crate) async fn next_of(desk: &Desk, name: &str) -> Result<Option<DateTime<Utc>>, Failure> {
    Ok(desk.journal().stored(NEXT, name).await?)
}

/// Whether a service runs, and since when.
pub(crate) async fn beat(desk: &Desk) -> Result<Beat, Failure> {
    let mut beat: Beat = desk.journal().stored(SERVICE, "beat").await?.unwrap_or_default();
    let age = beat.at.and_then(|at| (desk.clock().now() - at).to_std().ok());
    beat.running = age.is_some_and(|age| age < BEAT * 4);
    Ok(beat)
}

/// Name of a part in the journal.
pub(crate) fn part_name(part: Part) -> String {
    match part {
        Part::Definitions => "definitions".to_owned(),
        Part::People => "people".to_owned(),
    }
}

/// Never ends by itself.
async fn keep_beating(desk: &Desk) {
    let since = desk.clock().now();
    loop {
        let now = desk.clock().now();
        let beat = Beat { running: true, since: Some(since), at: Some(now), process: std::process::id() };
        let value = serde_json::to_value(beat).unwrap_or_default();
        let put = Write::Put { kind: SERVICE, key: "beat".to_owned(), value };
        if let Err(error) = desk.journal().commit(Durability::D2, vec![put]).await {
            tracing::warn!("the sign of life cannot be stored: {error}");
        }
        sleep(BEAT).await;
    }
}

/// Never ends by itself.
async fn listen(hints: Vec<BoxStream<'static, ()>>, jobs: &[Notify]) {
    let mut hints = select_all(hints);
    while hints.next().await.is_some() {
        jobs.iter().for_each(Notify::notify_one);
    }
    std::future::pending::<()>().await;
}

/// Soon at first, then ever later.
fn backoff(failures: u32) -> Duration {
    let backoff = Duration::from_secs(1).saturating_mul(1 << failures.saturating_sub(1).min(16));
    jittered(backoff.min(LONGEST_BACKOFF))
}

/// ±10 %, so that many installations do not ask in step.
fn jittered(distance: Duration) -> Duration {
    let random = RandomState::new().build_hasher().finish() % 2_001;
    let tenths = u32::try_from(random).unwrap_or(1_000);
    distance.mul_f64(0.9 + 0.2 * f64::from(tenths) / 2_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(seconds: u64) -> Job<'static> {
        Job { name: "people".into(), interval: Duration::from_secs(seconds), work: Work::Links(Vec::new()), hint: None }
    }

    #[test]
    fn runs_are_a_tenth_off_at_most() {
        for _ in 0..200 {
            let distance = job(100).distance(Health::Good, 0);
            assert!((Duration::from_secs(90)..=Duration::from_secs(110)).contains(&distance), "{distance:?}");
        }
    }

    #[test]
    fn what_fails_is_tried_soon_and_then_ever_less_often() {
        let at = |failures| job(900).distance(Health::Failing, failures);
        assert!(at(1) < Duration::from_secs(2));
        assert!(at(3) > at(1) * 2);
        assert!(at(40) <= LONGEST_BACKOFF.mul_f64(1.1));
    }

    #[test]
    fn a_wrong_password_is_not_tried_every_few_seconds() {
        assert!(job(1).distance(Health::Stuck, 1) >= LONGEST_BACKOFF.mul_f64(0.9));
    }
}
