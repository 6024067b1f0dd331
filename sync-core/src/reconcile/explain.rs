//! All that is known about one record.

use serde::Serialize;

use super::plan::{Action, Note};
use super::reconciler::{Context, Reconciler, RunError};
use crate::journal::{AuditRow, Link, Seen, Side, Stream};
use crate::model::{Entity, ExternalId};

/// All that is known about one record, in the order of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The pair.
    pub pair: String,
    /// The primary record as last seen.
    pub primary: Option<Seen>,
    /// The secondary record as last seen.
    pub secondary: Option<Seen>,
    /// The link.
    pub link: Option<Link>,
    /// What would be done with it now.
    pub actions: Vec<Action>,
    /// Why it is left alone, where it is.
    pub notes: Vec<Note>,
    /// What was done to it, newest first.
    pub audit: Vec<AuditRow>,
}

impl<T: Entity> Reconciler<T> {
    pub(super) async fn explain_record(
        &self,
        id: &ExternalId,
        context: &Context<'_>,
    ) -> Result<Option<Explanation>, RunError> {
        let journal = context.journal;
        let mut link = journal.link_of(&self.pair, Side::Primary, id).await?;
        if link.is_none() {
            link = journal.link_of(&self.pair, Side::Secondary, id).await?;
        }
        let of_side = |side: Side| {
            let linked = link.as_ref().map(|link| link.record(side).cloned());
            linked.unwrap_or_else(|| Some(id.clone()))
        };
        let mut seen = [None, None];
        for (slot, side) in seen.iter_mut().zip([Side::Primary, Side::Secondary]) {
            if let Some(id) = of_side(side) {
                *slot = journal.seen(&Stream::of(&self.pair, side), &id).await?;
            }
        }
        let [primary, secondary] = seen;
        if link.is_none() && primary.is_none() && secondary.is_none() {
            return Ok(None);
        }
        let plan = self.plan_from_store(context, (0, 0), &[], false).await?;
        let ids: Vec<ExternalId> = [of_side(Side::Primary), of_side(Side::Secondary)].into_iter().flatten().collect();
        let about = |action: &Action| {
            [&action.primary, &action.secondary].into_iter().flatten().any(|id| ids.contains(id))
        };
        let mut audit = Vec::new();
        for id in &ids {
            audit.extend(journal.audit(Some(id), 50).await?);
        }
        audit.retain(|row| row.entry.pair == self.pair.to_string());
        audit.sort_by_key(|row| std::cmp::Reverse(row.number));
        audit.dedup_by_key(|row| row.number);
        Ok(Some(Explanation {
            pair: self.pair.title(),
            primary,
            secondary,
            link,
            actions: plan.actions.into_iter().filter(about).collect(),
            notes: plan.notes.into_iter().filter(|note| ids.contains(&note.record)).collect(),
            audit,
        }))
    }
}
