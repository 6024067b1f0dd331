//! The engine with the real connectors, on the simulated Net2 site and the embedded timeware store.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use std::sync::Arc;

use net2_client::sync::{Net2Config, Net2Endpoint};
use secrecy::SecretString;
use sync_core::clock::SystemClock;
use sync_core::connector::{Sink, Source};
use sync_core::journal::SqliteJournal;
use sync_core::model::{AccessPolicy, Department, Device, Person};
use sync_core::reconcile::{Approval, Context, LinkReport, Reconciler, Removals, Silent, SyncLink};
use timeware_model::SqliteStore;
use timeware_model::sync::TimewareEndpoint;
use vendor_sim::net2::Net2Sim;

struct Site {
    sim: Net2Sim,
    net2: Arc<Net2Endpoint>,
    timeware: TimewareEndpoint,
    journal: SqliteJournal,
}

impl Site {
    async fn start(people: usize, querydb: bool) -> Self {
        let sim = Net2Sim::builder().people(people).seed(3).start().await.unwrap();
        let mut config = Net2Config::new(sim.url(), sim.operator(), "env:UNUSED", sim.client_id(), "Europe/London");
        config.querydb = querydb;
        config.requests_per_second = 10_000.0;
        let password = SecretString::from(sim.password().to_owned());
        let net2 = Arc::new(Net2Endpoint::new("net2", config, password, None).unwrap());
        let timeware = TimewareEndpoint::new("timeware", Arc::new(SqliteStore::open_in_memory().unwrap()));
        Self { sim, net2, timeware, journal: SqliteJournal::open_in_memory().unwrap() }
    }

    fn links(&self) -> Vec<Arc<dyn SyncLink>> {
        let doors: Arc<dyn Source<Device>> = self.net2.clone();
        let levels: Arc<dyn Source<AccessPolicy>> = self.net2.clone();
        let departments: Arc<dyn Sink<Department>> = self.net2.clone();
        let people: Arc<dyn Source<Person>> = self.net2.clone();
        vec![
            Arc::new(Reconciler::new(doors, self.timeware.devices())),
            Arc::new(Reconciler::new(levels, self.timeware.policies())),
            Arc::new(Reconciler::two_way(departments, self.timeware.departments())),
            Arc::new(
                Reconciler::new(people, self.timeware.people())
                    .with(|settings| settings.removals = Removals::attendance()),
            ),
        ]
    }

    async fn run(&self, links: &[Arc<dyn SyncLink>]) -> Vec<LinkReport> {
        let clock = SystemClock::new(|duration| Box::pin(tokio::time::sleep(duration)) as _);
        let context = Context { journal: &self.journal, clock: &clock, progress: &Silent, actor: "test", today: None };
        let mut reports = Vec::new();
        for link in links {
            reports.push(link.run(&Approval::everything(), &context).await.unwrap());
        }
        reports
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_run_brings_everybody_and_a_second_has_nothing_to_do() {
    for querydb in [true, false] {
        let site = Site::start(60, querydb).await;
        let links = site.links();
        let first = site.run(&links).await;
        for report in &first {
            assert_eq!(report.second_plan_actions, 0, "{}", serde_json::to_string(report).unwrap());
            assert!(report.held.is_empty(), "{}", serde_json::to_string(report).unwrap());
            assert!(report.outcomes.done > 0, "{}", serde_json::to_string(report).unwrap());
        }
        site.sim.clear_requests();
        let second = site.run(&links).await;
        for report in &second {
            assert_eq!(report.outcomes.done, 0, "{}", serde_json::to_string(report).unwrap());
            assert_eq!(report.second_plan_actions, 0, "{}", serde_json::to_string(report).unwrap());
        }
    }
}

/// Calls of a cycle in which nothing changed.
async fn idle_calls(people: usize) -> usize {
    let site = Site::start(people, true).await;
    let links = site.links();
    site.run(&links).await;
    site.sim.clear_requests();
    site.run(&links).await;
    site.sim.requests().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_calls_of_an_idle_cycle_do_not_grow_with_the_people_where_sql_is_allowed() {
    let (few, many) = (idle_calls(20).await, idle_calls(200).await);
    assert_eq!(few, many);
    assert!(many <= 10, "{many} calls");
}
