//! The service: schedule, hints, stop.

use std::time::Duration;

use futures::FutureExt as _;
use futures::stream::StreamExt as _;
use tokio::time::sleep;

use crate::toy::{Site, person};

const SCHEDULE: &str =
    "\n[definitions]\ninterval = \"10m\"\n[people]\ninterval = \"10m\"\n[events]\ninterval = \"1m\"\n";

#[tokio::test(start_paused = true)]
async fn the_service_keeps_up_until_it_is_told_to_stop() {
    let site = Site::with(SCHEDULE);
    site.staff(1);
    let systems = site.systems.clone();
    let life = async move {
        sleep(Duration::from_secs(1)).await;
        assert_eq!(systems.hours.len(), 1, "the first run is at once");
        systems.doors.put(person("Bob", "Sample"));
        sleep(Duration::from_mins(8)).await;
        assert_eq!(systems.hours.len(), 1, "not before its time");
        sleep(Duration::from_mins(4)).await;
        assert_eq!(systems.hours.len(), 2, "at its time, give or take a tenth");
    };
    let said = site.toy_until(&["run"], life.boxed(), false).await;
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("toy runs; its log is in") && said.out.ends_with("Stopped.\n"), "{}", said.out);
    let reads = site.systems.log.reads();
    assert!((12..=30).contains(&reads), "events have a schedule of their own: {reads}");
}

#[tokio::test(start_paused = true)]
async fn a_hint_brings_events_forward() {
    let site = Site::with(&SCHEDULE.replace("\"1m\"", "\"10m\""));
    let (hint, hints) = futures::channel::mpsc::unbounded();
    site.systems.hints.lock().unwrap().push(hints.boxed());
    let systems = site.systems.clone();
    let life = async move {
        sleep(Duration::from_secs(30)).await;
        let before = systems.log.reads();
        hint.unbounded_send(()).unwrap();
        sleep(Duration::from_secs(1)).await;
        assert!(systems.log.reads() > before, "read at once");
        for _ in 0..100 {
            hint.unbounded_send(()).unwrap();
        }
        let before = systems.log.reads();
        sleep(Duration::from_secs(3)).await;
        assert_eq!(systems.log.reads(), before, "many hints are one, and not too soon");
    };
    assert_eq!(site.toy_until(&["run"], life.boxed(), false).await.code, 0);
}

#[tokio::test(start_paused = true)]
async fn status_knows_that_the_service_runs_and_when_it_goes_on() {
    let site = std::sync::Arc::new(Site::with(SCHEDULE));
    let observer = site.clone();
    let life = async move {
        sleep(Duration::from_secs(1)).await;
        let json = observer.toy(&["--json", "status"]).await.json();
        assert_eq!(json["service"]["running"], true, "{json:#}");
        assert!(json["links"][2]["next_run"].is_string(), "{json:#}");
    };
    assert_eq!(site.toy_until(&["--json", "run"], life.boxed(), false).await.json()["finished"], true);
    assert_eq!(site.toy(&["--json", "status"]).await.json()["service"]["running"], false);
}

#[tokio::test(start_paused = true)]
async fn a_system_that_is_away_does_not_end_the_service() {
    let site = Site::with(SCHEDULE);
    site.staff(1);
    site.systems.bookings.away(true);
    let systems = site.systems.clone();
    let life = async move {
        sleep(Duration::from_secs(1)).await;
        systems.hours.replace_installation("second");
        systems.doors.put(person("Bob", "Sample"));
        sleep(Duration::from_mins(15)).await;
        assert_eq!(systems.hours.len(), 1, "another installation answers: nothing is done");
        systems.hours.replace_installation("hours-1");
        sleep(Duration::from_mins(20)).await;
        assert_eq!(systems.hours.len(), 2, "and on it goes");
    };
    assert_eq!(site.toy_until(&["run"], life.boxed(), false).await.code, 0);
}
