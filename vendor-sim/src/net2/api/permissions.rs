//! The door permission set of a user.

use http::Method;
use serde_json::{Value, json};

use crate::call::{Answer, Call, Fields, Refusal, Reply, int};
use crate::net2::switches::IndividualForm;
use crate::net2::world::{IndividualPermission, User, World};

/// Ids of areas begin here in one of the forms.
const AREA_BASE: i64 = 10_000;

pub(super) fn answer(world: &mut World, call: &Call, user: i64) -> Answer {
    let record = world.users.get(&user).cloned().ok_or_else(Refusal::missing)?;
    match call.method {
        Method::GET => Ok(Reply::json(shown(world, &record))),
        Method::PUT => {
            let mut changed = record;
            apply(world, &mut changed, &call.json()?)?;
            world.change_user(user, |user| {
                user.levels = changed.levels;
                user.individual = changed.individual;
            });
            Ok(Reply::empty(200))
        }
        _ => Err(Refusal::missing()),
    }
}

/// The set as the API shows it.
pub(super) fn shown(world: &World, user: &User) -> Value {
    let zero = user.levels.is_empty() && world.switches.none_level_as_zero;
    let levels = if zero { vec![0] } else { user.levels.clone() };
    let individual: Vec<Value> = user.individual.iter().map(|one| element(world, *one)).collect();
    json!({ "accessLevels": levels, "individualPermissions": individual })
}

/// Replaces the set; a key left out counts as empty.
pub(super) fn apply(world: &World, user: &mut User, set: &Value) -> Result<(), Refusal> {
    let fields = Fields::from_json(set)?;
    let mut levels = Vec::new();
    let wanted = fields.list("accessLevels")?.map_or(&[] as &[Value], Vec::as_slice);
    if wanted.is_empty() && world.switches.refuse_empty_levels {
        return Err(Refusal::invalid("At least one access level is required."));
    }
    for value in wanted {
        let level = int(value).ok_or_else(|| Refusal::invalid("An access level is not valid."))?;
        if !world.access_levels.contains_key(&level) {
            if world.switches.unknown_levels_ignored {
                continue;
            }
            return Err(Refusal::invalid("There is no such access level."));
        }
        if level != 0 && !levels.contains(&level) {
            levels.push(level);
        }
    }
    let wanted = fields.list("individualPermissions")?.map_or(&[] as &[Value], Vec::as_slice);
    if world.switches.individual_form == IndividualForm::Refused && !wanted.is_empty() {
        return Err(Refusal::invalid("Individual permissions are not allowed."));
    }
    let mut individual: Vec<_> = wanted.iter().filter_map(|value| permission(world, user, value)).collect();
    if world.switches.lite {
        levels.truncate(1);
        individual.clear();
    }
    user.levels = levels;
    user.individual = individual;
    Ok(())
}

fn element(world: &World, one: IndividualPermission) -> Value {
    let name = world.areas.get(&one.area).map(|area| area.name.clone());
    match world.switches.individual_form {
        IndividualForm::Name | IndividualForm::TimezoneInNameOut => json!({ "id": AREA_BASE + one.area, "name": name }),
        IndividualForm::Area => json!({ "areaID": one.area, "areaName": name, "selectedTimezoneID": one.timezone }),
        IndividualForm::AreaTimezone => json!({ "areaID": one.area, "timezoneID": one.timezone }),
        _ => json!({ "id": one.area, "timezoneId": one.timezone }),
    }
}

/// Reads one element; what is not in this server's form is dropped without a word.
fn permission(world: &World, user: &User, value: &Value) -> Option<IndividualPermission> {
    let fields = Fields::from_json(value).ok()?;
    let number = |name| fields.int(name).ok().flatten();
    let by_name = || {
        let area = number("id")? - AREA_BASE;
        let before = user.individual.iter().find(|one| one.area == area);
        Some(IndividualPermission { area, timezone: before.map_or(1, |one| one.timezone) })
    };
    let by_id = || Some(IndividualPermission { area: number("id")?, timezone: number("timezoneId")? });
    let by_area = |timezone| Some(IndividualPermission { area: number("areaID")?, timezone: number(timezone)? });
    let found = match world.switches.individual_form {
        IndividualForm::TimezoneInNameOut if number("id")? > AREA_BASE => by_name()?,
        IndividualForm::Timezone | IndividualForm::TimezoneInNameOut => by_id()?,
        IndividualForm::Area => by_area("selectedTimezoneID")?,
        IndividualForm::AreaTimezone => by_area("timezoneID")?,
        IndividualForm::Name => by_name()?,
        IndividualForm::Refused | IndividualForm::Ignored => return None,
    };
    (world.areas.contains_key(&found.area) && world.timezones.contains_key(&found.timezone)).then_some(found)
}
