//! Bookings as text.

mod booked;
mod skedda;
mod text;

use chrono::{DateTime, TimeDelta, Utc};

use super::switches::LineEnds;
use super::world::{Booking, Link, Status, Style, World};
pub(crate) use text::instant;

/// One page to write.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) link: Link,
    /// When it is generated.
    pub(crate) stamp: DateTime<Utc>,
    pub(crate) past_days: Option<i64>,
    pub(crate) future_days: Option<i64>,
    /// No event is written, whatever there is.
    pub(crate) empty: bool,
}

impl Page {
    pub(crate) fn new(world: &World, link: Link) -> Self {
        Self { link, stamp: world.now(), past_days: None, future_days: None, empty: false }
    }
}

/// The body of a page.
pub(crate) fn body(world: &World, page: &Page) -> String {
    let bookings = if page.empty || world.switches.empty { Vec::new() } else { listed(world, page) };
    let text = match world.style {
        Style::Skedda => skedda::body(world, page, &bookings),
        Style::Booked => booked::body(world, page, &bookings),
    };
    let text = match world.switches.line_ends {
        LineEnds::CrLf => text,
        LineEnds::Lf => text.replace("\r\n", "\n"),
        LineEnds::Cr => text.replace("\r\n", "\r").replace('\n', "\r"),
    };
    if world.switches.bom { format!("\u{feff}{text}") } else { text }
}

/// The uid of a booking in this style.
pub(crate) fn uid(world: &World, booking: &Booking) -> String {
    match world.style {
        Style::Skedda => skedda::uid(booking),
        Style::Booked => booked::uid(world, booking),
    }
}

/// The bookings of a page, in no useful order.
fn listed<'w>(world: &'w World, page: &Page) -> Vec<&'w Booking> {
    let (past, future) = match world.style {
        Style::Skedda => (30, 90),
        Style::Booked => (0, 30),
    };
    let chosen = |switch: i64, usual| if switch < 0 { usual } else { switch };
    let days = |days| TimeDelta::try_days(days).unwrap_or(TimeDelta::MAX);
    let past = page.past_days.unwrap_or_else(|| chosen(world.switches.past_days, past));
    let future = page.future_days.unwrap_or_else(|| chosen(world.switches.future_days, future));
    let now = world.now();
    let from = now.checked_sub_signed(days(past)).unwrap_or(DateTime::<Utc>::MIN_UTC);
    let to = now.checked_add_signed(days(future)).unwrap_or(DateTime::<Utc>::MAX_UTC);
    let mut found: Vec<&Booking> = world
        .bookings
        .values()
        .filter(|booking| booking.end > from && booking.start < to)
        .filter(|booking| shows(world, page.link, booking))
        .filter(|booking| !world.switches.left_out.contains(&booking.id))
        .collect();
    if world.style == Style::Skedda {
        // Not in order of time; the same order for the same bookings.
        found.sort_by_key(|booking| (booking.id.rem_euclid(7), booking.id));
    } else {
        found.sort_by_key(|booking| (booking.start, booking.id));
    }
    found
}

fn shows(world: &World, link: Link, booking: &Booking) -> bool {
    let style = world.style == Style::Booked || booking.status == Status::Confirmed;
    style
        && match link {
            Link::Room(room) => booking.rooms.contains(&room),
            Link::Person(person) => booking.holder == Some(person) || booking.participants.contains(&person),
            Link::Venue | Link::Group => true,
        }
}

/// Names of a booking's rooms.
fn room_names<'w>(world: &'w World, booking: &Booking) -> Vec<&'w str> {
    booking.rooms.iter().filter_map(|room| world.rooms.get(room)).map(|room| room.name.as_str()).collect()
}
