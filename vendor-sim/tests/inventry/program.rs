use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::client::{http, send};

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_vendor-sim"))
}

#[tokio::test]
async fn it_prints_one_line_and_serves() {
    let mut child = program()
        .args(["inventry", "--people", "12", "--seed", "7", "--now", "2026-03-02T08:00:00Z", "--frozen"])
        .args(["--set", "version=4.12.0", "--stop-with-stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(line["vendor"], "inventry");
    let url = format!("{}/api/v1/info", line["url"].as_str().unwrap());
    let info = send(http().get(url).header("X-API-Key", line["key"].as_str().unwrap())).await;
    assert_eq!(info.body["version"], "4.12.0");
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    assert!(lines.next().is_none());
}

#[test]
fn wrong_wishes_are_refused() {
    for wrong in
        [["--listen", "0.0.0.0:0"], ["--set", "colour=on"], ["--profile", "/no/such/file"], ["--zone", "Mars/Base"]]
    {
        let done = program().arg("inventry").args(wrong).output().unwrap();
        assert!(!done.status.success() && done.stdout.is_empty() && !done.stderr.is_empty(), "{wrong:?}");
    }
}
