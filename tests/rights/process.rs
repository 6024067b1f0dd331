//! What the service is made of, between booking systems, doors and mail server: everything that dies with the program.

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use booking_access::codes::{CodesConfig, Identification};
use booking_access::mail::MailConfig;
use booking_access::{Access, AccessConfig, AccessError, Bookers, Sealer, Settings, Store, Watched, link};
use chrono::{DateTime, Utc};
use net2_client::sync::{BookersConfig, Net2Config, Net2Doors};
use net2_client::{Net2Client, Pace, RetryPolicy};
use secrecy::SecretString;
use sync_core::clock::{Clock, ManualClock};
use sync_core::connector::{DoorSystem, Source as _};
use sync_core::journal::{Journal, SqliteJournal};
use sync_core::model::{ExternalId, Person};
use sync_core::reconcile::{Approval, Context, LinkReport, Reconciler, RunError, Silent, SyncLink as _};
use tokio::runtime::Runtime;

use crate::post::Post;
use crate::site::Site;
use crate::states::StoredStates;
use crate::venue::{ROOMS, Reader};

const ZONE: chrono_tz::Tz = chrono_tz::Europe::London;

/// Everything that is lost when the program dies.
pub(crate) struct Process {
    pub(crate) parts: Parts,
    pub(crate) runtime: Runtime,
}

pub(crate) struct Parts {
    pub(crate) access: Arc<Access>,
    pub(crate) watched: Arc<Watched>,
    pub(crate) readers: Vec<Box<dyn Reader>>,
    pub(crate) link: Reconciler<Person>,
    journal: SqliteJournal,
    clock: Arc<ManualClock>,
    post: Arc<Post>,
}

impl Site {
    /// Starts the program on what stands on disk.
    pub(crate) fn start(&self) -> Process {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let parts = runtime.block_on(async { self.made() });
        Process { parts, runtime }
    }

    fn made(&self) -> Parts {
        let store = Store::open(self.folder.path().join("bookings.db")).unwrap();
        let sealer = Sealer::open(self.folder.path().join("secret.key")).unwrap();
        let doors: Vec<i64> = self.net2.world(|world| world.doors.keys().copied().collect());
        let resources: Vec<(String, Vec<i64>)> = ROOMS
            .iter()
            .flatten()
            .map(|(room, places)| ((*room).to_owned(), places.iter().map(|place| doors[*place]).collect()))
            .collect();
        let codes = if self.plan.numbers {
            CodesConfig { from: 500, to: 511, show_number_in_alt: true, ..CodesConfig::default() }
        } else {
            CodesConfig { identification: Identification::Pin, ..CodesConfig::default() }
        };
        let settings = Settings { access: AccessConfig::with_resources(resources), codes, zone: ZONE };
        let mail = MailConfig {
            enabled: true,
            server: "mail.example".to_owned(),
            sender: "Common Hall <no-reply@commonhall.example>".to_owned(),
            gather_seconds: 0,
            rate_per_minute: 1_000,
            cancellations: true,
            ..MailConfig::default()
        };
        let access = Arc::new(Access::open(store.clone(), sealer, settings).unwrap().with_mail(&mail).unwrap());
        let states = StoredStates(store);
        let venues = self.venues.iter();
        let readers = venues.map(|venue| venue.reader(states.clone(), self.plan.interval, &self.clock)).collect();
        let clock: Arc<dyn Clock> = self.clock.clone();
        let doors: Arc<dyn DoorSystem> = Arc::new(self.doors());
        let watched = Arc::new(Watched::new(doors, access.clone(), clock.clone()));
        let bookers = Arc::new(Bookers::new(access.clone(), clock, &watched.reads()));
        let link = link(bookers, watched.clone());
        let journal = SqliteJournal::open(self.folder.path().join("journal.db")).unwrap();
        Parts { access, watched, readers, link, journal, clock: self.clock.clone(), post: self.post.clone() }
    }

    fn doors(&self) -> Net2Doors {
        let sim = &self.net2;
        let mut section = Net2Config::new(sim.url(), sim.operator(), "env:DOORS", sim.client_id(), "Europe/London");
        section.querydb = true;
        section.request_lifetime_seconds = 0.0;
        // The machine's own time plays no part: nothing waits for it.
        let client = Net2Client::builder(sim.url())
            .operator(sim.operator(), SecretString::from(sim.password().to_owned()))
            .client_id(sim.client_id())
            .time_zone(ZONE)
            .retry(RetryPolicy::never())
            .pace(Pace::unlimited())
            .build()
            .unwrap();
        let mut bookers = BookersConfig::default();
        if !self.plan.numbers {
            bookers.code_token_type = String::new();
        }
        Net2Doors::with_client("net2", section, bookers, client)
    }
}

impl Parts {
    pub(crate) async fn read(&self, now: DateTime<Utc>) {
        for reader in &self.readers {
            let alarms = reader.poll(now).await;
            for (kind, text) in &alarms.begun {
                self.access.raise(kind, text, now).unwrap();
            }
            for kind in alarms.ended {
                self.access.heal(kind, now).unwrap();
            }
            self.access.take(reader.source(), now).await.unwrap();
        }
    }

    fn context(&self) -> Context<'_> {
        Context {
            journal: &self.journal as &dyn Journal,
            clock: &*self.clock,
            progress: &Silent,
            actor: "service",
            today: None,
        }
    }

    pub(crate) async fn run(&self) -> Result<LinkReport, RunError> {
        self.link.run(&Approval::default(), &self.context()).await
    }

    pub(crate) async fn run_for(&self, due: &[ExternalId]) -> Result<LinkReport, RunError> {
        self.link.run_for(due, &Approval::default(), &self.context()).await
    }

    pub(crate) async fn letters(&self, now: DateTime<Utc>) {
        let done: Result<(), AccessError> = async {
            self.access.write_letters(now)?;
            self.access.late_letters(now)?;
            self.access.send_letters(&*self.post, now).await?;
            Ok(())
        }
        .await;
        done.unwrap();
    }
}

/// The output of a future, or nothing if the program dies before.
pub(crate) async fn until_death<F: Future>(waits: Option<u32>, future: F) -> Option<F::Output> {
    let mut left = waits.unwrap_or(u32::MAX);
    let mut future = pin!(future);
    std::future::poll_fn(move |context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}
