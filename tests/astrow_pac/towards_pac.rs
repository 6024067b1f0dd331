//! Where Astrow leads: bookings and person ids, with trouble on the way.

use chrono::{DateTime, Utc};
use tests::{Service, until};
use vendor_sim::astrow::{AstrowSim, Direction};
use vendor_sim::pac::{AccessGroup, PacSim};

use crate::site::{Site, Wishes};

const LEADS: Wishes<'static> =
    Wishes { pac_people: 0, employees: 2, people: "master = \"astrow\"", bookings: "to_pac = true", more: "" };
const NO_PEOPLE: &str = "master = \"astrow\"\ninterval = \"off\"";

fn numbers(site: &Site) -> Vec<u32> {
    site.astrow.world(|world| world.employees().keys().copied().collect())
}

/// Somebody clocks at a terminal of Astrow.
fn clock(site: &Site, number: u32, at: Option<DateTime<Utc>>) {
    site.astrow.world(|world| {
        let at = at.unwrap_or_else(|| world.clock.now());
        world.clock_on_terminal(number, "7700001", at, Direction::In);
    });
}

/// So many times, a minute apart.
fn clock_often(site: &Site, number: u32, times: i64) {
    let now = site.astrow.world(|world| world.clock.now());
    (1..=times).for_each(|n| clock(site, number, Some(now - chrono::TimeDelta::minutes(n))));
}

fn at_pac(site: &Site) -> usize {
    site.pac.world(|world| world.bookings.len())
}

fn sent(site: &Site) -> u64 {
    site.pac.request_counts().get("BookingPut").copied().unwrap_or_default()
}

fn person_of(site: &Site, number: u32) -> u32 {
    site.pac.world(|world| world.people.with_ext(&format!("astrow:{number}")).unwrap().id)
}

fn errors(said: &tests::Said) -> String {
    said.json()["errors"].to_string()
}

fn group(id: u32, name: &str) -> AccessGroup {
    AccessGroup { id, name: name.to_owned(), default: false, enabled: true, readers: Vec::new() }
}

fn knows_group(site: &Site, name: &str) -> bool {
    site.astrow.world(|world| serde_json::to_string(&world.definitions).unwrap().contains(name))
}

/// The service, behind its first run of this kind.
fn started(site: &Site, run: &str) -> Service {
    let put = || site.astrow.world(|world| world.definitions_put);
    let runs = || site.installation.logged().iter().filter(|line| line.contains(run)).count();
    let before = (put(), runs());
    let service = site.installation.serve();
    until("the definitions", || put() > before.0);
    until("the first run", || runs() > before.1);
    service
}

#[test]
fn more_bookings_than_the_server_takes_in_a_second_all_arrive_once() {
    let pac = PacSim::builder().people(0).seed(3).rate(50, 10).start_blocking().unwrap();
    let astrow = AstrowSim::builder().people(1).seed(3).start_blocking().unwrap();
    let site = Site::of(pac, astrow, LEADS);
    site.settle();
    let number = numbers(&site)[0];
    clock_often(&site, number, 45);
    site.once();
    assert_eq!((at_pac(&site), sent(&site)), (45, 45));
}

#[test]
fn a_booking_of_somebody_who_is_gone_at_pac_stops_no_other_and_is_told_once() {
    let site = Site::settled(LEADS);
    site.configure(Wishes { people: NO_PEOPLE, ..LEADS });
    let (gone, there) = (numbers(&site)[0], numbers(&site)[1]);
    let person = person_of(&site, gone);
    site.pac.world(|world| world.delete_person(person));
    clock(&site, gone, None);
    clock(&site, there, None);
    let said = site.installation.run(&["run", "--once"]);
    assert_eq!((at_pac(&site), sent(&site)), (1, 2), "{}", said.all());
    assert!(said.all().contains("booking"), "{}", said.all());
    site.once();
    assert_eq!(sent(&site), 2, "it is not sent again");
}

#[test]
fn a_booking_of_somebody_who_is_linked_later_is_sent_then() {
    let site = Site::new(Wishes { people: NO_PEOPLE, ..LEADS });
    site.astrow.world(|world| world.switches.page_size = 2);
    let number = numbers(&site)[0];
    clock_often(&site, number, 5);
    let said = site.once();
    assert!(said.all().contains("5 bookings"), "{}", said.all());
    assert_eq!(sent(&site), 0);
    site.configure(LEADS);
    site.settle();
    site.once();
    assert_eq!(at_pac(&site), 5);
    site.once();
    assert_eq!(sent(&site), 5);
}

#[test]
fn bookings_before_the_day_of_the_change_over_stay_in_astrow() {
    let site = Site::settled(LEADS);
    site.astrow.world(|world| world.switches.past_days = 10_000);
    let number = numbers(&site)[0];
    site.astrow.world(|world| {
        world.change_employee(number, |employee| {
            employee.start_contract = "2019-01-01".parse().unwrap();
            employee.start_calculation = employee.start_contract;
        })
    });
    clock(&site, number, Some("2019-12-31T22:59:59Z".parse().unwrap()));
    clock(&site, number, Some("2019-12-31T23:00:00Z".parse().unwrap()));
    assert_eq!(site.astrow.world(|world| world.bookings_of(number).len()), 2);
    site.once();
    assert_eq!(at_pac(&site), 1, "the day begins at the site's midnight");
}

#[test]
fn person_ids_that_are_noted_in_astrow_do_not_come_back_as_changes() {
    let site = Site::settled(LEADS);
    let noted = || site.astrow.world(|world| world.employees().values().all(|one| one.pac.person_id.is_some()));
    assert!(noted());
    let done = site.installation.run(&["run", "--once", "--json"]).json();
    assert_eq!(done["changes_noticed"].as_u64().unwrap_or_default(), 0, "{done}");
    site.astrow.world(|world| {
        let number = *world.employees().keys().next().unwrap();
        world.change_employee(number, |employee| employee.name.first = "Odile".to_owned())
    });
    let done = site.installation.run(&["run", "--once", "--json"]).json();
    assert_eq!(done["changes_noticed"], 1, "{done}");
}

#[test]
#[ignore = "takes half a minute"]
fn the_person_ids_of_everybody_are_noted_in_one_go() {
    let site = Site::settled(Wishes { employees: 210, ..LEADS });
    let missing =
        site.astrow.world(|world| world.employees().values().filter(|one| one.pac.person_id.is_none()).count());
    assert_eq!(missing, 0);
}

#[test]
fn a_group_that_is_new_at_pac_is_in_astrow_at_once_whoever_leads() {
    let pac_leads = Wishes { pac_people: 1, employees: 0, people: "", bookings: "", more: "" };
    for wishes in [LEADS, pac_leads, Wishes { people: "enabled = false", ..pac_leads }] {
        let site = Site::settled(wishes);
        let _service = started(&site, " events link=");
        site.pac.world(|world| world.put_group(group(77, "Night shift")));
        until("the group", || knows_group(&site, "Night shift"));
    }
}

#[test]
fn a_group_that_is_given_as_soon_as_it_is_made_goes_before_the_person() {
    let site = Site::new(Wishes { pac_people: 1, ..Wishes::default() });
    let id = site.hire_at_pac("Ottilie", "8E4C0A1F");
    site.settle();
    let _service = started(&site, " run link=");
    site.pac.world(|world| {
        world.put_group(group(77, "Night shift"));
        world.edit_person(id, |person| person.groups.push(vendor_sim::pac::Grant::of(77)));
    });
    let has = || site.employee("Ottilie").is_some_and(|one| one.pac.access_groups.iter().any(|group| group.id == 77));
    until("the group of the person", has);
}

#[test]
fn a_hundred_people_who_change_at_once_are_within_what_the_server_answers() {
    let pac = PacSim::builder().people(120).seed(3).rate(50, 10).start_blocking().unwrap();
    let astrow = AstrowSim::builder().seed(3).start_blocking().unwrap();
    let site = Site::of(pac, astrow, Wishes::default());
    site.settle();
    for id in site.people() {
        site.pac.world(|world| world.edit_person(id, |person| person.middle = Some("Dr".to_owned())));
    }
    let said = site.installation.run(&["run", "--once", "--json"]);
    assert_eq!(said.json()["changes_noticed"], 120, "{}", said.all());
    assert!(!errors(&said).contains("changes"), "{}", said.all());
    let again = site.installation.run(&["run", "--once", "--json"]).json();
    assert_eq!(again["changes_noticed"].as_u64().unwrap_or_default(), 0, "the place was stored: {again}");
}

#[test]
fn with_people_switched_off_nothing_about_people_is_tried() {
    let pac_leads = Wishes { pac_people: 1, ..Wishes::default() };
    for (wishes, off) in [(pac_leads, "interval = \"off\""), (LEADS, NO_PEOPLE)] {
        let site = Site::settled(wishes);
        site.configure(Wishes { people: off, ..wishes });
        for id in site.people() {
            site.pac.world(|world| world.edit_person(id, |person| person.first = "Odile".to_owned()));
        }
        for number in numbers(&site) {
            site.astrow.world(|world| world.change_employee(number, |one| one.name.first = "Odile".to_owned()));
        }
        let said = site.installation.run(&["run", "--once"]);
        assert_eq!(said.code, 0, "{}", said.all());
        assert!(!said.all().contains("switched off"), "{}", said.all());
    }
}
