//! The zones of one calendar.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::block::Definition;
use super::text::{Suffix, Written};
use super::{DayRules, Interval, Moment, Notes, RawTime, Zone, ZoneBlock, name, zone};
use crate::{Limits, ProblemKind};

/// The zones of one `VCALENDAR`: its own definitions, the known names, and the zone of times without any.
#[derive(Debug)]
pub(crate) struct Zones {
    definitions: Vec<Definition>,
    /// By plain name.
    ///
    /// None where definitions of one name contradict each other and no known zone has it.
    defined: HashMap<String, Option<Resolved>>,
    /// By the name as written, so that each is looked at once.
    seen: HashMap<String, Result<Resolved, ProblemKind>>,
    /// The last name asked for: a feed mostly repeats one.
    last: Option<(String, Resolved)>,
    floating: Option<Zone>,
    days: Option<Zone>,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug)]
struct Resolved {
    zone: Zone,
    /// The zone of the database that a definition claims to be.
    claims: Option<Tz>,
}

impl Zones {
    /// Collects them before the first event is read, so that a definition may follow its use.
    ///
    /// `calendar_zone` is `X-WR-TIMEZONE`, `link_zone` the configured one. Faults of definitions are added to `problems` with
    /// a text for the operator.
    pub(crate) fn new(
        blocks: &[ZoneBlock],
        calendar_zone: Option<&str>,
        link_zone: Option<Tz>,
        limits: &Limits,
        problems: &mut Vec<(ProblemKind, String)>,
    ) -> Self {
        let mut zones = Self {
            definitions: Vec::new(),
            defined: HashMap::new(),
            seen: HashMap::new(),
            last: None,
            floating: None,
            days: None,
        };
        let most = limits.zones.min(usize::from(u16::MAX));
        for block in blocks.iter().take(most) {
            if let Err(kind) = zones.define(block, limits.onsets) {
                problems.push((kind, format!("zone definition {}", shown(&block.tzid))));
            }
        }
        if blocks.len() > most {
            problems.push((ProblemKind::ZoneLimit, format!("{} zone definitions, {most} are read", blocks.len())));
        }
        let link = link_zone.map(Zone::Iana);
        let calendar = calendar_zone.and_then(|name| zones.resolve(name).ok()).map(|resolved| resolved.zone);
        zones.floating = calendar.or(link);
        zones.days = link.or(calendar);
        zones
    }

    fn define(&mut self, block: &ZoneBlock, limit: usize) -> Result<(), ProblemKind> {
        let plain = name::plain(&block.tzid);
        if plain.is_empty() {
            return Err(ProblemKind::BadZone);
        }
        let location = block.location.as_deref().map(name::plain);
        let claims = name::iana(&plain).or_else(|| location.as_deref().and_then(name::iana));
        let definition = match Definition::of(block, limit) {
            Ok(definition) => definition,
            Err(kind) => {
                // What it says to be is still known.
                let known = claims.map(|claim| Some(Resolved { zone: Zone::Iana(claim), claims: None }));
                known.map(|known| self.defined.entry(plain.into_owned()).or_insert(known));
                return Err(kind);
            }
        };
        let zone = match &definition {
            Definition::Fixed(offset) => Zone::Fixed(*offset),
            Definition::Changing(_) => Zone::Block(u16::try_from(self.definitions.len()).unwrap_or(u16::MAX)),
        };
        match self.defined.entry(plain.into_owned()) {
            Entry::Occupied(mut known) => {
                let same = match known.get().map(|known| known.zone) {
                    Some(Zone::Block(at)) => self.definitions.get(usize::from(at)) == Some(&definition),
                    known => known == Some(zone),
                };
                if same {
                    return Ok(());
                }
                if claims.is_none() {
                    known.insert(None);
                }
                Err(ProblemKind::ZoneConflict)
            }
            Entry::Vacant(free) => {
                free.insert(Some(Resolved { zone, claims }));
                if matches!(definition, Definition::Changing(_)) {
                    self.definitions.push(definition);
                }
                Ok(())
            }
        }
    }

    /// Reads one date or time.
    ///
    /// # Errors
    ///
    /// `BadTime`, `YearOutOfRange`, `UnknownZone`, or `NoZone` for a time without zone when none is configured.
    pub(crate) fn moment(&mut self, raw: RawTime<'_>) -> Result<Moment, ProblemKind> {
        let floating = self.floating;
        self.moment_in(raw, floating)
    }

    /// Reads one date or time, a floating one in the given zone.
    ///
    /// # Errors
    ///
    /// As [`moment`](Self::moment).
    pub(crate) fn moment_in(&mut self, raw: RawTime<'_>, floating: Option<Zone>) -> Result<Moment, ProblemKind> {
        let written = Written::parse(raw.value)?.in_believed_years()?;
        let date = written.time.is_none();
        let mut notes = Notes::default();
        if written.repaired || (raw.date && !date) {
            notes = notes.with(Notes::REPAIRED);
        }
        if raw.tzid.is_some() && (date || written.suffix != Suffix::None) {
            notes = notes.with(Notes::ZONE_CONFLICT);
        }
        let local = written.local();
        let zone = match (written.suffix, raw.tzid) {
            _ if date => self.days.ok_or(ProblemKind::NoZone)?,
            (Suffix::Utc, _) => Zone::UTC,
            (Suffix::Offset(offset), _) => Zone::Fixed(offset),
            (Suffix::None, None) => floating.ok_or(ProblemKind::NoZone)?,
            (Suffix::None, Some(tzid)) => {
                let resolved = self.resolve(tzid)?;
                let offset = self.offset(resolved.zone, local);
                if resolved.claims.is_some_and(|claim| zone::offset_at_local(claim, local) != offset) {
                    notes = notes.with(Notes::ZONE_CONFLICT);
                }
                resolved.zone
            }
        };
        Ok(Moment { utc: self.instant(zone, local), local, zone, date, notes })
    }

    /// Reads `DTSTART`, `DTEND` and `DURATION` of one event.
    ///
    /// # Errors
    ///
    /// As [`moment`](Self::moment), and `NoEnd`, `ZeroLength`, `EndBeforeStart`, `TooLong`.
    pub(crate) fn interval(
        &mut self,
        start: RawTime<'_>,
        end: Option<RawTime<'_>>,
        duration: Option<&str>,
        rules: &DayRules,
    ) -> Result<Interval, ProblemKind> {
        let start = self.moment(start)?;
        let end = end.map(|end| self.moment(end)).transpose()?;
        Interval::of(self, start, end, duration, rules)
    }

    /// The instant at which the clock of a zone shows a time. In a gap the offset before it counts; of two, the first.
    pub(crate) fn instant(&self, zone: Zone, local: NaiveDateTime) -> DateTime<Utc> {
        shifted(local, -self.offset(zone, local)).and_utc()
    }

    /// The clock of a zone, for many times one after the other.
    pub(crate) fn clock(&self, zone: Zone) -> Clock<'_> {
        Clock { zones: self, zone, offset: 0, since: NaiveDateTime::MIN, until: NaiveDateTime::MIN }
    }

    /// What the clock of a zone shows at an instant.
    pub(crate) fn local(&self, zone: Zone, utc: DateTime<Utc>) -> NaiveDateTime {
        let utc = utc.naive_utc();
        let offset = match zone {
            Zone::Fixed(offset) => offset,
            Zone::Iana(zone) => zone::offset_at_utc(zone, utc),
            Zone::Block(at) => match self.definitions.get(usize::from(at)) {
                Some(Definition::Changing(onsets)) => onsets.offset_at_utc(utc),
                Some(Definition::Fixed(offset)) => *offset,
                None => 0,
            },
        };
        shifted(utc, offset)
    }

    /// Seconds east of UTC when the clock of a zone shows a time.
    fn offset(&self, zone: Zone, local: NaiveDateTime) -> i32 {
        match zone {
            Zone::Fixed(offset) => offset,
            Zone::Iana(zone) => zone::offset_at_local(zone, local),
            Zone::Block(at) => match self.definitions.get(usize::from(at)) {
                Some(Definition::Changing(onsets)) => onsets.offset_at_local(local),
                Some(Definition::Fixed(offset)) => *offset,
                None => 0,
            },
        }
    }

    /// The offset, and times on the clock between which it is the same.
    fn stretch(&self, zone: Zone, local: NaiveDateTime) -> (i32, NaiveDateTime, NaiveDateTime) {
        let definition = match zone {
            Zone::Block(at) => self.definitions.get(usize::from(at)),
            _ => None,
        };
        match (zone, definition) {
            (Zone::Fixed(offset), _) => (offset, NaiveDateTime::MIN, NaiveDateTime::MAX),
            (_, Some(Definition::Changing(onsets))) => onsets.stretch_at_local(local),
            _ => (self.offset(zone, local), local, local),
        }
    }

    fn resolve(&mut self, written: &str) -> Result<Resolved, ProblemKind> {
        if let Some((name, resolved)) = &self.last
            && name == written
        {
            return Ok(*resolved);
        }
        let known = self.seen.get(written).copied();
        let found = known.unwrap_or_else(|| self.look_up(written));
        if known.is_none() {
            self.seen.insert(written.to_owned(), found);
        }
        if let Ok(resolved) = found {
            let (name, last) = self.last.get_or_insert_with(|| (String::new(), resolved));
            name.clear();
            name.push_str(written);
            *last = resolved;
        }
        found
    }

    fn look_up(&self, written: &str) -> Result<Resolved, ProblemKind> {
        let plain = name::plain(written);
        match self.defined.get(plain.as_ref()) {
            Some(resolved) => resolved.ok_or(ProblemKind::UnknownZone),
            None => name::known(&plain).map(|zone| Resolved { zone, claims: None }).ok_or(ProblemKind::UnknownZone),
        }
    }
}

/// A clock that remembers between which of its changes it was asked last.
#[derive(Debug)]
pub(crate) struct Clock<'z> {
    zones: &'z Zones,
    zone: Zone,
    offset: i32,
    since: NaiveDateTime,
    until: NaiveDateTime,
}

impl Clock<'_> {
    /// As [`Zones::instant`].
    pub(crate) fn instant(&mut self, local: NaiveDateTime) -> DateTime<Utc> {
        if local < self.since || local >= self.until {
            (self.offset, self.since, self.until) = self.zones.stretch(self.zone, local);
        }
        shifted(local, -self.offset).and_utc()
    }
}

/// A clock put forward; it stops at the ends of the calendar, which believed years do not reach.
fn shifted(time: NaiveDateTime, seconds: i32) -> NaiveDateTime {
    time.checked_add_signed(TimeDelta::seconds(seconds.into())).unwrap_or(time)
}

/// A name that fits a report.
fn shown(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_control()).take(80).collect()
}
