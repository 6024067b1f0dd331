//! Doors that somebody opens from Astrow: once, or not at all.

use std::sync::Arc;
use std::time::Duration;

use astrow_client::model::{AstrowCapability, Command, CommandKind, CommandState, CommandWord};
use async_trait::async_trait;
use pac_oem::model::{Capability, DoorReason, PacSession, ReaderId, WriteOpts};
use sync_core::journal::{AuditEntry, Durability, Write};
use sync_core::model::ExternalId;
use sync_service::{Chore, ChoreReport, Desk, Failure, Stage, Trouble};
use tokio::sync::Mutex;
use tokio::time::timeout;
use uuid::Uuid;

use super::config::Allowed;
use super::{LONGEST_PAUSE, Sides};

/// For how long Astrow is asked to wait for a command.
const WAIT: Duration = Duration::from_secs(25);
/// Distance to the next question after one that failed.
const PAUSE: Duration = Duration::from_secs(5);
/// A door stays released for this long.
const SECONDS: u16 = 5;
/// A connection to PAC that takes longer is none.
const CONNECT: Duration = Duration::from_secs(5);
/// Characters of a label in PAC.
const LABEL: usize = 64;
/// An answer that Astrow does not take is given up after so many tries.
const TRIES: u32 = 60;

/// Carries out what somebody ordered in Astrow.
#[derive(Debug)]
pub(super) struct Doors {
    sides: Arc<Sides>,
    allowed: Allowed,
    /// Handed out by Astrow, which hands out each of them once.
    ordered: Mutex<Vec<Command>>,
    /// What Astrow could not be told yet.
    untold: Mutex<Vec<Answer>>,
}

/// How a command went.
#[derive(Debug)]
struct Answer {
    command: Uuid,
    state: CommandState,
    tries: u32,
}

impl Doors {
    pub(super) fn new(sides: Arc<Sides>, allowed: Allowed) -> Self {
        Self { sides, allowed, ordered: Mutex::default(), untold: Mutex::default() }
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

    /// Does what one command asks for, and tells Astrow how it went. Whatever fails, others go on.
    async fn obey(&self, desk: &Desk, command: &Command, report: &mut ChoreReport) {
        let (word, message) = match self.opened(desk, command).await {
            Ok(()) => (CommandWord::Done, format!("released for {SECONDS} s")),
            Err(failure) => (CommandWord::Failed, failure.message().to_owned()),
        };
        report.count(if word == CommandWord::Done { "doors_opened" } else { "doors_refused" }, 1);
        if let Err(failure) = self.note(desk, command, &message).await {
            report.troubles.push(Trouble::new(format!("record of command {}", command.id), failure.message()));
        }
        let state = CommandState::new(word).with_message(message);
        self.tell(Answer { command: command.id, state, tries: 0 }, report).await;
    }

    /// Tells Astrow how a command went; one that cannot be told is kept.
    async fn tell(&self, mut answer: Answer, report: &mut ChoreReport) {
        let told = match self.sides.astrow().await {
            Err(failure) => Err((failure.message().to_owned(), true)),
            Ok(session) => {
                let told = session.command_result(answer.command, answer.state.clone()).await;
                told.map_err(|error| (error.to_string(), error.is_transient() || error.may_have_been_applied()))
            }
        };
        let Err((error, again)) = told else { return };
        report.troubles.push(Trouble::new(format!("answer to command {}", answer.command), error));
        answer.tries += 1;
        if again && answer.tries < TRIES {
            self.untold.lock().await.push(answer);
        }
    }

    /// Once, and only while it is time. A row of the audit trail says so before.
    async fn opened(&self, desk: &Desk, command: &Command) -> Result<(), Failure> {
        let too_late = || Failure::new("the command came too late");
        let reader = self.allowed_reader(command)?;
        let left = command.expires_at.signed_duration_since(desk.clock().now()).to_std().map_err(|_| too_late())?;
        // Connecting, and telling Astrow, must not take longer than the command is good for.
        let session = timeout(left, self.prepare(desk, command)).await.map_err(|_| too_late())??;
        let why = DoorReason::new(operator(command)).because("ordered in Astrow");
        if command.is_over(desk.clock().now().fixed_offset()) {
            return Err(too_late());
        }
        session.open_door(ReaderId::new(reader), SECONDS, why, WriteOpts::new(command.id)).await?;
        Ok(())
    }

    fn allowed_reader(&self, command: &Command) -> Result<u32, Failure> {
        if command.kind != CommandKind::DoorOpen {
            return Err(Failure::new(format!("{} is no command that is known here", command.kind)));
        }
        let reader = command.reader_id.ok_or_else(|| Failure::new("the command names no reader"))?;
        if !self.allowed.allows(reader) {
            return Err(Failure::new(format!("reader {reader} is not in door.allow")));
        }
        Ok(reader)
    }

    async fn prepare(&self, desk: &Desk, command: &Command) -> Result<Arc<dyn PacSession>, Failure> {
        let away = |_| Failure::new("PAC is not connected");
        let session = timeout(CONNECT, self.sides.pac()).await.map_err(away)?;
        let session =
            session.map_err(|failure| Failure::new(format!("PAC is not connected: {}", failure.message())))?;
        if !session.supports(Capability::DoorOpen) {
            return Err(Failure::new("PAC gives this client no right to open doors"));
        }
        self.note(desk, command, &format!("is to be released for {SECONDS} s")).await?;
        let astrow = self.sides.astrow().await?;
        astrow.command_result(command.id, CommandState::new(CommandWord::InProgress)).await?;
        Ok(session)
    }

    async fn note(&self, desk: &Desk, command: &Command, message: &str) -> Result<(), Failure> {
        let entry = AuditEntry {
            at: desk.clock().now(),
            actor: operator(command),
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
        Stage::Beside
    }

    fn longest_pause(&self) -> Duration {
        LONGEST_PAUSE
    }

    /// Ends when something was ordered, or an answer is to be told again.
    async fn next(&self, desk: &Desk) {
        if !self.untold.lock().await.is_empty() {
            return desk.clock().sleep(PAUSE).await;
        }
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
            self.obey(desk, &command, &mut report).await;
        }
        let untold = std::mem::take(&mut *self.untold.lock().await);
        for answer in untold {
            self.tell(answer, &mut report).await;
        }
        Ok(report)
    }
}

/// Who ordered it, as PAC's log and the audit trail name them: PAC takes labels of 64 characters.
fn operator(command: &Command) -> String {
    let by = command.requested_by.as_deref().unwrap_or("somebody");
    format!("astrow:{by}").chars().take(LABEL).collect()
}
