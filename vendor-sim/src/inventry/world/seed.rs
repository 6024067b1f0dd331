//! A believable school, the same for the same seed and day.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc, Weekday};

use super::{Address, DeviceKind, Event, EventType, Person, PersonType, World};
use crate::bridge::{FIRST, LAST};
use crate::clock::{Clock, Zone};
use crate::dice::Dice;

/// Makes the school; `people` is the number of staff.
pub(crate) fn seed(people: usize, event_days: i64, seed: u64, clock: &Clock, zone: Zone) -> World {
    let mut world = World::empty(clock.clone(), zone);
    let mut dice = Dice::new(seed ^ 0x696e_7665);
    world.licence.until = world.now().date_naive().checked_add_signed(TimeDelta::days(300));
    world.add_site("Lower school");
    devices(&mut world);
    for name in
        ["Reception", "Science", "Site team", "Mathematics", "English", "Catering", "Leadership", "Art & Design"]
    {
        world.add_department(name);
    }
    staff(&mut world, &mut dice, people);
    others(&mut world, &mut dice, people);
    let built = world.now() - TimeDelta::days(300);
    world.departments.values_mut().for_each(|department| department.updated_at = built);
    world.devices.values_mut().for_each(|device| device.updated_at = built);
    past_events(&mut world, &mut dice, event_days);
    world
}

fn devices(world: &mut World) {
    for (name, kind, site) in [
        ("Main reception", DeviceKind::Kiosk, 1),
        ("Staff room", DeviceKind::Tablet, 1),
        ("Car park turnstile", DeviceKind::Turnstile, 1),
        ("Lower school reception", DeviceKind::Kiosk, 2),
        ("Back office", DeviceKind::Console, 1),
        ("Web page", DeviceKind::Web, 1),
    ] {
        let id = world.add_device(name, kind);
        world.change_device(id, |device| device.site = site);
    }
    let next = world.counters.device;
    world.counters.device = next.max(89);
    world.add_device("Anywhere app", DeviceKind::App);
}

fn staff(world: &mut World, dice: &mut Dice, people: usize) {
    let departments: Vec<u32> = world.departments.keys().copied().collect();
    for number in 0..people {
        world.counters.person += u32::from(dice.one_in(30));
        let (forename, surname) = (dice.pick(&FIRST, "Asha"), dice.pick(&LAST, "de Mello"));
        let id = world.add_person(forename, surname);
        let hired = world.now() - TimeDelta::days(30 + dice.below(900));
        if let Some(person) = world.people.get_mut(&id) {
            person.departments = vec![dice.pick(&departments, 11)];
            person.created_at = hired - TimeDelta::days(100);
            details(person, number, dice);
            odd(person, number, &departments);
            person.updated_at = hired;
        }
    }
}

/// What the data sheet passes on.
fn details(person: &mut Person, number: usize, dice: &mut Dice) {
    let (title, gender) = dice.pick(
        &[("Mrs", Some("F")), ("Mr", Some("M")), ("Ms", Some("Female")), ("Dr", None), ("Mr", Some("Male"))],
        ("Mx", None),
    );
    person.title = Some(title.to_owned());
    person.gender = gender.map(str::to_owned);
    let born = NaiveDate::from_ymd_opt(1960, 1, 1).map(|day| day + TimeDelta::days(dice.below(15_000)));
    person.date_of_birth = born.filter(|_| !dice.one_in(5));
    let plain: String = format!("{}.{}", person.forename, person.surname)
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '.')
        .collect();
    person.email = (!dice.one_in(6)).then(|| format!("{}{}@example.org", plain.to_lowercase(), person.id));
    person.mobile = dice.one_in(2).then(|| format!("07700 900{:03}", dice.below(1000)));
    person.staff_code = (!dice.one_in(8)).then(|| format!("S{:04}", person.id));
    if dice.one_in(2) {
        person.cars.push(format!(
            "ZZ{} {}",
            10 + dice.below(60),
            ["XYZ", "ABC", "KLM"].get(number % 3).unwrap_or(&"XYZ")
        ));
    }
    let house = if dice.one_in(3) { format!("Flat {}", 1 + dice.below(30)) } else { (1 + dice.below(200)).to_string() };
    let street = dice.pick(&["Example Row", "Harbour Lane", "Mill Street", "Church Walk"], "Example Row");
    person.address = (!dice.one_in(5)).then(|| Address {
        house_name_number: Some(house),
        line1: Some(street.to_owned()),
        town: Some("Exampleton".to_owned()),
        post_code: Some(format!("ZZ{} 4QX", 1 + number % 9)),
        country: Some("United Kingdom".to_owned()),
        ..Address::default()
    });
}

/// What not everybody has.
fn odd(person: &mut Person, number: usize, departments: &[u32]) {
    match number % 24 {
        5 => person.enabled = false,
        7 => person.departments.clear(),
        9 => person.cars = vec!["zz19 xyz".to_owned(), "ZZ20 ABC".to_owned()],
        11 => person.departments.extend(departments.first()),
        13 => person.credentials.clear(),
        15 => person.source = Some("manual".to_owned()),
        17 => person.sites = vec![2],
        19 => person.staff_code = None,
        _ => {}
    }
}

/// Students, visitors and contractors: a fifth of the staff, at least three.
fn others(world: &mut World, dice: &mut Dice, people: usize) {
    if people == 0 {
        return;
    }
    for number in 0..(people / 5).max(3) {
        let kind = [PersonType::Student, PersonType::Visitor, PersonType::Contractor].get(number % 3).copied();
        let (forename, surname) = (dice.pick(&FIRST, "Tom"), dice.pick(&LAST, "Okafor"));
        let id = world.add_somebody(kind.unwrap_or(PersonType::Other), forename, surname);
        let came = world.now() - TimeDelta::days(dice.below(200));
        if let Some(person) = world.people.get_mut(&id) {
            (person.created_at, person.updated_at) = (came, came);
        }
    }
}

/// School days of all who are enabled.
fn past_events(world: &mut World, dice: &mut Dice, days: i64) {
    let desks: Vec<u32> =
        world.devices.values().filter(|device| !device.is_virtual()).map(|device| device.id).collect();
    let people: Vec<u32> = world.people.values().filter(|person| person.enabled).map(|person| person.id).collect();
    let today = world.zone.local(world.now()).date().and_time(NaiveTime::MIN);
    for back in (1..=days).rev() {
        let day = today - TimeDelta::try_days(back).unwrap_or_default();
        if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
            continue;
        }
        let mut found: Vec<Event> = Vec::new();
        for person in &people {
            if !dice.one_in(12) {
                school_day(world, dice, day, *person, &desks, &mut found);
            }
        }
        found.sort_by_key(|event| event.recorded_at);
        world.events.reserve(found.len());
        for event in found {
            world.counters.seq += u64::from(dice.one_in(60));
            world.put_event(event);
        }
        let night = NaiveTime::from_hms_opt(23, 59, 0).unwrap_or_default();
        world.sign_out_all(world.zone.instant(day.date().and_time(night)));
    }
}

fn school_day(world: &World, dice: &mut Dice, day: NaiveDateTime, person: u32, desks: &[u32], found: &mut Vec<Event>) {
    let app = world.devices.values().find(|device| device.kind == DeviceKind::App).map(|device| device.id);
    let desk = Some(dice.pick(desks, 5));
    let (comes, leaves, noon) = (450 + dice.below(60), 920 + dice.below(90), 725 + dice.below(30));
    let back = noon + 15 + dice.below(30);
    let mut plan = vec![(EventType::SignIn, comes, desk)];
    if dice.one_in(15) {
        plan.extend([(EventType::BreakOut, noon, desk), (EventType::BreakIn, back, desk)]);
    }
    // Who forgets is signed out at night; some use the app on the way home.
    if !dice.one_in(40) {
        plan.push((EventType::SignOut, leaves, if dice.one_in(12) { app } else { desk }));
    }
    for (event_type, minute, device) in plan {
        let at = instant(world, dice, day, minute);
        let mut event = world.signed(event_type, person, device, at);
        event.recorded_at = at + TimeDelta::seconds(1);
        found.push(event);
    }
}

fn instant(world: &World, dice: &mut Dice, day: NaiveDateTime, minute: i64) -> DateTime<Utc> {
    world.zone.instant(day + TimeDelta::minutes(minute) + TimeDelta::seconds(dice.below(60)))
}
