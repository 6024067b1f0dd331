//! A believable site, the same for the same seed and day.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, NaiveDateTime, NaiveTime, TimeDelta, Utc, Weekday};

use super::names::{FIRST, LAST, MIDDLE, POSITIONS};
use super::{
    AccessLevel, AreaGroup, CustomField, Event, IndividualPermission, IoBoard, Licence, Operator, RollCall, Row, Slot,
    Timezone, Token, User, World,
};
use crate::clock::{Clock, Zone};
use crate::dice::Dice;
use crate::net2::switches::Switches;

/// What to make.
#[derive(Debug, Clone)]
pub(crate) struct SeedPlan {
    pub(crate) people: usize,
    pub(crate) seed: u64,
    pub(crate) event_days: i64,
    pub(crate) clock: Clock,
    pub(crate) zone: Zone,
    pub(crate) switches: Switches,
    pub(crate) client_id: String,
    pub(crate) operator: String,
    pub(crate) password: String,
}

/// Makes the site.
pub(crate) fn seed(plan: &SeedPlan) -> World {
    let mut world =
        World { clock: plan.clock.clone(), switches: plan.switches.clone(), zone: plan.zone, ..World::default() };
    for (what, start) in [("access_level", 1), ("timezone", 1), ("area", 10), ("peripheral", 20), ("event", 900_000)] {
        world.counters.insert(what.to_owned(), start);
    }
    let mut dice = Dice::new(plan.seed ^ 0x6e65_7432);
    licence_and_operator(plan, &mut world);
    timezones(&mut world);
    doors(&mut world, &mut dice);
    levels(&mut world);
    departments(&mut world);
    custom_fields(&mut world);
    people(plan, &mut world, &mut dice);
    extras(&mut world);
    past_events(plan, &mut world, &mut dice);
    world.outbox.clear();
    world
}

/// The licence and the operators.
fn licence_and_operator(plan: &SeedPlan, world: &mut World) {
    world.licences.insert(plan.client_id.clone(), Licence::default());
    let (first, surname) = plan.operator.split_once(' ').unwrap_or((&plan.operator, ""));
    let operator = |id, first: &str, surname: &str, password: &str| {
        let record = Operator {
            first_name: Some(first.to_owned()),
            surname: Some(surname.to_owned()),
            display_name: format!("{first} {surname}").trim().to_owned(),
            password: password.to_owned(),
        };
        (id, record)
    };
    world.operators.extend([operator(0, first, surname, &plan.password)]);
}

fn timezones(world: &mut World) {
    let week = |days: std::ops::RangeInclusive<i64>, start: &str, end: &str| -> Vec<Slot> {
        days.map(|day| Slot { id: day, day, start: start.to_owned(), end: end.to_owned() }).collect()
    };
    world.timezones.insert(0, Timezone { id: 0, name: "Never".into(), slots: Vec::new() });
    world
        .timezones
        .insert(1, Timezone { id: 1, name: "All day, every day".into(), slots: week(1..=7, "00:00", "00:00") });
    for (name, slots) in [
        ("Working hours", week(2..=6, "07:00", "19:00")),
        ("Cleaning", week(2..=6, "18:00", "22:00")),
        ("Weekend", [week(1..=1, "08:00", "18:00"), week(7..=7, "08:00", "18:00")].concat()),
    ] {
        let id = world.next_id("timezone");
        world.timezones.insert(id, Timezone { id, name: name.to_owned(), slots });
    }
    world.custom_days.insert(8, "Public holiday".into());
}

fn doors(world: &mut World, dice: &mut Dice) {
    let groups = ["Ground floor", "First floor", "Plant"].map(|name| world.add_door_group(name));
    let plan = [
        ("Main entrance", 0),
        ("Staff entrance", 0),
        ("Workshop", 2),
        ("Goods in", 2),
        ("First floor corridor", 1),
        ("Server room", 1),
        ("Squash court 1", 3),
        ("Car park barrier", 3),
    ];
    let mut serial = 7_000_000 + dice.below(90_000);
    for (name, group) in plan {
        serial += 11 + dice.below(5_000);
        world.install_door(serial, name, groups.get(group).copied().unwrap_or(0));
    }
    // A wireless lock does not know whether its door is shut.
    if let Some(door) = world.doors.values_mut().find(|door| door.name == "Squash court 1") {
        door.contact_closed = None;
        door.kind = 7;
    }
}

fn levels(world: &mut World) {
    for id in [0, 1] {
        let name = world.level_name(id).unwrap_or_default();
        world.access_levels.insert(id, AccessLevel { id, name, rows: Vec::new() });
    }
    let plan: [(&str, &[&str], i64); 5] = [
        ("Office staff", &["Main entrance", "Staff entrance", "First floor corridor"], 2),
        ("Workshop", &["Staff entrance", "Workshop", "Goods in"], 2),
        ("IT", &["Main entrance", "Staff entrance", "First floor corridor", "Server room"], 1),
        ("Cleaners", &["Staff entrance", "First floor corridor"], 3),
        ("Members", &["Main entrance", "Squash court 1"], 4),
    ];
    for (name, doors, timezone) in plan {
        let rows = world
            .doors
            .values()
            .filter(|door| doors.contains(&door.name.as_str()))
            .flat_map(|door| [Row { area: door.area_in, timezone }, Row { area: door.area_out, timezone: 1 }])
            .collect();
        let id = world.next_id("access_level");
        world.access_levels.insert(id, AccessLevel { id, name: name.to_owned(), rows });
    }
}

fn departments(world: &mut World) {
    for name in [
        "Reception",
        "Engineering",
        "Old stores",
        "Facilities",
        "Sales & Marketing",
        "Höhere Gewalt",
        "Accounts",
        "Members",
    ] {
        world.add_department(name);
    }
    // One was deleted: ids have a gap.
    world.departments.retain(|_, department| department.name != "Old stores");
}

fn custom_fields(world: &mut World) {
    let names = [
        ("Address 1", 100),
        ("Address 2", 100),
        ("Town", 50),
        ("County", 50),
        ("Post code", 50),
        ("Home telephone", 50),
        ("Home fax", 50),
        ("Mobile", 50),
        ("Email", 50),
        ("Position", 50),
        ("Start date", 50),
        ("Car registration", 50),
        ("Notes", 0),
        ("Personnel number", 50),
    ];
    for (id, (name, max_length)) in (1..).zip(names) {
        world.custom_fields.insert(id, CustomField { id, name: name.to_owned(), max_length });
    }
}

fn people(plan: &SeedPlan, world: &mut World, dice: &mut Dice) {
    let today = world.local_now().date().and_time(NaiveTime::MIN);
    let departments: Vec<i64> = world.departments.keys().copied().collect();
    let levels: Vec<i64> = world.access_levels.keys().copied().filter(|level| *level > 1).collect();
    let mut pins = BTreeSet::new();
    for number in 0..plan.people {
        // Some numbers are missing: those people have left.
        if dice.one_in(25) {
            world.next_id("user");
        }
        let id = world.next_id("user");
        let mut user = person(id, number, dice, today);
        user.department = if dice.one_in(12) { 0 } else { dice.pick(&departments, 0) };
        user.levels = vec![dice.pick(&levels, 0)];
        match number % 20 {
            4 => user.levels = Vec::new(),
            9 => user.levels.push(levels.iter().copied().find(|level| !user.levels.contains(level)).unwrap_or(0)),
            14 => user.individual = individual(world, dice),
            17 => user.levels = vec![1],
            _ => {}
        }
        if dice.below(10) < 4 {
            let pin = format!("{:04}", 1000 + dice.below(9000));
            user.pin = pins.insert(pin.clone()).then_some(pin);
        }
        tokens(world, &mut user, dice);
        world.users.insert(id, user);
    }
}

fn person(id: i64, number: usize, dice: &mut Dice, today: NaiveDateTime) -> User {
    let first = dice.pick(&FIRST, "Ann");
    let last = dice.pick(&LAST, "Smith");
    let mail: String =
        format!("{first}.{last}{id}").chars().filter(|c| c.is_ascii_alphanumeric() || *c == '.').collect();
    let days = |days| TimeDelta::try_days(days).unwrap_or_default();
    let mut user = User {
        id,
        first_name: Some(first.to_owned()),
        middle_name: dice.one_in(9).then(|| dice.pick(&MIDDLE, "A.").to_owned()),
        last_name: Some(last.to_owned()),
        activation: Some(today - days(30 + dice.below(2000))),
        telephone: dice.one_in(3).then(|| format!("0131 496 {:04}", dice.below(10_000))),
        extension: dice.one_in(5).then(|| format!("{}", 200 + dice.below(800))),
        anti_passback: dice.one_in(10),
        alarm_user: dice.one_in(15),
        lockdown_exempt: dice.one_in(30),
        ..User::default()
    };
    if number % 7 == 3 {
        // Most end in the future, a few are over.
        user.expiry = Some(today + days(dice.below(700) - 60));
    }
    user.fields.insert(9, format!("{}@example.org", mail.to_lowercase()));
    user.fields.insert(14, (10_000 + id).to_string());
    if dice.one_in(2) {
        user.fields.insert(10, dice.pick(&POSITIONS, "Clerk").to_owned());
    }
    if dice.one_in(3) {
        user.fields.insert(8, format!("07700 900{:03}", dice.below(1000)));
    }
    user
}

fn individual(world: &World, dice: &mut Dice) -> Vec<IndividualPermission> {
    let areas: Vec<i64> = world.doors.values().map(|door| door.area_in).collect();
    vec![IndividualPermission { area: dice.pick(&areas, 11), timezone: 1 }]
}

fn tokens(world: &mut World, user: &mut User, dice: &mut Dice) {
    let count = match dice.below(10) {
        0 | 1 => 0,
        2 => 2,
        _ => 1,
    };
    for _ in 0..count {
        let id = world.next_id("token") - 1;
        // Spread over eight digits, and different for every id.
        let value = 10_000_000 + (id * 7_919 + 1_234_567) % 89_999_999;
        let kind = if dice.one_in(4) { "ProxCard" } else { "Keyfob" };
        user.tokens.push(Token { id, token_type: kind.into(), token_value: value.to_string(), is_lost: false });
    }
    if dice.one_in(20) {
        let id = world.next_id("token") - 1;
        user.tokens.push(Token {
            id,
            token_type: "VehicleNumberPlate".into(),
            token_value: format!("SN{id}XYZ"),
            is_lost: false,
        });
    }
    if let Some(token) = user.tokens.first_mut().filter(|_| dice.one_in(40)) {
        token.is_lost = true;
    }
}

fn extras(world: &mut World) {
    let areas = world.areas.keys().copied().collect();
    world.area_groups.insert(1, AreaGroup { id: 1, name: "Whole site".into(), areas });
    let users = world.users.keys().copied().take(20).collect();
    world.roll_calls.insert(1, RollCall { id: 1, name: "Fire drill".into(), users, safe: BTreeMap::new() });
    let pins = |count| (1..=count).map(|pin| (pin, false)).collect();
    world.io_boards.insert(1, IoBoard { id: 1, name: "Boiler room".into(), inputs: pins(8), outputs: pins(8) });
    for (what, count) in [("area_group", 1), ("roll_call", 1), ("io_board", 1), ("slot", 100)] {
        world.counters.insert(what.to_owned(), count);
    }
}

/// Working days of up to 300 people: in, out, now and then a denial.
fn past_events(plan: &SeedPlan, world: &mut World, dice: &mut Dice) {
    let today = world.local_now().date().and_time(NaiveTime::MIN);
    let people: Vec<i64> = world.users.keys().copied().take(300).collect();
    let mut found = Vec::new();
    for back in (1..=plan.event_days).rev() {
        let day = today - TimeDelta::try_days(back).unwrap_or_default();
        if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
            continue;
        }
        let minutes = |minutes| day + TimeDelta::try_minutes(minutes).unwrap_or_default();
        for user in &people {
            let (comes, leaves) = (450 + dice.below(60), 960 + dice.below(90));
            visit(world, dice, *user, minutes(comes), true, &mut found);
            visit(world, dice, *user, minutes(leaves), false, &mut found);
        }
    }
    found.sort_by_key(|event: &Event| event.time);
    for event in found {
        world.put_event(event);
    }
}

fn visit(world: &World, dice: &mut Dice, user: i64, at: NaiveDateTime, entering: bool, out: &mut Vec<Event>) {
    let second = TimeDelta::try_seconds(dice.below(60)).unwrap_or_default();
    let time: DateTime<Utc> = world.zone.instant(at + second);
    let Some(person) = world.users.get(&user) else { return };
    let doors: Vec<i64> =
        world.doors.keys().copied().filter(|door| world.permitted(user, *door, entering, time)).collect();
    let all: Vec<i64> = world.doors.keys().copied().collect();
    let granted = !doors.is_empty();
    let serial = dice.pick(if granted { &doors } else { &all }, 0);
    let Some(door) = world.doors.get(&serial) else { return };
    let card: Option<i64> = person.tokens.iter().find_map(|token| token.token_value.parse().ok());
    let by_pin = card.is_none() && person.pin.is_some();
    if card.is_none() && !by_pin {
        return;
    }
    let event = Event {
        time,
        event_type: match (granted, by_pin) {
            (true, true) => 26,
            (true, false) => 20,
            (false, true) => 24,
            (false, false) => 23,
        },
        sub_type: if granted { 0 } else { 20 },
        address: Some(serial),
        peripheral: Some(if entering { door.reader_in } else { door.reader_out }),
        sub_address: Some(if entering { 1 } else { 2 }),
        card_no: card.or(Some(0)),
        user_id: Some(user),
        ..Event::default()
    };
    out.push(event);
    if granted {
        let after = |ms| time + TimeDelta::try_milliseconds(ms).unwrap_or_default();
        let door_event = |time, event_type| Event { time, event_type, address: Some(serial), ..Event::default() };
        out.push(door_event(after(250), 28));
        out.push(door_event(after(7250), 29));
    }
}
