//! Withdrawing followers by policy, in two steps where they are to be deleted, and holding what nobody may touch.

use chrono::{DateTime, Duration, Utc};

use super::classify::{Classifier, linked_action};
use super::plan::{ActionKind, Lane, Note, Plan};
use super::settings::{Cause, Drift, RemovalPolicy};
use crate::connector::Removal;
use crate::journal::{Candidate, Link, Ownership, RemovalStep, Seen};
use crate::model::{FieldValue, Scalar};

impl Classifier<'_> {
    /// S6 and S8: withdraws the follower by policy, in two steps where it is to be deleted.
    pub(super) fn remove(&self, candidate: &Candidate, link: &Link, cause: Cause, plan: &mut Plan) {
        let Some(secondary) = &candidate.secondary else { return };
        let policy = self.input.settings.removals.policy(cause);
        let title = candidate.primary.as_ref().map_or(&secondary.title, |seen| &seen.title);
        let situation = if cause == Cause::ScopeExit { "S8" } else { "S6" };
        let how = self.removal(policy, candidate, link);
        let nothing_left = how.as_ref().is_some_and(|how| self.born_inactive(how, secondary, link));
        let Some(how) = how.filter(|_| !nothing_left) else {
            let why = match (policy, &link.removed) {
                (RemovalPolicy::Report, _) => "reported only".to_owned(),
                (_, Some(taken)) => self.withdrawn(policy, link, taken),
                (_, None) if nothing_left => "inactive there already".to_owned(),
                (_, None) => {
                    "the other side cannot withdraw a record in the way that the policy says; reported only".to_owned()
                }
            };
            let held = !matches!(policy, RemovalPolicy::Report) && link.removed.is_none() && !nothing_left;
            let id = link.primary.as_ref().unwrap_or(&secondary.id);
            let why = format!("{}: {why}", cause.as_str());
            let mut note = Note::new(situation, id, title, why, held);
            note.withheld = link.removed.as_ref().is_some_and(|taken| due(policy, taken.at).is_some());
            return plan.notes.push(note);
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
        let deletable = self.deletable(link);
        let first = match policy {
            RemovalPolicy::Report => return None,
            RemovalPolicy::UnlinkCredentials | RemovalPolicy::UnlinkThenDelete { .. } if caps.unlink_credentials => {
                Removal::UnlinkCredentials
            }
            RemovalPolicy::MarkLeaver if caps.mark_leaver => Removal::MarkLeaver(self.last_day(candidate)),
            // Whatever the side cannot do, and the first step of a deletion.
            _ if caps.disable => Removal::Disable,
            // Nothing lies between being there and being gone; without a first step no days can be counted from it.
            RemovalPolicy::Delete { after_days: 0 } if caps.delete && deletable => Removal::Delete,
            _ => return None,
        };
        let Some(taken) = taken.filter(|_| !self.opened_again(candidate, link)) else { return Some(first) };
        let last = taken.step == Removal::Delete.as_str();
        if deletable && caps.delete && !last && !taken.deleting && policy.deletes_after().is_some() {
            // Deleting was decided on later: the days count from now on, and not from long ago.
            return Some(first);
        }
        (deletable && caps.delete && !last && due(policy, taken.at)? <= self.input.now).then_some(Removal::Delete)
    }

    /// It was made as an inactive one, and nothing is left to withdraw.
    fn born_inactive(&self, how: &Removal, secondary: &Seen, link: &Link) -> bool {
        let inactive = *secondary.fields.get("active") == FieldValue::Value(Scalar::Bool(false));
        self.input.settings.create_inactive && *how == Removal::Disable && link.removed.is_none() && inactive
    }

    /// C18: only what was made here is deleted for good, unless adopted records are given up as well, and the other side
    /// deletes those.
    fn deletable(&self, link: &Link) -> bool {
        let adopted_too = self.input.settings.delete_adopted && !self.input.secondary_writes.removal.only_own;
        link.ownership == Ownership::Owned || adopted_too
    }

    /// What has been done, and what keeps the record from being deleted for good where that is the policy.
    fn withdrawn(&self, policy: RemovalPolicy, link: &Link, taken: &RemovalStep) -> String {
        let done = format!("withdrawn ({})", taken.step);
        let caps = self.input.secondary_writes.removal;
        match due(policy, taken.at) {
            None => done,
            Some(_) if !self.deletable(link) => {
                let more = if caps.only_own {
                    ", and the other side deletes only whom this program made"
                } else {
                    ": delete_adopted would release it"
                };
                format!("{done}; not deleted, since it was not made here{more}")
            }
            Some(_) if !caps.delete => match caps.withheld {
                Some(setting) => format!("{done}; not deleted: {setting} would release it"),
                None => format!("{done}; the other side deletes nobody"),
            },
            Some(at) => format!("{done}; to be deleted on {}, when the grace is over (after_days)", at.date_naive()),
        }
    }

    /// Somebody made the follower active again at the other side, though the cause lasts.
    fn opened_again(&self, candidate: &Candidate, link: &Link) -> bool {
        let enforced = self.input.settings.drift == Drift::Enforce;
        let changed = candidate.secondary.as_ref().filter(|seen| seen.fingerprint != link.secondary_seen);
        let active = |seen: &Seen| *seen.fields.get("active") == FieldValue::Value(Scalar::Bool(true));
        let carries = |seen: &Seen| matches!(seen.fields.get("credentials"), FieldValue::Set(set) if !set.is_empty());
        let unlinked = link.removed.as_ref().is_some_and(|taken| taken.step == Removal::UnlinkCredentials.as_str());
        enforced && changed.is_some_and(|seen| if unlinked { carries(seen) } else { active(seen) })
    }

    fn last_day(&self, candidate: &Candidate) -> chrono::NaiveDate {
        match candidate.primary.as_ref().map(|seen| seen.fields.get("leave_date")) {
            Some(FieldValue::Value(Scalar::Date(date))) => *date,
            _ => self.input.today,
        }
    }
}

/// When a record that was withdrawn at this instant is to be deleted for good, if it is.
fn due(policy: RemovalPolicy, withdrawn: DateTime<Utc>) -> Option<DateTime<Utc>> {
    withdrawn.checked_add_signed(Duration::days(i64::from(policy.deletes_after()?)))
}

/// Holds a link until a person decides.
pub(super) fn hold(candidate: &Candidate, link: &Link, why: String, plan: &mut Plan) {
    let mut action = linked_action(ActionKind::Hold, Lane::Record, link, candidate);
    let id = link.primary.clone().unwrap_or_else(|| "?".into());
    plan.notes.push(Note::new("S16", &id, &action.title, why.clone(), true));
    action.because = why;
    plan.actions.push(action);
}
