use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::client::{http, send};

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_vendor-sim"))
}

#[tokio::test]
async fn it_prints_one_line_with_which_one_can_sign_in_and_read() {
    let mut child = program()
        .args(["graph", "--rooms", "2", "--meetings", "20", "--now", "2026-03-02T09:00:00Z", "--frozen", "--seed", "7"])
        .args(["--certificate", "--zone", "Europe/Berlin", "--stop-with-stdin", "--set", "page=3"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!((line["vendor"].as_str(), line["rooms"].as_array().unwrap().len()), (Some("graph"), 2));
    assert!(line["key"].as_str().unwrap().contains("PRIVATE KEY"));
    let text = |name: &str| line[name].as_str().unwrap();
    let scope = format!("{}/.default", text("base_url"));
    let form = [
        ("grant_type", "client_credentials"),
        ("scope", &scope),
        ("client_id", text("client_id")),
        ("client_secret", text("secret")),
    ];
    let token =
        send(http().post(text("token_url")).form(&form)).await.json["access_token"].as_str().unwrap().to_owned();
    let path = crate::client::week(line["rooms"][0].as_str().unwrap());
    let got = send(http().get(format!("{}/v1.0{path}", text("base_url"))).bearer_auth(token)).await;
    assert_eq!((got.status, got.values().len()), (200, 3));
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    assert!(lines.next().is_none());
}

#[test]
fn wrong_wishes_are_refused() {
    for wrong in [&["--listen", "0.0.0.0:0"], &["--set", "colour=on"], &["--zone", "Mars/Base"]] {
        let done = program().arg("graph").args(wrong.iter()).output().unwrap();
        assert!(!done.status.success() && done.stdout.is_empty(), "{wrong:?}");
    }
}
