//! People, in both directions: the rows of the rules for whoever leads.

use chrono::Days;
use vendor_sim::astrow::{Badge, GroupRef, Master};
use vendor_sim::pac::Grant;

use crate::site::{Site, Wishes};

const ASTROW_LEADS: &str = "master = \"astrow\"";

fn pac_leads(people: &str) -> Site {
    let site = Site::new(Wishes { pac_people: 4, people, ..Wishes::default() });
    site.hire_at_pac("Ottilie", "8E4C0A1F");
    site.settle();
    site
}

fn astrow_leads(people: &str) -> Site {
    let lines = format!("{ASTROW_LEADS}\n{people}");
    let site = Site::new(Wishes { employees: 4, people: &lines, ..Wishes::default() });
    hire_at_astrow(&site, "Ottilie", "8E4C0A1F");
    site.settle();
    site
}

/// Somebody with a badge and an access group on the tab for PAC.
fn hire_at_astrow(site: &Site, first: &str, badge: &str) -> u32 {
    site.astrow.world(|world| {
        let number = world.add_employee(first, "Quillfeather");
        world.change_employee(number, |employee| {
            employee.employee_no = Some(format!("Q-{first}"));
            employee.start_contract = employee.start_contract.checked_sub_days(Days::new(30)).unwrap();
            employee.start_calculation = employee.start_contract;
            employee.pac.badges = vec![Badge {
                kind: "pac-prox".to_owned(),
                number: badge.to_owned(),
                facility: None,
                state: "active".to_owned(),
                from: None,
                until: None,
            }];
            employee.pac.access_groups = vec![GroupRef { id: 1, from: None, until: None }];
        });
        number
    })
}

#[test]
fn whoever_is_new_in_pac_gets_the_defaults_of_astrow_and_the_number_of_pac() {
    let site = pac_leads("");
    let person = site.person("Ottilie").unwrap();
    let employee = site.employee("Ottilie").unwrap();
    assert_eq!((employee.cycle.as_str(), employee.pay_group.as_str()), ("C-STD", "PG-1"));
    assert_eq!(employee.badge_no, Some(person.id.to_string()), "T8: PAC's id is the badge number");
    assert_eq!(employee.start_contract, site.astrow.world(|world| world.today()), "T8: today");
    assert_eq!((employee.pac.person_id, employee.pac.master), (Some(person.id), Master::Pac));
    assert_eq!(employee.pac.badges[0].number, "8E4C0A1F");
    assert_eq!(employee.pac.access_groups.len(), 1);
    assert_eq!(site.installation.run(&["plan"]).code, 0);
}

#[test]
fn definitions_arrive_in_astrow_whoever_leads() {
    for people in ["", ASTROW_LEADS] {
        let site = Site::new(Wishes { pac_people: 1, people, ..Wishes::default() });
        site.once();
        let (groups, readers) = site.astrow.world(|world| {
            let definitions = world.definitions.as_ref().unwrap();
            (definitions.access_groups.len(), definitions.readers.len())
        });
        assert_eq!((groups, readers), site.pac.world(|world| (world.groups.len(), world.readers.len())));
    }
}

#[test]
fn validity_of_groups_and_state_of_badges_arrive_as_they_are() {
    let site = pac_leads("");
    let id = site.person("Ottilie").unwrap().id;
    let until = "2027-06-01T00:00:00+02:00".parse().unwrap();
    site.pac.world(|world| {
        world.edit_person(id, |person| {
            person.groups.push(Grant { until: Some(until), ..Grant::of(4) });
            person.credentials[0].state = vendor_sim::pac::CredentialState::Lost;
        })
    });
    site.settle();
    let tab = site.employee("Ottilie").unwrap().pac;
    let limited = tab.access_groups.iter().find(|group| group.id == 4).unwrap();
    assert_eq!(limited.until.map(|at| at.to_utc()), Some(until));
    assert_eq!(tab.badges[0].state, "lost");
}

#[test]
fn edits_at_the_slave_are_set_back_and_reported() {
    let site = pac_leads("");
    let employee = site.employee("Ottilie").unwrap();
    site.astrow.world(|world| world.change_employee(employee.pers_no, |employee| employee.name.first = "Otto".into()));
    let said = site.installation.run(&["plan"]);
    assert!(said.out.contains("Otto") && said.out.contains("Ottilie"), "{}", said.all());
    site.settle();
    assert!(site.employee("Otto").is_none() && site.employee("Ottilie").is_some());
}

#[test]
fn who_is_gone_from_pac_loses_the_badges_in_astrow_and_stays_active() {
    let site = pac_leads("");
    let id = site.person("Ottilie").unwrap().id;
    site.pac.world(|world| world.delete_person(id));
    site.settle();
    let employee = site.employee("Ottilie").unwrap();
    assert!(employee.pac.badges.is_empty());
    assert_eq!(employee.end_calculation, None);
    assert_eq!(site.installation.run(&["plan"]).code, 0);
}

#[test]
fn a_deletion_in_astrow_needs_its_own_word_and_the_plan_names_it() {
    let site = pac_leads("delete_employees = true\ndelete_after_days = 0");
    let id = site.person("Ottilie").unwrap().id;
    site.pac.world(|world| world.delete_person(id));
    site.settle();
    assert!(site.employee("Ottilie").unwrap().pac.badges.is_empty());
    let plan = site.installation.run(&["plan"]);
    assert!(plan.out.contains("people.delete_astrow_history_ok"), "{}", plan.all());
    let people = "delete_employees = true\ndelete_after_days = 0\ndelete_astrow_history_ok = true";
    site.configure(Wishes { people, ..Wishes::default() });
    site.settle();
    assert!(site.employee("Ottilie").is_none());
}

#[test]
fn who_was_in_astrow_before_is_not_deleted_and_the_plan_names_the_setting() {
    let people = "delete_employees = true\ndelete_after_days = 0\ndelete_astrow_history_ok = true";
    let site = Site::new(Wishes { pac_people: 2, people, ..Wishes::default() });
    let id = site.hire_at_pac("Ottilie", "8E4C0A1F");
    site.astrow.world(|world| {
        let number = world.add_employee("Ottilie", "Quillfeather");
        world.change_employee(number, |employee| employee.employee_no = Some("Q-Ottilie".to_owned()));
    });
    site.settle();
    assert_eq!(site.employee("Ottilie").unwrap().pac.person_id, Some(id));
    site.pac.world(|world| world.delete_person(id));
    site.settle();
    assert!(site.employee("Ottilie").is_some());
    let plan = site.installation.run(&["plan"]);
    assert!(plan.out.contains("delete_adopted"), "{}", plan.all());
}

#[test]
fn who_becomes_inactive_in_pac_loses_the_badges_in_astrow_and_gets_them_back() {
    let site = pac_leads("");
    let id = site.person("Ottilie").unwrap().id;
    site.pac.world(|world| world.edit_person(id, |person| person.active = false));
    site.settle();
    let employee = site.employee("Ottilie").unwrap();
    assert!(employee.pac.badges.is_empty() && employee.end_calculation.is_none());
    site.pac.world(|world| world.edit_person(id, |person| person.active = true));
    site.settle();
    assert_eq!(site.employee("Ottilie").unwrap().pac.badges.len(), 1);
    assert_eq!(site.employee("Ottilie").unwrap().pers_no, employee.pers_no);
}

#[test]
fn a_department_that_astrow_does_not_have_is_left_empty_and_named() {
    let site = pac_leads("");
    let id = site.person("Ottilie").unwrap().id;
    let department = |name: &str| {
        let name = name.to_owned();
        site.pac.world(|world| world.edit_person(id, |person| person.department = Some(name)))
    };
    department("Choir");
    site.settle();
    assert_eq!(site.employee("Ottilie").unwrap().department, None);
    department("LOG");
    site.settle();
    assert_eq!(site.employee("Ottilie").unwrap().department.as_deref(), Some("LOG"), "by code");
    department("Finance");
    site.settle();
    assert_eq!(site.employee("Ottilie").unwrap().department.as_deref(), Some("FIN"), "by name");
}

#[test]
fn whoever_is_new_in_astrow_arrives_in_pac_with_their_number_and_astrow_learns_that_of_pac() {
    let site = astrow_leads("");
    let employee = site.employee("Ottilie").unwrap();
    let person = site.person("Ottilie").unwrap();
    assert_eq!(person.ext, Some(format!("astrow:{}", employee.pers_no)));
    assert_eq!(person.created_by, "oem:head-office-bridge");
    assert_eq!(person.credentials.len(), 1);
    assert_eq!(person.groups.iter().map(|group| group.group).collect::<Vec<_>>(), [1]);
    site.once();
    assert_eq!(site.employee("Ottilie").unwrap().pac.person_id, Some(person.id));
    assert_eq!(site.installation.run(&["plan"]).code, 0);
}

#[test]
fn who_leaves_astrow_loses_the_badges_in_pac_and_is_deleted_only_where_that_is_wanted() {
    for (people, stays) in [("", true), ("delete_employees = true\ndelete_after_days = 0", false)] {
        let site = astrow_leads(people);
        let number = site.employee("Ottilie").unwrap().pers_no;
        site.astrow.world(|world| world.delete_employee(number));
        site.settle();
        site.settle();
        let person = site.person("Ottilie");
        assert_eq!(person.is_some(), stays, "{people}");
        assert!(person.is_none_or(|person| person.active && person.credentials.is_empty()));
    }
}

#[test]
fn a_person_that_pac_had_before_is_never_deleted_from_astrow() {
    let people = format!("{ASTROW_LEADS}\ndelete_employees = true\ndelete_after_days = 0");
    let site = Site::new(Wishes { employees: 4, people: &people, ..Wishes::default() });
    let id = site.hire_at_pac("Ottilie", "8E4C0A1F");
    let native = site.hire_at_pac("Nanna", "8E4C0A20");
    let number = hire_at_astrow(&site, "Ottilie", "8E4C0A1F");
    site.settle();
    site.astrow.world(|world| world.delete_employee(number));
    site.settle();
    let person = site.pac.world(|world| world.people.get(&id).cloned()).unwrap();
    assert!(person.active && person.credentials.is_empty(), "only what Astrow linked goes");
    let plan = site.installation.run(&["plan"]);
    assert!(plan.out.contains("the other side deletes only whom this program made"), "{}", plan.all());
    assert_eq!(plan.code, 0, "PAC is not asked for what it refuses: {}", plan.all());
    let untouched = site.pac.world(|world| world.people.get(&native).cloned()).unwrap();
    assert_eq!((untouched.rev, untouched.credentials.len()), (1, 1), "nobody touches whom Astrow never had");
}

#[test]
fn inactive_people_go_to_pac_only_where_that_is_wanted() {
    for wanted in [false, true] {
        let people = format!("{ASTROW_LEADS}\ninactive_employees = {wanted}");
        let site = Site::new(Wishes { people: &people, ..Wishes::default() });
        let number = hire_at_astrow(&site, "Ottilie", "8E4C0A1F");
        let active = hire_at_astrow(&site, "Ada", "8E4C0A20");
        let yesterday = site.astrow.world(|world| world.today()).checked_sub_days(Days::new(1)).unwrap();
        site.astrow.world(|world| world.end_employee(number, yesterday));
        site.settle();
        assert_eq!(site.person("Ottilie").map(|person| person.active), wanted.then_some(false));
        site.astrow.world(|world| world.end_employee(active, yesterday));
        site.settle();
        let ada = site.person("Ada").unwrap();
        // Off: as if removed, so the badges go. On: inactive, and without badges too.
        assert_eq!((ada.active, ada.credentials.is_empty()), if wanted { (false, true) } else { (true, true) });
    }
}

#[test]
fn a_badge_of_somebody_else_is_a_conflict_that_names_both_and_moves_nothing() {
    let site = astrow_leads("");
    let owner = site.hire_at_pac("Nanna", "8E4C0B77");
    hire_at_astrow(&site, "Ada", "8E4C0B77");
    // The badge says that both may be the same person; an administrator decides that they are not.
    let said = site.installation.run(&["plan"]);
    assert!(said.out.contains("Ada"), "{}", said.all());
    let decisions = site.installation.folder().join("data/decisions.toml");
    let text = std::fs::read_to_string(&decisions).unwrap_or_default();
    std::fs::write(&decisions, text.replace("decision = \"\"", "decision = \"create\"")).unwrap();
    for _ in 0..3 {
        site.installation.run(&["run", "--once"]);
    }
    let nanna = site.pac.world(|world| world.people.get(&owner).cloned()).unwrap();
    assert_eq!(nanna.credentials.len(), 1, "never moved by itself");
}

#[test]
fn names_of_all_kinds_survive_both_ways() {
    let names = ["José", "Groß", "Łucja", "\"Q\" & <Co>", "🙂 Emma", "O'Neill"];
    let site = Site::new(Wishes::default());
    for (n, name) in names.iter().enumerate() {
        site.hire_at_pac(name, &format!("8E4C0C{n:02X}"));
    }
    site.settle();
    for name in names {
        assert!(site.employee(name).is_some(), "{name}");
    }
    assert_eq!(site.installation.run(&["plan"]).code, 0);
}

#[test]
fn a_change_of_our_own_causes_no_second_write() {
    let site = pac_leads("");
    let id = site.person("Ottilie").unwrap().id;
    site.pac.world(|world| world.edit_person(id, |person| person.last = Some("Renamed".to_owned())));
    site.settle();
    let version = site.employee("Ottilie").unwrap().version;
    for _ in 0..3 {
        site.once();
    }
    assert_eq!(site.employee("Ottilie").unwrap().version, version);
    let ours = "oem:head-office-bridge";
    let changes = site.pac.world(|world| world.changes.stored().filter(|(_, change)| change.origin == ours).count());
    assert_eq!(changes, 0, "with PAC as master nothing is written to it");
}
