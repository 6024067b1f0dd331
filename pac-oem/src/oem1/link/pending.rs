//! Requests that wait for their answers.

use super::Feed;
use crate::{
    model::{LogStream, PacError, PacErrorKind},
    oem1::wire::ResponseBody,
};
use chrono::{DateTime, Utc};
use std::{collections::VecDeque, time::Duration};
use tokio::{sync::oneshot, time::Instant};

/// A request that was sent.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) id: u32,
    pub(crate) write: bool,
    pub(crate) sent: DateTime<Utc>,
    pub(crate) feed: Option<(LogStream, Feed)>,
    pub(crate) unsubscribes: Option<LogStream>,
    pub(crate) reply: Option<oneshot::Sender<Result<ResponseBody, PacError>>>,
    /// A sign of life: its time begins when it is the next to be answered, since the server answers in order.
    pub(crate) ping: bool,
    pub(crate) limit: Duration,
    pub(crate) since: Instant,
}

impl Pending {
    fn deadline(&self) -> Instant {
        self.since + self.limit
    }

    /// Hands over what came.
    pub(crate) fn answer(self, result: Result<ResponseBody, PacError>) {
        if let Some(reply) = self.reply {
            let _ = reply.send(result.map_err(|error| {
                let doubtful =
                    !error.is_answer() || matches!(error.kind(), PacErrorKind::DeviceTimeout | PacErrorKind::Internal);
                error.possibly_applied(self.write && doubtful)
            }));
        }
    }

    /// The connection is gone, and with it the answer.
    pub(crate) fn lose(self, end: &PacError) {
        if let Some(reply) = self.reply {
            let _ = reply.send(Err(end.clone().possibly_applied(self.write)));
        }
    }
}

/// All of them, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Waiting(VecDeque<Pending>);

impl Waiting {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn push(&mut self, pending: Pending) {
        self.0.push_back(pending);
    }

    pub(crate) fn take(&mut self, id: u32) -> Option<Pending> {
        let at = self.0.iter().position(|pending| pending.id == id)?;
        let taken = self.0.remove(at);
        if let Some(next) = self.0.front_mut().filter(|next| next.ping) {
            next.since = Instant::now();
        }
        taken
    }

    /// When the first of them has waited too long.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let counts = |(at, pending): &(usize, &Pending)| !pending.ping || *at == 0;
        self.0.iter().enumerate().filter(counts).map(|(_, pending)| pending.deadline()).min()
    }

    pub(crate) fn any_ping(&self) -> bool {
        self.0.iter().any(|pending| pending.ping)
    }

    pub(crate) fn lose(&mut self, end: &PacError) {
        self.0.drain(..).for_each(|pending| pending.lose(end));
    }
}
