//! Plain `SELECT` over the views: columns or counts, inner and left joins, a condition, an order, a limit.

use std::cmp::Ordering;
use std::collections::HashMap;

use serde_json::{Map, Value};

use super::condition::{Condition, Order, Record};
use super::lexer::{Lexeme, lex};
use super::parser::Parser;
use super::views::{Line, View, view};
use super::{ColumnRef, Datum, Kind, SqlError, SqlResult};
use crate::net2::world::World;

/// Runs a statement, gives its rows as objects; names lose a leading capital.
pub(crate) fn run_select(world: &World, statement: &str) -> SqlResult<Vec<Value>> {
    let pieces = lex(statement.trim().trim_end_matches(';'))?;
    let tables = find_tables(&pieces)?;
    let query = Query::parse(&pieces, tables)?;
    query.run(world)
}

const CLAUSES: [&str; 11] = ["from", "where", "order", "join", "inner", "left", "outer", "on", "as", "group", "having"];

struct Table {
    alias: String,
    view: View,
}

struct Join {
    left: ColumnRef,
    right: ColumnRef,
    outer: bool,
}

enum Cell {
    Column(ColumnRef),
    Count,
    Max(ColumnRef),
    Min(ColumnRef),
}

struct Query {
    tables: Vec<Table>,
    joins: Vec<Join>,
    top: usize,
    distinct: bool,
    cells: Vec<(Cell, String)>,
    condition: Option<Condition>,
    order: Option<Order>,
}

struct Joined<'w> {
    world: &'w World,
    lines: Vec<Line<'w>>,
}

impl Record for Joined<'_> {
    fn datum(&self, column: ColumnRef) -> Datum<'_> {
        self.lines.get(column.table).map_or(Datum::Null, |line| line.datum(self.world, column.column))
    }
}

/// Reads `FROM` and `JOIN` first, since the columns before them need the tables.
fn find_tables(pieces: &[Lexeme]) -> SqlResult<Vec<Table>> {
    let nothing = |_: Option<&str>, _: &str| None;
    let mut parser = Parser::new(pieces, &nothing);
    let mut tables = Vec::new();
    while parser.at() < pieces.len() {
        if parser.take_word("from") || parser.take_word("join") {
            tables.push(table(&mut parser)?);
        } else {
            parser.skip_to(parser.at() + 1);
        }
    }
    if tables.is_empty() { Err(SqlError::new("incorrect syntax: FROM is missing")) } else { Ok(tables) }
}

fn table(parser: &mut Parser<'_>) -> SqlResult<Table> {
    let mut name = parser.name()?;
    if parser.take_symbol(".") {
        name = parser.name()?;
    }
    let view = view(&name).ok_or_else(|| SqlError::new(format!("invalid object name '{name}'")))?;
    let alias = if parser.take_word("as") || parser.peek_name_but(&CLAUSES) { parser.name()? } else { name };
    Ok(Table { alias, view })
}

impl Query {
    fn parse(pieces: &[Lexeme], tables: Vec<Table>) -> SqlResult<Self> {
        let resolve = |table: Option<&str>, name: &str| find_column(&tables, table, name);
        let mut parser = Parser::new(pieces, &resolve);
        parser.need_word("select")?;
        let distinct = parser.take_word("distinct");
        let top = top(&mut parser)?;
        let cells = if parser.take_symbol("*") { every_column(&tables) } else { cells(&mut parser, &tables)? };
        parser.need_word("from")?;
        table(&mut parser)?;
        let joins = joins(&mut parser)?;
        let condition = if parser.take_word("where") { Some(parser.condition()?) } else { None };
        let order = if parser.take_word("order") {
            parser.need_word("by")?;
            Some(order(pieces, parser.at(), &tables, &cells)?)
        } else {
            parser.end()?;
            None
        };
        Ok(Self { tables, joins, top, distinct, cells, condition, order })
    }

    fn run(&self, world: &World) -> SqlResult<Vec<Value>> {
        let mut rows: Vec<Joined<'_>> = self.first_rows(world);
        for (join, table) in self.joins.iter().zip(self.tables.iter().skip(1)) {
            rows = joined(world, rows, join, table);
        }
        if let Some(condition) = &self.condition {
            rows.retain(|row| condition.holds(row));
        }
        if let Some(order) = &self.order {
            rows.sort_by(|a, b| order.compare(a, b));
        }
        if self.cells.iter().any(|(cell, _)| !matches!(cell, Cell::Column(_))) {
            return self.summary(&rows).map(|row| vec![row]);
        }
        let mut out: Vec<Value> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for row in &rows {
            if out.len() >= self.top {
                break;
            }
            let value = self.object(row);
            if !self.distinct || seen.insert(value.to_string()) {
                out.push(value);
            }
        }
        Ok(out)
    }

    fn first_rows<'w>(&self, world: &'w World) -> Vec<Joined<'w>> {
        let lines = self.tables.first().map(|table| (table.view.rows)(world)).unwrap_or_default();
        lines.into_iter().map(|line| Joined { world, lines: vec![line] }).collect()
    }

    fn object(&self, row: &Joined<'_>) -> Value {
        let mut object = Map::new();
        for (cell, name) in &self.cells {
            if let Cell::Column(column) = cell {
                let value = match row.datum(*column) {
                    Datum::Int(bit) if column.kind == Kind::Bit && row.world.switches.querydb_bools => {
                        Value::from(bit != 0)
                    }
                    other => other.to_json(),
                };
                object.insert(name.clone(), value);
            }
        }
        Value::Object(object)
    }

    fn summary(&self, rows: &[Joined<'_>]) -> SqlResult<Value> {
        let mut object = Map::new();
        for (cell, name) in &self.cells {
            let value = match cell {
                Cell::Count => Value::from(rows.len()),
                Cell::Max(column) => extreme(rows, *column, Ordering::Greater),
                Cell::Min(column) => extreme(rows, *column, Ordering::Less),
                Cell::Column(_) => {
                    return Err(SqlError::new("a column is invalid in the select list beside an aggregate"));
                }
            };
            object.insert(name.clone(), value);
        }
        Ok(Value::Object(object))
    }
}

fn extreme(rows: &[Joined<'_>], column: ColumnRef, wanted: Ordering) -> Value {
    let mut best = Datum::Null;
    for row in rows {
        let value = row.datum(column);
        if best == Datum::Null || value.compare(&best) == Some(wanted) {
            best = value.into_owned();
        }
    }
    best.to_json()
}

fn joined<'w>(world: &'w World, rows: Vec<Joined<'w>>, join: &Join, table: &Table) -> Vec<Joined<'w>> {
    let mut by_key: HashMap<String, Vec<Line<'w>>> = HashMap::new();
    for line in (table.view.rows)(world) {
        if let Some(key) = line.datum(world, join.right.column).key() {
            by_key.entry(key).or_default().push(line);
        }
    }
    let mut out = Vec::new();
    for row in rows {
        let found = row.datum(join.left).key().and_then(|key| by_key.get(&key));
        let lines = found.map_or(&[] as &[Line<'w>], Vec::as_slice);
        let missing = join.outer && lines.is_empty();
        for line in lines.iter().copied().chain(missing.then_some(Line::None)) {
            let mut joined = row.lines.clone();
            joined.push(line);
            out.push(Joined { world, lines: joined });
        }
    }
    out
}

fn find_column(tables: &[Table], wanted: Option<&str>, name: &str) -> Option<ColumnRef> {
    tables
        .iter()
        .enumerate()
        .filter(|(_, table)| wanted.is_none_or(|wanted| table.alias.eq_ignore_ascii_case(wanted)))
        .find_map(|(at, table)| {
            let column = table.view.columns.iter().position(|(known, _)| known.eq_ignore_ascii_case(name))?;
            let kind = table.view.columns.get(column).map_or(Kind::Text, |(_, kind)| *kind);
            Some(ColumnRef { table: at, column, kind })
        })
}

fn top(parser: &mut Parser<'_>) -> SqlResult<usize> {
    if !parser.take_word("top") {
        return Ok(usize::MAX);
    }
    let bracket = parser.take_symbol("(");
    let count = parser.int()?;
    if bracket {
        parser.need_symbol(")")?;
    }
    Ok(usize::try_from(count).unwrap_or(0))
}

fn every_column(tables: &[Table]) -> Vec<(Cell, String)> {
    let mut cells = Vec::new();
    for (table, known) in tables.iter().enumerate() {
        for (column, (name, kind)) in known.view.columns.iter().enumerate() {
            cells.push((Cell::Column(ColumnRef { table, column, kind: *kind }), lowered(name)));
        }
    }
    cells
}

fn cells(parser: &mut Parser<'_>, tables: &[Table]) -> SqlResult<Vec<(Cell, String)>> {
    let mut cells = Vec::new();
    loop {
        let (cell, name) = cell(parser, tables)?;
        let name = if parser.take_word("as") || parser.peek_name_but(&CLAUSES) {
            parser.name()?
        } else {
            name.unwrap_or_else(|| format!("column{}", cells.len() + 1))
        };
        cells.push((cell, lowered(&name)));
        if !parser.take_symbol(",") {
            return Ok(cells);
        }
    }
}

fn cell(parser: &mut Parser<'_>, tables: &[Table]) -> SqlResult<(Cell, Option<String>)> {
    let start = parser.at();
    for function in ["count", "max", "min"] {
        if parser.take_word(function) {
            if !parser.take_symbol("(") {
                break;
            }
            let cell = match function {
                "count" if parser.take_symbol("*") => Cell::Count,
                "max" => Cell::Max(parser.column()?),
                "min" => Cell::Min(parser.column()?),
                _ => return Err(parser.unexpected()),
            };
            parser.need_symbol(")")?;
            return Ok((cell, None));
        }
    }
    parser.skip_to(start);
    let column = parser.column()?;
    let name = tables
        .get(column.table)
        .and_then(|table| table.view.columns.get(column.column))
        .map(|(name, _)| (*name).to_owned());
    Ok((Cell::Column(column), name))
}

fn joins(parser: &mut Parser<'_>) -> SqlResult<Vec<Join>> {
    let mut joins = Vec::new();
    loop {
        let outer = parser.take_word("left");
        parser.take_word(if outer { "outer" } else { "inner" });
        if !parser.take_word("join") {
            return if outer { Err(parser.unexpected()) } else { Ok(joins) };
        }
        table(parser)?;
        parser.need_word("on")?;
        let a = parser.column()?;
        parser.need_symbol("=")?;
        let b = parser.column()?;
        let right = joins.len() + 1;
        joins.push(match (a.table == right, b.table == right) {
            (false, true) => Join { left: a, right: b, outer },
            (true, false) => Join { left: b, right: a, outer },
            _ => return Err(SqlError::new("a join compares a column of the new view with one before it")),
        });
    }
}

/// The order may name columns and the names given to them.
fn order(pieces: &[Lexeme], at: usize, tables: &[Table], cells: &[(Cell, String)]) -> SqlResult<Order> {
    let resolve = |table: Option<&str>, name: &str| {
        let by_alias = cells.iter().find_map(|(cell, alias)| match cell {
            Cell::Column(column) if table.is_none() && alias.eq_ignore_ascii_case(name) => Some(*column),
            _ => None,
        });
        by_alias.or_else(|| find_column(tables, table, name))
    };
    let mut parser = Parser::new(pieces, &resolve);
    parser.skip_to(at);
    let order = parser.order()?;
    parser.end()?;
    Ok(order)
}

fn lowered(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_is_answered_or_refused() {
        let pieces = [
            "select",
            "top",
            "(",
            ")",
            "1",
            "*",
            "from",
            "sdk",
            ".",
            "UsersEx",
            "u",
            "where",
            "and",
            "or",
            "not",
            "in",
            "like",
            "'%ä[a'",
            "is",
            "null",
            "between",
            "=",
            "<",
            ",",
            "UserID",
            "[Surname]",
            "N'x'",
            "join",
            "on",
            "order",
            "by",
            "count",
            "max",
            "left",
            "'",
            "]",
            "é",
            "-",
            "\u{1F600}",
        ];
        let world = World::default();
        let mut state: usize = 7;
        let mut answered = 0;
        for round in 0..20_000 {
            let mut text = if round % 2 == 0 { String::new() } else { "select UserID from UsersEx where ".to_owned() };
            for _ in 0..(round % 12) {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text.push_str(pieces[(state >> 33) % pieces.len()]);
                text.push(' ');
            }
            answered += usize::from(run_select(&world, &text).is_ok());
        }
        assert!(answered > 0);
    }
}
