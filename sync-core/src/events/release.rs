//! Corrections: devices that are released, people who appear, orders to process an event again.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::EventLink;
use super::classify::{DeviceSettings, reason};
use super::deliver::Delivery;
use super::lookup::Lookup;
use super::stream::unreadable;
use crate::clock::Clock;
use crate::journal::{
    AuditEntry, Durability, EventFilter, EventState, EventUpdate, Journal, JournalError, LedgerEvent, Write,
};
use crate::model::{EventKey, ExternalId};

const KIND: &str = "event_device";
/// Events that become ready in one commit.
const BATCH: usize = 5_000;

/// What was last seen of a device's release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Release {
    suspended: bool,
    take_from: Option<DateTime<Utc>>,
}

impl EventLink {
    /// Takes up the kept events of a released device that happened at or after `since`; returns how many.
    ///
    /// The device is named by the source's id. Delivery does this by itself when it sees that a device was released
    /// with a time from which its events count. Events of a device that is still suspended are put aside again.
    ///
    /// # Errors
    /// The journal cannot be read or written.
    pub async fn release_device(
        &self,
        journal: &dyn Journal,
        clock: &dyn Clock,
        device: &ExternalId,
        since: DateTime<Utc>,
        actor: &str,
    ) -> Result<u64, JournalError> {
        let mut reopened = 0;
        for why in [reason::DEVICE_SUSPENDED, reason::BEFORE_TAKE_FROM] {
            let mut filter = EventFilter::states(self.source.name(), &[EventState::Ignored], BATCH);
            filter.reason = Some(why.to_owned());
            filter.device = Some(device.clone());
            filter.since = Some(since);
            reopened += reopen(journal, &filter).await?;
        }
        if reopened > 0 {
            let why = format!("{reopened} kept events from {} on count", since.to_rfc3339());
            let entry = self.audit(clock, device.clone(), "release", actor, why);
            journal.commit(Durability::D1, vec![Write::Audit(entry)]).await?;
        }
        Ok(reopened)
    }

    /// Takes up at once what waits for a person, by the source's id; returns how many events.
    ///
    /// Delivery finds them by itself, but looks at a part of all waiting events in each run. Whoever links people
    /// can name them here and saves the wait.
    ///
    /// # Errors
    /// The journal cannot be read or written.
    pub async fn person_linked(&self, journal: &dyn Journal, person: &ExternalId) -> Result<u64, JournalError> {
        let mut filter = EventFilter::states(self.source.name(), &[EventState::Waiting], BATCH);
        filter.person = Some(person.clone());
        reopen(journal, &filter).await
    }

    /// Processes one event again by a person's order, whatever became of it; returns whether there is such an event.
    ///
    /// Its age, its clock and the repeat rule no longer matter. The order is audited. An event that was delivered
    /// already is delivered again; a sink that knows event keys answers that it has it.
    ///
    /// # Errors
    /// The journal cannot be read or written.
    pub async fn reprocess(
        &self,
        journal: &dyn Journal,
        clock: &dyn Clock,
        key: &EventKey,
        actor: &str,
        why: &str,
    ) -> Result<bool, JournalError> {
        let update = EventUpdate::new(key.clone(), EventState::Ready).because(reason::APPROVED);
        self.order(journal, clock, update, actor, why).await
    }

    /// Notes by a person's word that a doubtful event was booked; returns whether there is such an event.
    ///
    /// # Errors
    /// The journal cannot be read or written.
    pub async fn confirm_booked(
        &self,
        journal: &dyn Journal,
        clock: &dyn Clock,
        key: &EventKey,
        actor: &str,
        why: &str,
    ) -> Result<bool, JournalError> {
        let update = EventUpdate::new(key.clone(), EventState::Delivered).because(format!("confirmed by {actor}"));
        self.order(journal, clock, update, actor, why).await
    }

    async fn order(
        &self,
        journal: &dyn Journal,
        clock: &dyn Clock,
        update: EventUpdate,
        actor: &str,
        why: &str,
    ) -> Result<bool, JournalError> {
        let Some(event) = journal.event(&update.key).await? else { return Ok(false) };
        let mut entry = self.audit(clock, update.key.to_string().into(), "process_again", actor, why.to_owned());
        entry.field = Some("state".to_owned());
        entry.old = Some(described(&event));
        entry.new = Some(update.state.as_str().to_owned());
        journal.commit(Durability::D1, vec![Write::EventStates(vec![update]), Write::Audit(entry)]).await?;
        Ok(true)
    }

    fn audit(&self, clock: &dyn Clock, record: ExternalId, action: &str, actor: &str, why: String) -> AuditEntry {
        AuditEntry {
            at: clock.now(),
            actor: actor.to_owned(),
            pair: self.name.clone(),
            endpoint: self.source.name().to_string(),
            record,
            action: action.to_owned(),
            field: None,
            old: None,
            new: None,
            reason: why,
            plan: None,
        }
    }
}

impl Delivery<'_> {
    /// Devices that were released since the last run, with a time from which their events count.
    pub(super) async fn notice_released(&mut self, lookup: &Lookup<'_>) -> Result<(), JournalError> {
        let prefix = format!("{}/", self.endpoint);
        let seen: BTreeMap<String, serde_json::Value> =
            self.journal.documents(KIND, &prefix).await?.into_iter().collect();
        let mut writes = Vec::new();
        for (device, settings) in lookup.linked_devices().await? {
            let key = format!("{prefix}{device}");
            let now = Release::of(&settings);
            let last = seen.get(&key).map(|value| serde_json::from_value(value.clone())).transpose();
            let last: Option<Release> = last.map_err(unreadable)?;
            if last == Some(now) {
                continue;
            }
            if let (Some(_), false, Some(since), false) = (last, now.suspended, now.take_from, self.dry) {
                self.report.released +=
                    self.link.release_device(self.journal, self.clock, &device, since, "schedule").await?;
            }
            let value = serde_json::to_value(now).map_err(unreadable)?;
            writes.push(Write::Put { kind: KIND, key, value });
        }
        if !writes.is_empty() && !self.dry {
            self.journal.commit(Durability::D2, writes).await?;
        }
        Ok(())
    }
}

impl Release {
    fn of(settings: &DeviceSettings) -> Self {
        Self { suspended: settings.suspended, take_from: settings.take_from }
    }
}

/// Makes everything that a filter finds ready again.
async fn reopen(journal: &dyn Journal, filter: &EventFilter) -> Result<u64, JournalError> {
    let mut filter = filter.clone();
    let mut reopened = 0;
    loop {
        let page = journal.events(&filter).await?;
        let Some(last) = page.last() else { return Ok(reopened) };
        filter.after = Some(last.key.clone());
        reopened += page.len() as u64;
        let updates = page.into_iter().map(|event| EventUpdate::new(event.key, EventState::Ready)).collect();
        journal.commit(Durability::D2, vec![Write::EventStates(updates)]).await?;
    }
}

fn described(event: &LedgerEvent) -> String {
    match &event.reason {
        Some(reason) => format!("{} ({reason})", event.state.as_str()),
        None => event.state.as_str().to_owned(),
    }
}
