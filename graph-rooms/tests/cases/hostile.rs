//! Whatever bytes come, nothing panics and no error shows them.

use graph_rooms::batch::LARGEST_BATCH;
use graph_rooms::calendar::{CalendarView, Event, Rules, Zone, interval};
use graph_rooms::delta::CalendarDelta;
use graph_rooms::notifications::{Delivery, validation_answer};
use graph_rooms::rooms::{GetPlace, ListRooms, Room};
use graph_rooms::{Address, NextLink, Operation};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{march, plain};

fn read_all(status: u16, body: &[u8]) {
    let (parts, ()) = http::Response::builder().status(status).body(()).unwrap().into_parts();
    let shown = [
        ListRooms::new(1, 0).response(&parts, body).err(),
        GetPlace::new("x").response(&parts, body).err(),
        CalendarView::new("x", march(), 10).response(&parts, body).err(),
        CalendarDelta::new("x", march()).response(&parts, body).err(),
    ];
    for error in shown.into_iter().flatten() {
        assert!(error.to_string().len() < 400);
    }
}

/// Any JSON, not too deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        Just(json!("2026-03-03T09:00:00")),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        let keys = prop_oneof![Just("dateTime".to_owned()), Just("emailAddress".to_owned()), "[a-z]{1,8}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((keys, inner), 0..4).prop_map(|pairs| pairs.into_iter().collect()),
        ]
    })
}

const FIELDS: [&str; 16] = [
    "id",
    "iCalUId",
    "type",
    "seriesMasterId",
    "start",
    "end",
    "originalStartTimeZone",
    "isAllDay",
    "isCancelled",
    "showAs",
    "sensitivity",
    "responseStatus",
    "organizer",
    "attendees",
    "hideAttendees",
    "changeKey",
];

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(status in 100_u16..600, body: Vec<u8>) {
        read_all(status, &body);
        let _ = Delivery::parse(&body);
    }

    #[test]
    fn any_json_is_read_without_panic(status in 200_u16..600, body in any_json()) {
        read_all(status, body.to_string().as_bytes());
        read_all(status, json!({ "value": body, "@odata.nextLink": body }).to_string().as_bytes());
        read_all(status, json!({ "value": [body] }).to_string().as_bytes());
        read_all(status, json!({ "error": body }).to_string().as_bytes());
        let _ = serde_json::from_value::<Room>(body);
    }

    #[test]
    fn any_field_of_an_event_may_be_anything(field in prop::sample::select(FIELDS.to_vec()), value in any_json()) {
        let mut event = plain("e");
        event[field] = value;
        if let Ok(event) = serde_json::from_value::<Event>(event) {
            let _ = interval(&event, chrono_tz::Asia::Beirut);
            let calendar = json!({ "value": [event] }).to_string();
            let (parts, ()) = http::Response::new(()).into_parts();
            let page = CalendarView::new("x", march(), LARGEST_BATCH).response(&parts, calendar.as_bytes()).unwrap();
            prop_assert_eq!(page.items.len() + page.invalid.len(), 1);
            let _ = Rules::default();
        }
    }

    #[test]
    fn any_text_is_an_address_a_zone_a_link_or_none(text in ".{0,80}") {
        if let Some(address) = Address::new(&text) {
            prop_assert_eq!(Address::new(address.as_str()), Some(address.clone()));
            prop_assert!(!address.domain().is_empty());
        }
        let _ = (Zone::of(&text), NextLink::new(&text).is_ok(), validation_answer(&text));
    }
}
