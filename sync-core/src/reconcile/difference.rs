//! Field by field: what is, what was agreed, what should be.

use super::mapping::{Mode, map_references};
use super::plan::{FieldChange, Reason};
use super::planner::PlanInput;
use super::settings::Drift;
use crate::connector::FieldCaps;
use crate::journal::{Baseline, BaselineField, Link, Ownership, Seen};
use crate::model::{FieldValue, RefKey};

/// What the comparison of two records found.
#[derive(Debug, Default)]
pub(super) struct Difference {
    /// Fields to write or to note.
    pub changes: Vec<FieldChange>,
    /// References that have no partner yet.
    pub missing: Vec<RefKey>,
    /// What somebody should know: conflicts, unreadable fields, kept drift.
    pub remarks: Vec<String>,
}

/// How the two records stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// There is no follower yet.
    New,
    /// Both exist and have never been compared.
    FirstLink,
    /// Linked.
    Linked,
    /// Linked, and the follower had been withdrawn.
    Returned,
}

impl Difference {
    /// Whether something has to be sent.
    pub(super) fn writes(&self) -> bool {
        self.changes.iter().any(|change| change.reason != Reason::Agreed)
    }
}

/// Compares a primary record with its follower.
pub(super) fn difference(
    input: &PlanInput<'_>,
    primary: &Seen,
    secondary: Option<&Seen>,
    link: Option<&Link>,
    standing: Standing,
) -> Difference {
    let mut found = Difference::default();
    let no_baseline = Baseline::default();
    let baseline = link.map_or(&no_baseline, |link| &link.baseline);
    for rule in input.settings.mapping.rules() {
        let Some(caps) = input.secondary_caps.field(&rule.target) else { continue };
        let raw = rule.raw(&primary.fields);
        let (desired, missing) = map_references(&raw, input.references);
        found.missing.extend(missing);
        let agreed = baseline.0.get(&rule.target);
        let current = secondary.map_or(&FieldValue::Unknown, |seen| seen.fields.get(&rule.target));
        // A new record of ours that is not complete yet: what it lacks is a later step of its creation.
        let unfinished = link.is_some_and(|link| link.ownership == Ownership::Owned && link.due);
        let field = Compared { caps, raw: &raw, desired: &desired, current, agreed, unfinished };
        let reason = match standing {
            Standing::New => field.reason_for_new(rule.mode),
            Standing::FirstLink => field.reason_at_first_link(rule.mode),
            Standing::Linked => field.reason_when_linked(rule.mode, input.settings.drift, &mut found.remarks),
            Standing::Returned => field.reason_at_return(rule.mode),
        };
        match reason {
            Some(Reason::Agreed) => found.changes.push(field.agreed_change(rule.mode)),
            Some(_) if link.is_some_and(|link| is_flapping(input, link, &field)) => {
                found.remarks.push(format!("{} reads back differently each time; left alone", rule.target));
            }
            Some(reason) => found.changes.push(field.change(reason)),
            None => {}
        }
    }
    found
}

struct Compared<'a> {
    caps: &'a FieldCaps,
    raw: &'a FieldValue,
    desired: &'a FieldValue,
    current: &'a FieldValue,
    agreed: Option<&'a BaselineField>,
    /// We made the follower and it is not complete yet: what was never agreed on is a later step of its creation.
    unfinished: bool,
}

impl Compared<'_> {
    fn reason_for_new(&self, mode: Mode) -> Option<Reason> {
        let something = self.desired.is_known() && *self.desired != FieldValue::Empty;
        (something && self.caps.writable && mode != Mode::ReportOnly).then_some(Reason::New)
    }

    fn reason_at_first_link(&self, mode: Mode) -> Option<Reason> {
        if !self.comparable() {
            return None;
        }
        if self.same(self.desired, self.current) {
            return Some(Reason::Agreed);
        }
        if !self.current.is_known() {
            return None;
        }
        match mode {
            Mode::Always | Mode::OnPrimaryChange if self.unfinished => Some(Reason::New),
            Mode::Always => Some(Reason::FirstLink),
            // The local value survives until the primary changes, which shows only if today's is noted.
            Mode::OnPrimaryChange => Some(Reason::Agreed),
            Mode::OnCreate | Mode::ReportOnly => None,
        }
    }

    fn reason_at_return(&self, mode: Mode) -> Option<Reason> {
        if !self.comparable() || !self.current.is_known() || self.same(self.desired, self.current) {
            return None;
        }
        // Credentials and rights were withdrawn by us, whatever the mode of their rule.
        let withdrawn = matches!(self.caps.name, "credentials" | "policies" | "doors" | "active" | "leave_date");
        let primary_changed = self.agreed.is_some_and(|agreed| agreed.primary.as_ref() != Some(self.raw));
        match mode {
            Mode::Always => Some(Reason::Returned),
            Mode::OnPrimaryChange => (withdrawn || primary_changed).then_some(Reason::Returned),
            Mode::OnCreate => withdrawn.then_some(Reason::Returned),
            Mode::ReportOnly => None,
        }
    }

    fn reason_when_linked(&self, mode: Mode, drift: Drift, remarks: &mut Vec<String>) -> Option<Reason> {
        if !self.comparable() || mode == Mode::OnCreate {
            return None;
        }
        if mode == Mode::ReportOnly && self.current.is_known() {
            if !self.same(self.desired, self.current) {
                remarks.push(format!("{} differs; only reported", self.caps.name));
            }
            return None;
        }
        let name = self.caps.name;
        if !self.current.is_known() {
            remarks.push(format!("{name} cannot be read back; left alone"));
            return None;
        }
        let Some(agreed) = self.agreed else {
            return self.reason_at_first_link(mode);
        };
        if self.same(self.desired, self.current) {
            let noted = self.same(self.desired, &agreed.value) && agreed.primary.as_ref() == Some(self.raw);
            return (!noted).then_some(Reason::Agreed);
        }
        let drifted = !self.same(self.current, &agreed.value);
        let primary_changed = agreed.primary.as_ref() != Some(self.raw);
        let reason = match (drifted, primary_changed) {
            (false, true) => Reason::PrimaryChanged,
            (false, false) => Reason::MappingChanged,
            (true, true) if !self.same(self.desired, &agreed.value) => {
                remarks.push(format!("{name} was changed on both sides; the primary wins"));
                Reason::BothChanged
            }
            (true, _) => Reason::SecondaryDrifted,
        };
        self.allowed(reason, mode, drift, remarks)
    }

    fn allowed(&self, reason: Reason, mode: Mode, drift: Drift, remarks: &mut Vec<String>) -> Option<Reason> {
        let name = self.caps.name;
        let drifted = reason == Reason::SecondaryDrifted;
        match mode {
            Mode::ReportOnly => None,
            Mode::OnPrimaryChange if !matches!(reason, Reason::PrimaryChanged | Reason::BothChanged) => None,
            _ if drifted && drift == Drift::Report => {
                remarks.push(format!("{name} was changed at the secondary; only reported"));
                None
            }
            _ if drifted && drift == Drift::Keep => None,
            _ => Some(reason),
        }
    }

    /// A field that the side cannot write, or not clear, is never a difference.
    fn comparable(&self) -> bool {
        self.desired.is_known() && self.caps.writable && (self.caps.clearable || *self.desired != FieldValue::Empty)
    }

    fn same(&self, a: &FieldValue, b: &FieldValue) -> bool {
        self.caps.canonical.compare_form(a) == self.caps.canonical.compare_form(b)
    }

    /// What is noted without a write. A local value that survives is noted as it is.
    fn agreed_change(&self, mode: Mode) -> FieldChange {
        let mut change = self.change(Reason::Agreed);
        if mode == Mode::OnPrimaryChange {
            change.new = self.current.clone();
            change.cut = false;
        }
        change
    }

    fn change(&self, reason: Reason) -> FieldChange {
        let new = self.caps.canonical.stored_form(self.desired);
        let longest = |value: &FieldValue| match value {
            FieldValue::Value(crate::model::Scalar::Text(text)) => text.split_whitespace().map(str::len).sum(),
            _ => 0_usize,
        };
        FieldChange {
            field: self.caps.name.to_owned(),
            old: self.current.clone(),
            baseline: self.agreed.map_or(FieldValue::Unknown, |agreed| agreed.value.clone()),
            cut: longest(&new) < longest(self.desired),
            new,
            from: self.raw.clone(),
            reason,
        }
    }
}

/// What each side of a two-way entity has to take over from the other.
#[derive(Debug, Default)]
pub(super) struct TwoWayDifference {
    pub to_secondary: Vec<FieldChange>,
    pub to_primary: Vec<FieldChange>,
    pub remarks: Vec<String>,
}

/// Compares the two sides of a two-way entity: the side that changed since both last agreed wins, the primary if both
/// did. What one side cannot store is no difference.
pub(super) fn two_way_difference(
    input: &PlanInput<'_>,
    primary: &Seen,
    secondary: &Seen,
    link: Option<&Link>,
) -> TwoWayDifference {
    let mut found = TwoWayDifference::default();
    for rule in input.settings.mapping.rules() {
        let name = rule.target.as_str();
        let (Some(to), Some(back)) = (input.secondary_caps.field(name), input.primary_caps.field(name)) else {
            continue;
        };
        let (p, s) = (primary.fields.get(name), secondary.fields.get(name));
        if !p.is_known() || !s.is_known() {
            continue;
        }
        let agreed = link.and_then(|link| link.baseline.0.get(name));
        let forward = Compared { caps: to, raw: p, desired: p, current: s, agreed, unfinished: false };
        let backward = Compared { caps: back, raw: s, desired: s, current: p, agreed, unfinished: false };
        let same = |a: &FieldValue, b: &FieldValue| forward.same(a, b) || backward.same(a, b);
        if same(p, s) {
            let noted = agreed.is_some_and(|agreed| same(s, &agreed.value) && agreed.primary.as_ref() == Some(p));
            if !noted {
                found.to_secondary.push(FieldChange { new: s.clone(), ..forward.change(Reason::Agreed) });
            }
            continue;
        }
        let primary_same = agreed.is_some_and(|agreed| agreed.primary.as_ref().is_some_and(|before| same(p, before)));
        let secondary_same = agreed.is_some_and(|agreed| same(s, &agreed.value));
        let goes_back = primary_same && !secondary_same && back.writable;
        let (field, reason) = match (goes_back, agreed.is_some(), secondary_same) {
            (true, ..) => (&backward, Reason::OtherSideChanged),
            (false, false, _) => (&forward, Reason::FirstLink),
            (false, true, true) => (&forward, Reason::PrimaryChanged),
            (false, true, false) => (&forward, Reason::BothChanged),
        };
        if !field.comparable() {
            continue;
        }
        if link.is_some_and(|link| is_flapping(input, link, field)) {
            found.remarks.push(format!("{name} reads back differently each time; left alone"));
            continue;
        }
        if reason == Reason::BothChanged {
            found.remarks.push(format!("{name} was changed on both sides; the primary wins"));
        }
        let changes = if goes_back { &mut found.to_primary } else { &mut found.to_secondary };
        changes.push(field.change(reason));
    }
    found
}

/// Whether this very value was written often enough without staying.
fn is_flapping(input: &PlanInput<'_>, link: &Link, field: &Compared<'_>) -> bool {
    let written = input.flapping.get(&(link.key, field.caps.name.to_owned()));
    written.is_some_and(|written| *written == field.caps.canonical.stored_form(field.desired))
}
