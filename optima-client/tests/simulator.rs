//! The client against the simulated server: every way of signing in and paging, and a server that renames everything.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use futures::TryStreamExt as _;
use optima_client::access_groups::NewAccessGroup;
use optima_client::badges::{BadgePatch, BadgeQuery, Card, Membership, NewBadge};
use optima_client::events::{EventCursor, EventPage, EventQuery};
use optima_client::words::{BadgeState, Capability, CredentialState, EventClass};
use optima_client::{
    Credentials, ErrorKind, IdempotencyKey, OptimaClient, Pace, Profile, RetryPolicy, Trust, profile, refusal,
};
use vendor_sim::host::Options;
use vendor_sim::optima::{Fault, FaultKind, Optima, OptimaSim};

fn file(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("profiles").join(name);
    std::fs::read_to_string(path).unwrap()
}

fn own(text: &str) -> Profile {
    profile::parse(text, "own.toml").unwrap_or_else(|invalid| panic!("{invalid}"))
}

fn site() -> Options<Optima> {
    OptimaSim::builder().seed(3).people(25).event_days(3)
}

fn client(sim: &OptimaSim, profile: Profile) -> OptimaClient {
    let credentials = if profile.auth().needs_user() {
        Credentials::login(sim.user(), sim.password())
    } else {
        Credentials::key(sim.key())
    };
    OptimaClient::builder(sim.url())
        .credentials(credentials)
        .profile(profile)
        .pace(Pace::unlimited())
        .retry(RetryPolicy::never())
        .build()
        .unwrap()
}

async fn events(optima: &OptimaClient) -> Vec<EventPage> {
    optima.events().from_oldest().rows(40).pages().try_collect().await.unwrap()
}

/// Everything that there is to do, the same whatever the profile.
async fn work(sim: &OptimaSim, optima: &OptimaClient) {
    let (badges, groups, readers, logged) = sim.world(|world| {
        (
            world.badges.len(),
            world.groups.len(),
            world.readers.len(),
            world.events.iter().map(|event| event.seq).collect::<Vec<_>>(),
        )
    });
    let listed = optima.badges().list().await.unwrap();
    assert_eq!((listed.items.len(), listed.invalid.len()), (badges, 0));
    assert_eq!(listed.items.iter().map(|badge| &badge.id).collect::<BTreeSet<_>>().len(), badges);
    assert!(
        listed.items.iter().any(|badge| badge.last_name.is_some() && badge.cards().any(|card| card.number.is_some()))
    );
    assert_eq!(optima.access_groups().list().await.unwrap().items.len(), groups);
    assert_eq!(optima.readers().list().await.unwrap().items.len(), readers);
    let read = events(optima).await;
    let numbers: Vec<_> =
        read.iter().flat_map(|page| &page.events).map(|event| u64::try_from(event.seq).unwrap()).collect();
    assert_eq!(numbers, logged);
    let all: Vec<_> = read.iter().flat_map(|page| &page.events).collect();
    assert!(
        all.iter().any(|event| event.class == EventClass::Granted && event.badge.is_some() && event.reader.is_some())
    );

    let group = optima.access_groups().list().await.unwrap().items[0].id.clone();
    let badge = NewBadge::new("Mira", "Vandenholt").with(|badge| {
        badge.access_groups(vec![Membership::new(group.clone())]).cards(vec![Card::new("4711").primary(true)])
    });
    let key = IdempotencyKey::fresh();
    let made = optima.badges().create(&badge, key).await.unwrap();
    assert_eq!(optima.badges().create(&badge, key).await.unwrap().id, made.id, "the same attempt makes nothing new");
    assert_eq!(made.access_groups.as_ref().unwrap()[0].id, group);
    let cards = made.cards().filter_map(Card::of).map(|card| card.state(CredentialState::Suspended)).collect();
    let patch = BadgePatch::new().state(BadgeState::Disabled).cards(cards);
    let after = optima.badges().update(&made.id, &patch, made.etag.as_deref()).await.unwrap();
    assert_eq!(after.state, Some(BadgeState::Disabled));
    assert_eq!(after.cards().next().unwrap().state, CredentialState::Suspended);
    let stale =
        optima.badges().update(&made.id, &BadgePatch::new().name("X".into()), made.etag.as_deref()).await.unwrap_err();
    assert_eq!(stale.kind(), ErrorKind::Conflict);
    let found = optima.badges().query(&BadgeQuery::all().credential("4711")).await.unwrap().items;
    assert_eq!(found.iter().map(|badge| &badge.id).collect::<Vec<_>>(), [&made.id]);
    optima.badges().delete(&made.id, after.etag.as_deref()).await.unwrap();
    assert_eq!(optima.badges().get(&made.id).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_way_of_signing_in_works() {
    for name in ["bearer.toml", "header-key.toml", "basic.toml", "session.toml"] {
        let sim = site().profile(&file(name)).start().await.unwrap();
        let optima = client(&sim, own(&file(name)));
        optima.check().await.unwrap_or_else(|error| panic!("{name}: {error}"));
        work(&sim, &optima).await;
        let wrong = OptimaClient::builder(sim.url()).profile(own(&file(name)));
        let wrong =
            if optima.profile().auth().needs_user() { wrong.login("nobody", "wrong") } else { wrong.key("wrong") };
        assert_eq!(wrong.build().unwrap().check().await.unwrap_err().kind(), ErrorKind::Auth, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_the_server_forgot_is_begun_anew() {
    let sim = site().profile(&file("session.toml")).start().await.unwrap();
    let optima = client(&sim, own(&file("session.toml")));
    optima.info().await.unwrap();
    optima.session().end().await.unwrap();
    optima.badges().list().await.unwrap();
    sim.world(|world| world.clock.advance(chrono::TimeDelta::hours(2)));
    optima.badges().list().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_style_of_paging_reads_all() {
    for name in ["pages-by-number.toml", "pages-by-offset.toml", "pages-after-id.toml", "one-page.toml"] {
        let served = file(name).replace("page_size = 100\n", "");
        let small =
            own(&(file(name).replace("page_size = 100\n", "").replace("[paging]\n", "[paging]\npage_size = 7\n")));
        let sim = site().profile(&served).start().await.unwrap();
        work(&sim, &client(&sim, small)).await;
    }
    let sim = site().with_switches(|switches| switches.page_size = 4).start().await.unwrap();
    work(&sim, &client(&sim, own(""))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_renames_everything_works_with_its_profile() {
    let sim = site().profile(&file("renamed.toml")).start().await.unwrap();
    let optima = client(&sim, own(&file("renamed.toml")));
    let info = optima.check().await.unwrap();
    assert!(info.can(&Capability::Badges) && info.site.is_some() && info.name_length.is_some());
    work(&sim, &optima).await;
    let group =
        optima.access_groups().create(&NewAccessGroup::new("Night shift"), IdempotencyKey::fresh()).await.unwrap();
    assert_eq!(optima.access_groups().get(&group.id).await.unwrap().name, "Night shift");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_profile_the_first_wrong_field_is_named() {
    // One step after the other, as somebody who writes a profile would meet them.
    let sim = site().profile(&file("renamed.toml")).start().await.unwrap();
    let signed = "[auth]\nkind = \"header\"\nheader = \"X-Schluessel\"\nprefix = \"\"\n";
    let paths = "[paths]\nbase = \"/rest\"\ninfo = \"/ueber\"\nbadges = \"/ausweise\"\n";
    let about =
        "[fields.info]\ncapabilities = \"/kann\"\ntime_zone = \"/zeitzone\"\nnow = \"\"\nlicence_until = \"\"\n";
    let items = "[paging]\nitems = \"/daten/zeilen\"\nlimit_param = \"anzahl\"\n";
    let badge = "[fields.badge]\nname = \"/person/anzeige\"\n";
    let steps = [
        (format!("{signed}{paths}"), "[fields.info] capabilities", "/rest/ueber"),
        (format!("{signed}{paths}{about}"), "[paging] items", "/rest/ausweise"),
        (format!("{signed}{paths}{about}{items}"), "[fields.badge] name", "/rest/ausweise"),
        (format!("{signed}{paths}{about}{items}{badge}"), "[fields.badge] state", "/rest/ausweise"),
    ];
    for (text, place, path) in steps {
        let error = client(&sim, own(&text)).badges().list().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
        assert!(error.message().contains(place) && error.message().contains(path), "{error}");
    }
    // Not even the sign-in is right.
    assert_eq!(client(&sim, own(signed)).badges().list().await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(client(&sim, own("")).badges().list().await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_lists_numbers_and_seconds_are_read_and_written() {
    let text = file("numbers-and-plain-lists.toml");
    let sim = site().profile(&text).start().await.unwrap();
    let optima = client(&sim, own(&text));
    let group = optima.access_groups().list().await.unwrap().items[0].id.clone();
    let badge = NewBadge::new("Mira", "Vandenholt").with(|badge| {
        let until = optima_client::badges::Field::Set("2031-01-01T00:00:00Z".parse().unwrap());
        badge.state(BadgeState::Disabled).access_groups(vec![Membership::new(group.clone())]).valid_until(until)
    });
    let made = optima.badges().create(&badge, IdempotencyKey::fresh()).await.unwrap();
    assert_eq!((made.state, made.access_groups.unwrap()[0].id.clone()), (Some(BadgeState::Disabled), group));
    assert_eq!(made.valid_until.unwrap().to_rfc3339(), "2031-01-01T00:00:00+00:00");
    assert!(events(&optima).await.iter().flat_map(|page| &page.events).any(|event| event.class == EventClass::Granted));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pinned_certificate_is_enough_and_another_is_refused() {
    let sim = site().tls(true).start().await.unwrap();
    let pin = sim.fingerprint().unwrap().parse().unwrap();
    let client = |trust| {
        OptimaClient::builder(sim.url()).key(sim.key()).trust(trust).retry(RetryPolicy::never()).build().unwrap()
    };
    client(Trust::PinnedSha256(vec![pin])).info().await.unwrap();
    let other = "ab".repeat(32).parse().unwrap();
    let error = client(Trust::PinnedSha256(vec![other])).info().await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_been_applied()), (ErrorKind::Auth, false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_are_followed_from_a_position_and_a_forgotten_one_is_told() {
    let sim = site().start().await.unwrap();
    let optima = client(&sim, own(""));
    let from = optima.changes().now().await.unwrap();
    let badge = optima.badges().create(&NewBadge::new("Mira", "Vandenholt"), IdempotencyKey::fresh()).await.unwrap();
    sim.world(|world| {
        let person = *world.badges.keys().next().unwrap();
        world.rename(person, "Ada", "Example");
    });
    let page = optima.changes().since(&from, Duration::ZERO).await.unwrap();
    let key_name = sim.world(|world| world.access.key_name.clone());
    let ours: Vec<_> =
        page.items.iter().map(|change| (change.is_by_key(&key_name), change.id == badge.id.as_str())).collect();
    assert_eq!(ours, [(true, true), (false, false)]);
    sim.world(|world| world.trim_changes(1_000_000));
    let error = optima.changes().since(&from, Duration::ZERO).await.unwrap_err();
    assert_eq!(refusal(&error).unwrap().kind.unwrap().as_str(), "cursor-expired");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_asked_for_by_reader_class_and_position_and_waited_for() {
    let sim = site().start().await.unwrap();
    let optima = client(&sim, own(""));
    let all: Vec<_> = events(&optima).await.into_iter().flat_map(|page| page.events).collect();
    let reader = all.iter().find_map(|event| event.reader.clone()).unwrap().id;
    let query = EventQuery::all().reader(reader.clone()).class(EventClass::Granted);
    let some: Vec<EventPage> = optima.events().query(query).pages().try_collect().await.unwrap();
    let some: Vec<_> = some.into_iter().flat_map(|page| page.events).collect();
    assert!(!some.is_empty() && some.iter().all(|event| event.reader.as_ref().unwrap().id == reader));

    let last = EventCursor::behind(all.last().unwrap());
    let log = optima.events();
    let (asked, seq) = tokio::join!(log.wait(&last, Duration::from_secs(20)), async {
        sim.world(|world| {
            let (person, reader) = (*world.badges.keys().next().unwrap(), *world.readers.keys().next().unwrap());
            world.pass(person, reader, true);
            world.last_seq()
        })
    });
    let page = asked.unwrap();
    assert_eq!(page.cursor.unwrap().seq(), i64::try_from(seq).unwrap());

    sim.world(|world| {
        let oldest = world.last_seq();
        world.trim_events(oldest);
    });
    let error = optima.events().since(&EventCursor::after(1)).pages().try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(refusal(&error).unwrap().oldest_seq, Some(i64::try_from(seq).unwrap()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_are_repeated_and_writes_are_not() {
    let sim = site().start().await.unwrap();
    let optima = OptimaClient::builder(sim.url())
        .key(sim.key())
        .pace(Pace::unlimited())
        .retry(RetryPolicy {
            attempts: 3,
            first_wait: Duration::from_millis(1),
            longest_wait: Duration::from_millis(1),
        })
        .build()
        .unwrap();
    optima.info().await.unwrap();
    sim.add_fault(Fault::on("GET", "/api/v1/badges", FaultKind::Error).status(503).times(2));
    optima.badges().list().await.unwrap();
    sim.add_fault(Fault::on("POST", "/api/v1/badges", FaultKind::DropReply).times(1));
    let (badge, key) = (NewBadge::new("Mira", "Vandenholt"), IdempotencyKey::fresh());
    let before = sim.world(|world| world.badges.len());
    let error = optima.badges().create(&badge, key).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_been_applied()), (ErrorKind::OutcomeUnknown, true));
    optima.badges().create(&badge, key).await.unwrap();
    assert_eq!(sim.world(|world| world.badges.len()), before + 1, "the caller may send the same attempt again");
}
