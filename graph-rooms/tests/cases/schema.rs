//! Fixtures are what the vendor's metadata describes; the odd ones are not, and are read all the same.

use std::path::{Path, PathBuf};

use connector_http::{Body, Exchange};
use graph_rooms::calendar::Event;
use graph_rooms::notifications::Delivery;
use graph_rooms::rooms::Room;
use jsonschema::Validator;
use serde_json::{Value, json};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/graph")
}

fn json_of(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn schema(name: &str) -> Validator {
    let mut schema = json_of(&folder().join("graph-v1-subset.schema.json"));
    schema["$ref"] = json!(format!("#/$defs/{name}"));
    jsonschema::validator_for(&schema).unwrap()
}

/// The type on the wire of what an operation answers.
fn type_of(operation: &str) -> Option<&'static str> {
    Some(match operation {
        "graph.list_rooms" | "graph.list_rooms_of" | "graph.get_place" => "room",
        "graph.list_room_lists" => "roomList",
        "graph.calendar_view" | "graph.calendar_delta" | "graph.get_event" => "event",
        "graph.create_subscription" | "graph.renew_subscription" => "subscription",
        _ => return None,
    })
}

/// Each thing in the fixtures, with the folder it is in and its type.
fn things() -> Vec<(String, &'static str, Value)> {
    let mut things = Vec::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !path.is_dir() || matches!(&*name, "certificate" | "notifications") {
            continue;
        }
        for exchange in Exchange::read_folder(&path).unwrap() {
            let Some(kind) = exchange.operation.as_deref().and_then(type_of) else { continue };
            let Some(Body::Json(body)) = exchange.response.body else { continue };
            match body.get("value").and_then(Value::as_array) {
                Some(items) => things.extend(items.iter().map(|item| (name.clone(), kind, item.clone()))),
                None => things.push((name.clone(), kind, body)),
            }
        }
    }
    things
}

#[test]
fn good_fixtures_are_what_the_metadata_describes() {
    let good: Vec<_> = things().into_iter().filter(|(folder, _, _)| !folder.starts_with("odd_")).collect();
    assert!(good.len() > 10, "{}", good.len());
    for (folder, kind, thing) in good {
        let schema = schema(kind);
        let faults: Vec<_> = schema.iter_errors(&thing).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{folder}, {kind}: {faults:?}");
    }
    let delivery = json_of(&folder().join("notifications/delivery.json"));
    assert!(schema("changeNotificationCollection").is_valid(&delivery));
}

#[test]
fn odd_fixtures_are_not_and_are_read_all_the_same() {
    let odd: Vec<_> = things().into_iter().filter(|(folder, _, _)| folder.starts_with("odd_")).collect();
    for kind in ["room", "event"] {
        let odd: Vec<&Value> = odd.iter().filter(|(_, of, _)| *of == kind).map(|(_, _, thing)| thing).collect();
        let schema = schema(kind);
        let failing = odd.iter().filter(|thing| !schema.is_valid(thing)).count();
        assert!(failing >= 2, "{failing} odd things of kind {kind} fail the schema");
        for thing in odd.iter().filter(|thing| !schema.is_valid(thing)) {
            let read = match kind {
                "room" => serde_json::from_value::<Room>((**thing).clone()).map(drop),
                _ => serde_json::from_value::<Event>((**thing).clone()).map(drop),
            };
            assert!(read.is_ok(), "{thing}");
        }
    }
    let path = folder().join("notifications/odd_delivery.json");
    assert!(!schema("changeNotificationCollection").is_valid(&json_of(&path)));
    assert_eq!(Delivery::parse(&std::fs::read(path).unwrap()).unwrap().items.len(), 1);
}

#[test]
fn what_has_another_shape_altogether_fails_both() {
    for broken in [json!({ "start": "tomorrow" }), json!({ "isAllDay": 7 }), json!({ "attendees": {} })] {
        assert!(!schema("event").is_valid(&broken));
        assert!(serde_json::from_value::<Event>(broken).is_err());
    }
}
