//! The planner: a pure function of stored observations, links, settings and time.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};

use super::classify::Classifier;
use super::exchange::free_first;
use super::guard::{Base, apply_guards};
use super::plan::{ActionState, Plan};
use super::settings::Settings;
use super::{Decisions, GuardClass, GuardTrip};
use crate::connector::{ReadCaps, WriteCaps};
use crate::journal::{Candidate, LinkState, Seen};
use crate::model::{ExternalId, FieldValue, Pair, RefKey, SyncKey};

/// Everything that a plan depends on.
#[derive(Debug)]
pub struct PlanInput<'a> {
    /// The pair.
    pub pair: &'a Pair,
    /// The settings.
    pub settings: &'a Settings,
    /// What reading the primary can do.
    pub primary_caps: &'a ReadCaps,
    /// What reading the secondary can do.
    pub secondary_caps: &'a ReadCaps,
    /// What writing the secondary can do.
    pub secondary_writes: &'a WriteCaps,
    /// Fields by which a record is told apart (I-50).
    pub identity: &'a [&'static str],
    /// Links that may differ and primary records without a link.
    pub candidates: &'a [Candidate],
    /// The candidates are all there are. Otherwise they were read on their own: nothing is said about any other record,
    /// and nobody is matched by a rule, since who else would match is not known.
    pub whole: bool,
    /// Secondary records without a link.
    pub unlinked: &'a [Seen],
    /// Linked secondary records that a rule would give to an unlinked primary record.
    pub linked_partners: &'a [Seen],
    /// Partners of the records that the candidates point to.
    pub references: &'a References,
    /// What a person decided.
    pub decisions: &'a Decisions,
    /// Decisions that have been carried out; for a held link they say nothing new.
    pub decided: &'a Decisions,
    /// Unlinked primary records that were refused, with what they looked like and when to try again.
    pub refused: &'a BTreeMap<ExternalId, Refusal>,
    /// Records with an unresolved write.
    pub in_doubt: &'a BTreeSet<SyncKey>,
    /// Secondary records without a partner that the primary refused (two-way entities).
    pub refused_back: &'a BTreeMap<ExternalId, Refusal>,
    /// Fields that read back differently each time, with the value that was written.
    pub flapping: &'a BTreeMap<(SyncKey, String), FieldValue>,
    /// Links whose key is carried by a record that is not the linked one: state, and the record that is.
    pub carried: &'a BTreeMap<SyncKey, (LinkState, Option<ExternalId>)>,
    /// How often a record was made again in the last 24 hours, by primary id.
    pub recreated: &'a BTreeMap<ExternalId, u32>,
    /// No plan of the pair has been carried out as a whole yet.
    pub first_run: bool,
    /// Actions that a person approved in a plan that was interrupted.
    pub approved: &'a BTreeSet<String>,
    /// Live links of the pair.
    pub live_links: u64,
    /// What was done unapproved in the guard window.
    pub used: &'a BTreeMap<GuardClass, u64>,
    /// What of the settings changed since a plan was last carried out, if a person has to see it (G-13).
    pub changed_settings: Option<&'a str>,
    /// Guards that the snapshots tripped.
    pub trips: &'a [GuardTrip],
    /// Records read at each side.
    pub read: (u64, u64),
    /// Now.
    pub now: DateTime<Utc>,
    /// Today in the site's zone.
    pub today: NaiveDate,
}

/// A record that the secondary refused.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Refusal {
    /// Fingerprint of the primary record that was refused.
    pub fingerprint: crate::model::Fingerprint,
    /// Configuration revision under which it was.
    pub revision: u64,
    /// Why.
    pub why: String,
    /// How often in a row.
    pub attempts: u32,
    /// Not before this instant, unless record or configuration change.
    pub retry_at: DateTime<Utc>,
}

/// Partners of referenced records, by the primary's reference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct References(BTreeMap<RefKey, ExternalId>);

impl References {
    /// Notes a partner.
    pub fn insert(&mut self, reference: RefKey, partner: ExternalId) {
        self.0.insert(reference, partner);
    }

    /// The other side's id of a referenced record.
    pub fn partner(&self, reference: &RefKey) -> Option<&ExternalId> {
        self.0.get(reference)
    }
}

/// Makes the plan.
pub fn plan(input: &PlanInput<'_>) -> Plan {
    let mut plan = Plan {
        hash: String::new(),
        pair: input.pair.clone(),
        revision: input.settings.revision(),
        created_at: input.now,
        actions: Vec::new(),
        notes: Vec::new(),
        trips: input.trips.to_vec(),
        primary_records: input.read.0,
        secondary_records: input.read.1,
        unchanged: 0,
        situations: BTreeMap::new(),
    };
    let disturbed = Classifier::new(input).classify_all(&mut plan);
    let looked_at = if input.whole { input.live_links } else { live_among(input.candidates) };
    plan.unchanged = looked_at.saturating_sub(disturbed);
    free_first(&mut plan, input);
    if !input.approved.is_empty() {
        for action in plan.actions.iter_mut().filter(|action| input.approved.contains(&action.id())) {
            action.state = ActionState::Approved;
        }
    }
    let base = Base { live_links: input.live_links, first_run: input.first_run, used: input.used };
    apply_guards(&mut plan, &input.settings.guard, base);
    if let Some(what) = input.changed_settings {
        approve_settings(&mut plan, what);
    }
    plan.finish()
}

fn live_among(candidates: &[Candidate]) -> u64 {
    let links = candidates.iter().filter_map(|candidate| candidate.link.as_ref());
    links.filter(|link| link.state == LinkState::Live).count() as u64
}

/// G-13: what the changed settings would do is shown to a person first. Our own notes harm nobody.
fn approve_settings(plan: &mut Plan, what: &str) {
    for action in plan.actions.iter_mut().filter(|action| action.class().is_some()) {
        if action.state == ActionState::Ready {
            action.state = ActionState::NeedsApproval(format!("G-13 {what} changed"));
        }
    }
}
