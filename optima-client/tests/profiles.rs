//! The profile files that come along: each is one, and shows on saved answers what it says.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use std::path::PathBuf;

use connector_http::profile::{AuthKind, PagingStyle, Sample};
use optima_client::{Misfit, Profile, profile};
use serde_json::{Value, json};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn own(name: &str) -> Profile {
    let text = std::fs::read_to_string(folder().join("profiles").join(name)).unwrap();
    profile::parse(&text, name).unwrap_or_else(|invalid| panic!("{invalid}"))
}

/// The answer of a fixture.
fn answer(scenario: &str) -> Value {
    let file = folder().join("../tests/fixtures/optima").join(scenario).join("01.json");
    let exchange: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    exchange["response"]["json"].clone()
}

fn text<'a>(sample: &'a Sample, item: usize, name: &str) -> Option<&'a str> {
    sample.rows.iter().find(|row| row.item == item && row.name == name).map(|row| row.text.as_str())
}

#[test]
fn every_file_is_a_profile() {
    let files = std::fs::read_dir(folder().join("profiles")).unwrap();
    let names: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert!(names.len() >= 10, "{names:?}");
    for name in &names {
        own(name);
    }
}

#[test]
fn the_text_of_the_built_in_profile_is_a_file_that_changes_nothing() {
    let copy = profile::parse(profile::BUILT_IN.toml, "copy.toml").unwrap_or_else(|invalid| panic!("{invalid}"));
    let built_in = profile::built_in().unwrap();
    assert_eq!((copy.auth(), copy.paging(), copy.time()), (built_in.auth(), built_in.paging(), built_in.time()));
    for path in ["info", "badge", "events", "session"] {
        assert_eq!(copy.path_text(path), built_in.path_text(path));
    }
    let (copied, built) = (copy.sample("badge", &answer("badges")), built_in.sample("badge", &answer("badges")));
    assert_eq!(copied.rows, built.rows);
}

#[test]
fn each_variant_is_what_its_name_says() {
    let kinds: Vec<_> = ["bearer.toml", "header-key.toml", "basic.toml", "session.toml"]
        .iter()
        .map(|name| own(name).auth().kind())
        .collect();
    assert_eq!(kinds, [AuthKind::Bearer, AuthKind::Header, AuthKind::Basic, AuthKind::Session]);
    let styles: Vec<_> = ["pages-by-number.toml", "pages-by-offset.toml", "pages-after-id.toml", "one-page.toml"]
        .iter()
        .map(|name| own(name).paging().style())
        .collect();
    assert_eq!(styles, [PagingStyle::Page, PagingStyle::Offset, PagingStyle::AfterId, PagingStyle::None]);
}

#[test]
fn saved_answers_show_what_each_pointer_finds() {
    let built_in = profile::built_in().unwrap();
    let badges = built_in.sample(built_in.object_of("badges").unwrap(), &answer("badges"));
    assert!(badges.faults.is_empty(), "{:?}", badges.faults);
    assert_eq!(text(&badges, 1, "state"), Some("disabled"));
    assert_eq!(text(&badges, 1, "credentials[0].card_number"), Some("12345678"));
    assert_eq!(text(&badges, 1, "credentials[1].credential_type"), Some("biometric"));
    assert_eq!(text(&badges, 1, "access_groups[0].access_group_id"), Some("ag-1"));
    assert_eq!(text(&badges, 1, "valid_from"), Some("-"));

    let events = built_in.sample(built_in.object_of("events").unwrap(), &answer("events"));
    assert_eq!((events.items, text(&events, 3, "direction")), (3, Some("out")));
    let changes = built_in.sample("changes", &answer("changes"));
    assert_eq!((changes.faults.len(), text(&changes, 1, "next")), (0, Some("c-703")));
    assert_eq!(built_in.object_of("access-groups"), Some("access_group"));
    for (object, scenario) in [("info", "info"), ("reader", "readers"), ("access_group", "access_groups")] {
        assert!(built_in.sample(object, &answer(scenario)).faults.is_empty(), "{object}");
    }
}

#[test]
fn a_sample_of_another_interface_names_every_field_that_is_missing() {
    let badge = json!({ "nr": 7, "person": { "vorname": "Mira", "nachname": "Vandenholt", "anzeige": "Mira Vandenholt" },
        "zustand": "frei", "rechte": [{ "nr": 1 }], "medien": [{ "art": "karte", "code": "4711", "zustand": "verloren" }],
        "gueltig": { "bis": "31.12.2026 18:00:00" } });
    let renamed = own("renamed.toml").sample("badge", &badge);
    assert!(renamed.faults.is_empty(), "{:?}", renamed.faults);
    assert_eq!(
        (text(&renamed, 1, "state"), text(&renamed, 1, "credentials[0].credential_state")),
        (Some("enabled"), Some("lost"))
    );
    assert_eq!(text(&renamed, 1, "valid_until"), Some("2026-12-31T18:00:00+01:00"));
    let without = profile::built_in().unwrap().sample("badge", &badge);
    assert_eq!(without.faults.iter().map(Misfit::name).collect::<Vec<_>>(), ["id"]);
    assert!(!format!("{:?}", without.faults).contains("Mira"));
}
