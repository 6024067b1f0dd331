//! Sites, departments, personnel, devices and who is on site.

use chrono::{DateTime, Utc};

use super::super::world::{PersonType, World};
use super::Answer;
use crate::bridge::{Mark, Problem, Site, id_of};
use crate::host::Call;

pub(super) fn sites(world: &World, call: &Call) -> Answer {
    let all = world.sites.values().map(|site| (Mark::id(site.id), site)).collect();
    let page = world.paged(call, "", all)?;
    Ok(world.listed("site", page.map(|site| world.site_json(site)), None))
}

pub(super) fn departments(world: &World, call: &Call) -> Answer {
    let since = Since::of(world, call)?;
    let all = world.departments.values().filter(|one| since.fits(one.updated_at));
    let all = since.ordered(all.map(|one| (one.updated_at, one.id, one)));
    let page = world.paged(call, "", all)?;
    Ok(world.listed("department", page.map(|one| world.department_json(one)), None))
}

pub(super) fn devices(world: &World, call: &Call) -> Answer {
    let (since, site) = (Since::of(world, call)?, id(world, call, "site")?);
    let all =
        world.devices.values().filter(|one| since.fits(one.updated_at) && site.is_none_or(|site| one.site == site));
    let all = since.ordered(all.map(|one| (one.updated_at, one.id, one)));
    let page = world.paged(call, "", all)?;
    Ok(world.listed("device", page.map(|one| world.device_json(one)), None))
}

pub(super) fn personnel(world: &World, call: &Call) -> Answer {
    let (since, site, wanted) = (Since::of(world, call)?, id(world, call, "site")?, person_type(world, call)?);
    let profile = &world.front.profile;
    let enabled = profile.asked(call, "enabled").map(|text| profile.other_word("enabled_query", text));
    let enabled = match enabled.as_deref() {
        None | Some("all" | "") => None,
        Some("true") => Some(true),
        Some("false") => Some(false),
        Some(_) => return Err(Problem::validation("enabled", "all, true or false")),
    };
    let all = world.people.values().filter(|one| {
        since.fits(one.updated_at)
            && site.is_none_or(|site| one.sites.contains(&site))
            && wanted.is_none_or(|wanted| one.person_type == wanted)
            && enabled.is_none_or(|enabled| one.enabled == enabled)
    });
    let all = since.ordered(all.map(|one| (one.updated_at, one.id, one)));
    let page = world.paged(call, "", all)?;
    let as_of = world.time_form().write(world.now());
    Ok(world.listed("person", page.map(|one| world.person_json(one)), Some(as_of)))
}

pub(super) fn person(world: &World, id: &str) -> Answer {
    let person = id_of("", id).and_then(|id| world.people.get(&id));
    let person = person.ok_or_else(|| Problem::not_found(format!("There is no person {id}")))?;
    Ok(world.shown(200, "person", world.person_json(person)))
}

pub(super) fn on_site(world: &World, call: &Call) -> Answer {
    let (site, wanted) = (id(world, call, "site")?, person_type(world, call)?);
    let all = world.present().filter(|visit| {
        site.is_none_or(|site| visit.site == site) && wanted.is_none_or(|wanted| visit.person_type == wanted)
    });
    let page = world.paged(call, "", all.map(|visit| (Mark::id(visit.person), visit)).collect())?;
    Ok(world.listed("presence", page.map(|visit| world.presence_json(visit)), None))
}

/// The filter for types of people, when it does anything.
pub(super) fn person_type(world: &World, call: &Call) -> Result<Option<PersonType>, Problem> {
    let Some(text) = world.front.profile.asked(call, "personType").filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let spelled = world.front.profile.word("person", "/personType", text);
    let wanted = PersonType::of(&spelled).ok_or_else(|| Problem::validation("personType", "There is no such type"))?;
    Ok(Some(wanted).filter(|_| !world.switches.ignore_person_type))
}

/// An id in the query.
pub(super) fn id(world: &World, call: &Call, name: &str) -> Result<Option<u32>, Problem> {
    let text = world.front.profile.asked(call, name).filter(|text| !text.is_empty());
    text.map(|text| id_of("", text).ok_or_else(|| Problem::validation(name, "This is no id"))).transpose()
}

/// Only what was changed since then, in the order of changes; or everything in the order of ids.
struct Since(Option<DateTime<Utc>>);

impl Since {
    fn of(world: &World, call: &Call) -> Result<Self, Problem> {
        let since = world.front.instant(call, "updatedAfter", world.zone)?;
        Ok(Self(since.filter(|_| !world.switches.without_updated_at)))
    }

    fn fits(&self, updated_at: DateTime<Utc>) -> bool {
        self.0.is_none_or(|since| since <= updated_at)
    }

    fn ordered<'a, T>(&self, all: impl Iterator<Item = (DateTime<Utc>, u32, &'a T)>) -> Vec<(Mark, &'a T)> {
        let at = |updated_at: DateTime<Utc>| if self.0.is_some() { updated_at.timestamp_micros() } else { 0 };
        let mut all: Vec<_> =
            all.map(|(updated_at, id, one)| (Mark { at: at(updated_at), id: id.into() }, one)).collect();
        all.sort_by_key(|(mark, _)| *mark);
        all
    }
}
