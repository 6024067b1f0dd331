//! All bookings: who, where, when with grace, which doors, how it stands, and why.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::Serialize;
use sync_core::model::BookingStatus;

use super::listed;
use crate::grants::Grants;
use crate::store::{
    BookingRow, BookingState, HistoryRow, PersonRow, Problem, all_people, booking_history, live_bookings, open_rights,
};
use crate::{Access, AccessError, address_key};

/// All bookings that are kept, and those that cannot be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Table {
    /// By begin.
    pub lines: Vec<BookingLine>,
    /// What a source lists and cannot be used.
    pub unreadable: Vec<Problem>,
}

/// One booking.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct BookingLine {
    /// Its number here.
    pub id: i64,
    /// Who told of it.
    pub source: String,
    /// The source's own key.
    pub key: String,
    /// Who, with addresses.
    pub people: Vec<String>,
    /// What was booked.
    pub resources: BTreeSet<String>,
    /// Begin of the booking.
    pub start: DateTime<Utc>,
    /// End of the booking.
    pub end: DateTime<Utc>,
    /// When doors open, grace included.
    pub opens: DateTime<Utc>,
    /// When doors close, grace included.
    pub closes: DateTime<Utc>,
    /// Ids of the doors that it opens.
    pub doors: BTreeSet<String>,
    /// How it stands.
    pub state: LineState,
    /// Why it stands so.
    pub why: String,
    /// What happened to it.
    pub history: Vec<HistoryRow>,
}

/// How a booking stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LineState {
    /// Its time is to come.
    Planned,
    /// The door system confirmed that its doors open now.
    Granted,
    /// Its doors should open now, and the door system has not confirmed that yet.
    Waiting,
    /// Its time has passed.
    Ended,
    /// It was called off, or is no longer listed.
    Cancelled,
    /// It waits for somebody's approval.
    Tentative,
    /// The source doubts it, so that it gives nothing.
    Doubtful,
    /// It gives nobody anything: nobody, no resource or no door that is known.
    Empty,
}

impl Access {
    /// All bookings that are kept, by begin.
    ///
    /// # Errors
    /// The store.
    pub fn table(&self, now: DateTime<Utc>) -> Result<Table, AccessError> {
        let grants = self.grants();
        self.store().with(|connection| {
            let people: BTreeMap<String, PersonRow> =
                all_people(connection)?.into_iter().map(|row| (row.key.clone(), row)).collect();
            let held = open_rights(connection)?;
            let mut lines = Vec::new();
            for row in live_bookings(connection)? {
                let mut line = self.line(&row, &people, &held, &grants, now);
                line.history = booking_history(connection, row.id)?;
                lines.push(line);
            }
            lines.sort_by(|a, b| (a.start, &a.source, &a.key).cmp(&(b.start, &b.source, &b.key)));
            let mut unreadable = crate::store::problems(connection)?;
            unreadable.retain(|problem| problem.kind == "unreadable");
            Ok(Table { lines, unreadable })
        })
    }

    fn line(
        &self,
        row: &BookingRow,
        people: &BTreeMap<String, PersonRow>,
        held: &BTreeMap<i64, BTreeSet<String>>,
        grants: &Grants,
        now: DateTime<Utc>,
    ) -> BookingLine {
        let (mut opens, mut closes) = self.rules().window(row);
        let participants = row.booking.people.iter();
        let keys: BTreeSet<String> = participants.filter_map(|person| address_key(&person.email).ok()).collect();
        for key in &keys {
            // The windows as the neighbours leave them.
            let own = grants.person(key).into_iter().flat_map(|holder| &holder.grants);
            for grant in own.filter(|grant| grant.booking == row.id) {
                (opens, closes) = (opens.max(grant.opens), closes.min(grant.closes));
            }
        }
        let doors: BTreeSet<String> =
            row.booking.resources.iter().filter_map(|name| self.rules().doors(name)).flatten().cloned().collect();
        let holds = |key: &String| {
            let person = people.get(key).map(|person| person.id);
            person.and_then(|id| held.get(&id)).is_some_and(|held| doors.is_subset(held))
        };
        let (state, why) = match () {
            () if row.state == BookingState::Cancelled => (LineState::Cancelled, "called off by the source".to_owned()),
            () if row.state == BookingState::Gone => (LineState::Cancelled, "no longer listed, confirmed".to_owned()),
            () if row.state == BookingState::Doubted => (LineState::Doubtful, "the source doubts it".to_owned()),
            () if now >= closes => (LineState::Ended, "its time has passed".to_owned()),
            () if row.booking.status == BookingStatus::Tentative && !self.rules().confirmed(row) => {
                (LineState::Tentative, "waits for somebody's approval".to_owned())
            }
            () if keys.is_empty() => (LineState::Empty, "names nobody with a usable mail address".to_owned()),
            () if doors.is_empty() => (LineState::Empty, self.without_doors(row)),
            () if now < opens => (LineState::Planned, planned(row) + self.code_to_follow(row, &keys, grants, now)),
            () => match keys.iter().find(|key| !holds(key)) {
                None => (LineState::Granted, "confirmed by the door system".to_owned()),
                Some(key) => (LineState::Waiting, waiting(people.get(key))),
            },
        };
        let label = |address: &String| match people.get(address).map(PersonRow::full_name) {
            Some(name) if !name.is_empty() => format!("{name} <{address}>"),
            _ => address.clone(),
        };
        BookingLine {
            id: row.id,
            source: row.source.clone(),
            key: row.key.clone(),
            people: keys.iter().map(label).collect(),
            resources: row.booking.resources.clone(),
            start: row.booking.start,
            end: row.booking.end,
            opens,
            closes,
            doors,
            state,
            why,
            history: Vec::new(),
        }
    }

    /// What is said of a booking whose code does not exist yet, since somebody has a stay before it.
    fn code_to_follow(
        &self,
        row: &BookingRow,
        keys: &BTreeSet<String>,
        grants: &Grants,
        now: DateTime<Utc>,
    ) -> &'static str {
        let stays = keys.iter().filter_map(|key| self.code_stay(grants, grants.person(key)?, now));
        let later = stays.filter(|stay| !stay.bookings.contains(&row.id)).count() > 0;
        if later { "; its code follows when the stay before it is over" } else { "" }
    }

    fn without_doors(&self, row: &BookingRow) -> String {
        let names = row.booking.resources.iter();
        let unknown: Vec<&String> = names.filter(|name| self.rules().doors(name).is_none()).collect();
        if row.booking.resources.is_empty() {
            "names no resource".to_owned()
        } else if unknown.is_empty() {
            "its resource has no door".to_owned()
        } else {
            format!("no resource is called {}", listed(unknown))
        }
    }
}

fn planned(row: &BookingRow) -> String {
    match row.missing {
        0 => "its time is to come".to_owned(),
        times => format!("its time is to come; not listed {times} times in a row"),
    }
}

fn waiting(person: Option<&PersonRow>) -> String {
    let Some(person) = person else { return "the person is not known yet".to_owned() };
    if person.blocked.is_some() {
        "the person is blocked".to_owned()
    } else if let Some(why) = &person.refused {
        why.clone()
    } else if person.door_user.is_none() {
        "the door system does not have the person yet".to_owned()
    } else {
        "the door system has not confirmed it yet".to_owned()
    }
}

/// Names nobody.
impl std::fmt::Debug for BookingLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BookingLine").field("id", &self.id).field("state", &self.state).finish_non_exhaustive()
    }
}
