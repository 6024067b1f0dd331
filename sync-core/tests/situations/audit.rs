//! What is kept and shown of what was done, and what is never shown.

use crate::support::{World, context, person};
use crate::text;
use sync_core::journal::Journal as _;
use sync_core::reconcile::SyncLink as _;
use sync_core::test_kit::FaultyJournal;

#[tokio::test]
async fn every_write_is_in_the_audit_with_its_plan_and_what_was_overwritten_is_reported() {
    let world = World::new().with_people(2).await;
    let follower = world.follower("1").unwrap().id;
    world.secondary.edit(&follower, |person| person.last_name = text("Changed-There"));
    let report = world.go().await;
    let row = &report.overwritten[0];
    assert_eq!((row.record.clone(), row.field.as_str()), (follower.clone(), "last_name"));
    assert_eq!((row.old.as_str(), row.new.as_str()), ("\"Changed-There\"", "\"Last1\""));
    let audit = world.journal.audit(Some(&follower), 10).await.unwrap();
    let entry = &audit[0].entry;
    assert_eq!((entry.actor.as_str(), entry.plan.as_deref()), ("test", Some(report.plan.as_str())));
    assert_eq!((entry.old.as_deref(), entry.new.as_deref()), (Some("\"Changed-There\""), Some("\"Last1\"")));
    assert!(entry.reason.contains("set back"), "{}", entry.reason);
    assert!(audit.iter().any(|row| row.entry.action == "create"), "the creation is found under the new id");
}

#[tokio::test]
async fn an_explanation_shows_no_card_number_and_mixes_no_two_people() {
    let world = World::new();
    // The same ids mean other people at the other side.
    world.secondary.put(person("Zoe", "Other", "71"));
    world.secondary.put(person("Yan", "Other", "72"));
    let world = world.with_people(2).await;
    world.primary.edit(&"1".into(), |person| person.last_name = text("Changed"));
    world.plan().await;
    let journal = FaultyJournal::new(world.journal.clone(), world.faults.clone());
    let link = world.link();
    let explained = link.explain(&"1".into(), &context(&journal, &world.clock)).await.unwrap().unwrap();
    let shown = serde_json::to_string(&explained).unwrap();
    assert!(!shown.contains("10001"), "{shown}");
    assert!(shown.contains("Changed") && !shown.contains("Zoe"), "{shown}");
    assert_eq!(explained.actions.len(), 1);
    let stranger = link.explain(&"404".into(), &context(&journal, &world.clock)).await.unwrap();
    assert!(stranger.is_none());
}
