//! Releasing doors.

use sync_core::connector::{ErrorClass, SyncError};
use sync_core::model::ExternalId;

use super::PacEndpoint;
use crate::model::{CommandId, DoorReason, ReaderId, WriteOpts};

impl PacEndpoint {
    /// Releases the door of a reader for some seconds, once: whatever becomes of it, it is not sent again.
    ///
    /// The command that is returned stands in the events that tell its progress.
    ///
    /// # Errors
    /// `InDoubt` where no clear answer came: the door may have opened.
    pub async fn open_door(&self, reader: &ExternalId, seconds: u16, why: DoorReason) -> Result<CommandId, SyncError> {
        let id: ReaderId = reader.as_str().parse().map_err(|_| no_reader(reader))?;
        let session = self.ready().await?;
        let longest = session.server().limits.max_door_seconds;
        if seconds == 0 || seconds > longest {
            let text = format!("a door is released for 1 to {longest} seconds here, not for {seconds}");
            return Err(SyncError::new(ErrorClass::Invalid, text));
        }
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)
            .map_err(|_| SyncError::new(ErrorClass::Transient, "this machine gives no random numbers"))?;
        let opts = WriteOpts::new(uuid::Builder::from_random_bytes(bytes).into_uuid());
        self.write(&session, session.open_door(id, seconds, why, opts)).await
    }
}

fn no_reader(reader: &ExternalId) -> SyncError {
    SyncError::new(ErrorClass::NotFound, format!("PAC has no reader {reader}"))
}
