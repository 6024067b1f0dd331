//! The daily second look far behind the overlap.

use chrono::{DateTime, Utc};

use super::instant::{before, between};
use super::{EventSettings, stream::StreamState};
use crate::journal::{EventFilter, EventState, Journal, JournalError};
use crate::model::{EndpointName, EventKey};

/// Whether a sweep is due. The first one is a full distance after the first reading.
pub(super) fn is_due(state: &StreamState, settings: &EventSettings, now: DateTime<Utc>) -> bool {
    let waited = state.last_sweep.is_some_and(|last| between(last, now) >= settings.sweep_every);
    waited && !settings.sweep_range.is_zero()
}

/// The position from which a sweep reads.
pub(super) async fn start(
    journal: &dyn Journal,
    endpoint: &EndpointName,
    epoch: u32,
    settings: &EventSettings,
    now: DateTime<Utc>,
) -> Result<Option<i64>, JournalError> {
    let first = first_since(journal, endpoint, epoch, before(now, settings.sweep_range)).await?;
    Ok(first.map(|number| number.saturating_sub(1)))
}

/// The lowest number of an epoch whose event happened at or after an instant.
pub(super) async fn first_since(
    journal: &dyn Journal,
    endpoint: &EndpointName,
    epoch: u32,
    since: DateTime<Utc>,
) -> Result<Option<i64>, JournalError> {
    let mut filter = EventFilter::states(endpoint, &EventState::ALL, 1);
    filter.since = Some(since);
    // Rows that came without a number are kept below half of the range.
    filter.after = Some(EventKey { endpoint: endpoint.clone(), epoch, number: i64::MIN / 2 });
    let first = journal.events(&filter).await?.into_iter().next();
    Ok(first.filter(|event| event.key.epoch == epoch).map(|event| event.key.number))
}
