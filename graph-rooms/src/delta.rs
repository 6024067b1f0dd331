//! Following a room's calendar by its changes. Listed for `Calendars.ReadBasic.All`, documented with `Calendars.Read`.
//!
//! It saves transfer where calendars are large, and knows less: occurrences come without organizer and attendees, which are
//! taken from their series, and an occurrence that is removed from its series is said not to be told at all. So begin a new
//! [`Tracked`] at least once a day; the window does not move along either.

use std::collections::{BTreeMap, BTreeSet};

use connector_http::{Error, ErrorKind, Operation, Replay, get};
use http::Request;
use http::response::Parts;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use url::Url;

use crate::calendar::{Calendar, Event, EventKind, RoomHandle, Window, instant};
use crate::fault::{Fault, FaultKind};
use crate::page::{Invalid, NextLink, Page, Walk};
use crate::route::{UTC_AND_IMMUTABLE, api_with, prefer};

/// A calendar that is followed.
#[derive(Clone, Debug)]
pub struct Tracked {
    window: Window,
    link: Option<NextLink>,
    contents: Contents,
}

#[derive(Clone, Debug, Default)]
struct Contents {
    events: BTreeMap<String, Event>,
    masters: BTreeMap<String, Event>,
    /// Series that are not there any more.
    lost: BTreeSet<String>,
    invalid: BTreeMap<String, Invalid>,
}

/// What a look came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Followed {
    /// Everything was read, as a beginning.
    Whole,
    /// So many changes came.
    Changes(usize),
    /// Graph had forgotten, so everything was read afresh.
    Afresh,
    /// Graph cannot tell changes here, so the calendar was read as it is.
    Plain,
}

impl Tracked {
    /// A calendar to follow, within a window that does not move.
    pub const fn new(window: Window) -> Self {
        let contents = Contents {
            events: BTreeMap::new(),
            masters: BTreeMap::new(),
            lost: BTreeSet::new(),
            invalid: BTreeMap::new(),
        };
        Self { window, link: None, contents }
    }

    /// Its window.
    pub const fn window(&self) -> Window {
        self.window
    }

    /// Everything in it now, with what occurrences take from their series.
    pub fn calendar(&self) -> Calendar {
        let mut calendar = Calendar {
            events: Vec::with_capacity(self.contents.events.len()),
            invalid: self.contents.invalid.values().cloned().collect(),
            pages: 0,
        };
        for event in self.contents.events.values() {
            match self.contents.whole(event) {
                Some(event) => calendar.events.push(event),
                None => calendar.invalid.push(Invalid {
                    id: Some(event.id.clone()),
                    field: "seriesMasterId".to_owned(),
                    why: "its series is not there".to_owned(),
                }),
            }
        }
        calendar
    }
}

impl RoomHandle {
    /// Takes over what changed since the last look, or everything the first time.
    ///
    /// Where Graph forgot, everything is read afresh; where it cannot tell changes, the calendar is read as it is. Until that is
    /// done to the end, what was known stays.
    ///
    /// # Errors
    /// Whatever keeps a page from being read; then nothing has changed.
    pub async fn follow(&self, tracked: &mut Tracked) -> Result<Followed, Error> {
        let began = tracked.link.is_some();
        let base = if began { tracked.contents.clone() } else { Contents::default() };
        let result = match self.round(tracked.window, tracked.link.clone(), base).await {
            Err(error) if began && Fault::of(&error).kind == FaultKind::Resync => {
                self.round(tracked.window, None, Contents::default()).await.map(|round| (round, Followed::Afresh))
            }
            other => other.map(|round| {
                let followed = if began { Followed::Changes(round.changes) } else { Followed::Whole };
                (round, followed)
            }),
        };
        match result {
            Ok((round, followed)) => {
                tracked.link = Some(round.link);
                tracked.contents = round.contents;
                Ok(followed)
            }
            Err(error) if cannot_tell(&error) => {
                let calendar = self.events(tracked.window).await?;
                let mut contents = Contents::default();
                contents.events.extend(calendar.events.into_iter().map(|event| (event.id.clone(), event)));
                contents.set_aside(calendar.invalid);
                (tracked.link, tracked.contents) = (None, contents);
                Ok(Followed::Plain)
            }
            Err(error) => Err(error),
        }
    }

    async fn round(&self, window: Window, link: Option<NextLink>, mut contents: Contents) -> Result<Round, Error> {
        let mut call = CalendarDelta { user: self.user.clone(), window, link };
        let (mut walk, mut changes) = (Walk::new(), 0);
        let link = loop {
            let page = self.client.send(&call).await?;
            changes += page.items.len();
            contents.set_aside(page.invalid);
            for item in page.items {
                contents.take(item);
            }
            match (page.next, page.delta) {
                (Some(next), _) => {
                    walk.follow(&next)?;
                    call.link = Some(next);
                }
                (None, Some(delta)) => break delta,
                (None, None) => {
                    return Err(Error::new(
                        ErrorKind::Protocol,
                        "the list of changes ends without saying how to go on",
                    ));
                }
            }
        };
        for id in contents.wanted() {
            match self.event(&id).await {
                Ok(master) => {
                    contents.masters.insert(id, master);
                }
                Err(error) if Fault::of(&error).kind == FaultKind::NotFound => {
                    contents.lost.insert(id);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Round { link, contents, changes })
    }
}

struct Round {
    link: NextLink,
    contents: Contents,
    changes: usize,
}

impl Contents {
    /// The same thing may come several times: the last one counts. What is not known and goes, goes.
    fn take(&mut self, change: Change) {
        match change {
            Change::Removed(id) => {
                self.events.remove(&id);
                self.masters.remove(&id);
                self.invalid.remove(&id);
            }
            Change::Event(event) if event.kind == Some(EventKind::SeriesMaster) => {
                self.lost.remove(&event.id);
                self.masters.insert(event.id.clone(), *event);
            }
            Change::Event(event) => {
                self.invalid.remove(&event.id);
                self.events.insert(event.id.clone(), *event);
            }
        }
    }

    fn set_aside(&mut self, invalid: Vec<Invalid>) {
        for (at, invalid) in invalid.into_iter().enumerate() {
            let id = invalid.id.clone().unwrap_or_else(|| format!("?{at} {}", invalid.why));
            self.events.remove(&id);
            self.invalid.insert(id, invalid);
        }
    }

    /// Series that occurrences need and nobody has seen.
    fn wanted(&self) -> Vec<String> {
        let bare = self.events.values().filter(|event| is_bare(event));
        let masters: BTreeSet<&String> = bare.filter_map(|event| event.series_master_id.as_ref()).collect();
        let unseen = |id: &&&String| !self.masters.contains_key(**id) && !self.lost.contains(**id);
        masters.iter().filter(unseen).map(|id| (*id).clone()).collect()
    }

    /// An event with what it takes from its series; none where that is not there.
    fn whole(&self, event: &Event) -> Option<Event> {
        if !is_bare(event) {
            return Some(event.clone());
        }
        let master = self.masters.get(event.series_master_id.as_ref()?)?;
        Some(Event {
            id: event.id.clone(),
            kind: event.kind.clone(),
            series_master_id: event.series_master_id.clone(),
            start: event.start.clone(),
            end: event.end.clone(),
            change_key: event.change_key.clone(),
            ..master.clone()
        })
    }
}

/// An occurrence as Graph tells it among changes: its time and its series, nothing else.
fn is_bare(event: &Event) -> bool {
    event.kind == Some(EventKind::Occurrence) && event.organizer.is_none() && event.response_status.is_none()
}

/// The permission does not reach as far, or an endless series is too much for Graph.
fn cannot_tell(error: &Error) -> bool {
    let kind = Fault::of(error).kind;
    matches!(kind, FaultKind::Forbidden | FaultKind::Resync)
        || kind == FaultKind::Transient && error.status().is_some_and(|status| status.as_u16() == 504)
}

/// `GET /users/{user}/calendarView/delta`: what changed in a window.
#[derive(Clone, Debug)]
pub struct CalendarDelta {
    user: String,
    window: Window,
    link: Option<NextLink>,
}

/// One change of a calendar.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Change {
    /// An event as it is now; an occurrence may lack all but its time and its series.
    Event(Box<Event>),
    /// An event that is not there any more, by its id. It may be one that was never seen.
    Removed(String),
}

impl CalendarDelta {
    /// The first round of a window.
    pub fn new(user: impl Into<String>, window: Window) -> Self {
        Self { user: user.into(), window, link: None }
    }

    /// A later page, or the next round.
    pub fn at(&self, link: NextLink) -> Self {
        Self { link: Some(link), ..self.clone() }
    }
}

impl Operation for CalendarDelta {
    const NAME: &'static str = "graph.calendar_delta";
    const REPLAY: Replay = Replay::Safe;
    type Output = Page<Change>;

    fn request(&self, base: &Url) -> Result<Request<Vec<u8>>, Error> {
        let url = match &self.link {
            Some(link) => link.on(base)?,
            None => api_with(
                base,
                &["users", &self.user, "calendarView", "delta"],
                &[("startDateTime", &instant(self.window.from)), ("endDateTime", &instant(self.window.to))],
            )?,
        };
        prefer(get(url)?, &format!("{UTC_AND_IMMUTABLE}, odata.maxpagesize=100"))
    }

    fn response(&self, parts: &Parts, body: &[u8]) -> Result<Page<Change>, Error> {
        Page::read(parts, body)
    }
}

impl<'de> Deserialize<'de> for Change {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let value = Value::deserialize(from)?;
        if value.get("@removed").is_some_and(|removed| !removed.is_null()) {
            let id = value.get("id").and_then(Value::as_str);
            return id
                .map(|id| Self::Removed(id.to_owned()))
                .ok_or_else(|| D::Error::custom("is removed without an id"));
        }
        serde_json::from_value(value).map(|event| Self::Event(Box::new(event))).map_err(D::Error::custom)
    }
}
