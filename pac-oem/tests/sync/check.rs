//! The connection test, step by step.

use std::sync::Arc;

use pac_oem::sync::{PacConfig, PacEndpoint};
use sync_core::connector::{CheckReport, CheckStep, Endpoint as _, ErrorClass, StepOutcome};

use crate::site::{Site, config, endpoint, site, with};

fn step<'a>(report: &'a CheckReport, name: &str) -> &'a CheckStep {
    report.steps.iter().find(|step| step.name == name).unwrap_or_else(|| panic!("no step {name}: {report:#?}"))
}

async fn changed(site: &Site, change: impl FnOnce(&mut PacConfig)) -> CheckReport {
    let mut config = config(&site.sim, &site.folder);
    change(&mut config);
    endpoint(config).check().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_passes_and_says_what_was_seen() {
    let site = with(|options| options.people(4).events(7)).await;
    let report = site.pac.check().await;
    assert!(report.steps.iter().all(|step| step.outcome == StepOutcome::Passed), "{report:#?}");
    let names: Vec<_> = report.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "key file",
            "name",
            "port",
            "TLS",
            "hello",
            "organisation",
            "capabilities",
            "default group",
            "reads",
            "events"
        ]
    );
    assert!(step(&report, "hello").detail.contains("not PAC's"), "the profile is ours and says so");
    assert!(step(&report, "reads").detail.contains("4 people"));
    assert!(step(&report, "events").detail.contains('7'));
    assert_eq!(site.sim.sessions(), 1, "the session of the test is closed again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_obstacle_fails_its_own_step() {
    let site = site().await;
    let stranger = site.sim.unregistered_client("Stranger").unwrap();
    let foreign = site.sim.foreign_client("Foreigner").unwrap();
    let expired = site.sim.expired_client("Old").unwrap();
    let write = |name: &str, text: &str| {
        let path = site.folder.path().join(name);
        vendor_sim::pac::write_key_file(&path, text).unwrap();
        path
    };
    let (stranger, foreign) = (write("stranger", &stranger), write("foreign", &foreign));
    let (expired, none) = (write("expired", &expired), write("none", "no key at all"));
    for (failing, change) in [
        ("key file", Box::new(|config: &mut PacConfig| config.key_path = none) as Box<dyn FnOnce(&mut PacConfig)>),
        ("key file", Box::new(|config| config.key_path = expired)),
        ("name", Box::new(|config| config.server_address = "no-such-host.invalid".to_owned())),
        ("port", Box::new(|config| config.server_port = 1)),
        ("TLS", Box::new(|config| config.server_cert_sha256 = Some("00".repeat(32)))),
        ("TLS", Box::new(|config| config.key_path = foreign)),
        ("hello", Box::new(|config| config.key_path = stranger)),
    ] {
        let report = changed(&site, change).await;
        let failed: Vec<_> = report.steps.iter().filter(|step| step.outcome == StepOutcome::Failed).collect();
        assert_eq!(failed.iter().map(|step| step.name.as_str()).collect::<Vec<_>>(), [failing], "{report:#?}");
        assert!(failed[0].remedy.as_deref().is_some_and(|remedy| !remedy.is_empty()), "{failed:?}");
        assert_eq!(step(&report, "reads").outcome, StepOutcome::Skipped);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_is_not_trusted_is_shown_with_what_to_pin() {
    let site = site().await;
    let report = changed(&site, |config| config.server_cert_sha256 = Some("00".repeat(32))).await;
    let shown = step(&report, "TLS").detail.replace(':', "").to_lowercase();
    assert!(shown.contains(&site.sim.server_fingerprint()), "{report:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_server_lacks_is_named_with_what_it_costs() {
    let site = with(|options| options.without("bookings.write").without("idempotency")).await;
    let report = site.pac.check().await;
    let capabilities = step(&report, "capabilities");
    assert_eq!(capabilities.outcome, StepOutcome::Warning);
    for word in ["bookings.write", "extension of this project", "idempotency"] {
        assert!(capabilities.detail.contains(word), "{capabilities:?}");
    }
    assert!(report.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_is_withdrawn_is_told_so_and_asks_no_more() {
    let site = site().await;
    site.sim.revoke_client("Head office bridge").unwrap();
    site.pac.close().await;
    let refused = site.pac.identify().await.unwrap_err();
    assert_eq!(refused.class(), ErrorClass::Auth, "{refused}");
    let logins = site.sim.logins();
    let again = site.pac.identify().await.unwrap_err();
    assert!(again.class() == ErrorClass::Auth && again.retry_after().is_some(), "{again:?}");
    assert_eq!(site.sim.logins(), logins, "no storm of attempts");
    let report = site.pac.check().await;
    assert_eq!(step(&report, "hello").outcome, StepOutcome::Failed, "{report:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_installation_is_known_by_names_and_not_by_the_life_of_its_logs() {
    let site = site().await;
    let before = site.pac.identify().await.unwrap();
    site.sim.new_epoch();
    site.pac.close().await;
    assert_eq!(site.pac.identify().await.unwrap(), before);
    assert!(site.pac.server_time().is_some());
    let unborn: Arc<PacEndpoint> = Arc::new(endpoint(config(&site.sim, &site.folder)));
    assert!(unborn.server_time().is_none() && unborn.server().is_none(), "nothing is sent for it");
}
