//! Access groups and credentials as texts, so that both sides can hold the very same.

use chrono::{DateTime, FixedOffset, Utc};
use sync_core::connector::SyncError;
use sync_core::model::{AccessPolicy, Conditions, Credential as Carried, Entity as _, RefKey};

use crate::model::{Credential, CredentialKey, CredentialState, CredentialType, GroupGrant};

/// An access group with the limits of its grant.
pub(super) fn policy(grant: &GroupGrant) -> RefKey {
    let id = limits(None, grant.from, grant.until).join(&grant.id.to_string());
    RefKey { entity: AccessPolicy::KIND, id: id.into() }
}

/// The grant that a reference stands for.
pub(super) fn grant(policy: &RefKey) -> Result<GroupGrant, SyncError> {
    let (head, conditions) = Conditions::split(policy.id.as_str());
    let id = head.trim().parse().ok().filter(|_| conditions.state.is_none());
    let id = id.ok_or_else(|| SyncError::wrong("policies", "hold something that is no access group of PAC"))?;
    let (from, until) = instants(&conditions);
    Ok(GroupGrant::new(id).with_validity(from, until))
}

/// A credential in words; none for one whose kind or state is not known here.
pub(super) fn carried(credential: &Credential) -> Option<Carried> {
    let state = match credential.state {
        CredentialState::Active => None,
        CredentialState::Suspended | CredentialState::Lost => Some(credential.state.as_str().to_owned()),
        CredentialState::Unknown => return None,
    };
    let kind = Some(credential.kind).filter(|kind| *kind != CredentialType::Unknown)?;
    let conditions = limits(state, credential.from, credential.until);
    Some(Carried::new(conditions.join(kind.as_str()), number(&credential.key())))
}

/// The credential that these words stand for, its number in the canonical form of its kind.
pub(super) fn credential(carried: &Carried) -> Result<Credential, SyncError> {
    let (kind, conditions) = Conditions::split(&carried.kind);
    let key = key(CredentialType::of(kind.trim()), &carried.number)?;
    let state = conditions.state.as_deref().map_or(CredentialState::Active, CredentialState::of);
    if state == CredentialState::Unknown {
        return Err(SyncError::wrong("credentials", "are in a state that PAC does not know"));
    }
    let (from, until) = instants(&conditions);
    Ok(Credential::new(key).with_state(state).with_validity(from, until))
}

/// A number as people read it: facility and number of a 26-bit card have a dash between them.
pub(super) fn number(key: &CredentialKey) -> String {
    match key.facility {
        Some(facility) => format!("{facility}-{}", key.number),
        None => key.number.clone(),
    }
}

fn key(kind: CredentialType, number: &str) -> Result<CredentialKey, SyncError> {
    let number = number.trim();
    let key = match kind {
        CredentialType::PacProx => CredentialKey::pac_prox(number),
        CredentialType::OneProx => CredentialKey::oneprox(number),
        CredentialType::Wiegand26 => {
            let parts = number.split_once('-');
            let parts = parts.and_then(|(facility, number)| Some((digits(facility)?, digits(number)?)));
            let (facility, number): (u8, u16) = parts.ok_or_else(|| {
                SyncError::wrong("credentials", "of 26 bits are a facility 0-255, a dash and a number 0-65535")
            })?;
            CredentialKey::wiegand26(facility, number)
        }
        CredentialType::Unknown => return Err(SyncError::wrong("credentials", "are of a kind that PAC does not know")),
    };
    key.check()?;
    Ok(key)
}

fn digits<T: std::str::FromStr>(text: &str) -> Option<T> {
    let text = text.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

type Instant = Option<DateTime<FixedOffset>>;

fn limits(state: Option<String>, from: Instant, until: Instant) -> Conditions {
    Conditions { state, from: from.map(|at| at.to_utc()), until: until.map(|at| at.to_utc()) }
}

fn instants(conditions: &Conditions) -> (Instant, Instant) {
    let instant = |at: Option<DateTime<Utc>>| at.map(|at| at.fixed_offset());
    (instant(conditions.from), instant(conditions.until))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::GroupId;
    use sync_core::connector::ErrorClass;

    fn at(text: &str) -> Instant {
        DateTime::parse_from_rfc3339(text).ok()
    }

    #[test]
    fn limits_of_a_group_survive_and_do_not_depend_on_the_offset() {
        let plain = GroupGrant::new(GroupId::new(1));
        assert_eq!(policy(&plain).id.as_str(), "1");
        let limited = GroupGrant::new(GroupId::new(4))
            .with_validity(at("2026-03-01T00:00:00+01:00"), at("2026-06-01T00:00:00+02:00"));
        let text = policy(&limited);
        assert_eq!(text.id.as_str(), "4 from=20260228T230000Z until=20260531T220000Z");
        let back = grant(&text).unwrap();
        assert_eq!((back.id, policy(&back)), (limited.id, text));
        for wrong in ["x", "4 state=lost", "", "-1", "4 5"] {
            let key = RefKey { entity: AccessPolicy::KIND, id: wrong.into() };
            assert_eq!(grant(&key).unwrap_err().field(), Some("policies"), "{wrong}");
        }
    }

    #[test]
    fn credentials_survive_in_their_canonical_form() {
        for (kind, number, stored) in [
            ("pac-prox", "8e4c0a1f", "8E4C0A1F"),
            ("pac-prox state=lost", "CARD0123", "CARD0123"),
            ("wiegand26", " 77 - 040211 ", "77-40211"),
            ("wiegand26 state=suspended from=20260301T000000Z", "0-0", "0-0"),
            ("oneprox", "04a1b2c3d4e580", "04A1B2C3D4E580"),
        ] {
            let read = credential(&Carried::new(kind, number)).unwrap();
            let back = carried(&read).unwrap();
            assert_eq!((back.kind.as_str(), back.number.as_str()), (kind, stored));
        }
        for (kind, number) in [
            ("pac-prox", "123"),
            ("wiegand26", "40211"),
            ("wiegand26", "256-1"),
            ("wiegand26", "+1-1"),
            ("oneprox", "XYZ0"),
            ("", "8E4C0A1F"),
            ("pac-prox state=eaten", "8E4C0A1F"),
        ] {
            let error = credential(&Carried::new(kind, number)).unwrap_err();
            assert_eq!(error.class(), ErrorClass::Invalid, "{kind} {number}");
        }
    }

    #[test]
    fn what_is_not_known_here_has_no_words() {
        let card = Credential::new(CredentialKey::pac_prox("8E4C0A1F"));
        assert!(carried(&card.clone().with_state(CredentialState::Unknown)).is_none());
        let odd = Credential::new(CredentialKey::new(CredentialType::Unknown, "1", None));
        assert!(carried(&odd).is_none());
    }
}
