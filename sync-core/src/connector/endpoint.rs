//! One configured instance of an outside system.

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{CheckReport, SyncError};
use crate::model::EndpointName;

/// One configured instance of an outside system.
#[async_trait]
pub trait Endpoint: Send + Sync + fmt::Debug {
    /// Its name in the configuration.
    fn name(&self) -> &EndpointName;

    /// Reads whatever proves that this is still the same installation.
    ///
    /// # Errors
    /// Whatever keeps the endpoint from answering.
    async fn identify(&self) -> Result<EndpointIdentity, SyncError>;

    /// The connection test by steps; failures are steps of the report, never a panic or an early return.
    async fn check(&self) -> CheckReport;

    /// What its clock shows now, as far as recent answers tell it; nothing is sent.
    fn server_time(&self) -> Option<DateTime<Utc>> {
        None
    }
}

/// Facts that prove that an endpoint is still the same installation: server id, licence number, certificate key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EndpointIdentity {
    /// Fact by name. Facts that may change without a new installation, such as a version, do not belong here.
    pub facts: BTreeMap<String, String>,
}

impl EndpointIdentity {
    /// An identity with one fact.
    pub fn of(fact: impl Into<String>, value: impl Into<String>) -> Self {
        Self { facts: BTreeMap::from([(fact.into(), value.into())]) }
    }

    /// The first fact that both know and that differs, if any.
    pub fn differs_from(&self, other: &Self) -> Option<String> {
        self.facts
            .iter()
            .find(|(name, value)| other.facts.get(*name).is_some_and(|seen| seen != *value))
            .map(|(name, value)| format!("{name} was {value}, is {}", other.facts.get(name).map_or("", String::as_str)))
    }
}
