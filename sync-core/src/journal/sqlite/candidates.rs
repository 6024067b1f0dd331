//! What may differ: links merged with the records seen, both in order of ids.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use rusqlite::{Connection, Row, params};

use super::codec::side_code;
use super::fault::{Fault, Found};
use super::links::{self, ByRow};
use super::names::Names;
use super::seen;
use crate::journal::{Candidate, CandidateQuery, Seen, Side, Stream};
use crate::model::{ExternalId, Pair, SyncKey};

const ENDS: &str = "SELECT record, fingerprint, link FROM link_end WHERE pair = ?1 AND side = ?2 ORDER BY record";
const SEEN: &str = "SELECT id, fingerprint, missing FROM seen WHERE stream = ?1 ORDER BY id";
/// Links that are candidates whatever their records say.
const ATTENTION: &str = "SELECT n FROM link WHERE pair = ?1 AND state IN (0, 2)
    UNION ALL SELECT n FROM link WHERE pair = ?1 AND state = 1 AND revision < ?2
    UNION ALL SELECT n FROM link WHERE pair = ?1 AND state = 1 AND revision > ?2
    UNION ALL SELECT n FROM link INDEXED BY link_attention WHERE pair = ?1 AND state = 1
        AND (due = 1 OR removed IS NOT NULL OR retry_at IS NOT NULL OR primary_id IS NULL OR secondary_id IS NULL)
        AND (due = 1 OR removed IS NOT NULL OR retry_at <= ?3 OR primary_id IS NULL OR secondary_id IS NULL)";

/// A stream that was never read has no records.
const NO_STREAM: i64 = -1;

/// One side of a pair by its numbers.
#[derive(Clone, Copy)]
struct Half {
    pair: i64,
    side: Side,
    stream: i64,
}

/// What merging finds.
enum Odd {
    /// A link whose record is missing, unknown or not as agreed.
    Link(i64),
    /// A present record without a link.
    Unlinked(ExternalId),
}

pub(super) fn candidates(connection: &Connection, names: &mut Names, query: &CandidateQuery) -> Found<Vec<Candidate>> {
    let pair = &query.pair;
    let primary = half(connection, names, pair, Side::Primary)?;
    let secondary = half(connection, names, pair, Side::Secondary)?;
    let mut rows = attention(connection, primary.pair, query)?;
    let mut unlinked = Vec::new();
    merge(connection, primary, |odd| match odd {
        Odd::Link(n) => rows.push(n),
        Odd::Unlinked(id) => unlinked.push(id),
    })?;
    merge(connection, secondary, |odd| {
        if let Odd::Link(n) = odd {
            rows.push(n);
        }
    })?;
    rows.sort_unstable();
    rows.dedup();

    let mut found = Vec::with_capacity(rows.len() + unlinked.len());
    let mut by_row = ByRow::new(connection)?;
    for n in rows {
        let link = by_row.get(n, pair)?.ok_or_else(|| Fault::corrupt("a link"))?;
        found.push(Candidate {
            primary: look(connection, primary, link.primary.as_ref())?,
            secondary: look(connection, secondary, link.secondary.as_ref())?,
            link: Some(link),
        });
    }
    for id in unlinked {
        let link = links::dead_of(connection, primary.pair, pair, &id)?;
        let partner = link.as_ref().and_then(|link| link.secondary.as_ref());
        let partner = look(connection, secondary, partner)?;
        found.push(Candidate { primary: look(connection, primary, Some(&id))?, secondary: partner, link });
    }
    found.sort_by(|a, b| order_key(a).cmp(&order_key(b)));
    Ok(found)
}

/// These primary records alone, each by its own look-ups.
pub(super) fn of(connection: &Connection, names: &mut Names, pair: &Pair, ids: &[ExternalId]) -> Found<Vec<Candidate>> {
    let primary = half(connection, names, pair, Side::Primary)?;
    let secondary = half(connection, names, pair, Side::Secondary)?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids.iter().collect::<BTreeSet<_>>() {
        let seen = look(connection, primary, Some(id))?;
        let mut link = links::of_record(connection, names, pair, Side::Primary, id)?;
        if link.is_none() {
            if seen.as_ref().is_none_or(|seen| seen.missing > 0) {
                continue;
            }
            link = links::dead_of(connection, primary.pair, pair, id)?;
        }
        let partner = look(connection, secondary, link.as_ref().and_then(|link| link.secondary.as_ref()))?;
        found.push(Candidate { link, primary: seen, secondary: partner });
    }
    Ok(found)
}

pub(super) fn unlinked(connection: &Connection, names: &mut Names, pair: &Pair, side: Side) -> Found<Vec<Seen>> {
    let half = half(connection, names, pair, side)?;
    let mut ids = Vec::new();
    merge(connection, half, |odd| {
        if let Odd::Unlinked(id) = odd {
            ids.push(id);
        }
    })?;
    let found = ids.iter().map(|id| look(connection, half, Some(id)));
    found.filter_map(Result::transpose).collect()
}

fn half(connection: &Connection, names: &mut Names, pair: &Pair, side: Side) -> Found<Half> {
    let stream = names.find_stream(connection, &Stream::of(pair, side))?.unwrap_or(NO_STREAM);
    Ok(Half { pair: names.find_pair(connection, pair)?.unwrap_or(NO_STREAM), side, stream })
}

fn attention(connection: &Connection, pair: i64, query: &CandidateQuery) -> Found<Vec<i64>> {
    let mut statement = connection.prepare_cached(ATTENTION)?;
    let values = params![pair, query.revision.cast_signed(), query.now.timestamp_micros()];
    let rows = statement.query_map(values, |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Walks links and records of one side together and reports what does not agree.
fn merge(connection: &Connection, half: Half, mut report: impl FnMut(Odd)) -> Found<()> {
    let mut ends = connection.prepare_cached(ENDS)?;
    let mut seen = connection.prepare_cached(SEEN)?;
    let mut ends = ends.query(params![half.pair, side_code(half.side)])?;
    let mut seen = seen.query([half.stream])?;
    let (mut end, mut record) = (ends.next()?, seen.next()?);
    loop {
        let order = match (end, record) {
            (None, None) => return Ok(()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(end), Some(record)) => text(end)?.cmp(text(record)?),
        };
        if let (Some(end), true) = (end, order.is_le()) {
            let agrees = match record.filter(|_| order.is_eq()) {
                Some(record) => blob(record)? == blob(end)? && record.get::<_, u32>(2)? == 0,
                None => false,
            };
            if !agrees {
                report(Odd::Link(end.get(2)?));
            }
        } else if let Some(record) = record
            && record.get::<_, u32>(2)? == 0
        {
            report(Odd::Unlinked(ExternalId::from(record.get::<_, String>(0)?)));
        }
        if order.is_le() {
            end = ends.next()?;
        }
        if order.is_ge() {
            record = seen.next()?;
        }
    }
}

fn text<'r>(row: &'r Row<'_>) -> Found<&'r [u8]> {
    row.get_ref(0)?.as_bytes().map_err(|_| Fault::corrupt("the id of a record"))
}

fn blob<'r>(row: &'r Row<'_>) -> Found<&'r [u8]> {
    row.get_ref(1)?.as_blob().map_err(|_| Fault::corrupt("a fingerprint"))
}

fn look(connection: &Connection, half: Half, id: Option<&ExternalId>) -> Found<Option<Seen>> {
    id.map_or(Ok(None), |id| seen::one(connection, half.stream, id))
}

fn order_key(candidate: &Candidate) -> (Option<&ExternalId>, Option<SyncKey>) {
    let link = candidate.link.as_ref();
    let primary = candidate.primary.as_ref().map(|seen| &seen.id);
    (primary.or_else(|| link.and_then(|link| link.primary.as_ref())), link.map(|link| link.key))
}
