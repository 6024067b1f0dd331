//! The calls about a room's calendar, as values.

use chrono::{DateTime, SecondsFormat, Utc};
use connector_http::{Error, ErrorKind, Operation, Replay, get};
use http::Request;
use http::response::Parts;
use url::Url;

use super::Window;
use super::event::Event;
use crate::answer;
use crate::page::{NextLink, Page, item};
use crate::route::{UTC_AND_IMMUTABLE, api_with, prefer};

/// `GET /users/{user}/calendar/calendarView`: occurrences and single events of a window, never series as a whole.
#[derive(Clone, Debug)]
pub struct CalendarView {
    user: String,
    window: Window,
    page_size: usize,
    link: Option<NextLink>,
}

/// `GET /users/{user}/events/{id}`.
#[derive(Clone, Debug)]
pub struct GetEvent {
    user: String,
    id: String,
}

impl CalendarView {
    /// The first page of a window, with pages of 1 to 1000 events.
    pub fn new(user: impl Into<String>, window: Window, page_size: usize) -> Self {
        Self { user: user.into(), window, page_size: page_size.clamp(1, LARGEST_PAGE), link: None }
    }

    /// A later page of the same list.
    pub fn at(&self, link: NextLink) -> Self {
        Self { link: Some(link), ..self.clone() }
    }
}

impl GetEvent {
    /// An event by its id.
    pub fn new(user: impl Into<String>, id: impl Into<String>) -> Self {
        Self { user: user.into(), id: id.into() }
    }
}

impl Operation for CalendarView {
    const NAME: &'static str = "graph.calendar_view";
    const REPLAY: Replay = Replay::Safe;
    type Output = Page<Event>;

    fn request(&self, base: &Url) -> Result<Request<Vec<u8>>, Error> {
        let url = match &self.link {
            Some(link) => link.on(base)?,
            None => api_with(
                base,
                &["users", &self.user, "calendar", "calendarView"],
                &[
                    ("startDateTime", &instant(self.window.from)),
                    ("endDateTime", &instant(self.window.to)),
                    ("$select", SELECT),
                    // Unsorted pages showed events twice, and so perhaps others never.
                    ("$orderby", "start/dateTime"),
                    ("$top", &self.page_size.to_string()),
                ],
            )?,
        };
        prefer(get(url)?, UTC_AND_IMMUTABLE)
    }

    fn response(&self, parts: &Parts, body: &[u8]) -> Result<Page<Event>, Error> {
        Page::read(parts, body)
    }
}

impl Operation for GetEvent {
    const NAME: &'static str = "graph.get_event";
    const REPLAY: Replay = Replay::Safe;
    type Output = Event;

    fn request(&self, base: &Url) -> Result<Request<Vec<u8>>, Error> {
        let url = api_with(base, &["users", &self.user, "events", &self.id], &[("$select", SELECT)])?;
        prefer(get(url)?, UTC_AND_IMMUTABLE)
    }

    fn response(&self, parts: &Parts, body: &[u8]) -> Result<Event, Error> {
        item(answer::json(parts, body)?).map_err(|invalid| {
            let text = format!("the answer is no event: {} {}", invalid.field, invalid.why);
            Error::new(ErrorKind::Protocol, text).with_status(parts.status)
        })
    }
}

/// With `Z`, since a plus sign of an offset would have to be encoded.
pub(crate) fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// No subject, no body, no link: access needs none of them.
const SELECT: &str = "id,iCalUId,type,seriesMasterId,start,end,originalStartTimeZone,isAllDay,isCancelled,showAs,\
                      sensitivity,responseStatus,organizer,attendees,hideAttendees,changeKey";
const LARGEST_PAGE: usize = 1000;
