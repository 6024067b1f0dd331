//! Tokens from a server that we did not write: `oauth2-mock-server` of npm, installed by `scripts/test`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test may stop")]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use graph_rooms::{GraphClient, GraphClientBuilder};
use serde_json::Value;
use vendor_sim::graph::GraphSim;

/// The token server as a process of its own; it ends with the value.
struct TokenServer {
    child: Child,
    /// Closed at the end, which ends the server.
    input: Option<ChildStdin>,
    lines: BufReader<ChildStdout>,
    url: String,
}

impl TokenServer {
    fn start() -> Self {
        let mut child = Command::new("node")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("node/token_server.mjs"))
            .arg(installed())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node is there: scripts/test installs it");
        let input = child.stdin.take();
        let mut server = Self { input, lines: BufReader::new(child.stdout.take().unwrap()), child, url: String::new() };
        server.said()["url"].as_str().unwrap().clone_into(&mut server.url);
        server
    }

    fn said(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("the token server said {line:?}"))
    }
}

impl Drop for TokenServer {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

/// The folder of the package, which is installed where it is missing.
fn installed() -> PathBuf {
    let folder = tests::target().join("token-server");
    if !folder.join("node_modules/oauth2-mock-server").exists() {
        let install = Command::new("npm")
            .args(["install", "--no-audit", "--no-fund", "--silent", "--prefix"])
            .arg(&folder)
            .arg("oauth2-mock-server@8")
            .status()
            .expect("npm is there: scripts/test installs it");
        assert!(install.success(), "npm could not install oauth2-mock-server");
    }
    folder
}

/// A client with tokens of that server; calls go to a tenant that does not know them.
fn client(tokens: &TokenServer, tenant: &GraphSim) -> GraphClientBuilder {
    GraphClient::builder()
        .tenant("example.org")
        .client_id("0b1f7a0c-0000-4000-8000-000000000001")
        .token_url(format!("{}/token", tokens.url))
        .base_url(tenant.base_url())
}

#[tokio::test]
async fn a_token_server_that_somebody_else_wrote_gives_a_token_that_is_carried_to_graph() {
    let mut tokens = TokenServer::start();
    let tenant = GraphSim::start_blocking().unwrap();
    let client = client(&tokens, &tenant).secret("a+b&c=d%é").build().unwrap();
    client.sign_in().await.unwrap();
    let asked = tokens.said()["asked"].clone();
    assert_eq!(asked["grant_type"], "client_credentials", "{asked}");
    assert_eq!(asked["client_secret"], "a+b&c=d%é", "every character arrives: {asked}");
    assert!(asked["scope"].as_str().is_some_and(|scope| scope.ends_with("/.default")), "{asked}");
    // The tenant takes no token of a stranger; that it came says that it was carried there.
    let refused = client.rooms().list().await.unwrap_err();
    assert_eq!(refused.status().map(|status| status.as_u16()), Some(401), "{refused}");
    assert!(tenant.requests().iter().any(|call| call.status == 401));
}

#[tokio::test]
async fn a_certificate_signs_on_where_there_is_no_secret() {
    let mut tokens = TokenServer::start();
    let tenant = GraphSim::start_blocking().unwrap();
    let (certificate, key) = tenant.add_certificate().unwrap();
    let client = client(&tokens, &tenant).certificate(certificate, key).build().unwrap();
    client.sign_in().await.unwrap();
    let asked = tokens.said()["asked"].clone();
    assert_eq!(asked["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "{asked}");
    assert_eq!(asked["client_assertion"].as_str().unwrap().split('.').count(), 3, "{asked}");
    assert!(asked.get("client_secret").is_none(), "{asked}");
}
