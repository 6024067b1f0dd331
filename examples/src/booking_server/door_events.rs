//! Reads what happens at the doors and hands it over to whoever watches: one call to Net2 at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use booking_access::{DoorEvent, DoorEventKind, DoorReading, Place};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use connector_http::{Error, ErrorKind};
use futures::StreamExt as _;
use net2_client::event_types::{EventGroup, EventType};
use net2_client::events::{Event, EventCursor, EventPage};
use sync_service::{Chore, ChoreReport, Desk, Failure, Stage};

use super::Parts;
use super::chores::shown_by_name;

/// Events of one answer.
const ROWS: u32 = 1000;
/// Most answers of one look until the last number seen is among them: servers may cut answers short.
const ANSWERS: usize = 20;
/// A limit of a server is a multiple of this.
const LIMITS: usize = 50;
/// Between two answers where there is more to read.
const AT_ONCE: Duration = Duration::from_secs(1);
/// How often is tried whether an operator who may not read events has the right by now.
const FORBIDDEN: Duration = Duration::from_mins(10);

/// Watches the doors: guesses, and bookings to which nobody comes.
pub(super) struct DoorEvents {
    parts: Arc<Parts>,
    /// There is more to read.
    behind: AtomicBool,
    forbidden: AtomicBool,
}

impl DoorEvents {
    pub(super) fn new(parts: Arc<Parts>) -> Self {
        Self { parts, behind: AtomicBool::new(false), forbidden: AtomicBool::new(false) }
    }

    fn distance(&self) -> Duration {
        if self.forbidden.load(Ordering::Acquire) {
            return FORBIDDEN;
        }
        if self.behind.load(Ordering::Acquire) { AT_ONCE } else { self.interval() }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(self.parts.watch.interval_seconds.into())
    }

    /// The first look begins at the end of the log.
    async fn look(&self, place: Option<Place>, now: DateTime<Utc>) -> Result<DoorReading, Error> {
        let events = self.parts.net2.client().events();
        let Some(place) = place else {
            let cursor = events.newest_cursor().await?;
            return Ok(DoorReading {
                asked: now,
                events: Vec::new(),
                newest: cursor.last_id().get(),
                cursor: written(cursor),
            });
        };
        let cursor = serde_json::from_str(place.cursor()).unwrap_or(EventCursor::start());
        let pages = events.since(cursor).overlap(Place::OVERLAP).rows(ROWS).pages();
        let zone = self.parts.net2.client().time_zone();
        let mut reading = DoorReading { asked: now, events: Vec::new(), newest: 0, cursor: written(cursor) };
        let mut numbered = pages.take(ANSWERS).enumerate();
        while let Some((before, page)) = numbered.next().await {
            let page = page?;
            add(&mut reading, &page, zone);
            if page.is_end || is_enough(&reading, place.last(), before, page.events.len() + page.invalid.len()) {
                break;
            }
        }
        Ok(reading)
    }

    /// Doors work without: it is told once, and tried again now and then.
    fn forbidden(&self, error: &Error, now: DateTime<Utc>) -> Result<ChoreReport, Failure> {
        self.forbidden.store(true, Ordering::Release);
        let mut report = ChoreReport::default();
        if self.parts.access.door_events_refused(&error.to_string(), now)? {
            report.warnings.push(format!("events of Net2 cannot be read, so that nothing is watched for: {error}"));
        }
        Ok(report)
    }
}

#[async_trait]
impl Chore for DoorEvents {
    fn name(&self) -> &'static str {
        "door events"
    }

    fn stage(&self) -> Stage {
        Stage::AfterLinks
    }

    async fn next(&self, desk: &Desk) {
        if self.parts.watch.is_on() {
            desk.clock().sleep(self.distance()).await;
        } else {
            std::future::pending::<()>().await;
        }
    }

    async fn run(&self, _desk: &Desk) -> Result<ChoreReport, Failure> {
        let (access, now) = (&self.parts.access, self.parts.clock.now());
        if !self.parts.watch.is_on() {
            access.end_watch(now)?;
            return Ok(ChoreReport::default());
        }
        let reading = match self.look(access.door_events_place()?, now).await {
            Ok(reading) => reading,
            Err(error) if matches!(error.kind(), ErrorKind::Permission | ErrorKind::NotFound) => {
                return self.forbidden(&error, now);
            }
            Err(error) => return Err(error.into()),
        };
        self.forbidden.store(false, Ordering::Release);
        let news = access.take_door_events(&self.parts.watch, &reading, now)?;
        self.behind.store(news.behind, Ordering::Release);
        tracing::debug!(fresh = news.fresh, behind = news.behind, "events of the doors");
        Ok(ChoreReport { warnings: news.warnings, ..ChoreReport::default() })
    }
}

/// Whether nothing more has to be asked in this look: everything up to the last number was shown, by an answer that was not cut, or by
/// as many events as were asked for. Where it was cut, the next answers tell whether there is more.
const fn is_enough(reading: &DoorReading, last: i64, answers_before: usize, rows: usize) -> bool {
    let is_whole = answers_before == 0 && !rows.is_multiple_of(LIMITS);
    let is_full = reading.newest > last && rows >= ROWS as usize;
    reading.newest >= last && (is_whole || is_full)
}

fn add(reading: &mut DoorReading, page: &EventPage, zone: Tz) {
    let readable = page.events.iter().map(|event| event.id.get()).max();
    let unreadable = page.invalid.iter().filter_map(|item| item.id).max();
    // By time the last event need not come again: it may be a late one with an old time.
    let known = page.by_time.then(|| page.cursor.last_id().get());
    reading.newest = readable.max(unreadable).max(known).unwrap_or_default().max(reading.newest);
    reading.events.extend(page.events.iter().map(|event| door_event(event, zone)));
    reading.cursor = written(page.cursor);
}

fn written(cursor: EventCursor) -> String {
    serde_json::to_string(&cursor).unwrap_or_default()
}

/// Without the token, which nobody needs here.
fn door_event(event: &Event, zone: Tz) -> DoorEvent {
    let kind = match event.event_type {
        EventType::CONTROLLER_SILENT => DoorEventKind::ControllerSilent,
        EventType::CONTROLLER_BACK => DoorEventKind::ControllerBack,
        kind if kind.group() == EventGroup::Granted => DoorEventKind::Admitted,
        _ if event.is_guess() => DoorEventKind::Guess,
        _ => DoorEventKind::Other,
    };
    DoorEvent {
        number: event.id.get(),
        at: event.time.instant(zone),
        door: event.door.map(|door| door.to_string()),
        user: event.user.map(|user| user.to_string()),
        kind,
    }
}

shown_by_name!(DoorEvents);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_goes_on_until_it_is_past_the_last_number_and_no_longer() {
        let enough = |newest, answers_before, rows| {
            let reading = DoorReading { asked: Utc::now(), events: Vec::new(), newest, cursor: String::new() };
            is_enough(&reading, 1_000, answers_before, rows)
        };
        assert!(enough(1_000, 0, 199) && enough(1_001, 0, 204), "one call where nothing was cut");
        assert!(enough(1_801, 0, 1_000), "as many as were asked for: the rest comes with the next look");
        assert!(!enough(901, 0, 100), "cut before the last number");
        assert!(!enough(1_000, 0, 200) && !enough(1_000, 1, 99), "perhaps cut just at the last number");
        assert!(!enough(1_001, 0, 200) && !enough(1_001, 3, 50), "perhaps cut behind it");
    }
}
