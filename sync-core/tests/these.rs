//! The quick way for a few records whose time has come.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test may stop")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use support::{World, context, person, rule};
use sync_core::connector::{
    CheckReport, Endpoint, EndpointIdentity, Key, Page, ReadCaps, Record, Source, SyncError, Window,
};
use sync_core::journal::{Journal as _, LinkState, Side, Stream};
use sync_core::model::{EndpointName, ExternalId, Known, Person};
use sync_core::reconcile::{Approval, Context, LinkReport, Reconciler, RunError, Silent, SyncLink as _};
use sync_core::test_kit::{FakeSide, Fault, Faults, FaultyJournal};

async fn run_for(world: &World, link: &Reconciler<Person>, ids: &[ExternalId]) -> Result<LinkReport, RunError> {
    let journal = FaultyJournal::new(world.journal.clone(), world.faults.clone());
    link.run_for(ids, &Approval::default(), &context(&journal, &world.clock)).await
}

async fn quick(world: &World, ids: &[ExternalId]) -> LinkReport {
    run_for(world, &world.link(), ids).await.unwrap()
}

fn rename(world: &World, id: &ExternalId, last_name: &str) {
    world.primary.edit(id, |person| person.last_name = Known::from_text(last_name));
}

fn last_name(world: &World, number: &str) -> String {
    world.follower(number).unwrap().value.last_name.value().cloned().unwrap()
}

#[tokio::test]
async fn only_the_named_records_are_read_and_changed() {
    let world = World::new().with_people(3).await;
    for number in ["1", "2"] {
        rename(&world, &world.leader(number).id, "New");
    }
    let report = quick(&world, &[world.leader("1").id]).await;
    assert_eq!((report.outcomes.done, report.actions.update), (1, 1), "{report:?}");
    assert_eq!((report.read.primary, report.read.secondary), (1, 1));
    assert_eq!((report.second_plan_actions, report.guards.len()), (0, 0), "{report:?}");
    assert_eq!((last_name(&world, "1"), last_name(&world, "2")), ("New".into(), "Last2".into()));

    let whole = world.go().await;
    assert_eq!(whole.outcomes.done, 1, "the other one is left to the full run: {whole:?}");
}

#[tokio::test]
async fn a_second_time_there_is_nothing_to_do() {
    let world = World::new().with_people(2).await;
    let id = world.leader("1").id;
    rename(&world, &id, "New");
    quick(&world, std::slice::from_ref(&id)).await;
    let writes = world.secondary.writes_seen();
    let report = quick(&world, &[id]).await;
    assert_eq!((report.outcomes.done, report.unchanged), (0, 1), "{report:?}");
    assert_eq!(world.secondary.writes_seen(), writes);
}

#[tokio::test]
async fn what_somebody_changed_at_the_other_side_is_seen_and_set_back() {
    let world = World::new().with_people(2).await;
    let follower = world.follower("2").unwrap().id;
    world.secondary.edit(&follower, |person| person.last_name = Known::from_text("Meddled"));
    let report = quick(&world, &[world.leader("2").id]).await;
    assert_eq!(report.overwritten.len(), 1, "{report:?}");
    assert_eq!(last_name(&world, "2"), "Last2");
}

#[tokio::test]
async fn a_new_record_is_created_once() {
    let world = World::new().with_people(1).await;
    let id = world.primary.put(person("New", "Comer", "9"));
    let report = quick(&world, std::slice::from_ref(&id)).await;
    assert_eq!((report.actions.create, report.outcomes.done), (1, 1), "{report:?}");
    assert_eq!(world.link_row(&id).await.unwrap().state, LinkState::Live);
    let whole = world.go().await;
    assert_eq!((whole.outcomes.done, world.secondary.len()), (0, 2), "{whole:?}");
}

#[tokio::test]
async fn a_new_record_that_the_other_side_may_have_is_left_to_the_full_run() {
    let world = World::new().with_people(1).await;
    world.secondary.put(person("New", "Comer", "9"));
    world.go().await;
    let id = world.primary.put(person("New", "Comer", "9"));
    let report = quick(&world, std::slice::from_ref(&id)).await;
    assert_eq!((report.actions.create, report.actions.link, report.outcomes.done), (0, 0, 0), "{report:?}");
    assert!(world.link_row(&id).await.is_none());
    world.go().await;
    assert_eq!((world.link_row(&id).await.unwrap().state, world.secondary.len()), (LinkState::Live, 2));
}

#[tokio::test]
async fn before_the_first_full_run_nothing_is_done() {
    let world = World::new();
    let id = world.primary.put(person("New", "Comer", "9"));
    let report = quick(&world, &[id]).await;
    assert_eq!((report.outcomes.done, world.secondary.len()), (0, 0), "{report:?}");
    // Nor does it pass for the first run of G-09 and G-12.
    assert!(world.journal.document("settings", &world.pair().to_string()).await.unwrap().is_none());
}

#[tokio::test]
async fn absence_is_concluded_from_neither_side() {
    let world = World::new().with_people(3).await;
    let (gone, orphaned) = (world.leader("1").id, world.leader("2").id);
    let follower = world.follower("2").unwrap().id;
    world.primary.delete(&gone);
    world.secondary.delete(&follower);
    for _ in 0..5 {
        world.clock.advance(Duration::from_mins(15));
        let report = quick(&world, &[gone.clone(), orphaned.clone(), "unknown".into()]).await;
        assert_eq!(report.outcomes.done + report.outcomes.held, 0, "{report:?}");
        assert_eq!(report.held.len(), 0, "{report:?}");
    }
    assert!(world.follower("1").is_some() && world.follower("2").is_none());
    let stream = Stream::of(&world.pair(), Side::Primary);
    assert_eq!(world.journal.seen(&stream, &gone).await.unwrap().unwrap().missing, 0);
}

#[tokio::test]
async fn changed_settings_still_need_a_persons_word() {
    let mut world = World::new().with_people(1).await;
    world.set(|settings| settings.correlation = vec![rule("name", &["last_name"])]);
    let id = world.leader("1").id;
    rename(&world, &id, "New");
    let report = quick(&world, std::slice::from_ref(&id)).await;
    assert!(report.needs_approval, "{report:?}");
    let nothing_to_do = quick(&world, &[]).await;
    assert_eq!(nothing_to_do.outcomes.done, 0);
    assert!(quick(&world, &[id]).await.needs_approval, "a quick run without work is no approval");
    assert_eq!(last_name(&world, "1"), "Last1");
}

#[tokio::test]
async fn guards_count_what_was_done_the_quick_way() {
    let mut world = World::new().with_people(6).await;
    world.set(|settings| settings.guard.updates = sync_core::reconcile::Limit::new(2, 0));
    let mut done = 0;
    for number in 1..=5 {
        let id = world.leader(&number.to_string()).id;
        rename(&world, &id, "New");
        let report = quick(&world, &[id]).await;
        done += report.outcomes.done;
        assert_eq!(report.guards.is_empty(), number <= 2, "{report:?}");
    }
    assert_eq!(done, 2);
}

#[tokio::test]
async fn an_open_write_of_a_named_record_is_resolved_first() {
    let world = World::new().with_people(2).await;
    let (link, id) = (world.link(), world.leader("1").id);
    for step in 1..40 {
        rename(&world, &id, &format!("New{step}"));
        world.faults.arm(step, Fault::DeliverLate);
        let _ = run_for(&world, &link, std::slice::from_ref(&id)).await;
        if !world.journal.open_intents(&world.pair()).await.unwrap().is_empty() {
            break;
        }
    }
    world.faults.restart();
    quick(&world, &[world.leader("2").id]).await;
    assert_eq!(world.journal.open_intents(&world.pair()).await.unwrap().len(), 1, "it concerns somebody else");
    world.clock.advance(Duration::from_hours(1));
    run_for(&world, &link, std::slice::from_ref(&id)).await.unwrap();
    assert!(world.journal.open_intents(&world.pair()).await.unwrap().is_empty());
    assert_eq!(last_name(&world, "1"), world.leader("1").value.last_name.value().cloned().unwrap());
}

#[tokio::test]
async fn a_quick_run_may_die_at_any_step() {
    for fault in Fault::ALL {
        for step in 1.. {
            let mut world = World::new().with_people(2).await;
            let changed = world.leader("1").id;
            rename(&world, &changed, "New");
            let new = world.primary.put(person("New", "Comer", "9"));
            world.faults = Faults::at(step, fault);
            let _ = run_for(&world, &world.link(), &[changed, new]).await;
            let fired = world.faults.fired();
            world.restart();
            let report = world.quiesce().await;
            assert_eq!((last_name(&world, "1"), world.secondary.len()), ("New".into(), 3), "{fault:?} at {step}");
            assert_eq!((report.second_plan_actions, report.held.len()), (0, 0), "{fault:?} at {step}: {report:?}");
            assert!(world.secondary.creates_seen().len() <= 3, "two keys for one after {fault:?} at {step}");
            if !fired {
                assert!(step > 4, "a quick run has {step} steps only");
                break;
            }
        }
    }
}

/// Watches what is asked of an endpoint.
#[derive(Debug)]
struct Watched {
    inner: FakeSide<Person>,
    identified: AtomicUsize,
    listed: AtomicUsize,
    at_work: AtomicUsize,
}

impl Watched {
    fn new(name: &str) -> Arc<Self> {
        let zero = AtomicUsize::default;
        Arc::new(Self { inner: FakeSide::new(name), identified: zero(), listed: zero(), at_work: zero() })
    }
}

#[async_trait]
impl Endpoint for Watched {
    fn name(&self) -> &EndpointName {
        self.inner.name()
    }

    async fn identify(&self) -> Result<EndpointIdentity, SyncError> {
        self.identified.fetch_add(1, Ordering::SeqCst);
        self.inner.identify().await
    }

    async fn check(&self) -> CheckReport {
        self.inner.check().await
    }
}

#[async_trait]
impl Source<Person> for Watched {
    fn reads(&self) -> ReadCaps {
        self.inner.reads()
    }

    fn snapshot(&self, window: Option<Window>) -> BoxStream<'_, Result<Page<Person>, SyncError>> {
        self.listed.fetch_add(1, Ordering::SeqCst);
        self.inner.snapshot(window)
    }

    /// Whoever asks meanwhile gets a turn.
    async fn get(&self, id: &ExternalId) -> Result<Option<Record<Person>>, SyncError> {
        assert_eq!(self.at_work.fetch_add(1, Ordering::SeqCst), 0, "two runs of one link at once");
        tokio::task::yield_now().await;
        self.at_work.fetch_sub(1, Ordering::SeqCst);
        self.inner.get(id).await
    }

    async fn find(&self, by: &Key) -> Result<Vec<Record<Person>>, SyncError> {
        self.inner.find(by).await
    }
}

#[tokio::test]
async fn a_link_runs_once_at_a_time() {
    let (leaders, followers) = (Watched::new("bookings"), Arc::new(FakeSide::<Person>::new("doors")));
    let id = leaders.inner.put(person("Ann", "Example", "1"));
    let link = Reconciler::new(leaders.clone(), followers.clone());
    let world = World::new();
    let context =
        Context { journal: &*world.journal, clock: &*world.clock, progress: &Silent, actor: "test", today: None };
    let (nobody, ids) = (Approval::default(), [id]);
    link.run(&nobody, &context).await.unwrap();
    let quick = || link.run_for(&ids, &nobody, &context);
    let (first, whole, second, plan, third) =
        tokio::join!(quick(), link.run(&nobody, &context), quick(), link.plan(&context), quick());
    assert!(first.is_ok() && whole.is_ok() && second.is_ok() && plan.is_ok() && third.is_ok());
    assert_eq!(followers.len(), 1);
}

#[tokio::test]
async fn which_installation_answers_is_asked_once_in_ten_minutes() {
    let (leaders, followers) = (Watched::new("bookings"), Arc::new(FakeSide::<Person>::new("doors")));
    let ids = [leaders.inner.put(person("Ann", "Example", "1"))];
    let link = Reconciler::new(leaders.clone(), followers.clone());
    let world = World::new();
    let context =
        Context { journal: &*world.journal, clock: &*world.clock, progress: &Silent, actor: "test", today: None };
    let asked = || leaders.identified.load(Ordering::SeqCst);
    let nobody = Approval::default();
    link.run(&nobody, &context).await.unwrap();
    assert_eq!((asked(), leaders.listed.load(Ordering::SeqCst)), (1, 1));
    world.clock.advance(Duration::from_mins(9));
    link.run_for(&ids, &nobody, &context).await.unwrap();
    assert_eq!(asked(), 1);
    world.clock.advance(Duration::from_mins(1));
    link.run_for(&ids, &nobody, &context).await.unwrap();
    link.run_for(&ids, &nobody, &context).await.unwrap();
    assert_eq!((asked(), leaders.listed.load(Ordering::SeqCst)), (2, 1), "and nothing was listed");
    world.clock.advance(Duration::from_mins(10));
    followers.replace_installation("another");
    let refused = link.run_for(&ids, &nobody, &context).await.unwrap_err();
    assert!(refused.chain().contains("G-07"), "{}", refused.chain());
}
