//! The event log as a source of events.

use chrono::{DateTime, FixedOffset, Offset as _};
use chrono_tz::Tz;
use futures::future;
use futures::stream::{self, BoxStream, StreamExt as _};
use sync_core::connector::{Cursor, ErrorClass, EventCaps, EventPage, EventSource, SyncError};
use sync_core::model::{AccessEvent, Direction, EventClass};

use super::Net2Endpoint;
use super::people::invalid;
use crate::event_types::{EventGroup, EventSubType, EventType};
use crate::events::{self, Event, EventCursor};
use crate::id::EventId;
use crate::time::ServerTime;

impl EventSource for Net2Endpoint {
    fn events(&self) -> EventCaps {
        EventCaps { lateness_numbers: LATENESS, dense: true, stream: "events" }
    }

    fn read(&self, from: Option<Cursor>) -> BoxStream<'_, Result<EventPage, SyncError>> {
        let start = from.map_or(0, |cursor| cursor.position);
        let pages = self.net2.events().since(EventCursor::after(EventId::new(start))).rows(ROWS).pages();
        let guard = stream::once(self.same_log(start)).filter_map(|check| future::ready(check.err().map(Err)));
        let pages = pages.filter_map(|page| {
            future::ready(match page {
                Ok(page) if page.is_end => None,
                Ok(page) => Some(Ok(self.page(&page))),
                Err(error) => Some(Err(SyncError::from(error))),
            })
        });
        // The first error ends the stream: a log that began anew is not read on from the old place.
        guard
            .chain(pages)
            .scan(false, |over, item: Result<EventPage, SyncError>| {
                let last = std::mem::replace(over, item.is_err());
                future::ready((!last).then_some(item))
            })
            .boxed()
    }
}

impl Net2Endpoint {
    fn page(&self, page: &events::EventPage) -> EventPage {
        let position = page.cursor.last_id().get();
        EventPage {
            events: page.events.iter().map(|event| access_event(event, self.zone())).collect(),
            invalid: page.invalid.iter().map(invalid).collect(),
            cursor: Cursor { position },
            life: None,
        }
    }

    /// A log whose newest number lies before the place to read from has begun anew.
    async fn same_log(&self, from: i64) -> Result<(), SyncError> {
        if from == 0 {
            return Ok(());
        }
        let newest = self.net2.events().newest_cursor().await?.last_id().get();
        if newest >= from {
            return Ok(());
        }
        let text = format!("the newest event of Net2 is {newest}, but {from} has been read: its numbering began anew");
        Err(SyncError::new(ErrorClass::Lost, text))
    }
}

fn access_event(event: &Event, zone: Tz) -> AccessEvent {
    AccessEvent {
        number: event.id.get(),
        occurred: occurred(event.time, zone),
        class: class(event.event_type, event.sub_type),
        code: event.event_type.get().into(),
        person: event.user.map(|user| user.get().into()),
        device: event.door.map(|door| door.get().into()),
        credential: event.card.as_ref().map(|card| card.as_str().to_owned()),
        direction: Direction::Unknown,
        identity: None,
        remark: None,
    }
}

fn occurred(time: ServerTime, zone: Tz) -> DateTime<FixedOffset> {
    let instant = time.instant(zone);
    let offset = time.offset().unwrap_or_else(|| instant.with_timezone(&zone).offset().fix());
    instant.with_timezone(&offset)
}

fn class(kind: EventType, sub_type: EventSubType) -> EventClass {
    match kind.group() {
        EventGroup::Granted => EventClass::Granted,
        EventGroup::Denied if sub_type.is_anti_passback() => EventClass::AntiPassback,
        EventGroup::Denied => EventClass::Denied,
        EventGroup::Opened if sub_type == EventSubType::EXIT_BUTTON => EventClass::ExitButton,
        EventGroup::Opened | EventGroup::Closed => EventClass::DoorState,
        EventGroup::Trouble if matches!(kind, EventType::DOOR_FORCED | EventType::DOOR_LEFT_OPEN) => {
            EventClass::DoorState
        }
        _ => EventClass::Other,
    }
}

/// Numbers are given when the server receives an event, several at a time.
const LATENESS: i64 = 200;
const ROWS: u32 = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_an_offset_gets_the_one_of_the_server() {
        let time: ServerTime = serde_json::from_str("\"2027-07-01T09:00:00\"").unwrap();
        assert_eq!(occurred(time, Tz::Europe__London).to_rfc3339(), "2027-07-01T09:00:00+01:00");
        let time: ServerTime = serde_json::from_str("\"2027-07-01T09:00:00+02:00\"").unwrap();
        assert_eq!(occurred(time, Tz::Europe__London).to_rfc3339(), "2027-07-01T09:00:00+02:00");
    }

    #[test]
    fn classes_come_from_numbers() {
        let class = |kind, sub| class(EventType::new(kind), EventSubType::new(sub));
        assert_eq!(class(27, 0), EventClass::Granted);
        assert_eq!(class(23, 40), EventClass::AntiPassback);
        assert_eq!(class(23, 22), EventClass::Denied);
        assert_eq!(class(28, 62), EventClass::ExitButton);
        assert_eq!(class(93, 0), EventClass::DoorState);
        assert_eq!(class(570, 591), EventClass::Other);
    }
}
