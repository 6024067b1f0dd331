//! The guards' own fire drill: what would happen if the primary's list came back empty, or halved.

use super::GuardTrip;
use super::observe::{Observed, Verdict};
use super::plan::{ActionKind, ActionState};
use super::reconciler::{Context, Extent, Observation, Reconciler, RunError};
use crate::journal::{Absence, Durability, Journal, LinkState, MemoryJournal, Side, Stream, Write};
use crate::model::{Entity, ExternalId, Fingerprint};

/// What the drill found. Nothing of it touched an endpoint or the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Drill {
    /// Live links that took part.
    pub links: u64,
    /// Removals that would have been made without a person's word after empty lists.
    pub removed_when_empty: u64,
    /// The same after lists that lack every other record.
    pub removed_when_halved: u64,
    /// The same if the halved lists were believed, so that the limits alone stand in the way.
    pub removed_when_believed: u64,
}

impl Drill {
    /// Whether the guards would have held.
    pub fn holds(&self) -> bool {
        self.removed_when_empty + self.removed_when_halved + self.removed_when_believed == 0
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    Empty,
    Halved,
    Believed,
}

type Marks = Vec<(ExternalId, Fingerprint)>;

impl<T: Entity> Reconciler<T> {
    /// Feeds empty and halved lists through planner and guards with the limits in force (I-32). Works on a copy in
    /// memory: sends nothing and stores nothing.
    ///
    /// # Errors
    /// The journal.
    pub async fn drill(&self, context: &Context<'_>) -> Result<Drill, RunError> {
        Ok(Drill {
            links: self.live_links(context).await?,
            removed_when_empty: self.removed_in(Case::Empty, context).await?,
            removed_when_halved: self.removed_in(Case::Halved, context).await?,
            removed_when_believed: self.removed_in(Case::Believed, context).await?,
        })
    }

    async fn removed_in(&self, case: Case, context: &Context<'_>) -> Result<u64, RunError> {
        let copy = self.copy(context).await?;
        let inside = Context { journal: &copy, ..*context };
        let stream = Stream::of(&self.pair, Side::Primary);
        let all: Marks = copy.all_seen(&stream).await?.into_iter().map(|seen| (seen.id, seen.fingerprint)).collect();
        let step = i32::try_from(self.settings.removal_confirmations).unwrap_or(i32::MAX).saturating_add(1);
        let kept: Marks = match case {
            Case::Empty => Vec::new(),
            Case::Halved | Case::Believed => all.iter().step_by(2).cloned().collect(),
        };
        let mut at = context.clock.now() - self.settings.min_absence * (step + 1);
        // One list as usual, then as many as it takes to believe that the others are gone.
        self.feed(&copy, &all, at, Case::Believed).await?;
        let (mut trips, mut extent) = (Vec::new(), Extent::Whole);
        for _ in 0..=step {
            at += self.settings.min_absence;
            (trips, extent) = self.feed(&copy, &kept, at, case).await?;
        }
        let observed = Observation { read: (kept.len() as u64, 0), trips, extent };
        let plan = self.plan_from_store(&inside, &observed).await?;
        let free = |state: &ActionState| matches!(state, ActionState::Ready | ActionState::Approved);
        let removed = plan.actions.iter().filter(|action| action.kind == ActionKind::Remove && free(&action.state));
        Ok(removed.count() as u64)
    }

    /// One list of the primary, judged like any other unless it is to be believed.
    async fn feed(
        &self,
        copy: &MemoryJournal,
        marks: &Marks,
        at: chrono::DateTime<chrono::Utc>,
        case: Case,
    ) -> Result<(Vec<GuardTrip>, Extent), RunError> {
        let id = copy.begin_snapshot(&Stream::of(&self.pair, Side::Primary)).await?;
        copy.compare(id, marks).await?;
        let counts = copy.snapshot_counts(id).await?;
        let live = copy.link_counts(&self.pair).await?.get(&LinkState::Live).copied().unwrap_or_default();
        let observed = Observed::whole(id, Side::Primary, counts);
        let (mut trips, mut extent) = (Vec::new(), Extent::Whole);
        let min_absence = self.settings.min_absence;
        let absence = match observed.judge(&self.settings.guard, &self.pair, live, live) {
            _ if case == Case::Believed => Absence::Derive { min_absence },
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
        copy.end_snapshot(id, at, absence).await?;
        Ok((trips, extent))
    }

    /// Live links and their records, in memory, with the settings as seen.
    async fn copy(&self, context: &Context<'_>) -> Result<MemoryJournal, RunError> {
        let copy = MemoryJournal::new();
        let mut writes = Vec::new();
        for side in [Side::Primary, Side::Secondary] {
            let stream = Stream::of(&self.pair, side);
            let mut seen = context.journal.all_seen(&stream).await?;
            seen.retain(|seen| seen.missing == 0);
            writes.push(Write::See(stream, seen));
        }
        let links = context.journal.links(&self.pair).await?;
        let live = links.into_iter().filter(|link| link.state == LinkState::Live);
        writes.extend(live.map(|link| Write::Link(Box::new(link))));
        let value = self.guarded_settings();
        writes.push(Write::Put { kind: "settings", key: self.pair.to_string(), value });
        copy.commit(Durability::D1, writes).await?;
        Ok(copy)
    }
}
