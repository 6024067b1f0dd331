//! Each verb: what it says, and how it ends.

use serde_json::json;
use sync_core::connector::End;
use sync_core::journal::SqliteJournal;
use sync_core::model::{Department, Device, DeviceKind, Known};

use crate::toy::{Site, carded, in_department, now, person};

#[tokio::test]
async fn init_writes_a_file_that_is_in_order_and_never_overwrites() {
    let site = Site::new();
    std::fs::remove_file(site.path("toy.toml")).unwrap();
    let said = site.toy(&["init"]).await;
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("toy plan    shows what would be done"), "{}", said.out);
    assert_eq!(site.toy(&["check"]).await.code, 0);
    let said = site.toy(&["init"]).await;
    assert_eq!(said.code, 1);
    assert!(said.err.contains("was left as it is"), "{}", said.err);
}

#[tokio::test]
async fn test_shows_each_step_with_cause_and_remedy() {
    let said = Site::new().toy(&["test"]).await;
    assert_eq!(said.code, 0);
    assert!(said.out.contains("doors\n  ✓ reads: 0 records\n"), "{}", said.out);
    let site = Site::with("broken = true\n");
    let said = site.toy(&["test"]).await;
    assert_eq!(said.code, 1);
    let steps = "cellar\n  ✓ name: 192.0.2.7\n  ! TLS: the certificate ends in 3 days\n      Renew it\n  \
                 ✗ port: refused\n      Switch the Local API on, or correct the port\n  · sign-in: not tried\n";
    assert!(said.out.contains(steps), "{}", said.out);
    let json = site.toy(&["test", "--json"]).await.json();
    assert_eq!(json["ok"], false);
    assert_eq!(json["endpoints"][2]["steps"][2]["outcome"], "failed");
}

#[tokio::test]
async fn plan_apply_plan_ends_with_nothing_to_do() {
    let site = Site::new();
    site.staff(3);
    let said = site.toy(&["plan"]).await;
    assert_eq!(said.code, 2, "{}", said.err);
    assert!(said.out.contains("create \"Ann 1 Example 1\": new at the primary"), "{}", said.out);
    assert!(said.out.contains("first_name: ? → \"Ann 1\" (new)"), "{}", said.out);
    assert_eq!(site.systems.hours.len(), 0, "a plan changes nothing");
    let said = site.toy(&["apply"]).await;
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(said.out.contains("a second plan is empty"), "{}", said.out);
    assert_eq!(site.systems.hours.len(), 3);
    let said = site.toy(&["plan"]).await;
    assert_eq!(said.code, 0, "{}", said.out);
    assert!(said.out.contains("Nothing to do: both sides agree."), "{}", said.out);
}

#[tokio::test]
async fn a_plan_shows_old_and_new_of_each_field_and_why() {
    let site = Site::new();
    let ann = site.systems.doors.put(person("Ann", "Example"));
    site.toy(&["apply"]).await;
    site.systems.doors.edit(&ann, |record| record.last_name = Known::Value("Sample".into()));
    let said = site.toy(&["plan"]).await;
    assert_eq!(said.code, 2);
    assert!(said.out.contains("last_name: \"Example\" → \"Sample\" (changed at the primary)"), "{}", said.out);
}

#[tokio::test]
async fn json_is_one_object_on_one_line_with_the_promised_keys() {
    let site = Site::new();
    site.staff(2);
    for (verb, code) in [("plan", 2), ("apply", 0), ("plan", 0)] {
        let said = site.toy(&["--json", verb]).await;
        assert_eq!(said.code, code, "{verb}");
        let json = said.json();
        assert_eq!(json["exit"], code, "{verb}");
        let link = &json["links"][2];
        assert_eq!(link["entity"], "person");
        assert_eq!(link["direction"], "doors → hours");
        assert_eq!(link["read"]["primary"], 2);
        for key in ["create", "update", "link", "remove", "hold"] {
            assert!(link["actions"][key].is_u64(), "{verb} {key}");
        }
        assert!(link["outcomes"].is_object() && link["second_plan_actions"].is_u64(), "{verb}");
        for key in ["read", "delivered", "ignored", "waiting", "held", "rejected", "doubtful"] {
            assert!(json["events"][key].is_u64(), "{verb} {key}");
        }
    }
}

#[tokio::test]
async fn a_plan_for_programs_has_each_action_and_hides_card_numbers() {
    let site = Site::new();
    site.systems.doors.put(carded("Ann", "Example", "12345678"));
    let said = site.toy(&["--json", "plan"]).await;
    assert!(!said.out.contains("12345678"));
    let json = said.json();
    let action = &json["plans"][2]["actions"][0];
    assert_eq!((&action["action"], &action["title"]), (&json!("create"), &json!("Ann Example")));
    let fields: Vec<_> = action["changes"].as_array().unwrap().iter().map(|change| change["field"].clone()).collect();
    assert!(fields.contains(&json!("credentials")) && fields.contains(&json!("last_name")), "{fields:?}");
}

#[tokio::test]
async fn a_plan_tells_what_waits_for_a_link_before_it_and_apply_goes_in_order() {
    let site = Site::new();
    let sales = site.systems.departments.put(Department { name: Known::Value("Sales".into()) });
    site.systems.doors.put(in_department("Ann", sales.as_str()));
    let said = site.toy(&["plan"]).await;
    assert!(
        said.out.contains("1 of these refer to something that a link before this one has yet to make"),
        "{}",
        said.out
    );
    assert_eq!(site.toy(&["apply"]).await.code, 0);
    assert_eq!(site.systems.hours.all()[0].value.department.value().unwrap().id.as_str(), "1");
}

#[tokio::test]
async fn events_are_delivered_once_their_people_and_devices_are_linked() {
    let site = Site::new();
    let ann = site.systems.doors.put(person("Ann", "Example"));
    let door = site.systems.readers.put(Device { name: Known::Value("Front".into()), ..Device::default() });
    site.toy(&["apply"]).await;
    let terminal = site.systems.terminals.all()[0].id.clone();
    site.systems.terminals.edit(&terminal, |device| {
        device.kind = Known::Value(DeviceKind::Attendance);
        device.suspended = Known::Value(false);
    });
    site.systems.swipe(ann.as_str(), door.as_str(), now());
    site.systems.swipe("999", door.as_str(), now());
    site.pass(1);
    let json = site.toy(&["--json", "apply"]).await.json();
    assert_eq!(json["events"]["read"], 2, "{json:#}");
    assert_eq!(json["events"]["delivered"], 1, "{json:#}");
    assert_eq!(json["events"]["waiting"], 1, "{json:#}");
    assert_eq!(site.systems.bookings.booked().len(), 1);
    let json = site.toy(&["--json", "run", "--once"]).await.json();
    assert_eq!(json["events"]["read"], 2, "nothing is taken twice");
}

#[tokio::test]
async fn held_events_are_processed_again_by_a_persons_order_and_nothing_else_is() {
    let site = Site::new();
    let ann = site.systems.doors.put(person("Ann", "Example"));
    let door = site.systems.readers.put(Device { name: Known::Value("Front".into()), ..Device::default() });
    site.toy(&["apply"]).await;
    let terminal = site.systems.terminals.all()[0].id.clone();
    site.systems.terminals.edit(&terminal, |device| {
        device.kind = Known::Value(DeviceKind::Attendance);
        device.suspended = Known::Value(false);
    });
    for days in [40, 50] {
        site.systems.swipe(ann.as_str(), door.as_str(), now() - chrono::Duration::days(days));
    }
    let json = site.toy(&["--json", "apply"]).await.json();
    assert_eq!((&json["events"]["held"], &json["events"]["delivered"]), (&2.into(), &0.into()), "{json:#}");

    for (asked, what) in
        [(vec!["resend"], "which events?"), (vec!["resend", "77"], "no event 77"), (vec!["resend", "x"], "is no event")]
    {
        let said = site.toy(&asked).await;
        assert_eq!(said.code, 1);
        assert!(said.err.contains(what), "{}", said.err);
    }
    assert_eq!(
        site.toy(&["--json", "resend", "--all", "rejected"]).await.json()["events"].as_array().unwrap().len(),
        0
    );

    let said = site.toy(&["--json", "resend", "doors:1", "--because", "the clerk says so"]).await.json();
    assert_eq!(said["events"][0], "doors:1", "{said}");
    let json = site.toy(&["--json", "apply"]).await.json();
    assert_eq!((&json["events"]["held"], &json["events"]["delivered"]), (&1.into(), &1.into()), "{json:#}");
    site.toy(&["resend", "--all", "held"]).await;
    site.toy(&["apply"]).await;
    assert_eq!(site.systems.bookings.booked().len(), 2);
    assert!(site.toy(&["log"]).await.out.contains("the clerk says so"));
}

#[tokio::test]
async fn an_emptied_system_stops_the_run_and_names_the_guard() {
    let site = Site::new();
    site.staff(10);
    assert_eq!(site.toy(&["apply"]).await.code, 0);
    for person in site.systems.doors.all() {
        site.systems.doors.delete(&person.id);
    }
    for verb in ["plan", "apply"] {
        site.pass(60);
        let said = site.toy(&[verb]).await;
        assert_eq!(said.code, 1, "{verb}: {}", said.out);
        assert!(said.out.contains("G-01"), "{verb}: {}", said.out);
    }
    assert_eq!(site.systems.hours.len(), 10);
}

#[tokio::test]
async fn one_unreadable_record_is_held_and_named_and_the_others_are_done() {
    let site = Site::new();
    site.staff(9);
    site.systems.doors.spoil(&"5".into(), "last_name", "is no text");
    let said = site.toy(&["apply"]).await;
    assert_eq!(said.code, 0, "{}", said.out);
    assert_eq!(site.systems.hours.len(), 8);
    assert!(said.out.contains("(5): invalid last_name: is no text"), "{}", said.out);
}

#[tokio::test]
async fn a_list_that_breaks_off_concludes_nothing() {
    let site = Site::new();
    site.staff(3);
    site.toy(&["apply"]).await;
    site.systems.doors.break_snapshots(Some(End { count: None, complete: false }));
    site.systems.doors.delete(&"2".into());
    for _ in 0..3 {
        site.pass(60);
        site.toy(&["apply"]).await;
    }
    assert!(site.systems.hours.all().iter().all(|person| person.value.active == Known::Value(true)));
}

#[tokio::test]
async fn only_one_process_writes_and_status_works_meanwhile() {
    let site = Site::new();
    site.staff(1);
    site.toy(&["apply"]).await;
    let journal = SqliteJournal::open(site.path("data/journal.db")).unwrap();
    let _service = journal.lock_writer().unwrap();
    for verb in ["plan", "apply", "run"] {
        let said = site.toy(&[verb]).await;
        assert_eq!(said.code, 1, "{verb}");
        assert!(said.err.contains("at work already") && said.err.contains("stop the service first"), "{}", said.err);
    }
    for verb in [&["status"][..], &["log"], &["explain", "1"]] {
        let said = site.toy(verb).await;
        assert_eq!(said.code, 0, "{verb:?}: {}", said.err);
    }
}

#[tokio::test]
async fn status_tells_runs_counts_and_where_the_log_is() {
    let site = Site::new();
    let said = site.toy(&["status"]).await;
    assert_eq!(said.code, 1, "nothing has run");
    site.staff(2);
    site.systems.doors.spoil(&"2".into(), "last_name", "is no text");
    site.toy(&["apply"]).await;
    let said = site.toy(&["status"]).await;
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("The service does not run."), "{}", said.out);
    assert!(said.out.contains("2026-03-02 08:00:00"), "{}", said.out);
    assert!(said.out.contains("held") && said.out.contains("is no text"), "{}", said.out);
    let logs = site.path("data").join("logs");
    assert!(said.out.contains(&format!("Log:   {}", logs.display())), "{}", said.out);
    let json = site.toy(&["--json", "status"]).await.json();
    assert_eq!(json["links"][2]["linked"], 1);
    assert_eq!(json["service"]["running"], false);
    assert_eq!(json["logs"], json!(logs));
}

#[tokio::test]
async fn a_part_without_a_good_run_for_three_intervals_is_told() {
    let site = Site::new();
    site.toy(&["apply"]).await;
    let late = |json: &serde_json::Value| json["links"][2]["late"].clone();
    site.pass(44);
    assert_eq!(late(&site.toy(&["--json", "status"]).await.json()), false);
    site.pass(2);
    assert_eq!(late(&site.toy(&["--json", "status"]).await.json()), true);
}

#[tokio::test]
async fn explain_tells_all_about_one_record_and_hides_card_numbers() {
    let site = Site::new();
    let ann = site.systems.doors.put(carded("Ann", "Example", "12345678"));
    site.toy(&["apply"]).await;
    let key = format!("person/{ann}");
    let said = site.toy(&["explain", &key]).await;
    assert_eq!(said.code, 0, "{}", said.err);
    for words in [
        "primary: \"Ann Example\" (id 1)",
        "linked; we made the secondary record",
        "nothing would be done now",
        "Pat create",
    ] {
        assert!(said.out.contains(words), "{words}: {}", said.out);
    }
    let json = site.toy(&["--json", "explain", &key]).await;
    assert!(!said.out.contains("12345678") && !json.out.contains("12345678"));
    let said = site.toy(&["explain", "77"]).await;
    assert_eq!(said.code, 1);
    assert!(said.err.contains("no record is known under \"77\""), "{}", said.err);
}

#[tokio::test]
async fn the_log_names_who_did_what_and_why() {
    let site = Site::new();
    site.staff(2);
    site.toy(&["apply"]).await;
    site.systems.doors.put(person("Zoe", "Late"));
    site.toy(&["run", "--once"]).await;
    let said = site.toy(&["log"]).await;
    assert!(said.out.contains("Pat create hours 1"), "{}", said.out);
    assert!(said.out.contains("schedule create hours 3"), "{}", said.out);
    let json = site.toy(&["--json", "log", "--limit", "1"]).await.json();
    assert_eq!(json["entries"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_refused_record_is_released_by_order() {
    let site = Site::new();
    let ann = site.systems.doors.put(person("Ann", "Example"));
    site.toy(&["apply"]).await;
    site.systems.hours.poison(&"1".into(), true);
    site.systems.doors.edit(&ann, |record| record.first_name = Known::Value("Anna".into()));
    let json = site.toy(&["--json", "apply"]).await.json();
    assert_eq!(json["links"][2]["outcomes"]["rejected"], 1, "{json:#}");
    site.systems.hours.poison(&"1".into(), false);
    let said = site.toy(&["release", "person/1"]).await;
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(site.toy(&["apply"]).await.code, 0);
    assert_eq!(site.systems.hours.all()[0].value.first_name, Known::Value("Anna".into()));
    let said = site.toy(&["release", "person/1"]).await;
    assert_eq!(said.code, 1);
    assert!(said.err.contains("nothing is held"), "{}", said.err);
}

#[tokio::test]
async fn somebody_removed_by_hand_comes_back_by_order_each_time() {
    let site = Site::new();
    site.staff(10);
    site.toy(&["run", "--once"]).await;
    // With a decisions file, since it says nothing about released records.
    site.write("data/decisions.toml", "");
    let ann_3 = |record: &sync_core::connector::Record<sync_core::model::Person>| {
        record.value.first_name == Known::Value("Ann 3".into())
    };
    for _ in 0..2 {
        let removed = site.systems.hours.all().into_iter().find(ann_3).unwrap().id;
        site.systems.hours.delete(&removed);
        for _ in 0..3 {
            site.pass(60);
            site.toy(&["run", "--once"]).await;
        }
        assert_eq!(site.systems.hours.len(), 9, "not given back by itself");
        let said = site.toy(&["release", "person/3"]).await;
        assert_eq!(said.code, 0, "{}", said.err);
        site.pass(60);
        let json = site.toy(&["--json", "run", "--once"]).await.json();
        assert_eq!((&json["exit"], site.systems.hours.len()), (&json!(0), 10), "{json:#}");
        assert_eq!(site.systems.hours.all().into_iter().filter(ann_3).count(), 1);
    }
}

#[tokio::test]
async fn while_the_service_runs_a_release_is_left_to_it() {
    let site = Site::new();
    let ann = site.systems.doors.put(person("Ann", "Example"));
    site.toy(&["apply"]).await;
    site.systems.hours.poison(&"1".into(), true);
    site.systems.doors.edit(&ann, |record| record.first_name = Known::Value("Anna".into()));
    site.toy(&["apply"]).await;
    site.systems.hours.poison(&"1".into(), false);
    {
        let journal = SqliteJournal::open(site.path("data/journal.db")).unwrap();
        let _service = journal.lock_writer().unwrap();
        let json = site.toy(&["--json", "release", "1"]).await.json();
        assert_eq!(json["state"], "ordered");
    }
    assert_eq!(site.toy(&["run", "--once"]).await.code, 0);
    assert_eq!(site.systems.hours.all()[0].value.first_name, Known::Value("Anna".into()));
}

#[tokio::test]
async fn a_replaced_system_stops_everything_until_it_is_confirmed() {
    let site = Site::new();
    site.staff(1);
    site.toy(&["apply"]).await;
    site.systems.hours.replace_installation("another");
    let said = site.toy(&["plan"]).await;
    assert_eq!(said.code, 1);
    assert!(said.out.contains("G-07") && said.out.contains("release identity"), "{}", said.out);
    assert_eq!(site.toy(&["release", "identity", "cellar"]).await.code, 1, "no such system");
    assert_eq!(site.toy(&["release", "identity", "hours"]).await.code, 0);
    // Departments and devices of `hours` are told the same name by other fakes.
    site.systems.groupings.replace_installation("another");
    site.systems.terminals.replace_installation("another");
    let said = site.toy(&["plan"]).await;
    assert!(!said.out.contains("G-07"), "{}", said.out);
}

#[tokio::test]
async fn a_demo_is_fresh_each_time_and_plays_the_administrator() {
    let site = Site::new();
    for _ in 0..2 {
        let said = site.toy(&["--demo", "plan"]).await;
        assert_eq!(said.code, 2, "{}", said.err);
        assert!(said.out.contains("create \"Ann Ann\""), "{}", said.out);
    }
    let said = site.toy(&["--demo", "apply"]).await;
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(said.out.contains("Demo: released the terminal Front door"), "{}", said.out);
    assert!(said.out.contains("1 read, 1 delivered"), "{}", said.out);
    for verb in [
        &["--demo", "status"][..],
        &["--demo", "explain", "1"],
        &["--demo", "log"],
        &["--demo", "check"],
        &["--demo", "test"],
    ] {
        let said = site.toy(verb).await;
        assert_eq!(said.code, 0, "{verb:?}: {}", said.err);
    }
}

#[tokio::test]
async fn own_verbs_stand_beside_the_shared_ones() {
    let site = Site::new();
    let json = site.toy(&["--json", "terminals", "7"]).await.json();
    assert_eq!(json, json!({"command": "terminals", "id": "7", "terminals": 0}));
    let said = site.toy(&["--demo", "terminals"]).await;
    assert_eq!(said.out, "terminals: 1 terminals by order of Pat\n");
    assert!(site.toy(&["--help"]).await.out.contains("Lists the terminals"));
}

#[tokio::test]
async fn wrong_usage_is_exit_1_and_help_is_not() {
    let site = Site::new();
    for wrong in [&["fly"][..], &["plan", "--demo", "--fast"], &["approve"], &["--demo", "--data", "x", "plan"]] {
        let said = site.toy(wrong).await;
        assert_eq!(said.code, 1, "{wrong:?}");
        assert_ne!(said.err, "", "{wrong:?}");
    }
    let json = site.toy(&["--json", "fly"]).await.json();
    assert!(json["error"].as_str().unwrap().contains("fly"), "{json}");
    for help in [&["--help"][..], &["plan", "--help"], &["--version"]] {
        assert_eq!(site.toy(help).await.code, 0, "{help:?}");
    }
}
