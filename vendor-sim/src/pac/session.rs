//! What the server knows of one connection.

use std::time::Instant;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc::UnboundedSender;
use uuid::Uuid;

use super::clients::Client;
use super::state::{Order, Settings};
use super::wire::refusal::{Code, Refusal};
use super::world::{Epoch, Stream};

/// A connection's state.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) id: Uuid,
    pub(super) fingerprint: String,
    pub(super) not_after: DateTime<Utc>,
    pub(super) orders: UnboundedSender<Order>,
    /// Known after its hello.
    pub(super) client: Option<Client>,
    pub(super) last_id: u32,
    pub(super) notices: u32,
    pub(super) subscriptions: Vec<Subscription>,
    requests: Bucket,
    writes: Bucket,
}

/// What is pushed of a log.
#[derive(Debug, Clone)]
pub(super) struct Subscription {
    pub(super) stream: Stream,
    pub(super) epoch: Epoch,
    /// The last number that was pushed.
    pub(super) sent: u64,
    /// The last number that was acknowledged.
    pub(super) acknowledged: u64,
    pub(super) window: u64,
}

impl Session {
    pub(super) fn new(
        id: Uuid,
        (fingerprint, not_after): (String, DateTime<Utc>),
        orders: UnboundedSender<Order>,
        settings: &Settings,
    ) -> Self {
        let (requests, writes) = settings.rate.unzip();
        Self {
            id,
            fingerprint,
            not_after,
            orders,
            client: None,
            last_id: 0,
            notices: 0,
            subscriptions: Vec::new(),
            requests: Bucket::new(requests),
            writes: Bucket::new(writes),
        }
    }

    /// Counts a request; refuses it if there were too many.
    pub(super) fn count(&mut self, write: bool) -> Result<(), Refusal> {
        let wait = self.requests.take().or_else(|| if write { self.writes.take() } else { None });
        match wait {
            None => Ok(()),
            Some(wait) => Err(Refusal::new(Code::RateLimited, "There are too many requests.").after_ms(wait)),
        }
    }
}

/// So many in a second.
#[derive(Debug)]
struct Bucket {
    rate: Option<f64>,
    left: f64,
    filled: Instant,
}

impl Bucket {
    fn new(rate: Option<u32>) -> Self {
        let rate = rate.map(|rate| f64::from(rate.max(1)));
        Self { rate, left: rate.unwrap_or(0.0), filled: Instant::now() }
    }

    /// Takes one, or tells how many milliseconds to wait.
    fn take(&mut self) -> Option<u32> {
        let rate = self.rate?;
        self.left = (self.left + self.filled.elapsed().as_secs_f64() * rate).min(rate);
        self.filled = Instant::now();
        if self.left >= 1.0 {
            self.left -= 1.0;
            return None;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1000")]
        Some(((1.0 - self.left) / rate * 1000.0).ceil() as u32)
    }
}
