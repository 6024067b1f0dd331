//! Records that an endpoint refuses: held, tried again ever more seldom, and never in the way of others.

use chrono::Duration;

use super::execute::Job;
use super::finish::{Finished, closed};
use super::outcome::Outcome;
use super::plan::Action;
use super::planner::Refusal;
use super::reconciler::{Context, Reconciler, RunError};
use super::report::Stopped;
use crate::connector::{ErrorClass, SyncError};
use crate::journal::{IntentKind, Side, Write};
use crate::model::Entity;

/// Kind of the documents on primary records that could not be created at the secondary.
pub(super) const REFUSAL: &str = "refusal";
/// Kind of the documents on secondary records that could not be created at the primary.
pub(super) const REFUSAL_BACK: &str = "refusal_back";
/// Waits between attempts at a record that is refused: minutes.
const REFUSED_MINUTES: [i64; 6] = [1, 5, 15, 60, 360, 1_440];

impl<T: Entity> Reconciler<T> {
    /// A clear refusal, of this record or of everything.
    pub(super) async fn refused(
        &self,
        job: &Job,
        error: &SyncError,
        context: &Context<'_>,
    ) -> Result<Finished, RunError> {
        let mut writes = vec![closed(job, error.message())];
        let created = job.intent.kind == IntentKind::Create;
        if created {
            writes.push(Write::Unlink(job.action.key));
        }
        let stopped = Stopped::by(error);
        if stopped.is_some() {
            if !created {
                writes.push(Write::Due(job.action.key));
            }
            return Ok(Finished { writes, outcome: Outcome::Failed, stopped });
        }
        if error.class() == ErrorClass::Conflict && !created {
            writes.push(Write::Due(job.action.key));
            return Ok(Finished { writes, outcome: Outcome::Superseded, stopped: None });
        }
        let why = match (error.field(), error.clashing_key()) {
            (Some(field), _) => format!("refused: {field}: {}", error.chain()),
            (None, Some(key)) => format!("refused: another record has this {key}: {}", error.chain()),
            (None, None) => format!("refused: {}", error.chain()),
        };
        if created {
            writes.extend(self.refusal(&job.action, why, context).await?);
        } else if let Some(mut link) = self.link_by_key(job.action.key, context).await? {
            let minutes = wait_minutes(link.attempts);
            link.attempts += 1;
            // It stays among the candidates, so that every report names it.
            link.due = true;
            link.retry_at = Some(context.clock.now() + Duration::minutes(minutes));
            link.primary_seen = job.action.primary_seen;
            link.revision = self.settings.revision();
            link.held_because = Some(why);
            writes.push(Write::Link(Box::new(link)));
        }
        Ok(Finished { writes, outcome: Outcome::Rejected, stopped: None })
    }

    async fn refusal(&self, action: &Action, why: String, context: &Context<'_>) -> Result<Option<Write>, RunError> {
        let Some((kind, key)) = self.refusal_key(action) else { return Ok(None) };
        let before: Option<Refusal> = context.journal.stored(kind, &key).await?;
        let attempts = before.map_or(0, |refusal| refusal.attempts);
        let fingerprint = match action.side {
            Side::Secondary => action.primary_seen,
            Side::Primary => action.secondary_seen,
        };
        let refusal = Refusal {
            fingerprint,
            revision: self.settings.revision(),
            why,
            attempts: attempts + 1,
            retry_at: context.clock.now() + Duration::minutes(wait_minutes(attempts)),
        };
        let value = serde_json::to_value(refusal).unwrap_or_default();
        Ok(Some(Write::Put { kind, key, value }))
    }

    /// Where the refusal of a creation is kept.
    pub(super) fn refusal_key(&self, action: &Action) -> Option<(&'static str, String)> {
        match action.side {
            Side::Secondary => action.primary.as_ref().map(|id| (REFUSAL, self.record_key(id))),
            Side::Primary => action.secondary.as_ref().map(|id| (REFUSAL_BACK, self.record_key(id))),
        }
    }
}

fn wait_minutes(attempts: u32) -> i64 {
    let last = REFUSED_MINUTES.len() - 1;
    REFUSED_MINUTES.get((attempts as usize).min(last)).copied().unwrap_or(1_440)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_day_and_stay_there() {
        let waits: Vec<_> = (0..8).map(wait_minutes).collect();
        assert_eq!(waits, [1, 5, 15, 60, 360, 1_440, 1_440, 1_440]);
    }
}
