//! Following a log: pushed batches, and what to do when records are missing among them.

use super::{
    gap::sort,
    link::{Pushed, StreamState},
    session::Session,
    wire::{RequestBody, StreamRef, Subscribe},
};
use crate::model::{Cursor, LogBatch, LogStream, LostRange, PacError, PacErrorKind};
use futures::stream::{self, BoxStream, StreamExt};
use tokio::sync::mpsc;

/// Records asked for at once while missing ones are read.
const READ: u16 = 500;

pub(crate) struct Follow {
    session: Session,
    stream: LogStream,
    after: Cursor,
    window: u16,
    feed: Option<mpsc::Receiver<Pushed>>,
    /// A record that the server pushed too early: everything before it has to be read.
    mend_to: Option<u64>,
    done: bool,
}

impl Follow {
    pub(crate) async fn begin(session: Session, stream: LogStream, after: Cursor) -> Result<Self, PacError> {
        let window = session.limits().max_window.clamp(1, 200);
        let mut follow = Self { session, stream, after, window, feed: None, mend_to: None, done: false };
        follow.subscribe().await?;
        Ok(follow)
    }

    pub(crate) fn batches(self) -> BoxStream<'static, Result<LogBatch, PacError>> {
        stream::unfold(self, |mut follow| async move {
            let item = follow.next().await?;
            follow.done = item.is_err();
            Some((item, follow))
        })
        .boxed()
    }

    async fn next(&mut self) -> Option<Result<LogBatch, PacError>> {
        if self.done {
            return None;
        }
        loop {
            match self.step().await {
                Ok(Some(batch)) => {
                    self.after = batch.cursor().unwrap_or(self.after);
                    return Some(Ok(batch));
                }
                Ok(None) => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }

    async fn step(&mut self) -> Result<Option<LogBatch>, PacError> {
        if let Some(wanted) = self.mend_to {
            return self.mend(wanted).await;
        }
        let Some(pushed) = self.pushed().await else { return Err(self.session.link().ended()) };
        if pushed.epoch != self.after.epoch {
            let text = "the log began anew";
            return Err(PacError::new(PacErrorKind::EpochChanged, text).with_log(Some(pushed.epoch), None));
        }
        let last = newest(&pushed);
        let sorted = sort(pushed.records, self.after.seq);
        if sorted.missing.is_some() || sorted.cut {
            tracing::warn!(stream = %self.stream, after = self.after.seq, "records are missing; reading the log");
            self.unsubscribe().await?;
            self.mend_to = last;
            return Ok(None);
        }
        let batch = LogBatch::new(pushed.epoch, sorted.records, pushed.more);
        Ok((!batch.is_empty()).then_some(batch))
    }

    async fn pushed(&mut self) -> Option<Pushed> {
        self.feed.as_mut()?.recv().await
    }

    /// Reads the log from where it was complete, until what was pushed too early has been read as well.
    async fn mend(&mut self, wanted: u64) -> Result<Option<LogBatch>, PacError> {
        if self.after.seq >= wanted {
            self.mend_to = None;
            self.subscribe().await?;
            return Ok(None);
        }
        let batch = self.session.read(self.stream, self.after, READ).await?;
        if !batch.is_empty() {
            return Ok(Some(batch));
        }
        // The log does not even have what was pushed.
        let missing = LostRange::new(self.after.seq + 1, wanted);
        self.session.gaps().decide(self.stream, self.after, missing)?;
        let empty = LogBatch::new(self.after.epoch, batch.records, false).with_lost(Some(missing));
        self.after = Cursor::new(self.after.epoch, wanted);
        Ok(Some(empty))
    }

    async fn subscribe(&mut self) -> Result<(), PacError> {
        let body = RequestBody::Subscribe(Subscribe {
            stream: self.stream,
            epoch: self.after.epoch,
            after: self.after.seq,
            window: self.window,
        });
        self.feed = Some(self.session.subscribe_to(body, self.stream, self.window).await?);
        Ok(())
    }

    async fn unsubscribe(&mut self) -> Result<(), PacError> {
        self.session.link().set_stream_state(self.stream, StreamState::Mending);
        self.feed = None;
        self.session.unsubscribe(self.stream).await
    }
}

fn newest(pushed: &Pushed) -> Option<u64> {
    use crate::model::Records;
    match &pushed.records {
        Records::Events(events) => events.iter().map(|event| event.seq).max(),
        Records::Changes(changes) => changes.iter().map(|change| change.seq).max(),
    }
}

impl Drop for Follow {
    fn drop(&mut self) {
        if self.session.link().stream_state(self.stream) == StreamState::Subscribed {
            let body = RequestBody::Unsubscribe(StreamRef { stream: self.stream });
            self.session.link().mention(body, self.session.request_timeout());
        }
        self.session.link().set_stream_state(self.stream, StreamState::Idle);
    }
}
