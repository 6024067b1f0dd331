//! Between a person of PAC and a person of the engine.

use std::collections::BTreeSet;

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use chrono_tz::Tz;
use sync_core::connector::{ErrorClass, FieldCaps, Record, SiteDay, SyncError};
use sync_core::model::{Canonical, Department, Entity as _, Known, Person as Human, RefKey};

use super::rights;
use crate::model::{Credential, GroupGrant, Person, PersonDraft};

/// What translating needs to know: the days of the server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) days: SiteDay<Tz>,
}

/// How PAC stores a person's fields.
pub(super) fn field_caps() -> Vec<FieldCaps> {
    let text = Canonical::text(64);
    vec![
        // A person with one name has it here.
        FieldCaps::required("first_name", text),
        FieldCaps::full("middle_name", text),
        FieldCaps::full("last_name", text),
        FieldCaps::full("personnel_number", text),
        FieldCaps::full("email", Canonical::text(256)),
        FieldCaps::full("department", Canonical::exact()),
        FieldCaps::full("policies", Canonical::exact()),
        FieldCaps::full("credentials", Canonical::exact()),
        FieldCaps::full("valid_from", Canonical::exact()),
        FieldCaps::full("valid_until", Canonical::exact()),
        FieldCaps::required("active", Canonical::exact()),
        FieldCaps::read_only("access_id", Canonical::text(20)),
        FieldCaps::required("attendance_id", Canonical::text(64 - EXT.len())),
    ]
}

impl Rules {
    /// The person of a record.
    pub(super) fn record(self, person: &Person) -> Record<Human> {
        let text = |value: &Option<String>| Known::from_text(value.clone().unwrap_or_default());
        let value = Human {
            first_name: Known::from_text(person.first.clone()),
            middle_name: text(&person.middle),
            last_name: text(&person.last),
            personnel_number: text(&person.employee_no),
            email: text(&person.email),
            department: Known::from_option(person.department.as_deref().and_then(department)),
            policies: set(person.groups.iter().map(rights::policy).collect()),
            credentials: match person.credentials.iter().map(rights::carried).collect::<Option<_>>() {
                Some(known) => set(known),
                // Something among them is not known here: nothing is concluded from the rest.
                None => Known::Unknown,
            },
            valid_from: Known::from_option(self.first_day(person.from)),
            valid_until: Known::from_option(self.last_day(person.until)),
            active: Known::Value(person.active),
            access_id: Known::from_text(person.id.to_string()),
            attendance_id: attendance_id(person.ext.as_deref()),
            ..Human::default()
        };
        Record { revision: Some(person.rev.to_string()), ..Record::new(i64::from(person.id.get()), value) }
    }

    /// The person to make.
    pub(super) fn draft(self, human: &Human) -> Result<PersonDraft, SyncError> {
        let empty = PersonDraft::new(human.first_name.required("first_name")?);
        let draft = self.written(empty, human)?;
        draft.check()?;
        Ok(draft)
    }

    /// The person with changes, everything else as it is.
    pub(super) fn merged(self, current: &Person, changes: &Human) -> Result<PersonDraft, SyncError> {
        let draft = self.written(current.draft(), changes)?;
        // What an operator has stored is not for us to judge.
        if draft != current.draft() {
            draft.check()?;
        }
        Ok(draft)
    }

    fn written(self, mut draft: PersonDraft, human: &Human) -> Result<PersonDraft, SyncError> {
        if human.first_name.is_known() {
            human.first_name.required("first_name")?.clone_into(&mut draft.first);
        }
        for (known, slot) in [
            (&human.middle_name, &mut draft.middle),
            (&human.last_name, &mut draft.last),
            (&human.personnel_number, &mut draft.employee_no),
            (&human.email, &mut draft.email),
        ] {
            put(slot, known.clone());
        }
        put(&mut draft.department, named(&human.department));
        self.validity(&mut draft, human);
        if let Known::Value(active) = human.active {
            draft.active = active;
        }
        draft.ext = ext(draft.ext, &human.attendance_id)?;
        draft.groups = groups(draft.groups, &human.policies)?;
        draft.credentials = credentials(draft.credentials, &human.credentials)?;
        Ok(draft)
    }

    /// An instant within a day that is the right one stays as it is.
    fn validity(self, draft: &mut PersonDraft, human: &Human) {
        match human.valid_from {
            Known::Value(day) if self.first_day(draft.from) != Some(day) => {
                draft.from = Some(self.stamp(self.days.begin_of(day)));
            }
            Known::Empty => draft.from = None,
            _ => {}
        }
        match human.valid_until {
            Known::Value(day) if self.last_day(draft.until) != Some(day) => {
                draft.until = Some(self.stamp(self.days.end_of(day)));
            }
            Known::Empty => draft.until = None,
            _ => {}
        }
    }

    fn first_day(self, at: Option<DateTime<FixedOffset>>) -> Option<NaiveDate> {
        at.map(|at| self.days.of(at.to_utc()))
    }

    fn last_day(self, at: Option<DateTime<FixedOffset>>) -> Option<NaiveDate> {
        at.map(|at| self.days.last_before(at.to_utc()))
    }

    fn stamp(self, at: DateTime<Utc>) -> DateTime<FixedOffset> {
        at.with_timezone(&self.days.0).fixed_offset()
    }
}

/// The external key of a person whom the attendance system knows under this number.
pub(super) fn ext_of(attendance_id: &str) -> String {
    format!("{EXT}{}", attendance_id.trim())
}

/// Somebody else's key is not ours to conclude from.
fn attendance_id(ext: Option<&str>) -> Known<String> {
    match ext.map(|ext| ext.strip_prefix(EXT)) {
        None => Known::Empty,
        Some(Some(id)) if !id.trim().is_empty() => Known::from_text(id),
        Some(_) => Known::Unknown,
    }
}

fn ext(current: Option<String>, wanted: &Known<String>) -> Result<Option<String>, SyncError> {
    let Known::Value(wanted) = wanted else { return Ok(current) };
    if current.is_some() && attendance_id(current.as_deref()) == Known::Unknown {
        let error = SyncError::wrong("attendance_id", "cannot be written: PAC has a key of another program there");
        return Err(error.with_remedy("see at PAC which program keeps this person, and unlink one of the two"));
    }
    Ok(Some(ext_of(wanted)))
}

fn department(name: &str) -> Option<RefKey> {
    let name = name.trim();
    (!name.is_empty()).then(|| RefKey { entity: Department::KIND, id: name.into() })
}

fn named(department: &Known<RefKey>) -> Known<String> {
    match department {
        Known::Unknown => Known::Unknown,
        Known::Empty => Known::Empty,
        Known::Value(key) => Known::Value(key.id.as_str().to_owned()),
    }
}

fn put(slot: &mut Option<String>, known: Known<String>) {
    match known {
        Known::Unknown => {}
        Known::Empty => *slot = None,
        Known::Value(text) => *slot = Some(text),
    }
}

/// Grants that are wanted stay as they are stored, with their offsets.
fn groups(current: Vec<GroupGrant>, wanted: &Known<BTreeSet<RefKey>>) -> Result<Vec<GroupGrant>, SyncError> {
    let Some(wanted) = members(wanted) else { return Ok(current) };
    let mut new = wanted.clone();
    let mut kept: Vec<_> = current.into_iter().filter(|grant| wanted.contains(&rights::policy(grant))).collect();
    for grant in &kept {
        new.remove(&rights::policy(grant));
    }
    for policy in &new {
        kept.push(rights::grant(policy)?);
    }
    Ok(kept)
}

fn credentials(
    current: Vec<Credential>,
    wanted: &Known<BTreeSet<sync_core::model::Credential>>,
) -> Result<Vec<Credential>, SyncError> {
    let Some(wanted) = members(wanted) else { return Ok(current) };
    // In the form that PAC stores, so that `8e4c0a1f` is the card that is there.
    let wanted: Vec<Credential> = wanted.iter().map(rights::credential).collect::<Result<_, _>>()?;
    let same = |one: &Credential, other: &Credential| rights::carried(one) == rights::carried(other);
    let mut kept: Vec<Credential> =
        current.into_iter().filter(|has| wanted.iter().any(|wanted| same(has, wanted))).collect();
    for wanted in wanted {
        if !kept.iter().any(|has| same(has, &wanted)) {
            kept.push(wanted);
        }
    }
    let keys: std::collections::HashSet<_> = kept.iter().map(Credential::key).collect();
    if keys.len() < kept.len() {
        return Err(SyncError::new(ErrorClass::Invalid, "one card is to be in two states").with_field("credentials"));
    }
    Ok(kept)
}

fn members<T: Clone + Ord>(wanted: &Known<BTreeSet<T>>) -> Option<BTreeSet<T>> {
    match wanted {
        Known::Unknown => None,
        Known::Empty => Some(BTreeSet::new()),
        Known::Value(set) => Some(set.clone()),
    }
}

fn set<T: Ord>(set: BTreeSet<T>) -> Known<BTreeSet<T>> {
    if set.is_empty() { Known::Empty } else { Known::Value(set) }
}

/// What our external keys begin with.
const EXT: &str = "astrow:";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CredentialKey, CredentialState, CredentialType, FreeField, GroupId, PersonId, Rev};

    const RULES: Rules = Rules { days: SiteDay(Tz::Europe__Brussels) };

    fn at(text: &str) -> Option<DateTime<FixedOffset>> {
        DateTime::parse_from_rfc3339(text).ok()
    }

    fn mira() -> Person {
        let mut mira = Person::new(PersonId::new(101), Rev::new(7), "Mira");
        mira.ext = Some("astrow:1042".to_owned());
        mira.middle = Some("J.".to_owned());
        mira.last = Some("Vandenholt".to_owned());
        mira.department = Some("Logistics".to_owned());
        mira.from = at("2025-01-06T00:00:00+01:00");
        mira.until = at("2026-06-01T15:30:00+02:00");
        mira.groups = vec![
            GroupGrant::new(GroupId::new(1)),
            GroupGrant::new(GroupId::new(4)).with_validity(at("2026-03-01T00:00:00+01:00"), None),
        ];
        mira.credentials = vec![
            Credential::new(CredentialKey::pac_prox("8E4C0A1F")),
            Credential::new(CredentialKey::wiegand26(77, 40211)).with_state(CredentialState::Lost),
        ];
        mira.fields = vec![FreeField::new(1, "Dock 3")];
        mira
    }

    #[test]
    fn a_person_reads_back_as_the_sheet_says() {
        let record = RULES.record(&mira());
        let value = &record.value;
        assert_eq!((record.id.as_str(), record.revision.as_deref()), ("101", Some("7")));
        assert_eq!(value.access_id, Known::from_text("101"));
        assert_eq!(value.attendance_id, Known::from_text("1042"));
        assert_eq!(value.department.value().unwrap().id.as_str(), "Logistics");
        assert_eq!(value.valid_from, Known::Value("2025-01-06".parse().unwrap()));
        assert_eq!(value.valid_until, Known::Value("2026-06-01".parse().unwrap()));
        let policies: Vec<_> = value.policies.value().unwrap().iter().map(|key| key.id.as_str()).collect();
        assert_eq!(policies, ["1", "4 from=20260228T230000Z"]);
        let cards: Vec<_> = value.credentials.value().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(cards, ["pac-prox:8E4C0A1F", "wiegand26 state=lost:77-40211"]);
    }

    #[test]
    fn what_is_not_named_stays_bit_for_bit() {
        let mira = mira();
        assert_eq!(RULES.merged(&mira, &Human::default()).unwrap(), mira.draft());
        // Everything that was read, written again: nothing differs.
        let mut all = RULES.record(&mira).value;
        assert_eq!(RULES.merged(&mira, &all).unwrap(), mira.draft());
        all.last_name = Known::from_text("Van den Holt");
        let changed = RULES.merged(&mira, &all).unwrap();
        assert_eq!(changed, PersonDraft { last: Some("Van den Holt".to_owned()), ..mira.draft() });
    }

    #[test]
    fn days_are_whole_days_of_the_server() {
        let human = Human {
            valid_from: Known::Value("2026-03-29".parse().unwrap()),
            valid_until: Known::Value("2026-10-25".parse().unwrap()),
            ..Human::default()
        };
        let changed = RULES.merged(&mira(), &human).unwrap();
        assert_eq!(changed.from, at("2026-03-29T00:00:00+01:00"));
        assert_eq!(changed.until, at("2026-10-25T23:59:59+01:00"));
        let cleared = Human { valid_from: Known::Empty, valid_until: Known::Empty, ..Human::default() };
        let cleared = RULES.merged(&mira(), &cleared).unwrap();
        assert_eq!((cleared.from, cleared.until), (None, None));
    }

    #[test]
    fn the_key_of_another_program_is_neither_shown_nor_touched() {
        let mut other = mira();
        other.ext = Some("payroll:7".to_owned());
        assert_eq!(RULES.record(&other).value.attendance_id, Known::Unknown);
        let link = Human { attendance_id: Known::from_text("1042"), ..Human::default() };
        assert_eq!(RULES.merged(&other, &link).unwrap_err().field(), Some("attendance_id"));
        other.ext = None;
        assert_eq!(RULES.merged(&other, &link).unwrap().ext.as_deref(), Some("astrow:1042"));
    }

    #[test]
    fn credentials_that_are_not_known_here_leave_all_of_them_unknown() {
        let mut odd = mira();
        odd.credentials.push(Credential::new(CredentialKey::new(CredentialType::Unknown, "1", None)));
        assert_eq!(RULES.record(&odd).value.credentials, Known::Unknown);
    }

    #[test]
    fn a_new_person_needs_a_first_name_and_carries_the_attendance_number() {
        let human =
            Human { first_name: Known::from_text("Teo"), attendance_id: Known::from_text("1077"), ..Human::default() };
        let draft = RULES.draft(&human).unwrap();
        assert_eq!((draft.ext.as_deref(), draft.active, draft.id), (Some("astrow:1077"), true, None));
        let nameless = Human { last_name: Known::from_text("Marchetti"), ..Human::default() };
        assert_eq!(RULES.draft(&nameless).unwrap_err().field(), Some("first_name"));
    }
}
