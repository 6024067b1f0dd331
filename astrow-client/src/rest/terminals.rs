//! The terminal view: events, commands, sign of life.

use std::time::Duration;

use connector_http::{Error, decode};
use http::Method;
use http::response::Parts;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::batch::{Items, batches, key_of};
use super::client::{AstrowClient, LONGEST_WAIT};
use super::list::read_items;
use super::operation::{operation, post, read, write};
use crate::model::{AstrowError, Command, CommandState, Heartbeat, TerminalEvent};

/// The terminal view.
#[derive(Clone, Debug)]
pub struct Terminals(pub(crate) AstrowClient);

impl Terminals {
    /// Shows events, 500 at once.
    ///
    /// # Errors
    /// As any write. After a batch that was taken [`AstrowError::may_have_been_applied`] is true.
    pub async fn show(&self, events: &[TerminalEvent], key: Uuid) -> Result<(), AstrowError> {
        for (place, batch) in batches(events).into_iter().enumerate() {
            let call = WriteEvents { events: batch.to_vec(), key: key_of(key, place) };
            match self.0.send(&call).await {
                Err(error) if place > 0 => return Err(error.with_may_have_been_applied(true)),
                answer => answer?,
            }
        }
        Ok(())
    }

    /// Commands of users, waiting for them up to 25 seconds. Each is handed out once.
    ///
    /// # Errors
    /// As any read.
    ///
    /// # Cancel safety
    /// A command that was on its way is lost; it expires within seconds.
    pub async fn commands(&self, wait: Duration) -> Result<Vec<Command>, AstrowError> {
        let wait = wait.min(LONGEST_WAIT);
        self.0.send_waiting(&GetCommands { wait }, wait).await
    }

    /// Tells how far a command is.
    ///
    /// # Errors
    /// `NotFound`, `CommandExpired`; else as any write.
    pub async fn report(&self, id: Uuid, state: &CommandState, key: Uuid) -> Result<(), AstrowError> {
        self.0.send(&ReportCommand { id, state: state.clone(), key }).await
    }

    /// Gives a sign of life.
    ///
    /// # Errors
    /// As any write.
    pub async fn heartbeat(&self, heartbeat: &Heartbeat) -> Result<(), AstrowError> {
        self.0.send(&PutHeartbeat { heartbeat: heartbeat.clone() }).await
    }
}

operation! {
    /// Shows events, at most 500.
    WriteEvents {
        /// The events.
        events: Vec<TerminalEvent>,
        /// The key of this attempt.
        key: Uuid,
    } = "astrow.write_events", Never -> ();
    request(op, base) => post(base, &["pac", "events"], &Items { items: &op.events }, op.key);
    response(_parts, _body) => Ok(());
}

operation! {
    /// Takes the commands that wait.
    GetCommands {
        /// How long the server may wait for one.
        wait: Duration,
    } = "astrow.commands", Safe -> Vec<Command>;
    request(op, base) => {
        let wait = op.wait.min(LONGEST_WAIT).as_secs().to_string();
        read(base, &["pac", "commands"], &[("wait", Some(&wait))])
    };
    response(parts, body) => commands(parts, body);
}

operation! {
    /// Tells how far a command is.
    ReportCommand {
        /// Which one.
        id: Uuid,
        /// How far.
        state: CommandState,
        /// The key of this attempt.
        key: Uuid,
    } = "astrow.command_result", Never -> ();
    request(op, base) => post(base, &["pac", "commands", &op.id.to_string()], &op.state, op.key);
    response(_parts, _body) => Ok(());
}

operation! {
    /// Gives a sign of life.
    PutHeartbeat {
        /// How the bridge is.
        heartbeat: Heartbeat,
    } = "astrow.heartbeat", Idempotent -> ();
    request(op, base) => write(Method::PUT, base, &["service"], &op.heartbeat);
    response(_parts, _body) => Ok(());
}

#[derive(Deserialize)]
struct Raw {
    items: Vec<Value>,
}

/// A command that cannot be read is not carried out; it expires by itself.
fn commands(parts: &Parts, body: &[u8]) -> Result<Vec<Command>, Error> {
    let Raw { items } = decode(parts, body)?;
    let (commands, invalid) = read_items(items, "id");
    for item in invalid {
        tracing::warn!(position = item.position, field = item.field, "a command cannot be read and is left out");
    }
    Ok(commands)
}
