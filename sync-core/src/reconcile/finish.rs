//! What the answer to a call means: for the link, for what was agreed on, and for the report.

use std::sync::PoisonError;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::Decision;
use super::classify::oldest_first;
use super::execute::{Answer, Job};
use super::observe::Observer;
use super::outcome::Outcome;
use super::plan::{Action, ActionKind, Reason};
use super::reconciler::{Context, Reconciler, RunError};
use super::report::Stopped;
use super::settings::Cause;
use crate::connector::{ErrorClass, Key, Record, Removal, SyncError};
use crate::journal::{BaselineField, IntentKind, IntentState, Link, LinkState, RemovalStep, Seen, Side, Stream, Write};
use crate::model::{Entity, ExternalId, FieldValue};

/// Kind of the documents that count how often a record was made again.
pub(super) const RECREATED: &str = "recreated";
/// Kind of the documents on decisions that have been carried out.
pub(super) const DECIDED: &str = "decided";
/// A field that the other side changes back this often within this time is left alone (G-15).
const DRIFT_LIMIT: usize = 5;
const DRIFT_MINUTES: i64 = 10;

/// What a finished job leaves: what to store, and how to count it.
pub(super) struct Finished {
    pub(super) writes: Vec<Write>,
    pub(super) outcome: Outcome,
    /// The endpoint answers nobody now: the rest of the run is pointless.
    pub(super) stopped: Option<Stopped>,
}

/// A field whose writes do not stay: read back otherwise, or changed back time and again.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Flap {
    /// How often this value was written in vain.
    pub(super) times: u32,
    /// The value.
    pub(super) wrote: FieldValue,
    /// When drift was set back, the last few times.
    pub(super) set_back: Vec<DateTime<Utc>>,
}

impl<T: Entity> Reconciler<T> {
    /// What an answer means for journal and report.
    pub(super) async fn finish(
        &self,
        job: &Job,
        answer: Answer<T>,
        context: &Context<'_>,
    ) -> Result<Finished, RunError> {
        let creates = job.intent.kind == IntentKind::Create;
        let finished = match answer {
            Ok(record) => self.confirmed(job, record, context).await?,
            Err(error) if error.class() == ErrorClass::Duplicate && creates => {
                self.duplicate(job, &error, context).await?
            }
            Err(error) if error.class() == ErrorClass::NotFound && !creates => self.not_found(job, context).await?,
            Err(error) if error.may_have_been_applied() => in_doubt(job, &error),
            Err(error) => self.refused(job, &error, context).await?,
        };
        if finished.outcome != Outcome::InDoubt {
            self.sent.lock().unwrap_or_else(PoisonError::into_inner).remove(&job.intent.id);
        }
        Ok(finished)
    }

    async fn confirmed(
        &self,
        job: &Job,
        record: Option<Record<T>>,
        context: &Context<'_>,
    ) -> Result<Finished, RunError> {
        let names = self.names();
        let key = context.journal.hash_key().await?;
        let observer = Observer::new::<T>(&names, key);
        let id = record.as_ref().map(|record| record.id.clone());
        let mut writes = match (job.intent.kind, record) {
            (IntentKind::Remove, record) => self.removal_confirmed(job, record.as_ref(), &observer, context).await?,
            (_, Some(record)) if is_for(job, &record) => self.write_confirmed(job, &record, &observer, context).await?,
            (_, Some(_)) => {
                let error = SyncError::new(ErrorClass::Protocol, "the reply is about another record");
                return Ok(in_doubt(job, &error));
            }
            (_, None) => {
                let error = SyncError::new(ErrorClass::Protocol, "the record was gone right after the write");
                return Ok(in_doubt(job, &error));
            }
        };
        let mut intent = job.intent.clone();
        intent.state = IntentState::Confirmed;
        intent.record = intent.record.or_else(|| id.clone());
        writes.push(Write::Intent(Box::new(intent)));
        writes.extend(self.audit(&job.action, id.as_ref(), job.plan.as_deref(), context));
        Ok(Finished { writes, outcome: Outcome::Done, stopped: None })
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
        (link.primary_seen, link.secondary_seen) = match action.side {
            Side::Secondary => (action.primary_seen, seen.fingerprint),
            Side::Primary => (seen.fingerprint, action.secondary_seen),
        };
        link.revision = self.settings.revision();
        link.due = action.waits_for_reference || mismatch;
        link.retry_at = None;
        link.attempts = 0;
        link.held_because = None;
        link.removed = None;
        writes.push(Write::See(Stream::of(&self.pair, action.side), vec![seen]));
        writes.push(Write::Link(Box::new(link)));
        if job.intent.kind == IntentKind::Create {
            writes.extend(self.creation_settled(action, context).await?);
        }
        writes.extend(self.decision_carried_out(action));
        let class = if job.intent.kind == IntentKind::Create { "create" } else { "update" };
        if !action.finishes_creation() {
            writes.push(self.outcome_row(class, job.approved, context));
        }
        Ok(writes)
    }

    /// What a creation leaves behind besides the link: no refusal any more, and a count if it was made again.
    async fn creation_settled(&self, action: &Action, context: &Context<'_>) -> Result<Vec<Write>, RunError> {
        let mut writes = Vec::new();
        if let Some((kind, key)) = self.refusal_key(action) {
            writes.push(Write::Delete { kind, key });
        }
        if let (Some(primary), true) = (&action.primary, action.generation > 0) {
            let key = self.record_key(primary);
            let mut times: Vec<DateTime<Utc>> = context.journal.stored(RECREATED, &key).await?.unwrap_or_default();
            times.push(context.clock.now());
            let old = times.len().saturating_sub(10);
            times.drain(..old);
            writes.push(Write::Put { kind: RECREATED, key, value: serde_json::json!(times) });
        }
        Ok(writes)
    }

    /// A decision about a held link is used once, though it may stay on file: what happens to the record later is
    /// another question.
    pub(super) fn decision_carried_out(&self, action: &Action) -> Option<Write> {
        let decided = action.because.ends_with("by decision");
        let primary = action.primary.as_ref().filter(|_| decided)?;
        let decision = match (action.kind, &action.secondary) {
            (ActionKind::Link, Some(secondary)) => Decision::Match(secondary.clone()),
            _ => Decision::Create,
        };
        let value = serde_json::to_value(decision).unwrap_or_default();
        Some(Write::Put { kind: DECIDED, key: self.record_key(primary), value })
    }

    /// Takes what was written into the baseline as far as it reads back; counts what does not stay. Returns whether
    /// something still differs.
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
            let stays = canonical.compare_form(stored) == canonical.compare_form(&change.new);
            if stays {
                let (value, primary) = match action.side {
                    Side::Secondary => (change.new.clone(), Some(change.from.clone())),
                    Side::Primary => (change.from.clone(), Some(change.new.clone())),
                };
                link.baseline.0.insert(change.field.clone(), BaselineField { value, primary });
            }
            mismatch |= !stays;
            // Other fields of a new record are later steps; a field that was set and reads back otherwise flaps.
            let set_in_vain = !stays && action.kind != ActionKind::Create && stored.is_known();
            let set_back = matches!(change.reason, Reason::SecondaryDrifted | Reason::BothChanged);
            if change.reason != Reason::Agreed && (set_in_vain || set_back) {
                let key = format!("{}/{}/{}", self.pair, action.key, change.field);
                writes.push(self.flap(key, &change.new, stays, context).await?);
            }
        }
        Ok(mismatch)
    }

    /// Counts a write that did not stay, or that undid what somebody did.
    async fn flap(
        &self,
        key: String,
        wrote: &FieldValue,
        stays: bool,
        context: &Context<'_>,
    ) -> Result<Write, RunError> {
        let before: Flap = context.journal.stored("flap", &key).await?.unwrap_or_default();
        let now = context.clock.now();
        let mut flap = Flap { wrote: wrote.clone(), ..Flap::default() };
        if before.wrote == *wrote {
            flap.set_back = before.set_back;
            flap.times = before.times;
        }
        if stays {
            flap.set_back.retain(|at| now - *at < Duration::minutes(DRIFT_MINUTES));
            flap.set_back.push(now);
            flap.times = if flap.set_back.len() >= DRIFT_LIMIT { self.settings.flap_limit } else { 0 };
        } else {
            flap.times = flap.times.saturating_add(1);
        }
        Ok(Write::Put { kind: "flap", key, value: serde_json::to_value(flap).unwrap_or_default() })
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
        let class = action.class().map_or("remove", |class| class.as_str());
        let mut writes = vec![self.outcome_row(class, job.approved, context)];
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
        // A policy's second step counts from its first, also when somebody had opened the record in between.
        link.removed = Some(RemovalStep {
            cause: action.cause.clone().unwrap_or_default(),
            step: how.to_owned(),
            at: context.clock.now(),
            deleting: self.deletes(action.cause.as_deref()),
        });
        link.primary_seen = action.primary_seen;
        link.revision = self.settings.revision();
        link.due = false;
        link.retry_at = None;
        link.attempts = 0;
        link.held_because = None;
        writes.push(Write::Link(Box::new(link)));
        Ok(writes)
    }

    /// Whether what is done for this cause ends in a deletion for good.
    fn deletes(&self, cause: Option<&str>) -> bool {
        let policy = cause.and_then(Cause::named).map(|cause| self.settings.removals.policy(cause));
        policy.is_some_and(|policy| policy.deletes_after().is_some())
    }

    /// 9.2.5: somebody has the key already. If it is ourselves, an earlier attempt arrived.
    async fn duplicate(&self, job: &Job, error: &SyncError, context: &Context<'_>) -> Result<Finished, RunError> {
        match self.own_record(job).await {
            Ok(Some(record)) => self.confirmed(job, Some(record), context).await,
            Ok(None) if error.clashing_key() == Some("sync_key") => Ok(in_doubt(job, error)),
            Ok(None) => self.refused(job, error, context).await,
            Err(_) => Ok(in_doubt(job, error)),
        }
    }

    /// The oldest record at the endpoint that carries the key of a job.
    pub(super) async fn own_record(&self, job: &Job) -> Result<Option<Record<T>>, SyncError> {
        let Some(sink) = self.sink(job.intent.side) else { return Ok(None) };
        let mut found = sink.find(&Key::Marker(job.intent.key)).await?;
        found.sort_by(|a, b| oldest_first(&a.id, &b.id));
        Ok(found.into_iter().next())
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
        Ok(Finished { writes, outcome: Outcome::Superseded, stopped: None })
    }

    pub(super) fn record_key(&self, record: &ExternalId) -> String {
        format!("{}/{record}", self.pair)
    }
}

/// Whether a reply is for what was sent.
fn is_for<T>(job: &Job, record: &Record<T>) -> bool {
    let other_key = record.sync_key().is_some_and(|key| key != job.intent.key);
    match job.intent.kind {
        IntentKind::Create => !record.id.as_str().is_empty() && !other_key,
        _ => job.intent.record.as_ref() == Some(&record.id),
    }
}

pub(super) fn in_doubt(job: &Job, error: &SyncError) -> Finished {
    let mut intent = job.intent.clone();
    intent.state = IntentState::InDoubt;
    intent.note = Some(error.chain());
    let writes = vec![Write::Intent(Box::new(intent))];
    Finished { writes, outcome: Outcome::InDoubt, stopped: Stopped::by(error) }
}

pub(super) fn closed(job: &Job, note: &str) -> Write {
    let mut intent = job.intent.clone();
    intent.state = IntentState::Rejected;
    intent.note = Some(note.to_owned());
    Write::Intent(Box::new(intent))
}
