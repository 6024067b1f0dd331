//! The bookings of one calendar.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::num::NonZeroU32;
use std::sync::Arc;

use crate::booking::{Made, Maker, interval};
use crate::definition::definitions;
use crate::event::{Event, Manner, raw_time, read_event};
use crate::injection::{Mark, strangers};
use crate::layout::Calendar;
use crate::problem::Problems;
use crate::property::Property;
use crate::series::{Entry, Instance, expand};
use crate::text::first_chars;
use crate::time::Zones;
use crate::{Booking, Dialect, Limits, ProblemKind, Rejected, RejectedKind, Status};

/// What all calendars of a body share.
#[derive(Debug)]
pub(crate) struct Reader<'a, 'o> {
    pub(crate) body: &'a [u8],
    pub(crate) manner: Manner<'a>,
    pub(crate) maker: Maker<'o>,
    pub(crate) problems: Problems,
    pub(crate) found: Found,
}

/// The bookings found so far, within bounds.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) bookings: Vec<Booking>,
    /// How each compares with another of the same key, where several calendars may hold it.
    pub(crate) ranks: Option<Vec<Rank>>,
    instances: usize,
    bytes: usize,
    /// Steps that the series of the body may still take together.
    steps: usize,
}

/// Which of two versions of an event is the later: by `SEQUENCE`, `LAST-MODIFIED`, `DTSTAMP`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    pub(crate) sequence: u64,
    modified: String,
    stamp: String,
}

/// An event of the calendar that belongs to a uid.
#[derive(Debug)]
struct Candidate {
    /// Of one that failed only the uid counts.
    booking: Booking,
    /// Which event of the calendar it is.
    event: usize,
    series: bool,
    failed: Option<ProblemKind>,
    rank: Option<Box<Rank>>,
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
        let (heads, next) = by_uid(&candidates);
        let mut candidates: Vec<Option<Candidate>> = candidates.into_iter().map(Some).collect();
        let mut take = |at: usize| candidates.get_mut(at).and_then(Option::take);
        self.found.bookings.reserve(heads.len());
        for head in heads {
            let Some(first) = take(head) else { continue };
            let mut at = next.get(head).copied().flatten();
            if at.is_none() && first.failed.is_some() {
                continue;
            }
            if at.is_none() && !first.series {
                let weight = weight(&first.booking);
                self.found.add(first.booking, weight, first.rank.map(|rank| *rank), &self.maker)?;
                continue;
            }
            let mut group = vec![first];
            while let Some(index) = at.map(place) {
                group.extend(take(index));
                at = next.get(index).copied().flatten();
            }
            self.group(calendar, &group, &mut zones)?;
        }
        Ok(())
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
        // Each with the places before and after which the next good events stand.
        let mut suspects = Vec::new();
        let mut marks = Vec::new();
        for stray in &calendar.strays {
            let kind = if stray.suspect { ProblemKind::InjectionSuspect } else { ProblemKind::StrayLine };
            self.problems.add(kind, None, stray.line, kind.explanation());
            if stray.suspect {
                suspects.push((stray.before, stray.before));
            }
        }
        for (index, stretch) in calendar.events.iter().enumerate() {
            let mut event = read_event(self.body, *stretch, &self.manner);
            let made = self.maker.make(&mut event, zones, cancelled, &mut self.problems);
            if matches!(made, Made::Refused(ProblemKind::InjectionSuspect)) {
                suspects.push((index, index + 1));
            }
            let rank = self.found.ranks.is_some().then(|| Box::new(Rank::of(&event)));
            let candidate = Candidate::new(made, &event, index, template, rank);
            if candidate.is_some() {
                marks.extend(event.mark);
            }
            candidates.extend(candidate);
        }
        self.refuse_strangers(calendar, &marks, &mut candidates, &mut suspects);
        hold(&mut candidates, &suspects);
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
                self.problems.add(kind, Some(&candidate.booking.uid), line, kind.explanation());
                suspects.push((candidate.event, candidate.event + 1));
            }
            !refused
        });
    }

    /// The bookings of several events with one uid.
    fn group(&mut self, calendar: &Calendar, members: &[Candidate], zones: &mut Zones) -> Result<(), Rejected> {
        let uid = members.first().map(|member| &*member.booking.uid);
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
        self.found.steps = self.found.steps.saturating_sub(expansion.steps);
        for (kind, payload) in expansion.problems {
            let line = events.get(payload).map_or(1, |event| event.line);
            self.problems.add(kind, uid, line, kind.explanation());
        }
        // What all instances of an event have in common, and what each of them weighs.
        let mut models: Vec<Option<(Booking, usize)>> = vec![None; members.len()];
        self.found.bookings.reserve(expansion.instances.len());
        let most = self.manner.limits.resources;
        for instance in expansion.instances {
            let payload = instance.payload;
            let (Some(member), Some(model)) = (members.get(payload), models.get_mut(payload)) else { continue };
            let (model, weight) = model.get_or_insert_with(|| {
                let resources = merged_resources(members, &events, payload, most);
                let model = Booking { resources, ..member.booking.clone() };
                let weight = weight(&model);
                (model, weight)
            });
            let rank = self.found.ranks.is_some().then(|| member.rank.as_deref().cloned().unwrap_or_default());
            self.found.add(occurrence(model, instance), *weight, rank, &self.maker)?;
        }
        Ok(())
    }
}

fn occurrence(model: &Booking, instance: Instance) -> Booking {
    Booking {
        instance: instance.original,
        start: instance.start,
        end: instance.end,
        status: if instance.cancelled { Status::Cancelled } else { model.status },
        ..model.clone()
    }
}

/// The resources of an event and of those that are the same but for them: a line for each room.
fn merged_resources(members: &[Candidate], events: &[Event<'_>], at: usize, most: usize) -> Arc<[String]> {
    let (Some(own), Some(event)) = (members.get(at), events.get(at)) else { return Arc::default() };
    if own.series {
        return Arc::clone(&own.booking.resources);
    }
    let mut resources = own.booking.resources.to_vec();
    for (member, other) in members.iter().zip(events) {
        let same = !member.series
            && member.failed.is_none()
            && same_but_resources(&own.booking, &member.booking)
            && sequence(event) == sequence(other);
        if same && resources.len() < most {
            let new = member.booking.resources.iter().filter(|name| !resources.contains(name));
            let new: Vec<String> = new.take(most - resources.len()).cloned().collect();
            resources.extend(new);
        }
    }
    resources.into()
}

/// Whether two bookings differ at most in what they take up.
pub(crate) fn same_but_resources(one: &Booking, other: &Booking) -> bool {
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

impl Candidate {
    /// What cannot become a booking still matters where it may stand for an instance of a series.
    fn new(made: Made, event: &Event<'_>, index: usize, template: bool, rank: Option<Box<Rank>>) -> Option<Self> {
        let (booking, failed) = match made {
            Made::Good(booking) => (booking, None),
            Made::Refused(_) | Made::Skipped if template => return None,
            Made::Refused(kind) => (Self::nothing(event)?, Some(kind)),
            Made::Skipped => (Self::nothing(event)?, Some(ProblemKind::NoStart)),
        };
        Some(Self { booking, event: index, series: event.is_of_series(), failed, rank })
    }

    fn nothing(event: &Event<'_>) -> Option<Booking> {
        let epoch = chrono::DateTime::UNIX_EPOCH;
        event.is_of_series().then(|| event.uid().map(|uid| Booking::new(uid, epoch, epoch)))?
    }
}

/// Marks the good events next to suspect ones.
fn hold(candidates: &mut [Candidate], suspects: &[(usize, usize)]) {
    if suspects.is_empty() {
        return;
    }
    let good: Vec<(usize, usize)> = candidates
        .iter()
        .enumerate()
        .filter(|(_, candidate)| candidate.failed.is_none())
        .map(|(place, candidate)| (candidate.event, place))
        .collect();
    for &(before, after) in suspects {
        let left = good.partition_point(|(event, _)| *event < before).checked_sub(1);
        let right = good.partition_point(|(event, _)| *event < after);
        for (_, place) in left.into_iter().chain([right]).filter_map(|at| good.get(at)) {
            if let Some(candidate) = candidates.get_mut(*place) {
                candidate.booking.held = true;
            }
        }
    }
}

/// The place of an event of a uid that is not its first, and so not zero. There are fewer events than 32 bits count.
type Place = NonZeroU32;

fn place(at: Place) -> usize {
    at.get() as usize
}

/// The first candidate of each uid, and for each candidate the next one of its uid.
fn by_uid(candidates: &[Candidate]) -> (Vec<usize>, Vec<Option<Place>>) {
    let mut last: HashMap<&str, usize> = HashMap::with_capacity(candidates.len());
    let mut heads = Vec::with_capacity(candidates.len());
    let mut next = vec![None; candidates.len()];
    for (index, candidate) in candidates.iter().enumerate() {
        match last.entry(&candidate.booking.uid) {
            Slot::Occupied(mut slot) => {
                if let Some(next) = next.get_mut(*slot.get()) {
                    *next = u32::try_from(index).ok().and_then(Place::new);
                }
                slot.insert(index);
            }
            Slot::Vacant(slot) => {
                slot.insert(index);
                heads.push(index);
            }
        }
    }
    (heads, next)
}

impl Rank {
    fn of(event: &Event<'_>) -> Self {
        let text = |property: &Option<Property<'_>>| {
            property.as_ref().map_or_else(String::new, |property| first_chars(property.trimmed(), 32).to_owned())
        };
        Self { sequence: sequence(event), modified: text(&event.last_modified), stamp: text(&event.stamp) }
    }
}

impl Found {
    /// For a body of one calendar or of several.
    pub(crate) fn new(several: bool) -> Self {
        Self { bookings: Vec::new(), ranks: several.then(Vec::new), instances: 0, bytes: 0, steps: STEPS }
    }

    /// Keeps a booking of the window.
    fn add(&mut self, booking: Booking, weight: usize, rank: Option<Rank>, maker: &Maker<'_>) -> Result<(), Rejected> {
        if !maker.options.window.overlaps(booking.start, booking.end) {
            return Ok(());
        }
        self.instances += 1;
        self.bytes = self.bytes.saturating_add(weight);
        if self.instances > maker.options.limits.instances || self.bytes > BYTES {
            return Err(Rejected::new(RejectedKind::TooLarge, "the feed holds more instances than allowed"));
        }
        self.bookings.push(booking);
        if let (Some(ranks), Some(rank)) = (&mut self.ranks, rank) {
            ranks.push(rank);
        }
        Ok(())
    }

    /// Many hostile series get less each, so that they cannot add up.
    fn steps_for_a_series(&self, limits: &Limits) -> usize {
        limits.steps_per_series.min(self.steps.max(FEWEST_STEPS))
    }
}

/// About the memory that a booking takes.
fn weight(booking: &Booking) -> usize {
    let people = booking.people.iter().map(|person| {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        size_of_val(person) + text(&person.email) + text(&person.name)
    });
    let resources = booking.resources.iter().map(|name| size_of_val(name) + name.len());
    let text = booking.uid.len() + booking.summary.as_ref().map_or(0, |summary| summary.len());
    size_of_val(booking) + text + people.sum::<usize>() + resources.sum::<usize>()
}

/// Events of one uid; a series does not have more changed instances.
const VERSIONS: usize = 5_000;

/// Bytes that the bookings of a snapshot may take.
const BYTES: usize = 512 * 1024 * 1024;

/// Steps that all series of a body may take together, and those that each has in any case.
const STEPS: usize = 20_000_000;
const FEWEST_STEPS: usize = 200;
