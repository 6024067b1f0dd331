//! Records in their order: what was seen is dropped, what is missing is noticed, and told only when it stays away.

use super::wire::Logged;
use crate::model::{Cursor, LogBatch, LogStream, LostRange, PacError, PacErrorKind, Records};
use std::sync::{Mutex, PoisonError};

/// Records after a cursor, cut before the first hole among them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Sorted {
    /// In order, none twice, without a hole among them.
    pub(crate) records: Records,
    /// What is missing between the cursor and the first of them.
    pub(crate) missing: Option<LostRange>,
    /// There were more behind a hole.
    pub(crate) cut: bool,
}

/// Puts records in order.
pub(crate) fn sort(records: Records, after: u64) -> Sorted {
    match records {
        Records::Events(events) => sort_list(events, after, Records::Events),
        Records::Changes(changes) => sort_list(changes, after, Records::Changes),
    }
}

fn sort_list<T: Logged>(mut list: Vec<T>, after: u64, wrap: impl FnOnce(Vec<T>) -> Records) -> Sorted {
    list.retain(|record| record.seq() > after);
    list.sort_by_key(Logged::seq);
    list.dedup_by_key(|record| record.seq());
    let first = list.first().map_or(after, Logged::seq);
    let missing = (first > after.saturating_add(1)).then(|| LostRange::new(after + 1, first - 1));
    let in_row = |(place, record): &(u64, &T)| record.seq() - first == *place;
    let run = (0..).zip(&list).take_while(in_row).count();
    let cut = run < list.len();
    list.truncate(run);
    Sorted { records: wrap(list), missing, cut }
}

/// Remembers, beyond one session, after which position records were missing.
#[derive(Debug, Default)]
pub(crate) struct GapMemory(Mutex<[Option<Cursor>; 2]>);

impl GapMemory {
    /// Whether the same was missing before; forgets it then, and notes it otherwise.
    fn again(&self, stream: LogStream, after: Cursor) -> bool {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let [events, changes] = &mut *noted;
        let noted = if stream == LogStream::Changes { changes } else { events };
        if *noted == Some(after) {
            *noted = None;
            true
        } else {
            *noted = Some(after);
            false
        }
    }

    /// A batch out of what the server gave for `after`.
    ///
    /// Missing records are an error the first time, so that the caller begins a new session and asks again; the second time
    /// they are lost, and the batch says so.
    pub(crate) fn batch(
        &self,
        stream: LogStream,
        after: Cursor,
        records: Records,
        more: bool,
    ) -> Result<LogBatch, PacError> {
        let sorted = sort(records, after.seq);
        if let Some(missing) = sorted.missing {
            self.decide(stream, after, missing)?;
        }
        Ok(LogBatch::new(after.epoch, sorted.records, more || sorted.cut).with_lost(sorted.missing))
    }

    /// An error for records that are missing for the first time.
    pub(crate) fn decide(&self, stream: LogStream, after: Cursor, missing: LostRange) -> Result<(), PacError> {
        if self.again(stream, after) {
            tracing::error!(%stream, first = missing.first, last = missing.last, "log-gap: records are lost");
            return Ok(());
        }
        let text = format!("records {} to {} of the log of {stream} are missing", missing.first, missing.last);
        Err(PacError::new(PacErrorKind::LogGap, text).with_log(Some(after.epoch), Some(missing.first)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Change, ChangeEntity, ChangeOp, Epoch};

    fn changes(seqs: &[u64]) -> Records {
        let change = |seq: &u64| {
            Change::new(*seq, chrono::DateTime::UNIX_EPOCH.into(), ChangeEntity::Person, ChangeOp::Updated, 1)
        };
        Records::Changes(seqs.iter().map(change).collect())
    }

    #[test]
    fn records_come_once_and_in_order_up_to_a_hole() {
        let sorted = sort(changes(&[7, 5, 6, 5, 3, 9]), 4);
        assert_eq!((sorted.records, sorted.missing, sorted.cut), (changes(&[5, 6, 7]), None, true));
        let sorted = sort(changes(&[9, 8]), 4);
        assert_eq!((sorted.records, sorted.missing, sorted.cut), (changes(&[8, 9]), Some(LostRange::new(5, 7)), false));
        let sorted = sort(changes(&[1, 2]), 4);
        assert_eq!((sorted.records, sorted.missing, sorted.cut), (changes(&[]), None, false));
        assert_eq!(sort(changes(&[u64::MAX]), u64::MAX - 1).missing, None);
    }

    #[test]
    fn what_is_missing_twice_is_lost() {
        let memory = GapMemory::default();
        let after = Cursor::new(Epoch::new([1; 8]), 4);
        let ask = |stream| memory.batch(stream, after, changes(&[8, 9]), false);
        assert_eq!(ask(LogStream::Changes).unwrap_err().kind(), PacErrorKind::LogGap);
        assert_eq!(ask(LogStream::Events).unwrap_err().kind(), PacErrorKind::LogGap, "each log has its own memory");
        let batch = ask(LogStream::Changes).unwrap();
        assert_eq!((batch.lost, batch.len()), (Some(LostRange::new(5, 7)), 2));
        assert_eq!(ask(LogStream::Changes).unwrap_err().kind(), PacErrorKind::LogGap);
    }
}
