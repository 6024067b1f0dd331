//! Reference data of people: departments and access policies.

use std::collections::BTreeSet;

use super::field::field_table;
use super::{Entity, EntityKind, Field, Known, RefKey};

/// A department, grouping or other sorting of people. Carries no rights.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Department {
    /// Its name.
    pub name: Known<String>,
}

/// What a person may enter: access level, access group, terminal policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessPolicy {
    /// Its name.
    pub name: Known<String>,
    /// The devices it opens, of the same endpoint.
    pub devices: Known<BTreeSet<RefKey>>,
}

impl Entity for Department {
    const KIND: EntityKind = EntityKind::Department;
    const CARRIES_RIGHTS: bool = false;

    fn fields() -> &'static [Field<Self>] {
        field_table!(Department { name [identity] })
    }

    fn title(&self) -> String {
        self.name.value().cloned().unwrap_or_default()
    }
}

impl Entity for AccessPolicy {
    const KIND: EntityKind = EntityKind::AccessPolicy;
    const CARRIES_RIGHTS: bool = true;

    fn fields() -> &'static [Field<Self>] {
        field_table!(AccessPolicy { name [identity], devices [] })
    }

    fn title(&self) -> String {
        self.name.value().cloned().unwrap_or_default()
    }
}
