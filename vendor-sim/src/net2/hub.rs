//! Who listens to what on the live hub.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::api::door_status;
use super::switches::Switches;
use super::world::{Event, Live, World};
use crate::call::{capital, int};

/// Name of the hub.
const HUB: &str = "eventHubLocal";

/// All live connections.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    listeners: BTreeMap<String, Listener>,
    negotiated: u64,
    messages: u64,
}

#[derive(Debug, Default)]
struct Listener {
    sender: Option<UnboundedSender<String>>,
    events: bool,
    doors: BTreeSet<i64>,
    statuses: BTreeSet<i64>,
    roll_calls: BTreeSet<i64>,
}

impl Hub {
    /// A new connection's token; it has characters that must be escaped in a URL.
    pub(crate) fn negotiate(&mut self) -> String {
        self.negotiated += 1;
        let noise = Sha256::digest(format!("connection {}", self.negotiated));
        let token = format!("{}+/{}==", STANDARD.encode(noise), self.negotiated);
        self.listeners.insert(token.clone(), Listener::default());
        token
    }

    /// Opens a negotiated connection; what is received is to be sent to the client.
    pub(crate) fn open(&mut self, token: &str) -> Option<UnboundedReceiver<String>> {
        let listener = self.listeners.get_mut(token)?;
        let (sender, receiver) = unbounded_channel();
        let first = json!({ "C": format!("s-0,{:X}", self.negotiated), "S": 1, "M": [] });
        let _ = sender.send(first.to_string());
        *listener = Listener { sender: Some(sender), ..Listener::default() };
        Some(receiver)
    }

    /// Whether this connection is known.
    pub(crate) fn knows(&self, token: &str) -> bool {
        self.listeners.contains_key(token)
    }

    pub(crate) fn close(&mut self, token: &str) {
        self.listeners.remove(token);
    }

    pub(crate) fn close_all(&mut self) {
        self.listeners.clear();
    }

    /// How many connections are open.
    pub(crate) fn open_count(&self) -> usize {
        self.listeners.values().filter(|listener| listener.sender.is_some()).count()
    }

    /// Answers a call of the client; `None` for a frame that is no call.
    pub(crate) fn invoke(&mut self, token: &str, frame: &str, world: &World) -> Option<String> {
        let frame: Value = serde_json::from_str(frame).ok()?;
        let method = frame.get("M")?.as_str()?;
        let id = match frame.get("I") {
            Some(Value::String(id)) => id.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        };
        let known_hub = frame.get("H").and_then(Value::as_str).is_some_and(|hub| hub.eq_ignore_ascii_case(HUB));
        let argument = frame.get("A").and_then(|arguments| arguments.get(0));
        let result = if known_hub {
            self.subscribe(token, method, argument, &world.switches)
        } else {
            Err("There is no such hub.")
        };
        Some(match result {
            Ok(()) => json!({ "I": id }).to_string(),
            Err(text) => json!({ "I": id, "E": text }).to_string(),
        })
    }

    fn subscribe(
        &mut self,
        token: &str,
        method: &str,
        argument: Option<&Value>,
        switches: &Switches,
    ) -> Result<(), &'static str> {
        let listener = self.listeners.get_mut(token).ok_or("The connection is closed.")?;
        let id = || match argument {
            Some(Value::Number(_)) if switches.live_ids_as_text => Err("An id as text is expected."),
            Some(value) => int(value).ok_or("The id is not valid."),
            None => Err("An id is expected."),
        };
        match method.to_lowercase().as_str() {
            "subscribetoliveevents" => listener.events = true,
            "subscribetodoorevents" => drop(listener.doors.insert(id()?)),
            "subscribetodoorstatusevents" => drop(listener.statuses.insert(id()?)),
            "subscribetorollcallevents" => drop(listener.roll_calls.insert(id()?)),
            _ => return Err("There is no such method."),
        }
        Ok(())
    }

    /// Sends what happened to those who asked for it.
    pub(crate) fn deliver(&mut self, world: &mut World) {
        let news = std::mem::take(&mut world.outbox);
        if news.is_empty() || self.open_count() == 0 {
            return;
        }
        let events: Vec<Value> = news
            .iter()
            .filter_map(|live| match live {
                Live::Event(event) => Some(live_event(world, event)),
                _ => None,
            })
            .collect();
        let mut number = self.messages;
        for listener in self.listeners.values() {
            let Some(sender) = &listener.sender else { continue };
            let mut send = |method: &str, items: Vec<Value>| {
                number += 1;
                // A closed connection is taken out by its own task.
                let _ = sender.send(message(&world.switches, number, method, items));
            };
            if listener.events && !events.is_empty() {
                send("liveEvents", events.clone());
            }
            for live in &news {
                match live {
                    Live::Door { door, locked } if listener.doors.contains(door) => {
                        send("doorEvents", vec![json!({ "doorId": door, "locked": locked })]);
                    }
                    Live::DoorStatus { door } if listener.statuses.contains(door) => {
                        let status = world.doors.get(door).map(door_status);
                        let item = json!({ "doorId": door, "notificationType": "DoorStatus", "status": status });
                        send("doorStatusEvents", vec![item]);
                    }
                    Live::RollCall { report, user, safe } if listener.roll_calls.contains(report) => {
                        send("rollCallEvents", vec![roll_call(world, *report, *user, *safe)]);
                    }
                    _ => {}
                }
            }
        }
        self.messages = number;
    }
}

fn message(switches: &Switches, number: u64, method: &str, items: Vec<Value>) -> String {
    let named = |name: &str| if switches.pascal_live_names { capital(name) } else { name.to_owned() };
    let arguments = if switches.nested_live_args { json!([items]) } else { Value::Array(items) };
    json!({
        "C": format!("d-1A2B,0|F,{number:X}"),
        "M": [{ "H": named(HUB), "M": named(method), "A": arguments }],
    })
    .to_string()
}

fn live_event(world: &World, event: &Event) -> Value {
    let token_type = match event.event_type {
        24 | 26 => (1, "Pin"),
        30 | 31 => (2, "Vehicle"),
        25 | 27 => (3, "Code"),
        _ => (0, "Token"),
    };
    let entering = event.sub_address != Some(2);
    let area = event
        .address
        .and_then(|door| world.doors.get(&door))
        .and_then(|door| world.areas.get(if entering { &door.area_in } else { &door.area_out }))
        .map(|area| area.name.clone());
    let name: Vec<&str> = [&event.surname, &event.first_name].into_iter().flatten().map(String::as_str).collect();
    json!({
        "eventTime": world.zone.local(event.time).format("%Y-%m-%dT%H:%M:%S").to_string(),
        "eventType": event.event_type,
        "eventSubType": event.sub_type,
        "tokenType": if world.switches.live_token_type_int { json!(token_type.0) } else { json!(token_type.1) },
        "tokenNumber": event.card_no.unwrap_or(0),
        "userId": event.user_id.unwrap_or(0),
        "userName": if name.is_empty() { Value::Null } else { Value::from(name.join(" ")) },
        "deviceId": event.address.unwrap_or(0),
        "areaName": area,
        "details": event.details,
        "notificationType": if event.event_type < 100 { "Access" } else { "System" },
    })
}

fn roll_call(world: &World, report: i64, user: i64, safe: bool) -> Value {
    let by = world.roll_calls.get(&report).and_then(|report| report.safe.get(&user)).copied();
    let name = by.and_then(|by| world.operators.get(&by)).map(|operator| operator.display_name.clone());
    json!({
        "rollCallReportId": report,
        "rollCallEventType": if safe { "MarkedSafe" } else { "UnmarkedSafe" },
        "musterEventData": null,
        "markedSafeRecordEventData": { "userId": user, "markedSafeBy": { "id": by, "name": name } },
    })
}
