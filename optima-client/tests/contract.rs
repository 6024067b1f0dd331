//! What goes over the wire, call by call, against the fixtures.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod support;

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;
use optima_client::access_groups::{AccessGroupPatch, NewAccessGroup};
use optima_client::badges::{BadgePatch, BadgeQuery, Card, Field, Membership, NewBadge};
use optima_client::events::{EventCursor, EventPage, EventQuery};
use optima_client::words::{
    BadgeState, Capability, ChangedEntity, CredentialKind, CredentialState, EventClass, GroupKind, ProblemKind,
    ReaderDirection, Technology,
};
use optima_client::{Error, ErrorKind, IdempotencyKey, OptimaClient, Profile, profile, refusal};
use support::{KEY, Site};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn own(text: &str) -> Profile {
    profile::parse(text, "own.toml").unwrap()
}

async fn pages(follow: optima_client::events::FollowEvents) -> Vec<EventPage> {
    follow.pages().try_collect().await.unwrap()
}

#[tokio::test]
async fn the_description_says_what_the_server_can() {
    let site = Site::only("info").await;
    let info = site.client().check().await.unwrap();
    assert_eq!((info.product.as_deref(), info.version.as_deref()), (Some("Optima simulator"), Some("sim-1.0")));
    assert_eq!(info.time_zone, Some(chrono_tz::Europe::London));
    assert_eq!((info.credentials_per_badge, info.name_length), (Some(5), Some(64)));
    assert!(info.can(&Capability::DeleteBadges));
    let day = |text: &str| text.parse().unwrap();
    assert_eq!(info.licence.days_left(day("2026-12-01")), Some(30));
    assert!(info.licence.ends_soon(day("2026-12-01")) && !info.licence.ends_soon(day("2026-11-30")));
    assert!(info.licence.is_over(day("2027-01-01")) && !info.licence.is_over(day("2026-12-31")));
    site.done().await;
}

#[tokio::test]
async fn a_capability_that_is_missing_is_named_before_anything_is_sent() {
    let site = Site::only("info_bare").await;
    let client = site.client();
    let error = client.events().wait(&EventCursor::after(1), Duration::ZERO).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.message().contains("`events.follow`"), "{error}");
    let info = client.known_info().unwrap();
    assert!(info.capabilities.as_ref().unwrap().contains(&Capability::Unknown("lockdown".to_owned())));
    assert_eq!(client.request_count(), 1);
    site.done().await;
}

#[tokio::test]
async fn a_profile_without_a_description_leaves_it_to_the_calls() {
    let site = Site::only("badge").await;
    let client = site.builder().profile(own("[paths]\ninfo = \"\"\nreaders = \"\"\n")).build().unwrap();
    client.badges().get(&"b-501".into()).await.unwrap();
    let error = client.readers().list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.message().contains("[paths] readers"), "{error}");
    site.done().await;
}

#[tokio::test]
async fn an_answer_of_another_shape_names_section_name_pointer_and_path() {
    for (scenario, words) in [
        ("info_misfit", ["[fields.info] capabilities", "/capabilities", "/api/v1/info"]),
        ("info_odd", ["[fields.info] time_zone", "/timeZone", "/api/v1/info"]),
    ] {
        let error = Site::only(scenario).await.client().info().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{scenario}");
        assert!(words.iter().all(|word| error.message().contains(word)), "{error}");
        assert!(!error.message().contains("Moon"), "{error}");
    }
    for (scenario, words) in [
        ("badges_misfit", ["[fields.badge] name", "/name", "/api/v1/badges"]),
        ("badges_no_items", ["[paging] items", "/items", "/api/v1/badges"]),
    ] {
        let error = Site::of(scenario).await.client().badges().list().await.unwrap_err();
        assert!(words.iter().all(|word| error.message().contains(word)), "{error}");
        assert!(!error.message().contains("Mira"), "{error}");
    }
}

#[tokio::test]
async fn access_groups_are_read_page_by_page_under_all_their_names() {
    let site = Site::of("access_groups").await;
    let groups = site.client().access_groups().list().await.unwrap();
    let kinds: Vec<_> = groups.items.iter().map(|group| group.kind.clone()).collect();
    assert_eq!(kinds, [GroupKind::AccessGroup, GroupKind::CardholderPolicy, GroupKind::Unknown("rota".to_owned())]);
    assert_eq!(groups.items[0].readers, ["r-11".into(), "r-12".into()]);
    assert_eq!((groups.items[2].id.as_str(), groups.items[2].enabled), ("3", Some(true)));
    site.done().await;

    let site = Site::of("access_groups_of_kind").await;
    let found = site.client().access_groups().of_kind(&GroupKind::CardholderPolicy).await.unwrap();
    assert_eq!(found.items[0].reference.as_deref(), Some("timeware:4"));
    site.done().await;
}

#[tokio::test]
async fn an_access_group_is_read_made_and_changed() {
    let site = Site::of("access_group").await;
    assert_eq!(site.client().access_groups().get(&"ag-1".into()).await.unwrap().name, "All staff");
    site.done().await;

    let site = Site::of("access_group_create").await;
    let group = NewAccessGroup::new("Night shift").reference("timeware:x");
    let made = site.client().access_groups().create(&group, IdempotencyKey::from_u128(42)).await.unwrap();
    assert_eq!((made.id.as_str(), made.readers.len()), ("ag-9", 0));
    site.done().await;

    let site = Site::of("access_group_update").await;
    let patch = AccessGroupPatch::new().name("Everybody").enabled(false);
    let group = site.client().access_groups().update(&"ag-1".into(), &patch, Some("\"3\"")).await.unwrap();
    assert_eq!(group.etag.as_deref(), Some("\"4\""));
    site.done().await;
}

#[tokio::test]
async fn readers_come_with_door_controller_and_technology() {
    let site = Site::of("readers").await;
    let readers = site.client().readers().list().await.unwrap().items;
    assert_eq!(readers[0].door.as_ref().unwrap().id.as_str(), "d-6");
    assert_eq!(readers[0].controller.as_ref().unwrap().name.as_deref(), Some("Ground floor"));
    assert_eq!(readers[0].technology, [Technology::Card, Technology::Fingerprint]);
    assert_eq!((readers[0].direction.clone(), readers[0].online), (ReaderDirection::In, Some(true)));
    assert_eq!((readers[1].id.as_str(), readers[1].direction.as_str()), ("12", "up"));
    assert_eq!(readers[1].door, None);
    site.done().await;

    let site = Site::of("reader").await;
    assert_eq!(site.client().readers().get(&"r-11".into()).await.unwrap().etag.as_deref(), Some("\"2\""));
    site.done().await;
}

#[tokio::test]
async fn badges_come_with_credentials_groups_and_the_time_of_the_list() {
    let site = Site::of("badges").await;
    let listing = site.client().badges().list().await.unwrap();
    assert_eq!(listing.as_of.unwrap().to_utc(), at("2026-03-02T17:31:00Z"));
    let mira = &listing.items[0];
    assert_eq!((mira.first_name.as_deref(), mira.last_name.as_deref()), (Some("Mira"), Some("Vandenholt")));
    assert_eq!((mira.state.clone(), mira.reference.as_deref()), (Some(BadgeState::Disabled), Some("timeware:1042")));
    assert_eq!(mira.access_groups.as_ref().unwrap()[0].id.as_str(), "ag-1");
    let credentials = mira.credentials.as_ref().unwrap();
    assert_eq!(
        (credentials[0].number.as_deref(), credentials[0].state.clone()),
        (Some("12345678"), CredentialState::Suspended)
    );
    assert_eq!((credentials[1].kind.clone(), credentials[1].number.as_deref()), (CredentialKind::Biometric, None));
    assert_eq!(mira.cards().count(), 1);
    assert_eq!(mira.is_good_at(at("2026-03-03T00:00:00Z")), Some(false));
    site.done().await;
}

#[tokio::test]
async fn odd_badges_are_read_and_unreadable_ones_stand_beside() {
    let site = Site::of("badges_odd").await;
    let listing = site.client().badges().list().await.unwrap();
    let ids: Vec<_> = listing.items.iter().map(|badge| badge.id.as_str()).collect();
    assert_eq!(ids, ["7", "8"]);
    let cher = &listing.items[0];
    assert_eq!(cher.state, Some(BadgeState::Unknown("on-leave".to_owned())));
    assert_eq!((cher.is_good_at(at("2026-03-03T00:00:00Z")), cher.access_groups.is_none()), (None, true));
    let numbers: Vec<_> = cher.credentials.iter().flatten().map(|credential| credential.number.as_deref()).collect();
    assert_eq!(numbers, [Some("4711"), None], "a PIN never shows its value");
    let example = &listing.items[1];
    assert_eq!((example.first_name.as_deref(), example.state.clone()), (None, Some(BadgeState::Enabled)));
    assert_eq!(example.valid_until.unwrap().to_rfc3339(), "2026-07-01T00:00:00+01:00", "the zone of the server");
    let invalid: Vec<_> = listing.invalid.iter().map(|item| (item.id.as_deref(), item.field.as_str())).collect();
    assert_eq!(invalid, [(None, "id"), (None, "name"), (Some("9"), "valid_from")]);
    assert!(!format!("{listing:?}").contains("Cher") && !format!("{listing:?}").contains("4821"), "{listing:?}");
    site.done().await;
}

#[tokio::test]
async fn a_list_that_breaks_off_runs_in_a_circle_or_leaves_the_server_is_no_list() {
    for (scenario, kind, word) in [
        ("badges_chain_broken", ErrorKind::Unavailable, "failed inside"),
        ("badges_circle", ErrorKind::Protocol, "read already"),
        ("badges_foreign_link", ErrorKind::Protocol, "another server"),
    ] {
        let site = Site::of(scenario).await;
        let error = site.client().badges().list().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{scenario}");
        assert!(error.message().contains(word), "{error}");
        site.done().await;
    }
}

#[tokio::test]
async fn a_server_that_ignores_a_parameter_is_filtered_here() {
    let site = Site::of("badges_by_reference").await;
    let found = site.client().badges().query(&BadgeQuery::all().reference("timeware:1042")).await.unwrap();
    assert_eq!(found.items.iter().map(|badge| badge.id.as_str()).collect::<Vec<_>>(), ["b-501"]);
    site.done().await;
}

#[tokio::test]
async fn an_id_stays_data() {
    let site = Site::of("badge_odd_id").await;
    assert_eq!(site.client().badges().get(&"b/5?1".into()).await.unwrap().id.as_str(), "b/5?1");
    site.done().await;
    let error = Site::only("info").await.client().badges().get(&"..".into()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
}

#[tokio::test]
async fn a_badge_is_made_with_the_key_of_its_attempt() {
    let site = Site::of("badge_create").await;
    let badge = NewBadge::new("Mira", "Vandenholt").with(|badge| {
        badge
            .reference("timeware:1042".into())
            .state(BadgeState::Enabled)
            .access_groups(vec![Membership::new("ag-1")])
            .cards(vec![Card::new("12345678").primary(true)])
    });
    let key = IdempotencyKey::from_u128(0x7f2b_8b0e_58a1_4c0b_9f2f_0b8a_51c4_f0aa);
    let made = site.client().badges().create(&badge, key).await.unwrap();
    assert_eq!((made.id.as_str(), made.etag.as_deref()), ("b-501", Some("\"1\"")));
    assert!(!format!("{badge:?}").contains("Mira") && !format!("{badge:?}").contains("1234"));
    site.done().await;
}

#[tokio::test]
async fn a_badge_is_changed_with_its_revision_and_everything_that_is_not_ours() {
    let site = Site::of("badge_update").await;
    let client = site.client();
    let mira = client.badges().get(&"b-501".into()).await.unwrap();
    let cards = mira.cards().filter_map(Card::of).map(|card| card.state(CredentialState::Suspended)).collect();
    let patch = BadgePatch::new().state(BadgeState::Disabled).cards(cards);
    let after = client.badges().update(&mira.id, &patch, mira.etag.as_deref()).await.unwrap();
    assert_eq!(after.etag.as_deref(), Some("\"2\""));
    site.done().await;

    let site = Site::of("badge_clear").await;
    let patch = BadgePatch::new()
        .first_name(Field::Clear)
        .name("Vandenholt".into())
        .valid_from(Field::Set(at("2026-03-01T00:00:00Z")))
        .valid_until(Field::Clear)
        .access_groups(Vec::new());
    site.client().badges().update(&"b-501".into(), &patch, None).await.unwrap();
    site.done().await;

    let site = Site::of("badge_delete").await;
    site.client().badges().delete(&"b-501".into(), Some("\"2\"")).await.unwrap();
    site.done().await;
}

#[tokio::test]
async fn what_a_profile_cannot_say_is_refused_before_it_is_sent() {
    let site = Site::only("info").await;
    let client = site.builder().profile(own("[fields.badge]\nvalid_until = \"\"\n")).build().unwrap();
    let patch = BadgePatch::new().valid_until(Field::Clear);
    let error = client.badges().update(&"b-501".into(), &patch, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.message().contains("valid_until"), "{error}");
}

#[tokio::test]
async fn changes_tell_whose_they_are_and_where_to_go_on() {
    let site = Site::of("changes_now").await;
    assert_eq!(site.client().changes().now().await.unwrap(), "c-700");
    site.done().await;

    let site = Site::of("changes").await;
    let page = site.client().changes().since("c-700", Duration::ZERO).await.unwrap();
    assert_eq!((page.next.as_str(), page.reset, page.invalid.len()), ("c-703", false, 1));
    assert!(page.items[0].is_by_key("timeware-link") && !page.items[1].is_by_key("timeware-link"));
    assert_eq!(page.items[1].entity, ChangedEntity::Reader);
    site.done().await;

    let site = Site::of("changes_wait").await;
    let page = site.client().changes().since("c-703", Duration::from_mins(5)).await.unwrap();
    assert_eq!((page.next.as_str(), page.reset), ("9", true));
    site.done().await;
}

#[tokio::test]
async fn events_are_read_up_to_the_head_of_the_log() {
    let site = Site::of("events").await;
    let pages = pages(site.client().events().since(&EventCursor::after(52_317))).await;
    assert_eq!(pages.iter().map(|page| page.events.len()).collect::<Vec<_>>(), [3, 0]);
    assert_eq!(pages[1].cursor.as_ref().unwrap().to_string(), "2025A:52320");
    let [granted, denied, late] = pages[0].events.as_slice() else { panic!("three events") };
    assert_eq!((granted.class.clone(), granted.direction.clone()), (EventClass::Granted, ReaderDirection::In));
    assert_eq!(granted.credential.as_ref().unwrap().kind, CredentialKind::Biometric);
    assert_eq!((denied.badge.is_none(), denied.reason.as_deref()), (true, Some("unknown-credential")));
    assert_eq!(denied.credential.as_ref().unwrap().number.as_deref(), Some("999"));
    assert_eq!(late.at.to_utc(), at("2026-03-01T22:14:09Z"));
    assert!(late.received_at.unwrap() - late.at > chrono::TimeDelta::hours(9));
    assert!(!format!("{granted:?}").contains("Mira") && !format!("{denied:?}").contains("999"));
    site.done().await;
}

#[tokio::test]
async fn events_are_read_from_before_a_position_from_the_oldest_and_by_a_query() {
    let site = Site::of("events_overlap").await;
    let cursor: EventCursor = "2025A:52320".parse().unwrap();
    let read = pages(site.client().events().since(&cursor).overlap(200)).await;
    assert_eq!(read[0].last, Some(52_320));
    site.done().await;

    let site = Site::of("events_from_oldest").await;
    assert_eq!(pages(site.client().events().from_oldest()).await[0].events.len(), 1);
    let site_of_early = Site::of("events_from_oldest").await;
    let early = site_of_early.client().events().since(&EventCursor::after(100)).overlap(200);
    assert_eq!(pages(early).await[0].events.len(), 1, "nothing lies before the first number");
    site_of_early.done().await;
    site.done().await;

    let site = Site::of("events_query").await;
    let query = EventQuery::all()
        .from(at("2026-03-01T00:00:00Z"))
        .to(at("2026-03-02T00:00:00Z"))
        .reader("r-12")
        .class(EventClass::Granted);
    assert_eq!(pages(site.client().events().query(query)).await[0].events.len(), 1);
    site.done().await;
}

#[tokio::test]
async fn odd_events_are_read_and_unreadable_ones_keep_their_number() {
    let site = Site::of("events_odd").await;
    let read = pages(site.client().events().from_oldest()).await;
    let [tamper, pin] = read[0].events.as_slice() else { panic!("two events") };
    assert_eq!((tamper.id.as_str(), tamper.seq), ("1", 7));
    assert_eq!(tamper.class, EventClass::Unknown("system.tamper".to_owned()));
    assert_eq!(tamper.at.to_rfc3339(), "2026-07-01T09:00:00+01:00");
    assert_eq!(pin.credential.as_ref().unwrap().number, None);
    assert_eq!(pin.reader.as_ref().unwrap().id.as_str(), "11");
    let invalid: Vec<_> = read[0].invalid.iter().map(|item| (item.id.as_deref(), item.field.as_str())).collect();
    assert_eq!(invalid, [(Some("8"), "at")]);
    site.done().await;
}

#[tokio::test]
async fn events_are_waited_for_and_followed() {
    let site = Site::of("events_wait").await;
    let page = site.client().events().wait(&EventCursor::after(52_319), Duration::from_mins(1)).await.unwrap();
    assert_eq!(page.cursor.unwrap().seq(), 52_320);
    site.done().await;

    let site = Site::of("events_wait").await;
    let mut pages = site.client().events().follow(EventCursor::after(52_319));
    assert_eq!(pages.try_next().await.unwrap().unwrap().events.len(), 1);
    site.done().await;
}

#[tokio::test]
async fn a_position_older_than_the_store_says_what_the_oldest_event_is() {
    let site = Site::of("events_expired").await;
    let error =
        site.client().events().since(&EventCursor::after(12)).pages().try_collect::<Vec<_>>().await.unwrap_err();
    let said = refusal(&error).unwrap();
    assert_eq!(said.kind, Some(ProblemKind::CursorExpired));
    assert_eq!((said.oldest_seq, said.epoch.as_deref()), (Some(40_001), Some("2025A")));
    site.done().await;
}

#[tokio::test]
async fn a_refused_session_is_begun_anew_once_and_can_be_ended() {
    let site = Site::only("session").await;
    let client = OptimaClient::builder(site.server.url())
        .login("link", "secret")
        .profile(own("[auth]\nkind = \"session\"\n"))
        .build()
        .unwrap();
    client.info().await.unwrap();
    client.session().end().await.unwrap();
    site.done().await;
}

async fn read_error(scenario: &str) -> Error {
    let site = Site::of(scenario).await;
    let error = site.client().badges().get(&"b-501".into()).await.unwrap_err();
    site.done().await;
    error
}

async fn write_error(scenario: &str) -> Error {
    let site = Site::of(scenario).await;
    let patch = BadgePatch::new().state(BadgeState::Disabled);
    let error = site.client().badges().update(&"b-501".into(), &patch, None).await.unwrap_err();
    site.done().await;
    error
}

#[tokio::test]
async fn every_refusal_of_a_read_has_its_kind() {
    for (scenario, kind) in [
        ("error_forbidden", ErrorKind::Permission),
        ("error_licence_missing", ErrorKind::Permission),
        ("error_not_found", ErrorKind::NotFound),
        ("error_too_many_requests", ErrorKind::RateLimited),
        ("error_unavailable", ErrorKind::Unavailable),
        ("error_html", ErrorKind::Protocol),
        ("error_not_json", ErrorKind::Protocol),
        ("error_redirect", ErrorKind::Protocol),
    ] {
        assert_eq!(read_error(scenario).await.kind(), kind, "{scenario}");
    }
    assert_eq!(read_error("error_too_many_requests").await.retry_after(), Some(Duration::from_secs(7)));
    let licence = refusal(&read_error("error_licence_missing").await).unwrap();
    assert_eq!(licence.kind, Some(ProblemKind::LicenceMissing));
}

#[tokio::test]
async fn a_key_that_is_not_accepted_is_not_tried_again() {
    let error = read_error("error_unauthorised").await;
    assert_eq!((error.kind(), error.status().unwrap().as_u16()), (ErrorKind::Auth, 401));
    assert!(!format!("{error:?}").contains(KEY), "{error:?}");
}

#[tokio::test]
async fn every_refusal_of_a_write_has_its_kind_and_was_not_applied() {
    for (scenario, kind, name) in [
        ("error_conflict", ErrorKind::Conflict, Some(ProblemKind::Conflict)),
        ("error_duplicate_credential", ErrorKind::Duplicate, Some(ProblemKind::DuplicateCredential)),
        ("error_record_locked", ErrorKind::Conflict, Some(ProblemKind::RecordLocked)),
        ("error_idempotency_mismatch", ErrorKind::Conflict, Some(ProblemKind::IdempotencyMismatch)),
        ("error_precondition_failed", ErrorKind::Conflict, Some(ProblemKind::PreconditionFailed)),
        ("error_validation", ErrorKind::Rejected, Some(ProblemKind::Validation)),
        ("error_unnamed", ErrorKind::Conflict, None),
    ] {
        let error = write_error(scenario).await;
        assert_eq!((error.kind(), refusal(&error).and_then(|said| said.kind)), (kind, name), "{scenario}");
        assert!(!error.may_have_been_applied(), "{scenario}");
    }
}

#[tokio::test]
async fn a_refusal_says_who_has_the_card_and_who_holds_the_record_and_no_number() {
    let error = write_error("error_duplicate_credential").await;
    let said = refusal(&error).unwrap();
    assert_eq!(said.holder.unwrap().as_str(), "b-388");
    assert_eq!(said.field.as_deref(), Some("credentials[0].number"));
    let shown = format!("{error} {error:?} {}", std::error::Error::source(&error).unwrap());
    assert!(!shown.contains("12345678"), "{shown}");

    let error = write_error("error_record_locked").await;
    assert_eq!(refusal(&error).unwrap().held_by.as_deref(), Some("reception.desk"));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(30)));
}
