//! A site in memory: bookings, a door system, and the clock.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use booking_access::codes::{CodesConfig, Identification};
use booking_access::mail::MailConfig;
use booking_access::{Access, AccessConfig, Bookers, Sealer, Settings, Store, Watched, link};
use chrono::{DateTime, Duration, TimeZone as _, Utc};
use futures::StreamExt as _;
use futures::stream::BoxStream;
use sync_core::clock::{Clock, ManualClock};
use sync_core::connector::{
    CheckReport, CompleteSignal, End, Endpoint, EndpointIdentity, ErrorClass, Key, Page, ReadCaps, Record,
    SnapshotCaps, Source, SyncError, Window,
};
use sync_core::journal::{Journal, MemoryJournal};
use sync_core::model::{Booking, BookingStatus, EndpointName, ExternalId, Participant, ParticipantRole, Person};
use sync_core::reconcile::{Approval, Context, LinkReport, Reconciler, RunError, Silent, SyncLink as _};
use sync_core::test_kit::FakeDoors;

pub fn at(hour: u32, minute: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2027, 3, 1, hour, minute, 0).unwrap()
}

pub fn booking(email: &str, resource: &str, start: DateTime<Utc>, end: DateTime<Utc>) -> Booking {
    let name = email.split('@').next().unwrap();
    Booking {
        start,
        end,
        resources: [resource.to_owned()].into(),
        people: vec![Participant {
            email: email.to_owned(),
            name: Some(format!("{name} Booker")),
            role: ParticipantRole::Booker,
        }],
        status: BookingStatus::Confirmed,
        ..Booking::default()
    }
}

/// A source of bookings that says what it is told to say.
#[derive(Debug)]
pub struct FakeFeed {
    name: EndpointName,
    state: Mutex<(BTreeMap<String, Booking>, bool)>,
    as_of: Mutex<Option<DateTime<Utc>>>,
}

impl FakeFeed {
    pub fn new(name: &str) -> Self {
        Self { name: name.into(), state: Mutex::default(), as_of: Mutex::default() }
    }

    pub fn put(&self, key: &str, booking: Booking) {
        self.state.lock().unwrap().0.insert(key.to_owned(), booking);
    }

    pub fn take(&self, key: &str) -> Option<Booking> {
        self.state.lock().unwrap().0.remove(key)
    }

    pub fn keys(&self) -> Vec<String> {
        self.state.lock().unwrap().0.keys().cloned().collect()
    }

    pub fn get(&self, key: &str) -> Option<Booking> {
        self.state.lock().unwrap().0.get(key).cloned()
    }

    pub fn away(&self, away: bool) {
        self.state.lock().unwrap().1 = away;
    }

    /// From now on it says when it looked.
    pub fn looked(&self, at: DateTime<Utc>) {
        *self.as_of.lock().unwrap() = Some(at);
    }
}

#[async_trait]
impl Endpoint for FakeFeed {
    fn name(&self) -> &EndpointName {
        &self.name
    }

    async fn identify(&self) -> Result<EndpointIdentity, SyncError> {
        Ok(EndpointIdentity::default())
    }

    async fn check(&self) -> CheckReport {
        CheckReport::default()
    }
}

#[async_trait]
impl Source<Booking> for FakeFeed {
    fn reads(&self) -> ReadCaps {
        ReadCaps { snapshot: SnapshotCaps::Windowed, complete_signal: CompleteSignal::EndMark, ..ReadCaps::default() }
    }

    fn snapshot(&self, _window: Option<Window>) -> BoxStream<'_, Result<Page<Booking>, SyncError>> {
        let (bookings, away) = self.state.lock().unwrap().clone();
        let page = if away {
            Err(SyncError::new(ErrorClass::Transient, "no answer"))
        } else {
            let records = bookings.into_iter().map(|(key, booking)| Record::new(key.as_str(), booking)).collect();
            Ok(Page { records, invalid: Vec::new(), end: Some(End { count: None, complete: true }) })
        };
        futures::stream::iter([page]).boxed()
    }

    fn as_of(&self) -> Option<DateTime<Utc>> {
        *self.as_of.lock().unwrap()
    }

    async fn get(&self, _id: &ExternalId) -> Result<Option<Record<Booking>>, SyncError> {
        Ok(None)
    }

    async fn find(&self, _by: &Key) -> Result<Vec<Record<Booking>>, SyncError> {
        Ok(Vec::new())
    }
}

/// All of it. What stands on disk survives [`Site::restart`].
pub struct Site {
    pub clock: Arc<ManualClock>,
    pub feed: FakeFeed,
    pub second: FakeFeed,
    pub doors: Arc<FakeDoors>,
    pub journal: MemoryJournal,
    pub access: Arc<Access>,
    pub watched: Arc<Watched>,
    link: Reconciler<Person>,
    store: Store,
    folder: tempfile::TempDir,
    settings: Settings,
    mail: Option<MailConfig>,
}

impl Site {
    pub fn new() -> Self {
        Self::with(|_| ())
    }

    pub fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::at(at(8, 0), change)
    }

    pub fn at(now: DateTime<Utc>, change: impl FnOnce(&mut Settings)) -> Self {
        Self::with_mail(now, change, None)
    }

    pub fn with_mail(now: DateTime<Utc>, change: impl FnOnce(&mut Settings), mail: Option<MailConfig>) -> Self {
        let access = AccessConfig::with_resources([
            ("Room 1", vec!["d1", "gate"]),
            ("Room 2", vec!["d2", "gate"]),
            ("Room 3", vec!["d3"]),
        ]);
        let codes = CodesConfig { identification: Identification::Pin, pin_digits: 6, ..CodesConfig::default() };
        let mut settings = Settings { access, codes, zone: chrono_tz::Europe::London };
        change(&mut settings);
        let clock = Arc::new(ManualClock::new(now));
        let names = [("d1", "Room 1"), ("d2", "Room 2"), ("d3", "Room 3"), ("gate", "Gate")];
        let doors = FakeDoors::new("net2", clock.clone());
        let doors = Arc::new(names.into_iter().fold(doors, |doors, (id, name)| doors.door(id, name)));
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("bookings.db")).unwrap();
        let (access, watched, link) = Self::parts(&store, folder.path(), &settings, mail.as_ref(), &clock, &doors);
        Self {
            clock,
            feed: FakeFeed::new("rooms"),
            second: FakeFeed::new("desks"),
            doors,
            journal: MemoryJournal::new(),
            access,
            watched,
            link,
            store,
            folder,
            settings,
            mail,
        }
    }

    fn parts(
        store: &Store,
        folder: &std::path::Path,
        settings: &Settings,
        mail: Option<&MailConfig>,
        clock: &Arc<ManualClock>,
        doors: &Arc<FakeDoors>,
    ) -> (Arc<Access>, Arc<Watched>, Reconciler<Person>) {
        let sealer = Sealer::open(folder.join("secret.key")).unwrap();
        let access = Access::open(store.clone(), sealer, settings.clone()).unwrap();
        let access = Arc::new(match mail {
            Some(mail) => access.with_mail(mail).unwrap(),
            None => access,
        });
        let clock: Arc<dyn Clock> = clock.clone();
        let watched = Arc::new(Watched::new(doors.clone(), access.clone(), clock.clone()));
        let bookers = Arc::new(Bookers::new(access.clone(), clock, &doors.reads()));
        let link = link(bookers, watched.clone());
        (access, watched, link)
    }

    /// A new process on the same disk.
    pub fn restart(&mut self) {
        self.store = Store::open(self.folder.path().join("bookings.db")).unwrap();
        self.clock.restart();
        let (access, watched, link) =
            Self::parts(&self.store, self.folder.path(), &self.settings, self.mail.as_ref(), &self.clock, &self.doors);
        (self.access, self.watched, self.link) = (access, watched, link);
    }

    /// The same with other settings.
    pub fn restart_with(&mut self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings);
        self.restart();
    }

    /// Another process on the same disk, for an order.
    pub fn beside(&self) -> Access {
        let store = Store::open(self.folder.path().join("bookings.db")).unwrap();
        let sealer = Sealer::open(self.folder.path().join("secret.key")).unwrap();
        let access = Access::open(store, sealer, self.settings.clone()).unwrap();
        match &self.mail {
            Some(mail) => access.with_mail(mail).unwrap(),
            None => access,
        }
    }

    /// The books are lost, the door system is not.
    pub fn lose_books(&mut self) {
        self.folder = tempfile::tempdir().unwrap();
        self.journal = MemoryJournal::new();
        self.restart();
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub fn set(&self, now: DateTime<Utc>) {
        let by = now - self.now();
        self.clock.advance(by.to_std().unwrap());
    }

    pub async fn take(&self) {
        for feed in [&self.feed, &self.second] {
            // A source that is away changes nothing.
            let _ = self.access.take(feed, self.now()).await;
        }
    }

    pub async fn run(&self) -> Result<LinkReport, RunError> {
        // What cannot be prepared for waits; the run goes on.
        let _ = self.access.prepare(&*self.watched, self.now()).await;
        let context = Context {
            journal: &self.journal as &dyn Journal,
            clock: &*self.clock,
            progress: &Silent,
            actor: "test",
            today: None,
        };
        self.link.run(&Approval::everything(), &context).await
    }

    /// Reads the sources and runs at this time.
    pub async fn round(&self, now: DateTime<Utc>) -> LinkReport {
        self.set(now);
        self.take().await;
        self.run().await.unwrap()
    }

    /// Runs at this time and everything in between that has a boundary.
    pub async fn until(&self, to: DateTime<Utc>) {
        while let Some(next) = self.access.grants().next_boundary(self.now()).filter(|next| *next <= to) {
            self.set(next);
            let _ = self.run().await;
        }
        self.set(to);
        let _ = self.run().await;
    }

    pub fn doors_of(&self, email: &str) -> Vec<String> {
        self.doors.doors_of(email).into_iter().collect()
    }

    pub fn pin(&self, email: &str) -> Option<String> {
        Some(self.doors.ours(email)?.value.pin.value()?.expose().to_owned())
    }
}

pub fn days(n: i64) -> Duration {
    Duration::days(n)
}
