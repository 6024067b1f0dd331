//! Procedures: statements with parameters, and application locks.

use std::time::Duration;

use rusqlite::types::Value;

use super::flow::{Flow, set_variable};
use super::{Run, Session};
use crate::sqlserver::errors::SqlError;
use crate::sqlserver::locks::Mode;
use crate::sqlserver::log::LoggedParameter;
use crate::sqlserver::sql::convert::cast;
use crate::sqlserver::sql::infer::Variables;
use crate::sqlserver::sql::script::Execute;
use crate::sqlserver::sql::types::{Family, SqlType};
use crate::sqlserver::wire::request::Call;
use crate::sqlserver::wire::tokens::Part;
use crate::sqlserver::wire::values::Sent;

/// Deepest nesting of calls, as of SQL Server.
const DEEPEST: usize = 32;

/// An argument: its name in small letters with `@`, or empty, and its value.
type Arguments = Vec<(String, Sent)>;

/// The text that a call runs, or the procedure's name.
pub(super) fn text_of(call: &Call) -> String {
    match call.parameters.first().map(|parameter| &parameter.sent.value) {
        Some(Value::Text(text)) if is_executesql(&call.procedure) => text.clone(),
        _ => call.procedure.clone(),
    }
}

/// A call's parameters for the log, without the text and the types.
pub(super) fn logged(call: &Call) -> Vec<LoggedParameter> {
    let skip = if is_executesql(&call.procedure) { 2 } else { 0 };
    call.parameters
        .iter()
        .skip(skip)
        .map(|parameter| LoggedParameter::new(&parameter.name, parameter.sent.kind, &parameter.sent.value))
        .collect()
}

fn is_executesql(procedure: &str) -> bool {
    last_part(procedure).eq_ignore_ascii_case("sp_executesql")
}

fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name).trim_matches(['[', ']'])
}

impl Session {
    /// A call by itself, not out of a batch.
    pub(super) fn call(&mut self, call: &Call, run: &mut Run) -> Flow {
        let arguments: Arguments =
            call.parameters.iter().map(|parameter| (named(&parameter.name), parameter.sent.clone())).collect();
        let before = self.transaction_count();
        let flow = match self.procedure(&call.procedure, &arguments, run) {
            Ok((Flow::Cut, ..)) => return Flow::Cut,
            Ok((flow, status, variables)) => {
                for parameter in call.parameters.iter().filter(|parameter| parameter.output) {
                    if let Some(sent) = variables.get(&named(&parameter.name)) {
                        let (kind, value) = (sent.kind, sent.value.clone());
                        run.parts.push(Part::Returned { name: parameter.name.clone(), kind, value });
                    }
                }
                run.parts.push(Part::Status(status));
                flow
            }
            Err(error) => {
                run.parts.push(Part::Error(error.clone()));
                if error.reach() == crate::sqlserver::errors::Reach::Transaction || self.options.xact_abort {
                    self.roll_back_all(run);
                }
                Flow::Abort
            }
        };
        self.end_of_batch(run);
        self.check_count(before, run);
        flow
    }

    /// A call must leave as many transactions open as there were.
    fn check_count(&self, before: i64, run: &mut Run) {
        let after = self.transaction_count();
        let failed = run.parts.iter().any(|part| matches!(part, Part::Error(_)));
        if after != before && !failed {
            run.parts.push(Part::Error(SqlError::new(
                266,
                format!("Transaction count after EXECUTE indicates a mismatching number of BEGIN and COMMIT statements. Previous count = {before}, current count = {after}."),
            )));
        }
    }

    /// `EXECUTE` in a batch.
    pub(super) fn execute(&mut self, call: &Execute, run: &mut Run) -> Result<Flow, SqlError> {
        let mut arguments = Arguments::new();
        for argument in &call.arguments {
            let value = self.value(&argument.value, run)?;
            let kind = match &argument.value {
                sqlparser::ast::Expr::Identifier(ident) => {
                    run.variables.get(&ident.value.to_lowercase()).map(|sent| sent.kind)
                }
                _ => None,
            };
            let kind = kind.unwrap_or(match value {
                Value::Integer(_) => SqlType::BigInt,
                Value::Real(_) => SqlType::Float,
                Value::Blob(_) => SqlType::VarBinary(None),
                _ => SqlType::NVarChar(None),
            });
            arguments.push((argument.name.clone().unwrap_or_default(), Sent::new(kind, value)));
        }
        let (flow, status, variables) = self.procedure(&call.procedure, &arguments, run)?;
        for (argument, (name, _)) in call.arguments.iter().zip(&arguments).filter(|(argument, _)| argument.output) {
            if let (sqlparser::ast::Expr::Identifier(ident), Some(sent)) = (&argument.value, variables.get(name)) {
                set_variable(run, &ident.value.to_lowercase(), sent.value.clone())?;
            }
        }
        if let Some(into) = &call.into {
            set_variable(run, into, Value::Integer(i64::from(status)))?;
        }
        Ok(flow)
    }

    /// Runs a procedure: how it goes on, what it returned, and its variables.
    fn procedure(
        &mut self,
        name: &str,
        arguments: &Arguments,
        run: &mut Run,
    ) -> Result<(Flow, i32, Variables), SqlError> {
        match last_part(name).to_lowercase().as_str() {
            "sp_executesql" => self.execute_sql(arguments, run),
            "sp_getapplock" => Ok((Flow::Next, self.take_lock(arguments), Variables::new())),
            "sp_releaseapplock" => self.release_lock(arguments).map(|status| (Flow::Next, status, Variables::new())),
            "sp_reset_connection" | "sp_set_session_context" => Ok((Flow::Next, 0, Variables::new())),
            _ => Err(SqlError::new(2812, format!("Could not find stored procedure '{name}'."))),
        }
    }

    fn execute_sql(&mut self, arguments: &Arguments, run: &mut Run) -> Result<(Flow, i32, Variables), SqlError> {
        if run.depth >= DEEPEST {
            return Err(SqlError::new(217, "Maximum nesting level exceeded."));
        }
        let Some((_, Sent { value: Value::Text(text), .. })) = arguments.first() else {
            return Err(SqlError::new(214, "Procedure expects parameter '@statement' of type 'ntext/nchar/nvarchar'."));
        };
        let declared = match arguments.get(1) {
            Some((_, Sent { value: Value::Text(text), .. })) => declarations(text),
            _ => Vec::new(),
        };
        let variables = self.parameters(&declared, arguments.get(2..).unwrap_or_default())?;
        let script = self.script(text)?;
        let mut inner =
            Run { variables, parts: std::mem::take(&mut run.parts), trying: run.trying, depth: run.depth + 1 };
        let before = inner.parts.len();
        let ran = self.list(&script, &mut inner);
        run.parts = inner.parts;
        let failed = run.parts.iter().skip(before).find_map(|part| match part {
            Part::Error(error) => Some(error.number),
            _ => None,
        });
        let flow = match ran? {
            Flow::Return(_) => Flow::Next,
            other => other,
        };
        Ok((flow, failed.unwrap_or_default(), inner.variables))
    }

    /// The values by their declared types.
    fn parameters(
        &self,
        declared: &[(String, Option<SqlType>)],
        sent: &[(String, Sent)],
    ) -> Result<Variables, SqlError> {
        let mut variables = Variables::new();
        for (number, (name, value)) in sent.iter().enumerate() {
            let position = declared.get(number);
            let name =
                if name.is_empty() { position.map(|(name, _)| name.clone()).unwrap_or_default() } else { name.clone() };
            let kind = declared.iter().find(|(declared, _)| *declared == name).and_then(|(_, kind)| *kind);
            let kind = kind.unwrap_or(value.kind);
            if value.kind == SqlType::Null
                && self.shared.refuses_bare_nulls()
                && matches!(kind.family(), Family::Text | Family::Moment | Family::Binary | Family::Null)
            {
                return Err(SqlError::new(
                    8009,
                    format!("Parameter {} (\"{name}\"): a NULL without a type is not taken here.", number + 3),
                ));
            }
            variables.insert(name, Sent::new(kind, cast(value.value.clone(), kind)?));
        }
        for (name, kind) in declared {
            if !variables.contains_key(name) {
                return Err(SqlError::new(
                    8178,
                    format!(
                        "The parameterized query expects the parameter '{name}' ({}), which was not supplied.",
                        kind.is_some()
                    ),
                ));
            }
        }
        Ok(variables)
    }

    /// `sp_getapplock`: 0 taken, 1 taken after a wait, -1 timed out, -2 cancelled, -999 wrongly called.
    fn take_lock(&self, arguments: &Arguments) -> i32 {
        let argument = |name: &str, position: usize| argument(arguments, name, position);
        let Some(Value::Text(resource)) = argument("@resource", 0) else { return -999 };
        let Some(Value::Text(mode)) = argument("@lockmode", 1) else { return -999 };
        let Some(mode) = Mode::named(&mode) else { return -999 };
        let by_transaction = match argument("@lockowner", 2) {
            Some(Value::Text(owner)) => !owner.eq_ignore_ascii_case("session"),
            _ => true,
        };
        if by_transaction && self.transaction.is_none() {
            return -999;
        }
        let time = match argument("@locktimeout", 3) {
            Some(Value::Integer(time)) => time,
            _ => self.facts().lock_timeout,
        };
        let wait = u64::try_from(time).map_or(super::FOR_EVER, Duration::from_millis);
        self.shared.locks.take(self.id, &resource, mode, by_transaction, wait, &self.cancel)
    }

    fn release_lock(&self, arguments: &Arguments) -> Result<i32, SqlError> {
        let Some(Value::Text(resource)) = argument(arguments, "@resource", 0) else { return Ok(-999) };
        let by_transaction = match argument(arguments, "@lockowner", 1) {
            Some(Value::Text(owner)) => !owner.eq_ignore_ascii_case("session"),
            _ => true,
        };
        if self.shared.locks.release(self.id, &resource, by_transaction) {
            return Ok(0);
        }
        Err(SqlError::new(
            1223,
            format!("Cannot release the application lock '{resource}' because it is not currently held."),
        ))
    }
}

/// A name in small letters with its `@`; the first two of a statement's parameters have none.
fn named(name: &str) -> String {
    if name.is_empty() || name.starts_with('@') { name.to_lowercase() } else { format!("@{}", name.to_lowercase()) }
}

fn argument(arguments: &Arguments, name: &str, position: usize) -> Option<Value> {
    let by_name = arguments.iter().find(|(given, _)| given == name);
    let by_position = arguments.get(position).filter(|(given, _)| given.is_empty());
    by_name.or(by_position).map(|(_, sent)| sent.value.clone())
}

/// `@P1 int, @P2 nvarchar(50) OUTPUT` read.
fn declarations(text: &str) -> Vec<(String, Option<SqlType>)> {
    let mut depth = 0_usize;
    let mut parts = vec![String::new()];
    for sign in text.chars() {
        match sign {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(sign);
        }
    }
    parts
        .iter()
        .filter_map(|part| {
            let (name, kind) = part.trim().split_once(char::is_whitespace)?;
            let kind = kind.trim();
            let kind = kind.split_once(char::is_whitespace).map_or(kind, |(kind, _)| kind);
            Some((name.to_lowercase(), SqlType::parse(kind)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_read() {
        assert_eq!(
            declarations("@P1 int,@P2 numeric(10,2), @P3 nvarchar(4000) OUTPUT"),
            [
                ("@p1".to_owned(), Some(SqlType::Int)),
                ("@p2".to_owned(), Some(SqlType::Numeric(10, 2))),
                ("@p3".to_owned(), Some(SqlType::NVarChar(Some(4000))))
            ]
        );
        assert!(declarations("").is_empty());
    }
}
