//! Which situation a record is in, and what follows from it. The numbers are those of the situations' table.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;

use super::correlate::{Correlation, correlate};
use super::difference::{Difference, Standing, difference, two_way_difference};
use super::plan::{Action, ActionKind, ActionState, FieldChange, Lane, Note, Plan, Reason};
use super::planner::PlanInput;
use super::settings::{Cause, RemovalPolicy};
use super::Decision;
use crate::connector::{Marker, Removal};
use crate::journal::{Candidate, Link, LinkState, Ownership, Seen, Side};
use crate::model::{ExternalId, FieldValue, Fingerprint, Scalar, SyncKey};

pub(super) struct Classifier<'a> {
    input: &'a PlanInput<'a>,
    /// Unlinked secondary records that carry one of our keys.
    orphans: BTreeMap<SyncKey, Vec<&'a Seen>>,
    unlinked: BTreeMap<&'a ExternalId, &'a Seen>,
}

impl<'a> Classifier<'a> {
    pub(super) fn new(input: &'a PlanInput<'a>) -> Self {
        let mut orphans: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for seen in input.unlinked {
            if let Some(key) = seen.sync_key() {
                orphans.entry(key).or_default().push(seen);
            }
        }
        Self { input, orphans, unlinked: input.unlinked.iter().map(|seen| (&seen.id, seen)).collect() }
    }

    pub(super) fn classify_all(&self, plan: &mut Plan) {
        let mut unlinked = Vec::new();
        for candidate in self.input.candidates {
            match &candidate.link {
                Some(link) if link.state != LinkState::Dead => self.linked(candidate, link, plan),
                _ => unlinked.push(candidate),
            }
        }
        self.all_unlinked(&unlinked, plan);
        if self.input.settings.two_way {
            self.new_at_secondary(plan);
        }
    }

    // Linked records

    fn linked(&self, candidate: &Candidate, link: &Link, plan: &mut Plan) {
        let id = link.primary.as_ref().or(link.secondary.as_ref()).cloned().unwrap_or_else(|| "?".into());
        let title = candidate.primary.as_ref().or(candidate.secondary.as_ref()).map_or("", |seen| &seen.title);
        let mut note = |situation: &str, why: String, held: bool| {
            plan.notes.push(Note::new(situation, &id, title, why, held));
        };
        if self.input.in_doubt.contains(&link.key) {
            return note("S15", "a write is still open; it is looked for once nothing can arrive any more".into(), false);
        }
        if link.state == LinkState::Held {
            let why = link.held_because.clone().unwrap_or_else(|| "held".into());
            return note("S16", why, true);
        }
        if link.retry_at.is_some_and(|at| at > self.input.now) && !self.changed_since(candidate, link) {
            let why = link.held_because.clone().unwrap_or_else(|| "refused before; waits before trying again".into());
            return note("S16", why, true);
        }
        let primary = candidate.primary.as_ref();
        if let Some(invalid) = primary.and_then(|seen| seen.invalid.as_ref()) {
            return note("S15", format!("invalid {}: {}", invalid.field, invalid.why), true);
        }
        let Some(primary) = primary.filter(|seen| seen.missing == 0) else {
            return self.primary_missing(candidate, link, plan);
        };
        if link.state == LinkState::Pending {
            return plan.notes.push(Note::new("S15", &primary.id, &primary.title, "is being created", false));
        }
        let Some(secondary) = candidate.secondary.as_ref().filter(|seen| seen.missing == 0) else {
            return self.secondary_missing(candidate, link, primary, plan);
        };
        if let Some(invalid) = &secondary.invalid {
            return note("S15", format!("invalid at the other side, {}: {}", invalid.field, invalid.why), true);
        }
        if let Some(why) = self.changed_identity(link, secondary) {
            return self.hold(candidate, link, why, plan);
        }
        if self.input.settings.two_way {
            return self.compare_two_way(link, primary, secondary, plan);
        }
        match self.cause_to_go(primary) {
            Some(cause) => self.remove(candidate, link, cause, plan),
            None => self.compare(link, primary, secondary, plan),
        }
    }

    fn changed_since(&self, candidate: &Candidate, link: &Link) -> bool {
        link.revision != self.input.settings.revision()
            || candidate.primary.as_ref().is_some_and(|seen| seen.fingerprint != link.primary_seen)
    }

    /// S6, S7, S12.
    fn primary_missing(&self, candidate: &Candidate, link: &Link, plan: &mut Plan) {
        let Some(id) = &link.primary else { return };
        let title = candidate.primary.as_ref().or(candidate.secondary.as_ref()).map_or("", |seen| &seen.title);
        let missing = candidate.primary.as_ref().map_or(0, |seen| seen.missing);
        if missing < self.input.settings.removal_confirmations {
            let why = format!("missing at the primary, {missing} of {}", self.input.settings.removal_confirmations);
            return plan.notes.push(Note::new("S7", id, title, why, false));
        }
        let gone_too = candidate.secondary.as_ref().is_none_or(|seen| self.confirmed_missing(seen));
        if gone_too {
            let mut action = self.action(ActionKind::Bury, Lane::Record, link, candidate);
            action.because = "gone on both sides".into();
            return plan.actions.push(action);
        }
        if self.input.settings.two_way {
            let why = "gone at the primary; nothing is removed on the other side";
            return plan.notes.push(Note::new("S6", id, title, why, false));
        }
        self.remove(candidate, link, Cause::Absence, plan);
    }

    fn confirmed_missing(&self, seen: &Seen) -> bool {
        seen.missing >= self.input.settings.removal_confirmations
    }

    /// S9.
    fn secondary_missing(&self, candidate: &Candidate, link: &Link, primary: &Seen, plan: &mut Plan) {
        let confirmed = candidate.secondary.as_ref().is_none_or(|seen| self.confirmed_missing(seen));
        let reported = |why: &str, held: bool| Note::new("S9", &primary.id, &primary.title, why, held);
        if !confirmed {
            return plan.notes.push(reported("missing at the other side, not confirmed yet", false));
        }
        if link.removed.is_some() || self.input.settings.two_way {
            return plan.notes.push(reported("gone at the other side", false));
        }
        if !self.input.settings.recreate {
            let why = "somebody removed it at the other side; it is not given back by itself";
            return self.hold(candidate, link, why.into(), plan);
        }
        let found = difference(self.input, primary, None, None, Standing::New);
        let mut action = self.action(ActionKind::Create, Lane::Create, link, candidate);
        action.generation = link.generation + 1;
        action.key = SyncKey::new(self.input.pair, &self.input.pair.primary, &primary.id, action.generation);
        action.secondary = None;
        action.secondary_seen = Fingerprint::default();
        action.because = "somebody removed it at the other side".into();
        action.waits_for_reference = !found.missing.is_empty();
        action.changes = found.changes;
        plan.actions.push(action);
    }

    /// I-50: nothing is sent to an id that no longer stands for the same record.
    fn changed_identity(&self, link: &Link, secondary: &Seen) -> Option<String> {
        if let Some(Marker::Ours(key)) = secondary.marker {
            return (key != link.key).then(|| {
                format!("changed identity: record {} carries the key of another record", secondary.id)
            });
        }
        let expects_marker = link.ownership == Ownership::Owned && self.input.secondary_writes.marker_in_create;
        if expects_marker && secondary.marker.is_none() && !self.shares_identity(link, secondary) {
            return Some(format!("changed identity: record {} no longer carries our key", secondary.id));
        }
        let compared = !link.baseline.0.is_empty();
        (compared && !self.shares_identity(link, secondary))
            .then(|| format!("changed identity: nothing that told record {} apart is as it was", secondary.id))
    }

    /// Whether at least one identity field that was agreed on is still as it was.
    fn shares_identity(&self, link: &Link, secondary: &Seen) -> bool {
        let mut compared = 0;
        for name in self.input.identity.iter().copied() {
            let Some(agreed) = link.baseline.0.get(name) else { continue };
            let current = secondary.fields.get(name);
            if matches!(agreed.value, FieldValue::Empty | FieldValue::Unknown) || !current.is_known() {
                continue;
            }
            compared += 1;
            let canonical = self.input.secondary_caps.field(name).map(|caps| caps.canonical).unwrap_or_default();
            if canonical.compare_form(&agreed.value) == canonical.compare_form(current) {
                return true;
            }
        }
        // Withdrawn credentials and a single-name entity prove nothing: a department may be renamed.
        compared < 2
    }

    fn compare(&self, link: &Link, primary: &Seen, secondary: &Seen, plan: &mut Plan) {
        let returned = link.removed.is_some();
        let standing = if returned { Standing::Returned } else { Standing::Linked };
        let mut found = difference(self.input, primary, Some(secondary), Some(link), standing);
        if returned {
            self.undo_removal(secondary, &mut found);
        }
        self.remark(primary, &found.remarks, plan);
        let candidate =
            Candidate { link: None, primary: Some(primary.clone()), secondary: Some(secondary.clone()) };
        let (kind, lane, because) = match (found.writes(), returned) {
            (true, true) => (ActionKind::Update, Lane::Update, "came back at the primary"),
            (true, false) => (ActionKind::Update, update_lane(&found.changes), "differs from the primary"),
            (false, _) => (ActionKind::Record, Lane::Record, "agrees"),
        };
        let waits = !found.missing.is_empty();
        let noted = link.primary_seen == primary.fingerprint
            && link.secondary_seen == secondary.fingerprint
            && link.revision == self.input.settings.revision()
            && link.due == waits
            && link.retry_at.is_none()
            && !returned;
        if kind == ActionKind::Record && noted && found.changes.is_empty() {
            return;
        }
        let mut action = self.action(kind, lane, link, &candidate);
        action.because = because.into();
        action.waits_for_reference = waits;
        action.changes = found.changes;
        plan.actions.push(action);
    }

    /// A record that was withdrawn and is wanted again: active, with everything that the mapping says.
    fn undo_removal(&self, secondary: &Seen, found: &mut Difference) {
        let mut set = |field: &str, wanted: FieldValue| {
            let current = secondary.fields.get(field);
            let already = found.changes.iter().any(|change| change.field == field);
            let can = self.input.secondary_caps.field(field).is_some_and(|caps| caps.writable);
            if can && !already && current.is_known() && *current != wanted {
                found.changes.push(FieldChange {
                    field: field.to_owned(),
                    old: current.clone(),
                    baseline: FieldValue::Unknown,
                    new: wanted,
                    from: FieldValue::Unknown,
                    reason: Reason::Returned,
                    cut: false,
                });
            }
        };
        set("active", FieldValue::Value(Scalar::Bool(true)));
        set("leave_date", FieldValue::Empty);
    }

    fn compare_two_way(&self, link: &Link, primary: &Seen, secondary: &Seen, plan: &mut Plan) {
        let found = two_way_difference(self.input, primary, secondary, Some(link));
        self.remark(primary, &found.remarks, plan);
        let candidate =
            Candidate { link: None, primary: Some(primary.clone()), secondary: Some(secondary.clone()) };
        let writes = |changes: &[FieldChange]| changes.iter().any(|change| change.reason != Reason::Agreed);
        let noted = link.primary_seen == primary.fingerprint
            && link.secondary_seen == secondary.fingerprint
            && link.revision == self.input.settings.revision()
            && !link.due;
        let (forward, backward) = (writes(&found.to_secondary), writes(&found.to_primary));
        if forward || (!backward && (!noted || !found.to_secondary.is_empty())) {
            let kind = if forward { ActionKind::Update } else { ActionKind::Record };
            let lane = if forward { Lane::Update } else { Lane::Record };
            let mut action = self.action(kind, lane, link, &candidate);
            action.because = "changed at the primary".into();
            action.changes = found.to_secondary;
            plan.actions.push(action);
        }
        if backward {
            let mut action = self.action(ActionKind::Update, Lane::Update, link, &candidate);
            action.side = Side::Primary;
            action.because = "changed at the secondary".into();
            action.changes = found.to_primary;
            plan.actions.push(action);
        }
    }

    fn cause_to_go(&self, primary: &Seen) -> Option<Cause> {
        let settings = self.input.settings;
        if settings.scope.as_ref().is_some_and(|scope| !scope.holds(&primary.fields)) {
            return Some(Cause::ScopeExit);
        }
        if !settings.mapping.writes("active") {
            return None;
        }
        if *primary.fields.get("active") == FieldValue::Value(Scalar::Bool(false)) {
            return Some(Cause::Inactive);
        }
        match primary.fields.get("leave_date") {
            FieldValue::Value(Scalar::Date(date)) if *date < self.input.today => Some(Cause::LeaverDate),
            _ => None,
        }
    }

    /// S6 and S8: withdraws the follower by policy, in two steps where it is to be deleted.
    fn remove(&self, candidate: &Candidate, link: &Link, cause: Cause, plan: &mut Plan) {
        let Some(secondary) = &candidate.secondary else { return };
        let policy = self.input.settings.removals.policy(cause);
        let title = candidate.primary.as_ref().map_or(&secondary.title, |seen| &seen.title);
        let Some(how) = self.removal(policy, candidate, link) else {
            let (why, situation) = match (policy, cause) {
                (RemovalPolicy::Report, _) => ("reported only", "S6"),
                (_, Cause::ScopeExit) => ("withdrawn", "S8"),
                _ => ("withdrawn", "S6"),
            };
            let why = format!("{}: {why}", cause.as_str());
            return plan.notes.push(Note::new(situation, &secondary.id, title, why, false));
        };
        let lane = if how == Removal::Delete { Lane::Delete } else { Lane::Restrict };
        let mut action = self.action(ActionKind::Remove, lane, link, candidate);
        action.because = match cause {
            Cause::Absence => "gone at the primary, confirmed".into(),
            Cause::Inactive => "inactive at the primary".into(),
            Cause::LeaverDate => "its last day at the primary has passed".into(),
            Cause::ScopeExit => "no longer in the scope".into(),
        };
        action.removal = Some(how);
        action.cause = Some(cause.as_str().to_owned());
        plan.actions.push(action);
    }

    /// The next step of a policy; `None` if it has been taken, or there is none.
    fn removal(&self, policy: RemovalPolicy, candidate: &Candidate, link: &Link) -> Option<Removal> {
        let caps = self.input.secondary_writes.removal;
        let taken = link.removed.as_ref();
        let first = match policy {
            RemovalPolicy::Report => return None,
            RemovalPolicy::UnlinkCredentials if caps.unlink_credentials => Removal::UnlinkCredentials,
            RemovalPolicy::MarkLeaver if caps.mark_leaver => Removal::MarkLeaver(self.last_day(candidate)),
            RemovalPolicy::UnlinkCredentials | RemovalPolicy::MarkLeaver | RemovalPolicy::Disable
                if caps.disable =>
            {
                Removal::Disable
            }
            RemovalPolicy::Delete { .. } if caps.disable => Removal::Disable,
            _ => return None,
        };
        let Some(taken) = taken else { return Some(first) };
        let RemovalPolicy::Delete { after_days } = policy else { return None };
        let deletable = link.ownership == Ownership::Owned || self.input.settings.delete_adopted;
        let due = self.input.now - taken.at >= Duration::days(i64::from(after_days));
        (deletable && due && caps.delete && taken.step == "disable").then_some(Removal::Delete)
    }

    fn last_day(&self, candidate: &Candidate) -> chrono::NaiveDate {
        match candidate.primary.as_ref().map(|seen| seen.fields.get("leave_date")) {
            Some(FieldValue::Value(Scalar::Date(date))) => *date,
            _ => self.input.today,
        }
    }

    fn hold(&self, candidate: &Candidate, link: &Link, why: String, plan: &mut Plan) {
        let mut action = self.action(ActionKind::Hold, Lane::Record, link, candidate);
        let id = link.primary.clone().unwrap_or_else(|| "?".into());
        plan.notes.push(Note::new("S16", &id, &action.title, why.clone(), true));
        action.because = why;
        plan.actions.push(action);
    }

    // Unlinked records

    fn all_unlinked(&self, candidates: &[&Candidate], plan: &mut Plan) {
        let mut to_match = Vec::new();
        let mut decided = BTreeSet::new();
        for candidate in candidates {
            let Some(primary) = &candidate.primary else { continue };
            if self.settled_without_matching(candidate, primary, &mut decided, plan) {
                continue;
            }
            to_match.push((*candidate, primary));
        }
        let primaries: Vec<&Seen> = to_match.iter().map(|(_, primary)| *primary).collect();
        let offered = self.input.unlinked.iter();
        let secondaries: Vec<&Seen> = offered
            .filter(|seen| seen.invalid.is_none() && seen.sync_key().is_none() && !decided.contains(&seen.id))
            .collect();
        let correlations = correlate(self.input, &primaries, &secondaries);
        for (candidate, primary) in to_match {
            match correlations.get(&primary.id) {
                None => self.create(candidate, primary, "new at the primary", plan),
                Some(correlation) => self.correlated(primary, correlation, plan),
            }
        }
    }

    /// Everything that decides about an unlinked primary record before the rules are asked.
    fn settled_without_matching(
        &self,
        candidate: &Candidate,
        primary: &Seen,
        decided: &mut BTreeSet<ExternalId>,
        plan: &mut Plan,
    ) -> bool {
        let mut note = |situation: &str, why: String, held: bool| {
            plan.notes.push(Note::new(situation, &primary.id, &primary.title, why, held));
            true
        };
        if let Some(invalid) = &primary.invalid {
            return note("S15", format!("invalid {}: {}", invalid.field, invalid.why), true);
        }
        if self.input.settings.scope.as_ref().is_some_and(|scope| !scope.holds(&primary.fields)) {
            return note("S8", "not in the scope".into(), false);
        }
        let generation = candidate.link.as_ref().map_or(0, |link| link.generation);
        let key = SyncKey::new(self.input.pair, &self.input.pair.primary, &primary.id, generation);
        if self.input.in_doubt.contains(&key) {
            return note("S15", "a write is still open".into(), false);
        }
        if let Some(orphans) = self.orphans.get(&key) {
            self.orphan(candidate, primary, orphans, plan);
            return true;
        }
        match self.input.decisions.get(&primary.id) {
            Some(Decision::Ignore) => return note("S2", "ignored by decision".into(), false),
            Some(Decision::Create) => {
                self.create(candidate, primary, "created by decision", plan);
                return true;
            }
            Some(Decision::Match(id)) => {
                decided.insert(id.clone());
                let Some(secondary) = self.unlinked.get(id) else {
                    return note("S5", format!("decided to match {id}, which is not there or linked to another"), true);
                };
                self.link(primary, secondary, "decision", plan);
                return true;
            }
            None => {}
        }
        if let Some(refusal) = self.input.refused.get(&primary.id) {
            let same = refusal.fingerprint == primary.fingerprint
                && refusal.revision == self.input.settings.revision()
                && refusal.retry_at > self.input.now;
            if same {
                return note("S16", refusal.why.clone(), true);
            }
        }
        if let Some(dead) = &candidate.link {
            self.returned(candidate, dead, primary, plan);
            return true;
        }
        if !self.input.settings.mapping.writes("active") {
            return false;
        }
        match self.cause_to_go(primary) {
            Some(cause) => note("S2", format!("not created: {}", cause.as_str()), false),
            None => false,
        }
    }

    /// S10 and S14: records that carry our key without a link.
    fn orphan(&self, candidate: &Candidate, primary: &Seen, orphans: &[&Seen], plan: &mut Plan) {
        let Some((first, others)) = orphans.split_first() else { return };
        for other in others {
            let why = format!("record {} carries the same key as {}: a duplicate of ours", other.id, first.id);
            plan.notes.push(Note::new("S14", &primary.id, &primary.title, why, true));
        }
        let found = difference(self.input, primary, Some(first), None, Standing::FirstLink);
        let mut action = self.unlinked_action(ActionKind::Link, primary, Some(first));
        if let Some(link) = &candidate.link {
            action.generation = link.generation;
            action.key = link.key;
        }
        action.ownership = Ownership::Owned;
        action.lane = Lane::Record;
        action.because = "carries our key already; linked again".into();
        action.waits_for_reference = !found.missing.is_empty();
        action.changes = found.changes;
        plan.actions.push(action);
    }

    /// S13.
    fn returned(&self, candidate: &Candidate, dead: &Link, primary: &Seen, plan: &mut Plan) {
        let follower = candidate.secondary.as_ref().filter(|seen| seen.missing == 0);
        let Some(secondary) = follower.filter(|seen| self.unlinked.contains_key(&seen.id)) else {
            let found = difference(self.input, primary, None, None, Standing::New);
            let mut action = self.unlinked_action(ActionKind::Create, primary, None);
            action.generation = dead.generation + 1;
            action.key = SyncKey::new(self.input.pair, &self.input.pair.primary, &primary.id, action.generation);
            action.because = "returned at the primary; its old record is gone".into();
            action.waits_for_reference = !found.missing.is_empty();
            action.changes = found.changes;
            return plan.actions.push(action);
        };
        let mut found = difference(self.input, primary, Some(secondary), None, Standing::Returned);
        self.undo_removal(secondary, &mut found);
        let mut action = self.unlinked_action(ActionKind::Link, primary, Some(secondary));
        action.key = dead.key;
        action.generation = dead.generation;
        action.ownership = dead.ownership;
        action.because = "returned at the primary".into();
        action.changes = found.changes;
        plan.actions.push(action);
    }

    fn correlated(&self, primary: &Seen, correlation: &Correlation, plan: &mut Plan) {
        let title_of = |id: &ExternalId| self.unlinked.get(id).map_or(String::new(), |seen| seen.title.clone());
        match correlation {
            Correlation::Match { partner, rule, auto: true } => {
                if let Some(secondary) = self.unlinked.get(partner) {
                    self.link(primary, secondary, rule, plan);
                }
            }
            Correlation::Match { partner, rule, auto: false } => {
                let why = format!("looks like {partner} by {rule}; decide match, create or ignore");
                let mut note = Note::new("S3", &primary.id, &primary.title, why, true);
                note.candidates = vec![(partner.clone(), title_of(partner))];
                note.rule = Some(rule.clone());
                plan.notes.push(note);
            }
            Correlation::Ambiguous { partners, rule } => {
                let why = format!("ambiguous by {rule}; decide match, create or ignore");
                let mut note = Note::new("S4", &primary.id, &primary.title, why, true);
                note.candidates = partners.iter().map(|id| (id.clone(), title_of(id))).collect();
                note.rule = Some(rule.clone());
                plan.notes.push(note);
            }
        }
    }

    fn link(&self, primary: &Seen, secondary: &Seen, rule: &str, plan: &mut Plan) {
        let mut action = self.unlinked_action(ActionKind::Link, primary, Some(secondary));
        action.because = format!("the same record by {rule}");
        action.ownership = Ownership::Adopted;
        if self.input.settings.two_way {
            action.changes = two_way_difference(self.input, primary, secondary, None).to_secondary;
        } else {
            let found = difference(self.input, primary, Some(secondary), None, Standing::FirstLink);
            self.remark(primary, &found.remarks, plan);
            action.waits_for_reference = !found.missing.is_empty();
            action.changes = found.changes;
        }
        plan.actions.push(action);
    }

    fn create(&self, candidate: &Candidate, primary: &Seen, because: &str, plan: &mut Plan) {
        let found = difference(self.input, primary, None, None, Standing::New);
        let mut action = self.unlinked_action(ActionKind::Create, primary, None);
        if let Some(link) = &candidate.link {
            action.generation = link.generation + 1;
            action.key = SyncKey::new(self.input.pair, &self.input.pair.primary, &primary.id, action.generation);
        }
        action.because = because.to_owned();
        action.waits_for_reference = !found.missing.is_empty();
        action.changes = found.changes;
        plan.actions.push(action);
    }

    /// Two-way entities: what is new at the secondary is created at the primary.
    fn new_at_secondary(&self, plan: &mut Plan) {
        let taken: BTreeSet<_> = plan.actions.iter().filter_map(|action| action.secondary.clone()).collect();
        let held: BTreeSet<_> =
            plan.notes.iter().flat_map(|note| note.candidates.iter().map(|(id, _)| id.clone())).collect();
        for seen in self.input.unlinked {
            let key = SyncKey::new(self.input.pair, &self.input.pair.secondary, &seen.id, 0);
            if taken.contains(&seen.id) || held.contains(&seen.id) || seen.invalid.is_some() {
                continue;
            }
            if self.input.in_doubt.contains(&key) {
                continue;
            }
            let mut changes = Vec::new();
            for rule in self.input.settings.mapping.rules() {
                let value = seen.fields.get(&rule.target);
                let writable = self.input.primary_caps.field(&rule.target).filter(|caps| caps.writable);
                if let (Some(caps), true) = (writable, value.is_known() && *value != FieldValue::Empty) {
                    changes.push(FieldChange {
                        field: rule.target.clone(),
                        old: FieldValue::Unknown,
                        baseline: FieldValue::Unknown,
                        new: caps.canonical.stored_form(value),
                        from: value.clone(),
                        reason: Reason::New,
                        cut: false,
                    });
                }
            }
            plan.actions.push(Action {
                side: Side::Primary,
                key,
                primary: None,
                secondary: Some(seen.id.clone()),
                title: seen.title.clone(),
                changes,
                because: "new at the secondary".into(),
                primary_seen: Fingerprint::default(),
                secondary_seen: seen.fingerprint,
                ..self.unlinked_action(ActionKind::Create, seen, None)
            });
        }
    }

    // Building actions

    fn action(&self, kind: ActionKind, lane: Lane, link: &Link, candidate: &Candidate) -> Action {
        let fingerprint = |seen: Option<&Seen>| seen.map(|seen| seen.fingerprint).unwrap_or_default();
        let named = candidate.primary.as_ref().filter(|seen| seen.invalid.is_none()).or(candidate.secondary.as_ref());
        Action {
            lane,
            kind,
            side: Side::Secondary,
            key: link.key,
            generation: link.generation,
            primary: link.primary.clone(),
            secondary: link.secondary.clone(),
            title: named.map_or_else(String::new, |seen| seen.title.clone()),
            changes: Vec::new(),
            removal: None,
            cause: None,
            because: String::new(),
            primary_seen: fingerprint(candidate.primary.as_ref()),
            secondary_seen: fingerprint(candidate.secondary.as_ref()),
            ownership: link.ownership,
            state: ActionState::Ready,
            waits_for_reference: false,
        }
    }

    fn unlinked_action(&self, kind: ActionKind, primary: &Seen, secondary: Option<&Seen>) -> Action {
        Action {
            lane: if kind == ActionKind::Create { Lane::Create } else { Lane::Update },
            kind,
            side: Side::Secondary,
            key: SyncKey::new(self.input.pair, &self.input.pair.primary, &primary.id, 0),
            generation: 0,
            primary: Some(primary.id.clone()),
            secondary: secondary.map(|seen| seen.id.clone()),
            title: primary.title.clone(),
            changes: Vec::new(),
            removal: None,
            cause: None,
            because: String::new(),
            primary_seen: primary.fingerprint,
            secondary_seen: secondary.map(|seen| seen.fingerprint).unwrap_or_default(),
            ownership: Ownership::Owned,
            state: ActionState::Ready,
            waits_for_reference: false,
        }
    }

    fn remark(&self, primary: &Seen, remarks: &[String], plan: &mut Plan) {
        for remark in remarks {
            plan.notes.push(Note::new("S1", &primary.id, &primary.title, remark.clone(), false));
        }
    }
}

/// A write that takes doors away goes first.
fn update_lane(changes: &[FieldChange]) -> Lane {
    let takes = changes.iter().any(|change| {
        let restricts = matches!(change.field.as_str(), "policies" | "credentials" | "active");
        restricts && change.reason != Reason::Agreed && takes_away(&change.old, &change.new)
    });
    if takes { Lane::Restrict } else { Lane::Update }
}

fn takes_away(old: &FieldValue, new: &FieldValue) -> bool {
    match (old, new) {
        (FieldValue::Set(old), FieldValue::Set(new)) => !old.is_subset(new),
        (FieldValue::Set(_) | FieldValue::Value(_), FieldValue::Empty) => true,
        (FieldValue::Value(Scalar::Bool(true)), FieldValue::Value(Scalar::Bool(false))) => true,
        _ => false,
    }
}
