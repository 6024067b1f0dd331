//! Lives of a numbering: when a log starts again, and which of its events are known already.

use std::collections::HashMap;
use std::hash::Hasher as _;

use chrono::{DateTime, Utc};
use siphasher::sip::SipHasher13;

use super::sweep::first_since;
use crate::journal::{Journal, JournalError, LedgerEvent};
use crate::model::{AccessEvent, EndpointName, EventKey, ExternalId};

/// Hash of what an event is, without its number; never zero, which stands for a row that could not be read.
///
/// Left out is what may change later without making it another event: whom the source counts it to (people are
/// deleted), our reading of its code, and the offset under which the instant is written.
pub fn content_hash(event: &AccessEvent) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(0x6576_656e_7420_6861, 0x7368_0000_0000_0001);
    hasher.write_i64(event.occurred.timestamp_millis());
    hasher.write_i64(event.code);
    for text in [event.device.as_ref().map(ExternalId::as_str), event.credential.as_deref()] {
        hasher.write_i64(text.map_or(-1, |text| i64::try_from(text.len()).unwrap_or(i64::MAX)));
        hasher.write(text.unwrap_or_default().as_bytes());
    }
    hasher.finish().max(1)
}

/// Known rows whose content is another one now, and what came after the first of them.
///
/// If a later row is as it was, the numbering lives on and somebody edited the log; if none is, it started again.
#[derive(Debug)]
pub(super) struct Suspicion {
    /// The first number that stands for something else.
    pub first: i64,
    /// How many do.
    pub differing: u64,
    /// Unknown rows read since; they belong to whichever numbering it turns out to be.
    pub rows: Vec<LedgerEvent>,
}

impl Suspicion {
    pub(super) fn new(first: i64) -> Self {
        Self { first, differing: 0, rows: Vec::new() }
    }

    pub(super) fn why(&self) -> String {
        format!("number {} and all after it stand for other events than before", self.first)
    }
}

/// Finds the events of earlier numberings in a new one.
#[derive(Debug, Default)]
pub(super) struct Joiner {
    known: HashMap<u64, Vec<(u32, i64)>>,
}

impl Joiner {
    /// Everything that happened since an instant under an earlier numbering and is not found again yet.
    pub(super) async fn load(
        journal: &dyn Journal,
        endpoint: &EndpointName,
        epoch: u32,
        since: DateTime<Utc>,
    ) -> Result<Self, JournalError> {
        let mut joiner = Self::default();
        for earlier in 0..epoch {
            if let Some(from) = first_since(journal, endpoint, earlier, since).await? {
                joiner.add(earlier, journal.event_contents(endpoint, earlier, from, i64::MAX).await?);
            }
        }
        for (_, content) in journal.event_contents(endpoint, epoch, i64::MIN, i64::MAX).await? {
            joiner.take(content);
        }
        Ok(joiner)
    }

    /// The event of an earlier numbering that this content stands for, each one once.
    pub(super) fn join(&mut self, endpoint: &EndpointName, content: u64) -> Option<EventKey> {
        let (epoch, number) = self.take(content)?;
        Some(EventKey { endpoint: endpoint.clone(), epoch, number })
    }

    /// Equal contents may be several events: as many are known as the numbering with most of them had.
    fn add(&mut self, epoch: u32, rows: Vec<(i64, u64)>) {
        let mut of_epoch: HashMap<u64, Vec<(u32, i64)>> = HashMap::new();
        for (number, content) in rows.into_iter().rev().filter(|(_, content)| *content != 0) {
            of_epoch.entry(content).or_default().push((epoch, number));
        }
        for (content, keys) in of_epoch {
            let known = self.known.entry(content).or_default();
            if keys.len() > known.len() {
                *known = keys;
            }
        }
    }

    fn take(&mut self, content: u64) -> Option<(u32, i64)> {
        self.known.get_mut(&content).and_then(Vec::pop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Direction, EventClass};

    fn event() -> AccessEvent {
        AccessEvent {
            number: 1,
            occurred: "2026-11-02T08:00:00+01:00".parse().unwrap(),
            class: EventClass::Granted,
            code: 20,
            person: Some("7".into()),
            device: Some("3".into()),
            credential: Some("1234".to_owned()),
            direction: Direction::In,
            identity: None,
            remark: None,
        }
    }

    #[test]
    fn content_is_the_swipe_and_neither_its_number_nor_its_owner() {
        let first = event();
        let mut same = event();
        same.number = 99;
        same.person = None;
        same.occurred = "2026-11-02T07:00:00Z".parse().unwrap();
        assert_eq!(content_hash(&first), content_hash(&same));
        let mut other = event();
        other.device = Some("4".into());
        assert_ne!(content_hash(&first), content_hash(&other));
        let mut other = event();
        other.credential = None;
        assert_ne!(content_hash(&first), content_hash(&other));
    }

    #[test]
    fn equal_contents_are_joined_as_often_as_they_were_known() {
        let mut joiner = Joiner::default();
        joiner.add(0, vec![(1, 5), (2, 5), (3, 6)]);
        joiner.add(1, vec![(1, 5)]);
        let net2 = "net2".into();
        assert_eq!(joiner.join(&net2, 5).map(|key| key.number), Some(1));
        assert_eq!(joiner.join(&net2, 5).map(|key| key.number), Some(2));
        assert_eq!(joiner.join(&net2, 5), None);
    }
}
