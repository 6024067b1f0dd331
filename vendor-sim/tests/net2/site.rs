use serde_json::{Value, json};

use crate::client::{Api, options};

#[tokio::test]
async fn the_seeded_site_is_believable_and_repeatable() {
    let (a, b) = (Api::with(options().people(200).seed(7)).await, Api::with(options().people(200).seed(7)).await);
    let other = Api::with(options().people(200).seed(8)).await;
    let dump = |api: &Api| api.sim.world(|w| w.dump().unwrap());
    assert_eq!(dump(&a), dump(&b));
    assert_ne!(dump(&a), dump(&other));
    a.sim.world(|w| {
        let users: Vec<_> = w.active_users().collect();
        assert_eq!(users.len(), 200);
        assert!(w.departments.len() >= 6 && w.doors.len() >= 6);
        assert!(w.doors.keys().all(|serial| serial.to_string().len() == 7));
        assert_eq!(w.areas.len(), 2 * w.doors.len());
        assert!(users.iter().any(|user| user.pin.is_some()) && users.iter().any(|user| user.expiry.is_some()));
        assert!(users.iter().any(|user| !user.name().is_ascii()));
        assert!(users.iter().any(|user| user.name().contains('\'')));
        assert!(users.iter().all(|user| user.fields.contains_key(&14) && user.fields.contains_key(&9)));
        let mut cards: Vec<_> = users.iter().flat_map(|user| &user.tokens).map(|token| &token.token_value).collect();
        let count = cards.len();
        cards.sort();
        cards.dedup();
        assert_eq!(cards.len(), count);
        for wanted in [20, 23, 28] {
            assert!(w.events.iter().any(|event| event.event_type == wanted), "{wanted}");
        }
        assert!(w.events.windows(2).all(|pair| pair[0].id < pair[1].id));
    });
}

#[tokio::test]
async fn every_read_path_of_the_index_answers() {
    let api = Api::new().await;
    let door = api.door_named("Workshop");
    for path in [
        "operators",
        "users",
        "users/token/types",
        "users/customfieldnames",
        "users/customfieldnames/14",
        "departments",
        "departments/1",
        "accesslevels",
        "accesslevels/0",
        "accesslevels/2",
        "accesslevels/2/detail",
        "accesslevels/areas",
        "areagroups",
        "areagroups/1",
        "timezones",
        "timezones/2",
        "timezones/2/detail",
        "timezones/days",
        "timezones/days/8",
        "doors",
        "doors/status",
        "doorgroups",
        "doorgroups/1",
        "doorgroups/1/doors",
        "doorgroups/root/doors",
        "events",
        "events/latestunknowntokens?max=5",
        "rollcallreports",
        "rollcallreports/1",
        "rollcallreports/1/reportitems",
        "ioboards",
        "ioboards/1",
        "ioboards/1/inputs",
        "ioboards/1/outputs",
        "ioboards/1/detail",
        "serversettings/features",
        "serverSettings/properties",
        "serversettings/productType",
        "serversettings/version",
        "serversettings/version/history",
        "versions",
        &format!("doors/{door}"),
    ] {
        assert_eq!(api.get(path).await.0, 200, "{path}");
    }
    for path in ["areas", "devices", "holidays", "sites", "commands", "monitoring", "reports", "doors/1", "users/x"] {
        assert_eq!(api.get(path).await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn departments_are_managed() {
    let api = Api::new().await;
    let (_, made) = api.post("departments", json!({ "name": "Night shift" })).await;
    let path = format!("departments/{}", made["id"]);
    assert_eq!(api.put(&path, json!({ "id": made["id"], "name": "Late shift" })).await.0, 200);
    assert_eq!(api.read(&path).await, json!({ "id": made["id"], "name": "Late shift" }));
    assert_eq!(api.post("departments", json!({ "name": " " })).await.0, 400);
    let user = api.any_user();
    api.put(&format!("users/{user}/departments"), json!({ "id": made["id"] })).await;
    assert_eq!(api.delete(&path).await.0, 204);
    assert_eq!(api.read(&format!("users/{user}/departments")).await, json!([]));
}

#[tokio::test]
async fn access_levels_are_managed_with_their_rows() {
    let api = Api::new().await;
    let area = api.read("accesslevels/areas").await[0]["areaID"].clone();
    let body = json!({ "name": "Squash", "detailRows": [{ "areaID": area, "timezoneID": 1 }] });
    let (_, made) = api.post("accesslevels", body).await;
    let path = format!("accesslevels/{}", made["id"]);
    let detail = api.read(&format!("{path}/detail")).await;
    assert_eq!(detail["detailRows"][0]["timezoneName"], "All day, every day");
    api.sim.world(|w| w.switches.empty_rows_keep_rows = true);
    let rows = |detail: &Value| detail["detailRows"].as_array().unwrap().len();
    let (_, kept) = api.put(&path, json!({ "name": "Squash", "detailRows": [] })).await;
    assert_eq!(rows(&kept), 1);
    let none = json!({ "name": "Squash", "detailRows": [{ "areaID": area, "timezoneID": 0 }] });
    let (_, cleared) = api.put(&path, none).await;
    assert_eq!(rows(&cleared), 0);
    assert_eq!(api.put("accesslevels/1", json!({ "name": "X" })).await.0, 400);
    let user = api.any_user();
    api.put(&format!("users/{user}/doorpermissionset"), json!({ "accessLevels": [made["id"]] })).await;
    assert_eq!(api.delete(&path).await.0, 204);
    let set = api.read(&format!("users/{user}/doorpermissionset")).await;
    assert_eq!(set["accessLevels"], json!([]));
}

#[tokio::test]
async fn timezones_are_managed_and_guarded() {
    let api = Api::new().await;
    let slot = |start: &str| json!({ "startTime": start, "endTime": "1899-12-30T17:30:00", "dayID": 2 });
    let (_, made) = api.post("timezones", json!({ "name": "Mondays", "timeslots": [slot("08:00")] })).await;
    assert_eq!(made["timeslots"][0]["endTime"], "17:30");
    let path = format!("timezones/{}", made["id"]);
    assert_eq!(api.put(&path, json!({ "name": "Mondays", "timeslots": [slot("25:00")] })).await.0, 400);
    assert_eq!(api.delete(&path).await.0, 204);
    assert_eq!(api.delete("timezones/1").await.0, 400);
    assert_eq!(api.delete("timezones/2").await.0, 400, "in use by a level");
}

#[tokio::test]
async fn settings_and_texts_follow_the_switches() {
    let api = Api::with(options().with_switches(|s| {
        s.version = "6.01".into();
        s.product_type = 1;
        s.localised_texts = true;
    }))
    .await;
    assert_eq!(api.read("serversettings/version").await, "6.01");
    api.sim.world(|w| w.switches.settings_as_object = true);
    assert_eq!(api.read("serversettings/version").await, json!({ "version": "6.01" }));
    assert_eq!(api.read("serversettings/producttype").await, json!({ "productType": 1 }));
    assert_eq!(api.read("accesslevels/1").await["name"], "Altid - alle døre");
    assert_eq!(api.read("timezones/1").await["name"], "Hele dagen, hver dag");
    let (_, events) = api.events(&[("where", "EventType=20"), ("rowCount", "1")]).await;
    assert!(events[0]["eventDescription"].as_str().unwrap().starts_with("Adgang givet"));
}

#[tokio::test]
async fn roll_calls_mark_people_safe() {
    let api = Api::new().await;
    let items = api.read("rollcallreports/1/reportitems").await;
    let user = items[0]["userId"].clone();
    let path = format!("rollcallreports/1/reportitems/{user}");
    assert_eq!(api.post(&format!("{path}/safeupdates"), json!({})).await.0, 200);
    assert_eq!(api.read(&path).await["isSafe"], true);
    assert_eq!(api.delete(&format!("{path}/safeupdates/0")).await.0, 200);
    assert_eq!(api.read(&path).await["isSafe"], false);
}

#[tokio::test]
async fn answers_are_dated_by_the_simulator_s_clock() {
    let api = Api::new().await;
    let date = async || {
        let answer = api.try_send(reqwest::Method::GET, "doors", None).await.unwrap();
        answer.headers()["date"].to_str().unwrap().to_owned()
    };
    assert_eq!(date().await, "Mon, 01 Mar 2027 09:00:00 GMT");
    api.sim.world(|w| w.clock.advance(chrono::TimeDelta::seconds(-121)));
    assert_eq!(date().await, "Mon, 01 Mar 2027 08:57:59 GMT");
}
