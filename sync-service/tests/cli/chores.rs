//! Chores around the links: reading what they are made from, telling people afterwards.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::FutureExt as _;
use sync_core::model::Known;
use tokio::time::sleep;

use crate::toy::{Site, person};

fn site() -> Site {
    Site::with("chores = true\n[definitions]\ninterval = \"10m\"\n[people]\ninterval = \"1h\"\n")
}

fn done(site: &Site) -> Vec<(&'static str, usize)> {
    site.systems.desk_work.done.lock().unwrap().clone()
}

#[tokio::test]
async fn a_cycle_reads_first_and_tells_last() {
    let site = site();
    site.systems.desk_work.feed.lock().unwrap().push(person("Ann", "Example"));
    let said = site.toy(&["--json", "run", "--once"]).await;
    let json = said.json();
    assert_eq!(said.code, 0, "{json:#}");
    assert_eq!(done(&site), [("feed", 0), ("letters", 1), ("boundary", 1)]);
    assert_eq!((&json["feeds_read"], &json["chores_done"]), (&1.into(), &3.into()), "{json:#}");
    assert_eq!(json["said"], serde_json::json!(["1 people were written to"]));
    assert_eq!(json["links"][2]["outcomes"]["done"], 1);

    let said = site.toy(&["apply"]).await;
    assert!(said.out.contains("1 people were written to\n") && said.out.contains("3 chores done"), "{}", said.out);
}

#[tokio::test]
async fn a_plan_does_only_what_reads() {
    let site = site();
    site.systems.desk_work.feed.lock().unwrap().push(person("Ann", "Example"));
    let said = site.toy(&["--json", "plan"]).await;
    let json = said.json();
    assert_eq!(done(&site), [("feed", 0)]);
    assert_eq!(json["feeds_read"], 1);
    assert_eq!(json["links"][2]["actions"]["create"], 1, "planned from what was read: {json:#}");
    assert_eq!((said.code, site.systems.hours.len()), (2, 0));
}

#[tokio::test]
async fn a_chore_that_fails_is_a_failure_and_the_rest_goes_on() {
    let site = site();
    site.staff(1);
    *site.systems.desk_work.feed_fails.lock().unwrap() = Some("the feed answers 500");
    let said = site.toy(&["--json", "run", "--once"]).await;
    let json = said.json();
    assert_eq!(said.code, 1);
    assert_eq!(json["errors"][0]["what"], "feed");
    assert_eq!(json["errors"][0]["error"], "the feed answers 500");
    assert_eq!(json["errors"][0]["remedy"], "Look at the feed");
    assert_eq!(site.systems.hours.len(), 1);

    let status = site.toy(&["--json", "status"]).await.json();
    let feed = status["chores"].as_array().unwrap().iter().find(|chore| chore["chore"] == "feed").unwrap();
    assert_eq!((&feed["error"], &feed["last_good"]), (&"the feed answers 500".into(), &serde_json::Value::Null));
    assert!(feed["last_run"].is_string(), "{feed:#}");
}

#[tokio::test]
async fn a_part_of_a_chore_that_fails_is_named() {
    let site = site();
    site.systems.doors.put(person("Nomail", "Example"));
    let said = site.toy(&["--json", "apply"]).await;
    assert_eq!(said.code, 1);
    assert_eq!(said.json()["errors"][0]["what"], "the letter to Nomail");
    let status = site.toy(&["status"]).await.out;
    assert!(status.contains("letters: the letter to Nomail: no address. Add one"), "{status}");
}

#[tokio::test]
async fn a_demo_does_chores_too() {
    let json = Site::new().toy(&["--json", "--demo", "run", "--once"]).await.json();
    assert_eq!(json["chores_done"], 3, "{json:#}");
    assert_eq!(json["fresh_plan_actions"], 0);
    let said = json["said"].as_array().unwrap();
    assert_eq!(said.last().unwrap(), "3 people were written to", "{json:#}");
}

#[tokio::test]
async fn status_has_what_the_program_adds() {
    let site = site();
    site.toy(&["run", "--once"]).await;
    let json = site.toy(&["--json", "status"]).await.json();
    assert_eq!(json["toy"]["fine"], true);
    assert!(json["links"].is_array(), "a shared key is the shared one");
    assert!(site.toy(&["status"]).await.out.contains("The toy is fine.\n"));
}

#[tokio::test]
async fn the_programs_own_interval_holds_where_the_file_is_silent() {
    let silent = Site::new();
    silent.toy(&["run", "--once"]).await;
    assert_eq!(silent.toy(&["--json", "status"]).await.json()["links"][0]["interval"], "7m");
    let spoken = Site::with("\n[definitions]\ninterval = \"3m\"\n");
    spoken.toy(&["run", "--once"]).await;
    assert_eq!(spoken.toy(&["--json", "status"]).await.json()["links"][0]["interval"], "3m");
}

#[tokio::test(start_paused = true)]
async fn the_service_does_chores_around_its_first_run_and_then_as_they_ask() {
    let site = site();
    site.systems.desk_work.feed.lock().unwrap().push(person("Ann", "Example"));
    let systems = site.systems.clone();
    let life = async move {
        sleep(Duration::from_secs(1)).await;
        let begun = systems.desk_work.done.lock().unwrap().clone();
        assert_eq!(begun[0], ("feed", 0), "read before the links");
        assert_eq!(begun.len(), 3);
        assert!(begun[1..].iter().all(|(_, arrived)| *arrived == 1), "told after them: {begun:?}");
        sleep(Duration::from_mins(16)).await;
        assert_eq!((systems.times("feed"), systems.times("letters")), (4, 1), "every five minutes; never again");
        assert_eq!(systems.times("boundary"), 1, "its time has not come");

        let ann = systems.doors.all()[0].id.clone();
        systems.doors.edit(&ann, |ann| ann.last_name = Known::from_text("Sample"));
        systems.doors.put(person("Bob", "Sample"));
        systems.desk_work.due.lock().unwrap().push(ann);
        systems.desk_work.boundary.notify_one();
        sleep(Duration::from_secs(1)).await;
        assert_eq!(systems.hours.all()[0].value.last_name, Known::from_text("Sample"), "long before the full run");
        assert_eq!(systems.hours.len(), 1, "and nobody else");
        sleep(Duration::from_hours(1)).await;
        assert_eq!(systems.hours.len(), 2);
    };
    assert_eq!(site.toy_until(&["run"], life.boxed(), false).await.code, 0);
}

#[tokio::test(start_paused = true)]
async fn a_chore_that_fails_is_tried_soon_and_then_ever_less_often() {
    let site = site();
    *site.systems.desk_work.feed_fails.lock().unwrap() = Some("the feed answers 500");
    let systems = site.systems.clone();
    let life = async move {
        sleep(Duration::from_mins(1)).await;
        let soon = systems.times("feed");
        assert!((5..=8).contains(&soon), "{soon}");
        sleep(Duration::from_hours(1)).await;
        let later = systems.times("feed") - soon;
        assert!((4..=10).contains(&later), "{later}");
        *systems.desk_work.feed_fails.lock().unwrap() = None;
        sleep(Duration::from_mins(40)).await;
        assert!(systems.times("feed") >= soon + later + 4, "its own interval again");
    };
    assert_eq!(site.toy_until(&["run"], life.boxed(), false).await.code, 0);
}

#[tokio::test(start_paused = true)]
async fn links_do_not_wait_long_for_a_feed_that_hangs() {
    let site = site();
    site.staff(1);
    site.systems.desk_work.feed_hangs.store(true, Ordering::SeqCst);
    let systems = site.systems.clone();
    let life = async move {
        sleep(Duration::from_secs(50)).await;
        assert_eq!(systems.hours.len(), 0);
        sleep(Duration::from_secs(20)).await;
        assert_eq!((systems.hours.len(), systems.times("letters")), (1, 1));
    };
    let said = site.toy_until(&["--json", "run"], life.boxed(), false).await;
    assert_eq!(said.json()["finished"], false, "it hangs to the end");
}

#[tokio::test(start_paused = true)]
async fn a_chore_that_takes_long_learns_that_it_should_end() {
    let site = site();
    site.systems.desk_work.many_letters.store(true, Ordering::SeqCst);
    let life = sleep(Duration::from_mins(5));
    let said = site.toy_until(&["--json", "run"], life.boxed(), false).await;
    assert_eq!(said.json()["finished"], true);
}
