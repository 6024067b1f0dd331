//! Statements that SQLite runs.

use std::fmt::Write;
use std::sync::Arc;

use rusqlite::Statement as Prepared;
use rusqlite::types::Value;
use sqlparser::ast::{Expr, Statement};

use super::flow::set_variable;
use super::{KEPT, Run, Session};
use crate::sqlserver::errors::SqlError;
use crate::sqlserver::grants::Grants;
use crate::sqlserver::sql::convert::cast;
use crate::sqlserver::sql::ddl::{self, Definition};
use crate::sqlserver::sql::infer::Variables;
use crate::sqlserver::sql::plan::{self, Plan};
use crate::sqlserver::sql::types::SqlType;
use crate::sqlserver::sql::views;
use crate::sqlserver::wire::tokens::{Column, Part};

/// Rows as SQLite gives them.
#[derive(Debug, Default)]
struct Rows {
    names: Vec<String>,
    declared: Vec<Option<SqlType>>,
    values: Vec<Vec<Value>>,
}

impl Session {
    pub(super) fn sql(&mut self, statement: &Statement, text: &str, run: &mut Run) -> Result<(), SqlError> {
        let definition = {
            let catalogue = self.shared.catalogue();
            ddl::define(statement, &catalogue, self.shared.settings.case_matters)
        };
        if let Some(definition) = definition {
            return self.define(definition?, run);
        }
        let plan = self.plan(statement, text, run)?;
        self.perform(&plan, run)
    }

    fn define(&mut self, definition: Definition, run: &mut Run) -> Result<(), SqlError> {
        if !self.owner && !self.shared.grants().allows_database("CREATE TABLE") {
            return Err(SqlError::new(
                262,
                format!("CREATE TABLE permission denied in database '{}'.", self.shared.settings.database),
            ));
        }
        self.enter(true)?;
        for sql in &definition.sql {
            self.connection.execute_batch(sql).map_err(|error| self.sqlite(&error, None))?;
        }
        definition.change.apply(&mut self.shared.catalogue());
        self.facts().row_count = 0;
        run.parts.push(Part::Done(None));
        Ok(())
    }

    fn plan(&mut self, statement: &Statement, text: &str, run: &Run) -> Result<Arc<Plan>, SqlError> {
        let shared = Arc::clone(&self.shared);
        let catalogue = shared.catalogue();
        let mut key = format!("{} {:?} ", catalogue.version, self.options.identity_insert);
        for (name, sent) in &run.variables {
            let _ = write!(key, "{name} {} ", sent.kind);
        }
        key.push_str(text);
        if let Some(plan) = self.plans.get(&key) {
            return Ok(Arc::clone(plan));
        }
        let plan = plan::plan(statement, &catalogue, &run.variables, self.options.identity_insert.as_deref())?;
        let plan = Arc::new(plan);
        if self.plans.len() >= KEPT {
            self.plans.clear();
        }
        self.plans.insert(key, Arc::clone(&plan));
        Ok(plan)
    }

    fn perform(&mut self, plan: &Plan, run: &mut Run) -> Result<(), SqlError> {
        let rows = self.query(plan, &run.variables)?;
        if let Some(name) = &plan.target
            && self.options.identity_insert.as_deref() == Some(name)
        {
            self.follow_identity(name)?;
        }
        match rows {
            Fetched::Changed(count) => {
                self.facts().row_count = i64::try_from(count).unwrap_or(i64::MAX);
                if !self.options.nocount {
                    run.parts.push(Part::Done(Some(count)));
                }
            }
            Fetched::Rows(rows) if !plan.assigns.is_empty() => {
                self.facts().row_count = i64::try_from(rows.values.len()).unwrap_or(i64::MAX);
                let Some(last) = rows.values.into_iter().next_back() else { return Ok(()) };
                for (name, value) in plan.assigns.iter().zip(last) {
                    set_variable(run, name, value)?;
                }
            }
            Fetched::Rows(rows) => {
                self.facts().row_count = i64::try_from(rows.values.len()).unwrap_or(i64::MAX);
                let (columns, rows) = typed(plan, rows);
                run.parts.push(Part::Rows { columns, rows, counted: !self.options.nocount });
            }
        }
        Ok(())
    }

    fn query(&mut self, plan: &Plan, variables: &Variables) -> Result<Fetched, SqlError> {
        self.check_rights(plan)?;
        self.enter(plan.target.is_some())?;
        if plan.views {
            self.refresh_views()?;
        }
        let target = plan.target.as_deref();
        let fetched = self.fetch(plan, variables);
        fetched.map_err(|error| self.sqlite(&error, target))
    }

    fn fetch(&self, plan: &Plan, variables: &Variables) -> rusqlite::Result<Fetched> {
        let mut statement = self.connection.prepare_cached(&plan.sql)?;
        bind(&mut statement, variables)?;
        if !plan.rows {
            return Ok(Fetched::Changed(statement.raw_execute()? as u64));
        }
        let mut out = Rows::default();
        for column in statement.columns() {
            out.names.push(column.name().to_owned());
            out.declared.push(column.decl_type().and_then(SqlType::of_declared));
        }
        let count = out.names.len();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            out.values.push((0..count).map(|index| row.get(index)).collect::<rusqlite::Result<_>>()?);
        }
        Ok(Fetched::Rows(out))
    }

    fn check_rights(&self, plan: &Plan) -> Result<(), SqlError> {
        if self.owner {
            return Ok(());
        }
        let grants = self.shared.grants();
        match plan.rights.iter().find(|(right, table)| !grants.allows(right, table)) {
            None => Ok(()),
            Some((right, table)) => Err(SqlError::new(
                229,
                format!(
                    "The {right} permission was denied on the object '{table}', database '{}', schema 'dbo'.",
                    self.shared.settings.database
                ),
            )),
        }
    }

    fn refresh_views(&mut self) -> Result<(), SqlError> {
        let shared = Arc::clone(&self.shared);
        // The owner sees all whatever the login may.
        let grants = if self.owner { Grants::default() } else { shared.grants() };
        let catalogue = shared.catalogue();
        let version = catalogue.version.wrapping_mul(1000).wrapping_add(shared.grants_version());
        if self.views == Some(version) {
            return Ok(());
        }
        views::fill(&self.connection, &catalogue, &grants, &shared.settings.database)
            .map_err(|error| SqlError::from_sqlite(&error, &catalogue, None))?;
        self.views = Some(version);
        Ok(())
    }

    /// An identity that was given moves the counter on.
    fn follow_identity(&self, table: &str) -> Result<(), SqlError> {
        let column =
            self.shared.catalogue().table(table).and_then(|table| table.identity().map(|column| column.name.clone()));
        let Some(column) = column else { return Ok(()) };
        let sql = format!("SELECT max([{column}]) FROM [{table}]");
        let highest: Option<i64> =
            self.connection.query_row(&sql, [], |row| row.get(0)).map_err(|error| self.sqlite(&error, None))?;
        self.shared.raise_identity(table, highest.unwrap_or_default());
        Ok(())
    }

    /// The value of an expression.
    pub(super) fn value(&mut self, expression: &Expr, run: &mut Run) -> Result<Value, SqlError> {
        self.one(expression, false, run)
    }

    /// Whether a condition holds.
    pub(super) fn holds(&mut self, condition: &Expr, run: &mut Run) -> Result<bool, SqlError> {
        Ok(self.one(condition, true, run)? == Value::Integer(1))
    }

    fn one(&mut self, expression: &Expr, condition: bool, run: &mut Run) -> Result<Value, SqlError> {
        let plan = {
            let catalogue = self.shared.catalogue();
            plan::value_of(expression, condition, &catalogue, &run.variables)?
        };
        // A value without a table needs no lock.
        let fetched = if plan.rights.is_empty() && !plan.views {
            self.fetch(&plan, &run.variables).map_err(|error| self.sqlite(&error, None))?
        } else {
            self.query(&plan, &run.variables)?
        };
        let Fetched::Rows(rows) = fetched else { return Ok(Value::Null) };
        Ok(rows.values.into_iter().next().and_then(|row| row.into_iter().next()).unwrap_or(Value::Null))
    }

    /// An error of SQLite as SQL Server numbers it.
    pub(super) fn sqlite(&self, error: &rusqlite::Error, table: Option<&str>) -> SqlError {
        let mut found = SqlError::from_sqlite(error, &self.shared.catalogue(), table);
        if found.number == 2628 && self.shared.settings.old_length_error {
            found = SqlError::new(8152, "String or binary data would be truncated.");
        }
        found
    }
}

/// What a statement gave.
enum Fetched {
    Rows(Rows),
    Changed(u64),
}

fn bind(statement: &mut Prepared<'_>, variables: &Variables) -> rusqlite::Result<()> {
    for index in 1..=statement.parameter_count() {
        let name = statement.parameter_name(index).unwrap_or_default().to_lowercase();
        let value = variables.get(&name).map_or(Value::Null, |sent| sent.value.clone());
        statement.raw_bind_parameter(index, value)?;
    }
    Ok(())
}

/// Rows with the names and types that SQL Server would give their columns.
fn typed(plan: &Plan, fetched: Rows) -> (Vec<Column>, Vec<Vec<Value>>) {
    let Rows { names, declared, values: mut rows } = fetched;
    let mut columns = Vec::new();
    for (index, name) in names.into_iter().enumerate() {
        let planned = if plan.wildcard { None } else { plan.columns.get(index) };
        let known = planned.and_then(|column| column.kind).or(declared.get(index).copied().flatten());
        let kind = match known {
            Some(kind) if fits(kind, index, &rows) => kind,
            _ => by_value(index, &rows),
        };
        for row in &mut rows {
            if let Some(value) = row.get_mut(index) {
                *value = cast(std::mem::replace(value, Value::Null), kind).unwrap_or(Value::Null);
            }
        }
        columns.push(Column { name: planned.map_or(name, |column| column.name.clone()), kind });
    }
    (columns, rows)
}

fn fits(kind: SqlType, index: usize, rows: &[Vec<Value>]) -> bool {
    kind != SqlType::Null && rows.iter().filter_map(|row| row.get(index)).all(|value| cast(value.clone(), kind).is_ok())
}

/// A type for values that no rule has a type for.
fn by_value(index: usize, rows: &[Vec<Value>]) -> SqlType {
    let mut kind = SqlType::Int;
    for value in rows.iter().filter_map(|row| row.get(index)) {
        kind = match (kind, value) {
            (_, Value::Text(text)) if text.len() > 4000 => return SqlType::NVarChar(None),
            (_, Value::Text(_)) => SqlType::NVarChar(Some(4000)),
            (_, Value::Blob(_)) => return SqlType::VarBinary(None),
            (SqlType::Int | SqlType::BigInt, Value::Real(_)) => SqlType::Float,
            (SqlType::Int, Value::Integer(number)) if i32::try_from(*number).is_err() => SqlType::BigInt,
            (kind, _) => kind,
        };
    }
    kind
}
