//! Faults in the configuration: file, line, reason, remedy; nothing started.

use serde_json::Value;

use crate::toy::{Site, Toy};

/// Lines and texts of the faults that `check` finds.
async fn faults(site: &Site) -> Vec<(u64, String)> {
    let said = site.toy(&["--json", "check"]).await;
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(!site.path("data").exists(), "something was started");
    let json = said.json();
    let faults = json["faults"].as_array().unwrap();
    faults
        .iter()
        .map(|fault| (fault["line"].as_u64().unwrap(), format!("{} | {}", text(fault, "what"), text(fault, "remedy"))))
        .collect()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap()
}

fn assert_fault(found: &[(u64, String)], line: u64, words: &[&str]) {
    let matching = found.iter().find(|(at, text)| *at == line && words.iter().all(|word| text.contains(word)));
    assert!(matching.is_some(), "line {line}, {words:?}: {found:#?}");
}

#[tokio::test]
async fn a_configuration_in_order_is_told_so() {
    let said = Site::new().toy(&["check"]).await;
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    assert!(said.out.contains("is in order: 2 systems, 3 links, 1 links of events"), "{}", said.out);
}

#[tokio::test]
async fn an_unknown_setting_is_told_with_the_nearest_known_one() {
    let found = faults(&Site::with("grupping = \"staff\"\n")).await;
    assert_fault(&found, 4, &["no setting \"toy.grupping\"", "Did you mean \"grouping\"?"]);
    assert_eq!(found.len(), 1);
    let found = faults(&Site::with("\n[definitions]\nintervall = \"5m\"\n")).await;
    assert_fault(&found, 6, &["no setting \"definitions.intervall\"", "Known is: interval"]);
    let found = faults(&Site::with("\n[gards]\nremovals = 5\n")).await;
    assert_fault(&found, 5, &["no setting \"gards\"", "Did you mean \"guards\"?"]);
}

#[tokio::test]
async fn all_faults_are_told_at_once_each_with_its_line() {
    let site = Site::with(
        "grouping = 5\nparallel = 300\ncolour = 1\n\n[service]\nlog_level = \"loud\"\ntime_zone = \"Mars\"\n\n\
         [people]\ninterval = \"soon\"\nby_card = \"yes\"\n\n[guards]\nremovals = { count = -1 }\n",
    );
    let found = faults(&site).await;
    assert_fault(&found, 4, &["toy.grouping", "expected a string"]);
    assert_fault(&found, 5, &["toy.parallel", "300"]);
    assert_fault(&found, 6, &["no setting \"toy.colour\"", "Known are"]);
    assert_fault(&found, 9, &["service.log_level", "loud"]);
    assert_fault(&found, 13, &["people.interval", "\"soon\" is no interval"]);
    assert_fault(&found, 14, &["people.by_card", "expected a boolean"]);
    assert_fault(&found, 17, &["guards.removals.count", "-1"]);
    assert_eq!(found.len(), 7, "the zone is looked at once the rest can be read: {found:#?}");
}

#[tokio::test]
async fn a_missing_setting_is_told_at_its_section() {
    let site = Site::new();
    site.write("toy.toml", "# nothing\n\n[toy]\nworld = \"x\"\n");
    assert_fault(&faults(&site).await, 3, &["\"toy.password\" is missing", "Add it"]);
}

#[tokio::test]
async fn what_is_no_toml_is_told_with_its_line() {
    let site = Site::new();
    site.write("toy.toml", "[toy]\nworld = \"x\npassword = \"file:password\"\n");
    assert_fault(&faults(&site).await, 2, &["no TOML"]);
}

#[tokio::test]
async fn what_only_the_program_can_find_has_its_line_too() {
    let site = Site::with("grouping = \"guests\"\n");
    std::fs::remove_file(site.path("password")).unwrap();
    let found = faults(&site).await;
    assert_fault(&found, 3, &["toy.password", "cannot be read", "Write the secret into that file"]);
    assert_fault(&found, 4, &["no grouping \"guests\"", "Write \"staff\""]);
}

#[tokio::test]
async fn a_secret_in_the_file_is_refused_and_not_repeated() {
    let site = Site::new();
    site.write("toy.toml", "[toy]\nworld = \"x\"\npassword = \"swordfish\"\n");
    let said = site.toy(&["check"]).await;
    assert_eq!(said.code, 1);
    assert!(said.err.contains("toy.toml:3: toy.password: the secret itself stands here. Put it"), "{}", said.err);
    assert!(!said.err.contains("swordfish"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_secret_that_others_can_read_is_a_warning() {
    use std::os::unix::fs::PermissionsExt as _;
    let site = Site::new();
    std::fs::set_permissions(site.path("password"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let said = site.toy(&["--json", "check"]).await;
    assert_eq!(said.code, 0);
    assert!(said.json()["warnings"][0].as_str().unwrap().contains("can be read by others"), "{}", said.out);
}

#[tokio::test]
async fn no_verb_starts_anything_on_a_faulty_configuration() {
    for verb in ["test", "plan", "apply", "run", "status"] {
        let site = Site::with("colour = 1\n");
        let said = site.toy(&[verb]).await;
        assert_eq!(said.code, 1, "{verb}");
        assert!(said.err.contains("toy.toml:4: there is no setting \"toy.colour\""), "{verb}: {}", said.err);
        assert!(said.err.contains("nothing was started"), "{verb}: {}", said.err);
        assert!(!site.path("data").exists(), "{verb}");
    }
}

#[tokio::test]
async fn a_missing_file_says_how_to_get_one() {
    let site = Site::new();
    std::fs::remove_file(site.path("toy.toml")).unwrap();
    let said = site.toy(&["plan"]).await;
    assert_eq!(said.code, 1);
    assert!(said.err.contains("`toy init` writes one"), "{}", said.err);
}

#[tokio::test]
async fn the_data_folder_follows_the_configuration_and_the_command_line() {
    let site = Site::with("\n[service]\ndata = \"state\"\n");
    site.toy(&["plan"]).await;
    assert!(site.path("state/journal.db").exists());
    let elsewhere = site.path("elsewhere").display().to_string();
    site.toy(&["plan", "--data", &elsewhere]).await;
    assert!(site.path("elsewhere/journal.db").exists());
}

#[tokio::test]
async fn a_part_that_is_off_takes_no_part() {
    let site = Site::with("\n[people]\ninterval = \"off\"\n[events]\ninterval = \"off\"\n");
    site.staff(1);
    let json = site.toy(&["--json", "apply"]).await.json();
    let entities: Vec<_> = json["links"].as_array().unwrap().iter().map(|link| link["entity"].clone()).collect();
    assert_eq!(entities, ["department", "device"]);
    assert_eq!(json["event_links"].as_array().unwrap().len(), 0);
}

#[test]
fn the_schema_has_shared_and_own_settings() {
    let schema = sync_service::schema::<Toy>();
    for pointer in [
        "/properties/toy/properties/password",
        "/properties/service/properties/time_zone",
        "/properties/people/properties/interval",
        "/properties/people/properties/by_card",
        "/properties/events/properties/interval",
        "/properties/guards/properties/removals",
    ] {
        assert!(schema.pointer(pointer).is_some(), "{pointer} is missing in {schema:#}");
    }
    assert_eq!(schema["additionalProperties"], false);
}
