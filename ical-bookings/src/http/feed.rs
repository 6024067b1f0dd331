//! One feed: its link, how it is read, and a request for it.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use connector_http::Trust;
use sha2::{Digest, Sha256};

use super::state::Mark;
use super::{FeedLink, FeedState, FeedStatus, Fetched, Outcome, PollReport, Validators, fetch, judge};
use crate::{Options, Window};

/// One feed. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Feed(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: String,
    link: FeedLink,
    settings: FeedSettings,
    options: Options,
    /// What the validators of an answer depend on.
    digest: Mark,
}

/// How a feed is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FeedSettings {
    /// How often; never more than once a minute.
    pub interval: Duration,
    /// Who asks, as the server sees it.
    pub user_agent: String,
    /// Plain http is good enough: whoever sits between can open doors.
    pub allow_http: bool,
    /// This machine, its own link and the metadata service of a cloud may be asked.
    pub allow_private: bool,
    /// Which server certificates are believed.
    pub trust: Trust,
    /// After how long without an accepted answer somebody must hear of it again.
    pub stale_after: Duration,
    /// To connect.
    pub connect_timeout: Duration,
    /// For everything, redirects and body included.
    pub whole_timeout: Duration,
}

impl Default for FeedSettings {
    /// Every 10 minutes over https, with 10 seconds to connect and 60 in all; stale after a day.
    fn default() -> Self {
        Self {
            interval: Duration::from_mins(10),
            user_agent: concat!("ical-bookings/", env!("CARGO_PKG_VERSION")).to_owned(),
            allow_http: false,
            allow_private: false,
            trust: Trust::default(),
            stale_after: Duration::from_hours(24),
            connect_timeout: Duration::from_secs(10),
            whole_timeout: Duration::from_mins(1),
        }
    }
}

impl Feed {
    /// A feed by its link. Window and time of the options are set anew at each reading.
    pub fn new(name: impl Into<String>, link: FeedLink, mut settings: FeedSettings, mut options: Options) -> Self {
        settings.interval = settings.interval.max(Duration::from_mins(1));
        options.now = None;
        options.window = Window::new(DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH);
        let digest = digest(&link, &options);
        Self(Arc::new(Inner { name: name.into(), link, settings, options, digest }))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Its link, which shows itself without its secret.
    pub fn link(&self) -> &FeedLink {
        &self.0.link
    }

    /// How it is asked for.
    pub fn settings(&self) -> &FeedSettings {
        &self.0.settings
    }

    /// How a body is read at this time: from two days ago to the horizon.
    pub fn options(&self, now: DateTime<Utc>) -> Options {
        let mut options = self.0.options.clone();
        options.now = Some(now);
        options.window = Window::new(now - TimeDelta::days(2), now + options.horizon);
        options
    }

    /// Whether a request is due: its time has come, or the feed is to be read in another way than before.
    ///
    /// Only a server that asked for fewer requests is left alone whatever changed here.
    pub fn is_due(&self, state: &FeedState, now: DateTime<Utc>) -> bool {
        let changed = state.settings != self.0.digest && state.outcome != Some(Outcome::Busy);
        changed || state.is_due(now)
    }

    /// Makes one request and brings the state up to date. The caller keeps the state on disk before it acts on it.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the state as it was.
    pub async fn poll(&self, state: &mut FeedState, now: DateTime<Utc>) -> PollReport {
        let fetched = self.fetch(self.validators(state, now), now).await;
        // Reading a large body takes its time, which is not taken from others.
        let (feed, mut next, chance) = (self.clone(), state.clone(), chance());
        let judged = tokio::task::spawn_blocking(move || {
            let report = feed.judge(&mut next, fetched, now, chance);
            (report, next)
        });
        let report = if let Ok((report, next)) = judged.await {
            *state = next;
            report
        } else {
            // The reader does not panic; if it did, this answer was none.
            let failure = super::Failure::Protocol("the calendar could not be read");
            self.judge(state, Fetched::new(super::Answer::Failed(failure), None), now, chance)
        };
        tracing::info!(
            feed = self.name(),
            link = self.link().label(),
            outcome = report.outcome.as_str(),
            status = report.status,
            bookings = report.bookings,
            alarms = report.alarms.len(),
            "feed read"
        );
        report
    }

    /// Makes one request and changes nothing.
    pub async fn fetch(&self, validators: Option<&Validators>, now: DateTime<Utc>) -> Fetched {
        let largest = self.0.options.limits.body;
        fetch::fetch(&self.0.link, &self.0.settings, validators, largest, now).await
    }

    /// Looks up where a connection would go, and whether it may.
    #[cfg(feature = "sync")]
    pub(crate) async fn address(&self) -> Result<(), super::Failure> {
        super::address::allowed(&self.0.link.server(), self.0.settings.allow_private).await.map(drop)
    }

    /// Brings the state up to date with an answer. `chance` (0 to 1) spreads the next request.
    pub fn judge(&self, state: &mut FeedState, fetched: Fetched, now: DateTime<Utc>, chance: f64) -> PollReport {
        if state.settings != self.0.digest {
            state.settings.clone_from(&self.0.digest);
            state.validators = None;
        }
        judge::judge(&self.0.name, &self.0.settings, &self.options(now), state, fetched, now, chance)
    }

    /// What may be shown.
    pub fn status(&self, state: &FeedState, now: DateTime<Utc>) -> FeedStatus {
        FeedStatus::new(self, state, now)
    }

    /// What to ask with: never under other settings, and once a day without, so that the window moves on.
    fn validators<'a>(&self, state: &'a FeedState, now: DateTime<Utc>) -> Option<&'a Validators> {
        let fresh = |v: &&Validators| v.read_at.is_some_and(|at| now - at < TimeDelta::days(1));
        state.validators.as_ref().filter(fresh).filter(|_| state.settings == self.0.digest)
    }
}

/// Not reversible to the link, and different for each way to read it.
fn digest(link: &FeedLink, options: &Options) -> Mark {
    let mut hash = Sha256::new();
    hash.update(link.digest());
    hash.update(env!("CARGO_PKG_VERSION"));
    hash.update(format!("{options:?}"));
    Mark(hash.finalize().iter().take(8).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// Something between 0 and 1.
fn chance() -> f64 {
    f64::from(getrandom::u32().unwrap_or_default()) / f64::from(u32::MAX)
}
