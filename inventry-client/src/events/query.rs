//! Asking for events.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use connector_http::profile::{PagingStyle, PathTemplate};
use connector_http::{Error, ErrorKind};
use futures::stream::{self, BoxStream, StreamExt as _};

use super::model::Event;
use super::visit::Visit;
use crate::call::Named;
use crate::client::{InventryClient, RawPage};
use crate::id::{DeviceId, SiteId};
use crate::profile::{by_day, lookback_days};
use crate::reading::{InvalidItem, Listing, Wanted, protocol};

/// The events of an installation.
#[derive(Clone, Debug)]
pub struct Events(InventryClient);

/// How a server keeps events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventStyle {
    /// A log with rising numbers: read on from the last one.
    Numbered,
    /// Events without a number: read on from an instant, and again what may have come late.
    ByInstant,
    /// Records with both times, completed when the person goes.
    Visits,
}

/// Some of the events, in order of arrival; those of staff only.
#[derive(Clone, Debug)]
#[must_use = "`page`, `pages` or `follow` asks the server"]
pub struct EventQuery {
    pub(super) client: InventryClient,
    pub(super) after: Option<i64>,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    site: Option<SiteId>,
    device: Option<DeviceId>,
    limit: Option<u32>,
}

/// A part of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventPage {
    /// Events of staff.
    pub events: Vec<Event>,
    /// Those that are there but could not be read, each with its number where it has one.
    pub invalid: Vec<(Option<i64>, InvalidItem)>,
    /// How many were of other people. Nothing of them is kept.
    pub dropped: u64,
    /// The highest number of the page, of other people's events too: where to read on.
    pub position: Option<i64>,
    /// The newest number, where the server tells it.
    pub last: Option<i64>,
    /// Whether there was nothing behind this page.
    pub is_end: bool,
}

impl Events {
    pub(crate) fn new(client: InventryClient) -> Self {
        Self(client)
    }

    /// How the server keeps events, by the profile.
    pub fn style(&self) -> EventStyle {
        let profile = self.0.profile();
        if profile.text("events", "style") == Some("visit") {
            EventStyle::Visits
        } else if profile.has_field("event", "seq") && profile.parameter("after").is_some() {
            EventStyle::Numbered
        } else {
            EventStyle::ByInstant
        }
    }

    /// The events from the oldest that the server has. Needs a numbered log.
    pub fn all(&self) -> EventQuery {
        EventQuery { client: self.0.clone(), after: None, from: None, to: None, site: None, device: None, limit: None }
    }

    /// The events with numbers above this one. Needs a numbered log.
    pub fn after(&self, number: i64) -> EventQuery {
        EventQuery { after: Some(number), ..self.all() }
    }

    /// The ways of visits and the events between two instants, whatever the style, in no particular order.
    ///
    /// Visits are read from the days before as well, since they may have been completed in between. What happened in the
    /// span counts, and what the server stored in it.
    ///
    /// # Errors
    /// As any read: see [`ErrorKind`].
    pub async fn between(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Listing<Event>, Error> {
        self.between_at(&[], from, to).await
    }

    /// As [`Events::between`], at some sites; none means all.
    ///
    /// # Errors
    /// As any read: see [`ErrorKind`].
    pub async fn between_at(
        &self,
        sites: &[SiteId],
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Listing<Event>, Error> {
        let mut listing = match self.style() {
            EventStyle::Visits => ways(self.visits(sites, from, to).await?),
            EventStyle::Numbered | EventStyle::ByInstant => self.list(sites, from, to).await?,
        };
        let inside = |instant: DateTime<Utc>| from <= instant && instant < to;
        listing.items.retain(|event| {
            let here = sites.is_empty() || event.site.as_ref().is_none_or(|site| sites.contains(site));
            here && (inside(event.at.to_utc()) || inside(event.known_at()))
        });
        Ok(listing)
    }

    async fn list(&self, sites: &[SiteId], from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Listing<Event>, Error> {
        let url = self.span("events", sites, from, to)?;
        self.0.list::<Event, EventsCall>(url, None, Wanted::default()).await
    }

    async fn visits(&self, sites: &[SiteId], from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Listing<Visit>, Error> {
        let back = TimeDelta::days(lookback_days(self.0.profile()));
        let from = from.checked_sub_signed(back).unwrap_or(from);
        if let Some(path) = by_day(self.0.profile()) {
            return self.visits_by_day(&path, sites, from, to).await;
        }
        let url = self.span("events", sites, from, to)?;
        self.0.list::<Visit, VisitsCall>(url, None, Wanted::default()).await
    }

    async fn visits_by_day(
        &self,
        path: &PathTemplate,
        sites: &[SiteId],
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Listing<Visit>, Error> {
        let sites: Vec<String> = match sites {
            // Without a place for the site the days of all sites are one.
            _ if !path.holes().contains(&"site") => vec![String::new()],
            [] => self.0.sites().list().await?.items.into_iter().map(|site| site.id.to_string()).collect(),
            sites => sites.iter().map(ToString::to_string).collect(),
        };
        let root = self.0.url("root", &[])?;
        let zone = self.0.time_zone().await?.unwrap_or(Tz::UTC);
        let mut whole = Listing::default();
        for day in days(from.with_timezone(&zone).date_naive(), to.with_timezone(&zone).date_naive()) {
            let date = day.format("%Y-%m-%d").to_string();
            for site in &sites {
                let mut url = path.below(&root, &[("site", site), ("date", &date)])?;
                self.0.query_wanted(&mut url, &Wanted::default());
                let mut part = self.0.list::<Visit, VisitsCall>(url, None, Wanted::default()).await?;
                whole.items.append(&mut part.items);
                whole.invalid.append(&mut part.invalid);
                whole.dropped += part.dropped;
            }
        }
        // A visit over midnight may stand in both days.
        let mut seen = BTreeSet::new();
        whole.items.retain(|visit: &Visit| seen.insert(visit.common.id.clone()));
        Ok(whole)
    }

    fn span(&self, path: &str, sites: &[SiteId], from: DateTime<Utc>, to: DateTime<Utc>) -> Result<url::Url, Error> {
        let mut url = self.0.url(path, &[])?;
        self.0.query_instant(&mut url, "from", from);
        self.0.query_instant(&mut url, "to", to);
        if let [site] = sites {
            self.0.query(&mut url, "site", site.as_str());
        }
        self.0.query_wanted(&mut url, &Wanted::default());
        Ok(url)
    }
}

impl EventQuery {
    /// Only events that happened at this instant or later.
    pub fn from(mut self, instant: DateTime<Utc>) -> Self {
        self.from = Some(instant);
        self
    }

    /// Only events that happened before this instant.
    pub fn to(mut self, instant: DateTime<Utc>) -> Self {
        self.to = Some(instant);
        self
    }

    /// Only events at a site.
    pub fn site(mut self, site: impl Into<SiteId>) -> Self {
        self.site = Some(site.into());
        self
    }

    /// Only events at a device.
    pub fn device(mut self, device: impl Into<DeviceId>) -> Self {
        self.device = Some(device.into());
        self
    }

    /// How many at a time.
    pub fn page_size(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Reads one page.
    ///
    /// # Errors
    /// `NotFound` if the log no longer reaches back to the place
    /// ([`is_cursor_expired`](crate::error::is_cursor_expired)); `Config` if the server does not count its events; else as
    /// any read.
    pub async fn page(&self) -> Result<EventPage, Error> {
        self.page_waiting(None).await
    }

    /// Reads page after page up to the newest event. The first error ends the stream.
    pub fn pages(self) -> BoxStream<'static, Result<EventPage, Error>> {
        stream::unfold(Some(self), |query| async move {
            let mut query = query?;
            match query.page().await {
                Ok(page) if page.is_end => Some((Ok(page), None)),
                Ok(page) => match query.advance(&page) {
                    Ok(()) => Some((Ok(page), Some(query))),
                    Err(error) => Some((Err(error), None)),
                },
                Err(error) => Some((Err(error), None)),
            }
        })
        .boxed()
    }

    /// Moves on behind a page; a page that leads nowhere is an error.
    pub(super) fn advance(&mut self, page: &EventPage) -> Result<(), Error> {
        if page.position.is_some_and(|position| self.after.is_none_or(|after| position > after)) {
            self.after = page.position;
            return Ok(());
        }
        let text = "the log shows the same page again: does the server know the parameter for where to read on?";
        Err(Error::new(ErrorKind::Protocol, text).with_operation(EventsCall::NAME))
    }

    pub(super) async fn page_waiting(&self, seconds: Option<u64>) -> Result<EventPage, Error> {
        let client = &self.client;
        if client.events().style() != EventStyle::Numbered {
            let text = "the profile says that this server does not count its events: read them by time";
            return Err(Error::new(ErrorKind::Config, text).with_operation(EventsCall::NAME));
        }
        let mut url = client.url("events", &[])?;
        let mut add = |name, value: &str| client.query(&mut url, name, value);
        if let Some(after) = self.after {
            add("after", &after.to_string());
        }
        if let Some(seconds) = seconds {
            add("wait", &seconds.to_string());
        }
        if let Some(site) = &self.site {
            add("site", site.as_str());
        }
        if let Some(device) = &self.device {
            add("device", device.as_str());
        }
        for (name, instant) in [("from", self.from), ("to", self.to)] {
            if let Some(instant) = instant {
                client.query_instant(&mut url, name, instant);
            }
        }
        client.query_wanted(&mut url, &Wanted::default());
        let RawPage { values, body, path, has_next } = client.page::<EventsCall>("event", url, self.limit).await?;
        let mut listing = Listing::default();
        client.append::<Event, EventsCall>(&values, &path, &Wanted::default(), &mut listing).await?;
        let profile = client.profile();
        let number = |value| profile.item("event", value, &path).int_opt("seq").ok().flatten();
        let numbers: Vec<Option<i64>> = values.iter().map(number).collect();
        let numbered = |item: InvalidItem| (numbers.get(item.position).copied().flatten(), item);
        let linked = profile.paging().style() == PagingStyle::Link;
        Ok(EventPage {
            events: listing.items,
            invalid: listing.invalid.into_iter().map(numbered).collect(),
            dropped: listing.dropped,
            position: numbers.iter().flatten().max().copied(),
            last: profile.item("page", &body, &path).int_opt("last").map_err(protocol)?,
            is_end: values.is_empty() || (linked && !has_next),
        })
    }
}

fn ways(visits: Listing<Visit>) -> Listing<Event> {
    Listing {
        items: visits.items.iter().flat_map(Visit::events).collect(),
        invalid: visits.invalid,
        dropped: visits.dropped,
        as_of: visits.as_of,
    }
}

/// All days from one to another, both included.
fn days(from: NaiveDate, to: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    std::iter::successors(Some(from), |day| day.checked_add_days(Days::new(1))).take_while(move |day| *day <= to)
}

pub(super) struct EventsCall;

impl Named for EventsCall {
    const NAME: &'static str = "inventry.events";
}

struct VisitsCall;

impl Named for VisitsCall {
    const NAME: &'static str = "inventry.visits";
}
