//! The simulator as a program of its own.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;
use tiberius::{AuthMethod, Config, EncryptionLevel};

use crate::client::{connect_with, number};

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_vendor-sim"))
}

#[tokio::test]
async fn it_prints_one_line_with_which_a_client_comes_in() {
    let mut child = program()
        .args(["sqlserver", "--tls", "--stop-with-stdin", "--password", "of the day", "--set", "own_tables=off"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    let text = |name: &str| line[name].as_str().unwrap().to_owned();
    let mut config = Config::new();
    config.host(text("host"));
    config.port(u16::try_from(line["port"].as_u64().unwrap()).unwrap());
    config.database(text("database"));
    config.authentication(AuthMethod::sql_server(text("user"), "of the day"));
    config.encryption(EncryptionLevel::Required);
    config.trust_cert();
    let mut client = connect_with(config).await.unwrap();
    assert_eq!(number(&mut client, "SELECT COUNT(*) FROM INFORMATION_SCHEMA.TABLES").await, 15);
    assert_eq!(text("fingerprint").len(), 64);
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    assert!(lines.next().is_none());
}

#[test]
fn wrong_wishes_are_refused() {
    for wrong in
        [["--listen", "0.0.0.0:0"], ["--set", "colour=on"], ["--set", "own_tables=perhaps"], ["--ddl", "/no/such/file"]]
    {
        let done = program().arg("sqlserver").args(wrong).output().unwrap();
        assert!(!done.status.success() && done.stdout.is_empty(), "{wrong:?}");
        assert!(!done.stderr.is_empty());
    }
}
