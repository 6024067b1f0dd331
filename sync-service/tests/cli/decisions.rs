//! The decisions file, there and back.

use crate::toy::{Site, person};

/// Two people of one name at the doors and at the hours.
fn ambiguous() -> Site {
    let site = Site::new();
    for first in ["Ann", "Bob"] {
        site.systems.doors.put(person(first, "Example"));
        site.systems.hours.put(person(first, "Example"));
    }
    site
}

const FILE: &str = "data/decisions.toml";

#[tokio::test]
async fn plan_lists_each_question_with_candidates_and_the_rule() {
    let site = ambiguous();
    let said = site.toy(&["plan"]).await;
    assert_eq!(said.code, 2, "{}", said.out);
    assert!(said.out.contains("2 records wait for your decision in"), "{}", said.out);
    let file = site.read(FILE);
    for words in [
        "link = \"person:doors>hours\"",
        "record = \"1\"",
        "title = \"Ann Example\"",
        "\"2 Bob Example\"",
        "decision = \"\"",
    ] {
        assert!(file.contains(words), "{words}: {file}");
    }
    assert!(file.contains("last name"), "{file}");
    assert_eq!(site.toy(&["apply"]).await.code, 2, "nothing happens by itself");
    assert_eq!(site.systems.hours.len(), 2);
}

#[tokio::test]
async fn what_is_decided_is_done() {
    let site = ambiguous();
    site.toy(&["plan"]).await;
    let file = site.read(FILE).replacen("decision = \"\"", "decision = \"match 1\"", 1);
    site.write(FILE, &file.replacen("decision = \"\"", "decision = \"create\"", 1));
    let json = site.toy(&["--json", "plan"]).await.json();
    assert_eq!(json["undecided"], 0, "{json:#}");
    assert_eq!((&json["links"][2]["actions"]["link"], &json["links"][2]["actions"]["create"]), (&1.into(), &1.into()));
    let hash = json["links"][2]["plan"].as_str().unwrap().to_owned();
    let said = site.toy(&["apply", "--approve", &hash]).await;
    assert_eq!(said.code, 0, "{}", said.out);
    assert_eq!(site.systems.hours.len(), 3);
    assert_eq!(site.toy(&["plan"]).await.code, 0);
}

#[tokio::test]
async fn decisions_stay_in_the_file_and_a_lost_file_is_written_anew() {
    let site = ambiguous();
    site.toy(&["plan"]).await;
    site.write(FILE, &site.read(FILE).replace("decision = \"\"", "decision = \"ignore\""));
    assert_eq!(site.toy(&["plan"]).await.code, 0);
    assert_eq!(site.read(FILE).matches("decision = \"ignore\"").count(), 2);
    std::fs::remove_file(site.path(FILE)).unwrap();
    assert_eq!(site.toy(&["plan"]).await.code, 0, "what was decided is remembered");
    assert_eq!(site.read(FILE).matches("decision = \"ignore\"").count(), 2);
}

#[tokio::test]
async fn a_decision_taken_back_is_asked_again() {
    let site = ambiguous();
    site.toy(&["plan"]).await;
    site.write(FILE, &site.read(FILE).replace("decision = \"\"", "decision = \"ignore\""));
    site.toy(&["plan"]).await;
    site.write(FILE, &site.read(FILE).replacen("decision = \"ignore\"", "decision = \"\"", 1));
    let said = site.toy(&["plan"]).await;
    assert_eq!(said.code, 2, "{}", said.out);
    assert!(said.out.contains("1 records wait for your decision"), "{}", said.out);
}

#[tokio::test]
async fn a_slip_in_the_file_is_told_with_its_line_and_nothing_is_started() {
    let site = ambiguous();
    site.toy(&["plan"]).await;
    let file = site.read(FILE).replacen("decision = \"\"", "decision = \"mach 1\"", 1);
    site.write(FILE, &file);
    let line = file.lines().position(|line| line.contains("mach 1")).unwrap() + 1;
    for verb in ["plan", "apply", "run"] {
        let said = site.toy(&[verb]).await;
        assert_eq!(said.code, 1, "{verb}");
        let expected = format!("decisions.toml:{line}: \"mach 1\" is no decision. Write \"match ID\"");
        assert!(said.err.contains(&expected), "{verb}: {}", said.err);
    }
    assert_eq!(site.read(FILE), file, "what the person wrote is left as it is");
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_names_people_and_is_for_this_account_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let site = ambiguous();
    site.toy(&["plan"]).await;
    let mode = std::fs::metadata(site.path(FILE)).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}
