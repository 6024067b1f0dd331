//! Badges as they are created and changed.

use std::fmt;

use chrono::{DateTime, Utc};
use connector_http::profile::Body;
use connector_http::{Error, ErrorKind};
use serde_json::Value;

use super::model::{Credential, Membership};
use crate::dialect::Dialect;
use crate::id::AccessGroupId;
use crate::words::{BadgeState, CredentialKind, CredentialState};

/// What becomes of a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is no fourth thing to do with a field")]
pub enum Field<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It becomes empty.
    Clear,
    /// It becomes this.
    Set(T),
}

/// A badge to be created.
#[derive(Clone, Default, PartialEq)]
pub struct NewBadge(BadgePatch);

/// What to change of a badge; what is not mentioned stays.
#[derive(Clone, Default, PartialEq)]
pub struct BadgePatch {
    first_name: Field<String>,
    last_name: Field<String>,
    name: Field<String>,
    reference: Field<String>,
    state: Option<BadgeState>,
    valid_from: Field<DateTime<Utc>>,
    valid_until: Field<DateTime<Utc>>,
    access_groups: Option<Vec<Membership>>,
    cards: Option<Vec<Card>>,
}

/// A card of a badge, as it is written.
#[derive(Clone, PartialEq)]
pub struct Card {
    number: String,
    state: CredentialState,
    primary: bool,
    raw: Option<Value>,
}

impl Card {
    /// A new card, in use.
    pub fn new(number: impl Into<String>) -> Self {
        Self { number: number.into(), state: CredentialState::Active, primary: false, raw: None }
    }

    /// A card that the badge has: what is not changed here is written back as it came. Nothing for what is no card.
    pub fn of(credential: &Credential) -> Option<Self> {
        let number = credential.number.clone().filter(|_| credential.kind == CredentialKind::Card)?;
        let (state, primary) = (credential.state.clone(), credential.primary);
        Some(Self { number, state, primary, raw: credential.raw.clone() })
    }

    /// In another state.
    #[must_use]
    pub fn state(mut self, state: CredentialState) -> Self {
        self.state = state;
        self
    }

    /// The one that counts as the badge's own, or not.
    #[must_use]
    pub fn primary(mut self, primary: bool) -> Self {
        self.primary = primary;
        self
    }

    #[cfg(feature = "sync")]
    pub(crate) fn is_primary(&self) -> bool {
        self.primary
    }

    #[cfg(feature = "sync")]
    pub(crate) fn is_in_use(&self) -> bool {
        self.state == CredentialState::Active
    }

    fn body(&self, dialect: &Dialect) -> Value {
        let mut body = element(dialect, self.raw.as_ref());
        body.word("credential_type", "credential_type", CredentialKind::Card.as_str());
        body.word("credential_state", "credential_state", self.state.as_str());
        body.set("credential_primary", self.primary);
        body.element("card_number", self.number.as_str());
        body.into_value()
    }
}

/// The number stays out.
impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Card").field("state", &self.state).field("primary", &self.primary).finish_non_exhaustive()
    }
}

impl Membership {
    /// A place in a group, without limit of time.
    pub fn new(id: impl Into<AccessGroupId>) -> Self {
        Self { id: id.into(), from: None, until: None, raw: None }
    }

    fn body(&self, dialect: &Dialect) -> Value {
        let mut body = element(dialect, self.raw.as_ref());
        body.element("access_group_id", self.id.as_str());
        body.into_value()
    }
}

/// An element of a list, over what was read if it is an object.
fn element<'a>(dialect: &'a Dialect, raw: Option<&Value>) -> Body<'a> {
    let body = dialect.profile().body("badge");
    match raw.filter(|raw| raw.is_object()) {
        Some(raw) => body.over(raw.clone()),
        None => body,
    }
}

impl NewBadge {
    /// With a given name and a family name; the shown name is both.
    pub fn new(first_name: impl Into<String>, last_name: impl Into<String>) -> Self {
        let (first, last) = (first_name.into(), last_name.into());
        let shown = format!("{} {}", first.trim(), last.trim()).trim().to_owned();
        Self(BadgePatch::new().first_name(text(first)).last_name(text(last)).name(text(shown)))
    }

    /// With everything else, by the setters of a patch.
    #[must_use]
    pub fn with(self, more: impl FnOnce(BadgePatch) -> BadgePatch) -> Self {
        Self(more(self.0))
    }

    pub(super) fn body(&self, dialect: &Dialect) -> Result<Value, Error> {
        let body = self.0.body(dialect)?;
        // What a new badge does not have is not mentioned.
        Ok(match body {
            Value::Object(map) => Value::Object(map.into_iter().filter(|(_, value)| !value.is_null()).collect()),
            other => other,
        })
    }
}

impl BadgePatch {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Given name.
    #[must_use]
    pub fn first_name(mut self, name: Field<String>) -> Self {
        self.first_name = name;
        self
    }

    /// Family name.
    #[must_use]
    pub fn last_name(mut self, name: Field<String>) -> Self {
        self.last_name = name;
        self
    }

    /// The name that is shown.
    #[must_use]
    pub fn name(mut self, name: Field<String>) -> Self {
        self.name = name;
        self
    }

    /// The text of the link.
    #[must_use]
    pub fn reference(mut self, reference: Field<String>) -> Self {
        self.reference = reference;
        self
    }

    /// Whether it opens anything.
    #[must_use]
    pub fn state(mut self, state: BadgeState) -> Self {
        self.state = Some(state);
        self
    }

    /// From when it is good.
    #[must_use]
    pub fn valid_from(mut self, from: Field<DateTime<Utc>>) -> Self {
        self.valid_from = from;
        self
    }

    /// Until when it is good.
    #[must_use]
    pub fn valid_until(mut self, until: Field<DateTime<Utc>>) -> Self {
        self.valid_until = until;
        self
    }

    /// All its access groups: those that are not in the list are taken away.
    #[must_use]
    pub fn access_groups(mut self, groups: Vec<Membership>) -> Self {
        self.access_groups = Some(groups);
        self
    }

    /// All its cards: those that are not in the list are taken away. Other credentials stay.
    #[must_use]
    pub fn cards(mut self, cards: Vec<Card>) -> Self {
        self.cards = Some(cards);
        self
    }

    /// Whether nothing is to change.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn body(&self, dialect: &Dialect) -> Result<Value, Error> {
        let mut body = dialect.profile().body("badge");
        let mut unsaid = Vec::new();
        let mut say = |name: &'static str, said: bool| {
            if !said {
                unsaid.push(name);
            }
        };
        for (name, field) in [
            ("first_name", &self.first_name),
            ("last_name", &self.last_name),
            ("name", &self.name),
            ("reference", &self.reference),
        ] {
            let said = match field {
                Field::Keep => true,
                Field::Clear => body.set(name, Value::Null),
                Field::Set(text) => body.set(name, text.as_str()),
            };
            // A vendor with one name field has no others, and the other way round: one of them is enough.
            say(name, said || matches!(name, "first_name" | "last_name" | "name"));
        }
        if let Some(state) = &self.state {
            say("state", body.word("state", "state", state.as_str()));
        }
        for (name, field) in [("valid_from", &self.valid_from), ("valid_until", &self.valid_until)] {
            let said = match field {
                Field::Keep => true,
                Field::Clear => body.instant(name, None),
                Field::Set(at) => body.instant(name, Some(*at)),
            };
            say(name, said);
        }
        if let Some(groups) = &self.access_groups {
            let list: Vec<_> = groups.iter().map(|group| group.body(dialect)).collect();
            say("access_groups", body.set("access_groups", list));
        }
        if let Some(cards) = &self.cards {
            let list: Vec<_> = cards.iter().map(|card| card.body(dialect)).collect();
            say("credentials", body.set("credentials", list));
        }
        if unsaid.is_empty() {
            return Ok(body.into_value());
        }
        let text = format!("the profile has no pointer for {} under [fields.badge]", unsaid.join(", "));
        Err(Error::new(ErrorKind::Config, text))
    }
}

fn text(text: String) -> Field<String> {
    if text.trim().is_empty() { Field::Keep } else { Field::Set(text) }
}

impl From<String> for Field<String> {
    fn from(text: String) -> Self {
        Self::Set(text)
    }
}

impl From<&str> for Field<String> {
    fn from(text: &str) -> Self {
        Self::Set(text.to_owned())
    }
}

/// Who it is stays out.
impl fmt::Debug for NewBadge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NewBadge").field(&self.0).finish()
    }
}

/// Who it is stays out.
impl fmt::Debug for BadgePatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BadgePatch").field("state", &self.state).finish_non_exhaustive()
    }
}
