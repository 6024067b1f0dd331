//! timeware in the words of `sync-core`: a source and sink of people, departments, policies, terminals and terminal
//! groups, and a sink of events.
//!
//! Each record that the engine made carries its sync key as a receipt, written in the same transaction (class U), and
//! each booked event has a receipt under its event key (keyed delivery). Receipts of the engine have the source
//! [`RECEIPT_SOURCE`].
//!
//! ```
//! use std::sync::Arc;
//! use timeware_model::{SqliteStore, sync::TimewareEndpoint};
//!
//! # fn main() -> timeware_model::Result<()> {
//! let timeware = TimewareEndpoint::new("timeware", Arc::new(SqliteStore::open_in_memory()?));
//! let people = timeware.people();                                  // Arc<dyn Sink<Person>>
//! assert!(people.reads().field("last_name").is_some());
//! # Ok(())
//! # }
//! ```

mod department;
mod device;
mod events;
mod fault;
mod group;
mod list;
mod person;
mod policy;

use std::sync::Arc;

use async_trait::async_trait;
use std::collections::BTreeSet;
use std::time::Duration;
use sync_core::connector::{
    CheckReport, CompleteSignal, CreateClass, Endpoint, EndpointIdentity, ErrorClass, EventSink, FieldCaps, LateApply,
    ReadCaps, Removal, RemovalCaps, Sink, SnapshotCaps, SyncError, Update, WriteCaps,
};
use sync_core::model::{
    AccessPolicy, Department, Device, DeviceGroup, EndpointName, EntityKind, ExternalId, Known, Person, RefKey, SyncKey,
};

use self::fault::sync_error;
use crate::config::TimewareConfig;
use crate::error::Result as OwnResult;
use crate::receipts::ReceiptKey;
use crate::store::{Store, Warning};

/// The source under which receipts and credentials of the engine stand.
pub const RECEIPT_SOURCE: &str = "sync";

/// A timeware database as an endpoint of the engine. Clones share the store.
#[derive(Clone, Debug)]
pub struct TimewareEndpoint {
    name: EndpointName,
    store: Arc<dyn Store>,
}

impl TimewareEndpoint {
    /// The endpoint of this name.
    pub fn new(name: impl Into<EndpointName>, store: Arc<dyn Store>) -> Self {
        Self { name: name.into(), store }
    }

    /// The endpoint of this name, on the store that the settings name.
    ///
    /// # Errors
    /// As [`crate::open`].
    pub fn open(name: impl Into<EndpointName>, config: TimewareConfig) -> OwnResult<Self> {
        Ok(Self::new(name, crate::open(config)?))
    }

    /// The endpoint of this name, on the store that the settings name, also where that takes a network and a password.
    ///
    /// # Errors
    /// As [`crate::connect`].
    #[cfg(feature = "sqlserver")]
    pub async fn connect(
        name: impl Into<EndpointName>,
        config: TimewareConfig,
        password: Option<secrecy::SecretString>,
    ) -> OwnResult<Self> {
        let name = name.into();
        Ok(Self::new(name, crate::connect(config, password).await?))
    }

    /// The store behind it, such as for the administrator's settings of terminals.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// People.
    pub fn people(&self) -> Arc<dyn Sink<Person>> {
        Arc::new(self.clone())
    }

    /// Departments: the values of the grouping that the settings choose.
    pub fn departments(&self) -> Arc<dyn Sink<Department>> {
        Arc::new(self.clone())
    }

    /// Terminal policies.
    pub fn policies(&self) -> Arc<dyn Sink<AccessPolicy>> {
        Arc::new(self.clone())
    }

    /// Terminals.
    pub fn devices(&self) -> Arc<dyn Sink<Device>> {
        Arc::new(self.clone())
    }

    /// Terminal groups.
    pub fn device_groups(&self) -> Arc<dyn Sink<DeviceGroup>> {
        Arc::new(self.clone())
    }

    /// Bookings.
    pub fn events(&self) -> Arc<dyn EventSink> {
        Arc::new(self.clone())
    }
}

#[async_trait]
impl Endpoint for TimewareEndpoint {
    fn name(&self) -> &EndpointName {
        &self.name
    }

    async fn identify(&self) -> Result<EndpointIdentity, SyncError> {
        let identity = self.store.identity().await.map_err(sync_error)?;
        Ok(EndpointIdentity::of("database", identity))
    }

    async fn check(&self) -> CheckReport {
        let mut report = CheckReport::default();
        match self.store.identity().await {
            Ok(identity) => report.passed("open", format!("database {identity}")),
            Err(error) => {
                fail(&mut report, "open", &error);
                report.skipped(&["schema", "version", "reads"]);
                return report;
            }
        }
        match self.store.check().await {
            Ok(start) => {
                report.passed("schema", "tables and columns fit the settings");
                match &start.read_only {
                    None => report.passed("version", start.version.to_string()),
                    Some(reason) => {
                        report.warning("version", reason.clone(), "confirm it with timeware.confirmed_version");
                    }
                }
            }
            Err(error) => {
                fail(&mut report, "schema", &error);
                report.skipped(&["version", "reads"]);
                return report;
            }
        }
        match self.store.terminals(None).await {
            Ok(terminals) => report.passed("reads", format!("{} terminals", terminals.len())),
            Err(error) => fail(&mut report, "reads", &error),
        }
        report
    }
}

fn fail(report: &mut CheckReport, step: &str, error: &crate::Error) {
    let field = error.field().map_or_else(String::new, |field| format!("{field}: "));
    let remedy = error.remedy().unwrap_or("see the log for the cause").to_owned();
    report.failed(step, format!("{field}{}", error.reason()), remedy);
}

fn reads(fields: Vec<FieldCaps>, references: Vec<EntityKind>) -> ReadCaps {
    ReadCaps {
        snapshot: SnapshotCaps::Full,
        complete_signal: CompleteSignal::EndMark,
        read_lag: Duration::ZERO,
        fields,
        references,
    }
}

fn writes(store: &dyn Store, removal: RemovalCaps) -> WriteCaps {
    WriteCaps {
        create: CreateClass::Unique,
        marker_in_create: true,
        late_apply: LateApply::Bounded,
        request_lifetime: store.request_lifetime(),
        update: Update::Patch,
        precondition: false,
        removal,
        // One writer holds the database: calls side by side only save the engine's commits.
        parallel: 64,
    }
}

fn receipt(key: SyncKey) -> Result<ReceiptKey, SyncError> {
    ReceiptKey::new(RECEIPT_SOURCE, key.to_string()).map_err(sync_error)
}

fn row_id(id: &ExternalId) -> Option<i64> {
    id.as_str().parse().ok()
}

fn known_row(id: &ExternalId) -> Result<i64, SyncError> {
    row_id(id).ok_or_else(|| SyncError::new(ErrorClass::NotFound, "no record can have this id"))
}

fn reference(entity: EntityKind, id: i64) -> RefKey {
    RefKey { entity, id: ExternalId::from(id) }
}

fn members(set: &BTreeSet<RefKey>) -> Result<BTreeSet<crate::TerminalId>, SyncError> {
    let ids = set.iter().map(|key| known_row(&key.id).map(crate::TerminalId::new));
    ids.collect()
}

fn devices(terminals: impl IntoIterator<Item = crate::TerminalId>) -> Known<BTreeSet<RefKey>> {
    let set: BTreeSet<_> = terminals.into_iter().map(|id| reference(EntityKind::Device, id.get())).collect();
    if set.is_empty() { Known::Empty } else { Known::Value(set) }
}

/// Nothing is ever deleted in timeware (rule W13), and only people can be withdrawn.
fn no_removal(how: &Removal) -> SyncError {
    SyncError::new(ErrorClass::Invalid, format!("timeware has no `{}` for this kind of record", how.as_str()))
        .with_remedy("remove it in timeware, or let it stay")
}

fn required<'a>(name: &'a Known<String>, field: &'static str) -> Result<&'a str, SyncError> {
    let refuse = || SyncError::new(ErrorClass::Invalid, "the record has no name").with_field(field);
    name.value().map(String::as_str).ok_or_else(refuse)
}

/// What a person should know about a write that succeeded; a cut text is no difference afterwards.
fn note(warnings: &[Warning], kind: EntityKind, id: i64) {
    for warning in warnings {
        tracing::info!(entity = %kind, id, "timeware: {warning}");
    }
}

/// The error of a store call in the words of the engine.
fn told<T>(result: OwnResult<T>) -> Result<T, SyncError> {
    result.map_err(sync_error)
}
