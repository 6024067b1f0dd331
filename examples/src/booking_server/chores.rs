//! What is done besides the link: reading feeds, meeting begins and ends, sending letters, forgetting.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use booking_access::mail::{MailRow, MailState};
use chrono::{DateTime, NaiveDate, Utc};
use sync_core::model::ExternalId;
use sync_core::reconcile::{LinkReport, SyncLink};
use sync_service::{Chore, ChoreReport, Desk, Failure, Stage, Trouble};

use super::Parts;
use super::source::{BookingSource, Look};
use super::states::take_word;

/// How often is looked whether somebody changed something by hand.
const LOOK: Duration = Duration::from_secs(5);
/// How soon codes are chosen again that could not be.
const AGAIN: Duration = Duration::from_mins(1);
/// No two looks at a clock are closer than this.
const LEAST: Duration = Duration::from_millis(20);

/// Reads the feeds whose time has come, takes over what they say, and prepares for people who are new.
pub(super) struct Feeds(Arc<Parts>);

/// Meets each begin and end of a booking to the second, and orders of staff within seconds.
pub(super) struct Boundaries {
    parts: Arc<Parts>,
    seen: Mutex<DateTime<Utc>>,
    /// Staff ordered something beside the service, and the doors do not have it yet.
    ordered: AtomicBool,
    /// When fresh codes are looked for again that could not be chosen at the end of a stay.
    codes_again: Mutex<Option<DateTime<Utc>>>,
}

/// Writes letters about what changed, and sends what is due.
pub(super) struct Letters(Arc<Parts>);

/// Counts what happened since the program began, for reports.
pub(super) struct Numbers {
    parts: Arc<Parts>,
    began: DateTime<Utc>,
}

/// Forgets what was kept long enough, once a day.
pub(super) struct Upkeep {
    parts: Arc<Parts>,
    done: Mutex<Option<NaiveDate>>,
}

impl Feeds {
    pub(super) fn new(parts: Arc<Parts>) -> Self {
        Self(parts)
    }
}

#[async_trait]
impl Chore for Feeds {
    fn name(&self) -> &'static str {
        "feeds"
    }

    fn stage(&self) -> Stage {
        Stage::BeforeLinks
    }

    fn reads_only(&self) -> bool {
        true
    }

    async fn next(&self, desk: &Desk) {
        let now = self.0.clock.now();
        let mut first = None;
        for source in &self.0.sources {
            let due = source.next_try(now).await.ok().flatten();
            first = first.into_iter().chain(due).min();
        }
        desk.clock().sleep(until(first, now).max(Duration::from_secs(1))).await;
    }

    async fn run(&self, _desk: &Desk) -> Result<ChoreReport, Failure> {
        let now = self.0.clock.now();
        let mut report = ChoreReport::default();
        for source in &self.0.sources {
            self.read(&**source, now, &mut report).await?;
        }
        if let Err(error) = self.0.access.prepare(&*self.0.net2, now).await {
            report.troubles.push(Trouble::new("preparing for new people", error.to_string()));
        }
        Ok(report)
    }
}

impl Feeds {
    /// Asks one source, if its time has come, and takes over what is known of it.
    async fn read(
        &self,
        source: &dyn BookingSource,
        now: DateTime<Utc>,
        report: &mut ChoreReport,
    ) -> Result<(), Failure> {
        for standing in source.standings(now, self.0.zone).await? {
            if standing.held && take_word(self.0.access.store(), &standing.name)? {
                source.confirm(&standing.name).await?;
            }
        }
        for look in source.poll(now).await {
            let Look { name, outcome, bookings, .. } = &look;
            tracing::info!(source = name, outcome, bookings, next = %look.next_try.format("%H:%M:%S"), "read");
            if !look.good {
                let remedy = "Known bookings stay in force; `status` shows when it is tried again";
                let trouble = Trouble::new(format!("feed {name}"), look.detail.clone());
                report.troubles.push(trouble.with_remedy(remedy));
            }
            for (kind, text) in &look.alarms {
                report.warnings.push(format!("feed {name}: {text}"));
                self.0.access.raise(&format!("feed {name} {kind}"), text, now)?;
            }
            for kind in &look.ended {
                self.0.access.heal(&format!("feed {name} {kind}"), now)?;
            }
        }
        let taken = self.0.access.take(source, now).await?;
        let changes = taken.added + taken.changed + taken.cancelled + taken.gone;
        if changes > 0 {
            tracing::info!(
                feed = taken.source,
                added = taken.added,
                changed = taken.changed,
                cancelled = taken.cancelled,
                gone = taken.gone,
                "taken over"
            );
        }
        Ok(())
    }
}

impl Boundaries {
    pub(super) fn new(parts: Arc<Parts>) -> Self {
        let seen = Mutex::new(parts.clock.now());
        Self { parts, seen, ordered: AtomicBool::new(false), codes_again: Mutex::default() }
    }

    /// Whether another process has changed what is known. A look that fails is made up for by the next.
    fn look_again(&self, now: DateTime<Utc>) {
        match self.parts.access.look_again(now) {
            Ok(false) => {}
            Ok(true) => self.ordered.store(true, Ordering::Release),
            Err(error) => tracing::warn!(%error, "orders of staff cannot be looked for"),
        }
    }

    /// Everybody at once: an order says not whom it touches.
    async fn run_whole(&self, link: &dyn SyncLink, desk: &Desk, now: DateTime<Utc>) -> Result<LinkReport, Failure> {
        self.prepare(now).await;
        desk.run_link(link).await
    }

    /// Those whose begin or end has come. Rights and codes that end wait for nobody: who gets a fresh code is asked of the
    /// door system only afterwards.
    async fn run_due(
        &self,
        link: &dyn SyncLink,
        desk: &Desk,
        due: &[ExternalId],
        now: DateTime<Utc>,
    ) -> Result<LinkReport, Failure> {
        let access = &self.parts.access;
        if !access.has_fresh_codes() {
            return desk.run_for(link, due).await;
        }
        if let Err(error) = access.turn_codes(now) {
            tracing::warn!(%error, "codes of stays that are over are not taken away yet");
        }
        let report = desk.run_for(link, due).await?;
        let chosen = self.prepare(now).await;
        if chosen == 0 || report.error.is_some() { Ok(report) } else { desk.run_for(link, due).await }
    }

    /// How many codes were chosen. Whoever cannot be prepared for waits a minute; the doors of all others do not.
    async fn prepare(&self, now: DateTime<Utc>) -> u64 {
        let prepared = self.parts.access.prepare(&*self.parts.net2, now).await;
        if let Err(error) = &prepared {
            tracing::warn!(%error, "not prepared for new people");
        }
        let again = prepared.is_err() && self.parts.access.has_fresh_codes();
        *self.codes_again.lock().unwrap_or_else(PoisonError::into_inner) = again.then(|| now + AGAIN);
        prepared.map_or(0, |prepared| prepared.reserved)
    }

    fn codes_again(&self) -> Option<DateTime<Utc>> {
        *self.codes_again.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seen(&self) -> DateTime<Utc> {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Chore for Boundaries {
    fn name(&self) -> &'static str {
        "begins and ends"
    }

    fn stage(&self) -> Stage {
        Stage::AfterLinks
    }

    async fn next(&self, desk: &Desk) {
        loop {
            let now = self.parts.clock.now();
            self.look_again(now);
            if self.ordered.load(Ordering::Acquire) {
                return;
            }
            let boundary = self.parts.access.grants().next_boundary(self.seen());
            let boundary = boundary.into_iter().chain(self.codes_again()).min();
            let wait = until(boundary, now).min(LOOK);
            if wait.is_zero() {
                return;
            }
            desk.clock().sleep(wait.max(LEAST)).await;
        }
    }

    /// One person's failure stops nobody else's door; the full check each minute makes up for what fails here.
    async fn run(&self, desk: &Desk) -> Result<ChoreReport, Failure> {
        let (from, now) = (self.seen(), self.parts.clock.now());
        let ordered = self.ordered.load(Ordering::Acquire) || self.codes_again().is_some_and(|at| at <= now);
        let due = self.parts.access.grants();
        let due: Vec<ExternalId> = due.due(from, now).into_iter().map(|holder| (&*holder.key).into()).collect();
        if let (Some(link), true) = (desk.installation().links.first(), ordered || !due.is_empty()) {
            let report = if ordered {
                self.run_whole(&**link, desk, now).await?
            } else {
                self.run_due(&**link, desk, &due, now).await?
            };
            if let Some(error) = report.error {
                return Err(Failure::new(error));
            }
        }
        if ordered {
            self.ordered.store(false, Ordering::Release);
        }
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = now;
        Ok(ChoreReport::default())
    }
}

impl Letters {
    pub(super) fn new(parts: Arc<Parts>) -> Self {
        Self(parts)
    }
}

#[async_trait]
impl Chore for Letters {
    fn name(&self) -> &'static str {
        "letters"
    }

    fn stage(&self) -> Stage {
        Stage::AfterLinks
    }

    async fn next(&self, desk: &Desk) {
        desk.clock().sleep(LOOK).await;
    }

    async fn run(&self, _desk: &Desk) -> Result<ChoreReport, Failure> {
        let now = self.0.clock.now();
        let access = &self.0.access;
        let mut report = ChoreReport::default();
        access.write_letters(now)?;
        if let Some(transport) = self.0.post.transport() {
            let posted = access.send_letters(transport, now).await?;
            if let Some(why) = posted.unreachable {
                let remedy = "Letters wait and are sent once it answers; `test` walks through it step by step";
                report.troubles.push(Trouble::new("the mail server", why).with_remedy(remedy));
            }
        }
        for late in access.late_letters(now)? {
            report
                .warnings
                .push(format!("no mail reached {} yet, whose booking begins soon: {}", late.person, late.why));
        }
        Ok(report)
    }
}

impl Numbers {
    pub(super) fn new(parts: Arc<Parts>) -> Self {
        let began = parts.clock.now();
        Self { parts, began }
    }
}

#[async_trait]
impl Chore for Numbers {
    fn name(&self) -> &'static str {
        "numbers"
    }

    fn stage(&self) -> Stage {
        Stage::AfterLinks
    }

    /// The service has `status` and the log for that.
    async fn next(&self, _desk: &Desk) {
        std::future::pending::<()>().await;
    }

    async fn run(&self, _desk: &Desk) -> Result<ChoreReport, Failure> {
        let access = &self.parts.access;
        let counts = access.counts(self.began, self.parts.clock.now())?;
        let sent = |mail: &&MailRow| {
            mail.state == MailState::Sent && mail.finished.is_some_and(|finished| finished >= self.began)
        };
        let mut report = ChoreReport::default();
        report.count("bookings", counts.bookings);
        report.count("granted", counts.granted);
        report.count("withdrawn", counts.withdrawn);
        report.count("mails", access.letters(None)?.iter().filter(sent).count() as u64);
        report.count("problems", counts.problems);
        Ok(report)
    }
}

impl Upkeep {
    pub(super) fn new(parts: Arc<Parts>) -> Self {
        Self { parts, done: Mutex::default() }
    }
}

#[async_trait]
impl Chore for Upkeep {
    fn name(&self) -> &'static str {
        "upkeep"
    }

    fn stage(&self) -> Stage {
        Stage::AfterLinks
    }

    async fn next(&self, desk: &Desk) {
        desk.clock().sleep(Duration::from_mins(10)).await;
    }

    async fn run(&self, desk: &Desk) -> Result<ChoreReport, Failure> {
        let now = self.parts.clock.now();
        let today = desk.setup().today(now);
        if *self.done.lock().unwrap_or_else(PoisonError::into_inner) == Some(today) {
            return Ok(ChoreReport::default());
        }
        let retained = self.parts.access.retain(now)?;
        tracing::info!(
            bookings = retained.bookings,
            people = retained.people,
            rights = retained.rights,
            audit = retained.audit,
            codes = retained.codes,
            "forgotten"
        );
        *self.done.lock().unwrap_or_else(PoisonError::into_inner) = Some(today);
        Ok(ChoreReport::default())
    }
}

/// How long it is until then; nothing if that has passed, long if there is no such time.
fn until(due: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Duration {
    due.map_or(Duration::from_hours(1), |due| (due - now).to_std().unwrap_or_default())
}

/// Chores hold what nobody wants to read: they are shown by their name.
macro_rules! shown_by_name {
    ($($chore:ty),*) => {$(
        impl std::fmt::Debug for $chore {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    )*};
}

pub(super) use shown_by_name;

shown_by_name!(Feeds, Boundaries, Letters, Numbers, Upkeep);
