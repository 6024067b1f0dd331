//! Reads what happens at the doors and hands it over to whoever watches: one call to Net2 at a time.

use std::fmt;
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

/// Events of one answer.
const ROWS: u32 = 1000;
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
        let page = events.since(cursor).overlap(Place::OVERLAP).rows(ROWS).pages().next().await.transpose()?;
        let zone = self.parts.net2.client().time_zone();
        Ok(page.map_or_else(|| nothing(cursor, now), |page| reading(&page, zone, now)))
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

fn reading(page: &EventPage, zone: Tz, now: DateTime<Utc>) -> DoorReading {
    let readable = page.events.iter().map(|event| event.id.get()).max();
    let newest = readable.max(page.invalid.iter().filter_map(|item| item.id).max()).unwrap_or_default();
    let events = page.events.iter().map(|event| door_event(event, zone)).collect();
    DoorReading { asked: now, events, newest, cursor: written(page.cursor) }
}

fn nothing(cursor: EventCursor, now: DateTime<Utc>) -> DoorReading {
    DoorReading { asked: now, events: Vec::new(), newest: 0, cursor: written(cursor) }
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

impl fmt::Debug for DoorEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
