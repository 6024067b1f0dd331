//! Subscriptions: made after a handshake, renewed, confirmed, ended.

use chrono::{DateTime, TimeDelta, Utc};
use http::Method;
use serde_json::{Value, json};
use url::Url;

use super::error::{Fail, Outcome};
use super::events::mailbox;
use super::options::preference;
use super::token::id_for;
use crate::graph::world::{Handshake, Permission, Subscription, World};
use crate::host::{Call, Errand, Reply};

/// Longest and shortest life in minutes.
const LONGEST: i64 = 10_080;
const SHORTEST: i64 = 45;

/// How long the endpoint may take to prove itself.
const HANDSHAKE: TimeDelta = TimeDelta::seconds(10);

/// Shortest time between two confirmations.
const BETWEEN: TimeDelta = TimeDelta::minutes(10);

pub(super) fn answer(world: &mut World, call: &Call, rest: &[&str]) -> Outcome {
    if !world.may(Permission::CalendarsRead) {
        return Err(Fail::new(
            403,
            "ExtensionError",
            "Operation: Create; Exception: [Status Code: Forbidden; Reason: Access is denied.]",
        ));
    }
    match (&call.method, rest) {
        (&Method::POST, []) => create(world, call),
        (&Method::GET, []) => {
            let all: Vec<Value> = world.subscriptions.values().map(shown).collect();
            Ok(Reply::json(200, &json!({ "value": all })))
        }
        (&Method::GET, [id]) => Ok(Reply::json(200, &shown(known(world, id)?))),
        (&Method::PATCH, [id]) => renew(world, call, id),
        (&Method::POST, [id, "reauthorize"]) => {
            reauthorize(world, id)?;
            Ok(Reply::empty(204))
        }
        (&Method::DELETE, [id]) => {
            known(world, id)?;
            world.subscriptions.remove(*id);
            Ok(Reply::empty(204))
        }
        _ => Err(Fail::new(405, "BadRequest", "Specified HTTP method is not allowed.")),
    }
}

fn known<'a>(world: &'a World, id: &str) -> Outcome<&'a Subscription> {
    world.subscriptions.get(id).ok_or_else(|| Fail::new(404, "ResourceNotFound", "The object was not found."))
}

fn shown(subscription: &Subscription) -> Value {
    json!({
        "id": subscription.id,
        "resource": subscription.resource,
        "changeType": subscription.change_type,
        "notificationUrl": subscription.notification_url,
        "lifecycleNotificationUrl": subscription.lifecycle_url,
        "clientState": subscription.client_state,
        "expirationDateTime": subscription.expires,
    })
}

/// First the addresses are asked, then the subscription is made.
fn create(world: &mut World, call: &Call) -> Outcome {
    if let Some(handshake) = world.handshakes.get(&call.id) {
        let (open, fault) = (!handshake.open.is_empty(), handshake.fault.clone());
        if open && fault.is_none() && world.now() < call.arrived + HANDSHAKE {
            return Ok(Reply::later(call.arrived + HANDSHAKE));
        }
        return finish(
            world,
            call,
            if open && fault.is_none() { Some("the endpoint took too long".to_owned()) } else { fault },
        );
    }
    let subscription = wished(world, call)?;
    let token = format!(
        "Validation: Testing client application reachability for subscription Request-Id: {}+/&=",
        subscription.id
    );
    let urls: Vec<String> =
        std::iter::once(&subscription.notification_url).chain(&subscription.lifecycle_url).cloned().collect();
    let mut open = Vec::new();
    for address in urls {
        let mut url = Url::parse(&address).map_err(|_| invalid("The notification address is not valid."))?;
        url.query_pairs_mut().append_pair("validationToken", &token);
        let id = world.next();
        open.push(id);
        world.post.handshakes.push(Errand {
            id,
            url: url.into(),
            content_type: "text/plain; charset=utf-8".to_owned(),
            body: Vec::new(),
        });
    }
    world.handshakes.insert(call.id, Handshake { subscription, token, open, fault: None });
    Ok(Reply::later(call.arrived + HANDSHAKE))
}

fn finish(world: &mut World, call: &Call, fault: Option<String>) -> Outcome {
    let Some(handshake) = world.handshakes.remove(&call.id) else { return Err(invalid("The handshake is gone.")) };
    if let Some(fault) = fault {
        return Err(Fail::new(400, "ValidationError", &format!("Subscription validation request failed: {fault}")));
    }
    let mut subscription = handshake.subscription;
    let calendar = world.calendars.get(&subscription.mailbox);
    subscription.seen = calendar.and_then(|calendar| calendar.changes.last()).map_or(0, |last| last.number);
    let body = shown(&subscription);
    world.subscriptions.insert(subscription.id.clone(), subscription);
    Ok(Reply::json(201, &body))
}

fn invalid(message: &str) -> Fail {
    Fail::new(400, "InvalidRequest", message)
}

fn wished(world: &mut World, call: &Call) -> Outcome<Subscription> {
    let body = call.json().map_err(|_| invalid("The body is not JSON."))?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
    let need = |name: &str| text(name).ok_or_else(|| invalid(&format!("{name} is required.")));
    let (resource, change_type, notification_url) = (need("resource")?, need("changeType")?, need("notificationUrl")?);
    let plain = resource.trim_start_matches('/').to_owned();
    let pieces: Vec<&str> = plain.split('/').collect();
    let ([users, user, events], false) = (pieces.as_slice(), plain.contains('\'')) else {
        return Err(invalid("The resource is not supported."));
    };
    if !users.eq_ignore_ascii_case("users") || !events.eq_ignore_ascii_case("events") {
        return Err(invalid("The resource is not supported."));
    }
    let known_kinds = ["created", "updated", "deleted"];
    if !change_type.split(',').all(|kind| known_kinds.contains(&kind.trim())) {
        return Err(invalid("The changeType is not supported."));
    }
    let client_state = text("clientState");
    if client_state.as_ref().is_some_and(|state| state.len() > 128) {
        return Err(invalid("The clientState is longer than 128 characters."));
    }
    let mailbox = mailbox(world, user)?;
    let expires = life(world, &body)?;
    let twice = |other: &Subscription| other.mailbox == mailbox && other.change_type == change_type;
    if world.subscriptions.values().any(twice) {
        return Err(Fail::new(409, "Conflict", "There is such a subscription already."));
    }
    let number = world.next();
    Ok(Subscription {
        id: id_for(&format!("subscription {number}")),
        mailbox,
        resource,
        change_type,
        notification_url,
        lifecycle_url: text("lifecycleNotificationUrl"),
        client_state,
        expires,
        reauthorized: None,
        immutable: preference(call, "IdType").is_some_and(|kind| kind.eq_ignore_ascii_case("ImmutableId")),
        seen: 0,
    })
}

/// The wished end, at least so far away and no further than allowed.
fn life(world: &World, body: &Value) -> Outcome<DateTime<Utc>> {
    let now = world.now();
    let wished = body.get("expirationDateTime").and_then(Value::as_str).and_then(super::options::instant);
    let wished = wished.ok_or_else(|| invalid("expirationDateTime is required."))?;
    if wished <= now || wished > now + TimeDelta::minutes(LONGEST) {
        return Err(invalid("Subscription expiration can only be 10080 minutes in the future."));
    }
    Ok(wished.max(now + TimeDelta::minutes(SHORTEST)))
}

fn renew(world: &mut World, call: &Call, id: &str) -> Outcome {
    known(world, id)?;
    let body = call.json().map_err(|_| invalid("The body is not JSON."))?;
    let expires = life(world, &body)?;
    reauthorize(world, id)?;
    if let Some(subscription) = world.subscriptions.get_mut(id) {
        subscription.expires = expires;
    }
    Ok(Reply::json(200, &shown(known(world, id)?)))
}

fn reauthorize(world: &mut World, id: &str) -> Outcome<()> {
    let now = world.now();
    known(world, id)?;
    let Some(subscription) = world.subscriptions.get_mut(id) else { return Ok(()) };
    if subscription.reauthorized.is_some_and(|last| now < last + BETWEEN) {
        return Err(Fail::new(429, "TooManyRequests", "The subscription was confirmed less than ten minutes ago."));
    }
    subscription.reauthorized = Some(now);
    Ok(())
}
