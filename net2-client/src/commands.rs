//! Orders to the hardware: doors, anti-passback, lockdown.
//!
//! An order is sent at most once. Some doors take every order as a pulse, so a repeat would undo it.

use connector_http::{Error, ErrorKind, json_request};
use http::Method;
use serde::Serialize;
use serde_json::{Value, json};

use crate::answer;
use crate::client::Net2Client;
use crate::id::{DoorId, UserId};
use crate::json::{FromJson, Object};
use crate::operation::operation;
use crate::route::api;

/// An order to a door that is ready to go.
///
/// It is not sent before [`DoorCommand::send`], and never twice.
#[derive(Clone, Debug)]
#[must_use = "the order goes out with `send`"]
pub struct DoorCommand {
    client: Net2Client,
    order: Order,
}

#[derive(Clone, Debug)]
enum Order {
    Open(OpenDoor),
    HoldOpen(HoldDoorOpen),
    Close(CloseDoor),
    Control(ControlDoor),
}

impl DoorCommand {
    pub(crate) fn open(client: Net2Client, door: DoorId) -> Self {
        Self { client, order: Order::Open(OpenDoor::new(door)) }
    }

    pub(crate) fn hold_open(client: Net2Client, door: DoorId) -> Self {
        Self { client, order: Order::HoldOpen(HoldDoorOpen::new(door)) }
    }

    pub(crate) fn close(client: Net2Client, door: DoorId) -> Self {
        Self { client, order: Order::Close(CloseDoor::new(door)) }
    }

    pub(crate) fn control(client: Net2Client, door: DoorId, relay: OpenRelay) -> Self {
        Self { client, order: Order::Control(ControlDoor::new(door, relay)) }
    }

    /// Sends the order once.
    ///
    /// Success means that Net2 took the order. It is no proof that the door moved: follow the events of the door,
    /// or its status, where that matters.
    ///
    /// # Cancel safety
    /// Dropping the future leaves open whether the order was carried out.
    ///
    /// # Errors
    /// `OutcomeUnknown` if the answer was lost: the door may have moved, and nothing is repeated. `Permission` if the
    /// operator may not open doors.
    pub async fn send(self) -> Result<(), Error> {
        match &self.order {
            Order::Open(order) => self.client.send(order).await,
            Order::HoldOpen(order) => self.client.send(order).await,
            Order::Close(order) => self.client.send(order).await,
            Order::Control(order) => self.client.send(order).await,
        }
    }
}

/// Which relay of a door to work, for how long, and how the reader blinks meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OpenRelay {
    relay: Relay,
    milliseconds: u32,
    led_flash: u8,
}

/// A relay of a control unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum Relay {
    /// The first relay: the lock.
    Relay1,
    /// The second relay.
    Relay2,
}

impl OpenRelay {
    /// Opens a relay for some milliseconds.
    pub const fn timed(relay: Relay, milliseconds: u32) -> Self {
        Self { relay, milliseconds, led_flash: 0 }
    }

    /// How often the reader's light blinks.
    pub const fn led_flash(mut self, times: u8) -> Self {
        self.led_flash = times;
        self
    }
}

/// Orders that concern the whole building or a person.
#[derive(Clone, Debug)]
pub struct Commands(pub(crate) Net2Client);

impl Commands {
    /// Clears the anti-passback state of a user, so that the next reader lets them in.
    ///
    /// # Errors
    /// As [`DoorCommand::send`].
    pub async fn reset_anti_passback(&self, user: UserId) -> Result<(), Error> {
        self.0.send(&ResetAntiPassback::new(user)).await
    }

    /// Starts or ends the lockdown of the building, by the rules set up in Net2.
    ///
    /// # Errors
    /// `Rejected` if Net2 answers with a list of errors, which it does with status 200; else as [`DoorCommand::send`].
    pub async fn lockdown(&self, active: bool) -> Result<(), Error> {
        self.0.send(&ControlLockdown::new(active)).await
    }
}

operation! {
    /// `POST /commands/door/open`.
    OpenDoor { door: DoorId } = "net2.open_door", Never -> ();
    request(op, base) => json_request(Method::POST, api(base, &["commands", "door", "open"])?, &door_body(op.door));
    response(parts, body) => answer::nothing(parts, body);
}

operation! {
    /// `POST /commands/door/holdopen`.
    HoldDoorOpen { door: DoorId } = "net2.hold_door_open", Never -> ();
    request(op, base) => json_request(Method::POST, api(base, &["commands", "door", "holdopen"])?, &door_body(op.door));
    response(parts, body) => answer::nothing(parts, body);
}

operation! {
    /// `POST /commands/door/close`.
    CloseDoor { door: DoorId } = "net2.close_door", Never -> ();
    request(op, base) => json_request(Method::POST, api(base, &["commands", "door", "close"])?, &door_body(op.door));
    response(parts, body) => answer::nothing(parts, body);
}

operation! {
    /// `POST /commands/door/control`.
    ControlDoor { door: DoorId, relay: OpenRelay } = "net2.control_door", Never -> ();
    request(op, base) => json_request(Method::POST, api(base, &["commands", "door", "control"])?, &json!({
        "doorId": op.door,
        "relayFunction": {
            "relayId": op.relay.relay,
            "relayAction": "TimedOpen",
            "relayOpenTime": op.relay.milliseconds,
        },
        "ledFlash": op.relay.led_flash,
    }));
    response(parts, body) => answer::nothing(parts, body);
}

operation! {
    /// `POST /commands/antipassback/reset`.
    ResetAntiPassback { user: UserId } = "net2.reset_anti_passback", Never -> ();
    request(op, base) => json_request(
        Method::POST, api(base, &["commands", "antipassback", "reset"])?, &json!({ "userId": op.user }));
    response(parts, body) => answer::nothing(parts, body);
}

operation! {
    /// `POST /commands/controlLockdown`.
    ControlLockdown { active: bool } = "net2.control_lockdown", Never -> ();
    request(op, base) => json_request(
        Method::POST, api(base, &["commands", "controlLockdown"])?, &json!({ "lockdown": op.active }));
    response(parts, body) => {
        answer::nothing(parts, body)?;
        match errors_inside(body) {
            0 => Ok(()),
            count => Err(Error::new(ErrorKind::Rejected, format!("Net2 reports {count} error(s) with the lockdown"))
                .with_status(parts.status)),
        }
    };
}

fn door_body(door: DoorId) -> Value {
    json!({ "doorId": door })
}

/// How many errors stand in `output.errors` of an answer that calls itself a success.
fn errors_inside(body: &[u8]) -> usize {
    let inside = || -> Option<Value> {
        let mut answer = Object::from_json(serde_json::from_slice(body).ok()?).ok()?;
        let mut output = answer.optional::<Object>("output").ok()??;
        output.take("errors")
    };
    match inside() {
        Some(Value::Array(errors)) => errors.len(),
        Some(Value::String(text)) => usize::from(!text.is_empty()),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lockdown_answer_may_hide_errors_in_any_case() {
        assert_eq!(errors_inside(br#"{"Output":{"Errors":["no rule"]}}"#), 1);
        assert_eq!(errors_inside(br#"{"output":{"errors":[]}}"#), 0);
        assert_eq!(errors_inside(b""), 0);
    }
}
