use serde_json::{Value, json};
use vendor_sim::net2::Querydb;

use crate::client::{Api, options};

#[tokio::test]
async fn everybody_is_read_with_two_statements() {
    let api = Api::new().await;
    let (status, users) = api
        .sql(
            "SELECT u.UserID AS id, u.FirstName, u.Surname, u.ExpiryDate, u.DepartmentID, u.AccessLevelID, u.Field14_50 \
             FROM sdk.UsersEx u WHERE u.Active = 1 ORDER BY u.UserID",
        )
        .await;
    assert_eq!(status, 200, "{users}");
    let listed = api.read("users").await;
    assert_eq!(users.as_array().unwrap().len(), listed.as_array().unwrap().len());
    assert_eq!(users[0]["id"], listed[0]["id"]);
    assert_eq!(users[0]["firstName"], listed[0]["firstName"]);
    assert!(users[0]["field14_50"].is_string());
    let expiry = users.as_array().unwrap().iter().find_map(|user| user["expiryDate"].as_str()).unwrap();
    assert_eq!(expiry.len(), "2027-03-01T00:00:00".len());
    let (_, cards) = api.sql("SELECT CardNumber, UserID, LostCard, CardTypeID FROM sdk.Cards").await;
    let count = api.sim.world(|w| w.users.values().map(|user| user.tokens.len()).sum::<usize>());
    assert_eq!(cards.as_array().unwrap().len(), count);
}

#[tokio::test]
async fn doors_become_areas_by_a_join() {
    let api = Api::new().await;
    let (_, rows) = api
        .sql(
            "SELECT p.SerialNumber AS door, p.SubAddress AS side, g.ToAreaID AS area FROM sdk.PeripheralNames AS p \
             INNER JOIN sdk.AreaGateways g ON p.PeripheralID = g.PeripheralID ORDER BY door, side",
        )
        .await;
    let expected: Vec<Value> = api.sim.world(|w| {
        let sides = |door: &vendor_sim::net2::Door| {
            [
                json!({ "door": door.id, "side": 1, "area": door.area_in }),
                json!({ "door": door.id, "side": 2, "area": door.area_out }),
            ]
        };
        w.doors.values().flat_map(sides).collect()
    });
    assert_eq!(rows, json!(expected));
}

#[tokio::test]
async fn names_texts_and_limits_follow_the_dialect() {
    let api = Api::with(options().people(0)).await;
    let id = api.sim.world(|w| w.add_user("Áine", "O'Brien"));
    let by_name =
        "SELECT TOP 1 [UserID] AS [Id] FROM sdk.UsersEx WHERE [Surname] = N'o''brien' AND FirstName LIKE N'Á%'";
    assert_eq!(api.sql(by_name).await.1, json!([{ "id": id }]));
    let (_, last) = api.sql("SELECT MAX(EventID) AS last, COUNT(*) AS count FROM sdk.EventsEx").await;
    assert_eq!(last, json!([{ "last": api.sim.world(|w| w.events.last().unwrap().id), "count": 1 }]));
    let (_, outer) =
        api.sql("SELECT u.UserID, c.CardNumber FROM sdk.UsersEx u LEFT JOIN sdk.Cards c ON c.UserID = u.UserID").await;
    assert_eq!(outer, json!([{ "userID": id, "cardNumber": null }]));
    assert_eq!(api.sql("SELECT Name FROM sdk.Departments").await.0, 400);
    assert_eq!(api.sql("SELECT DepartmentName FROM sdk.Departments ORDER BY DepartmentName DESC").await.0, 200);
}

#[tokio::test]
async fn only_reading_is_served() {
    let api = Api::new().await;
    for wrong in [
        "",
        "DELETE FROM sdk.UsersEx",
        "SELECT * FROM sdk.UsersEx; DROP TABLE x",
        "SELECT * FROM Passwords",
        "SELECT UserID FROM sdk.UsersEx WHERE",
        "SELECT UserID FROM sdk.UsersEx GROUP BY UserID",
        "SELECT UserID, COUNT(*) FROM sdk.UsersEx",
    ] {
        assert_eq!(api.sql(wrong).await.0, 400, "{wrong}");
    }
    for (how, status) in [(Querydb::Off, 403), (Querydb::Missing, 404)] {
        api.sim.world(|w| w.switches.querydb = how);
        assert_eq!(api.sql("SELECT UserID FROM sdk.UsersEx").await.0, status);
    }
}
