//! The engine over a connection that breaks: at whichever frame, everybody is there once, as the master has them.

use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt as _, stream};
use pac_oem::sync::PacEndpoint;
use sync_core::clock::ManualClock;
use sync_core::journal::MemoryJournal;
use sync_core::model::{EntityKind, ExternalId, Known, Person};
use sync_core::reconcile::{
    Approval, Context, CorrelationRule, LinkReport, Mapping, Reconciler, RunError, Silent, SyncLink as _,
};
use sync_core::test_kit::FakeSide;

use crate::site::{Site, config, endpoint, human, policy, with};

struct World {
    site: Site,
    astrow: Arc<FakeSide<Person>>,
    journal: MemoryJournal,
    clock: ManualClock,
}

impl World {
    async fn new(without: &str) -> Self {
        let site = with(|options| options.people(0).without(without)).await;
        let astrow = Arc::new(FakeSide::new("astrow"));
        let now = "2026-03-02T08:00:00Z".parse().unwrap();
        Self { site, astrow, journal: MemoryJournal::new(), clock: ManualClock::new(now) }
    }

    /// A new process runs once.
    async fn run(&self) -> Result<LinkReport, RunError> {
        self.clock.advance(Duration::from_hours(1));
        let pac: Arc<PacEndpoint> = Arc::new(endpoint(config(&self.site.sim, &self.site.folder)));
        let mapping = {
            use sync_core::connector::Source;
            let (from, to) = (Source::<Person>::reads(&*self.astrow), Source::<Person>::reads(&*pac));
            Mapping::same_names::<Person>(&from, &to, &[])
        };
        let link = Reconciler::<Person>::new(self.astrow.clone(), pac.clone()).with(|settings| {
            settings.mapping = mapping;
            settings.same_ids = vec![EntityKind::AccessPolicy, EntityKind::Department];
            settings.correlation = vec![CorrelationRule {
                name: "number".to_owned(),
                fields: vec!["attendance_id".to_owned()],
                auto: true,
            }];
        });
        let context =
            Context { journal: &self.journal, clock: &self.clock, progress: &Silent, actor: "test", today: None };
        let report = link.run(&Approval::everything(), &context).await;
        pac.close().await;
        report
    }

    /// Everybody at PAC by number and last name, with cards and groups.
    fn people(&self) -> Vec<(String, String, usize, Vec<u32>)> {
        self.site.sim.world(|world| {
            let told = world.people.values().map(|person| {
                let groups = person.groups.iter().map(|grant| grant.group).collect();
                let (ext, last) = (person.ext.clone().unwrap_or_default(), person.last.clone().unwrap_or_default());
                (ext, last, person.credentials.len(), groups)
            });
            let mut told: Vec<_> = told.collect();
            told.sort();
            told
        })
    }

    async fn broken_at(frame: u64, without: &str) {
        let world = Self::new(without).await;
        let ids: Vec<ExternalId> = (1..=2).map(|n| world.astrow.put(human(n))).collect();
        let faults = [format!("close-after={frame}"), format!("close-mid-frame={frame}")];
        for fault in &faults {
            world.site.sim.fault(fault).unwrap();
            // However it ends, what was begun is finished by the runs that follow.
            let _ = world.run().await;
            world.site.sim.clear_faults();
            world.run().await.unwrap();
            let rest = world.run().await.unwrap();
            assert_eq!(rest.outcomes.done, 0, "{fault}: nothing is left, and nothing swings: {rest:?}");
            world.astrow.edit(&ids[0], |person| {
                person.last_name = Known::from_text("Other");
                person.policies = Known::Value([policy("4")].into());
                person.credentials = Known::Empty;
            });
        }
        world.run().await.unwrap();
        let one = ("astrow:1001".to_owned(), "Other".to_owned(), 0, vec![4]);
        let two = ("astrow:1002".to_owned(), "Person 2".to_owned(), 2, vec![1]);
        assert_eq!(world.people(), [one, two], "broken at frame {frame}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_that_is_broken_at_any_frame_makes_nobody_twice() {
    stream::iter(1..=14).for_each_concurrent(5, |frame| World::broken_at(frame, "no such capability")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_where_the_server_cannot_tell_a_repeat() {
    stream::iter(1..=14).for_each_concurrent(5, |frame| World::broken_at(frame, "idempotency")).await;
}
