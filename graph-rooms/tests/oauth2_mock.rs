//! Tokens from a server that we did not write: `oauth2-mock-server` of npm, version 8.
//!
//! `npm install oauth2-mock-server@8`, then
//! `OAUTH2_MOCK_SERVER=node_modules/.bin/oauth2-mock-server cargo test -p graph-rooms --test oauth2_mock -- --ignored`
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use graph_rooms::GraphClient;
use mockito::{Matcher, Server};
use serde_json::json;

struct Mock(Child, String);

impl Mock {
    fn start() -> Self {
        let program = std::env::var_os("OAUTH2_MOCK_SERVER").unwrap();
        let mut command = Command::new(program);
        command.args(["-a", "127.0.0.1", "-p", "0"]).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines
            .map_while(Result::ok)
            .find_map(|line| line.split_once("listening on ").map(|(_, url)| url.to_owned()));
        Self(child, address.unwrap())
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
#[ignore = "needs oauth2-mock-server, named in OAUTH2_MOCK_SERVER"]
async fn tokens_of_another_server_are_taken_by_secret_and_by_certificate() {
    let mock = Mock::start();
    let mut graph = Server::new_async().await;
    let signed = Matcher::Regex(r"^Bearer [\w-]+\.[\w-]+\.[\w-]+$".to_owned());
    let rooms = graph
        .mock("GET", "/v1.0/places/microsoft.graph.room")
        .match_query(Matcher::Any)
        .match_header("authorization", signed)
        .with_body(
            json!({ "@odata.count": 1, "value": [{ "id": "1", "emailAddress": "quay1@example.org" }] }).to_string(),
        )
        .expect(2)
        .create_async()
        .await;
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/graph/certificate");
    let file = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let builder = || {
        let builder = GraphClient::builder().tenant("example.org").client_id("app");
        builder.base_url(graph.url()).token_url(format!("{}/token", mock.1))
    };
    for builder in [builder().secret("a+b&c"), builder().certificate(file("certificate.pem"), file("key.pem"))] {
        let client = builder.build().unwrap();
        client.prove().await.unwrap();
        assert_eq!(client.rooms().list().await.unwrap().items.len(), 1);
    }
    rooms.assert_async().await;
}
