//! Recursive descent over the pieces of a condition, an order or a `SELECT`.

use super::condition::{Condition, Operand, Order, Relation};
use super::lexer::Lexeme;
use super::{ColumnRef, Datum, Kind, SqlError, SqlResult};

/// Finds a column by an optional table name and its own name.
pub(crate) type Resolve<'r> = dyn Fn(Option<&str>, &str) -> Option<ColumnRef> + 'r;

/// A parser at a place in the text.
pub(crate) struct Parser<'p> {
    pieces: &'p [Lexeme],
    at: usize,
    depth: usize,
    resolve: &'p Resolve<'p>,
}

const DEEPEST: usize = 60;

impl<'p> Parser<'p> {
    pub(crate) fn new(pieces: &'p [Lexeme], resolve: &'p Resolve<'p>) -> Self {
        Self { pieces, at: 0, depth: 0, resolve }
    }

    pub(crate) fn condition(&mut self) -> SqlResult<Condition> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(SqlError::new("the condition is nested too deeply"));
        }
        let mut any = vec![self.conjunction()?];
        while self.take_word("or") {
            any.push(self.conjunction()?);
        }
        self.depth -= 1;
        Ok(one_or(any, Condition::Or))
    }

    pub(crate) fn order(&mut self) -> SqlResult<Order> {
        let mut columns = Vec::new();
        loop {
            let column = self.column()?;
            let descending = self.take_word("desc") || {
                self.take_word("asc");
                false
            };
            columns.push((column, descending));
            if !self.take_symbol(",") {
                return Ok(Order(columns));
            }
        }
    }

    pub(crate) fn end(&self) -> SqlResult<()> {
        if self.at == self.pieces.len() { Ok(()) } else { Err(self.unexpected()) }
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn skip_to(&mut self, at: usize) {
        self.at = at;
    }

    pub(crate) fn take_word(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Some(Lexeme::Word(word)) if word.eq_ignore_ascii_case(wanted));
        self.at += usize::from(found);
        found
    }

    pub(crate) fn take_symbol(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Some(Lexeme::Symbol(symbol)) if *symbol == wanted);
        self.at += usize::from(found);
        found
    }

    pub(crate) fn need_word(&mut self, wanted: &str) -> SqlResult<()> {
        if self.take_word(wanted) { Ok(()) } else { Err(self.unexpected()) }
    }

    pub(crate) fn need_symbol(&mut self, wanted: &str) -> SqlResult<()> {
        if self.take_symbol(wanted) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// A bare or bracketed name.
    pub(crate) fn name(&mut self) -> SqlResult<String> {
        match self.peek() {
            Some(Lexeme::Word(name) | Lexeme::Name(name)) => {
                self.at += 1;
                Ok(name.clone())
            }
            _ => Err(self.unexpected()),
        }
    }

    pub(crate) fn peek_name_but(&self, keywords: &[&str]) -> bool {
        match self.peek() {
            Some(Lexeme::Name(_)) => true,
            Some(Lexeme::Word(word)) => !keywords.iter().any(|keyword| word.eq_ignore_ascii_case(keyword)),
            _ => false,
        }
    }

    pub(crate) fn int(&mut self) -> SqlResult<i64> {
        match self.peek() {
            Some(Lexeme::Int(value)) => {
                self.at += 1;
                Ok(*value)
            }
            _ => Err(self.unexpected()),
        }
    }

    pub(crate) fn column(&mut self) -> SqlResult<ColumnRef> {
        let first = self.name()?;
        let (table, name) = if self.take_symbol(".") {
            let second = self.name()?;
            // `schema.view.column`: the schema is dropped.
            if self.take_symbol(".") { (Some(second), self.name()?) } else { (Some(first), second) }
        } else {
            (None, first)
        };
        (self.resolve)(table.as_deref(), &name).ok_or_else(|| SqlError::new(format!("invalid column name '{name}'")))
    }

    pub(crate) fn unexpected(&self) -> SqlError {
        SqlError::new(match self.peek() {
            None => "incorrect syntax at the end of the text".to_owned(),
            Some(piece) => format!("incorrect syntax near {}", shown(piece)),
        })
    }

    fn peek(&self) -> Option<&'p Lexeme> {
        self.pieces.get(self.at)
    }

    fn conjunction(&mut self) -> SqlResult<Condition> {
        let mut all = vec![self.negation()?];
        while self.take_word("and") {
            all.push(self.negation()?);
        }
        Ok(one_or(all, Condition::And))
    }

    fn negation(&mut self) -> SqlResult<Condition> {
        let mut negated = false;
        while self.take_word("not") {
            negated = !negated;
        }
        let inner = self.predicate()?;
        Ok(if negated { Condition::Not(Box::new(inner)) } else { inner })
    }

    fn predicate(&mut self) -> SqlResult<Condition> {
        if self.take_symbol("(") {
            let inner = self.condition()?;
            self.need_symbol(")")?;
            return Ok(inner);
        }
        let left = self.operand()?;
        if self.take_word("is") {
            let negated = self.take_word("not");
            self.need_word("null")?;
            return Ok(negate(Condition::IsNull(left), negated));
        }
        let negated = self.take_word("not");
        if self.take_word("in") {
            return self.in_list(left).map(|condition| negate(condition, negated));
        }
        if self.take_word("like") {
            let pattern = self.operand()?;
            return Ok(negate(Condition::Like(left, pattern), negated));
        }
        if self.take_word("between") {
            let low = self.operand()?;
            self.need_word("and")?;
            let high = self.operand()?;
            let condition = Condition::Between(left.clone(), fit(low, &left)?, fit(high, &left)?);
            return Ok(negate(condition, negated));
        }
        if negated {
            return Err(self.unexpected());
        }
        let relation = self.relation()?;
        let right = self.operand()?;
        Ok(Condition::Compare(fit(left.clone(), &right)?, relation, fit(right, &left)?))
    }

    fn in_list(&mut self, left: Operand) -> SqlResult<Condition> {
        self.need_symbol("(")?;
        let mut list = Vec::new();
        loop {
            list.push(fit(self.operand()?, &left)?);
            if !self.take_symbol(",") {
                break;
            }
        }
        self.need_symbol(")")?;
        Ok(Condition::In(left, list))
    }

    fn relation(&mut self) -> SqlResult<Relation> {
        let relations = [
            ("=", Relation::Equal),
            ("<>", Relation::Unequal),
            ("!=", Relation::Unequal),
            ("<=", Relation::LessOrEqual),
            (">=", Relation::GreaterOrEqual),
            ("<", Relation::Less),
            (">", Relation::Greater),
        ];
        relations
            .into_iter()
            .find_map(|(symbol, relation)| self.take_symbol(symbol).then_some(relation))
            .ok_or_else(|| self.unexpected())
    }

    fn operand(&mut self) -> SqlResult<Operand> {
        let negative = self.take_symbol("-");
        match self.peek() {
            Some(Lexeme::Int(value)) => {
                self.at += 1;
                Ok(Operand::Literal(Datum::Int(if negative { -value } else { *value })))
            }
            Some(Lexeme::Text(text)) if !negative => {
                self.at += 1;
                Ok(Operand::Literal(Datum::owned(text.clone())))
            }
            Some(Lexeme::Word(word)) if !negative && word.eq_ignore_ascii_case("null") => {
                self.at += 1;
                Ok(Operand::Literal(Datum::Null))
            }
            Some(Lexeme::Word(_) | Lexeme::Name(_)) if !negative => self.column().map(Operand::Column),
            _ => Err(self.unexpected()),
        }
    }
}

/// One condition as it is, several joined.
fn one_or(mut conditions: Vec<Condition>, join: impl FnOnce(Vec<Condition>) -> Condition) -> Condition {
    match conditions.pop() {
        Some(only) if conditions.is_empty() => only,
        last => {
            conditions.extend(last);
            join(conditions)
        }
    }
}

fn negate(condition: Condition, negated: bool) -> Condition {
    if negated { Condition::Not(Box::new(condition)) } else { condition }
}

/// Brings a literal to the kind of the column on the other side.
fn fit(operand: Operand, other: &Operand) -> SqlResult<Operand> {
    match (operand, other) {
        (Operand::Literal(value), Operand::Column(ColumnRef { kind, .. })) => value.coerce(*kind).map(Operand::Literal),
        (Operand::Column(column), Operand::Column(other))
            if column.kind != other.kind && (column.kind == Kind::Time || other.kind == Kind::Time) =>
        {
            Err(SqlError::new("operand type clash"))
        }
        (operand, _) => Ok(operand),
    }
}

fn shown(piece: &Lexeme) -> String {
    match piece {
        Lexeme::Word(word) | Lexeme::Name(word) => format!("'{word}'"),
        Lexeme::Text(_) => "a text".to_owned(),
        Lexeme::Int(value) => format!("'{value}'"),
        Lexeme::Symbol(symbol) => format!("'{symbol}'"),
    }
}
