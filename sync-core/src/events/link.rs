//! One event link: a log, an attendance system, and what ties their people and devices together.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::deliver::Delivery;
use super::intake::Intake;
use super::{DeliveryReport, EventReport, EventSettings, IntakeReport};
use crate::clock::Clock;
use crate::connector::{ErrorClass, EventSink, EventSource, Source, SyncError};
use crate::journal::{Journal, JournalError, Side};
use crate::model::{Device, EndpointName, EventKey, Pair};

/// One event link: what is read from a log and delivered to an attendance system.
///
/// One link per log at a time; the ledger and all positions are in the journal, so that a link can be made anew at
/// any time. What a link keeps in memory only saves work or waits.
pub struct EventLink {
    pub(super) name: String,
    pub(super) source: Arc<dyn EventSource>,
    pub(super) sink: Arc<dyn EventSink>,
    pub(super) people: Option<Pair>,
    pub(super) devices: Option<Devices>,
    pub(super) settings: EventSettings,
    memory: Mutex<Memory>,
}

/// How the devices of events are found, and where the administrator's settings for them are read.
pub(super) struct Devices {
    /// The pair that ties them together; without one they have the same ids at both sides.
    pub pair: Option<Pair>,
    /// The attendance side's own devices.
    pub settings: Arc<dyn Source<Device>>,
}

/// What a link remembers between runs of one process.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// When the identity of the source was last read.
    pub identity_read: Option<Duration>,
    /// When deliveries without an answer were sent, or first seen.
    pub sent: HashMap<EventKey, Duration>,
    /// Up to where waiting events have been looked at.
    pub rechecked: Option<EventKey>,
}

impl EventLink {
    /// A link with default settings, without people and devices.
    pub fn new(name: impl Into<String>, source: Arc<dyn EventSource>, sink: Arc<dyn EventSink>) -> Self {
        Self {
            name: name.into(),
            source,
            sink,
            people: None,
            devices: None,
            settings: EventSettings::default(),
            memory: Mutex::default(),
        }
    }

    /// The pair whose links tell who is who; source and sink are its endpoints, in either order.
    pub fn people(mut self, pair: Pair) -> Self {
        self.people = Some(pair);
        self
    }

    /// The pair whose links tell which device is which, and where the administrator's settings are read.
    pub fn devices(mut self, pair: Pair, attendance_side: Arc<dyn Source<Device>>) -> Self {
        self.devices = Some(Devices { pair: Some(pair), settings: attendance_side });
        self
    }

    /// Where the administrator's settings are read, by the source's own ids of devices. One without settings counts as
    /// suspended.
    pub fn same_devices(mut self, settings: Arc<dyn Source<Device>>) -> Self {
        self.devices = Some(Devices { pair: None, settings });
        self
    }

    /// Other settings.
    pub fn settings(mut self, settings: EventSettings) -> Self {
        self.settings = settings;
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The endpoint that its events come from.
    pub fn source_name(&self) -> &EndpointName {
        self.source.name()
    }

    /// Reads the log to its head and stores what is new.
    ///
    /// A failing source ends the intake early and is in the report; all that was read until then is stored.
    ///
    /// # Errors
    /// The journal cannot be read or written.
    ///
    /// # Cancel safety
    /// May be dropped at any point: rows and position are stored together.
    pub async fn intake(&self, journal: &dyn Journal, clock: &dyn Clock) -> Result<IntakeReport, JournalError> {
        Intake::run(self, journal, clock).await
    }

    /// Decides what the events of the ledger become, and hands clockings to the attendance side.
    ///
    /// A failing endpoint ends the delivery early and is in the report; what was not reached stays ready.
    ///
    /// # Errors
    /// The journal cannot be read or written.
    ///
    /// # Cancel safety
    /// May be dropped at any point; what was sent is found out about by the next delivery.
    pub async fn deliver(&self, journal: &dyn Journal, clock: &dyn Clock) -> Result<DeliveryReport, JournalError> {
        Delivery::run(self, journal, clock, false).await
    }

    /// What [`EventLink::deliver`] would do now, without sending or storing anything.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub async fn plan(&self, journal: &dyn Journal, clock: &dyn Clock) -> Result<DeliveryReport, JournalError> {
        Delivery::run(self, journal, clock, true).await
    }

    /// Intake, then delivery of whatever is in the ledger, however the intake went.
    ///
    /// # Errors
    /// The journal cannot be read or written.
    pub async fn run(&self, journal: &dyn Journal, clock: &dyn Clock) -> Result<EventReport, JournalError> {
        let intake = self.intake(journal, clock).await?;
        let delivery = self.deliver(journal, clock).await?;
        Ok(EventReport {
            link: self.name.clone(),
            source: self.source.name().clone(),
            sink: self.sink.name().clone(),
            intake,
            delivery,
            ledger: journal.event_counts(self.source.name()).await?,
        })
    }

    /// The key of this log's documents.
    pub(super) fn stream(&self) -> String {
        format!("{}/{}", self.source.name(), self.source.events().stream)
    }

    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which side of a pair the source is; the sink has to be the other one.
    pub(super) fn side_of(&self, pair: &Pair) -> Result<Side, SyncError> {
        let (source, sink) = (self.source.name(), self.sink.name());
        match (&pair.primary, &pair.secondary) {
            (primary, secondary) if primary == source && secondary == sink => Ok(Side::Primary),
            (primary, secondary) if primary == sink && secondary == source => Ok(Side::Secondary),
            _ => Err(wrong_pair(pair, source, sink)),
        }
    }
}

fn wrong_pair(pair: &Pair, source: &EndpointName, sink: &EndpointName) -> SyncError {
    let message = format!("{} does not tie {source} to {sink}", pair.title());
    SyncError::new(ErrorClass::Config, message).with_remedy("link people and devices of the same two systems")
}

impl fmt::Debug for EventLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventLink")
            .field("name", &self.name)
            .field("source", &self.source)
            .field("sink", &self.sink)
            .field("people", &self.people)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
