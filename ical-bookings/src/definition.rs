//! The `VTIMEZONE`s of a calendar, as text for [`Zones`](crate::time::Zones).

use crate::Limits;
use crate::layout::Stretch;
use crate::lines::Lines;
use crate::name::Name;
use crate::property::{Property, Reading};
use crate::text::unescape;
use crate::time::{Observance, ZoneBlock};

/// Copies the definitions, one more than the limits allow so that the excess is noticed.
pub(crate) fn definitions<'a>(
    body: &'a [u8],
    stretches: &[Stretch],
    reading: &Reading<'a>,
    limits: &Limits,
) -> Vec<ZoneBlock> {
    let mut room = OBSERVANCES;
    let usable = stretches.iter().filter(|stretch| !stretch.broken).take(limits.zones + 1);
    usable.map(|stretch| definition(body, *stretch, reading, limits, &mut room)).collect()
}

fn definition<'a>(
    body: &'a [u8],
    stretch: Stretch,
    reading: &Reading<'a>,
    limits: &Limits,
    room: &mut usize,
) -> ZoneBlock {
    let mut block = ZoneBlock::default();
    let mut current: Option<Observance> = None;
    let mut depth = 0_usize;
    let lines = Lines::new(body.get(..stretch.end).unwrap_or(body), stretch.start, stretch.line);
    for line in lines.skip(1) {
        let text = reading.text(&line, &mut Vec::new());
        let Some((name, property)) = Property::new(text, line.number, false) else { continue };
        let is = |wanted: &str| property.name().eq_ignore_ascii_case(wanted);
        match name {
            Name::Begin => {
                depth += 1;
                let observance = ["STANDARD", "DAYLIGHT"].contains(&property.trimmed().to_ascii_uppercase().as_str());
                if depth == 1 && observance && *room > 0 && block.observances.len() <= limits.onsets {
                    current = Some(Observance::default());
                }
            }
            Name::End => {
                depth = depth.saturating_sub(1);
                if depth == 0
                    && let Some(observance) = current.take()
                {
                    *room -= 1;
                    block.observances.push(observance);
                }
            }
            _ => match &mut current {
                Some(observance) if depth == 1 => take(observance, name, &property),
                None if depth == 0 && is("TZID") => {
                    block.tzid = unescape(property.trimmed(), false).into_owned();
                }
                None if depth == 0 && is("X-LIC-LOCATION") => {
                    block.location = Some(property.trimmed().to_owned());
                }
                _ => {}
            },
        }
    }
    block
}

fn take(observance: &mut Observance, name: Name, property: &Property<'_>) {
    let value = || property.trimmed().to_owned();
    match name {
        Name::DtStart => observance.dtstart = value(),
        Name::RRule => observance.rrules.push(value()),
        Name::RDate => observance.rdates.push(value()),
        _ if property.name().eq_ignore_ascii_case("TZOFFSETFROM") => observance.offset_from = value(),
        _ if property.name().eq_ignore_ascii_case("TZOFFSETTO") => observance.offset_to = value(),
        _ => {}
    }
}

/// Changes of offset that all definitions of a calendar together may list.
const OBSERVANCES: usize = 50_000;
