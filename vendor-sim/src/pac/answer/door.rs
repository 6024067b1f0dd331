//! Door commands.

use chrono::{DateTime, TimeDelta, Utc};

use super::Ask;
use crate::pac::wire::element::Element;
use crate::pac::wire::refusal::{Code, Refusal};
use crate::pac::world::{DoorCommand, Refused};

/// A command that is older is not carried out.
const SECONDS: i64 = 10;

impl Ask<'_> {
    pub(super) fn door_open(&mut self, first_seen: Option<DateTime<Utc>>) -> Result<Element, Refusal> {
        let reader = self.body.needed_id("reader")?;
        let seconds: u16 = self.body.need("seconds", self.body.number("seconds", 0..=u64::from(u16::MAX))?)?;
        let operator = self.body.need("operator", self.body.label("operator", 64)?)?;
        let reason = self.body.label("reason", 256)?;
        let refused = |message: &str| Refusal::new(Code::CommandRefused, message);
        let most = self.state.settings.max_door_seconds;
        if seconds == 0 || seconds > most {
            return Err(refused(&format!("That must be from 1 to {most}.")).at(self.body.at("seconds")));
        }
        let at = self.state.world.now();
        if first_seen.is_some_and(|first| at - first > TimeDelta::seconds(SECONDS)) {
            return Err(refused("The command is too old."));
        }
        let id = self.state.world.fresh_uuid();
        let origin = self.origin.label.clone();
        let command = DoorCommand { id, origin, reader, seconds, operator, reason, at, done: false };
        let wait = self.state.settings.retry_after_ms();
        match self.state.world.open_door(command) {
            Ok(command) => {
                Ok(Element::new("CommandAccepted").with("command", command.id).with("seconds", command.seconds))
            }
            Err(Refused::UnknownReader) => {
                Err(Refusal::new(Code::NotFound, "There is no such reader.").at(self.body.at("reader")))
            }
            Err(Refused::Offline) => {
                Err(Refusal::new(Code::DeviceOffline, "The controller is not reached.").after_ms(wait))
            }
            Err(Refused::Timeout) => {
                Err(Refusal::new(Code::DeviceTimeout, "The controller does not answer.").after_ms(wait))
            }
            Err(Refused::LockedDown) => Err(refused("The door is locked down.")),
        }
    }
}
