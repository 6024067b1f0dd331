//! Statements one after another: branches, errors, faults.

use rusqlite::types::Value;
use sqlparser::ast::Expr;

use super::{Run, Session};
use crate::sqlserver::errors::{Reach, SqlError};
use crate::sqlserver::faults::Action;
use crate::sqlserver::sql::convert::cast;
use crate::sqlserver::sql::script::{Does, Step};
use crate::sqlserver::sql::types::SqlType;
use crate::sqlserver::wire::tokens::Part;
use crate::sqlserver::wire::values::Sent;

/// How it goes on after a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    Next,
    Break,
    Continue,
    Return(i32),
    /// The batch ends.
    Abort,
    /// The connection is cut.
    Cut,
}

type Ran = Result<Flow, SqlError>;

impl Session {
    /// Runs statements; an error comes out only inside of TRY.
    pub(super) fn list(&mut self, steps: &[Step], run: &mut Run) -> Ran {
        for step in steps {
            match self.step(step, run)? {
                Flow::Next => {}
                other => return Ok(other),
            }
        }
        Ok(Flow::Next)
    }

    fn step(&mut self, step: &Step, run: &mut Run) -> Ran {
        if self.cancel.is_rung() {
            return Ok(Flow::Abort);
        }
        let now = self.shared.now();
        self.facts().now = now;
        let fault = if self.owner || !is_leaf(&step.does) { None } else { self.shared.fault(&step.text) };
        let ran = match fault {
            Some(Action::CutBefore) => return Ok(Flow::Cut),
            Some(Action::Error(number)) => Err(SqlError::injected(number)),
            Some(Action::Delay(time)) => {
                self.cancel.wait(time);
                self.does(step, run)
            }
            Some(Action::CutAfter) | None => self.does(step, run),
        };
        let flow = match ran {
            Ok(flow) => flow,
            Err(mut error) => {
                error.line = step.line + error.line - 1;
                if run.trying > 0 {
                    return Err(error);
                }
                self.report(error, run)
            }
        };
        Ok(if fault == Some(Action::CutAfter) { Flow::Cut } else { flow })
    }

    /// Tells the client of an error, and does to the transaction what the error does.
    fn report(&mut self, error: SqlError, run: &mut Run) -> Flow {
        {
            let mut facts = self.facts();
            facts.error = error.number;
            facts.row_count = 0;
        }
        let reach = error.reach();
        self.closing |= error.ends_session();
        run.parts.push(Part::Error(error));
        if reach == Reach::Transaction || self.options.xact_abort {
            self.roll_back_all(run);
            return Flow::Abort;
        }
        if reach == Reach::Batch { Flow::Abort } else { Flow::Next }
    }

    fn does(&mut self, step: &Step, run: &mut Run) -> Ran {
        match &step.does {
            Does::Sql(statement) => self.sql(statement, &step.text, run)?,
            Does::Nothing => {}
            Does::Declare(variables) => {
                for (name, kind, value) in variables {
                    let value = match value {
                        Some(value) => cast(self.value(value, run)?, *kind)?,
                        None => Value::Null,
                    };
                    run.variables.insert(name.clone(), Sent::new(*kind, value));
                }
            }
            Does::SetVariable(name, value) => {
                let value = self.value(value, run)?;
                set_variable(run, name, value)?;
                self.facts().row_count = 1;
            }
            Does::SetOption(name, value) => {
                self.set_option(name, value)?;
                run.parts.push(Part::Done(None));
            }
            Does::If { condition, then, otherwise } => {
                if self.holds(condition, run)? {
                    return self.step(then, run);
                }
                if let Some(otherwise) = otherwise {
                    return self.step(otherwise, run);
                }
            }
            Does::While { condition, body } => return self.repeat(condition, body, run),
            Does::Block(steps) => return self.list(steps, run),
            Does::Try { body, catch } => return self.attempt(body, catch, run),
            Does::Begin => self.begin(run),
            Does::Commit => self.commit(run)?,
            Does::Rollback(name) => self.roll_back(name.as_deref(), run)?,
            Does::Save(name) => self.save(name, run)?,
            Does::Execute(call) => return self.execute(call, run),
            Does::Print(value) => {
                let value = cast(self.value(value, run)?, SqlType::NVarChar(Some(4000)))?;
                let Value::Text(text) = value else { return Ok(Flow::Next) };
                run.parts.push(Part::Info(SqlError { number: 0, class: 0, state: 1, line: step.line, message: text }));
            }
            Does::Raise(arguments) => self.raise(arguments, run)?,
            Does::Throw(arguments) => return Err(self.thrown(arguments, run)?),
            Does::Return(value) => {
                let value = match value {
                    Some(value) => self.value(value, run)?,
                    None => Value::Integer(0),
                };
                let Value::Integer(value) = value else { return Ok(Flow::Return(0)) };
                return Ok(Flow::Return(i32::try_from(value).unwrap_or_default()));
            }
            Does::Break => return Ok(Flow::Break),
            Does::Continue => return Ok(Flow::Continue),
            Does::Use(database) => {
                if !database.eq_ignore_ascii_case(&self.shared.settings.database) {
                    return Err(SqlError::new(911, format!("Database '{database}' does not exist.")));
                }
            }
            Does::Trigger { name, table } => self.trigger(name, table.as_deref())?,
        }
        Ok(Flow::Next)
    }

    fn repeat(&mut self, condition: &Expr, body: &Step, run: &mut Run) -> Ran {
        while self.holds(condition, run)? {
            match self.step(body, run)? {
                Flow::Next | Flow::Continue => {}
                Flow::Break => break,
                other => return Ok(other),
            }
        }
        Ok(Flow::Next)
    }

    fn attempt(&mut self, body: &[Step], catch: &[Step], run: &mut Run) -> Ran {
        run.trying += 1;
        let ran = self.list(body, run);
        run.trying -= 1;
        let error = match ran {
            Ok(flow) => return Ok(flow),
            Err(error) => error,
        };
        if (error.reach() == Reach::Transaction || self.options.xact_abort)
            && let Some(transaction) = &mut self.transaction
        {
            transaction.spoiled = true;
            self.tell_transaction();
        }
        self.facts().error = error.number;
        let outer = self.facts().caught.replace(error);
        let ran = self.list(catch, run);
        self.facts().caught = outer;
        ran
    }

    fn raise(&mut self, arguments: &[Expr], run: &mut Run) -> Result<(), SqlError> {
        let mut values = Vec::new();
        for argument in arguments {
            values.push(self.value(argument, run)?);
        }
        let (number, message) = match values.first() {
            Some(Value::Text(text)) => (50_000, text.clone()),
            Some(Value::Integer(number)) => {
                (i32::try_from(*number).unwrap_or(50_000), "an error of the user".to_owned())
            }
            _ => (50_000, String::new()),
        };
        let small = |index: usize| match values.get(index) {
            Some(Value::Integer(number)) => u8::try_from(*number).unwrap_or(16),
            _ => 16,
        };
        let error = SqlError { number, class: small(1), state: small(2), line: 1, message };
        if error.class <= 10 {
            run.parts.push(Part::Info(error));
            return Ok(());
        }
        if run.trying > 0 {
            return Err(error);
        }
        // Such an error leaves the transaction alone, whatever the session's options say.
        self.facts().error = error.number;
        run.parts.push(Part::Error(error));
        Ok(())
    }

    fn thrown(&mut self, arguments: &[Expr], run: &mut Run) -> Result<SqlError, SqlError> {
        let [number, message, ..] = arguments else {
            let caught = self.facts().caught.clone();
            return Ok(caught.unwrap_or_else(|| SqlError::new(10_704, "THROW without an error to throw")));
        };
        let number = match self.value(number, run)? {
            Value::Integer(number) => i32::try_from(number).unwrap_or(50_000),
            _ => 50_000,
        };
        let Value::Text(message) = self.value(message, run)? else { return Ok(SqlError::new(number, "")) };
        Ok(SqlError::new(number, message))
    }

    fn set_option(&mut self, name: &str, value: &str) -> Result<(), SqlError> {
        let on = value.eq_ignore_ascii_case("on");
        match name {
            "XACT_ABORT" => self.options.xact_abort = on,
            "NOCOUNT" => self.options.nocount = on,
            "LOCK_TIMEOUT" => {
                let time: i64 = value.parse().map_err(|_| SqlError::syntax(value))?;
                self.facts().lock_timeout = time;
                let wait = u64::try_from(time).map_or(super::FOR_EVER, std::time::Duration::from_millis);
                self.connection.busy_timeout(wait).map_err(|error| self.sqlite(&error, None))?;
            }
            name if name.starts_with("IDENTITY_INSERT") => {
                let table = name.trim_start_matches("IDENTITY_INSERT").rsplit(['.', ' ']).next().unwrap_or_default();
                self.options.identity_insert = on.then(|| table.trim_matches(['[', ']']).to_lowercase());
            }
            _ => {}
        }
        self.facts().row_count = 0;
        Ok(())
    }

    /// What is left to do when a batch has ended.
    pub(super) fn end_of_batch(&mut self, run: &mut Run) {
        if self.transaction.as_ref().is_some_and(|transaction| transaction.spoiled) {
            run.parts.push(Part::Error(SqlError::new(
                3998,
                "An uncommittable transaction is rolled back at the end of the batch.",
            )));
            self.roll_back_all(run);
        }
    }

    fn trigger(&mut self, name: &str, table: Option<&str>) -> Result<(), SqlError> {
        let mut catalogue = self.shared.catalogue();
        if let Some(table) = table {
            let unknown = || SqlError::new(8197, format!("The object '{table}' does not exist."));
            catalogue.table_mut(table).ok_or_else(unknown)?.triggers.push(name.to_owned());
            return Ok(());
        }
        let tables: Vec<String> = catalogue.tables().map(|table| table.name.clone()).collect();
        for table in tables {
            if let Some(found) = catalogue.table_mut(&table) {
                found.triggers.retain(|trigger| !trigger.eq_ignore_ascii_case(name));
            }
        }
        Ok(())
    }
}

/// Whether a statement is one by itself, so that faults may meet it.
fn is_leaf(does: &Does) -> bool {
    matches!(
        does,
        Does::Sql(_)
            | Does::Begin
            | Does::Commit
            | Does::Rollback(_)
            | Does::Save(_)
            | Does::Execute(_)
            | Does::SetOption(..)
    )
}

/// Gives a variable a value of its type.
pub(super) fn set_variable(run: &mut Run, name: &str, value: Value) -> Result<(), SqlError> {
    let Some(variable) = run.variables.get_mut(name) else {
        return Err(SqlError::new(137, format!("Must declare the scalar variable \"{name}\".")));
    };
    variable.value = cast(value, variable.kind)?;
    Ok(())
}
