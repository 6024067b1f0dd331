//! A believable site, the same for the same seed and day.

use chrono::{DateTime, Datelike, NaiveDateTime, NaiveTime, TimeDelta, Utc, Weekday};

use super::{
    Badge, Class, Controller, CredentialKind, CredentialState, Direction, Door, Event, GroupKind, Membership, World,
};
use crate::bridge::{FIRST, LAST};
use crate::clock::{Clock, Zone};
use crate::dice::Dice;

/// Makes the site.
pub(crate) fn seed(people: usize, event_days: i64, seed: u64, clock: &Clock, zone: Zone) -> World {
    let mut world = World::empty(clock.clone(), zone);
    let mut dice = Dice::new(seed ^ 0x6f70_7469);
    world.licence.until = world.now().date_naive().checked_add_signed(TimeDelta::days(300));
    readers(&mut world);
    groups(&mut world);
    badges(&mut world, &mut dice, people);
    let days_ago = |days| world.now() - TimeDelta::days(days);
    let (built, hired) = (days_ago(400), days_ago(200));
    world.readers.values_mut().for_each(|reader| reader.updated_at = built);
    world.groups.values_mut().for_each(|group| group.updated_at = built);
    for badge in world.badges.values_mut() {
        (badge.created_at, badge.updated_at) = (built, hired);
    }
    past_events(&mut world, &mut dice, event_days);
    // What is there from the beginning is no change.
    world.changes.clear();
    world
}

const DOORS: [(&str, &str, bool); 7] = [
    ("Main entrance", "Ground floor", true),
    ("Staff entrance", "Ground floor", true),
    ("Goods in", "Ground floor", true),
    ("First floor corridor", "First floor", false),
    ("Server room", "First floor", false),
    ("Laboratory", "First floor", true),
    ("Car park barrier", "Gatehouse", true),
];

fn readers(world: &mut World) {
    for (door, (name, controller, both)) in (6..).zip(DOORS) {
        let sides: &[(&str, Direction)] =
            if both { &[(" In", Direction::In), (" Out", Direction::Out)] } else { &[("", Direction::None)] };
        for (side, direction) in sides {
            let id = world.add_reader(&format!("{name}{side}"), *direction);
            world.change_reader(id, |reader| {
                reader.door = Some(Door { id: door, name: name.to_owned() });
                let number = match controller {
                    "Ground floor" => 2,
                    "First floor" => 3,
                    _ => 4,
                };
                reader.controller = Some(Controller { id: number, name: controller.to_owned() });
                if name == "Car park barrier" {
                    reader.technology = vec!["card".to_owned()];
                }
                reader.revision = 0;
            });
        }
    }
}

fn groups(world: &mut World) {
    let plan: [(&str, GroupKind, &[&str]); 6] = [
        ("All staff", GroupKind::AccessGroup, &["Main entrance", "Staff entrance", "First floor", "Car park"]),
        ("Server room", GroupKind::CardholderPolicy, &["Main entrance", "Server room"]),
        ("Stores", GroupKind::AccessGroup, &["Staff entrance", "Goods in"]),
        ("Laboratory", GroupKind::AccessGroup, &["Main entrance", "Laboratory"]),
        ("Cleaners", GroupKind::CardholderGroup, &["Staff entrance"]),
        // Nobody says what it opens.
        ("Directors", GroupKind::CardholderPolicy, &[]),
    ];
    for (name, kind, doors) in plan {
        let id = world.add_group(name, kind);
        let opens = |name: &str| doors.iter().any(|door| name.starts_with(door));
        let readers = world.readers.values().filter(|reader| opens(&reader.name)).map(|reader| reader.id).collect();
        world.change_group(id, |group| {
            group.readers = readers;
            group.revision = 0;
        });
    }
}

fn badges(world: &mut World, dice: &mut Dice, people: usize) {
    let groups: Vec<u32> = world.groups.keys().copied().collect();
    for number in 0..people {
        let (first, last) = (dice.pick(&FIRST, "Mira"), dice.pick(&LAST, "Vandenholt"));
        let credentials = match number % 12 {
            5 => vec![world.credential(CredentialKind::Biometric, None)],
            7 => Vec::new(),
            8 => {
                let number = world.free_card();
                vec![world.card(&number), world.credential(CredentialKind::Biometric, None)]
            }
            _ => {
                let number = world.free_card();
                vec![world.card(&number)]
            }
        };
        let main = if dice.below(10) < 6 { groups.first().copied() } else { Some(dice.pick(&groups, 1)) };
        let mut memberships: Vec<Membership> = main.map(Membership::of).into_iter().collect();
        let second = dice.pick(&groups, 1);
        if number % 15 == 11 && main != Some(second) {
            memberships.push(Membership::of(second));
        }
        let mut badge = world.new_badge(Some(first), Some(last), credentials, memberships);
        match number % 25 {
            13 => badge.enabled = false,
            17 => badge.valid_until = Some(world.now() + TimeDelta::days(dice.below(400) - 30)),
            19 => {
                if let Some(card) = badge.credentials.first_mut().filter(|one| one.kind == CredentialKind::Card) {
                    card.state = CredentialState::Lost;
                }
            }
            // One name only, as a firm's badge has.
            23 => (badge.first_name, badge.last_name, badge.name) = (None, None, format!("Contractor {number}")),
            _ => {}
        }
        world.insert_badge(badge, "user:installer");
        world.counters.badge += u32::from(dice.one_in(20));
    }
}

/// Working days of all who are enabled and have something to show.
fn past_events(world: &mut World, dice: &mut Dice, days: i64) {
    let gates = Gates::of(world);
    let present = |badge: &&Badge| badge.enabled && !badge.credentials.is_empty();
    let people: Vec<u32> = world.badges.values().filter(present).map(|badge| badge.id).collect();
    let today = world.zone.local(world.now()).date().and_time(NaiveTime::MIN);
    let mut found: Vec<Event> = Vec::new();
    for back in (1..=days).rev() {
        let day = today - TimeDelta::try_days(back).unwrap_or_default();
        if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
            continue;
        }
        for badge in &people {
            if !dice.one_in(14) {
                working_day(world, dice, day, *badge, &gates, &mut found);
            }
        }
        for class in [Class::ExitButton, Class::Held, Class::Closed, Class::Other("system.power".into())] {
            let minute = 480 + dice.below(540);
            let mut event =
                world.passed(0, gates.entries.first().copied().unwrap_or(0), true, instant(world, dice, day, minute));
            (event.code, event.class, event.badge, event.direction) = (class.code(), class, None, Direction::None);
            found.push(event);
        }
    }
    // What a controller held back comes later than what happened after it.
    found.sort_by_key(|event| event.received_at);
    world.events.reserve(found.len());
    for event in found {
        world.counters.seq += u64::from(dice.one_in(50));
        world.put_event(event);
    }
}

/// Readers at which people come and go.
struct Gates {
    entries: Vec<u32>,
    exits: Vec<u32>,
}

impl Gates {
    fn of(world: &World) -> Self {
        let gate = |name: &str| ["Main entrance", "Staff entrance"].iter().any(|gate| name.starts_with(gate));
        let side = |direction| {
            let readers = world.readers.values().filter(|reader| reader.direction == direction && gate(&reader.name));
            readers.map(|reader| reader.id).collect()
        };
        Self { entries: side(Direction::In), exits: side(Direction::Out) }
    }
}

fn working_day(world: &World, dice: &mut Dice, day: NaiveDateTime, badge: u32, gates: &Gates, found: &mut Vec<Event>) {
    let (comes, leaves, noon) = (445 + dice.below(70), 960 + dice.below(110), 720 + dice.below(40));
    let back = noon + 20 + dice.below(40);
    let mut times = vec![(comes, &gates.entries), (leaves, &gates.exits)];
    if dice.one_in(5) {
        times.extend([(noon, &gates.exits), (back, &gates.entries)]);
    }
    for (minute, readers) in times {
        let at = instant(world, dice, day, minute);
        let mut event = world.passed(badge, dice.pick(readers, 11), !dice.one_in(250), at);
        event.received_at = at + TimeDelta::seconds(1 + dice.below(3));
        if dice.one_in(400) {
            event.received_at += TimeDelta::hours(3 + dice.below(5));
        }
        found.push(event);
    }
}

fn instant(world: &World, dice: &mut Dice, day: NaiveDateTime, minute: i64) -> DateTime<Utc> {
    world.zone.instant(day + TimeDelta::minutes(minute) + TimeDelta::seconds(dice.below(60)))
}
