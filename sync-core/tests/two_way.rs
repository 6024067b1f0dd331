//! Departments and the like: either side may change them.
#![allow(clippy::unwrap_used, reason = "a test may stop")]

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{TimeZone as _, Utc};
use support::rule;
use sync_core::clock::ManualClock;
use sync_core::connector::FieldCaps;
use sync_core::journal::MemoryJournal;
use sync_core::model::{Canonical, Department, ExternalId, Known};
use sync_core::reconcile::{Approval, Context, LinkReport, Plan, Reconciler, Silent, SyncLink as _};
use sync_core::test_kit::FakeSide;

struct Sites {
    ours: Arc<FakeSide<Department>>,
    theirs: Arc<FakeSide<Department>>,
    journal: MemoryJournal,
    clock: ManualClock,
}

impl Sites {
    fn new() -> Self {
        Self::of(FakeSide::new("net2"), FakeSide::new("timeware"))
    }

    fn of(ours: FakeSide<Department>, theirs: FakeSide<Department>) -> Self {
        let now = Utc.with_ymd_and_hms(2026, 3, 2, 8, 0, 0).unwrap();
        let (ours, theirs) = (Arc::new(ours), Arc::new(theirs));
        Self { ours, theirs, journal: MemoryJournal::new(), clock: ManualClock::new(now) }
    }

    fn link(&self) -> Reconciler<Department> {
        Reconciler::two_way(self.ours.clone(), self.theirs.clone())
            .with(|settings| settings.correlation = vec![rule("name", &["name"])])
    }

    fn context(&self) -> Context<'_> {
        Context { journal: &self.journal, clock: &self.clock, progress: &Silent, actor: "test", today: None }
    }

    async fn go(&self) -> LinkReport {
        self.clock.advance(Duration::from_mins(15));
        self.link().run(&Approval::everything(), &self.context()).await.unwrap()
    }

    async fn plan(&self) -> Plan {
        self.link().plan(&self.context()).await.unwrap()
    }

    /// Both sides have these names and nothing is left to do.
    async fn agree_on(&self, names: &[&str]) {
        let expected: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!((names_of(&self.ours), names_of(&self.theirs)), (expected.clone(), expected));
        assert!(self.plan().await.is_empty(), "{}", self.plan().await);
        assert_eq!((self.ours.len(), self.theirs.len()), (names.len(), names.len()));
    }
}

fn department(name: &str) -> Department {
    Department { name: Known::from_text(name) }
}

fn names_of(side: &FakeSide<Department>) -> BTreeSet<String> {
    side.all().into_iter().filter_map(|record| record.value.name.into_value()).collect()
}

fn rename(side: &FakeSide<Department>, from: &str, to: &str) {
    side.edit(&id_of(side, from), |department| department.name = Known::from_text(to));
}

fn id_of(side: &FakeSide<Department>, name: &str) -> ExternalId {
    let wanted = Known::from_text(name);
    side.all().into_iter().find(|record| record.value.name == wanted).unwrap().id
}

async fn agreed() -> Sites {
    let sites = Sites::new();
    sites.ours.put(department("Sales"));
    sites.theirs.put(department("Stores"));
    sites.ours.put(department("Board"));
    sites.theirs.put(department("Board"));
    sites.go().await;
    sites.agree_on(&["Sales", "Stores", "Board"]).await;
    sites
}

#[tokio::test]
async fn what_is_new_on_either_side_is_made_on_the_other_and_equal_names_are_one() {
    agreed().await;
}

#[tokio::test]
async fn a_new_name_on_either_side_goes_over() {
    let sites = agreed().await;
    rename(&sites.ours, "Sales", "Selling");
    rename(&sites.theirs, "Stores", "Warehouse");
    sites.go().await;
    sites.agree_on(&["Selling", "Warehouse", "Board"]).await;
}

#[tokio::test]
async fn two_new_names_end_with_the_primarys_and_are_reported() {
    let sites = agreed().await;
    rename(&sites.ours, "Board", "Direction");
    rename(&sites.theirs, "Board", "Management");
    let report = sites.go().await;
    sites.agree_on(&["Sales", "Stores", "Direction"]).await;
    assert!(report.overwritten.iter().any(|row| row.old.contains("Management")), "{:?}", report.overwritten);
}

#[tokio::test]
async fn the_same_new_name_on_both_sides_is_only_noted() {
    let sites = agreed().await;
    let before = (sites.ours.writes_seen(), sites.theirs.writes_seen());
    rename(&sites.ours, "Board", "Direction");
    rename(&sites.theirs, "Board", "Direction");
    sites.go().await;
    assert_eq!((sites.ours.writes_seen(), sites.theirs.writes_seen()), before);
    sites.agree_on(&["Sales", "Stores", "Direction"]).await;
}

#[tokio::test]
async fn what_one_side_removes_stays_on_the_other_and_is_reported() {
    for ours in [true, false] {
        let sites = agreed().await;
        let side = if ours { &sites.ours } else { &sites.theirs };
        side.delete(&id_of(side, "Sales"));
        for _ in 0..4 {
            let report = sites.go().await;
            assert_eq!(report.outcomes.done, 0);
        }
        let other = if ours { &sites.theirs } else { &sites.ours };
        assert!(names_of(other).contains("Sales"));
        assert!(sites.plan().await.notes.iter().any(|note| ["S6", "S9"].contains(&note.situation.as_str())));
    }
}

#[tokio::test]
async fn i12_sides_that_store_names_differently_come_to_rest() {
    let short = |name, max| {
        FakeSide::new(name).reading(|caps| caps.fields = vec![FieldCaps::full("name", Canonical::name(max))])
    };
    for (ours, theirs) in [(6, 40), (40, 6)] {
        let sites = Sites::of(short("net2", ours), short("timeware", theirs));
        sites.ours.put(department("Production"));
        sites.theirs.put(department("Maintenance"));
        for _ in 0..3 {
            sites.go().await;
        }
        assert!(sites.plan().await.is_empty(), "{}", sites.plan().await);
        // Another revision makes every link a candidate: all fields are compared again.
        let compared = sites.link().with(|settings| settings.flap_limit += 1);
        let plan = compared.plan(&sites.context()).await.unwrap();
        assert!(plan.is_empty(), "{plan}");
        assert!(names_of(&sites.ours).contains("Production"), "what one side cuts comes not back to the other");
        assert!(names_of(&sites.theirs).contains("Maintenance"), "what one side cuts comes not back to the other");
        rename(&sites.theirs, &names_of(&sites.theirs).into_iter().next().unwrap(), "Laboratory");
        sites.go().await;
        assert!(sites.plan().await.is_empty());
        assert_eq!((sites.ours.len(), sites.theirs.len()), (2, 2));
        let writes = (sites.ours.writes_seen(), sites.theirs.writes_seen());
        sites.go().await;
        assert_eq!((sites.ours.writes_seen(), sites.theirs.writes_seen()), writes, "no ping-pong");
    }
}

#[tokio::test]
async fn i12_a_name_that_never_stays_on_one_side_is_left_alone_after_a_few_times() {
    let sites = agreed().await;
    sites.ours.mangle("name", |name| format!("{name}?"));
    sites.theirs.mangle("name", |name| name.replace('?', "").to_uppercase());
    rename(&sites.theirs, "Stores", "Warehouse");
    for _ in 0..12 {
        sites.go().await;
    }
    let writes = (sites.ours.writes_seen(), sites.theirs.writes_seen());
    sites.go().await;
    assert_eq!((sites.ours.writes_seen(), sites.theirs.writes_seen()), writes, "no ping-pong");
}

#[tokio::test]
async fn i44_what_the_primary_refuses_is_held_and_not_sent_at_every_run() {
    let sites = agreed().await;
    sites.ours.unique("name");
    sites.theirs.put(department("Sales"));
    let mut held = 0;
    for _ in 0..96 {
        held = sites.go().await.held.len();
    }
    assert_eq!(held, 1);
    assert!(sites.ours.creates_seen().values().all(|sends| *sends <= 6), "{:?}", sites.ours.creates_seen());
}
