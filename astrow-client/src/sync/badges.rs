//! Access groups and badges of the *PAC Access* tab as references and credentials, with their conditions.

use std::collections::BTreeSet;

use chrono::{DateTime, FixedOffset, Utc};
use chrono_tz::Tz;
use sync_core::connector::SyncError;
use sync_core::model::{AccessPolicy, Conditions, Credential, Entity as _, Known, RefKey};

use crate::model::{BadgeKind, BadgeState, PacBadge, PacGroup};

/// The groups of a tab.
pub(super) fn policies(groups: &[PacGroup]) -> Known<BTreeSet<RefKey>> {
    let of = |group: &PacGroup| {
        let conditions = Conditions { state: None, from: utc(group.from), until: utc(group.until) };
        RefKey { entity: AccessPolicy::KIND, id: conditions.join(&group.id.to_string()).into() }
    };
    set(groups.iter().map(of).collect())
}

/// The badges of a tab.
pub(super) fn credentials(badges: &[PacBadge]) -> Known<BTreeSet<Credential>> {
    let of = |badge: &PacBadge| {
        let state = Some(badge.state.as_str().to_owned()).filter(|_| badge.state != BadgeState::Active);
        let conditions = Conditions { state, from: utc(badge.from), until: utc(badge.until) };
        let number = match badge.facility {
            Some(facility) => format!("{facility}-{}", badge.number),
            None => badge.number.clone(),
        };
        Credential::new(conditions.join(badge.kind.as_str()), number)
    };
    set(badges.iter().map(of).collect())
}

/// The groups that references stand for.
pub(super) fn groups_of(policies: &Known<BTreeSet<RefKey>>, zone: Tz) -> Result<Vec<PacGroup>, SyncError> {
    let of = |key: &RefKey| {
        let (head, conditions) = Conditions::split(key.id.as_str());
        let id = head.parse().map_err(|_| SyncError::wrong("policies", "has an id that is no number of a group"))?;
        let mut group = PacGroup::new(id);
        group.from = local(conditions.from, zone);
        group.until = local(conditions.until, zone);
        Ok(group)
    };
    policies.value().into_iter().flatten().map(of).collect()
}

/// The badges that credentials stand for.
pub(super) fn badges_of(credentials: &Known<BTreeSet<Credential>>, zone: Tz) -> Result<Vec<PacBadge>, SyncError> {
    credentials.value().into_iter().flatten().map(|credential| badge(credential, zone)).collect()
}

fn badge(credential: &Credential, zone: Tz) -> Result<PacBadge, SyncError> {
    let number = credential.number.as_str();
    let (kind, conditions) = Conditions::split(&credential.kind);
    let kind = BadgeKind::from(kind);
    if matches!(kind, BadgeKind::Unknown(_)) {
        return Err(SyncError::wrong("credentials", "has a kind that Astrow does not know"));
    }
    let mut badge = match number.split_once('-').filter(|_| kind == BadgeKind::Wiegand26) {
        Some((facility, number)) => {
            let facility = facility.parse();
            let facility = facility.map_err(|_| SyncError::wrong("credentials", "has a facility that is no number"))?;
            PacBadge { kind, ..PacBadge::wiegand(facility, number) }
        }
        None => PacBadge::new(kind, number),
    };
    badge.state = conditions.state.as_deref().map_or(BadgeState::Active, BadgeState::from);
    badge.from = local(conditions.from, zone);
    badge.until = local(conditions.until, zone);
    Ok(badge)
}

fn set<T: Ord>(set: BTreeSet<T>) -> Known<BTreeSet<T>> {
    if set.is_empty() { Known::Empty } else { Known::Value(set) }
}

fn utc(at: Option<DateTime<FixedOffset>>) -> Option<DateTime<Utc>> {
    at.map(|at| at.to_utc())
}

fn local(at: Option<DateTime<Utc>>, zone: Tz) -> Option<DateTime<FixedOffset>> {
    at.map(|at| at.with_timezone(&zone).fixed_offset())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Europe::Brussels;

    fn at(text: &str) -> DateTime<FixedOffset> {
        text.parse().unwrap()
    }

    #[test]
    fn groups_and_badges_come_back_with_their_conditions() {
        let mut group = PacGroup::new(4);
        group.until = Some(at("2026-09-30T23:59:59+02:00"));
        let groups = vec![PacGroup::new(1), group];
        let shown = policies(&groups);
        let ids: Vec<_> = shown.value().unwrap().iter().map(|key| key.id.as_str()).collect();
        assert_eq!(ids, ["1", "4 until=20260930T215959Z"]);
        assert_eq!(groups_of(&shown, Brussels).unwrap(), groups);

        let mut lost = PacBadge::new(BadgeKind::PacProx, "8E4C0A1F");
        lost.state = BadgeState::Lost;
        lost.from = Some(at("2026-03-01T00:00:00+01:00"));
        let badges = vec![lost, PacBadge::wiegand(77, "40211")];
        let shown = credentials(&badges);
        let texts: Vec<_> = shown.value().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["pac-prox state=lost from=20260228T230000Z:8E4C0A1F", "wiegand26:77-40211"]);
        assert_eq!(badges_of(&shown, Brussels).unwrap(), badges);
        // As the engine gives them back from its stored text.
        let stored = shown.map(|set| set.iter().map(|one| Credential::from_text(&one.to_string())).collect());
        assert_eq!(badges_of(&stored, Brussels).unwrap(), badges);
    }

    #[test]
    fn what_is_no_group_or_badge_names_its_field() {
        let group = Known::Value(BTreeSet::from([RefKey { entity: AccessPolicy::KIND, id: "Day".into() }]));
        assert_eq!(groups_of(&group, Brussels).unwrap_err().field(), Some("policies"));
        let card = |kind: &str, number: &str| Known::Value(BTreeSet::from([Credential::new(kind, number)]));
        for wrong in [card("mifare", "1"), card("", "1"), card("wiegand26", "x-1")] {
            assert_eq!(badges_of(&wrong, Brussels).unwrap_err().field(), Some("credentials"));
        }
    }
}
