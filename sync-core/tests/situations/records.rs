//! S1 and S2: changed fields, new records, references to other records.

use std::sync::Arc;

use crate::support::{World, context, person, sends, situation};
use crate::text;
use sync_core::model::{Department, EntityKind, Known, Person, RefKey};
use sync_core::reconcile::{ActionKind, Approval, Reason, Reconciler, SyncLink as _};
use sync_core::test_kit::{FakeSide, FaultyJournal};

#[tokio::test]
async fn s1_a_changed_field_is_sent_alone() {
    let world = World::new().with_people(3).await;
    world.primary.edit(&world.leader("2").id, |person| person.last_name = text("Baker"));
    let plan = world.plan().await;
    assert_eq!(sends(&plan), [(ActionKind::Update, "First2 Baker".into(), vec!["last_name".into()])]);
    assert_eq!(plan.actions[0].changes[0].reason, Reason::PrimaryChanged);
    assert_eq!(plan.unchanged, 2);
    let report = world.go().await;
    assert_eq!((report.outcomes.done, report.second_plan_actions, report.unchanged), (1, 0, 3));
    assert_eq!(world.follower("2").unwrap().value.last_name, text("Baker"));
}

#[tokio::test]
async fn s2_a_new_record_is_created_once_and_the_next_plan_is_empty() {
    let world = World::new().with_people(2).await;
    assert_eq!(world.secondary.len(), 2);
    let plan = world.plan().await;
    assert!(plan.is_empty() && plan.actions.is_empty(), "{plan}");
    assert!(world.secondary.creates_seen().values().all(|sends| *sends == 1));
}

#[tokio::test]
async fn s2_nobody_who_has_left_is_created() {
    let world = World::new();
    world.primary.put(Person { active: Known::Value(false), ..person("Anna", "Baker", "1") });
    let report = world.go().await;
    assert!(world.secondary.is_empty());
    assert_eq!(situation(&report, "S2"), 1);
}

#[tokio::test]
async fn a_reference_without_partner_waits_and_is_set_once_it_is_linked() {
    let world = World::new();
    let ours = Arc::new(FakeSide::<Department>::new("net2"));
    let theirs = Arc::new(FakeSide::<Department>::new("timeware"));
    theirs.put(Department { name: text("Elsewhere") });
    let sales = ours.put(Department { name: text("Sales") });
    let reference = |id| Known::Value(RefKey { entity: EntityKind::Department, id });
    world.primary.put(Person { department: reference(sales.clone()), ..person("Anna", "Baker", "1") });
    let report = world.go().await;
    assert_eq!(report.outcomes.done, 1);
    assert!(world.follower("1").unwrap().value.department.is_empty(), "nothing is written from a doubt");

    let departments = Reconciler::new(ours, theirs.clone());
    let journal = FaultyJournal::new(world.journal.clone(), world.faults.clone());
    departments.run(&Approval::everything(), &context(&journal, &world.clock)).await.unwrap();
    let partner = theirs.all().into_iter().find(|record| record.value.name == text("Sales")).unwrap().id;
    let report = world.go().await;
    assert_eq!((report.outcomes.done, report.second_plan_actions), (1, 0));
    assert_eq!(world.follower("1").unwrap().value.department, reference(partner));
}
