//! A badge as it is read.

use std::fmt;

use chrono::{DateTime, FixedOffset, Utc};
use chrono_tz::Tz;
use connector_http::profile::{Item, Misfit};
use serde_json::Value;

use super::BadgeQuery;
use crate::dialect::{Read, needed};
use crate::id::{AccessGroupId, BadgeId, CredentialId};
use crate::words::{BadgeState, CredentialKind, CredentialState};

/// A badge: a person at Optima. Names and numbers stay out of `Debug`.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Badge {
    /// Its id.
    pub id: BadgeId,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// The name that is shown.
    pub name: Option<String>,
    /// A text of the link.
    pub reference: Option<String>,
    /// Whether it opens anything; nothing where the profile has no such field.
    pub state: Option<BadgeState>,
    /// From when it is good.
    pub valid_from: Option<DateTime<FixedOffset>>,
    /// Until when it is good.
    pub valid_until: Option<DateTime<FixedOffset>>,
    /// What it may enter; nothing where the server does not tell.
    pub access_groups: Option<Vec<Membership>>,
    /// Its credentials; nothing where the server does not tell.
    pub credentials: Option<Vec<Credential>>,
    /// When it was made.
    pub created_at: Option<DateTime<FixedOffset>>,
    /// When it was last changed.
    pub updated_at: Option<DateTime<FixedOffset>>,
    /// Its revision.
    pub etag: Option<String>,
}

/// A badge's place in an access group.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Membership {
    /// The access group.
    pub id: AccessGroupId,
    /// From when it is good.
    pub from: Option<DateTime<FixedOffset>>,
    /// Until when it is good.
    pub until: Option<DateTime<FixedOffset>>,
    /// As it came, so that it is written back whole.
    pub(super) raw: Option<Value>,
}

/// A credential of a badge. Of PINs and biometrics only that there is one is known.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Credential {
    /// Its id.
    pub id: Option<CredentialId>,
    /// What it is.
    pub kind: CredentialKind,
    /// Its number, of a card.
    pub number: Option<String>,
    /// The facility code, of a card that has one.
    pub facility: Option<String>,
    /// Whether it works.
    pub state: CredentialState,
    /// Whether it is the one that counts as the badge's own.
    pub primary: bool,
    /// From when it is good.
    pub from: Option<DateTime<FixedOffset>>,
    /// Until when it is good.
    pub until: Option<DateTime<FixedOffset>>,
    /// As it came, so that it is written back whole.
    pub(super) raw: Option<Value>,
}

impl Badge {
    /// Whether the badge opens anything at an instant: enabled, and within its validity. No change tells when a validity
    /// passes. `None` for a state that nobody knows.
    pub fn is_good_at(&self, now: DateTime<Utc>) -> Option<bool> {
        let enabled = match self.state {
            Some(BadgeState::Enabled) | None => true,
            Some(BadgeState::Disabled) => false,
            Some(BadgeState::Unknown(_)) => return None,
        };
        let begun = self.valid_from.is_none_or(|from| from <= now);
        let ended = self.valid_until.is_some_and(|until| until <= now);
        Some(enabled && begun && !ended)
    }

    /// Its cards, whatever their state; none where the server does not tell.
    pub fn cards(&self) -> impl Iterator<Item = &Credential> {
        self.credentials.iter().flatten().filter(|credential| credential.kind == CredentialKind::Card)
    }

    pub(super) fn fits(&self, query: &BadgeQuery) -> bool {
        let state = query.state.is_none() || self.state.is_none() || self.state == query.state;
        let reference = query.reference.is_none() || self.reference == query.reference;
        let number = query.credential.as_deref();
        let credential = number.is_none_or(|number| {
            self.credentials.is_none() || self.cards().any(|card| card.number.as_deref() == Some(number))
        });
        state && reference && credential
    }
}

impl Read for Badge {
    const OBJECT: &'static str = "badge";

    fn read(item: Item<'_>, zone: Option<Tz>) -> Result<Self, Misfit> {
        needed(item, "name", "a text")?;
        needed(item, "state", "a word")?;
        let text = |name| Ok(item.text_opt(name)?.filter(|text: &String| !text.trim().is_empty()));
        let memberships = item.list("access_groups")?;
        let credentials = item.list("credentials")?;
        let each = |items: Vec<Item<'_>>| items.into_iter().map(|item| membership(item, zone)).collect();
        let every = |items: Vec<Item<'_>>| items.into_iter().map(|item| credential(item, zone)).collect();
        Ok(Self {
            id: item.id("id")?.into(),
            first_name: text("first_name")?,
            last_name: text("last_name")?,
            name: text("name")?,
            reference: text("reference")?,
            state: item.word_opt("state", "state")?.map(Into::into),
            valid_from: item.instant_opt("valid_from", zone)?,
            valid_until: item.instant_opt("valid_until", zone)?,
            access_groups: memberships.map(each).transpose()?,
            credentials: credentials.map(every).transpose()?,
            created_at: item.instant_opt("created_at", zone)?,
            updated_at: item.instant_opt("updated_at", zone)?,
            etag: item.text_opt("etag")?,
        })
    }
}

fn membership(item: Item<'_>, zone: Option<Tz>) -> Result<Membership, Misfit> {
    Ok(Membership {
        id: item.id("access_group_id")?.into(),
        from: item.instant_opt("access_group_from", zone)?,
        until: item.instant_opt("access_group_until", zone)?,
        raw: Some(item.value().clone()),
    })
}

fn credential(item: Item<'_>, zone: Option<Tz>) -> Result<Credential, Misfit> {
    let kind = item.word_opt("credential_type", "credential_type")?.map_or(CredentialKind::Card, Into::into);
    // The number of a PIN is nothing to keep, whoever sends it.
    let number = if matches!(kind, CredentialKind::Pin | CredentialKind::Biometric) {
        None
    } else {
        item.id_opt("card_number")?
    };
    let hidden = matches!(kind, CredentialKind::Pin | CredentialKind::Biometric);
    Ok(Credential {
        id: item.id_opt("credential_id")?.map(Into::into),
        kind,
        number,
        facility: item.id_opt("credential_facility")?,
        state: item.word_opt("credential_state", "credential_state")?.map_or(CredentialState::Active, Into::into),
        primary: item.bool_opt("credential_primary")?.unwrap_or_default(),
        from: item.instant_opt("credential_from", zone)?,
        until: item.instant_opt("credential_until", zone)?,
        raw: (!hidden).then(|| item.value().clone()),
    })
}

/// Who it is stays out.
impl fmt::Debug for Badge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Badge")
            .field("id", &self.id)
            .field("state", &self.state)
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}

/// The number stays out.
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
