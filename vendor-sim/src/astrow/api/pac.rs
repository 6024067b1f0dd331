//! What PAC's side tells and asks: definitions, events, commands, roll call, signs of life.

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::problem::Problem;
use super::{Answer, read};
use crate::astrow::world::{CommandState, Definitions, Heartbeat, SafeConfirmation, TerminalEvent, World};
use crate::host::{Call, Reply};

/// What became of a command, as PAC's side reports it.
#[derive(Debug, Deserialize)]
struct Report {
    state: CommandState,
    message: Option<String>,
}

pub(super) fn put_definitions(world: &mut World, call: &Call) -> Result<Reply, Problem> {
    let definitions: Definitions = read::record(call)?;
    let known = |id: u32| definitions.controllers.iter().any(|controller| controller.id == id);
    let lost = definitions.readers.iter().position(|reader| reader.controller.is_some_and(|id| !known(id)));
    if let Some(at) = lost {
        return Err(Problem::unknown_code(format!("readers[{at}].controller"), "controller"));
    }
    world.take_definitions(definitions);
    Ok(Reply::empty(204))
}

pub(super) fn readers(world: &World) -> Reply {
    Reply::json(200, &json!({ "items": world.current_readers() }))
}

pub(super) fn events(world: &mut World, call: &Call) -> Result<Reply, Problem> {
    let events: Vec<TerminalEvent> = read::items(call)?;
    for (at, event) in events.iter().enumerate() {
        if let Some(member) = event.fault() {
            return Err(Problem::value(format!("items[{at}].{member}"), "This value does not fit"));
        }
    }
    for event in &events {
        world.view.put(event);
    }
    Ok(Reply::empty(204))
}

/// Hands each command out once.
pub(super) fn commands(world: &mut World, call: &Call) -> Result<Answer, Problem> {
    let until = read::wait(call)?;
    let now = world.clock.now();
    let mut fetched = Vec::new();
    let waiting = world.commands.iter_mut().filter(|c| c.state == CommandState::Waiting && now < c.expires_at);
    for command in waiting {
        command.state = CommandState::Fetched;
        fetched.push(command.clone());
    }
    if fetched.is_empty() && now < until {
        return Ok(Answer::Later(until));
    }
    let items: Vec<Value> = fetched
        .iter()
        .map(|command| {
            json!({
                "id": command.id,
                "kind": command.kind,
                "readerId": command.reader_id,
                "requestedBy": command.requested_by,
                "requestedAt": world.stamp(command.requested_at),
                "expiresAt": world.stamp(command.expires_at),
            })
        })
        .collect();
    Ok(Reply::json(200, &json!({ "items": items })).into())
}

/// Takes a report of a command.
pub(super) fn report(world: &mut World, call: &Call, id: &str) -> Result<Reply, Problem> {
    let id = Uuid::parse_str(id).map_err(|_| Problem::not_found())?;
    let report: Report = read::record(call)?;
    if !matches!(report.state, CommandState::InProgress | CommandState::Done | CommandState::Failed) {
        return Err(Problem::value("state", "in-progress, done or failed"));
    }
    let now = world.clock.now();
    let command = world.commands.iter_mut().find(|command| command.id == id).ok_or_else(Problem::not_found)?;
    match command.state {
        // Once begun, a command may end late.
        CommandState::Waiting | CommandState::Fetched if now >= command.expires_at => {
            return Err(Problem::new(410, "expired", "The command has expired"));
        }
        CommandState::Done | CommandState::Failed if report.state != command.state => {
            return Err(Problem::new(409, "command-finished", "The command has ended already"));
        }
        _ => {}
    }
    command.state = report.state;
    command.reports.push((report.state, report.message));
    Ok(Reply::empty(204))
}

pub(super) fn roll_call(world: &World) -> Result<Reply, Problem> {
    licensed(world)?;
    let shown = match &world.roll_call {
        None => json!({ "active": false, "sites": [] }),
        Some(call) => json!({
            "active": true,
            "id": call.id,
            "startedAt": world.stamp(call.started_at),
            "sites": call.sites,
        }),
    };
    Ok(Reply::json(200, &shown))
}

pub(super) fn confirm(world: &mut World, call: &Call) -> Result<Reply, Problem> {
    licensed(world)?;
    let items: Vec<SafeConfirmation> = read::items(call)?;
    let running = world.roll_call.as_ref().map(|call| call.id.clone());
    if items.iter().any(|item| Some(&item.roll_call_id) != running.as_ref()) || running.is_none() {
        return Err(Problem::new(409, "no-roll-call", "This roll call is not running"));
    }
    if let Some(at) = items.iter().position(|item| world.employee(item.pers_no).is_none()) {
        return Err(Problem::unknown_code(format!("items[{at}].persNo"), "employee"));
    }
    for item in items {
        if !world.confirmations.contains(&item) {
            world.confirmations.push(item);
        }
    }
    Ok(Reply::empty(204))
}

pub(super) fn heartbeat(world: &mut World, call: &Call) -> Result<Reply, Problem> {
    let mut heartbeat: Heartbeat = read::record(call)?;
    if !["ok", "warning", "error"].contains(&heartbeat.state.as_str()) {
        return Err(Problem::value("state", "ok, warning or error"));
    }
    heartbeat.received = world.clock.now();
    world.heartbeats.push(heartbeat);
    Ok(Reply::empty(204))
}

fn licensed(world: &World) -> Result<(), Problem> {
    if world.licensed("roll-call") { Ok(()) } else { Err(Problem::licence("roll-call")) }
}
