//! Whose PIN is whose: Net2 is not known to refuse a second one, and at a keypad two equal ones are one person.

use std::time::Duration;

use connector_http::{Error, ErrorKind};
use sync_core::connector::{ErrorClass, SyncError};
use sync_core::model::{Known, SecretText};
use tokio::time::Instant;

use super::Net2Doors;
use crate::id::UserId;
use crate::users::User;

/// The PINs of everybody, as a list told them.
pub(super) struct Pins {
    read_at: Instant,
    held: Vec<(UserId, SecretText)>,
}

impl Net2Doors {
    /// Keeps the PINs of a list of everybody.
    pub(super) fn note_pins(&self, users: &[User]) {
        let pin = |user: &User| Some((user.id, SecretText::new(user.pin.as_ref()?.as_str().trim())));
        let held = users.iter().filter_map(pin).collect();
        self.remember(|memory| memory.pins = Some(Pins { read_at: Instant::now(), held }));
    }

    /// Whether somebody else has a PIN. Asks the server where no list was read within the last minute, and again before
    /// it says yes.
    pub(super) async fn has_another(&self, user: Option<UserId>, pin: &SecretText) -> Result<bool, Error> {
        let looked_up = || self.remember(|memory| memory.pins.as_ref().map(|pins| pins.has_another(user, pin)));
        let is_fresh = self.remember(|memory| memory.pins.as_ref().is_some_and(|pins| pins.read_at.elapsed() < LASTS));
        if is_fresh && looked_up() == Some(false) {
            return Ok(false);
        }
        let listing = self.endpoint.net2.users().list().await?;
        self.note_pins(&listing.items);
        Ok(looked_up() == Some(true))
    }

    /// Keeps a PIN that was just written.
    pub(super) fn note_pin(&self, user: UserId, pin: &Known<SecretText>) {
        if let Some(pin) = pin.value() {
            self.remember(|memory| memory.pins.as_mut().map(|pins| pins.held.push((user, pin.clone()))));
        }
    }
}

impl Pins {
    fn has_another(&self, user: Option<UserId>, pin: &SecretText) -> bool {
        self.held.iter().any(|(holder, held)| held == pin && Some(*holder) != user)
    }
}

pub(super) fn clash() -> SyncError {
    SyncError::new(ErrorClass::Duplicate, "somebody else in Net2 has this PIN").with_clashing_key("pin")
}

/// A refusal of a request with a PIN in it says what may be wrong with that.
pub(super) fn refused(error: Error, pin: &Known<SecretText>) -> SyncError {
    if pin.value().is_none() || error.kind() != ErrorKind::Rejected {
        return error.into();
    }
    let said = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    let is_pin = said.to_lowercase().contains("pin");
    let error = SyncError::from(error).with_remedy(REMEDY);
    if is_pin { error.with_field("pin") } else { error }
}

pub(super) const REMEDY: &str =
    "see which PINs this site takes (4 digits in most), and set the length of new PINs to that";

const LASTS: Duration = Duration::from_mins(1);
