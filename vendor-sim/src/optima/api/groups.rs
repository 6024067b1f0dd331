//! Access groups.

use serde_json::Value;

use super::super::world::{GROUP, Group, GroupKind, World};
use super::sent::Sent;
use super::{Answer, origin, single, unchanged};
use crate::bridge::{Mark, Problem, Site, id_of};
use crate::host::Call;

const LONGEST_NAME: usize = 64;

pub(super) fn list(world: &World, call: &Call) -> Answer {
    let kind = match world.front.profile.asked(call, "kind").filter(|kind| !kind.is_empty()) {
        None => None,
        Some(spelling) => {
            let kind = world.front.profile.word("access_group", "/kind", spelling);
            Some(GroupKind::of(&kind).ok_or_else(|| Problem::validation("kind", "There is no such kind"))?)
        }
    };
    let wanted = world.groups.values().filter(|group| kind.is_none_or(|kind| group.kind == kind));
    let page = world.paged(call, GROUP, wanted.map(|group| (Mark::id(group.id), group)).collect())?;
    Ok(world.listed("access_group", page.map(|group| world.group_json(group)), None))
}

pub(super) fn read(world: &World, id: &str) -> Answer {
    Ok(answer(world, 200, find(world, id)?))
}

pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    if let Some(reply) = world.remembered.known(call, world.now())? {
        return Ok(reply);
    }
    let sent = Sent::read(world, call, "access_group")?;
    let name = sent.needed("name", LONGEST_NAME)?.ok_or_else(|| Problem::validation("name", "A group has a name"))?;
    let kind = sent.needed("kind", 64)?.as_deref().and_then(GroupKind::of);
    let kind = kind.ok_or_else(|| Problem::validation("kind", "There is no such kind"))?;
    let mut reference = None;
    sent.text("reference", 64, &mut reference)?;
    free(world, &name, None)?;
    let origin = origin(world);
    let id = world.add_group_as(&name, kind, reference, &origin);
    let reply = answer(world, 201, find(world, &id.to_string())?);
    let now = world.now();
    world.remembered.keep(call, &reply, now);
    Ok(reply)
}

pub(super) fn change(world: &mut World, call: &Call, id: &str) -> Answer {
    let group = find(world, id)?;
    let (number, revision) = (group.id, group.revision);
    unchanged(world, call, revision, "access_group", world.group_json(group))?;
    let sent = Sent::read(world, call, "access_group")?;
    let (name, enabled) = (sent.needed("name", LONGEST_NAME)?, sent.flag("enabled")?);
    if let Some(name) = &name {
        free(world, name, Some(number))?;
    }
    let origin = origin(world);
    world.change_group_as(number, &origin, |group| {
        if let Some(name) = name {
            group.name = name;
        }
        group.enabled = enabled.unwrap_or(group.enabled);
    });
    read(world, &number.to_string())
}

/// Names of groups are given once.
fn free(world: &World, name: &str, own: Option<u32>) -> Result<(), Problem> {
    let taken = world.groups.values().find(|group| group.name.eq_ignore_ascii_case(name) && Some(group.id) != own);
    match taken {
        Some(group) => {
            let current = world.group_json(group);
            let id = current.get("id").cloned().unwrap_or(Value::Null);
            Err(Problem::conflict(format!("There is a group '{name}'"))
                .with("field", "name")
                .with("current", serde_json::json!({ "id": id })))
        }
        None => Ok(()),
    }
}

fn find<'a>(world: &'a World, id: &str) -> Result<&'a Group, Problem> {
    let group = id_of(GROUP, id).and_then(|id| world.groups.get(&id));
    group.ok_or_else(|| Problem::not_found(format!("There is no access group {id}")))
}

fn answer(world: &World, status: u16, group: &Group) -> crate::host::Reply {
    single(world, status, "access_group", world.group_json(group))
}
