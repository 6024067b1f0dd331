//! What somebody must hear of.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::state::FeedState;
use super::{FeedSettings, Outcome};
use crate::ProblemKind;

/// Something that somebody must hear of, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Alarm {
    /// What kind of thing.
    pub kind: AlarmKind,
    /// For a person, without personal data and without the link.
    pub text: String,
}

/// Kinds of alarms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AlarmKind {
    /// The server does not accept the link any more.
    Denied,
    /// The feed does not exist any more.
    Gone,
    /// The link leads somewhere that is not asked.
    Refused,
    /// What comes is no calendar.
    NotACalendar,
    /// The feed has moved for good.
    Moved,
    /// Many bookings are missing at once; they are kept for now.
    SuddenLoss,
    /// Every booking is missing; they are kept until somebody confirms it.
    Empty,
    /// A title looks as if somebody tried to write bookings with it.
    InjectionSuspect,
    /// Nothing was accepted for three intervals.
    Late,
    /// Nothing was accepted for a day, or as long as is set.
    Stale,
}

impl AlarmKind {
    /// Stable word for logs, pages and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Gone => "gone",
            Self::Refused => "refused",
            Self::NotACalendar => "not_a_calendar",
            Self::Moved => "moved",
            Self::SuddenLoss => "sudden_loss",
            Self::Empty => "empty",
            Self::InjectionSuspect => "injection_suspect",
            Self::Late => "late",
            Self::Stale => "stale",
        }
    }

    /// Stays until an answer is accepted again.
    fn is_about_the_link(self) -> bool {
        matches!(self, Self::Denied | Self::Gone | Self::Refused | Self::NotACalendar | Self::Moved)
    }
}

/// Alarms that began, and those that ended, since the last look. An alarm whose matter changed begins again.
pub(super) fn turn_over(
    state: &mut FeedState,
    settings: &FeedSettings,
    moved: Option<&str>,
    now: DateTime<Utc>,
) -> (Vec<Alarm>, Vec<AlarmKind>) {
    let present = present(state, settings, moved, now);
    let mut before = std::mem::take(&mut state.alarms);
    let mut begun = Vec::new();
    for (kind, matter) in present {
        let seen = before.remove(&kind);
        if seen.as_ref() != Some(&matter.about) {
            begun.push(Alarm { kind, text: matter.text });
        }
        state.alarms.insert(kind, matter.about);
    }
    let accepted = state.outcome.is_some_and(Outcome::is_calendar);
    let (stay, ended): (Vec<_>, Vec<_>) =
        before.into_iter().partition(|(kind, _)| kind.is_about_the_link() && !accepted);
    state.alarms.extend(stay);
    (begun, ended.into_iter().map(|(kind, _)| kind).collect())
}

/// What an alarm says, and what makes it the same alarm.
struct Matter {
    about: String,
    text: String,
}

impl Matter {
    fn new(text: impl Into<String>) -> Self {
        Self { about: String::new(), text: text.into() }
    }

    fn about(self, about: impl Into<String>) -> Self {
        Self { about: about.into(), ..self }
    }
}

fn present(
    state: &FeedState,
    settings: &FeedSettings,
    moved: Option<&str>,
    now: DateTime<Utc>,
) -> BTreeMap<AlarmKind, Matter> {
    let mut present = BTreeMap::new();
    let detail = &state.detail;
    let link = match state.outcome {
        Some(Outcome::Denied) => Some((AlarmKind::Denied, "get a new link from the booking system")),
        Some(Outcome::Gone) => Some((AlarmKind::Gone, "get the present link from the booking system")),
        Some(Outcome::Refused) => Some((AlarmKind::Refused, "check the link and what it is allowed")),
        Some(Outcome::NotACalendar) => {
            Some((AlarmKind::NotACalendar, "open the link in a browser to see what it shows"))
        }
        _ => None,
    };
    if let Some((kind, remedy)) = link {
        present.insert(kind, Matter::new(format!("{detail}; bookings known before stay in force; {remedy}")));
    }
    if let Some(to) = moved {
        let text = format!("the feed has moved for good to {to}; put its new link into the settings");
        present.insert(AlarmKind::Moved, Matter::new(text).about(to));
    }
    if let Some(hold) = &state.hold {
        let about = hold.began.to_rfc3339();
        let (kind, text) = if hold.empty {
            let text = format!(
                "the feed is empty, but {} bookings were to come; they stay until somebody confirms that they are gone: a \
                 link that was withdrawn looks like this",
                hold.missing.len()
            );
            (AlarmKind::Empty, text)
        } else {
            let (missing, of) = (hold.missing.len(), hold.of);
            let text = format!(
                "{missing} of {of} bookings are missing, or without a room, at once; they stay until three readings over half an \
                 hour agree, or somebody confirms it"
            );
            (AlarmKind::SuddenLoss, text)
        };
        present.insert(kind, Matter::new(text).about(about));
    }
    if let Some(matter) = suspects(state) {
        present.insert(AlarmKind::InjectionSuspect, matter);
    }
    present.extend(age(state, settings, now));
    present
}

fn suspects(state: &FeedState) -> Option<Matter> {
    let mut lines: Vec<_> = state.problems.iter().filter(|p| p.kind == ProblemKind::InjectionSuspect).collect();
    lines.sort_by_key(|problem| (&problem.uid, &problem.text));
    let count = lines.len();
    let mut about = Sha256::new();
    for problem in &lines {
        about.update(problem.uid.as_deref().unwrap_or_default());
        about.update([0]);
        about.update(&problem.text);
        about.update([0]);
    }
    let about = about.finalize().iter().take(8).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    let text = format!(
        "{count} events look as if a title was used to write bookings of one's own; they and their neighbours open nothing new. \
         Look at their titles in the booking system; newer LibreBooking versions escape such text"
    );
    (count > 0).then(|| Matter::new(text).about(about))
}

fn age(state: &FeedState, settings: &FeedSettings, now: DateTime<Utc>) -> Vec<(AlarmKind, Matter)> {
    let mut alarms = Vec::new();
    if is_late(state, settings, now) {
        let text =
            format!("nothing was accepted for three intervals ({}); bookings known before stay in force", state.detail);
        alarms.push((AlarmKind::Late, Matter::new(text)));
    }
    if is_stale(state, settings, now) {
        let hours = settings.stale_after.as_secs() / 3600;
        let text = format!(
            "nothing was accepted for {hours} hours ({}); bookings known before stay in force until they end, new ones are not seen",
            state.detail
        );
        alarms.push((AlarmKind::Stale, Matter::new(text)));
    }
    alarms
}

/// Nothing was accepted for three intervals.
pub(super) fn is_late(state: &FeedState, settings: &FeedSettings, now: DateTime<Utc>) -> bool {
    let interval = super::schedule::wait(settings.interval, state.asked(), super::schedule::Pace::Usual, 0, 1.0);
    older(state, now, interval.saturating_mul(3))
}

/// Nothing was accepted for as long as is set.
pub(super) fn is_stale(state: &FeedState, settings: &FeedSettings, now: DateTime<Utc>) -> bool {
    older(state, now, settings.stale_after)
}

fn older(state: &FeedState, now: DateTime<Utc>, than: std::time::Duration) -> bool {
    let than = TimeDelta::from_std(than).unwrap_or(TimeDelta::MAX);
    state.last_good.or(state.first_try).is_some_and(|last| now - last >= than)
}
