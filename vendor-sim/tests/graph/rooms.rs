use serde_json::{Value, json};
use vendor_sim::graph::{GraphSim, Room};

use crate::client::{get, quiet};

async fn page(sim: &GraphSim, query: &str) -> Value {
    let got = get(sim, &format!("/places/microsoft.graph.room{query}")).await;
    assert_eq!(got.status, 200, "{}", got.text);
    got.json
}

fn names(page: &Value) -> Vec<&str> {
    page["value"].as_array().unwrap().iter().map(|room| room["displayName"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn many_rooms_come_in_pages_with_and_without_next_link() {
    let sim = quiet().rooms(250).start().await.unwrap();
    let first = page(&sim, "?$count=true").await;
    assert_eq!((names(&first).len(), first["@odata.count"].as_i64()), (100, Some(250)));
    let mut seen = names(&first).iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut next = first["@odata.nextLink"].as_str().map(ToOwned::to_owned);
    while let Some(link) = next {
        assert!(link.starts_with(&sim.base_url()) && link.contains("%24skip="));
        let page = get(&sim, &link).await.json;
        seen.extend(names(&page).iter().map(ToString::to_string));
        next = page["@odata.nextLink"].as_str().map(ToOwned::to_owned);
    }
    assert_eq!((seen.len(), seen.iter().collect::<std::collections::BTreeSet<_>>().len()), (250, 250));

    sim.world(|world| {
        world.switches.rooms_without_next_link = true;
        world.switches.rooms_without_count = true;
        world.switches.rooms_repeat = true;
    });
    let second = page(&sim, "?$top=100&$skip=100&$count=true").await;
    assert_eq!((second.get("@odata.nextLink"), second.get("@odata.count")), (None, None));
    assert_eq!((names(&second).len(), names(&second)[0]), (101, seen[99].as_str()));
}

#[tokio::test]
async fn rooms_show_what_the_contract_names_and_hidden_ones_do_not_show() {
    let sim = quiet().rooms(0).start().await.unwrap();
    sim.world(|world| {
        let room = Room { name: "Quay 1".into(), address: "Quay1@Rooms.example.org".into(), ..Room::default() };
        world.insert_room(Room { capacity: Some(12), building: Some("North".into()), ..room });
        world.insert_room(Room { name: "Attic".into(), address: "attic@x".into(), hidden: true, ..Room::default() });
        world.add_room("Odd", "odd@rooms.example.org");
        let overlay = json!({ "emailAddress": null, "capacity": "many" });
        world.change_room("Odd", |room| room.overlay = overlay.as_object().unwrap().clone());
    });
    let list = page(&sim, "").await;
    assert_eq!(names(&list), ["Quay 1", "Odd"].into_iter().rev().collect::<Vec<_>>());
    let quay = list["value"].as_array().unwrap().iter().find(|room| room["displayName"] == "Quay 1").unwrap();
    assert_eq!((&quay["emailAddress"], &quay["capacity"]), (&json!("Quay1@Rooms.example.org"), &json!(12)));
    assert_eq!((&quay["geoCoordinates"], &quay["bookingType"]), (&Value::Null, &json!("standard")));
    assert_eq!(list["value"][0]["capacity"], "many");

    let one = get(&sim, "/places/quay1%40rooms.example.org").await.json;
    assert_eq!((&one["@odata.type"], &one["id"]), (&json!("#microsoft.graph.room"), &quay["id"]));
    assert_eq!(get(&sim, "/places/nobody").await.status, 404);

    sim.world(|world| {
        world.rename_room("Quay 1", "Quay One");
        world.switches.numbers_text = true;
        world.switches.older_spelling = true;
        world.switches.rooms_unknown_enums = true;
    });
    let odd = get(&sim, "/places/quay1%40rooms.example.org").await.json;
    assert_eq!((&odd["displayName"], &odd["capacity"]), (&json!("Quay One"), &json!("12")));
    assert!(odd.get("geoCoordinates").is_none() && odd["geocoordinates"].is_null() && odd["bookingType"] == "moonlit");
    sim.world(|world| world.switches.rooms_bare = true);
    assert_eq!(
        page(&sim, "?$select=displayName").await["value"][1],
        json!({ "id": quay["id"], "displayName": "Quay One" })
    );
    sim.world(|world| world.switches.places_empty = true);
    assert_eq!(names(&page(&sim, "?$count=true").await), Vec::<&str>::new());
}

#[tokio::test]
async fn the_rooms_of_a_list_are_found_by_its_address() {
    let sim = quiet().rooms(12).start().await.unwrap();
    for spelling in ["roomlist", "roomList"] {
        let lists = get(&sim, &format!("/places/microsoft.graph.{spelling}")).await.json;
        assert_eq!(names(&lists), ["Floor 0", "Floor 1"]);
        assert_eq!(lists["value"][1]["emailAddress"], "floor'1+all@example.org");
    }
    let rooms = get(&sim, "/places/floor%271%2Ball%40example.org/microsoft.graph.roomlist/rooms").await;
    assert_eq!(names(&rooms.json).len(), 2);
    let id = sim.world(|world| world.lists[1].id.clone());
    assert_eq!(get(&sim, &format!("/places/{id}/microsoft.graph.roomlist/rooms")).await.status, 404);
    assert_eq!(get(&sim, &format!("/places/{id}")).await.json["@odata.type"], "#microsoft.graph.roomList");
}
