//! The event log.

use http::Method;
use serde_json::{Value, json};

use crate::call::{Answer, Call, Refusal, Reply};
use crate::net2::sql::{
    ColumnRef, Condition, Datum, EVENT_CONDITION_COLUMNS, Order, Record, SqlError, event_condition_datum, lower_bound,
    parse_condition, parse_order,
};
use crate::net2::world::{Event, World, event_text};

/// Most rows without `rowCount`.
const DEFAULT_ROWS: usize = 1000;
/// Sub-type of a card nobody owns.
const UNKNOWN_TOKEN: i64 = 22;

pub(super) fn answer(world: &mut World, operator: i64, call: &Call, rest: &[&str]) -> Answer {
    match (&call.method, rest) {
        (&Method::GET, []) => query(world, call),
        (&Method::GET, ["latestunknowntokens"]) => Ok(unknown_tokens(world, call)),
        (&Method::POST, ["alarms", "acknowledge"]) if !world.switches.short_acknowledge_path => {
            acknowledge(world, operator, call)
        }
        (&Method::POST, ["acknowledge"]) if world.switches.short_acknowledge_path => acknowledge(world, operator, call),
        _ => Err(Refusal::missing()),
    }
}

struct Logged<'w> {
    world: &'w World,
    event: &'w Event,
}

impl Record for Logged<'_> {
    fn datum(&self, column: ColumnRef) -> Datum<'_> {
        event_condition_datum(self.world, self.event, column.column)
    }
}

fn query(world: &World, call: &Call) -> Answer {
    let refused = |error: SqlError| Refusal::new(world.switches.where_error_status, error.0);
    let condition = call.param("where").filter(|text| !text.trim().is_empty());
    let in_where = |table: Option<&str>, name: &str| {
        column(table, name).filter(|found| found.column != 0 || world.switches.eventid_in_where)
    };
    let condition = condition.map(|text| parse_condition(text, &in_where)).transpose().map_err(refused)?;
    let order = call.param("orderBy").filter(|text| !text.trim().is_empty());
    let order = order.map(|text| parse_order(text, &column)).transpose().map_err(refused)?;
    let found = select(world, condition.as_ref(), order.as_ref(), row_count(world, call)?);
    if found.is_empty() && world.switches.empty_body_for_no_events {
        return Ok(Reply::empty(200));
    }
    Ok(Reply::list(found.into_iter().map(|event| shown(world, event))))
}

fn row_count(world: &World, call: &Call) -> Result<usize, Refusal> {
    let asked = match call.param("rowCount") {
        None => DEFAULT_ROWS,
        Some(text) => text.trim().parse().map_err(|_| Refusal::invalid("rowCount is not a number."))?,
    };
    let most = world.switches.max_row_count;
    Ok(if most == 0 { asked } else { asked.min(most) })
}

fn select<'w>(world: &'w World, condition: Option<&Condition>, order: Option<&Order>, rows: usize) -> Vec<&'w Event> {
    let id = column(None, "EventID");
    let bound = condition.zip(id).and_then(|(condition, id)| lower_bound(condition, id));
    let start = bound.map_or(0, |bound| world.events.partition_point(|event| event.id <= bound));
    let candidates = world.events.get(start..).unwrap_or_default();
    let holds = |event: &&Event| condition.is_none_or(|condition| condition.holds(&Logged { world, event }));
    // The log lies in the order of ids: that order needs no sorting.
    match (order.map(|order| order.0.as_slice()), id) {
        (None | Some([]), _) => candidates.iter().rev().filter(holds).take(rows).collect(),
        (Some([(first, descending), ..]), Some(id)) if *first == id => {
            if *descending {
                candidates.iter().rev().filter(holds).take(rows).collect()
            } else {
                candidates.iter().filter(holds).take(rows).collect()
            }
        }
        _ => {
            let mut found: Vec<&Event> = candidates.iter().filter(holds).collect();
            if let Some(order) = order {
                found.sort_by(|a, b| order.compare(&Logged { world, event: a }, &Logged { world, event: b }));
            }
            found.truncate(rows);
            found
        }
    }
}

fn column(table: Option<&str>, name: &str) -> Option<ColumnRef> {
    let found = EVENT_CONDITION_COLUMNS.iter().position(|(known, _)| known.eq_ignore_ascii_case(name))?;
    let (_, kind) = EVENT_CONDITION_COLUMNS.get(found)?;
    table.is_none().then_some(ColumnRef { table: 0, column: found, kind: *kind })
}

fn unknown_tokens(world: &World, call: &Call) -> Reply {
    let most = call.param("max").and_then(|text| text.trim().parse().ok()).unwrap_or(10);
    let found = world.events.iter().rev().filter(|event| event.sub_type == UNKNOWN_TOKEN).take(most);
    Reply::list(found.map(|event| {
        let mut value = shown(world, event);
        if let Some(object) = value.as_object_mut() {
            object.insert("EventDate".into(), Value::from(world.zone.event_text(event.time)));
            object.insert("where".into(), Value::from(event.device_name.clone()));
            object.insert("tokenNumber".into(), Value::from(event.card_no));
        }
        value
    }))
}

fn acknowledge(world: &mut World, operator: i64, call: &Call) -> Answer {
    let fields = call.fields()?;
    let wanted = fields.int("eventId")?.or(fields.int("id")?);
    let wanted = wanted.ok_or_else(|| Refusal::invalid("eventId is required."))?;
    let event = world.events.iter_mut().find(|event| event.id == wanted).ok_or_else(Refusal::missing)?;
    event.acknowledged = true;
    let linked_event = Some(wanted);
    world.put_event(Event {
        event_type: 551,
        sub_type: 552,
        user_id: Some(operator),
        linked_event,
        ..Event::default()
    });
    Ok(Reply::empty(200))
}

fn shown(world: &World, event: &Event) -> Value {
    let text =
        event.description.clone().unwrap_or_else(|| event_text(event.event_type, world.switches.localised_texts));
    json!({
        "id": event.id,
        "eventTime": world.zone.event_text(event.time),
        "eventType": event.event_type,
        "eventSubType": event.sub_type,
        "eventDescription": text,
        "eventDetails": event.details,
        "linkedEvent": event.linked_event,
        "deviceName": event.device_name,
        "address": event.address,
        "peripheralID": event.peripheral,
        "ioBoardID": event.io_board,
        "doorGroupID": event.door_group,
        "deviceDeleted": event.device_deleted,
        "cardNo": event.card_no,
        "userID": event.user_id,
        "firstName": event.first_name,
        "middleName": event.middle_name,
        "surname": event.surname,
        "priority": event.priority,
    })
}
