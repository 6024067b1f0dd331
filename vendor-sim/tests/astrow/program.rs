use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{http, send};

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_vendor-sim"))
}

#[tokio::test]
async fn it_prints_one_line_serves_and_watches_its_folders() {
    let own = tempfile::tempdir().unwrap();
    let mut child = program()
        .args(["astrow", "--people", "3", "--now", "2026-03-02T07:00:00Z", "--frozen", "--stop-with-stdin"])
        .args(["--hex-badges", "--licences", "file-terminal,roll-call", "--watch-ms", "20", "--fault", "http-500=1"])
        .arg("--import")
        .arg(own.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    let text = |name: &str| line[name].as_str().unwrap().to_owned();
    assert_eq!((text("vendor"), Path::new(&text("import"))), ("astrow".to_owned(), own.path()));
    assert!(Path::new(&text("employees_import")).is_dir() && text("control").ends_with("/__control"));

    let base = format!("{}/api/pac-bridge/v1", text("url"));
    let credentials = json!({ "user": text("user"), "password": text("password"), "client": "tests" });
    assert_eq!(send(http().post(format!("{base}/session")).json(&credentials)).await.status, 500);
    let session = send(http().post(format!("{base}/session")).json(&credentials)).await.body;
    let info = send(http().get(format!("{base}/info")).bearer_auth(session["token"].as_str().unwrap())).await.body;
    assert_eq!((&info["timeZone"], &info["hexBadges"]), (&json!("Europe/Brussels"), &json!(true)));
    assert_eq!(
        (&info["licences"], &info["now"]),
        (&json!(["file-terminal", "roll-call"]), &json!("2026-03-02T08:00:00+01:00"))
    );

    std::fs::write(own.path().join("a.csv"), "h\r\n65,02/03/2026 07:01, , ,9001011\r\n").unwrap();
    let exported = || {
        std::fs::read_dir(text("export"))
            .unwrap()
            .filter_map(Result::ok)
            .any(|file| file.file_name().to_string_lossy().starts_with("bookings-"))
    };
    let there = async {
        while !(own.path().join("completed/a.csv").exists() && exported()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), there).await.unwrap();

    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    assert!(lines.next().is_none() && !Path::new(&text("export")).exists());
}

#[test]
fn wrong_wishes_are_refused() {
    for wrong in [["--listen", "0.0.0.0:0"], ["--set", "colour=on"], ["--fault", "colour"], ["--zone", "Mars/Base"]] {
        let done = program().arg("astrow").args(wrong).output().unwrap();
        assert!(!done.status.success() && done.stdout.is_empty() && !done.stderr.is_empty(), "{wrong:?}");
    }
}
