//! Conditions: what they are and whether a row meets them.

use std::cmp::Ordering;

use super::datum::fold;
use super::lexer::{guard, lex};
use super::parser::{Parser, Resolve};
use super::{ColumnRef, Datum, SqlError, SqlResult};

/// A row that can be asked for a column.
pub(crate) trait Record {
    fn datum(&self, column: ColumnRef) -> Datum<'_>;
}

/// A column or a fixed value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operand {
    Column(ColumnRef),
    Literal(Datum<'static>),
}

/// Relation of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A condition, with the three values of SQL: yes, no, unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    /// All of them.
    And(Vec<Condition>),
    /// At least one of them.
    Or(Vec<Condition>),
    Not(Box<Condition>),
    Compare(Operand, Relation, Operand),
    In(Operand, Vec<Operand>),
    Like(Operand, Operand),
    Between(Operand, Operand, Operand),
    IsNull(Operand),
}

/// Order of rows: columns with a direction, the first decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order(pub(crate) Vec<(ColumnRef, bool)>);

/// Reads a condition as sent in `where`.
pub(crate) fn parse_condition(text: &str, resolve: &Resolve<'_>) -> SqlResult<Condition> {
    let pieces = lex(text)?;
    guard(&pieces)?;
    let mut parser = Parser::new(&pieces, resolve);
    let condition = parser.condition()?;
    parser.end()?;
    Ok(condition)
}

/// Reads an order as sent in `orderBy`.
pub(crate) fn parse_order(text: &str, resolve: &Resolve<'_>) -> SqlResult<Order> {
    let pieces = lex(text)?;
    guard(&pieces)?;
    let mut parser = Parser::new(&pieces, resolve);
    let order = parser.order()?;
    parser.end()?;
    if order.0.is_empty() { Err(SqlError::new("the order names no column")) } else { Ok(order) }
}

impl Condition {
    /// Whether the row meets the condition; unknown counts as no.
    pub(crate) fn holds(&self, row: &dyn Record) -> bool {
        self.truth(row) == Some(true)
    }

    fn truth(&self, row: &dyn Record) -> Option<bool> {
        match self {
            Self::And(all) => decide(all.iter().map(|one| one.truth(row)), false),
            Self::Or(any) => decide(any.iter().map(|one| one.truth(row)), true),
            Self::Not(inner) => inner.truth(row).map(|x| !x),
            Self::Compare(left, relation, right) => {
                left.datum(row).compare(&right.datum(row)).map(|order| relation.accepts(order))
            }
            Self::In(left, list) => in_list(&left.datum(row), list, row),
            Self::Like(left, pattern) => match (left.datum(row), pattern.datum(row)) {
                (Datum::Null, _) | (_, Datum::Null) => None,
                (value, pattern) => Some(like(&value.key()?, &pattern.key()?)),
            },
            Self::Between(value, low, high) => {
                let value = value.datum(row);
                let above = value.compare(&low.datum(row)).map(Ordering::is_ge);
                let below = value.compare(&high.datum(row)).map(Ordering::is_le);
                decide([above, below], false)
            }
            Self::IsNull(operand) => Some(operand.datum(row) == Datum::Null),
        }
    }
}

impl Operand {
    fn datum<'a>(&'a self, row: &'a dyn Record) -> Datum<'a> {
        match self {
            Self::Column(column) => row.datum(*column),
            Self::Literal(value) => value.clone(),
        }
    }
}

impl Relation {
    fn accepts(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Unequal => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

impl Order {
    /// Compares two rows.
    pub(crate) fn compare(&self, a: &dyn Record, b: &dyn Record) -> Ordering {
        for (column, descending) in &self.0 {
            let order = a.datum(*column).sort(&b.datum(*column));
            if order.is_ne() {
                return if *descending { order.reverse() } else { order };
            }
        }
        Ordering::Equal
    }
}

/// The highest value that the condition excludes from below for an integer column, if it says so for every row.
///
/// Lets a query for new events skip the whole log.
pub(crate) fn lower_bound(condition: &Condition, column: ColumnRef) -> Option<i64> {
    match condition {
        Condition::And(all) => all.iter().filter_map(|one| lower_bound(one, column)).max(),
        Condition::Compare(Operand::Column(named), relation, Operand::Literal(Datum::Int(value)))
            if *named == column =>
        {
            match relation {
                Relation::Greater => Some(*value),
                Relation::GreaterOrEqual | Relation::Equal => Some(value.saturating_sub(1)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Looks for a truth that decides alone; without one, any unknown makes the whole unknown.
fn decide(truths: impl IntoIterator<Item = Option<bool>>, deciding: bool) -> Option<bool> {
    let mut unknown = false;
    for truth in truths {
        match truth {
            Some(truth) if truth == deciding => return Some(deciding),
            Some(_) => {}
            None => unknown = true,
        }
    }
    if unknown { None } else { Some(!deciding) }
}

fn in_list(value: &Datum<'_>, list: &[Operand], row: &dyn Record) -> Option<bool> {
    if *value == Datum::Null {
        return None;
    }
    let mut unknown = false;
    for item in list {
        match value.compare(&item.datum(row)) {
            Some(Ordering::Equal) => return Some(true),
            Some(_) => {}
            None => unknown = true,
        }
    }
    if unknown { None } else { Some(false) }
}

/// `%` any text, `_` one character, `[abc]` one of a set; without case.
fn like(value: &str, pattern: &str) -> bool {
    let value: Vec<char> = value.chars().collect();
    let pattern = pattern_parts(&fold(pattern));
    // One row of the usual table: reachable[i] = the first i characters are matched by the parts so far.
    let mut reachable = vec![false; value.len() + 1];
    if let Some(start) = reachable.first_mut() {
        *start = true;
    }
    for part in &pattern {
        let mut next = vec![false; value.len() + 1];
        let mut open = false;
        for (i, slot) in next.iter_mut().enumerate() {
            *slot = match part {
                Part::Any => {
                    open |= reachable.get(i).copied().unwrap_or(false);
                    open
                }
                Part::One(set) => i > 0 && reachable.get(i - 1) == Some(&true) && value.get(i - 1).is_some_and(set),
            };
        }
        reachable = next;
    }
    reachable.last() == Some(&true)
}

enum Part {
    Any,
    One(Box<dyn Fn(&char) -> bool>),
}

fn pattern_parts(pattern: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let mut used = first.len_utf8();
        parts.push(match first {
            '%' => Part::Any,
            '_' => Part::One(Box::new(|_| true)),
            '[' if rest.find(']').is_some() => {
                let end = rest.find(']').unwrap_or(0);
                let inside = rest.get(1..end).unwrap_or_default();
                used = end + 1;
                let (negated, inside) = inside.strip_prefix('^').map_or((false, inside), |inside| (true, inside));
                let set: Vec<char> = inside.chars().collect();
                Part::One(Box::new(move |c| set.contains(c) != negated))
            }
            exact => Part::One(Box::new(move |c| *c == exact)),
        });
        rest = rest.get(used..).unwrap_or_default();
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::*;

    struct Row;

    impl Record for Row {
        fn datum(&self, column: ColumnRef) -> Datum<'_> {
            match column.column {
                0 => Datum::Int(7),
                1 => Datum::text("O'Brien"),
                _ => Datum::Null,
            }
        }
    }

    fn resolve(_: Option<&str>, name: &str) -> Option<ColumnRef> {
        let (column, kind) = match name.to_lowercase().as_str() {
            "id" => (0, Kind::Int),
            "surname" => (1, Kind::Text),
            "card" => (2, Kind::Int),
            _ => return None,
        };
        Some(ColumnRef { table: 0, column, kind })
    }

    fn holds(text: &str) -> bool {
        parse_condition(text, &resolve).unwrap().holds(&Row)
    }

    #[test]
    fn conditions_follow_sql() {
        for yes in [
            "ID = 7",
            "id>6 AND surname='o''brien'",
            "NOT id IN (1,2) and (id=8 or id<=7)",
            "surname LIKE 'o%n' AND surname not like 'b%'",
            "id between 7 and 9",
            "card is null",
            "surname like '_''[ab]%' and id <> 3 and id != 4",
            "id in (1, 7)",
            "7 = id",
        ] {
            assert!(holds(yes), "{yes}");
        }
        for no in ["card = 1", "not card = 1", "id not between 1 and 9", "card in (1)", "id is null", "id > 7"] {
            assert!(!holds(no), "{no}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in ["", "id", "id =", "= 7", "colour = 1", "id = 7 id", "id = 'x'", "(id = 7", "id in ()", "id = 7;"] {
            assert!(parse_condition(bad, &resolve).is_err(), "{bad}");
        }
        let long = vec!["id = 7"; 20_000].join(" or ");
        assert!(holds(&long));
        let deep = format!("{}id=1{}", "(".repeat(5000), ")".repeat(5000));
        assert!(parse_condition(&deep, &resolve).is_err());
    }

    #[test]
    fn lower_bound_is_found_in_conjunctions_only() {
        let id = resolve(None, "id").unwrap();
        let bound = |text| lower_bound(&parse_condition(text, &resolve).unwrap(), id);
        assert_eq!(bound("id > 5 and surname = 'x'"), Some(5));
        assert_eq!(bound("id >= 5"), Some(4));
        assert_eq!(bound("id > 5 or surname = 'x'"), None);
    }
}
