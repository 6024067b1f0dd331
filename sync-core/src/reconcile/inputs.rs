//! What a plan is made from, gathered from the journal; no endpoint is read.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};

use super::correlate::key_of;
use super::execute::APPROVED_ACTIONS;
use super::finish::{DECIDED, Flap, RECREATED};
use super::planner::{PlanInput, References, Refusal};
use super::reconciler::{Context, Extent, Observation, Reconciler, RunError};
use super::refusal::{REFUSAL, REFUSAL_BACK};
use super::{Decision, Decisions, GuardClass, Plan, planner};
use crate::journal::{Candidate, CandidateQuery, Intent, IntentKind, LinkState, Seen, Side, Stream, Write};
use crate::model::{Entity, EntityKind, ExternalId, FieldValue, Fields, Pair, SyncKey};

/// Up to this many records of the secondary are looked through for a partner that is linked to another record already;
/// beyond, that is left to the endpoint, which refuses a second record with the same key.
const LOOKED_THROUGH: u64 = 200_000;
/// Hours for which an approval of single actions outlives the run that it was given to.
const APPROVAL_HOURS: i64 = 24;
/// Hours in which making a record again is counted.
const RECREATE_HOURS: i64 = 24;

type Linked = BTreeMap<SyncKey, (LinkState, Option<ExternalId>)>;

impl<T: Entity> Reconciler<T> {
    /// Plans from what the journal holds; reads no endpoint.
    pub(super) async fn plan_from_store(
        &self,
        context: &Context<'_>,
        observed: &Observation,
    ) -> Result<Plan, RunError> {
        let journal = context.journal;
        let now = context.clock.now();
        let candidates = self.candidates(&observed.extent, now, context).await?;
        let unlinked = self.unlinked(&observed.extent, &candidates, context).await?;
        let live_links = match &observed.extent {
            Extent::Only(_) => self.about_live_links(context).await?,
            _ => self.live_links(context).await?,
        };
        let intents = journal.open_intents(&self.pair).await?;
        let known_settings = journal.document("settings", &self.pair.to_string()).await?;
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
            whole: !matches!(observed.extent, Extent::Only(_)),
            unlinked: &unlinked,
            linked_partners: &self.linked_partners(&candidates, &unlinked, live_links, context).await?,
            references: &self.references(&candidates, context).await?,
            decisions: &self.decisions(&candidates, context).await?,
            decided: &self.stored_decisions(DECIDED, context).await?,
            refused: &self.refusals(REFUSAL, context).await?,
            refused_back: &self.refusals(REFUSAL_BACK, context).await?,
            in_doubt: &intents.iter().map(|intent| intent.key).collect(),
            flapping: &self.flapping(context).await?,
            carried: &self.carried(&unlinked, context).await?,
            recreated: &self.recreated(context).await?,
            approved: &self.approved_actions(context).await?,
            live_links,
            first_run: known_settings.is_none(),
            used: &self.used(&intents, context).await?,
            changed_settings: known_settings.and_then(|known| self.changed_settings(&known)),
            trips: &observed.trips,
            read: observed.read,
            now,
            today: context.today.unwrap_or_else(|| now.date_naive()),
        }))
    }

    async fn candidates(
        &self,
        extent: &Extent,
        now: DateTime<Utc>,
        context: &Context<'_>,
    ) -> Result<Vec<Candidate>, RunError> {
        Ok(match extent {
            Extent::Nothing => Vec::new(),
            Extent::Only(ids) => context.journal.candidates_of(&self.pair, ids).await?,
            Extent::Whole => {
                let query = CandidateQuery { pair: self.pair.clone(), revision: self.settings.revision(), now };
                context.journal.candidates(&query).await?
            }
        })
    }

    /// Secondary records without a link, as far as the candidates can need them.
    async fn unlinked(
        &self,
        extent: &Extent,
        candidates: &[Candidate],
        context: &Context<'_>,
    ) -> Result<Vec<Seen>, RunError> {
        let settled = |candidate: &Candidate| candidate.link.as_ref().is_some_and(|link| link.state == LinkState::Live);
        match extent {
            Extent::Nothing => Ok(Vec::new()),
            Extent::Only(_) if candidates.iter().all(settled) => Ok(Vec::new()),
            _ => Ok(context.journal.unlinked(&self.pair, Side::Secondary).await?),
        }
    }

    async fn references(&self, candidates: &[Candidate], context: &Context<'_>) -> Result<References, RunError> {
        let mut references = References::default();
        let mut asked = BTreeSet::new();
        let fields = candidates.iter().filter_map(|candidate| candidate.primary.as_ref()).map(|seen| &seen.fields);
        for (_, value) in fields.flat_map(Fields::iter) {
            for key in value.refs() {
                if !asked.insert(key) {
                    continue;
                }
                if let Some(partner) = self.partner(key.entity, &key.id, context).await? {
                    references.insert(key.clone(), partner);
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
        if let Some(directory) = self.directories.get(&entity) {
            let found = directory.partner(id).await;
            return found.map_err(|error| RunError::endpoint(Side::Secondary, &self.pair, error));
        }
        if self.settings.same_ids.contains(&entity) {
            return Ok(Some(id.clone()));
        }
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

    /// Linked secondary records that some rule would give to an unlinked primary record (S5).
    async fn linked_partners(
        &self,
        candidates: &[Candidate],
        unlinked: &[Seen],
        live_links: u64,
        context: &Context<'_>,
    ) -> Result<Vec<Seen>, RunError> {
        let caps = self.secondary.reads();
        let rules: Vec<_> = self.settings.correlation.iter().filter(|rule| rule.auto).collect();
        let keys = |seen: &Seen| {
            let keys = rules.iter().enumerate().filter_map(|(n, rule)| Some((n, key_of(&caps, rule, seen)?)));
            keys.collect::<Vec<_>>()
        };
        let alone = candidates.iter().filter(|candidate| candidate.link.is_none());
        let wanted: BTreeSet<_> = alone
            .filter_map(|candidate| candidate.primary.as_ref().filter(|seen| seen.invalid.is_none()))
            .flat_map(keys)
            .collect();
        if wanted.is_empty() || live_links == 0 || live_links > LOOKED_THROUGH {
            return Ok(Vec::new());
        }
        let unlinked: BTreeSet<&ExternalId> = unlinked.iter().map(|seen| &seen.id).collect();
        let mut all = context.journal.all_seen(&Stream::of(&self.pair, Side::Secondary)).await?;
        all.retain(|seen| {
            seen.missing == 0 && !unlinked.contains(&seen.id) && keys(seen).iter().any(|key| wanted.contains(key))
        });
        Ok(all)
    }

    /// What a person decided, and partners from the time when the other side led.
    async fn decisions(&self, candidates: &[Candidate], context: &Context<'_>) -> Result<Decisions, RunError> {
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
        decisions.append(&mut self.stored_decisions("decision", context).await?);
        Ok(decisions)
    }

    async fn stored_decisions(&self, kind: &str, context: &Context<'_>) -> Result<Decisions, RunError> {
        let prefix = format!("{}/", self.pair);
        let stored = context.journal.documents(kind, &prefix).await?;
        let decisions = stored
            .into_iter()
            .filter_map(|(key, value)| Some((key.strip_prefix(&prefix)?.into(), serde_json::from_value(value).ok()?)));
        Ok(decisions.collect())
    }

    /// Forgets that decisions were carried out once they are taken back, so that they can be made again.
    pub(super) async fn forget_decided(&self, context: &Context<'_>) -> Result<Vec<Write>, RunError> {
        let decided = self.stored_decisions(DECIDED, context).await?;
        if decided.is_empty() {
            return Ok(Vec::new());
        }
        let current = self.stored_decisions("decision", context).await?;
        let taken_back = decided.into_keys().filter(|id| !current.contains_key(id));
        Ok(taken_back.map(|id| Write::Delete { kind: DECIDED, key: self.record_key(&id) }).collect())
    }

    async fn refusals(&self, kind: &str, context: &Context<'_>) -> Result<BTreeMap<ExternalId, Refusal>, RunError> {
        let prefix = format!("{}/", self.pair);
        let stored = context.journal.documents(kind, &prefix).await?;
        let refusals = stored
            .into_iter()
            .filter_map(|(key, value)| Some((key.strip_prefix(&prefix)?.into(), serde_json::from_value(value).ok()?)));
        Ok(refusals.collect())
    }

    async fn flapping(&self, context: &Context<'_>) -> Result<BTreeMap<(SyncKey, String), FieldValue>, RunError> {
        let prefix = format!("{}/", self.pair);
        let stored = context.journal.documents("flap", &prefix).await?;
        let flapping = stored.into_iter().filter_map(|(key, value)| {
            let (record, field) = key.strip_prefix(&prefix)?.split_once('/')?;
            let flap: Flap = serde_json::from_value(value).ok()?;
            let often = flap.times >= self.settings.flap_limit;
            often.then_some(((record.parse().ok()?, field.to_owned()), flap.wrote))
        });
        Ok(flapping.collect())
    }

    /// The links whose keys unlinked records carry.
    async fn carried(&self, unlinked: &[Seen], context: &Context<'_>) -> Result<Linked, RunError> {
        let mut carried = Linked::new();
        for key in unlinked.iter().filter_map(Seen::sync_key) {
            if let Some(link) = context.journal.link(key).await? {
                carried.insert(key, (link.state, link.secondary));
            }
        }
        Ok(carried)
    }

    async fn recreated(&self, context: &Context<'_>) -> Result<BTreeMap<ExternalId, u32>, RunError> {
        let prefix = format!("{}/", self.pair);
        let since = context.clock.now() - Duration::hours(RECREATE_HOURS);
        let stored = context.journal.documents(RECREATED, &prefix).await?;
        let counted = stored.into_iter().filter_map(|(key, value)| {
            let times: Vec<DateTime<Utc>> = serde_json::from_value(value).ok()?;
            let recent = times.iter().filter(|at| **at > since).count();
            Some((key.strip_prefix(&prefix)?.into(), u32::try_from(recent).ok()?))
        });
        Ok(counted.collect())
    }

    /// Actions that a person approved in a plan that was interrupted.
    async fn approved_actions(&self, context: &Context<'_>) -> Result<BTreeSet<String>, RunError> {
        let key = self.pair.to_string();
        let stored: Option<(DateTime<Utc>, BTreeSet<String>)> = context.journal.stored(APPROVED_ACTIONS, &key).await?;
        let fresh = stored.filter(|(at, _)| context.clock.now() - *at < Duration::hours(APPROVAL_HOURS));
        Ok(fresh.map(|(_, actions)| actions).unwrap_or_default())
    }

    /// What was done unapproved in the guard window. What is open may have been done as well.
    async fn used(&self, open: &[Intent], context: &Context<'_>) -> Result<BTreeMap<GuardClass, u64>, RunError> {
        let hours = i64::from(self.settings.guard.window_hours);
        let since = context.clock.now() - Duration::hours(hours);
        let mut used = BTreeMap::new();
        for class in [GuardClass::Remove, GuardClass::Leave, GuardClass::Create, GuardClass::Update] {
            used.insert(class, context.journal.outcomes_since(&self.pair, class.as_str(), since).await?);
        }
        let removals = open.iter().filter(|intent| intent.kind == IntentKind::Remove).count() as u64;
        *used.entry(GuardClass::Remove).or_default() += removals;
        Ok(used)
    }

    /// G-13: which of the settings that can do harm differs from those under which a plan was last carried out.
    fn changed_settings(&self, known: &serde_json::Value) -> Option<&'static str> {
        let current = self.guarded_settings();
        let differs = |name: &str| known.get(name) != current.get(name);
        ["scope", "correlation", "removals"].into_iter().find(|name| differs(name))
    }

    pub(super) fn guarded_settings(&self) -> serde_json::Value {
        serde_json::json!({
            "scope": self.settings.scope,
            "correlation": self.settings.correlation,
            "removals": self.settings.removals,
        })
    }
}
