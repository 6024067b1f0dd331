//! The log of a service whose systems have clocks that differ. A process has one log, so this one has its own.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, unreachable_pub, dead_code, reason = "a test may stop")]

#[path = "cli/toy.rs"]
mod toy;

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use toy::Site;

#[tokio::test(start_paused = true)]
async fn a_clock_that_differs_is_told_once_and_again_when_it_changes() {
    let site = Arc::new(Site::with("[events]\ninterval = \"1m\"\n"));
    site.gate_ahead_by(0);
    let gate = site.clone();
    let life = async move {
        for ahead in [0, 120, 121, 60, 61, 3_600, -300, -301] {
            gate.gate_ahead_by(ahead);
            tokio::time::sleep(Duration::from_mins(2)).await;
        }
    };
    assert_eq!(site.toy_until(&["run"], life.boxed(), true).await.code, 0);
    let files: Vec<_> = std::fs::read_dir(site.path("data/logs")).unwrap().map(|file| file.unwrap().path()).collect();
    let log = std::fs::read_to_string(&files[0]).unwrap();
    let warnings: Vec<_> = log.lines().filter(|line| line.contains("WARN")).collect();
    let told = ["2 min 0 s ahead", "1 min 1 s ahead", "1 h 0 min ahead", "5 min 0 s behind"];
    assert_eq!(warnings.len(), told.len(), "{log}");
    for (line, words) in warnings.iter().zip(told) {
        assert!(line.contains(words), "{words}: {line}");
    }
    assert_eq!(log.matches("its clock is right again").count(), 1, "{log}");
}
