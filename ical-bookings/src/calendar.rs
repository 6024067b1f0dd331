//! The bookings of one calendar.

use std::num::NonZeroU32;
use std::sync::Arc;

use crate::booking::{Made, Maker, interval};
use crate::definition::definitions;
use crate::event::{Event, Manner, raw_time, read_event, read_event_into};
use crate::found::{Found, Rank, Stay, weight};
use crate::injection::{Mark, strangers};
use crate::layout::Calendar;
use crate::problem::Problems;
use crate::property::Property;
use crate::series::{Entry, expand};
use crate::text::first_chars;
use crate::time::Zones;
use crate::uids::Uids;
use crate::{Booking, Dialect, Limits, ProblemKind, Rejected, Status};

/// What all calendars of a body share.
#[derive(Debug)]
pub(crate) struct Reader<'a, 'o> {
    pub(crate) body: &'a [u8],
    pub(crate) manner: Manner<'a>,
    pub(crate) maker: Maker<'o>,
    pub(crate) problems: Problems,
    pub(crate) found: Found,
}

/// An event of the calendar that belongs to a uid.
#[derive(Debug)]
struct Candidate {
    /// Number of what is known of it; of one that failed only the uid counts.
    model: usize,
    /// Which event of the calendar it is.
    event: usize,
    series: bool,
    failed: Option<ProblemKind>,
    rank: Option<Box<Rank>>,
}

/// What all instances of an event have in common: its model, what each weighs, whether they stand.
#[derive(Clone, Copy, Debug)]
struct Common {
    model: usize,
    weight: usize,
    status: Status,
}

impl Reader<'_, '_> {
    /// Reads a calendar.
    ///
    /// # Errors
    ///
    /// More instances than a snapshot may hold.
    pub(crate) fn calendar(&mut self, calendar: &Calendar) -> Result<(), Rejected> {
        let mut zones = self.zones(calendar);
        let candidates = self.candidates(calendar, &mut zones);
        let (firsts, next) = by_uid(&candidates, &self.found.models);
        self.found.stays.reserve(candidates.len());
        for (index, first) in candidates.iter().enumerate() {
            if !firsts.get(index).is_some_and(|first| *first) {
                continue;
            }
            let mut at = next.get(index).copied().flatten();
            if at.is_none() && first.failed.is_some() {
                continue;
            }
            if at.is_none() && !first.series {
                self.single(first)?;
                continue;
            }
            let mut group = vec![first];
            while let Some(index) = at.map(place) {
                group.extend(candidates.get(index));
                at = next.get(index).copied().flatten();
            }
            self.group(calendar, &group, &mut zones)?;
        }
        Ok(())
    }

    /// The booking of an event whose uid no other one has.
    fn single(&mut self, candidate: &Candidate) -> Result<(), Rejected> {
        let Some(booking) = self.found.models.get(candidate.model) else { return Ok(()) };
        let (stay, weight) = (Stay::of(candidate.model, booking), weight(booking));
        self.found.add(stay, weight, candidate.rank.as_deref().cloned(), &self.maker)
    }

    fn zones(&mut self, calendar: &Calendar) -> Zones {
        let limits = self.manner.limits;
        let blocks = definitions(self.body, &calendar.zones, &self.manner.reading, limits);
        let mut faults = Vec::new();
        let own = calendar.header.zone.as_deref();
        let zones = Zones::new(&blocks, own, self.maker.options.zone, limits, &mut faults);
        let line = calendar.zones.first().map_or(1, |zone| zone.line);
        for (kind, text) in faults {
            self.problems.add(kind, None, line, text);
        }
        zones
    }

    fn candidates(&mut self, calendar: &Calendar, zones: &mut Zones) -> Vec<Candidate> {
        let template = self.maker.dialect == Dialect::Type2Template;
        let cancelled = calendar.header.cancels();
        let mut candidates = Vec::with_capacity(calendar.events.len());
        self.found.models.reserve(calendar.events.len());
        // Each with the places before and after which the next good events stand.
        let mut suspects = Vec::new();
        let mut marks = Vec::new();
        let mut event = Event::default();
        for stray in &calendar.strays {
            let kind = if stray.suspect { ProblemKind::InjectionSuspect } else { ProblemKind::StrayLine };
            self.problems.add(kind, None, stray.line, kind.explanation());
            if stray.suspect {
                suspects.push((stray.before, stray.before));
            }
        }
        for (index, stretch) in calendar.events.iter().enumerate() {
            read_event_into(&mut event, self.body, *stretch, &self.manner);
            let made = self.maker.make(&mut event, zones, cancelled, &mut self.problems);
            if matches!(made, Made::Refused(ProblemKind::InjectionSuspect)) {
                suspects.push((index, index + 1));
            }
            let rank = self.found.ranks.is_some().then(|| Box::new(Rank::of(&event)));
            let Some((booking, failed)) = booking_of(made, &event, template) else { continue };
            marks.extend(event.mark);
            let model = self.found.add_model(booking);
            candidates.push(Candidate { model, event: index, series: event.is_of_series(), failed, rank });
        }
        self.refuse_strangers(calendar, &marks, &mut candidates, &mut suspects);
        hold(&candidates, &suspects, &mut self.found.models);
        candidates
    }

    /// In a template all events are of one server.
    fn refuse_strangers(
        &mut self,
        calendar: &Calendar,
        marks: &[Mark],
        candidates: &mut Vec<Candidate>,
        suspects: &mut Vec<(usize, usize)>,
    ) {
        let mut strange = strangers(marks).into_iter();
        candidates.retain(|candidate| {
            let refused = strange.next().unwrap_or(false);
            if refused {
                let kind = ProblemKind::InjectionSuspect;
                let line = calendar.events.get(candidate.event).map_or(1, |event| event.line);
                let uid = self.found.models.get(candidate.model).map(|model| &*model.uid);
                self.problems.add(kind, uid, line, kind.explanation());
                suspects.push((candidate.event, candidate.event + 1));
            }
            !refused
        });
    }

    /// The bookings of several events with one uid.
    fn group(&mut self, calendar: &Calendar, members: &[&Candidate], zones: &mut Zones) -> Result<(), Rejected> {
        let models = &self.found.models;
        let uid = members.first().and_then(|member| models.get(member.model)).map(|model| &*model.uid);
        if members.len() > VERSIONS {
            let stretch = members.first().and_then(|first| calendar.events.get(first.event));
            let kind = ProblemKind::BadRule;
            self.problems.add(kind, uid, stretch.map_or(1, |stretch| stretch.line), kind.explanation());
            return Ok(());
        }
        let stretches = members.iter().filter_map(|member| calendar.events.get(member.event));
        let events: Vec<Event<'_>> = stretches.map(|stretch| read_event(self.body, *stretch, &self.manner)).collect();
        let cancelled = calendar.header.cancels();
        let mut entries = Vec::with_capacity(events.len());
        for (payload, (event, member)) in events.iter().zip(members).enumerate() {
            let when = member.failed.map_or_else(|| interval(event, zones, &self.maker.days), Err);
            entries.push(entry(event, payload, when, cancelled));
        }
        let limits =
            Limits { steps_per_series: self.found.steps_for_a_series(self.manner.limits), ..*self.manner.limits };
        let expansion = expand(&entries, zones, self.maker.options.window, &self.maker.days, &limits);
        for (kind, payload) in expansion.problems {
            let line = events.get(payload).map_or(1, |event| event.line);
            self.problems.add(kind, uid, line, kind.explanation());
        }
        self.found.spend(expansion.steps);
        // What the instances of each member have in common.
        let mut of_members: Vec<Option<Common>> = vec![None; members.len()];
        self.found.stays.reserve(expansion.instances.len());
        for instance in expansion.instances {
            let payload = instance.payload;
            let (Some(member), Some(known)) = (members.get(payload), of_members.get_mut(payload)) else { continue };
            if known.is_none() {
                *known = self.common(members, &events, payload, member.model);
            }
            let Some(Common { model, weight, status }) = *known else { continue };
            let stay = Stay::of_series(model, status, &instance);
            let rank = self.found.ranks.is_some().then(|| member.rank.as_deref().cloned().unwrap_or_default());
            self.found.add(stay, weight, rank, &self.maker)?;
        }
        Ok(())
    }

    /// A member with the resources of those that are the same but for them: a line for each room.
    fn common(&mut self, members: &[&Candidate], events: &[Event<'_>], at: usize, own: usize) -> Option<Common> {
        let most = self.manner.limits.resources;
        let booking = self.found.models.get(own)?;
        let status = booking.status;
        let Some(resources) = merged_resources(members, events, &self.found.models, at, most) else {
            return Some(Common { model: own, weight: weight(booking), status });
        };
        let merged = Booking { resources, ..booking.clone() };
        let weight = weight(&merged);
        Some(Common { model: self.found.add_model(merged), weight, status })
    }
}

/// The resources of an event and of those that are the same but for them.
fn merged_resources(
    members: &[&Candidate],
    events: &[Event<'_>],
    models: &[Booking],
    at: usize,
    most: usize,
) -> Option<Arc<[String]>> {
    let (own, event) = (members.get(at).filter(|own| !own.series)?, events.get(at)?);
    let own = models.get(own.model)?;
    let mut resources = own.resources.to_vec();
    for (member, other) in members.iter().zip(events) {
        let Some(booking) = models.get(member.model) else { continue };
        let same = !member.series
            && member.failed.is_none()
            && same_but_resources(own, booking)
            && sequence(event) == sequence(other);
        if same && resources.len() < most {
            let new = booking.resources.iter().filter(|name| !resources.contains(name));
            let new: Vec<String> = new.take(most - resources.len()).cloned().collect();
            resources.extend(new);
        }
    }
    Some(resources.into())
}

/// Whether two bookings differ at most in what they take up.
fn same_but_resources(one: &Booking, other: &Booking) -> bool {
    one.start == other.start && one.end == other.end && one.people == other.people && one.status == other.status
}

/// `SEQUENCE`; beyond 64 bits the highest, below zero and unreadable ones zero.
fn sequence(event: &Event<'_>) -> u64 {
    let text = event.sequence.as_ref().map_or("", Property::trimmed);
    let digits = text.strip_prefix('+').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    digits.parse().unwrap_or(u64::MAX)
}

fn entry<'e>(
    event: &'e Event<'_>,
    payload: usize,
    when: Result<crate::time::Interval, ProblemKind>,
    cancelled: bool,
) -> Entry<'e> {
    let value = |property: &'e Option<Property<'_>>| property.as_ref().map(Property::trimmed);
    Entry {
        payload,
        when,
        sequence: value(&event.sequence),
        last_modified: value(&event.last_modified),
        dtstamp: value(&event.stamp),
        rrules: event.rules.iter().map(Property::trimmed).collect(),
        rdates: event.dates.iter().map(raw_time).collect(),
        exdates: event.exceptions.iter().map(raw_time).collect(),
        exrule: event.exception_rule,
        recurrence_id: event.recurrence_id.as_ref().map(raw_time),
        range: event.recurrence_id.as_ref().and_then(|property| property.raw_parameter("RANGE")),
        cancelled: cancelled || event.status() == Status::Cancelled,
    }
}

/// What is known of an event. What cannot become a booking still matters where it may stand for an instance of a series.
fn booking_of(made: Made, event: &Event<'_>, template: bool) -> Option<(Booking, Option<ProblemKind>)> {
    let nothing = || {
        let epoch = chrono::DateTime::UNIX_EPOCH;
        event.is_of_series().then(|| event.uid().map(|uid| Booking::new(uid, epoch, epoch)))?
    };
    match made {
        Made::Good(booking) => Some((booking, None)),
        Made::Refused(_) | Made::Skipped if template => None,
        Made::Refused(kind) => Some((nothing()?, Some(kind))),
        Made::Skipped => Some((nothing()?, Some(ProblemKind::NoStart))),
    }
}

/// Marks the good events next to suspect ones.
fn hold(candidates: &[Candidate], suspects: &[(usize, usize)], models: &mut [Booking]) {
    if suspects.is_empty() {
        return;
    }
    let good: Vec<(usize, usize)> = candidates
        .iter()
        .filter(|candidate| candidate.failed.is_none())
        .map(|candidate| (candidate.event, candidate.model))
        .collect();
    for &(before, after) in suspects {
        let left = good.partition_point(|(event, _)| *event < before).checked_sub(1);
        let right = good.partition_point(|(event, _)| *event < after);
        for (_, model) in left.into_iter().chain([right]).filter_map(|at| good.get(at)) {
            if let Some(model) = models.get_mut(*model) {
                model.held = true;
            }
        }
    }
}

/// The place of an event of a uid that is not its first, and so not zero. There are fewer events than 32 bits count.
type Place = NonZeroU32;

fn place(at: Place) -> usize {
    at.get() as usize
}

/// For each candidate whether it is the first one of its uid, and which is the next one.
fn by_uid(candidates: &[Candidate], models: &[Booking]) -> (Vec<bool>, Vec<Option<Place>>) {
    let uids = Uids::of(candidates.iter().map(|candidate| models.get(candidate.model).map_or("", |model| &*model.uid)));
    let mut firsts = vec![true; candidates.len()];
    let mut next = vec![None; candidates.len()];
    for (one, other) in uids.pairs() {
        if let (Some(next), Some(first)) = (next.get_mut(one), firsts.get_mut(other)) {
            *next = u32::try_from(other).ok().and_then(Place::new);
            *first = false;
        }
    }
    (firsts, next)
}

impl Rank {
    fn of(event: &Event<'_>) -> Self {
        let text = |property: &Option<Property<'_>>| {
            property.as_ref().map_or_else(String::new, |property| first_chars(property.trimmed(), 32).to_owned())
        };
        Self { sequence: sequence(event), modified: text(&event.last_modified), stamp: text(&event.stamp) }
    }
}

/// Events of one uid; a series does not have more changed instances.
const VERSIONS: usize = 5_000;
