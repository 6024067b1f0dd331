//! Carrying out single actions: intent first, then the call, then what came of it.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use super::plan::{Action, ActionKind, FieldChange, Reason};
use super::reconciler::{Context, Reconciler, RunError};
use crate::connector::{AttemptKey, Changes, Draft, ErrorClass, Precondition, Record, Removal, SyncError};
use crate::journal::{
    AuditEntry, BaselineField, Durability, Intent, IntentId, IntentKind, IntentState, Link, LinkState, OutcomeRow,
    Side, Stream, Write,
};
use crate::model::{Entity, ExternalId, FieldValue, Fields, Fingerprint, Scalar, SyncKey};

/// Kind of the document on what a person approved in a plan that is being carried out.
pub(super) const APPROVED_ACTIONS: &str = "approved_actions";
/// What a batch before a call is committed with.
pub(super) const BEFORE_A_CALL: Durability = Durability::D1;

/// One action with everything that its call needs.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) action: Action,
    pub(super) intent: Intent,
    pub(super) approved: bool,
    /// Hash of the plan that it belongs to.
    pub(super) plan: Option<String>,
}

/// Fingerprints that this run's own writes left behind.
pub(super) type OwnWrites = BTreeMap<(Side, ExternalId), Fingerprint>;

/// What the call of a job answered.
pub(super) type Answer<T> = Result<Option<Record<T>>, SyncError>;

impl<T: Entity> Reconciler<T> {
    /// Turns an action into a job and what has to be durable before its call. `None`: the record has changed since.
    pub(super) async fn prepare_job(
        &self,
        action: Action,
        approved: bool,
        plan: &str,
        context: &Context<'_>,
    ) -> Result<(Job, Vec<Write>), RunError> {
        let mut writes = Vec::new();
        match action.kind {
            ActionKind::Create => {
                if let Some(old) = self.link_of(&action, context).await?.filter(|old| old.key != action.key) {
                    writes.push(Write::Link(Box::new(Link { state: LinkState::Dead, ..old })));
                }
                writes.push(Write::Link(Box::new(self.new_link(&action, LinkState::Pending))));
            }
            ActionKind::Link => {
                writes.extend(self.end_former_direction(&action, context).await?);
                writes.push(Write::Link(Box::new(self.linked(&action, LinkState::Live))));
            }
            _ => {}
        }
        let intent = self.intent(&action, context)?;
        writes.push(Write::Intent(Box::new(intent.clone())));
        Ok((Job { action, intent, approved, plan: Some(plan.to_owned()) }, writes))
    }

    /// I-18: the newest stored observations and the link are those that the plan was made from. `own` is what this run
    /// itself wrote since.
    pub(super) async fn still_true(
        &self,
        action: &Action,
        own: &OwnWrites,
        context: &Context<'_>,
    ) -> Result<bool, RunError> {
        for (side, id, planned) in [
            (Side::Primary, &action.primary, action.primary_seen),
            (Side::Secondary, &action.secondary, action.secondary_seen),
        ] {
            let Some(id) = id else { continue };
            let seen = context.journal.seen(&Stream::of(&self.pair, side), id).await?;
            let seen = seen.map(|seen| seen.fingerprint).unwrap_or_default();
            if seen != planned && own.get(&(side, id.clone())) != Some(&seen) {
                return Ok(false);
            }
        }
        self.link_still_true(action, context).await
    }

    /// I-17 comes with it: what a plan did once has changed the link, and is not done a second time.
    async fn link_still_true(&self, action: &Action, context: &Context<'_>) -> Result<bool, RunError> {
        let link = self.link_by_key(action.key, context).await?;
        match action.kind {
            ActionKind::Create => Ok(link.is_none()),
            ActionKind::Link => {
                for (side, id) in [(Side::Primary, &action.primary), (Side::Secondary, &action.secondary)] {
                    let Some(id) = id else { continue };
                    let other = context.journal.link_of(&self.pair, side, id).await?;
                    if other.is_some_and(|other| other.key != action.key || other.state != LinkState::Held) {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            _ => Ok(link.is_some_and(|link| link.state == LinkState::Live)),
        }
    }

    fn intent(&self, action: &Action, context: &Context<'_>) -> Result<Intent, RunError> {
        let kind = match action.kind {
            ActionKind::Create => IntentKind::Create,
            ActionKind::Remove => IntentKind::Remove,
            _ => IntentKind::Update,
        };
        let payload: Fields = action.written().map(|change| (change.field.clone(), change.new.clone())).collect();
        Ok(Intent {
            id: IntentId(random_u64()?),
            pair: self.pair.clone(),
            key: action.key,
            side: action.side,
            kind,
            record: action.record().cloned(),
            title: action.title.clone(),
            payload,
            removal: action.removal.clone(),
            attempt: 1,
            attempt_key: AttemptKey::from_u128(random_u128()?).to_string(),
            state: IntentState::Prepared,
            prepared_at: context.clock.now(),
            note: None,
        })
    }

    /// Makes the call of a job. No store batch is under way meanwhile.
    pub(super) async fn send(&self, job: &Job, context: &Context<'_>) -> Answer<T> {
        let answer = self.send_intent(&job.intent, job.action.primary.as_ref()).await;
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).insert(job.intent.id, context.clock.uptime());
        answer
    }

    /// Makes the call of an intent, be it the first time or again.
    pub(super) async fn send_intent(&self, intent: &Intent, primary: Option<&ExternalId>) -> Answer<T> {
        let sink = self
            .sink(intent.side)
            .ok_or_else(|| SyncError::new(ErrorClass::Bug, "a one-way link was about to write to its primary"))?;
        let attempt = intent.attempt_key.parse().unwrap_or(AttemptKey::from_u128(0));
        let precondition = Precondition::default();
        match (intent.kind, &intent.record, &intent.removal) {
            (IntentKind::Create, _, _) => {
                let value = self.payload(intent, primary).await?;
                sink.create(&Draft { value, key: intent.key }, &attempt).await.map(Some)
            }
            (IntentKind::Update, Some(id), _) => {
                let value = self.payload(intent, primary).await?;
                sink.update(id, &Changes(value), &precondition, &attempt).await.map(Some)
            }
            (IntentKind::Remove, Some(id), Some(how)) => {
                sink.remove(id, how, &precondition, &attempt).await?;
                if *how == Removal::Delete {
                    return Ok(None);
                }
                // It is done, whatever the look at it says.
                sink.get(id).await.map_err(|error| {
                    SyncError::new(ErrorClass::InDoubt, "withdrawn, but it could not be read afterwards")
                        .with_source(error)
                })
            }
            _ => Err(SyncError::new(ErrorClass::Bug, "an intent without its record")),
        }
    }

    /// What is sent, with secrets asked for afresh: the journal holds their seals only.
    async fn payload(&self, intent: &Intent, primary: Option<&ExternalId>) -> Result<T, SyncError> {
        let bug = |error| SyncError::new(ErrorClass::Bug, "a stored field has another type").with_source(error);
        let mut value: T = intent.payload.to_record().map_err(bug)?;
        let is_sealed = |value: &FieldValue| matches!(value, FieldValue::Value(Scalar::Sealed(_)));
        let sealed = intent.payload.iter().any(|(_, value)| is_sealed(value));
        let Some(id) = primary.filter(|_| sealed) else { return Ok(value) };
        // Nothing has been sent yet, whatever the primary answers.
        let record = self.primary.get(id).await.map_err(|error| {
            SyncError::new(ErrorClass::Transient, "a secret could not be asked for afresh").with_source(error)
        })?;
        let Some(record) = record else { return Ok(value) };
        for field in T::fields().iter().filter(|field| is_sealed(intent.payload.get(field.name))) {
            (field.set)(&mut value, (field.get)(&record.value)).map_err(bug)?;
        }
        Ok(value)
    }

    // Links

    /// A link as an action makes it, without baseline.
    pub(super) fn new_link(&self, action: &Action, state: LinkState) -> Link {
        let (primary, secondary) = match (action.kind, action.side) {
            (ActionKind::Create, Side::Secondary) => (action.primary.clone(), None),
            (ActionKind::Create, Side::Primary) => (None, action.secondary.clone()),
            _ => (action.primary.clone(), action.secondary.clone()),
        };
        Link {
            key: action.key,
            pair: self.pair.clone(),
            primary,
            secondary,
            generation: action.generation,
            state,
            held_because: None,
            ownership: action.ownership,
            primary_seen: Fingerprint::default(),
            secondary_seen: Fingerprint::default(),
            revision: self.settings.revision(),
            due: false,
            retry_at: None,
            attempts: 0,
            baseline: crate::journal::Baseline::default(),
            removed: None,
        }
    }

    /// A link of two records that exist, with what they agree on already.
    pub(super) fn linked(&self, action: &Action, state: LinkState) -> Link {
        let mut link = self.new_link(action, state);
        link.primary_seen = action.primary_seen;
        link.secondary_seen = action.secondary_seen;
        note_agreed(&mut link, action);
        link.due = action.waits_for_reference || action.written().next().is_some();
        link
    }

    async fn link_of(&self, action: &Action, context: &Context<'_>) -> Result<Option<Link>, RunError> {
        let id = match action.side {
            Side::Secondary => action.primary.as_ref().map(|id| (Side::Primary, id)),
            Side::Primary => action.secondary.as_ref().map(|id| (Side::Secondary, id)),
        };
        match id {
            Some((side, id)) => Ok(context.journal.link_of(&self.pair, side, id).await?),
            None => Ok(None),
        }
    }

    pub(super) async fn link_by_key(&self, key: SyncKey, context: &Context<'_>) -> Result<Option<Link>, RunError> {
        Ok(context.journal.link(key).await?)
    }

    /// When the other side led before, its link ends with the new one.
    pub(super) async fn end_former_direction(
        &self,
        action: &Action,
        context: &Context<'_>,
    ) -> Result<Option<Write>, RunError> {
        let Some(primary) = &action.primary else { return Ok(None) };
        let reversed =
            crate::model::Pair::new(self.pair.entity, self.pair.secondary.clone(), self.pair.primary.clone());
        let former = context.journal.link_of(&reversed, Side::Secondary, primary).await?;
        Ok(former.map(|link| Write::Link(Box::new(Link { state: LinkState::Dead, ..link }))))
    }

    // Rows

    pub(super) fn outcome_row(&self, class: &str, approved: bool, context: &Context<'_>) -> Write {
        Write::Outcome(OutcomeRow {
            pair: self.pair.clone(),
            class: class.to_owned(),
            at: context.clock.now(),
            approved,
        })
    }

    /// One audit row per written field; anything else has one row.
    pub(super) fn audit(
        &self,
        action: &Action,
        record: Option<&ExternalId>,
        plan: Option<&str>,
        context: &Context<'_>,
    ) -> Vec<Write> {
        let record = record.or(action.record()).or(action.primary.as_ref());
        let entry = |field: Option<&FieldChange>| AuditEntry {
            at: context.clock.now(),
            actor: context.actor.to_owned(),
            pair: self.pair.to_string(),
            endpoint: action.side.endpoint(&self.pair).to_string(),
            record: record.cloned().unwrap_or_else(|| "?".into()),
            action: action.removal.as_ref().map_or(action.kind.as_str(), Removal::as_str).to_owned(),
            field: field.map(|change| change.field.clone()),
            old: field.map(|change| change.shown(&change.old)),
            new: field.map(|change| change.shown(&change.new)),
            reason: field.map_or_else(|| action.because.clone(), |change| change.reason.as_str().to_owned()),
            plan: plan.map(str::to_owned),
        };
        let rows: Vec<_> = action.written().map(|change| Write::Audit(entry(Some(change)))).collect();
        if rows.is_empty() { vec![Write::Audit(entry(None))] } else { rows }
    }
}

/// Takes fields that both sides have already into the baseline.
pub(super) fn note_agreed(link: &mut Link, action: &Action) {
    for change in action.changes.iter().filter(|change| change.reason == Reason::Agreed) {
        let field = BaselineField { value: change.new.clone(), primary: Some(change.from.clone()) };
        link.baseline.0.insert(change.field.clone(), field);
    }
}

fn random_u64() -> Result<u64, RunError> {
    // 63 bits, since stores know signed numbers only.
    getrandom::u64().map(|n| n >> 1).map_err(no_chance)
}

fn random_u128() -> Result<u128, RunError> {
    Ok((u128::from(random_u64()?) << 64) | u128::from(random_u64()?))
}

fn no_chance(error: getrandom::Error) -> RunError {
    use crate::journal::{JournalError, JournalErrorKind};
    JournalError::new(JournalErrorKind::Storage, "the system gives no random numbers")
        .with_source(error.to_string())
        .into()
}
