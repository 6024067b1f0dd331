//! Presence and absence.

use chrono::Duration;

use super::samples::{at, commit, fingerprint, marked, page, see, seen, stream};
use crate::journal::{Absence, Journal, JournalErrorKind, Side, SnapshotCounts, SnapshotId, Write};
use crate::model::{ExternalId, Fingerprint};

pub(super) async fn all<J: Journal>(make: &impl AsyncFn() -> J) {
    a_record_reads_back_as_it_was_seen(&make().await).await;
    streams_are_apart(&make().await).await;
    compare_tells_new_and_changed_records_by_position(&make().await).await;
    a_large_stream_compares_in_any_order(&make().await).await;
    a_lacking_record_counts_as_missing_once_per_snapshot(&make().await).await;
    absence_is_not_counted_again_before_min_absence(&make().await).await;
    a_record_that_returns_is_present(&make().await).await;
    a_doubted_snapshot_notes_presence_only(&make().await).await;
    a_half_read_snapshot_changes_nothing(&make().await).await;
    a_record_stored_during_a_snapshot_is_present(&make().await).await;
    a_record_gone_for_sure_is_missing(&make().await).await;
    history_holds_the_last_five_complete_snapshots(&make().await).await;
    an_unknown_snapshot_is_refused(&make().await).await;
}

const NOW: Absence = Absence::Derive { min_absence: Duration::zero() };

/// Reads one snapshot of the primary side and ends it.
async fn snapshot(journal: &impl Journal, ids: &[(&str, u128)], minute: i64, absence: Absence) -> SnapshotCounts {
    let id = journal.begin_snapshot(&stream(Side::Primary)).await.unwrap();
    let changed = journal.compare(id, &page(ids)).await.unwrap();
    let rows = changed.into_iter().map(|at| seen(ids[at].0, ids[at].1)).collect();
    see(journal, Side::Primary, rows).await;
    let counts = journal.snapshot_counts(id).await.unwrap();
    journal.end_snapshot(id, at(minute), absence).await.unwrap();
    counts
}

async fn missing(journal: &impl Journal, id: &str) -> u32 {
    journal.seen(&stream(Side::Primary), &id.into()).await.unwrap().unwrap().missing
}

async fn a_record_reads_back_as_it_was_seen(journal: &impl Journal) {
    let rows = vec![seen("1", 1), marked("2", u128::MAX), seen("É'\"\u{0}x", 3)];
    see(journal, Side::Primary, rows.clone()).await;
    assert_eq!(journal.all_seen(&stream(Side::Primary)).await.unwrap(), rows);
    assert_eq!(journal.seen(&stream(Side::Primary), &"2".into()).await.unwrap(), Some(rows[1].clone()));
    see(journal, Side::Primary, vec![seen("2", 5)]).await;
    assert_eq!(journal.seen(&stream(Side::Primary), &"2".into()).await.unwrap(), Some(seen("2", 5)));
}

async fn streams_are_apart(journal: &impl Journal) {
    see(journal, Side::Primary, vec![seen("1", 1)]).await;
    see(journal, Side::Secondary, vec![seen("1", 2)]).await;
    assert_eq!(journal.all_seen(&stream(Side::Primary)).await.unwrap(), [seen("1", 1)]);
    snapshot(journal, &[], 0, NOW).await;
    assert_eq!(journal.all_seen(&stream(Side::Secondary)).await.unwrap(), [seen("1", 2)]);
}

async fn compare_tells_new_and_changed_records_by_position(journal: &impl Journal) {
    let id = journal.begin_snapshot(&stream(Side::Primary)).await.unwrap();
    assert_eq!(journal.compare(id, &page(&[("2", 1), ("1", 1)])).await.unwrap(), [0, 1]);
    see(journal, Side::Primary, vec![seen("2", 1), seen("1", 1)]).await;
    let later = journal.begin_snapshot(&stream(Side::Primary)).await.unwrap();
    let changed = journal.compare(later, &page(&[("3", 1), ("2", 9), ("1", 1), ("0", 1)])).await.unwrap();
    assert_eq!(changed, [0, 1, 3]);
    assert_eq!(journal.compare(later, &page(&[])).await.unwrap(), [0_usize; 0]);
    let counts = journal.snapshot_counts(later).await.unwrap();
    assert_eq!((counts.present, counts.lacking), (4, 0));
}

async fn a_large_stream_compares_in_any_order(journal: &impl Journal) {
    let ids: Vec<String> = (0..3_000).map(|n| n.to_string()).collect();
    see(journal, Side::Primary, ids.iter().map(|id| seen(id, 1)).collect()).await;
    let numbers = [(0, 1), (2_999, 1_009), (17, 37)];
    for (start, step) in numbers {
        let id = journal.begin_snapshot(&stream(Side::Primary)).await.unwrap();
        let mut lacking = 3_000;
        let order: Vec<usize> = (0..3_000).map(|n| (start + n * step) % 3_000).collect();
        for chunk in order.chunks(700) {
            let print = |n: usize| fingerprint(if n % 500 == 3 { 2 } else { 1 });
            let page: Vec<(ExternalId, Fingerprint)> =
                chunk.iter().map(|&n| (ExternalId::from(ids[n].as_str()), print(n))).collect();
            let changed = journal.compare(id, &page).await.unwrap();
            let expected: Vec<usize> = (0..chunk.len()).filter(|&at| chunk[at] % 500 == 3).collect();
            assert_eq!(changed, expected);
            lacking -= chunk.len() as u64;
            assert_eq!(journal.snapshot_counts(id).await.unwrap().lacking, lacking);
        }
        journal.end_snapshot(id, at(0), Absence::Keep).await.unwrap();
    }
}

async fn a_lacking_record_counts_as_missing_once_per_snapshot(journal: &impl Journal) {
    snapshot(journal, &[("1", 1), ("2", 1)], 0, NOW).await;
    let counts = snapshot(journal, &[("1", 1)], 1, NOW).await;
    assert_eq!(counts, SnapshotCounts { present: 1, lacking: 1, history: vec![2] });
    assert_eq!((missing(journal, "1").await, missing(journal, "2").await), (0, 1));
    let counts = snapshot(journal, &[("1", 1)], 2, NOW).await;
    assert_eq!(counts, SnapshotCounts { present: 1, lacking: 0, history: vec![2, 1] });
    assert_eq!(missing(journal, "2").await, 2);
}

async fn absence_is_not_counted_again_before_min_absence(journal: &impl Journal) {
    let hourly = Absence::Derive { min_absence: Duration::minutes(60) };
    snapshot(journal, &[("1", 1), ("2", 1)], 0, hourly).await;
    for (minute, expected) in [(1, 1), (30, 1), (60, 1), (61, 2), (62, 2), (121, 3)] {
        snapshot(journal, &[("1", 1)], minute, hourly).await;
        assert_eq!(missing(journal, "2").await, expected, "minute {minute}");
    }
}

async fn a_record_that_returns_is_present(journal: &impl Journal) {
    snapshot(journal, &[("1", 1), ("2", 1)], 0, NOW).await;
    snapshot(journal, &[("1", 1)], 1, NOW).await;
    snapshot(journal, &[("1", 1), ("2", 1)], 2, NOW).await;
    let row = journal.seen(&stream(Side::Primary), &"2".into()).await.unwrap().unwrap();
    assert_eq!((row.missing, row.missing_at), (0, None));
}

async fn a_doubted_snapshot_notes_presence_only(journal: &impl Journal) {
    snapshot(journal, &[("1", 1), ("2", 1)], 0, NOW).await;
    snapshot(journal, &[("1", 1)], 1, NOW).await;
    let counts = snapshot(journal, &[("2", 1)], 2, Absence::Keep).await;
    assert_eq!(counts.lacking, 1);
    assert_eq!((missing(journal, "1").await, missing(journal, "2").await), (0, 0));
    let counts = snapshot(journal, &[("1", 1), ("2", 1)], 3, NOW).await;
    assert_eq!(counts.history, [2, 1]);
}

async fn a_half_read_snapshot_changes_nothing(journal: &impl Journal) {
    snapshot(journal, &[("1", 1), ("2", 1)], 0, NOW).await;
    let half = journal.begin_snapshot(&stream(Side::Primary)).await.unwrap();
    journal.compare(half, &page(&[("1", 1)])).await.unwrap();
    let counts = snapshot(journal, &[("1", 1), ("2", 1)], 1, NOW).await;
    assert_eq!((counts.history, counts.lacking), (vec![2], 0));
    assert_eq!((missing(journal, "1").await, missing(journal, "2").await), (0, 0));
}

async fn a_record_stored_during_a_snapshot_is_present(journal: &impl Journal) {
    let id = journal.begin_snapshot(&stream(Side::Primary)).await.unwrap();
    see(journal, Side::Primary, vec![seen("created", 1)]).await;
    see(journal, Side::Secondary, vec![seen("other", 1)]).await;
    assert_eq!(journal.snapshot_counts(id).await.unwrap().present, 1);
    journal.end_snapshot(id, at(0), NOW).await.unwrap();
    assert_eq!(missing(journal, "created").await, 0);
}

async fn a_record_gone_for_sure_is_missing(journal: &impl Journal) {
    snapshot(journal, &[("1", 1)], 0, NOW).await;
    commit(journal, vec![Write::Gone(stream(Side::Primary), "1".into(), at(1))]).await;
    commit(journal, vec![Write::Gone(stream(Side::Primary), "never seen".into(), at(1))]).await;
    assert_eq!(missing(journal, "1").await, u32::MAX);
    snapshot(journal, &[], 2, NOW).await;
    assert_eq!(missing(journal, "1").await, u32::MAX);
    snapshot(journal, &[("1", 1)], 3, NOW).await;
    assert_eq!(missing(journal, "1").await, 0);
}

async fn history_holds_the_last_five_complete_snapshots(journal: &impl Journal) {
    let ids = [("1", 1), ("2", 1), ("3", 1), ("4", 1), ("5", 1), ("6", 1), ("7", 1)];
    for n in 1..=7 {
        snapshot(journal, &ids[..n], 0, NOW).await;
    }
    let id = journal.begin_snapshot(&stream(Side::Primary)).await.unwrap();
    assert_eq!(journal.snapshot_counts(id).await.unwrap().history, [3, 4, 5, 6, 7]);
}

async fn an_unknown_snapshot_is_refused(journal: &impl Journal) {
    let id = journal.begin_snapshot(&stream(Side::Primary)).await.unwrap();
    journal.end_snapshot(id, at(0), NOW).await.unwrap();
    for id in [id, SnapshotId(u64::MAX)] {
        let refused = journal.end_snapshot(id, at(0), NOW).await.unwrap_err();
        assert_eq!(refused.kind(), JournalErrorKind::Invariant);
        assert!(journal.compare(id, &page(&[("1", 1)])).await.is_err());
        assert!(journal.snapshot_counts(id).await.is_err());
    }
}
