//! Withdrawing followers by policy, in two steps where they are to be deleted, and holding what nobody may touch.

use chrono::Duration;

use super::classify::{Classifier, linked_action};
use super::plan::{ActionKind, Lane, Note, Plan};
use super::settings::{Cause, Drift, RemovalPolicy};
use crate::connector::Removal;
use crate::journal::{Candidate, Link, Ownership, Seen};
use crate::model::{FieldValue, Scalar};

impl Classifier<'_> {
    /// S6 and S8: withdraws the follower by policy, in two steps where it is to be deleted.
    pub(super) fn remove(&self, candidate: &Candidate, link: &Link, cause: Cause, plan: &mut Plan) {
        let Some(secondary) = &candidate.secondary else { return };
        let policy = self.input.settings.removals.policy(cause);
        let title = candidate.primary.as_ref().map_or(&secondary.title, |seen| &seen.title);
        let situation = if cause == Cause::ScopeExit { "S8" } else { "S6" };
        let Some(how) = self.removal(policy, candidate, link) else {
            let why = match (policy, link.removed.is_some()) {
                (RemovalPolicy::Report, _) => "reported only",
                (_, true) => "withdrawn",
                (_, false) => "the other side cannot withdraw a record in the way that the policy says; reported only",
            };
            let held = !matches!(policy, RemovalPolicy::Report) && link.removed.is_none();
            let id = link.primary.as_ref().unwrap_or(&secondary.id);
            let why = format!("{}: {why}", cause.as_str());
            return plan.notes.push(Note::new(situation, id, title, why, held));
        };
        let lane = if how == Removal::Delete { Lane::Delete } else { Lane::Restrict };
        let mut action = linked_action(ActionKind::Remove, lane, link, candidate);
        action.because = match cause {
            Cause::Absence => "gone at the primary, confirmed".into(),
            Cause::Inactive => "inactive at the primary".into(),
            Cause::LeaverDate => "its last day at the primary has passed".into(),
            Cause::ScopeExit => "no longer in the scope".into(),
        };
        action.removal = Some(how);
        action.cause = Some(cause.as_str().to_owned());
        plan.count(situation);
        plan.actions.push(action);
    }

    /// The next step of a policy; `None` if it has been taken, or there is none.
    fn removal(&self, policy: RemovalPolicy, candidate: &Candidate, link: &Link) -> Option<Removal> {
        let caps = self.input.secondary_writes.removal;
        let taken = link.removed.as_ref();
        let deletable = link.ownership == Ownership::Owned || self.input.settings.delete_adopted;
        let first = match policy {
            RemovalPolicy::Report => return None,
            RemovalPolicy::UnlinkCredentials if caps.unlink_credentials => Removal::UnlinkCredentials,
            RemovalPolicy::MarkLeaver if caps.mark_leaver => Removal::MarkLeaver(self.last_day(candidate)),
            // Whatever the side cannot do, and the first step of a deletion.
            _ if caps.disable => Removal::Disable,
            // Nothing lies between being there and being gone; without a first step no days can be counted from it.
            RemovalPolicy::Delete { after_days: 0 } if caps.delete && deletable => Removal::Delete,
            _ => return None,
        };
        let Some(taken) = taken.filter(|_| !self.opened_again(candidate, link)) else { return Some(first) };
        let RemovalPolicy::Delete { after_days } = policy else { return None };
        let due = self.input.now - taken.at >= Duration::days(i64::from(after_days));
        (deletable && due && caps.delete && taken.step == "disable").then_some(Removal::Delete)
    }

    /// Somebody made the follower active again at the other side, though the cause lasts.
    fn opened_again(&self, candidate: &Candidate, link: &Link) -> bool {
        let enforced = self.input.settings.drift == Drift::Enforce;
        let changed = candidate.secondary.as_ref().filter(|seen| seen.fingerprint != link.secondary_seen);
        let active = |seen: &Seen| *seen.fields.get("active") == FieldValue::Value(Scalar::Bool(true));
        enforced && changed.is_some_and(active)
    }

    fn last_day(&self, candidate: &Candidate) -> chrono::NaiveDate {
        match candidate.primary.as_ref().map(|seen| seen.fields.get("leave_date")) {
            Some(FieldValue::Value(Scalar::Date(date))) => *date,
            _ => self.input.today,
        }
    }
}

/// Holds a link until a person decides.
pub(super) fn hold(candidate: &Candidate, link: &Link, why: String, plan: &mut Plan) {
    let mut action = linked_action(ActionKind::Hold, Lane::Record, link, candidate);
    let id = link.primary.clone().unwrap_or_else(|| "?".into());
    plan.notes.push(Note::new("S16", &id, &action.title, why.clone(), true));
    action.because = why;
    plan.actions.push(action);
}
