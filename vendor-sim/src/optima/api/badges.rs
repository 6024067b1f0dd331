//! Badges.

use serde_json::json;

use super::super::world::{BADGE, Badge, Credential, CredentialKind, World};
use super::sent::Sent;
use super::{Answer, origin, single, unchanged};
use crate::bridge::{Mark, Problem, Site, id_of};
use crate::host::{Call, Reply};

const LONGEST_REFERENCE: usize = 64;

pub(super) fn list(world: &World, call: &Call) -> Answer {
    let state = world.front.profile.asked(call, "state").map(|state| match state {
        "all" => state.to_owned(),
        _ => world.front.profile.word("badge", "/state", state),
    });
    let enabled = match state.as_deref() {
        None | Some("all" | "") => None,
        Some("enabled") => Some(true),
        Some("disabled") => Some(false),
        Some(_) => return Err(Problem::validation("state", "all, enabled or disabled")),
    };
    let (reference, number) =
        (world.front.profile.asked(call, "reference"), world.front.profile.asked(call, "credential"));
    let wanted = world.badges.values().filter(|badge| {
        enabled.is_none_or(|enabled| badge.enabled == enabled)
            && reference.is_none_or(|reference| badge.reference.as_deref() == Some(reference))
            && number.is_none_or(|number| badge.cards().any(|card| card.number.as_deref() == Some(number)))
    });
    let page = world.paged(call, BADGE, wanted.map(|badge| (Mark::id(badge.id), badge)).collect())?;
    let as_of = world.time_form().write(world.now());
    Ok(world.listed("badge", page.map(|badge| world.badge_json(badge)), Some(as_of)))
}

pub(super) fn read(world: &World, id: &str) -> Answer {
    Ok(answer(world, 200, find(world, id)?))
}

pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    if let Some(reply) = world.remembered.known(call, world.now())? {
        return Ok(reply);
    }
    let sent = Sent::read(world, call, "badge")?;
    let mut badge = world.new_badge(None, None, Vec::new(), Vec::new());
    fill(world, &sent, &mut badge)?;
    if badge.name.is_empty() {
        if badge.last_name.is_none() {
            return Err(Problem::validation("lastName", "A badge has a name or a last name"));
        }
        badge.name = [&badge.first_name, &badge.last_name].into_iter().flatten().cloned().collect::<Vec<_>>().join(" ");
    }
    let origin = origin(world);
    let id = world.insert_badge(badge, &origin);
    let reply = answer(world, 201, find(world, &id.to_string())?);
    let now = world.now();
    world.remembered.keep(call, &reply, now);
    Ok(reply)
}

pub(super) fn change(world: &mut World, call: &Call, id: &str) -> Answer {
    let badge = find(world, id)?.clone();
    writable(world, &badge)?;
    unchanged(world, call, badge.revision, "badge", world.badge_json(&badge))?;
    let sent = Sent::read(world, call, "badge")?;
    let (number, mut wanted) = (badge.id, badge);
    fill(world, &sent, &mut wanted)?;
    let origin = origin(world);
    world.change_badge_as(number, &origin, |badge| *badge = wanted);
    read(world, &number.to_string())
}

pub(super) fn delete(world: &mut World, call: &Call, id: &str) -> Answer {
    let badge = find(world, id)?;
    writable(world, badge)?;
    unchanged(world, call, badge.revision, "badge", world.badge_json(badge))?;
    let (number, origin) = (badge.id, origin(world));
    world.delete_badge_as(number, &origin);
    Ok(Reply::empty(204))
}

/// A badge that is open at a workstation is not written.
fn writable(world: &World, badge: &Badge) -> Result<(), Problem> {
    let everywhere = Some(&world.switches.locked_by).filter(|who| !who.is_empty());
    badge.locked_by.as_ref().or(everywhere).map_or(Ok(()), |who| Err(Problem::record_locked(who)))
}

/// Puts what was sent into a badge, if all of it fits.
fn fill(world: &mut World, sent: &Sent, badge: &mut Badge) -> Result<(), Problem> {
    let longest = world.name_length;
    sent.text("firstName", longest, &mut badge.first_name)?;
    sent.text("lastName", longest, &mut badge.last_name)?;
    if let Some(name) = sent.needed("name", longest)? {
        badge.name = name;
    }
    sent.text("reference", LONGEST_REFERENCE, &mut badge.reference)?;
    match sent.needed("state", 64)?.as_deref() {
        None => {}
        Some("enabled") => badge.enabled = true,
        Some("disabled") => badge.enabled = false,
        Some(_) => return Err(Problem::validation("state", "enabled or disabled")),
    }
    sent.instant(world, "validFrom", &mut badge.valid_from)?;
    sent.instant(world, "validUntil", &mut badge.valid_until)?;
    if let (Some(from), Some(until)) = (badge.valid_from, badge.valid_until)
        && until < from
    {
        return Err(Problem::validation("validUntil", "This is before validFrom"));
    }
    if let Some(groups) = sent.groups(world)? {
        badge.groups = groups;
    }
    if sent.has("credentials") {
        cards(world, sent, badge)?;
    }
    Ok(())
}

fn cards(world: &mut World, sent: &Sent, badge: &mut Badge) -> Result<(), Problem> {
    let Some(cards) = sent.cards(world, &badge.credentials)? else { return Ok(()) };
    for (at, card) in cards.iter().enumerate() {
        if let Some(holder) = holder(world, card, badge.id) {
            let number = card.number.as_deref().unwrap_or_default();
            let current = json!({ "id": world.badge_json(holder).get("id") });
            return Err(Problem::duplicate_credential(format!("Card {number} belongs to another badge"))
                .with("field", format!("credentials[{at}].number"))
                .with("current", current));
        }
    }
    let others = badge.credentials.iter().filter(|credential| credential.kind != CredentialKind::Card).cloned();
    let all: Vec<Credential> = cards.into_iter().chain(others).collect();
    if all.len() > world.credentials_per_badge {
        let most = world.credentials_per_badge;
        return Err(Problem::validation("credentials", format!("A badge has at most {most} credentials")));
    }
    badge.credentials = all;
    Ok(())
}

/// Another badge with this card.
fn holder<'a>(world: &'a World, card: &Credential, own: u32) -> Option<&'a Badge> {
    let same = |other: &Credential| other.number == card.number && other.facility == card.facility;
    world.badges.values().find(|badge| badge.id != own && badge.cards().any(same))
}

fn find<'a>(world: &'a World, id: &str) -> Result<&'a Badge, Problem> {
    let badge = id_of(BADGE, id).and_then(|id| world.badges.get(&id));
    badge.ok_or_else(|| Problem::not_found(format!("There is no badge {id}")))
}

fn answer(world: &World, status: u16, badge: &Badge) -> Reply {
    single(world, status, "badge", world.badge_json(badge))
}
