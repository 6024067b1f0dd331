//! The rights recorder: who could open which door when, and who held which code when.
//!
//! It watches the permission sets, not the doors: every change, by whichever way, is noted with the simulator's clock.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDateTime, NaiveTime, Utc};
use serde::Serialize;

use super::{AccessLevel, User, World};
use crate::clock::Zone;

/// Custom field of the mail address.
const EMAIL: i64 = 9;

/// What opens a door for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Via {
    /// An access level.
    Level(i64),
    /// A permission beside the levels.
    Individual,
}

/// A door that a permission set opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct DoorRight {
    /// Serial number of the door.
    pub door: i64,
    /// What opens it.
    pub via: Via,
    /// When in the week; 1 is always.
    pub timezone: i64,
    /// From outside.
    pub entering: bool,
    /// From inside.
    pub leaving: bool,
}

/// What somebody's permission set opened from one change to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RightsSpan {
    /// Begin.
    pub from: DateTime<Utc>,
    /// End, not included; none: still so.
    pub to: Option<DateTime<Utc>>,
    /// The doors; none outside the person's validity.
    pub doors: Vec<DoorRight>,
}

impl RightsSpan {
    /// Whether the moment lies in it.
    pub fn contains(&self, at: DateTime<Utc>) -> bool {
        self.from <= at && self.to.is_none_or(|to| at < to)
    }

    /// Whether the door is among its doors.
    pub fn opens(&self, door: i64) -> bool {
        self.doors.iter().any(|right| right.door == door)
    }
}

/// A code from the change that gave it to the one that took it.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct CodeSpan {
    /// `PIN`, or the type of the token.
    pub kind: String,
    /// The code.
    pub value: String,
    /// It is barred.
    pub lost: bool,
    /// Begin.
    pub from: DateTime<Utc>,
    /// End, not included; none: still held.
    pub to: Option<DateTime<Utc>>,
}

impl std::fmt::Debug for CodeSpan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CodeSpan")
            .field("kind", &self.kind)
            .field("from", &self.from)
            .field("to", &self.to)
            .finish_non_exhaustive()
    }
}

/// The record of one user, who may be gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rights {
    /// User.
    pub user: i64,
    /// Last known name.
    pub name: String,
    /// Last known mail address.
    pub email: Option<String>,
    /// Last known custom fields by number, the marker among them.
    pub fields: BTreeMap<i64, String>,
    /// What the permission set opened, without gaps.
    pub spans: Vec<RightsSpan>,
    /// The codes in the order in which they were given.
    pub codes: Vec<CodeSpan>,
}

/// Everything noted so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct RightsLog {
    users: BTreeMap<i64, Record>,
    /// Levels and doors (with their areas) as they were last seen.
    levels: BTreeMap<i64, AccessLevel>,
    doors: Vec<(i64, i64, i64)>,
}

#[derive(Debug, Clone, Default)]
struct Record {
    /// The user as last seen.
    seen: Option<User>,
    name: String,
    fields: BTreeMap<i64, String>,
    states: Vec<(DateTime<Utc>, State)>,
    codes: Vec<CodeSpan>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct State {
    doors: Vec<DoorRight>,
    activation: Option<NaiveDateTime>,
    expiry: Option<NaiveDateTime>,
}

type LevelDoors = BTreeMap<i64, Vec<DoorRight>>;

impl World {
    /// What one user could open when; `None` if there never was such a user.
    pub fn rights(&mut self, user: i64) -> Option<Rights> {
        self.record_rights();
        self.rights.users.get(&user).map(|record| self.shown_rights(user, record))
    }

    /// The same for all users there ever were.
    pub fn all_rights(&mut self) -> Vec<Rights> {
        self.record_rights();
        self.rights.users.iter().map(|(user, record)| self.shown_rights(*user, record)).collect()
    }

    /// Who could open this door when: only the spans that open it.
    pub fn rights_at_door(&mut self, door: i64) -> Vec<Rights> {
        let mut all = self.all_rights();
        for one in &mut all {
            one.spans.retain(|span| span.opens(door));
        }
        all.retain(|one| !one.spans.is_empty());
        all
    }

    /// Whether a user could open a door at a past moment, timezones included as they are now.
    pub fn could_open(&mut self, user: i64, door: i64, at: DateTime<Utc>) -> bool {
        let local = self.zone.local(at);
        let spans = self.rights(user).map(|rights| rights.spans).unwrap_or_default();
        let rights = spans.iter().filter(|span| span.contains(at)).flat_map(|span| &span.doors);
        rights.into_iter().any(|right| right.door == door && self.timezone_holds(right.timezone, local))
    }

    /// Begins the record anew with what holds now.
    pub fn forget_rights(&mut self) {
        self.rights = RightsLog::default();
        self.record_rights();
    }

    /// Notes what changed for anybody.
    pub(crate) fn record_rights(&mut self) {
        let mut log = std::mem::take(&mut self.rights);
        let now = self.now();
        let doors: Vec<_> = self.doors.values().map(|door| (door.id, door.area_in, door.area_out)).collect();
        let moved = log.doors != doors || log.levels != self.access_levels;
        if moved {
            log.doors = doors;
            log.levels.clone_from(&self.access_levels);
        }
        let mut levels = LevelDoors::new();
        for (id, user) in &self.users {
            if moved || log.users.get(id).and_then(|record| record.seen.as_ref()) != Some(user) {
                self.record(&mut log, &mut levels, *id, Some(user), now);
            }
        }
        let left =
            |(id, record): (&i64, &Record)| (record.seen.is_some() && !self.users.contains_key(id)).then_some(*id);
        let gone: Vec<i64> = log.users.iter().filter_map(left).collect();
        for id in gone {
            self.record(&mut log, &mut levels, id, None, now);
        }
        self.rights = log;
    }

    /// Notes what changed for one user.
    pub(crate) fn record_rights_of(&mut self, user: i64) {
        let mut log = std::mem::take(&mut self.rights);
        let now = self.now();
        self.record(&mut log, &mut LevelDoors::new(), user, self.users.get(&user), now);
        self.rights = log;
    }

    fn record(&self, log: &mut RightsLog, levels: &mut LevelDoors, id: i64, user: Option<&User>, now: DateTime<Utc>) {
        let record = log.users.entry(id).or_default();
        let held = user.map(codes).unwrap_or_default();
        let mut state = State::default();
        record.seen = user.cloned();
        if let Some(user) = user {
            state = State { doors: self.doors_of(levels, user), activation: user.activation, expiry: user.expiry };
            record.name = user.name();
            record.fields.clone_from(&user.fields);
        }
        if record.states.last().is_none_or(|(_, last)| *last != state) {
            record.states.push((now, state));
        }
        for span in record.codes.iter_mut().filter(|span| span.to.is_none()) {
            if !held.iter().any(|code| same(code, span)) {
                span.to = Some(now);
            }
        }
        for (kind, value, lost) in held {
            let known = (kind.clone(), value.clone(), lost);
            if !record.codes.iter().any(|span| span.to.is_none() && same(&known, span)) {
                record.codes.push(CodeSpan { kind, value, lost, from: now, to: None });
            }
        }
    }

    fn doors_of(&self, levels: &mut LevelDoors, user: &User) -> Vec<DoorRight> {
        if !user.active {
            return Vec::new();
        }
        let mut doors = Vec::new();
        for level in &user.levels {
            doors.extend(levels.entry(*level).or_insert_with(|| self.doors_of_level(*level)).iter().copied());
        }
        for one in &user.individual {
            doors.extend(self.doors_of_area(one.area, Via::Individual, one.timezone));
        }
        merged(doors)
    }

    fn doors_of_level(&self, level: i64) -> Vec<DoorRight> {
        let via = Via::Level(level);
        if level == 1 {
            let all = self.doors.keys().map(|door| DoorRight {
                door: *door,
                via,
                timezone: 1,
                entering: true,
                leaving: true,
            });
            return all.collect();
        }
        let rows = self.access_levels.get(&level).map(|level| level.rows.as_slice()).unwrap_or_default();
        rows.iter().flat_map(|row| self.doors_of_area(row.area, via, row.timezone)).collect()
    }

    fn doors_of_area(&self, area: i64, via: Via, timezone: i64) -> Vec<DoorRight> {
        let reached =
            self.doors.values().filter(|door| timezone != 0 && (door.area_in == area || door.area_out == area));
        reached
            .map(|door| DoorRight {
                door: door.id,
                via,
                timezone,
                entering: door.area_in == area,
                leaving: door.area_out == area,
            })
            .collect()
    }

    fn shown_rights(&self, user: i64, record: &Record) -> Rights {
        let ends = record.states.iter().skip(1).map(|(from, _)| Some(*from)).chain([None]);
        let spans = record.states.iter().zip(ends).flat_map(|((from, state), to)| self.valid_part(*from, to, state));
        Rights {
            user,
            name: record.name.clone(),
            email: record.fields.get(&EMAIL).cloned(),
            fields: record.fields.clone(),
            spans: spans.collect(),
            codes: record.codes.clone(),
        }
    }

    /// One state as up to three spans: before, in and after the person's validity, as far as that has come.
    fn valid_part(&self, from: DateTime<Utc>, to: Option<DateTime<Utc>>, state: &State) -> Vec<RightsSpan> {
        let end = to.unwrap_or_else(|| self.now().max(from));
        let begins = state.activation.map_or(from, |local| self.zone.instant(local)).max(from);
        let over = state.expiry.map(|local| last_moment(self.zone, local, self.switches.expiry_day_inclusive));
        let over = over.filter(|over| *over <= end).map(|over| over.max(from));
        let span = |from, to, doors: &[DoorRight]| RightsSpan { from, to, doors: doors.to_vec() };
        let not_yet = begins > from && (begins > end || Some(begins) == to);
        if state.doors.is_empty() || not_yet {
            return vec![span(from, to, &[])];
        }
        let mut spans = Vec::new();
        if from < begins {
            spans.push(span(from, Some(begins), &[]));
        }
        match over {
            Some(over) => {
                if begins < over {
                    spans.push(span(begins, Some(over), &state.doors));
                }
                spans.push(span(over.max(begins), to, &[]));
            }
            None => spans.push(span(begins, to, &state.doors)),
        }
        spans
    }
}

/// The moment from which an expiry holds.
fn last_moment(zone: Zone, local: NaiveDateTime, inclusive: bool) -> DateTime<Utc> {
    let next_day = || local.date().checked_add_days(Days::new(1)).map(|day| day.and_time(NaiveTime::MIN));
    zone.instant(if inclusive { next_day().unwrap_or(local) } else { local })
}

/// One entry per door, reason and timezone.
fn merged(mut doors: Vec<DoorRight>) -> Vec<DoorRight> {
    doors.sort_unstable();
    doors.dedup_by(|later, kept| {
        let same = (later.door, later.via, later.timezone) == (kept.door, kept.via, kept.timezone);
        if same {
            kept.entering |= later.entering;
            kept.leaving |= later.leaving;
        }
        same
    });
    doors
}

fn codes(user: &User) -> Vec<(String, String, bool)> {
    if !user.active {
        return Vec::new();
    }
    let pin = user.pin.iter().map(|pin| ("PIN".to_owned(), pin.clone(), false));
    let tokens = user.tokens.iter().map(|token| (token.token_type.clone(), token.token_value.clone(), token.is_lost));
    pin.chain(tokens).collect()
}

fn same(code: &(String, String, bool), span: &CodeSpan) -> bool {
    code.0 == span.kind && code.1 == span.value && code.2 == span.lost
}
