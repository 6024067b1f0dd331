//! The client and the endpoint against the simulator: the conformance kit, the oddities that its switches make, other profiles.
#![cfg(feature = "sync")]
#![allow(clippy::unwrap_used, reason = "a test may stop")]

use futures::StreamExt as _;
use inventry_client::error::is_version_unsupported;
use inventry_client::profile::{self, Profile};
use inventry_client::sync::{InventryConfig, InventryEndpoint, PersonalField};
use inventry_client::{ErrorKind, InventryClient, Pace, RetryPolicy};
use secrecy::SecretString;
use sync_core::connector::{Endpoint as _, ErrorClass, EventSource as _, Source};
use sync_core::model::{AccessEvent, Department, Device, Known, Person, Remark};
use sync_core::test_kit::{conformance, source_in_order, source_pages_agree, source_resumes};
use vendor_sim::inventry::{InventrySim, Switches};

const MISSING: &str = "987654321";

async fn sim(change: impl FnOnce(&mut Switches)) -> InventrySim {
    InventrySim::builder().seed(5).people(12).event_days(3).with_switches(change).start().await.unwrap()
}

fn plain(_: &mut Switches) {}

fn odd(switches: &mut Switches) {
    switches.page_size = 3;
    switches.numeric_ids = true;
    switches.ignore_person_type = true;
    switches.display_names_only = true;
}

fn undated(switches: &mut Switches) {
    switches.without_updated_at = true;
    switches.without = vec!["deletions".to_owned(), "events.follow".to_owned()];
}

fn endpoint(sim: &InventrySim, change: impl FnOnce(&mut InventryConfig)) -> InventryEndpoint {
    let mut config = InventryConfig::new(sim.url(), "env:UNUSED");
    config.requests_per_second = 10_000.0;
    change(&mut config);
    InventryEndpoint::new("inventry", config, SecretString::from(sim.key())).unwrap()
}

fn everything(config: &mut InventryConfig) {
    config.fields_on = PersonalField::ALL.into();
    config.take_credentials = true;
}

/// An endpoint for a server that speaks otherwise.
fn speaking(sim: &InventrySim, profile: Profile) -> InventryEndpoint {
    let signs_with_secret = profile.auth().needs_user();
    let pace = Pace { requests_per_second: 10_000.0, burst: 100, ..Pace::default() };
    let mut builder = InventryClient::builder(sim.url()).profile(profile).key(sim.key()).pace(pace);
    if signs_with_secret {
        builder = builder.user(sim.user()).key(sim.password());
    }
    InventryEndpoint::with_client("inventry", InventryConfig::new(sim.url(), "env:UNUSED"), builder.build().unwrap())
}

async fn people(endpoint: &InventryEndpoint) -> Vec<(String, Person)> {
    let pages: Vec<_> = Source::<Person>::snapshot(endpoint, None).collect().await;
    let records = pages.into_iter().flat_map(|page| page.unwrap().records);
    records.map(|record| (record.id.as_str().to_owned(), record.value)).collect()
}

async fn events(endpoint: &InventryEndpoint) -> Vec<AccessEvent> {
    let pages: Vec<_> = endpoint.read(None).collect().await;
    pages.into_iter().flat_map(|page| page.unwrap().events).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_source_passes_the_kit() {
    for change in [plain, odd, undated] {
        let sim = sim(change).await;
        let inventry = endpoint(&sim, everything);
        conformance::source(&inventry as &dyn Source<Person>, &MISSING.into()).await.unwrap();
        conformance::source(&inventry as &dyn Source<Department>, &MISSING.into()).await.unwrap();
        conformance::source(&inventry as &dyn Source<Device>, &MISSING.into()).await.unwrap();
        source_in_order(&inventry, 10).await.unwrap();
        source_resumes(&inventry).await.unwrap();
        source_pages_agree(&inventry).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_but_staff_is_seen_whatever_the_server_sends() {
    let sim = sim(odd).await;
    let inventry = endpoint(&sim, everything);
    let staff = sim.world(|world| world.personnel().count());
    let all = sim.world(|world| world.people.len());
    assert!(staff < all, "the site has others too");
    assert_eq!(people(&inventry).await.len(), staff);
    let seen: Vec<_> = events(&inventry).await.into_iter().filter_map(|event| event.person).collect();
    let ours = sim.world(|world| world.personnel().map(|person| person.id.to_string()).collect::<Vec<_>>());
    assert!(!seen.is_empty() && seen.iter().all(|person| ours.contains(&person.as_str().to_owned())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_arrive_without_whole_lists() {
    let sim = sim(plain).await;
    let inventry = endpoint(&sim, everything);
    let before = people(&inventry).await;
    let (leaver, gone, merged) = sim.world(|world| {
        let ids: Vec<u32> = world.personnel().filter(|person| person.enabled).map(|person| person.id).collect();
        world.disable(ids[0]);
        world.delete(ids[1]);
        world.merge(ids[2], ids[3]);
        world.rename(ids[4], "Renamed", "Person");
        world.add_person("Newly", "Made");
        (ids[0].to_string(), ids[1].to_string(), ids[2].to_string())
    });
    sim.clear_requests();
    let after = people(&inventry).await;
    assert_eq!(after.len(), before.len() + 1 - 2);
    let of = |id: &str| after.iter().find(|(known, _)| known == id).map(|(_, person)| person);
    assert_eq!(of(&leaver).unwrap().active, Known::Value(false));
    assert!(of(&gone).is_none() && of(&merged).is_none());
    assert!(after.iter().any(|(_, person)| person.first_name == Known::from_text("Renamed")));
    assert_eq!(inventry.merges().await.len(), 1);
    let asked: Vec<_> = sim.requests().into_iter().filter(|request| request.path.ends_with("/personnel")).collect();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].query.iter().any(|(name, _)| name == "updatedAfter"), "{asked:?}");
    // A whole list says the same.
    assert_eq!(people(&endpoint(&sim, everything)).await, after);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_goes_to_another_site_is_gone_at_once() {
    let sim = sim(plain).await;
    let site = sim.world(|world| world.personnel().next().unwrap().sites[0]);
    let inventry = endpoint(&sim, |config| config.sites = vec![site.to_string()]);
    let before = people(&inventry).await;
    let moved: u32 = before[0].0.parse().unwrap();
    sim.world(|world| {
        let other = world.add_site("Elsewhere");
        world.change_person(moved, |person| person.sites = vec![other]).unwrap();
    });
    let after = people(&inventry).await;
    assert_eq!(after.len() + 1, before.len());
    assert!(after.iter().all(|(id, _)| *id != moved.to_string()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_speaks_against_events_comes_with_them() {
    let sim = sim(plain).await;
    let inventry = endpoint(&sim, |_| ());
    people(&inventry).await;
    let newest = events(&inventry).await.last().map_or(0, |event| event.number);
    sim.world(|world| {
        let now = world.now();
        let (first, second) = {
            let mut ids = world.personnel().filter(|person| person.enabled).map(|person| person.id);
            (ids.next().unwrap(), ids.next().unwrap())
        };
        let one = world.sign_in(first, Some(5));
        world.correct(one, now - chrono::TimeDelta::minutes(5));
        world.void(one);
        world.sign_in(second, None);
        world.sign_out_all(now + chrono::TimeDelta::minutes(1));
    });
    let later: Vec<_> = events(&inventry).await.into_iter().filter(|event| event.number > newest).collect();
    let of = |remark| later.iter().filter(|event| event.remark == Some(remark)).count();
    assert_eq!(of(Remark::Voided), 1);
    assert!(of(Remark::Automatic) >= 1, "{later:?}");
    let voided = later.iter().find(|event| event.remark == Some(Remark::Voided)).unwrap();
    assert!(later.iter().any(|event| event.device == Some("none".into())));
    assert!(later.iter().filter(|event| event.identity == voided.identity).count() >= 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_version_is_refused_with_both_versions_named() {
    let sim = sim(|switches| switches.version = "4.10.3".to_owned()).await;
    let inventry = endpoint(&sim, |_| ());
    let error = inventry.identify().await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Config);
    assert!(error.message().contains("4.11.0") && error.message().contains("4.10.3"), "{error}");
    let client = InventryClient::builder(sim.url()).key(sim.key()).build().unwrap();
    assert!(is_version_unsupported(&client.devices().list().await.unwrap_err()));
    let wrong = InventryClient::builder(sim.url()).key("wrong").build().unwrap();
    assert_eq!(wrong.info().await.unwrap_err().kind(), ErrorKind::Auth);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_runs_in_circles_or_elsewhere_gives_no_list() {
    for (name, value) in [("stuck_links", "on"), ("link_prefix", "https://elsewhere.example")] {
        let sim = sim(|switches| {
            switches.page_size = 3;
            switches.set(name, value).unwrap();
        })
        .await;
        let client = InventryClient::builder(sim.url()).key(sim.key()).retry(RetryPolicy::never()).build().unwrap();
        let error = client.personnel().list().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{name}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_was_cut_is_lost() {
    let sim = sim(plain).await;
    let inventry = endpoint(&sim, |_| ());
    let oldest = events(&inventry).await[0].number;
    sim.world(|world| {
        let last = world.last_seq();
        world.trim_events(last);
    });
    let pages: Vec<_> = inventry.read(Some(sync_core::connector::Cursor { position: oldest })).collect().await;
    assert_eq!(pages[0].as_ref().unwrap_err().class(), ErrorClass::Lost);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_ends_when_somebody_signs_in() {
    let sim = sim(plain).await;
    let client = InventryClient::builder(sim.url()).key(sim.key()).build().unwrap();
    let last = i64::try_from(sim.world(|world| world.last_seq())).unwrap();
    let mut pages = client.events().after(last).follow();
    let signed = async {
        sim.world(|world| {
            let person = world.personnel().next().unwrap().id;
            world.sign_in(person, Some(5))
        })
    };
    let (page, _) = tokio::join!(pages.next(), signed);
    assert_eq!(page.unwrap().unwrap().events.len(), 1);
}

/// What the simulator is told to speak, and what the client is told that it speaks.
const VISITS_OF_SERVER: &str = r#"
[auth]
kind = "basic"
[paths]
base = "/client-api/v1"
events = ""
deletions = ""
[paging]
style = "page"
items = "/data"
page_param = "page"
size_param = "perPage"
total = "/meta/total"
[events]
style = "visit"
in_at = "/in_datetime"
out_at = "/out_datetime"
by_day_path = "/sites/{site}/history?date={date}"
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn visits_by_day_pass_the_kit_and_are_completed_later() {
    let sim = InventrySim::builder().seed(5).people(6).event_days(2).profile(VISITS_OF_SERVER).start().await.unwrap();
    let text = format!("{VISITS_OF_SERVER}\n[fields.event]\nseq = \"\"\nat = \"\"\ntype = \"\"\n");
    let inventry = speaking(&sim, profile::parse(&text, "visits.toml").unwrap());
    inventry.identify().await.unwrap();
    source_in_order(&inventry, 4).await.unwrap();
    source_resumes(&inventry).await.unwrap();
    let person = sim.world(|world| {
        let person = world.add_person("Asha", "Example");
        world.sign_in(person, Some(5));
        person.to_string()
    });
    let of = |events: Vec<AccessEvent>| {
        events.into_iter().filter(|event| event.person == Some(person.as_str().into())).collect::<Vec<_>>()
    };
    let open = of(events(&inventry).await);
    assert_eq!(open.len(), 1);
    sim.world(|world| {
        world.clock.advance(chrono::TimeDelta::hours(1));
        let id = person.parse().unwrap();
        world.sign_out(id, Some(5))
    });
    let done = of(events(&inventry).await);
    assert_eq!((done.len(), &done[0]), (2, &open[0]));
    assert!(done[1].identity.as_ref().unwrap().ends_with("#out"));
}

/// Every member under another name; the same for both, as far as both know it.
const RENAMED: &str = r#"
[auth]
kind = "header"
header = "X-Renamed-Key"
prefix = "Key "
[paths]
base = "/renamed/api"
info = "/about"
personnel = "/staff"
person = "/staff/{id}/card"
departments = "/groups"
devices = "/points"
events = "/moves"
deletions = "/gone"
[fields.info]
version = "/release"
organisation = "/school"
[fields.person]
id = "/x_id"
person_type = "/x_kind"
forename = "/names/first"
surname = "/names/last"
enabled = "/x_on"
updated_at = "/x_touched"
staff_code = "/x_code"
[fields.department]
id = "/x_id"
name = "/x_name"
[fields.device]
id = "/x_id"
name = "/x_name"
[fields.event]
id = "/x_id"
seq = "/x_seq"
type = "/x_what"
person_id = "/who/id"
person_type = "/who/kind"
device_id = "/x_where"
at = "/x_when"
[values.person_type]
personnel = ["STAFF"]
visitor = ["GUEST"]
[values.event_type]
"IN" = "sign_in"
"OUT" = "sign_out"
[time]
format = "unix-ms"
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_renames_its_members_is_read_by_the_matching_profile_and_named_without_it() {
    let sim = InventrySim::builder().seed(5).people(12).event_days(2).profile(RENAMED).start().await.unwrap();
    let inventry = speaking(&sim, profile::parse(RENAMED, "renamed.toml").unwrap());
    conformance::source(&inventry as &dyn Source<Person>, &MISSING.into()).await.unwrap();
    conformance::source(&inventry as &dyn Source<Department>, &MISSING.into()).await.unwrap();
    conformance::source(&inventry as &dyn Source<Device>, &MISSING.into()).await.unwrap();
    source_in_order(&inventry, 10).await.unwrap();
    source_resumes(&inventry).await.unwrap();
    let staff = sim.world(|world| world.personnel().count());
    assert_eq!(people(&inventry).await.len(), staff);
    // Paths and key as they are, and not one member.
    let text: String = RENAMED.lines().take_while(|line| !line.starts_with("[fields.")).collect::<Vec<_>>().join("\n");
    let blind = speaking(&sim, profile::parse(&text, "half.toml").unwrap());
    let error = blind.identify().await.unwrap_err();
    assert!(error.to_string().contains("[fields.info] version of profile half.toml"), "{error}");
    let report = blind.check().await;
    assert!(
        !report.is_ok() && report.steps.iter().any(|step| step.detail.contains("[fields.info] version")),
        "{report:?}"
    );
}
