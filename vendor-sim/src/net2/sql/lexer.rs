//! Text to words, and the guard against words that have no place in a condition.

use super::{SqlError, SqlResult};

/// One piece of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lexeme {
    /// A bare word.
    Word(String),
    /// A name in square brackets.
    Name(String),
    /// A quoted text.
    Text(String),
    /// A whole number.
    Int(i64),
    /// An operator or a punctuation mark.
    Symbol(&'static str),
}

const SYMBOLS: [&str; 14] = ["<=", ">=", "<>", "!=", "=", "<", ">", "(", ")", ",", ".", "*", "-", "+"];

/// Words refused in a condition, outside quoted text.
const FORBIDDEN: [&str; 30] = [
    "select", "update", "insert", "delete", "drop", "exec", "execute", "set", "get", "open", "close", "read", "use",
    "print", "alter", "create", "truncate", "grant", "revoke", "deny", "declare", "cursor", "fetch", "backup",
    "restore", "shutdown", "union", "into", "from", "kill",
];

/// Splits a text into pieces.
pub(crate) fn lex(text: &str) -> SqlResult<Vec<Lexeme>> {
    let mut rest = text;
    let mut out = Vec::new();
    while let Some(first) = rest.chars().next() {
        if first.is_whitespace() {
            rest = rest.trim_start();
            continue;
        }
        if rest.starts_with("--") || rest.starts_with("/*") || rest.starts_with("*/") {
            return Err(SqlError::new("comments are not allowed"));
        }
        let (piece, after) = next_piece(rest, first)?;
        out.push(piece);
        rest = after;
    }
    Ok(out)
}

/// Refuses statements and other forbidden words in a condition.
pub(crate) fn guard(pieces: &[Lexeme]) -> SqlResult<()> {
    let forbidden = pieces.iter().any(|piece| match piece {
        Lexeme::Word(word) => FORBIDDEN.iter().any(|bad| word.eq_ignore_ascii_case(bad)),
        _ => false,
    });
    if forbidden { Err(SqlError::new("the text is not a valid condition")) } else { Ok(()) }
}

fn next_piece(rest: &str, first: char) -> SqlResult<(Lexeme, &str)> {
    match first {
        '\'' => quoted(rest, '\'').map(|(text, after)| (Lexeme::Text(text), after)),
        'N' | 'n' if rest.get(1..2) == Some("'") => {
            quoted(rest.get(1..).unwrap_or_default(), '\'').map(|(text, after)| (Lexeme::Text(text), after))
        }
        '[' => quoted(rest, ']').map(|(text, after)| (Lexeme::Name(text), after)),
        c if c.is_ascii_digit() => number(rest),
        c if c.is_alphabetic() || c == '_' => Ok(word(rest)),
        _ => symbol(rest),
    }
}

/// Reads up to the closing mark; a doubled closing mark stands for one.
fn quoted(rest: &str, close: char) -> SqlResult<(String, &str)> {
    let mut out = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c != close {
            out.push(c);
        } else if chars.peek().is_some_and(|(_, next)| *next == close) {
            chars.next();
            out.push(close);
        } else {
            return Ok((out, rest.get(at + close.len_utf8()..).unwrap_or_default()));
        }
    }
    Err(SqlError::new("unclosed quotation mark"))
}

fn number(rest: &str) -> SqlResult<(Lexeme, &str)> {
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, after) = rest.split_at(end);
    if after.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return Err(SqlError::new("incorrect syntax near a number"));
    }
    digits
        .parse()
        .map(|value| (Lexeme::Int(value), after))
        .map_err(|_| SqlError::new("arithmetic overflow converting a number"))
}

fn word(rest: &str) -> (Lexeme, &str) {
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    let (text, after) = rest.split_at(end);
    (Lexeme::Word(text.to_owned()), after)
}

fn symbol(rest: &str) -> SqlResult<(Lexeme, &str)> {
    SYMBOLS
        .iter()
        .find_map(|symbol| rest.strip_prefix(symbol).map(|after| (Lexeme::Symbol(symbol), after)))
        .ok_or_else(|| SqlError::new("the text is not a valid condition"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubled_marks_stand_for_one() {
        let pieces = lex("[a]]b] = N'O''Brien'").unwrap();
        assert_eq!(pieces, [Lexeme::Name("a]b".into()), Lexeme::Symbol("="), Lexeme::Text("O'Brien".into())]);
    }

    #[test]
    fn statements_are_refused_but_not_inside_quotes() {
        assert!(guard(&lex("surname = 'drop'").unwrap()).is_ok());
        assert!(guard(&lex("DROP").unwrap()).is_err());
        for bad in ["1=1; x", "a -- b", "a /* b */", "a : b", "'open"] {
            assert!(lex(bad).is_err(), "{bad}");
        }
    }
}
