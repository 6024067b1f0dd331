//! What a person decided about records that could not be matched by themselves.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::ExternalId;

/// What is to become of an unlinked primary record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Decision {
    /// Link it to this secondary record.
    Match(ExternalId),
    /// Create it, whoever looks alike.
    Create,
    /// Leave it alone for good.
    Ignore,
}

/// Decisions by primary record.
pub type Decisions = BTreeMap<ExternalId, Decision>;
