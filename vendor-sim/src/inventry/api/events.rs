//! Events, and the same as visits.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;

use super::super::world::{Event, PersonType, Visit, World};
use super::Answer;
use super::lists::{id, person_type};
use crate::bridge::{Mark, Poll, Problem, Site, followed, position};
use crate::host::Call;

/// What a call asks for.
struct Asked {
    after: Option<u64>,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    site: Option<u32>,
    device: Device,
    person_type: Option<PersonType>,
}

enum Device {
    Any,
    /// Events that were told without a device.
    None,
    One(u32),
}

pub(super) fn list(world: &World, call: &Call) -> Answer {
    let (poll, asked) = (Poll::of(&world.front.profile, call)?, Asked::of(world, call)?);
    kept(world, asked.after)?;
    let start = world.events.partition_point(|event| asked.after.is_some_and(|after| event.seq <= after));
    let rest = world.events.get(start..).unwrap_or_default();
    let wanted = rest.iter().filter(|event| asked.fits(event));
    let time = world.time_form();
    let show = |event: &Event| world.front.profile.show("event", world.event_json(event), &time);
    followed(world, call, poll, world.last_seq(), wanted, |event| event.seq, show)
}

pub(super) fn visits(world: &World, call: &Call) -> Answer {
    let (poll, asked) = (Poll::of(&world.front.profile, call)?, Asked::of(world, call)?);
    let order = world.visit_order.range(asked.after.map_or(0, |after| after.saturating_add(1))..);
    let wanted = order.filter_map(|(_, visit)| world.visits.get(visit)).filter(|visit| asked.fits_visit(visit));
    let time = world.time_form();
    let show = |visit: &Visit| world.front.profile.show("visit", world.visit_json(visit), &time);
    followed(world, call, poll, world.last_seq(), wanted, |visit| visit.seq, show)
}

/// All visits that began on a day at a site.
pub(super) fn by_day(world: &World, call: &Call, site: &str) -> Answer {
    let site = world.sites.values().find(|known| known.id.to_string() == site);
    let site = site.ok_or_else(|| Problem::not_found("There is no such site"))?;
    let day = day(world, call)?;
    let (zone, wanted) = (site.zone.unwrap_or(world.zone), person_type(world, call)?);
    let all = world.visits.values().filter(|visit| {
        visit.site == site.id
            && zone.local(visit.in_at).date() == day
            && wanted.is_none_or(|wanted| visit.person_type == wanted)
    });
    let page = world.paged(call, "", all.map(|visit| (Mark::id(visit.id), visit)).collect())?;
    Ok(world.listed("visit", page.map(|visit| world.visit_json(visit)), None))
}

/// The day in the parameter that the template names.
fn day(world: &World, call: &Call) -> Result<NaiveDate, Problem> {
    let template = &world.front.profile.by_day_path;
    let query = template.split_once('?').map_or("", |(_, query)| query);
    let name = query.split('&').find_map(|pair| pair.strip_suffix("={date}")).unwrap_or("date");
    let text = call.param(name).unwrap_or_default();
    text.parse().map_err(|_| Problem::validation(name, "This is no day, as 2026-03-02"))
}

/// A position older than the store keeps is told where the store begins.
fn kept(world: &World, after: Option<u64>) -> Result<(), Problem> {
    let oldest = world.events_from;
    match after {
        Some(after) if after.saturating_add(1) < oldest => {
            Err(Problem::cursor_expired(format!("Oldest event is {oldest}"))
                .with("current", json!({ "oldestSeq": oldest })))
        }
        _ => Ok(()),
    }
}

impl Asked {
    fn of(world: &World, call: &Call) -> Result<Self, Problem> {
        let device = match world.front.profile.asked(call, "device") {
            None | Some("") => Device::Any,
            Some("none") => Device::None,
            Some(_) => id(world, call, "device")?.map_or(Device::Any, Device::One),
        };
        Ok(Self {
            after: position(&world.front.profile, call)?,
            from: world.front.instant(call, "from", world.zone)?,
            to: world.front.instant(call, "to", world.zone)?,
            site: id(world, call, "site")?,
            device,
            person_type: person_type(world, call)?,
        })
    }

    /// `to` is not itself in the span.
    fn fits(&self, event: &Event) -> bool {
        self.is_for(event.at, event.site, event.device, event.person_type)
    }

    fn fits_visit(&self, visit: &Visit) -> bool {
        self.is_for(visit.in_at, visit.site, visit.device, visit.person_type)
    }

    fn is_for(&self, at: DateTime<Utc>, site: u32, device: Option<u32>, person_type: PersonType) -> bool {
        self.from.is_none_or(|from| from <= at)
            && self.to.is_none_or(|to| at < to)
            && self.site.is_none_or(|wanted| wanted == site)
            && self.person_type.is_none_or(|wanted| wanted == person_type)
            && match self.device {
                Device::Any => true,
                Device::None => device.is_none(),
                Device::One(wanted) => device == Some(wanted),
            }
    }
}
