//! The connection test, and what can be chosen.

use net2_client::sync::{BookersConfig, FieldChoice, Net2Doors, choices};
use sync_core::connector::{CheckStep, Endpoint as _, StepOutcome};
use sync_core::model::Person;
use vendor_sim::net2::{IndividualForm, Net2Sim};

use crate::site::*;

async fn step(net2: &Net2Doors, name: &str) -> CheckStep {
    let report = net2.check().await;
    report.steps.iter().find(|step| step.name == name).unwrap_or_else(|| panic!("{name} in {report:?}")).clone()
}

async fn outcome(net2: &Net2Doors, name: &str) -> StepOutcome {
    step(net2, name).await.outcome
}

fn wrong(sim: &Net2Sim, change: impl FnOnce(&mut BookersConfig)) -> Net2Doors {
    let mut bookers = BookersConfig::default();
    change(&mut bookers);
    with(sim, net2(sim), bookers)
}

#[tokio::test]
async fn a_good_site_passes_and_rights_are_tried_once_somebody_has_some() {
    let sim = start(5, |_| {}).await;
    let serials = serials(&sim);
    let net2 = doors_of(&sim).using_doors([serials[0].as_str()]);
    let report = net2.check().await;
    assert!(report.is_ok(), "{report:?}");
    let rights = step(&net2, "individual rights").await;
    assert!(rights.outcome == StepOutcome::Skipped && rights.detail.contains("not tried"), "{rights:?}");
    let maya = create(&net2, Person { doors: set(&[&serials[0]]), ..maya() }, 1).await;
    let before = strangers(&sim);
    assert_eq!(outcome(&net2, "individual rights").await, StepOutcome::Passed);
    assert!(opens(&sim, &maya.id, &[&serials[0]]) && before == strangers(&sim));
    sim.world(|world| world.switches.individual_form = IndividualForm::Refused);
    let rights = step(&net2, "individual rights").await;
    assert_eq!(rights.outcome, StepOutcome::Failed);
    assert!(rights.remedy.unwrap().contains("`levels`"));
}

#[tokio::test]
async fn each_wrong_name_is_its_own_step_with_the_nearest_names() {
    let sim = start(5, |_| {}).await;
    let named = |step: CheckStep, near: &str| {
        let remedy = step.remedy.unwrap();
        assert!(step.outcome == StepOutcome::Failed && remedy.contains(near), "{}: {remedy}", step.name);
    };
    named(step(&wrong(&sim, |config| config.department = "Boking".into()), "department").await, BOOKING);
    named(step(&wrong(&sim, |config| config.fallback_level = "Cleaner".into()), "fallback level").await, "Cleaners");
    let memo = wrong(&sim, |config| config.marker_field = FieldChoice::Name("Notes".into()));
    named(step(&memo, "marker field").await, "ordinary field");
    named(step(&wrong(&sim, |config| config.memo_field = FieldChoice::Number(14)), "memo field").await, "13");
    let level = wrong(&sim, |config| drop(config.levels.insert("7000001".into(), "Member".into())));
    named(step(&level, "doors").await, "Members");
    let gone = doors_of(&sim).using_doors(["123"]);
    named(step(&gone, "doors").await, "serial numbers");
}

#[tokio::test]
async fn old_servers_unknown_areas_and_unseen_roles_are_told() {
    let sim = start(5, |switches| switches.version = "6.05.1000".to_owned()).await;
    let old = step(&doors_of(&sim), "controllers").await;
    assert!(old.outcome == StepOutcome::Warning && old.remedy.unwrap().contains("6.07"));
    let mut config = net2(&sim);
    config.querydb = false;
    let all = with(&sim, config.clone(), BookersConfig::default());
    assert_eq!(outcome(&all, "doors").await, StepOutcome::Warning);
    let serial = serials(&sim)[0].clone();
    let used = with(&sim, config, BookersConfig::default()).using_doors([serial.as_str()]);
    assert_eq!(outcome(&used, "doors").await, StepOutcome::Failed);
    sim.world(|world| world.operators.values_mut().for_each(|operator| operator.display_name.push('x')));
    let report = used.check().await;
    assert!(!report.is_ok());
}

#[tokio::test]
async fn choices_are_the_lists_of_the_site() {
    let sim = start(5, |_| {}).await;
    let net2 = doors_of(&sim);
    let mut nobody = crate::site::net2(&sim);
    nobody.operator = "nobody yet".to_owned();
    let operators = choices::operators(&nobody).await.unwrap();
    assert!(operators.iter().any(|operator| operator.display_name.as_deref() == Some(sim.operator())));
    let departments = choices::departments(net2.client()).await.unwrap();
    assert!(departments.iter().any(|one| one.name == BOOKING) && departments.iter().all(|one| one.id.get() != 0));
    let levels = choices::access_levels(net2.client()).await.unwrap();
    assert!(levels[0].id.get() == 0 && levels.iter().all(|level| !level.id.is_private()));
    assert_eq!(choices::custom_fields(net2.client()).await.unwrap().len(), 14);
    let doors = choices::doors(net2.client()).await.unwrap();
    assert!(doors.iter().all(|door| serials(&sim).contains(&door.id.to_string())));
}
