use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use vendor_sim::net2::{IndividualForm, NoneDepartment};

use crate::client::{Api, options};

async fn create(api: &Api, body: Value) -> Value {
    let (status, user) = api.post("users", body).await;
    assert!(status == 200 || status == 201, "{user}");
    user
}

#[tokio::test]
async fn a_created_user_reads_back_as_sent() {
    let api = Api::new().await;
    let sent = json!({
        "firstName": "Maya", "lastName": "Okonkwo", "pin": "4821", "telephone": "0131 496 0000",
        "activateDate": "2027-03-01T00:00:00+00:00", "expiryDate": "2027-03-31T15:00:00+01:00",
        "customFields": [{ "id": 9, "value": "maya@example.org" }, { "id": 14, "value": "BK-000042" }],
    });
    let user = create(&api, sent).await;
    let stored = api.read(&format!("users/{}", user["id"])).await;
    assert_eq!(stored, user);
    assert_eq!(stored["lastName"], "Okonkwo");
    assert_eq!(stored["expiryDate"], "2027-03-31T00:00:00+01:00");
    assert_eq!(stored["activateDate"], "2027-03-01T00:00:00+00:00");
    assert_eq!(stored["customFields"][1], json!({ "id": 14, "value": "BK-000042" }));
    assert_eq!(stored["doorAccessPermissionSet"], json!({ "accessLevels": [], "individualPermissions": [] }));
    assert_eq!(stored["hasImage"], false);
}

#[tokio::test]
async fn the_time_of_expiry_stays_where_it_is_not_cut() {
    let api = Api::with(options().with_switches(|s| s.truncate_expiry = false)).await;
    let user = create(&api, json!({ "firstName": "A", "ExpiryDate": "2027-07-31T15:00:00" })).await;
    assert_eq!(user["expiryDate"], "2027-07-31T15:00:00+01:00");
}

#[tokio::test]
async fn put_without_expiry_makes_the_user_permanent_and_keeps_the_rest() {
    let api = Api::new().await;
    let sent = json!({ "firstName": "A", "lastName": "B", "pin": "1234", "expiryDate": "2028-01-01T00:00:00",
        "activateDate": "2027-01-01T00:00:00", "customFields": [{ "id": 9, "value": "x" }, { "id": 10, "value": "y" }] });
    let id = create(&api, sent).await["id"].clone();
    let path = format!("users/{id}");
    let changes = json!({ "Id": id.to_string(), "LastName": "C", "customFields": [{ "id": 10, "value": "" }] });
    assert_eq!(api.put(&path, changes).await.0, 200);
    let stored = api.read(&path).await;
    assert_eq!(stored["expiryDate"], Value::Null);
    assert_eq!((&stored["firstName"], &stored["lastName"], &stored["pin"]), (&json!("A"), &json!("C"), &json!("1234")));
    assert_eq!(stored["activateDate"], "2027-01-01T00:00:00+00:00");
    assert_eq!(stored["customFields"], json!([{ "id": 9, "value": "x" }]));

    api.sim.world(|w| w.switches.put_user_clears_expiry = false);
    api.put(&path, json!({ "id": id, "expiryDate": "2028-01-01T00:00:00" })).await;
    api.put(&path, json!({ "id": id, "pin": "" })).await;
    let stored = api.read(&path).await;
    assert_eq!((&stored["expiryDate"], &stored["pin"]), (&json!("2028-01-01T00:00:00+00:00"), &Value::Null));
}

#[tokio::test]
async fn wrong_users_are_refused_with_a_message() {
    let api = Api::new().await;
    let long = "x".repeat(51);
    for wrong in [
        json!({}),
        json!({ "firstName": "" }),
        json!({ "firstName": "A", "pin": "12" }),
        json!({ "firstName": "A", "pin": "12a4" }),
        json!({ "firstName": "A", "expiryDate": "01/03/2027" }),
        json!({ "firstName": "A", "activateDate": "2027-03-02T00:00:00", "expiryDate": "2027-03-02T23:00:00" }),
        json!({ "firstName": "A", "customFields": [{ "id": 15, "value": "x" }] }),
        json!({ "firstName": "A", "customFields": [{ "id": 9, "value": long }] }),
        json!({ "firstName": "A", "isAlarmUser": 7 }),
        json!([]),
    ] {
        let (status, body) = api.post("users", wrong.clone()).await;
        assert_eq!(status, 400, "{wrong}");
        assert!(body["message"].is_string(), "{wrong}");
    }
    let user = api.any_user();
    assert_eq!(api.put(&format!("users/{user}"), json!({ "id": user + 1 })).await.0, 400);
    assert_eq!(api.get("users/999999").await.0, 404);
    assert_eq!(api.put("users/999999", json!({})).await.0, 404);
}

#[tokio::test]
async fn a_deleted_user_is_no_longer_listed_but_stays_in_sql() {
    let api = Api::new().await;
    let user = api.any_user();
    assert!((200..300).contains(&api.delete(&format!("users/{user}")).await.0));
    assert_eq!(api.get(&format!("users/{user}")).await.0, 404);
    assert_eq!(api.delete(&format!("users/{user}")).await.0, 404);
    let listed = api.read("users").await;
    assert!(listed.as_array().unwrap().iter().all(|one| one["id"] != user));
    let (_, rows) = api.sql(&format!("SELECT Active FROM sdk.UsersEx WHERE UserID = {user}")).await;
    assert_eq!(rows, json!([{ "active": 0 }]));
    api.sim.world(|w| w.switches.querydb_bools = true);
    let (_, rows) = api.sql(&format!("SELECT Active FROM sdk.UsersEx WHERE UserID = {user} AND Active = 0")).await;
    assert_eq!(rows, json!([{ "active": false }]));
}

#[tokio::test]
async fn several_users_are_deleted_or_purged() {
    let api = Api::new().await;
    let ids: Vec<i64> = api.sim.world(|w| w.active_users().map(|user| user.id).take(3).collect());
    assert_eq!(api.delete_with("users?purge=false", json!([ids[0], ids[1]])).await.0, 200);
    assert_eq!(api.delete_with("users?purge=true", json!([ids[2]])).await.0, 200);
    api.sim.world(|w| {
        assert!(!w.users[&ids[0]].active);
        assert!(!w.users.contains_key(&ids[2]));
        assert!(w.events.iter().all(|event| event.user_id != Some(ids[2])));
    });
}

#[tokio::test]
async fn lists_leave_the_permission_set_out() {
    let api = Api::new().await;
    assert!(api.read("users").await[0].get("doorAccessPermissionSet").is_none());
    api.sim.world(|w| w.switches.list_users_without_permissions = false);
    assert!(api.read("users").await[0]["doorAccessPermissionSet"].is_object());
}

#[tokio::test]
async fn keys_are_pascal_case_by_switch_and_paths_have_no_case() {
    let api = Api::with(options().with_switches(|s| s.pascal_case = true)).await;
    let users = api.read("Users").await;
    assert!(users[0]["FirstName"].is_string());
    assert!(users[0]["CustomFields"][0]["Id"].is_number());
    let (status, body) = api.post("USERS", json!({})).await;
    assert_eq!(status, 400);
    assert!(body["Message"].is_string());
}

#[tokio::test]
async fn the_department_is_a_resource_of_its_own() {
    let api = Api::new().await;
    let user = create(&api, json!({ "lastName": "Only" })).await["id"].clone();
    let path = format!("users/{user}/departments");
    assert_eq!(api.read(&path).await, json!([]));
    let department = api.sim.world(|w| w.add_department("Members"));
    assert_eq!(api.put(&path, json!({ "id": department })).await.0, 204);
    assert_eq!(api.read(&path).await, json!([{ "id": department, "name": "Members" }]));
    let members = api.read(&format!("departments/{department}/users")).await;
    assert_eq!(members[0]["id"], user);
    assert_eq!(api.put(&path, json!({ "id": 99_999 })).await.0, 400);
    assert_eq!(api.put(&path, json!({ "id": 0 })).await.0, 204);
    for (form, shown) in [
        (NoneDepartment::Empty, json!([])),
        (NoneDepartment::Zero, json!([{ "id": 0, "name": "(none)" }])),
        (NoneDepartment::Null, Value::Null),
    ] {
        api.sim.world(|w| w.switches.none_department = form);
        assert_eq!(api.get(&path).await, (200, shown));
    }
    let roots = api.read("departments/root/users").await;
    assert!(roots.as_array().unwrap().iter().any(|one| one["id"] == user));
}

#[tokio::test]
async fn the_permission_set_is_replaced_whole() {
    let api = Api::new().await;
    let user = create(&api, json!({ "firstName": "A" })).await["id"].clone();
    let path = format!("users/{user}/doorpermissionset");
    let area = api.sim.world(|w| *w.areas.keys().next().unwrap());
    let both = json!({ "accessLevels": [2, 3], "individualPermissions": [{ "id": area, "timezoneId": 1 }] });
    assert_eq!(api.put(&path, both.clone()).await.0, 200);
    assert_eq!(api.read(&path).await, both);
    // What is left out is gone.
    api.put(&path, json!({ "accessLevels": [3] })).await;
    assert_eq!(api.read(&path).await, json!({ "accessLevels": [3], "individualPermissions": [] }));
    assert_eq!(api.put(&path, json!({ "accessLevels": [99] })).await.0, 400);
    assert_eq!(api.put(&path, json!({ "accessLevels": [0] })).await.0, 200);
    assert_eq!(api.read(&path).await["accessLevels"], json!([]));

    api.sim.world(|w| w.switches.lite = true);
    api.put(&path, json!({ "accessLevels": [2, 3] })).await;
    assert_eq!(api.read(&path).await["accessLevels"], json!([2]));
    api.sim.world(|w| w.switches.refuse_empty_levels = true);
    assert_eq!(api.put(&path, json!({ "accessLevels": [] })).await.0, 400);
}

#[tokio::test]
async fn individual_permissions_are_kept_only_in_the_servers_form() {
    let api = Api::new().await;
    let user = create(&api, json!({ "firstName": "A" })).await["id"].clone();
    let path = format!("users/{user}/doorpermissionset");
    let (area, name) = api.sim.world(|w| w.areas.values().next().map(|area| (area.id, area.name.clone())).unwrap());
    let forms = [
        (IndividualForm::Timezone, json!({ "id": area, "timezoneId": 1 })),
        (IndividualForm::Name, json!({ "id": 10_000 + area, "name": name })),
        (IndividualForm::Area, json!({ "areaID": area, "areaName": name, "selectedTimezoneID": 1 })),
        (IndividualForm::AreaTimezone, json!({ "areaID": area, "timezoneID": 1 })),
    ];
    for (form, _) in &forms {
        api.sim.world(|w| w.switches.individual_form = *form);
        for (sent_form, element) in &forms {
            let (status, _) = api.put(&path, json!({ "individualPermissions": [element] })).await;
            assert_eq!(status, 200);
            let kept = api.read(&path).await["individualPermissions"].clone();
            assert_eq!(kept, if form == sent_form { json!([element]) } else { json!([]) }, "{form:?} {sent_form:?}");
        }
    }
    // Written in one form, read in another; what was read may be written back.
    api.sim.world(|w| w.switches.individual_form = IndividualForm::TimezoneInNameOut);
    for sent in [&forms[0].1, &forms[1].1] {
        api.put(&path, json!({ "individualPermissions": [sent] })).await;
        assert_eq!(api.read(&path).await["individualPermissions"], json!([forms[1].1]), "{sent}");
    }
    // Answered well and not kept.
    for (form, lite) in [(IndividualForm::Ignored, false), (IndividualForm::Timezone, true)] {
        api.sim.world(|w| (w.switches.individual_form, w.switches.lite) = (form, lite));
        assert_eq!(api.put(&path, json!({ "individualPermissions": [forms[0].1] })).await.0, 200);
        assert_eq!(api.read(&path).await["individualPermissions"], json!([]), "{form:?}");
    }
    api.sim.world(|w| w.switches.individual_form = IndividualForm::Refused);
    assert_eq!(api.put(&path, json!({ "individualPermissions": [forms[0].1] })).await.0, 400);
}

#[tokio::test]
async fn several_levels_make_a_private_one() {
    let api = Api::new().await;
    let sent = json!({ "firstName": "Ann", "lastName": "Two", "doorAccessPermissionSet": { "accessLevels": [2, 3] } });
    let user = create(&api, sent.clone()).await["id"].as_i64().unwrap();
    let shown = format!("SELECT AccessLevelID AS level, AccessLevelName AS name FROM sdk.UsersEx WHERE UserID={user}");
    let private = 10_000_000 + user;
    assert_eq!(api.sql(&shown).await.1, json!([{ "level": private, "name": "Individual: Ann Two" }]));
    let levels = api.read("accesslevels").await;
    assert!(levels.as_array().unwrap().contains(&json!({ "id": private, "name": "Individual: Ann Two" })));
    api.sim.world(|w| w.switches.create_user_ignores_permission_set = true);
    assert_eq!(create(&api, sent).await["doorAccessPermissionSet"]["accessLevels"], json!([]));
}

#[tokio::test]
async fn one_individual_permission_makes_a_private_level() {
    let api = Api::with(options().people(0)).await;
    let user = create(&api, json!({ "firstName": "Ann" })).await["id"].as_i64().unwrap();
    let shown = format!("SELECT AccessLevelID AS level, Field13_Memo AS memo FROM sdk.UsersEx WHERE UserID={user}");
    assert_eq!(api.sql(&shown).await.1[0]["level"], 0);
    let area = api.sim.world(|w| w.areas.keys().next().copied());
    let set = json!({ "accessLevels": [], "individualPermissions": [{ "id": area, "timezoneId": 1 }] });
    api.put(&format!("users/{user}/doorpermissionset"), set).await;
    assert_eq!(api.sql(&shown).await.1[0]["level"], 10_000_000 + user);

    // The memo takes any length, the others do not.
    let memo = "room|start|end\n".repeat(2000);
    let fields = |id| json!({ "id": user, "customFields": [{ "id": id, "value": memo }] });
    assert_eq!(api.put(&format!("users/{user}"), fields(13)).await.0, 200);
    assert_eq!(api.sql(&shown).await.1[0]["memo"], memo);
    assert_eq!(api.put(&format!("users/{user}"), fields(12)).await.0, 400);
}

#[tokio::test]
async fn a_site_can_have_further_departments() {
    let api = Api::with(options().departments(&["Booking", "Reception"])).await;
    let listed = api.read("departments").await;
    let named = |name: &str| listed.as_array().unwrap().iter().filter(|one| one["name"] == name).count();
    assert_eq!((named("Booking"), named("Reception")), (1, 1));
}

#[tokio::test]
async fn tokens_begin_at_zero_and_are_issued_once() {
    let api = Api::with(options().people(0)).await;
    let user = create(&api, json!({ "firstName": "A" })).await["id"].clone();
    let path = format!("users/{user}/tokens");
    let sent = json!({ "tokenType": "Keyfob", "tokenValue": "12345678", "isLost": false });
    let (_, first) = api.post(&path, sent.clone()).await;
    assert_eq!(first["id"], 0);
    let (status, body) = api.post(&path, sent).await;
    assert_eq!((status, &body["message"]), (400, &json!(": Card 12345678 has already been issued.")));
    assert_eq!(api.post(&path, json!({ "tokenType": "Dual", "tokenValue": "1" })).await.0, 400);
    assert_eq!(api.post(&path, json!({ "tokenNumber": 5 })).await.0, 400);

    let lost = json!({ "tokenType": "Keyfob", "tokenValue": "12345678", "isLost": true });
    assert_eq!(api.put(&format!("{path}/0"), lost).await.0, 204);
    assert_eq!(api.read(&format!("{path}/0")).await["isLost"], true);
    let plate = json!({ "tokenType": "VehicleNumberPlate", "tokenValue": "AB12CDE" });
    assert_eq!(api.post(&path, plate).await.1["id"], 1);
    assert_eq!(api.delete(&format!("{path}/0")).await.0, 204);
    assert_eq!(api.read(&path).await.as_array().unwrap().len(), 1);
    assert_eq!(api.get(&format!("{path}/0")).await.0, 404);
    assert_eq!(api.read("users/token/types").await[3]["name"], "Keyfob");
}

#[tokio::test]
async fn portraits_are_put_as_base64_and_come_as_jpeg() {
    let api = Api::new().await;
    let path = format!("users/{}/image", api.any_user());
    assert_eq!(api.get(&path).await.0, 404);
    let jpeg = [0xff, 0xd8, 0xff, 0xe0, 1, 2, 3];
    assert_eq!(api.put(&path, json!({ "base64Data": STANDARD.encode(jpeg) })).await.0, 204);
    let answer = api.try_send(reqwest::Method::GET, &path, None).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "image/jpeg");
    assert_eq!(answer.bytes().await.unwrap().as_ref(), jpeg);
    api.sim.world(|w| w.switches.image_json = true);
    assert_eq!(api.read(&path).await["base64Data"], STANDARD.encode(jpeg));
    let large = STANDARD.encode(vec![0; 3_670_017]);
    assert_eq!(api.put(&path, json!({ "base64Data": large })).await.0, 413);
    assert_eq!(api.delete(&path).await.0, 204);
    assert_eq!(api.get(&path).await.0, 404);
}

#[tokio::test]
async fn a_user_change_is_logged_with_its_user() {
    let api = Api::new().await;
    let last = api.sim.world(|w| w.events.last().unwrap().id).to_string();
    let user = create(&api, json!({ "firstName": "A" })).await["id"].as_i64().unwrap();
    api.put(&format!("users/{user}"), json!({ "lastName": "B" })).await;
    api.delete(&format!("users/{user}")).await;
    let condition = format!("eventid>{last}");
    let (_, events) = api.events(&[("where", &condition), ("orderBy", "eventid asc")]).await;
    let found: Vec<_> = events
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (event["eventType"].as_i64(), event["eventSubType"].as_i64(), event["userID"].as_i64()))
        .collect();
    let change = |sub| (Some(570), Some(sub), Some(user));
    assert_eq!(found, [change(590), change(591), change(592)]);
}

#[tokio::test]
async fn the_engineer_and_department_zero_are_listed_by_switch_and_never_changed() {
    let api = Api::new().await;
    assert!(api.read("users").await.as_array().unwrap().iter().all(|user| user["id"] != 0));
    assert_eq!(api.read("departments").await[0]["id"], 0);
    api.sim.world(|w| {
        w.switches.list_system_engineer = true;
        w.switches.list_department_zero = false;
    });
    assert_eq!(api.read("users").await[0]["id"], 0);
    assert!(api.read("departments").await.as_array().unwrap().iter().all(|one| one["id"] != 0));
    assert_eq!(api.put("users/0", json!({ "firstName": "X" })).await.0, 403);
    assert_eq!(api.delete("users/0").await.0, 403);
    assert_eq!(api.put("departments/0", json!({ "name": "X" })).await.0, 400);
}

#[tokio::test]
async fn a_malformed_user_can_be_served() {
    let api = Api::new().await;
    let user = api.any_user();
    api.sim.world(|w| w.users.get_mut(&user).unwrap().overlay.insert("expiryDate".into(), json!("soon")));
    assert_eq!(api.read(&format!("users/{user}")).await["expiryDate"], "soon");
}
