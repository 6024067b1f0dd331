use chrono::TimeDelta;
use serde_json::{Value, json};
use vendor_sim::graph::{Ending, Expired, GraphSim, Meeting, Recurrence};

use crate::client::{at, get, get_as, quiet};

const ROOM: &str = "quay1@example.org";
const START: &str =
    "/users/quay1@example.org/calendarView/delta?startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-03-10T00:00:00Z";

/// All items of a round, and the link to the next one.
async fn round(sim: &GraphSim, link: &str) -> (Vec<Value>, String) {
    let (mut link, mut items) = (link.to_owned(), Vec::new());
    loop {
        let got = get_as(sim, &link, "odata.maxpagesize=3").await;
        assert_eq!(got.status, 200, "{}", got.text);
        assert!(got.values().len() <= 3);
        items.extend(got.values().clone());
        match (got.json["@odata.nextLink"].as_str(), got.json["@odata.deltaLink"].as_str()) {
            (Some(next), None) => next.clone_into(&mut link),
            (None, Some(delta)) => return (items, delta.to_owned()),
            both => panic!("one of the two links, not {both:?}"),
        }
    }
}

fn booked(sim: &GraphSim, hour: u32) -> u64 {
    let start = at(&format!("2026-03-03T{hour:02}:00:00Z"));
    sim.world(|world| world.book(ROOM, ("Ada", "ada@example.org"), &[], start, start + TimeDelta::minutes(30)))
}

#[tokio::test]
async fn rounds_bring_everything_then_what_changed() {
    let sim = quiet().start().await.unwrap();
    let ids: Vec<u64> = (8..15).map(|hour| booked(&sim, hour)).collect();
    let (items, link) = round(&sim, START).await;
    assert_eq!((items.len(), &items[0]["organizer"]["emailAddress"]["name"]), (7, &json!("Ada")));
    let (items, link) = round(&sim, &link).await;
    assert_eq!(items, Vec::<Value>::new());
    sim.world(|world| {
        world.delete_meeting(ids[0]);
        world.move_meeting(ids[1], at("2026-03-04T08:00:00Z"), at("2026-03-04T09:00:00Z"));
        world.move_meeting(ids[2], at("2026-05-04T08:00:00Z"), at("2026-05-04T09:00:00Z"));
        world.move_to_room(ids[3], "Harbour 1");
    });
    let (items, link) = round(&sim, &link).await;
    let removed: Vec<bool> = items.iter().map(|item| item["@removed"]["reason"] == "deleted").collect();
    assert_eq!(removed, [true, false, true, true]);
    assert_eq!(items[1]["start"]["dateTime"], "2026-03-04T08:00:00.0000000");
    assert_eq!(round(&sim, &link).await.0, Vec::<Value>::new());
}

#[tokio::test]
async fn occurrences_are_bare_the_master_comes_along_and_deleted_ones_are_not_told() {
    let sim = quiet().start().await.unwrap();
    let start = at("2026-03-02T07:00:00Z");
    let id = sim.world(|world| {
        let meeting = Meeting::new(ROOM, ("Bo", "bo@example.org"), start, start + TimeDelta::minutes(15));
        world.insert_meeting(meeting.repeated(Recurrence::daily(Ending::After(4))))
    });
    let (items, link) = round(&sim, START).await;
    assert_eq!((items.len(), &items[0]["type"]), (5, &json!("seriesMaster")));
    let mut keys: Vec<&str> = items[1].as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["@odata.type", "end", "id", "seriesMasterId", "start", "type"]);
    assert_eq!((&items[1]["seriesMasterId"], &items[1]["type"]), (&items[0]["id"], &json!("occurrence")));
    sim.world(|world| world.delete_occurrence(id, "2026-03-03".parse().unwrap()));
    let (items, _) = round(&sim, &link).await;
    assert_eq!((items.len(), items.iter().filter(|item| item.get("@removed").is_some()).count()), (4, 0));
    sim.world(|world| world.switches.delta_tells_occurrences = true);
    assert_eq!(round(&sim, &link).await.0.last().unwrap()["@removed"]["reason"], "deleted");
    sim.world(|world| world.delete_meeting(id));
    let (items, _) = round(&sim, &link).await;
    assert_eq!((items.len(), items.iter().all(|item| item.get("@removed").is_some())), (4, true));
}

#[tokio::test]
async fn tokens_expire_in_each_known_way_and_wrong_options_are_refused() {
    let sim = quiet().start().await.unwrap();
    let (_, link) = round(&sim, START).await;
    sim.world(vendor_sim::graph::World::expire_delta_tokens);
    for (way, status, code) in [
        (Expired::Gone, 410, "SyncStateNotFound"),
        (Expired::GoneWithLocation, 410, "resyncRequired"),
        (Expired::BadRequest, 400, "syncStateNotFound"),
        (Expired::NotFound, 404, "syncStateInvalid"),
    ] {
        sim.world(|world| world.switches.delta_expired = way);
        let got = get(&sim, &link).await;
        assert_eq!((got.status, got.code()), (status, code));
        let fresh = got.header("location");
        assert_eq!(fresh.is_empty(), way != Expired::GoneWithLocation);
        if !fresh.is_empty() {
            round(&sim, fresh).await;
        }
    }
    assert_eq!(get(&sim, &format!("{START}&$select=id")).await.status, 400);
    assert_eq!(get(&sim, "/users/quay1@example.org/calendar/calendarView/delta?startDateTime=x").await.status, 400);
    sim.world(|world| world.switches.delta_needs_read = true);
    assert_eq!(get(&sim, START).await.code(), "ErrorAccessDenied");
    sim.world(|world| {
        world.switches.delta_needs_read = false;
        world.switches.delta_504 = true;
    });
    let got = get(&sim, START).await;
    assert_eq!((got.status, got.code(), got.json["error"]["message"].as_str()), (504, "UnknownError", Some("")));
}
