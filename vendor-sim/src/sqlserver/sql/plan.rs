//! How a statement is run on SQLite.

use std::collections::BTreeSet;

use sqlparser::ast::{
    AssignmentTarget, Delete, Expr, FromTable, Ident, Insert, ObjectName, OutputClause, Query, Select, SelectItem,
    SetExpr, Statement, TableFactor, TableObject, TableWithJoins, Update, UpdateTableFromKind,
};
use sqlparser::dialect::MsSqlDialect;
use sqlparser::parser::Parser;

use super::catalogue::{Catalogue, Column, Table};
use super::convert::not_implicit;
use super::infer::{Scope, Variables, first_select};
use super::names::{self, last, quoted};
use super::rewrite::{Rewriter, Tables, assign, identity};
use super::types::{Family, SqlType};
use crate::sqlserver::errors::SqlError;

/// A statement, ready for SQLite.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "four things that are so or not so")]
pub(crate) struct Plan {
    pub(crate) sql: String,
    /// Names and types of the columns of its rows, where the rules say them.
    pub(crate) columns: Vec<Planned>,
    /// Whether the columns are as many as SQLite says, since a `*` is among them.
    pub(crate) wildcard: bool,
    /// Variables that take the values instead of an answer.
    pub(crate) assigns: Vec<String>,
    /// Rights it needs: what, on which table.
    pub(crate) rights: BTreeSet<(&'static str, String)>,
    /// The table that is changed.
    pub(crate) target: Option<String>,
    /// Whether it reads the server's own views.
    pub(crate) views: bool,
    /// Whether it reads with a lock.
    pub(crate) locks: bool,
    /// Whether it gives rows.
    pub(crate) rows: bool,
}

/// A column of rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Planned {
    pub(crate) name: String,
    pub(crate) kind: Option<SqlType>,
}

/// Plans a statement.
pub(crate) fn plan(
    statement: &Statement,
    catalogue: &Catalogue,
    variables: &Variables,
    identity_insert: Option<&str>,
) -> Result<Plan, SqlError> {
    let planner = Planner { catalogue, variables, identity_insert };
    match statement.clone() {
        Statement::Query(query) => planner.query(*query),
        Statement::Insert(insert) => planner.insert(insert),
        Statement::Update(update) => planner.update(update),
        Statement::Delete(delete) => planner.delete(delete),
        Statement::Merge { .. } => Err(SqlError::new(50_000, "the simulator knows no MERGE")),
        other => Err(SqlError::syntax(&other.to_string())),
    }
}

/// An expression as SQLite's query of one value.
pub(crate) fn value_of(
    expression: &Expr,
    condition: bool,
    catalogue: &Catalogue,
    variables: &Variables,
) -> Result<Plan, SqlError> {
    let planner = Planner { catalogue, variables, identity_insert: None };
    let scope = Scope::new(catalogue, variables);
    let kind = scope.kind(expression);
    let mut expression = expression.clone();
    let mut rewriter = Rewriter::new(scope, &planner);
    rewriter.rewrite(&mut expression)?;
    let sql = if condition {
        format!("SELECT CASE WHEN {expression} THEN 1 ELSE 0 END")
    } else {
        format!("SELECT {expression}")
    };
    let mut plan = Plan {
        sql,
        columns: vec![Planned { name: String::new(), kind }],
        views: rewriter.views,
        locks: rewriter.locks,
        rows: true,
        ..Plan::default()
    };
    plan.reads(rewriter.reads, None);
    Ok(plan)
}

impl Plan {
    fn reads(&mut self, reads: BTreeSet<String>, but: Option<&str>) {
        for table in reads.into_iter().filter(|table| Some(table.as_str()) != but) {
            self.rights.insert(("SELECT", table));
        }
    }
}

#[derive(Debug)]
struct Planner<'a> {
    catalogue: &'a Catalogue,
    variables: &'a Variables,
    identity_insert: Option<&'a str>,
}

impl Tables for Planner<'_> {
    fn has_table(&self, name: &str) -> bool {
        self.catalogue.table(name).is_some()
    }

    fn has_variable(&self, name: &str) -> bool {
        self.variables.contains_key(name)
    }
}

impl<'a> Planner<'a> {
    fn scope(&self) -> Scope<'a> {
        Scope::new(self.catalogue, self.variables)
    }

    fn query(&self, mut query: Query) -> Result<Plan, SqlError> {
        let mut plan = Plan { rows: true, ..Plan::default() };
        let kinds = self.scope().query(&query);
        if let Some(select) = first_select(&query) {
            plan.wildcard = has_wildcard(&select.projection);
            plan.columns = columns(&select.projection, &kinds);
        }
        if let SetExpr::Select(select) = query.body.as_mut() {
            plan.assigns = assignments(select)?;
            if select.into.is_some() {
                return Err(SqlError::new(50_000, "the simulator knows no SELECT INTO"));
            }
        }
        let mut rewriter = Rewriter::new(self.scope(), self);
        rewriter.rewrite(&mut query)?;
        plan.views = rewriter.views;
        plan.locks = rewriter.locks;
        plan.reads(rewriter.reads, None);
        plan.sql = query.to_string();
        Ok(plan)
    }

    fn target(&self, name: &ObjectName) -> Result<&'a Table, SqlError> {
        self.catalogue.table(last(name)).ok_or_else(|| {
            SqlError::new(208, format!("Invalid object name '{}'.", name.to_string().replace(['[', ']'], "")))
        })
    }

    fn insert(&self, mut insert: Insert) -> Result<Plan, SqlError> {
        let TableObject::TableName(name) = &mut insert.table else { return Err(SqlError::syntax("INSERT")) };
        let table = self.target(name)?;
        *name = ObjectName::from(vec![quoted(&table.name)]);
        let target = table.name.to_lowercase();
        let mut plan = Plan { target: Some(target.clone()), ..Plan::default() };
        plan.rights.insert(("INSERT", target.clone()));
        self.output(insert.output.take(), table, &mut plan, &mut insert.returning)?;
        let columns = insert_columns(&insert, table)?;
        insert.columns = columns.iter().map(|column| ObjectName::from(vec![quoted(&column.name)])).collect();
        let makes_identity = self.makes_identity(table, &columns)?;
        if makes_identity {
            let added = table.identity().map(|column| ObjectName::from(vec![quoted(&column.name)]));
            insert.columns.extend(added);
        }
        let mut source = insert.source.take();
        if let Some(source) = source.as_mut() {
            gather(source, columns.len())?;
            self.assigned(&mut source.body, table, &columns, makes_identity)?;
        } else if makes_identity {
            // Defaults alone: the identity is the one value to give.
            return Ok(Plan {
                sql: format!(
                    "INSERT INTO {} ({}) VALUES ({})",
                    quoted(&table.name),
                    names::bracketed(&table.identity().map(|column| column.name.clone()).unwrap_or_default()),
                    identity(&table.name)
                ),
                ..plan
            });
        }
        insert.source = source;
        let mut statement = Statement::Insert(insert);
        let mut rewriter = Rewriter::new(self.scope().with_table(&table.name, &table.name), self);
        // The target itself is no read, unless the source reads it.
        let reads_target = match &statement {
            Statement::Insert(insert) => insert.source.as_ref().is_some_and(|source| mentions(source, &table.name)),
            _ => false,
        };
        rewriter.rewrite(&mut statement)?;
        plan.locks = rewriter.locks;
        plan.views = rewriter.views;
        plan.reads(rewriter.reads, (!reads_target).then_some(target.as_str()));
        plan.sql = statement.to_string();
        Ok(plan)
    }

    /// Whether the identity column gets its next value.
    fn makes_identity(&self, table: &Table, columns: &[&Column]) -> Result<bool, SqlError> {
        let given = columns.iter().any(|column| column.identity);
        let allowed = self.identity_insert.is_some_and(|name| name.eq_ignore_ascii_case(&table.name));
        if given && !allowed {
            return Err(SqlError::new(
                544,
                format!(
                    "Cannot insert explicit value for identity column in table '{}' when IDENTITY_INSERT is set to OFF.",
                    table.name
                ),
            ));
        }
        Ok(table.identity().is_some() && !given)
    }

    /// Each value becomes one of its column's type.
    fn assigned(
        &self,
        body: &mut SetExpr,
        table: &Table,
        columns: &[&Column],
        makes_identity: bool,
    ) -> Result<(), SqlError> {
        match body {
            SetExpr::Values(values) => {
                for row in &mut values.rows {
                    self.assigned_row(&mut row.content, table, columns, makes_identity)?;
                }
            }
            SetExpr::Select(select) => {
                if has_wildcard(&select.projection) {
                    return Ok(());
                }
                let mut row: Vec<Expr> = select.projection.drain(..).filter_map(expression_of).collect();
                self.assigned_row(&mut row, table, columns, makes_identity)?;
                select.projection = row.into_iter().map(SelectItem::UnnamedExpr).collect();
            }
            SetExpr::Query(query) => self.assigned(&mut query.body, table, columns, makes_identity)?,
            SetExpr::SetOperation { left, right, .. } => {
                self.assigned(left, table, columns, makes_identity)?;
                self.assigned(right, table, columns, makes_identity)?;
            }
            other => return Err(SqlError::syntax(&other.to_string())),
        }
        Ok(())
    }

    fn assigned_row(
        &self,
        row: &mut Vec<Expr>,
        table: &Table,
        columns: &[&Column],
        makes_identity: bool,
    ) -> Result<(), SqlError> {
        if row.len() != columns.len() {
            return Err(SqlError::new(110, "The number of columns in INSERT is not the number of values given."));
        }
        for (value, column) in row.iter_mut().zip(columns) {
            *value = self.assigned_value(value, table, column)?;
        }
        if makes_identity {
            row.push(identity(&table.name));
        }
        Ok(())
    }

    fn assigned_value(&self, value: &Expr, table: &Table, column: &Column) -> Result<Expr, SqlError> {
        if let Some(kind) = self.scope().kind(value)
            && kind.family() == Family::Text
            && column.kind.family() == Family::Binary
        {
            return Err(not_implicit(kind.name(), column.kind));
        }
        Ok(assign(value.clone(), &column.kind.to_string(), &format!("{}.{}", table.name, column.name)))
    }

    fn update(&self, mut update: Update) -> Result<Plan, SqlError> {
        resolve_target(&mut update);
        let TableFactor::Table { name, alias, .. } = &update.table.relation else {
            return Err(SqlError::syntax("UPDATE"));
        };
        let table = self.target(name)?;
        let alias = alias.as_ref().map_or(table.name.as_str(), |alias| alias.name.value.as_str()).to_owned();
        let target = table.name.to_lowercase();
        let mut plan = Plan { target: Some(target.clone()), ..Plan::default() };
        plan.rights.insert(("UPDATE", target.clone()));
        if update.selection.is_some() {
            plan.rights.insert(("SELECT", target.clone()));
        }
        self.output(update.output.take(), table, &mut plan, &mut update.returning)?;
        for assignment in &mut update.assignments {
            let AssignmentTarget::ColumnName(name) = &mut assignment.target else {
                return Err(SqlError::syntax("SET"));
            };
            let column = column_of(table, last(name))?;
            if column.identity {
                return Err(SqlError::new(8102, format!("Cannot update identity column '{}'.", column.name)));
            }
            *name = ObjectName::from(vec![quoted(&column.name)]);
            assignment.value = self.assigned_value(&assignment.value, table, column)?;
        }
        let from: Vec<TableWithJoins> = match &update.from {
            Some(UpdateTableFromKind::AfterSet(from) | UpdateTableFromKind::BeforeSet(from)) => from.clone(),
            None => Vec::new(),
        };
        let mut statement = Statement::Update(update);
        let scope = self.scope().with_table(&alias, &table.name).with_from(&from);
        self.finish(&mut statement, scope, &mut plan, &target)?;
        Ok(plan)
    }

    fn delete(&self, mut delete: Delete) -> Result<Plan, SqlError> {
        let from = match &delete.from {
            FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from) => from.clone(),
        };
        let [TableWithJoins { relation: TableFactor::Table { name, alias, .. }, joins }] = from.as_slice() else {
            return Err(SqlError::new(50_000, "the simulator deletes from one table"));
        };
        if !joins.is_empty() {
            return Err(SqlError::new(50_000, "the simulator deletes from one table"));
        }
        let table = self.target(name)?;
        let alias = alias.as_ref().map_or(table.name.as_str(), |alias| alias.name.value.as_str()).to_owned();
        let target = table.name.to_lowercase();
        let mut plan = Plan { target: Some(target.clone()), ..Plan::default() };
        plan.rights.insert(("DELETE", target.clone()));
        if delete.selection.is_some() {
            plan.rights.insert(("SELECT", target.clone()));
        }
        self.output(delete.output.take(), table, &mut plan, &mut delete.returning)?;
        delete.tables.clear();
        delete.from = FromTable::WithFromKeyword(from);
        let mut statement = Statement::Delete(delete);
        let scope = self.scope().with_table(&alias, &table.name);
        self.finish(&mut statement, scope, &mut plan, &target)?;
        Ok(plan)
    }

    fn finish(
        &self,
        statement: &mut Statement,
        scope: Scope<'a>,
        plan: &mut Plan,
        target: &str,
    ) -> Result<(), SqlError> {
        let mut rewriter = Rewriter::new(scope, self);
        rewriter.rewrite(statement)?;
        plan.locks = rewriter.locks;
        plan.views = rewriter.views;
        plan.reads(rewriter.reads, Some(target));
        plan.sql = statement.to_string();
        Ok(())
    }

    /// `OUTPUT` becomes `RETURNING`.
    fn output(
        &self,
        output: Option<OutputClause>,
        table: &Table,
        plan: &mut Plan,
        returning: &mut Option<Vec<SelectItem>>,
    ) -> Result<(), SqlError> {
        let Some(OutputClause::Output { mut select_items, into_table, .. }) = output else { return Ok(()) };
        if into_table.is_some() {
            return Err(SqlError::new(50_000, "the simulator knows no OUTPUT INTO"));
        }
        if !table.triggers.is_empty() {
            return Err(SqlError::new(
                334,
                format!(
                    "The target table '{}' of the DML statement cannot have any enabled triggers if the statement contains an OUTPUT clause without INTO clause.",
                    table.name
                ),
            ));
        }
        let scope = self.scope().with_table("inserted", &table.name).with_table("deleted", &table.name);
        let kinds: Vec<_> = select_items
            .iter()
            .map(|item| match item {
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => scope.kind(expr),
                _ => None,
            })
            .collect();
        plan.rows = true;
        plan.wildcard = has_wildcard(&select_items);
        plan.columns = columns(&select_items, &kinds);
        for item in &mut select_items {
            let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = item else { continue };
            if let Expr::CompoundIdentifier(parts) = expr
                && let Some(column) = parts.pop()
            {
                *expr = Expr::Identifier(column);
            }
        }
        if plan.wildcard {
            select_items = vec![SelectItem::Wildcard(sqlparser::ast::WildcardAdditionalOptions::default())];
        }
        *returning = Some(select_items);
        Ok(())
    }
}

fn insert_columns<'t>(insert: &Insert, table: &'t Table) -> Result<Vec<&'t Column>, SqlError> {
    if insert.columns.is_empty() {
        return Ok(table.columns.iter().filter(|column| !column.identity).collect());
    }
    insert.columns.iter().map(|name| column_of(table, last(name))).collect()
}

fn column_of<'t>(table: &'t Table, name: &str) -> Result<&'t Column, SqlError> {
    table.column(name).ok_or_else(|| SqlError::new(207, format!("Invalid column name '{name}'.")))
}

fn has_wildcard(projection: &[SelectItem]) -> bool {
    projection.iter().any(|item| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..)))
}

fn expression_of(item: SelectItem) -> Option<Expr> {
    match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    }
}

/// Rows that are compared with one another become a table of their own, so that what is added to each does not count.
fn gather(query: &mut Query, columns: usize) -> Result<(), SqlError> {
    let compared = match query.body.as_ref() {
        SetExpr::Select(select) => select.distinct.is_some(),
        SetExpr::SetOperation { .. } => true,
        _ => false,
    };
    if !compared {
        return Ok(());
    }
    let names: Vec<String> = (0..columns).map(|number| format!("c{number}")).collect();
    let text = format!("SELECT {} FROM (SELECT 1) AS tsql_source", names.join(", "));
    let wrapper = Parser::parse_sql(&MsSqlDialect {}, &text).ok().and_then(|statements| statements.into_iter().next());
    let Some(Statement::Query(mut wrapper)) = wrapper else { return Err(SqlError::syntax("INSERT")) };
    name_columns(&mut query.body, &names);
    if let SetExpr::Select(outer) = wrapper.body.as_mut()
        && let Some(TableFactor::Derived { subquery, .. }) = outer.from.first_mut().map(|table| &mut table.relation)
    {
        std::mem::swap(subquery.as_mut(), query);
        std::mem::swap(query, wrapper.as_mut());
    }
    Ok(())
}

/// Gives the columns of a query names.
fn name_columns(body: &mut SetExpr, names: &[String]) {
    match body {
        SetExpr::Select(select) => {
            let expressions = std::mem::take(&mut select.projection).into_iter().filter_map(expression_of);
            let aliased = |(expr, name)| SelectItem::ExprWithAlias { expr, alias: Ident::new(name) };
            select.projection = expressions.zip(names).map(aliased).collect();
        }
        SetExpr::SetOperation { left, .. } => name_columns(left, names),
        SetExpr::Query(query) => name_columns(&mut query.body, names),
        _ => {}
    }
}

/// `SELECT @a = x`: the variables, and the select without them.
fn assignments(select: &mut Select) -> Result<Vec<String>, SqlError> {
    let mut variables = Vec::new();
    for item in &mut select.projection {
        match item {
            SelectItem::ExprWithAlias { expr, alias } if alias.value.starts_with('@') => {
                variables.push(alias.value.to_lowercase());
                *item = SelectItem::UnnamedExpr(expr.clone());
            }
            SelectItem::UnnamedExpr(Expr::BinaryOp { left, op: sqlparser::ast::BinaryOperator::Eq, right }) => {
                let Expr::Identifier(ident) = left.as_ref() else { continue };
                if ident.value.starts_with('@') {
                    variables.push(ident.value.to_lowercase());
                    *item = SelectItem::UnnamedExpr(right.as_ref().clone());
                }
            }
            _ => {}
        }
    }
    if variables.is_empty() || variables.len() == select.projection.len() {
        return Ok(variables);
    }
    Err(SqlError::new(
        141,
        "A SELECT statement that assigns a value to a variable must not be combined with data retrieval.",
    ))
}

/// Names and types of columns.
fn columns(projection: &[SelectItem], kinds: &[Option<SqlType>]) -> Vec<Planned> {
    projection
        .iter()
        .enumerate()
        .map(|(number, item)| {
            let kind = kinds.get(number).copied().flatten();
            let name = match item {
                SelectItem::ExprWithAlias { alias, .. } => alias.value.clone(),
                SelectItem::UnnamedExpr(Expr::Identifier(ident)) if !ident.value.starts_with('@') => {
                    ident.value.clone()
                }
                SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => {
                    parts.last().map(|ident| ident.value.clone()).unwrap_or_default()
                }
                _ => String::new(),
            };
            Planned { name, kind }
        })
        .collect()
}

/// `UPDATE e … FROM t AS e`: the target is what the alias stands for.
fn resolve_target(update: &mut Update) {
    let TableFactor::Table { name, .. } = &update.table.relation else { return };
    let target = last(name).to_lowercase();
    let Some(UpdateTableFromKind::AfterSet(from)) = &mut update.from else { return };
    let found = from.iter().position(|table| {
        matches!(&table.relation, TableFactor::Table { alias: Some(alias), .. } if alias.name.value.to_lowercase() == target)
            || matches!(&table.relation, TableFactor::Table { name, alias: None, .. } if last(name).to_lowercase() == target)
    });
    if let Some(found) = found
        && from.get(found).is_some_and(|table| table.joins.is_empty())
    {
        update.table = from.remove(found);
        if from.is_empty() {
            update.from = None;
        }
    }
}

/// Whether a query reads a table by this name.
fn mentions(query: &Query, table: &str) -> bool {
    let text = query.to_string().to_lowercase().replace(['[', ']'], "");
    let table = table.to_lowercase();
    text.split(|sign: char| !(sign.is_alphanumeric() || sign == '_')).any(|word| word == table)
}
