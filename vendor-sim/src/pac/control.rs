//! Control calls: plain HTTP on loopback, for another process that plays the site.

use std::net::TcpListener;
use std::sync::Arc;

use axum::extract::{Path, State as Given};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::faults::Faults;
use super::state::{Shared, State};
use super::world::{CredentialKey, Person, Stream, Who};
use crate::tcp::{Order, Orders};

/// What can be called, for whoever asks.
const CALLS: [&str; 13] = [
    "GET / (this list)",
    "GET /world (the whole site), GET /requests, GET /counts",
    "GET|POST /clock {\"now\": \"…Z\", \"advance_seconds\": n, \"frozen\": true}",
    "POST /swipe {\"reader\": 11, \"person\": 101 or \"credential\": \"pac-prox:8E4C0A1F\", \"at\": \"…Z\"}",
    "POST /person {\"id\": 101, \"first\": …} (the operator adds a person without id or changes the named attributes)",
    "DELETE /person/ID",
    "POST /epoch",
    "POST /trim/N",
    "POST /fault NAME=ARG (text; @Message after it for one message), DELETE /fault",
    "POST /client/NAME (answers the key file), POST /client/NAME/revoke",
    "POST /pause, POST /resume, POST /cut",
    "GET /log/events/AFTER, GET /log/changes/AFTER (records as JSON)",
    "POST /online/CONTROLLER/true|false",
];

type Answer = Result<Json<Value>, (StatusCode, String)>;

/// What the calls work on.
#[derive(Debug, Clone)]
pub(super) struct Control {
    shared: Arc<Shared>,
    orders: Orders,
}

impl Control {
    pub(super) fn new(shared: Arc<Shared>, orders: Orders) -> Self {
        Self { shared, orders }
    }

    pub(super) async fn serve(self, listener: TcpListener) {
        let routes = Router::new()
            .route("/", get(|| async { Json(json!({ "vendor": "pac", "calls": CALLS })) }))
            .route("/world", get(|Given(on): Given<Control>| async move { on.read(|s| json!(s.world)) }))
            .route("/requests", get(|Given(on): Given<Control>| async move { on.read(|s| json!(s.requests.all())) }))
            .route("/counts", get(|Given(on): Given<Control>| async move { on.read(|s| json!(s.requests.counts())) }))
            .route("/clock", get(clock_shown).post(clock))
            .route("/swipe", post(swipe))
            .route("/person", post(person))
            .route("/person/{id}", axum::routing::delete(delete_person))
            .route("/epoch", post(|Given(on): Given<Control>| async move { on.change(State::new_epoch) }))
            .route("/trim/{keep}", post(trim))
            .route("/fault", post(fault).delete(clear_faults))
            .route("/client/{name}", post(add_client))
            .route("/client/{name}/revoke", post(revoke_client))
            .route("/log/{stream}/{after}", get(log))
            .route("/online/{controller}/{online}", post(online))
            .route("/pause", post(|Given(on): Given<Control>| async move { on.order(Order::Pause).await }))
            .route("/resume", post(|Given(on): Given<Control>| async move { on.order(Order::Resume).await }))
            .route("/cut", post(|Given(on): Given<Control>| async move { on.order(Order::Cut).await }))
            .with_state(self);
        if let Ok(listener) = tokio::net::TcpListener::from_std(listener)
            && let Err(error) = axum::serve(listener, routes).await
        {
            tracing::warn!(%error, "control calls are no longer taken");
        }
        std::future::pending::<()>().await;
    }

    fn read(&self, look: impl FnOnce(&State) -> Value) -> Json<Value> {
        Json(look(&self.shared.lock()))
    }

    fn change(&self, act: impl FnOnce(&mut State)) -> Json<Value> {
        self.shared.with(act);
        Json(json!({ "ok": true }))
    }

    async fn order(self, order: Order) -> Answer {
        match tokio::task::spawn_blocking(move || self.orders.give(order)).await {
            Ok(true) => Ok(Json(json!({ "ok": true }))),
            _ => Err(wrong("the server has ended")),
        }
    }
}

fn wrong(message: impl std::fmt::Display) -> (StatusCode, String) {
    (StatusCode::BAD_REQUEST, message.to_string())
}

fn read<T: serde::de::DeserializeOwned>(body: &Value, name: &str) -> Result<Option<T>, (StatusCode, String)> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            serde_json::from_value(value.clone()).map(Some).map_err(|error| wrong(format!("{name}: {error}")))
        }
    }
}

async fn clock_shown(Given(on): Given<Control>) -> Json<Value> {
    on.read(|state| json!({ "now": state.world.now(), "frozen": state.world.clock.is_frozen() }))
}

async fn clock(Given(on): Given<Control>, Json(body): Json<Value>) -> Answer {
    let now: Option<DateTime<Utc>> = read(&body, "now")?;
    let step: Option<i64> = read(&body, "advance_seconds")?;
    let frozen: Option<bool> = read(&body, "frozen")?;
    on.shared.with(|state| {
        let clock = &mut state.world.clock;
        if let Some(now) = now {
            clock.set(now);
        }
        if let Some(step) = step.and_then(TimeDelta::try_seconds) {
            clock.advance(step);
        }
        match frozen {
            Some(true) => clock.freeze(),
            Some(false) => clock.run(),
            None => {}
        }
    });
    Ok(clock_shown(Given(on)).await)
}

async fn swipe(Given(on): Given<Control>, Json(body): Json<Value>) -> Answer {
    let reader: u32 = read(&body, "reader")?.ok_or_else(|| wrong("a reader is needed"))?;
    let at: Option<DateTime<Utc>> = read(&body, "at")?;
    let who = match (read::<u32>(&body, "person")?, read::<CredentialKey>(&body, "credential")?) {
        (Some(person), None) => Who::Person(person),
        (None, Some(credential)) => Who::Credential(credential),
        _ => return Err(wrong("a person or a credential is needed")),
    };
    let swiped = on.shared.with(|state| state.world.swipe(reader, who, at));
    Ok(Json(json!({ "seq": swiped.seq, "denied": swiped.denied })))
}

/// Lays the given attributes over the record, or over an empty one.
async fn person(Given(on): Given<Control>, Json(body): Json<Value>) -> Answer {
    let id: Option<u32> = read(&body, "id")?;
    on.shared.with(|state| {
        let old = match id {
            Some(id) => state.world.people.get(&id).cloned().ok_or_else(|| wrong("there is no such person"))?,
            None => Person { active: true, ..Person::default() },
        };
        let mut laid = json!(old);
        if let (Some(laid), Some(given)) = (laid.as_object_mut(), body.as_object()) {
            laid.extend(given.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        let new: Person = serde_json::from_value(laid).map_err(wrong)?;
        let id = match id {
            Some(id) => {
                state.world.edit_person(id, |person| *person = Person { id, ..new });
                id
            }
            None => state.world.add_person(new),
        };
        Ok(Json(json!({ "person": state.world.people.get(&id) })))
    })
}

async fn delete_person(Given(on): Given<Control>, Path(id): Path<u32>) -> Json<Value> {
    let existed = on.shared.with(|state| state.world.delete_person(id));
    Json(json!({ "existed": existed }))
}

async fn trim(Given(on): Given<Control>, Path(keep): Path<u64>) -> Json<Value> {
    on.change(|state| state.world.trim_log(keep))
}

async fn fault(Given(on): Given<Control>, text: String) -> Answer {
    on.shared.with(|state| state.fault_text(text.trim())).map_err(wrong)?;
    Ok(Json(json!({ "ok": true })))
}

async fn clear_faults(Given(on): Given<Control>) -> Json<Value> {
    on.change(|state| state.faults = Faults::default())
}

async fn add_client(Given(on): Given<Control>, Path(name): Path<String>) -> Result<String, (StatusCode, String)> {
    let mut state = on.shared.lock();
    let key = state.clients.add(&on.shared.authority, &name, super::pki::VALID).map_err(wrong)?;
    state.keep_clients().map_err(wrong)?;
    Ok(key)
}

async fn revoke_client(Given(on): Given<Control>, Path(name): Path<String>) -> Answer {
    on.shared.lock().revoke(&name).map_err(wrong)?;
    Ok(Json(json!({ "ok": true })))
}

async fn log(Given(on): Given<Control>, Path((stream, after)): Path<(String, u64)>) -> Answer {
    let stream = Stream::named(&stream).ok_or_else(|| wrong("there is no such log"))?;
    let state = on.shared.lock();
    let world = &state.world;
    let (first, next) = world.bounds(stream);
    let numbers = (after.saturating_add(1).max(first)..next).take(1000);
    let records: Vec<Value> = numbers
        .map(|seq| match stream {
            Stream::Events => json!({ "seq": seq, "event": world.event(seq) }),
            Stream::Changes => json!({ "seq": seq, "change": world.changes.get(seq) }),
        })
        .collect();
    Ok(Json(json!({ "epoch": world.epoch.to_string(), "first": first, "next": next, "records": records })))
}

async fn online(Given(on): Given<Control>, Path((controller, online)): Path<(u32, bool)>) -> Json<Value> {
    on.change(|state| state.world.set_online(controller, online))
}
