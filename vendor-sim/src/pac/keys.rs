//! Keys of writes, and what was answered to them.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use super::wire::element::Element;
use super::wire::refusal::{Code, Refusal};

/// So long a key is kept.
const HOURS: i64 = 24;

/// A key that was used.
#[derive(Debug, Clone)]
pub(super) struct Used {
    digest: [u8; 32],
    pub(super) first: DateTime<Utc>,
    /// What was answered, once the write was done.
    pub(super) answer: Option<Element>,
}

/// The keys of all clients.
#[derive(Debug, Default)]
pub(super) struct Keys(HashMap<(String, String), Used>);

impl Keys {
    /// Looks a key up, or begins to know it.
    pub(super) fn meet(
        &mut self,
        client: &str,
        key: &str,
        body: &Element,
        now: DateTime<Utc>,
    ) -> Result<Used, Refusal> {
        let digest: [u8; 32] = Sha256::digest(body.canonical()).into();
        let slot = (client.to_owned(), key.to_owned());
        let old = |used: &Used| now - used.first >= TimeDelta::hours(HOURS);
        if self.0.get(&slot).is_some_and(old) {
            self.0.remove(&slot);
        }
        let used = self.0.entry(slot).or_insert(Used { digest, first: now, answer: None });
        if used.digest != digest {
            return Err(Refusal::new(Code::KeyReused, "The key was used for another request.").at("Request/@key"));
        }
        Ok(used.clone())
    }

    /// Remembers the answer to a write that was done.
    pub(super) fn keep(&mut self, client: &str, key: &str, answer: &Element) {
        if let Some(used) = self.0.get_mut(&(client.to_owned(), key.to_owned())) {
            used.answer = Some(answer.clone());
        }
    }

    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}
