//! Clocks that differ.

use serde_json::json;

use crate::toy::Site;

const BEHIND: &str = "the clock of gate is 2 min 0 s behind ours: doors open and close at wrong times, events get \
                      wrong times (since 2026-03-02 08:00:00). Let both set their clocks by the same time server";

#[tokio::test]
async fn a_run_and_status_warn_of_a_clock_that_differs_until_it_is_right() {
    let site = Site::new();
    site.gate_ahead_by(-120);
    let said = site.toy(&["run", "--once"]).await;
    assert_eq!(said.code, 0, "a warning is no failure: {}", said.err);
    assert!(said.out.contains(&format!("Note: {BEHIND}\n")), "{}", said.out);
    assert_eq!(site.toy(&["run", "--once", "--json"]).await.json()["warnings"], json!([BEHIND]));
    assert!(site.toy(&["status"]).await.out.contains(&format!("Note: {BEHIND}\n")));
    assert_eq!(site.toy(&["status", "--json"]).await.json()["warnings"], json!([BEHIND]));
    site.gate_ahead_by(59);
    assert_eq!(site.toy(&["run", "--once", "--json"]).await.json()["warnings"], json!([]));
    assert!(!site.toy(&["status"]).await.out.contains("clock"));
}

#[tokio::test]
async fn test_shows_how_far_a_clock_is_off() {
    let site = Site::new();
    site.gate_ahead_by(0);
    assert!(site.toy(&["test"]).await.out.contains("gate\n  ✓ clock: as ours\n"));
    site.gate_ahead_by(-59);
    assert!(site.toy(&["test"]).await.out.contains("  ✓ clock: 59 s behind ours\n"));
    site.gate_ahead_by(3_600);
    let said = site.toy(&["test"]).await;
    assert_eq!(said.code, 0);
    assert!(said.out.contains("  ! clock: the clock of gate is 1 h 0 min ahead of ours"), "{}", said.out);
    assert!(said.out.contains("\n      Let both set their clocks by the same time server\n"), "{}", said.out);
}
