//! The door system in memory, and the engine on it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use support::World;
use sync_core::clock::Clock as _;
use sync_core::connector::{
    AttemptKey, Changes, CheckReport, CodeInUse, CodeKind, DoorCommand, DoorSystem, Draft, Endpoint, EndpointIdentity,
    Key, Page, Precondition, ReadCaps, Record, Removal, Sink, Source, SyncError, Window, WriteCaps,
};
use sync_core::model::{Device, EndpointName, ExternalId, Known, Person, SecretText};
use sync_core::reconcile::{
    Approval, Context, CorrelationRule, Limit, LinkReport, Reconciler, RemovalPolicy, Silent, SyncLink as _,
};
use sync_core::test_kit::conformance::{self, Breach, DoorSamples, Foreign, Samples};
use sync_core::test_kit::{FakeDoors, FakeSide, Held};

const FRONT: &str = "7000001";
const BACK: &str = "7000002";

fn doors(world: &World) -> FakeDoors {
    FakeDoors::new("doors", world.clock.clone()).door(FRONT, "Front").door(BACK, "Back")
}

fn secret(text: &str) -> Known<SecretText> {
    Known::Value(SecretText::new(text))
}

fn booker(email: &str) -> Person {
    Person {
        first_name: Known::from_text("Ann"),
        last_name: Known::from_text(email),
        email: Known::from_text(email),
        doors: Known::Empty,
        active: Known::Value(true),
        ..Person::default()
    }
}

/// Somebody foreign with a code, and what the kit needs.
fn samples(system: &FakeDoors, kind: CodeKind) -> DoorSamples {
    let person = Person { pin: secret("4711"), code: secret("4711"), ..booker("Boss@Example.com") };
    let foreign = Foreign { id: system.put_foreign(person), email: "Boss@Example.com".into(), code: "4711".into() };
    let people = Samples::new(|n| Person { active: Known::Unknown, ..booker(&format!("guest{n}@example.com")) })
        .changing(|n| Person { first_name: Known::from_text(format!("Changed {n}")), ..Person::default() })
        .texts(&["first_name", "last_name"]);
    DoorSamples::new(people, [FRONT, BACK], kind, |n| (50_000 + n).to_string(), foreign)
}

#[tokio::test]
async fn the_doors_in_memory_pass_the_kit() {
    for kind in [CodeKind::Pin, CodeKind::Number] {
        let system = doors(&World::new());
        let samples = samples(&system, kind);
        conformance::door_system(&system, &samples).await.unwrap();
    }
    let people = Samples::new(|n| Person { active: Known::Unknown, ..booker(&format!("guest{n}@example.com")) })
        .changing(|n| Person { first_name: Known::from_text(format!("Changed {n}")), ..Person::default() })
        .texts(&["first_name", "last_name"]);
    conformance::sink(&doors(&World::new()), &people).await.unwrap();
}

/// Ways to be no door system.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    ShowsEverybody,
    AddsDoors,
    KeepsDoors,
    ForgetsForeignCodes,
    OpensBeforeItRefuses,
    FindsNobody,
    OnlyHidesTheDeleted,
}

#[derive(Debug)]
struct Flawed {
    inner: FakeDoors,
    flaw: Flaw,
}

impl Flawed {
    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }
}

#[async_trait]
impl Endpoint for Flawed {
    fn name(&self) -> &EndpointName {
        self.inner.name()
    }

    async fn identify(&self) -> Result<EndpointIdentity, SyncError> {
        self.inner.identify().await
    }

    async fn check(&self) -> CheckReport {
        self.inner.check().await
    }
}

#[async_trait]
impl Source<Person> for Flawed {
    fn reads(&self) -> ReadCaps {
        self.inner.reads()
    }

    fn snapshot(&self, window: Option<Window>) -> BoxStream<'_, Result<Page<Person>, SyncError>> {
        let everybody: &dyn Source<Person> = self.inner.side();
        if self.has(Flaw::ShowsEverybody) { everybody.snapshot(window) } else { self.inner.snapshot(window) }
    }

    async fn get(&self, id: &ExternalId) -> Result<Option<Record<Person>>, SyncError> {
        self.inner.get(id).await
    }

    async fn find(&self, by: &Key) -> Result<Vec<Record<Person>>, SyncError> {
        self.inner.find(by).await
    }
}

#[async_trait]
impl Sink<Person> for Flawed {
    fn writes(&self) -> WriteCaps {
        self.inner.writes()
    }

    async fn create(&self, draft: &Draft<Person>, attempt: &AttemptKey) -> Result<Record<Person>, SyncError> {
        self.inner.create(draft, attempt).await
    }

    async fn update(
        &self,
        id: &ExternalId,
        changes: &Changes<Person>,
        precondition: &Precondition,
        attempt: &AttemptKey,
    ) -> Result<Record<Person>, SyncError> {
        let mut changes = changes.clone();
        let before = self.inner.get(id).await?.and_then(|record| record.value.doors.into_value()).unwrap_or_default();
        if self.has(Flaw::AddsDoors)
            && let Known::Value(doors) = &mut changes.0.doors
        {
            doors.extend(before);
        } else if self.has(Flaw::KeepsDoors) && changes.0.doors == Known::Empty {
            changes.0.doors = Known::Unknown;
        }
        if self.has(Flaw::OpensBeforeItRefuses) && changes.0.doors.is_known() {
            let first = Changes(Person { doors: changes.0.doors.clone(), ..Person::default() });
            self.inner.update(id, &first, precondition, attempt).await?;
        }
        self.inner.update(id, &changes, precondition, attempt).await
    }

    async fn remove(
        &self,
        id: &ExternalId,
        how: &Removal,
        precondition: &Precondition,
        attempt: &AttemptKey,
    ) -> Result<(), SyncError> {
        if self.has(Flaw::OnlyHidesTheDeleted)
            && let Some(record) = self.inner.get(id).await?
        {
            self.inner.remove(id, how, precondition, attempt).await?;
            self.inner.put_foreign(record.value);
            return Ok(());
        }
        self.inner.remove(id, how, precondition, attempt).await
    }
}

#[async_trait]
impl DoorSystem for Flawed {
    async fn doors(&self) -> Result<Vec<Record<Device>>, SyncError> {
        self.inner.doors().await
    }

    async fn codes(&self) -> Result<Vec<CodeInUse>, SyncError> {
        let mut codes = self.inner.codes().await?;
        if self.has(Flaw::ForgetsForeignCodes) {
            codes.retain(|code| code.code.expose() != "4711");
        }
        Ok(codes)
    }

    async fn strangers(&self, emails: &BTreeSet<String>) -> Result<Vec<Record<Person>>, SyncError> {
        if self.has(Flaw::FindsNobody) { Ok(Vec::new()) } else { self.inner.strangers(emails).await }
    }

    async fn command(&self, command: &DoorCommand) -> Result<(), SyncError> {
        self.inner.command(command).await
    }
}

#[tokio::test]
async fn the_kit_notices_what_is_wrong() {
    for (flaw, told) in [
        (Flaw::ShowsEverybody, "without the marker"),
        (Flaw::AddsDoors, "were set"),
        (Flaw::KeepsDoors, "were withdrawn"),
        (Flaw::ForgetsForeignCodes, "codes in use"),
        (Flaw::OpensBeforeItRefuses, "opened doors"),
        (Flaw::FindsNobody, "not found by its mail address"),
        (Flaw::OnlyHidesTheDeleted, "in use"),
    ] {
        let inner = doors(&World::new());
        let samples = samples(&inner, CodeKind::Number);
        let breach: Breach = conformance::door_system(&Flawed { inner, flaw }, &samples).await.unwrap_err();
        assert!(breach.to_string().contains(told), "{flaw:?}: {breach}");
    }
}

/// Bookers of a source, and the doors that open for them.
struct Site {
    world: World,
    bookers: Arc<FakeSide<Person>>,
    doors: Arc<FakeDoors>,
    link: Reconciler<Person>,
}

impl Site {
    fn new() -> Self {
        let world = World::new();
        let (bookers, doors) = (Arc::new(FakeSide::new("bookings")), Arc::new(doors(&world)));
        let link = Reconciler::new(bookers.clone(), doors.clone()).with(|settings| {
            settings.removals.absence = RemovalPolicy::Delete { after_days: 0 };
            settings.removal_confirmations = 1;
            settings.guard.removals = Limit::new(5, 20);
            settings.correlation =
                vec![CorrelationRule { name: "email".into(), fields: vec!["email".into()], auto: true }];
        });
        Self { world, bookers, doors, link }
    }

    fn context(&self) -> Context<'_> {
        let World { journal, clock, .. } = &self.world;
        Context { journal: &**journal, clock: &**clock, progress: &Silent, actor: "test", today: None }
    }

    async fn run(&self) -> LinkReport {
        self.world.clock.advance(Duration::from_mins(1));
        self.link.run(&Approval::everything(), &self.context()).await.unwrap()
    }

    async fn run_for(&self, id: &ExternalId) -> LinkReport {
        self.link.run_for(std::slice::from_ref(id), &Approval::default(), &self.context()).await.unwrap()
    }
}

fn open(doors: &[&str]) -> Known<BTreeSet<String>> {
    Known::Value(doors.iter().map(|door| (*door).to_owned()).collect())
}

#[tokio::test]
async fn a_booker_has_a_door_from_boundary_to_boundary_and_goes_in_the_end() {
    let site = Site::new();
    let id = site.bookers.put(Person { pin: secret("8642"), ..booker("ann@example.com") });
    let report = site.run().await;
    assert_eq!((report.outcomes.done, report.second_plan_actions), (1, 0), "{report:?}");
    assert_eq!(site.doors.ours("ANN@example.com").unwrap().value.pin, secret("8642"));

    let mut expected = Held { from: site.world.clock.now() + chrono::Duration::minutes(30), to: None };
    site.world.clock.advance(Duration::from_mins(30));
    site.bookers.edit(&id, |ann| ann.doors = open(&[FRONT]));
    site.run_for(&id).await;
    assert_eq!(site.doors.held("ann@example.com", FRONT), [expected]);
    assert!(site.doors.held("ann@example.com", BACK).is_empty());

    site.world.clock.advance(Duration::from_hours(1));
    expected.to = Some(site.world.clock.now());
    site.bookers.edit(&id, |ann| ann.doors = Known::Empty);
    site.run_for(&id).await;
    assert_eq!(site.doors.held("ann@example.com", FRONT), [expected]);
    assert!(site.doors.ours("ann@example.com").is_some());

    site.bookers.delete(&id);
    let kept = site.bookers.put(booker("bob@example.com"));
    for _ in 0..3 {
        site.world.clock.advance(Duration::from_hours(1));
        site.run().await;
    }
    assert!(site.doors.ours("ann@example.com").is_none(), "there is no step before a deletion here");
    assert!(site.doors.ours("bob@example.com").is_some(), "{kept}");
}

#[tokio::test]
async fn foreign_people_stay_as_they_are_and_those_of_a_predecessor_are_taken_over() {
    let site = Site::new();
    let foreign = site.doors.put_foreign(Person { doors: open(&[BACK]), ..booker("ann@example.com") });
    let marked = site.doors.put_marked(booker("bob@example.com"));
    site.bookers.put(Person { doors: open(&[FRONT]), ..booker("ann@example.com") });
    site.bookers.put(Person { doors: open(&[FRONT]), ..booker("bob@example.com") });
    site.run().await;
    assert_eq!(site.doors.people("ann@example.com").len(), 2, "one of ours beside the foreign one");
    let foreign = site.doors.people("ann@example.com").into_iter().find(|record| record.id == foreign).unwrap();
    assert_eq!((foreign.value.doors, foreign.marker), (open(&[BACK]), None));
    assert_eq!(site.doors.ours("bob@example.com").unwrap().id, marked);
    assert_eq!(site.doors.doors_of("bob@example.com"), BTreeSet::from([FRONT.to_owned()]));
}

#[tokio::test]
async fn withdrawing_is_made_up_for_when_the_system_answers_again() {
    let site = Site::new();
    let id = site.bookers.put(Person { doors: open(&[FRONT]), ..booker("ann@example.com") });
    site.run().await;
    site.bookers.edit(&id, |ann| ann.doors = Known::Empty);
    site.doors.away(true);
    let nobody = Approval::default();
    site.link.run_for(std::slice::from_ref(&id), &nobody, &site.context()).await.unwrap_err();
    site.doors.away(false);
    site.run_for(&id).await;
    assert!(site.doors.doors_of("ann@example.com").is_empty());
}

#[tokio::test]
async fn door_commands_are_kept_in_order() {
    let world = World::new();
    let system = doors(&world);
    for command in [DoorCommand::Open(FRONT.into()), DoorCommand::Close(BACK.into())] {
        system.command(&command).await.unwrap();
    }
    assert!(system.command(&DoorCommand::Open("cellar".into())).await.is_err());
    let commands: Vec<_> = system.commands().into_iter().map(|(_, command)| command).collect();
    assert_eq!(commands, [DoorCommand::Open(FRONT.into()), DoorCommand::Close(BACK.into())]);
}
