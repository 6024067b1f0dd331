//! G-14: doors that were given or taken at the other side.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::support::{World, context, person, rule};
use crate::{side, tripped};
use sync_core::model::{AccessPolicy, EntityKind, Known, Person, RefKey};
use sync_core::reconcile::{Approval, Limit, Reconciler, SyncLink as _};
use sync_core::test_kit::{FakeSide, FaultyJournal};

fn doors(ids: &[&str]) -> Known<BTreeSet<RefKey>> {
    Known::Value(ids.iter().map(|id| RefKey { entity: EntityKind::AccessPolicy, id: (*id).into() }).collect())
}

/// People at the primary with a door whose partner is linked, and followers that have it.
async fn people_with_doors(people: usize) -> World {
    let mut world = World::with_secondary(side());
    world.set(|settings| settings.guard.breadth = Limit::none());
    let policies = |name: &str| {
        let side = FakeSide::<AccessPolicy>::new(name);
        side.put(AccessPolicy { name: Known::from_text("Main"), devices: Known::Empty });
        Arc::new(side)
    };
    let journal = FaultyJournal::new(world.journal.clone(), world.faults.clone());
    let link = Reconciler::new(policies("net2"), policies("timeware"))
        .with(|settings| settings.correlation = vec![rule("name", &["name"])]);
    link.run(&Approval::everything(), &context(&journal, &world.clock)).await.unwrap();
    for n in 1..=people {
        world.primary.put(Person { policies: doors(&["1"]), ..person("First", &n.to_string(), &n.to_string()) });
    }
    world.go().await;
    assert!(world.secondary.all().iter().all(|record| record.value.policies == doors(&["1"])));
    world
}

#[tokio::test]
async fn g14_doors_that_were_taken_at_the_other_side_are_not_given_back_in_numbers() {
    for (taken, trips) in [(20, false), (21, true)] {
        let world = people_with_doors(40).await;
        for n in 1..=taken {
            let id = world.follower(&n.to_string()).unwrap().id;
            world.secondary.edit(&id, |person| person.policies = Known::Empty);
        }
        let report = world.unattended().await;
        assert_eq!(tripped(&report, "G-14"), trips, "{taken} of 40");
        assert_eq!(world.follower("1").unwrap().value.policies == doors(&["1"]), !trips);
    }
}

#[tokio::test]
async fn g14_doors_that_somebody_added_at_the_other_side_are_taken_away_whatever_their_number() {
    let world = people_with_doors(40).await;
    for n in 1..=30 {
        let id = world.follower(&n.to_string()).unwrap().id;
        world.secondary.edit(&id, |person| person.policies = doors(&["1", "2"]));
    }
    let report = world.unattended().await;
    assert!(!tripped(&report, "G-14"), "{:?}", report.guards);
    assert!(world.secondary.all().iter().all(|record| record.value.policies == doors(&["1"])));
}
