//! Answers kept by `Idempotency-Key`.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::problem::Problem;
use crate::host::{Call, Reply};

/// What was answered under which key in the last day.
#[derive(Debug, Clone, Default)]
pub(crate) struct Remembered(HashMap<String, Kept>);

#[derive(Debug, Clone)]
struct Kept {
    request: (String, Vec<u8>),
    reply: Reply,
    at: DateTime<Utc>,
}

const KEY: &str = "idempotency-key";

impl Remembered {
    /// The answer that the same call got before; the key with another body is a problem.
    pub(crate) fn known(&self, call: &Call, now: DateTime<Utc>) -> Result<Option<Reply>, Problem> {
        let kept = call.header(KEY).and_then(|key| self.0.get(key));
        match kept.filter(|kept| now - kept.at < TimeDelta::hours(24)) {
            Some(kept) if kept.request == request(call) => Ok(Some(kept.reply.clone())),
            Some(_) => Err(Problem::idempotency_mismatch()),
            None => Ok(None),
        }
    }

    /// Keeps what a call got.
    pub(crate) fn keep(&mut self, call: &Call, reply: &Reply, now: DateTime<Utc>) {
        if let Some(key) = call.header(KEY) {
            self.0.insert(key.to_owned(), Kept { request: request(call), reply: reply.clone(), at: now });
        }
    }
}

fn request(call: &Call) -> (String, Vec<u8>) {
    (call.path.clone(), call.body.to_vec())
}
