use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::client::{http, send};

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_vendor-sim"))
}

#[tokio::test]
async fn it_prints_one_line_and_serves_a_profile_file() {
    let file = std::env::temp_dir().join(format!("vendor-sim-optima-{}.toml", std::process::id()));
    std::fs::write(&file, "[paths]\nbase = \"/other\"\nreaders = \"/terminals\"\n[paging]\nitems = \"/rows\"\n")
        .unwrap();
    let mut child = program()
        .args([
            "optima",
            "--people",
            "12",
            "--seed",
            "7",
            "--now",
            "2026-03-02T08:00:00Z",
            "--frozen",
            "--stop-with-stdin",
        ])
        .args(["--set", "numeric_ids=on", "--profile"])
        .arg(&file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(line["vendor"], "optima");
    let url = format!("{}/other/terminals", line["url"].as_str().unwrap());
    let readers = send(http().get(url).bearer_auth(line["key"].as_str().unwrap())).await;
    assert!(readers.body["rows"][0]["id"].is_number());
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    assert!(lines.next().is_none());
    std::fs::remove_file(file).unwrap();
}

#[test]
fn wrong_wishes_are_refused() {
    for wrong in
        [["--listen", "0.0.0.0:0"], ["--set", "colour=on"], ["--profile", "/no/such/file"], ["--zone", "Mars/Base"]]
    {
        let done = program().arg("optima").args(wrong).output().unwrap();
        assert!(!done.status.success() && done.stdout.is_empty() && !done.stderr.is_empty(), "{wrong:?}");
    }
}
