//! Takes over what was read of the events, keeps it, and tells staff what they should know.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use rusqlite::{Connection, Transaction};
use serde::{Deserialize, Serialize};

use super::guesses::{Alarm, Change, Guesses};
use super::no_show::{Presence, Rights, Stay};
use super::{DoorReading, Place, WatchConfig};
use crate::store::{
    BookingRow, PersonRow, Problem, all_people, document, drop_document, drop_problem, live_bookings, put_document,
    replace_problems, set_problem, timeline_between,
};
use crate::{Access, AccessError};

/// Kind and key of what is kept.
const KEPT: (&str, &str) = ("door events", "watch");
/// Areas of the problems.
const REFUSED: &str = "refused codes";
const NO_SHOWS: &str = "no-shows";
const READING: &str = "door events";

/// What is kept between two looks.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    /// None where the next look begins at the end of the log.
    place: Option<Place>,
    guesses: Guesses,
    presence: Presence,
    /// Bookings that were told as missed.
    told: BTreeSet<i64>,
}

/// What a look at the events came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DoorNews {
    /// Events that were not seen before.
    pub fresh: u64,
    /// What somebody should know.
    pub warnings: Vec<String>,
    /// There may be more to read at once.
    pub behind: bool,
}

impl Access {
    /// How far the events of the doors were read; `None` where the next look begins at the end of the log.
    ///
    /// # Errors
    /// The store.
    pub fn door_events_place(&self) -> Result<Option<Place>, AccessError> {
        Ok(self.store().with(kept)?.and_then(|kept| kept.place))
    }

    /// Takes over what a look at the events showed: tells of guesses and of bookings to which nobody came, each once.
    ///
    /// # Errors
    /// The store, or a letter cannot be written; nothing was taken over then.
    pub fn take_door_events(
        &self,
        config: &WatchConfig,
        reading: &DoorReading,
        now: DateTime<Utc>,
    ) -> Result<DoorNews, AccessError> {
        self.store().transaction(|transaction| {
            drop_problem(transaction, READING, "refused", "events")?;
            let mut kept = kept(transaction)?.unwrap_or_default();
            let mut place = match kept.place.take() {
                Some(place) if place.is_lost(reading) => {
                    kept.presence = Presence::default();
                    put_document(transaction, KEPT.0, KEPT.1, &kept)?;
                    let words = "the door system numbers its events anew; the watch goes on behind the newest one";
                    return Ok(DoorNews { fresh: 0, warnings: vec![words.to_owned()], behind: true });
                }
                Some(place) => place,
                None => Place::begin(reading),
            };
            let fresh = place.advance(reading);
            let mut news = DoorNews { fresh: fresh.len() as u64, ..DoorNews::default() };
            news.behind = !fresh.is_empty() && place.read_to < reading.asked - Duration::minutes(1);
            let changes = if config.refused > 0 {
                kept.guesses.count(&fresh, config, place.read_to)
            } else {
                healed(&std::mem::take(&mut kept.guesses))
            };
            self.tell_guesses(transaction, config, &changes, now)?;
            for (door, alarm) in kept.guesses.alarms() {
                news.warnings.push(format!("{} at door {door}", guessed(config, alarm)));
            }
            if let Some(after) = config.no_show_after() {
                let site = Site::read(transaction, now)?;
                kept.presence.note(&fresh, &site.bookers(), now);
                news.warnings.extend(self.tell_no_shows(transaction, after, (&mut kept, &place), &site, now)?);
            } else {
                // Where nobody is missed, nobody's comings are kept.
                kept.presence = Presence::default();
                replace_problems(transaction, NO_SHOWS, &[])?;
            }
            kept.place = Some(place);
            put_document(transaction, KEPT.0, KEPT.1, &kept)?;
            Ok(news)
        })
    }

    /// The door system does not let its operator read events. Returns whether that is news.
    ///
    /// # Errors
    /// The store.
    pub fn door_events_refused(&self, why: &str, now: DateTime<Utc>) -> Result<bool, AccessError> {
        self.store().transaction(|transaction| {
            let known = crate::store::problems(transaction)?.iter().any(|problem| problem.area == READING);
            let words = format!("cannot be read, so that nothing is watched for at the doors: {why}");
            let remedy = "Give the operator the right to read events, or switch [watch] off; doors open without";
            set_problem(transaction, &Problem::new(READING, "refused", "events", words, remedy, now))?;
            Ok(!known)
        })
    }

    /// Nothing is watched for any more: alarms end, and what was kept of the events goes.
    ///
    /// # Errors
    /// The store, or a letter cannot be written.
    pub fn end_watch(&self, now: DateTime<Utc>) -> Result<(), AccessError> {
        self.store().transaction(|transaction| {
            if let Some(kept) = kept(transaction)? {
                self.tell_guesses(transaction, &WatchConfig::default(), &healed(&kept.guesses), now)?;
            }
            for area in [REFUSED, NO_SHOWS, READING] {
                replace_problems(transaction, area, &[])?;
            }
            drop_document(transaction, KEPT.0, KEPT.1)
        })
    }

    fn tell_guesses(
        &self,
        transaction: &Transaction<'_>,
        config: &WatchConfig,
        changes: &[Change],
        now: DateTime<Utc>,
    ) -> Result<(), AccessError> {
        let outbox = self.post.as_ref().map(|post| &post.outbox);
        for change in changes {
            match change {
                Change::Raised(door, alarm) => {
                    let words = format!("{}. Somebody may be guessing codes", guessed(config, *alarm));
                    let remedy = "See who stands there; nothing was done to the door";
                    let subject = format!("door {door}");
                    set_problem(transaction, &Problem::new(REFUSED, "guesses", subject, &*words, remedy, alarm.since))?;
                    let letter = format!("At door {door}: {words}. {remedy}.");
                    outbox.map(|outbox| outbox.raise(transaction, &cause(door), &letter, now)).transpose()?;
                }
                Change::Healed(door) => {
                    drop_problem(transaction, REFUSED, "guesses", &format!("door {door}"))?;
                    outbox.map(|outbox| outbox.calm(transaction, &cause(door), now)).transpose()?;
                }
            }
        }
        Ok(())
    }

    /// Tells of each missed booking once; answers what was told just now.
    fn tell_no_shows(
        &self,
        transaction: &Transaction<'_>,
        after: Duration,
        (kept, place): (&mut Kept, &Place),
        site: &Site,
        now: DateTime<Utc>,
    ) -> Result<Vec<String>, AccessError> {
        let people = site.by_key();
        let bookings = site.bookings.iter();
        let stays: Vec<Stay> =
            bookings.filter_map(|row| Stay::of(row, self.rules(), &people, &site.rights, after)).collect();
        let mut missed = kept.presence.absent(&stays, place, now);
        missed.retain(|booking| !kept.told.contains(booking));
        kept.told.extend(&missed);
        kept.told.retain(|booking| site.bookings.iter().any(|row| row.id == *booking));
        let words = |row: &BookingRow| self.missed(row, &people, after);
        let lasts = |row: &&BookingRow| self.rules().confirmed(row) && self.rules().window(row).1 > now;
        let told = site.bookings.iter().filter(|row| kept.told.contains(&row.id)).filter(lasts).map(|row| {
            let remedy = "Ask them, or release it in the booking system; nothing was changed";
            Problem::new(NO_SHOWS, "no_show", format!("booking {}", row.id), words(row), remedy, now)
        });
        replace_problems(transaction, NO_SHOWS, &told.collect::<Vec<_>>())?;
        let lines: Vec<String> = site.bookings.iter().filter(|row| missed.contains(&row.id)).map(words).collect();
        if let (Some(post), false) = (&self.post, lines.is_empty()) {
            let text = format!("{}.\n\nNothing was changed: doors open for them as booked.", lines.join(".\n"));
            post.outbox.tell(transaction, "nobody came", &text, now)?;
        }
        Ok(lines)
    }

    /// Which booking, whose, and that nobody came.
    fn missed(&self, row: &BookingRow, people: &BTreeMap<&str, &PersonRow>, after: Duration) -> String {
        let of = row.booking.people.iter().filter_map(|person| people.get(person.key().as_str()));
        let of = of.map(|person| person.address.as_str()).collect::<Vec<_>>().join(", ");
        let rooms = row.booking.resources.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let begin = row.booking.start.with_timezone(&self.zone()).format("%Y-%m-%d %H:%M");
        let minutes = after.num_minutes();
        format!("{rooms} at {begin}, booked by {of}: none of them opened a door within {minutes} minutes")
    }
}

/// Bookings, people and rights as they are now.
struct Site {
    bookings: Vec<BookingRow>,
    people: Vec<PersonRow>,
    rights: Rights,
}

impl Site {
    fn read(connection: &Connection, now: DateTime<Utc>) -> Result<Self, AccessError> {
        let (bookings, people) = (live_bookings(connection)?, all_people(connection)?);
        let mut rights = Rights::new();
        let around = (now - Duration::seconds(1), now + Duration::seconds(1));
        for row in timeline_between(connection, around.0, around.1)?.into_iter().filter(|row| row.closed.is_none()) {
            rights.entry(row.person).or_default().insert(row.door, row.opened);
        }
        Ok(Self { bookings, people, rights })
    }

    fn by_key(&self) -> BTreeMap<&str, &PersonRow> {
        self.people.iter().map(|person| (person.key.as_str(), person)).collect()
    }

    fn bookers(&self) -> BTreeSet<&str> {
        self.people.iter().filter_map(|person| person.door_user.as_deref()).collect()
    }
}

fn kept(connection: &Connection) -> Result<Option<Kept>, AccessError> {
    document(connection, KEPT.0, KEPT.1)
}

fn healed(guesses: &Guesses) -> Vec<Change> {
    guesses.alarms().map(|(door, _)| Change::Healed(door.to_owned())).collect()
}

fn cause(door: &str) -> String {
    format!("refused codes at door {door}")
}

fn guessed(config: &WatchConfig, alarm: Alarm) -> String {
    let WatchConfig { refused, refused_minutes, .. } = config;
    format!("more than {refused} PINs or tokens were refused within {refused_minutes} minutes, {} so far", alarm.count)
}

#[cfg(test)]
#[path = "take_tests.rs"]
mod tests;
