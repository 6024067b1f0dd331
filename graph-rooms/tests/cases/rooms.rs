//! Cases 10 to 20: rooms.

use graph_rooms::rooms::{BookingType, FeatureState, Place, Warning};
use graph_rooms::{Address, ErrorKind};
use serde_json::{Value, json};

use crate::support::*;

/// Pages of a list by number, as the server gives them.
fn numbered(total: usize, count: bool, links: bool) -> impl Fn(&Seen) -> Answer + Send + Sync {
    move |seen| {
        let (top, skip) = (seen.number_of("$top").min(100), seen.number_of("$skip"));
        let items: Vec<Value> = (skip..total.min(skip + top)).map(room).collect();
        let mut body = json!({ "value": items });
        if count {
            body["@odata.count"] = json!(total);
        }
        if links && skip + top < total {
            let next = skip + top;
            body["@odata.nextLink"] = json!(format!("{GRAPH}{}?$top={top}&$skip={next}&$count=true", seen.path()));
        }
        ok(body)
    }
}

#[tokio::test(start_paused = true)]
async fn case_10_rooms_beyond_a_page_are_found_without_a_link() {
    let graph = Script::new(numbered(250, true, false));
    let found = graph.client().rooms().list().await.unwrap();
    assert_eq!((found.items.len(), found.warnings), (250, vec![]));
    let first = &graph.calls()[0];
    assert_eq!(first.path(), "/v1.0/places/microsoft.graph.room");
    assert_eq!((first.number_of("$top"), first.query("$count").as_deref()), (100, Some("true")));
    assert_eq!(graph.calls().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn case_11_rooms_beyond_a_page_are_found_by_links() {
    let graph = Script::new(numbered(250, true, true));
    let found = graph.client().rooms().list().await.unwrap();
    assert_eq!((found.items.len(), found.warnings.len(), graph.calls().len()), (250, 0, 3));
}

#[tokio::test(start_paused = true)]
async fn case_12_without_a_count_the_list_goes_on_to_an_empty_page() {
    let graph = Script::new(numbered(250, false, false));
    let found = graph.client().rooms().list().await.unwrap();
    assert_eq!((found.items.len(), found.warnings.len(), graph.calls().len()), (250, 0, 4));
    // A count as a text counts as well.
    let graph = Script::new(|_| ok(json!({ "@odata.count": "2", "value": [room(1), room(2)] })));
    assert_eq!(graph.client().rooms().list().await.unwrap().items.len(), 2);
    assert_eq!(graph.calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn case_13_rooms_that_come_twice_are_one() {
    let graph = Script::new(|seen| match seen.number_of("$skip") {
        0 => ok(json!({ "value": (0..100).map(room).collect::<Vec<_>>() })),
        100 => ok(json!({ "value": (95..130).map(|n| {
            let mut room = room(n);
            room["emailAddress"] = json!(format!("ROOM{n}@Example.org"));
            room
        }).collect::<Vec<_>>() })),
        _ => ok(json!({ "value": [] })),
    });
    let found = graph.client().rooms().list().await.unwrap();
    assert_eq!((found.items.len(), found.warnings.len()), (130, 0));
}

#[tokio::test(start_paused = true)]
async fn case_14_a_count_that_never_comes_is_a_warning_and_no_endless_loop() {
    // The server forgets links and does not understand numbers: it gives the same page each time.
    let graph = Script::new(|_| ok(json!({ "@odata.count": 1535, "value": (0..100).map(room).collect::<Vec<_>>() })));
    let found = graph.client().rooms().list().await.unwrap();
    assert_eq!(found.items.len(), 100);
    assert_eq!(found.warnings, [Warning::Incomplete { got: 100, total: 1535 }]);
    assert!(graph.calls().len() <= 4, "{}", graph.calls().len());
    // What small pages leave out a large one may show.
    let graph = Script::new(|seen| {
        let shown = if seen.number_of("$top") == 1000 { 150 } else { 100 };
        ok(json!({ "@odata.count": 150, "value": (0..shown).map(room).collect::<Vec<_>>() }))
    });
    let found = graph.client().rooms().list().await.unwrap();
    assert_eq!((found.items.len(), found.warnings.len()), (150, 0));
}

#[tokio::test(start_paused = true)]
async fn a_list_that_leads_in_circles_ends() {
    let link = format!("{GRAPH}/v1.0/places/microsoft.graph.room?$skip=0");
    let graph = Script::new(move |_| ok(json!({ "value": [], "@odata.nextLink": link })));
    assert_eq!(graph.client().rooms().list().await.unwrap_err().kind(), ErrorKind::Protocol);
    assert_eq!(graph.calls().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn case_15_an_empty_list_is_a_warning_with_its_causes() {
    let graph = Script::new(|_| ok(json!({ "value": [] })));
    let found = graph.client().rooms().list().await.unwrap();
    assert_eq!(found.warnings, [Warning::Empty]);
    assert!(found.warnings[0].to_string().contains("Set-PlacesSettings"));
    assert_eq!(Warning::WHY_MISSING.len(), 5);
}

#[tokio::test(start_paused = true)]
async fn case_16_odd_shapes_of_rooms_are_read() {
    let graph = Script::new(|_| {
        ok(json!({ "@odata.count": 4, "value": [
            { "id": "1", "emailAddress": "a@example.org", "capacity": "50", "floorNumber": "3", "bookingType": "hotDesk",
              "teamsEnabledState": "unknownFutureValue", "geocoordinates": { "latitude": 59.3 }, "isWheelchairAccessible": true },
            { "id": "2", "emailAddress": "b@example.org", "geoCoordinates": { "longitude": 18.0 }, "isWheelChairAccessible": false,
              "capacity": 8, "bookingType": "reserved", "teamsEnabledState": "enabled", "tags": ["sunny", null], "phone": "" },
            { "id": "3", "emailAddress": "c@example.org", "displayName": null, "nickname": null, "label": null, "building": null,
              "floorLabel": null, "floorNumber": null, "capacity": null, "bookingType": null, "phone": null, "tags": null,
              "address": null, "geoCoordinates": null, "isWheelChairAccessible": null, "placeId": null },
            { "emailAddress": "d@example.org", "capacity": "many", "address": 7, "unheard": { "of": [] } }
        ] }))
    });
    let found = graph.client().rooms().list().await.unwrap();
    assert_eq!((found.items.len(), found.warnings.len()), (4, 0));
    let [a, b, c, d] = &found.items[..] else { panic!("four") };
    assert_eq!((a.capacity, a.floor_number), (Some(50), Some(3)));
    assert_eq!(a.booking_type, Some(BookingType::Unknown("hotDesk".to_owned())));
    assert_eq!(a.teams_enabled_state, Some(FeatureState::Unknown("unknownFutureValue".to_owned())));
    assert_eq!((a.geo_coordinates.unwrap().latitude, a.is_wheel_chair_accessible), (Some(59.3), Some(true)));
    assert_eq!((b.geo_coordinates.unwrap().longitude, b.is_wheel_chair_accessible), (Some(18.0), Some(false)));
    assert_eq!((&b.booking_type, &b.phone, &*b.tags), (&Some(BookingType::Reserved), &None, &["sunny".to_owned()][..]));
    assert_eq!((c.capacity, &c.booking_type, c.name()), (None, &None, "c@example.org"));
    assert_eq!((d.capacity, &d.address, &d.id), (None, &None, &None));
}

#[tokio::test(start_paused = true)]
async fn case_17_a_room_without_an_address_is_left_out_with_a_warning() {
    let graph = Script::new(|_| {
        ok(json!({ "@odata.count": 4, "value": [
            room(1), { "id": "2", "displayName": "Attic", "emailAddress": null }, { "id": "3", "displayName": "Hall" }, "what?"
        ] }))
    });
    let found = graph.client().rooms().list().await.unwrap();
    assert_eq!(found.items.len(), 1);
    let names: Vec<_> = found.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(names.iter().any(|text| text.contains("Attic")) && names.iter().any(|text| text.contains("Hall")));
}

#[tokio::test(start_paused = true)]
async fn case_18_two_rooms_may_have_one_name() {
    let graph = Script::new(|_| {
        let mut other = room(2);
        other["displayName"] = json!("Room 1");
        ok(json!({ "@odata.count": 2, "value": [room(1), other] }))
    });
    let found = graph.client().rooms().list().await.unwrap();
    assert_eq!(found.items.len(), 2);
    assert_eq!(found.items[0].name(), found.items[1].name());
    assert_ne!(found.items[0].key(), found.items[1].key());
}

#[tokio::test(start_paused = true)]
async fn case_19_a_renamed_room_is_known_by_its_address() {
    let graph = Script::new(|seen| {
        let (name, address) = if seen.number == 1 { ("Old", "A@Example.org") } else { ("New", "a@example.org") };
        ok(
            json!({ "@odata.count": 1, "value": [{ "id": format!("id {}", seen.number), "displayName": name, "emailAddress": address }] }),
        )
    });
    let client = graph.client();
    let before = client.rooms().list().await.unwrap().items.remove(0);
    let after = client.rooms().list().await.unwrap().items.remove(0);
    assert_eq!((before.name(), after.name()), ("Old", "New"));
    assert_ne!(before.id, after.id);
    assert_eq!((before.key(), before.key()), (after.key(), Address::new("a@example.org")));
}

#[tokio::test(start_paused = true)]
async fn case_20_a_list_is_asked_for_by_an_address_with_odd_signs() {
    let graph = Script::new(|_| ok(json!({ "@odata.count": 1, "value": [room(1)] })));
    let found = graph.client().rooms().of_list("o'hara+pier@example.org").await.unwrap();
    assert_eq!(found.items.len(), 1);
    let path = "/v1.0/places/o%27hara%2Bpier@example.org/microsoft.graph.roomlist/rooms";
    assert_eq!(graph.calls()[0].path(), path);
}

#[tokio::test(start_paused = true)]
async fn a_place_is_a_room_a_list_or_something_else() {
    for (kind, is) in [("room", "room"), ("roomList", "list"), ("building", "other")] {
        let graph = Script::new(move |_| {
            ok(json!({ "@odata.type": format!("#microsoft.graph.{kind}"), "id": "1", "emailAddress": "a@example.org" }))
        });
        let is_it = match graph.client().rooms().get("a@example.org").await.unwrap() {
            Place::Room(_) => "room",
            Place::RoomList(_) => "list",
            _ => "other",
        };
        assert_eq!(is_it, is);
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_none_is_no_empty_list() {
    for body in [json!({}), json!([]), json!({ "value": {} }), json!({ "value": [], "@odata.nextLink": 7 })] {
        let graph = Script::new(move |_| ok(body.clone()));
        let error = graph.client().rooms().list().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
    }
}
