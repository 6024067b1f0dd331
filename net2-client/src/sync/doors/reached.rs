//! Whether the controllers behind the doors are in touch with the server, as far as it tells.

use std::collections::BTreeMap;

use sync_core::connector::SyncError;
use sync_core::model::ExternalId;

use super::Net2Doors;
use crate::doors::DoorStatus;

impl Net2Doors {
    /// What is wrong with each door's controller now, in one call; `None` where nothing is known to be.
    ///
    /// No call of Net2 says in so many words that a controller answers. What a door reports comes from it: a door that
    /// reports nothing, or no power at its controller, is taken for one that a change may not reach.
    ///
    /// # Errors
    /// As any read. Nothing is known of any door then.
    pub async fn reached(&self) -> Result<BTreeMap<ExternalId, Option<&'static str>>, SyncError> {
        let doors = self.endpoint.net2.doors().status().await?;
        Ok(doors.iter().map(|door| (door.id.get().into(), trouble(door.status.as_ref()))).collect())
    }
}

fn trouble(status: Option<&DoorStatus>) -> Option<&'static str> {
    match status.map(|status| status.psu_contact_closed) {
        None => Some("Net2 knows nothing of its controller"),
        Some(Some(false)) => Some("its controller has no power, or is out of touch with the Net2 server"),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_that_reports_nothing_or_no_power_is_in_trouble() {
        let with_power = |power| DoorStatus { psu_contact_closed: power, ..DoorStatus::default() };
        let troubled = |power| trouble(Some(&with_power(power))).is_some();
        assert_eq!([Some(true), Some(false), None].map(troubled), [false, true, false]);
        assert!(trouble(None).is_some());
    }
}
