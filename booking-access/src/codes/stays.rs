//! Which code is wanted when, where each stay has a code of its own. Pure, so that every rule can be tried by itself.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};

use crate::grants::{Grants, Holder};

/// Stays lie at least this far apart: the letter with the next code must have time to arrive.
const APART: Duration = Duration::hours(1);

/// One booking of a person, with graces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// Number of the booking.
    pub booking: i64,
    /// When its doors open.
    pub opens: DateTime<Utc>,
    /// When they close.
    pub closes: DateTime<Utc>,
}

/// Bookings of one person that overlap, touch or lie less than an hour apart: they have one code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CodeStay {
    /// Numbers of the bookings.
    pub bookings: BTreeSet<i64>,
    /// When the first door opens.
    pub opens: DateTime<Utc>,
    /// When the last one closes.
    pub closes: DateTime<Utc>,
}

/// What the code is for that a person has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held<'a> {
    /// They have none.
    Nothing,
    /// It was made to last, or found at the door system.
    Lasting,
    /// It is for the stay with these bookings.
    For(&'a BTreeSet<i64>),
}

/// What becomes of the code of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It stays as it is; be it that there is none.
    Keep,
    /// It stays, and is for this stay from now on.
    Bind(CodeStay),
    /// This stay gets a fresh one. Whatever they have goes.
    Fresh(CodeStay),
    /// Its stay is over, or was called off, and there is no other.
    Retire,
}

impl CodeStay {
    /// The stay of a person that runs, else their next one. Bookings that open nothing need no code; one that has a code keeps
    /// it, since a wrong name in the settings must not cost everybody the code that they were told.
    pub(crate) fn of(grants: &Grants, holder: &Holder, held: Held<'_>, now: DateTime<Utc>) -> Option<Self> {
        let useful = holder.grants.iter().filter(|grant| !grants.doors_of(grant).is_empty());
        let span = |grant: &crate::Grant| Span { booking: grant.booking, opens: grant.opens, closes: grant.closes };
        let mut spans: Vec<Span> = useful.map(span).collect();
        if let Held::For(bookings) = held {
            let named = bookings.iter().filter_map(|booking| Some((*booking, grants.doorless(*booking)?)));
            spans.extend(named.map(|(booking, (opens, closes))| Span { booking, opens, closes }));
        }
        Self::current(spans, now)
    }

    /// The stay that runs, else the next one.
    pub(crate) fn current(mut spans: Vec<Span>, now: DateTime<Utc>) -> Option<Self> {
        spans.sort_by_key(|span| (span.opens, span.closes, span.booking));
        let mut found: Option<Self> = None;
        for span in spans {
            match &mut found {
                Some(stay) if span.opens - stay.closes < APART => stay.join(span),
                Some(stay) if stay.closes > now => break,
                _ => found = Some(Self::begin(span)),
            }
        }
        found.filter(|stay| stay.closes > now)
    }

    fn begin(span: Span) -> Self {
        Self { bookings: BTreeSet::from([span.booking]), opens: span.opens, closes: span.closes }
    }

    fn join(&mut self, span: Span) {
        self.bookings.insert(span.booking);
        self.closes = self.closes.max(span.closes);
    }
}

/// What becomes of the code of a person whose stay is this one, the one that runs or is next.
///
/// A code stays with its bookings as long as one of them is in that stay, however they were moved. One that is for no stay
/// yet takes the first.
pub(crate) fn turn(held: Held<'_>, stay: Option<CodeStay>) -> Turn {
    match (held, stay) {
        (Held::Nothing | Held::Lasting, None) => Turn::Keep,
        (Held::For(_), None) => Turn::Retire,
        (Held::Nothing, Some(stay)) => Turn::Fresh(stay),
        (Held::For(bookings), Some(stay)) if *bookings == stay.bookings => Turn::Keep,
        (Held::For(bookings), Some(stay)) if bookings.is_disjoint(&stay.bookings) => Turn::Fresh(stay),
        (Held::Lasting | Held::For(_), Some(stay)) => Turn::Bind(stay),
    }
}

#[cfg(test)]
#[path = "stays_tests.rs"]
mod tests;
