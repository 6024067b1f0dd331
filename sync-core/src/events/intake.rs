//! Source → ledger: every event once.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::StreamExt as _;

use super::epoch::{Joiner, Suspicion, content_hash};
use super::gaps::Gaps;
use super::instant::before;
use super::stream::StreamState;
use super::{EpochChange, EventLink, EventSettings, Failure, IntakeReport, LostRange, sweep};
use crate::clock::Clock;
use crate::connector::{Cursor, EndpointIdentity, ErrorClass, EventPage, EventSource, InvalidRecord, SyncError};
use crate::journal::{Durability, EventState, Journal, JournalError, LedgerEvent, Write};
use crate::model::{AccessEvent, Direction, EndpointName, EventClass, EventKey};

/// How often the identity of the source is read.
const IDENTITY_EVERY: Duration = Duration::from_hours(1);
/// Requests for holes in the numbering in one run.
const GAP_READS: usize = 20;

/// One intake under way.
pub(super) struct Intake<'a> {
    link: &'a EventLink,
    source: &'a dyn EventSource,
    settings: &'a EventSettings,
    journal: &'a dyn Journal,
    clock: &'a dyn Clock,
    now: DateTime<Utc>,
    endpoint: EndpointName,
    stream: String,
    state: StreamState,
    stored: StreamState,
    gaps: Gaps,
    joiner: Option<Joiner>,
    rows: Vec<LedgerEvent>,
    identity_read: Option<Duration>,
    report: IntakeReport,
}

/// What ends an intake early.
enum Stop {
    Journal(JournalError),
    Source(SyncError),
}

/// Where one reading of the log ended.
enum Reached {
    Head,
    /// The numbering has started again.
    NewEpoch(String),
    /// The log no longer reaches back to our position.
    Pruned,
}

/// One reading of the log, from a position to its head.
#[derive(Debug)]
struct Walk {
    /// The position before this walk: rows up to it may be known.
    known: Option<i64>,
    /// Whether a row at or below it was seen.
    seen_known: bool,
    /// The highest number that the log showed or claimed to have passed.
    reached: Option<i64>,
    /// The highest number of a row.
    last: Option<i64>,
    /// Whether there was any row at all.
    any: bool,
    /// Pages in a row that led nowhere.
    idle: u32,
    suspicion: Option<Suspicion>,
}

impl<'a> Intake<'a> {
    pub(super) async fn run(
        link: &'a EventLink,
        journal: &'a dyn Journal,
        clock: &'a dyn Clock,
    ) -> Result<IntakeReport, JournalError> {
        let mut intake = Self::open(link, journal, clock).await?;
        match intake.read_all().await {
            Ok(()) => {}
            Err(Stop::Journal(error)) => return Err(error),
            Err(Stop::Source(error)) => {
                intake.flush().await?;
                intake.report.failure = Some(Failure::from(&error));
            }
        }
        Ok(intake.finish())
    }

    async fn open(link: &'a EventLink, journal: &'a dyn Journal, clock: &'a dyn Clock) -> Result<Self, JournalError> {
        let stream = link.stream();
        let state = StreamState::load(journal, &stream).await?;
        let gaps = Gaps::load(journal, &stream).await?;
        Ok(Self {
            link,
            source: link.source.as_ref(),
            settings: &link.settings,
            journal,
            clock,
            now: clock.now(),
            endpoint: link.source.name().clone(),
            stream,
            stored: state.clone(),
            state,
            gaps,
            joiner: None,
            rows: Vec::new(),
            identity_read: None,
            report: IntakeReport::default(),
        })
    }

    fn finish(mut self) -> IntakeReport {
        self.report.gaps_open = self.gaps.len();
        self.report.gaps_closed = self.gaps.closed;
        self.report.gaps_unwatched = self.gaps.unwatched;
        let overlap = self.overlap();
        if self.report.lateness > overlap / 5 * 4 {
            let message = format!(
                "an event came {} numbers late; the overlap is {overlap} and should be wider",
                self.report.lateness
            );
            self.report.alarms.push(message);
        }
        self.report
    }

    async fn read_all(&mut self) -> Result<(), Stop> {
        self.check_identity().await?;
        if self.state.joining {
            self.joiner = Some(self.load_joiner().await?);
        }
        let mut from = self.start().await?;
        // Not more than one change of numbering and one cut log in one intake: what still differs is not a log.
        for _ in 0..3 {
            match self.walk(from).await? {
                Reached::Head => {
                    self.reach_head(from).await?;
                    return self.reread_gaps().await;
                }
                Reached::NewEpoch(why) => {
                    self.flush().await?;
                    self.new_epoch(why, None).await?;
                }
                Reached::Pruned => {
                    self.flush().await?;
                    self.report.alarms.push("the log no longer reaches back to where it was read".to_owned());
                }
            }
            from = None;
        }
        Err(Stop::Source(SyncError::new(ErrorClass::Protocol, "the log changes its numbering while it is read")))
    }

    /// Somebody else under this name has another numbering.
    async fn check_identity(&mut self) -> Result<(), Stop> {
        let uptime = self.clock.uptime();
        let read = self.link.memory().identity_read;
        if read.is_some_and(|read| uptime.saturating_sub(read) < IDENTITY_EVERY) {
            return Ok(());
        }
        let identity = self.source.identify().await?;
        self.identity_read = Some(uptime);
        let difference = self.state.identity.as_ref().and_then(|known| known.differs_from(&identity));
        match difference {
            Some(difference) if self.state.position.is_some() => {
                self.new_epoch(format!("another installation answers: {difference}"), Some(identity)).await
            }
            _ => {
                self.state.identity = Some(identity);
                Ok(())
            }
        }
    }

    /// Where to read from: behind the position by the overlap, or by the range of a sweep.
    async fn start(&mut self) -> Result<Option<i64>, Stop> {
        let Some(position) = self.state.position else { return Ok(None) };
        let overlapped = position.saturating_sub(self.overlap());
        if !sweep::is_due(&self.state, self.settings, self.now) {
            return Ok(Some(overlapped));
        }
        self.report.swept = true;
        let swept = sweep::start(self.journal, &self.endpoint, self.state.epoch, self.settings, self.now).await?;
        Ok(Some(swept.map_or(overlapped, |start| start.min(overlapped))))
    }

    fn overlap(&self) -> i64 {
        // At least the event at the position itself is read again: it shows that the log still is what it was.
        self.settings.overlap.max(self.source.events().lateness_numbers).max(1)
    }

    async fn walk(&mut self, from: Option<i64>) -> Result<Reached, Stop> {
        let source = self.source;
        let mut walk = Walk::new(self.state.position);
        let mut pages = source.read(from.map(|position| Cursor { position }));
        while let Some(page) = pages.next().await {
            match page {
                Ok(page) => {
                    if let Some(why) = self.take(page, &mut walk).await? {
                        return Ok(Reached::NewEpoch(why));
                    }
                }
                Err(error) if error.class() == ErrorClass::Lost && from.is_some() => return Ok(Reached::Pruned),
                Err(error) => return Err(error.into()),
            }
        }
        drop(pages);
        self.look_back(&walk, from).await
    }

    /// At the head: is it below what was read before?
    async fn look_back(&mut self, walk: &Walk, from: Option<i64>) -> Result<Reached, Stop> {
        if let Some(suspicion) = &walk.suspicion {
            return Ok(Reached::NewEpoch(suspicion.why()));
        }
        let Some(known) = walk.known.filter(|known| walk.reached.is_none_or(|reached| reached < *known)) else {
            return Ok(Reached::Head);
        };
        let oldest = if walk.any || from.is_none() { walk.last } else { self.oldest().await? };
        match oldest {
            Some(number) if walk.any || number <= known => {
                Ok(Reached::NewEpoch(format!("the log ends below number {known}, which was read before")))
            }
            Some(_) => Ok(Reached::Pruned),
            None => {
                self.report.alarms.push(format!("the log is empty, after number {known} was read from it"));
                Ok(Reached::Head)
            }
        }
    }

    async fn oldest(&self) -> Result<Option<i64>, Stop> {
        let mut pages = self.source.read(None);
        while let Some(page) = pages.next().await {
            let page = page?;
            if let Some(oldest) = page.events.iter().map(|event| event.number).min() {
                return Ok(Some(oldest));
            }
        }
        Ok(None)
    }

    /// Takes a page into the ledger; tells why the numbering is a new one, if it is.
    async fn take(&mut self, page: EventPage, walk: &mut Walk) -> Result<Option<String>, Stop> {
        let cursor = page.cursor.position;
        if let Some(why) = self.other_life(page.life.as_deref()) {
            return Ok(Some(why));
        }
        let rows = self.rows_of(page, walk)?;
        let contents = self.known_contents(&rows, walk).await?;
        for row in rows {
            let number = row.key.number;
            walk.last = Some(number);
            if walk.known.is_none_or(|known| number > known) {
                if let Some(suspicion) = &walk.suspicion {
                    return Ok(Some(suspicion.why()));
                }
                self.take_new(row, walk);
            } else {
                self.take_known(row, contents.get(&number).copied(), walk);
            }
        }
        if walk.suspicion.is_none() {
            self.state.position = self.state.position.max(Some(cursor)).filter(|_| walk.any || walk.known.is_some());
        }
        walk.reached = walk.reached.max(Some(cursor)).max(walk.last);
        if self.rows.len() >= self.settings.rows_per_commit {
            self.flush().await?;
        }
        Ok(None)
    }

    /// Why the source's own word says that its numbering is another one than before.
    fn other_life(&mut self, life: Option<&str>) -> Option<String> {
        let life = life?;
        match self.state.life.replace(life.to_owned()) {
            Some(known) if known != life => {
                Some(format!("the source calls its numbering {life}, before it was {known}"))
            }
            _ => None,
        }
    }

    /// The rows of a page in order of their numbers, without those that an earlier page of this walk showed.
    fn rows_of(&mut self, page: EventPage, walk: &mut Walk) -> Result<Vec<LedgerEvent>, SyncError> {
        let moved = walk.reached.is_none_or(|reached| page.cursor.position > reached);
        let total = page.events.len() + page.invalid.len();
        let mut rows = Vec::with_capacity(total);
        rows.extend(page.events.into_iter().map(|event| self.row(event)));
        for record in page.invalid {
            match record.id.as_str().parse() {
                Ok(number) => rows.push(self.unreadable_row(number, &record)),
                Err(_) => self.take_nameless(&record),
            }
        }
        if !rows.is_sorted_by_key(|row| row.key.number) {
            rows.sort_by_key(|row| row.key.number);
        }
        let last = walk.last;
        rows.retain(|row| last.is_none_or(|last| row.key.number > last));
        walk.any |= !rows.is_empty();
        walk.idle = if moved || !rows.is_empty() { 0 } else { walk.idle + 1 };
        if walk.idle > 2 {
            return Err(SyncError::new(ErrorClass::Protocol, "the log shows the same page again and again"));
        }
        Ok(rows)
    }

    /// What the ledger has of the rows of a page at or below the position, in one query.
    async fn known_contents(&self, rows: &[LedgerEvent], walk: &Walk) -> Result<BTreeMap<i64, u64>, JournalError> {
        let (Some(known), Some(first), Some(last)) = (walk.known, rows.first(), rows.last()) else {
            return Ok(BTreeMap::new());
        };
        let (from, to) = (first.key.number, last.key.number.min(known));
        if from > to {
            return Ok(BTreeMap::new());
        }
        let contents = self.journal.event_contents(&self.endpoint, self.state.epoch, from, to).await?;
        Ok(contents.into_iter().collect())
    }

    fn take_known(&mut self, row: LedgerEvent, stored: Option<u64>, walk: &mut Walk) {
        walk.seen_known |= stored.is_some();
        match (stored, &mut walk.suspicion) {
            (Some(stored), _) if stored == row.content || stored == 0 || row.content == 0 => {
                self.report.read += 1;
                if let Some(suspicion) = walk.suspicion.take() {
                    self.clear(suspicion);
                }
            }
            (Some(_), suspicion) => {
                suspicion.get_or_insert_with(|| Suspicion::new(row.key.number)).differing += 1;
            }
            (None, Some(suspicion)) => suspicion.rows.push(row),
            (None, None) => self.take_late(row),
        }
    }

    /// The numbering lives on: what differed was edited.
    fn clear(&mut self, suspicion: Suspicion) {
        self.report.read += suspicion.differing;
        self.report.edited += suspicion.differing;
        self.report.alarms.push(format!(
            "{} events from number {} on were edited at the source; the ledger keeps what was read first",
            suspicion.differing, suspicion.first
        ));
        for row in suspicion.rows {
            self.take_late(row);
        }
    }

    /// A row below the position that was not there before.
    fn take_late(&mut self, row: LedgerEvent) {
        let behind = self.state.position.unwrap_or(row.key.number).saturating_sub(row.key.number);
        self.report.out_of_order += 1;
        self.report.lateness = self.report.lateness.max(behind);
        self.state.lateness = self.state.lateness.max(behind);
        self.gaps.fill(row.key.number);
        self.push(row);
    }

    /// A row above everything that was read before.
    fn take_new(&mut self, row: LedgerEvent, walk: &Walk) {
        let number = row.key.number;
        if let Some(position) = self.state.position {
            let at_seam = walk.known == Some(position);
            if number > position.saturating_add(1) {
                if at_seam && !walk.seen_known {
                    self.lose(position.saturating_add(1), number - 1);
                } else if self.source.events().dense {
                    self.gaps.open(position.saturating_add(1), number - 1, self.now);
                }
            }
        }
        self.state.position = self.state.position.max(Some(number));
        self.push(row);
    }

    fn lose(&mut self, from: i64, to: i64) {
        let range = LostRange { epoch: self.state.epoch, from, to, at: self.now };
        self.report.alarms.push(format!("numbers {from} to {to} were gone before they could be read"));
        self.report.lost.push(range.clone());
        self.state.lost.push(range);
        self.gaps.close_below(from);
    }

    fn push(&mut self, mut row: LedgerEvent) {
        self.report.read += 1;
        if row.state == EventState::Rejected {
            self.report.invalid += 1;
        } else if let Some(known) = self.joiner.as_mut().and_then(|joiner| joiner.join(&self.endpoint, row.content)) {
            self.report.joined += 1;
            row.state = EventState::Ignored;
            row.reason = Some(format!("joined {known}"));
        }
        self.rows.push(row);
    }

    /// An unreadable row without a number: kept under a number of its own below all others.
    fn take_nameless(&mut self, record: &InvalidRecord) {
        let hash = content_hash(&AccessEvent {
            number: 0,
            occurred: DateTime::<Utc>::UNIX_EPOCH.fixed_offset(),
            class: EventClass::Other,
            code: 0,
            person: None,
            device: Some(record.id.clone()),
            credential: None,
            direction: Direction::Unknown,
            identity: None,
            remark: None,
        });
        let row = self.unreadable_row(i64::MIN + 1 + i64::try_from(hash >> 2).unwrap_or_default(), record);
        self.push(row);
    }

    fn row(&self, event: AccessEvent) -> LedgerEvent {
        let content = content_hash(&event);
        LedgerEvent {
            key: self.key(event.number),
            occurred: event.occurred,
            received: self.now,
            class: event.class,
            code: event.code,
            person: event.person,
            device: event.device,
            credential: event.credential,
            direction: event.direction,
            identity: event.identity,
            remark: event.remark,
            content,
            state: EventState::Ready,
            reason: None,
            target: None,
            retry_at: None,
            attempts: 0,
        }
    }

    fn unreadable_row(&self, number: i64, record: &InvalidRecord) -> LedgerEvent {
        LedgerEvent {
            key: self.key(number),
            occurred: self.now.fixed_offset(),
            received: self.now,
            class: EventClass::Other,
            code: 0,
            person: None,
            device: None,
            credential: None,
            direction: Direction::Unknown,
            identity: None,
            remark: None,
            content: 0,
            state: EventState::Rejected,
            reason: Some(format!("cannot be read: {}: {}", record.field, record.why)),
            target: None,
            retry_at: None,
            attempts: 0,
        }
    }

    fn key(&self, number: i64) -> EventKey {
        EventKey { endpoint: self.endpoint.clone(), epoch: self.state.epoch, number }
    }

    async fn reach_head(&mut self, from: Option<i64>) -> Result<(), Stop> {
        self.state.joining = false;
        if self.report.swept || self.state.last_sweep.is_none() || from.is_none() {
            self.state.last_sweep = Some(self.now);
        }
        if let Some(from) = from {
            // What lies within the overlap has just been read again.
            self.gaps.tried(from.saturating_add(1), i64::MAX, self.now, self.settings.gap_ttl);
        }
        self.flush().await?;
        if self.identity_read.is_some() {
            self.link.memory().identity_read = self.identity_read;
        }
        Ok(())
    }

    /// Reads holes again that lie below the overlap.
    async fn reread_gaps(&mut self) -> Result<(), Stop> {
        let Some(position) = self.state.position else { return Ok(()) };
        let spans = self.gaps.due(position.saturating_sub(self.overlap()), self.now);
        for (from, to) in spans.into_iter().take(GAP_READS) {
            match self.reread_gap(from, to).await {
                Err(Stop::Source(error)) if error.class() == ErrorClass::Lost => {
                    self.report.alarms.push(format!("the log no longer reaches back to the holes from number {from}"));
                    self.gaps.close_below(to.saturating_add(1));
                }
                other => other?,
            }
            self.gaps.tried(from, to, self.now, self.settings.gap_ttl);
            self.flush().await?;
        }
        Ok(())
    }

    async fn reread_gap(&mut self, from: i64, to: i64) -> Result<(), Stop> {
        let source = self.source;
        let mut pages = source.read(Some(Cursor { position: from.saturating_sub(1) }));
        while let Some(page) = pages.next().await {
            let page = page?;
            let done = page.cursor.position >= to;
            let mut walk = Walk::new(None);
            for row in self.rows_of(page, &mut walk)? {
                if row.key.number <= to && self.gaps.contains(row.key.number) {
                    self.take_late(row);
                }
            }
            if done {
                break;
            }
        }
        Ok(())
    }

    /// Begins a new life of the numbering; on disk before anything is read under it.
    async fn new_epoch(&mut self, why: String, identity: Option<EndpointIdentity>) -> Result<(), Stop> {
        self.gaps.close_below(i64::MAX);
        self.state.epoch += 1;
        self.state.position = None;
        self.state.joining = true;
        if identity.is_some() {
            self.state.identity = identity;
        }
        let change = EpochChange { epoch: self.state.epoch, at: self.now, why };
        self.report.alarms.push(format!("the log has started a new numbering: {}", change.why));
        self.report.epoch_changes.push(change.clone());
        self.state.epochs.push(change);
        self.commit(Durability::D1).await?;
        self.joiner = Some(self.load_joiner().await?);
        Ok(())
    }

    async fn load_joiner(&self) -> Result<Joiner, JournalError> {
        let since = before(self.now, self.settings.epoch_overlap);
        Joiner::load(self.journal, &self.endpoint, self.state.epoch, since).await
    }

    async fn flush(&mut self) -> Result<(), JournalError> {
        self.commit(if self.settings.source_discards { Durability::D1 } else { Durability::D2 }).await
    }

    /// Rows, holes and position in one batch.
    async fn commit(&mut self, durability: Durability) -> Result<(), JournalError> {
        let rows = std::mem::take(&mut self.rows);
        let offered = rows.len() as u64;
        let mut writes = self.gaps.writes()?;
        if offered > 0 {
            writes.push(Write::Events(rows));
        }
        if self.state != self.stored {
            writes.push(self.state.write(&self.stream)?);
        }
        if !writes.is_empty() {
            let committed = self.journal.commit(durability, writes).await?;
            self.report.new += committed.new_events;
            self.stored = self.state.clone();
        }
        self.report.duplicates = self.report.read - self.report.new;
        Ok(())
    }
}

impl Walk {
    fn new(known: Option<i64>) -> Self {
        Self { known, seen_known: false, reached: None, last: None, any: false, idle: 0, suspicion: None }
    }
}

impl From<JournalError> for Stop {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

impl From<SyncError> for Stop {
    fn from(error: SyncError) -> Self {
        Self::Source(error)
    }
}
