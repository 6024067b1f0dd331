//! What an answer means for what is known, when to ask again, and who must hear of it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::schedule::{self, Pace};
use super::state::FeedState;
use super::{Alarm, AlarmKind, Answer, Failure, FeedBody, FeedSettings, Fetched, alarm, guard};
use crate::{Options, RejectedKind, read};

/// What a request came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// A whole calendar with a change in it.
    New,
    /// A whole calendar that says what was known.
    Unchanged,
    /// The server says that nothing changed.
    NotModified,
    /// A whole calendar that lacks too much at once: additions and changes were taken over, what is missing stays.
    Held,
    /// Something else than a calendar.
    NotACalendar,
    /// Part of a calendar.
    Truncated,
    /// A calendar that costs too much, or cannot be read at all.
    Rejected,
    /// The server does not accept the link (401, 403).
    Denied,
    /// There is no such feed (404, 410).
    Gone,
    /// The server asks for fewer requests (429, 503).
    Busy,
    /// The link leads somewhere that is not asked.
    Refused,
    /// No usable answer.
    Failed,
}

/// How a request went, for logs, pages and alarms. It holds no link and no personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PollReport {
    /// Name of the feed.
    pub feed: String,
    /// What it came to.
    pub outcome: Outcome,
    /// The same for a person, with the cause.
    pub detail: String,
    /// Status of the last answer, if there was any.
    pub status: Option<u16>,
    /// Bookings in force now.
    pub bookings: usize,
    /// When to ask again.
    pub next_try: DateTime<Utc>,
    /// Alarms that began, or whose matter changed.
    pub alarms: Vec<Alarm>,
    /// Alarms that are over.
    pub ended: Vec<AlarmKind>,
    /// Why the state could not be read or kept, where that failed.
    pub store_fault: Option<String>,
}

impl Outcome {
    /// Stable word for logs, pages and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Unchanged => "unchanged",
            Self::NotModified => "not_modified",
            Self::Held => "held",
            Self::NotACalendar => "not_a_calendar",
            Self::Truncated => "truncated",
            Self::Rejected => "rejected",
            Self::Denied => "denied",
            Self::Gone => "gone",
            Self::Busy => "busy",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }

    /// Whether the answer was accepted.
    pub fn is_good(self) -> bool {
        matches!(self, Self::New | Self::Unchanged | Self::NotModified)
    }

    /// Whether the link leads to a calendar, be it believed or not.
    pub(super) fn is_calendar(self) -> bool {
        self.is_good() || self == Self::Held
    }
}

/// Everything that a request changes, except for the request itself.
pub(super) fn judge(
    name: &str,
    settings: &FeedSettings,
    options: &Options,
    state: &mut FeedState,
    fetched: Fetched,
    now: DateTime<Utc>,
    chance: f64,
) -> PollReport {
    let Fetched { answer, status, moved } = fetched;
    state.first_try.get_or_insert(now);
    let verdict = Verdict::of(state, options, answer, status, now);
    let outcome = verdict.outcome;
    if outcome.is_good() {
        state.last_good = Some(now);
    }
    // Readings agree only if nothing else came between them.
    if !outcome.is_calendar()
        && let Some(hold) = &mut state.hold
    {
        hold.polls = 0;
    }
    state.failures = if verdict.pace == Pace::Usual { 0 } else { state.failures.saturating_add(1) };
    let wait = schedule::wait(settings.interval, state.asked(), verdict.pace, state.failures, chance);
    let next_try = now + TimeDelta::from_std(wait).unwrap_or(schedule::longest_wait());
    state.last_try = Some(now);
    state.next_try = Some(next_try);
    (state.status, state.outcome) = (status, Some(outcome));
    state.detail.clone_from(&verdict.detail);
    let (alarms, ended) = alarm::turn_over(state, settings, moved.as_deref(), now);
    PollReport {
        feed: name.to_owned(),
        outcome,
        detail: verdict.detail,
        status,
        bookings: state.bookings.len(),
        next_try,
        alarms,
        ended,
        store_fault: None,
    }
}

struct Verdict {
    outcome: Outcome,
    detail: String,
    pace: Pace,
}

impl Verdict {
    fn of(state: &mut FeedState, options: &Options, answer: Answer, status: Option<u16>, now: DateTime<Utc>) -> Self {
        match answer {
            Answer::Body(body) => Self::body(state, options, body, now),
            Answer::NotModified { max_age } => Self::not_modified(state, max_age),
            Answer::Status { retry_after } => Self::status(status.unwrap_or_default(), retry_after),
            Answer::Failed(failure) => Self::failure(&failure),
        }
    }

    fn usual(outcome: Outcome, detail: impl Into<String>) -> Self {
        Self { outcome, detail: detail.into(), pace: Pace::Usual }
    }

    fn away(detail: impl Into<String>) -> Self {
        Self { outcome: Outcome::Failed, detail: detail.into(), pace: Pace::Away }
    }

    fn body(state: &mut FeedState, options: &Options, body: FeedBody, now: DateTime<Utc>) -> Self {
        let snapshot = match read(&body.bytes, options) {
            Ok(snapshot) if snapshot.complete => snapshot,
            Ok(_) => return Self::usual(Outcome::Truncated, "the calendar ends before it is whole"),
            Err(rejected) if matches!(rejected.kind(), RejectedKind::NotACalendar | RejectedKind::NoFeed) => {
                return Self::usual(Outcome::NotACalendar, "the answer is something else than a calendar of bookings");
            }
            Err(rejected) => {
                return Self::usual(Outcome::Rejected, format!("the calendar is refused ({})", rejected.kind()));
            }
        };
        state.asked_seconds = longest([snapshot.refresh_seconds, body.max_age.map(|age| age.as_secs())]);
        state.dialect = Some(snapshot.dialect);
        state.problems.clone_from(&snapshot.problems);
        state.problems_total = snapshot.problems_total;
        let found = snapshot.bookings.len();
        let outcome = guard::take_over(state, snapshot, Some(body.validators).filter(|v| !v.is_empty()), now);
        let detail = match &state.hold {
            Some(hold) => {
                format!("{found} bookings read, {} are missing or without a room at once and stay", hold.missing.len())
            }
            None => format!("{found} bookings read"),
        };
        Self::usual(outcome, detail)
    }

    /// True is what the last accepted answer said, which is not what a doubtful one said since: that is read again.
    fn not_modified(state: &mut FeedState, max_age: Option<Duration>) -> Self {
        if state.validators.is_none() || state.last_good.is_none() {
            return Self::away("the server says that nothing changed since nothing was read");
        }
        if state.hold.take().is_some() {
            state.validators = None;
        }
        state.asked_seconds = longest([state.asked_seconds, max_age.map(|age| age.as_secs())]);
        Self::usual(Outcome::NotModified, "nothing changed")
    }

    fn status(status: u16, retry_after: Option<Duration>) -> Self {
        match status {
            401 | 403 => Self::usual(Outcome::Denied, format!("the server does not accept the link (status {status})")),
            404 | 410 => Self::usual(Outcome::Gone, format!("the server has no such feed (status {status})")),
            429 | 503 => Self {
                outcome: Outcome::Busy,
                detail: format!("the server asks for fewer requests (status {status})"),
                pace: Pace::Busy(retry_after),
            },
            _ => Self::away(format!("the server gives no calendar (status {status})")),
        }
    }

    fn failure(failure: &Failure) -> Self {
        let detail = failure.to_string();
        match failure {
            Failure::Broken => Self::usual(Outcome::Truncated, detail),
            Failure::TooLarge | Failure::Bomb => Self::usual(Outcome::Rejected, detail),
            Failure::Redirect(_) | Failure::PrivateAddress | Failure::PlainHttp => {
                Self::usual(Outcome::Refused, detail)
            }
            Failure::Connect(_) | Failure::Timeout | Failure::Config(_) | Failure::Protocol(_) => Self::away(detail),
        }
    }
}

fn longest<const N: usize>(seconds: [Option<u64>; N]) -> Option<u64> {
    seconds.into_iter().flatten().max()
}
