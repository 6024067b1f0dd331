use std::fmt;

use crate::query::Literal;

/// A statement made of typed parts: names in brackets, texts in quotes, nothing to break out of.
///
/// ```
/// use net2_client::custom_query::{Select, Where};
///
/// let select = Select::from("sdk.Cards", "c")
///     .column("c.UserID", "userid")
///     .matching(Where::equal("c.CardNumber", "12345678"));
/// assert_eq!(
///     select.to_string(),
///     "SELECT [c].[UserID] AS [userid] FROM [sdk].[Cards] AS [c] WHERE [c].[CardNumber] = N'12345678'",
/// );
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Select {
    top: Option<u32>,
    columns: Vec<(Expression, String)>,
    table: (String, String),
    joins: Vec<Join>,
    filters: Vec<Where>,
    order: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
enum Expression {
    Column(String),
    Max(String),
}

#[derive(Clone, Debug, PartialEq)]
struct Join {
    table: String,
    alias: String,
    left: String,
    right: String,
}

/// A condition of a [`Select`].
#[derive(Clone, Debug, PartialEq)]
pub struct Where(Test);

#[derive(Clone, Debug, PartialEq)]
enum Test {
    Compare(String, &'static str, Literal),
    Null(String, bool),
}

impl Where {
    /// The column is this.
    pub fn equal(column: &str, value: impl Into<Literal>) -> Self {
        Self(Test::Compare(column.to_owned(), "=", value.into()))
    }

    /// The column is more than this.
    pub fn greater(column: &str, value: impl Into<Literal>) -> Self {
        Self(Test::Compare(column.to_owned(), ">", value.into()))
    }

    /// The column has no value.
    pub fn is_null(column: &str) -> Self {
        Self(Test::Null(column.to_owned(), true))
    }

    /// The column has a value.
    pub fn is_not_null(column: &str) -> Self {
        Self(Test::Null(column.to_owned(), false))
    }
}

impl Select {
    /// From a table under a short name.
    pub fn from(table: &str, alias: &str) -> Self {
        Self {
            top: None,
            columns: Vec::new(),
            table: (table.to_owned(), alias.to_owned()),
            joins: Vec::new(),
            filters: Vec::new(),
            order: None,
        }
    }

    /// Takes a column. Its name in the answer is made lower-case, since servers change the case of others.
    pub fn column(mut self, column: &str, name: &str) -> Self {
        self.columns.push((Expression::Column(column.to_owned()), name.to_ascii_lowercase()));
        self
    }

    /// Takes the largest value of a column.
    pub fn max(mut self, column: &str, name: &str) -> Self {
        self.columns.push((Expression::Max(column.to_owned()), name.to_ascii_lowercase()));
        self
    }

    /// Joins another table on equal columns.
    pub fn join(mut self, table: &str, alias: &str, left: &str, right: &str) -> Self {
        self.joins.push(Join {
            table: table.to_owned(),
            alias: alias.to_owned(),
            left: left.to_owned(),
            right: right.to_owned(),
        });
        self
    }

    /// Adds a condition; all of them hold.
    pub fn matching(mut self, filter: Where) -> Self {
        self.filters.push(filter);
        self
    }

    /// Sorts by a column, smallest first.
    pub fn order_by(mut self, column: &str) -> Self {
        self.order = Some(column.to_owned());
        self
    }

    /// At most this many rows.
    pub const fn top(mut self, rows: u32) -> Self {
        self.top = Some(rows);
        self
    }
}

impl fmt::Display for Select {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SELECT ")?;
        if let Some(rows) = self.top {
            write!(f, "TOP {rows} ")?;
        }
        for (place, (expression, name)) in self.columns.iter().enumerate() {
            f.write_str(if place == 0 { "" } else { ", " })?;
            match expression {
                Expression::Column(column) => f.write_str(&quoted(column))?,
                Expression::Max(column) => write!(f, "MAX({})", quoted(column))?,
            }
            write!(f, " AS {}", bracketed(name))?;
        }
        write!(f, " FROM {} AS {}", quoted(&self.table.0), bracketed(&self.table.1))?;
        for join in &self.joins {
            let (table, alias) = (quoted(&join.table), bracketed(&join.alias));
            write!(f, " INNER JOIN {table} AS {alias} ON {} = {}", quoted(&join.left), quoted(&join.right))?;
        }
        for (place, filter) in self.filters.iter().enumerate() {
            write!(f, " {} {filter}", if place == 0 { "WHERE" } else { "AND" })?;
        }
        match &self.order {
            Some(column) => write!(f, " ORDER BY {}", quoted(column)),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Where {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Test::Compare(column, operator, value) => {
                let mut literal = String::new();
                value.write(&mut literal, "N");
                write!(f, "{} {operator} {literal}", quoted(column))
            }
            Test::Null(column, true) => write!(f, "{} IS NULL", quoted(column)),
            Test::Null(column, false) => write!(f, "{} IS NOT NULL", quoted(column)),
        }
    }
}

/// `schema.table` or `alias.column`, each part in brackets.
fn quoted(name: &str) -> String {
    name.split('.').map(bracketed).collect::<Vec<_>>().join(".")
}

fn bracketed(name: &str) -> String {
    format!("[{}]", name.replace(']', "]]"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_join_is_written_in_full() {
        let select =
            Select::from("sdk.A", "a").max("a.N", "Last").join("sdk.B", "b", "a.P", "b.P").top(1).order_by("a.N");
        assert_eq!(
            select.to_string(),
            "SELECT TOP 1 MAX([a].[N]) AS [last] FROM [sdk].[A] AS [a] INNER JOIN [sdk].[B] AS [b] ON [a].[P] = [b].[P] \
             ORDER BY [a].[N]"
        );
    }

    proptest! {
        #[test]
        fn no_name_or_text_breaks_out(name in ".{0,20}", text in ".{0,20}") {
            let sql = Where::equal(&name, text.as_str()).to_string();
            let (left, right) = sql.rsplit_once(" = N'").or_else(|| sql.split_once(" = N'")).unwrap();
            let _ = left;
            let inside = right.strip_suffix('\'').unwrap();
            prop_assert!(text.contains(" = N'") || !inside.replace("''", "").contains('\''));
        }
    }
}
