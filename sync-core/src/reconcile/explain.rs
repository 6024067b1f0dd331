//! All that is known about one record.

use serde::Serialize;

use super::names::RefNames;
use super::plan::{Action, CREDENTIALS, Note, masked};
use super::reconciler::{Context, Extent, Observation, Reconciler, RunError};
use crate::journal::{AuditRow, Link, Seen, Side, Stream};
use crate::model::{Entity, ExternalId};

/// Audit rows per side.
const AUDIT_ROWS: usize = 50;

/// All that is known about one record, in the order of a run. Numbers of credentials are masked.
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
    /// What the records are called that it refers to.
    pub names: RefNames,
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
        let look = async |side: Side, id: Option<&ExternalId>| match id {
            Some(id) => journal.seen(&Stream::of(&self.pair, side), id).await,
            None => Ok(None),
        };
        let (primary, secondary) = match &link {
            Some(link) => (
                look(Side::Primary, link.primary.as_ref()).await?,
                look(Side::Secondary, link.secondary.as_ref()).await?,
            ),
            // Both sides may use the same number for different records: without a link the primary's comes first.
            None => match look(Side::Primary, Some(id)).await? {
                Some(primary) => (Some(primary), None),
                None => (None, look(Side::Secondary, Some(id)).await?),
            },
        };
        if link.is_none() && primary.is_none() && secondary.is_none() {
            return Ok(None);
        }
        let observed = Observation { read: (0, 0), trips: Vec::new(), extent: Extent::Whole };
        let plan = self.plan_from_store(context, &observed).await?;
        let of = |side: Side, seen: Option<&Seen>| {
            let linked = link.as_ref().and_then(|link| link.record(side));
            linked.or(seen.map(|seen| &seen.id)).cloned()
        };
        let ids = [of(Side::Primary, primary.as_ref()), of(Side::Secondary, secondary.as_ref())];
        let [primary_id, secondary_id] = &ids;
        let about = |action: &Action| match (primary_id, secondary_id) {
            (Some(id), _) => action.primary.as_ref() == Some(id),
            (None, id) => action.secondary == *id,
        };
        let noted = primary_id.as_ref().or(secondary_id.as_ref());
        let audit = self.audit_of(&ids, context).await?;
        let actions: Vec<Action> = plan.actions.into_iter().filter(about).map(Action::masked).collect();
        let mut names = RefNames::default();
        for (side, seen) in [(Side::Primary, &primary), (Side::Secondary, &secondary)] {
            if let Some(seen) = seen {
                names.look_up_seen(side.endpoint(&self.pair), seen, journal).await?;
            }
        }
        for action in &actions {
            names.look_up_action(action, &self.pair, journal).await?;
        }
        Ok(Some(Explanation {
            pair: self.pair.title(),
            primary: primary.map(masked_seen),
            secondary: secondary.map(masked_seen),
            actions,
            notes: plan.notes.into_iter().filter(|note| Some(&note.record) == noted).collect(),
            link: link.map(masked_link),
            audit,
            names,
        }))
    }

    /// What was done to a record on either side, newest first.
    async fn audit_of(
        &self,
        [primary, secondary]: &[Option<ExternalId>; 2],
        context: &Context<'_>,
    ) -> Result<Vec<AuditRow>, RunError> {
        let mut rows = Vec::new();
        for (side, id) in [(Side::Primary, primary), (Side::Secondary, secondary)] {
            let Some(id) = id else { continue };
            let mut of_side = context.journal.audit(Some(id), AUDIT_ROWS).await?;
            let endpoint = side.endpoint(&self.pair).as_str();
            of_side.retain(|row| row.entry.pair == self.pair.to_string() && row.entry.endpoint == endpoint);
            rows.extend(of_side);
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.number));
        Ok(rows)
    }
}

fn masked_seen(mut seen: Seen) -> Seen {
    let credentials = masked(seen.fields.get(CREDENTIALS));
    seen.fields.set(CREDENTIALS, credentials);
    seen
}

fn masked_link(mut link: Link) -> Link {
    if let Some(agreed) = link.baseline.0.get_mut(CREDENTIALS) {
        agreed.value = masked(&agreed.value);
        agreed.primary = agreed.primary.as_ref().map(masked);
    }
    link
}
