//! What needs a person's word, and how it is given.

use serde_json::Value;

use crate::toy::{Site, carded};

fn hash(json: &Value) -> String {
    json["links"][2]["plan"].as_str().unwrap()[..12].to_owned()
}

#[tokio::test]
async fn a_large_first_run_needs_approval_unless_a_person_has_seen_it() {
    let site = Site::new();
    site.staff(60);
    let said = site.toy(&["apply"]).await;
    assert_eq!(said.code, 2, "{}", said.out);
    assert!(said.out.contains("waits for approval"), "{}", said.out);
    assert_eq!(site.systems.hours.len(), 0);
    assert_eq!(site.toy(&["plan"]).await.code, 2);
    assert_eq!(site.toy(&["run", "--once"]).await.code, 2, "the schedule has seen nothing");
    assert_eq!(site.systems.hours.len(), 0);
    let said = site.toy(&["apply"]).await;
    assert_eq!(said.code, 0, "{}", said.out);
    assert_eq!(site.systems.hours.len(), 60);
}

#[tokio::test]
async fn departments_made_meanwhile_do_not_spoil_what_was_seen() {
    let site = Site::new();
    let sales = sync_core::model::Department { name: sync_core::model::Known::Value("Sales".into()) };
    let sales = site.systems.departments.put(sales);
    for number in 0..60 {
        site.systems.doors.put(crate::toy::in_department(&format!("Ann {number}"), sales.as_str()));
    }
    site.toy(&["plan"]).await;
    let said = site.toy(&["apply"]).await;
    assert_eq!(said.code, 0, "{}", said.out);
    assert!(site.systems.hours.all().iter().all(|person| person.value.department.value().is_some()));
}

#[tokio::test]
async fn what_was_seen_counts_for_a_day_and_only_as_it_was() {
    let site = Site::new();
    site.staff(60);
    site.toy(&["plan"]).await;
    site.pass(24 * 60 + 1);
    assert_eq!(site.toy(&["apply"]).await.code, 2, "seen too long ago");
    site.toy(&["plan"]).await;
    site.staff(1);
    assert_eq!(site.toy(&["apply"]).await.code, 2, "one more than was seen");
    assert_eq!(site.systems.hours.len(), 0);
}

#[tokio::test]
async fn a_hash_given_with_apply_approves() {
    let site = Site::new();
    site.staff(60);
    let hash = hash(&site.toy(&["--json", "plan"]).await.json());
    site.pass(48 * 60);
    assert_eq!(site.toy(&["apply", "--approve", &hash]).await.code, 0);
    assert_eq!(site.systems.hours.len(), 60);
    let said = site.toy(&["apply", "--approve", &hash[..8]]).await;
    assert_eq!(said.code, 1);
    assert!(said.err.contains("is no hash of a plan"), "{}", said.err);
}

#[tokio::test]
async fn a_stored_approval_is_used_up_by_the_service() {
    let site = Site::new();
    site.staff(60);
    let hash = hash(&site.toy(&["--json", "plan"]).await.json());
    let said = site.toy(&["approve", "0123456789abcdef"]).await;
    assert_eq!(said.code, 1);
    assert!(said.err.contains("no plan with this hash was shown"), "{}", said.err);
    assert_eq!(site.toy(&["approve", &hash]).await.code, 0);
    assert!(site.toy(&["status"]).await.out.contains(&format!("Approved, not yet carried out: plan {hash}")));
    let said = site.toy(&["run", "--once"]).await;
    assert_eq!(said.code, 0, "{}", said.out);
    assert_eq!(site.systems.hours.len(), 60);
    assert!(!site.toy(&["status"]).await.out.contains("Approved"));
}

#[tokio::test]
async fn the_first_links_need_a_word_even_if_they_were_seen() {
    let site = Site::with("\n[people]\nby_card = true\n");
    site.systems.doors.put(carded("Ann", "Example", "100"));
    site.systems.hours.put(carded("Ann", "Exampel", "100"));
    let said = site.toy(&["plan"]).await;
    assert!(said.out.contains("needs approval: G-12"), "{}", said.out);
    assert!(said.out.contains("to approve: toy apply --approve "), "{}", said.out);
    assert_eq!(site.toy(&["apply"]).await.code, 2);
    let hash = hash(&site.toy(&["--json", "plan"]).await.json());
    let said = site.toy(&["apply", "--approve", &hash]).await;
    assert_eq!(said.code, 0, "{}", said.out);
    assert_eq!(site.systems.hours.len(), 1, "linked, not made a second time");
}

#[tokio::test]
async fn limits_come_from_the_configuration() {
    let site = Site::with("\n[guards]\ncreations = { count = 2 }\n");
    site.staff(3);
    assert_eq!(site.toy(&["run", "--once"]).await.code, 2);
    let site = Site::with("\n[guards]\ncreations = { count = 3 }\n");
    site.staff(3);
    assert_eq!(site.toy(&["run", "--once"]).await.code, 0);
}
