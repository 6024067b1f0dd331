//! Type 1: one zone per offset, repeated rooms, the start in the uid.

use std::collections::BTreeSet;

use chrono::{DateTime, FixedOffset, TimeZone, Utc};

use super::text::{escaped, folded, instant, parameter};
use super::{Page, room_names};
use crate::feed::world::{Booking, World};

/// 100 ns steps from the year 1 to 1970.
const TICKS_BEFORE_1970: i64 = 62_135_596_800 * TICKS_PER_SECOND;
const TICKS_PER_SECOND: i64 = 10_000_000;

pub(super) fn body(world: &World, page: &Page, bookings: &[&Booking]) -> String {
    let mut out = String::from("BEGIN:VCALENDAR\r\nPRODID:-//Skedda//Bookings//EN\r\nVERSION:2.0\r\n");
    let offsets: BTreeSet<i32> = bookings.iter().map(|booking| offset(world, booking.start)).collect();
    for seconds in offsets {
        out.push_str(&zone(seconds));
    }
    for booking in bookings {
        out.push_str(&event(world, page, booking));
    }
    out.push_str("END:VCALENDAR\r\n");
    out
}

pub(super) fn uid(booking: &Booking) -> String {
    let ticks = booking.start.timestamp().saturating_mul(TICKS_PER_SECOND).saturating_add(TICKS_BEFORE_1970);
    format!("{}_{ticks}", booking.series)
}

fn event(world: &World, page: &Page, booking: &Booking) -> String {
    let hidden = booking.private || world.switches.hide_details;
    let holder = booking.holder.and_then(|holder| world.people.get(&holder)).filter(|_| !hidden);
    let seconds = offset(world, booking.start);
    let local = |time: DateTime<Utc>| at_offset(time, seconds).format("%Y%m%dT%H%M%S").to_string();
    let zone = zone_name(seconds);
    let rooms = if world.switches.rooms_gone { Vec::new() } else { room_names(world, booking) };
    let mut out = String::from("BEGIN:VEVENT\r\n");
    let mut line = |text: String| out.push_str(&folded(&text));
    if let Some(person) = holder {
        line(format!("ATTENDEE;CN={}:mailto:{}", parameter(&person.name), person.email));
    }
    let mut description = format!("Spaces: {}", rooms.join(", "));
    if !booking.notes.is_empty() && !hidden {
        description.push_str("\n\nNotes: ");
        description.push_str(&booking.notes);
    }
    line(format!("DESCRIPTION:{}", escaped(&description)));
    line(format!("DTEND;TZID={zone}:{}", local(booking.end)));
    line(format!("DTSTAMP:{}", instant(page.stamp)));
    line(format!("DTSTART;TZID={zone}:{}", local(booking.start)));
    for room in &rooms {
        let raw = world.switches.resources_comma_raw;
        line(format!("RESOURCES:{}", if raw { escaped(room).replace("\\,", ",") } else { escaped(room) }));
    }
    line("SEQUENCE:0".to_owned());
    line("STATUS:CONFIRMED".to_owned());
    let title = if hidden { "Booked" } else { booking.title.as_str() };
    let summary = summary(holder.map(|person| person.name.as_str()), title, &rooms);
    line(format!("SUMMARY:{}", escaped(&summary)));
    line(format!("UID:{}", uid(booking)));
    out.push_str("END:VEVENT\r\n");
    out
}

/// `name: text (first room + N others)`.
fn summary(name: Option<&str>, title: &str, rooms: &[&str]) -> String {
    let name = name.map(|name| format!("{name}: ")).unwrap_or_default();
    let rooms = match rooms {
        [] => String::new(),
        [only] => format!(" ({only})"),
        [first, _] => format!(" ({first} + 1 other)"),
        [first, others @ ..] => format!(" ({first} + {} others)", others.len()),
    };
    format!("{name}{title}{rooms}")
}

/// Seconds east of Greenwich at the venue.
fn offset(world: &World, time: DateTime<Utc>) -> i32 {
    let seconds = (world.zone.local(time) - time.naive_utc()).num_seconds();
    i32::try_from(seconds).unwrap_or(0)
}

fn at_offset(time: DateTime<Utc>, seconds: i32) -> DateTime<FixedOffset> {
    let utc = FixedOffset::east_opt(seconds).or_else(|| FixedOffset::east_opt(0));
    utc.map_or_else(|| time.fixed_offset(), |offset| time.with_timezone(&offset))
}

/// `UTC+02`, or `UTC+0530`.
fn zone_name(seconds: i32) -> String {
    let digits = offset_digits(seconds);
    format!("UTC{}", digits.strip_suffix("00").unwrap_or(&digits))
}

/// `+0200`.
fn offset_digits(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.abs() / 60;
    format!("{sign}{:02}{:02}", minutes / 60, minutes % 60)
}

fn zone(seconds: i32) -> String {
    let (name, digits) = (zone_name(seconds), offset_digits(seconds));
    // The date means nothing: events before and after it have the same zone.
    let since = Utc.with_ymd_and_hms(2016, 1, 1, 0, 0, 0).earliest().unwrap_or_default();
    let since = at_offset(since, seconds).format("%Y%m%dT%H%M%S");
    format!(
        "BEGIN:VTIMEZONE\r\nTZID:{name}\r\nBEGIN:STANDARD\r\nDTSTART:{since}\r\nTZNAME:{name}\r\n\
         TZOFFSETFROM:{digits}\r\nTZOFFSETTO:{digits}\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    )
}
