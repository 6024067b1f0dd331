//! What a reading means for what is known of a room, when to read again, and who must hear of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use connector_http::Error;
use sync_core::model::{Booking, BookingStatus, Participant, ParticipantRole};

use super::report::{Alarm, AlarmKind, Outcome};
use super::states::{Known, RoomProblem, RoomState};
use crate::calendar::{Person, Reason, Refusal, RoomBooking, RoomBookings, Window};
use crate::fault::{Fault, FaultKind};

/// How often rooms are read, and when nobody may be silent about it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beat {
    pub(super) interval: Duration,
    pub(super) stale_after: Duration,
}

/// A whole reading becomes what is known.
pub(super) fn take_over(
    state: &mut RoomState,
    resource: &str,
    address: &str,
    reading: RoomBookings,
    window: Window,
) -> Outcome {
    let mut read = Reading { resource, address, known: BTreeMap::new(), problems: Vec::new() };
    for booking in reading.granted {
        read.granted(booking);
    }
    for refusal in reading.refused {
        read.refused(&refusal, window);
    }
    for invalid in reading.invalid {
        let before = invalid.id.as_deref().and_then(|id| state.bookings.iter().find(|known| known.event == id));
        let id = before.map(|known| known.key.clone()).or(invalid.id).unwrap_or_else(|| "an event".to_owned());
        let text = format!("{resource}: an event cannot be read ({} {})", invalid.field, invalid.why);
        read.problems.push(RoomProblem { id, kind: "unreadable".to_owned(), text });
        if let Some(before) = before {
            // It is there and nobody knows what it says: what was known is as good as it was.
            let booking = Booking { doubtful: true, ..before.booking.clone() };
            read.known.entry(before.key.clone()).or_insert_with(|| Known { booking, ..before.clone() });
        }
    }
    let known: Vec<Known> = read.known.into_values().collect();
    let changed = known != state.bookings || state.last_good.is_none();
    state.bookings = known;
    state.problems_total = read.problems.len() as u64;
    read.problems.truncate(MOST_PROBLEMS);
    state.problems = read.problems;
    if changed { Outcome::New } else { Outcome::Unchanged }
}

struct Reading<'a> {
    resource: &'a str,
    address: &'a str,
    known: BTreeMap<String, Known>,
    problems: Vec<RoomProblem>,
}

impl Reading<'_> {
    fn granted(&mut self, found: RoomBooking) {
        let key = self.key(found.i_cal_uid.as_deref(), &found.event_id, found.start);
        for note in found.notes {
            self.problem(key.clone(), note.as_str(), note.words());
        }
        let booker = found.booker.map(|person| participant(person, ParticipantRole::Booker));
        let others = found.attendees.into_iter().map(|person| participant(person, ParticipantRole::Attendee));
        let booking = Booking {
            start: found.start,
            end: found.end,
            resources: BTreeSet::from([self.resource.to_owned()]),
            people: booker.into_iter().chain(others).collect(),
            status: BookingStatus::Confirmed,
            all_day: found.all_day,
            doubtful: false,
            series: found.i_cal_uid,
        };
        self.keep(Known { key, event: found.event_id, booking });
    }

    /// What Graph says in so many words takes access away at once; what waits is shown as waiting.
    fn refused(&mut self, refusal: &Refusal, window: Window) {
        let key = self.key(refusal.i_cal_uid.as_deref(), &refusal.event_id, refusal.start);
        if matches!(refusal.reason, Reason::UnknownResponse | Reason::ExternalOrganizer | Reason::EmptyTime) {
            // Under an id of its own: it must not stand for the booking, which would keep it.
            self.problem(format!("event {}", refusal.event_id), refusal.reason.as_str(), refusal.reason.words());
        }
        let status = match refusal.reason {
            Reason::Pending => BookingStatus::Tentative,
            Reason::Cancelled
            | Reason::Declined
            | Reason::Free
            | Reason::UnknownResponse
            | Reason::ExternalOrganizer => BookingStatus::Cancelled,
            Reason::SeriesMaster | Reason::EmptyTime | Reason::OutsideWindow => return,
        };
        let Refusal { start, end, .. } = *refusal;
        if start >= end || !window.meets(start, end) {
            return;
        }
        let resources = BTreeSet::from([self.resource.to_owned()]);
        let series = refusal.i_cal_uid.clone();
        let booking = Booking { start, end, resources, status, series, ..Booking::default() };
        self.keep(Known { key, event: refusal.event_id.clone(), booking });
    }

    /// Of two events under one key the one that stands.
    fn keep(&mut self, known: Known) {
        let rank = |known: &Known| rank(known.booking.status);
        match self.known.get(&known.key) {
            Some(other) if rank(other) <= rank(&known) => {}
            _ => {
                self.known.insert(known.key.clone(), known);
            }
        }
    }

    /// The same in every room of a meeting. Occurrences of a series may share the id of the meeting, so its begin is part of it.
    fn key(&self, uid: Option<&str>, event: &str, start: DateTime<Utc>) -> String {
        match uid {
            Some(uid) => format!("{uid}#{}", start.format("%Y%m%dT%H%M%SZ")),
            None => format!("{}/{event}", self.address),
        }
    }

    fn problem(&mut self, id: String, kind: &str, words: &str) {
        let text = format!("{}: {words}", self.resource);
        self.problems.push(RoomProblem { id, kind: kind.to_owned(), text });
    }
}

/// The lower, the more it stands.
pub(super) const fn rank(status: BookingStatus) -> u8 {
    match status {
        BookingStatus::Confirmed => 0,
        BookingStatus::Tentative => 1,
        BookingStatus::Cancelled => 2,
    }
}

fn participant(person: Person, role: ParticipantRole) -> Participant {
    Participant { email: person.email, name: person.name, role }
}

/// What a failure is called in reports.
pub(super) fn outcome_of(error: &Error) -> Outcome {
    match Fault::of(error).kind {
        FaultKind::SignIn(problem) if problem != crate::SignInProblem::Transient => Outcome::SignIn,
        FaultKind::Forbidden => Outcome::Denied,
        FaultKind::NotFound => Outcome::Gone,
        FaultKind::MailboxUnavailable => Outcome::Mailbox,
        FaultKind::Throttled => Outcome::Busy,
        FaultKind::Protocol | FaultKind::Config => Outcome::Rejected,
        _ => Outcome::Failed,
    }
}

/// Takes down how it went and says when to try again. `chance` (0 to 1) spreads the next reading.
pub(super) fn conclude(
    state: &mut RoomState,
    outcome: Outcome,
    error: Option<&Error>,
    beat: Beat,
    now: DateTime<Utc>,
    chance: f64,
) -> DateTime<Utc> {
    state.first_try.get_or_insert(now);
    state.last_try = Some(now);
    state.outcome = Some(outcome);
    state.status = error.and_then(|error| Some(error.status()?.as_u16()));
    if outcome.is_good() {
        state.last_good = Some(now);
        state.failures = 0;
        state.detail = format!("{} bookings", state.bookings.len());
        state.remedy = String::new();
    } else {
        state.failures = state.failures.saturating_add(1);
    }
    if let Some(error) = error {
        state.detail = told(error);
        state.remedy = Fault::of(error).remedy().into_owned();
    }
    let usual = beat.interval;
    let wait = match outcome {
        Outcome::Busy => error.and_then(Error::retry_after).unwrap_or_default().min(LONGEST_ASKED).max(usual),
        _ if outcome.is_lasting() => usual.max(SLOW),
        Outcome::Failed => {
            let doubled = usual.saturating_mul(1 << state.failures.saturating_sub(1).min(8));
            doubled.min(usual.max(LONGEST_BACKOFF))
        }
        _ => usual,
    };
    let wait = wait + usual.mul_f64(0.1 * chance.clamp(0.0, 1.0));
    let next = now + TimeDelta::from_std(wait).unwrap_or(TimeDelta::hours(1));
    state.next_try = Some(next);
    next
}

/// With the id by which the vendor's support finds it.
pub(super) fn told(error: &Error) -> String {
    match error.request_id() {
        Some(id) => format!("{error}, request {id}"),
        None => error.to_string(),
    }
}

/// Alarms that began, and those that ended, since the last look. An alarm whose matter changed begins again.
pub(super) fn alarms(state: &mut RoomState, beat: Beat, now: DateTime<Utc>) -> (Vec<Alarm>, Vec<AlarmKind>) {
    let mut present: BTreeMap<AlarmKind, (String, String)> = BTreeMap::new();
    let kind = match state.outcome {
        Some(Outcome::SignIn) => Some(AlarmKind::SignIn),
        Some(Outcome::Denied) => Some(AlarmKind::Denied),
        Some(Outcome::Gone) => Some(AlarmKind::Gone),
        Some(Outcome::Mailbox) => Some(AlarmKind::Mailbox),
        Some(Outcome::Rejected) => Some(AlarmKind::Rejected),
        _ => None,
    };
    let kept = "bookings known before stay in force until they end";
    if let Some(kind) = kind {
        let about = state.status.map_or_else(String::new, |status| status.to_string());
        present.insert(kind, (about, format!("{}; {kept}; {}", state.detail, state.remedy)));
    }
    if is_late(state, beat, now) {
        let text = format!("not read for three intervals ({}); {kept}", state.detail);
        present.insert(AlarmKind::Late, (String::new(), text));
    }
    if is_stale(state, beat, now) {
        let hours = beat.stale_after.as_secs() / 3600;
        let text = format!("not read for {hours} hours ({}); {kept}, new ones are not seen", state.detail);
        present.insert(AlarmKind::Stale, (String::new(), text));
    }
    let mut before = std::mem::take(&mut state.alarms);
    let mut begun = Vec::new();
    for (kind, (about, text)) in present {
        if before.remove(&kind).as_ref() != Some(&about) {
            begun.push(Alarm { kind, text });
        }
        state.alarms.insert(kind, about);
    }
    // A failure that says nothing about the cause leaves it in place.
    let passing = matches!(state.outcome, Some(Outcome::Failed | Outcome::Busy));
    let about_room = |kind: &AlarmKind| !matches!(kind, AlarmKind::Late | AlarmKind::Stale);
    let (stay, ended): (Vec<_>, Vec<_>) = before.into_iter().partition(|(kind, _)| passing && about_room(kind));
    state.alarms.extend(stay);
    (begun, ended.into_iter().map(|(kind, _)| kind).collect())
}

/// No whole reading for three intervals.
pub(super) fn is_late(state: &RoomState, beat: Beat, now: DateTime<Utc>) -> bool {
    older(state, now, beat.interval.saturating_mul(3))
}

/// No whole reading for as long as is set.
pub(super) fn is_stale(state: &RoomState, beat: Beat, now: DateTime<Utc>) -> bool {
    older(state, now, beat.stale_after)
}

fn older(state: &RoomState, now: DateTime<Utc>, than: Duration) -> bool {
    let than = TimeDelta::from_std(than).unwrap_or(TimeDelta::MAX);
    state.last_good.or(state.first_try).is_some_and(|last| now - last >= than)
}

/// Something between 0 and 1.
pub(super) fn chance() -> f64 {
    f64::from(getrandom::u32().unwrap_or_default()) / f64::from(u32::MAX)
}

const MOST_PROBLEMS: usize = 100;
/// Consent and policies take their time, and repeating does not help.
const SLOW: Duration = Duration::from_mins(15);
const LONGEST_ASKED: Duration = Duration::from_hours(1);
const LONGEST_BACKOFF: Duration = Duration::from_hours(1);
