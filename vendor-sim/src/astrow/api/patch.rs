//! Changes of an employee, member by member: what is absent stays, null clears.

use chrono::NaiveDate;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::problem::Problem;
use super::read;
use crate::astrow::world::{BadgeBase, Employee, Item, PacTab, World, has};

/// Members that an employee has and a patch cannot change.
const FIXED: [&str; 10] = [
    "persNo",
    "registerNo",
    "active",
    "startContract",
    "startCalculation",
    "cycle",
    "payGroup",
    "terminalGroup",
    "companySite",
    "pac",
];

type Members = Map<String, Value>;

/// The employee as the patch wants it.
pub(super) fn patched(world: &World, pers_no: u32, body: &Members) -> Result<Employee, Problem> {
    if let Some(fixed) = FIXED.iter().find(|name| body.contains_key(**name)) {
        return Err(Problem::new(422, "not-changeable", "This member cannot be changed here").field(*fixed));
    }
    let mut employee = world.employee(pers_no).cloned().ok_or_else(Problem::not_found)?;
    set(body, "employeeNo", &mut employee.employee_no)?;
    set(body, "department", &mut employee.department)?;
    set(body, "email", &mut employee.email)?;
    set::<NaiveDate>(body, "endCalculation", &mut employee.end_calculation)?;
    name(body, &mut employee)?;
    free_fields(body, &mut employee)?;
    if let Some(given) = body.get("badgeNo") {
        let base: Option<BadgeBase> = read::part(body.get("badgeBase").cloned().unwrap_or_default(), "badgeBase")?;
        let base = base.unwrap_or_else(|| world.usual_base());
        match read::part::<Option<String>>(given.clone(), "badgeNo")? {
            Some(text) => (employee.badge_no, employee.badge_base) = badge(world, &text, base, Some(pers_no))?,
            None => employee.badge_no = None,
        }
    }
    check(world, &employee)?;
    Ok(employee)
}

/// A badge number as Astrow keeps it, if nobody else has it.
pub(super) fn badge(
    world: &World,
    text: &str,
    base: BadgeBase,
    owner: Option<u32>,
) -> Result<(Option<String>, BadgeBase), Problem> {
    let entry = world.badge_entry(text, base).ok_or_else(|| Problem::value("badgeNo", "This is no badge number"))?;
    let holder = base.value(text).and_then(|value| world.people.holder(value)).map(|employee| employee.pers_no);
    match holder.filter(|holder| Some(*holder) != owner) {
        Some(holder) => {
            let problem = Problem::new(409, "badge-in-use", "Another employee has this badge number");
            Err(problem.field("badgeNo").with("persNo", holder.into()))
        }
        None => Ok((Some(entry.0), entry.1)),
    }
}

/// All codes of an employee must be known.
pub(super) fn check(world: &World, employee: &Employee) -> Result<(), Problem> {
    let lookups = &world.lookups;
    let codes: [(&str, Option<&String>, &[Item]); 5] = [
        ("cycle", Some(&employee.cycle), &lookups.cycles),
        ("payGroup", Some(&employee.pay_group), &lookups.pay_groups),
        ("department", employee.department.as_ref(), &lookups.departments),
        ("terminalGroup", employee.terminal_group.as_ref(), &lookups.terminal_groups),
        ("companySite", employee.company_site.as_ref(), &lookups.company_sites),
    ];
    for (field, code, list) in codes {
        if let Some(code) = code.filter(|code| !has(list, code)) {
            return Err(Problem::unknown_code(field, code));
        }
    }
    if employee.free_fields.keys().any(|number| !(1..=20).contains(number)) {
        return Err(Problem::value("freeFields", "There are the free fields 1 to 20"));
    }
    if employee.end_calculation.is_some_and(|end| end < employee.start_calculation) {
        return Err(Problem::value("endCalculation", "The calculation ends before it starts"));
    }
    Ok(())
}

/// Badges must look like badges, access groups must be known.
pub(super) fn check_tab(world: &World, tab: &PacTab, path: &str) -> Result<(), Problem> {
    if let Some(fault) = tab.fault() {
        return Err(Problem::value(format!("{path}{fault}"), "This value does not fit"));
    }
    let Some(definitions) = world.definitions.as_ref().filter(|_| world.switches.check_groups) else { return Ok(()) };
    let known = |id: u32| definitions.access_groups.iter().any(|group| group.id == id);
    match tab.access_groups.iter().enumerate().find(|(_, group)| !known(group.id)) {
        Some((at, group)) => Err(Problem::unknown_code(format!("{path}accessGroups[{at}].id"), &group.id.to_string())),
        None => Ok(()),
    }
}

/// Sets what is given; null clears.
fn set<T: DeserializeOwned>(body: &Members, name: &str, to: &mut Option<T>) -> Result<(), Problem> {
    if let Some(given) = body.get(name) {
        *to = read::part(given.clone(), name)?;
    }
    Ok(())
}

fn name(body: &Members, employee: &mut Employee) -> Result<(), Problem> {
    let parts = match body.get("name") {
        None => return Ok(()),
        Some(Value::Object(parts)) => parts,
        Some(_) => return Err(Problem::value("name", "An employee has a name")),
    };
    let mut first = Some(employee.name.first.clone());
    set(parts, "first", &mut first)?;
    let first = first.filter(|first| !first.trim().is_empty());
    employee.name.first = first.ok_or_else(|| Problem::value("name.first", "The first name is needed"))?;
    set(parts, "middle", &mut employee.name.middle)?;
    set(parts, "last", &mut employee.name.last)
}

fn free_fields(body: &Members, employee: &mut Employee) -> Result<(), Problem> {
    let fields = match body.get("freeFields") {
        None => return Ok(()),
        Some(Value::Null) => {
            employee.free_fields.clear();
            return Ok(());
        }
        Some(Value::Object(fields)) => fields,
        Some(_) => return Err(Problem::value("freeFields", "An object is needed")),
    };
    for (number, value) in fields {
        let field = format!("freeFields.{number}");
        let at: u8 = number.parse().map_err(|_| Problem::value(field.clone(), "There are the free fields 1 to 20"))?;
        match read::part::<Option<String>>(value.clone(), &field)? {
            Some(text) => drop(employee.free_fields.insert(at, text)),
            None => drop(employee.free_fields.remove(&at)),
        }
    }
    Ok(())
}
