//! A believable venue, the same for the same seed and day.

use chrono::{Days, NaiveTime, TimeDelta};

use super::{Booking, Person, Status, Style, World};
use crate::clock::{Clock, Zone};
use crate::dice::Dice;
use crate::feed::switches::Switches;

/// What to make.
#[derive(Debug, Clone)]
pub(crate) struct SeedPlan {
    pub(crate) style: Style,
    pub(crate) bookings: usize,
    pub(crate) seed: u64,
    pub(crate) clock: Clock,
    pub(crate) zone: Zone,
    pub(crate) switches: Switches,
}

const ROOMS: [&str; 7] =
    ["Room #1", "Room #4", "Hall", "Board room, 2nd floor; west", "Wood & metal shop", "Zoë's café", "Practice room 3"];

const PEOPLE: [(&str, &str); 14] = [
    ("Some User", "some.user@example.com"),
    ("Maya Okonkwo", "Maya.Okonkwo@Example.org"),
    ("José Núñez", "jose+studio@example.net"),
    ("Siobhán O'Neil", "s.o'neil@example.org"),
    ("Zoë: \"Ops\" O'Neil; Jr", "zoe@example.org"),
    ("李 小龙", "li.xiaolong@example.cn"),
    ("Ann, Bob & Co", "ann.bob@example.org"),
    ("Dr. Søren Ærø", "soren@sub.example.dk"),
    ("<b>Tom</b> Tiny", "tom@example.org"),
    ("Plain", "plain@example.org"),
    ("Nadia van der Berg-de Vries van Oranje Nassau tot Slot Loevestein", "nadia@example.nl"),
    ("back\\slash Jones", "jones@example.org"),
    ("😀 Emoji Lover", "emoji@example.org"),
    ("Ewa Šimek", "ewa@example.cz"),
];

const TITLES: [&str; 10] = [
    "repair",
    "choir, second voice; bring scores",
    "1:1",
    "Zürich call",
    "lone \\ backslash",
    "",
    "yoga 🧘 for beginners and for everybody who was not there last week, with a break for tea",
    "Board meeting",
    "photo shoot",
    "5 > 3 & 2 < 4",
];

/// Makes the venue.
pub(crate) fn seed(plan: &SeedPlan) -> World {
    let host = match plan.style {
        Style::Skedda => "commonhall.skedda.example",
        Style::Booked => "bookings.commonhall.example",
    };
    let mut world = World {
        clock: plan.clock.clone(),
        switches: plan.switches.clone(),
        style: plan.style,
        zone: plan.zone,
        name: "Common Hall".into(),
        host: host.into(),
        first_link: 180_000,
        schedule: "5e1d0a7c3b9f2".into(),
        group: "5e1d0a7c4477a".into(),
        desk: Person { id: 0, name: "Front Desk".into(), email: "desk@commonhall.example".into(), ..Person::default() },
        ..World::default()
    };
    world.counters.insert("series".into(), 24_600_000);
    world.change_key();
    let rooms: Vec<i64> = ROOMS.iter().map(|name| world.add_room(name)).collect();
    let people: Vec<i64> = PEOPLE.iter().map(|(name, email)| world.person(name, email)).collect();
    let mut dice = Dice::new(plan.seed ^ 0x6665_6564);
    let mut tries = 0;
    while world.bookings.len() < plan.bookings && tries < 20 * plan.bookings {
        tries += 1;
        let booking = invent(&world, &mut dice, &rooms, &people);
        let left = plan.bookings - world.bookings.len();
        if taken(&world, &booking) {
            continue;
        }
        if dice.one_in(9) && left >= 6 {
            world.add_series(&booking, 6, 7);
        } else {
            world.add_booking(booking);
        }
    }
    world
}

fn invent(world: &World, dice: &mut Dice, rooms: &[i64], people: &[i64]) -> Booking {
    let today = world.zone.local(world.now()).date();
    let first = today.checked_sub_days(Days::new(25)).unwrap_or(today);
    let day = first.checked_add_days(Days::new(u64::try_from(dice.below(80)).unwrap_or(0))).unwrap_or(first);
    let minutes = |minutes| TimeDelta::try_minutes(minutes).unwrap_or_default();
    let begin = day.and_time(NaiveTime::MIN) + minutes(8 * 60 + 15 * dice.below(44));
    let start = world.zone.instant(begin);
    let mut chosen = vec![dice.pick(rooms, 1)];
    while dice.one_in(4) {
        let more = dice.pick(rooms, 1);
        if !chosen.contains(&more) {
            chosen.push(more);
        }
    }
    let holder = (!dice.one_in(5)).then(|| dice.pick(people, 1));
    let participants = if dice.one_in(4) { vec![dice.pick(people, 1)] } else { Vec::new() };
    Booking {
        title: dice.pick(&TITLES, "").to_owned(),
        notes: if dice.one_in(3) { "bring a key; ring twice,\nthen wait".into() } else { String::new() },
        rooms: chosen,
        participants: participants.into_iter().filter(|person| Some(*person) != holder).collect(),
        holder,
        start,
        end: start + minutes(30 + 15 * dice.below(14)),
        status: if dice.one_in(14) { Status::Pending } else { Status::Confirmed },
        private: dice.one_in(16),
        reminder_minutes: if dice.one_in(6) { 15 } else { 0 },
        created: start - minutes(60 * (2 + dice.below(900))),
        ..Booking::default()
    }
}

fn taken(world: &World, wanted: &Booking) -> bool {
    world.bookings.values().any(|other| {
        other.start < wanted.end
            && wanted.start < other.end
            && other.rooms.iter().any(|room| wanted.rooms.contains(room))
    })
}
