//! The type of an expression, by simple rules.

use std::collections::BTreeMap;

use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Query, Select, SelectItem,
    SetExpr, TableFactor, TableWithJoins, Value,
};

use super::catalogue::{Catalogue, Table};
use super::names;
use super::types::{Family, SqlType};
use crate::sqlserver::wire::values::Sent;

/// Variables by name, in small letters, with their `@`.
pub(crate) type Variables = BTreeMap<String, Sent>;

/// What names mean in an expression.
#[derive(Debug, Clone)]
pub(crate) struct Scope<'a> {
    catalogue: &'a Catalogue,
    variables: &'a Variables,
    tables: Vec<(String, &'a Table)>,
}

impl<'a> Scope<'a> {
    pub(crate) fn new(catalogue: &'a Catalogue, variables: &'a Variables) -> Self {
        Self { catalogue, variables, tables: Vec::new() }
    }

    /// With a table under a name.
    pub(crate) fn with_table(mut self, name: &str, table: &str) -> Self {
        if let Some(found) = self.catalogue.table(table) {
            self.tables.push((name.to_lowercase(), found));
        }
        self
    }

    /// With the tables that a query reads.
    pub(crate) fn with_from(mut self, from: &[TableWithJoins]) -> Self {
        for table in from {
            let joined = table.joins.iter().map(|join| &join.relation);
            for factor in std::iter::once(&table.relation).chain(joined) {
                if let TableFactor::Table { name, alias, .. } = factor {
                    let table = names::last(name);
                    let name = alias.as_ref().map_or(table, |alias| alias.name.value.as_str());
                    self = self.with_table(name, table);
                }
            }
        }
        self
    }

    fn column(&self, table: Option<&str>, column: &str) -> Option<SqlType> {
        let table = table.map(str::to_lowercase);
        self.tables
            .iter()
            .filter(|(name, _)| table.as_ref().is_none_or(|table| table == name))
            .find_map(|(_, found)| found.column(column))
            .map(|column| column.kind)
    }

    /// The type of an expression; `None` if the rules do not say.
    pub(crate) fn kind(&self, expression: &Expr) -> Option<SqlType> {
        match expression {
            Expr::Cast { data_type, .. } => SqlType::parse(&data_type.to_string()),
            Expr::Convert { data_type, .. } => data_type.as_ref().and_then(|kind| SqlType::parse(&kind.to_string())),
            Expr::Value(value) => literal(&value.value),
            Expr::Identifier(ident) if ident.value.starts_with("@@") => Some(global(&ident.value)),
            Expr::Identifier(ident) if ident.value.starts_with('@') => {
                self.variables.get(&ident.value.to_lowercase()).map(|sent| sent.kind)
            }
            Expr::Identifier(ident) => self.column(None, &ident.value),
            Expr::CompoundIdentifier(parts) => {
                let mut parts = parts.iter().rev();
                let column = parts.next()?;
                self.column(parts.next().map(|table| table.value.as_str()), &column.value)
            }
            Expr::Nested(inner) | Expr::UnaryOp { expr: inner, .. } | Expr::Collate { expr: inner, .. } => {
                self.kind(inner)
            }
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right),
            Expr::Case { conditions, else_result, .. } => {
                let results = conditions.iter().map(|when| &when.result).chain(else_result.as_deref());
                self.widest(results)
            }
            Expr::Function(function) => self.function(function),
            Expr::Subquery(query) => self.query(query).into_iter().next().flatten(),
            Expr::Substring { .. } | Expr::Trim { .. } => Some(SqlType::NVarChar(Some(4000))),
            Expr::Exists { .. } => Some(SqlType::Int),
            _ => None,
        }
    }

    /// Whether the expression is text.
    pub(crate) fn is_text(&self, expression: &Expr) -> bool {
        self.kind(expression).is_some_and(|kind| kind.family() == Family::Text)
    }

    fn widest<'e>(&self, expressions: impl Iterator<Item = &'e Expr>) -> Option<SqlType> {
        expressions.filter_map(|expression| self.kind(expression)).filter(|kind| *kind != SqlType::Null).reduce(wider)
    }

    fn binary(&self, left: &Expr, op: &BinaryOperator, right: &Expr) -> Option<SqlType> {
        let arithmetic = matches!(
            op,
            BinaryOperator::Plus
                | BinaryOperator::Minus
                | BinaryOperator::Multiply
                | BinaryOperator::Divide
                | BinaryOperator::Modulo
                | BinaryOperator::BitwiseAnd
                | BinaryOperator::BitwiseOr
        );
        if !arithmetic {
            return Some(SqlType::Int);
        }
        self.widest([left, right].into_iter())
    }

    fn function(&self, function: &Function) -> Option<SqlType> {
        let arguments = arguments(function);
        let name = names::last(&function.name).to_lowercase();
        Some(match name.as_str() {
            "count_big" => SqlType::BigInt,
            "count" | "len" | "datalength" | "charindex" | "object_id" | "has_perms_by_name" | "is_rolemember"
            | "is_member" | "is_srvrolemember" | "datediff" | "db_id" | "error_number" | "applock_test" | "sign"
            | "row_number" | "col_length" | "columnproperty" | "objectproperty" => SqlType::Int,
            "xact_state" => SqlType::SmallInt,
            "max" | "min" | "sum" | "abs" | "nullif" => return self.kind(arguments.first()?),
            "isnull" => return self.kind(arguments.first()?).or_else(|| self.kind(arguments.get(1)?)),
            "coalesce" => return self.widest(arguments.into_iter()),
            "iif" => return self.widest(arguments.into_iter().skip(1)),
            "dateadd" => self.kind(arguments.get(2)?).unwrap_or(SqlType::DateTime),
            "getdate" | "getutcdate" | "current_timestamp" => SqlType::DateTime,
            "sysdatetime" | "sysutcdatetime" => SqlType::DateTime2(7),
            "scope_identity" => SqlType::Numeric(38, 0),
            "newid" => SqlType::Guid,
            "db_name" | "suser_sname" | "suser_name" | "original_login" | "user_name" | "schema_name"
            | "object_name" | "serverproperty" | "databasepropertyex" | "host_name" | "app_name" | "applock_mode" => {
                SqlType::NVarChar(Some(128))
            }
            "upper" | "lower" | "ltrim" | "rtrim" | "trim" | "substring" | "replace" | "left" | "right" | "concat"
            | "error_message" => SqlType::NVarChar(Some(4000)),
            _ => return None,
        })
    }

    /// The types of a query's columns.
    pub(crate) fn query(&self, query: &Query) -> Vec<Option<SqlType>> {
        first_select(query).map(|select| self.projection(select)).unwrap_or_default()
    }

    fn projection(&self, select: &Select) -> Vec<Option<SqlType>> {
        let inner = self.clone().with_from(&select.from);
        select
            .projection
            .iter()
            .map(|item| match item {
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => inner.kind(expr),
                _ => None,
            })
            .collect()
    }
}

/// The arguments of a function that are expressions.
pub(crate) fn arguments(function: &Function) -> Vec<&Expr> {
    let FunctionArguments::List(list) = &function.args else { return Vec::new() };
    list.args
        .iter()
        .filter_map(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
            _ => None,
        })
        .collect()
}

/// The select that names a query's columns.
pub(crate) fn first_select(query: &Query) -> Option<&Select> {
    fn first(body: &SetExpr) -> Option<&Select> {
        match body {
            SetExpr::Select(select) => Some(select),
            SetExpr::Query(query) => first(&query.body),
            SetExpr::SetOperation { left, .. } => first(left),
            _ => None,
        }
    }
    first(&query.body)
}

fn literal(value: &Value) -> Option<SqlType> {
    Some(match value {
        Value::Number(text, _) => match text.parse::<i64>() {
            Ok(number) if i32::try_from(number).is_ok() => SqlType::Int,
            Ok(_) => SqlType::BigInt,
            Err(_) => SqlType::Float,
        },
        Value::SingleQuotedString(_) | Value::NationalStringLiteral(_) => SqlType::NVarChar(Some(4000)),
        Value::HexStringLiteral(_) => SqlType::VarBinary(Some(8000)),
        Value::Null => SqlType::Null,
        _ => return None,
    })
}

fn global(name: &str) -> SqlType {
    match name.to_lowercase().as_str() {
        "@@version" => SqlType::NVarChar(Some(300)),
        "@@servername" | "@@language" | "@@servicename" => SqlType::NVarChar(Some(128)),
        "@@spid" => SqlType::SmallInt,
        "@@identity" => SqlType::Numeric(38, 0),
        _ => SqlType::Int,
    }
}

/// The type that can hold both.
fn wider(one: SqlType, other: SqlType) -> SqlType {
    let rank = |kind: SqlType| match kind {
        SqlType::Null => 0,
        _ if kind.family() == Family::Binary => 1,
        SqlType::Char(_) | SqlType::VarChar(_) => 2,
        SqlType::NChar(_) | SqlType::NVarChar(_) => 3,
        SqlType::Guid => 4,
        SqlType::Bit => 5,
        SqlType::TinyInt => 6,
        SqlType::SmallInt => 7,
        SqlType::Int => 8,
        SqlType::BigInt => 9,
        SqlType::Numeric(..) => 10,
        SqlType::Real => 11,
        SqlType::Float => 12,
        _ => 13,
    };
    match (one, other) {
        (SqlType::NVarChar(one), SqlType::NVarChar(other)) => {
            SqlType::NVarChar(one.zip(other).map(|(one, other)| one.max(other)))
        }
        _ if rank(other) > rank(one) => other,
        _ => one,
    }
}
