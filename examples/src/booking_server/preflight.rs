//! Before bookings begin: everything they need is looked at, and what is not ready is told.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use booking_access::DoorsSeen;
use sync_service::{Chore, ChoreReport, Desk, Failure, Stage};

use super::Parts;
use super::chores::shown_by_name;

/// How often is looked whether a booking's time has come.
const LOOK: Duration = Duration::from_mins(1);

/// Looks ahead, at the times before a booking that the settings name.
pub(super) struct Preflights(Arc<Parts>);

impl Preflights {
    pub(super) fn new(parts: Arc<Parts>) -> Self {
        Self(parts)
    }

    /// What Net2 tells of its doors: one call, whatever the number of bookings.
    async fn doors(&self) -> DoorsSeen {
        let reached = self.0.net2.reached().await.map_err(|error| error.to_string())?;
        let seen = reached.into_iter().map(|(door, trouble)| (door.to_string(), trouble.map(str::to_owned)));
        Ok(seen.collect())
    }
}

#[async_trait]
impl Chore for Preflights {
    fn name(&self) -> &'static str {
        "pre-flight"
    }

    fn stage(&self) -> Stage {
        Stage::AfterLinks
    }

    async fn next(&self, desk: &Desk) {
        desk.clock().sleep(LOOK).await;
    }

    async fn run(&self, _desk: &Desk) -> Result<ChoreReport, Failure> {
        let now = self.0.clock.now();
        let mut report = ChoreReport::default();
        let round = self.0.access.preflight_round(now)?;
        if round.is_empty() {
            return Ok(report);
        }
        let found = self.0.access.preflight(&round, &self.doors().await, now)?;
        tracing::info!(
            bookings = found.checked,
            not_ready = found.not_ready.len(),
            unread = found.unread.is_some(),
            "looked ahead"
        );
        report.count("not_ready", found.not_ready.len() as u64);
        report.warnings.extend(found.not_ready.iter().map(|line| format!("not ready: {line}")));
        report.warnings.extend(found.unread);
        Ok(report)
    }
}

shown_by_name!(Preflights);
