//! Attendance bookings towards PAC: an extension of this project, for servers that offer it.

use async_trait::async_trait;
use futures::stream::{self, StreamExt as _};
use sync_core::connector::{Delivered, DeliveryCaps, DeliveryClass, ErrorClass, EventSink, SyncError};
use sync_core::model::{Clocking, Direction as Way, EventKey};
use uuid::Uuid;

use super::PacEndpoint;
use crate::model::{BookingDraft, Direction, PersonId, WriteOpts};

/// The server takes each key once, whatever becomes of a reply: sending again is safe, though a repeat is not told.
#[async_trait]
impl EventSink for PacEndpoint {
    fn accepts(&self) -> DeliveryCaps {
        DeliveryCaps { class: DeliveryClass::Keyed, batch: 100, anonymous_access: false }
    }

    async fn deliver(&self, batch: &[Clocking]) -> Vec<Result<Delivered, SyncError>> {
        stream::iter(batch).then(|clocking| self.book(clocking)).collect().await
    }

    /// Bookings cannot be looked up; sending again tells as much.
    async fn find(&self, _key: &EventKey) -> Result<Option<Delivered>, SyncError> {
        Ok(None)
    }
}

impl PacEndpoint {
    async fn book(&self, clocking: &Clocking) -> Result<Delivered, SyncError> {
        let person = clocking.person.as_ref().and_then(|person| person.as_str().parse::<PersonId>().ok());
        let person = person.ok_or_else(|| {
            SyncError::new(ErrorClass::Invalid, "a booking of nobody whom PAC knows").with_field("person")
        })?;
        let key = clocking.identity.clone().unwrap_or_else(|| clocking.key.to_string());
        if key.chars().count() > LONGEST_KEY {
            return Err(
                SyncError::new(ErrorClass::Invalid, "the key of a booking is too long for PAC").with_field("key")
            );
        }
        let direction = match clocking.direction {
            Way::In => Direction::In,
            Way::Out => Direction::Out,
            _ => Direction::None,
        };
        let mut booking = BookingDraft::new(key.clone(), person, clocking.occurred, direction);
        booking.terminal = Some(clocking.device.as_str().chars().take(LONGEST_KEY).collect());
        let session = self.ready().await?;
        let opts = WriteOpts::new(attempt(&key));
        self.write(&session, session.put_booking(booking, opts)).await?;
        Ok(Delivered { reference: key, duplicate: false })
    }
}

/// The same booking has the same key of its attempt.
fn attempt(key: &str) -> Uuid {
    let mut hasher = sync_core::model::HashKey::from_bytes(*b"pac-oem bookings").hasher();
    hasher.part(key.as_bytes());
    Uuid::from_bytes(hasher.finish().to_bytes())
}

/// Characters of a key and of a terminal.
const LONGEST_KEY: usize = 64;
