//! Roll calls of Astrow, noticed while nobody swipes and remembered beyond a restart.

use std::sync::Arc;
use std::time::Duration;

use astrow_client::model::AstrowCapability;
use astrow_client::sync::RollCallSpan;
use async_trait::async_trait;
use serde_json::json;
use sync_core::journal::{Durability, Write};
use sync_service::{Chore, ChoreReport, Desk, Failure, Stage};
use tokio::sync::Mutex;

use super::{KIND, LONGEST_PAUSE, Sides};

const KEY: &str = "roll calls";
/// Distance between two looks. A roll call that is shorter may be missed.
const EVERY: Duration = Duration::from_secs(5);

/// Looks every few seconds whether a roll call runs, and keeps what was seen for swipes that come late.
#[derive(Debug)]
pub(super) struct RollCalls {
    sides: Arc<Sides>,
    /// What the journal has, once it was read.
    kept: Mutex<Option<Vec<RollCallSpan>>>,
}

impl RollCalls {
    pub(super) fn new(sides: Arc<Sides>) -> Self {
        Self { sides, kept: Mutex::default() }
    }

    /// What an earlier process has kept; given to Astrow's endpoint before anything is delivered.
    async fn remember(&self, desk: &Desk) -> Result<Vec<RollCallSpan>, Failure> {
        let spans: Vec<RollCallSpan> = desk.journal().stored(KIND, KEY).await?.unwrap_or_default();
        self.sides.astrow.roll_calls_known(spans.clone());
        Ok(spans)
    }
}

#[async_trait]
impl Chore for RollCalls {
    fn name(&self) -> &'static str {
        "roll calls"
    }

    fn stage(&self) -> Stage {
        Stage::BeforeLinks
    }

    fn longest_pause(&self) -> Duration {
        LONGEST_PAUSE
    }

    async fn next(&self, desk: &Desk) {
        desk.clock().sleep(EVERY).await;
    }

    async fn run(&self, desk: &Desk) -> Result<ChoreReport, Failure> {
        let mut kept = self.kept.lock().await;
        let known = match kept.take() {
            Some(known) => known,
            None => self.remember(desk).await?,
        };
        let known = kept.insert(known);
        if !self.sides.astrow().await?.supports(AstrowCapability::RollCall) {
            return Ok(ChoreReport::default());
        }
        let seen = self.sides.astrow.watch_roll_calls().await?;
        if *known != seen {
            let put = Write::Put { kind: KIND, key: KEY.to_owned(), value: json!(seen) };
            desk.journal().commit(Durability::D2, vec![put]).await?;
            *known = seen;
        }
        Ok(ChoreReport::default())
    }
}
