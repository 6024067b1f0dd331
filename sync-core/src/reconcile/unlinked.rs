//! Records without a link: new, matching, ambiguous, come back, foreign.

use std::collections::BTreeSet;

use super::Decision;
use super::classify::{Classifier, remark};
use super::correlate::{Correlation, Taken, correlate};
use super::difference::{Standing, difference, two_way_difference};
use super::plan::{Action, ActionKind, FieldChange, Lane, Note, Plan, Reason};
use super::planner::Refusal;
use super::settings::Cause;
use crate::journal::{Candidate, Link, LinkState, Ownership, Seen, Side};
use crate::model::{ExternalId, FieldValue, Fingerprint, SyncKey};

/// Lives of a record that are looked through for its key after a loss of the journal.
const LIVES: u32 = 8;

impl Classifier<'_> {
    pub(super) fn all_unlinked(&self, candidates: &[&Candidate], plan: &mut Plan) {
        let mut to_match = Vec::new();
        let mut taken = BTreeSet::new();
        for candidate in candidates {
            let Some(primary) = &candidate.primary else { continue };
            if !self.settled_without_matching(candidate, primary, &mut taken, plan) {
                to_match.push((*candidate, primary));
            }
        }
        let primaries: Vec<&Seen> = to_match.iter().map(|(_, primary)| *primary).collect();
        let offered = self.input.unlinked.iter();
        let secondaries: Vec<&Seen> = offered
            .filter(|seen| seen.invalid.is_none() && seen.sync_key().is_none() && !taken.contains(&seen.id))
            .collect();
        let correlations = correlate(self.input, &primaries, &secondaries);
        let linked = Taken::new(self.input);
        for (candidate, primary) in to_match {
            match (correlations.get(&primary.id), linked.by(self.input, primary)) {
                (Some(_), _) if !self.input.whole => {
                    let why = "somebody at the other side may be the same; left to the next full run";
                    plan.notes.push(Note::new("S3", &primary.id, &primary.title, why, false));
                }
                (Some(correlation), _) => self.correlated(primary, correlation, plan),
                (None, Some((rule, partner))) => {
                    let why =
                        format!("{} is the same by {rule}, but linked to another; decide create or ignore", partner.id);
                    plan.notes.push(Note::new("S5", &primary.id, &primary.title, why, true));
                }
                (None, None) => self.create(candidate, primary, "new at the primary", plan),
            }
        }
        taken.extend(plan.actions.iter().filter_map(|action| action.secondary.clone()));
        taken.extend(plan.notes.iter().flat_map(|note| note.candidates.iter().map(|(id, _)| id.clone())));
        if self.input.whole {
            self.left_at_secondary(&taken, plan);
        }
    }

    /// Everything that decides about an unlinked primary record before the rules are asked.
    fn settled_without_matching(
        &self,
        candidate: &Candidate,
        primary: &Seen,
        taken: &mut BTreeSet<ExternalId>,
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
        let key = self.key(&primary.id, generation);
        if self.input.in_doubt.contains(&key) {
            return note("S15", "a write is still open".into(), false);
        }
        if let Some((key, generation)) = self.carried_key(&primary.id, generation) {
            return self.orphan(candidate, primary, key, generation, taken, plan);
        }
        match self.input.decisions.get(&primary.id) {
            Some(Decision::Ignore) => return note("S2", "ignored by decision".into(), false),
            Some(Decision::Match(id)) => {
                let Some(secondary) = self.unlinked.get(id).filter(|seen| !taken.contains(&seen.id)) else {
                    return note("S5", format!("decided to match {id}, which is not there or linked to another"), true);
                };
                taken.insert(id.clone());
                self.link(candidate, primary, secondary, "decision", plan);
                return true;
            }
            Some(Decision::Create) | None => {}
        }
        if let Some(refusal) = self.input.refused.get(&primary.id).filter(|refusal| self.waits(refusal, primary)) {
            return note("S16", refusal.why.clone(), true);
        }
        if self.input.decisions.contains_key(&primary.id) {
            self.create(candidate, primary, "created by decision", plan);
            return true;
        }
        let wanted = |cause: &Cause| *cause == Cause::Inactive && self.input.settings.create_inactive;
        if let Some(cause) = self.cause_to_go(primary).filter(|cause| !wanted(cause)) {
            return note("S2", format!("not created: {}", cause.as_str()), false);
        }
        if let Some(dead) = &candidate.link {
            self.returned(candidate, dead, primary, plan);
            return true;
        }
        false
    }

    /// Whether a refusal still holds: the same record under the same settings, and its time has not come.
    fn waits(&self, refusal: &Refusal, seen: &Seen) -> bool {
        refusal.fingerprint == seen.fingerprint
            && refusal.revision == self.input.settings.revision()
            && refusal.retry_at > self.input.now
    }

    fn key(&self, primary: &ExternalId, generation: u32) -> SyncKey {
        SyncKey::new(self.input.pair, &self.input.pair.primary, primary, generation)
    }

    // S10, S14

    /// The key of this record that some unlinked secondary record carries, whichever life it is from.
    fn carried_key(&self, primary: &ExternalId, generation: u32) -> Option<(SyncKey, u32)> {
        if self.orphans.is_empty() {
            return None;
        }
        let lives = (generation..generation + LIVES).chain(0..generation);
        lives.map(|life| (self.key(primary, life), life)).find(|(key, _)| self.orphans.contains_key(key))
    }

    /// Records that carry our key without a link: the oldest is linked again.
    fn orphan(
        &self,
        candidate: &Candidate,
        primary: &Seen,
        key: SyncKey,
        generation: u32,
        taken: &mut BTreeSet<ExternalId>,
        plan: &mut Plan,
    ) -> bool {
        let Some((first, others)) = self.orphans.get(&key).and_then(|orphans| orphans.split_first()) else {
            return false;
        };
        for other in others {
            plan.notes.push(duplicate_of_ours(other, &first.id));
            taken.insert(other.id.clone());
        }
        taken.insert(first.id.clone());
        let dead = candidate.link.as_ref().filter(|dead| dead.secondary.as_ref() == Some(&first.id));
        if let (Some(dead), None) = (dead, self.cause_to_go(primary)) {
            self.returned(candidate, dead, primary, plan);
            return true;
        }
        let mut action = self.unlinked_action(ActionKind::Link, primary, Some(first));
        let found = difference(self.input, primary, Some(first), None, Standing::FirstLink);
        action.generation = generation;
        action.key = key;
        action.ownership = Ownership::Owned;
        action.lane = Lane::Record;
        action.because = "carries our key already; linked again".into();
        action.waits_for_reference = !found.missing.is_empty();
        action.changes = found.changes;
        plan.count("S10");
        plan.actions.push(action);
        true
    }

    // S13

    fn returned(&self, candidate: &Candidate, dead: &Link, primary: &Seen, plan: &mut Plan) {
        plan.count("S13");
        let follower = candidate.secondary.as_ref().filter(|seen| seen.missing == 0 && seen.invalid.is_none());
        let Some(secondary) = follower.filter(|seen| self.unlinked.contains_key(&seen.id)) else {
            let found = difference(self.input, primary, None, None, Standing::New);
            let mut action = self.unlinked_action(ActionKind::Create, primary, None);
            action.generation = dead.generation + 1;
            action.key = self.key(&primary.id, action.generation);
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

    // S2 … S5

    fn correlated(&self, primary: &Seen, correlation: &Correlation, plan: &mut Plan) {
        let title_of = |id: &ExternalId| self.unlinked.get(id).map_or(String::new(), |seen| seen.title.clone());
        let candidate = Candidate { link: None, primary: None, secondary: None };
        match correlation {
            Correlation::Match { partner, rule, auto: true } => {
                if let Some(secondary) = self.unlinked.get(partner) {
                    self.link(&candidate, primary, secondary, rule, plan);
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

    /// Links two records. A key that was used in an earlier life of the primary record is not used again.
    fn link(&self, candidate: &Candidate, primary: &Seen, secondary: &Seen, rule: &str, plan: &mut Plan) {
        let mut action = self.unlinked_action(ActionKind::Link, primary, Some(secondary));
        if let Some(dead) = &candidate.link {
            action.generation = dead.generation + 1;
            action.key = self.key(&primary.id, action.generation);
        }
        action.because = format!("the same record by {rule}");
        action.ownership = Ownership::Adopted;
        if self.input.settings.two_way {
            action.changes = two_way_difference(self.input, primary, secondary, None).to_secondary;
        } else {
            let found = difference(self.input, primary, Some(secondary), None, Standing::FirstLink);
            remark(primary, &found.remarks, plan);
            action.waits_for_reference = !found.missing.is_empty();
            action.changes = found.changes;
        }
        plan.count("S3");
        plan.actions.push(action);
    }

    fn create(&self, candidate: &Candidate, primary: &Seen, because: &str, plan: &mut Plan) {
        let found = difference(self.input, primary, None, None, Standing::New);
        let mut action = self.unlinked_action(ActionKind::Create, primary, None);
        if let Some(link) = &candidate.link {
            action.generation = link.generation + 1;
            action.key = self.key(&primary.id, action.generation);
        }
        because.clone_into(&mut action.because);
        action.waits_for_reference = !found.missing.is_empty();
        action.changes = found.changes;
        plan.count("S2");
        plan.actions.push(action);
    }

    // What is left at the secondary

    /// S11, S14, and for two-way entities what is new at the secondary.
    fn left_at_secondary(&self, taken: &BTreeSet<ExternalId>, plan: &mut Plan) {
        let mut foreign = 0;
        for seen in self.input.unlinked.iter().filter(|seen| !taken.contains(&seen.id)) {
            match seen.sync_key() {
                Some(key) if self.input.in_doubt.contains(&key) => {
                    let why = "carries our key; the reply to its creation is still open";
                    plan.notes.push(Note::new("S15", &seen.id, &seen.title, why, false));
                }
                Some(key) => plan.notes.push(self.left_over(seen, key)),
                None if self.input.settings.two_way => self.new_at_secondary(seen, plan),
                None => foreign += 1,
            }
        }
        plan.count_many("S11", foreign);
    }

    /// A record that carries a key of ours and is not the linked one.
    fn left_over(&self, seen: &Seen, key: SyncKey) -> Note {
        match self.input.carried.get(&key) {
            Some((LinkState::Dead, _)) | None => {
                let why = "carries a key of ours, but its primary record is not there";
                Note::new("S10", &seen.id, &seen.title, why, false)
            }
            Some((_, linked)) => duplicate_of_ours(seen, linked.as_ref().unwrap_or(&seen.id)),
        }
    }

    /// Two-way entities: what is new at the secondary is created at the primary.
    fn new_at_secondary(&self, seen: &Seen, plan: &mut Plan) {
        let mut note = |situation: &str, why: String, held: bool| {
            plan.notes.push(Note::new(situation, &seen.id, &seen.title, why, held));
        };
        let key = SyncKey::new(self.input.pair, &self.input.pair.secondary, &seen.id, 0);
        if let Some(invalid) = &seen.invalid {
            return note("S15", format!("invalid at the other side, {}: {}", invalid.field, invalid.why), true);
        }
        if self.input.in_doubt.contains(&key) {
            return note("S15", "a write is still open".into(), false);
        }
        if let Some(refusal) = self.input.refused_back.get(&seen.id).filter(|refusal| self.waits(refusal, seen)) {
            return note("S16", refusal.why.clone(), true);
        }
        let rules = self.input.settings.mapping.rules().iter();
        let changes = rules.filter_map(|rule| {
            let value = seen.fields.get(&rule.target);
            let caps = self.input.primary_caps.field(&rule.target).filter(|caps| caps.writable)?;
            (value.is_known() && *value != FieldValue::Empty).then(|| FieldChange {
                field: rule.target.clone(),
                old: FieldValue::Unknown,
                baseline: FieldValue::Unknown,
                new: caps.canonical.stored_form(value),
                from: value.clone(),
                reason: Reason::New,
                cut: false,
            })
        });
        plan.count("S2");
        plan.actions.push(Action {
            side: Side::Primary,
            key,
            primary: None,
            secondary: Some(seen.id.clone()),
            title: seen.title.clone(),
            changes: changes.collect(),
            because: "new at the secondary".into(),
            primary_seen: Fingerprint::default(),
            secondary_seen: seen.fingerprint,
            ..self.unlinked_action(ActionKind::Create, seen, None)
        });
    }
}

fn duplicate_of_ours(seen: &Seen, of: &ExternalId) -> Note {
    let why =
        format!("carries the same key as record {of}: a duplicate of ours; look which one is used, remove the other");
    Note::new("S14", &seen.id, &seen.title, why, true)
}
