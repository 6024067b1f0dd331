//! Employees and their tab for PAC.

use std::ops::Bound;

use serde::Deserialize;
use serde_json::{Value, json};

use super::front::Caller;
use super::problem::Problem;
use super::{patch as change, read};
use crate::astrow::switches::Switches;
use crate::astrow::world::{BadgeBase, Employee, Name, PacTab, World};
use crate::host::{Call, Reply};

/// An employee as it comes in.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewEmployee {
    name: Name,
    badge_no: String,
    badge_base: Option<BadgeBase>,
    start_contract: chrono::NaiveDate,
    start_calculation: Option<chrono::NaiveDate>,
    end_calculation: Option<chrono::NaiveDate>,
    cycle: String,
    pay_group: String,
    employee_no: Option<String>,
    register_no: Option<String>,
    department: Option<String>,
    terminal_group: Option<String>,
    company_site: Option<String>,
    email: Option<String>,
    free_fields: Option<std::collections::BTreeMap<u8, String>>,
    pac: Option<PacTab>,
}

pub(super) fn list(world: &World, call: &Call) -> Result<Reply, Problem> {
    let limit = read::limit(call, world.switches.page_size)?;
    let after = read::cursor(call, "e-")?.and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
    let wanted = match call.param("active") {
        None | Some("all") => None,
        Some("true") => Some(true),
        Some("false") => Some(false),
        Some(_) => return Err(Problem::value("active", "all, true or false")),
    };
    let today = world.today();
    let last = world.last_listed();
    let rest = world.employees().range((Bound::Excluded(after), Bound::Included(last.max(after.saturating_add(1)))));
    let rest = rest.map(|(_, employee)| employee).filter(|employee| employee.pers_no <= last);
    let mut rest = rest.filter(|employee| wanted.is_none_or(|active| employee.active_on(today) == active)).peekable();
    let items: Vec<&Employee> = rest.by_ref().take(limit).collect();
    let next = rest.peek().and(items.last()).map(|employee| format!("e-{}", employee.pers_no));
    let items: Vec<Value> = items.into_iter().map(|employee| employee.json(today)).collect();
    let mut page = json!({ "items": items, "asOf": world.stamp(world.clock.now()) });
    if let (Some(next), Some(members)) = (next, page.as_object_mut()) {
        members.insert("next".to_owned(), json!(next));
    }
    Ok(Reply::json(200, &page))
}

pub(super) fn one(world: &World, id: &str) -> Result<Reply, Problem> {
    shown(world, number(world, id)?, 200)
}

pub(super) fn create(world: &mut World, call: &Call, caller: &Caller) -> Result<Reply, Problem> {
    licensed(world)?;
    let body = read::body(call)?;
    if body.get("name").is_some_and(|name| name.get("first").is_none()) {
        return Err(Problem::value("name.first", "The first name is needed"));
    }
    let new: NewEmployee = read::part(Value::Object(body), "")?;
    if new.name.first.trim().is_empty() {
        return Err(Problem::value("name.first", "The first name is needed"));
    }
    if world.employee_limit.is_some_and(|limit| world.employees().len() >= limit) {
        return Err(Problem::licence("employees"));
    }
    let base = new.badge_base.unwrap_or_else(|| world.usual_base());
    let mut employee = world.draft("", "");
    (employee.badge_no, employee.badge_base) = change::badge(world, &new.badge_no, base, None)?;
    employee.name = new.name;
    employee.start_contract = new.start_contract;
    employee.start_calculation = new.start_calculation.unwrap_or(new.start_contract);
    employee.end_calculation = new.end_calculation;
    (employee.cycle, employee.pay_group) = (new.cycle, new.pay_group);
    (employee.employee_no, employee.register_no) = (new.employee_no, new.register_no);
    (employee.department, employee.email) = (new.department, new.email);
    employee.terminal_group = new.terminal_group;
    employee.company_site = new.company_site.or(employee.company_site);
    employee.free_fields = new.free_fields.unwrap_or_default();
    employee.pac = new.pac.unwrap_or_default();
    change::check(world, &employee)?;
    change::check_tab(world, &employee.pac, "pac.")?;
    let pers_no = world.insert(employee, &caller.origin());
    let path = format!("/api/pac-bridge/v1/employees/{pers_no}");
    Ok(shown(world, pers_no, 201)?.header("Location", &path))
}

pub(super) fn patch(world: &mut World, call: &Call, id: &str, caller: &Caller) -> Result<Reply, Problem> {
    licensed(world)?;
    let pers_no = number(world, id)?;
    let body = read::body(call)?;
    precondition(world, call, pers_no)?;
    let changed = change::patched(world, pers_no, &body)?;
    world.update(pers_no, &caller.origin(), |employee| *employee = changed);
    shown(world, pers_no, 200)
}

pub(super) fn delete(world: &mut World, call: &Call, id: &str, caller: &Caller) -> Result<Reply, Problem> {
    licensed(world)?;
    if call.param("acknowledge") != Some("history-loss") {
        let detail = "Deleting an employee deletes all history; say acknowledge=history-loss";
        return Err(Problem::new(400, "history-loss-not-acknowledged", detail).field("acknowledge"));
    }
    let pers_no = number(world, id)?;
    precondition(world, call, pers_no)?;
    world.remove(pers_no, &caller.origin());
    Ok(Reply::empty(204))
}

pub(super) fn put_pac(world: &mut World, call: &Call, id: &str, caller: &Caller) -> Result<Reply, Problem> {
    licensed(world)?;
    let pers_no = number(world, id)?;
    let tab: PacTab = read::record(call)?;
    precondition(world, call, pers_no)?;
    change::check_tab(world, &tab, "")?;
    world.update(pers_no, &caller.origin(), |employee| employee.pac = tab);
    shown(world, pers_no, 200)
}

fn licensed(world: &World) -> Result<(), Problem> {
    if world.licensed("employees-import") { Ok(()) } else { Err(Problem::licence("employees-import")) }
}

/// The number of an employee that exists.
fn number(world: &World, id: &str) -> Result<u32, Problem> {
    let number = id.parse().ok().filter(|number| world.employee(*number).is_some());
    number.ok_or_else(Problem::not_found)
}

fn shown(world: &World, pers_no: u32, status: u16) -> Result<Reply, Problem> {
    let employee = world.employee(pers_no).ok_or_else(Problem::not_found)?;
    Ok(Reply::json(status, &employee.json(world.today())).header("ETag", &employee.etag()))
}

/// The state that the caller knows must still be the state.
fn precondition(world: &mut World, call: &Call, pers_no: u32) -> Result<(), Problem> {
    let Some(known) = call.header("if-match") else {
        return Err(Problem::new(428, "precondition-required", "If-Match is needed"));
    };
    if Switches::take(&mut world.switches.etag_race) {
        let register = world.next_change().to_string();
        world.change_employee(pers_no, |employee| employee.register_no = Some(register));
    }
    let employee = world.employee(pers_no).ok_or_else(Problem::not_found)?;
    let etag = employee.etag();
    if known.split(',').map(str::trim).any(|known| known == "*" || known == etag) {
        return Ok(());
    }
    let current = employee.json(world.today());
    Err(Problem::new(412, "precondition-failed", "The employee has changed since").with("current", current))
}

impl World {
    /// The last number that lists of employees show.
    pub(crate) fn last_listed(&self) -> u32 {
        if self.switches.empty_employees {
            return 0;
        }
        let all = self.employees();
        let count = if self.switches.half_employees { all.len() / 2 } else { all.len() };
        count.checked_sub(1).and_then(|at| all.keys().nth(at)).copied().unwrap_or(0)
    }
}
