//! The log of a process: one folder, no people's data, silent at WARN and ERROR while all is well.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, unreachable_pub, dead_code, reason = "a test may stop")]

#[path = "cli/toy.rs"]
mod toy;

use futures::FutureExt as _;
use toy::{Site, carded};

#[tokio::test]
async fn a_healthy_run_is_told_in_the_log_without_warnings_names_and_secrets() {
    let site = Site::new();
    site.systems.doors.put(carded("Winifred", "Exampleton", "12345678"));
    let said = site.toy_until(&["apply"], futures::future::pending().boxed(), true).await;
    assert_eq!(said.code, 0, "{}", said.err);
    let folder = site.path("data/logs");
    let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    assert!(files[0].file_name().unwrap().to_str().unwrap().starts_with("toy."), "{files:?}");
    let text = std::fs::read_to_string(&files[0]).unwrap();
    for words in ["INFO", "person:doors>hours"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    for words in ["WARN", "ERROR", "Winifred", "Exampleton", "12345678", "swordfish"] {
        assert!(!text.contains(words), "{words}: {text}");
    }
}
