//! Hints that something happened: a reason to read now, never data.

use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, BoxStream, StreamExt as _};

use super::PacEndpoint;
use crate::model::{Capability, LogBatch, LogPosition, LogStream, PacError, PacErrorKind, PacSession};

impl PacEndpoint {
    /// An item whenever there may be something new in a log: when something was pushed, and whenever following it began
    /// again. A server that does not push gives none, and the stream does not end.
    pub fn hints(self: &Arc<Self>, log: LogStream) -> BoxStream<'static, ()> {
        let state = Following { pac: self.clone(), log, live: None, failed: 0 };
        stream::unfold(state, |mut state| async move {
            state.next().await;
            Some(((), state))
        })
        .boxed()
    }
}

struct Following {
    pac: Arc<PacEndpoint>,
    log: LogStream,
    live: Option<Live>,
    failed: u32,
}

struct Live {
    session: Arc<dyn PacSession>,
    batches: BoxStream<'static, Result<LogBatch, PacError>>,
}

impl Following {
    async fn next(&mut self) {
        loop {
            let Some(live) = &mut self.live else {
                if self.follow().await {
                    return;
                }
                continue;
            };
            match live.batches.next().await {
                Some(Ok(batch)) => {
                    let Some(end) = batch.cursor() else { continue };
                    // A session that was replaced is let go, and followed no longer.
                    if live.session.ack(self.log, end).await.is_err() || !self.pac.client.is_last(&live.session) {
                        self.live = None;
                    }
                    return;
                }
                Some(Err(error)) => {
                    let session = live.session.clone();
                    self.live = None;
                    self.pac.client.report(&session, &error).await;
                }
                None => self.live = None,
            }
        }
    }

    /// Begins to follow the log at its head; `false` after a wait, to be tried again.
    async fn follow(&mut self) -> bool {
        match subscribe(&self.pac, self.log).await {
            Ok(live) => {
                self.live = Some(live);
                self.failed = 0;
                true
            }
            Err(error) => {
                if error.kind() == PacErrorKind::NotSupported {
                    std::future::pending::<()>().await;
                }
                self.failed = self.failed.saturating_add(1);
                let wait = Duration::from_secs(1u64 << self.failed.min(6)).min(LONGEST);
                tokio::time::sleep(error.retry_after().unwrap_or(wait)).await;
                false
            }
        }
    }
}

async fn subscribe(pac: &PacEndpoint, log: LogStream) -> Result<Live, PacError> {
    let session = pac.client.session().await?;
    let push = match log {
        LogStream::Changes => Capability::ChangesPush,
        _ => Capability::EventsPush,
    };
    let head = session.server().log(log).filter(|_| session.supports(push)).map(LogPosition::head);
    let head = head.ok_or_else(|| PacError::new(PacErrorKind::NotSupported, "this server does not push"))?;
    match session.subscribe(log, head).await {
        Ok(batches) => Ok(Live { session, batches }),
        Err(error) => {
            // What was said of the log when the session began is no longer true: a new session says it anew.
            let stale = matches!(
                error.kind(),
                PacErrorKind::CursorExpired | PacErrorKind::EpochChanged | PacErrorKind::CursorAhead
            );
            if stale {
                pac.client.renew(&session).await;
            }
            pac.client.report(&session, &error).await;
            Err(error)
        }
    }
}

/// The longest wait between two attempts.
const LONGEST: Duration = Duration::from_mins(1);
