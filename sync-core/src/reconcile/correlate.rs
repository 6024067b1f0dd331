//! Finding the partner of an unlinked record by rules.

use std::collections::{BTreeMap, BTreeSet};

use super::planner::PlanInput;
use super::settings::CorrelationRule;
use crate::connector::ReadCaps;
use crate::journal::Seen;
use crate::model::{ExternalId, FieldValue};

/// What the rules found for an unlinked primary record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Correlation {
    /// Exactly one partner, wanted by nobody else.
    Match { partner: ExternalId, rule: String, auto: bool },
    /// Several partners, or one wanted by several.
    Ambiguous { partners: Vec<ExternalId>, rule: String },
}

/// Applies the rules, best first. A rule hits only if it is unique on both sides among what is still unlinked.
pub(super) fn correlate(
    input: &PlanInput<'_>,
    primaries: &[&Seen],
    secondaries: &[&Seen],
) -> BTreeMap<ExternalId, Correlation> {
    let mut found = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for rule in &input.settings.correlation {
        let open_primaries = primaries.iter().filter(|seen| !found.contains_key(&seen.id));
        let open_secondaries = secondaries.iter().filter(|seen| !taken.contains(&seen.id));
        let wanted = group(input, rule, open_primaries);
        let offered = group(input, rule, open_secondaries);
        for (key, seekers) in &wanted {
            let Some(partners) = offered.get(key) else { continue };
            let outcome = match (seekers.as_slice(), partners.as_slice()) {
                ([_], [partner]) => {
                    Correlation::Match { partner: partner.id.clone(), rule: rule.name.clone(), auto: rule.auto }
                }
                _ => Correlation::Ambiguous {
                    partners: partners.iter().map(|seen| seen.id.clone()).collect(),
                    rule: rule.name.clone(),
                },
            };
            taken.extend(partners.iter().map(|seen| seen.id.clone()));
            found.extend(seekers.iter().map(|seen| (seen.id.clone(), outcome.clone())));
        }
    }
    found
}

/// Linked secondary records by the keys of the rules that link without asking (S5). A rule that asks says nothing
/// here: people of the same name are no conflict.
pub(super) struct Taken<'a> {
    rules: Vec<(&'a CorrelationRule, BTreeMap<Vec<FieldValue>, &'a Seen>)>,
}

impl<'a> Taken<'a> {
    pub(super) fn new(input: &PlanInput<'a>) -> Self {
        let rules = input.settings.correlation.iter().filter(|rule| rule.auto).map(|rule| {
            let partners = input.linked_partners.iter();
            let keyed = partners.filter_map(|seen| Some((key_of(input.secondary_caps, rule, seen)?, seen)));
            (rule, keyed.collect())
        });
        Self { rules: rules.collect() }
    }

    /// Who matches a primary record and is linked to another, and by which rule.
    pub(super) fn by(&self, input: &PlanInput<'_>, primary: &Seen) -> Option<(&'a str, &'a Seen)> {
        self.rules.iter().find_map(|(rule, partners)| {
            let partner = partners.get(&key_of(input.secondary_caps, rule, primary)?)?;
            Some((rule.name.as_str(), *partner))
        })
    }
}

fn group<'a, 'b: 'a>(
    input: &PlanInput<'_>,
    rule: &CorrelationRule,
    records: impl Iterator<Item = &'a &'b Seen>,
) -> BTreeMap<Vec<FieldValue>, Vec<&'b Seen>> {
    let mut groups: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for seen in records {
        if let Some(key) = key_of(input.secondary_caps, rule, seen) {
            groups.entry(key).or_default().push(*seen);
        }
    }
    groups
}

/// The rule's fields in canonical form; `None` if one is unknown or empty, since nothing equals nothing.
pub(super) fn key_of(caps: &ReadCaps, rule: &CorrelationRule, seen: &Seen) -> Option<Vec<FieldValue>> {
    let fields = rule.fields.iter().map(|name| {
        let canonical = caps.field(name).map(|caps| caps.canonical).unwrap_or_default();
        let value = canonical.compare_form(seen.fields.get(name));
        (!matches!(value, FieldValue::Unknown | FieldValue::Empty)).then_some(value)
    });
    fields.collect()
}
