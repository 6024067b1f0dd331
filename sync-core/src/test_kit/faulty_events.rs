//! Event logs and attendance systems whose calls can fail, lose their reply or arrive late.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;

use super::{Dead, Fault, Faults};
use crate::clock::Clock;
use crate::connector::{
    CheckReport, Cursor, Delivered, DeliveryCaps, Endpoint, EndpointIdentity, ErrorClass, EventCaps, EventPage,
    EventSink, EventSource, SyncError,
};
use crate::model::{Clocking, EndpointName, EventKey};

/// Any event source behind the shim: every page is a step.
#[derive(Debug)]
pub struct FaultyEventSource {
    inner: Arc<dyn EventSource>,
    faults: Faults,
}

/// Any event sink behind the shim: every batch and every question is a step.
#[derive(Debug)]
pub struct FaultyEventSink {
    inner: Arc<dyn EventSink>,
    faults: Faults,
    clock: Arc<dyn Clock>,
    lifetime: Duration,
    late: Mutex<VecDeque<(Duration, Vec<Clocking>)>>,
}

impl FaultyEventSource {
    /// Puts the shim around a source.
    pub fn new(inner: Arc<dyn EventSource>, faults: Faults) -> Self {
        Self { inner, faults }
    }
}

impl FaultyEventSink {
    /// Puts the shim around a sink. Late batches arrive when `clock` has passed half of `lifetime`.
    pub fn new(inner: Arc<dyn EventSink>, faults: Faults, clock: Arc<dyn Clock>, lifetime: Duration) -> Self {
        Self { inner, faults, clock, lifetime, late: Mutex::default() }
    }

    /// Delivers what is still on its way, as the network would.
    pub async fn arrive(&self) {
        let now = self.clock.uptime();
        loop {
            let due = {
                let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
                match late.front() {
                    Some((at, _)) if *at <= now => late.pop_front(),
                    _ => None,
                }
            };
            match due {
                Some((_, batch)) => drop(self.inner.deliver(&batch).await),
                None => return,
            }
        }
    }
}

fn read_step(faults: &Faults) -> Result<(), SyncError> {
    match faults.step()? {
        None => Ok(()),
        Some(Fault::CrashBefore | Fault::PowerLoss) => Err(Dead.into()),
        Some(Fault::CrashAfter) => {
            faults.die();
            Err(Dead.into())
        }
        Some(_) => Err(SyncError::new(ErrorClass::Transient, "no answer in time")),
    }
}

#[async_trait]
impl Endpoint for FaultyEventSource {
    fn name(&self) -> &EndpointName {
        self.inner.name()
    }

    async fn identify(&self) -> Result<EndpointIdentity, SyncError> {
        read_step(&self.faults)?;
        self.inner.identify().await
    }

    async fn check(&self) -> CheckReport {
        self.inner.check().await
    }
}

#[async_trait]
impl EventSource for FaultyEventSource {
    fn events(&self) -> EventCaps {
        self.inner.events()
    }

    fn read(&self, from: Option<Cursor>) -> BoxStream<'_, Result<EventPage, SyncError>> {
        let pages = self.inner.read(from);
        pages.map(move |page| read_step(&self.faults).and(page)).boxed()
    }
}

#[async_trait]
impl Endpoint for FaultyEventSink {
    fn name(&self) -> &EndpointName {
        self.inner.name()
    }

    async fn identify(&self) -> Result<EndpointIdentity, SyncError> {
        read_step(&self.faults)?;
        self.inner.identify().await
    }

    async fn check(&self) -> CheckReport {
        self.inner.check().await
    }
}

#[async_trait]
impl EventSink for FaultyEventSink {
    fn accepts(&self) -> DeliveryCaps {
        self.inner.accepts()
    }

    async fn deliver(&self, batch: &[Clocking]) -> Vec<Result<Delivered, SyncError>> {
        self.arrive().await;
        let all = |failure: fn() -> SyncError| batch.iter().map(|_| Err(failure())).collect();
        match self.faults.step() {
            Ok(None) => self.inner.deliver(batch).await,
            Err(Dead) | Ok(Some(Fault::CrashBefore | Fault::PowerLoss)) => all(|| Dead.into()),
            Ok(Some(Fault::FailBefore)) => all(|| SyncError::new(ErrorClass::Transient, "connection refused")),
            Ok(Some(Fault::CrashAfter)) => {
                drop(self.inner.deliver(batch).await);
                self.faults.die();
                all(|| Dead.into())
            }
            Ok(Some(Fault::LoseReply)) => {
                drop(self.inner.deliver(batch).await);
                all(|| SyncError::new(ErrorClass::InDoubt, "the connection broke before the reply"))
            }
            Ok(Some(Fault::DeliverLate)) => {
                let at = self.clock.uptime() + self.lifetime / 2;
                self.late.lock().unwrap_or_else(PoisonError::into_inner).push_back((at, batch.to_vec()));
                all(|| SyncError::new(ErrorClass::InDoubt, "no reply in time"))
            }
        }
    }

    async fn find(&self, key: &EventKey) -> Result<Option<Delivered>, SyncError> {
        self.arrive().await;
        read_step(&self.faults)?;
        self.inner.find(key).await
    }

    async fn replace(&self, earlier: &EventKey, by: &Clocking) -> Result<Option<Delivered>, SyncError> {
        self.arrive().await;
        match self.faults.step() {
            Ok(None) => self.inner.replace(earlier, by).await,
            Err(Dead) | Ok(Some(Fault::CrashBefore | Fault::PowerLoss)) => Err(Dead.into()),
            Ok(Some(Fault::FailBefore)) => Err(SyncError::new(ErrorClass::Transient, "connection refused")),
            Ok(Some(Fault::CrashAfter)) => {
                drop(self.inner.replace(earlier, by).await);
                self.faults.die();
                Err(Dead.into())
            }
            Ok(Some(Fault::LoseReply | Fault::DeliverLate)) => {
                drop(self.inner.replace(earlier, by).await);
                Err(SyncError::new(ErrorClass::InDoubt, "the connection broke before the reply"))
            }
        }
    }
}
