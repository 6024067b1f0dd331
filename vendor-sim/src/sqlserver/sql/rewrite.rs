//! T-SQL becomes SQLite, on the syntax tree.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, CastKind, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments,
    Ident, LimitClause, ObjectName, ObjectNamePart, Offset, OffsetRows, Query, SetExpr, TableAlias, TableFactor,
    TopQuantity, UnaryOperator, Value, ValueWithSpan, VisitMut, VisitorMut,
};

use super::infer::{self, Scope};
use super::names;
use crate::sqlserver::errors::SqlError;

/// Hints by which a read takes a lock.
const LOCKING: [&str; 5] = ["updlock", "xlock", "holdlock", "serializable", "tablockx"];
/// Functions without parentheses.
const BARE: [&str; 5] = ["system_user", "current_user", "session_user", "user", "current_timestamp"];
/// Functions that ask the server about itself.
const FACTS: [&str; 31] = [
    "db_name",
    "db_id",
    "suser_sname",
    "suser_name",
    "original_login",
    "user_name",
    "schema_name",
    "object_id",
    "object_name",
    "col_length",
    "columnproperty",
    "objectproperty",
    "serverproperty",
    "databasepropertyex",
    "sessionproperty",
    "connectionproperty",
    "has_perms_by_name",
    "is_rolemember",
    "is_member",
    "is_srvrolemember",
    "xact_state",
    "applock_mode",
    "applock_test",
    "error_number",
    "error_message",
    "error_state",
    "error_severity",
    "error_line",
    "host_name",
    "app_name",
    "newid",
];

/// Rewrites one statement, and remembers what it met.
#[derive(Debug)]
pub(crate) struct Rewriter<'a> {
    scope: Scope<'a>,
    exists: &'a dyn Tables,
    ctes: BTreeSet<String>,
    /// Tables that are read.
    pub(crate) reads: BTreeSet<String>,
    /// Whether the server's own views are read.
    pub(crate) views: bool,
    /// Whether a read asks for a lock.
    pub(crate) locks: bool,
}

/// What tables there are, and what variables.
pub(crate) trait Tables: std::fmt::Debug {
    fn has_table(&self, name: &str) -> bool;
    fn has_variable(&self, name: &str) -> bool;
}

impl<'a> Rewriter<'a> {
    pub(crate) fn new(scope: Scope<'a>, exists: &'a dyn Tables) -> Self {
        Self { scope, exists, ctes: BTreeSet::new(), reads: BTreeSet::new(), views: false, locks: false }
    }

    /// Rewrites a part of a statement.
    pub(crate) fn rewrite<V: VisitMut>(&mut self, part: &mut V) -> Result<(), SqlError> {
        match part.visit(self) {
            ControlFlow::Break(error) => Err(error),
            ControlFlow::Continue(()) => Ok(()),
        }
    }

    fn expression(&mut self, expression: &mut Expr) -> Result<(), SqlError> {
        match expression {
            Expr::Identifier(ident) if ident.quote_style.is_none() => {
                let name = ident.value.to_lowercase();
                if name.starts_with("@@") {
                    *expression = call("tsql_global", vec![text(&name)]);
                } else if name.starts_with('@') {
                    if !self.exists.has_variable(&name) {
                        return Err(SqlError::new(
                            137,
                            format!("Must declare the scalar variable \"{}\".", ident.value),
                        ));
                    }
                    ident.value = name;
                } else if BARE.contains(&name.as_str()) {
                    *expression = bare(&name);
                }
            }
            Expr::CompoundIdentifier(parts) if parts.len() > 2 => {
                // Schema and database say nothing here.
                let keep = parts.len() - 2;
                parts.drain(..keep);
            }
            Expr::Function(function) => {
                if let Some(other) = rewritten(function)? {
                    *expression = other;
                }
            }
            Expr::Cast { kind, expr, data_type, .. } => {
                let tolerant = matches!(kind, CastKind::TryCast | CastKind::SafeCast);
                *expression = cast(take(expr), &data_type.to_string(), tolerant);
            }
            Expr::Convert { is_try, expr, data_type: Some(data_type), styles, .. } => {
                let iso = styles.first().is_some_and(|style| ["126", "127"].contains(&style.to_string().as_str()));
                let cast = cast(take(expr), &data_type.to_string(), *is_try);
                *expression = if iso { call("replace", vec![cast, text(" "), text("T")]) } else { cast };
            }
            Expr::BinaryOp { left, op, right } if *op == BinaryOperator::Plus && self.joins_texts(left, right) => {
                *op = BinaryOperator::StringConcat;
            }
            Expr::Collate { collation, .. } => {
                let exact = names::exact_collation(names::last(collation));
                let name = if exact { "BINARY" } else { super::functions::COLLATION };
                *collation = ObjectName(vec![ObjectNamePart::Identifier(Ident::new(name))]);
            }
            Expr::AtTimeZone { .. } => return Err(SqlError::new(50_000, "the simulator knows no AT TIME ZONE")),
            _ => {}
        }
        Ok(())
    }

    /// Whether a plus joins texts.
    fn joins_texts(&self, left: &Expr, right: &Expr) -> bool {
        [left, right].into_iter().any(|side| self.scope.is_text(side) || concatenates(side))
    }

    fn relation(&mut self, name: &mut ObjectName) -> Result<(), SqlError> {
        if let Some(view) = names::view(name) {
            self.views = true;
            *name = ObjectName(vec![ObjectNamePart::Identifier(Ident::new(view))]);
            return Ok(());
        }
        let last = names::last(name).to_owned();
        let known = last.starts_with("tsql_") || self.ctes.contains(&last.to_lowercase());
        if !known {
            if !self.exists.has_table(&last) {
                return Err(SqlError::new(208, format!("Invalid object name '{}'.", plain(name))));
            }
            self.reads.insert(last.to_lowercase());
        }
        *name = ObjectName(vec![ObjectNamePart::Identifier(names::quoted(&last))]);
        Ok(())
    }
}

impl VisitorMut for Rewriter<'_> {
    type Break = SqlError;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<SqlError> {
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.ctes.insert(cte.alias.name.value.to_lowercase());
        }
        query.for_clause = None;
        limit(query);
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut sqlparser::ast::Select) -> ControlFlow<SqlError> {
        self.scope = self.scope.clone().with_from(&select.from);
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<SqlError> {
        if let TableFactor::Table { name, alias, args, with_hints, .. } = factor {
            let hints = with_hints.drain(..).map(|hint| hint.to_string().to_lowercase());
            self.locks |= hints.into_iter().any(|hint| LOCKING.contains(&hint.as_str()));
            *args = None;
            if names::view(name).is_some() && alias.is_none() {
                *alias = Some(named(names::last(name)));
            }
        }
        ControlFlow::Continue(())
    }

    fn post_visit_relation(&mut self, name: &mut ObjectName) -> ControlFlow<SqlError> {
        flow(self.relation(name))
    }

    fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<SqlError> {
        flow(self.expression(expression))
    }

    fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<SqlError> {
        if let Value::NationalStringLiteral(text) = &mut value.value {
            value.value = Value::SingleQuotedString(std::mem::take(text));
        }
        ControlFlow::Continue(())
    }
}

fn flow(result: Result<(), SqlError>) -> ControlFlow<SqlError> {
    match result {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => ControlFlow::Break(error),
    }
}

/// `TOP` and `OFFSET … FETCH` become `LIMIT`.
fn limit(query: &mut Query) {
    let top = match query.body.as_mut() {
        SetExpr::Select(select) => select.top.take().and_then(|top| top.quantity),
        _ => None,
    };
    let fetch = query.fetch.take().and_then(|fetch| fetch.quantity);
    let limit = match (top, fetch) {
        (Some(TopQuantity::Expr(expr)), _) => Some(expr),
        (Some(TopQuantity::Constant(count)), _) => Some(Expr::value(Value::Number(count.to_string(), false))),
        (None, fetch) => fetch,
    };
    let offset = match query.limit_clause.take() {
        Some(LimitClause::LimitOffset { offset, .. }) => offset,
        _ => None,
    };
    let offset = offset.map(|offset| Offset { value: offset.value, rows: OffsetRows::None });
    if limit.is_some() || offset.is_some() {
        let limit = limit.or_else(|| Some(Expr::value(Value::Number("-1".to_owned(), false))));
        query.limit_clause = Some(LimitClause::LimitOffset { limit, offset, limit_by: Vec::new() });
    }
}

/// Another expression for a function, if it has another name or form in SQLite.
fn rewritten(function: &mut Function) -> Result<Option<Expr>, SqlError> {
    let name = names::last(&function.name).to_lowercase();
    let arguments: Vec<Expr> = infer::arguments(function).into_iter().cloned().collect();
    if BARE.contains(&name.as_str()) {
        return Ok(Some(bare(&name)));
    }
    if FACTS.contains(&name.as_str()) {
        let arguments = std::iter::once(text(&name)).chain(arguments).collect();
        return Ok(Some(call("tsql_fact", arguments)));
    }
    let renamed = match name.as_str() {
        "isnull" => "ifnull",
        "len" => "tsql_len",
        "datalength" => "tsql_datalength",
        "charindex" => "tsql_charindex",
        "count_big" => "count",
        "getdate" | "sysdatetime" | "getutcdate" | "sysutcdatetime" => {
            return Ok(Some(call("tsql_now", vec![text(&name)])));
        }
        "scope_identity" => return Ok(Some(call("tsql_global", vec![text("scope_identity")]))),
        "dateadd" | "datediff" => {
            let mut arguments = arguments;
            if let Some(part) = arguments.first_mut() {
                *part = text(&part.to_string());
            }
            return Ok(Some(call(&format!("tsql_{name}"), arguments)));
        }
        "left" | "right" => {
            let [whole, count] =
                <[Expr; 2]>::try_from(arguments).map_err(|_| SqlError::new(174, "two arguments needed"))?;
            let arguments = if name == "left" {
                vec![whole, Expr::value(Value::Number("1".to_owned(), false)), count]
            } else {
                vec![whole, Expr::UnaryOp { op: UnaryOperator::Minus, expr: Box::new(Expr::Nested(Box::new(count))) }]
            };
            return Ok(Some(call("substr", arguments)));
        }
        _ => {
            // A schema before a function says nothing here.
            let last = function.name.0.pop();
            function.name = ObjectName(last.into_iter().collect());
            return Ok(None);
        }
    };
    function.name = ObjectName(vec![ObjectNamePart::Identifier(Ident::new(renamed))]);
    Ok(None)
}

fn bare(name: &str) -> Expr {
    if name == "current_timestamp" {
        call("tsql_now", vec![text("getdate")])
    } else {
        call("tsql_fact", vec![text("suser_sname")])
    }
}

fn concatenates(expression: &Expr) -> bool {
    matches!(expression, Expr::BinaryOp { op: BinaryOperator::StringConcat, .. })
}

fn cast(expression: Expr, kind: &str, tolerant: bool) -> Expr {
    call("tsql_cast", vec![expression, text(kind), Expr::value(Value::Number(u8::from(tolerant).to_string(), false))])
}

/// An assignment to a column.
pub(crate) fn assign(expression: Expr, kind: &str, column: &str) -> Expr {
    call("tsql_assign", vec![expression, text(kind), text(column)])
}

/// The next value of a table's identity column.
pub(crate) fn identity(table: &str) -> Expr {
    call("tsql_identity", vec![text(table)])
}

fn take(expression: &mut Expr) -> Expr {
    std::mem::replace(expression, Expr::value(Value::Null))
}

fn text(text: &str) -> Expr {
    Expr::value(Value::SingleQuotedString(text.to_owned()))
}

/// A call of a function.
pub(crate) fn call(name: &str, arguments: Vec<Expr>) -> Expr {
    Expr::Function(Function {
        name: ObjectName(vec![ObjectNamePart::Identifier(Ident::new(name))]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: arguments.into_iter().map(|argument| FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))).collect(),
            clauses: Vec::new(),
        }),
        within_group: Vec::new(),
        filter: None,
        null_treatment: None,
        over: None,
    })
}

/// An alias.
fn named(name: &str) -> TableAlias {
    TableAlias { explicit: true, name: Ident::new(name), columns: Vec::new(), at: None }
}

/// A name without its quotes.
fn plain(name: &ObjectName) -> String {
    let parts: Vec<&str> = name.0.iter().filter_map(|part| part.as_ident()).map(|ident| ident.value.as_str()).collect();
    parts.join(".")
}
