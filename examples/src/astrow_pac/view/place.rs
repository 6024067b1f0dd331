//! How far the view is in PAC's log.

use std::sync::Arc;

use pac_oem::model::{Cursor, Epoch, LogPosition, LogStream, PacError, PacErrorKind, PacSession};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sync_core::journal::{Durability, Write};
use sync_service::{Desk, Failure};

use super::super::KIND;
use super::unsettled::{Tier, Unsettled};
use super::{PAGE, View};

/// Where the view begins when it has never been filled: this many events back.
const FIRST: u64 = 500;

const KEY: &str = "view";
/// Marks of events, a document for each block of numbers.
const MARKS: &str = "astrow_pac_view";

/// How far the view is.
#[derive(Clone, Debug)]
pub(super) struct State {
    /// The last event that was shown.
    pub(super) shown: Cursor,
    /// The older part of a backlog that is to be shown yet: behind the one number, up to and with the other.
    pub(super) behind: Option<(u64, u64)>,
    /// Events whose outcome may become another one.
    pub(super) unsettled: Unsettled,
    /// Where the next round goes on that looks for other outcomes, of open and of refused ones.
    pub(super) turns: [u64; 2],
    /// What is in the journal.
    kept: Option<Kept>,
}

/// What is kept of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Kept {
    epoch: String,
    /// Everything up to here was shown, but what is left behind.
    seq: u64,
    #[serde(default)]
    behind: Option<(u64, u64)>,
    #[serde(default)]
    turns: [u64; 2],
}

impl State {
    /// Where an earlier process was, or a little before the end of the log.
    pub(super) async fn begin(desk: &Desk, session: &dyn PacSession) -> Result<Self, Failure> {
        if let Some(kept) = desk.journal().stored::<Kept>(KIND, KEY).await?
            && let Ok(epoch) = kept.epoch.parse::<Epoch>()
        {
            return Ok(Self {
                shown: Cursor::new(epoch, kept.seq),
                behind: kept.behind.filter(|(after, last)| after < last),
                unsettled: Unsettled::read(desk.journal().documents(MARKS, "").await?),
                turns: kept.turns,
                kept: Some(kept),
            });
        }
        let log = session.server().log(LogStream::Events);
        let log = log.ok_or_else(|| Failure::new("PAC offers no log of events"))?;
        let nothing = Cursor::new(log.epoch, 0);
        let mut state =
            Self { shown: nothing, behind: None, unsettled: Unsettled::default(), turns: [0; 2], kept: None };
        state.begin_near_the_end(log);
        Ok(state)
    }

    fn begin_near_the_end(&mut self, log: &LogPosition) {
        let from = log.head().seq.saturating_sub(FIRST).max(log.start().seq);
        self.shown = Cursor::new(log.epoch, from);
        self.behind = None;
        self.unsettled.clear();
        self.turns = [0; 2];
    }

    /// Of a long backlog the newest events come first, and the others later.
    pub(super) fn newest_first(&mut self, session: &dyn PacSession) {
        let Some(log) = session.server().log(LogStream::Events) else { return };
        let page = u64::from(PAGE);
        let head = log.head().seq;
        if log.epoch == self.shown.epoch && self.behind.is_none() && head.saturating_sub(self.shown.seq) > 2 * page {
            self.leave_behind(head - page);
        }
    }

    fn leave_behind(&mut self, upto: u64) {
        self.behind = Some((self.behind.map_or(self.shown.seq, |(after, _)| after), upto));
        self.shown = Cursor::new(self.shown.epoch, upto);
    }

    /// The log no longer has what comes before: it stays as it was shown.
    pub(super) fn forget_below(&mut self, first: u64) {
        self.unsettled.forget_below(first);
        let start = first.saturating_sub(1);
        self.behind = self.behind.map(|(after, last)| (after.max(start), last)).filter(|(after, last)| after < last);
    }

    pub(super) fn turn(&mut self, tier: Tier) -> &mut u64 {
        let [open, refused] = &mut self.turns;
        match tier {
            Tier::Open => open,
            Tier::Refused => refused,
        }
    }

    /// Stores what the view goes on with after a restart.
    pub(super) async fn keep(&mut self, desk: &Desk) -> Result<(), Failure> {
        let (epoch, seq) = (self.shown.epoch.to_string(), self.shown.seq);
        let now = Kept { epoch, seq, behind: self.behind, turns: self.turns };
        let mut writes: Vec<Write> = self
            .unsettled
            .changes()
            .map(|(key, value)| match value {
                Some(value) => Write::Put { kind: MARKS, key, value },
                None => Write::Delete { kind: MARKS, key },
            })
            .collect();
        if self.kept.as_ref() != Some(&now) {
            writes.push(Write::Put { kind: KIND, key: KEY.to_owned(), value: json!(now) });
        }
        if !writes.is_empty() {
            desk.journal().commit(Durability::D2, writes).await?;
            self.unsettled.written();
            self.kept = Some(now);
        }
        Ok(())
    }
}

impl View {
    /// Where to go on when PAC has forgotten or renumbered its log, and with which session. It fails where that would be no
    /// other place than before.
    pub(super) async fn find_place(&self, error: &PacError, state: &mut State) -> Result<Arc<dyn PacSession>, Failure> {
        let session = self.sides.pac().await?;
        if error.kind() == PacErrorKind::CursorExpired {
            let before = state.shown;
            let first = error.first().unwrap_or_default();
            state.forget_below(first);
            state.shown.seq = before.seq.max(first.saturating_sub(1));
            let head = session.server().log(LogStream::Events).filter(|log| log.epoch == before.epoch);
            let near_the_end = head.map_or(0, |log| log.head().seq.saturating_sub(FIRST));
            if near_the_end > state.shown.seq {
                state.leave_behind(near_the_end);
            }
            return if state.shown == before { Err(error.clone().into()) } else { Ok(session) };
        }
        // What a session says of the log is from its beginning.
        let session = if beginning_anew(&*session, state.shown).is_some() {
            session
        } else {
            self.sides.pac.close().await;
            self.sides.pac().await?
        };
        let Some(log) = beginning_anew(&*session, state.shown) else { return Err(error.clone().into()) };
        state.begin_near_the_end(&log);
        Ok(session)
    }
}

/// Whether this position is none in the log any more.
pub(super) fn is_lost(error: &PacError) -> bool {
    matches!(error.kind(), PacErrorKind::CursorExpired | PacErrorKind::EpochChanged | PacErrorKind::CursorAhead)
}

/// The log, if it is another one than that in which we were here.
fn beginning_anew(session: &dyn PacSession, place: Cursor) -> Option<LogPosition> {
    session
        .server()
        .log(LogStream::Events)
        .filter(|log| log.epoch != place.epoch || log.head().seq < place.seq)
        .copied()
}
