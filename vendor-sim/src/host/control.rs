//! The control calls that every simulator has.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use http::Method;
use serde_json::{Value, json};

use super::call::Call;
use super::faults::Fault;
use super::reply::Reply;
use super::server::{Server, Shared};
use super::vendor::Vendor;
use crate::listen::{Connection, Order};
use crate::switching;

/// What can be called, for whoever asks.
const CALLS: [&str; 11] = [
    "GET /__control",
    "GET|POST /__control/switches {\"name\": value, …}",
    "GET|POST /__control/clock {\"now\": \"…Z\", \"advance_seconds\": n, \"frozen\": true}",
    "GET|POST|DELETE /__control/faults {\"method\", \"path\", \"nth\", \"times\", \"action\", \"status\", \"body\", \"headers\", \"at\", \"delay_ms\", …}",
    "GET|DELETE /__control/requests",
    "GET /__control/counts",
    "GET /__control/snapshots",
    "POST /__control/snapshots/NAME",
    "POST /__control/snapshots/NAME/restore",
    "POST /__control/restart {\"down_ms\": n}",
    "POST /__control/certificate (with TLS: another one from the next connection on)",
];

type Answer = Result<Value, Reply>;

/// Answers a control call; whoever asks for a restart hears the answer before the connection goes.
pub(super) fn answer<V: Vendor>(shared: &Shared<V>, connection: Connection, call: &Call) -> Reply {
    let pieces: Vec<&str> = call.segments.iter().skip(1).map(String::as_str).collect();
    let result = match (&call.method, pieces.as_slice()) {
        (&Method::POST, ["restart"]) => {
            let down = body(call).get("down_ms").and_then(Value::as_u64).unwrap_or(0);
            shared.restart(Duration::from_millis(down), Some(connection));
            return Reply::json(200, &json!({ "restarted": true })).header("Connection", "close");
        }
        (&Method::POST, ["certificate"]) => certificate(shared),
        _ => {
            let mut server = shared.lock();
            match common(&mut server, call, &pieces) {
                Some(result) => result,
                None => V::control(&mut server.world, call, &pieces)
                    .map_or_else(|| Err(refused(404, "There is no such control call.")), Err),
            }
        }
    };
    shared.changed();
    result.map_or_else(|reply| reply, |value| Reply::json(200, &value))
}

fn certificate<V: Vendor>(shared: &Shared<V>) -> Answer {
    let mut server = shared.lock();
    let acceptor = server.regenerate_certificate().map_err(|error| refused(400, &error.to_string()))?;
    shared.order(Order::Certificate(acceptor));
    Ok(json!({ "fingerprint": server.tls.as_ref().map(|tls| &tls.fingerprint) }))
}

fn common<V: Vendor>(server: &mut Server<V>, call: &Call, pieces: &[&str]) -> Option<Answer> {
    let done = Ok(json!({ "ok": true }));
    Some(match (&call.method, pieces) {
        (&Method::GET, []) => Ok(json!({ "vendor": V::NAME, "calls": ([CALLS.as_slice(), V::CONTROL].concat()) })),
        (&Method::GET | &Method::POST, ["switches"]) => switches::<V>(&mut server.world, call),
        (&Method::GET | &Method::POST, ["clock"]) => clock::<V>(&mut server.world, call),
        (&Method::GET | &Method::POST | &Method::DELETE, ["faults"]) => faults(server, call),
        (&Method::GET, ["requests"]) => Ok(json!(server.log.entries())),
        (&Method::DELETE, ["requests"]) => {
            server.log.clear();
            done
        }
        (&Method::GET, ["counts"]) => Ok(json!(server.log.counts())),
        (&Method::GET, ["snapshots"]) => Ok(json!(server.snapshots.keys().collect::<Vec<_>>())),
        (&Method::POST, ["snapshots", name]) => {
            server.snapshots.insert((*name).to_owned(), server.world.clone());
            done
        }
        (&Method::POST, ["snapshots", name, "restore"]) => match server.snapshots.get(*name).cloned() {
            Some(older) => {
                V::restore(&mut server.world, older);
                done
            }
            None => Err(refused(404, "There is no such snapshot.")),
        },
        _ => return None,
    })
}

fn switches<V: Vendor>(world: &mut V::World, call: &Call) -> Answer {
    if call.method == Method::POST {
        let wanted = switching::from_control(&*V::switches(world), &given(call)?);
        *V::switches(world) = wanted.map_err(|error| refused(400, &format!("{error:#}")))?;
    }
    Ok(json!(V::switches(world)))
}

fn clock<V: Vendor>(world: &mut V::World, call: &Call) -> Answer {
    let clock = V::clock(world);
    if call.method == Method::POST {
        let wanted = given(call)?;
        if let Some(now) = wanted.get("now") {
            let time: DateTime<Utc> =
                serde_json::from_value(now.clone()).map_err(|_| refused(400, "now is not a time."))?;
            clock.set(time);
        }
        if let Some(seconds) = wanted.get("advance_seconds") {
            let step = seconds.as_i64().and_then(TimeDelta::try_seconds);
            clock.advance(step.ok_or_else(|| refused(400, "advance_seconds is not a number that fits."))?);
        }
        match wanted.get("frozen").and_then(Value::as_bool) {
            Some(true) => clock.freeze(),
            Some(false) => clock.run(),
            None => {}
        }
    }
    Ok(json!({ "now": clock.now(), "frozen": clock.is_frozen() }))
}

fn faults<V: Vendor>(server: &mut Server<V>, call: &Call) -> Answer {
    match call.method {
        Method::POST => {
            let items = match given(call)? {
                Value::Array(items) => items,
                one => vec![one],
            };
            let new: Result<Vec<Fault>, _> = items.into_iter().map(serde_json::from_value).collect();
            server.faults.extend(new.map_err(|error| refused(400, &error.to_string()))?);
        }
        Method::DELETE => server.faults.clear(),
        _ => {}
    }
    Ok(json!(server.faults))
}

fn body(call: &Call) -> Value {
    call.json().unwrap_or_default()
}

fn given(call: &Call) -> Answer {
    call.json().map_err(|_| refused(400, "The body is not JSON."))
}

fn refused(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({ "message": message }))
}
