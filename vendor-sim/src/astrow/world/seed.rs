//! The usual site.

use std::collections::BTreeSet;

use chrono::{Datelike, TimeDelta};

use super::record::{Badge, GroupRef, Master};
use super::site::{Item, Lookups, Terminal, User};
use super::{PERMISSION, World, hex_of};
use crate::astrow::files::Files;
use crate::astrow::vendor::Plan;
use crate::clock::{Clock, Zone};
use crate::dice::Dice;

const FIRST: [&str; 16] = [
    "Mira", "Teo", "Anouk", "Bram", "Celia", "Dirk", "Elke", "Faris", "Greet", "Hugo", "Ines", "Joris", "Katrien",
    "Lars", "Nadia", "Pieter",
];
const LAST: [&str; 16] = [
    "Vandenholt",
    "Marchetti",
    "De Smet",
    "Peeters",
    "Janssens",
    "Maes",
    "Jacobs",
    "Mertens",
    "Willems",
    "Claes",
    "Goossens",
    "Wouters",
    "Dubois",
    "Lambert",
    "Dupont",
    "El Amrani",
];

/// Makes the world that a plan asks for.
pub(crate) fn seed(plan: &Plan, number: u64, clock: Clock, zone: Zone, files: Files) -> World {
    let mut world = World::empty(clock, zone, files);
    world.hex_badges = plan.hex_badges;
    if let Some(licences) = &plan.licences {
        world.licences = licences.iter().cloned().collect();
    }
    let permissions = BTreeSet::from([PERMISSION.to_owned()]);
    world.users.insert(plan.user.clone(), User { password: plan.password.clone(), permissions });
    let mut dice = Dice::new(number);
    for at in 0..plan.people {
        add_employee(&mut world, &mut dice, at, plan.pac_badges);
    }
    // Who was there before the bridge is no change.
    let next = world.next_change();
    world.trim_changes(next);
    world
}

fn add_employee(world: &mut World, dice: &mut Dice, at: usize, pac_badges: bool) {
    let (first, last) = (dice.pick(&FIRST, "Mira"), dice.pick(&LAST, "Maes"));
    let mut employee = world.draft(first, last);
    employee.pers_no = world.next_pers_no;
    employee.employee_no = Some(format!("E-{}", employee.pers_no));
    let badge = 101 + at as u128;
    employee.badge_no = Some(if world.hex_badges { hex_of(badge) } else { badge.to_string() });
    let department = usize::try_from(dice.below(3)).unwrap_or(0);
    employee.department = world.lookups.departments.get(department).map(|item| item.code.clone());
    employee.email = Some(format!("e{}@example.org", employee.pers_no));
    let years = TimeDelta::days(365 * (1 + dice.below(5)));
    let start = employee.start_contract.checked_sub_signed(years).and_then(|day| day.with_day(1));
    employee.start_contract = start.unwrap_or(employee.start_contract);
    employee.start_calculation = employee.start_contract;
    if pac_badges {
        employee.pac.master = Master::Astrow;
        employee.pac.access_groups.push(GroupRef { id: 1, from: None, until: None });
        // Odd factor: no two numbers of one site are the same.
        let number = u32::try_from(at).unwrap_or(0).wrapping_mul(0x9E37_79B1) ^ 0x8E4C_0A1F;
        employee.pac.badges.push(Badge {
            kind: "pac-prox".to_owned(),
            number: format!("{number:08X}"),
            facility: None,
            state: "active".to_owned(),
            from: None,
            until: None,
        });
    }
    world.insert_employee(employee);
}

/// The usual lists.
pub(super) fn lookups() -> Lookups {
    let terminal = |serial: &str, number, code: &str, name: &str, kind: &str| Terminal {
        serial: serial.to_owned(),
        number,
        code: code.to_owned(),
        name: name.to_owned(),
        kind: kind.to_owned(),
        group_codes: vec!["TG-HQ".to_owned()],
    };
    let mut dock = terminal("9001021", 5, "DOCK-IN", "Dock IN", "file");
    dock.group_codes = vec!["TG-DOCK".to_owned()];
    Lookups {
        cycles: vec![Item::new("C-STD", "Standard week"), Item::new("C-SHIFT", "Two shifts")],
        pay_groups: vec![Item::new("PG-1", "Monthly paid"), Item::new("PG-2", "Weekly paid")],
        departments: vec![Item::new("FIN", "Finance"), Item::new("LOG", "Logistics"), Item::new("ICT", "Systems")],
        terminal_groups: vec![Item::new("TG-HQ", "Head office"), Item::new("TG-DOCK", "Dock")],
        company_sites: vec![Item::new("HQ", "Head office"), Item::new("DOCK", "Dock")],
        master_codes: vec![Item::new("12", "Business trip"), Item::new("14", "Doctor")],
        cost_centres: vec![Item::new("210", "Dock"), Item::new("220", "Workshop")],
        terminals: vec![
            terminal("9001011", 3, "PAC-IN", "Main entrance IN", "file"),
            terminal("9001012", 4, "PAC-OUT", "Main entrance OUT", "file"),
            dock,
            terminal("7700001", 1, "CANTEEN", "Canteen", "terminal"),
        ],
    }
}
