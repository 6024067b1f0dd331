//! What SQLite adds to a journal: files, locks, schemas, damage.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod agreement;

use std::path::Path;

use chrono::{DateTime, FixedOffset, Utc};
use rusqlite::Connection;
use sync_core::journal::{
    CandidateQuery, Durability, EventFilter, EventState, Journal, JournalErrorKind, LedgerEvent, Seen, Side,
    SqliteJournal, Stream, Write,
};
use sync_core::model::{Direction, EntityKind, EventClass, EventKey, Fields, Fingerprint, Pair};

fn stream() -> Stream {
    Stream::new("left", EntityKind::Person)
}

fn seen(id: &str) -> Seen {
    Seen {
        id: id.into(),
        fingerprint: Fingerprint::default(),
        fields: Fields::default(),
        title: "a title that fills the page ".repeat(5),
        marker: None,
        revision: None,
        invalid: None,
        missing: 0,
        missing_at: None,
    }
}

fn event(number: i64) -> LedgerEvent {
    LedgerEvent {
        key: EventKey { endpoint: "left".into(), epoch: 0, number },
        occurred: DateTime::UNIX_EPOCH.with_timezone(&FixedOffset::east_opt(0).unwrap()),
        received: DateTime::UNIX_EPOCH,
        class: EventClass::Granted,
        code: 20,
        person: Some("7".into()),
        device: Some("2".into()),
        credential: Some("12345678".to_owned()),
        direction: Direction::In,
        identity: None,
        remark: None,
        content: 1,
        state: EventState::Ready,
        reason: None,
        target: None,
        retry_at: None,
        attempts: 0,
    }
}

async fn fill(journal: &SqliteJournal, durability: Durability, ids: &[String]) {
    let rows = ids.iter().map(|id| seen(id)).collect();
    journal.commit(durability, vec![Write::See(stream(), rows)]).await.unwrap();
}

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{n:05}")).collect()
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    drop(SqliteJournal::open(&path).unwrap());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    for refused in [SqliteJournal::open(&path).unwrap_err(), SqliteJournal::open_read_only(&path).unwrap_err()] {
        assert_eq!(refused.kind(), JournalErrorKind::NewerSchema);
        assert!(refused.to_string().contains("journal.db") && refused.to_string().contains("99"), "{refused}");
    }
    let version: i64 = Connection::open(&path).unwrap().query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(version, 99);
}

#[test]
fn a_database_of_something_else_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("timeware.db");
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE temployee (id INTEGER PRIMARY KEY)").unwrap();
    let before = std::fs::read(&path).unwrap();
    assert_eq!(SqliteJournal::open(&path).unwrap_err().kind(), JournalErrorKind::Corrupt);
    assert_eq!(std::fs::read(&path).unwrap(), before);

    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "not a database at all, but long enough to be taken for one ".repeat(99)).unwrap();
    assert_eq!(SqliteJournal::open(&text).unwrap_err().kind(), JournalErrorKind::Corrupt);
}

#[test]
fn a_file_that_cannot_be_opened_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for refused in [
        SqliteJournal::open(folder.path()).unwrap_err(),
        SqliteJournal::open(folder.path().join("no folder").join("journal.db")).unwrap_err(),
        SqliteJournal::open_read_only(folder.path().join("never made.db")).unwrap_err(),
    ] {
        assert_eq!(refused.kind(), JournalErrorKind::Storage);
        assert!(refused.to_string().contains(&folder.path().display().to_string()), "{refused}");
    }
    assert!(!folder.path().join("never made.db").exists());
}

#[test]
fn a_second_writer_is_refused_until_the_first_has_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let (first, second) = (SqliteJournal::open(&path).unwrap(), SqliteJournal::open(&path).unwrap());
    let lock = first.lock_writer().unwrap();
    let refused = second.lock_writer().unwrap_err();
    assert_eq!(refused.kind(), JournalErrorKind::Locked);
    assert!(refused.to_string().contains("journal.db.lock"), "{refused}");
    drop(lock);
    second.lock_writer().unwrap();
}

#[tokio::test]
async fn another_process_reads_while_one_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let writer = SqliteJournal::open(&path).unwrap();
    let _lock = writer.lock_writer().unwrap();
    let reader = SqliteJournal::open_read_only(&path).unwrap();
    fill(&writer, Durability::D2, &ids(3)).await;
    assert_eq!(reader.all_seen(&stream()).await.unwrap().len(), 3);
    assert_eq!(reader.hash_key().await.unwrap(), writer.hash_key().await.unwrap());
    fill(&writer, Durability::D2, &ids(4)).await;
    assert_eq!(reader.all_seen(&stream()).await.unwrap().len(), 4);
}

#[tokio::test]
async fn a_journal_that_can_only_be_read_refuses_every_batch() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    fill(&SqliteJournal::open(&path).unwrap(), Durability::D1, &ids(3)).await;
    let journal = SqliteJournal::open_read_only(&path).unwrap();
    for durability in [Durability::D1, Durability::D2] {
        let refused = journal.commit(durability, vec![Write::See(stream(), vec![seen("new")])]).await.unwrap_err();
        assert_eq!(refused.kind(), JournalErrorKind::Storage);
    }
    assert_eq!(journal.all_seen(&stream()).await.unwrap().len(), 3);
}

/// What a crash leaves: the files as they are, nothing closed.
fn files_after_crash(path: &Path, to: &Path) {
    for suffix in ["", "-wal"] {
        let name = |path: &Path| format!("{}{suffix}", path.display());
        std::fs::copy(name(path), name(to)).unwrap();
    }
}

#[tokio::test]
async fn a_d2_batch_before_a_d1_batch_survives_a_crash_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("journal.db"), folder.path().join("after.db"));
    let journal = SqliteJournal::open(&path).unwrap();
    fill(&journal, Durability::D2, &ids(2_000)).await;
    journal.commit(Durability::D1, vec![Write::Events(vec![event(1)])]).await.unwrap();
    files_after_crash(&path, &copy);
    let after = SqliteJournal::open(&copy).unwrap();
    assert_eq!(after.all_seen(&stream()).await.unwrap().len(), 2_000);
    assert_eq!(after.event(&event(1).key).await.unwrap(), Some(event(1)));
}

#[tokio::test]
async fn a_log_cut_anywhere_leaves_whole_batches() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("journal.db"), folder.path().join("after.db"));
    let journal = SqliteJournal::open(&path).unwrap();
    drop(SqliteJournal::open(&path).unwrap());
    for number in 1..=12 {
        let writes = vec![Write::See(stream(), vec![seen(&number.to_string())]), Write::Events(vec![event(number)])];
        journal.commit(Durability::D2, writes).await.unwrap();
    }
    files_after_crash(&path, &copy);
    let log = folder.path().join("after.db-wal");
    let length = std::fs::metadata(&log).unwrap().len();
    let mut kept = Vec::new();
    for part in 0..=20 {
        files_after_crash(&path, &copy);
        std::fs::File::options().write(true).open(&log).unwrap().set_len(length * part / 20).unwrap();
        let Ok(after) = SqliteJournal::open(&copy) else { continue };
        let rows = after.all_seen(&stream()).await.unwrap().len();
        let filter = EventFilter::states(&"left".into(), &EventState::ALL, 99);
        assert_eq!(after.events(&filter).await.unwrap().len(), rows);
        kept.push(rows);
        drop(after);
        let _ = std::fs::remove_file(folder.path().join("after.db-shm"));
    }
    assert!(kept.is_sorted() && kept.last() == Some(&12), "{kept:?}");
}

/// Asks everything; damage may answer anything or fail, but not stop the program.
async fn ask_everything(journal: &SqliteJournal) -> Vec<JournalErrorKind> {
    let pair = Pair::new(EntityKind::Person, "left", "right");
    let now: DateTime<Utc> = DateTime::UNIX_EPOCH;
    let query = CandidateQuery { pair: pair.clone(), revision: 0, now };
    let filter = EventFilter::states(&"left".into(), &EventState::ALL, 9_999);
    let page: Vec<_> = ids(300).into_iter().map(|id| (id.into(), Fingerprint::default())).collect();
    let mut kinds = Vec::new();
    let mut note = |failed: Option<sync_core::journal::JournalError>| kinds.extend(failed.map(|error| error.kind()));
    note(journal.all_seen(&stream()).await.err());
    note(journal.candidates(&query).await.err());
    note(journal.unlinked(&pair, Side::Primary).await.err());
    note(journal.events(&filter).await.err());
    note(journal.event_counts(&"left".into()).await.err());
    note(journal.documents("cursor", "").await.err());
    note(journal.links(&pair).await.err());
    note(journal.open_intents(&pair).await.err());
    note(journal.audit(None, 9).await.err());
    match journal.begin_snapshot(&stream()).await {
        Ok(id) => {
            note(journal.compare(id, &page).await.err());
            note(journal.end_snapshot(id, now, sync_core::journal::Absence::Keep).await.err());
        }
        Err(error) => note(Some(error)),
    }
    note(journal.commit(Durability::D1, vec![Write::See(stream(), vec![seen("new")])]).await.err());
    kinds
}

#[tokio::test]
async fn a_damaged_page_is_an_error_and_never_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("journal.db"), folder.path().join("damaged.db"));
    {
        let journal = SqliteJournal::open(&path).unwrap();
        fill(&journal, Durability::D1, &ids(300)).await;
        journal.commit(Durability::D1, vec![Write::Events((0..300).map(event).collect())]).await.unwrap();
    }
    let sound = std::fs::read(&path).unwrap();
    let mut kinds = Vec::new();
    for page in 0..sound.len() / 4_096 {
        for fill in [0xff, 0x0d] {
            let mut damaged = sound.clone();
            damaged[page * 4_096 + 100..(page + 1) * 4_096].fill(fill);
            std::fs::write(&copy, damaged).unwrap();
            match SqliteJournal::open(&copy) {
                Ok(journal) => kinds.extend(ask_everything(&journal).await),
                Err(error) => kinds.push(error.kind()),
            }
        }
    }
    assert!(kinds.contains(&JournalErrorKind::Corrupt));
    let allowed = [JournalErrorKind::Corrupt, JournalErrorKind::Storage, JournalErrorKind::Invariant];
    assert!(kinds.iter().all(|kind| allowed.contains(kind)), "{kinds:?}");
}

#[tokio::test]
async fn a_file_cut_short_is_an_error_and_never_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    fill(&SqliteJournal::open(&path).unwrap(), Durability::D1, &ids(300)).await;
    let length = std::fs::metadata(&path).unwrap().len();
    std::fs::File::options().write(true).open(&path).unwrap().set_len(length - 4_096 * 3).unwrap();
    let kinds = match SqliteJournal::open(&path) {
        Ok(journal) => ask_everything(&journal).await,
        Err(error) => vec![error.kind()],
    };
    assert!(kinds.contains(&JournalErrorKind::Corrupt), "{kinds:?}");
}

#[tokio::test]
async fn values_that_nobody_wrote_are_corrupt() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let journal = SqliteJournal::open(&path).unwrap();
    fill(&journal, Durability::D1, &ids(1)).await;
    journal.commit(Durability::D1, vec![Write::Events(vec![event(1)])]).await.unwrap();
    let foreign = Connection::open(&path).unwrap();
    for change in [
        "UPDATE seen_body SET fields = '{\"name\": secret-name'",
        "UPDATE seen_body SET fields = x'ff'",
        "UPDATE seen_body SET fields = '{}', marker = '7'",
        "UPDATE seen_body SET marker = NULL; UPDATE seen SET fingerprint = x'00'",
        "UPDATE seen SET fingerprint = zeroblob(16), missing = -1",
        "UPDATE seen SET missing = 0, missing_at = 9223372036854775807",
    ] {
        foreign.execute_batch(change).unwrap();
        let error = journal.all_seen(&stream()).await.unwrap_err();
        assert_eq!(error.kind(), JournalErrorKind::Corrupt, "{change}");
        assert!(!format!("{error:?}").contains("secret-name"));
    }
    for change in ["UPDATE event SET state = 77", "UPDATE event SET state = 0, utc_offset = 999999"] {
        foreign.execute_batch(change).unwrap();
        assert_eq!(journal.event(&event(1).key).await.unwrap_err().kind(), JournalErrorKind::Corrupt, "{change}");
    }
}

#[tokio::test]
async fn a_clear_secret_is_never_stored() {
    use sync_core::model::{FieldValue, Scalar, SecretText};
    let journal = SqliteJournal::open_in_memory().unwrap();
    let pin = FieldValue::Value(Scalar::Secret(SecretText::new("4821")));
    let row = Seen { fields: Fields::from_iter([("pin".to_owned(), pin)]), ..seen("1") };
    let refused = journal.commit(Durability::D2, vec![Write::See(stream(), vec![row])]).await.unwrap_err();
    assert_eq!(refused.kind(), JournalErrorKind::Invariant);
    assert!(journal.all_seen(&stream()).await.unwrap().is_empty());
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let journal = SqliteJournal::open(folder.path().join("journal.db")).unwrap();
    fill(&journal, Durability::D2, &ids(1)).await;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.file_name());
    }
}
