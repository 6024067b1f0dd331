//! Reading a batch: the procedural words by hand, statements and expressions by the parser.

use std::sync::Arc;

use sqlparser::ast::{Expr, Ident, Value};
use sqlparser::dialect::MsSqlDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};

use super::script::{Argument, Does, Execute, Script, Step};
use super::types::SqlType;
use crate::sqlserver::errors::SqlError;

const DIALECT: MsSqlDialect = MsSqlDialect {};

/// Words that begin a statement wherever they stand outside of parentheses.
const BEGINNINGS: [&str; 20] = [
    "COMMIT",
    "ROLLBACK",
    "DECLARE",
    "EXEC",
    "EXECUTE",
    "IF",
    "WHILE",
    "PRINT",
    "RAISERROR",
    "THROW",
    "RETURN",
    "USE",
    "WAITFOR",
    "SAVE",
    "BEGIN",
    "ELSE",
    "TRUNCATE",
    "GOTO",
    "BREAK",
    "CONTINUE",
];

/// Reads a batch.
pub(crate) fn read(text: &str) -> Result<Script, SqlError> {
    let tokens = Tokenizer::new(&DIALECT, text)
        .tokenize_with_location()
        .map_err(|error| SqlError { number: 105, ..SqlError::syntax(&error.message) })?;
    let tokens = tokens.into_iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).collect();
    let mut reader = Reader { text, starts: starts(text), tokens, at: 0 };
    reader.list(&[])
}

/// Cuts a text at lines of `GO` alone.
pub(crate) fn batches(text: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    for line in text.lines() {
        if line.trim().eq_ignore_ascii_case("go") {
            out.push(String::new());
        } else if let Some(batch) = out.last_mut() {
            batch.push_str(line);
            batch.push('\n');
        }
    }
    out.retain(|batch| !batch.trim().is_empty());
    out
}

/// Where lines start.
fn starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect()
}

struct Reader<'a> {
    text: &'a str,
    starts: Vec<usize>,
    tokens: Vec<TokenWithSpan>,
    at: usize,
}

type Read<T> = Result<T, SqlError>;

impl Reader<'_> {
    /// Statements until one of the words, which is not taken, or the end.
    fn list(&mut self, until: &[&str]) -> Read<Script> {
        let mut steps = Vec::new();
        loop {
            while self.take(&Token::SemiColon) {}
            if self.at >= self.tokens.len() {
                return if until.is_empty() { Ok(steps) } else { Err(self.unexpected()) };
            }
            if until.iter().any(|word| self.is(word)) {
                return Ok(steps);
            }
            steps.push(self.step()?);
        }
    }

    fn step(&mut self) -> Read<Step> {
        let from = self.at;
        let does = self.does()?;
        let (text, line) = self.source(from);
        Ok(Step { text, line, does })
    }

    fn does(&mut self) -> Read<Does> {
        let word = self.word().unwrap_or_default();
        match word.as_str() {
            "DECLARE" => self.declare(),
            "SET" => self.set(),
            "IF" => self.condition(),
            "WHILE" => {
                self.at += 1;
                let condition = Box::new(self.expression()?);
                Ok(Does::While { condition, body: Box::new(self.step()?) })
            }
            "BEGIN" => self.begin(),
            "COMMIT" => {
                self.end_of_transaction()?;
                Ok(Does::Commit)
            }
            "ROLLBACK" => Ok(Does::Rollback(self.end_of_transaction()?)),
            "SAVE" => Ok(Does::Save(self.end_of_transaction()?.unwrap_or_default())),
            "EXEC" | "EXECUTE" => self.execute(),
            "PRINT" => {
                self.at += 1;
                Ok(Does::Print(Box::new(self.expression()?)))
            }
            "RAISERROR" => self.raise(),
            "THROW" => self.throw(),
            "RETURN" => {
                self.at += 1;
                let value = if self.at_statement() { None } else { Some(Box::new(self.expression()?)) };
                Ok(Does::Return(value))
            }
            "BREAK" => Ok(self.single(Does::Break)),
            "CONTINUE" => Ok(self.single(Does::Continue)),
            "USE" => {
                self.at += 1;
                Ok(Does::Use(self.name()?))
            }
            "GO" => Ok(self.single(Does::Nothing)),
            "CREATE" | "DROP" | "ALTER" if self.word_at(1).as_deref() == Some("TRIGGER") => self.trigger(),
            "ENABLE" | "DISABLE" if self.word_at(1).as_deref() == Some("TRIGGER") => Ok(self.skip()),
            "GRANT" | "DENY" | "REVOKE" => Ok(self.skip()),
            _ if word.starts_with("SP_") => self.execute_bare(),
            _ => self.sql(),
        }
    }

    fn single(&mut self, does: Does) -> Does {
        self.at += 1;
        does
    }

    fn skip(&mut self) -> Does {
        self.at = self.end_of_statement();
        Does::Nothing
    }

    fn declare(&mut self) -> Read<Does> {
        self.at += 1;
        let mut variables = Vec::new();
        loop {
            let name = self.variable()?;
            self.take_word("AS");
            let kind = self.kind()?;
            let value = if self.take(&Token::Eq) { Some(self.expression()?) } else { None };
            variables.push((name, kind, value));
            if !self.take(&Token::Comma) {
                return Ok(Does::Declare(variables));
            }
        }
    }

    /// A type, as `nvarchar(50)`.
    fn kind(&mut self) -> Read<SqlType> {
        let mut text = self.name()?;
        if self.take(&Token::LParen) {
            text.push('(');
            while !self.take(&Token::RParen) {
                let Some(token) = self.tokens.get(self.at) else { return Err(self.unexpected()) };
                text.push_str(&token.token.to_string());
                self.at += 1;
            }
            text.push(')');
        }
        SqlType::parse(&text).ok_or_else(|| SqlError::new(243, format!("Type {text} is not a defined system type.")))
    }

    fn set(&mut self) -> Read<Does> {
        self.at += 1;
        if let Ok(name) = self.variable() {
            if !self.take(&Token::Eq) {
                return Err(self.unexpected());
            }
            return Ok(Does::SetVariable(name, Box::new(self.expression()?)));
        }
        let mut words = Vec::new();
        let end = self.end_of_statement();
        while self.at < end && !self.at_statement() {
            words.extend(self.tokens.get(self.at).map(|token| token.token.to_string()));
            self.at += 1;
        }
        match words.split_last() {
            Some((value, name)) if !name.is_empty() => {
                let value =
                    if name.last().is_some_and(|sign| sign == "-") { format!("-{value}") } else { value.clone() };
                let name: Vec<&str> = name.iter().map(String::as_str).filter(|word| *word != "-").collect();
                Ok(Does::SetOption(name.join(" ").to_uppercase(), value))
            }
            _ => Err(self.unexpected()),
        }
    }

    fn condition(&mut self) -> Read<Does> {
        self.at += 1;
        let condition = Box::new(self.expression()?);
        let then = Box::new(self.step()?);
        let before = self.at;
        while self.take(&Token::SemiColon) {}
        let otherwise = if self.take_word("ELSE") {
            Some(Box::new(self.step()?))
        } else {
            self.at = before;
            None
        };
        Ok(Does::If { condition, then, otherwise })
    }

    fn begin(&mut self) -> Read<Does> {
        match self.word_at(1).as_deref() {
            Some("TRAN" | "TRANSACTION" | "DISTRIBUTED") => {
                self.end_of_transaction()?;
                Ok(Does::Begin)
            }
            Some("TRY") => {
                self.at += 2;
                let body = self.list(&["END"])?;
                self.at += 2;
                while self.take(&Token::SemiColon) {}
                if !(self.take_word("BEGIN") && self.take_word("CATCH")) {
                    return Err(self.unexpected());
                }
                let catch = self.list(&["END"])?;
                self.at += 2;
                Ok(Does::Try { body, catch })
            }
            _ => {
                self.at += 1;
                let steps = self.list(&["END"])?;
                self.at += 1;
                Ok(Does::Block(steps))
            }
        }
    }

    /// `COMMIT TRANSACTION name`, from its first word on: the name.
    fn end_of_transaction(&mut self) -> Read<Option<String>> {
        self.at += 1;
        for word in ["DISTRIBUTED", "TRANSACTION", "TRAN", "WORK"] {
            self.take_word(word);
        }
        if self.at_statement() {
            return Ok(None);
        }
        let name = self.name()?;
        if self.take_word("WITH") {
            self.at = self.end_of_statement();
        }
        Ok(Some(name))
    }

    fn execute(&mut self) -> Read<Does> {
        self.at += 1;
        if self.take(&Token::LParen) {
            let value = self.expression()?;
            if !self.take(&Token::RParen) {
                return Err(self.unexpected());
            }
            let arguments = vec![Argument { name: None, value, output: false }];
            return Ok(Does::Execute(Execute { into: None, procedure: "sp_executesql".to_owned(), arguments }));
        }
        let into = match self.variable() {
            Ok(name) => {
                if !self.take(&Token::Eq) {
                    return Err(self.unexpected());
                }
                Some(name)
            }
            Err(_) => None,
        };
        self.call(into)
    }

    fn execute_bare(&mut self) -> Read<Does> {
        self.call(None)
    }

    fn call(&mut self, into: Option<String>) -> Read<Does> {
        let mut procedure = self.name()?;
        while self.take(&Token::Period) {
            procedure = self.name()?;
        }
        let mut arguments = Vec::new();
        while !self.at_statement() {
            arguments.push(self.argument()?);
            if !self.take(&Token::Comma) {
                break;
            }
        }
        Ok(Does::Execute(Execute { into, procedure, arguments }))
    }

    fn argument(&mut self) -> Read<Argument> {
        let name = match (self.variable_at(0), self.tokens.get(self.at + 1).map(|token| &token.token)) {
            (Some(name), Some(Token::Eq)) => {
                self.at += 2;
                Some(name)
            }
            _ => None,
        };
        let negative = self.take(&Token::Minus);
        let value = match self.tokens.get(self.at).map(|token| token.token.clone()) {
            Some(Token::Number(number, long)) => {
                self.at += 1;
                let number = if negative { format!("-{number}") } else { number };
                Expr::value(Value::Number(number, long))
            }
            // A word that is no variable is its own text.
            Some(Token::Word(word)) if !word.value.starts_with('@') && word.keyword != Keyword::NULL => {
                self.at += 1;
                Expr::value(Value::SingleQuotedString(word.value))
            }
            Some(Token::Word(word)) if word.value.starts_with('@') => {
                self.at += 1;
                Expr::Identifier(Ident::new(word.value))
            }
            _ => self.expression()?,
        };
        let output = self.take_word("OUTPUT") || self.take_word("OUT");
        Ok(Argument { name, value, output })
    }

    fn raise(&mut self) -> Read<Does> {
        self.at += 1;
        if !self.take(&Token::LParen) {
            return Err(self.unexpected());
        }
        let arguments = self.expressions()?;
        if !self.take(&Token::RParen) {
            return Err(self.unexpected());
        }
        self.at = self.end_of_statement();
        Ok(Does::Raise(arguments))
    }

    fn throw(&mut self) -> Read<Does> {
        self.at += 1;
        if self.at_statement() { Ok(Does::Throw(Vec::new())) } else { Ok(Does::Throw(self.expressions()?)) }
    }

    fn expressions(&mut self) -> Read<Vec<Expr>> {
        let mut out = vec![self.expression()?];
        while self.take(&Token::Comma) {
            out.push(self.expression()?);
        }
        Ok(out)
    }

    fn trigger(&mut self) -> Read<Does> {
        let drop = self.is("DROP");
        self.at += 2;
        if self.take_word("IF") {
            self.take_word("EXISTS");
        }
        let name = self.qualified()?;
        let table = if !drop && self.take_word("ON") { Some(self.qualified()?) } else { None };
        // The body of a trigger is the rest of the batch.
        self.at = if drop { self.end_of_statement() } else { self.tokens.len() };
        Ok(Does::Trigger { name, table })
    }

    /// The last part of a name.
    fn qualified(&mut self) -> Read<String> {
        let mut name = self.name()?;
        while self.take(&Token::Period) {
            name = self.name()?;
        }
        Ok(name)
    }

    /// A statement for the parser.
    fn sql(&mut self) -> Read<Does> {
        let end = self.end_of_statement();
        let (statement, used) = self.parse(end, Parser::parse_statement)?;
        self.at += used;
        Ok(Does::Sql(Arc::new(statement)))
    }

    fn expression(&mut self) -> Read<Expr> {
        let (expression, used) = self.parse(self.tokens.len(), Parser::parse_expr)?;
        self.at += used;
        Ok(expression)
    }

    /// Lets the parser read from here; what it read and how many tokens it took.
    fn parse<'p, T>(
        &self,
        end: usize,
        read: impl FnOnce(&mut Parser<'p>) -> Result<T, ParserError>,
    ) -> Read<(T, usize)> {
        let tokens = self.tokens.get(self.at..end).unwrap_or_default().to_vec();
        let mut parser = Parser::new(&DIALECT).with_tokens_with_locations(tokens);
        let read = read(&mut parser);
        let used = parser.index().min(end - self.at);
        let failed = |_| {
            let near = self.tokens.get(self.at + used.saturating_sub(1));
            let mut error = SqlError::syntax(&near.map(|token| token.token.to_string()).unwrap_or_default());
            error.line = near.map_or(1, |token| line(token.span.start));
            error
        };
        Ok((read.map_err(failed)?, used))
    }

    /// Where the statement that begins here must end at the latest.
    fn end_of_statement(&self) -> usize {
        let updates = self.is("UPDATE");
        let (mut depth, mut cases, mut set) = (0_usize, 0_usize, !updates);
        for (offset, token) in self.tokens.iter().enumerate().skip(self.at + 1) {
            match &token.token {
                Token::LParen => depth += 1,
                Token::RParen | Token::SemiColon if depth == 0 => return offset,
                Token::RParen => depth -= 1,
                Token::Word(word) if depth == 0 && word.quote_style.is_none() => {
                    let upper = word.value.to_uppercase();
                    match upper.as_str() {
                        "CASE" => cases += 1,
                        "END" if cases > 0 => cases -= 1,
                        "SET" if !set => set = true,
                        "ELSE" if cases > 0 => {}
                        "IF" if self.follows(offset, &["TABLE", "INDEX", "VIEW", "TRIGGER"]) => {}
                        "SET" | "END" | "GO" => return offset,
                        _ if BEGINNINGS.contains(&upper.as_str()) => return offset,
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        self.tokens.len()
    }

    fn follows(&self, offset: usize, words: &[&str]) -> bool {
        let before = offset.checked_sub(1).and_then(|before| upper(self.tokens.get(before)?));
        before.is_some_and(|before| words.contains(&before.as_str()))
    }

    /// Whether another statement begins here, or nothing follows.
    fn at_statement(&self) -> bool {
        match self.tokens.get(self.at).map(|token| &token.token) {
            None | Some(Token::SemiColon) => true,
            Some(_) => self.word().is_some_and(|word| {
                BEGINNINGS.contains(&word.as_str())
                    || ["SELECT", "INSERT", "UPDATE", "DELETE", "SET", "CREATE", "DROP", "ALTER", "WITH", "END", "GO"]
                        .contains(&word.as_str())
            }),
        }
    }

    fn word(&self) -> Option<String> {
        self.word_at(0)
    }

    fn word_at(&self, ahead: usize) -> Option<String> {
        upper(self.tokens.get(self.at + ahead)?)
    }

    fn is(&self, word: &str) -> bool {
        self.word().as_deref() == Some(word)
    }

    fn take_word(&mut self, word: &str) -> bool {
        let is = self.is(word);
        self.at += usize::from(is);
        is
    }

    fn take(&mut self, token: &Token) -> bool {
        let is = self.tokens.get(self.at).is_some_and(|found| found.token == *token);
        self.at += usize::from(is);
        is
    }

    fn name(&mut self) -> Read<String> {
        match self.tokens.get(self.at).map(|token| token.token.clone()) {
            Some(Token::Word(word)) => {
                self.at += 1;
                Ok(word.value)
            }
            _ => Err(self.unexpected()),
        }
    }

    fn variable_at(&self, ahead: usize) -> Option<String> {
        match self.tokens.get(self.at + ahead).map(|token| &token.token) {
            Some(Token::Word(word)) if word.value.starts_with('@') && word.quote_style.is_none() => {
                Some(word.value.to_lowercase())
            }
            _ => None,
        }
    }

    fn variable(&mut self) -> Read<String> {
        let name = self.variable_at(0).ok_or_else(|| self.unexpected())?;
        self.at += 1;
        Ok(name)
    }

    fn unexpected(&self) -> SqlError {
        let near = self.tokens.get(self.at).or_else(|| self.tokens.last());
        let mut error = SqlError::syntax(&near.map(|token| token.token.to_string()).unwrap_or_default());
        error.line = near.map_or(1, |token| line(token.span.start));
        error
    }

    /// The text from a token to where we are.
    fn source(&self, from: usize) -> (String, i32) {
        let first = self.tokens.get(from).map(|token| token.span.start);
        let last = self.at.checked_sub(1).and_then(|last| self.tokens.get(last)).map(|token| token.span.end);
        let (Some(first), Some(last)) = (first, last) else { return (String::new(), 1) };
        let text = self.text.get(self.offset(first)..self.offset(last)).unwrap_or_default();
        (text.to_owned(), line(first))
    }

    fn offset(&self, location: Location) -> usize {
        let count = |number: u64| usize::try_from(number).unwrap_or_default();
        let start = self.starts.get(count(location.line).saturating_sub(1)).copied().unwrap_or_default();
        let rest = self.text.get(start..).unwrap_or_default();
        let within = rest.char_indices().nth(count(location.column).saturating_sub(1)).map_or(rest.len(), |(at, _)| at);
        start + within
    }
}

fn upper(token: &TokenWithSpan) -> Option<String> {
    match &token.token {
        Token::Word(word) if word.quote_style.is_none() => Some(word.value.to_uppercase()),
        _ => None,
    }
}

fn line(location: Location) -> i32 {
    i32::try_from(location.line).unwrap_or(1)
}

#[cfg(test)]
#[path = "split_tests.rs"]
mod tests;
