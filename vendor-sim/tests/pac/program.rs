//! The simulator as a program of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::client::{Client, HELLO, attribute, code, config};

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vendor-sim"));
    command.arg("pac").args(arguments);
    command
}

struct Running {
    child: Child,
    line: Value,
    _out: BufReader<ChildStdout>,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut child =
            program(arguments).arg("--stop-with-stdin").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        Self { child, line: serde_json::from_str(&line).unwrap(), _out: out }
    }

    fn text(&self, name: &str) -> &str {
        self.line[name].as_str().unwrap()
    }

    async fn dial(&self, key: &str) -> Client {
        let address: SocketAddr = format!("{}:{}", self.text("host"), self.line["port"]).parse().unwrap();
        Client::dial(address, config(self.text("ca"), key)).await.unwrap()
    }

    fn stop(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

#[tokio::test]
async fn serve_prints_one_line_with_which_a_client_comes_in() {
    let running =
        Running::start(&["serve", "--people", "7", "--fault", "busy=1", "--now", "2027-03-01T09:00:00Z", "--frozen"]);
    let mut client = running.dial(running.text("key")).await;
    assert!(client.ask(HELLO).await.contains(r#"now="2027-03-01T09:00:00.000+00:00""#));
    assert_eq!(code(&client.ask("<StatusGet/>").await), 901);
    assert_eq!(attribute(&client.ask(r#"<PersonList size="5" active="all"/>"#).await, "total"), "7");
    assert!(reqwest::get(running.text("control")).await.unwrap().status().is_success());
    running.stop();
}

#[tokio::test]
async fn a_site_in_a_folder_outlives_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    let key_path = folder.path().join("bridge.oemkey");
    let key_file = key_path.to_str().unwrap();
    let done = |arguments: &[&str]| program(arguments).output().unwrap().status.success();
    assert!(done(&["init", dir]));
    assert!(!done(&["init", dir]), "a site is not overwritten");
    assert!(done(&["client", "add", "Head office bridge", "-o", key_file, "--dir", dir]));
    let key = std::fs::read_to_string(&key_path).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&key_path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let running = Running::start(&["run", dir, "--listen", "127.0.0.1:0"]);
    let mut client = running.dial(&key).await;
    client.ask(HELLO).await;
    let put = r#"<PersonPut mode="create"><Person ext="astrow:1" first="Mira" active="true"/></PersonPut>"#;
    let id = attribute(&client.write(put).await, "id");
    running.stop();
    let running = Running::start(&["run", dir, "--listen", "127.0.0.1:0"]);
    let mut client = running.dial(&key).await;
    client.ask(HELLO).await;
    assert_eq!(attribute(&client.ask(r#"<PersonGet ext="astrow:1"/>"#).await, "id"), id);
    // While it runs, another call of the program revokes the client.
    assert!(done(&["client", "revoke", "Head office bridge", "--dir", dir]));
    assert!(client.receive().await.unwrap().contains("client-revoked"));
    assert!(!done(&["client", "revoke", "Nobody", "--dir", dir]));
    running.stop();
}

#[test]
fn wrong_wishes_are_refused() {
    for wrong in [
        ["serve", "--listen", "0.0.0.0:0"],
        ["serve", "--fault", "fire=1"],
        ["serve", "--script", "/no/such/file"],
        ["serve", "--set", "colour=on"],
        ["run", "/no/such/folder", "--strict"],
    ] {
        let done = program(&wrong).output().unwrap();
        assert!(!done.status.success() && done.stdout.is_empty() && !done.stderr.is_empty(), "{wrong:?}");
    }
}
