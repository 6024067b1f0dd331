//! `inventry-timeware` as its administrator runs it, against the simulated school.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use chrono::Duration;
use serde_json::Value;
use tests::{Installation, RenamedServer, fields_of};
use vendor_sim::inventry::{InventrySim, Person, World};

fn school(people: usize) -> InventrySim {
    InventrySim::builder().people(people).event_days(0).seed(5).start_blocking().unwrap()
}

fn installation(sim: &InventrySim, section: &str) -> Installation {
    Installation::of_bridge("inventry-timeware", &sim.url(), sim.key(), section, "")
}

/// Whoever was disabled before anybody heard of them is nobody.
fn employed(sim: &InventrySim) -> usize {
    sim.world(|world| world.personnel().filter(|person| person.enabled).count())
}

fn somebody(world: &mut World) -> u32 {
    let department = world.add_department("Astronomy");
    let person = world.add_person("Asha", "de Mello");
    world.set_departments(person, &[department]);
    world.change_person(person, |person: &mut Person| {
        person.title = Some("Mrs".to_owned());
        person.email = Some("a.demello@example.org".to_owned());
        person.mobile = Some("07700 900123".to_owned());
    });
    person
}

/// Releases the first device from three days ago on; its number at the school.
fn released(sim: &InventrySim, installation: &Installation) -> u32 {
    let (device, name) = sim.world(|world| {
        let device = world.devices.values().find(|device| !device.is_virtual()).unwrap();
        (device.id, device.name.clone())
    });
    installation.release(&name);
    device
}

#[test]
fn staff_arrive_with_department_and_only_with_the_fields_that_are_switched_on() {
    let sim = school(12);
    sim.world(somebody);
    let installation = installation(&sim, "fields_on = [\"title\", \"email\"]");
    installation.settle();
    let staff = employed(&sim);
    assert_eq!(installation.people(), staff, "visitors and students stay out");
    assert!(installation.person("de Mello")[0].contains("Astronomy"));
    let store = rusqlite::Connection::open(installation.store()).unwrap();
    let read = "SELECT title, email_address, mobile_number FROM temployee WHERE last_name = 'de Mello'";
    let fields: (Option<String>, Option<String>, Option<String>) =
        store.query_row(read, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    assert_eq!(fields, (Some("Mrs".to_owned()), Some("a.demello@example.org".to_owned()), None));
    assert_eq!(installation.plan().code, 0, "a second plan is empty");
    assert!(sim.requests().iter().all(|call| call.method == "GET"), "nothing is ever written to InVentry");
}

#[test]
fn somebody_is_renamed_moved_disabled_deleted_and_comes_back_as_the_same_person() {
    let sim = school(10);
    let person_id = sim.world(somebody);
    let installation = installation(&sim, "full_scan_minutes = 0");
    installation.settle();
    let everybody = installation.people();

    sim.world(|world| world.rename(person_id, "Asha", "Mello-Grant"));
    assert!(installation.plan().out.contains("Mello-Grant"));
    installation.settle();
    assert_eq!(installation.person("Mello-Grant").len(), 1);

    sim.world(|world| {
        let department = world.add_department("Geology");
        world.set_departments(person_id, &[department]);
    });
    assert!(installation.plan().out.contains("department"));
    installation.settle();
    assert!(installation.person("Mello-Grant")[0].contains("Geology"));

    sim.world(|world| world.disable(person_id));
    assert!(installation.plan().out.contains("inactive at the primary"), "{}", installation.plan().all());
    installation.settle();
    assert!(installation.person("Mello-Grant")[0].contains("| Leaver |"));

    sim.world(|world| world.enable(person_id));
    installation.settle();
    assert!(installation.person("Mello-Grant")[0].contains("| Current |"));

    sim.world(|world| world.delete(person_id));
    assert!(installation.plan().out.contains("gone at the primary"), "{}", installation.plan().all());
    installation.settle();
    assert!(installation.person("Mello-Grant")[0].contains("| Leaver |"));
    assert_eq!(installation.people(), everybody);
}

#[test]
fn the_plan_says_of_every_change_of_a_person_what_is_written_and_why() {
    let sim = school(10);
    let asha = sim.world(somebody);
    let geology = sim.world(|world| {
        world.recard(asha, "12345678");
        world.add_department("Geology")
    });
    let installation = installation(&sim, "full_scan_minutes = 0\ntake_credentials = true");
    installation.settle();
    let mut story = String::new();
    let mut after = |what: &str, change: &dyn Fn(&mut World)| {
        sim.world(change);
        story += &installation.plan_of_people_then_settle(what);
    };
    after("disabled", &|world| world.disable(asha));
    after("enabled again", &|world| world.enable(asha));
    after("renamed", &|world| world.rename(asha, "Asha", "Mello-Grant"));
    after("another card", &|world| world.recard(asha, "87654321"));
    after("another department", &|world| world.set_departments(asha, &[geology]));
    let kept = sim.world(|world| world.people.get(&asha).cloned().unwrap());
    after("deleted", &|world| world.delete(asha));
    after("restored", &|world| {
        world.people.insert(asha, kept.clone());
        world.rename(asha, "Asha", "Mello-Grant");
    });
    assert_eq!(story.trim_end(), PLANS.trim_end(), "\n{story}");
}

/// What an administrator reads before each change of a person is carried out.
const PLANS: &str = r#"disabled
mark_leaver "Asha de Mello" (2): inactive at the primary

enabled again
update "Asha de Mello" (2): came back at the primary
  credentials: - → *****678 (came back)
  active: no → yes (came back)

renamed
update "Asha Mello-Grant" (2): differs from the primary
  last_name: "de Mello" → "Mello-Grant" (changed at the primary)

another card
update "Asha Mello-Grant" (2): differs from the primary
  credentials: *****678 → *****321 (changed at the primary)

another department
update "Asha Mello-Grant" (2): differs from the primary
  department: department 2 "Astronomy" → department 5 "Geology" (changed at the primary)

deleted
disable "Asha Mello-Grant" (2): gone at the primary, confirmed

restored
update "Asha Mello-Grant" (2): came back at the primary
  credentials: - → *****321 (came back)
  active: no → yes (came back)
"#;

#[test]
fn of_two_people_that_are_merged_one_leaves_and_a_record_that_is_new_waits_for_a_word() {
    let sim = school(6);
    let (asha, known) = sim.world(|world| (somebody(world), world.add_person("Noor", "Example")));
    let coded = |world: &mut World, id| {
        world.change_person(id, |person: &mut Person| person.staff_code = Some("ADM".to_owned()))
    };
    sim.world(|world| coded(world, asha));
    let installation = installation(&sim, "full_scan_minutes = 0");
    installation.settle();

    sim.world(|world| world.merge(known, asha));
    assert_eq!(installation.plan_of_people(), "disable \"Noor Example\" (6): gone at the primary, confirmed");
    installation.settle();
    assert!(installation.person("Example")[0].contains("| Leaver |"));
    assert!(installation.person("de Mello")[0].contains("| Current |"));

    sim.world(|world| {
        let new = world.add_person("Asha", "de Mello");
        coded(world, new);
        world.merge(asha, new);
    });
    let planned = installation.plan_of_people();
    assert!(planned.contains("disable \"Asha de Mello\" (2): gone at the primary, confirmed"), "{planned}");
    let why = "2 is the same by personnel number, but linked to another; decide create or ignore";
    assert!(planned.contains(why), "{planned}");
    installation.settle();
    assert_eq!(installation.person("de Mello").len(), 1, "nobody is made twice");
    assert!(installation.person("de Mello")[0].contains("| Leaver |"), "until somebody decides");
}

#[test]
fn signing_in_and_out_is_booked_once_and_what_was_changed_afterwards_is_held() {
    let sim = school(6);
    let asha = sim.world(somebody);
    let installation = installation(&sim, "");
    installation.settle();
    let device = released(&sim, &installation);
    let event = sim.world(|world| world.sign_in(asha, Some(device)));
    sim.world(|world| {
        let earlier = world.now() - Duration::hours(20);
        world.sign_late(vendor_sim::inventry::EventType::SignOut, asha, Some(device), earlier);
    });
    installation.apply();
    assert_eq!(installation.works().len(), 2, "{:?}", installation.works());

    sim.world(|world| {
        let at = world.now() - Duration::minutes(40);
        world.correct(event, at).unwrap();
    });
    installation.apply();
    assert_eq!(installation.works().len(), 2, "what was booked stays as it is");
    let status = installation.run(&["status", "--json"]).json();
    assert!(
        status.to_string().contains("changed_after_booking") || status.to_string().contains("\"held\":1"),
        "{status}"
    );
}

#[test]
fn a_correction_takes_the_place_of_the_booking_until_timeware_has_calculated_it() {
    let sim = school(6);
    let asha = sim.world(somebody);
    let follow = "follow_corrections = \"while-unprocessed\"";
    let refused = installation(&sim, follow);
    let check = refused.run(&["check"]);
    assert!(check.code == 1 && check.all().contains("staged"), "{}", check.all());

    let installation = installation(&sim, follow);
    let file = installation.folder().join("inventry-timeware.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("[timeware]\n", "[timeware]\nprofile = \"staged\"\n")).unwrap();
    installation.settle();
    let device = released(&sim, &installation);
    let event = sim.world(|world| world.sign_in(asha, Some(device)));
    installation.apply();
    let store = rusqlite::Connection::open(installation.store()).unwrap();
    let inlet = || -> Vec<String> {
        let mut rows = store.prepare("SELECT date_and_time FROM twork_unprocessed").unwrap();
        rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let before = inlet();
    assert_eq!(before.len(), 1);

    let change = |minutes| {
        sim.world(|world| {
            let at = world.now() - Duration::minutes(minutes);
            world.correct(event, at).unwrap();
        });
        installation.apply();
    };
    change(40);
    let after = inlet();
    assert_eq!(after.len(), 1, "moved, not doubled");
    assert_ne!(after, before);
    assert_eq!(installation.plan().code, 0, "nothing is left to decide");

    store.execute("DELETE FROM twork_unprocessed", []).unwrap();
    change(55);
    assert_eq!(inlet(), Vec::<String>::new(), "calculated already");
    let status = installation.run(&["status", "--json"]).json().to_string();
    assert!(status.contains("changed_after_booking") || status.contains("\"held\":1"), "{status}");
}

#[test]
fn the_page_about_sql_server_gives_the_right_that_following_corrections_needs() {
    let page = include_str!("../docs/timeware-on-sql-server.md");
    let (_, from) = page.split_once("## A login with few rights").unwrap();
    let (script, _) = from.split_once("-- tables of ours").unwrap();
    let given = script.lines().find(|line| line.starts_with("GRANT UPDATE ON dbo.twork_unprocessed "));
    assert!(given.is_some(), "{script}");
    assert!(script.contains("follow_corrections = \"while-unprocessed\""), "only where it is set: {script}");
}

#[test]
fn a_server_that_is_too_old_is_refused_with_its_version() {
    let sim = school(3);
    sim.world(|world| world.switches.version = "4.10.3".to_owned());
    let installation = installation(&sim, "");
    let said = installation.run(&["test"]);
    assert_eq!(said.code, 1);
    assert!(said.all().contains("4.10.3") && said.all().contains("4.11.0"), "{}", said.all());
    assert_eq!(installation.run(&["apply"]).code, 1);
    assert_eq!(installation.people(), 0, "nothing was read");
}

/// A server at which nothing is called as it is built in.
const RENAMED: &str = include_str!("../inventry-client/profiles/renamed.toml");

#[test]
fn a_server_that_names_everything_otherwise_works_with_its_profile_and_names_the_first_wrong_field_without() {
    let sim = InventrySim::builder().people(5).event_days(0).profile(RENAMED).start_blocking().unwrap();
    let plain = installation(&sim, "");
    let said = plain.run(&["plan"]);
    assert_eq!(said.code, 1, "{}", said.all());
    let profiled = installation(&sim, "profile = \"server.toml\"");
    std::fs::write(profiled.folder().join("server.toml"), RENAMED).unwrap();
    let check = profiled.run(&["profile", "check", "server.toml", "--json"]);
    assert_eq!(check.code, 0, "{}", check.all());
    profiled.settle();
    let staff = employed(&sim);
    assert_eq!(profiled.people(), staff);

    let broken = RENAMED.replace("person_type = \"/x_person_type\"", "person_type = \"/nowhere\"");
    std::fs::write(profiled.folder().join("server.toml"), broken).unwrap();
    let said = profiled.run(&["plan"]);
    assert_eq!(said.code, 1, "{}", said.all());
    assert!(said.all().contains("/nowhere"), "the place where it looked: {}", said.all());
    let fault = profiled.run(&["profile", "check", "no-such.toml", "--json"]).json();
    assert!(fault.get("error").is_some_and(Value::is_string), "{fault}");
}

#[test]
fn a_server_process_that_renames_every_field_works_with_its_profile_and_the_first_wrong_field_is_named_without() {
    RenamedServer::start("inventry-timeware", &fields_of(RENAMED)).works_with_its_profile_alone(&[
        "/api/v1/info",
        "/version",
        "[fields.info] version of profile builtin",
    ]);
}

#[test]
fn a_server_process_that_renames_paths_and_values_too_works_with_its_profile_and_its_first_path_is_named_without() {
    RenamedServer::start("inventry-timeware", RENAMED).works_with_its_profile_alone(&["inventry.info", "status 404"]);
}
