//! Operators, server settings, versions and SQL.

use http::Method;
use serde_json::{Value, json};

use crate::call::{Answer, Call, Refusal, Reply};
use crate::net2::sql::run_select;
use crate::net2::switches::Querydb;
use crate::net2::world::World;

pub(crate) fn operators(world: &World, call: &Call, rest: &[&str]) -> Answer {
    if call.method != Method::GET || !rest.is_empty() {
        return Err(Refusal::missing());
    }
    Ok(Reply::list(world.operators.iter().map(|(id, operator)| {
        json!({
            "userID": id,
            "firstName": operator.first_name,
            "surname": operator.surname,
            "displayName": operator.display_name,
        })
    })))
}

pub(super) fn server(world: &World, call: &Call, rest: &[&str]) -> Answer {
    let switches = &world.switches;
    let wrapped = |key: &str, value: Value| if switches.settings_as_object { json!({ key: value }) } else { value };
    match (&call.method, rest) {
        (&Method::GET, ["version"]) => Ok(Reply::json(wrapped("version", Value::from(switches.version.clone())))),
        (&Method::GET, ["version", "history"]) => Ok(Reply::list([json!({ "version": switches.version })])),
        (&Method::GET, ["producttype"]) => Ok(Reply::json(wrapped("productType", Value::from(switches.product_type)))),
        (&Method::GET, ["features"]) => Ok(Reply::json(json!({
            "multipleAccessLevels": !switches.lite,
            "lockdown": !switches.lockdown_without_rules,
            "liveEvents": !switches.websocket_off,
        }))),
        (&Method::GET, ["properties"]) => Ok(Reply::json(json!({
            "siteName": "Simulated site",
            "version": switches.version,
            "productType": switches.product_type,
        }))),
        _ => Err(Refusal::missing()),
    }
}

pub(super) fn versions(call: &Call, rest: &[&str]) -> Answer {
    match (&call.method, rest) {
        (&Method::GET, []) => Ok(Reply::list([Value::from("v1")])),
        _ => Err(Refusal::missing()),
    }
}

pub(super) fn custom_query(world: &World, call: &Call, rest: &[&str]) -> Answer {
    if (&call.method, rest) != (&Method::GET, &["querydb"] as &[&str]) {
        return Err(Refusal::missing());
    }
    match world.switches.querydb {
        Querydb::Off => return Err(Refusal::new(403, "The operator has no right to do this.")),
        Querydb::Missing => return Err(Refusal::missing()),
        Querydb::On => {}
    }
    let statement = call.param("query").ok_or_else(|| Refusal::invalid("query is required."))?;
    let rows =
        run_select(world, statement).map_err(|error| Refusal::new(world.switches.where_error_status, error.0))?;
    Ok(Reply::list(rows))
}
