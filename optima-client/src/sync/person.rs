//! Between a badge of Optima and a person of the engine.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use connector_http::profile::Profile;
use sync_core::connector::{ErrorClass, FieldCaps, Marker, Record, SiteDay, SyncError};
use sync_core::model::{AccessPolicy, Canonical, Credential as Carried, Entity as _, Known, Person, RefKey, SyncKey};

use super::name;
use crate::badges::{Badge, BadgePatch, Card, Credential, Field, Membership, NewBadge};
use crate::words::{BadgeState, CredentialState};

/// What translating needs to know.
pub(super) struct Rules<'a> {
    pub(super) profile: &'a Profile,
    pub(super) marker_text: &'a str,
    pub(super) policy_order: &'a [String],
    pub(super) days: SiteDay<Tz>,
    pub(super) now: DateTime<Utc>,
    pub(super) name_length: usize,
}

impl Rules<'_> {
    /// How Optima stores a person's fields.
    pub(super) fn field_caps(&self) -> Vec<FieldCaps> {
        let has = |name| self.profile.has_field("badge", name);
        let text = Canonical::text(self.name_length);
        // Optima wants a name: the family name is never cleared.
        let mut caps = vec![FieldCaps::full("first_name", text), FieldCaps::required("last_name", text)];
        if has("access_groups") {
            caps.push(FieldCaps::full("policies", Canonical::single()));
        }
        if has("credentials") {
            caps.push(FieldCaps::full("credentials", Canonical::exact()));
        }
        for name in ["valid_from", "valid_until"] {
            if has(name) {
                caps.push(FieldCaps::full(name, Canonical::exact()));
            }
        }
        if has("state") {
            caps.push(FieldCaps::required("active", Canonical::exact()));
        }
        caps
    }

    /// The person of a badge.
    pub(super) fn record(&self, badge: &Badge) -> Record<Person> {
        let has = |name| self.profile.has_field("badge", name);
        let (first, last) = names(badge);
        let day = |at: Option<NaiveDate>, name| if has(name) { Known::from_option(at) } else { Known::Unknown };
        let person = Person {
            first_name: Known::from_text(first),
            last_name: Known::from_text(last),
            policies: badge.access_groups.as_ref().map_or(Known::Unknown, |groups| self.policy(groups)),
            credentials: badge.credentials.as_ref().map_or(Known::Unknown, |_| self.carried(badge)),
            valid_from: day(badge.valid_from.map(|at| self.days.of(at.to_utc())), "valid_from"),
            valid_until: day(badge.valid_until.map(|at| self.days.last_before(at.to_utc())), "valid_until"),
            active: if has("state") { self.active(badge) } else { Known::Unknown },
            ..Person::default()
        };
        let marker = badge.reference.as_deref().and_then(|text| read_marker(self.marker_text, text));
        Record { id: badge.id.as_str().into(), value: person, revision: badge.etag.clone(), marker }
    }

    /// The badge to create for a person, our mark included.
    pub(super) fn new_badge(&self, person: &Person, key: SyncKey) -> Result<NewBadge, SyncError> {
        let (first, last) = (text(&person.first_name), text(&person.last_name));
        let shown = name::join(first, last, self.name_length);
        if shown.is_empty() {
            return Err(SyncError::new(ErrorClass::Invalid, "a badge needs a name").with_field("last_name"));
        }
        let state = if person.active == Known::Value(false) { BadgeState::Disabled } else { BadgeState::Enabled };
        let cards: Vec<Card> =
            person.credentials.value().into_iter().flatten().map(|card| Card::new(&card.number)).collect();
        let groups =
            person.policies.value().and_then(BTreeSet::first).map(|policy| Membership::new(policy.id.as_str()));
        let badge = NewBadge::new(first, last).with(|badge| {
            let badge = badge.name(shown.into()).state(state);
            let badge = self.validity(badge, person, None);
            let badge = if cards.is_empty() { badge } else { badge.cards(with_one_primary(cards)) };
            let badge = match groups {
                Some(group) => badge.access_groups(vec![group]),
                None => badge,
            };
            if self.has_marker() { badge.reference(Marker::text(self.marker_text, key).into()) } else { badge }
        });
        Ok(badge)
    }

    /// The changes to a badge that a person's known fields ask for.
    pub(super) fn patch(&self, current: &Badge, person: &Person) -> Result<BadgePatch, SyncError> {
        let mut patch = self.renamed(current, person);
        match (&person.policies, &current.access_groups) {
            (Known::Value(wanted), Some(groups)) => {
                if let Some(groups) = wanted.first().and_then(|wanted| self.with_policy(groups, wanted.id.as_str())) {
                    patch = patch.access_groups(groups);
                }
            }
            (Known::Empty, Some(groups)) if !groups.is_empty() => patch = patch.access_groups(Vec::new()),
            (Known::Value(wanted), None) => {
                patch =
                    patch.access_groups(wanted.first().map(|p| Membership::new(p.id.as_str())).into_iter().collect());
            }
            _ => {}
        }
        match &person.credentials {
            Known::Value(wanted) => patch = self.with_cards(patch, current, wanted)?,
            Known::Empty => patch = self.with_cards(patch, current, &BTreeSet::new())?,
            Known::Unknown => {}
        }
        patch = self.validity(patch, person, Some(current));
        if let Known::Value(active) = person.active {
            let wanted = if active { BadgeState::Enabled } else { BadgeState::Disabled };
            if current.state.as_ref() != Some(&wanted) {
                patch = patch.state(wanted);
            }
            let over = current.valid_until.is_some_and(|until| until <= self.now);
            if active && over && !person.valid_until.is_known() {
                patch = patch.valid_until(Field::Clear);
            }
        }
        Ok(patch)
    }

    /// Withdraws access and cards so that both can be given back: disabled, cards suspended.
    pub(super) fn disabled(current: &Badge) -> BadgePatch {
        let mut patch = BadgePatch::new();
        if current.state != Some(BadgeState::Disabled) {
            patch = patch.state(BadgeState::Disabled);
        }
        if current.cards().any(in_use) {
            let cards = current.cards().filter_map(|card| {
                let state = if in_use(card) { CredentialState::Suspended } else { card.state.clone() };
                Some(Card::of(card)?.state(state))
            });
            patch = patch.cards(cards.collect());
        }
        patch
    }

    /// Takes the cards in use away.
    pub(super) fn without_cards(current: &Badge) -> BadgePatch {
        if !current.cards().any(in_use) {
            return BadgePatch::new();
        }
        BadgePatch::new().cards(current.cards().filter(|card| !in_use(card)).filter_map(Card::of).collect())
    }

    pub(super) fn has_marker(&self) -> bool {
        self.profile.has_field("badge", "reference")
    }

    fn renamed(&self, current: &Badge, person: &Person) -> BadgePatch {
        let mut patch = BadgePatch::new();
        if !person.first_name.is_known() && !person.last_name.is_known() {
            return patch;
        }
        let (mut first, mut last) = names(current);
        for (known, slot) in [(&person.first_name, &mut first), (&person.last_name, &mut last)] {
            match known {
                Known::Value(text) => slot.clone_from(text),
                Known::Empty => slot.clear(),
                Known::Unknown => {}
            }
        }
        // Where only the shown name stood, both parts are written from now on.
        let parted = current.first_name.is_some() || current.last_name.is_some();
        if person.first_name.is_known() || !parted {
            patch = patch.first_name(field(&first));
        }
        if person.last_name.is_known() || !parted {
            patch = patch.last_name(field(&last));
        }
        patch.name(field(&name::join(&first, &last, self.name_length)))
    }

    fn validity(&self, patch: BadgePatch, person: &Person, current: Option<&Badge>) -> BadgePatch {
        let had = |at: Option<Option<chrono::DateTime<chrono::FixedOffset>>>| at.flatten().is_some();
        let patch = match person.valid_from {
            Known::Value(day) => patch.valid_from(Field::Set(self.days.begin_of(day))),
            Known::Empty if had(current.map(|badge| badge.valid_from)) => patch.valid_from(Field::Clear),
            _ => patch,
        };
        match person.valid_until {
            Known::Value(day) => patch.valid_until(Field::Set(self.days.after(day))),
            Known::Empty if had(current.map(|badge| badge.valid_until)) => patch.valid_until(Field::Clear),
            _ => patch,
        }
    }

    /// An unknown state says nothing. A validity that has not begun yet is no reason to be inactive.
    fn active(&self, badge: &Badge) -> Known<bool> {
        let ended = badge.valid_until.is_some_and(|until| until <= self.now);
        match badge.state {
            Some(BadgeState::Enabled) => Known::Value(!ended),
            Some(BadgeState::Disabled) => Known::Value(false),
            _ => Known::Unknown,
        }
    }

    /// The one group that takes part: the first by the configured order, else by the badge's own.
    fn policy(&self, groups: &[Membership]) -> Known<BTreeSet<RefKey>> {
        let good = groups.iter().filter(|group| group.until.is_none_or(|until| until > self.now));
        let first = good.min_by_key(|group| self.rank(group.id.as_str()));
        let key =
            first.map(|group| BTreeSet::from([RefKey { entity: AccessPolicy::KIND, id: group.id.as_str().into() }]));
        Known::from_option(key)
    }

    /// The groups of a badge with another policy in the place of the one that takes part; nothing if it is that already.
    fn with_policy(&self, groups: &[Membership], wanted: &str) -> Option<Vec<Membership>> {
        let current = self.policy(groups).into_value().and_then(|set| set.into_iter().next());
        if current.as_ref().is_some_and(|current| current.id.as_str() == wanted) {
            return None;
        }
        let rank = self.rank(wanted);
        let replaced = current.as_ref().map(|current| current.id.as_str());
        let known =
            groups.iter().find(|group| group.id.as_str() == wanted && group.until.is_none_or(|until| until > self.now));
        let mut kept: Vec<Membership> = vec![known.cloned().unwrap_or_else(|| Membership::new(wanted))];
        let others = groups.iter().filter(|group| {
            let id = group.id.as_str();
            // One that comes before it in the order would take part in its stead.
            id != wanted && Some(id) != replaced && self.rank(id) >= rank
        });
        kept.extend(others.cloned());
        Some(kept)
    }

    fn rank(&self, id: &str) -> usize {
        self.policy_order.iter().position(|known| known == id).unwrap_or(usize::MAX)
    }

    fn carried(&self, badge: &Badge) -> Known<BTreeSet<Carried>> {
        let good = badge.cards().filter(|card| in_use(card) && card.until.is_none_or(|until| until > self.now));
        let numbers: BTreeSet<_> = good.filter_map(|card| Some(Carried::new("", card.number.as_deref()?))).collect();
        if numbers.is_empty() { Known::Empty } else { Known::Value(numbers) }
    }

    /// The cards that a badge is to have: those in use that are not wanted go, those out of use stay as they are.
    fn with_cards(
        &self,
        patch: BadgePatch,
        badge: &Badge,
        wanted: &BTreeSet<Carried>,
    ) -> Result<BadgePatch, SyncError> {
        let numbers: BTreeSet<&str> = wanted.iter().map(|card| card.number.as_str()).collect();
        if self.carried(badge) == Known::Value(wanted.clone()) || (wanted.is_empty() && !badge.cards().any(in_use)) {
            return Ok(patch);
        }
        let mut cards = Vec::new();
        let mut has: BTreeSet<&str> = BTreeSet::new();
        for card in badge.cards() {
            let (Some(number), Some(kept)) = (card.number.as_deref(), Card::of(card)) else { continue };
            match (numbers.contains(number), &card.state) {
                (true, CredentialState::Lost | CredentialState::Stolen) => return Err(lost_card()),
                (true, _) => {
                    has.insert(number);
                    cards.push(kept.state(CredentialState::Active));
                }
                (false, CredentialState::Active) => {}
                (false, _) => cards.push(kept.primary(false)),
            }
        }
        cards.extend(numbers.iter().filter(|number| !has.contains(*number)).map(|number| Card::new(*number)));
        Ok(patch.cards(with_one_primary(cards)))
    }
}

/// Whether a card opens something as far as its own state goes.
fn in_use(card: &Credential) -> bool {
    card.state == CredentialState::Active
}

fn lost_card() -> SyncError {
    SyncError::new(ErrorClass::Invalid, "Optima has this card as lost or stolen")
        .with_field("credentials")
        .with_remedy("give the person another card, or take the card into use again at Optima")
}

/// Cards in use, with the mark of the first on one that is in use and on no other.
fn with_one_primary(cards: Vec<Card>) -> Vec<Card> {
    let chosen = cards
        .iter()
        .position(|card| card.is_primary() && card.is_in_use())
        .or_else(|| cards.iter().position(Card::is_in_use));
    cards.into_iter().enumerate().map(|(place, card)| card.primary(Some(place) == chosen)).collect()
}

fn names(badge: &Badge) -> (String, String) {
    match (&badge.first_name, &badge.last_name) {
        (None, None) => name::split(badge.name.as_deref().unwrap_or_default()),
        (first, last) => (first.clone().unwrap_or_default(), last.clone().unwrap_or_default()),
    }
}

fn text(known: &Known<String>) -> &str {
    known.value().map_or("", String::as_str)
}

fn field(text: &str) -> Field<String> {
    if text.trim().is_empty() { Field::Clear } else { Field::Set(text.to_owned()) }
}

/// Our mark in a reference. Our word before something else is a text of a predecessor.
pub(super) fn read_marker(word: &str, reference: &str) -> Option<Marker> {
    let rest = reference.trim().strip_prefix(word)?;
    let key = Marker::key_in(word, reference).map(Marker::Ours);
    key.or_else(|| rest.starts_with(':').then_some(Marker::TextOnly))
}
