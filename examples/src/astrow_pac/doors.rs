//! Doors that somebody opens from Astrow: once, or not at all.

use std::sync::Arc;
use std::time::Duration;

use astrow_client::model::{AstrowCapability, Command, CommandKind, CommandState, CommandWord};
use async_trait::async_trait;
use pac_oem::model::{Capability, DoorReason, ReaderId, WriteOpts};
use sync_core::journal::{AuditEntry, Durability, Write};
use sync_core::model::ExternalId;
use sync_service::{Chore, ChoreReport, Desk, Failure, Stage};
use tokio::sync::Mutex;

use super::Sides;
use super::config::Allowed;

/// For how long Astrow is asked to wait for a command.
const WAIT: Duration = Duration::from_secs(25);
/// Distance to the next question after one that failed.
const PAUSE: Duration = Duration::from_secs(5);
/// A door stays released for this long.
const SECONDS: u16 = 5;

/// Carries out what somebody ordered in Astrow.
#[derive(Debug)]
pub(super) struct Doors {
    sides: Arc<Sides>,
    allowed: Allowed,
    /// Handed out by Astrow, which hands out each of them once.
    ordered: Mutex<Vec<Command>>,
}

impl Doors {
    pub(super) fn new(sides: Arc<Sides>, allowed: Allowed) -> Self {
        Self { sides, allowed, ordered: Mutex::default() }
    }

    async fn ask(&self, wait: Duration) -> Result<(), Failure> {
        let session = self.sides.astrow().await?;
        if !session.supports(AstrowCapability::CommandsRead) {
            return std::future::pending().await;
        }
        // Nothing is awaited between the answer and its being kept.
        let mut ordered = self.ordered.lock().await;
        let commands = session.commands(wait).await?;
        ordered.extend(commands);
        Ok(())
    }

    /// Opens one door; the command is told how it went.
    async fn obey(&self, desk: &Desk, command: &Command) -> Result<bool, Failure> {
        let (state, message) = match self.opened(desk, command).await {
            Ok(()) => (CommandWord::Done, format!("released for {SECONDS} s")),
            Err(failure) => (CommandWord::Failed, failure.message().to_owned()),
        };
        let good = state == CommandWord::Done;
        self.note(desk, command, &message).await?;
        let session = self.sides.astrow().await?;
        session.command_result(command.id, CommandState::new(state).with_message(message)).await?;
        Ok(good)
    }

    async fn opened(&self, desk: &Desk, command: &Command) -> Result<(), Failure> {
        if command.kind != CommandKind::DoorOpen {
            return Err(Failure::new(format!("{} is no command that is known here", command.kind)));
        }
        let reader = command.reader_id.ok_or_else(|| Failure::new("the command names no reader"))?;
        if !self.allowed.allows(reader) {
            return Err(Failure::new(format!("reader {reader} is not in door.allow")));
        }
        if !self.sides.pac.is_connected() {
            return Err(Failure::new("PAC is not connected"));
        }
        if command.is_over(desk.clock().now().fixed_offset()) {
            return Err(Failure::new("the command came too late"));
        }
        let session = self.sides.pac().await?;
        if !session.supports(Capability::DoorOpen) {
            return Err(Failure::new("PAC gives this client no right to open doors"));
        }
        let astrow = self.sides.astrow().await?;
        astrow.command_result(command.id, CommandState::new(CommandWord::InProgress)).await?;
        let by = command.requested_by.as_deref().unwrap_or("somebody");
        let why = DoorReason::new(format!("astrow:{by}")).because("ordered in Astrow");
        session.open_door(ReaderId::new(reader), SECONDS, why, WriteOpts::new(command.id)).await?;
        Ok(())
    }

    async fn note(&self, desk: &Desk, command: &Command, message: &str) -> Result<(), Failure> {
        let entry = AuditEntry {
            at: desk.clock().now(),
            actor: format!("astrow:{}", command.requested_by.as_deref().unwrap_or("somebody")),
            pair: "door:astrow>pac".to_owned(),
            endpoint: self.sides.pac_name().to_string(),
            record: ExternalId::new(command.reader_id.map_or_else(|| "?".to_owned(), |id| id.to_string())),
            action: "command".to_owned(),
            field: None,
            old: None,
            new: None,
            reason: message.to_owned(),
            plan: None,
        };
        desk.journal().commit(Durability::D1, vec![Write::Audit(entry)]).await?;
        Ok(())
    }
}

#[async_trait]
impl Chore for Doors {
    fn name(&self) -> &'static str {
        "doors"
    }

    fn stage(&self) -> Stage {
        Stage::AfterLinks
    }

    /// Ends when something was ordered.
    async fn next(&self, desk: &Desk) {
        while self.ordered.lock().await.is_empty() {
            if let Err(failure) = self.ask(WAIT).await {
                tracing::debug!("commands cannot be asked for: {}", failure.message());
                desk.clock().sleep(PAUSE).await;
            }
        }
    }

    async fn run(&self, desk: &Desk) -> Result<ChoreReport, Failure> {
        let mut report = ChoreReport::default();
        let ordered = std::mem::take(&mut *self.ordered.lock().await);
        for command in ordered {
            let name = if self.obey(desk, &command).await? { "doors_opened" } else { "doors_refused" };
            report.count(name, 1);
        }
        Ok(report)
    }
}
