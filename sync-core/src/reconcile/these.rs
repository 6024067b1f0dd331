//! The quick way for a few records whose time has come.

use std::sync::PoisonError;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;

use super::observe::Observer;
use super::plan::Note;
use super::reconciler::{Approval, Context, Extent, Observation, Reconciler, RunError};
use super::report::LinkReport;
use crate::connector::{Endpoint, ErrorClass, Record, Source, SyncError};
use crate::journal::{Durability, Seen, Side, Stream, Write};
use crate::model::{Entity, ExternalId};

/// For how long this process takes an endpoint for the installation that it was.
const IDENTITY_HOLDS: Duration = Duration::from_mins(10);

/// What was read of a few records.
#[derive(Debug, Default)]
struct These {
    /// Primary records that may be planned: they were read, and so were their followers.
    ids: Vec<ExternalId>,
    /// Followers read.
    followers: u64,
    /// Records that an endpoint could not show.
    unread: Vec<Note>,
}

/// What an endpoint said about some records.
type Answers<T> = Vec<(ExternalId, Result<Option<Record<T>>, SyncError>)>;

impl<T: Entity> Reconciler<T> {
    pub(super) async fn run_these(
        &self,
        ids: &[ExternalId],
        approval: &Approval,
        context: &Context<'_>,
    ) -> Result<LinkReport, RunError> {
        let mut these = These::default();
        // Before the first full run nobody knows what is at the other side already.
        let settled = context.journal.document("settings", &self.pair.to_string()).await?.is_some();
        if settled && !ids.is_empty() {
            self.confirm_identity(Side::Primary, &*self.primary, context).await?;
            self.confirm_identity(Side::Secondary, &*self.secondary, context).await?;
            self.recover_for(ids, context).await?;
            these = self.read_these(ids, context).await?;
        }
        let extent = Extent::Only(these.ids);
        let read = (ids.len() as u64, these.followers);
        let observed = Observation { read, trips: Vec::new(), extent: extent.clone() };
        let plan = self.plan_from_store(context, &observed).await?;
        let mut report = if plan.actions.is_empty() {
            LinkReport::of_plan(&plan)
        } else {
            self.apply_plan(plan, approval, extent, context).await?
        };
        report.held.append(&mut these.unread);
        report.actions.hold = report.held.len() as u64;
        Ok(report)
    }

    async fn confirm_identity(
        &self,
        side: Side,
        endpoint: &(impl Endpoint + ?Sized),
        context: &Context<'_>,
    ) -> Result<(), RunError> {
        let seen = self.identified.lock().unwrap_or_else(PoisonError::into_inner).get(&side).copied();
        let age = seen.and_then(|seen| context.clock.uptime().checked_sub(seen));
        if age.is_some_and(|age| age < IDENTITY_HOLDS) {
            return Ok(());
        }
        self.verify_identity(side, endpoint, context).await
    }

    /// Reads records and their followers and stores what was seen. Absence is concluded from neither.
    async fn read_these(&self, ids: &[ExternalId], context: &Context<'_>) -> Result<These, RunError> {
        let mut these = These::default();
        let (mut leaders, mut followers) = (Vec::new(), Vec::new());
        let mut wanted = Vec::new();
        for (id, answer) in read_each(&*self.primary, ids, 1).await {
            let Some(leader) = self.taken(Side::Primary, &id, answer, &mut these)? else { continue };
            let link = context.journal.link_of(&self.pair, Side::Primary, &id).await?;
            match link.and_then(|link| link.secondary) {
                Some(follower) => wanted.push((follower, id)),
                None => these.ids.push(id),
            }
            leaders.push(leader);
        }
        let asked: Vec<ExternalId> = wanted.iter().map(|(follower, _)| follower.clone()).collect();
        for (id, answer) in read_each::<T>(&*self.secondary, &asked, self.secondary.writes().parallel).await {
            // One that is not there any more is confirmed by whole lists, so its leader waits for the full run.
            let Some(follower) = self.taken(Side::Secondary, &id, answer, &mut these)? else { continue };
            followers.push(follower);
            these.ids.extend(wanted.iter().filter(|(follower, _)| *follower == id).map(|(_, leader)| leader.clone()));
        }
        these.followers = followers.len() as u64;
        self.store_these(&leaders, &followers, context).await?;
        Ok(these)
    }

    /// The record of an answer, if there is one. What a single record is refused for is told; what stops the endpoint
    /// stops the run.
    fn taken(
        &self,
        side: Side,
        id: &ExternalId,
        answer: Result<Option<Record<T>>, SyncError>,
        these: &mut These,
    ) -> Result<Option<Record<T>>, RunError> {
        match answer {
            Ok(record) => Ok(record.filter(|record| record.id == *id)),
            Err(error) if error.class() == ErrorClass::NotFound => Ok(None),
            Err(error) if error.stops_endpoint() => Err(RunError::endpoint(side, &self.pair, error)),
            Err(error) => {
                let why = format!("could not be read at {}: {}", side.endpoint(&self.pair), error.chain());
                these.unread.push(Note::new("S15", id, "", why, true));
                Ok(None)
            }
        }
    }

    async fn store_these(
        &self,
        leaders: &[Record<T>],
        followers: &[Record<T>],
        context: &Context<'_>,
    ) -> Result<(), RunError> {
        let names = self.names();
        let observer = Observer::new::<T>(&names, context.journal.hash_key().await?);
        let mut writes = Vec::new();
        for (side, records) in [(Side::Primary, leaders), (Side::Secondary, followers)] {
            let stream = Stream::of(&self.pair, side);
            let mut rows: Vec<Seen> = Vec::new();
            for seen in records.iter().map(|record| observer.seen(record)) {
                let known = context.journal.seen(&stream, &seen.id).await?;
                if known.is_none_or(|known| known.fingerprint != seen.fingerprint || known.missing > 0) {
                    rows.push(seen);
                }
            }
            if !rows.is_empty() {
                writes.push(Write::See(stream, rows));
            }
        }
        if !writes.is_empty() {
            context.journal.commit(Durability::D2, writes).await?;
        }
        Ok(())
    }
}

/// Reads records one by one, so many at once.
async fn read_each<T: Entity>(source: &(impl Source<T> + ?Sized), ids: &[ExternalId], at_once: usize) -> Answers<T> {
    let mut answers = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(at_once.max(1)) {
        let mut calls: FuturesUnordered<_> =
            chunk.iter().map(|id| async move { (id.clone(), source.get(id).await) }).collect();
        while let Some(answer) = calls.next().await {
            answers.push(answer);
        }
    }
    answers
}
