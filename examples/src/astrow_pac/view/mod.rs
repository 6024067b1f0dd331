//! Astrow's view of the terminals: every event of PAC, and what became of it.

mod again;
mod outcome;
mod place;
mod unsettled;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use astrow_client::AstrowErrorKind;
use astrow_client::model::{AstrowCapability, PersNo, Severity, ShownStatus, TerminalEvent};
use async_trait::async_trait;
use pac_oem::model as pac;
use pac_oem::model::{Cursor, Epoch, LogStream, PacSession};
use sync_core::journal::{LedgerEvent, Side, Stream};
use sync_core::model::ExternalId;
use sync_service::{Chore, ChoreReport, Desk, Failure, Stage, Trouble};
use tokio::sync::Mutex;

use super::{LONGEST_PAUSE, Sides};
use place::State;
use unsettled::Mark;

pub(super) use outcome::outcome;

/// Distance between two looks at PAC's log.
const LOOK: Duration = Duration::from_secs(2);
/// Events in one request to Astrow.
const BATCH: usize = 100;
/// Events asked for at once.
const PAGE: u16 = 500;
/// So much of the log is shown in one run; what is left is for the next one.
const PAGES: u32 = 20;

/// Shows PAC's events in Astrow, and again when their outcome is known.
#[derive(Debug)]
pub(super) struct View {
    sides: Arc<Sides>,
    state: Mutex<Option<State>>,
}

impl View {
    pub(super) fn new(sides: Arc<Sides>) -> Self {
        Self { sides, state: Mutex::default() }
    }

    /// What came to the log first, then what was left behind, then whatever has another outcome.
    async fn go_on(
        &self,
        desk: &Desk,
        mut session: Arc<dyn PacSession>,
        state: &mut State,
        report: &mut ChoreReport,
    ) -> Result<(), Failure> {
        state.newest_first(&*session);
        let mut pages = PAGES;
        let mut renewed = false;
        while pages > 0 && !desk.is_stopping() {
            let batch = match session.read_log(LogStream::Events, state.shown, PAGE).await {
                Err(error) if !renewed && place::is_lost(&error) => {
                    renewed = true;
                    session = self.find_place(&error, state).await?;
                    continue;
                }
                batch => batch?,
            };
            pages -= 1;
            let shown = self.show(desk, batch.epoch, batch.events(), state, report).await?;
            report.count("events_shown", shown);
            let Some(end) = batch.cursor().filter(|end| end.seq > state.shown.seq) else { break };
            state.shown = end;
            state.keep(desk).await?;
            if !batch.more {
                break;
            }
        }
        self.show_left_behind(desk, &*session, state, pages, report).await?;
        self.show_outcomes(desk, &*session, state, report).await
    }

    /// Shows the older part of a backlog, whose newest part was shown before.
    async fn show_left_behind(
        &self,
        desk: &Desk,
        session: &dyn PacSession,
        state: &mut State,
        pages: u32,
        report: &mut ChoreReport,
    ) -> Result<(), Failure> {
        for _ in 0..pages {
            let Some((after, last)) = state.behind.filter(|_| !desk.is_stopping()) else { break };
            let most = u16::try_from(last - after).unwrap_or(PAGE).min(PAGE);
            let epoch = state.shown.epoch;
            let batch = match session.read_log(LogStream::Events, Cursor::new(epoch, after), most).await {
                Err(error) if place::is_lost(&error) => {
                    state.forget_below(error.first().unwrap_or(last + 1));
                    continue;
                }
                batch => batch?,
            };
            let shown = self.show(desk, epoch, batch.events(), state, report).await?;
            report.count("events_shown", shown);
            let end = batch.cursor().map_or(last, |end| end.seq.max(after + 1));
            state.behind = Some((end, last)).filter(|_| end < last);
            state.keep(desk).await?;
        }
        Ok(())
    }

    /// Shows these events as they stand now, and remembers what was said of them; returns how many.
    async fn show(
        &self,
        desk: &Desk,
        epoch: Epoch,
        events: &[pac::Event],
        state: &mut State,
        report: &mut ChoreReport,
    ) -> Result<u64, Failure> {
        let shown = self.translated(desk, epoch, events).await?;
        let session = self.sides.astrow().await?;
        for batch in shown.chunks(BATCH) {
            let events: Vec<TerminalEvent> = batch.iter().map(|(event, _)| event.clone()).collect();
            match session.write_events(&events).await {
                // It would be refused for ever, and all that follows would never be shown.
                Err(error) if matches!(error.kind(), AstrowErrorKind::Rejected | AstrowErrorKind::TooLarge) => {
                    let ends = events.first().zip(events.last()).map(|(first, last)| (first.seq, last.seq));
                    let (first, last) = ends.unwrap_or_default();
                    report.troubles.push(Trouble::new(format!("view of events {first} to {last}"), error.to_string()));
                }
                answer => answer?,
            }
            for (event, mark) in batch {
                state.unsettled.set(event.seq, *mark);
            }
        }
        Ok(shown.len() as u64)
    }

    async fn translated(
        &self,
        desk: &Desk,
        epoch: Epoch,
        events: &[pac::Event],
    ) -> Result<Vec<(TerminalEvent, Mark)>, Failure> {
        let admissions: Vec<u64> = events.iter().filter(|event| counts(&event.kind)).map(|event| event.seq).collect();
        let epoch = epoch.to_string();
        let rows = outcome::rows(desk, self.sides.pac_name(), &epoch, &admissions).await?;
        let mut people = BTreeMap::new();
        let mut shown = Vec::with_capacity(events.len());
        for event in events {
            let (pers_no, name) = match event.person {
                None => (None, None),
                Some(person) => match people.get(&person.get()) {
                    Some(known) => Clone::clone(known),
                    None => people.entry(person.get()).or_insert(self.whose(desk, person).await?).clone(),
                },
            };
            let severity = Severity::from(event.severity.as_str());
            let mut row = TerminalEvent::new(epoch.clone(), event.seq, event.time, event.kind.as_str(), severity);
            row.reader_id = event.reader.map(pac::ReaderId::get);
            row.door_id = event.door.map(pac::DoorId::get);
            row.controller_id = event.controller.map(pac::ControllerId::get);
            row.person_id = event.person.map(pac::PersonId::get);
            row.pers_no = pers_no;
            row.person_name = name;
            row.text = event.reason.clone().or_else(|| event.text.clone());
            let mark = self.put_outcome(&mut row, counts(&event.kind), rows.get(&event.seq));
            shown.push((row, mark));
        }
        Ok(shown)
    }

    /// What is still to come has details and no status.
    fn put_outcome(&self, event: &mut TerminalEvent, counts: bool, row: Option<&LedgerEvent>) -> Mark {
        if !counts || (row.is_none() && !self.sides.books) {
            return Mark::SETTLED;
        }
        (event.booking_status, event.booking_details) =
            row.map_or((ShownStatus::None, Some(outcome::NOT_YET.to_owned())), outcome);
        outcome::mark(row)
    }

    /// Astrow's number and the name of a person, as far as somebody is linked.
    async fn whose(&self, desk: &Desk, person: pac::PersonId) -> Result<(Option<PersNo>, Option<String>), Failure> {
        let id = ExternalId::new(person.to_string());
        let pair = &self.sides.people;
        let side = if pair.primary == *self.sides.pac_name() { Side::Primary } else { Side::Secondary };
        let Some(link) = desk.journal().link_of(pair, side, &id).await? else { return Ok((None, None)) };
        let number = link.record(side.other()).and_then(|id| id.as_str().parse().ok());
        let seen = desk.journal().seen(&Stream::of(pair, side), &id).await?;
        Ok((number, seen.map(|seen| seen.title)))
    }
}

#[async_trait]
impl Chore for View {
    fn name(&self) -> &'static str {
        "terminal view"
    }

    fn stage(&self) -> Stage {
        Stage::Beside
    }

    fn longest_pause(&self) -> Duration {
        LONGEST_PAUSE
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
        let mut known = self.state.lock().await;
        let state = match &mut *known {
            Some(state) => state,
            none => none.insert(State::begin(desk, &*session).await?),
        };
        let done = self.go_on(desk, session, state, &mut report).await;
        // What was shown was shown, whatever failed afterwards.
        state.keep(desk).await?;
        done?;
        Ok(report)
    }
}

fn counts(kind: &pac::EventType) -> bool {
    matches!(kind, pac::EventType::Granted | pac::EventType::Duress)
}
