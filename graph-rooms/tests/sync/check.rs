//! The connection test.

use std::sync::Arc;

use graph_rooms::GraphClient;
use graph_rooms::sync::{GraphRooms, MemoryStates};
use mockito::{Matcher, Server, ServerGuard};
use serde_json::json;
use sync_core::connector::{CheckReport, Endpoint as _, StepOutcome};

use crate::support::*;
use crate::world::*;

struct Tenant(ServerGuard);

impl Tenant {
    async fn new() -> Self {
        let mut tenant = Self(Server::new_async().await);
        tenant.token(200, json!({ "access_token": "t", "expires_in": 3599 })).await;
        tenant
    }

    async fn token(&mut self, status: usize, body: serde_json::Value) {
        self.0.reset();
        self.on("POST", "/example.org/oauth2/v2.0/token", status, body).await;
    }

    async fn on(&mut self, method: &str, path: &str, status: usize, body: serde_json::Value) {
        let mock = self.0.mock(method, path).match_query(Matcher::Any);
        mock.with_status(status).with_body(body.to_string()).expect_at_least(0).create_async().await;
    }

    async fn places(&mut self, rooms: &[&str]) {
        let rooms: Vec<_> = rooms.iter().map(|address| json!({ "id": address, "emailAddress": address })).collect();
        let body = json!({ "@odata.count": rooms.len(), "value": rooms });
        self.on("GET", "/v1.0/places/microsoft.graph.room", 200, body).await;
    }

    async fn calendar(&mut self, room: &str, status: usize, body: serde_json::Value) {
        self.on("GET", &format!("/v1.0/users/{room}/calendar/calendarView"), status, body).await;
    }

    async fn check(&self) -> CheckReport {
        let client = GraphClient::builder().tenant("example.org").client_id("app").secret("s");
        let client = client.base_url(self.0.url()).authority(self.0.url()).build().unwrap();
        GraphRooms::with_client("bookings", config(), client, Arc::new(MemoryStates::default())).unwrap().check().await
    }
}

fn denied() -> serde_json::Value {
    json!({ "error": { "code": "ErrorAccessDenied", "message": "words" } })
}

fn steps(report: &CheckReport) -> Vec<(&str, StepOutcome)> {
    report.steps.iter().map(|step| (step.name.as_str(), step.outcome)).collect()
}

fn remedy<'a>(report: &'a CheckReport, step: &str) -> &'a str {
    let step = report.steps.iter().find(|other| other.name == step).unwrap_or_else(|| panic!("{step} in {report:?}"));
    step.remedy.as_deref().unwrap()
}

#[tokio::test]
async fn all_is_well() {
    let mut tenant = Tenant::new().await;
    tenant.places(&["A@Rooms.example.org", B, "other@example.org"]).await;
    for room in ["A@rooms.example.org", B] {
        tenant.calendar(room, 200, json!({ "value": [plain("one")] })).await;
    }
    let report = tenant.check().await;
    let expected = ["name", "port", "TLS", "sign-in", "Place.Read.All", "rooms", "Calendars.ReadBasic.All", "calendar"];
    assert_eq!(steps(&report), expected.map(|step| (step, StepOutcome::Passed)));
}

#[tokio::test]
async fn an_expired_secret_ends_the_test_with_its_remedy() {
    let mut tenant = Tenant::new().await;
    tenant.token(401, json!({ "error": "invalid_client", "error_codes": [7_000_222], "trace_id": "t-77" })).await;
    let report = tenant.check().await;
    assert!(remedy(&report, "sign-in").contains("new client secret"));
    assert!(report.steps.iter().any(|step| step.detail.contains("t-77")), "{report:?}");
    assert_eq!(report.steps.last().unwrap().outcome, StepOutcome::Skipped);
}

#[tokio::test]
async fn each_missing_permission_is_named() {
    let mut tenant = Tenant::new().await;
    tenant.on("GET", "/v1.0/places/microsoft.graph.room", 403, denied()).await;
    for room in ["A@rooms.example.org", B] {
        tenant.calendar(room, 200, json!({ "value": [] })).await;
    }
    let report = tenant.check().await;
    assert!(remedy(&report, "Place.Read.All").contains("Place.Read.All"));
    assert_eq!(report.steps.iter().filter(|step| step.outcome == StepOutcome::Failed).count(), 1, "{report:?}");

    let mut tenant = Tenant::new().await;
    tenant.places(&["a@rooms.example.org", B]).await;
    for room in ["A@rooms.example.org", B] {
        tenant.calendar(room, 403, denied()).await;
    }
    let report = tenant.check().await;
    assert!(remedy(&report, "Calendars.ReadBasic.All").contains("policy"));
}

#[tokio::test]
async fn one_forbidden_and_one_missing_room_are_named() {
    for (status, code, word) in [(403, "ErrorAccessDenied", "policy"), (404, "ErrorInvalidUser", "calendar_user")] {
        let mut tenant = Tenant::new().await;
        tenant.places(&[]).await;
        tenant.calendar("A@rooms.example.org", status, json!({ "error": { "code": code } })).await;
        tenant.calendar(B, 200, json!({ "value": [plain("one"), {}] })).await;
        let report = tenant.check().await;
        assert!(remedy(&report, "room Attic").contains(word), "{report:?}");
        assert!(remedy(&report, "rooms").contains("Set-PlacesSettings"), "an empty list has its causes");
        assert!(remedy(&report, "calendar").contains("problems"), "an event cannot be read");
        assert!(!report.is_ok());
    }
}
