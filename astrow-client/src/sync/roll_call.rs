//! Roll calls: while one runs, and for what happened while one ran, no swipe counts as a booking.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use crate::model::{AstrowCapability, AstrowError, AstrowErrorKind, AstrowSession, Licence, ReaderSettings, RollCall};

/// What was seen of roll calls.
#[derive(Debug, Default)]
pub(super) struct RollCalls(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    asked: Option<Instant>,
    spans: Vec<Span>,
    readers: Vec<ReaderSettings>,
}

/// One roll call.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Span {
    id: String,
    start: DateTime<Utc>,
    /// When it was first seen to be over; it may have ended a little before.
    end: Option<DateTime<Utc>>,
    sites: Vec<String>,
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

impl RollCalls {
    /// Asks whether one runs, unless that was done a moment ago.
    pub(super) async fn look(
        &self,
        session: &dyn AstrowSession,
        now: DateTime<Utc>,
        steady: Instant,
    ) -> Result<(), AstrowError> {
        let can = session.supports(AstrowCapability::RollCall) && session.info().has(&Licence::RollCall);
        let fresh = self.with(|seen| seen.asked.is_some_and(|asked| steady.duration_since(asked) < FRESH));
        if !can || fresh {
            return Ok(());
        }
        let current = match session.roll_call().await {
            Err(error) if error.kind() == AstrowErrorKind::LicenceMissing => RollCall::default(),
            answer => answer?,
        };
        let readers = if session.supports(AstrowCapability::ReadersRead) && current.active {
            Some(session.reader_settings().await?)
        } else {
            None
        };
        self.with(|seen| {
            seen.note(&current, now);
            seen.asked = Some(steady);
            if let Some(readers) = readers {
                seen.readers = readers;
            }
        });
        Ok(())
    }

    /// The roll call that covers what happened at a reader, if one does.
    pub(super) fn covering(&self, reader: &str, at: DateTime<Utc>) -> Option<Covered> {
        self.with(|seen| {
            let settings = seen.readers.iter().find(|one| one.reader_id.to_string() == reader);
            let site = settings.and_then(|one| one.company_site.as_deref());
            let span = seen.spans.iter().rev().find(|span| span.covers(site, at))?;
            let confirms = settings.is_some_and(|one| one.confirm_roll_call);
            Some(Covered { id: span.id.clone(), runs: span.end.is_none(), confirms })
        })
    }

    fn with<T>(&self, f: impl FnOnce(&mut Seen) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Seen {
    fn note(&mut self, current: &RollCall, now: DateTime<Utc>) {
        let id = current.id.clone().unwrap_or_default();
        for span in &mut self.spans {
            if span.end.is_none() && !(current.active && span.id == id) {
                span.end = Some(now);
            }
        }
        if current.active && !self.spans.iter().any(|span| span.id == id && span.end.is_none()) {
            let start = current.started_at.map_or(now, |at| at.to_utc());
            self.spans.push(Span { id, start, end: None, sites: current.sites.clone() });
        }
        let surplus = self.spans.len().saturating_sub(REMEMBERED);
        self.spans.drain(..surplus);
    }
}

impl Span {
    /// A roll call without sites is about all of them, and so is a reader about whose site nothing is known.
    fn covers(&self, site: Option<&str>, at: DateTime<Utc>) -> bool {
        let here = self.sites.is_empty() || site.is_none_or(|site| self.sites.iter().any(|one| one == site));
        here && at >= self.start && self.end.is_none_or(|end| at <= end)
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
        seen.note(&RollCall::default(), at(5));
        let span = &seen.spans[0];
        assert!(span.covers(Some("HQ"), at(0)) && span.covers(Some("HQ"), at(4)));
        assert!(!span.covers(Some("HQ"), at(6)) && !span.covers(Some("LAB"), at(4)));
        assert!(span.covers(None, at(4)), "nobody knows where the reader is");
        seen.note(&running("rc-2", 10, &[]), at(10));
        assert!(seen.spans[1].covers(Some("LAB"), at(30)) && !seen.spans[1].covers(Some("LAB"), at(9)));
    }
}
