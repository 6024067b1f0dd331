//! A sink whose calls can fail, lose their reply or arrive late.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use futures::stream::BoxStream;

use super::{Fault, Faults};
use crate::clock::Clock;
use crate::connector::{
    AttemptKey, Changes, CheckReport, Draft, Endpoint, EndpointIdentity, ErrorClass, Key, Page, Precondition, ReadCaps,
    Record, Removal, Sink, Source, SyncError, Window, WriteCaps,
};
use crate::model::{EndpointName, Entity, ExternalId};

/// Any sink behind the shim: every read and every write is a step.
#[derive(Debug)]
pub struct FaultySink<T: Entity> {
    inner: Arc<dyn Sink<T>>,
    faults: Faults,
    clock: Arc<dyn Clock>,
    late: Mutex<VecDeque<(DateTime<Utc>, Request<T>)>>,
}

#[derive(Clone, Debug)]
enum Request<T> {
    Create(Draft<T>, AttemptKey),
    Update(ExternalId, Changes<T>, Precondition, AttemptKey),
    Remove(ExternalId, Removal, Precondition, AttemptKey),
}

enum Reply<T> {
    Record(Box<Record<T>>),
    Nothing,
}

impl<T: Entity> FaultySink<T> {
    /// Puts the shim around a sink. Late requests arrive when half of the request lifetime has passed,
    /// whatever process sent them.
    pub fn new(inner: Arc<dyn Sink<T>>, faults: Faults, clock: Arc<dyn Clock>) -> Self {
        Self { inner, faults, clock, late: Mutex::default() }
    }

    /// Delivers what is still on its way, as the network would.
    pub async fn arrive(&self) {
        let now = self.clock.now();
        loop {
            let due = {
                let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
                match late.front() {
                    Some((at, _)) if *at <= now => late.pop_front(),
                    _ => None,
                }
            };
            match due {
                Some((_, request)) => drop(self.apply(&request).await),
                None => return,
            }
        }
    }

    async fn apply(&self, request: &Request<T>) -> Result<Reply<T>, SyncError> {
        let record = |record| Reply::Record(Box::new(record));
        match request {
            Request::Create(draft, key) => self.inner.create(draft, key).await.map(record),
            Request::Update(id, changes, pre, key) => self.inner.update(id, changes, pre, key).await.map(record),
            Request::Remove(id, how, pre, key) => self.inner.remove(id, how, pre, key).await.map(|()| Reply::Nothing),
        }
    }

    async fn write(&self, request: Request<T>) -> Result<Reply<T>, SyncError> {
        self.arrive().await;
        match self.faults.step()? {
            None => self.apply(&request).await,
            Some(Fault::FailBefore) => Err(SyncError::new(ErrorClass::Transient, "connection refused")),
            Some(Fault::CrashBefore | Fault::PowerLoss) => Err(super::Dead.into()),
            Some(Fault::CrashAfter) => {
                drop(self.apply(&request).await);
                self.faults.die();
                Err(super::Dead.into())
            }
            Some(Fault::LoseReply) => {
                drop(self.apply(&request).await);
                Err(SyncError::new(ErrorClass::InDoubt, "the connection broke before the reply"))
            }
            Some(Fault::DeliverLate) => {
                let at = self.clock.now() + self.inner.writes().request_lifetime / 2;
                self.late.lock().unwrap_or_else(PoisonError::into_inner).push_back((at, request));
                Err(SyncError::new(ErrorClass::InDoubt, "no reply in time"))
            }
        }
    }

    async fn read_step(&self) -> Result<(), SyncError> {
        self.arrive().await;
        match self.faults.step()? {
            None => Ok(()),
            Some(Fault::CrashBefore | Fault::PowerLoss) => Err(super::Dead.into()),
            Some(Fault::CrashAfter) => {
                self.faults.die();
                Err(super::Dead.into())
            }
            Some(_) => Err(SyncError::new(ErrorClass::Transient, "no answer in time")),
        }
    }
}

#[async_trait]
impl<T: Entity> Endpoint for FaultySink<T> {
    fn name(&self) -> &EndpointName {
        self.inner.name()
    }

    async fn identify(&self) -> Result<EndpointIdentity, SyncError> {
        self.read_step().await?;
        self.inner.identify().await
    }

    async fn check(&self) -> CheckReport {
        self.inner.check().await
    }
}

#[async_trait]
impl<T: Entity> Source<T> for FaultySink<T> {
    fn reads(&self) -> ReadCaps {
        self.inner.reads()
    }

    fn as_of(&self) -> Option<DateTime<Utc>> {
        self.inner.as_of()
    }

    fn snapshot(&self, window: Option<Window>) -> BoxStream<'_, Result<Page<T>, SyncError>> {
        let pages = self.inner.snapshot(window);
        pages
            .then(move |page| async move {
                self.read_step().await?;
                page
            })
            .boxed()
    }

    async fn get(&self, id: &ExternalId) -> Result<Option<Record<T>>, SyncError> {
        self.read_step().await?;
        self.inner.get(id).await
    }

    async fn find(&self, by: &Key) -> Result<Vec<Record<T>>, SyncError> {
        self.read_step().await?;
        self.inner.find(by).await
    }
}

#[async_trait]
impl<T: Entity> Sink<T> for FaultySink<T> {
    fn writes(&self) -> WriteCaps {
        self.inner.writes()
    }

    async fn create(&self, draft: &Draft<T>, attempt: &AttemptKey) -> Result<Record<T>, SyncError> {
        record(self.write(Request::Create(draft.clone(), *attempt)).await?)
    }

    async fn update(
        &self,
        id: &ExternalId,
        changes: &Changes<T>,
        precondition: &Precondition,
        attempt: &AttemptKey,
    ) -> Result<Record<T>, SyncError> {
        let request = Request::Update(id.clone(), changes.clone(), precondition.clone(), *attempt);
        record(self.write(request).await?)
    }

    async fn remove(
        &self,
        id: &ExternalId,
        how: &Removal,
        precondition: &Precondition,
        attempt: &AttemptKey,
    ) -> Result<(), SyncError> {
        self.write(Request::Remove(id.clone(), how.clone(), precondition.clone(), *attempt)).await.map(drop)
    }
}

fn record<T>(reply: Reply<T>) -> Result<Record<T>, SyncError> {
    match reply {
        Reply::Record(record) => Ok(*record),
        Reply::Nothing => Err(SyncError::new(ErrorClass::Bug, "the shim lost a record")),
    }
}
