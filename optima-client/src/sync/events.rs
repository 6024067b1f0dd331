//! The event log as a source of events.

use chrono::{DateTime, FixedOffset, Offset as _};
use chrono_tz::Tz;
use futures::future;
use futures::stream::{BoxStream, StreamExt as _};
use sync_core::connector::{Cursor, EventCaps, EventPage, EventSource, InvalidRecord, SyncError};
use sync_core::model::{AccessEvent, Direction, EventClass};

use super::OptimaEndpoint;
use super::people::invalid;
use crate::events::{self, Event, EventCursor};
use crate::words::{self, ReaderDirection};

impl EventSource for OptimaEndpoint {
    fn events(&self) -> EventCaps {
        // The contract allows numbers that no event has.
        EventCaps { lateness_numbers: self.config.overlap.into(), dense: false, stream: "events" }
    }

    /// Pages without events are left out: an empty log shows itself as one that shows nothing.
    fn read(&self, from: Option<Cursor>) -> BoxStream<'_, Result<EventPage, SyncError>> {
        let log = self.optima.events();
        let follow = match from {
            Some(cursor) => log.since(&EventCursor::after(cursor.position)),
            None => log.from_oldest(),
        };
        let pages = follow.pages().map(|page| match page {
            Ok(page) => Ok(self.event_page(&page)),
            Err(error) => Err(self.fault(error)),
        });
        pages.filter_map(|page| future::ready(page.transpose())).boxed()
    }
}

impl OptimaEndpoint {
    fn event_page(&self, page: &events::EventPage) -> Option<EventPage> {
        let events: Vec<_> = page.events.iter().map(|event| access_event(event, self.zone())).collect();
        let invalid: Vec<InvalidRecord> = page.invalid.iter().enumerate().map(|(n, item)| invalid(n, item)).collect();
        let numbers = events.iter().map(|event| event.number);
        let last = numbers.chain(invalid.iter().filter_map(|record| record.id.as_str().parse().ok())).max()?;
        Some(EventPage { events, invalid, cursor: Cursor { position: last }, life: None })
    }
}

fn access_event(event: &Event, zone: Tz) -> AccessEvent {
    AccessEvent {
        number: event.seq,
        occurred: local(event.at, zone),
        class: class(&event.class),
        code: event.code.unwrap_or_default(),
        person: event.badge.as_ref().map(|badge| badge.id.as_str().into()),
        device: event.reader.as_ref().map(|reader| reader.id.as_str().into()),
        credential: event.credential.as_ref().and_then(|shown| shown.number.clone()),
        direction: match event.direction {
            ReaderDirection::In => Direction::In,
            ReaderDirection::Out => Direction::Out,
            _ => Direction::Unknown,
        },
        // The id lives on when the store is rebuilt and numbers its events anew.
        identity: Some(event.id.as_str().to_owned()),
        remark: None,
    }
}

/// The instant with the offset of the site.
fn local(at: DateTime<FixedOffset>, zone: Tz) -> DateTime<FixedOffset> {
    if zone == Tz::UTC {
        return at;
    }
    let there = at.with_timezone(&zone);
    at.with_timezone(&there.offset().fix())
}

fn class(class: &words::EventClass) -> EventClass {
    use words::EventClass as Theirs;
    match class {
        Theirs::Granted => EventClass::Granted,
        Theirs::Denied => EventClass::Denied,
        Theirs::AntiPassback => EventClass::AntiPassback,
        Theirs::ExitButton => EventClass::ExitButton,
        Theirs::DoorForced | Theirs::DoorHeld | Theirs::DoorClosed | Theirs::OpenedByOperator => EventClass::DoorState,
        Theirs::Unknown(_) => EventClass::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_get_the_offset_of_the_site_on_both_sides_of_a_clock_change() {
        let at = |text: &str| local(text.parse().unwrap(), Tz::Europe__London).to_rfc3339();
        assert_eq!(at("2026-03-29T00:30:00Z"), "2026-03-29T00:30:00+00:00");
        assert_eq!(at("2026-03-29T01:30:00Z"), "2026-03-29T02:30:00+01:00");
        assert_eq!(at("2026-10-25T00:30:00Z"), "2026-10-25T01:30:00+01:00");
        assert_eq!(at("2026-10-25T01:30:00Z"), "2026-10-25T01:30:00+00:00");
    }

    #[test]
    fn classes_come_from_words_and_an_unknown_word_is_something_else() {
        for (word, wanted) in [
            ("access.granted", EventClass::Granted),
            ("access.denied", EventClass::Denied),
            ("access.antipassback", EventClass::AntiPassback),
            ("door.exit-button", EventClass::ExitButton),
            ("door.forced", EventClass::DoorState),
            ("door.opened-by-operator", EventClass::DoorState),
            ("system.tamper", EventClass::Other),
        ] {
            assert_eq!(class(&word.into()), wanted, "{word}");
        }
    }
}
