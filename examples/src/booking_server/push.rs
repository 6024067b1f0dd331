//! Graph tells of changes by itself: a small server behind a public address, and the subscriptions that make it be called.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use chrono::Utc;
use graph_rooms::notifications::validation_answer;
use graph_rooms::sync::GraphRooms;
use schemars::JsonSchema;
use serde::Deserialize;
use sync_service::{Chore, ChoreReport, ConfigFault, Desk, Failure, Stage, Trouble};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Notify};

use super::Parts;
use super::chores::Feeds;

/// Where notifications arrive; the same for what concerns a subscription itself.
const PATH: &str = "/graph";
/// How often is looked whether a subscription has to be renewed.
const RENEW: Duration = Duration::from_mins(10);

/// The section `[push]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PushConfig {
    /// The public https address that Microsoft Graph calls, such as `https://doors.example.org`; something in front of this
    /// program ends TLS there and passes `/graph` on to `listen`.
    pub url: String,
    /// Address to listen on: loopback, unless what passes calls on is another machine.
    #[serde(default = "loopback")]
    pub listen: SocketAddr,
}

/// Keeps the subscriptions alive and reads a room as soon as Graph says that something changed in it.
pub(super) struct Push {
    config: PushConfig,
    ears: Arc<Ears>,
    feeds: Feeds,
    /// The server; it begins with the service and ends with it.
    server: Mutex<Option<tokio::task::JoinHandle<()>>>,
}

/// What the server shares with the chore.
struct Ears {
    rooms: Arc<GraphRooms>,
    heard: Notify,
}

impl PushConfig {
    pub(super) fn faults(&self) -> Vec<ConfigFault> {
        // Graph calls nothing but https; a simulator on this machine does without.
        let https = self.url.starts_with("https://") || self.url.starts_with("http://127.0.0.1:");
        let https = https && !self.url.trim_end_matches('/').ends_with(PATH);
        let fault = || {
            let remedy = "Write it like https://doors.example.org; Graph adds nothing and calls its path /graph";
            ConfigFault::new("push.url", "is no public https address, or names the path", remedy)
        };
        (!https).then(fault).into_iter().collect()
    }

    fn address(&self) -> String {
        format!("{}{PATH}", self.url.trim_end_matches('/'))
    }
}

impl Push {
    pub(super) fn new(config: PushConfig, rooms: Arc<GraphRooms>, parts: Arc<Parts>) -> Self {
        let ears = Arc::new(Ears { rooms, heard: Notify::new() });
        Self { config, ears, feeds: Feeds::new(parts), server: Mutex::default() }
    }

    /// Listens from the first time on, and says whether it has just begun. Where that fails it is tried again; rooms are read
    /// at their times meanwhile.
    async fn listen(&self) -> Result<bool, std::io::Error> {
        let mut server = self.server.lock().await;
        if server.as_ref().is_some_and(|server| !server.is_finished()) {
            return Ok(false);
        }
        let listener = TcpListener::bind(self.config.listen).await?;
        let router = Router::new().route(PATH, post(called)).with_state(self.ears.clone());
        *server = Some(tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "notifications are no longer listened for");
            }
        }));
        Ok(true)
    }
}

/// A call of Graph, or of anybody: what it says is believed only where it knows the secret of a subscription.
async fn called(State(ears): State<Arc<Ears>>, RawQuery(query): RawQuery, body: Bytes) -> Response {
    if let Some(token) = query.as_deref().and_then(validation_answer) {
        return ([(header::CONTENT_TYPE, "text/plain")], token).into_response();
    }
    // The answer comes first: Graph gives up soon.
    tokio::spawn(async move {
        match ears.rooms.notified(&body, Utc::now()).await {
            Ok(notified) if notified.due => ears.heard.notify_one(),
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "a notification could not be taken"),
        }
    });
    StatusCode::ACCEPTED.into_response()
}

#[async_trait]
impl Chore for Push {
    fn name(&self) -> &'static str {
        "push"
    }

    fn stage(&self) -> Stage {
        Stage::BeforeLinks
    }

    async fn next(&self, desk: &Desk) {
        match self.listen().await {
            Ok(true) => return,
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(%error, listen = %self.config.listen, "notifications cannot be listened for");
            }
        }
        tokio::select! {
            () = self.ears.heard.notified() => {}
            () = desk.clock().sleep(RENEW) => {}
        }
    }

    async fn run(&self, desk: &Desk) -> Result<ChoreReport, Failure> {
        let mut report = ChoreReport::default();
        // One cycle on its own hears nothing: nobody listens.
        if self.server.lock().await.is_none() {
            return Ok(report);
        }
        let address = self.config.address();
        let watching = self.ears.rooms.watch(&address, &address, Utc::now()).await?;
        if let Some(trouble) = watching.trouble {
            let trouble = Trouble::new("push", format!("{} rooms do not tell of changes: {trouble}", watching.failed));
            report.troubles.push(trouble.with_remedy(watching.remedy.unwrap_or_default()));
        }
        let read = self.feeds.run(desk).await?;
        report.troubles.extend(read.troubles);
        report.warnings.extend(read.warnings);
        Ok(report)
    }
}

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8_787))
}

impl Drop for Push {
    fn drop(&mut self) {
        if let Some(server) = self.server.get_mut().take() {
            server.abort();
        }
    }
}

impl fmt::Debug for Push {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Push")
    }
}
