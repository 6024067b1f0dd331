//! What an administrator types.

use tests::{Installation, Said};
use vendor_sim::astrow::AstrowSim;
use vendor_sim::pac::PacSim;

use crate::site::{Site, Wishes, configuration, interface};

#[test]
fn the_demo_says_what_the_others_say_and_its_second_plan_is_empty() {
    let said = Said::by("astrow-pac", &["--demo", "run", "--once", "--json"]);
    assert_eq!(said.code, 0, "{}", said.all());
    let said = said.json();
    let other = Said::by("optima-timeware", &["--demo", "run", "--once", "--json"]).json();
    for key in other.as_object().unwrap().keys() {
        assert!(said.get(key).is_some(), "{key} is missing");
    }
    assert_eq!(said["fresh_plan_actions"], 0);
    assert!(said["events"]["delivered"].as_u64().unwrap() > 0);
}

#[test]
fn the_certificate_of_pac_is_fetched_shown_and_stored_and_then_believed() {
    let pac = PacSim::builder().people(1).start_blocking().unwrap();
    let astrow = AstrowSim::builder().people(0).start_blocking().unwrap();
    let text = configuration(&pac, "", &interface(&astrow), Wishes::default());
    let installation = Installation::of("astrow-pac", &text, vec![("ASTROW_PASSWORD", astrow.password())]);
    let missing = installation.run(&["check"]);
    assert_eq!(missing.code, 1, "no certificate is believed: {}", missing.all());
    assert!(missing.all().contains("certificate --trust"), "{}", missing.all());

    let shown = installation.run(&["certificate", "--json"]);
    assert_eq!(shown.code, 2, "{}", shown.all());
    let plain = |text: &str| text.chars().filter(char::is_ascii_hexdigit).collect::<String>().to_lowercase();
    assert_eq!(plain(shown.json()["sha256"].as_str().unwrap()), plain(&pac.server_fingerprint()));
    assert_eq!(installation.run(&["check"]).code, 1, "showing believes nothing");

    let stored = installation.run(&["certificate", "--trust"]);
    assert_eq!(stored.code, 0, "{}", stored.all());
    pac.write_key("Head office bridge", &installation.folder().join("bridge.oemkey")).unwrap();
    assert_eq!(installation.run(&["check"]).code, 0);
    let tried = installation.run(&["test"]);
    assert_eq!(tried.code, 0, "{}", tried.all());
}

/// Names of all settings below a schema; the columns of a fixed layout stand in the vendor page.
fn settings(schema: &serde_json::Value, names: &mut Vec<String>) {
    let Some(schema) = schema.as_object() else { return };
    for (name, value) in schema.get("properties").and_then(|all| all.as_object()).into_iter().flatten() {
        names.push(name.clone());
        if name != "layout" {
            settings(value, names);
        }
    }
    for part in ["anyOf", "oneOf", "allOf"] {
        for value in schema.get(part).and_then(|all| all.as_array()).into_iter().flatten() {
            settings(value, names);
        }
    }
    for part in ["additionalProperties", "items"] {
        schema.get(part).into_iter().for_each(|value| settings(value, names));
    }
}

#[test]
fn what_init_writes_names_every_setting() {
    let schema = Said::by("astrow-pac", &["schema", "--json"]).json();
    let mut names = Vec::new();
    settings(&schema, &mut names);
    assert!(names.len() > 60, "{names:?}");
    let template = include_str!("../../examples/config/astrow-pac.toml");
    // Said by another name in the template, or for experts of the shared sections.
    let elsewhere = [
        "delete_history_ok",
        "layout",
        "log_folder",
        "log_level",
        "actor",
        "stop_within",
        "percent",
        "breadth",
        "extensions",
        "settle_margin",
        "min_absence",
        "extra_root",
        "pinned_sha256",
        "organisation",
    ];
    let missing: Vec<_> =
        names.iter().filter(|name| !template.contains(name.as_str()) && !elsewhere.contains(&name.as_str())).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn settings_that_cannot_work_are_named_with_file_and_line() {
    let site =
        Site::new(Wishes { people: "inactive_employees = true", bookings: "to_pac = true", ..Wishes::default() });
    let said = site.installation.run(&["check"]);
    assert_eq!(said.code, 1);
    for setting in
        ["inactive people go to PAC only where Astrow leads", "bookings go from Astrow to PAC only where Astrow leads"]
    {
        assert!(said.all().contains(setting), "{}", said.all());
    }
    assert!(said.all().contains("astrow-pac.toml:"), "{}", said.all());
}

#[test]
fn a_user_without_the_permission_is_told_apart_from_a_missing_licence() {
    let site = Site::new(Wishes::default());
    let user = site.astrow.user();
    site.astrow.world(|world| world.users.get_mut(&user).unwrap().permissions.clear());
    let said = site.installation.run(&["test"]);
    assert_eq!(said.code, 1);
    assert!(said.all().contains("permission") && said.all().contains("API"), "{}", said.all());

    let site = Site::new(Wishes::default());
    site.astrow.world(|world| world.licences.remove("file-terminal"));
    let said = site.installation.run(&["test"]);
    assert!(said.all().contains("file-terminal") || said.all().contains("File terminal"), "{}", said.all());
}

#[test]
fn badges_are_shown_in_both_orders() {
    let said = Said::by("astrow-pac", &["badge-check", "pac-prox", "8E4C0A1F", "--json"]).json();
    assert_eq!(said["forward"]["decimal"], "2387347999");
    let said = Said::by("astrow-pac", &["badge-check", "wiegand26", "77-40211", "--json"]).json();
    assert_eq!((&said["forward"]["decimal"], &said["forward"]["hexadecimal"]), (&"5086483".into(), &"4D9D13".into()));
    assert_eq!(Said::by("astrow-pac", &["badge-check", "pac-prox", "CARD0123"]).code, 1);
}

#[test]
fn terminals_shows_controllers_readers_and_what_became_of_events() {
    let site = Site::settled(Wishes { pac_people: 1, ..Wishes::default() });
    site.pac.swipe(11, site.people()[0], None);
    site.once();
    site.pac.world(|world| world.set_online(2, false));
    let said = site.installation.run(&["terminals"]);
    assert_eq!(said.code, 0, "{}", said.all());
    for words in ["OFF LINE", "Main entrance IN", "access.granted", "PROCESSED", "done"] {
        assert!(said.out.contains(words), "{words}: {}", said.all());
    }
}
