use chrono::{NaiveDate, TimeDelta, Weekday};
use serde_json::{Value, json};
use vendor_sim::graph::{Ending, GraphSim, Meeting, Recurrence, Zone};

use crate::client::{at, begins, events, get, quiet};

const ROOM: &str = "quay1@example.org";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Every working day at 09:00 in Berlin, from 2 March.
fn daily(sim: &GraphSim) -> u64 {
    let start = at("2026-03-02T08:00:00Z");
    let days = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];
    sim.world(|world| {
        let meeting = Meeting::new(ROOM, ("Bo", "bo@example.org"), start, start + TimeDelta::minutes(30));
        world.insert_meeting(meeting.repeated(Recurrence::weekly(&days, Ending::Never)))
    })
}

async fn started() -> GraphSim {
    quiet().zone(Zone::named("Europe/Berlin").unwrap()).start().await.unwrap()
}

#[tokio::test]
async fn a_view_has_occurrences_and_exceptions_but_no_master() {
    let sim = started().await;
    let id = daily(&sim);
    sim.world(|world| {
        assert!(world.move_occurrence(id, day("2026-03-03"), at("2026-03-03T14:00:00Z"), at("2026-03-03T15:00:00Z")));
        assert!(world.cancel_occurrence(id, day("2026-03-04")));
        assert!(world.delete_occurrence(id, day("2026-03-05")));
        assert!(!world.cancel_occurrence(id, day("2026-03-07")), "nothing is held on a Saturday");
    });
    let all = events(&sim, ROOM).await;
    let kinds: Vec<_> =
        all.iter().map(|event| (event["type"].as_str().unwrap(), event["isCancelled"] == true)).collect();
    assert_eq!(
        begins(&all),
        ["2026-03-02T08:00", "2026-03-03T14:00", "2026-03-04T08:00", "2026-03-06T08:00", "2026-03-09T08:00"]
    );
    assert_eq!(
        kinds,
        [
            ("occurrence", false),
            ("exception", false),
            ("exception", true),
            ("occurrence", false),
            ("occurrence", false)
        ]
    );
    let masters: std::collections::BTreeSet<&str> =
        all.iter().map(|event| event["seriesMasterId"].as_str().unwrap()).collect();
    let uids: std::collections::BTreeSet<&str> = all.iter().map(|event| event["iCalUId"].as_str().unwrap()).collect();
    assert_eq!((masters.len(), uids.len()), (1, 1));
    sim.world(|world| world.switches.uid_per_occurrence = true);
    assert_ne!(events(&sim, ROOM).await[0]["iCalUId"], events(&sim, ROOM).await[1]["iCalUId"]);
    sim.world(|world| world.switches.remove_cancelled = true);
    sim.world(|world| world.cancel(id));
    assert_eq!(events(&sim, ROOM).await, Vec::<Value>::new());
}

#[tokio::test]
async fn the_wall_clock_stays_over_a_clock_change() {
    let sim = started().await;
    daily(&sim);
    let path = format!(
        "/users/{ROOM}/calendarView?startDateTime=2026-03-27T00:00:00Z&endDateTime=2026-03-31T00:00:00Z&$orderby=start/dateTime"
    );
    assert_eq!(begins(get(&sim, &path).await.values()), ["2026-03-27T08:00", "2026-03-30T07:00"]);
}

#[tokio::test]
async fn master_occurrence_and_instances_are_found_by_id() {
    let sim = started().await;
    let id = daily(&sim);
    sim.world(|world| world.switches.slashed_ids = true);
    let one = events(&sim, ROOM).await[1].clone();
    let encode = |id: &str| id.replace('/', "%2F").replace('+', "%2B").replace('=', "%3D");
    let master_id = one["seriesMasterId"].as_str().unwrap();
    assert!(master_id.contains('/') && master_id.contains('+'));
    let master = get(&sim, &format!("/users/{ROOM}/events/{}", encode(master_id))).await.json;
    assert_eq!((&master["type"], &master["seriesMasterId"]), (&json!("seriesMaster"), &Value::Null));
    assert_eq!(master["recurrence"]["pattern"]["type"], "weekly");
    assert_eq!(master["recurrence"]["range"]["type"], "noEnd");
    assert_eq!(master["organizer"]["emailAddress"]["address"], "bo@example.org");
    let path = format!("/users/{ROOM}/events/{}", encode(one["id"].as_str().unwrap()));
    assert_eq!(get(&sim, &path).await.json["start"], one["start"]);
    let range = "?startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-04-10T00:00:00Z";
    let instances = get(&sim, &format!("/users/{ROOM}/events/{}/instances{range}", encode(master_id))).await;
    assert_eq!((instances.values().len(), instances.json["@odata.nextLink"].is_string()), (10, true));
    sim.world(|world| world.delete_occurrence(id, day("2026-03-03")));
    assert_eq!(get(&sim, &path).await.code(), "ErrorItemNotFound");
    let other = get(&sim, &format!("/users/harbour1@example.org/events/{}", encode(master_id))).await;
    assert!([400, 404].contains(&other.status), "ids count in their own mailbox only");
}
