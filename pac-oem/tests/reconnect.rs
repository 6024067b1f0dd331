//! The holder of sessions: when it tries again, and when it does not.
#![allow(clippy::wildcard_imports, reason = "the whole vocabulary")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop")]

use async_trait::async_trait;
use futures::stream::BoxStream;
use pac_oem::{Backoff, PacClient, Trust, model::*};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;

/// What the next attempts meet; after that, sessions.
#[derive(Default)]
struct Fake {
    refusals: Mutex<Vec<PacError>>,
    attempts: AtomicUsize,
    last: Mutex<Option<Arc<FakeSession>>>,
}

impl Fake {
    fn attempts(&self) -> usize {
        self.attempts.load(Ordering::Relaxed)
    }

    fn end(&self, error: PacError) {
        *self.last.lock().unwrap().as_ref().unwrap().ended.lock().unwrap() = Some(error);
    }
}

#[async_trait]
impl PacDriver for Fake {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn inspect_key(&self, _: &KeyFile) -> Result<KeySummary, PacError> {
        Ok(KeySummary::new("fake"))
    }

    async fn connect(&self, _: &PacEndpoint, key: KeyFile) -> Result<Arc<dyn PacSession>, PacError> {
        assert_eq!(key.bytes.as_slice(), b"key");
        self.attempts.fetch_add(1, Ordering::Relaxed);
        if let Some(error) = self.refusals.lock().unwrap().pop() {
            return Err(error);
        }
        let session = Arc::new(FakeSession { info: ServerInfo::new("fake", "fake"), ended: Mutex::default() });
        *self.last.lock().unwrap() = Some(session.clone());
        Ok(session)
    }
}

struct FakeSession {
    info: ServerInfo,
    ended: Mutex<Option<PacError>>,
}

fn site(refusals: Vec<PacError>) -> (Arc<Fake>, PacClient, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, "key").unwrap();
    let mut endpoint = PacEndpoint::new("pac.example", 1, path, Trust::OnlyRoots(Vec::new()));
    endpoint.allow_loose_key_permissions = true;
    let fake = Arc::new(Fake { refusals: Mutex::new(refusals), ..Fake::default() });
    (fake.clone(), PacClient::new(fake, endpoint), folder)
}

fn error(kind: PacErrorKind) -> PacError {
    PacError::new(kind, "so it is")
}

#[test]
fn pauses_double_up_to_a_minute_and_vary_by_a_fifth() {
    let mut backoff = Backoff::default();
    for due in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
        let pause = backoff.next(&error(PacErrorKind::ConnectionLost)).as_secs_f64();
        let due = f64::from(due);
        assert!((0.8 * due..=1.2 * due).contains(&pause), "{pause} for {due}");
    }
    let asked = error(PacErrorKind::ShuttingDown).with_retry_after(Duration::from_secs(15));
    assert_eq!(backoff.next(&asked), Duration::from_secs(15));
    assert_eq!(backoff.next(&error(PacErrorKind::ClientRevoked)), Duration::from_mins(5));
    backoff.reset();
    assert!(backoff.next(&error(PacErrorKind::Timeout)) < Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn a_session_is_kept_and_made_anew_when_it_ended() {
    let (fake, client, _folder) = site(Vec::new());
    client.session().await.unwrap();
    client.session().await.unwrap();
    assert_eq!(fake.attempts(), 1);
    tokio::time::advance(Duration::from_secs(90)).await;
    fake.end(error(PacErrorKind::ConnectionLost));
    client.session().await.unwrap();
    assert_eq!(fake.attempts(), 2, "after a stable session at once");
}

#[tokio::test(start_paused = true)]
async fn during_a_pause_the_last_error_is_told_without_an_attempt() {
    let (fake, client, _folder) = site(vec![error(PacErrorKind::Unreachable), error(PacErrorKind::Unreachable)]);
    for attempts in 1..=2 {
        assert_eq!(client.session().await.err().unwrap().kind(), PacErrorKind::Unreachable);
        let paused = client.session().await.err().unwrap();
        assert_eq!(fake.attempts(), attempts, "nothing is tried during the pause");
        tokio::time::advance(paused.retry_after().unwrap()).await;
    }
    client.session().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn sessions_that_do_not_last_do_not_make_a_storm() {
    let (fake, client, _folder) = site(Vec::new());
    let mut calls = 0;
    while calls < 1000 {
        calls += 1;
        match client.session().await {
            Ok(_) => fake.end(error(PacErrorKind::ConnectionLost)),
            Err(_) => tokio::time::advance(Duration::from_millis(100)).await,
        }
    }
    assert!(fake.attempts() < 10, "{} attempts in 100 s", fake.attempts());
}

#[tokio::test(start_paused = true)]
async fn what_a_person_must_see_to_waits_for_five_minutes_or_a_new_key_file() {
    let refusal = || error(PacErrorKind::ClientRevoked);
    let (fake, client, _folder) = site(vec![refusal(), refusal()]);
    assert!(client.session().await.is_err());
    tokio::time::advance(Duration::from_secs(299)).await;
    assert!(client.session().await.is_err());
    assert_eq!(fake.attempts(), 1);
    let path = &client.endpoint().key_path;
    let later = std::time::SystemTime::now() + Duration::from_secs(10);
    std::fs::File::options().write(true).open(path).unwrap().set_modified(later).unwrap();
    assert!(client.session().await.is_err());
    assert_eq!(fake.attempts(), 2);
    assert!(client.try_now().await.is_ok(), "somebody wants to see how it goes");
}

#[tokio::test(start_paused = true)]
async fn what_the_server_asked_for_is_heeded() {
    let (fake, client, _folder) = site(Vec::new());
    client.session().await.unwrap();
    tokio::time::advance(Duration::from_mins(2)).await;
    fake.end(error(PacErrorKind::ShuttingDown).with_retry_after(Duration::from_secs(15)));
    let paused = client.session().await.err().unwrap();
    assert!(paused.retry_after().unwrap() > Duration::from_secs(14));
    tokio::time::advance(Duration::from_secs(15)).await;
    client.session().await.unwrap();
}

fn never<T>() -> Result<T, PacError> {
    Err(error(PacErrorKind::NotSupported))
}

#[async_trait]
impl PacSession for FakeSession {
    fn server(&self) -> &ServerInfo {
        &self.info
    }

    fn ended(&self) -> Option<PacError> {
        self.ended.lock().unwrap().clone()
    }

    async fn definitions(&self, _: Option<&Etag>) -> Result<Option<Definitions>, PacError> {
        never()
    }

    async fn status(&self) -> Result<SiteStatus, PacError> {
        never()
    }

    async fn people(&self, _: Option<PageToken>, _: ActiveFilter) -> Result<PersonPage, PacError> {
        never()
    }

    async fn person(&self, _: PersonKey) -> Result<Option<Person>, PacError> {
        never()
    }

    async fn put_person(&self, _: PersonDraft, _: PutMode, _: WriteOpts) -> Result<Saved, PacError> {
        never()
    }

    async fn set_person_state(&self, _: PersonId, _: PersonState, _: WriteOpts) -> Result<Saved, PacError> {
        never()
    }

    async fn delete_person(&self, _: PersonId, _: WriteOpts) -> Result<Deleted, PacError> {
        never()
    }

    async fn set_groups(&self, _: PersonId, _: Vec<GroupGrant>, _: WriteOpts) -> Result<Saved, PacError> {
        never()
    }

    async fn set_credential(&self, _: PersonId, _: Credential, _: bool, _: WriteOpts) -> Result<Saved, PacError> {
        never()
    }

    async fn remove_credential(&self, _: PersonId, _: CredentialKey, _: WriteOpts) -> Result<Saved, PacError> {
        never()
    }

    async fn put_booking(&self, _: BookingDraft, _: WriteOpts) -> Result<(), PacError> {
        never()
    }

    async fn read_log(&self, _: LogStream, _: Cursor, _: u16) -> Result<LogBatch, PacError> {
        never()
    }

    async fn subscribe(
        &self,
        _: LogStream,
        _: Cursor,
    ) -> Result<BoxStream<'static, Result<LogBatch, PacError>>, PacError> {
        never()
    }

    async fn ack(&self, _: LogStream, _: Cursor) -> Result<(), PacError> {
        never()
    }

    async fn open_door(&self, _: ReaderId, _: u16, _: DoorReason, _: WriteOpts) -> Result<CommandId, PacError> {
        never()
    }

    async fn ping(&self) -> Result<Duration, PacError> {
        never()
    }

    async fn close(&self, _: CloseReason) {}
}
