//! Door commands.

use chrono::TimeDelta;
use uuid::Uuid;

use super::World;
use super::record::{DoorCommand, Event};

/// Why a command is not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pac) enum Refused {
    UnknownReader,
    Offline,
    Timeout,
    LockedDown,
}

impl World {
    /// Opens a door at a reader, and tells of it in the log.
    pub(in crate::pac) fn open_door(&mut self, command: DoorCommand) -> Result<DoorCommand, Refused> {
        let reader = self.readers.get(&command.reader).cloned().ok_or(Refused::UnknownReader)?;
        let controller = self.controllers.get(&reader.controller);
        let answers = controller.is_none_or(|controller| controller.answers);
        if controller.is_some_and(|controller| !controller.online) {
            return Err(Refused::Offline);
        }
        let door = self.doors.entry(reader.door).or_default();
        if door.locked_down {
            return Err(Refused::LockedDown);
        }
        if answers {
            door.released_until = command.at.checked_add_signed(TimeDelta::seconds(i64::from(command.seconds)));
        }
        let started = Event {
            time: command.at,
            received: command.at,
            kind: "command.started".to_owned(),
            severity: "progress".to_owned(),
            controller: Some(reader.controller),
            reader: Some(reader.id),
            door: Some(reader.door),
            command: Some(command.id),
            operator: Some(command.operator.clone()),
            ..Event::default()
        };
        let (kind, severity) = if answers { ("command.done", "success") } else { ("command.failed", "error") };
        let ended = Event { kind: kind.to_owned(), severity: severity.to_owned(), operator: None, ..started.clone() };
        self.put_event(started);
        self.put_event(ended);
        let command = DoorCommand { done: answers, ..command };
        self.commands.push(command.clone());
        if answers { Ok(command) } else { Err(Refused::Timeout) }
    }

    /// A number for a command or a session, from the seed and what has happened so far.
    pub(in crate::pac) fn fresh_uuid(&mut self) -> Uuid {
        let mut dice = crate::dice::Dice::new(self.seed ^ 0x5eed);
        self.seed = dice.next();
        uuid::Builder::from_random_bytes(((u128::from(self.seed) << 64) | u128::from(dice.next())).to_be_bytes())
            .into_uuid()
    }
}
