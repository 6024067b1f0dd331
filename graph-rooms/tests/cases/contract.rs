//! Fixtures against the client, over a real connection: requests as in the files, answers to values.

use std::path::PathBuf;

use chrono::{TimeDelta, Utc};
use connector_http::{Body, Exchange};
use graph_rooms::calendar::{Reason, Rules, Window};
use graph_rooms::delta::{Followed, Tracked};
use graph_rooms::rooms::{BookingType, Place};
use graph_rooms::subscriptions::NewSubscription;
use graph_rooms::{GraphClient, RetryPolicy};
use mockito::{Matcher, Mock, Server, ServerGuard};
use serde_json::json;

use crate::support::{GRAPH, at};

struct Site {
    server: ServerGuard,
    mocks: Vec<Mock>,
}

impl Site {
    async fn of(scenario: &str) -> Self {
        let mut server = Server::new_async().await;
        let token = json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": "t" }).to_string();
        server.mock("POST", "/example.org/oauth2/v2.0/token").with_body(token).expect_at_least(1).create_async().await;
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/graph").join(scenario);
        let mut mocks = Vec::new();
        for exchange in Exchange::read_folder(&folder).unwrap() {
            let query = exchange.request.query.iter().map(|(k, v)| Matcher::UrlEncoded(k.clone(), v.clone()));
            let query = query.collect::<Vec<_>>();
            let query = if query.is_empty() { Matcher::Any } else { Matcher::AllOf(query) };
            let body = match &exchange.request.body {
                Some(Body::Json(json)) => Matcher::Json(json.clone()),
                Some(Body::Text(text)) => Matcher::Exact(text.clone()),
                _ => Matcher::Any,
            };
            let response = exchange.response.to_response().unwrap();
            // Links in the files lead to the server of the files.
            let text = String::from_utf8(response.body().clone()).unwrap().replace(GRAPH, &server.url());
            let mock = server
                .mock(&exchange.request.method, exchange.request.path.as_str())
                .match_query(query)
                .match_body(body)
                .with_status(response.status().as_u16().into())
                .with_header("content-type", "application/json")
                .with_body(text)
                .expect(1);
            mocks.push(mock.create_async().await);
        }
        Self { server, mocks }
    }

    fn client(&self) -> GraphClient {
        let builder = GraphClient::builder().tenant("example.org").client_id("app").secret("s");
        builder.base_url(self.server.url()).authority(self.server.url()).build().unwrap()
    }

    async fn done(self) {
        for mock in &self.mocks {
            mock.assert_async().await;
        }
    }
}

fn ten_days() -> Window {
    Window::new(at("2026-03-02T00:00:00Z"), at("2026-03-10T00:00:00Z"))
}

#[tokio::test]
async fn rooms_are_listed() {
    let site = Site::of("rooms_without_next_link").await;
    let found = site.client().rooms().list().await.unwrap();
    let names: Vec<_> = found.items.iter().map(|room| room.name().to_owned()).collect();
    assert_eq!((names, found.warnings.len()), (vec!["Quay 1".to_owned(), "Quay 2".into(), "Quay 3".into()], 0));
    site.done().await;
}

#[tokio::test]
async fn odd_rooms_are_listed() {
    let site = Site::of("odd_rooms").await;
    let found = site.client().rooms().list().await.unwrap();
    assert_eq!((found.items.len(), found.warnings.len()), (3, 1));
    assert_eq!(found.items[0].capacity, Some(50));
    assert_eq!(found.items[1].booking_type, Some(BookingType::Unknown("hotDesk".to_owned())));
    assert_eq!(found.items[2].geo_coordinates.unwrap().latitude, Some(59.3));
    site.done().await;
}

#[tokio::test]
async fn lists_their_rooms_and_one_place_are_read() {
    let site = Site::of("room_lists").await;
    let client = site.client();
    let list = client.room_lists().list().await.unwrap().items.remove(0);
    let rooms = client.rooms().of_list(list.email_address.as_deref().unwrap()).await.unwrap();
    assert_eq!(rooms.items.len(), 2);
    assert!(
        matches!(client.rooms().get("quay1@rooms.example.org").await.unwrap(), Place::Room(room) if room.name() == "Quay 1")
    );
    site.done().await;
}

#[tokio::test]
async fn a_calendar_of_two_pages_is_read() {
    let site = Site::of("bookings").await;
    let mut rules = Rules::default();
    (rules.zone, rules.attendees) = (chrono_tz::Europe::Berlin, true);
    let found = site.client().room("quay1@rooms.example.org").bookings(ten_days(), &rules).await.unwrap();
    let granted: Vec<_> = found.granted.iter().map(|booking| (booking.start, booking.attendees.len())).collect();
    assert_eq!(
        granted,
        [(at("2026-03-03T09:30:00Z"), 1), (at("2026-03-04T23:00:00Z"), 0), (at("2026-03-08T23:30:00Z"), 0)]
    );
    let reasons: Vec<_> = found.refused.iter().map(|refusal| refusal.reason).collect();
    assert_eq!(reasons, [Reason::Pending, Reason::Cancelled]);
    site.done().await;
}

#[tokio::test]
async fn odd_events_are_read_or_set_aside() {
    let site = Site::of("odd_events").await;
    let found = site.client().room("quay1@rooms.example.org").bookings(ten_days(), &Rules::default()).await.unwrap();
    assert_eq!((found.granted.len(), found.refused[0].reason, found.invalid.len()), (1, Reason::UnknownResponse, 1));
    site.done().await;
}

#[tokio::test]
async fn changes_are_followed() {
    let site = Site::of("delta").await;
    let room = site.client().room("quay1@rooms.example.org");
    let mut tracked = Tracked::new(ten_days().widened());
    assert_eq!(room.follow(&mut tracked).await.unwrap(), Followed::Whole);
    assert_eq!(tracked.calendar().events.len(), 2);
    assert_eq!(room.follow(&mut tracked).await.unwrap(), Followed::Changes(2));
    assert_eq!(tracked.calendar().events.len(), 1);
    site.done().await;
}

#[tokio::test]
async fn a_subscription_lives_and_ends() {
    let site = Site::of("subscription").await;
    let subscriptions = site.client().subscriptions();
    let new = NewSubscription::new(
        "11111111-2222-3333-4444-555555555555",
        "https://doors.example.org/n",
        "https://doors.example.org/l",
        "s3cret",
        at("2026-03-02T00:00:00Z"),
    );
    let made = subscriptions.create(&new).await.unwrap();
    assert_eq!(made.until, Some(at("2026-03-08T00:00:00Z")));
    let renewed = subscriptions.renew(&made.id, at("2026-03-12T00:00:00Z")).await.unwrap();
    assert_eq!(renewed.until, Some(at("2026-03-12T00:00:00Z")));
    subscriptions.reauthorize(&made.id).await.unwrap();
    subscriptions.delete(&made.id).await.unwrap();
    subscriptions.delete("another").await.unwrap_err();
    site.done().await;
}

#[tokio::test]
async fn mail_is_sent_as_it_is() {
    let site = Site::of("send_mail").await;
    site.client().send_mail("doors@example.org", b"From: a\r\n\r\nH").await.unwrap();
    site.done().await;
}

#[tokio::test]
async fn the_server_of_nobody_is_unreachable() {
    let client = GraphClient::builder().tenant("example.org").client_id("app").secret("s");
    let client = client.base_url("http://127.0.0.1:9").authority("http://127.0.0.1:9").retry(RetryPolicy::never());
    let client = client.build().unwrap();
    let error = client.room("a@example.org").events(Window::new(Utc::now(), Utc::now() + TimeDelta::days(1))).await;
    assert!(error.unwrap_err().failure().is_some());
}
