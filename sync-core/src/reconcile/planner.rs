//! The planner: a pure function of stored observations, links, settings and time.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};

use super::classify::Classifier;
use super::guard::{Used, apply_guards};
use super::plan::{ActionState, Plan};
use super::settings::Settings;
use super::{Decisions, GuardClass, GuardTrip};
use crate::connector::{ReadCaps, WriteCaps};
use crate::journal::{Candidate, Seen};
use crate::model::{ExternalId, Pair, RefKey, SyncKey};

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
    /// Secondary records without a link.
    pub unlinked: &'a [Seen],
    /// Partners of the records that the candidates point to.
    pub references: &'a References,
    /// What a person decided.
    pub decisions: &'a Decisions,
    /// Unlinked primary records that were refused, with what they looked like and when to try again.
    pub refused: &'a BTreeMap<ExternalId, Refusal>,
    /// Records with an unresolved write.
    pub in_doubt: &'a BTreeSet<SyncKey>,
    /// Fields that read back differently each time.
    pub flapping: &'a BTreeSet<(SyncKey, String)>,
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
    };
    Classifier::new(input).classify_all(&mut plan);
    let touched = plan.actions.iter().filter(|action| action.generation == 0 || action.secondary.is_some()).count();
    plan.unchanged = input.live_links.saturating_sub(touched as u64);
    let used: &Used = input.used;
    apply_guards(&mut plan, &input.settings.guard, input.live_links, used);
    if let Some(what) = input.changed_settings {
        for action in plan.actions.iter_mut().filter(|action| action.state == ActionState::Ready) {
            action.state = ActionState::NeedsApproval(format!("G-13 {what} changed"));
        }
    }
    plan.finish()
}
