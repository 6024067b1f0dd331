//! Between doors and what Net2 stores: individual rights to areas, and access levels.

use std::collections::{BTreeMap, BTreeSet};

use sync_core::connector::{ErrorClass, SyncError};

use super::names::UnknownName;
use super::rights::{AreaNames, Form, Right};
use crate::id::{AccessLevelId, AreaId, DoorId};
use crate::permissions::PermissionSet;

/// What of a site decides about access.
#[derive(Clone, Debug, Default)]
pub(super) struct AccessRules {
    pub(super) fallback: AccessLevelId,
    pub(super) level_names: BTreeMap<AccessLevelId, String>,
    pub(super) area_names: AreaNames,
    /// The areas of each door.
    pub(super) areas: BTreeMap<DoorId, BTreeSet<AreaId>>,
    /// Doors that an access level opens instead of individual rights.
    pub(super) levels: BTreeMap<DoorId, Result<AccessLevelId, UnknownName>>,
}

/// What is to be stored for a set of doors, whatever the form of a right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) areas: BTreeSet<AreaId>,
    pub(super) levels: BTreeSet<AccessLevelId>,
}

impl AccessRules {
    /// The doors that a set opens, and in words of this system whatever else keeps it from being as it would be written.
    pub(super) fn shown(&self, set: &PermissionSet) -> BTreeSet<String> {
        let (areas, mut words) = self.areas_of(set);
        let mut doors: BTreeSet<DoorId> = self.opened_by(&areas).collect();
        let of_doors = |door: &DoorId| self.areas.get(door).into_iter().flatten();
        let explained: BTreeSet<&AreaId> = doors.iter().flat_map(of_doors).collect();
        words.extend(areas.iter().filter(|area| !explained.contains(area)).map(|area| format!("area {area}")));
        let levels = set.access_levels.iter().copied().filter(|level| *level != AccessLevelId::NONE);
        // The private level stands for the individual rights themselves.
        let mut levels: BTreeSet<_> =
            levels.filter(|level| !level.is_private() || set.individual_permissions.is_empty()).collect();
        let by_level: Vec<DoorId> = levels.iter().flat_map(|level| self.opened_by_level(*level)).collect();
        levels.retain(|level| self.opened_by_level(*level).next().is_none());
        doors.extend(by_level);
        let nothing_else = doors.is_empty() && words.is_empty() && levels.iter().all(|level| *level == self.fallback);
        if !nothing_else {
            words.extend(levels.iter().map(|level| self.level_in_words(*level)));
        } else if self.fallback != AccessLevelId::NONE && !levels.contains(&self.fallback) {
            words.insert(NOT_ON_FALLBACK.to_owned());
        }
        doors.iter().map(DoorId::to_string).chain(words).collect()
    }

    /// What opens exactly these doors.
    pub(super) fn wanted(&self, doors: &BTreeSet<String>) -> Result<Wanted, SyncError> {
        let mut wanted = Wanted::default();
        for text in doors {
            let Ok(door) = text.parse() else { return Err(no_door(text)) };
            match (self.levels.get(&door), self.areas.get(&door)) {
                (Some(Ok(level)), _) => _ = wanted.levels.insert(*level),
                (Some(Err(unknown)), _) => return Err(refused(unknown.cause()).with_remedy(unknown.remedy())),
                (None, Some(areas)) => wanted.areas.extend(areas),
                (None, None) => return Err(no_areas(door)),
            }
        }
        if wanted == Wanted::default() && self.fallback != AccessLevelId::NONE {
            wanted.levels.insert(self.fallback);
        }
        self.refuse_more(doors, &wanted)?;
        Ok(wanted)
    }

    /// The set to write, in a form.
    pub(super) fn set(&self, wanted: &Wanted, form: &Form) -> PermissionSet {
        PermissionSet {
            access_levels: wanted.levels.iter().copied().collect(),
            individual_permissions: wanted.areas.iter().map(|area| form.right(*area, &self.area_names)).collect(),
        }
    }

    /// Doors that have areas of their own or a level.
    pub(super) fn is_known(&self, door: DoorId) -> bool {
        self.areas.contains_key(&door) || matches!(self.levels.get(&door), Some(Ok(_)))
    }

    fn areas_of(&self, set: &PermissionSet) -> (BTreeSet<AreaId>, BTreeSet<String>) {
        let (mut areas, mut words) = (BTreeSet::new(), BTreeSet::new());
        for element in &set.individual_permissions {
            match Right::of(element, &self.area_names) {
                Some(right) if right.is_always() => _ = areas.insert(right.area),
                Some(Right { area, timezone }) => {
                    let timezone = timezone.unwrap_or_default();
                    words.insert(format!("area {area} at the hours of timezone {timezone}"));
                }
                None => _ = words.insert("an individual right of an unknown form".to_owned()),
            }
        }
        (areas, words)
    }

    fn opened_by(&self, areas: &BTreeSet<AreaId>) -> impl Iterator<Item = DoorId> {
        self.areas.iter().filter(|(_, of_door)| of_door.is_subset(areas)).map(|(door, _)| *door)
    }

    fn opened_by_level(&self, level: AccessLevelId) -> impl Iterator<Item = DoorId> {
        self.levels.iter().filter(move |(_, of_door)| **of_door == Ok(level)).map(|(door, _)| *door)
    }

    fn level_in_words(&self, level: AccessLevelId) -> String {
        match self.level_names.get(&level) {
            Some(name) if !level.is_private() => format!("access level {level} ({})", name.trim()),
            // The name of a private level is the name of its user.
            _ => format!("access level {level}"),
        }
    }

    /// Doors that share their areas or their level open together: nothing is opened that nobody asked for.
    fn refuse_more(&self, asked: &BTreeSet<String>, wanted: &Wanted) -> Result<(), SyncError> {
        let [form, ..] = Form::known();
        let opened = self.shown(&self.set(wanted, &form));
        let more: Vec<_> = opened.difference(asked).map(String::as_str).collect();
        if more.is_empty() {
            return Ok(());
        }
        Err(refused(format!("doors {} do not open alone: {} would open as well", list(asked), more.join(", ")))
            .with_remedy(
                "these doors share an area or an access level in Net2: give them an area each there, or choose them \
                 together",
            ))
    }
}

/// What stands in `doors` of somebody without doors who is not where such people belong.
pub(super) const NOT_ON_FALLBACK: &str = "not on the fallback level";

pub(super) fn list(doors: &BTreeSet<String>) -> String {
    doors.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

pub(super) fn refused(why: impl Into<String>) -> SyncError {
    SyncError::new(ErrorClass::Invalid, why.into()).with_field("doors")
}

/// A text that is the number of no control unit at all.
pub(super) fn no_door(text: &str) -> SyncError {
    refused(format!("{text:?} is no door of Net2")).with_remedy("choose doors by the serial numbers that Net2 shows")
}

fn no_areas(door: DoorId) -> SyncError {
    refused(format!("it is not known which areas door {door} leads to")).with_remedy(
        "check that Net2 has this door; where the operator may not read by SQL, list the areas of each door under `areas`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permissions::IndividualPermission;
    use proptest::prelude::*;
    use serde_json::json;

    const A: &str = "7000001";
    const B: &str = "7000002";

    fn rules() -> AccessRules {
        let door = |serial: &str| serial.parse::<DoorId>().unwrap();
        let areas = |ids: &[i64]| ids.iter().copied().map(AreaId::new).collect();
        AccessRules {
            fallback: AccessLevelId::new(7),
            level_names: [(AccessLevelId::new(7), "Way out".to_owned()), (AccessLevelId::new(9), "Staff".to_owned())]
                .into(),
            areas: [(door(A), areas(&[11, 12])), (door(B), areas(&[21, 12]))].into(),
            ..AccessRules::default()
        }
    }

    fn texts(items: &[&str]) -> BTreeSet<String> {
        items.iter().map(|item| (*item).to_owned()).collect()
    }

    fn set(levels: &[i64], areas: &[i64]) -> PermissionSet {
        PermissionSet {
            access_levels: levels.iter().copied().map(AccessLevelId::new).collect(),
            individual_permissions: areas
                .iter()
                .map(|area| IndividualPermission::raw(json!({ "id": area, "timezoneId": 1 })))
                .collect(),
        }
    }

    #[test]
    fn whatever_is_not_as_it_would_be_written_stands_there_in_words() {
        for (levels, areas, shown) in [
            (&[7][..], &[][..], &[][..]),
            (&[], &[], &[NOT_ON_FALLBACK]),
            (&[0], &[], &[NOT_ON_FALLBACK]),
            (&[], &[11, 12], &[A]),
            (&[10_000_042], &[11, 12], &[A]),
            (&[], &[11, 12, 21], &[A, B]),
            (&[], &[11], &["area 11"]),
            (&[7], &[11, 12], &[A, "access level 7 (Way out)"]),
            (&[7, 9], &[], &["access level 7 (Way out)", "access level 9 (Staff)"]),
            (&[10_000_042], &[], &["access level 10000042"]),
        ] {
            assert_eq!(rules().shown(&set(levels, areas)), texts(shown), "{levels:?} {areas:?}");
        }
        let odd = PermissionSet {
            individual_permissions: vec![
                IndividualPermission::raw(json!({ "id": 11, "timezoneId": 3 })),
                IndividualPermission::raw(json!("x")),
            ],
            ..set(&[], &[])
        };
        let shown = rules().shown(&odd);
        assert_eq!(shown, texts(&["area 11 at the hours of timezone 3", "an individual right of an unknown form"]));
    }

    #[test]
    fn doors_that_share_everything_are_not_opened_alone() {
        let mut rules = rules();
        let a: DoorId = A.parse().unwrap();
        rules.areas.insert(B.parse().unwrap(), rules.areas[&a].clone());
        let error = rules.wanted(&texts(&[A])).unwrap_err();
        assert_eq!((error.class(), error.field()), (ErrorClass::Invalid, Some("doors")));
        assert!(error.message().contains(B), "{error}");
        assert!(rules.wanted(&texts(&[A, B])).is_ok());
    }

    #[test]
    fn an_opted_in_level_stands_for_its_doors() {
        let mut rules = rules();
        rules.levels.insert(A.parse().unwrap(), Ok(AccessLevelId::new(9)));
        let wanted = rules.wanted(&texts(&[A])).unwrap();
        assert_eq!((wanted.areas.len(), wanted.levels.len()), (0, 1));
        assert_eq!(rules.shown(&set(&[9], &[])), texts(&[A]));
        assert_eq!(rules.shown(&set(&[9], &[21, 12])), texts(&[A, B]));
        assert!(rules.wanted(&texts(&["7000009"])).is_err());
        assert!(rules.wanted(&texts(&["the front door"])).is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_shows_what_was_asked_for(a: bool, b: bool, form in 0_usize..4) {
            let rules = rules();
            let asked = [(a, A), (b, B)].into_iter().filter(|(asked, _)| *asked).map(|(_, door)| door.to_owned()).collect();
            let wanted = rules.wanted(&asked).unwrap();
            let written = rules.set(&wanted, &Form::known()[form]);
            prop_assert_eq!(rules.shown(&written), asked);
        }
    }
}
