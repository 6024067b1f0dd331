use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_vendor-sim"))
}

#[test]
fn it_prints_one_line_and_ends_with_its_input() {
    let mut child = program()
        .args(["net2", "--tls", "--people", "3", "--stop-with-stdin", "--set", "version=6.01", "lite=on"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert!(line["url"].as_str().unwrap().starts_with("https://127.0.0.1:"));
    assert_eq!(line["fingerprint"].as_str().unwrap().len(), 64);
    for name in ["client_id", "operator", "password", "control"] {
        assert!(line[name].is_string(), "{name}");
    }
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    assert!(lines.next().is_none());
}

#[test]
fn wrong_wishes_are_refused() {
    for wrong in [&["--listen", "0.0.0.0:0"], &["--set", "colour=on"], &["--set", "lite"], &["--zone", "Mars/Base"]] {
        let done = program().arg("net2").args(wrong.iter()).output().unwrap();
        assert!(!done.status.success() && done.stdout.is_empty(), "{wrong:?}");
        assert!(!done.stderr.is_empty());
    }
}

#[test]
fn an_independent_client_in_another_language_works_against_it() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/python/net2_person_api.py");
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("no python3 here: this test shows nothing");
        return;
    }
    for options in [&["--people", "5"][..], &["--people", "5", "--tls", "--set", "pascal_case=on"]] {
        let mut child = program()
            .args(["net2", "--stop-with-stdin"])
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let done = Command::new("python3").args([script, "--insecure", &line]).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let mut wrong: Value = serde_json::from_str(&line).unwrap();
        wrong["password"] = "wrong".into();
        let done = Command::new("python3").args([script, "--insecure", &wrong.to_string()]).output().unwrap();
        assert!(String::from_utf8_lossy(&done.stderr).contains("status 401"));
        assert_eq!(done.status.code(), Some(1));
        drop(child.stdin.take());
        child.wait().unwrap();
    }
}
