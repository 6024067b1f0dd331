//! The events as a source of events, numbered by the server or by us.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future;
use futures::stream::{self, BoxStream, StreamExt as _};
use sync_core::connector::{Cursor, Endpoint as _, EventCaps, EventPage, EventSource, InvalidRecord, SyncError};
use sync_core::model::{AccessEvent, Direction, EventClass, Remark};

use super::endpoint::InventryEndpoint;
use super::number;
use crate::error;
use crate::events::{self, Event, EventQuery, EventStyle};
use crate::id::SiteId;
use crate::info::Capability;
use crate::profile::lookback_days;
use crate::words::{EventType, Method};

/// Seconds of a day.
const DAY: i64 = 86_400;
/// How far spans overlap: the instant of an event and of its storing may lie on both sides of an end.
const SEAM: TimeDelta = TimeDelta::minutes(15);
/// Events of one page, where the server has no pages of events.
const PAGE: usize = 1000;

impl EventSource for InventryEndpoint {
    fn events(&self) -> EventCaps {
        let lateness_numbers = match self.client().events().style() {
            EventStyle::Numbered => i64::from(self.config.overlap),
            EventStyle::ByInstant => number::span(DAY),
            EventStyle::Visits => number::span(DAY * lookback_days(self.client().profile())),
        };
        // Events of visitors have numbers, too, and are never shown.
        EventCaps { lateness_numbers, dense: false, stream: "events" }
    }

    fn read(&self, from: Option<Cursor>) -> BoxStream<'_, Result<EventPage, SyncError>> {
        let begin = async move {
            self.require(Capability::Events).await?;
            Ok::<_, SyncError>(self.leavers().await)
        };
        // The first error ends the stream.
        stream::once(begin)
            .flat_map(move |begun| match (begun, self.client().events().style()) {
                (Err(error), _) => stream::iter([Err(error)]).boxed(),
                (Ok(leavers), EventStyle::Numbered) => self.numbered(from, leavers),
                (Ok(leavers), EventStyle::ByInstant | EventStyle::Visits) => self.by_instant(from, leavers),
            })
            .boxed()
    }
}

/// Since when people are no longer to come, by their ids.
pub(super) type Leavers = Arc<BTreeMap<String, DateTime<Utc>>>;

impl InventryEndpoint {
    fn numbered(&self, from: Option<Cursor>, leavers: Leavers) -> BoxStream<'_, Result<EventPage, SyncError>> {
        let events = self.client().events();
        let query = from.map_or_else(|| events.all(), |cursor| events.after(cursor.position));
        let position = from.map_or(0, |cursor| cursor.position);
        self.one_site(query)
            .pages()
            .scan(position, |position, page| {
                let page = page.map(|page| {
                    *position = page.position.unwrap_or(*position).max(*position);
                    (page, *position)
                });
                future::ready(Some(page))
            })
            .filter_map(move |page| {
                future::ready(match page {
                    Ok((page, _)) if page.position.is_none() && page.invalid.is_empty() => None,
                    Ok((page, position)) => Some(Ok(self.page(&page, position, &leavers))),
                    Err(failure) => Some(Err(error::sync(failure))),
                })
            })
            .boxed()
    }

    /// With one site the server does the choosing.
    fn one_site(&self, query: EventQuery) -> EventQuery {
        match self.config.sites.as_slice() {
            [site] => query.site(site.as_str()),
            _ => query,
        }
    }

    fn page(&self, page: &events::EventPage, position: i64, leavers: &Leavers) -> EventPage {
        let here = page.events.iter().filter(|event| self.is_of_our_sites(event.site.as_ref()));
        let mut taken: Vec<_> = here.map(|event| access_event(event, event.seq.unwrap_or_default(), leavers)).collect();
        taken.sort_by_key(|event| event.number);
        let invalid = page.invalid.iter().map(|(number, item)| unreadable(*number, item)).collect();
        EventPage { events: taken, invalid, cursor: Cursor { position }, life: None }
    }

    /// Span by span up to now, sorted by our numbers; what belongs to a later one is kept until then.
    fn by_instant(&self, from: Option<Cursor>, leavers: Leavers) -> BoxStream<'_, Result<EventPage, SyncError>> {
        let begun = async move {
            let now = self.now().await?;
            let first = now.checked_sub_signed(TimeDelta::days(i64::from(self.config.history_days))).unwrap_or(now);
            let start = from.map_or(first, |cursor| number::instant(cursor.position));
            Ok(ByInstant {
                endpoint: self,
                leavers,
                day: start,
                now,
                after: from.map_or(number::first_at(start) - 1, |cursor| cursor.position),
                kept: BTreeMap::new(),
                ready: VecDeque::new(),
                over: false,
            })
        };
        stream::once(begun)
            .flat_map(|reader: Result<ByInstant<'_>, SyncError>| match reader {
                Ok(reader) => stream::try_unfold(reader, ByInstant::next).boxed(),
                Err(error) => stream::iter([Err(error)]).boxed(),
            })
            .boxed()
    }

    /// A look at the log, to see whether it can be read: how many events one page has.
    pub(super) async fn some_events(&self) -> Result<usize, connector_http::Error> {
        let events = self.client().events();
        if events.style() == EventStyle::Numbered {
            return Ok(self.one_site(events.all()).page_size(1).page().await?.events.len());
        }
        let now = self.client().info().await?.now.unwrap_or_else(Utc::now);
        let sites: Vec<SiteId> = self.config.sites.iter().map(|site| site.as_str().into()).collect();
        Ok(events.between_at(&sites, now - TimeDelta::days(1), now + TimeDelta::days(1)).await?.items.len())
    }

    /// What the server's clock shows: events are of its time.
    async fn now(&self) -> Result<DateTime<Utc>, SyncError> {
        let info = self.client().info().await.map_err(error::sync)?;
        Ok(info.now.or(self.server_time()).unwrap_or_else(Utc::now))
    }
}

/// Reads events without numbers, one span after the other.
struct ByInstant<'a> {
    endpoint: &'a InventryEndpoint,
    leavers: Leavers,
    /// From where to read next.
    day: DateTime<Utc>,
    now: DateTime<Utc>,
    after: i64,
    /// Events by number: of the span that was read, and of those to come.
    kept: BTreeMap<i64, Event>,
    ready: VecDeque<EventPage>,
    over: bool,
}

impl ByInstant<'_> {
    async fn next(mut self) -> Result<Option<(EventPage, Self)>, SyncError> {
        loop {
            if let Some(page) = self.ready.pop_front() {
                return Ok(Some((page, self)));
            }
            if self.over {
                return Ok(None);
            }
            self.read_span().await?;
        }
    }

    async fn read_span(&mut self) -> Result<(), SyncError> {
        let events = self.endpoint.client().events();
        // Visits are read with the days before them: a longer span costs less.
        let days = if events.style() == EventStyle::Visits { 7 } else { 1 };
        let end = self.day + TimeDelta::days(days);
        // A server's clock may be a little ahead of what it said; the last span has no end.
        let (until, is_last) = if end > self.now { (self.now + TimeDelta::days(2), true) } else { (end, false) };
        let sites: Vec<SiteId> = self.endpoint.config.sites.iter().map(|site| site.as_str().into()).collect();
        let listing = events.between_at(&sites, self.day - SEAM, until + SEAM).await.map_err(error::sync)?;
        let mut invalid: Vec<_> = listing.invalid.iter().map(|item| unreadable(None, item)).collect();
        for event in listing.items {
            self.keep(event, &mut invalid);
        }
        let bound = if is_last { i64::MAX } else { number::first_at(end) };
        let later = self.kept.split_off(&bound);
        let ripe = std::mem::replace(&mut self.kept, later);
        self.make_pages(&ripe, invalid);
        self.day = end;
        self.over = is_last;
        Ok(())
    }

    fn keep(&mut self, event: Event, invalid: &mut Vec<InvalidRecord>) {
        let number = number::of(&event);
        if number <= self.after {
            return;
        }
        match self.kept.get(&number) {
            Some(other) if other.id != event.id => {
                let why = "shares its second and its check number with another event; look at it by hand";
                invalid.push(InvalidRecord::new(event.id.as_str(), "id", why));
            }
            _ => {
                self.kept.insert(number, event);
            }
        }
    }

    fn make_pages(&mut self, ripe: &BTreeMap<i64, Event>, invalid: Vec<InvalidRecord>) {
        let mut pages: Vec<EventPage> = Vec::new();
        for chunk in ripe.iter().collect::<Vec<_>>().chunks(PAGE) {
            let events = chunk.iter().map(|(number, event)| access_event(event, **number, &self.leavers)).collect();
            self.after = chunk.last().map_or(self.after, |(number, _)| **number);
            pages.push(EventPage { events, invalid: Vec::new(), cursor: Cursor { position: self.after }, life: None });
        }
        match pages.last_mut() {
            Some(last) => last.invalid = invalid,
            None if invalid.is_empty() => {}
            None => pages.push(EventPage {
                events: Vec::new(),
                invalid,
                cursor: Cursor { position: self.after },
                life: None,
            }),
        }
        self.ready.extend(pages);
    }
}

/// The event as the engine knows it.
fn access_event(event: &Event, number: i64, leavers: &Leavers) -> AccessEvent {
    let (class, direction) = match &event.event_type {
        kind if kind.is_in() => (EventClass::SignIn, Direction::In),
        kind if kind.is_out() => (EventClass::SignOut, Direction::Out),
        _ => (EventClass::Other, Direction::Unknown),
    };
    AccessEvent {
        number,
        occurred: event.at,
        class,
        code: code(event),
        person: event.person.as_ref().map(|person| person.as_str().into()),
        device: Some(event.device_or_none().as_str().into()),
        credential: None,
        direction,
        identity: Some(event.id.as_str().to_owned()),
        remark: remark(event, leavers),
    }
}

/// What speaks against booking an event, the weightiest first. What the link makes of it are its settings.
fn remark(event: &Event, leavers: &Leavers) -> Option<Remark> {
    let left = event.person.as_ref().and_then(|person| leavers.get(person.as_str()));
    let by_hand = matches!(event.method, Some(Method::Operator | Method::Import));
    match () {
        () if event.voided => Some(Remark::Voided),
        () if left.is_some_and(|left| event.at.to_utc() > *left) => Some(Remark::AfterLeaving),
        () if event.is_automatic() => Some(Remark::Automatic),
        () if by_hand => Some(Remark::ByHand),
        () => None,
    }
}

/// A row that cannot be read: kept as rejected, under its number where it has one.
fn unreadable(number: Option<i64>, item: &crate::InvalidItem) -> InvalidRecord {
    let id = match (number, &item.id) {
        (Some(number), _) => number.to_string(),
        (None, Some(id)) => format!("event {id}"),
        (None, None) => format!("row {}", item.position + 1),
    };
    InvalidRecord::new(id, &item.field, &item.reason)
}

/// A number for reports: the kind of event, and by hundreds how it came about.
fn code(event: &Event) -> i64 {
    let kind = match event.event_type {
        EventType::SignIn => 1,
        EventType::SignOut => 2,
        EventType::BreakOut => 3,
        EventType::BreakIn => 4,
        EventType::Safe => 5,
        EventType::Unknown(_) => 0,
    };
    let method = match event.method {
        None | Some(Method::Unknown(_)) => 0,
        Some(Method::Touch) => 100,
        Some(Method::Card) => 200,
        Some(Method::Barcode) => 300,
        Some(Method::App) => 400,
        Some(Method::Web) => 500,
        Some(Method::Operator) => 600,
        Some(Method::Automatic) => 700,
        Some(Method::Import) => 800,
    };
    kind + method
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::tests::event;

    fn left(at: &str) -> Leavers {
        Arc::new(BTreeMap::from([("318".to_owned(), at.parse().unwrap())]))
    }

    #[test]
    fn each_kind_of_event_has_its_class() {
        for (kind, class, direction) in [
            (EventType::SignIn, EventClass::SignIn, Direction::In),
            (EventType::BreakIn, EventClass::SignIn, Direction::In),
            (EventType::SignOut, EventClass::SignOut, Direction::Out),
            (EventType::BreakOut, EventClass::SignOut, Direction::Out),
            (EventType::Safe, EventClass::Other, Direction::Unknown),
            (EventType::Unknown("photo".to_owned()), EventClass::Other, Direction::Unknown),
        ] {
            let taken = access_event(&event("ev-1", kind.clone()), 7, &Leavers::default());
            assert_eq!((taken.class, taken.direction, taken.number), (class, direction, 7), "{kind}");
            assert_eq!(taken.identity.as_deref(), Some("ev-1"));
        }
    }

    #[test]
    fn an_event_without_a_device_is_of_the_device_that_stands_for_none() {
        let mut event = event("ev-1", EventType::SignIn);
        event.device = None;
        assert_eq!(access_event(&event, 1, &Leavers::default()).device, Some("none".into()));
    }

    #[test]
    fn the_weightiest_remark_wins() {
        let mut event = event("ev-1", EventType::SignOut);
        let none = Leavers::default();
        assert_eq!(remark(&event, &none), None);
        event.method = Some(Method::Operator);
        assert_eq!(remark(&event, &none), Some(Remark::ByHand));
        event.automatic = true;
        assert_eq!(remark(&event, &none), Some(Remark::Automatic));
        assert_eq!(remark(&event, &left("2026-03-02T07:41:09Z")), Some(Remark::Automatic), "the last day counts");
        assert_eq!(remark(&event, &left("2026-03-02T07:41:08Z")), Some(Remark::AfterLeaving));
        event.voided = true;
        assert_eq!(remark(&event, &left("2026-03-02T07:41:08Z")), Some(Remark::Voided));
    }
}
