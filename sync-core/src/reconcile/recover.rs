//! Resolving writes whose outcome is open, after a crash or a lost reply.

use std::time::Duration;

use super::classify::oldest_first;
use super::execute::Job;
use super::observe::Observer;
use super::plan::{Action, ActionKind, ActionState, Lane};
use super::reconciler::{Context, Reconciler, RunError};
use crate::connector::{CreateClass, ErrorClass, Key, LateApply, Record};
use crate::journal::{Durability, Intent, IntentKind, IntentState, LinkState, Seen, Side, Stream, Write};
use crate::model::{Entity, ExternalId, Fingerprint};

impl<T: Entity> Reconciler<T> {
    /// Resolves every open intent of the pair that can be resolved now. What cannot stays open, and its record takes
    /// no part in the rest of the run.
    pub(super) async fn recover(&self, context: &Context<'_>) -> Result<(), RunError> {
        let open = context.journal.open_intents(&self.pair).await?;
        if !open.is_empty() {
            tracing::info!(open = open.len(), "writes without a clear answer are looked for");
        }
        for intent in open {
            self.resolve(intent, context).await?;
        }
        Ok(())
    }

    /// The same for the writes that concern these primary records.
    pub(super) async fn recover_for(&self, ids: &[ExternalId], context: &Context<'_>) -> Result<(), RunError> {
        for intent in context.journal.open_intents(&self.pair).await? {
            let primary = self.link_by_key(intent.key, context).await?.and_then(|link| link.primary);
            if primary.is_some_and(|primary| ids.contains(&primary)) {
                self.resolve(intent, context).await?;
            }
        }
        Ok(())
    }

    async fn resolve(&self, intent: Intent, context: &Context<'_>) -> Result<(), RunError> {
        let Some(sink) = self.sink(intent.side) else { return Ok(()) };
        match (intent.kind, sink.writes().create) {
            (IntentKind::Create, CreateClass::Keyed(window)) => {
                if age(&intent, context) < window {
                    self.again(intent, context).await
                } else {
                    self.search_or_hold(intent, context).await
                }
            }
            (IntentKind::Create, CreateClass::Unique) => self.again(intent, context).await,
            (IntentKind::Create, CreateClass::Searchable) => {
                if self.settled(&intent, context) {
                    self.search(intent, context).await
                } else {
                    Ok(())
                }
            }
            (IntentKind::Create, CreateClass::Unsafe) => self.hold_create(intent, context).await,
            (IntentKind::Update | IntentKind::Remove, _) => {
                if self.settled(&intent, context) {
                    self.read_again(intent, context).await
                } else {
                    Ok(())
                }
            }
        }
    }

    /// Whether no request of an earlier attempt can be applied any more, and reads show what was.
    fn settled(&self, intent: &Intent, context: &Context<'_>) -> bool {
        let Some(sink) = self.sink(intent.side) else { return false };
        let lifetime = sink.writes().request_lifetime;
        let margin =
            if lifetime.is_zero() { Duration::ZERO } else { self.settings.settle_margin.to_std().unwrap_or_default() };
        let wait = lifetime + sink.reads().read_lag + margin;
        context.clock.uptime() >= self.settle_base(intent.id, context.clock) + wait
    }

    /// Classes K and U: the same request once more; the endpoint tells a repeat.
    async fn again(&self, intent: Intent, context: &Context<'_>) -> Result<(), RunError> {
        let job = self.job_of(intent, context).await?;
        let mut answer = self.send(&job, context).await;
        if let Err(error) = answer {
            if error.stops_endpoint() {
                // This repeat says nothing about the first attempt, which stays open.
                return Err(RunError::endpoint(job.intent.side, &self.pair, error));
            }
            answer = match self.own_record(&job).await {
                Ok(Some(record)) => Ok(Some(record)),
                Ok(None) => Err(error),
                Err(unread) => return Err(RunError::endpoint(job.intent.side, &self.pair, unread)),
            };
        }
        let finished = self.finish(&job, answer, context).await?;
        context.journal.commit(Durability::D1, finished.writes).await?;
        Ok(())
    }

    /// Class S: look for the record by its key. None: the attempt did not arrive and is made anew.
    async fn search(&self, intent: Intent, context: &Context<'_>) -> Result<(), RunError> {
        let Some(sink) = self.sink(intent.side) else { return Ok(()) };
        let mut found = match sink.find(&Key::Marker(intent.key)).await {
            Ok(found) => found,
            Err(error) if error.stops_endpoint() => return Err(RunError::endpoint(intent.side, &self.pair, error)),
            Err(_) => return Ok(()),
        };
        found.sort_by(|a, b| oldest_first(&a.id, &b.id));
        if found.is_empty() {
            let unbounded = sink.writes().late_apply == LateApply::Unbounded;
            let note = if unbounded { "did not arrive so far; watched for a late duplicate" } else { "did not arrive" };
            return self.close(intent, note, context).await;
        }
        // More than one is a duplicate of ours: the oldest is linked, the others are reported as S14.
        let oldest = found.remove(0);
        self.confirm(intent, oldest, context).await
    }

    async fn search_or_hold(&self, intent: Intent, context: &Context<'_>) -> Result<(), RunError> {
        let marked = self.sink(intent.side).is_some_and(|sink| sink.writes().marker_in_create);
        if marked { self.search(intent, context).await } else { self.hold_create(intent, context).await }
    }

    /// Class N: never sent a second time without a person's word.
    async fn hold_create(&self, mut intent: Intent, context: &Context<'_>) -> Result<(), RunError> {
        let why = format!(
            "the reply to creating {:?} was lost and {} cannot be asked; look there, then decide match or create",
            intent.title,
            intent.side.endpoint(&self.pair)
        );
        intent.state = IntentState::Held;
        intent.note = Some(why.clone());
        let mut writes = Vec::new();
        if let Some(mut link) = self.link_by_key(intent.key, context).await? {
            link.state = LinkState::Held;
            link.held_because = Some(why);
            writes.push(Write::Link(Box::new(link)));
        }
        writes.push(Write::Intent(Box::new(intent)));
        context.journal.commit(Durability::D1, writes).await?;
        Ok(())
    }

    /// Updates and removals are absolute: read what is, and plan again.
    async fn read_again(&self, mut intent: Intent, context: &Context<'_>) -> Result<(), RunError> {
        let (Some(sink), Some(id)) = (self.sink(intent.side), intent.record.clone()) else { return Ok(()) };
        let stream = Stream::of(&self.pair, intent.side);
        let mut writes = vec![Write::Due(intent.key)];
        match sink.get(&id).await {
            Ok(Some(record)) => writes.push(Write::See(stream, vec![self.seen_of(&record, context).await?])),
            Ok(None) => writes.push(Write::Gone(stream, id, context.clock.now())),
            Err(error) if error.class() == ErrorClass::NotFound => {
                writes.push(Write::Gone(stream, id, context.clock.now()));
            }
            Err(error) if error.stops_endpoint() => return Err(RunError::endpoint(intent.side, &self.pair, error)),
            Err(_) => return Ok(()),
        }
        intent.state = IntentState::Confirmed;
        intent.note = Some("open after a crash or a lost reply; read again and planned anew".to_owned());
        writes.push(Write::Intent(Box::new(intent)));
        context.journal.commit(Durability::D1, writes).await?;
        Ok(())
    }

    async fn confirm(&self, intent: Intent, record: Record<T>, context: &Context<'_>) -> Result<(), RunError> {
        let job = self.job_of(intent, context).await?;
        let finished = self.finish(&job, Ok(Some(record)), context).await?;
        context.journal.commit(Durability::D1, finished.writes).await?;
        Ok(())
    }

    /// The attempt did not arrive: nothing of it stays, the planner decides anew.
    async fn close(&self, mut intent: Intent, note: &str, context: &Context<'_>) -> Result<(), RunError> {
        let key = intent.key;
        intent.state = IntentState::Rejected;
        intent.note = Some(note.to_owned());
        let writes = vec![Write::Intent(Box::new(intent)), Write::Unlink(key)];
        context.journal.commit(Durability::D1, writes).await?;
        Ok(())
    }

    /// The action that an intent came from, as far as it can be told: fields that were sent and what they were made
    /// from. Anything else differs in the next plan and is set then.
    async fn job_of(&self, intent: Intent, context: &Context<'_>) -> Result<Job, RunError> {
        let link = self.link_by_key(intent.key, context).await?;
        let side = |side: Side| link.as_ref().and_then(|link| link.record(side).cloned());
        let (primary, secondary) = (side(Side::Primary), side(Side::Secondary));
        let action = Action {
            lane: Lane::Create,
            kind: ActionKind::Create,
            side: intent.side,
            key: intent.key,
            generation: link.as_ref().map_or(0, |link| link.generation),
            primary,
            secondary,
            title: intent.title.clone(),
            // Without changes no baseline is made, so that the next plan compares every field.
            changes: Vec::new(),
            removal: None,
            cause: None,
            because: "an open write was resolved".to_owned(),
            primary_seen: Fingerprint::default(),
            secondary_seen: Fingerprint::default(),
            ownership: link.map_or(crate::journal::Ownership::Owned, |link| link.ownership),
            state: ActionState::Ready,
            waits_for_reference: true,
        };
        // Whether it was approved is not known any more: the guards count it.
        Ok(Job { action, intent, approved: false, plan: None })
    }

    async fn seen_of(&self, record: &Record<T>, context: &Context<'_>) -> Result<Seen, RunError> {
        let names = self.names();
        let key = context.journal.hash_key().await?;
        Ok(Observer::new::<T>(&names, key).seen(record))
    }
}

/// Wall-clock age, for key windows only: being wrong means searching instead of sending.
fn age(intent: &Intent, context: &Context<'_>) -> Duration {
    (context.clock.now() - intent.prepared_at).to_std().unwrap_or(Duration::MAX)
}
