//! The conformance kit, against a server with everything and against one that knows no repeats.

use sync_core::connector::{CreateClass, Sink as _};
use sync_core::model::{AccessPolicy, Device, Known, Person};
use sync_core::test_kit::conformance::{self, Samples};
use sync_core::test_kit::{source_in_order, source_pages_agree, source_resumes};

use crate::site::{Site, human, policy, site, with};

fn samples() -> Samples<Person> {
    Samples::new(human)
        .changing(|n| Person {
            last_name: Known::from_text(format!("Changed {n}")),
            policies: Known::Value([policy("1"), policy("4")].into()),
            valid_until: Known::Value("2031-05-31".parse().unwrap()),
            ..Person::default()
        })
        .texts(&["first_name", "last_name", "personnel_number"])
        .missing("999999")
}

async fn passes(site: &Site) {
    conformance::sink::<Person>(&*site.pac, &samples()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_of_a_server_with_everything_are_a_sink_of_class_k() {
    let site = with(|options| options.people(12)).await;
    assert!(matches!(site.pac.writes().create, CreateClass::Keyed(_)));
    passes(&site).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_of_a_server_that_knows_no_repeats_are_a_sink_of_class_u() {
    let site = with(|options| options.people(3).without("idempotency")).await;
    assert_eq!(site.pac.writes().create, CreateClass::Unique);
    passes(&site).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_can_be_written_whole_where_nothing_narrower_is_offered() {
    let site = with(|options| options.people(3).without("groups.write").without("credentials.write")).await;
    passes(&site).await;
    assert!(site.writes().iter().all(|write| write != "GroupsSet" && write != "CredentialSet"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_and_readers_are_sources() {
    let site = site().await;
    conformance::source::<AccessPolicy>(&*site.pac, &"999".into()).await.unwrap();
    conformance::source::<Device>(&*site.pac, &"999".into()).await.unwrap();
    assert!(site.sim.request_counts().get("DefinitionsGet").is_some_and(|count| *count > 3), "asked for each time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_a_source_of_events() {
    let site = with(|options| options.people(5).events(1_200)).await;
    source_in_order(&*site.pac, 1_200).await.unwrap();
    source_resumes(&*site.pac).await.unwrap();
    source_pages_agree(&*site.pac).await.unwrap();
}
