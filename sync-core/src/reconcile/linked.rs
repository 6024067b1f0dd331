//! Records that are linked already: changed, gone, held, come back.

use super::Decision;
use super::classify::{Classifier, linked_action, remark, update_lane};
use super::difference::{Difference, Standing, difference, two_way_difference};
use super::mapping::Expression;
use super::plan::{ActionKind, FieldChange, Lane, Note, Plan, Reason};
use super::removal::hold;
use super::settings::Cause;
use crate::connector::{Marker, Removal};
use crate::journal::{Baseline, Candidate, Link, LinkState, Ownership, Seen, Side};
use crate::model::{Canonical, ExternalId, FieldValue, Fields, Fingerprint, Scalar, SyncKey};

impl Classifier<'_> {
    pub(super) fn linked(&self, candidate: &Candidate, link: &Link, plan: &mut Plan) {
        let id = link.primary.as_ref().or(link.secondary.as_ref()).cloned().unwrap_or_else(|| "?".into());
        let title = candidate.primary.as_ref().or(candidate.secondary.as_ref()).map_or("", |seen| &seen.title);
        let mut note = |situation: &str, why: String, held: bool| {
            plan.notes.push(Note::new(situation, &id, title, why, held));
        };
        if self.input.in_doubt.contains(&link.key) {
            return note(
                "S15",
                "a write is still open; it is looked for once nothing can arrive any more".into(),
                false,
            );
        }
        if link.state == LinkState::Held {
            return self.held(candidate, link, plan);
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
            return note("S15", "is being created".into(), false);
        }
        let Some(secondary) = candidate.secondary.as_ref().filter(|seen| seen.missing == 0) else {
            return self.secondary_missing(candidate, link, primary, plan);
        };
        if let Some(invalid) = &secondary.invalid {
            return note("S15", format!("invalid at the other side, {}: {}", invalid.field, invalid.why), true);
        }
        if let Some(why) = self.changed_identity(link, primary, secondary) {
            return hold(candidate, link, why, plan);
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

    // S16

    /// Left alone until a person decides, or the record can no longer be confused.
    fn held(&self, candidate: &Candidate, link: &Link, plan: &mut Plan) {
        let id = link.primary.as_ref().or(link.secondary.as_ref()).cloned().unwrap_or_else(|| "?".into());
        let named = candidate.primary.as_ref().or(candidate.secondary.as_ref());
        let why = link.held_because.clone().unwrap_or_else(|| "held".into());
        let mut note = Note::new("S16", &id, named.map_or("", |seen| &seen.title), why, true);
        let present = candidate.primary.as_ref().filter(|seen| seen.missing == 0 && seen.invalid.is_none());
        let news = |decision: &&Decision| self.input.decided.get(&id) != Some(*decision);
        let decision = self.input.decisions.get(&id).filter(news).filter(|_| !self.input.settings.two_way);
        match (decision, present) {
            (Some(Decision::Create), Some(primary)) => {
                return self.create_again(candidate, link, primary, "created by decision", plan);
            }
            (Some(Decision::Match(partner)), Some(primary)) => {
                if let Some(secondary) = self.partner(candidate, link, partner) {
                    return self.match_held(link, primary, secondary, plan);
                }
                note.why = format!("decided to match {partner}, which is not there or linked to another");
            }
            (Some(Decision::Ignore), _) => {
                note.why = "ignored by decision".into();
                note.held = false;
            }
            (None, Some(primary)) if link.secondary.is_none() => self.propose(primary, &mut note),
            (None, Some(_)) if !self.input.settings.two_way => {
                let follower = candidate.secondary.iter().filter(|seen| seen.missing == 0 && seen.invalid.is_none());
                note.candidates = follower.map(|seen| (seen.id.clone(), seen.title.clone())).collect();
                note.rule = note.candidates.first().map(|_| "linked before".into());
            }
            _ => {}
        }
        plan.notes.push(note);
    }

    /// The record that a person named for a held one: its own follower, or one that nobody else has.
    fn partner<'c>(&'c self, candidate: &'c Candidate, link: &Link, id: &ExternalId) -> Option<&'c Seen> {
        let own = candidate.secondary.as_ref().filter(|seen| seen.missing == 0 && link.secondary.as_ref() == Some(id));
        own.or_else(|| self.unlinked.get(id).copied()).filter(|seen| seen.invalid.is_none())
    }

    fn match_held(&self, link: &Link, primary: &Seen, secondary: &Seen, plan: &mut Plan) {
        let found = difference(self.input, primary, Some(secondary), None, Standing::FirstLink);
        let mut action = self.unlinked_action(ActionKind::Link, primary, Some(secondary));
        let own = link.secondary.as_ref() == Some(&secondary.id) || link.secondary.is_none();
        action.key = link.key;
        action.generation = link.generation;
        action.ownership = if own { link.ownership } else { Ownership::Adopted };
        action.because = "the same record by decision".into();
        action.waits_for_reference = !found.missing.is_empty();
        action.changes = found.changes;
        plan.count("S3");
        plan.actions.push(action);
    }

    /// 9.3: a create whose reply was lost, and exactly one record that is as it would have made it.
    fn propose(&self, primary: &Seen, note: &mut Note) {
        let equal = |seen: &&&Seen| {
            let found = difference(self.input, primary, Some(seen), None, Standing::FirstLink);
            let agreed = found.changes.iter().any(|change| change.reason == Reason::Agreed);
            seen.invalid.is_none() && agreed && !found.writes()
        };
        // Two are enough to know that it is not exactly one.
        let alike: Vec<&&Seen> =
            self.unlinked.values().filter(|seen| seen.title == primary.title).filter(equal).take(2).collect();
        if let [partner] = alike.as_slice() {
            note.candidates = vec![(partner.id.clone(), partner.title.clone())];
            note.rule = Some("equals what was sent".into());
        }
    }

    // S6, S7, S12

    fn primary_missing(&self, candidate: &Candidate, link: &Link, plan: &mut Plan) {
        let Some(id) = &link.primary else {
            let id = link.secondary.clone().unwrap_or_else(|| "?".into());
            return plan.notes.push(Note::new("S15", &id, "", "is being created", false));
        };
        let title = candidate.primary.as_ref().or(candidate.secondary.as_ref()).map_or("", |seen| &seen.title);
        let missing = candidate.primary.as_ref().map_or(0, |seen| seen.missing);
        let needed = self.confirmations(Side::Primary);
        if missing < needed {
            let why = format!("missing at the primary, {missing} of {needed}");
            return plan.notes.push(Note::new("S7", id, title, why, false));
        }
        let gone_too = candidate.secondary.as_ref().is_none_or(|seen| self.confirmed_missing(seen));
        if gone_too {
            let mut action = linked_action(ActionKind::Bury, Lane::Record, link, candidate);
            action.because = "gone on both sides".into();
            plan.count("S12");
            return plan.actions.push(action);
        }
        if self.input.settings.two_way {
            let why = "gone at the primary; nothing is removed on the other side";
            return plan.notes.push(Note::new("S6", id, title, why, false));
        }
        if candidate.secondary.as_ref().is_some_and(|seen| seen.missing > 0) {
            let why = "gone at the primary, missing at the other side, not confirmed yet";
            return plan.notes.push(Note::new("S6", id, title, why, false));
        }
        let follower = candidate.secondary.as_ref().filter(|seen| seen.invalid.is_none());
        if let Some(why) = follower.and_then(|seen| self.changed_follower(link, seen)) {
            return hold(candidate, link, why, plan);
        }
        self.remove(candidate, link, Cause::Absence, plan);
    }

    fn confirmed_missing(&self, seen: &Seen) -> bool {
        seen.missing >= self.confirmations(Side::Secondary)
    }

    // S9

    fn secondary_missing(&self, candidate: &Candidate, link: &Link, primary: &Seen, plan: &mut Plan) {
        let confirmed = candidate.secondary.as_ref().is_none_or(|seen| self.confirmed_missing(seen));
        let reported = |why: &str, held: bool| Note::new("S9", &primary.id, &primary.title, why, held);
        if !confirmed {
            return plan.notes.push(reported("missing at the other side, not confirmed yet", false));
        }
        if link.removed.is_some() || self.input.settings.two_way {
            return plan.notes.push(reported("gone at the other side", false));
        }
        if self.cause_to_go(primary).is_some() {
            return plan.notes.push(reported("gone at the other side, and not wanted there", false));
        }
        if !self.input.settings.recreate {
            let why = "somebody removed it at the other side; it is not given back by itself";
            return hold(candidate, link, why.into(), plan);
        }
        let often = self.input.recreated.get(&primary.id).copied().unwrap_or_default();
        if often >= self.input.settings.recreate_limit {
            let why = format!("G-15: made again {often} times in 24 hours and removed at the other side each time");
            return hold(candidate, link, why, plan);
        }
        self.create_again(candidate, link, primary, "somebody removed it at the other side", plan);
    }

    fn create_again(&self, candidate: &Candidate, link: &Link, primary: &Seen, because: &str, plan: &mut Plan) {
        let found = difference(self.input, primary, None, None, Standing::New);
        let mut action = linked_action(ActionKind::Create, Lane::Create, link, candidate);
        action.generation = link.generation + 1;
        action.key = SyncKey::new(self.input.pair, &self.input.pair.primary, &primary.id, action.generation);
        action.secondary = None;
        action.secondary_seen = Fingerprint::default();
        action.ownership = Ownership::Owned;
        action.cause = Some("recreated".into());
        action.because = because.into();
        action.waits_for_reference = !found.missing.is_empty();
        action.changes = found.changes;
        plan.count("S9");
        plan.actions.push(action);
    }

    // I-50: nothing is sent to an id that no longer stands for the same record

    fn changed_identity(&self, link: &Link, primary: &Seen, secondary: &Seen) -> Option<String> {
        self.changed_follower(link, secondary).or_else(|| {
            let (same, compared) = self.shared_with_primary(&link.baseline, &primary.fields);
            // A full rename of a record with a name alone is a rename.
            (same == 0 && compared >= 3).then(|| {
                format!("changed identity: nothing that told primary record {} apart is as it was", primary.id)
            })
        })
    }

    fn changed_follower(&self, link: &Link, secondary: &Seen) -> Option<String> {
        if let (Some(Marker::Ours(key)), Ownership::Owned) = (&secondary.marker, link.ownership) {
            let known = *key == link.key || self.is_earlier_key(link, *key);
            return (!known)
                .then(|| format!("changed identity: record {} carries the key of another record", secondary.id));
        }
        let (same, compared) = self.shared_with_secondary(&link.baseline, &secondary.fields);
        // Withdrawn credentials and a single-name entity prove nothing: a department may be renamed.
        if same > 0 || compared < 2 {
            return None;
        }
        let expects_marker = link.ownership == Ownership::Owned && self.input.secondary_writes.marker_in_create;
        let lost = if expects_marker { " no longer carries our key, and" } else { ":" };
        Some(format!("changed identity: record {}{lost} nothing that told it apart is as it was", secondary.id))
    }

    /// A record that was matched again by hand keeps the key of its earlier life.
    fn is_earlier_key(&self, link: &Link, key: SyncKey) -> bool {
        let Some(primary) = &link.primary else { return false };
        let pair = self.input.pair;
        (0..link.generation).any(|life| SyncKey::new(pair, &pair.primary, primary, life) == key)
    }

    /// How many identity fields that were agreed on are still as they were, of how many that can be compared.
    fn shared_with_secondary(&self, baseline: &Baseline, current: &Fields) -> (usize, usize) {
        let pairs = self.input.identity.iter().copied().filter_map(|name| {
            let canonical = self.input.secondary_caps.field(name).map(|caps| caps.canonical).unwrap_or_default();
            Some((canonical, &baseline.0.get(name)?.value, current.get(name)))
        });
        shared(pairs)
    }

    fn shared_with_primary(&self, baseline: &Baseline, current: &Fields) -> (usize, usize) {
        let pairs = self.input.settings.mapping.rules().iter().filter_map(|rule| {
            let Expression::Field(from) = &rule.from else { return None };
            self.input.identity.contains(&from.as_str()).then_some(())?;
            let canonical =
                self.input.secondary_caps.field(&rule.target).map(|caps| caps.canonical).unwrap_or_default();
            let before = baseline.0.get(&rule.target)?.primary.as_ref()?;
            Some((canonical, before, current.get(from)))
        });
        shared(pairs)
    }

    // S1

    fn compare(&self, link: &Link, primary: &Seen, secondary: &Seen, plan: &mut Plan) {
        let returned = link.removed.is_some();
        let standing = if returned { Standing::Returned } else { Standing::Linked };
        let mut found = difference(self.input, primary, Some(secondary), Some(link), standing);
        if link.removed.as_ref().is_some_and(|taken| taken.step != Removal::UnlinkCredentials.as_str()) {
            self.undo_removal(secondary, &mut found);
        }
        remark(primary, &found.remarks, plan);
        let candidate = Candidate { link: None, primary: Some(primary.clone()), secondary: Some(secondary.clone()) };
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
            if waits {
                let missing: Vec<_> = found.missing.iter().map(|key| format!("{} {}", key.entity, key.id)).collect();
                let why = format!("agrees but for {}, which the other side does not have yet", missing.join(", "));
                plan.notes.push(Note::new("S1", &primary.id, &primary.title, why, false));
            }
            return;
        }
        let mut action = linked_action(kind, lane, link, &candidate);
        action.because = because.into();
        action.waits_for_reference = waits;
        action.changes = found.changes;
        plan.count("S1");
        plan.actions.push(action);
    }

    /// A record that was withdrawn and is wanted again: active, with everything that the mapping says.
    pub(super) fn undo_removal(&self, secondary: &Seen, found: &mut Difference) {
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
        remark(primary, &found.remarks, plan);
        let candidate = Candidate { link: None, primary: Some(primary.clone()), secondary: Some(secondary.clone()) };
        let writes = |changes: &[FieldChange]| changes.iter().any(|change| change.reason != Reason::Agreed);
        let noted = link.primary_seen == primary.fingerprint
            && link.secondary_seen == secondary.fingerprint
            && link.revision == self.input.settings.revision()
            && link.retry_at.is_none()
            && !link.due;
        let (forward, backward) = (writes(&found.to_secondary), writes(&found.to_primary));
        if forward || (!backward && (!noted || !found.to_secondary.is_empty())) {
            let kind = if forward { ActionKind::Update } else { ActionKind::Record };
            let lane = if forward { Lane::Update } else { Lane::Record };
            let mut action = linked_action(kind, lane, link, &candidate);
            action.because = if forward { "changed at the primary".into() } else { "agrees".into() };
            action.changes = found.to_secondary;
            plan.count("S1");
            plan.actions.push(action);
        }
        if backward {
            let mut action = linked_action(ActionKind::Update, Lane::Update, link, &candidate);
            action.side = Side::Primary;
            action.because = "changed at the secondary".into();
            action.changes = found.to_primary;
            plan.count("S1");
            plan.actions.push(action);
        }
    }
}

/// Counts equal and comparable values.
fn shared<'v>(pairs: impl Iterator<Item = (Canonical, &'v FieldValue, &'v FieldValue)>) -> (usize, usize) {
    let (mut same, mut compared) = (0, 0);
    for (canonical, before, now) in pairs {
        if matches!(before, FieldValue::Empty | FieldValue::Unknown) || !now.is_known() {
            continue;
        }
        compared += 1;
        same += usize::from(canonical.compare_form(before) == canonical.compare_form(now));
    }
    (same, compared)
}
