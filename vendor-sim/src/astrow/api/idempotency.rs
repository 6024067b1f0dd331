//! Answers kept by `Idempotency-Key`.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::problem::Problem;
use crate::astrow::world::Outcome;
use crate::host::{Call, Reply};

/// How long an answer is kept.
const KEPT: TimeDelta = TimeDelta::hours(24);

/// What a POST came to.
#[derive(Debug, Clone)]
pub(super) enum Made {
    Reply(Reply),
    /// Bookings are kept as their outcomes: a million answers would fill the memory.
    Outcomes(Box<[Outcome]>),
}

/// What was answered under which key in the last day.
#[derive(Debug, Clone, Default)]
pub(super) struct Remembered {
    kept: HashMap<Uuid, Kept>,
    order: VecDeque<(DateTime<Utc>, Uuid)>,
}

#[derive(Debug, Clone)]
struct Kept {
    request: [u8; 32],
    made: Made,
}

/// The key of a call.
pub(super) fn key_of(call: &Call, required: bool) -> Result<Option<Uuid>, Problem> {
    let Some(text) = call.header("idempotency-key") else {
        let missing = Problem::new(400, "idempotency-key-missing", "Every POST needs an Idempotency-Key");
        return if required { Err(missing) } else { Ok(None) };
    };
    let key = Uuid::parse_str(text.trim()).map_err(|_| Problem::malformed("The Idempotency-Key is no UUID"))?;
    Ok(Some(key))
}

impl Remembered {
    /// What the same call came to before; the key with another call is a problem.
    pub(super) fn known(&mut self, key: Uuid, call: &Call, now: DateTime<Utc>) -> Result<Option<Made>, Problem> {
        while let Some((_, old)) = self.order.pop_front_if(|(at, _)| now - *at >= KEPT) {
            self.kept.remove(&old);
        }
        match self.kept.get(&key) {
            Some(kept) if kept.request == request(call) => Ok(Some(kept.made.clone())),
            Some(_) => Err(Problem::new(409, "idempotency-mismatch", "The key was used for another call")),
            None => Ok(None),
        }
    }

    /// Keeps what a call came to.
    pub(super) fn keep(&mut self, key: Uuid, call: &Call, made: Made, now: DateTime<Utc>) {
        self.kept.insert(key, Kept { request: request(call), made });
        self.order.push_back((now, key));
    }
}

fn request(call: &Call) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(call.path.as_bytes());
    digest.update([0]);
    digest.update(&call.body);
    digest.finalize().into()
}
