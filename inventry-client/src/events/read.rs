//! Events and visits out of answers.

use chrono::{DateTime, FixedOffset};
use connector_http::profile::{Item, Misfit};

use super::model::Event;
use super::visit::Visit;
use crate::id::{DeviceId, EventId, PersonId, SiteId, VisitId};
use crate::reading::{Context, Readable, person_type, text, utc, word};
use crate::words::{EventType, PersonType};

impl Readable for Event {
    const OBJECT: &'static str = "event";

    fn read(item: &Item<'_>, context: &Context) -> Result<Option<Self>, Misfit> {
        let person_type = person_type(item)?;
        if !context.wanted.includes(&person_type) {
            return Ok(None);
        }
        let seq = if item.has("seq") { Some(item.int("seq")?) } else { None };
        let event_type = item.word("type", "event_type")?.as_str().into();
        common(item, context, person_type, seq, event_type, item.instant("at", context.zone)?).map(Some)
    }
}

impl Readable for Visit {
    const OBJECT: &'static str = "event";

    fn read(item: &Item<'_>, context: &Context) -> Result<Option<Self>, Misfit> {
        let person_type = person_type(item)?;
        if !context.wanted.includes(&person_type) {
            return Ok(None);
        }
        let in_at = time(item, context, "in_at")?.ok_or_else(|| item.misfit_of("in_at", "a time"))?;
        Ok(Some(Self {
            common: common(item, context, person_type, None, EventType::SignIn, in_at)?,
            in_at,
            out_at: time(item, context, "out_at")?,
            out_device: item.id_opt("out_device_id")?.map(DeviceId::from),
        }))
    }
}

/// A time of a visit: where `[events]` says that it is, else where `[fields.event]` does.
fn time(item: &Item<'_>, context: &Context, name: &str) -> Result<Option<DateTime<FixedOffset>>, Misfit> {
    let Some(pointer) = context.visit_times.get(name) else { return item.instant_opt(name, context.zone) };
    let value = item.value().pointer(pointer).filter(|value| !value.is_null() && value.as_str() != Some(""));
    let read = value.map(|value| context.time.read(value, context.zone)).transpose();
    read.map_err(|expected| item.misfit_of(name, expected))
}

fn common(
    item: &Item<'_>,
    context: &Context,
    person_type: PersonType,
    seq: Option<i64>,
    event_type: EventType,
    at: DateTime<FixedOffset>,
) -> Result<Event, Misfit> {
    let revision = item.int_opt("rev")?.unwrap_or(1);
    Ok(Event {
        id: EventId::from(item.id("id")?),
        seq,
        revision: u32::try_from(revision.max(1)).unwrap_or(u32::MAX),
        event_type,
        person: item.id_opt("person_id")?.map(PersonId::from),
        person_type,
        device: item.id_opt("device_id")?.map(DeviceId::from),
        site: item.id_opt("site_id")?.map(SiteId::from),
        at,
        recorded_at: utc(item, "recorded_at", context.zone)?,
        updated_at: utc(item, "updated_at", context.zone)?,
        method: word(item, "method", "method")?,
        automatic: item.bool_opt("automatic")?.unwrap_or(false),
        visit: item.id_opt("visit_id")?.map(VisitId::from),
        reason: text(item, "reason")?,
        voided: item.bool_opt("voided")?.unwrap_or(false),
    })
}
