use chrono::TimeDelta;
use serde_json::{Value, json};
use vendor_sim::inventry::{Address, DeviceKind, InventrySim, PersonType};

use crate::client::{all, at, call, get, ids, problem, quiet};

/// The two members of staff of the contract's example.
fn example() -> InventrySim {
    let sim = quiet().start_blocking().unwrap();
    sim.world(|w| {
        w.departments.clear();
        w.counters.department = 11;
        let (science, site_team) = (w.add_department("Science"), w.add_department("Site team"));
        w.counters.person = 317;
        let asha = w.add_person("Asha", "de Mello");
        let text = |text: &str| Some(text.to_owned());
        let person = w.people.get_mut(&asha).unwrap();
        person.title = text("Mrs");
        person.departments = vec![science];
        person.date_of_birth = Some("1987-04-19".parse().unwrap());
        person.gender = text("F");
        person.cars = vec!["ZZ19 XYZ".to_owned()];
        person.address = Some(Address {
            house_name_number: text("Flat 2"),
            line1: text("14 Example Row"),
            post_code: text("ZZ1 4QX"),
            country: text("United Kingdom"),
            ..Address::default()
        });
        (person.email, person.mobile) = (text("a.demello@example.org"), text("07700 900123"));
        person.staff_code = text("ADM");
        person.credentials[0].number = text("12345678");
        (person.created_at, person.updated_at) = (at("2025-09-01T07:30:00Z"), at("2026-02-27T15:12:44Z"));
        let tom = w.add_person("Tom", "Okafor");
        let person = w.people.get_mut(&tom).unwrap();
        (person.title, person.departments, person.enabled) = (text("Mr"), vec![site_team], false);
        (person.source, person.credentials) = (text("manual"), Vec::new());
        (person.created_at, person.updated_at) = (at("2024-01-08T08:00:00Z"), at("2026-02-28T12:00:00Z"));
    });
    sim
}

#[tokio::test]
async fn the_example_of_the_contract_is_served() {
    let sim = example();
    let page = get(&sim, "/api/v1/personnel?limit=2&enabled=all&personType=personnel").await;
    let asha = json!({ "id": "318", "personType": "personnel", "title": "Mrs", "forename": "Asha", "surname": "de Mello",
        "displayName": "Asha de Mello", "departmentIds": ["12"], "dateOfBirth": "1987-04-19", "gender": "F",
        "carRegistrations": ["ZZ19 XYZ"],
        "address": { "houseNameNumber": "Flat 2", "line1": "14 Example Row", "line2": null, "town": null, "county": null,
            "postCode": "ZZ1 4QX", "country": "United Kingdom" },
        "email": "a.demello@example.org", "mobile": "07700 900123", "staffCode": "ADM",
        "credentials": [{ "type": "card", "number": "12345678", "primary": true }], "enabled": true, "siteIds": ["1"],
        "source": "mis", "createdAt": "2025-09-01T07:30:00Z", "updatedAt": "2026-02-27T15:12:44Z" });
    let tom = json!({ "id": "319", "personType": "personnel", "title": "Mr", "forename": "Tom", "surname": "Okafor",
        "displayName": "Tom Okafor", "departmentIds": ["13"], "dateOfBirth": null, "gender": null, "carRegistrations": [],
        "address": null, "email": null, "mobile": null, "staffCode": null, "credentials": [], "enabled": false,
        "siteIds": ["1"], "source": "manual", "createdAt": "2024-01-08T08:00:00Z", "updatedAt": "2026-02-28T12:00:00Z" });
    assert_eq!(page, json!({ "items": [asha, tom], "asOf": "2026-03-02T08:00:00Z" }));
    assert_eq!(get(&sim, "/api/v1/personnel/318").await, asha);
    assert_eq!(problem(&call(&sim, "GET", "/api/v1/personnel/999").await), (404, "not-found"));
    let departments = get(&sim, "/api/v1/departments").await;
    assert_eq!((&departments["items"][0]["id"], &departments["items"][1]["name"]), (&json!("12"), &json!("Site team")));
}

#[tokio::test]
async fn changes_come_in_their_order_and_repeat_what_is_equal() {
    let sim = example();
    sim.world(|w| w.rename(318, "Asha", "Okafor"));
    let since = |text: &str| format!("/api/v1/personnel?updatedAfter={text}&limit=1");
    assert_eq!(ids(&all(&sim, &since("2026-02-27T15:12:44Z")).await, "id"), ["319", "318"]);
    assert_eq!(ids(&all(&sim, &since("2026-02-28T12:00:00Z")).await, "id"), ["319", "318"]);
    assert_eq!(ids(&all(&sim, &since("2026-02-28T12:00:01Z")).await, "id"), ["318"]);
    assert_eq!(ids(&all(&sim, "/api/v1/personnel?limit=1").await, "id"), ["318", "319"]);
    assert_eq!(ids(&all(&sim, "/api/v1/personnel?enabled=false").await, "id"), ["319"]);
    assert_eq!(call(&sim, "GET", &since("yesterday")).await.status, 422);

    // A department that is renamed is a change, too.
    sim.world(|w| w.clock.advance(TimeDelta::minutes(5)));
    let from = "/api/v1/departments?updatedAfter=2026-03-02T08:00:01Z";
    assert_eq!(all(&sim, from).await, Vec::<Value>::new());
    sim.world(|w| w.rename_department(12, "Sciences"));
    assert_eq!(ids(&all(&sim, from).await, "name"), ["Sciences"]);
    // One without the time of its change leaves the filter without effect.
    sim.world(|w| w.switches.without_updated_at = true);
    let departments = all(&sim, from).await;
    assert!(departments.len() == 2 && departments[0].get("updatedAt").is_none());
}

#[tokio::test]
async fn other_types_of_people_come_when_nobody_filters_or_the_server_ignores_it() {
    let sim = example();
    let visitor = sim.world(|w| w.add_somebody(PersonType::Visitor, "Vera", "Guest").to_string());
    let staff = "/api/v1/personnel?personType=personnel";
    assert_eq!(all(&sim, staff).await.len(), 2);
    assert_eq!(all(&sim, "/api/v1/personnel").await.len(), 3);
    assert_eq!(ids(&all(&sim, "/api/v1/personnel?personType=visitor").await, "id"), [visitor.as_str()]);
    sim.world(|w| w.switches.ignore_person_type = true);
    assert_eq!(ids(&all(&sim, staff).await, "personType"), ["personnel", "personnel", "visitor"]);
    sim.world(|w| w.switches.display_names_only = true);
    let person = get(&sim, "/api/v1/personnel/318").await;
    assert_eq!(
        (&person["displayName"], &person["forename"], &person["surname"]),
        (&json!("Asha de Mello"), &Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn deletions_and_merges_are_listed() {
    let sim = example();
    sim.world(|w| {
        w.counters.person = 300;
        w.add_person("Asha", "de Melo");
        w.clock.set(at("2026-03-01T10:00:00Z"));
        w.merge(301, 318);
        w.delete(319);
    });
    let page = get(&sim, "/api/v1/deletions?after=d-40").await;
    let merged =
        json!({ "cursor": "d-41", "entity": "person", "id": "301", "at": "2026-03-01T10:00:00Z", "mergedInto": "318" });
    assert_eq!(page["items"][0], merged);
    assert_eq!((&page["items"][1]["id"], &page["items"][1].get("mergedInto")), (&json!("319"), &None));
    assert_eq!((&page["next"], &page["reset"]), (&json!("d-42"), &json!(false)));
    assert_eq!(get(&sim, "/api/v1/deletions?after=d-42").await, json!({ "items": [], "next": "d-42", "reset": false }));
    assert_eq!(get(&sim, "/api/v1/deletions?after=d-99").await["reset"], true);
    assert_eq!(get(&sim, "/api/v1/deletions?after=d-40&limit=1").await["next"], "d-41");
    let older = sim.snapshot();
    sim.world(vendor_sim::inventry::World::reset_deletions);
    assert_eq!(get(&sim, "/api/v1/deletions?after=d-40").await["reset"], true);
    sim.restore(older);
    sim.world(|w| w.trim_deletions(42));
    assert_eq!(problem(&call(&sim, "GET", "/api/v1/deletions?after=d-40").await), (410, "cursor-expired"));
}

#[tokio::test]
async fn devices_say_which_of_them_one_cannot_stand_in_front_of() {
    let sim = quiet().start_blocking().unwrap();
    let devices = all(&sim, "/api/v1/devices").await;
    assert_eq!(
        (&devices[0]["id"], &devices[0]["name"], &devices[0]["virtual"]),
        (&json!("5"), &json!("Main reception"), &json!(false))
    );
    let app = devices.iter().find(|device| device["kind"] == "app").unwrap();
    assert_eq!((&app["id"], &app["name"], &app["virtual"]), (&json!("90"), &json!("Anywhere app"), &json!(true)));
    assert_eq!(all(&sim, "/api/v1/devices?site=2").await.len(), 1);
    sim.world(|w| w.clock.advance(TimeDelta::minutes(1)));
    let new = sim.world(|w| w.add_device("Gym", DeviceKind::Tablet).to_string());
    assert_eq!(ids(&all(&sim, "/api/v1/devices?updatedAfter=2026-03-02T08:00:30Z").await, "id"), [new.as_str()]);
    assert_eq!(ids(&all(&sim, "/api/v1/sites").await, "name"), ["Main site", "Lower school"]);
}

#[tokio::test]
async fn the_seeded_school_has_all_that_staff_can_have() {
    let sim = quiet().people(60).start_blocking().unwrap();
    let staff = all(&sim, "/api/v1/personnel?personType=personnel&limit=7").await;
    assert_eq!(staff.len(), 60);
    let has = |wanted: &dyn Fn(&Value) -> bool| staff.iter().any(wanted);
    assert!(has(&|person| person["enabled"] == false) && has(&|person| person["departmentIds"] == json!([])));
    assert!(
        has(&|person| person["carRegistrations"].as_array().unwrap().len() == 2)
            && has(&|person| person["address"].is_null())
    );
    let other = quiet().people(60).start_blocking().unwrap();
    assert_eq!(all(&other, "/api/v1/personnel?limit=500").await, all(&sim, "/api/v1/personnel?limit=500").await);
}
