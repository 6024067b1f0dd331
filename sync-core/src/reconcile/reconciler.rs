//! One link: a pair of endpoints, one kind of record, and how they are kept in agreement.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::NaiveDate;

use tracing::Instrument as _;

use super::observe::{Observed, Observer, Verdict};
use super::settings::Settings;
use super::{Directory, Explanation, GuardTrip, LinkReport, Mapping, Plan};
use crate::clock::Clock;
use crate::connector::{Endpoint, EndpointIdentity, ErrorClass, Sink, Source, SyncError};
use crate::journal::{Absence, Durability, IntentId, Journal, JournalError, LinkState, Side, Write};
use crate::model::{Entity, EntityKind, ExternalId, Pair};

/// What a run works with.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The store.
    pub journal: &'a dyn Journal,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Where long work tells how far it is.
    pub progress: &'a dyn Progress,
    /// Who runs it: `schedule`, or the name of a person.
    pub actor: &'a str,
    /// Today in the site's zone; UTC's day if not given.
    pub today: Option<NaiveDate>,
}

/// Where long work tells how far it is, and learns that it should end.
pub trait Progress: Send + Sync + fmt::Debug {
    /// `done` of `total` of a stage.
    fn step(&self, stage: &str, done: u64, total: Option<u64>);

    /// Whether somebody wants it to end: calls under way come to their end, nothing new is sent, and the rest is left to
    /// the next run.
    fn stopped(&self) -> bool {
        false
    }
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn step(&self, _stage: &str, _done: u64, _total: Option<u64>) {}
}

/// What a person has approved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Approval {
    /// Hashes of plans, or their first twelve or more characters.
    pub hashes: BTreeSet<String>,
    /// Everything; for demonstrations and tests that play the administrator.
    pub everything: bool,
}

impl Approval {
    /// Everything is approved.
    pub fn everything() -> Self {
        Self { everything: true, ..Self::default() }
    }

    /// One plan is approved.
    pub fn of(hash: impl Into<String>) -> Self {
        Self { hashes: BTreeSet::from([hash.into()]), everything: false }
    }

    /// Whether a plan is approved.
    pub fn covers(&self, plan: &Plan) -> bool {
        self.everything || self.hashes.iter().any(|hash| hash.len() >= 12 && plan.hash.starts_with(hash.as_str()))
    }
}

/// A link without its type, for whoever runs many of them.
///
/// One run at a time: whoever asks for another while one is under way waits for its end.
#[async_trait]
pub trait SyncLink: Send + Sync + fmt::Debug {
    /// The pair.
    fn pair(&self) -> &Pair;

    /// The settings.
    fn settings(&self) -> &Settings;

    /// The two endpoints, primary first.
    fn endpoints(&self) -> [&dyn Endpoint; 2];

    /// Reads both sides and says what would be done. Sends nothing.
    ///
    /// # Errors
    /// An endpoint that does not answer, or the journal.
    async fn plan(&self, context: &Context<'_>) -> Result<Plan, RunError>;

    /// Carries a plan out, as far as it is approved and still true, and verifies.
    ///
    /// # Errors
    /// The journal; failures of endpoints are outcomes in the report.
    ///
    /// # Cancel safety
    /// May be dropped anywhere; the next run recovers.
    async fn apply(&self, plan: Plan, approval: &Approval, context: &Context<'_>) -> Result<LinkReport, RunError>;

    /// Resolves open writes, plans and applies.
    ///
    /// # Errors
    /// An endpoint that does not answer, or the journal.
    async fn run(&self, approval: &Approval, context: &Context<'_>) -> Result<LinkReport, RunError>;

    /// The quick way for a few primary records whose time has come: reads just these and their followers, plans what
    /// concerns them, and carries it out as [`SyncLink::run`] would. Waits while another run of the link is under way.
    ///
    /// It concludes no absence. What it leaves to the next full run: records that the primary does not know, followers
    /// that are not there any more, new records of which the other side may have one already, and everything as long as
    /// no full run has come to its end. Which installation answers is asked once in ten minutes.
    ///
    /// # Errors
    /// An endpoint that does not answer, or the journal.
    ///
    /// # Cancel safety
    /// May be dropped anywhere; the next run recovers.
    async fn run_for(
        &self,
        ids: &[ExternalId],
        approval: &Approval,
        context: &Context<'_>,
    ) -> Result<LinkReport, RunError>;

    /// All that is known about one record of either side. Sends nothing.
    ///
    /// # Errors
    /// The journal.
    async fn explain(&self, id: &ExternalId, context: &Context<'_>) -> Result<Option<Explanation>, RunError>;
}

/// Why a run could not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// An endpoint does not answer or refuses everything.
    #[error("{endpoint}: {error}")]
    Endpoint {
        /// Which one.
        endpoint: String,
        /// What it said.
        #[source]
        error: SyncError,
    },
    /// The journal cannot be read or written.
    #[error("the journal failed")]
    Journal(#[from] JournalError),
}

impl RunError {
    pub(super) fn endpoint(side: Side, pair: &Pair, error: SyncError) -> Self {
        Self::Endpoint { endpoint: side.endpoint(pair).to_string(), error }
    }

    /// What a person can do about it.
    pub fn remedy(&self) -> Option<&str> {
        match self {
            Self::Endpoint { error, .. } => error.remedy(),
            Self::Journal(_) => None,
        }
    }

    /// The message with all its causes.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            if !text.ends_with(&cause_text) {
                text.push_str(": ");
                text.push_str(&cause_text);
            }
            source = cause.source();
        }
        text
    }
}

/// What was read before a plan is made.
#[derive(Clone, Debug)]
pub(super) struct Observation {
    /// Records read at each side.
    pub(super) read: (u64, u64),
    /// What the snapshot guards said.
    pub(super) trips: Vec<GuardTrip>,
    /// What may be planned.
    pub(super) extent: Extent,
}

/// What may be planned after reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// Everything that may differ.
    Whole,
    /// These primary records, which were read on their own.
    Only(Vec<ExternalId>),
    /// Nothing: a guard stopped the run.
    Nothing,
}

/// Keeps records of one kind in agreement between two endpoints.
pub struct Reconciler<T: Entity> {
    pub(super) pair: Pair,
    pub(super) primary: Arc<dyn Source<T>>,
    /// For two-way entities, the primary as a sink.
    pub(super) primary_sink: Option<Arc<dyn Sink<T>>>,
    pub(super) secondary: Arc<dyn Sink<T>>,
    pub(super) settings: Settings,
    /// Where references are looked up that no link ties together.
    pub(super) directories: BTreeMap<EntityKind, Arc<dyn Directory>>,
    /// When this process sent what is in doubt, on the monotonic clock.
    pub(super) sent: Mutex<BTreeMap<IntentId, Duration>>,
    /// When this reconciler was first used: nobody before it can still send.
    pub(super) started: std::sync::OnceLock<Duration>,
    /// When this process last saw which installation answers, on the monotonic clock.
    pub(super) identified: Mutex<BTreeMap<Side, Duration>>,
    /// Live links when they were last counted, which takes longer than a quick run may.
    counted: Mutex<Option<u64>>,
    /// One run at a time, whoever asks for it.
    running: futures::lock::Mutex<()>,
}

impl<T: Entity> Reconciler<T> {
    /// A one-way link; by default every field that both sides know follows the field of the same name.
    pub fn new(primary: Arc<dyn Source<T>>, secondary: Arc<dyn Sink<T>>) -> Self {
        let mapping = Mapping::same_names::<T>(&primary.reads(), &secondary.reads(), &[]);
        let mut settings = Settings::new(mapping);
        // Doors are not given back by default: somebody may have removed the record on purpose.
        settings.recreate = !T::CARRIES_RIGHTS;
        Self {
            pair: Pair::new(T::KIND, primary.name().clone(), secondary.name().clone()),
            primary,
            primary_sink: None,
            secondary,
            settings,
            directories: BTreeMap::new(),
            sent: Mutex::default(),
            started: std::sync::OnceLock::new(),
            identified: Mutex::default(),
            counted: Mutex::default(),
            running: futures::lock::Mutex::default(),
        }
    }

    /// A link of which either side may change records.
    pub fn two_way(primary: Arc<dyn Sink<T>>, secondary: Arc<dyn Sink<T>>) -> Self {
        let source: Arc<dyn Source<T>> = primary.clone();
        let mut link = Self::new(source, secondary);
        link.primary_sink = Some(primary);
        link.settings.two_way = true;
        link
    }

    /// Looks up references to this kind of record here instead of following links.
    pub fn look_up(mut self, entity: EntityKind, directory: Arc<dyn Directory>) -> Self {
        self.directories.insert(entity, directory);
        self
    }

    /// Changes the settings.
    pub fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    pub(super) fn sink(&self, side: Side) -> Option<&Arc<dyn Sink<T>>> {
        match side {
            Side::Secondary => Some(&self.secondary),
            Side::Primary => self.primary_sink.as_ref(),
        }
    }

    fn span(&self, what: &'static str) -> tracing::Span {
        tracing::info_span!("sync", what, pair = %self.pair)
    }

    pub(super) fn names(&self) -> Vec<&str> {
        let mut names = self.settings.field_names();
        names.extend(T::fields().iter().filter(|field| field.identity).map(|field| field.name));
        // What a removal changes and a return restores.
        names.extend(["active", "leave_date"].into_iter().filter(|name| T::field(name).is_some()));
        names.sort_unstable();
        names.dedup();
        names
    }

    /// When the process that could have sent an intent can no longer do so.
    pub(super) fn settle_base(&self, intent: IntentId, clock: &dyn Clock) -> Duration {
        let started = *self.started.get_or_init(|| clock.uptime());
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.get(&intent).copied().unwrap_or(started)
    }

    async fn prepare(&self, context: &Context<'_>) -> Result<Plan, RunError> {
        self.started.get_or_init(|| context.clock.uptime());
        self.verify_identity(Side::Primary, &*self.primary, context).await?;
        self.verify_identity(Side::Secondary, &*self.secondary, context).await?;
        let names = self.names();
        let key = context.journal.hash_key().await?;
        let observer = Observer::new::<T>(&names, key);
        let canaries = &self.settings.guard.canaries;
        let primary = observer.read_all(&*self.primary, &self.pair, Side::Primary, canaries, context).await?;
        let secondary = observer.read_all::<T>(&*self.secondary, &self.pair, Side::Secondary, &[], context).await?;
        let read = (primary.records, secondary.records);
        let (trips, extent) = self.end_snapshots([(primary, read.1), (secondary, read.0)], context).await?;
        let plan = self.plan_from_store(context, &Observation { read, trips, extent }).await?;
        tracing::info!(
            plan = plan.hash.get(..12).unwrap_or_default(),
            read_primary = read.0,
            read_secondary = read.1,
            actions = plan.visible().count(),
            held = plan.notes.iter().filter(|note| note.held).count(),
            guards = plan.trips.len(),
            "planned"
        );
        Ok(plan)
    }

    /// Judges both snapshots, then ends them: once one side stops the run, nothing is concluded from the other either.
    async fn end_snapshots(
        &self,
        snapshots: [(Observed, u64); 2],
        context: &Context<'_>,
    ) -> Result<(Vec<GuardTrip>, Extent), RunError> {
        let live = self.live_links(context).await?;
        let (mut trips, mut extent) = (Vec::new(), Extent::Whole);
        let mut judged = Vec::with_capacity(snapshots.len());
        for (observed, other) in snapshots {
            let min_absence = self.settings.min_absence;
            let absence = match observed.judge(&self.settings.guard, &self.pair, live, other) {
                Verdict::Good => Absence::Derive { min_absence },
                Verdict::Partial => Absence::Keep,
                Verdict::Doubtful(trip) => {
                    trips.push(trip);
                    Absence::Keep
                }
                Verdict::Stop(trip) => {
                    trips.push(trip);
                    extent = Extent::Nothing;
                    Absence::Keep
                }
            };
            judged.push((observed, absence));
        }
        for (observed, absence) in judged {
            observed.end(if extent == Extent::Nothing { Absence::Keep } else { absence }, context).await?;
        }
        Ok((trips, extent))
    }

    pub(super) async fn live_links(&self, context: &Context<'_>) -> Result<u64, RunError> {
        let counts = context.journal.link_counts(&self.pair).await?;
        let live = counts.get(&LinkState::Live).copied().unwrap_or_default();
        *self.counted.lock().unwrap_or_else(PoisonError::into_inner) = Some(live);
        Ok(live)
    }

    /// As the last full run counted them: a base of percentages.
    pub(super) async fn about_live_links(&self, context: &Context<'_>) -> Result<u64, RunError> {
        let counted = *self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        match counted {
            Some(live) => Ok(live),
            None => self.live_links(context).await,
        }
    }

    /// G-07: the endpoint must still be the installation that it was.
    pub(super) async fn verify_identity(
        &self,
        side: Side,
        endpoint: &(impl Endpoint + ?Sized),
        context: &Context<'_>,
    ) -> Result<(), RunError> {
        let identity = endpoint.identify().await.map_err(|error| RunError::endpoint(side, &self.pair, error))?;
        let name = endpoint.name().to_string();
        let known: Option<EndpointIdentity> = context.journal.stored("identity", &name).await?;
        if let Some(difference) = known.as_ref().and_then(|known| known.differs_from(&identity)) {
            let error = SyncError::new(
                ErrorClass::Config,
                format!("guard G-07 identity: another installation answers ({difference}); nothing was read"),
            )
            .with_remedy(format!("If it was replaced on purpose, confirm it with `release identity {name}`"));
            return Err(RunError::endpoint(side, &self.pair, error));
        }
        if known.as_ref() != Some(&identity) {
            let value = serde_json::to_value(&identity).unwrap_or_default();
            let put = Write::Put { kind: "identity", key: name, value };
            context.journal.commit(Durability::D1, vec![put]).await?;
        }
        let mut identified = self.identified.lock().unwrap_or_else(PoisonError::into_inner);
        identified.insert(side, context.clock.uptime());
        Ok(())
    }
}

#[async_trait]
impl<T: Entity> SyncLink for Reconciler<T> {
    fn pair(&self) -> &Pair {
        &self.pair
    }

    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn endpoints(&self) -> [&dyn Endpoint; 2] {
        [&*self.primary, &*self.secondary]
    }

    async fn plan(&self, context: &Context<'_>) -> Result<Plan, RunError> {
        let _alone = self.running.lock().await;
        self.prepare(context).instrument(self.span("plan")).await
    }

    async fn apply(&self, plan: Plan, approval: &Approval, context: &Context<'_>) -> Result<LinkReport, RunError> {
        let _alone = self.running.lock().await;
        self.started.get_or_init(|| context.clock.uptime());
        self.apply_whole(plan, approval, context).instrument(self.span("apply")).await
    }

    async fn run(&self, approval: &Approval, context: &Context<'_>) -> Result<LinkReport, RunError> {
        let _alone = self.running.lock().await;
        self.started.get_or_init(|| context.clock.uptime());
        let work = async {
            self.recover(context).await?;
            let plan = self.prepare(context).await?;
            self.apply_whole(plan, approval, context).await
        };
        work.instrument(self.span("run")).await
    }

    async fn run_for(
        &self,
        ids: &[ExternalId],
        approval: &Approval,
        context: &Context<'_>,
    ) -> Result<LinkReport, RunError> {
        let _alone = self.running.lock().await;
        self.started.get_or_init(|| context.clock.uptime());
        self.run_these(ids, approval, context).instrument(self.span("run_for")).await
    }

    async fn explain(&self, id: &ExternalId, context: &Context<'_>) -> Result<Option<Explanation>, RunError> {
        self.explain_record(id, context).await
    }
}

impl<T: Entity> fmt::Debug for Reconciler<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reconciler({})", self.pair.title())
    }
}
