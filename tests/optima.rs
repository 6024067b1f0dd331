//! `optima-timeware` as its administrator runs it, against the simulated site.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use tests::{Installation, RenamedServer, fields_of};
use vendor_sim::optima::{OptimaSim, World};

fn site(people: usize) -> OptimaSim {
    OptimaSim::builder().people(people).event_days(0).seed(5).start_blocking().unwrap()
}

fn installation(sim: &OptimaSim, more: &str) -> Installation {
    Installation::of_bridge("optima-timeware", &sim.url(), sim.key(), "", more)
}

/// Somebody with a card, alone in their last name.
fn somebody(world: &mut World) -> u32 {
    let badge = world.add_person("Mira", "Quillfeather");
    world.recard(badge, "12345678");
    badge
}

#[test]
fn everybody_arrives_once_and_a_second_plan_is_empty() {
    let sim = site(30);
    let installation = installation(&sim, "");
    installation.settle();
    // Whoever was disabled before anybody heard of them is nobody.
    let badges = sim.world(|world| world.badges.values().filter(|badge| badge.enabled).count());
    assert_eq!(installation.people(), badges);
    let again = installation.run(&["plan"]);
    assert_eq!(again.code, 0, "{}", again.all());
    let terminals = installation.run(&["terminals", "--json"]).json();
    assert_eq!(terminals["terminals"].as_array().unwrap().len(), sim.world(|world| world.readers.len()));
    assert_eq!(terminals["suspended"], terminals["terminals"].as_array().unwrap().len(), "all arrive suspended");
}

#[test]
fn a_person_is_renamed_recarded_moved_disabled_deleted_and_comes_back_as_the_same_one() {
    let sim = site(8);
    let badge = sim.world(somebody);
    let installation = installation(&sim, "");
    installation.settle();
    let all = installation.people();
    let arrived = installation.person("Quillfeather");
    assert!(arrived[0].contains("12345678"), "{arrived:?}");

    sim.world(|world| world.rename(badge, "Mira", "Quillfeather-Wiles"));
    let said = installation.plan();
    assert!(said.out.contains("Quillfeather-Wiles") && said.out.contains("last_name"), "{}", said.all());
    installation.settle();
    assert_eq!(installation.person("Quillfeather-Wiles").len(), 1);

    sim.world(|world| world.recard(badge, "87654321"));
    assert!(installation.plan().out.contains("credentials"));
    installation.settle();
    assert!(installation.person("Quillfeather-Wiles")[0].contains("87654321"));

    let group = sim.world(|world| {
        let group = world.add_group("Night porters", vendor_sim::optima::GroupKind::AccessGroup);
        world.set_groups(badge, &[group]);
        group
    });
    assert!(installation.plan().out.contains("Night porters"), "{}", installation.plan().all());
    installation.settle();
    assert!(installation.person("Quillfeather-Wiles")[0].contains("Night porters"), "group {group}");

    sim.world(|world| world.disable(badge));
    assert!(installation.plan().out.contains("inactive at the primary"), "{}", installation.plan().all());
    installation.settle();
    let leaver = installation.person("Quillfeather-Wiles");
    assert!(leaver[0].contains("| Leaver |") && !leaver[0].contains("87654321"), "{leaver:?}");

    sim.world(|world| world.enable(badge));
    installation.settle();
    let back = installation.person("Quillfeather-Wiles");
    assert!(back[0].contains("| Current |") && back[0].contains("87654321"), "{back:?}");

    sim.world(|world| world.delete(badge));
    assert!(installation.plan().out.contains("gone at the primary"), "{}", installation.plan().all());
    installation.settle();
    assert_eq!(installation.people(), all, "nobody is deleted in timeware, and nobody came twice");
    assert!(installation.person("Quillfeather-Wiles")[0].contains("| Leaver |"));
}

#[test]
fn the_plan_says_of_every_change_of_a_person_what_is_written_and_why() {
    let sim = site(8);
    let badge = sim.world(somebody);
    let [porters, guards] = ["Night porters", "Guards"]
        .map(|name| sim.world(|world| world.add_group(name, vendor_sim::optima::GroupKind::AccessGroup)));
    sim.world(|world| world.set_groups(badge, &[porters]));
    let installation = installation(&sim, "");
    installation.settle();
    let mut story = String::new();
    let mut after = |what: &str, change: &dyn Fn(&mut World)| {
        sim.world(change);
        story += &installation.plan_of_people_then_settle(what);
    };
    after("disabled", &|world| world.disable(badge));
    after("enabled again", &|world| world.enable(badge));
    after("renamed", &|world| world.rename(badge, "Mira", "Quillfeather-Wiles"));
    after("another card", &|world| world.recard(badge, "87654321"));
    after("another access group", &|world| world.set_groups(badge, &[guards]));
    let kept = sim.world(|world| world.badges.get(&badge).cloned().unwrap());
    after("deleted", &|world| world.delete(badge));
    after("restored", &|world| {
        world.badges.insert(badge, kept.clone());
        world.rename(badge, "Mira", "Quillfeather-Wiles");
    });
    let today = chrono::Utc::now().with_timezone(&chrono_tz::Europe::London).format("%Y-%m-%d").to_string();
    assert_eq!(story.replace(&today, "TODAY").trim_end(), PLANS.trim_end(), "\n{story}");

    sim.world(|world| world.set_groups(badge, &[porters]));
    let json = installation.run(&["plan", "--json"]).json();
    let plans = json["plans"].as_array().unwrap().iter().flat_map(|plan| plan["actions"].as_array().unwrap());
    let changes: Vec<_> = plans.flat_map(|action| action["changes"].as_array().unwrap()).collect();
    let names = serde_json::json!({"access_policy 4": "Guards", "access_policy 6": "Night porters"});
    assert_eq!(
        (changes.len(), &changes[0]["new"], &changes[0]["names"]),
        (1, &"access_policy 6".into(), &names),
        "{json}"
    );
}

/// What an administrator reads before each change of a person is carried out.
const PLANS: &str = r#"disabled
mark_leaver "Mira Quillfeather" (5): inactive at the primary

enabled again
update "Mira Quillfeather" (5): came back at the primary
  credentials: - → *****678 (came back)
  valid_until: TODAY → - (came back)
  active: no → yes (came back)

renamed
update "Mira Quillfeather-Wiles" (5): differs from the primary
  last_name: "Quillfeather" → "Quillfeather-Wiles" (changed at the primary)

another card
update "Mira Quillfeather-Wiles" (5): differs from the primary
  credentials: *****678 → *****321 (changed at the primary)

another access group
update "Mira Quillfeather-Wiles" (5): differs from the primary
  policies: access_policy 6 "Night porters" → access_policy 4 "Guards" (changed at the primary)

deleted
disable "Mira Quillfeather-Wiles" (5): gone at the primary, confirmed

restored
update "Mira Quillfeather-Wiles" (5): came back at the primary
  credentials: - → *****321 (came back)
  valid_until: TODAY → - (came back)
  active: no → yes (came back)
"#;

#[test]
fn where_timeware_leads_people_get_badges_and_leavers_lose_theirs() {
    let sim = site(0);
    let leads = "[people]\ndirection = \"timeware-to-optima\"\n[policies]\ndirection = \"timeware-to-optima\"\n";
    let installation = installation(&sim, leads);
    installation.plan();
    let store = rusqlite::Connection::open(installation.store()).unwrap();
    store
        .execute_batch(
            "INSERT INTO tterminal_policy (description) VALUES ('Night shift');
             INSERT INTO temployee (employee_status_id, first_name, last_name, badge, terminal_policy_id)
             SELECT 1, 'Asha', 'de Mello', 7654321, terminal_policy_id FROM tterminal_policy;",
        )
        .unwrap();
    installation.settle();
    let (number, groups) = sim.world(|world| {
        let badge = world.badge_named("Asha de Mello").unwrap();
        (badge.main_card().unwrap().number.clone(), badge.groups.len())
    });
    assert_eq!((number.as_deref(), groups), (Some("7654321"), 1));
    store
        .execute_batch("UPDATE temployee SET employee_status_id = 2, date_left_company = '2020-01-01 00:00:00';")
        .unwrap();
    installation.settle();
    let (enabled, card) = sim.world(|world| {
        let badge = world.badge_named("Asha de Mello").unwrap();
        (badge.enabled, badge.credentials.iter().any(|card| card.state.word() == "active"))
    });
    assert!(!enabled && !card, "a leaver keeps no way in");
}

#[test]
fn an_event_at_a_released_reader_is_booked_once_and_a_late_one_on_its_own_day() {
    let sim = site(4);
    let badge = sim.world(somebody);
    let installation = installation(&sim, "");
    installation.settle();
    let (reader, name) = sim.world(|world| {
        let reader = world.readers.values().next().unwrap();
        (reader.id, reader.name.clone())
    });
    installation.release(&name);
    sim.world(|world| {
        world.pass(badge, reader, true);
        let yesterday = world.now() - chrono::Duration::days(1);
        world.late_pass(badge, reader, true, yesterday);
        world.deny(badge, reader, "time");
        world.unknown_card("999", reader);
    });
    for _ in 0..2 {
        installation.apply();
    }
    let works = installation.works();
    assert_eq!(works.len(), 2, "{works:?}");
    sim.world(World::rebuild_events);
    installation.apply();
    assert_eq!(installation.works().len(), 2, "a rebuilt store of events books nothing twice");
}

/// A server at which nothing is called as it is built in.
const RENAMED: &str = include_str!("../optima-client/profiles/renamed.toml");

#[test]
fn a_server_process_that_renames_every_field_works_with_its_profile_and_the_first_wrong_field_is_named_without() {
    RenamedServer::start("optima-timeware", &fields_of(RENAMED)).works_with_its_profile_alone(&[
        "/api/v1/info",
        "/capabilities",
        "[fields.info] capabilities of profile builtin",
    ]);
}

#[test]
fn a_server_process_that_renames_paths_and_values_too_works_with_its_profile_and_its_first_path_is_named_without() {
    RenamedServer::start("optima-timeware", RENAMED).works_with_its_profile_alone(&["optima.info", "status 404"]);
}
