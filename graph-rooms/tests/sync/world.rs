//! A tenant whose calendars can be changed between two readings.

#![allow(unreachable_pub, reason = "shared by the tests beside it")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Duration, Utc};
use futures::TryStreamExt as _;
use graph_rooms::sync::{GraphRooms, MemoryStates, OutlookConfig, PollReport, RoomConfig, RoomStates};
use serde_json::{Value, json};
use sync_core::connector::{Page, Source as _};
use sync_core::model::{Booking, BookingStatus};

use crate::support::*;

/// Answers of calendars by the room's address.
#[derive(Clone, Default)]
pub struct World(Arc<Mutex<BTreeMap<String, Answer>>>);

impl World {
    pub fn set(&self, room: &str, events: impl IntoIterator<Item = Value>) {
        self.answer(room, page(events));
    }

    pub fn answer(&self, room: &str, answer: Answer) {
        self.0.lock().unwrap().insert(room.to_owned(), answer);
    }

    pub fn graph(&self) -> Arc<Script> {
        let world = self.clone();
        Script::new(move |seen| world.tell(seen))
    }

    pub fn tell(&self, seen: &Seen) -> Answer {
        if seen.path().starts_with("/v1.0/places") {
            return self.0.lock().unwrap().get("places").cloned().unwrap_or_else(|| ok(json!({ "value": [] })));
        }
        let user = seen.path().split('/').nth(3).unwrap_or_default().to_lowercase();
        self.0.lock().unwrap().get(&user).cloned().unwrap_or_else(|| fault(404, "ErrorInvalidUser"))
    }
}

pub const A: &str = "a@rooms.example.org";
pub const B: &str = "b@rooms.example.org";

pub fn config() -> OutlookConfig {
    let rooms = vec![RoomConfig::new("A@rooms.example.org", "Attic"), RoomConfig::new(B, "Barn")];
    let mut config = OutlookConfig::new("hq", "example.org", "app-1", "Europe/Berlin", rooms);
    config.secret = Some("env:UNUSED".to_owned());
    config.attendees = true;
    config
}

pub fn rooms_with(graph: &Arc<Script>, config: OutlookConfig, states: Arc<dyn RoomStates>) -> GraphRooms {
    GraphRooms::with_client("bookings", config, graph.client(), states).unwrap()
}

pub fn rooms(graph: &Arc<Script>) -> GraphRooms {
    rooms_with(graph, config(), Arc::new(MemoryStates::default()))
}

pub fn minutes(n: i64) -> DateTime<Utc> {
    noon() + Duration::minutes(n)
}

pub async fn whole(rooms: &GraphRooms) -> Page<Booking> {
    let mut pages: Vec<_> = rooms.snapshot(None).try_collect().await.unwrap();
    assert_eq!(pages.len(), 1);
    pages.remove(0)
}

/// Id, rooms and standing of what is known.
pub async fn known(rooms: &GraphRooms) -> Vec<(String, String, BookingStatus)> {
    let record = |record: sync_core::connector::Record<Booking>| {
        let names: Vec<_> = record.value.resources.iter().cloned().collect();
        (record.id.to_string(), names.join("+"), record.value.status)
    };
    whole(rooms).await.records.into_iter().map(record).collect()
}

pub async fn names(rooms: &GraphRooms) -> Vec<String> {
    known(rooms).await.into_iter().map(|(id, rooms, _)| format!("{} {rooms}", id.split('#').next().unwrap())).collect()
}

pub fn outcomes(reports: &[PollReport]) -> Vec<(&str, &str)> {
    reports.iter().map(|report| (report.room.as_str(), report.outcome.as_str())).collect()
}
