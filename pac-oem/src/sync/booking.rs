//! Bookings of the attendance system.

use sync_core::connector::SyncError;
use uuid::Uuid;

use super::PacEndpoint;
use crate::model::{BookingDraft, WriteOpts};

impl PacEndpoint {
    /// Hands over a booking, once, when it is its turn among the other writes. The booking's own key makes it safe to hand
    /// it over again.
    ///
    /// # Errors
    /// `Config` where the server takes no bookings, `NotFound` and `Invalid` where it refuses this one; else as for every
    /// write.
    pub async fn put_booking(&self, booking: BookingDraft, attempt: Uuid) -> Result<(), SyncError> {
        let session = self.ready().await?;
        self.write(&session, session.put_booking(booking, WriteOpts::new(attempt))).await
    }
}
