//! The feeds of one site as an endpoint.

use std::fmt;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use connector_http::{Error, ErrorKind};
use futures::future::FutureExt as _;
use futures::stream::{self, BoxStream, StreamExt as _};
use secrecy::SecretString;
use sync_core::connector::{
    CheckReport, CompleteSignal, End, Endpoint, EndpointIdentity, Key, Page, ReadCaps, Record, SnapshotCaps, Source,
    SyncError, Window,
};
use sync_core::model::{Booking, EndpointName, ExternalId};
use tokio::sync::Mutex;

use super::{FeedConfig, FeedStates, check, merge};
use crate::http::{Feed, FeedState, FeedStatus, Outcome, PollReport};

/// The feeds of one site as a source of bookings.
pub struct IcalSite {
    name: EndpointName,
    pub(super) links: Vec<Link>,
    pub(super) resources: Vec<String>,
    states: Arc<dyn FeedStates>,
    /// Of what the last snapshot told, not of what is known since: a poll in between makes an old list no newer.
    as_of: StdMutex<Option<DateTime<Utc>>>,
}

/// One feed with its section and its state.
pub(super) struct Link {
    pub(super) feed: Feed,
    pub(super) config: FeedConfig,
    /// None until it has been loaded. Never held during a request: what is known can always be read.
    state: Mutex<Option<FeedState>>,
    /// Held by whoever changes the state, so that there is one request at a time.
    turn: Mutex<()>,
}

impl IcalSite {
    /// A site by the sections of its feeds and the links that stand behind their references. `resources` are the names
    /// that the configuration knows.
    ///
    /// # Errors
    /// `Config` with the first fault of a section, or where two have the same name.
    pub fn new(
        name: impl Into<EndpointName>,
        feeds: Vec<(FeedConfig, SecretString)>,
        resources: &[String],
        states: Arc<dyn FeedStates>,
    ) -> Result<Self, Error> {
        let mut links: Vec<Link> = Vec::with_capacity(feeds.len());
        for (config, link) in feeds {
            if links.iter().any(|other| other.config.name == config.name) {
                let text = format!("two feeds are called {}: give each a name of its own", config.name);
                return Err(Error::new(ErrorKind::Config, text));
            }
            links.push(Link {
                feed: config.feed(&link, resources)?,
                config,
                state: Mutex::default(),
                turn: Mutex::default(),
            });
        }
        Ok(Self { name: name.into(), links, resources: resources.to_vec(), states, as_of: StdMutex::default() })
    }

    /// Asks the feeds whose time has come, a few at a time, and keeps what they say. One report for each of these.
    ///
    /// A feed that cannot be reached, or whose state cannot be read, is a report like any other and changes nothing for the
    /// others. A state that cannot be kept is told in its report and holds as long as this site lives.
    pub async fn poll(&self, now: DateTime<Utc>) -> Vec<PollReport> {
        self.poll_links(now, false).await
    }

    /// The same for all feeds at once, for an operator who does not want to wait. Ask sparingly: booking systems block.
    pub async fn poll_all(&self, now: DateTime<Utc>) -> Vec<PollReport> {
        self.poll_links(now, true).await
    }

    /// When the next feed is due; none if there are no feeds. It may lie in the past.
    ///
    /// # Errors
    /// Whatever keeps a state from being read.
    pub async fn next_try(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, SyncError> {
        let mut first: Option<DateTime<Utc>> = None;
        for link in &self.links {
            let state = self.state(link).await?;
            let next = if link.feed.is_due(&state, now) { now } else { state.next_try().unwrap_or(now) };
            first = Some(first.map_or(next, |first| first.min(next)));
        }
        Ok(first)
    }

    /// How the feeds are doing.
    ///
    /// # Errors
    /// Whatever keeps a state from being read.
    pub async fn statuses(&self, now: DateTime<Utc>) -> Result<Vec<FeedStatus>, SyncError> {
        let mut statuses = Vec::with_capacity(self.links.len());
        for link in &self.links {
            statuses.push(link.feed.status(&self.state(link).await?, now));
        }
        Ok(statuses)
    }

    /// An operator says that a sudden loss in a feed is true: what is missing in it goes. `false` if nothing is held there,
    /// or there is no such feed.
    ///
    /// # Errors
    /// Whatever keeps the state from being read or kept; then nothing is confirmed.
    pub async fn confirm(&self, feed: &str) -> Result<bool, SyncError> {
        let Some(link) = self.links.iter().find(|link| link.config.name == feed) else { return Ok(false) };
        let _turn = link.turn.lock().await;
        let mut state = self.state(link).await?;
        if !state.confirm() {
            return Ok(false);
        }
        self.states.save(feed, &state).await?;
        *link.state.lock().await = Some(state);
        Ok(true)
    }

    async fn poll_links(&self, now: DateTime<Utc>, all: bool) -> Vec<PollReport> {
        // Boxed, so that callers may be `Send` whatever the lifetime of a link is.
        let polls: Vec<_> = self.links.iter().map(|link| self.poll_link(link, now, all).boxed()).collect();
        stream::iter(polls).buffered(AT_ONCE).filter_map(|report| async { report }).collect().await
    }

    async fn poll_link(&self, link: &Link, now: DateTime<Utc>, all: bool) -> Option<PollReport> {
        let _turn = link.turn.lock().await;
        let mut state = match self.state(link).await {
            Ok(state) => state,
            Err(error) => return Some(PollReport::unread(link.feed.name(), &error.to_string(), now)),
        };
        if !all && !link.feed.is_due(&state, now) {
            return None;
        }
        let mut report = link.feed.poll(&mut state, now).await;
        if let Err(error) = self.states.save(link.feed.name(), &state).await {
            tracing::error!(feed = link.feed.name(), %error, "the state of a feed is not kept");
            report.store_fault = Some(error.to_string());
        }
        *link.state.lock().await = Some(state);
        Some(report)
    }

    /// The state of a feed, loaded once.
    async fn state(&self, link: &Link) -> Result<FeedState, SyncError> {
        let mut state = link.state.lock().await;
        if let Some(state) = &*state {
            return Ok(state.clone());
        }
        let loaded = self.states.load(link.feed.name()).await?.unwrap_or_default();
        Ok(state.insert(loaded).clone())
    }

    /// Everything that is known, as one list, and when the feed that was not heard of for longest was last looked at.
    async fn known(&self) -> Result<(Page<Booking>, Option<DateTime<Utc>>), SyncError> {
        let mut feeds = Vec::with_capacity(self.links.len());
        for link in &self.links {
            feeds.push((link.feed.name(), self.state(link).await?));
        }
        let complete = feeds.iter().all(|(_, state)| state.was_read());
        // None is less than any time: one feed that was never read leaves the list without a time.
        let as_of = feeds.iter().map(|(_, state)| state.last_good()).min().flatten();
        let merged = merge::merge(&feeds);
        let end = Some(End { count: None, complete });
        Ok((Page { records: merged.records, invalid: merged.invalid, end }, as_of))
    }
}

#[async_trait]
impl Endpoint for IcalSite {
    fn name(&self) -> &EndpointName {
        &self.name
    }

    /// A feed says nothing that proves whose it is.
    async fn identify(&self) -> Result<EndpointIdentity, SyncError> {
        Ok(EndpointIdentity::default())
    }

    async fn check(&self) -> CheckReport {
        check::run(self).await
    }
}

#[async_trait]
impl Source<Booking> for IcalSite {
    fn reads(&self) -> ReadCaps {
        ReadCaps { snapshot: SnapshotCaps::Windowed, complete_signal: CompleteSignal::EndMark, ..ReadCaps::default() }
    }

    /// What is known; nobody is asked. It is complete once every feed has been read, be that before a restart: whatever a
    /// feed that cannot be read now had before is still listed.
    fn snapshot(&self, window: Option<Window>) -> BoxStream<'_, Result<Page<Booking>, SyncError>> {
        let page = async move {
            let (mut page, as_of) = self.known().await?;
            *self.as_of.lock().unwrap_or_else(PoisonError::into_inner) = as_of;
            if let Some(window) = window {
                page.records.retain(|record| record.value.start < window.to && record.value.end > window.from);
            }
            Ok(page)
        };
        stream::once(page).boxed()
    }

    /// When the feeds behind the last snapshot were last looked at with an accepted answer, be it that nothing changed: the
    /// oldest of these times, over restarts too. None until each feed has been read, and before the first snapshot.
    fn as_of(&self) -> Option<DateTime<Utc>> {
        *self.as_of.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn get(&self, id: &ExternalId) -> Result<Option<Record<Booking>>, SyncError> {
        Ok(self.known().await?.0.records.into_iter().find(|record| record.id == *id))
    }

    /// Bookings carry no key but their id.
    async fn find(&self, _by: &Key) -> Result<Vec<Record<Booking>>, SyncError> {
        Ok(Vec::new())
    }
}

impl PollReport {
    /// The state could not be read, so nobody was asked.
    fn unread(feed: &str, why: &str, now: DateTime<Utc>) -> Self {
        Self {
            feed: feed.to_owned(),
            outcome: Outcome::Failed,
            detail: "the state of the feed cannot be read; it is not asked".to_owned(),
            status: None,
            bookings: 0,
            next_try: now + chrono::TimeDelta::minutes(1),
            alarms: Vec::new(),
            ended: Vec::new(),
            store_fault: Some(why.to_owned()),
        }
    }
}

impl fmt::Debug for IcalSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let links: Vec<_> = self.links.iter().map(|link| link.feed.link()).collect();
        f.debug_struct("IcalSite").field("name", &self.name).field("links", &links).finish_non_exhaustive()
    }
}

/// Requests under way together.
const AT_ONCE: usize = 4;
