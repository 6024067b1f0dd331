//! The connection test names what does not work, and what does all the same.
#![cfg(feature = "sync")]
#![allow(clippy::unwrap_used, reason = "a test may stop")]

mod service;
mod site;

use std::sync::Arc;

use astrow_client::AstrowClient;
use astrow_client::sync::{AstrowConfig, AstrowEndpoint};
use service::Service;
use site::Site;
use sync_core::connector::{CheckReport, CheckStep, Endpoint as _, StepOutcome};

fn steps<'a>(report: &'a CheckReport, name: &str) -> Vec<&'a CheckStep> {
    report.steps.iter().filter(|step| step.name == name).collect()
}

fn outcome(report: &CheckReport, name: &str) -> StepOutcome {
    steps(report, name).last().unwrap().outcome
}

async fn unsigned(password: Option<&str>) -> (Site, CheckReport) {
    let site = Site::unidentified(|options| options, |_| {}).await;
    let wrong = password.map_or_else(|| site.sim.password(), str::to_owned);
    let client = AstrowClient::builder(site.sim.url()).login(site.sim.user(), wrong).build().unwrap();
    let config = AstrowConfig::rest(site.sim.url(), site.sim.user(), "env:UNUSED");
    let report = AstrowEndpoint::with_client("astrow", config, client).check().await;
    (site, report)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_steps_pass_where_all_is_well() {
    let site = Site::unidentified(|options| options.people(3), |_| {}).await;
    let report = site.astrow.check().await;
    assert!(report.is_ok(), "{report:#?}");
    let passed = ["name", "port", "sign-in", "permission", "licences", "zone", "defaults", "reads"];
    for step in passed {
        assert_eq!(outcome(&report, step), StepOutcome::Passed, "{report:#?}");
    }
    assert_eq!(outcome(&report, "TLS"), StepOutcome::Warning, "the simulator speaks plain HTTP");
    assert!(steps(&report, "terminals").first().unwrap().detail.contains("reader 13"));
    assert!(steps(&report, "permission").first().unwrap().detail.contains("of this project"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_no_missing_permission() {
    let (_site, report) = unsigned(Some("wrong")).await;
    assert_eq!(outcome(&report, "sign-in"), StepOutcome::Failed);
    assert_eq!(
        (outcome(&report, "permission"), outcome(&report, "reads")),
        (StepOutcome::Skipped, StepOutcome::Skipped)
    );
    let site =
        Site::unidentified(|options| options.with_switches(|switches| switches.permission_off = true), |_| {}).await;
    let report = site.astrow.check().await;
    assert_eq!(
        (outcome(&report, "sign-in"), outcome(&report, "permission")),
        (StepOutcome::Passed, StepOutcome::Failed)
    );
    let remedy = steps(&report, "permission").first().unwrap().remedy.clone().unwrap();
    assert!(remedy.contains("Allow API to connect to Astrow"), "{remedy}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_missing_licence_says_what_works_without_it() {
    let site = Site::unidentified(|options| options.licences(&["employees-import"]), |_| {}).await;
    let report = site.astrow.check().await;
    assert!(report.is_ok(), "{report:#?}");
    let warned = steps(&report, "licences");
    assert_eq!(warned.len(), 2);
    assert!(warned.iter().all(|step| step.outcome == StepOutcome::Warning && step.remedy.is_some()));
    let text = format!("{} {}", warned.first().unwrap().detail, warned.last().unwrap().detail);
    assert!(text.contains("file-terminal is missing") && text.contains("people are synchronised"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_that_astrow_does_not_know_are_named_with_those_it_does() {
    let site = Site::unidentified(
        |options| options,
        |config| {
            config.default_cycle = Some("C-OLD".to_owned());
            config.default_paygroup = None;
        },
    )
    .await;
    let report = site.astrow.check().await;
    let defaults = steps(&report, "defaults");
    let failed: Vec<_> = defaults.iter().filter(|step| step.outcome == StepOutcome::Failed).collect();
    assert_eq!(failed.len(), 1);
    assert!(
        failed.iter().all(|step| step.detail.contains("C-OLD") && step.remedy.as_deref().unwrap().contains("C-STD"))
    );
    assert!(
        defaults.iter().any(|step| step.outcome == StepOutcome::Warning && step.detail.contains("default_paygroup"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_driver_of_somebody_elses_is_tested_from_its_licences_on() {
    let site = Site::with(|options| options.people(3), |_| {}).await;
    let session = site.astrow.session().await.unwrap();
    let config = AstrowConfig::rest("https://astrow.example", "u", "env:P");
    let report = AstrowEndpoint::with_session("astrow", config, Arc::clone(&session)).check().await;
    assert!(report.is_ok() && steps(&report, "name").is_empty(), "{report:#?}");
    assert_eq!(outcome(&report, "reads"), StepOutcome::Passed);
}

#[tokio::test]
async fn folders_are_tested_one_by_one_and_files_that_need_somebody_are_named() {
    let service = Service::new("failed");
    let config = service.config(|config| config.employees_in = Some(service.path("nowhere")));
    let make = || AstrowEndpoint::new("astrow", AstrowConfig::files(config.clone()), None).unwrap();
    let astrow = make();
    let report = astrow.check().await;
    let outcomes: Vec<_> = steps(&report, "folder").iter().map(|step| step.outcome).collect();
    assert_eq!(outcomes, [StepOutcome::Passed, StepOutcome::Failed, StepOutcome::Passed], "{report:#?}");
    assert!(astrow.identify().await.unwrap().facts.contains_key("folder"));
    service.leave_refused("pac-20260302T085900Z-0007.csv");
    let report = make().check().await;
    assert!(steps(&report, "files").first().unwrap().detail.contains("was refused"), "{report:#?}");
}
