//! Whose code is whose: `free → reserved → active → retiring → cooling → free`.
//!
//! A code that has no row is free. Everything here runs in the transaction of the caller, so that looking and reserving are
//! one step.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Duration, Utc};
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction};
use serde::Serialize;
use sync_core::connector::{CodeInUse, CodeKind};
use sync_core::model::{ExternalId, SecretText};

use super::bound::{bind_like, bound};
use super::config::CodesConfig;
use super::space::{CodeSpace, Space, canonical};
use crate::AccessError;
use crate::seal::{SealError, Sealer};

/// Codes that were issued and are not free again. The number of a row is the version of the code and never comes back.
pub(crate) const SCHEMA: &str = "
CREATE TABLE code (
    version INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('pin', 'number')),
    hash BLOB NOT NULL,
    sealed BLOB,
    person TEXT,
    state TEXT NOT NULL CHECK (state IN ('reserved', 'active', 'retiring', 'cooling')),
    since INTEGER NOT NULL,
    rests_until INTEGER,
    refusals INTEGER NOT NULL DEFAULT 0,
    CHECK ((state = 'cooling') = (sealed IS NULL)),
    CHECK ((state = 'cooling') = (person IS NULL)),
    CHECK ((state = 'cooling') = (rests_until IS NOT NULL)),
    UNIQUE (kind, hash)
) STRICT;
CREATE UNIQUE INDEX code_of_person ON code (person) WHERE state IN ('reserved', 'active');
CREATE INDEX code_resting ON code (rests_until) WHERE state = 'cooling';
";

const PURPOSE: &str = "code";
const COLUMNS: &str = "version, kind, sealed, person, state";

/// Draws until the space counts as full; with one code in a hundred free it is missed once in 10^17 times.
pub(super) const MOST_DRAWS: u32 = 4_096;

/// Codes in a row that a door system may refuse to one person in a day.
const MOST_REFUSALS: u32 = 5;

/// Where a code is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CodeState {
    /// Chosen, and perhaps sent to the door system.
    Reserved,
    /// The door system confirmed it.
    Active,
    /// To be taken away at the door system.
    Retiring,
    /// Gone there, and resting.
    Cooling,
}

/// How many codes became free.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Release {
    /// Codes that somebody may get from now on.
    pub freed: usize,
}

/// A code that somebody has.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Issued {
    /// Whose it is.
    pub person: String,
    /// What it is.
    pub kind: CodeKind,
    /// The code.
    pub code: SecretText,
    /// Which one: grows with every code, never comes back.
    pub version: u32,
    /// Where it is on its way.
    pub state: CodeState,
}

/// Who wants a code, and what the door system has.
#[derive(Clone, Copy)]
pub(crate) struct Wish<'a> {
    /// Who.
    pub person: &'a str,
    /// Their id at the door system, once it is known.
    pub holder: Option<&'a ExternalId>,
    /// Every code at the door system, also those of others.
    pub in_use: &'a [CodeInUse],
}

/// A code that is reserved for somebody, and on disk once the transaction is.
#[derive(Debug)]
pub(crate) struct Reserved {
    /// The code.
    pub issued: Issued,
    /// It was chosen just now.
    pub fresh: bool,
    /// What somebody should be told.
    pub alarm: Option<String>,
}

/// What became of a code that was found at the door system.
#[derive(Debug)]
pub(crate) enum Adopted {
    /// It is the one that we know.
    Known,
    /// It is theirs from now on.
    Taken,
    /// They have another one in our books, which stays.
    OtherKept,
    /// It is somebody else's in our books.
    OfAnother,
}

/// A code cannot be issued, kept or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CodeError {
    #[error("the store failed")]
    Store(#[from] rusqlite::Error),
    #[error("{0}")]
    Seal(#[from] SealError),
    #[error("staff hand out cards here, no codes are made")]
    Manual,
    #[error("no free code was found: widen the range, or make PINs longer")]
    Full,
    #[error("the door system refused {MOST_REFUSALS} codes as taken")]
    AlwaysRefused,
    #[error("a code in the store is damaged")]
    Damaged,
}

/// The code of a person: the one they have, else a new one that nobody has.
pub(crate) fn reserve(
    tx: &Transaction<'_>,
    sealer: &Sealer,
    config: &CodesConfig,
    wish: Wish<'_>,
    now: DateTime<Utc>,
) -> Result<Reserved, CodeError> {
    let Some(issued) = active_or_reserved(tx, sealer, wish.person)? else {
        return choose(tx, sealer, config, wish, 0, now);
    };
    if Some(issued.kind) != config.kind() {
        return reissue(tx, sealer, config, wish, now);
    }
    if issued.state == CodeState::Reserved && wish.holder.is_some() && held_by_another(&issued, wish) {
        return refused_as_taken(tx, sealer, config, wish, now);
    }
    Ok(Reserved { issued, fresh: false, alarm: None })
}

/// A new code for a person; the one they had is to be taken away.
pub(crate) fn reissue(
    tx: &Transaction<'_>,
    sealer: &Sealer,
    config: &CodesConfig,
    wish: Wish<'_>,
    now: DateTime<Utc>,
) -> Result<Reserved, CodeError> {
    retire(tx, wish.person, now)?;
    choose(tx, sealer, config, wish, 0, now)
}

/// The door system says that the reserved code is somebody's: another one, and an alarm. The refused one rests.
pub(crate) fn refused_as_taken(
    tx: &Transaction<'_>,
    sealer: &Sealer,
    config: &CodesConfig,
    wish: Wish<'_>,
    now: DateTime<Utc>,
) -> Result<Reserved, CodeError> {
    let row = tx
        .prepare_cached("SELECT version, refusals, since FROM code WHERE person = ?1 AND state = 'reserved'")?
        .query_row([wish.person], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((version, refusals, since)) = row else { return reserve(tx, sealer, config, wish, now) };
    let (version, refusals, since): (u32, u32, i64) = (version, refusals, since);
    let yesterday = (now - Duration::days(1)).timestamp_millis();
    let refusals = if since < yesterday { 1 } else { refusals + 1 };
    if refusals >= MOST_REFUSALS {
        return Err(CodeError::AlwaysRefused);
    }
    let stay = bound(tx, wish.person)?;
    rest(tx, config, "version = ?1", version, now)?;
    let mut reserved = choose(tx, sealer, config, wish, refusals, now)?;
    bind_like(tx, reserved.issued.version, stay)?;
    reserved.alarm = Some("the door system refused a code as taken; another one was chosen".to_owned());
    Ok(reserved)
}

/// The door system has the code of this person. Returns whether that is news.
pub(crate) fn confirmed(tx: &Transaction<'_>, person: &str, now: DateTime<Utc>) -> Result<bool, CodeError> {
    let changed = tx
        .prepare_cached(
            "UPDATE code SET state = 'active', since = ?2, refusals = 0 WHERE person = ?1 AND state = 'reserved'",
        )?
        .execute((person, now.timestamp_millis()))?;
    Ok(changed > 0)
}

/// The code of this person is to be taken away. Returns whether there was one.
pub(crate) fn retire(tx: &Transaction<'_>, person: &str, now: DateTime<Utc>) -> Result<bool, CodeError> {
    let changed = tx
        .prepare_cached(
            "UPDATE code SET state = 'retiring', since = ?2 WHERE person = ?1 AND state IN ('reserved', 'active')",
        )?
        .execute((person, now.timestamp_millis()))?;
    Ok(changed > 0)
}

/// Every code that we issued is to be taken away: staff hand out cards from now on. Returns how many.
pub(crate) fn retire_all(tx: &Transaction<'_>, now: DateTime<Utc>) -> Result<usize, CodeError> {
    let retire = "UPDATE code SET state = 'retiring', since = ?1 WHERE state IN ('reserved', 'active')";
    Ok(tx.prepare_cached(retire)?.execute([now.timestamp_millis()])?)
}

/// Whether a code of this kind that we issued may be at the door system.
pub(crate) fn any_issued(connection: &Connection, kind: CodeKind) -> Result<bool, CodeError> {
    let query = "SELECT EXISTS (SELECT 1 FROM code WHERE kind = ?1 AND state != 'cooling')";
    Ok(connection.prepare_cached(query)?.query_row([name(kind)], |row| row.get(0))?)
}

/// Codes that are to be taken away at the door system.
pub(crate) fn retiring(connection: &Connection, sealer: &Sealer) -> Result<Vec<Issued>, CodeError> {
    select(connection, sealer, "state = 'retiring' ORDER BY version", [])
}

/// Codes of one person that are to be taken away.
pub(crate) fn retiring_of(connection: &Connection, sealer: &Sealer, person: &str) -> Result<Vec<Issued>, CodeError> {
    select(connection, sealer, "person = ?1 AND state = 'retiring' ORDER BY version", [person])
}

/// A code that was to be taken away is gone at the door system, and rests from now on.
pub(crate) fn removal_confirmed(
    tx: &Transaction<'_>,
    config: &CodesConfig,
    version: u32,
    now: DateTime<Utc>,
) -> Result<usize, CodeError> {
    rest(tx, config, "version = ?1 AND state = 'retiring'", version, now)
}

/// Codes that were to be taken away and are not among all those of the door system rest from now on. Returns whose.
pub(crate) fn gone(
    tx: &Transaction<'_>,
    sealer: &Sealer,
    config: &CodesConfig,
    in_use: &[CodeInUse],
    now: DateTime<Utc>,
) -> Result<Vec<String>, CodeError> {
    let there = hashes(sealer, in_use);
    let mut people = Vec::new();
    for issued in retiring(tx, sealer)? {
        if !there.contains(&hash(sealer, issued.kind, issued.code.expose())) {
            rest(tx, config, "version = ?1", issued.version, now)?;
            people.push(issued.person);
        }
    }
    Ok(people)
}

/// Takes over the code of somebody who carries our marker and is not in our books.
pub(crate) fn adopt(
    tx: &Transaction<'_>,
    sealer: &Sealer,
    person: &str,
    found: &CodeInUse,
    now: DateTime<Utc>,
) -> Result<Adopted, CodeError> {
    let code = canonical(found.kind, found.code.expose());
    let hash = hash(sealer, found.kind, code);
    if let Some(issued) = active_or_reserved(tx, sealer, person)? {
        let same = issued.kind == found.kind && issued.code.expose() == code;
        return Ok(if same { Adopted::Known } else { Adopted::OtherKept });
    }
    let known: Option<(String, Option<String>)> = tx
        .prepare_cached("SELECT state, person FROM code WHERE kind = ?1 AND hash = ?2")?
        .query_row((name(found.kind), hash), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match known.as_ref().map(|(state, whose)| (state.as_str(), whose.as_deref())) {
        // It rested, but they have it all the same.
        Some(("cooling", _)) => {
            tx.execute("DELETE FROM code WHERE kind = ?1 AND hash = ?2", (name(found.kind), hash))?;
        }
        // Their own, which is being taken away.
        Some((_, whose)) if whose == Some(person) => return Ok(Adopted::Known),
        Some(_) => return Ok(Adopted::OfAnother),
        None => {}
    }
    insert(tx, sealer, person, found.kind, code, ("active", 0), now).map(|_| Adopted::Taken)
}

/// Codes that have rested long enough are free again.
pub(crate) fn release_rested(tx: &Transaction<'_>, now: DateTime<Utc>) -> Result<Release, CodeError> {
    let freed = tx
        .prepare_cached("DELETE FROM code WHERE state = 'cooling' AND rests_until <= ?1")?
        .execute([now.timestamp_millis()])?;
    Ok(Release { freed })
}

/// Nothing says any more whose codes these were; they rest. For somebody whom the door system has let go.
pub(crate) fn forget(
    tx: &Transaction<'_>,
    config: &CodesConfig,
    person: &str,
    now: DateTime<Utc>,
) -> Result<usize, CodeError> {
    rest(tx, config, "person = ?1", person, now)
}

/// The code that a person has, or is about to have.
pub(crate) fn active_or_reserved(
    connection: &Connection,
    sealer: &Sealer,
    person: &str,
) -> Result<Option<Issued>, CodeError> {
    let mut found = select(connection, sealer, "person = ?1 AND state IN ('reserved', 'active')", [person])?;
    Ok(found.pop())
}

/// People whose code somebody else at the door system has too. `holders` are the ids of our people there.
pub(crate) fn clashing(
    connection: &Connection,
    sealer: &Sealer,
    in_use: &[CodeInUse],
    holders: &BTreeMap<String, ExternalId>,
) -> Result<Vec<String>, CodeError> {
    let mut all: BTreeMap<(CodeKind, &str), Vec<&ExternalId>> = BTreeMap::new();
    for code in in_use {
        all.entry((code.kind, canonical(code.kind, code.code.expose()))).or_default().push(&code.holder);
    }
    let issued = select(connection, sealer, "state IN ('reserved', 'active') ORDER BY person", [])?;
    let clashes = |issued: &Issued| {
        let Some(own) = holders.get(&issued.person) else { return false };
        all.get(&(issued.kind, issued.code.expose())).is_some_and(|found| found.iter().any(|holder| *holder != own))
    };
    Ok(issued.into_iter().filter(clashes).map(|issued| issued.person).collect())
}

/// How full the space of codes is; `None` where staff hand out cards.
pub(crate) fn space(
    connection: &Connection,
    sealer: &Sealer,
    config: &CodesConfig,
    in_use: &[CodeInUse],
) -> Result<Option<CodeSpace>, CodeError> {
    let Some(space) = Space::of(config) else { return Ok(None) };
    let count = |states: &str| {
        let query = format!("SELECT count(*) FROM code WHERE kind = ?1 AND state IN ({states})");
        connection.query_row(&query, [name(space.kind())], |row| row.get::<_, u32>(0).map(u64::from))
    };
    let (live, resting) = (count("'reserved', 'active', 'retiring'")?, count("'cooling'")?);
    let own = own_hashes(connection, space.kind())?;
    let choosable =
        |code: &&CodeInUse| code.kind == space.kind() && space.contains(canonical(code.kind, code.code.expose()));
    let others: BTreeSet<_> =
        in_use.iter().filter(choosable).map(|code| hash(sealer, code.kind, code.code.expose())).collect();
    let foreign = others.difference(&own).count() as u64;
    let expected = (config.expected_codes.into(), config.expected_resting());
    Ok(Some(CodeSpace::new(space, live, foreign, resting, expected)))
}

fn choose(
    tx: &Transaction<'_>,
    sealer: &Sealer,
    config: &CodesConfig,
    wish: Wish<'_>,
    refusals: u32,
    now: DateTime<Utc>,
) -> Result<Reserved, CodeError> {
    let Some(choice) = Space::of(config) else { return Err(CodeError::Manual) };
    if choice.size() == 0 {
        return Err(CodeError::Full);
    }
    let mut taken = hashes(sealer, wish.in_use);
    taken.extend(own_hashes(tx, choice.kind())?);
    for _ in 0..MOST_DRAWS {
        let code = choice.draw()?;
        if !taken.contains(&hash(sealer, choice.kind(), code.expose())) {
            let issued = insert(tx, sealer, wish.person, choice.kind(), code.expose(), ("reserved", refusals), now)?;
            let filled = space(tx, sealer, config, wish.in_use)?.filter(|space| space.more_than_half);
            let alarm = filled.and_then(|space| space.warnings().into_iter().next());
            return Ok(Reserved { issued, fresh: true, alarm });
        }
    }
    Err(CodeError::Full)
}

fn insert(
    tx: &Transaction<'_>,
    sealer: &Sealer,
    person: &str,
    kind: CodeKind,
    code: &str,
    (state, refusals): (&str, u32),
    now: DateTime<Utc>,
) -> Result<Issued, CodeError> {
    let body = sealer.seal(PURPOSE, code.as_bytes())?;
    tx.prepare_cached(
        "INSERT INTO code (kind, hash, sealed, person, state, since, refusals) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute((name(kind), hash(sealer, kind, code), body, person, state, now.timestamp_millis(), refusals))?;
    active_or_reserved(tx, sealer, person)?.ok_or(CodeError::Damaged)
}

/// Lets codes rest: only their hash stays.
fn rest(
    tx: &Transaction<'_>,
    config: &CodesConfig,
    which: &str,
    parameter: impl rusqlite::ToSql,
    now: DateTime<Utc>,
) -> Result<usize, CodeError> {
    let until = now + Duration::days(config.cooling_days.into());
    let update = format!(
        "UPDATE code SET state = 'cooling', sealed = NULL, person = NULL, stay = NULL, since = ?2, rests_until = ?3 \
         WHERE {which}"
    );
    Ok(tx.prepare_cached(&update)?.execute((parameter, now.timestamp_millis(), until.timestamp_millis()))?)
}

fn select(
    connection: &Connection,
    sealer: &Sealer,
    which: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<Issued>, CodeError> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM code WHERE {which}"))?;
    let rows = statement.query_map(parameters, read)?.collect::<Result<Vec<_>, _>>()?;
    rows.into_iter().map(|row| row.open(sealer)).collect()
}

struct SealedRow {
    version: u32,
    kind: String,
    sealed: Vec<u8>,
    person: String,
    state: String,
}

fn read(row: &Row<'_>) -> rusqlite::Result<SealedRow> {
    Ok(SealedRow {
        version: row.get(0)?,
        kind: row.get(1)?,
        sealed: row.get(2)?,
        person: row.get(3)?,
        state: row.get(4)?,
    })
}

impl SealedRow {
    fn open(self, sealer: &Sealer) -> Result<Issued, CodeError> {
        let Self { version, kind, sealed, person, state } = self;
        let kind = if kind == "pin" { CodeKind::Pin } else { CodeKind::Number };
        let state = match state.as_str() {
            "reserved" => CodeState::Reserved,
            "active" => CodeState::Active,
            _ => CodeState::Retiring,
        };
        let clear = sealer.unseal(PURPOSE, &sealed)?;
        let code = SecretText::new(std::str::from_utf8(&clear).map_err(|_| CodeError::Damaged)?);
        Ok(Issued { person, kind, code, version, state })
    }
}

fn held_by_another(issued: &Issued, wish: Wish<'_>) -> bool {
    let same =
        |code: &CodeInUse| code.kind == issued.kind && canonical(code.kind, code.code.expose()) == issued.code.expose();
    wish.in_use.iter().any(|code| same(code) && Some(&code.holder) != wish.holder)
}

pub(super) type Hash = [u8; 32];

pub(super) fn hash(sealer: &Sealer, kind: CodeKind, code: &str) -> Hash {
    sealer.hash(PURPOSE, &[name(kind).as_bytes(), canonical(kind, code).as_bytes()])
}

pub(super) fn hashes(sealer: &Sealer, codes: &[CodeInUse]) -> BTreeSet<Hash> {
    codes.iter().map(|code| hash(sealer, code.kind, code.code.expose())).collect()
}

pub(super) fn own_hashes(connection: &Connection, kind: CodeKind) -> Result<BTreeSet<Hash>, CodeError> {
    let mut statement = connection.prepare_cached("SELECT hash FROM code WHERE kind = ?1")?;
    Ok(statement.query_map([name(kind)], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

fn name(kind: CodeKind) -> &'static str {
    match kind {
        CodeKind::Pin => "pin",
        CodeKind::Number => "number",
    }
}

/// Hides who and what.
impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Issued(version {}, {:?}, {:?})", self.version, self.kind, self.state)
    }
}

/// Hides who and what.
impl fmt::Debug for Wish<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wish(beside {} codes)", self.in_use.len())
    }
}

impl From<CodeError> for AccessError {
    fn from(error: CodeError) -> Self {
        match error {
            CodeError::Store(error) => error.into(),
            other => Self::Codes(other.to_string()),
        }
    }
}

#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;
