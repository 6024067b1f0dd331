//! The log of events as a source of events.

use futures::FutureExt as _;
use futures::stream::{self, BoxStream, StreamExt as _};
use sync_core::connector::{Cursor, ErrorClass, EventCaps, EventPage, EventSource, InvalidRecord, SyncError};
use sync_core::model::{AccessEvent, Direction as Way, EventClass};

use super::{PacEndpoint, rights};
use crate::model::{
    ClockState, Cursor as Position, Direction, Epoch, Event, EventType, LogBatch, LogStream, PacError, PacErrorKind,
};

impl EventSource for PacEndpoint {
    /// Numbers rise by one in the order in which the server stored the events, however late they came.
    fn events(&self) -> EventCaps {
        EventCaps { lateness_numbers: 0, dense: true, stream: "events" }
    }

    /// Every reading shows the life of the numbering at least once, so that a log that began anew is noticed even where
    /// nothing is in it.
    fn read(&self, from: Option<Cursor>) -> BoxStream<'_, Result<EventPage, SyncError>> {
        stream::unfold(Some(Place::At(from)), move |place| async move {
            let (page, next) = match self.log_page(place?).await {
                Ok((page, next)) => (Ok(page), next.map(Place::Behind)),
                Err(error) => (Err(error), None),
            };
            Some((page, next))
        })
        .boxed()
    }
}

/// Where reading goes on.
enum Place {
    /// Where the engine is, in the life of the log that there is now.
    At(Option<Cursor>),
    Behind(Position),
}

impl PacEndpoint {
    async fn log_page(&self, place: Place) -> Result<(EventPage, Option<Position>), SyncError> {
        let (after, resumed) = match place {
            Place::Behind(position) => (position, true),
            Place::At(from) => (self.start(from).await?, from.is_some()),
        };
        self.clock_is_usable()?;
        let batch = match self.batch(after).await {
            Err(error) => return self.no_batch(error, after, resumed).await,
            Ok(batch) => batch,
        };
        if let Some(lost) = batch.lost {
            tracing::warn!(first = lost.first, last = lost.last, "events are missing in the log of PAC");
        }
        let end = batch.cursor().filter(|end| end.seq > after.seq).unwrap_or(after);
        let next = (batch.more && end.seq > after.seq).then_some(Position::new(batch.epoch, end.seq));
        Ok((page(&batch, after.seq, end.seq), next))
    }

    /// The place to begin at. The life of the log is the server's word of when the session began.
    async fn start(&self, from: Option<Cursor>) -> Result<Position, SyncError> {
        let session = self.ready().await?;
        let log = session.server().log(LogStream::Events).ok_or_else(|| {
            SyncError::new(ErrorClass::Config, "this PAC server keeps no log of events that can be read")
        })?;
        Ok(match from {
            Some(cursor) => Position::new(log.epoch, u64::try_from(cursor.position).unwrap_or(0)),
            None => log.start(),
        })
    }

    async fn batch(&self, after: Position) -> Result<LogBatch, PacError> {
        self.read(|session| async move { session.read_log(LogStream::Events, after, BATCH).await }.boxed()).await
    }

    /// What a refusal to read on means.
    async fn no_batch(
        &self,
        error: PacError,
        after: Position,
        resumed: bool,
    ) -> Result<(EventPage, Option<Position>), SyncError> {
        match error.kind() {
            // The oldest events went while we looked where they begin.
            PacErrorKind::CursorExpired if !resumed => {
                let Some(first) = error.first().filter(|first| *first > after.seq.saturating_add(1)) else {
                    return Err(error.into());
                };
                let after = Position::new(error.epoch().unwrap_or(after.epoch), first.saturating_sub(1));
                let batch = self.batch(after).await?;
                let end = batch.cursor().unwrap_or(after);
                let next = batch.more.then_some(Position::new(batch.epoch, end.seq));
                Ok((page(&batch, after.seq, end.seq), next))
            }
            PacErrorKind::CursorExpired => {
                let text = match error.first() {
                    Some(first) => format!("PAC keeps events from number {first} on only"),
                    None => "PAC no longer keeps the events that follow the position".to_owned(),
                };
                Err(SyncError::new(ErrorClass::Lost, text).with_source(error))
            }
            // The log began anew: its name says so, and the engine begins a new numbering.
            PacErrorKind::EpochChanged => {
                let life = error.epoch().unwrap_or(after.epoch);
                self.forget_session(&error).await;
                Ok((empty(life, after.seq), None))
            }
            // A shorter log: another life that has kept its name, or another one that has more to come.
            PacErrorKind::CursorAhead => {
                let life = error.epoch().unwrap_or(after.epoch);
                tracing::warn!(%life, after = after.seq, "the log of PAC ends before the place to read on from");
                Ok((empty(life, after.seq), None))
            }
            _ => Err(error.into()),
        }
    }

    /// What the server said of its logs when the session began is no longer true.
    async fn forget_session(&self, why: &PacError) {
        tracing::info!(%why, "the log of PAC began anew");
        self.renew(LogStream::Events, why).await;
    }

    fn clock_is_usable(&self) -> Result<(), SyncError> {
        let skew = self.client.open().map(|session| session.clock_skew()).unwrap_or_default();
        if ClockState::of(skew) != ClockState::Unusable {
            return Ok(());
        }
        let text = "the clock of the PAC server is more than a day off: events stay there until it is right";
        Err(SyncError::new(ErrorClass::Transient, text)
            .with_remedy("let both set their clocks by the same time server"))
    }
}

fn page(batch: &LogBatch, after: u64, end: u64) -> EventPage {
    let mut page = empty(batch.epoch, end);
    let mut events: Vec<&Event> = batch.events().iter().filter(|event| event.seq > after).collect();
    events.sort_by_key(|event| event.seq);
    events.dedup_by_key(|event| event.seq);
    for event in events {
        match access_event(event, batch.epoch) {
            Ok(event) => page.events.push(event),
            Err(invalid) => page.invalid.push(invalid),
        }
    }
    page
}

fn empty(life: Epoch, end: u64) -> EventPage {
    EventPage {
        events: Vec::new(),
        invalid: Vec::new(),
        cursor: Cursor { position: i64::try_from(end).unwrap_or(i64::MAX) },
        life: Some(life.to_string()),
    }
}

fn access_event(event: &Event, epoch: Epoch) -> Result<AccessEvent, InvalidRecord> {
    let number = i64::try_from(event.seq)
        .map_err(|_| InvalidRecord::new(event.seq.to_string(), "seq", "is larger than any number of an event"))?;
    Ok(AccessEvent {
        number,
        occurred: event.time,
        class: class(event),
        code: code(&event.kind),
        person: event.person.map(|person| i64::from(person.get()).into()),
        device: event.reader.map(|reader| i64::from(reader.get()).into()),
        credential: event.credential().map(|key| rights::number(&key)),
        direction: match event.direction {
            Some(Direction::In) => Way::In,
            Some(Direction::Out) => Way::Out,
            _ => Way::Unknown,
        },
        identity: Some(format!("{epoch}:{}", event.seq)),
        remark: None,
    })
}

fn class(event: &Event) -> EventClass {
    match event.kind {
        EventType::Granted | EventType::Duress => EventClass::Granted,
        EventType::Denied if event.reason.as_deref() == Some("antipassback") => EventClass::AntiPassback,
        EventType::Denied => EventClass::Denied,
        EventType::RequestToExit => EventClass::ExitButton,
        EventType::DoorOpened
        | EventType::DoorClosed
        | EventType::DoorForced
        | EventType::DoorHeld
        | EventType::DoorRestored => EventClass::DoorState,
        _ => EventClass::Other,
    }
}

/// A number for each type, since the server only has words: tens by group, never changed.
fn code(kind: &EventType) -> i64 {
    match kind {
        EventType::Granted => 10,
        EventType::GrantedNotUsed => 11,
        EventType::Denied => 12,
        EventType::Duress => 13,
        EventType::RequestToExit => 14,
        EventType::DoorOpened => 20,
        EventType::DoorClosed => 21,
        EventType::DoorForced => 22,
        EventType::DoorHeld => 23,
        EventType::DoorRestored => 24,
        EventType::CommandStarted => 30,
        EventType::CommandDone => 31,
        EventType::CommandFailed => 32,
        EventType::DeviceOffline => 40,
        EventType::DeviceOnline => 41,
        EventType::TamperOn => 42,
        EventType::TamperOff => 43,
        EventType::PowerFail => 44,
        EventType::PowerRestored => 45,
        EventType::LogLost => 50,
        EventType::OperatorAction => 51,
        EventType::Other(_) => 0,
    }
}

/// Records of one request.
const BATCH: u16 = 500;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CredentialType, PersonId, ReaderId, Records, Severity};
    use chrono::DateTime;

    fn event(seq: u64, kind: EventType) -> Event {
        let time = DateTime::parse_from_rfc3339("2026-03-02T08:01:14+01:00").unwrap();
        Event::new(seq, time, kind, Severity::Success)
    }

    #[test]
    fn an_event_carries_what_books_it_once() {
        let epoch: Epoch = "5D1E00C7A2B49F03".parse().unwrap();
        let mut granted = event(52318, EventType::Granted);
        granted.person = Some(PersonId::new(101));
        granted.reader = Some(ReaderId::new(11));
        granted.direction = Some(Direction::In);
        granted.credential_type = Some(CredentialType::Wiegand26);
        granted.credential_number = Some("40211".to_owned());
        granted.facility = Some(77);
        let read = access_event(&granted, epoch).unwrap();
        assert_eq!(read.identity.as_deref(), Some("5D1E00C7A2B49F03:52318"));
        assert_eq!((read.number, read.class, read.direction), (52318, EventClass::Granted, Way::In));
        assert_eq!(read.person.unwrap().as_str(), "101");
        assert_eq!(read.device.unwrap().as_str(), "11");
        assert_eq!(read.credential.as_deref(), Some("77-40211"));
        assert_eq!(read.occurred.to_rfc3339(), "2026-03-02T08:01:14+01:00");
        assert!(access_event(&event(u64::MAX, EventType::Granted), epoch).is_err());
    }

    #[test]
    fn only_a_passage_counts_as_one() {
        let mut denied = event(1, EventType::Denied);
        assert_eq!(class(&denied), EventClass::Denied);
        denied.reason = Some("antipassback".to_owned());
        assert_eq!(class(&denied), EventClass::AntiPassback);
        for (kind, expected) in [
            (EventType::Duress, EventClass::Granted),
            (EventType::GrantedNotUsed, EventClass::Other),
            (EventType::RequestToExit, EventClass::ExitButton),
            (EventType::DoorHeld, EventClass::DoorState),
            (EventType::CommandDone, EventClass::Other),
            (EventType::of("lift.called"), EventClass::Other),
        ] {
            assert_eq!(class(&event(1, kind)), expected);
        }
    }

    #[test]
    fn a_page_is_in_order_and_without_repeats() {
        let epoch = Epoch::new([1; 8]);
        let events = [5, 3, 4, 3, 2].map(|seq| event(seq, EventType::Granted)).to_vec();
        let batch = LogBatch::new(epoch, Records::Events(events), false);
        let page = page(&batch, 2, 5);
        let numbers: Vec<_> = page.events.iter().map(|event| event.number).collect();
        assert_eq!((numbers, page.cursor.position), (vec![3, 4, 5], 5));
        assert_eq!(page.life.as_deref(), Some("0101010101010101"));
    }
}
