//! Events that are shown once more, since their outcome is another one than was said.

use std::collections::BTreeSet;

use pac_oem::model::{Cursor, Event, LogStream, PacErrorKind, PacSession};
use sync_service::{ChoreReport, Desk, Failure};

use super::place::State;
use super::unsettled::{Mark, Tier};
use super::{PAGE, View, outcome};

/// The newest of them are looked at in each run.
const NEWEST: usize = 500;
/// So many of the others, in turn.
const IN_TURN: usize = 4_000;
/// Ranges of the log that are read again in one run.
const RANGES: u32 = 20;

impl View {
    /// Looks what became of the events that were shown, as far as it may change.
    pub(super) async fn show_outcomes(
        &self,
        desk: &Desk,
        session: &dyn PacSession,
        state: &mut State,
        report: &mut ChoreReport,
    ) -> Result<(), Failure> {
        let mut ranges = RANGES;
        let newest = state.unsettled.newest(Tier::Open, NEWEST);
        self.refresh(desk, session, state, &newest, &mut ranges, report).await?;
        for tier in [Tier::Open, Tier::Refused] {
            let begun = *state.turn(tier);
            let numbers = state.unsettled.from(begun, tier, IN_TURN);
            let left = self.refresh(desk, session, state, &numbers, &mut ranges, report).await?;
            let last = numbers.last().filter(|_| numbers.len() == IN_TURN);
            // From the start again after the last one.
            *state.turn(tier) = left.or(last.map(|last| last + 1)).unwrap_or_default();
            state.keep(desk).await?;
        }
        Ok(())
    }

    /// Shows those of these events again whose outcome is another one; returns the first that has to wait for the next run.
    async fn refresh(
        &self,
        desk: &Desk,
        session: &dyn PacSession,
        state: &mut State,
        numbers: &[u64],
        ranges: &mut u32,
        report: &mut ChoreReport,
    ) -> Result<Option<u64>, Failure> {
        let epoch = state.shown.epoch.to_string();
        let rows = outcome::rows(desk, self.sides.pac_name(), &epoch, numbers).await?;
        let differs =
            |seq: &u64| rows.get(seq).is_some_and(|row| outcome::mark(Some(row)) != state.unsettled.mark(*seq));
        let changed: Vec<u64> = numbers.iter().copied().filter(differs).collect();
        let mut left = changed.as_slice();
        while let Some(first) = left.first() {
            if *ranges == 0 || desk.is_stopping() {
                return Ok(Some(*first));
            }
            *ranges -= 1;
            let wanted = neighbours(left);
            let (events, end) = read_again(session, state, wanted).await?;
            let shown = self.show(desk, state.shown.epoch, &events, state, report).await?;
            report.count("outcomes_shown", shown);
            // PAC may give less than it was asked for.
            left = left.split_at(wanted.partition_point(|seq| *seq <= end).max(1)).1;
        }
        Ok(None)
    }
}

/// Those of the log that are wanted, and the last number that was answered. What the log has no longer stays as it was shown.
async fn read_again(session: &dyn PacSession, state: &mut State, wanted: &[u64]) -> Result<(Vec<Event>, u64), Failure> {
    let (Some(first), Some(last)) = (wanted.first(), wanted.last()) else { return Ok((Vec::new(), u64::MAX)) };
    let most = u16::try_from(last - first + 1).unwrap_or(PAGE);
    let after = Cursor::new(state.shown.epoch, first.saturating_sub(1));
    let batch = match session.read_log(LogStream::Events, after, most).await {
        Err(error) if error.kind() == PacErrorKind::CursorExpired => {
            let kept_from = error.first().unwrap_or(last + 1);
            state.forget_below(kept_from);
            return Ok((Vec::new(), kept_from.saturating_sub(1)));
        }
        // Whoever looks for new events finds the place in the other log.
        Err(error) if matches!(error.kind(), PacErrorKind::EpochChanged | PacErrorKind::CursorAhead) => {
            return Ok((Vec::new(), *last));
        }
        batch => batch?,
    };
    let end = batch.cursor().map_or(*last, |end| end.seq);
    let events: Vec<Event> =
        batch.events().iter().filter(|event| wanted.binary_search(&event.seq).is_ok()).cloned().collect();
    let there: BTreeSet<u64> = events.iter().map(|event| event.seq).collect();
    for missing in wanted.iter().filter(|seq| **seq <= end && !there.contains(seq)) {
        state.unsettled.set(*missing, Mark::SETTLED);
    }
    Ok((events, end))
}

/// The first numbers of these, as many as one page of the log holds.
fn neighbours(numbers: &[u64]) -> &[u64] {
    let first = numbers.first().copied().unwrap_or_default();
    numbers.split_at(numbers.partition_point(|seq| seq - first < u64::from(PAGE))).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_read_together() {
        assert_eq!(neighbours(&[1, 2, 500, 501, 5_000]), [1, 2, 500]);
        assert_eq!(neighbours(&[501, 5_000]), [501]);
        assert!(neighbours(&[]).is_empty());
    }
}
