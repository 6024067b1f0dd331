//! The calendar of a room's mailbox: what is booked, for when, and for whom.
//!
//! Only the room's own calendar proves a booking. Subjects and bodies are never asked for.

mod event;
mod grant;
mod interval;
mod operations;
mod time;

use chrono::{DateTime, TimeDelta, Utc};
use connector_http::Error;
use std::collections::HashSet;

pub use event::{
    Answered, Attendee, AttendeeKind, Event, EventKind, Mailbox, Organizer, Response, Sensitivity, ShowAs,
};
pub use grant::{ExternalOrganizers, Note, Person, Reason, Refusal, RoomBooking, Rules, grant};
pub use interval::{Interval, interval};
pub(crate) use operations::instant;
pub use operations::{CalendarView, GetEvent};
pub use time::{GraphTime, UnknownZone, Zone};

use crate::address::Address;
use crate::client::GraphClient;
use crate::page::{Invalid, Walk};

/// A span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// From, inclusive.
    pub from: DateTime<Utc>,
    /// To, exclusive.
    pub to: DateTime<Utc>,
}

impl Window {
    /// A span of time.
    pub const fn new(from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        Self { from, to }
    }

    /// A day more at both ends: whole days are found by the instant at which they are stored, not by the day they show.
    pub fn widened(self) -> Self {
        let day = TimeDelta::days(1);
        Self {
            from: self.from.checked_sub_signed(day).unwrap_or(self.from),
            to: self.to.checked_add_signed(day).unwrap_or(self.to),
        }
    }

    /// Whether a time has anything in common with it. What only touches its border has not.
    pub fn meets(&self, start: DateTime<Utc>, end: DateTime<Utc>) -> bool {
        start < self.to && end > self.from
    }
}

/// One room's calendar. Reading it needs `Calendars.ReadBasic.All` or `Calendars.Read`.
#[derive(Clone, Debug)]
pub struct RoomHandle {
    pub(crate) client: GraphClient,
    pub(crate) user: String,
}

/// Everything in a room's calendar that has to do with a window: read to the end, or not at all.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Calendar {
    /// The events, each once.
    pub events: Vec<Event>,
    /// Events that are there but could not be read.
    pub invalid: Vec<Invalid>,
    /// Pages that it took.
    pub pages: usize,
}

/// The bookings of one room.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RoomBookings {
    /// Bookings that give access.
    pub granted: Vec<RoomBooking>,
    /// Events that give none, and why.
    pub refused: Vec<Refusal>,
    /// Events that are there but could not be read; what was known of them before is as good as it was.
    pub invalid: Vec<Invalid>,
}

impl RoomHandle {
    /// Whose calendar it is, as Graph is asked.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// All events that overlap a window, without series masters. Nothing is judged.
    ///
    /// # Errors
    /// Whatever keeps any page from being read: then nothing is known. `NotFound` and `Permission` are about this room alone.
    pub async fn events(&self, window: Window) -> Result<Calendar, Error> {
        self.events_by(window, USUAL_PAGE).await
    }

    /// The same with another size of pages, 1 to 1000.
    ///
    /// # Errors
    /// As [`RoomHandle::events`].
    pub async fn events_by(&self, window: Window, page_size: usize) -> Result<Calendar, Error> {
        let first = CalendarView::new(&self.user, window, page_size);
        let page = self.client.send(&first).await?;
        self.rest(&first, page).await
    }

    /// Follows a page to the end of its list.
    pub(crate) async fn rest(
        &self,
        first: &CalendarView,
        mut page: crate::page::Page<Event>,
    ) -> Result<Calendar, Error> {
        let mut calendar = Calendar { events: Vec::new(), invalid: Vec::new(), pages: 1 };
        let (mut known, mut walk) = (HashSet::new(), Walk::new());
        loop {
            // The end of one page may come again at the beginning of the next.
            calendar.events.extend(page.items.into_iter().filter(|event| known.insert(event.id.clone())));
            calendar.invalid.append(&mut page.invalid);
            let Some(link) = page.next else { return Ok(calendar) };
            walk.follow(&link)?;
            page = self.client.send(&first.at(link)).await?;
            calendar.pages += 1;
        }
    }

    /// What is booked in a window, judged by rules.
    ///
    /// # Errors
    /// As [`RoomHandle::events`].
    pub async fn bookings(&self, window: Window, rules: &Rules) -> Result<RoomBookings, Error> {
        let calendar = self.events(window.widened()).await?;
        Ok(calendar.judged(Address::new(&self.user).as_ref(), window, rules))
    }

    /// One event by its id, a series master for one.
    ///
    /// # Errors
    /// `NotFound` where there is none; else as [`RoomHandle::events`].
    pub async fn event(&self, id: &str) -> Result<Event, Error> {
        self.client.send(&GetEvent::new(&self.user, id)).await
    }
}

impl Calendar {
    /// Which events give access. `room` is the room's own address, which is nobody's.
    pub fn judged(self, room: Option<&Address>, window: Window, rules: &Rules) -> RoomBookings {
        let mut bookings = RoomBookings { invalid: self.invalid, ..RoomBookings::default() };
        for event in &self.events {
            match interval(event, rules.zone) {
                Ok(interval) => match grant(event, interval, room, window, rules) {
                    Ok(booking) => bookings.granted.push(booking),
                    Err(refusal) => bookings.refused.push(refusal),
                },
                Err(unknown) => bookings.invalid.push(Invalid {
                    id: Some(event.id.clone()),
                    field: "timeZone".to_owned(),
                    why: unknown.to_string(),
                }),
            }
        }
        bookings
    }
}

const USUAL_PAGE: usize = 100;
