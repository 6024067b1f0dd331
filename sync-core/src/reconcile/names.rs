//! What people call the records that a plan refers to.

use std::collections::BTreeMap;
use std::fmt;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::plan::{Action, FieldChange, Plan};
use crate::journal::{Journal, JournalError, Seen, Stream};
use crate::model::{EndpointName, FieldValue, Pair, RefKey, Scalar};

/// Names of referenced records, as they were last seen at their own side.
///
/// They are for reading alone: no plan, hash or decision depends on them, and a record that was never seen has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefNames(BTreeMap<EndpointName, BTreeMap<RefKey, String>>);

/// A plan, or a part of it, with the names of what it refers to.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a, T> {
    what: &'a T,
    pair: &'a Pair,
    names: &'a RefNames,
}

impl RefNames {
    /// The names of everything that the visible part of a plan refers to.
    ///
    /// # Errors
    /// The journal.
    pub async fn of_plan(plan: &Plan, journal: &dyn Journal) -> Result<Self, JournalError> {
        let mut names = Self::default();
        for action in plan.visible() {
            names.look_up_action(action, &plan.pair, journal).await?;
        }
        Ok(names)
    }

    /// The name of a record of an endpoint, if it is known.
    pub fn get(&self, endpoint: &EndpointName, key: &RefKey) -> Option<&str> {
        self.0.get(endpoint)?.get(key).map(String::as_str).filter(|name| !name.is_empty())
    }

    /// A value of an endpoint with the name of each record behind its id.
    pub fn shown(&self, endpoint: &EndpointName, value: &FieldValue) -> String {
        let one = |scalar: &Scalar| match scalar {
            Scalar::Ref(key) => match self.get(endpoint, key) {
                Some(name) => format!("{scalar} {name:?}"),
                None => scalar.to_string(),
            },
            other => other.to_string(),
        };
        match value {
            FieldValue::Value(scalar) => one(scalar),
            FieldValue::Set(set) => set.iter().map(one).collect::<Vec<_>>().join(", "),
            other => other.to_string(),
        }
    }

    pub(super) async fn look_up_action(
        &mut self,
        action: &Action,
        pair: &Pair,
        journal: &dyn Journal,
    ) -> Result<(), JournalError> {
        let endpoint = action.side.endpoint(pair);
        for change in action.written() {
            for value in [&change.old, &change.new] {
                self.look_up(endpoint, value, journal).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn look_up_seen(
        &mut self,
        endpoint: &EndpointName,
        seen: &Seen,
        journal: &dyn Journal,
    ) -> Result<(), JournalError> {
        for (_, value) in seen.fields.iter() {
            self.look_up(endpoint, value, journal).await?;
        }
        Ok(())
    }

    async fn look_up(
        &mut self,
        endpoint: &EndpointName,
        value: &FieldValue,
        journal: &dyn Journal,
    ) -> Result<(), JournalError> {
        let known = self.0.entry(endpoint.clone()).or_default();
        for key in value.refs() {
            if known.contains_key(key) {
                continue;
            }
            let seen = journal.seen(&Stream::new(endpoint.clone(), key.entity), &key.id).await?;
            // One that cannot be read, or has no name, is called by its id.
            let title = seen.map(|seen| seen.title).filter(|title| !title.is_empty() && title != key.id.as_str());
            // Asked for once, be it known or not.
            known.insert(key.clone(), title.unwrap_or_default());
        }
        Ok(())
    }
}

/// By side, and there by the reference as it is shown.
impl Serialize for RefNames {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let named = |names: &BTreeMap<RefKey, String>| -> BTreeMap<String, String> {
            let named = names.iter().filter(|(_, name)| !name.is_empty());
            named.map(|(key, name)| (key.to_string(), name.clone())).collect()
        };
        let mut map = serializer.serialize_map(None)?;
        for (endpoint, names) in &self.0 {
            map.serialize_entry(endpoint, &named(names))?;
        }
        map.end()
    }
}

impl Plan {
    /// The plan as an administrator reads it, with the names of the records that it refers to.
    pub fn with_names<'a>(&'a self, names: &'a RefNames) -> Named<'a, Self> {
        Named { what: self, pair: &self.pair, names }
    }
}

impl Action {
    /// The action as an administrator reads it, with the names of the records that it refers to.
    pub fn with_names<'a>(&'a self, pair: &'a Pair, names: &'a RefNames) -> Named<'a, Self> {
        Named { what: self, pair, names }
    }
}

impl FieldChange {
    /// A value of the written side as it may be shown, with the names of the records that it refers to.
    pub fn shown_with_names(&self, value: &FieldValue, written: &EndpointName, names: &RefNames) -> String {
        if value.refs().is_empty() { self.shown(value) } else { names.shown(written, value) }
    }
}

impl fmt::Display for Named<'_, Plan> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.what.tell(f, |f, action| action.with_names(self.pair, self.names).fmt(f))
    }
}

impl fmt::Display for Named<'_, Action> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written = self.what.side.endpoint(self.pair);
        self.what.tell(f, |change, value| change.shown_with_names(value, written, self.names))
    }
}
