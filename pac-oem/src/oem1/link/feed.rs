//! Where pushed records go, and whether a log is followed at the moment.

use crate::{
    model::{Epoch, LogStream, PacError, PacErrorKind, Records},
    oem1::wire::{Batch, NoticeBody},
};
use std::sync::atomic::{AtomicU8, Ordering};
use tokio::sync::mpsc;

/// Most records of one notice.
const LARGEST_BATCH: usize = 200;

/// Records of one notice.
#[derive(Debug)]
pub(crate) struct Pushed {
    pub(crate) epoch: Epoch,
    pub(crate) records: Records,
    pub(crate) more: bool,
}

pub(crate) type Feed = mpsc::Sender<Pushed>;

impl Pushed {
    /// The records of a notice; nothing for one that carries none.
    pub(crate) fn of(notice: NoticeBody) -> Result<Option<(LogStream, Self)>, PacError> {
        let (stream, pushed) = match notice {
            NoticeBody::EventBatch(batch) => (LogStream::Events, Self::new(batch, Records::Events)?),
            NoticeBody::ChangeBatch(batch) => (LogStream::Changes, Self::new(batch, Records::Changes)?),
            NoticeBody::Closing(_) => return Ok(None),
        };
        Ok(Some((stream, pushed)))
    }

    fn new<T>(batch: Batch<T>, wrap: impl FnOnce(Vec<T>) -> Records) -> Result<Self, PacError> {
        if batch.records.len() > LARGEST_BATCH {
            let text = format!("a notice with {} records, {LARGEST_BATCH} are allowed", batch.records.len());
            return Err(PacError::new(PacErrorKind::Protocol, text));
        }
        Ok(Self { epoch: batch.epoch, records: wrap(batch.records), more: batch.more })
    }
}

/// Whether a log is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StreamState {
    /// Nobody follows it.
    Idle,
    /// The server pushes it.
    Subscribed,
    /// It is followed, but read at the moment.
    Mending,
}

/// The state of both logs.
#[derive(Debug, Default)]
pub(crate) struct Feeds {
    events: AtomicU8,
    changes: AtomicU8,
}

impl Feeds {
    pub(crate) fn state(&self, stream: LogStream) -> StreamState {
        match self.cell(stream).load(Ordering::Relaxed) {
            1 => StreamState::Subscribed,
            2 => StreamState::Mending,
            _ => StreamState::Idle,
        }
    }

    pub(crate) fn set(&self, stream: LogStream, state: StreamState) {
        self.cell(stream).store(state as u8, Ordering::Relaxed);
    }

    fn cell(&self, stream: LogStream) -> &AtomicU8 {
        match stream {
            LogStream::Changes => &self.changes,
            _ => &self.events,
        }
    }
}
