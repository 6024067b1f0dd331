use serde_json::{Value, json};
use vendor_sim::inventry::{Address, InventrySim};

use crate::client::{at, call, http, problem, quiet, send};

/// Everything has another name and another place; visits by day, pages by number, a secret beside the key.
const OTHER: &str = r#"
[auth]
kind = "basic"

[paths]
base = "/client-api/v1"
sites = "/sites"
personnel = "/sites/all/people"
departments = "/groups"
devices = "/kiosks"
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

[fields.person]
id = "/uuid"
person_type = "/kind"
forename = "/names/first"
surname = "/names/last"
display_name = "/names/full"
department_ids = "/groups"
house_name_number = "/home/house"
post_code = "/home/code"
enabled = "/active"
credentials = "/tags"
card_number = ""
updated_at = "/touched"

[values.person_type]
personnel = ["STAFF"]
visitor = ["GUEST"]

[values.enabled]
true = ["Y"]
false = ["N"]

[fields.event]
id = "/visit"
seq = ""
person_id = "/person/uuid"
device_id = "/place/kiosk"

[time]
format = "unix-s"
"#;

async fn read(sim: &InventrySim, path: &str) -> Value {
    let answer = send(http().get(format!("{}{path}", sim.url())).basic_auth(sim.key(), Some(sim.password()))).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.body
}

#[tokio::test]
async fn a_profile_renames_everything() {
    let sim = quiet().people(6).profile(OTHER).start_blocking().unwrap();
    assert_eq!(problem(&call(&sim, "GET", "/client-api/v1/groups").await), (401, "unauthorised"));
    let page = read(&sim, "/client-api/v1/sites/all/people?personType=STAFF&page=2&perPage=4").await;
    assert_eq!((&page["meta"]["total"], page["data"].as_array().unwrap().len()), (&json!(6), 2));
    let own = sim.world(|w| w.personnel().nth(4).cloned().unwrap());
    let person = &page["data"][0];
    assert_eq!(
        (&person["uuid"], &person["kind"], &person["active"]),
        (&json!(own.id.to_string()), &json!("STAFF"), &json!("Y"))
    );
    assert_eq!(
        (&person["names"]["last"], &person["touched"]),
        (&json!(own.surname), &json!(own.updated_at.timestamp()))
    );
    assert_eq!(person["tags"], json!([own.credentials[0].number]));
    assert!(
        person.get("forename").is_none()
            && person.get("address").is_none_or(|address| address.get("postCode").is_none())
    );

    let device = sim.world(|w| {
        w.clock.set(at("2026-03-02T23:30:00Z"));
        w.sign_in(own.id, Some(5));
        w.devices[&5].id.to_string()
    });
    let day = read(&sim, "/client-api/v1/sites/1/history?date=2026-03-02").await;
    let visit = &day["data"][0];
    assert_eq!((&visit["person"]["uuid"], &visit["place"]["kiosk"]), (&json!(own.id.to_string()), &json!(device)));
    assert_eq!((&visit["in_datetime"], &visit["out_datetime"]), (&json!(1_772_494_200), &Value::Null));
    assert!(visit.get("seq").is_none() && visit["visit"].is_string());
    let info = read(&sim, "/client-api/v1/info").await;
    let told = |name: &str| info["capabilities"].as_array().unwrap().contains(&json!(name));
    assert!(told("personnel") && !told("deletions") && told("events"));
}

#[tokio::test]
async fn events_can_be_renamed_without_becoming_visits() {
    let profile = "[fields.event]\nid = \"/no\"\ntype = \"/what\"\nat = \"/when\"\n[values.event_type]\n\"IN\" = \"sign_in\"\n[time]\nformat = \"%d/%m/%Y %H:%M:%S\"";
    let sim = quiet().profile(profile).start_blocking().unwrap();
    sim.world(|w| {
        let person = w.add_person("Asha", "de Mello");
        w.sign_in(person, None)
    });
    let page = call(&sim, "GET", "/api/v1/events").await.body;
    let event = &page["items"][0];
    assert_eq!((&event["what"], &event["when"]), (&json!("IN"), &json!("02/03/2026 08:00:00")));
    assert!(event["no"].as_str().unwrap().starts_with("ev-") && event.get("type").is_none());
}

/// What stands beside the objects: parameters, days, words of a query, problems, what is around a list, a whole address.
const BESIDE: &str = r#"
[query]
enabled = "status"
updated_after = ""
[fields.page]
as_of = "/meta/at"
next_cursor = "/meta/cursor"
reset = "/meta/again"
[fields.person]
address = "/home"
house = "/no"
town = "/home/city"
[values.enabled_query]
yes = ["on"]
no = ["off"]
[values.capability]
on-site = ["PRESENCE"]
[values.problem]
not_found = ["E404"]
[problem]
type = "/error/code"
detail = "/error/text"
title = ""
[time]
date_format = "%d/%m/%Y"
"#;

#[tokio::test]
async fn a_profile_also_moves_what_stands_beside_the_objects() {
    let sim = quiet().profile(BESIDE).start_blocking().unwrap();
    sim.world(|w| {
        let asha = w.add_person("Asha", "de Mello");
        let tom = w.add_person("Tom", "Okafor");
        w.disable(tom);
        w.change_person(asha, |person| {
            person.date_of_birth = Some("1987-04-19".parse().unwrap());
            let text = |text: &str| Some(text.to_owned());
            let (house_name_number, line1, town) = (text("7"), text("Mill Street"), text("Exampleton"));
            person.address = Some(Address { house_name_number, line1, town, ..Address::default() });
        });
    });
    // A parameter that the server does not know changes nothing.
    let page = call(&sim, "GET", "/api/v1/personnel?status=on&updatedAfter=2099-01-01T00:00:00Z").await.body;
    let (person, home) = (&page["items"][0], &page["items"][0]["home"]);
    assert_eq!((page["items"].as_array().unwrap().len(), &person["forename"]), (1, &json!("Asha")));
    assert_eq!((&person["dateOfBirth"], &page["meta"]["at"]), (&json!("19/04/1987"), &json!("2026-03-02T08:00:00Z")));
    assert_eq!(
        (&home["no"], &home["line1"], &home["city"]),
        (&json!("7"), &json!("Mill Street"), &json!("Exampleton"))
    );
    let deletions = call(&sim, "GET", "/api/v1/deletions").await.body;
    assert_eq!(deletions, json!({ "items": [], "meta": { "cursor": "d-40", "again": false } }));
    let missing = call(&sim, "GET", "/api/v1/personnel/9").await;
    assert_eq!(missing.body["error"], json!({ "code": "E404", "text": "There is no person 9" }));
    assert!(missing.body.get("title").is_none());
    let info = call(&sim, "GET", "/api/v1/info").await.body;
    assert!(info["capabilities"].as_array().unwrap().contains(&json!("PRESENCE")));
}

#[test]
fn a_profile_with_a_fault_does_not_start() {
    for (text, said) in [
        ("[events]\nstyle = \"both\"", "neither event nor visit"),
        ("[fields.badge]\nid = \"/id\"", "fields.badge"),
        ("[paths]\nbadges = \"/b\"", "paths.badges is not known"),
    ] {
        let error = quiet().profile(text).start_blocking().unwrap_err();
        assert!(format!("{error:#}").contains(said), "{error:#}");
    }
}
