//! Series: from the `VEVENT`s of one uid to the instances in a window.
//!
//! Rules run on the wall clock of the start's zone and each start is turned into an instant by itself, so nine o'clock
//! stays nine o'clock over a change of the clock. A rule costs at most its limits, whatever it says.

mod choice;
mod originals;
mod rule;
mod walk;

use chrono::{DateTime, TimeDelta, Utc};

use crate::time::{DayRules, Interval, Length, Moment, Notes, RawTime, Zones};
use crate::{Limits, ProblemKind, Window};
use choice::{Chosen, Override, sequence};
use originals::{Original, Originals, Places};

pub(crate) use rule::{Rule, Until};
pub(crate) use walk::Budget;

/// What a series needs of one `VEVENT`. The entries of a uid are given in the order of the body.
#[derive(Clone, Debug)]
pub(crate) struct Entry<'a> {
    /// The caller's number of this event, returned with its instances.
    pub(crate) payload: usize,
    /// [`Zones::interval`] of it. The caller reports an error; a broken override still removes the instance it replaces.
    pub(crate) when: Result<Interval, ProblemKind>,
    /// `SEQUENCE`, raw.
    pub(crate) sequence: Option<&'a str>,
    /// `LAST-MODIFIED`, raw.
    pub(crate) last_modified: Option<&'a str>,
    /// `DTSTAMP`, raw.
    pub(crate) dtstamp: Option<&'a str>,
    /// `RRULE`s, raw.
    pub(crate) rrules: Vec<&'a str>,
    /// `RDATE`s; a value may hold several, separated by commas, and periods.
    pub(crate) rdates: Vec<RawTime<'a>>,
    /// `EXDATE`s; a value may hold several, separated by commas.
    pub(crate) exdates: Vec<RawTime<'a>>,
    /// Whether there is an `EXRULE`.
    pub(crate) exrule: bool,
    /// `RECURRENCE-ID`.
    pub(crate) recurrence_id: Option<RawTime<'a>>,
    /// Its `RANGE`.
    pub(crate) range: Option<&'a str>,
    /// Whether `STATUS` says cancelled.
    pub(crate) cancelled: bool,
}

/// One booking of a series, or the only one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instance {
    /// Start before it was moved; none for an event that does not repeat.
    pub(crate) original: Option<DateTime<Utc>>,
    /// Start.
    pub(crate) start: DateTime<Utc>,
    /// End, later than the start.
    pub(crate) end: DateTime<Utc>,
    /// Number of the event whose people, resources and text it has.
    pub(crate) payload: usize,
    /// Whether it was called off.
    pub(crate) cancelled: bool,
}

/// What came of a series.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Expansion {
    /// Those that overlap the window, by start.
    pub(crate) instances: Vec<Instance>,
    /// What was wrong, with the number of the event.
    pub(crate) problems: Vec<(ProblemKind, usize)>,
    /// Steps taken of `steps_per_series`, for callers that bound a whole body.
    pub(crate) steps: usize,
}

/// The instances of one uid of one calendar that overlap a window.
///
/// Events whose [`Entry::when`] is an error are reported by the caller and only suppress what they replace.
pub(crate) fn expand(
    entries: &[Entry<'_>],
    zones: &mut Zones,
    window: Window,
    rules: &DayRules,
    limits: &Limits,
) -> Expansion {
    if let [only] = entries
        && only.is_single()
    {
        return Expansion { instances: single(only, window).into_iter().collect(), ..Expansion::default() };
    }
    let mut out = Expansion::default();
    let mut budget = Budget::new(limits.steps_per_series);
    let chosen = Chosen::of(entries, zones, &mut out.problems);
    let mut series = Series { zones, window, rules, limits, budget: &mut budget, out: &mut out };
    match chosen.master {
        Some(master) if chosen.overrides.is_empty() && master.is_single() => {
            series.out.instances.extend(single(master, window));
        }
        Some(master) => series.with_master(master, &chosen.overrides),
        None => series.overrides(None, &chosen.overrides),
    }
    if entries.iter().all(|entry| entry.recurrence_id.is_none() && entry.rrules.is_empty() && entry.rdates.is_empty()) {
        out.instances.iter_mut().for_each(|instance| instance.original = None);
    }
    out.instances.sort_by_key(|instance| (instance.start, instance.original));
    out.instances.truncate(limits.instances_per_series);
    out.steps = budget.spent();
    out
}

impl Entry<'_> {
    fn is_single(&self) -> bool {
        self.recurrence_id.is_none()
            && self.rrules.is_empty()
            && self.rdates.is_empty()
            && self.exdates.is_empty()
            && !self.exrule
    }
}

fn single(entry: &Entry<'_>, window: Window) -> Option<Instance> {
    let when = entry.when.ok()?;
    let (start, end) = (when.from, when.to);
    let instance = Instance { original: None, start, end, payload: entry.payload, cancelled: entry.cancelled };
    window.overlaps(start, end).then_some(instance)
}

/// One expansion on its way.
struct Series<'s> {
    zones: &'s mut Zones,
    window: Window,
    rules: &'s DayRules,
    limits: &'s Limits,
    budget: &'s mut Budget,
    out: &'s mut Expansion,
}

/// What instances from one on are like: the master's at first, then those of each override for the future.
struct Part {
    after: Option<DateTime<Utc>>,
    /// How much later than the rule's they start, on the wall clock.
    shift: TimeDelta,
    length: Length,
    date: bool,
    /// None where nothing is known of them, since the event that changes them is broken.
    payload: Option<usize>,
    cancelled: bool,
}

impl Series<'_> {
    fn with_master(&mut self, master: &Entry<'_>, overrides: &[Override<'_, '_>]) {
        if master.exrule {
            self.out.problems.push((ProblemKind::RuleIgnored, master.payload));
        }
        let Ok(when) = master.when else {
            self.overrides(Some(master), overrides);
            return;
        };
        let originals =
            match Originals::of(master, when, self.zones, (self.rules.longest, self.limits), &mut self.out.problems) {
                Ok(originals) => originals,
                Err(kind) => {
                    self.out.problems.push((kind, master.payload));
                    self.overrides(Some(master), overrides);
                    return;
                }
            };
        if originals.is_deleted() {
            return;
        }
        let superseded =
            |one: &Override<'_, '_>| sequence(master) > sequence(one.entry) && originals.excludes(one, self.zones);
        let overrides: Vec<_> = overrides.iter().filter(|one| !superseded(one)).collect();
        self.overridden(master, &when, &overrides);
        self.repeated(master, &when, &originals, &overrides);
    }

    /// Instances that no event of their own replaces.
    fn repeated(
        &mut self,
        master: &Entry<'_>,
        when: &Interval,
        originals: &Originals,
        overrides: &[&Override<'_, '_>],
    ) {
        let parts = self.parts(master, when, overrides);
        let replaced = Places::of(overrides);
        let (zones, window, rules) = (&*self.zones, self.window, self.rules);
        let most = self.limits.instances_per_series;
        let mut instances = Vec::new();
        let mut next_look = most.saturating_mul(2);
        let (from, to) = reach(&parts, originals.longest(), window);
        originals.each(zones, from, to, self.budget, |original: Original| {
            if replaced.has(original.utc, original.local.date()) {
                return true;
            }
            let after = parts.partition_point(|part| part.after.is_none_or(|after| after <= original.utc));
            let Some(part) = after.checked_sub(1).and_then(|at| parts.get(at)) else { return true };
            let Some((start, end)) = part.place(&original, zones, rules) else { return true };
            if let Some(payload) = part.payload
                && window.overlaps(start, end)
            {
                let cancelled = part.cancelled;
                instances.push(Instance { original: Some(original.utc), start, end, payload, cancelled });
            }
            if instances.len() <= next_look {
                return true;
            }
            // Several rules may give the same starts.
            once_each(&mut instances);
            next_look = instances.len().saturating_add(most);
            instances.len() <= most
        });
        once_each(&mut instances);
        let room = most.saturating_sub(self.out.instances.len());
        if self.budget.is_cut() || instances.len() > room {
            self.out.problems.push((ProblemKind::RuleLimit, master.payload));
            instances.truncate(room);
        }
        if self.out.instances.is_empty() {
            self.out.instances = instances;
        } else {
            self.out.instances.append(&mut instances);
        }
    }

    /// Overrides of a master that has no instances of its own, or is not in the feed.
    fn overrides(&mut self, master: Option<&Entry<'_>>, overrides: &[Override<'_, '_>]) {
        let cancelled = master.is_some_and(|master| master.cancelled);
        for one in overrides {
            if let Ok(when) = one.entry.when {
                self.add(one, when.from, when.to, cancelled);
            }
        }
    }

    /// The overrides themselves, by their new time.
    fn overridden(&mut self, master: &Entry<'_>, when: &Interval, overrides: &[&Override<'_, '_>]) {
        for one in overrides {
            match one.entry.when {
                Ok(own) => self.add(one, own.from, own.to, master.cancelled),
                // A cancellation need not repeat the time.
                Err(_) if one.entry.cancelled => {
                    let local = self.zones.local(when.start.zone, one.original);
                    let start = Moment { utc: one.original, local, ..when.start };
                    let from = when.length.start(self.zones, &start, self.rules);
                    if let Some(to) = when.length.end(self.zones, &start, self.rules) {
                        self.add(one, from, to, true);
                    }
                }
                Err(_) => {}
            }
        }
    }

    fn add(&mut self, one: &Override<'_, '_>, start: DateTime<Utc>, end: DateTime<Utc>, cancelled: bool) {
        if !self.window.overlaps(start, end) {
            return;
        }
        if self.out.instances.len() >= self.limits.instances_per_series {
            self.out.problems.push((ProblemKind::RuleLimit, one.entry.payload));
            return;
        }
        let cancelled = cancelled || one.entry.cancelled;
        let (original, payload) = (Some(one.original), one.entry.payload);
        self.out.instances.push(Instance { original, start, end, payload, cancelled });
    }

    fn parts(&self, master: &Entry<'_>, when: &Interval, overrides: &[&Override<'_, '_>]) -> Vec<Part> {
        let zone = when.start.zone;
        let first = Part {
            after: None,
            shift: TimeDelta::zero(),
            length: when.length,
            date: when.start.date,
            payload: Some(master.payload),
            cancelled: master.cancelled,
        };
        let later = overrides.iter().filter(|one| one.and_future).map(|one| Part {
            after: Some(one.original),
            shift: one.entry.when.map_or(TimeDelta::zero(), |own| {
                self.zones.local(zone, own.start.utc) - self.zones.local(zone, one.original)
            }),
            length: one.entry.when.map_or(when.length, |own| own.length),
            date: one.entry.when.map_or(when.start.date, |own| own.start.date),
            payload: (one.entry.when.is_ok() || one.entry.cancelled).then_some(one.entry.payload),
            cancelled: master.cancelled || one.entry.cancelled,
        });
        std::iter::once(first).chain(later).collect()
    }
}

impl Part {
    /// Start and end of an instance.
    fn place(&self, original: &Original, zones: &Zones, rules: &DayRules) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let length = original.length.unwrap_or(self.length);
        let moved = !self.shift.is_zero();
        let local = if moved { original.local.checked_add_signed(self.shift)? } else { original.local };
        let utc = if moved { zones.instant(original.zone, local) } else { original.utc };
        let start = Moment { utc, local, zone: original.zone, date: self.date, notes: Notes::default() };
        let (from, to) = (length.start(zones, &start, rules), length.end(zones, &start, rules)?);
        (from < to).then_some((from, to))
    }
}

fn once_each(instances: &mut Vec<Instance>) {
    if instances.is_sorted_by(|one, other| one.original < other.original) {
        return;
    }
    instances.sort_by_key(|instance| instance.original);
    instances.dedup_by_key(|instance| instance.original);
}

/// Between which instants originals can have a place in the window.
fn reach(parts: &[Part], longest: TimeDelta, window: Window) -> (DateTime<Utc>, DateTime<Utc>) {
    let shifts = parts.iter().map(|part| part.shift);
    let latest = shifts.clone().max().unwrap_or_default();
    let earliest = shifts.min().unwrap_or_default();
    let longest = parts.iter().map(|part| part.length.at_most()).max().unwrap_or_default().max(longest);
    let from = window.from.checked_sub_signed(latest).and_then(|from| from.checked_sub_signed(longest));
    let to = window.to.checked_sub_signed(earliest);
    (from.unwrap_or(DateTime::<Utc>::MIN_UTC), to.unwrap_or(DateTime::<Utc>::MAX_UTC))
}

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
