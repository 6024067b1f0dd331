//! A sign of life for Astrow: without one its page shows a red label after two minutes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use astrow_client::model::{AstrowCapability, Health, Heartbeat};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sync_service::{Chore, ChoreReport, Desk, Failure, Stage};
use tokio::time::timeout;

use super::{LONGEST_PAUSE, Sides};

/// Longest distance between two signs of life.
const BEAT: Duration = Duration::from_secs(30);
/// For so long PAC may think about an answer.
const ANSWER: Duration = Duration::from_secs(5);
/// Astrow is told this soon that the connection to PAC is there or gone.
const STEP: Duration = Duration::from_secs(1);

/// Tells Astrow that this service lives, and when PAC last answered.
#[derive(Debug)]
pub(super) struct Beat {
    sides: Arc<Sides>,
    since: DateTime<Utc>,
    told: Mutex<Told>,
}

/// What Astrow was told last of the connection to PAC.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    connected: bool,
    /// When PAC last answered.
    answered: Option<DateTime<Utc>>,
}

impl Beat {
    pub(super) fn new(sides: Arc<Sides>, since: DateTime<Utc>) -> Self {
        Self { sides, since, told: Mutex::default() }
    }

    /// How it stands with PAC; an open session is asked now. Making one is the business of others: it may take longer than
    /// Astrow waits for a sign of life.
    async fn look(&self, desk: &Desk) -> Told {
        let ping = timeout(ANSWER, async { self.sides.pac().await?.ping().await.map_err(Failure::from) });
        let answers = self.sides.pac.is_connected() && matches!(ping.await, Ok(Ok(_)));
        let answered = if answers { Some(desk.clock().now()) } else { self.told().answered };
        Told { connected: self.sides.pac.is_connected(), answered }
    }

    fn told(&self) -> Told {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Chore for Beat {
    fn name(&self) -> &'static str {
        "heartbeat"
    }

    fn stage(&self) -> Stage {
        Stage::Beside
    }

    fn longest_pause(&self) -> Duration {
        LONGEST_PAUSE
    }

    /// Ends when it is time, or when the connection to PAC came or went.
    async fn next(&self, desk: &Desk) {
        let told = self.told().connected;
        let again = desk.clock().uptime() + BEAT.saturating_sub(ANSWER);
        while desk.clock().uptime() < again && told == self.sides.pac.is_connected() {
            desk.clock().sleep(STEP).await;
        }
    }

    async fn run(&self, desk: &Desk) -> Result<ChoreReport, Failure> {
        let session = self.sides.astrow().await?;
        if session.supports(AstrowCapability::ServiceHeartbeat) {
            let now = self.look(desk).await;
            let run = desk.journal().document("run", &self.sides.people.to_string()).await?;
            let at = run.as_ref().and_then(|run| run.get("at")?.as_str()?.parse::<DateTime<Utc>>().ok());
            let beat = Heartbeat::new("astrow-pac", env!("CARGO_PKG_VERSION"), self.since.fixed_offset());
            let beat = beat.with(|beat| {
                beat.pac_connected = now.connected;
                beat.last_pac_contact = now.answered.map(|at| at.fixed_offset());
                beat.last_sync = at.map(|at| at.fixed_offset());
                beat.state = if now.connected { Health::Ok } else { Health::Warning };
                beat.message = (!now.connected).then(|| "PAC is not connected".to_owned());
            });
            session.heartbeat(&beat).await?;
            *self.told.lock().unwrap_or_else(PoisonError::into_inner) = now;
        }
        Ok(ChoreReport::default())
    }
}
