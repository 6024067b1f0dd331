//! Several calls in one.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde_json::{Map, Value, json};

use super::error::{Fail, Outcome, usual};
use crate::graph::world::{ItemFault, World};
use crate::host::{Call, Reply};
use crate::pattern::glob;

/// Most items of a batch.
const MOST: usize = 20;

pub(super) fn answer(world: &mut World, call: &Call) -> Outcome {
    if call.method != Method::POST {
        return Err(Fail::new(405, "BadRequest", "A batch is posted."));
    }
    let body = call.json().map_err(|_| Fail::new(400, "BadRequest", "The batch is not JSON."))?;
    let Some(items) = body.get("requests").and_then(Value::as_array) else {
        return Err(Fail::new(400, "BadRequest", "The batch has no 'requests'."));
    };
    if items.is_empty() || items.len() > MOST {
        return Err(Fail::new(400, "BadRequest", "A batch has 1 to 20 requests."));
    }
    let mut ids = BTreeSet::new();
    for item in items {
        let id = item.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| Fail::new(400, "BadRequest", "Each request of a batch has an id."))?;
        if !ids.insert(id) {
            return Err(Fail::new(400, "BadRequest", "The ids of a batch are unique."));
        }
    }
    let mut answers: Vec<Option<Value>> = Vec::new();
    let mut statuses: BTreeMap<&str, u16> = BTreeMap::new();
    for item in items {
        let id = item.get("id").and_then(Value::as_str).unwrap_or_default();
        let needed = item.get("dependsOn").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let failed = needed.into_iter().any(|id| statuses.get(id).is_none_or(|status| *status >= 400));
        let reply = if failed { Some(plain(424)) } else { carry_out(world, call, item)? };
        statuses.insert(id, reply.as_ref().map_or(0, |reply| reply.status));
        answers.push(reply.map(|reply| shown(id, &reply)));
    }
    let mut responses: Vec<Value> = answers.into_iter().flatten().collect();
    if !world.switches.batch_in_order {
        responses.reverse();
        let third = responses.len() / 3;
        responses.rotate_left(third);
    }
    Ok(Reply::json(200, &json!({ "responses": responses })))
}

/// Carries an item out; `None` if its answer gets lost.
fn carry_out(world: &mut World, call: &Call, item: &Value) -> Outcome<Option<Reply>> {
    let text = |name: &str| item.get(name).and_then(Value::as_str);
    let (Some(method), Some(url)) = (text("method"), text("url")) else {
        return Err(Fail::new(400, "BadRequest", "Each request of a batch has a method and a url."));
    };
    let method = Method::from_bytes(method.to_uppercase().as_bytes())
        .map_err(|_| Fail::new(400, "BadRequest", "The method of a request is not known."))?;
    let mut headers = HeaderMap::new();
    for (name, value) in item.get("headers").and_then(Value::as_object).into_iter().flatten() {
        let value = value.as_str().and_then(|value| HeaderValue::from_str(value).ok());
        if let (Ok(name), Some(value)) = (name.parse::<HeaderName>(), value) {
            headers.insert(name, value);
        }
    }
    // Who asks is known from outside.
    if let Some(authorization) = call.headers.get(header::AUTHORIZATION) {
        headers.insert(header::AUTHORIZATION, authorization.clone());
    }
    let body = match item.get("body") {
        None | Some(Value::Null) => Bytes::new(),
        Some(Value::String(text)) => Bytes::from(text.clone()),
        Some(value) => Bytes::from(value.to_string()),
    };
    let inner = call.inner(method, &format!("/v1.0/{}", url.trim_start_matches('/')), headers, body);
    Ok(match fault_for(world, &inner) {
        None => Some(super::routed(world, &inner)),
        Some(fault) if fault.status == 0 => None,
        Some(fault) => {
            let reply = plain(fault.status);
            Some(fault.retry_after.iter().fold(reply, |reply, wait| reply.header("Retry-After", wait)))
        }
    })
}

/// The planned fault that meets an item.
fn fault_for(world: &mut World, inner: &Call) -> Option<ItemFault> {
    let path = inner.pieces().iter().skip(1).fold(String::new(), |path, piece| path + "/" + piece).to_lowercase();
    let fits = |pattern: &str| glob(&pattern.to_lowercase(), &path);
    let fault = world.item_faults.iter_mut().find(|fault| fault.times > 0 && fits(&fault.path))?;
    fault.times -= 1;
    Some(fault.clone())
}

fn plain(status: u16) -> Reply {
    let (code, message) = usual(status);
    Reply::json(status, &json!({ "error": { "code": code, "message": message } }))
}

fn shown(id: &str, reply: &Reply) -> Value {
    let headers: Map<String, Value> = reply.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let mut answer = json!({ "id": id, "status": reply.status, "headers": headers });
    if let Some(object) = answer.as_object_mut().filter(|_| !reply.body.is_empty()) {
        let body = serde_json::from_slice(&reply.body).unwrap_or_else(|_| json!(STANDARD.encode(&reply.body)));
        object.insert("body".to_owned(), body);
    }
    answer
}
