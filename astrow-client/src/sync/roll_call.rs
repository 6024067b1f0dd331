//! Roll calls: while one runs, and for what happened while one ran, no swipe counts as a booking.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, SubsecRound as _, Utc};
use serde::{Deserialize, Serialize};

use super::endpoint::AstrowEndpoint;
use crate::model::{AstrowCapability, AstrowError, AstrowErrorKind, AstrowSession, Licence, ReaderSettings, RollCall};

/// What was seen of roll calls.
#[derive(Debug, Default)]
pub(super) struct RollCalls(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    looked: Option<Look>,
    spans: Vec<RollCallSpan>,
    readers: Option<Vec<ReaderSettings>>,
}

/// When Astrow was last asked.
#[derive(Clone, Copy, Debug)]
struct Look {
    steady: Instant,
    at: DateTime<Utc>,
}

/// A roll call as far as it was seen. Whoever keeps it and gives it back lets late events of an earlier roll call be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RollCallSpan {
    /// Its number.
    pub id: String,
    /// When it began.
    pub start: DateTime<Utc>,
    /// When it was last seen to run. What happened after that, and before it was seen to be over, counts.
    pub last_seen: DateTime<Utc>,
    /// It was seen to be over.
    pub over: bool,
    /// Codes of the company sites that it is about; all of them where none is named.
    #[serde(default)]
    pub sites: Vec<String>,
}

/// A roll call that covers an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Covered {
    pub(super) id: String,
    /// It is running still, so far as is known.
    pub(super) runs: bool,
    /// The reader confirms that somebody is safe.
    pub(super) confirms: bool,
}

impl AstrowEndpoint {
    /// Looks whether a roll call runs, and tells which ones have been seen, the oldest first. Nothing is asked of a driver
    /// that knows no roll calls. A delivery looks by itself, but what begins and ends between two deliveries is seen only by
    /// who looks every few seconds.
    ///
    /// # Errors
    /// Astrow does not answer.
    pub async fn watch_roll_calls(&self) -> Result<Vec<RollCallSpan>, AstrowError> {
        let session = self.session().await?;
        self.roll_calls.look(session.as_ref(), self.now(), self.clock.now()).await?;
        Ok(self.roll_calls.spans())
    }

    /// Takes back what [`watch_roll_calls`](Self::watch_roll_calls) told an earlier process.
    pub fn roll_calls_known(&self, spans: Vec<RollCallSpan>) {
        self.roll_calls.take_back(spans);
    }
}

impl RollCalls {
    /// Asks whether one runs, unless that was done a moment ago and nothing has happened since.
    pub(super) async fn look_for(
        &self,
        session: &dyn AstrowSession,
        newest: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
        steady: Instant,
    ) -> Result<(), AstrowError> {
        let knows = |look: Look| steady.duration_since(look.steady) < FRESH && newest.is_none_or(|at| at <= look.at);
        if self.with(|seen| seen.looked.is_some_and(knows)) {
            return Ok(());
        }
        self.look(session, now, steady).await
    }

    /// Asks whether one runs.
    pub(super) async fn look(
        &self,
        session: &dyn AstrowSession,
        now: DateTime<Utc>,
        steady: Instant,
    ) -> Result<(), AstrowError> {
        if !session.supports(AstrowCapability::RollCall) || !session.info().has(&Licence::RollCall) {
            return Ok(());
        }
        let current = match session.roll_call().await {
            Err(error) if error.kind() == AstrowErrorKind::LicenceMissing => RollCall::default(),
            answer => answer?,
        };
        let wanted = current.active || self.with(|seen| !seen.spans.is_empty() && seen.readers.is_none());
        let readers = if wanted && session.supports(AstrowCapability::ReadersRead) {
            Some(session.reader_settings().await?)
        } else {
            None
        };
        self.with(|seen| {
            seen.note(&current, now);
            seen.looked = Some(Look { steady, at: now });
            seen.readers = readers.or(seen.readers.take());
        });
        Ok(())
    }

    /// The settings of the readers, when they were read anyway.
    pub(super) fn note_readers(&self, readers: &[ReaderSettings]) {
        self.with(|seen| seen.readers = Some(readers.to_vec()));
    }

    /// The roll call that covers what happened at a reader, if one does.
    pub(super) fn covering(&self, reader: &str, at: DateTime<Utc>) -> Option<Covered> {
        self.with(|seen| {
            let settings = seen.readers.iter().flatten().find(|one| one.reader_id.to_string() == reader);
            let site = settings.and_then(|one| one.company_site.as_deref());
            let span = seen.spans.iter().rev().find(|span| span.covers(site, at))?;
            let confirms = settings.is_some_and(|one| one.confirm_roll_call);
            Some(Covered { id: span.id.clone(), runs: !span.over, confirms })
        })
    }

    /// Since when a roll call runs at a company site, if one does.
    pub(super) fn running_at(&self, site: Option<&str>) -> Option<DateTime<Utc>> {
        self.with(|seen| {
            let running = seen.spans.iter().filter(|span| !span.over && span.is_about(site));
            running.map(|span| span.start).min()
        })
    }

    fn spans(&self) -> Vec<RollCallSpan> {
        self.with(|seen| seen.spans.clone())
    }

    fn take_back(&self, spans: Vec<RollCallSpan>) {
        self.with(|seen| {
            let known = std::mem::take(&mut seen.spans);
            seen.spans = spans;
            seen.spans.retain(|old| !known.iter().any(|span| span.id == old.id && span.start == old.start));
            seen.spans.extend(known);
            seen.limit();
        });
    }

    fn with<T>(&self, f: impl FnOnce(&mut Seen) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Seen {
    fn note(&mut self, current: &RollCall, now: DateTime<Utc>) {
        let id = current.id.clone().unwrap_or_default();
        let mut known = false;
        for span in self.spans.iter_mut().filter(|span| !span.over) {
            if current.active && span.id == id {
                span.last_seen = now.max(span.last_seen);
                span.sites.clone_from(&current.sites);
                known = true;
            } else {
                span.over = true;
            }
        }
        if current.active && !known {
            let start = current.started_at.map_or(now, |at| at.to_utc());
            let sites = current.sites.clone();
            self.spans.push(RollCallSpan { id, start, last_seen: now.max(start), over: false, sites });
        }
        self.limit();
    }

    fn limit(&mut self) {
        let surplus = self.spans.len().saturating_sub(REMEMBERED);
        self.spans.drain(..surplus);
    }
}

impl RollCallSpan {
    fn covers(&self, site: Option<&str>, at: DateTime<Utc>) -> bool {
        // Controllers tell whole seconds: what happened in the second of the last look may have happened after it.
        self.is_about(site) && at >= self.start && (!self.over || at < self.last_seen.trunc_subsecs(0))
    }

    /// A roll call without sites is about all of them, and so is a reader about whose site nothing is known.
    fn is_about(&self, site: Option<&str>) -> bool {
        self.sites.is_empty() || site.is_none_or(|site| self.sites.iter().any(|one| one == site))
    }
}

/// How long an answer counts.
const FRESH: Duration = Duration::from_secs(3);
/// Roll calls that are remembered.
const REMEMBERED: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: u32) -> DateTime<Utc> {
        format!("2026-03-02T10:{minute:02}:00Z").parse().unwrap()
    }

    fn running(id: &str, minute: u32, sites: &[&str]) -> RollCall {
        RollCall::running(id, at(minute).fixed_offset(), sites.iter().map(|site| (*site).to_owned()).collect())
    }

    #[test]
    fn what_happened_during_a_roll_call_stays_covered_after_its_end() {
        let mut seen = Seen::default();
        seen.note(&running("rc-1", 0, &["HQ"]), at(1));
        seen.note(&running("rc-1", 0, &["HQ"]), at(2));
        assert_eq!(seen.spans.len(), 1);
        assert!(seen.spans[0].covers(Some("HQ"), at(3)), "it runs still");
        seen.note(&RollCall::default(), at(5));
        let span = &seen.spans[0];
        assert!(span.covers(Some("HQ"), at(0)) && span.covers(Some("HQ"), at(1)));
        assert!(!span.covers(Some("HQ"), at(2)), "it may have been over already when this second ended");
        assert!(!span.covers(Some("LAB"), at(1)));
        assert!(span.covers(None, at(1)), "nobody knows where the reader is");
        seen.note(&running("rc-2", 10, &[]), at(10));
        assert!(seen.spans[1].covers(Some("LAB"), at(30)) && !seen.spans[1].covers(Some("LAB"), at(9)));
    }
}
