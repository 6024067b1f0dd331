//! Guards: each trips right above its limit and not at it, and stops only what it is about.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

#[path = "../support/mod.rs"]
mod support;

mod approvals;
mod doors;
mod limits;
mod lists;

use support::{World, slim};
use sync_core::model::{Known, Person};
use sync_core::reconcile::{Limit, LinkReport, Plan, Settings};
use sync_core::test_kit::FakeSide;

fn tripped(report: &LinkReport, guard: &str) -> bool {
    report.guards.iter().any(|trip| trip.guard.starts_with(guard))
}

fn plan_trips(plan: &Plan, guard: &str) -> bool {
    plan.trips.iter().any(|trip| trip.guard.starts_with(guard))
}

/// As many followers as are there and active.
fn active(world: &World) -> usize {
    world.secondary.all().iter().filter(|record| record.value.active == Known::Value(true)).count()
}

fn remove(world: &World, numbers: impl Iterator<Item = usize>) {
    for n in numbers {
        world.primary.delete(&world.leader(&n.to_string()).id);
    }
}

fn rename(world: &World, numbers: impl Iterator<Item = usize>, name: &str) {
    for n in numbers {
        world.primary.edit(&world.leader(&n.to_string()).id, |person| person.last_name = Known::from_text(name));
    }
}

/// A side with few fields, since there are many people.
fn side() -> FakeSide<Person> {
    slim().writing(|caps| caps.parallel = 64)
}

/// Limits out of the way but for one.
async fn world_with(people: usize, change: impl Fn(&mut Settings) + Send + Sync + 'static) -> World {
    let mut world = World::with_secondary(side());
    world.set(move |settings| {
        settings.guard.breadth = Limit::none();
        change(settings);
    });
    world.with_people(people).await
}
