//! One link: a pair of endpoints, one kind of record, and how they are kept in agreement.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::NaiveDate;

use super::observe::{Observer, Verdict};
use super::planner::{PlanInput, References, Refusal};
use super::settings::Settings;
use super::{Decision, Decisions, Explanation, GuardClass, GuardTrip, LinkReport, Mapping, Plan, planner};
use crate::clock::Clock;
use crate::connector::{Endpoint, EndpointIdentity, ErrorClass, Sink, Source, SyncError};
use crate::journal::{
    Absence, Candidate, CandidateQuery, Durability, IntentId, Journal, JournalError, LinkState, Side, Write,
};
use crate::model::{Entity, EntityKind, ExternalId, HashKey, Pair, SyncKey};

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

/// Where long work tells how far it is.
pub trait Progress: Send + Sync + fmt::Debug {
    /// `done` of `total` of a stage.
    fn step(&self, stage: &str, done: u64, total: Option<u64>);
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

/// Keeps records of one kind in agreement between two endpoints.
pub struct Reconciler<T: Entity> {
    pub(super) pair: Pair,
    pub(super) primary: Arc<dyn Source<T>>,
    /// For two-way entities, the primary as a sink.
    pub(super) primary_sink: Option<Arc<dyn Sink<T>>>,
    pub(super) secondary: Arc<dyn Sink<T>>,
    pub(super) settings: Settings,
    /// When this process sent what is in doubt, on the monotonic clock.
    pub(super) sent: Mutex<BTreeMap<IntentId, Duration>>,
    /// When this reconciler was first used: nobody before it can still send.
    pub(super) started: std::sync::OnceLock<Duration>,
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
            sent: Mutex::default(),
            started: std::sync::OnceLock::new(),
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
        let sent = self.sent.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        sent.get(&intent).copied().unwrap_or(started)
    }

    async fn prepare(&self, context: &Context<'_>) -> Result<Plan, RunError> {
        self.started.get_or_init(|| context.clock.uptime());
        self.verify_identity(Side::Primary, &*self.primary, context).await?;
        self.verify_identity(Side::Secondary, &*self.secondary, context).await?;
        let names = self.names();
        let key = context.journal.hash_key().await?;
        let observer = Observer { names: &names, key };
        let canaries = &self.settings.guard.canaries;
        let primary = observer.read_all(&*self.primary, &self.pair, Side::Primary, canaries, context).await?;
        let secondary = observer.read_all::<T>(&*self.secondary, &self.pair, Side::Secondary, &[], context).await?;
        let read = (primary.records, secondary.records);
        let live = self.live_links(context).await?;
        let mut trips = Vec::new();
        let mut stop = false;
        for (observed, other) in [(primary, read.1), (secondary, read.0)] {
            let min_absence = self.settings.min_absence;
            let absence = match observed.judge(&self.settings.guard, &self.pair, live, other) {
                Verdict::Good => Absence::Derive { min_absence },
                Verdict::Doubtful(trip) => {
                    trips.push(trip);
                    Absence::Keep
                }
                Verdict::Stop(trip) => {
                    trips.push(trip);
                    stop = true;
                    Absence::Keep
                }
            };
            // Once one side is in doubt, nothing is concluded from the other either.
            observed.end(if stop { Absence::Keep } else { absence }, context).await?;
        }
        self.plan_from_store(context, read, &trips, stop).await
    }

    async fn live_links(&self, context: &Context<'_>) -> Result<u64, RunError> {
        Ok(context.journal.link_counts(&self.pair).await?.get(&LinkState::Live).copied().unwrap_or_default())
    }

    /// G-07: the endpoint must still be the installation that it was.
    async fn verify_identity(
        &self,
        side: Side,
        endpoint: &(impl Endpoint + ?Sized),
        context: &Context<'_>,
    ) -> Result<(), RunError> {
        let identity = endpoint.identify().await.map_err(|error| RunError::endpoint(side, &self.pair, error))?;
        let name = endpoint.name().to_string();
        let known = context.journal.document("identity", &name).await?;
        let known: Option<EndpointIdentity> = known.and_then(|value| serde_json::from_value(value).ok());
        if let Some(difference) = known.as_ref().and_then(|known| known.differs_from(&identity)) {
            let error = SyncError::new(
                ErrorClass::Config,
                format!("guard G-07 identity: another installation answers ({difference}); nothing was read"),
            )
            .with_remedy("If it was replaced on purpose, confirm it with the verb `release identity`");
            return Err(RunError::endpoint(side, &self.pair, error));
        }
        if known.as_ref() != Some(&identity) {
            let value = serde_json::to_value(&identity).unwrap_or_default();
            let put = Write::Put { kind: "identity", key: name, value };
            context.journal.commit(Durability::D1, vec![put]).await?;
        }
        Ok(())
    }

    /// Plans from what the journal holds; reads no endpoint.
    pub(super) async fn plan_from_store(
        &self,
        context: &Context<'_>,
        read: (u64, u64),
        trips: &[GuardTrip],
        stop: bool,
    ) -> Result<Plan, RunError> {
        let journal = context.journal;
        let now = context.clock.now();
        let query = CandidateQuery { pair: self.pair.clone(), revision: self.settings.revision(), now };
        let candidates = if stop { Vec::new() } else { journal.candidates(&query).await? };
        let unlinked = if stop { Vec::new() } else { journal.unlinked(&self.pair, Side::Secondary).await? };
        let references = self.references(&candidates, context).await?;
        let decisions = self.decisions(&candidates, context).await?;
        let refused = self.refusals(context).await?;
        let in_doubt: BTreeSet<SyncKey> =
            journal.open_intents(&self.pair).await?.into_iter().map(|intent| intent.key).collect();
        let flapping = self.flapping(context).await?;
        let used = self.used(context).await?;
        let live_links = self.live_links(context).await?;
        let changed = if live_links == 0 { None } else { self.changed_settings(context).await? };
        let identity: Vec<&'static str> =
            T::fields().iter().filter(|field| field.identity).map(|field| field.name).collect();
        Ok(planner::plan(&PlanInput {
            pair: &self.pair,
            settings: &self.settings,
            primary_caps: &self.primary.reads(),
            secondary_caps: &self.secondary.reads(),
            secondary_writes: &self.secondary.writes(),
            identity: &identity,
            candidates: &candidates,
            unlinked: &unlinked,
            references: &references,
            decisions: &decisions,
            refused: &refused,
            in_doubt: &in_doubt,
            flapping: &flapping,
            live_links,
            used: &used,
            changed_settings: changed,
            trips,
            read,
            now,
            today: context.today.unwrap_or_else(|| now.date_naive()),
        }))
    }

    async fn references(&self, candidates: &[Candidate], context: &Context<'_>) -> Result<References, RunError> {
        let mut references = References::default();
        let mut asked = BTreeSet::new();
        let fields = candidates.iter().filter_map(|candidate| candidate.primary.as_ref()).map(|seen| &seen.fields);
        for (_, value) in fields.flat_map(|fields| fields.iter()) {
            for key in value.refs() {
                if asked.insert(key.clone()) {
                    if let Some(partner) = self.partner(key.entity, &key.id, context).await? {
                        references.insert(key.clone(), partner);
                    }
                }
            }
        }
        Ok(references)
    }

    /// The secondary's id of a record of the primary, whichever side leads for its kind.
    async fn partner(
        &self,
        entity: EntityKind,
        id: &ExternalId,
        context: &Context<'_>,
    ) -> Result<Option<ExternalId>, RunError> {
        let Pair { primary, secondary, .. } = &self.pair;
        let same = Pair::new(entity, primary.clone(), secondary.clone());
        let reversed = Pair::new(entity, secondary.clone(), primary.clone());
        for (pair, side) in [(same, Side::Primary), (reversed, Side::Secondary)] {
            let link = context.journal.link_of(&pair, side, id).await?;
            if let Some(link) = link.filter(|link| link.state == LinkState::Live) {
                return Ok(link.record(side.other()).cloned());
            }
        }
        Ok(None)
    }

    /// What a person decided, and partners from the time when the other side led.
    async fn decisions(&self, candidates: &[Candidate], context: &Context<'_>) -> Result<Decisions, RunError> {
        let prefix = format!("{}/", self.pair);
        let mut decisions = Decisions::new();
        let reversed = Pair::new(self.pair.entity, self.pair.secondary.clone(), self.pair.primary.clone());
        if context.journal.link_counts(&reversed).await?.contains_key(&LinkState::Live) {
            for candidate in candidates.iter().filter(|candidate| candidate.link.is_none()) {
                let Some(primary) = &candidate.primary else { continue };
                let former = context.journal.link_of(&reversed, Side::Secondary, &primary.id).await?;
                if let Some(partner) = former.and_then(|link| link.primary) {
                    decisions.insert(primary.id.clone(), Decision::Match(partner));
                }
            }
        }
        for (key, value) in context.journal.documents("decision", &prefix).await? {
            if let (Some(id), Ok(decision)) = (key.strip_prefix(&prefix), serde_json::from_value(value)) {
                decisions.insert(id.into(), decision);
            }
        }
        Ok(decisions)
    }

    async fn refusals(&self, context: &Context<'_>) -> Result<BTreeMap<ExternalId, Refusal>, RunError> {
        let prefix = format!("{}/", self.pair);
        let stored = context.journal.documents("refusal", &prefix).await?;
        let refusals = stored.into_iter().filter_map(|(key, value)| {
            Some((key.strip_prefix(&prefix)?.into(), serde_json::from_value(value).ok()?))
        });
        Ok(refusals.collect())
    }

    async fn flapping(&self, context: &Context<'_>) -> Result<BTreeSet<(SyncKey, String)>, RunError> {
        let prefix = format!("{}/", self.pair);
        let stored = context.journal.documents("flap", &prefix).await?;
        let flapping = stored.into_iter().filter_map(|(key, count)| {
            let (record, field) = key.strip_prefix(&prefix)?.split_once('/')?;
            let often = count.as_u64()? >= u64::from(self.settings.flap_limit);
            often.then_some((record.parse().ok()?, field.to_owned()))
        });
        Ok(flapping.collect())
    }

    async fn used(&self, context: &Context<'_>) -> Result<BTreeMap<GuardClass, u64>, RunError> {
        let hours = i64::from(self.settings.guard.window_hours);
        let since = context.clock.now() - chrono::Duration::hours(hours);
        let mut used = BTreeMap::new();
        for class in [GuardClass::Remove, GuardClass::Create, GuardClass::Update] {
            used.insert(class, context.journal.outcomes_since(&self.pair, class.as_str(), since).await?);
        }
        Ok(used)
    }

    /// G-13: which of the settings that can do harm differs from those under which a plan was last carried out.
    async fn changed_settings(&self, context: &Context<'_>) -> Result<Option<&'static str>, RunError> {
        let Some(known) = context.journal.document("settings", &self.pair.to_string()).await? else {
            return Ok(None);
        };
        let current = self.guarded_settings();
        let differs = |name: &str| known.get(name) != current.get(name);
        Ok(["scope", "correlation", "removals"].into_iter().find(|name| differs(name)))
    }

    pub(super) fn guarded_settings(&self) -> serde_json::Value {
        serde_json::json!({
            "scope": self.settings.scope,
            "correlation": self.settings.correlation,
            "removals": self.settings.removals,
        })
    }

    /// The journal's hash key with the names of the stored fields, for code that stores what a write returned.
    pub(super) fn observer<'a>(&self, names: &'a [&'a str], key: HashKey) -> Observer<'a> {
        Observer { names, key }
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
        self.prepare(context).await
    }

    async fn apply(&self, plan: Plan, approval: &Approval, context: &Context<'_>) -> Result<LinkReport, RunError> {
        self.apply_plan(plan, approval, context).await
    }

    async fn run(&self, approval: &Approval, context: &Context<'_>) -> Result<LinkReport, RunError> {
        self.started.get_or_init(|| context.clock.uptime());
        self.recover(context).await?;
        let plan = self.prepare(context).await?;
        self.apply_plan(plan, approval, context).await
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
