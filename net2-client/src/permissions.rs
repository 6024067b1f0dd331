//! Door permissions of a user: access levels and individual rights.

use connector_http::{Error, ErrorKind, Phase, get, json_request};
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::answer;
use crate::id::{AccessLevelId, UserId};
use crate::json::{FromJson, Object, Shape, readable};
use crate::operation::operation;
use crate::route::api;
use crate::users::UserHandle;

/// Everything that opens doors for a user. Writing it replaces all of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PermissionSet {
    /// Access levels.
    pub access_levels: Vec<AccessLevelId>,
    /// Individual rights. Servers differ in their shape, so they stay raw and go back as they came.
    pub individual_permissions: Vec<IndividualPermission>,
}

/// One individual right, as the server writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IndividualPermission(Value);

impl PermissionSet {
    /// No access at all.
    pub fn none() -> Self {
        Self::default()
    }

    /// Exactly these levels and no individual rights.
    pub fn levels(levels: impl IntoIterator<Item = AccessLevelId>) -> Self {
        Self { access_levels: levels.into_iter().collect(), individual_permissions: Vec::new() }
    }

    /// Whether it opens nothing; level 0 is no access.
    pub fn is_empty(&self) -> bool {
        self.individual_permissions.is_empty() && self.access_levels.iter().all(|&level| level == AccessLevelId::NONE)
    }

    /// The set with some levels added and some taken; everything else unchanged.
    pub fn with_levels(&self, add: &[AccessLevelId], remove: &[AccessLevelId]) -> Self {
        let mut set = self.clone();
        set.access_levels.retain(|level| !remove.contains(level));
        for level in add {
            if !set.access_levels.contains(level) {
                set.access_levels.push(*level);
            }
        }
        if set.access_levels.len() > 1 {
            set.access_levels.retain(|&level| level != AccessLevelId::NONE);
        }
        set
    }

    /// Whether both open the same: order, repetitions and level 0 do not matter.
    pub fn same_as(&self, other: &Self) -> bool {
        let sorted = |set: &Self| {
            let mut levels: Vec<_> = set.access_levels.iter().copied().filter(|&l| l != AccessLevelId::NONE).collect();
            levels.sort_unstable();
            levels.dedup();
            levels
        };
        let rights_within = |part: &Self, whole: &Self| {
            part.individual_permissions.iter().all(|right| whole.individual_permissions.contains(right))
        };
        sorted(self) == sorted(other) && rights_within(self, other) && rights_within(other, self)
    }
}

impl IndividualPermission {
    /// Takes a right in the form that this server understands.
    pub const fn raw(value: Value) -> Self {
        Self(value)
    }

    /// The right as the server writes it.
    pub const fn as_value(&self) -> &Value {
        &self.0
    }

    /// Which area it is for, where its shape is one of those known.
    ///
    /// Some servers write the area id plus 10000.
    pub fn area(&self) -> Option<crate::id::AreaId> {
        let mut object = Object::from_json(self.0.clone()).ok()?;
        let id: i64 = object.first_of(&["areaId", "id"]).ok()??;
        Some(crate::id::AreaId::new(if id > 10_000 { id - 10_000 } else { id }))
    }
}

/// The server accepted a permission set and kept something else.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "stored access levels {stored:?} instead of {wanted:?}, individual rights {stored_rights} instead of {wanted_rights}"
)]
#[non_exhaustive]
pub struct PermissionNotStored {
    /// Levels that were sent.
    pub wanted: Vec<AccessLevelId>,
    /// Levels that are stored.
    pub stored: Vec<AccessLevelId>,
    /// How many individual rights were sent.
    pub wanted_rights: usize,
    /// How many are stored.
    pub stored_rights: usize,
}

impl UserHandle {
    /// Reads the permission set.
    ///
    /// # Errors
    /// `NotFound` if there is no such user; else as any read.
    pub async fn permissions(&self) -> Result<PermissionSet, Error> {
        self.client.send(&GetPermissions::new(self.id)).await
    }

    /// Replaces the whole permission set and reads it back.
    ///
    /// # Errors
    /// `Rejected` with a [`PermissionNotStored`] as its source if the server kept something else, as editions with a single
    /// level per user do: this was applied as far as the source says. Else as any write.
    pub async fn set_permissions(&self, set: &PermissionSet) -> Result<PermissionSet, Error> {
        let outcome = self.client.send(&SetPermissions::new(self.id, set.clone())).await;
        match outcome {
            Err(error) if error.kind() == ErrorKind::Rejected && set.is_empty() && set.access_levels.is_empty() => {
                // Some servers refuse an empty list and want "no access" spelt out.
                let spelt_out = PermissionSet::levels([AccessLevelId::NONE]);
                self.client.send(&SetPermissions::new(self.id, spelt_out)).await?;
            }
            other => other?,
        }
        let stored = self.permissions().await?;
        if stored.same_as(set) { Ok(stored) } else { Err(not_stored(set, &stored)) }
    }

    /// Adds and takes access levels; individual rights and other levels stay. Writes nothing if nothing changes.
    ///
    /// # Errors
    /// As [`UserHandle::set_permissions`]; `Rejected`, without sending, for a level that is the private one of a user.
    pub async fn modify_access_levels(
        &self,
        add: &[AccessLevelId],
        remove: &[AccessLevelId],
    ) -> Result<PermissionSet, Error> {
        if add.iter().any(|level| level.is_private()) {
            return Err(Error::new(ErrorKind::Rejected, "a private access level cannot be given to another user"));
        }
        let current = self.permissions().await?;
        let wanted = current.with_levels(add, remove);
        if wanted.same_as(&current) { Ok(current) } else { self.set_permissions(&wanted).await }
    }
}

operation! {
    /// `GET /users/{id}/doorpermissionset`.
    GetPermissions { user: UserId } = "net2.get_permissions", Safe -> PermissionSet;
    request(op, base) => get(api(base, &["users", &op.user.to_string(), "doorpermissionset"])?);
    response(parts, body) => answer::record(parts, body);
}

operation! {
    /// `PUT /users/{id}/doorpermissionset`, which replaces everything.
    SetPermissions { user: UserId, set: PermissionSet } = "net2.set_permissions", Idempotent -> ();
    request(op, base) => {
        let url = api(base, &["users", &op.user.to_string(), "doorpermissionset"])?;
        json_request(Method::PUT, url, &op.set)
    };
    response(parts, body) => answer::nothing(parts, body);
}

impl FromJson for PermissionSet {
    fn from_json(value: Value) -> Result<Self, Shape> {
        let mut object = Object::from_json(value)?;
        Ok(Self {
            access_levels: object.or_default("accessLevels")?,
            individual_permissions: object.or_default("individualPermissions")?,
        })
    }
}

impl FromJson for IndividualPermission {
    fn from_json(value: Value) -> Result<Self, Shape> {
        Ok(Self(value))
    }
}

readable!(PermissionSet);

fn not_stored(wanted: &PermissionSet, stored: &PermissionSet) -> Error {
    Error::new(ErrorKind::Rejected, "the server accepted the permissions and stored others")
        .with_phase(Phase::Answered)
        .with_may_have_been_applied(true)
        .with_source(PermissionNotStored {
            wanted: wanted.access_levels.clone(),
            stored: stored.access_levels.clone(),
            wanted_rights: wanted.individual_permissions.len(),
            stored_rights: stored.individual_permissions.len(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn levels(ids: &[i64]) -> Vec<AccessLevelId> {
        ids.iter().copied().map(AccessLevelId::new).collect()
    }

    #[test]
    fn individual_rights_go_back_untouched() {
        let text = r#"{"accessLevels":[3],"individualPermissions":[{"Id":10012,"NAME":"Court"}]}"#;
        let set: PermissionSet = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&set.with_levels(&[], &[])).unwrap(), text);
        assert_eq!(set.individual_permissions[0].area(), Some(crate::id::AreaId::new(12)));
    }

    #[test]
    fn no_access_goes_away_with_the_first_level() {
        let set = PermissionSet::levels(levels(&[0])).with_levels(&levels(&[7]), &[]);
        assert_eq!(set.access_levels, levels(&[7]));
        assert!(PermissionSet::levels(levels(&[0])).same_as(&PermissionSet::none()));
    }

    proptest! {
        #[test]
        fn adding_and_removing_are_idempotent(
            have in prop::collection::vec(0_i64..6, 0..6),
            add in prop::collection::vec(1_i64..6, 0..4),
            remove in prop::collection::vec(0_i64..6, 0..4),
        ) {
            let set = PermissionSet {
                access_levels: levels(&have),
                individual_permissions: vec![IndividualPermission::raw(json!({ "id": 5 }))],
            };
            let once = set.with_levels(&levels(&add), &levels(&remove));
            let twice = once.with_levels(&levels(&add), &levels(&remove));
            prop_assert!(twice.same_as(&once));
            prop_assert_eq!(&once.individual_permissions, &set.individual_permissions);
            prop_assert!(levels(&add).iter().all(|level| once.access_levels.contains(level)));
        }
    }
}
