//! What will be done, to whom, why: immutable, readable, hashed.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::settings::Cause;
use super::{GuardClass, GuardTrip};
use crate::connector::Removal;
use crate::journal::{Ownership, Side};
use crate::model::{Credential, ExternalId, FieldValue, Fingerprint, Pair, Scalar, SyncKey};

/// Missing references that a plan names.
const REFERENCES: usize = 10;

/// The field whose values open doors and are masked wherever people read them.
pub(super) const CREDENTIALS: &str = "credentials";

/// A plan for one pair.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// SHA-256 over what would be done; equal inputs give equal hashes on every machine.
    pub hash: String,
    /// The pair.
    pub pair: Pair,
    /// Configuration revision.
    pub revision: u64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// What would be done, in the order in which it would be.
    pub actions: Vec<Action>,
    /// Records that were considered and left alone, each with its reason.
    pub notes: Vec<Note>,
    /// Guards that stopped something.
    pub trips: Vec<GuardTrip>,
    /// Records read at the primary.
    pub primary_records: u64,
    /// Records read at the secondary.
    pub secondary_records: u64,
    /// Links that agree.
    pub unchanged: u64,
    /// How many records are in each situation, those without an action or a note included.
    #[serde(default)]
    pub situations: BTreeMap<String, u64>,
}

/// One unit of work on one record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// When it is done, relative to others.
    pub lane: Lane,
    /// What is done.
    pub kind: ActionKind,
    /// Which side is written to.
    pub side: Side,
    /// The logical record.
    pub key: SyncKey,
    /// Lives that the record had before.
    pub generation: u32,
    /// Primary record.
    pub primary: Option<ExternalId>,
    /// Secondary record.
    pub secondary: Option<ExternalId>,
    /// What a person calls it.
    pub title: String,
    /// Field by field.
    pub changes: Vec<FieldChange>,
    /// For a removal, which one.
    pub removal: Option<Removal>,
    /// For a removal, why; for a record that is made again after somebody removed it by hand, `recreated`.
    pub cause: Option<String>,
    /// In words, why this is done at all.
    pub because: String,
    /// Fingerprint of the primary record as planned for.
    pub primary_seen: Fingerprint,
    /// Fingerprint of the secondary record as planned for.
    pub secondary_seen: Fingerprint,
    /// Whose record it is.
    pub ownership: Ownership,
    /// Whether it may be done.
    pub state: ActionState,
    /// Whether something of the record is left for a later plan: a reference without a partner, or a field that a
    /// guard holds back.
    pub waits_for_reference: bool,
}

/// When an action is done: restricting first, extending last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Lane {
    /// Withdraw access, disable, unlink credentials.
    Restrict,
    /// Our own notes: links and baselines.
    Record,
    /// New records.
    Create,
    /// Changed fields.
    Update,
    /// Deletions for good.
    Delete,
}

/// What an action does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ActionKind {
    /// Creates a record.
    Create,
    /// Changes fields.
    Update,
    /// Links two existing records, and brings the follower in line.
    Link,
    /// Notes that both agree; nothing is sent.
    Record,
    /// Withdraws a record in one of the ways of [`Removal`].
    Remove,
    /// Notes that both are gone; nothing is sent.
    Bury,
    /// Holds a link until a person decides; nothing is sent.
    Hold,
}

/// Whether an action may be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "guard")]
#[non_exhaustive]
pub enum ActionState {
    /// Yes.
    Ready,
    /// Yes: a person approved it in a plan that was interrupted.
    Approved,
    /// Only after a person has approved the plan.
    NeedsApproval(String),
    /// Stopped by a guard; comes back with every plan until it is released or no longer true.
    Quarantined(String),
}

/// A field that is written or noted.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The field.
    pub field: String,
    /// What the written side holds.
    pub old: FieldValue,
    /// What both last agreed on.
    pub baseline: FieldValue,
    /// What it will hold.
    pub new: FieldValue,
    /// The primary's raw value that it was made from.
    pub from: FieldValue,
    /// Why.
    pub reason: Reason,
    /// The value is longer than the side can store and will be cut.
    pub cut: bool,
}

/// Why a field is written or noted. Every written field has exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// The record is new.
    New,
    /// Both sides have it already; only noted.
    Agreed,
    /// The first time that both are compared.
    FirstLink,
    /// The primary changed it.
    PrimaryChanged,
    /// The rules changed, or what a reference stands for.
    MappingChanged,
    /// Somebody changed it at the secondary.
    SecondaryDrifted,
    /// Both sides changed it.
    BothChanged,
    /// The record came back.
    Returned,
    /// The other side of a two-way entity changed it.
    OtherSideChanged,
}

/// A record that was considered and left alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Number of the situation, such as `S4`.
    pub situation: String,
    /// Which record.
    pub record: ExternalId,
    /// What a person calls it.
    pub title: String,
    /// Why it is left alone.
    pub why: String,
    /// Whether somebody has to look: held, conflicting, ambiguous.
    pub held: bool,
    /// Whether a plan tells of it, though nobody has to look: a setting or the time would let more be done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withheld: bool,
    /// Possible partners, for the decisions file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<(ExternalId, String)>,
    /// The correlation rule that found them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

impl Plan {
    /// Whether there is nothing to send and nothing to link.
    pub fn is_empty(&self) -> bool {
        self.actions.iter().all(|action| matches!(action.kind, ActionKind::Record | ActionKind::Bury))
    }

    /// Actions that send something or change a link.
    pub fn visible(&self) -> impl Iterator<Item = &Action> {
        self.actions.iter().filter(|action| !matches!(action.kind, ActionKind::Record | ActionKind::Bury))
    }

    /// Whether a person has to approve something.
    pub fn needs_approval(&self) -> bool {
        self.actions.iter().any(|action| matches!(action.state, ActionState::NeedsApproval(_)))
    }

    /// Whether a guard stopped something.
    pub fn is_guarded(&self) -> bool {
        !self.trips.is_empty()
    }

    /// The same plan with numbers of credentials masked, for programs that show it.
    #[must_use]
    pub fn masked(mut self) -> Self {
        self.actions = self.actions.into_iter().map(Action::masked).collect();
        self
    }

    /// Counts a record in a situation.
    pub(super) fn count(&mut self, situation: &str) {
        self.count_many(situation, 1);
    }

    /// Counts records in a situation.
    pub(super) fn count_many(&mut self, situation: &str, records: u64) {
        if records > 0 {
            *self.situations.entry(situation.to_owned()).or_default() += records;
        }
    }

    /// Sorts, hashes, and so finishes a plan.
    pub(super) fn finish(mut self) -> Self {
        use sha2::{Digest as _, Sha256};
        self.actions.sort_by(|a, b| {
            let named = (a.lane, &a.title, &a.primary).cmp(&(b.lane, &b.title, &b.primary));
            named.then((a.key, a.kind, a.side).cmp(&(b.key, b.kind, b.side)))
        });
        self.notes.sort_by(|a, b| (&a.situation, &a.title, &a.record).cmp(&(&b.situation, &b.title, &b.record)));
        let parts = (&self.pair, self.revision, &self.actions, &self.trips);
        let mut hasher = Sha256::new();
        hasher.update(serde_json::to_vec(&parts).unwrap_or_default());
        self.hash = hex::encode(hasher.finalize());
        self
    }
}

impl Action {
    /// What tells this action from every other: the record, what is done to it, and to what value. An approval of
    /// it holds as long as the same is planned.
    pub fn id(&self) -> String {
        use sha2::{Digest as _, Sha256};
        let changes: Vec<_> = self.written().map(|change| (&change.field, &change.new)).collect();
        let parts =
            (self.key, self.kind, self.side, &self.primary, &self.secondary, &self.removal, &self.cause, changes);
        let mut hasher = Sha256::new();
        hasher.update(serde_json::to_vec(&parts).unwrap_or_default());
        let mut id = hex::encode(hasher.finalize());
        id.truncate(32);
        id
    }

    /// The same action with numbers of credentials masked, for programs that show it.
    #[must_use]
    pub fn masked(mut self) -> Self {
        for change in self.changes.iter_mut().filter(|change| change.field == CREDENTIALS) {
            for value in [&mut change.old, &mut change.baseline, &mut change.new, &mut change.from] {
                *value = masked(value);
            }
        }
        self
    }

    /// The record that is written to.
    pub fn record(&self) -> Option<&ExternalId> {
        match self.side {
            Side::Primary => self.primary.as_ref(),
            Side::Secondary => self.secondary.as_ref(),
        }
    }

    /// The class that guards count it in; notes of our own are in none.
    pub fn class(&self) -> Option<GuardClass> {
        match self.kind {
            ActionKind::Create => Some(GuardClass::Create),
            ActionKind::Update => Some(GuardClass::Update),
            ActionKind::Remove if self.cause.as_deref() == Some(Cause::LeaverDate.as_str()) => Some(GuardClass::Leave),
            ActionKind::Remove => Some(GuardClass::Remove),
            ActionKind::Link => Some(GuardClass::Link),
            ActionKind::Record | ActionKind::Bury | ActionKind::Hold => None,
        }
    }

    /// Whether it only sets what a record of ours still lacks from its creation.
    pub fn finishes_creation(&self) -> bool {
        self.kind == ActionKind::Update && self.written().all(|change| change.reason == Reason::New)
    }

    /// Fields that are sent.
    pub fn written(&self) -> impl Iterator<Item = &FieldChange> {
        self.changes.iter().filter(|change| change.reason != Reason::Agreed)
    }
}

impl ActionKind {
    /// Its name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Link => "link",
            Self::Record => "record",
            Self::Remove => "remove",
            Self::Bury => "bury",
            Self::Hold => "hold",
        }
    }
}

impl Reason {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Agreed => "agreed",
            Self::FirstLink => "first link",
            Self::PrimaryChanged => "changed at the primary",
            Self::MappingChanged => "rule or reference changed",
            Self::SecondaryDrifted => "changed at the secondary, set back",
            Self::BothChanged => "changed on both sides, primary wins",
            Self::Returned => "came back",
            Self::OtherSideChanged => "changed on the other side",
        }
    }
}

impl Note {
    /// A note on a record.
    pub(super) fn new(situation: &str, record: &ExternalId, title: &str, why: impl Into<String>, held: bool) -> Self {
        Self {
            situation: situation.to_owned(),
            record: record.clone(),
            title: title.to_owned(),
            why: why.into(),
            held,
            withheld: false,
            candidates: Vec::new(),
            rule: None,
        }
    }
}

/// One action as an administrator reads it: who, which field, old → new, why.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tell(f, FieldChange::shown)
    }
}

impl Action {
    /// The action in words, with values as `shown` has them.
    pub(super) fn tell(
        &self,
        f: &mut fmt::Formatter<'_>,
        shown: impl Fn(&FieldChange, &FieldValue) -> String,
    ) -> fmt::Result {
        let what = self.removal.as_ref().map_or(self.kind.as_str(), Removal::as_str);
        write!(f, "{what} {:?}", self.title)?;
        if let Some(id) = self.record() {
            write!(f, " ({id})")?;
        }
        write!(f, ": {}", self.because)?;
        match &self.state {
            ActionState::Ready => {}
            ActionState::Approved => write!(f, " [approved before]")?,
            ActionState::NeedsApproval(guard) => write!(f, " [needs approval: {guard}]")?,
            ActionState::Quarantined(guard) => write!(f, " [stopped by {guard}]")?,
        }
        for change in self.written() {
            f.write_str("\n    ")?;
            change.tell(f, &shown)?;
        }
        Ok(())
    }
}

impl fmt::Display for FieldChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tell(f, &Self::shown)
    }
}

impl FieldChange {
    fn tell(&self, f: &mut fmt::Formatter<'_>, shown: &impl Fn(&Self, &FieldValue) -> String) -> fmt::Result {
        let (old, new) = (shown(self, &self.old), shown(self, &self.new));
        let cut = if self.cut { ", cut to what fits" } else { "" };
        write!(f, "{}: {old} → {new} ({}{cut})", self.field, self.reason.as_str())
    }
}

impl FieldChange {
    /// A value as it may be shown: numbers of credentials are masked.
    pub fn shown(&self, value: &FieldValue) -> String {
        if self.field != CREDENTIALS {
            return value.to_string();
        }
        match masked(value) {
            FieldValue::Set(set) => {
                let texts: Vec<_> = set.iter().map(|scalar| scalar.to_string().trim_matches('"').to_owned()).collect();
                texts.join(", ")
            }
            other => other.to_string(),
        }
    }
}

/// A value of the field `credentials` with all but the last characters of each number hidden.
pub(super) fn masked(value: &FieldValue) -> FieldValue {
    let mask = |scalar: &Scalar| match scalar {
        Scalar::Text(text) => {
            let credential = Credential::from_text(text);
            Scalar::Text(format!("{} {}", credential.kind, credential.masked()).trim().to_owned())
        }
        other => other.clone(),
    };
    match value {
        FieldValue::Value(scalar) => FieldValue::Value(mask(scalar)),
        FieldValue::Set(set) => FieldValue::Set(set.iter().map(mask).collect()),
        other => other.clone(),
    }
}

/// Values are people's data.
impl fmt::Debug for FieldChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FieldChange({} because {})", self.field, self.reason.as_str())
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tell(f, |f, action| action.fmt(f))
    }
}

impl Plan {
    /// What records wait for that are otherwise as they should be: once for each thing, however many wait for it.
    fn tell_references(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut waits: BTreeMap<&str, usize> = BTreeMap::new();
        for note in self.notes.iter().filter(|note| note.situation == "S1" && !note.held) {
            *waits.entry(&note.why).or_default() += 1;
        }
        for (why, count) in waits.iter().take(REFERENCES) {
            writeln!(f, "  left {count} records: {why}")?;
        }
        match waits.len().saturating_sub(REFERENCES) {
            0 => Ok(()),
            more => writeln!(f, "  and {more} more such references"),
        }
    }

    /// The plan in words, with actions as `shown` has them.
    pub(super) fn tell(
        &self,
        f: &mut fmt::Formatter<'_>,
        shown: impl Fn(&mut fmt::Formatter<'_>, &Action) -> fmt::Result,
    ) -> fmt::Result {
        writeln!(f, "{}  (plan {})", self.pair.title(), self.hash.get(..12).unwrap_or_default())?;
        for action in self.visible() {
            f.write_str("  ")?;
            shown(f, action)?;
            f.write_str("\n")?;
        }
        for note in self.notes.iter().filter(|note| note.held) {
            writeln!(f, "  hold {:?} ({}): {}", note.title, note.record, note.why)?;
        }
        for note in self.notes.iter().filter(|note| note.withheld) {
            writeln!(f, "  left {:?} ({}): {}", note.title, note.record, note.why)?;
        }
        self.tell_references(f)?;
        for trip in &self.trips {
            writeln!(f, "  {trip}")?;
        }
        if self.is_empty() && self.trips.is_empty() {
            writeln!(f, "  nothing to do: {} records agree", self.unchanged)?;
        }
        Ok(())
    }
}
