//! Carrying out single actions: intent first, then the call, then what came of it.

use std::sync::PoisonError;

use chrono::Duration;

use super::observe::Observer;
use super::outcome::Outcome;
use super::plan::{Action, ActionKind, Reason};
use super::planner::Refusal;
use super::reconciler::{Context, Reconciler, RunError};
use crate::connector::{
    AttemptKey, Changes, Draft, ErrorClass, Key, Precondition, Record, Removal, SyncError,
};
use crate::journal::{
    AuditEntry, BaselineField, Durability, Intent, IntentId, IntentKind, IntentState, Link, LinkState, OutcomeRow,
    RemovalStep, Seen, Side, Stream, Write,
};
use crate::model::{Entity, ExternalId, FieldValue, Fields, Fingerprint, Scalar, SyncKey};

/// Waits between attempts at a record that is refused: minutes.
const REFUSED_MINUTES: [i64; 6] = [1, 5, 15, 60, 360, 1_440];

/// One action with everything that its call needs.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) action: Action,
    pub(super) intent: Intent,
    pub(super) approved: bool,
}

/// What the call of a job answered.
pub(super) type Answer<T> = Result<Option<Record<T>>, SyncError>;

/// What a finished job leaves: what to store, and how to count it.
pub(super) struct Finished {
    pub(super) writes: Vec<Write>,
    pub(super) outcome: Outcome,
    /// The endpoint answers nobody now: the rest of the run is pointless.
    pub(super) endpoint_stopped: bool,
}

impl<T: Entity> Reconciler<T> {
    /// Turns an action into a job and what has to be durable before its call. `None`: the record has changed since.
    pub(super) async fn prepare_job(
        &self,
        action: Action,
        approved: bool,
        context: &Context<'_>,
    ) -> Result<Option<(Job, Vec<Write>)>, RunError> {
        if !self.still_true(&action, context).await? {
            return Ok(None);
        }
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
        Ok(Some((Job { action, intent, approved }, writes)))
    }

    /// I-18: the newest stored observations are those that the plan was made from.
    pub(super) async fn still_true(&self, action: &Action, context: &Context<'_>) -> Result<bool, RunError> {
        for (side, id, planned) in [
            (Side::Primary, &action.primary, action.primary_seen),
            (Side::Secondary, &action.secondary, action.secondary_seen),
        ] {
            let Some(id) = id else { continue };
            let seen = context.journal.seen(&Stream::of(&self.pair, side), id).await?;
            if seen.map(|seen| seen.fingerprint).unwrap_or_default() != planned {
                return Ok(false);
            }
        }
        Ok(true)
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
        let sink = self.sink(intent.side).ok_or_else(|| {
            SyncError::new(ErrorClass::Bug, "a one-way link was about to write to its primary")
        })?;
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
                if *how == Removal::Delete { Ok(None) } else { sink.get(id).await }
            }
            _ => Err(SyncError::new(ErrorClass::Bug, "an intent without its record")),
        }
    }

    /// What is sent, with secrets asked for afresh: the journal holds their seals only.
    async fn payload(&self, intent: &Intent, primary: Option<&ExternalId>) -> Result<T, SyncError> {
        let bug = |error| SyncError::new(ErrorClass::Bug, "a stored field has another type").with_source(error);
        let mut value: T = intent.payload.to_record().map_err(bug)?;
        let sealed = intent.payload.iter().any(|(_, value)| matches!(value, FieldValue::Value(Scalar::Sealed(_))));
        if let (true, Some(id)) = (sealed, primary) {
            if let Some(record) = self.primary.get(id).await? {
                for field in T::fields() {
                    let sealed = matches!(intent.payload.get(field.name), FieldValue::Value(Scalar::Sealed(_)));
                    if sealed {
                        (field.set)(&mut value, (field.get)(&record.value)).map_err(bug)?;
                    }
                }
            }
        }
        Ok(value)
    }

    /// What an answer means for journal and report.
    pub(super) async fn finish(&self, job: &Job, answer: Answer<T>, context: &Context<'_>) -> Result<Finished, RunError> {
        match answer {
            Ok(record) => self.confirmed(job, record, context).await,
            Err(error) if error.class() == ErrorClass::Duplicate && job.intent.kind == IntentKind::Create => {
                self.duplicate(job, &error, context).await
            }
            Err(error) if error.class() == ErrorClass::NotFound => self.not_found(job, context).await,
            Err(error) if error.may_have_been_applied() => Ok(in_doubt(job, &error)),
            Err(error) => self.refused(job, &error, context).await,
        }
    }

    async fn confirmed(
        &self,
        job: &Job,
        record: Option<Record<T>>,
        context: &Context<'_>,
    ) -> Result<Finished, RunError> {
        let names = self.names();
        let key = context.journal.hash_key().await?;
        let observer = self.observer(&names, key);
        let mut writes = match job.intent.kind {
            IntentKind::Remove => self.removal_confirmed(job, record.as_ref(), &observer, context).await?,
            _ => match record {
                Some(record) => self.write_confirmed(job, &record, &observer, context).await?,
                None => {
                    let error = SyncError::new(ErrorClass::Protocol, "the record was gone right after the write");
                    return Ok(in_doubt(job, &error));
                }
            },
        };
        let mut intent = job.intent.clone();
        intent.state = IntentState::Confirmed;
        writes.push(Write::Intent(Box::new(intent)));
        writes.extend(self.audit(job, context));
        Ok(Finished { writes, outcome: Outcome::Done, endpoint_stopped: false })
    }

    /// A create or update that the endpoint confirmed: the link lives, and what it stored is agreed on.
    async fn write_confirmed(
        &self,
        job: &Job,
        record: &Record<T>,
        observer: &Observer<'_>,
        context: &Context<'_>,
    ) -> Result<Vec<Write>, RunError> {
        let action = &job.action;
        let seen = observer.seen(record);
        let mut link = match self.link_by_key(action.key, context).await? {
            Some(link) => link,
            None => self.new_link(action, LinkState::Pending),
        };
        link.state = LinkState::Live;
        match action.side {
            Side::Secondary => link.secondary = Some(record.id.clone()),
            Side::Primary => link.primary = Some(record.id.clone()),
        }
        let mut writes = Vec::new();
        let mismatch = self.agree(&mut link, action, &seen, &mut writes, context).await?;
        let (own, other) = (seen.fingerprint, match action.side {
            Side::Secondary => action.primary_seen,
            Side::Primary => action.secondary_seen,
        });
        (link.primary_seen, link.secondary_seen) = match action.side {
            Side::Secondary => (other, own),
            Side::Primary => (own, other),
        };
        link.revision = self.settings.revision();
        link.due = action.waits_for_reference || mismatch;
        link.retry_at = None;
        link.attempts = 0;
        link.held_because = None;
        link.removed = None;
        writes.push(Write::See(Stream::of(&self.pair, action.side), vec![seen]));
        if let (IntentKind::Create, Some(primary)) = (job.intent.kind, &action.primary) {
            writes.push(Write::Delete { kind: "refusal", key: self.record_key(primary) });
        }
        writes.push(Write::Link(Box::new(link)));
        let class = if job.intent.kind == IntentKind::Create { "create" } else { "update" };
        if !action.finishes_creation() {
            writes.push(self.outcome_row(class, job.approved, context));
        }
        Ok(writes)
    }

    /// Takes what was written into the baseline as far as it reads back; counts what flaps. Returns whether something
    /// still differs.
    async fn agree(
        &self,
        link: &mut Link,
        action: &Action,
        seen: &Seen,
        writes: &mut Vec<Write>,
        context: &Context<'_>,
    ) -> Result<bool, RunError> {
        let caps = match action.side {
            Side::Secondary => self.secondary.reads(),
            Side::Primary => self.primary.reads(),
        };
        let mut mismatch = false;
        for change in &action.changes {
            let canonical = caps.field(&change.field).map(|caps| caps.canonical).unwrap_or_default();
            let stored = seen.fields.get(&change.field);
            let flap_key = format!("{}/{}/{}", self.pair, action.key, change.field);
            if canonical.compare_form(stored) == canonical.compare_form(&change.new) {
                let (value, primary) = match action.side {
                    Side::Secondary => (change.new.clone(), Some(change.from.clone())),
                    Side::Primary => (change.from.clone(), Some(change.new.clone())),
                };
                link.baseline.0.insert(change.field.clone(), BaselineField { value, primary });
                continue;
            }
            mismatch = true;
            // Other fields of a new record are later steps; a field that was set and reads back otherwise flaps.
            if action.kind != ActionKind::Create && change.reason != Reason::Agreed && stored.is_known() {
                let before = context.journal.document("flap", &flap_key).await?;
                let often = before.and_then(|n| n.as_u64()).unwrap_or_default() + 1;
                writes.push(Write::Put { kind: "flap", key: flap_key, value: often.into() });
            }
        }
        Ok(mismatch)
    }

    async fn removal_confirmed(
        &self,
        job: &Job,
        record: Option<&Record<T>>,
        observer: &Observer<'_>,
        context: &Context<'_>,
    ) -> Result<Vec<Write>, RunError> {
        let action = &job.action;
        let stream = Stream::of(&self.pair, Side::Secondary);
        let mut writes = vec![self.outcome_row("remove", job.approved, context)];
        let Some(mut link) = self.link_by_key(action.key, context).await? else { return Ok(writes) };
        match (record, &link.secondary) {
            (Some(record), _) => {
                let seen = observer.seen(record);
                link.secondary_seen = seen.fingerprint;
                writes.push(Write::See(stream, vec![seen]));
            }
            (None, Some(id)) => writes.push(Write::Gone(stream, id.clone(), context.clock.now())),
            (None, None) => {}
        }
        let how = action.removal.as_ref().map_or("disable", Removal::as_str);
        if action.removal == Some(Removal::Delete) {
            link.state = LinkState::Dead;
        }
        link.removed = Some(RemovalStep {
            cause: action.cause.clone().unwrap_or_default(),
            step: how.to_owned(),
            at: context.clock.now(),
        });
        link.primary_seen = action.primary_seen;
        link.revision = self.settings.revision();
        link.retry_at = None;
        link.attempts = 0;
        writes.push(Write::Link(Box::new(link)));
        Ok(writes)
    }

    /// 9.2.5: somebody has the key already. If it is ourselves, an earlier attempt arrived.
    async fn duplicate(&self, job: &Job, error: &SyncError, context: &Context<'_>) -> Result<Finished, RunError> {
        let Some(sink) = self.sink(job.intent.side) else { return Ok(in_doubt(job, error)) };
        match sink.find(&Key::Marker(job.intent.key)).await {
            Ok(found) => match found.into_iter().next() {
                Some(record) => self.confirmed(job, Some(record), context).await,
                None if error.clashing_key() == Some("sync_key") => Ok(in_doubt(job, error)),
                None => self.refused(job, error, context).await,
            },
            Err(_) => Ok(in_doubt(job, error)),
        }
    }

    /// The record is not there: a removal has nothing left to do, anything else is planned again.
    async fn not_found(&self, job: &Job, context: &Context<'_>) -> Result<Finished, RunError> {
        if job.intent.kind == IntentKind::Remove {
            return self.confirmed(job, None, context).await;
        }
        let mut writes = vec![closed(job, "the record is not there any more"), Write::Due(job.action.key)];
        if let Some(id) = job.action.record() {
            let stream = Stream::of(&self.pair, job.action.side);
            writes.push(Write::Gone(stream, id.clone(), context.clock.now()));
        }
        Ok(Finished { writes, outcome: Outcome::Superseded, endpoint_stopped: false })
    }

    /// A clear refusal, of this record or of everything.
    async fn refused(&self, job: &Job, error: &SyncError, context: &Context<'_>) -> Result<Finished, RunError> {
        let mut writes = vec![closed(job, error.message())];
        let created = job.intent.kind == IntentKind::Create;
        if created {
            writes.push(Write::Unlink(job.action.key));
        }
        if error.stops_endpoint() {
            if !created {
                writes.push(Write::Due(job.action.key));
            }
            return Ok(Finished { writes, outcome: Outcome::Failed, endpoint_stopped: true });
        }
        if error.class() == ErrorClass::Conflict {
            writes.push(Write::Due(job.action.key));
            return Ok(Finished { writes, outcome: Outcome::Superseded, endpoint_stopped: false });
        }
        let why = match (error.field(), error.clashing_key()) {
            (Some(field), _) => format!("{field}: {}", error.chain()),
            (None, Some(key)) => format!("another record has this {key}: {}", error.chain()),
            (None, None) => error.chain(),
        };
        if created {
            writes.extend(self.refusal(&job.action, why, context).await?);
        } else if let Some(mut link) = self.link_by_key(job.action.key, context).await? {
            let minutes = wait_minutes(link.attempts);
            link.attempts += 1;
            link.retry_at = Some(context.clock.now() + Duration::minutes(minutes));
            link.primary_seen = job.action.primary_seen;
            link.revision = self.settings.revision();
            link.held_because = Some(format!("refused: {why}"));
            writes.push(Write::Link(Box::new(link)));
        }
        Ok(Finished { writes, outcome: Outcome::Rejected, endpoint_stopped: false })
    }

    async fn refusal(&self, action: &Action, why: String, context: &Context<'_>) -> Result<Vec<Write>, RunError> {
        let Some(primary) = &action.primary else { return Ok(Vec::new()) };
        let key = self.record_key(primary);
        let before = context.journal.document("refusal", &key).await?;
        let before: Option<Refusal> = before.and_then(|value| serde_json::from_value(value).ok());
        let attempts = before.map_or(0, |refusal| refusal.attempts);
        let refusal = Refusal {
            fingerprint: action.primary_seen,
            revision: self.settings.revision(),
            why: format!("refused: {why}"),
            attempts: attempts + 1,
            retry_at: context.clock.now() + Duration::minutes(wait_minutes(attempts)),
        };
        let value = serde_json::to_value(refusal).unwrap_or_default();
        Ok(vec![Write::Put { kind: "refusal", key, value }])
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

    pub(super) fn record_key(&self, primary: &ExternalId) -> String {
        format!("{}/{primary}", self.pair)
    }

    // Rows

    fn outcome_row(&self, class: &str, approved: bool, context: &Context<'_>) -> Write {
        Write::Outcome(OutcomeRow {
            pair: self.pair.clone(),
            class: class.to_owned(),
            at: context.clock.now(),
            approved,
        })
    }

    /// One audit row per written field; a removal has one row.
    fn audit(&self, job: &Job, context: &Context<'_>) -> Vec<Write> {
        let action = &job.action;
        let entry = |field: Option<&super::FieldChange>| AuditEntry {
            at: context.clock.now(),
            actor: context.actor.to_owned(),
            pair: self.pair.to_string(),
            endpoint: action.side.endpoint(&self.pair).to_string(),
            record: action.record().or(action.primary.as_ref()).cloned().unwrap_or_else(|| "?".into()),
            action: action.removal.as_ref().map_or(action.kind.as_str(), Removal::as_str).to_owned(),
            field: field.map(|change| change.field.clone()),
            old: field.map(|change| change.shown(&change.old)),
            new: field.map(|change| change.shown(&change.new)),
            reason: field.map_or_else(|| action.because.clone(), |change| change.reason.as_str().to_owned()),
            plan: None,
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

fn in_doubt(job: &Job, error: &SyncError) -> Finished {
    let mut intent = job.intent.clone();
    intent.state = IntentState::InDoubt;
    intent.note = Some(error.chain());
    Finished { writes: vec![Write::Intent(Box::new(intent))], outcome: Outcome::InDoubt, endpoint_stopped: false }
}

fn closed(job: &Job, note: &str) -> Write {
    let mut intent = job.intent.clone();
    intent.state = IntentState::Rejected;
    intent.note = Some(note.to_owned());
    Write::Intent(Box::new(intent))
}

fn wait_minutes(attempts: u32) -> i64 {
    let last = REFUSED_MINUTES.len() - 1;
    REFUSED_MINUTES.get((attempts as usize).min(last)).copied().unwrap_or(1_440)
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
    JournalError::new(JournalErrorKind::Storage, "the system gives no random numbers").with_source(error.to_string()).into()
}

/// What a batch of the executor is committed with.
pub(super) const BEFORE_A_CALL: Durability = Durability::D1;

