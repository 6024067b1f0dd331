//! Bytes of a file as lines of text, in the encoding that was declared.

use serde::{Deserialize, Serialize};

/// How the text files of an Astrow installation are encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "sync", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[default]
    Utf8,
    /// Windows-1252, as Windows programs in western Europe write by default.
    Windows1252,
}

/// One line, numbered from 1.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) number: usize,
    pub(super) text: String,
}

/// The lines of a file, and whether the last one is ended.
pub(super) struct Lines {
    pub(super) lines: Vec<Line>,
    pub(super) ended: bool,
}

/// A line that could not be used; the others are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Its number in the file, from 1.
    pub line: usize,
    /// What is wrong, without what stands in it.
    pub why: String,
    /// Whose it is, as far as that can be told.
    pub id: Option<String>,
}

/// What a file holds: what could be used, and the lines that could not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed<T> {
    /// What could be used.
    pub items: Vec<T>,
    /// What could not.
    pub bad: Vec<BadLine>,
    /// The file was written to its end, as far as that shows.
    pub whole: bool,
}

impl BadLine {
    pub(super) fn new(line: usize, why: impl Into<String>) -> Self {
        Self { line, why: why.into(), id: None }
    }
}

/// The lines of a file.
///
/// # Errors
/// In words: the bytes are not in this encoding.
pub(super) fn lines(bytes: &[u8], encoding: Encoding) -> Result<Lines, String> {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err("is UTF-16; have it written as UTF-8".to_owned());
    }
    let text = match (encoding, bytes.strip_prefix(UTF8_MARK)) {
        (Encoding::Utf8, marked) => utf8(marked.unwrap_or(bytes))?,
        (Encoding::Windows1252, Some(_)) => {
            return Err(
                "begins with the mark of UTF-8, but is declared as Windows-1252; set `encoding` to utf8".to_owned()
            );
        }
        (Encoding::Windows1252, None) => windows_1252(bytes)?,
    };
    let ended = text.is_empty() || text.ends_with('\n');
    let lines =
        text.lines().enumerate().map(|(place, text)| Line { number: place + 1, text: text.to_owned() }).collect();
    Ok(Lines { lines, ended })
}

fn utf8(bytes: &[u8]) -> Result<String, String> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => {
            let line = line_of(bytes, error.valid_up_to());
            let hint = "it may be Windows-1252: then set `encoding` to windows1252";
            Err(format!("is not UTF-8 in line {line}; {hint}"))
        }
    }
}

fn windows_1252(bytes: &[u8]) -> Result<String, String> {
    let mut text = String::with_capacity(bytes.len());
    for (place, byte) in bytes.iter().enumerate() {
        let decoded = match byte {
            0x80..=0x9F => HIGH.chars().nth(usize::from(byte - 0x80)).filter(|c| *c != NONE),
            _ => Some(char::from(*byte)),
        };
        match decoded {
            Some(c) => text.push(c),
            None => return Err(format!("is not Windows-1252 in line {}", line_of(bytes, place))),
        }
    }
    Ok(text)
}

fn line_of(bytes: &[u8], place: usize) -> usize {
    1 + bytes.iter().take(place).filter(|byte| **byte == b'\n').count()
}

const UTF8_MARK: &[u8] = &[0xEF, 0xBB, 0xBF];
/// Stands for the five bytes that have no character.
const NONE: char = '\0';
const HIGH: &str = "€\0‚ƒ„…†‡ˆ‰Š‹Œ\0Ž\0\0‘’“”•–—˜™š›œ\0žŸ";

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(bytes: &[u8], encoding: Encoding) -> Result<Vec<String>, String> {
        lines(bytes, encoding).map(|lines| lines.lines.into_iter().map(|line| line.text).collect())
    }

    #[test]
    fn text_is_read_as_it_is_declared() {
        assert_eq!(HIGH.chars().count(), 32);
        assert_eq!(texts("Zoé\r\nÅsa\n".as_bytes(), Encoding::Utf8).unwrap(), ["Zoé", "Åsa"]);
        assert_eq!(texts(b"\xEF\xBB\xBFZo\xC3\xA9", Encoding::Utf8).unwrap(), ["Zoé"]);
        assert_eq!(texts(b"Zo\xE9\x80\x9F", Encoding::Windows1252).unwrap(), ["Zoé€Ÿ"]);
    }

    #[test]
    fn what_is_declared_wrongly_is_refused_with_the_setting() {
        assert!(texts(b"a\nZo\xE9\n", Encoding::Utf8).unwrap_err().contains("line 2"));
        assert!(texts(b"\xEF\xBB\xBFa", Encoding::Windows1252).unwrap_err().contains("`encoding`"));
        assert!(texts(b"\xFF\xFEa\0", Encoding::Utf8).unwrap_err().contains("UTF-16"));
        assert!(texts(b"a\n\x81", Encoding::Windows1252).unwrap_err().contains("line 2"));
    }

    #[test]
    fn a_cut_file_has_no_end() {
        assert!(lines(b"a\r\nb\r\n", Encoding::Utf8).unwrap().ended);
        assert!(!lines(b"a\r\nb", Encoding::Utf8).unwrap().ended);
    }
}
