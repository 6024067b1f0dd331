//! What a plan calls the records that it refers to.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod support;

use std::sync::Arc;

use support::{World, context, person};
use sync_core::model::{Department, EntityKind, Known, Person, RefKey};
use sync_core::reconcile::{Approval, Reconciler, RefNames, SyncLink as _};
use sync_core::test_kit::{FakeSide, FaultyJournal};

fn named(name: &str) -> Department {
    Department { name: Known::from_text(name) }
}

fn member_of(id: &str) -> Known<RefKey> {
    Known::Value(RefKey { entity: EntityKind::Department, id: id.into() })
}

/// Somebody of Sales, linked; at the follower's side departments have ids of their own.
async fn world_with_departments() -> (World, FaultyJournal) {
    let world = World::new();
    let journal = FaultyJournal::new(world.journal.clone(), world.faults.clone());
    let (ours, theirs) =
        (Arc::new(FakeSide::<Department>::new("net2")), Arc::new(FakeSide::<Department>::new("timeware")));
    theirs.put(named("Elsewhere"));
    for name in ["Sales", "Stores"] {
        ours.put(named(name));
    }
    let departments = Reconciler::new(ours, theirs);
    departments.run(&Approval::everything(), &context(&journal, &world.clock)).await.unwrap();
    world.primary.put(Person { department: member_of("1"), ..person("Anna", "Baker", "1") });
    assert_eq!(world.go().await.outcomes.done, 1);
    (world, journal)
}

#[tokio::test]
async fn a_plan_shows_the_name_of_a_department_beside_its_id_at_the_written_side() {
    let (world, journal) = world_with_departments().await;
    world.primary.edit(&"1".into(), |person| person.department = member_of("2"));
    let plan = world.plan().await;
    let names = RefNames::of_plan(&plan, &journal).await.unwrap();
    let text = plan.with_names(&names).to_string();
    let line = "    department: department 2 \"Sales\" → department 3 \"Stores\" (changed at the primary)\n";
    assert!(text.contains(line), "{text}");
    assert_eq!(plan.to_string(), text.replace(" \"Sales\"", "").replace(" \"Stores\"", ""), "the same but for names");
}

#[tokio::test]
async fn a_record_that_was_never_seen_is_called_by_its_id() {
    let (world, _) = world_with_departments().await;
    world.primary.edit(&"1".into(), |person| person.department = member_of("2"));
    let plan = world.plan().await;
    assert_eq!(plan.with_names(&RefNames::default()).to_string(), plan.to_string());
}

#[tokio::test]
async fn an_explanation_names_what_both_records_refer_to() {
    let (world, journal) = world_with_departments().await;
    world.primary.edit(&"1".into(), |person| person.department = member_of("2"));
    world.plan().await;
    let explained = world.link().explain(&"1".into(), &context(&journal, &world.clock)).await.unwrap().unwrap();
    let names = serde_json::to_value(&explained.names).unwrap();
    assert_eq!(names["net2"], serde_json::json!({"department 2": "Stores"}));
    assert_eq!(names["timeware"], serde_json::json!({"department 2": "Sales", "department 3": "Stores"}));
}
