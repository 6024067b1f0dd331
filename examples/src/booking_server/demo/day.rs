//! What happens on that day.

use std::collections::BTreeMap;

use booking_access::Timeline;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use comfy_table::{Table, presets};
use sync_service::{Desk, Failure, Program as _};
use vendor_sim::feed::{Fault, FaultKind};

use super::World;
use crate::booking_server::BookingServer;

/// A person of the story.
type Guest = (&'static str, &'static str);

const ADA: Guest = ("Ada Winter", "ada.winter@example.org");
const BOB: Guest = ("Bob Sommer", "bob@example.org");
const CHLOE: Guest = ("Chloé Dubois", "chloe.dubois@example.org");
const DAN: Guest = ("Dan O'Neil", "dan@example.org");
const EVE: Guest = ("Eve van der Berg", "eve@example.org");
const FINN: Guest = ("Finn Åkesson", "finn@example.org");

/// What people did before the day began.
pub(super) fn first_bookings(world: &World) {
    for (room, guest, from, to) in [
        ("Meeting room", ADA, (9, 0), (10, 30)),
        ("Studio", BOB, (9, 30), (12, 0)),
        ("Meeting room", CHLOE, (10, 30), (12, 0)),
        ("Workshop", DAN, (8, 0), (17, 0)),
        ("Studio", EVE, (12, 0), (13, 0)),
        ("Meeting room", EVE, (13, 0), (14, 0)),
    ] {
        book(world, room, guest, from, to);
    }
}

/// Lets the day pass: bookings appear, move, get cancelled, the feed fails for an hour; doors and mails follow.
pub(in super::super) async fn a_day(
    world: &World,
    server: &BookingServer,
    desk: &Desk,
) -> Result<Vec<String>, Failure> {
    let mut said = vec!["let a day pass at a coworking site with three rooms and four doors".to_owned()];
    for (hour, minute, happens) in STORY {
        pass_time(world, server, desk, at(world, (hour, minute))).await?;
        said.push(format!("{hour:02}:{minute:02} {}", happens(world)));
    }
    pass_time(world, server, desk, at(world, (20, 0))).await?;
    said.push(format!("20:00 the day is over; {} mails went out", world.pile.recipients().len()));
    let zone = desk.setup().time_zone;
    let timeline = server.parts.access.timeline(world.morning, at(world, (20, 0)))?;
    said.push(format!("who could open which door, as Net2 confirmed it:\n{}", table(&timeline, zone)));
    said.push(drawn(world, &timeline)?);
    Ok(said)
}

/// Time of day and what happens then; it says what it does.
type Scene = (i64, i64, fn(&World) -> String);

const STORY: [Scene; 6] = [
    (8, 10, |world| {
        book(world, "Meeting room", FINN, (14, 0), (15, 0));
        "Finn books the Meeting room from 14:00 to 15:00".to_owned()
    }),
    (9, 15, |world| {
        let moved = change(world, CHLOE, Some(((11, 0), (12, 30))));
        format!("Chloé moves {moved} booking to 11:00 to 12:30")
    }),
    (10, 0, |world| {
        let gone = change(world, BOB, None);
        format!("Bob calls {gone} booking off, half an hour after it began")
    }),
    (12, 30, |world| {
        let until = at(world, (13, 30));
        world.venue.add_fault(Fault::new(FaultKind::Error).status(500).times(0).until(until));
        "the booking system answers with errors until 13:30: nobody loses a door by that".to_owned()
    }),
    (13, 40, |world| {
        book(world, "Studio", ADA, (15, 0), (16, 0));
        "Ada comes back and books the Studio from 15:00 to 16:00; her code is the one she has".to_owned()
    }),
    (16, 30, |world| {
        book(world, "Workshop", DAN, (17, 0), (18, 0));
        "Dan books the Workshop for another hour: no gap, no second code".to_owned()
    }),
];

fn at(world: &World, (hour, minute): (i64, i64)) -> DateTime<Utc> {
    world.morning + TimeDelta::hours(hour - i64::from(super::MORNING.0)) + TimeDelta::minutes(minute)
}

fn book(world: &World, room: &str, guest: Guest, from: (i64, i64), to: (i64, i64)) {
    let (from, to) = (at(world, from), at(world, to));
    world.venue.world(|venue| venue.book(room, guest, from, to));
}

/// Moves or cancels the first booking of a guest; says how many there were.
fn change(world: &World, guest: Guest, to: Option<((i64, i64), (i64, i64))>) -> &'static str {
    let to = to.map(|(from, to)| (at(world, from), at(world, to)));
    world.venue.world(|venue| {
        let holder = venue.person(guest.0, guest.1);
        let own = venue.bookings.values().find(|booking| booking.holder == Some(holder)).map(|booking| booking.id);
        let Some(id) = own else { return "no" };
        match to {
            Some((from, to)) => venue.move_booking(id, from, to),
            None => venue.cancel(id),
        };
        "the"
    })
}

/// Lets time pass as the service would see it: a reading of the feeds when it is due, each begin and end at its time.
async fn pass_time(world: &World, server: &BookingServer, desk: &Desk, end: DateTime<Utc>) -> Result<(), Failure> {
    loop {
        let now = server.parts.clock.now();
        if now >= end {
            return Ok(());
        }
        let mut next = server.parts.access.grants().next_boundary(now).unwrap_or(end).min(end);
        for source in &server.parts.sources {
            next = source.next_try(now).await?.map_or(next, |due| due.clamp(now, next));
        }
        world.put_clocks_to(next);
        for chore in server.chores() {
            chore.run(desk).await?;
            if chore.name() == "feeds" {
                for link in &server.installation.links {
                    desk.run_link(&**link).await?;
                }
            }
        }
    }
}

fn table(timeline: &Timeline, zone: Tz) -> Table {
    let local = |at: DateTime<Utc>| at.with_timezone(&zone).format("%H:%M").to_string();
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header(["door", "who", "from", "to"]);
    for bar in &timeline.rights {
        table.add_row([bar.lane.clone(), bar.name.clone(), local(bar.from), bar.to.map_or("…".to_owned(), local)]);
    }
    table
}

fn drawn(world: &World, timeline: &Timeline) -> Result<String, Failure> {
    let doors: BTreeMap<String, String> =
        world.site.world(|site| site.doors.iter().map(|(id, door)| (id.to_string(), door.name.clone())).collect());
    let file = std::env::temp_dir().join("booking-server-day.svg");
    std::fs::write(&file, timeline.svg(&doors))?;
    Ok(format!("drew the day into {}: bookings above, rights below", file.display()))
}
