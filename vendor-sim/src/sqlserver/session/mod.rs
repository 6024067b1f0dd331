//! A session: its options, its transaction, its statements.

pub(super) mod cancel;
pub(super) mod facts;
mod flow;
mod procedures;
mod statement;
mod transaction;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, InterruptHandle};

use self::cancel::Cancel;
use self::facts::Facts;
use self::transaction::Transaction;
use super::errors::SqlError;
use super::log::{Entry, Kind};
use super::sql::functions;
use super::sql::infer::Variables;
use super::sql::plan::Plan;
use super::sql::script::{Does, Script, Step as Statement};
use super::sql::split;
use super::state::Shared;
use super::wire::request::{Request, Step};
use super::wire::tokens::{Asked, Part, answer};

/// Longest wait for a lock when the session says that it waits for ever.
const FOR_EVER: Duration = Duration::from_mins(1);
/// How many read batches and planned statements a session keeps.
const KEPT: usize = 500;

/// What becomes of a request.
#[derive(Debug)]
pub(crate) enum Outcome {
    Answer(Vec<u8>),
    /// The connection is cut without an answer.
    Cut,
}

/// How a session behaves.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) xact_abort: bool,
    pub(crate) nocount: bool,
    /// Table whose identity may be given.
    pub(crate) identity_insert: Option<String>,
}

/// A session.
pub(crate) struct Session {
    id: i32,
    connection: Connection,
    shared: Arc<Shared>,
    facts: Arc<Mutex<Facts>>,
    options: Options,
    transaction: Option<Transaction>,
    cancel: Arc<Cancel>,
    scripts: HashMap<String, Arc<Script>>,
    plans: HashMap<String, Arc<Plan>>,
    /// Version of the catalogue that the server's own views show.
    views: Option<u64>,
    /// A session of the simulator's owner: no faults, no rights, no log.
    owner: bool,
    closing: bool,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What a request has brought so far.
#[derive(Debug, Default)]
pub(crate) struct Run {
    pub(crate) variables: Variables,
    pub(crate) parts: Vec<Part>,
    /// How many TRY blocks we are in.
    trying: usize,
    depth: usize,
}

impl Session {
    /// A session of a login.
    pub(crate) fn open(shared: &Arc<Shared>, user: &str, application: &str) -> anyhow::Result<Self> {
        Self::new(shared, user, application, false)
    }

    /// A session of the simulator's owner.
    pub(crate) fn of_owner(shared: &Arc<Shared>) -> anyhow::Result<Self> {
        Self::new(shared, "sa", "vendor-sim", true)
    }

    fn new(shared: &Arc<Shared>, user: &str, application: &str, owner: bool) -> anyhow::Result<Self> {
        let connection = shared.connect()?;
        let id = shared.next_session();
        let facts = Arc::new(Mutex::new(Facts::new(shared, id, user, application)));
        functions::register(&connection, &facts)?;
        connection.busy_timeout(FOR_EVER)?;
        connection.set_prepared_statement_cache_capacity(200);
        if !owner {
            shared.entered();
        }
        Ok(Self {
            id,
            shared: Arc::clone(shared),
            connection,
            facts,
            options: Options { xact_abort: false, nocount: false, identity_insert: None },
            transaction: None,
            cancel: Arc::default(),
            scripts: HashMap::new(),
            plans: HashMap::new(),
            views: None,
            owner,
            closing: false,
        })
    }

    pub(crate) fn cancel(&self) -> Arc<Cancel> {
        Arc::clone(&self.cancel)
    }

    pub(crate) fn interrupt(&self) -> InterruptHandle {
        self.connection.get_interrupt_handle()
    }

    /// Whether the connection ends after this answer.
    pub(crate) fn is_closing(&self) -> bool {
        self.closing
    }

    /// Answers a request.
    pub(crate) fn request(&mut self, request: &Request) -> Outcome {
        self.cancel.reset();
        let (kind, text, parameters) = match request {
            Request::Batch(text) => (Kind::Batch, text.clone(), Vec::new()),
            Request::Call(call) => (Kind::Call, procedures::text_of(call), procedures::logged(call)),
            Request::Transaction(step) => (Kind::Transaction, transaction_text(step).to_owned(), Vec::new()),
            Request::Attention => return Outcome::Answer(Vec::new()),
        };
        let entry = (!self.owner).then(|| self.shared.log().add(Entry::new(self.id, kind, text, parameters)));
        let mut run = Run::default();
        let (asked, flow) = match request {
            Request::Batch(text) => (Asked::Batch, self.batch(text, &mut run)),
            Request::Call(call) => (Asked::Call, self.call(call, &mut run)),
            Request::Transaction(step) => (Asked::Batch, self.step_of_transaction(step, &mut run)),
            Request::Attention => (Asked::Batch, flow::Flow::Next),
        };
        if self.cancel.is_rung() && self.options.xact_abort {
            self.roll_back_all(&mut run);
        }
        if let Some(entry) = entry {
            let error = run.parts.iter().find_map(|part| match part {
                Part::Error(error) => Some(error.number),
                _ => None,
            });
            self.shared.log().finish(entry, error, flow == flow::Flow::Cut);
        }
        if flow == flow::Flow::Cut {
            return Outcome::Cut;
        }
        Outcome::Answer(answer(&run.parts, asked, &self.shared.settings.server_name))
    }

    /// Runs a batch for the simulator's owner.
    pub(crate) fn run(&mut self, text: &str) -> Result<Vec<Part>, SqlError> {
        let mut run = Run::default();
        self.batch(text, &mut run);
        match run.parts.iter().find_map(|part| if let Part::Error(error) = part { Some(error.clone()) } else { None }) {
            Some(error) => Err(error),
            None => Ok(run.parts),
        }
    }

    fn batch(&mut self, text: &str, run: &mut Run) -> flow::Flow {
        let flow = match self.script(text) {
            Ok(script) => self.list(&script, run).unwrap_or(flow::Flow::Abort),
            // A batch that cannot be read does nothing at all.
            Err(error) => {
                run.parts.push(Part::Error(error));
                flow::Flow::Abort
            }
        };
        self.end_of_batch(run);
        flow
    }

    fn script(&mut self, text: &str) -> Result<Arc<Script>, SqlError> {
        if let Some(script) = self.scripts.get(text) {
            return Ok(Arc::clone(script));
        }
        let script = Arc::new(split::read(text)?);
        if self.scripts.len() >= KEPT {
            self.scripts.clear();
        }
        self.scripts.insert(text.to_owned(), Arc::clone(&script));
        Ok(script)
    }

    fn step_of_transaction(&mut self, step: &Step, run: &mut Run) -> flow::Flow {
        let does = match step {
            Step::Begin => Does::Begin,
            Step::Commit => Does::Commit,
            Step::Rollback(name) => Does::Rollback((!name.is_empty()).then(|| name.clone())),
            Step::Save(name) => Does::Save(name.clone()),
        };
        let statement = Statement { text: transaction_text(step).to_owned(), line: 1, does };
        self.list(&[statement], run).unwrap_or(flow::Flow::Abort)
    }

    fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.shared.locks.release_session(self.id);
        if !self.owner {
            self.shared.left();
        }
    }
}

fn transaction_text(step: &Step) -> &'static str {
    match step {
        Step::Begin => "BEGIN TRANSACTION",
        Step::Commit => "COMMIT TRANSACTION",
        Step::Rollback(_) => "ROLLBACK TRANSACTION",
        Step::Save(_) => "SAVE TRANSACTION",
    }
}
