//! Reading a side into the journal, and the guards that look at what was read.

use std::collections::BTreeSet;

use futures::StreamExt as _;

use super::GuardTrip;
use super::guard::Guard;
use super::reconciler::{Context, RunError};
use crate::connector::{InvalidRecord, Marker, Page, Record, SnapshotCaps, Source};
use crate::journal::{Absence, Durability, Seen, Side, SnapshotCounts, SnapshotId, Stream, Write};
use crate::model::{Entity, FieldSelection, Fields, Fingerprint, HashKey, Pair};

/// Rows per D2 commit.
const ROWS_PER_COMMIT: usize = 5_000;

/// A snapshot that has been read and not yet been judged.
#[derive(Debug)]
pub(super) struct Observed {
    id: SnapshotId,
    side: Side,
    /// Records read, unusable ones included.
    pub(super) records: u64,
    complete: bool,
    /// The side lists everything there is, so that what it lacks is not there.
    whole: bool,
    counts: SnapshotCounts,
    missing_canary: Option<String>,
    /// How old the source says that its data is.
    age: Option<chrono::Duration>,
}

/// How records of one entity become rows of the journal.
#[derive(Clone, Debug)]
pub(super) struct Observer<'a> {
    names: &'a [&'a str],
    selection: FieldSelection,
    key: HashKey,
}

impl<'a> Observer<'a> {
    /// Stores the named fields of records of `T`, hashed with the installation's key.
    pub(super) fn new<T: Entity>(names: &'a [&'a str], key: HashKey) -> Self {
        Self { names, selection: FieldSelection::new::<T>(names), key }
    }

    /// Reads everything of one side.
    pub(super) async fn read_all<T: Entity>(
        &self,
        source: &dyn Source<T>,
        pair: &Pair,
        side: Side,
        canaries: &[String],
        context: &Context<'_>,
    ) -> Result<Observed, RunError> {
        let stream = Stream::of(pair, side);
        let id = context.journal.begin_snapshot(&stream).await?;
        let mut canaries: BTreeSet<&str> = canaries.iter().map(String::as_str).collect();
        let (mut records, mut end) = (0_u64, None);
        let mut pages = source.snapshot(None);
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| RunError::endpoint(side, pair, error))?;
            records += (page.records.len() + page.invalid.len()) as u64;
            canaries.retain(|id| !page.records.iter().any(|record| record.id.as_str() == *id));
            self.store(id, &stream, &page, context).await?;
            context.progress.step(&format!("reading {}", stream.endpoint), records, None);
            end = page.end;
        }
        let counts = context.journal.snapshot_counts(id).await?;
        let told = end.and_then(|end| end.count).is_none_or(|count| count == records);
        let complete = end.is_some_and(|end| end.complete) && told && counts.present == records;
        let missing_canary = canaries.first().map(|id| (*id).to_owned());
        let whole = source.reads().snapshot == SnapshotCaps::Full;
        let age = source.as_of().map(|made| context.clock.now() - made);
        Ok(Observed { id, side, records, complete, whole, counts, missing_canary, age })
    }

    async fn store<T: Entity>(
        &self,
        snapshot: SnapshotId,
        stream: &Stream,
        page: &Page<T>,
        context: &Context<'_>,
    ) -> Result<(), RunError> {
        for chunk in page.records.chunks(ROWS_PER_COMMIT) {
            let marks: Vec<_> = chunk.iter().map(|record| (record.id.clone(), self.fingerprint(record))).collect();
            let changed = context.journal.compare(snapshot, &marks).await?;
            let rows: Vec<Seen> =
                changed.into_iter().filter_map(|position| chunk.get(position)).map(|r| self.seen(r)).collect();
            if !rows.is_empty() {
                context.journal.commit(Durability::D2, vec![Write::See(stream.clone(), rows)]).await?;
            }
        }
        if page.invalid.is_empty() {
            return Ok(());
        }
        let rows: Vec<Seen> =
            page.invalid.iter().map(|record| Seen::invalid(record, self.invalid_fingerprint(record))).collect();
        let marks: Vec<_> = rows.iter().map(|seen| (seen.id.clone(), seen.fingerprint)).collect();
        if !context.journal.compare(snapshot, &marks).await?.is_empty() {
            context.journal.commit(Durability::D2, vec![Write::See(stream.clone(), rows)]).await?;
        }
        Ok(())
    }

    /// A record as the journal keeps it.
    pub(super) fn seen<T: Entity>(&self, record: &Record<T>) -> Seen {
        Seen {
            id: record.id.clone(),
            fingerprint: self.fingerprint(record),
            fields: Fields::of(&record.value, self.names, &self.key),
            title: record.value.title(),
            marker: record.marker.clone(),
            revision: record.revision.clone(),
            invalid: None,
            missing: 0,
            missing_at: None,
        }
    }

    fn fingerprint<T: Entity>(&self, record: &Record<T>) -> Fingerprint {
        let fields = Fields::fingerprint_of(&record.value, &self.selection, &self.key);
        match &record.marker {
            None => fields,
            Some(marker) => {
                let mut hasher = self.key.hasher();
                hasher.part(&fields.to_bytes());
                match marker {
                    Marker::Ours(key) => hasher.part(&key.get().to_be_bytes()),
                    Marker::TextOnly => hasher.part(b"text"),
                }
                hasher.finish()
            }
        }
    }

    fn invalid_fingerprint(&self, record: &InvalidRecord) -> Fingerprint {
        let mut hasher = self.key.hasher();
        hasher.part(b"invalid");
        hasher.part(record.field.as_bytes());
        hasher.part(record.why.as_bytes());
        hasher.finish()
    }
}

/// What the snapshot guards say.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Absence may be derived.
    Good,
    /// As it should be, but it never lists everything: no absence.
    Partial,
    /// Everything but absence may be derived.
    Doubtful(GuardTrip),
    /// Nothing may be derived.
    Stop(GuardTrip),
}

impl Observed {
    /// A whole list that is in the journal already.
    pub(super) fn whole(id: SnapshotId, side: Side, counts: SnapshotCounts) -> Self {
        let records = counts.present;
        Self { id, side, records, complete: true, whole: true, counts, missing_canary: None, age: None }
    }

    /// Guards G-01 … G-06 and the count half of G-07.
    pub(super) fn judge(&self, guard: &Guard, pair: &Pair, live_links: u64, other_records: u64) -> Verdict {
        let endpoint = self.side.endpoint(pair);
        let trip = |number: &str, saw: String, stopped: &str, remedy: &str| GuardTrip {
            guard: number.to_owned(),
            saw,
            stopped: stopped.to_owned(),
            remedy: remedy.to_owned(),
        };
        if self.records == 0 && live_links > 0 && other_records > 0 {
            let saw = format!("{endpoint} listed no {} at all, {live_links} are linked", pair.entity);
            return Verdict::Stop(trip("G-01 empty", saw, "nothing was changed", "Look at the server, then run again"));
        }
        if let Some(id) = &self.missing_canary {
            let saw = format!("{endpoint} did not list record {id}, which must always be there");
            return Verdict::Stop(trip(
                "G-04 canary",
                saw,
                "nothing was changed",
                "Look at the server, then run again",
            ));
        }
        if !self.whole {
            return Verdict::Partial;
        }
        if self.counts.present < self.records {
            let (records, ids) = (self.records, self.counts.present);
            let saw = format!("{endpoint} listed {records} {} under {ids} ids", pair.entity);
            let remedy = "One id stands for two records, or the list changed while it was read; run again";
            return Verdict::Doubtful(trip("G-06 duplicates", saw, "no removal is derived from it", remedy));
        }
        if !self.complete {
            let saw = format!("the list of {} from {endpoint} was not whole", pair.entity);
            return Verdict::Doubtful(trip("G-03 incomplete", saw, "no removal is derived from it", "Run again"));
        }
        if self.age.is_some_and(|age| age > chrono::Duration::hours(guard.max_age_hours.into())) {
            let saw = format!(
                "{endpoint} says that its list of {} is more than {} hours old",
                pair.entity, guard.max_age_hours
            );
            let remedy = "Look why the server has nothing newer; creations and changes went on";
            return Verdict::Doubtful(trip("G-05 stale", saw, "no removal is derived from it", remedy));
        }
        let Some(median) = median(&self.counts.history) else { return Verdict::Good };
        let known = median.saturating_sub(self.counts.lacking);
        let strangers = median >= 10 && known * 2 < median && known * 2 < self.counts.present;
        if strangers {
            let saw = format!(
                "{} of {median} known {} are gone from {endpoint} and others stand in their place",
                self.counts.lacking, pair.entity
            );
            return Verdict::Stop(trip(
                "G-07 identity",
                saw,
                "nothing was changed",
                "Is it still the same installation?",
            ));
        }
        if self.counts.present * 100 < median * u64::from(guard.shrunken_percent) {
            let saw = format!("{endpoint} listed {} {}, usual are {median}", self.counts.present, pair.entity);
            let remedy = "Look at the server; creations and changes went on";
            return Verdict::Doubtful(trip("G-02 shrunken", saw, "no removal is derived from it", remedy));
        }
        Verdict::Good
    }

    /// Ends the snapshot in the journal.
    pub(super) async fn end(self, absence: Absence, context: &Context<'_>) -> Result<(), RunError> {
        Ok(context.journal.end_snapshot(self.id, context.clock.now(), absence).await?)
    }
}

fn median(history: &[u64]) -> Option<u64> {
    let mut sorted = history.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied()
}
