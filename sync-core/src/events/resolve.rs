//! Deliveries without a recorded answer: what became of them is found out before anything else is sent.

use std::time::Duration;

use super::deliver::{Delivery, Stop};
use super::outcome::ready;
use crate::connector::{Delivered, DeliveryClass};
use crate::journal::{Durability, EventFilter, EventState, EventUpdate, LedgerEvent, Write};

/// Looked up together.
const BATCH: usize = 500;

impl Delivery<'_> {
    /// By the class of the sink: send again, look, or leave it to a person.
    pub(super) async fn resolve(&mut self) -> Result<(), Stop> {
        loop {
            let filter = EventFilter::states(&self.endpoint, &[EventState::Sending], BATCH);
            let open = self.journal.events(&filter).await?;
            if open.is_empty() || self.dry {
                return Ok(());
            }
            let updates = match self.caps.class {
                DeliveryClass::Keyed => open.iter().map(ready).collect(),
                DeliveryClass::Searchable => self.look(&open).await?,
                DeliveryClass::Unsafe => self.doubt(&open),
            };
            self.journal.commit(Durability::D1, vec![Write::EventStates(updates)]).await?;
            let mut memory = self.link.memory();
            for event in &open {
                memory.sent.remove(&event.key);
            }
        }
    }

    /// Looks each one up; what is not there once no request can arrive any more was not booked.
    async fn look(&mut self, open: &[LedgerEvent]) -> Result<Vec<EventUpdate>, Stop> {
        let (mut updates, mut absent) = (Vec::new(), Vec::new());
        for event in open {
            match self.link.sink.find(&event.key).await? {
                Some(found) => updates.push(self.found(event, found)),
                None => absent.push(event),
            }
        }
        if absent.is_empty() {
            return Ok(updates);
        }
        self.settle(&absent).await;
        for event in absent {
            match self.link.sink.find(&event.key).await? {
                Some(found) => updates.push(self.found(event, found)),
                None => updates.push(ready(event)),
            }
        }
        Ok(updates)
    }

    /// Waits until nothing that was sent can arrive any more. An earlier process may have sent it a moment ago.
    async fn settle(&self, absent: &[&LedgerEvent]) {
        let now = self.clock.uptime();
        let longest = {
            let mut memory = self.link.memory();
            let waits = absent.iter().map(|event| {
                let sent = *memory.sent.entry(event.key.clone()).or_insert(now);
                (sent + self.link.settings.settle).saturating_sub(now)
            });
            waits.max().unwrap_or_default()
        };
        if longest > Duration::ZERO {
            self.clock.sleep(longest).await;
        }
    }

    fn found(&mut self, event: &LedgerEvent, found: Delivered) -> EventUpdate {
        self.report.tally(EventState::Delivered, "found");
        self.note_late(event);
        EventUpdate { target: Some(found.reference), ..EventUpdate::new(event.key.clone(), EventState::Delivered) }
    }

    fn doubt(&mut self, open: &[LedgerEvent]) -> Vec<EventUpdate> {
        let why = "sent without a recorded answer";
        let doubtful = open.iter().map(|event| {
            self.report.tally(EventState::Doubtful, "no_answer");
            self.report.name(&event.key, EventState::Doubtful, why);
            EventUpdate::new(event.key.clone(), EventState::Doubtful).because(why)
        });
        doubtful.collect()
    }
}
