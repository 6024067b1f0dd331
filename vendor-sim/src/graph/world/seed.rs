//! A believable tenant, the same for the same seed and day.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc, Weekday};

use super::access::{Application, Load, Permission};
use super::record::{Attendee, AttendeeKind, Exception, Meeting, Response, Room, Who};
use super::series::{Ending, Recurrence, Rhythm, instances};
use super::{World, notify};
use crate::clock::Zone;
use crate::dice::Dice;
use crate::graph::sim::{Graph, Plan};
use crate::host::Start;

const NAMES: [&str; 10] =
    ["Quay", "Harbour", "Lantern", "Orchard", "Mill", "Granary", "Forge", "Beacon", "Meadow", "Signal"];

const PEOPLE: [(&str, &str); 12] = [
    ("Ada Quist", "ada.quist"),
    ("Bo Lind", "bo.lind"),
    ("Cy Marr", "cy.marr"),
    ("Dana O'Neil", "dana.o'neil"),
    ("Émile Fauré", "emile.faure"),
    ("Fatima Zahra", "fatima.zahra"),
    ("Goran Šimić", "goran.simic"),
    ("Hye-jin Park", "hye-jin.park"),
    ("Ines Duarte", "ines+rooms"),
    ("李 小龙", "li.xiaolong"),
    ("Jonas (Sales)", "jonas.sales"),
    ("Kaya Brandt", "kaya.brandt"),
];

const GUESTS: [(&str, &str); 3] = [
    ("Guest", "guest@partner.example"),
    ("Nia Roe", "nia@client.example"),
    ("Otto Falk", "otto.falk@supplier.example"),
];

const TITLES: [&str; 6] = ["Weekly", "Plan; next steps", "1:1", "Budget — draft", "Interview", "Zürich call"];

/// Makes the tenant.
pub(in crate::graph) fn seed(start: Start<Graph>) -> World {
    let plan = start.plan;
    let mut world = empty(&plan, start.switches, start.clock, start.zone, start.url);
    world.add_secret(&plan.secret);
    for certificate in &plan.certificates {
        world.upload_certificate(certificate);
    }
    let mut dice = Dice::new(start.seed ^ 0x0067_7261_7068);
    for (name, address) in PEOPLE {
        let address = format!("{address}@{}", world.domain);
        world.add_user(name, &address);
    }
    let rooms = rooms(&mut world, &mut dice, plan.rooms);
    if rooms.is_empty() {
        return world;
    }
    for number in 0..plan.meetings {
        let room = rooms.get(number % rooms.len()).map_or("", String::as_str);
        let meeting = invent(&world, &mut dice, room, &rooms);
        world.insert_meeting(meeting);
    }
    world
}

fn empty(plan: &Plan, switches: crate::graph::Switches, clock: crate::clock::Clock, zone: Zone, url: String) -> World {
    World {
        clock,
        switches,
        zone,
        tenant: plan.tenant.clone(),
        domain: plan.domain.clone(),
        app: Application {
            client_id: plan.client_id.clone(),
            disabled: false,
            secrets: Vec::new(),
            certificates: Vec::new(),
            consents: BTreeSet::from([
                Permission::PlaceReadAll,
                Permission::CalendarsReadBasicAll,
                Permission::MailSend,
            ]),
        },
        rooms: BTreeMap::new(),
        lists: Vec::new(),
        users: BTreeMap::new(),
        denied: BTreeSet::new(),
        item_faults: Vec::new(),
        sent: Vec::new(),
        load: Load::default(),
        meetings: BTreeMap::new(),
        calendars: BTreeMap::new(),
        url,
        tokens: BTreeMap::new(),
        subscriptions: BTreeMap::new(),
        handshakes: BTreeMap::new(),
        post: notify::Outbox::default(),
        generation: 1,
        counter: 0,
    }
}

/// Adds the rooms and a list for each ten of them; gives their keys.
fn rooms(world: &mut World, dice: &mut Dice, count: usize) -> Vec<String> {
    let keys: Vec<String> = (0..count)
        .map(|number| {
            let name = NAMES.get(number % NAMES.len()).copied().unwrap_or("Room");
            let (name, plain) =
                (format!("{name} {}", number / NAMES.len() + 1), format!("{name}{}", number / NAMES.len() + 1));
            // Some addresses were typed in with capitals.
            let local = if number % 7 == 1 { plain } else { plain.to_lowercase() };
            world.insert_room(Room {
                address: format!("{local}@{}", world.domain),
                name,
                building: (!dice.one_in(4)).then(|| dice.pick(&["North", "South", ""], "").to_owned()),
                floor: (!dice.one_in(4)).then(|| dice.below(5)),
                capacity: (!dice.one_in(6)).then(|| 2 + dice.below(24)),
                ..Room::default()
            })
        })
        .collect();
    for (number, part) in keys.chunks(10).enumerate() {
        let part: Vec<&str> = part.iter().map(String::as_str).collect();
        let address = format!("floor'{number}+all@{}", world.domain);
        world.add_room_list(&format!("Floor {number}"), &address, &part);
    }
    keys
}

fn invent(world: &World, dice: &mut Dice, room: &str, rooms: &[String]) -> Meeting {
    let zone = world.zone;
    let start = begin(world, dice);
    let minutes = |count: i64| TimeDelta::try_minutes(count).unwrap_or_default();
    let mut meeting = Meeting::new(room, organizer(world, dice), start, start + minutes(30 + 15 * dice.below(8)));
    dice.pick(&TITLES, "Meeting").clone_into(&mut meeting.subject);
    "See you there.".clone_into(&mut meeting.body);
    meeting.created = start - TimeDelta::try_hours(2 + dice.below(900)).unwrap_or_default();
    meeting.lists_organizer = dice.one_in(3);
    meeting.private = dice.one_in(20);
    meeting.hide_attendees = dice.one_in(30);
    for _ in 0..dice.below(5) {
        meeting.attendees.push(attendee(world, dice));
    }
    if dice.one_in(8) && rooms.len() > 1 {
        let other = dice.pick(&rooms.iter().map(String::as_str).collect::<Vec<_>>(), room);
        if other != room {
            meeting.rooms.push(other.to_owned());
        }
    }
    match dice.below(20) {
        0 => meeting.responses = answers(&meeting, Response::NotResponded),
        1 => meeting.responses = answers(&meeting, Response::TentativelyAccepted),
        2 => meeting.responses = answers(&meeting, Response::Declined),
        3 => meeting.cancelled = true,
        4 => meeting.show_as = Some("free".to_owned()),
        5 => whole_days(&mut meeting, zone, 1 + dice.below(3)),
        6 => meeting.organizer = world.rooms.get(room).map(|room| Who::new(&room.name, &room.address)),
        7..=9 => repeat(&mut meeting, dice, zone),
        _ => {}
    }
    meeting
}

fn begin(world: &World, dice: &mut Dice) -> DateTime<Utc> {
    let today = world.zone.local(world.now()).date();
    let first = today.checked_sub_days(Days::new(5)).unwrap_or(today);
    let day = first.checked_add_days(Days::new(u64::try_from(dice.below(40)).unwrap_or(0))).unwrap_or(first);
    let minutes = TimeDelta::try_minutes(7 * 60 + 15 * dice.below(48)).unwrap_or_default();
    world.zone.instant(day.and_time(NaiveTime::MIN) + minutes)
}

fn organizer(world: &World, dice: &mut Dice) -> Who {
    if dice.one_in(15) {
        return dice.pick(&GUESTS, ("Guest", "guest@partner.example")).into();
    }
    let (name, local) = dice.pick(&PEOPLE, ("Ada Quist", "ada.quist"));
    Who::new(name, &format!("{local}@{}", world.domain))
}

fn attendee(world: &World, dice: &mut Dice) -> Attendee {
    let who = if dice.one_in(12) {
        Who::new("All Staff", &format!("all-staff@{}", world.domain))
    } else {
        organizer(world, dice)
    };
    let kind = if dice.one_in(4) { AttendeeKind::Optional } else { AttendeeKind::Required };
    Attendee { who, kind, response: Response::None }
}

fn answers(meeting: &Meeting, response: Response) -> BTreeMap<String, Response> {
    meeting.rooms.iter().map(|room| (room.clone(), response)).collect()
}

fn whole_days(meeting: &mut Meeting, zone: Zone, days: i64) {
    let first = zone.local(meeting.start).date();
    let last = first + TimeDelta::try_days(days).unwrap_or_default();
    meeting.all_day = true;
    meeting.start = zone.instant(first.and_time(NaiveTime::MIN));
    meeting.end = zone.instant(last.and_time(NaiveTime::MIN));
}

fn repeat(meeting: &mut Meeting, dice: &mut Dice, zone: Zone) {
    let ending =
        if dice.one_in(3) { Ending::Never } else { Ending::After(3 + usize::try_from(dice.below(20)).unwrap_or(0)) };
    meeting.recurrence = Some(match dice.below(4) {
        0 => Recurrence::daily(ending),
        1 => Recurrence::monthly(ending),
        2 => Recurrence { rhythm: Rhythm::MonthlyOn(5, Weekday::Fri), interval: 1, ending },
        _ => Recurrence::weekly(&[Weekday::Tue, Weekday::Thu], ending),
    });
    let range = (meeting.start, meeting.start + TimeDelta::days(60));
    let found = instances(meeting, zone, range, false);
    if let Some(one) = found.get(1).filter(|_| dice.one_in(2)) {
        let moved = Exception::Moved { start: one.start + TimeDelta::hours(1), end: one.end + TimeDelta::hours(1) };
        meeting.exceptions.extend(one.key.day.map(|day| (day, moved)));
    }
    if let Some(day) = found.get(2).and_then(|one| one.key.day).filter(|_| dice.one_in(2)) {
        meeting.exceptions.insert(day, if dice.one_in(2) { Exception::Cancelled } else { Exception::Removed });
    }
}
