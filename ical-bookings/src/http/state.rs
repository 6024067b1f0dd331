//! What is kept of a feed between two requests.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};

use super::{AlarmKind, Outcome, Validators};
use crate::{Booking, Dialect, Problem, ProblemKind};

/// What is kept of a feed between two requests, and over restarts: bookings that are in force, and how the requests went.
///
/// It holds personal data (names and addresses of bookings to come), no texts of bookings, no bodies, and not the link.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FeedState {
    pub(crate) bookings: Vec<Booking>,
    #[serde(deserialize_with = "problems")]
    pub(crate) problems: Vec<Problem>,
    pub(crate) problems_total: u64,
    pub(crate) dialect: Option<Dialect>,
    /// Link and settings under which the validators hold; not the link itself.
    pub(crate) settings: Mark,
    pub(crate) validators: Option<Validators>,
    pub(crate) hold: Option<Hold>,
    /// How seldom the feed asks to be read.
    pub(crate) asked_seconds: Option<u64>,
    pub(crate) failures: u32,
    pub(crate) first_try: Option<DateTime<Utc>>,
    pub(crate) last_try: Option<DateTime<Utc>>,
    pub(crate) last_good: Option<DateTime<Utc>>,
    pub(crate) status: Option<u16>,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) detail: String,
    pub(crate) next_try: Option<DateTime<Utc>>,
    pub(crate) alarms: BTreeMap<AlarmKind, String>,
}

/// A hash that nobody needs to see.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Mark(pub(super) String);

impl fmt::Debug for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mark")
    }
}

/// Names a booking within its feed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BookingKey {
    /// Of the booking or its series.
    pub uid: Arc<str>,
    /// Which one of a series.
    pub instance: Option<DateTime<Utc>>,
}

/// A sudden loss that is not believed yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hold {
    /// What is missing and still stands.
    pub(crate) missing: BTreeSet<BookingKey>,
    /// Known ones that were not over when it began.
    pub(crate) of: usize,
    /// The feed holds nothing at all.
    pub(crate) empty: bool,
    /// Readings in a row that agree.
    pub(crate) polls: u32,
    /// When the first of them was.
    pub(super) since: DateTime<Utc>,
    /// When something was first missing.
    pub(crate) began: DateTime<Utc>,
    /// When the last of them was.
    #[serde(default)]
    pub(super) last: Option<DateTime<Utc>>,
    /// Of the last of them, for the case that it is believed.
    pub(super) validators: Option<Validators>,
}

impl FeedState {
    /// Bookings in force: of the last accepted answer, and whatever a doubtful one did not take away.
    pub fn bookings(&self) -> &[Booking] {
        &self.bookings
    }

    /// What was wrong in the last calendar that was read.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Whether an answer was ever accepted.
    pub fn was_read(&self) -> bool {
        self.last_good.is_some()
    }

    /// When the last answer was accepted: a whole calendar that is believed, whether it says anything new or not, or the
    /// word of the server that nothing changed. A confirmed loss counts from the reading that showed it last.
    pub fn last_good(&self) -> Option<DateTime<Utc>> {
        self.last_good
    }

    /// When the next request is due; none before the first.
    pub fn next_try(&self) -> Option<DateTime<Utc>> {
        self.next_try
    }

    /// Whether a request is due.
    ///
    /// A clock that was set back by more than a day counts as due, too: nobody waits for a year by mistake.
    pub fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.next_try.is_none_or(|next| next <= now || next - now > super::schedule::longest_wait())
    }

    pub(super) fn asked(&self) -> Option<Duration> {
        self.asked_seconds.map(Duration::from_secs)
    }

    /// An operator says that a sudden loss is true: what is held goes. `false` if nothing is held.
    pub fn confirm(&mut self) -> bool {
        let Some(hold) = self.hold.take() else { return false };
        self.bookings.retain(|booking| !hold.missing.contains(&BookingKey::of(booking)));
        self.last_good = hold.last.or(self.last_good);
        self.validators = hold.validators;
        for kind in [AlarmKind::SuddenLoss, AlarmKind::Empty] {
            self.alarms.remove(&kind);
        }
        true
    }
}

impl BookingKey {
    /// The key of a booking.
    pub fn of(booking: &Booking) -> Self {
        Self { uid: booking.uid.clone(), instance: booking.instance }
    }
}

/// `uid`, or `uid#instance` in a series.
impl fmt::Display for BookingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.uid)?;
        match self.instance {
            Some(instance) => write!(f, "#{}", instance.format("%Y%m%dT%H%M%SZ")),
            None => Ok(()),
        }
    }
}

/// A kind of problem that is not known any more is left out: it is about the past.
fn problems<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Problem>, D::Error> {
    #[derive(Deserialize)]
    struct Shape {
        kind: Option<Known>,
        uid: Option<String>,
        line: u32,
        text: String,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Known {
        Kind(ProblemKind),
        Other(serde::de::IgnoredAny),
    }
    let shapes = Vec::<Shape>::deserialize(from)?.into_iter();
    Ok(shapes
        .filter_map(|Shape { kind, uid, line, text }| match kind? {
            Known::Kind(kind) => Some(Problem { kind, uid, line, text }),
            Known::Other(_) => None,
        })
        .collect())
}
