//! The calendar of each room: what is in it, and what changed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::record::Meeting;
use super::series::{Instance, instances};
use super::{Key, World};

/// What happened to a meeting in a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::graph) enum ChangeKind {
    Created,
    Updated,
    Deleted,
}

/// One change in a calendar.
#[derive(Debug, Clone, Copy)]
pub(in crate::graph) struct Change {
    pub(in crate::graph) number: u64,
    pub(in crate::graph) meeting: u64,
    pub(in crate::graph) kind: ChangeKind,
}

/// One room's calendar: single meetings by their begin, series apart.
#[derive(Debug, Clone, Default)]
pub(in crate::graph) struct Calendar {
    singles: BTreeSet<(DateTime<Utc>, u64)>,
    series: BTreeSet<u64>,
    /// Longest single meeting there ever was: how far back one may begin that reaches into a range.
    longest: TimeDelta,
    /// In their order.
    pub(in crate::graph) changes: Vec<Change>,
    /// Meetings that left, as they were.
    gone: BTreeMap<u64, Meeting>,
}

impl Calendar {
    fn add(&mut self, meeting: &Meeting) {
        self.gone.remove(&meeting.id);
        if meeting.recurrence.is_some() {
            self.series.insert(meeting.id);
        } else {
            self.singles.insert((meeting.start, meeting.id));
            self.longest = self.longest.max(meeting.end - meeting.start);
        }
    }

    fn remove(&mut self, meeting: &Meeting) -> bool {
        self.singles.remove(&(meeting.start, meeting.id)) | self.series.remove(&meeting.id)
    }

    fn holds(&self, meeting: &Meeting) -> bool {
        self.series.contains(&meeting.id) || self.singles.contains(&(meeting.start, meeting.id))
    }
}

impl World {
    /// Puts a meeting into the calendars of its rooms, in place of what was there of it.
    pub(super) fn store(&mut self, meeting: Meeting) {
        let number = self.next();
        let older = self.meetings.get(&meeting.id).cloned();
        for room in older.iter().flat_map(|older| &older.rooms).filter(|room| !meeting.rooms.contains(room)) {
            leave(self.calendars.entry(room.clone()).or_default(), older.as_ref(), number);
        }
        for room in &meeting.rooms {
            let calendar = self.calendars.entry(room.clone()).or_default();
            let known = older.as_ref().is_some_and(|older| calendar.remove(older));
            calendar.add(&meeting);
            let kind = if known { ChangeKind::Updated } else { ChangeKind::Created };
            calendar.changes.push(Change { number, meeting: meeting.id, kind });
        }
        self.meetings.insert(meeting.id, meeting);
    }

    /// Takes a meeting out of all calendars.
    pub(super) fn take_out(&mut self, id: u64) -> Option<Meeting> {
        let number = self.next();
        let meeting = self.meetings.remove(&id)?;
        for room in &meeting.rooms {
            leave(self.calendars.entry(room.clone()).or_default(), Some(&meeting), number);
        }
        Some(meeting)
    }

    /// What a room's calendar shows in a range, in no useful order.
    pub(in crate::graph) fn view(&self, room: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<Instance> {
        let Some(calendar) = self.calendars.get(room) else { return Vec::new() };
        let earliest = from.checked_sub_signed(calendar.longest).unwrap_or(from);
        let singles = calendar.singles.range((earliest, 0)..=(to, u64::MAX)).map(|(_, id)| id);
        let meetings = singles.chain(&calendar.series).filter_map(|id| self.meetings.get(id));
        meetings.flat_map(|meeting| instances(meeting, self.zone, (from, to), self.switches.touching)).collect()
    }

    /// The series in a room's calendar.
    pub(in crate::graph) fn series_in(&self, room: &str) -> impl Iterator<Item = &Meeting> {
        self.calendars
            .get(room)
            .into_iter()
            .flat_map(|calendar| &calendar.series)
            .filter_map(|id| self.meetings.get(id))
    }

    /// The meeting if it is in this room's calendar.
    pub(in crate::graph) fn meeting_in(&self, room: &str, id: u64) -> Option<&Meeting> {
        let meeting = self.meetings.get(&id)?;
        self.calendars.get(room)?.holds(meeting).then_some(meeting)
    }

    /// The events of a meeting that is no longer in this calendar, as far as they were in the range.
    pub(in crate::graph) fn keys_gone(&self, room: &str, id: u64, range: (DateTime<Utc>, DateTime<Utc>)) -> Vec<Key> {
        let Some(meeting) = self.calendars.get(room).and_then(|calendar| calendar.gone.get(&id)) else {
            return Vec::new();
        };
        let mut keys = vec![Key { meeting: id, day: None }];
        if meeting.recurrence.is_some() {
            keys.extend(instances(meeting, self.zone, range, false).into_iter().map(|one| one.key));
        }
        keys
    }
}

fn leave(calendar: &mut Calendar, meeting: Option<&Meeting>, number: u64) {
    let Some(meeting) = meeting.filter(|meeting| calendar.remove(meeting)) else { return };
    calendar.gone.insert(meeting.id, meeting.clone());
    calendar.changes.push(Change { number, meeting: meeting.id, kind: ChangeKind::Deleted });
}
