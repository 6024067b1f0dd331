//! Control calls: what people do in Astrow.

use chrono::{DateTime, NaiveDate, Utc};
use http::Method;
use serde_json::{Map, Value, json};

use super::api::patched;
use super::world::{BookingState, Direction, World};
use crate::host::{Call, Reply};

/// What can be called.
pub(super) const CALLS: &[&str] = &[
    "GET /__control/state (numbers of what there is)",
    "GET /__control/employees, queue, commands, confirmations, heartbeats, readers",
    "POST /__control/emp/add {\"first\", \"last\", \"badge\", …members as PATCH takes them}",
    "POST /__control/emp/edit {\"persNo\", …members as PATCH takes them, \"pac\"}",
    "POST /__control/emp/end {\"persNo\", \"on\": \"2026-03-31\"}",
    "POST /__control/emp/delete {\"persNo\"}",
    "POST /__control/rollcall/start {\"sites\": [\"HQ\"]}, rollcall/stop",
    "POST /__control/door {\"by\", \"reader\"}",
    "POST /__control/freeze {\"date\": \"2026-02-28\"} (null: nothing is frozen)",
    "POST /__control/reader {\"reader\", \"companySite\", \"confirmRollCall\", \"terminalSerials\"}",
    "POST /__control/swipe {\"persNo\", \"terminal\", \"at\", \"direction\"} (on a terminal of Astrow)",
    "POST /__control/queue/assign {\"booking\", \"persNo\"}, queue/reprocess",
    "POST /__control/licence {\"name\", \"on\"}",
    "POST /__control/permission {\"user\", \"on\"}",
    "POST /__control/changes/trim {\"oldest\"}",
    "POST /__control/sessions/end",
    "POST /__control/import, export (looks into the folders, writes the exports now)",
    "POST /__control/fault {\"fault\": \"http-500=3\"}",
];

type Done = Result<Value, String>;

/// Answers a control call; `None` if it is none.
pub(super) fn answer(world: &mut World, call: &Call, rest: &[&str]) -> Option<Reply> {
    let sent = Sent(call.json().ok().and_then(|body| body.as_object().cloned()).unwrap_or_default());
    let done = match (&call.method, rest) {
        (&Method::GET, [what]) => list(world, what)?,
        (&Method::POST, ["emp", what]) => employee(world, &sent, what)?,
        (&Method::POST, ["queue", what]) => queue(world, &sent, what)?,
        (&Method::POST, rest) => happen(world, &sent, rest)?,
        _ => return None,
    };
    Some(match done {
        Ok(value) => Reply::json(200, &value),
        Err(message) => Reply::json(400, &json!({ "message": message })),
    })
}

fn list(world: &World, what: &str) -> Option<Done> {
    let today = world.today();
    Some(Ok(match what {
        "state" => state(world),
        "employees" => world.employees().values().map(|employee| employee.json(today)).collect(),
        "queue" => world
            .queue()
            .iter()
            .map(|booking| json!({ "id": booking.id, "key": booking.key, "badgeNo": booking.badge_no }))
            .collect(),
        "commands" => json!(world.commands),
        "confirmations" => json!(world.confirmations),
        "heartbeats" => json!(world.heartbeats),
        "readers" => json!(world.readers),
        _ => return None,
    }))
}

fn state(world: &World) -> Value {
    let (events, puts) = world.terminal_event_counts();
    json!({
        "employees": world.employees().len(),
        "bookings": world.count_bookings(BookingState::Processed),
        "queued": world.count_bookings(BookingState::Queued),
        "received": world.booking_count(),
        "events": events,
        "eventsPut": puts,
        "definitionsPut": world.definitions_put,
        "rollCall": world.roll_call,
        "redLabel": world.red_label(),
        "frozenUntil": world.frozen_until,
        "nextChange": world.next_change(),
    })
}

fn employee(world: &mut World, sent: &Sent, what: &str) -> Option<Done> {
    Some(match what {
        "add" => {
            let pers_no = world.add_employee(sent.text("first").unwrap_or("Nobody"), sent.text("last").unwrap_or(""));
            if let Some(badge) = sent.number("badge").or_else(|| sent.text("badge").and_then(|text| text.parse().ok()))
            {
                world.set_badge(pers_no, badge.into());
            }
            edit(world, sent, pers_no)
        }
        "edit" => sent.pers_no(world).and_then(|pers_no| edit(world, sent, pers_no)),
        "end" => sent.pers_no(world).and_then(|pers_no| {
            let day: NaiveDate = sent.parsed("on")?.unwrap_or_else(|| world.today());
            world.end_employee(pers_no, day);
            shown(world, pers_no)
        }),
        "delete" => sent.pers_no(world).map(|pers_no| json!({ "deleted": world.delete_employee(pers_no) })),
        _ => return None,
    })
}

/// Changes what is named, as a user would.
fn edit(world: &mut World, sent: &Sent, pers_no: u32) -> Done {
    let mut members = sent.0.clone();
    let tab = members.remove("pac");
    for own in ["persNo", "first", "last", "badge"] {
        members.remove(own);
    }
    let changed = patched(world, pers_no, &members)?;
    world.change_employee(pers_no, |employee| *employee = changed);
    if let Some(tab) = tab {
        let tab = serde_json::from_value(tab).map_err(|error| error.to_string())?;
        world.change_employee(pers_no, |employee| employee.pac = tab);
    }
    shown(world, pers_no)
}

fn shown(world: &World, pers_no: u32) -> Done {
    let today = world.today();
    world.employee(pers_no).map(|employee| employee.json(today)).ok_or_else(|| "there is no such employee".to_owned())
}

fn queue(world: &mut World, sent: &Sent, what: &str) -> Option<Done> {
    Some(match what {
        "assign" => sent.pers_no(world).map(|pers_no| {
            let booking = sent.text("booking").unwrap_or_default();
            json!({ "assigned": world.assign_queued(booking, pers_no) })
        }),
        "reprocess" => Ok(json!({ "left": world.reprocess_queue() })),
        _ => return None,
    })
}

fn happen(world: &mut World, sent: &Sent, rest: &[&str]) -> Option<Done> {
    let done = json!({ "ok": true });
    Some(match rest {
        ["rollcall", "start"] => {
            let sites = sent.texts("sites");
            let sites: Vec<&str> = sites.iter().map(String::as_str).collect();
            Ok(json!({ "id": world.start_roll_call(&sites) }))
        }
        ["rollcall", "stop"] => Ok(json!({ "stopped": world.stop_roll_call() })),
        ["door"] => sent.id("reader").map(|reader| {
            let by = sent.text("by").unwrap_or("hr.admin").to_owned();
            json!({ "id": world.request_door(&by, reader) })
        }),
        ["freeze"] => sent.parsed("date").map(|date| {
            world.frozen_until = date;
            done
        }),
        ["reader"] => reader(world, sent).map(|()| done),
        ["swipe"] => swipe(world, sent),
        ["licence"] => {
            let name = sent.text("name").unwrap_or_default().to_owned();
            if sent.on() {
                world.licences.insert(name)
            } else {
                world.licences.remove(&name)
            };
            Ok(json!({ "licences": world.licences }))
        }
        ["permission"] => permission(world, sent).map(|()| done),
        ["changes", "trim"] => {
            world.trim_changes(sent.number("oldest").unwrap_or_else(|| world.next_change()));
            Ok(done)
        }
        ["sessions", "end"] => {
            world.end_sessions();
            Ok(done)
        }
        ["import"] => world.import_now().map(|files| json!({ "files": files })).map_err(|error| format!("{error:#}")),
        ["export"] => world.export_now().map(|files| json!({ "files": files })).map_err(|error| format!("{error:#}")),
        ["fault"] => {
            let fault = sent.text("fault").unwrap_or_default();
            world.switches.fault(fault).map(|()| done).map_err(|error| format!("{error:#}"))
        }
        _ => return None,
    })
}

fn reader(world: &mut World, sent: &Sent) -> Result<(), String> {
    let reader = sent.id("reader")?;
    let changed = world.change_reader(reader, |settings| {
        if let Some(site) = sent.text("companySite") {
            settings.company_site = Some(site.to_owned());
        }
        if let Some(confirm) = sent.0.get("confirmRollCall").and_then(Value::as_bool) {
            settings.confirm_roll_call = confirm;
        }
        if sent.0.contains_key("terminalSerials") {
            settings.terminal_serials = sent.texts("terminalSerials");
        }
    });
    if changed { Ok(()) } else { Err(format!("there is no reader {reader}")) }
}

fn swipe(world: &mut World, sent: &Sent) -> Done {
    let pers_no = sent.pers_no(world)?;
    let at: Option<DateTime<Utc>> = sent.parsed("at")?;
    let direction: Option<Direction> = sent.parsed("direction")?;
    let (at, direction) = (at.unwrap_or_else(|| world.clock.now()), direction.unwrap_or_default());
    let serial = sent.text("terminal").unwrap_or("7700001").to_owned();
    Ok(json!({ "key": world.clock_on_terminal(pers_no, &serial, at, direction) }))
}

fn permission(world: &mut World, sent: &Sent) -> Result<(), String> {
    let name = sent.text("user").map(str::to_owned).or_else(|| world.users.keys().next().cloned());
    let user = name.and_then(|name| world.users.get_mut(&name)).ok_or("there is no such user")?;
    let permission = super::world::PERMISSION.to_owned();
    if sent.on() {
        user.permissions.insert(permission)
    } else {
        user.permissions.remove(&permission)
    };
    Ok(())
}

/// The body of a control call.
struct Sent(Map<String, Value>);

impl Sent {
    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name).and_then(Value::as_u64)
    }

    fn id(&self, name: &str) -> Result<u32, String> {
        let number = self.number(name).and_then(|number| u32::try_from(number).ok());
        number.ok_or_else(|| format!("{name} is no number"))
    }

    /// The number of an employee that exists.
    fn pers_no(&self, world: &World) -> Result<u32, String> {
        let pers_no = self.id("persNo")?;
        world
            .employee(pers_no)
            .map(|employee| employee.pers_no)
            .ok_or_else(|| format!("there is no employee {pers_no}"))
    }

    fn texts(&self, name: &str) -> Vec<String> {
        let list = self.0.get(name).and_then(Value::as_array).into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// A value that may be missing or null.
    fn parsed<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<Option<T>, String> {
        let value = self.0.get(name).cloned().unwrap_or_default();
        serde_json::from_value(value).map_err(|_| format!("{name} does not fit"))
    }

    /// `on`, which is meant if it is missing.
    fn on(&self) -> bool {
        self.0.get("on").and_then(Value::as_bool).unwrap_or(true)
    }
}
