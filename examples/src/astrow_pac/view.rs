//! Astrow's view of the terminals: every event of PAC, and what became of it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use astrow_client::model::{AstrowCapability, PersNo, Severity, ShownStatus, TerminalEvent};
use async_trait::async_trait;
use pac_oem::model as pac;
use pac_oem::model::{Cursor, Epoch, LogStream, PacErrorKind};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sync_core::journal::{Durability, EventState, LedgerEvent, Side, Write};
use sync_core::model::{EndpointName, ExternalId};
use sync_service::{Chore, ChoreReport, Desk, Failure, Stage};
use tokio::sync::Mutex;

use super::Sides;

/// Distance between two looks at PAC's log.
const LOOK: Duration = Duration::from_secs(2);
/// Events in one request.
const BATCH: usize = 100;
/// Events asked for at once.
const PAGE: u16 = 500;
/// Where the view begins when it has never been filled: this many events back.
const FIRST: u64 = 500;
/// Events whose outcome may change; with more, the oldest are left as they were last shown.
const OPEN: usize = 500;
/// Events that are kept in memory before the oldest go out.
const KEPT: usize = 5_000;

const KIND: &str = "astrow_pac";
const KEY: &str = "view";

/// Shows PAC's events in Astrow, and again when their outcome is known.
#[derive(Debug)]
pub(super) struct View {
    sides: Arc<Sides>,
    state: Mutex<Option<State>>,
}

/// How far the view is.
#[derive(Clone, Debug)]
struct State {
    /// The last event that was shown.
    shown: Cursor,
    /// Events whose outcome is not known yet or may become another one, by their number.
    open: BTreeMap<u64, TerminalEvent>,
}

/// What is kept of it.
#[derive(Debug, Deserialize, Serialize)]
struct Kept {
    epoch: String,
    /// Everything up to here was shown.
    seq: u64,
    /// Events among them whose outcome may become another one.
    open: Vec<u64>,
}

impl View {
    pub(super) fn new(sides: Arc<Sides>) -> Self {
        Self { sides, state: Mutex::default() }
    }

    /// Where the view is, from memory, the journal, or a little before the end of the log.
    async fn begin(&self, desk: &Desk, session: &dyn pac::PacSession) -> Result<State, Failure> {
        if let Some(kept) = desk.journal().document(KIND, KEY).await?
            && let Ok(Kept { epoch, seq, open }) = serde_json::from_value(kept)
            && let Ok(epoch) = epoch.parse::<Epoch>()
        {
            let open = self.read_again(desk, session, epoch, &open).await?;
            return Ok(State { shown: Cursor::new(epoch, seq), open });
        }
        let log = session.server().log(LogStream::Events);
        let log = log.ok_or_else(|| Failure::new("PAC offers no log of events"))?;
        let from = log.head().seq.saturating_sub(FIRST).max(log.start().seq);
        Ok(State { shown: Cursor::new(log.epoch, from), open: BTreeMap::new() })
    }

    /// The events of an earlier process whose outcome may become another one, as they were shown.
    async fn read_again(
        &self,
        desk: &Desk,
        session: &dyn pac::PacSession,
        epoch: Epoch,
        open: &[u64],
    ) -> Result<BTreeMap<u64, TerminalEvent>, Failure> {
        let mut events = BTreeMap::new();
        for seq in open {
            // Whatever the log has forgotten stays as it was shown.
            let Ok(batch) = session.read_log(LogStream::Events, Cursor::new(epoch, seq.saturating_sub(1)), 1).await
            else {
                break;
            };
            if let Some(event) = batch.events().first().filter(|event| event.seq == *seq) {
                let mut shown = self.translated(desk, epoch, event).await?;
                // Shown once more in any case.
                shown.booking_status = ShownStatus::None;
                shown.booking_details = Some(NOT_YET.to_owned());
                events.insert(*seq, shown);
            }
        }
        Ok(events)
    }

    /// Reads on to the end of the log and shows what is new, the newest first where there is much.
    async fn show_new(&self, desk: &Desk, session: &dyn pac::PacSession, state: &mut State) -> Result<u64, Failure> {
        let mut waiting: VecDeque<TerminalEvent> = VecDeque::new();
        let mut shown = 0;
        loop {
            let batch = match session.read_log(LogStream::Events, state.shown, PAGE).await {
                Err(error) if let Some(cursor) = begun_anew(&error, state.shown) => {
                    state.open.clear();
                    state.shown = cursor;
                    continue;
                }
                other => other?,
            };
            for event in batch.events() {
                let event = self.translated(desk, batch.epoch, event).await?;
                if is_open(&event) {
                    state.open.insert(event.seq, event.clone());
                }
                waiting.push_back(event);
            }
            if let Some(cursor) = batch.cursor() {
                state.shown = cursor;
            }
            if waiting.len() > KEPT {
                shown += self.send(waiting.drain(..waiting.len() - KEPT / 2).collect()).await?;
            }
            if !batch.more || batch.is_empty() || desk.is_stopping() {
                break;
            }
        }
        let newest = waiting.split_off(waiting.len().saturating_sub(usize::from(PAGE)));
        shown += self.send(newest.into()).await?;
        shown += self.send(waiting.into()).await?;
        while state.open.len() > OPEN {
            state.open.pop_first();
        }
        Ok(shown)
    }

    /// Shows events again whose outcome is another one than was shown.
    async fn show_outcomes(&self, desk: &Desk, state: &mut State) -> Result<u64, Failure> {
        let identities: Vec<String> = state.open.values().map(|event| identity(&event.epoch, event.seq)).collect();
        let rows = desk.journal().revisions(self.sides.pac_name(), &identities).await?;
        let mut changed = Vec::new();
        for event in state.open.values_mut() {
            let ours = identity(&event.epoch, event.seq);
            let before = (event.booking_status.clone(), event.booking_details.clone());
            put_outcome(event, rows.iter().find(|row| row.identity.as_deref() == Some(&*ours)));
            if before != (event.booking_status.clone(), event.booking_details.clone()) {
                changed.push(event.clone());
            }
        }
        state.open.retain(|_, event| is_open(event));
        self.send(changed).await
    }

    async fn send(&self, events: Vec<TerminalEvent>) -> Result<u64, Failure> {
        let session = self.sides.astrow().await?;
        for batch in events.chunks(BATCH) {
            session.write_events(batch).await?;
        }
        Ok(events.len() as u64)
    }

    /// What the view begins with again after a restart.
    async fn keep(&self, desk: &Desk, state: &State) -> Result<(), Failure> {
        let open = state.open.keys().copied().collect();
        let kept = Kept { epoch: state.shown.epoch.to_string(), seq: state.shown.seq, open };
        let put = Write::Put { kind: KIND, key: KEY.to_owned(), value: json!(kept) };
        desk.journal().commit(Durability::D2, vec![put]).await?;
        Ok(())
    }

    async fn translated(&self, desk: &Desk, epoch: Epoch, event: &pac::Event) -> Result<TerminalEvent, Failure> {
        let row = ledger_row(desk, self.sides.pac_name(), &identity(&epoch.to_string(), event.seq)).await?;
        let (pers_no, name) = match event.person {
            Some(person) => self.whose(desk, person).await?,
            None => (None, None),
        };
        let severity = Severity::from(event.severity.as_str());
        let shown = TerminalEvent::new(epoch.to_string(), event.seq, event.time, event.kind.as_str(), severity);
        let mut shown = shown.with(|shown| {
            shown.reader_id = event.reader.map(pac::ReaderId::get);
            shown.door_id = event.door.map(pac::DoorId::get);
            shown.controller_id = event.controller.map(pac::ControllerId::get);
            shown.person_id = event.person.map(pac::PersonId::get);
            shown.pers_no = pers_no;
            shown.person_name = name;
            shown.text = event.reason.clone().or_else(|| event.text.clone());
        });
        put_outcome(&mut shown, row.as_ref().filter(|_| counts(&event.kind)));
        if counts(&event.kind) && row.is_none() && self.sides.books {
            shown.booking_details = Some(NOT_YET.to_owned());
        }
        Ok(shown)
    }

    /// Astrow's number and the name of a person, as far as somebody is linked.
    async fn whose(&self, desk: &Desk, person: pac::PersonId) -> Result<(Option<PersNo>, Option<String>), Failure> {
        let id = ExternalId::new(person.to_string());
        let pair = &self.sides.people;
        let side = if pair.primary == *self.sides.pac_name() { Side::Primary } else { Side::Secondary };
        let Some(link) = desk.journal().link_of(pair, side, &id).await? else { return Ok((None, None)) };
        let number = link.record(side.other()).and_then(|id| id.as_str().parse().ok());
        let seen = desk.journal().seen(&sync_core::journal::Stream::of(pair, side), &id).await?;
        Ok((number, seen.map(|seen| seen.title)))
    }
}

#[async_trait]
impl Chore for View {
    fn name(&self) -> &'static str {
        "terminal view"
    }

    fn stage(&self) -> Stage {
        Stage::AfterLinks
    }

    async fn next(&self, desk: &Desk) {
        desk.clock().sleep(LOOK).await;
    }

    async fn run(&self, desk: &Desk) -> Result<ChoreReport, Failure> {
        let mut report = ChoreReport::default();
        if !self.sides.astrow().await?.supports(AstrowCapability::EventsWrite) {
            return Ok(report);
        }
        let session = self.sides.pac().await?;
        let mut guard = self.state.lock().await;
        let mut state = match guard.take() {
            Some(state) => state,
            None => self.begin(desk, &*session).await?,
        };
        let resolved = self.show_outcomes(desk, &mut state).await?;
        let shown = self.show_new(desk, &*session, &mut state).await?;
        report.count("events_shown", shown);
        report.count("outcomes_shown", resolved);
        if shown + resolved > 0 {
            self.keep(desk, &state).await?;
        }
        *guard = Some(state);
        Ok(report)
    }
}

/// Said of an event that nobody has looked at yet.
const NOT_YET: &str = "not looked at yet";

fn identity(epoch: &str, seq: u64) -> String {
    format!("{epoch}:{seq}")
}

fn counts(kind: &pac::EventType) -> bool {
    matches!(kind, pac::EventType::Granted | pac::EventType::Duress)
}

/// Where to go on when PAC has forgotten or renumbered its log.
fn begun_anew(error: &pac::PacError, from: Cursor) -> Option<Cursor> {
    let first = error.first().unwrap_or(1).saturating_sub(1);
    match error.kind() {
        PacErrorKind::CursorExpired => Some(Cursor::new(from.epoch, first)),
        PacErrorKind::EpochChanged | PacErrorKind::CursorAhead => Some(Cursor::new(error.epoch()?, first)),
        _ => None,
    }
}

async fn ledger_row(desk: &Desk, pac: &EndpointName, identity: &str) -> Result<Option<LedgerEvent>, Failure> {
    Ok(desk.journal().revisions(pac, &[identity.to_owned()]).await?.into_iter().next())
}

/// Its outcome is still to come, or a person may order another one.
fn is_open(event: &TerminalEvent) -> bool {
    match event.booking_status {
        ShownStatus::None => event.booking_details.is_some(),
        ShownStatus::Rejected => true,
        _ => false,
    }
}

/// The outcome in the words of Astrow's view; what is still to come has details and no status.
fn put_outcome(event: &mut TerminalEvent, row: Option<&LedgerEvent>) {
    let Some(row) = row else { return };
    let (status, details) = outcome(row);
    event.booking_status = status;
    event.booking_details = details;
}

/// What became of an event, and why.
pub(super) fn outcome(row: &LedgerEvent) -> (ShownStatus, Option<String>) {
    let reason = row.reason.clone();
    match row.state {
        EventState::Delivered if row.target.as_deref().is_some_and(|target| target.starts_with("queue")) => {
            (ShownStatus::Queued, None)
        }
        EventState::Delivered => (ShownStatus::Processed, None),
        EventState::Rejected => (ShownStatus::Rejected, reason),
        EventState::Ignored if reason.as_deref().is_some_and(|why| why.starts_with("repeat")) => {
            (ShownStatus::Rejected, Some("repeat-swipe".to_owned()))
        }
        EventState::Ignored => (ShownStatus::None, None),
        _ => (ShownStatus::None, Some(reason.unwrap_or_else(|| NOT_YET.to_owned()))),
    }
}
